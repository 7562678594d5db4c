from .charges import BillRun, Charge, Credit
from .payments import Allocation, Payment, PaymentPart, ReceiptVoid, Shift
from .petty_cash import PettyCash, PettyCashMove
from .policy import BillingPolicy
from .refunds import Rebill, Refund, RefundPart, Waiver
from .spaces import FEE_CODES, ContractVehicle, ParkingContract, ParkingSpace, SpaceHold, SpaceKind
from .tariffs import FeeKind, Price

__all__ = ["FEE_CODES", "Allocation", "BillRun", "BillingPolicy", "Charge", "ContractVehicle", "Credit", "FeeKind", "ParkingContract",
           "ParkingSpace", "Payment", "PaymentPart", "PettyCash", "PettyCashMove", "Price", "Rebill", "ReceiptVoid", "Refund", "RefundPart",
           "Shift", "SpaceHold", "SpaceKind", "Waiver"]
