"""One-off charges: a manager bills a household once, with a reason: the renovation service fee and whatever no run bills (DOMAIN §2)."""
import re

from django.urls import reverse

from households.models import Household
from households.standing import said
from servicecentre.kit.money import MAX_FEN, yuan
from servicecentre.kit.periods import BillingMonth, business_day, today
from servicecentre.kit.refused import Refused
from servicecentre.worklog.acts import act

from .charges import make_charge
from .charges import void_charge as void
from .models import Charge, FeeKind, Price, Rebill
from .prepayments import FEE as SHARED

AGAIN = re.compile("补([0-9]+)")
BY_AREA = "㎡"


def kinds_for(estate):
    """Fee kinds that a manager bills by hand: those no run bills, prepayment and monthly parking apart, which have their own pages."""
    own_pages = [SHARED, *FeeKind.objects.of(estate).filter(code__startswith="parking_").values_list("code", flat=True)]
    return FeeKind.objects.of(estate).active().filter(bills="").exclude(code__in=own_pages).in_order()


def price_of(fee_kind, day):
    """The price in force on the 1st of the day's month, 0.0001 元; None where there is none."""
    return Price.objects.of(fee_kind.estate_id).on(BillingMonth.of(day).first).filter(fee_kind=fee_kind).values_list("unit_price", flat=True).first()


@act
def charge_once(household, *, fee_kind, reason, quantity=None, amount=None, by, despite=()):
    """Bill a fee once, due today; returns the Charge. ``quantity`` (0.01) × the tariff's price, the unit's area where it is by area and
    none is given; or ``amount`` fen by hand. A second one in the same month is a line of its own (补2).

    Refused without a reason, for a fee that a run bills, for a household that does not hold the unit now (「该月无业主」), and, unless
    "again" is accepted, where the household has such a line already, of whatever month: it is a fee for once.
    """
    household = Household.objects.lock(household)
    reason = said("reason", reason, 100, "写明为什么收")
    if not kinds_for(household.estate).filter(pk=fee_kind.pk).exists():
        raise Refused({"fee_kind": f"{fee_kind.name}不在这里收"})
    if amount is not None and quantity is not None:
        raise Refused({"amount": "数量和金额只填一样"})
    if amount is not None and not 0 < amount <= MAX_FEN:
        raise Refused({"amount": "金额要大于 0，不超过 99,999,999.99 元"})
    if amount is None and quantity is None:
        quantity = _area(household, fee_kind)
    day = today()
    if "again" not in despite and (there := _there(household, fee_kind)):
        raise Refused(f"这一户已有 {there} {yuan(there.amount)} 元（{business_day(there.made_at)} 登记：{there.reason or '没写原因'}）。确实再收一次才登记。",
                      unless="again", link=("看那一笔", reverse("billing:charge", args=[there.pk])))
    if amount is None and price_of(fee_kind, day) is None:
        raise Refused({"amount": f"{fee_kind.name}本月没有执行中的单价，请填金额，或先登记收费标准"})
    priced = {"quantity": quantity} if amount is None else {"quantity": 1_00, "unit_price": amount * 100}
    return make_charge(household, fee_kind, subject=_subject(household, fee_kind, BillingMonth.of(day)), reason=reason, by=by, **priced)


def by_hand(charge):
    """Whether a line was made by hand: by no run and no list, nor in the place of a month's line."""
    return not (charge.run_id or charge.opening_id or charge.fee_kind.bills and Rebill.objects.filter(new=charge).exists())


@act
def void_once(charge, *, reason, by):
    """Void an unpaid line that was made by hand; returns it. Refused for a run's line, which the run's undo takes back."""
    if not by_hand(charge):
        raise Refused("按月出的账在「出账」里撤销或更正，导入的在名单里撤销。")
    return void(charge, reason=said("reason", reason, 100, "写明为什么作废"), by=by)


def _area(household, fee_kind):
    area = household.unit.area_on(today()) if fee_kind.unit_name == BY_AREA else None
    if area is None:
        raise Refused({"quantity": f"填数量（{fee_kind.unit_name}）" if fee_kind.unit_name != BY_AREA else "这套房没有登记面积，请填面积"})
    return area.area


def _there(household, fee_kind):
    """The newest live line of this fee that the household has, of any month; None when it has none."""
    return Charge.objects.live().filter(household=household, fee_kind=fee_kind).select_related("fee_kind").order_by("-pk").first()


def _subject(household, fee_kind, month):
    """'' for the first of a month, 补2, 补3 … for further ones, also behind void ones."""
    there = set(Charge.objects.filter(household=household, fee_kind=fee_kind, period=month.first, line=0).values_list("subject", flat=True))
    if "" not in there:
        return ""
    return f"补{max((int(found[1]) for subject in there if (found := AGAIN.fullmatch(subject))), default=1) + 1}"
