"""What tests of the till say again and again: a household with bills, a payment in one line, the sums that must agree."""
from django.db.models import Sum

from billing.cashier import collect_payment
from billing.models import Allocation, Charge, Credit, Payment
from billing.run import bill_month
from servicecentre.kit.periods import BillingMonth
from servicecentre.staff.models import User
from tests.factories import make_household

MONTHS = ("2026-09", "2026-10", "2026-11")
ANY = ("left_over", "same_again", "reference_again")


def household_owing(estate, code="3-2-1801", area=8956, months=MONTHS):
    """A household that the runs of these months billed: 170.16 元 each for 89.56 ㎡."""
    household = make_household(estate, code, area)
    for month in months:
        bill_month(estate, BillingMonth.parse(month), by=User.system())
    return household


def lines(household):
    return list(Charge.objects.filter(household=household).live().oldest_first())


def pay(household, fen, by, method="cash", **more):
    """Take this sum by one method, doubts accepted beforehand unless said otherwise."""
    more.setdefault("despite", ANY)
    more.setdefault("payer_name", "张明")
    return collect_payment(household, parts=[(method, fen, "" if method == "cash" else "88412046")], by=by, **more)


def dues(household):
    return [line.due for line in lines(household)]


def demand_sums_agree(estate):
    """DOMAIN §9.4, from the rows themselves."""
    for charge in Charge.objects.filter(estate=estate):
        live = Allocation.objects.filter(charge=charge, voided_at=None).aggregate(fen=Sum("amount", default=0))["fen"]
        assert charge.paid == live, charge
        assert 0 <= charge.paid <= charge.amount
    for payment in Payment.objects.filter(estate=estate):
        live = payment.allocations.filter(voided_at=None).aggregate(fen=Sum("amount", default=0))["fen"]
        assert (live + payment.left == 0) if payment.voided_at else live + payment.left + payment.refunded == payment.total
        assert payment.parts.aggregate(fen=Sum("amount"))["fen"] == payment.total
    for credit in Credit.objects.filter(estate=estate):
        live = Allocation.objects.filter(credit=credit, voided_at=None).aggregate(fen=Sum("amount", default=0))["fen"]
        assert live + credit.left + credit.refunded == credit.amount
