"""A wrong bill voided and the right one made in its place, in one act; both stay readable and know each other (DOMAIN §2, §9.6)."""
from django.core.exceptions import ValidationError

from households.models import Household
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import BillingMonth, now
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.worklog.acts import act, record

from .allocation import take_back
from .charges import make_charge, void_charge
from .models import Allocation, Charge, Rebill


@act
def void_and_rebill(charge, *, quantity, unit_price, percent, due_on, reason, by):
    """Void this line and bill the same fee and month anew from these factors; returns the Rebill.

    ``quantity`` 0.01 of the fee's unit, ``unit_price`` 0.0001 元, ``percent`` 0–100. What waiting credit settled of it (用预存)
    is credit again; refused while a receipt has paid of it: that receipt is voided first. Refused when nothing would change,
    for a line of the old books, and for one that was mended or waived.
    """
    household = Household.objects.lock(charge.household_id)
    charge = Charge.objects.lock(charge)
    if charge.voided_at:
        raise Refused("这笔账单已经作废。")
    if charge.opening_id:
        raise Refused("期初的账单随名单来，写错了请撤销那次导入，改好再导。")
    try:
        reason = clean_text(reason, 100)
    except ValidationError as error:
        raise Refused({"reason": error.messages}) from error
    if not reason:
        raise Refused({"reason": "写明原来错在哪里。"})
    if (quantity, unit_price, percent, due_on) == (charge.quantity, charge.unit_price, charge.percent, charge.due_on):
        raise Refused("和原来一样，没有改正。")
    _unsettle(charge)
    void_charge(charge, reason=reason, by=by)
    new = make_charge(household, charge.fee_kind, period=BillingMonth.of(charge.period), quantity=quantity, unit_price=unit_price,
                      percent=percent, share_num=charge.share_num, share_den=charge.share_den, starts_on=charge.starts_on,
                      ends_on=charge.ends_on, due_on=due_on, subject=charge.subject, line=charge.line, label=charge.label, by=by)
    rebill = Rebill.objects.create(estate_id=charge.estate_id, old=charge, new=new, reason=reason, at=now(), by=by)
    record(by, f"作废重出 {new}：{yuan(charge.amount)} 元改为 {yuan(new.amount)} 元，{reason}", new, household=household)
    return rebill


def receipt_on(charge):
    """The receipt that has paid of this line and has to be voided first; None when none has."""
    paid = Allocation.objects.live().filter(charge=charge).exclude(receipt=None).select_related("receipt__paper").newest_first().first()
    return paid and paid.receipt


def _unsettle(charge):
    """A line settled by credit alone counts as unpaid for undoing it: that credit comes back (DOMAIN §2 Payments)."""
    if receipt := receipt_on(charge):
        raise Refused(f"收据 {receipt} 收过这笔，先申请作废那张收据，钱转预存，再来改正。", link=(f"看收据 {receipt}", receipt.get_absolute_url()))
    if charge.credits.exists():
        raise Refused("这笔账单已经更正或减免，不能作废重出。")
    take_back(list(Allocation.objects.live().filter(charge=charge)), at=now())
    charge.refresh_from_db(fields=["paid"])
