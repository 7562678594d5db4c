from .charges import BillRun, Charge, Credit
from .payments import Allocation, Payment, PaymentPart, ReceiptVoid, Shift
from .tariffs import BillingPolicy, FeeKind, Price

__all__ = ["Allocation", "BillRun", "BillingPolicy", "Charge", "Credit", "FeeKind", "Payment", "PaymentPart", "Price", "ReceiptVoid",
           "Shift"]
