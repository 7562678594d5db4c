from .charges import BillRun, Charge, Credit
from .payments import Allocation, Payment, PaymentPart, ReceiptVoid, Shift
from .petty_cash import PettyCash, PettyCashMove
from .policy import BillingPolicy
from .refunds import Rebill, Refund, RefundPart, Waiver
from .tariffs import FeeKind, Price

__all__ = ["Allocation", "BillRun", "BillingPolicy", "Charge", "Credit", "FeeKind", "Payment", "PaymentPart", "PettyCash", "PettyCashMove",
           "Price", "Rebill", "ReceiptVoid", "Refund", "RefundPart", "Shift", "Waiver"]
