from .charges import BillRun, Charge, Credit
from .payments import Allocation, Payment, PaymentPart, ReceiptVoid, Shift
from .petty_cash import PettyCash, PettyCashMove
from .policy import BillingPolicy
from .spaces import FEE_CODES, OWNED, ContractVehicle, ParkingContract, ParkingSpace, SpaceHold, SpaceKind
from .tariffs import FeeKind, Price

__all__ = ["FEE_CODES", "OWNED", "Allocation", "BillRun", "BillingPolicy", "Charge", "ContractVehicle", "Credit", "FeeKind",
           "ParkingContract", "ParkingSpace", "Payment", "PaymentPart", "PettyCash", "PettyCashMove", "Price", "ReceiptVoid", "Shift", "SpaceHold",
           "SpaceKind"]
