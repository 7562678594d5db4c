from .charges import BillRun, Charge, Credit
from .common_income import CommonCost
from .deposits import Deposit, DepositDeduction, DepositMove, DepositReturn, DepositSetOff, DepositVoid
from .payments import Allocation, Payment, PaymentPart, ReceiptVoid, Shift
from .petty_cash import PettyCash, PettyCashMove
from .policy import BillingPolicy
from .prepayments import PrepaymentMove
from .rebills import Rebill, RebillAsked
from .refunds import Refund, RefundPart, Waiver
from .spaces import FEE_CODES, ContractVehicle, ParkingContract, ParkingSpace, SpaceHold, SpaceKind
from .tariffs import FeeKind, Price
from .vacancy import VacancyApplication, VacancyCheck, VacancyMonth, VacancyReading
from .visits import Visit, VisitVoid

__all__ = ["FEE_CODES", "Allocation", "BillRun", "BillingPolicy", "Charge", "CommonCost", "ContractVehicle", "Credit", "Deposit",
           "DepositDeduction", "DepositMove", "DepositReturn", "DepositSetOff", "DepositVoid", "FeeKind", "ParkingContract", "ParkingSpace", "Payment",
           "PaymentPart", "PettyCash", "PettyCashMove", "PrepaymentMove", "Price", "Rebill", "RebillAsked", "ReceiptVoid", "Refund", "RefundPart",
           "Shift", "SpaceHold", "SpaceKind", "VacancyApplication", "VacancyCheck", "VacancyMonth", "VacancyReading", "Visit",
           "VisitVoid", "Waiver"]
