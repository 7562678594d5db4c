from .charges import BillRun, Charge, Credit
from .common_income import CommonCost
from .payments import Allocation, Payment, PaymentPart, ReceiptVoid, Shift
from .petty_cash import PettyCash, PettyCashMove
from .policy import BillingPolicy
from .refunds import Rebill, Refund, RefundPart, Waiver
from .spaces import FEE_CODES, ContractVehicle, ParkingContract, ParkingSpace, SpaceHold, SpaceKind
from .tariffs import FeeKind, Price
from .visits import Visit, VisitVoid

__all__ = ["Allocation", "BillRun", "BillingPolicy", "Charge", "CommonCost", "ContractVehicle", "Credit", "FEE_CODES", "FeeKind",
           "ParkingContract", "ParkingSpace", "Payment", "PaymentPart", "PettyCash", "PettyCashMove", "Price", "Rebill", "ReceiptVoid",
           "Refund", "RefundPart", "Shift", "SpaceHold", "SpaceKind", "Visit", "VisitVoid", "Waiver"]
