from .charges import BillRun, Charge, Credit
from .payments import Allocation, Payment, PaymentPart, ReceiptVoid, Shift
from .policy import BillingPolicy
from .tariffs import FeeKind, Price

__all__ = ["Allocation", "BillRun", "BillingPolicy", "Charge", "Credit", "FeeKind", "Payment", "PaymentPart", "Price", "ReceiptVoid",
           "Shift"]
