"""The one place that makes and voids a single charge line outside the run."""
from households.models import Household
from servicecentre.kit.money import line_amount, yuan
from servicecentre.kit.periods import BillingMonth, now, today
from servicecentre.kit.refused import Refused
from servicecentre.worklog.acts import act, record

from .models import Charge, Price

CLAIM = "退票-"                            # the subject of a line that claims back what was refunded of money that never came (receipts.py)


@act
def make_charge(household, fee_kind, *, by, period=None, quantity, unit_price=None, percent=100, share_num=1, share_den=1, starts_on=None,
                ends_on=None, due_on=None, subject="", line=0, label="", reason="", price=None, run=None):
    """One charge line of a household; returns the Charge, its amount rounded once, half-up (DOMAIN §2).

    ``quantity`` 0.01 of the fee's unit, ``unit_price`` 0.0001 元 (None: the tariff's on the 1st of the month), ``period``
    a BillingMonth (None: this month); a one-off line is due the day it is made. ``price``, ``run``: of the line that it
    stands for. Refused when nobody of this household held the unit in that month, when no price is in force, or when that
    line is there already (「已有账单」).
    """
    household = Household.objects.lock(household)
    month = period or BillingMonth.of(today())
    span = _span(household, month, starts_on, ends_on)
    if unit_price is None:
        price = price_in_force(fee_kind, month)
        if price is None:
            raise Refused(f"{fee_kind.name}在 {month.label} 1 日没有执行中的单价，请先登记收费标准。")
        unit_price = price.unit_price
    there = Charge.objects.live().filter(estate=household.estate_id, household=household, fee_kind=fee_kind, period=month.first,
                                         subject=subject, line=line)
    if there.exists():
        raise Refused(f"已有账单：{household.number} {label or fee_kind.name} {month}。")
    charge = Charge.objects.create(
        estate_id=household.estate_id, household=household, unit_id=household.unit_id, fee_kind=fee_kind, price=price, run=run, period=month.first,
        starts_on=span[0], ends_on=span[1], subject=subject, line=line, label=label, reason=reason, quantity=quantity, unit_price=unit_price,
        percent=percent, share_num=share_num, share_den=share_den,
        amount=line_amount(quantity, unit_price, percent, share_num, share_den), due_on=due_on or today(), made_at=now(), made_by=by)
    record(by, f"登记应收 {charge.shown_name} {month} {yuan(charge.amount)} 元", charge, household=household)
    return charge


@act
def void_charge(charge, *, reason, by):
    """Void a line of which nothing is paid, by money or credit; returns it. It stays in the list, struck."""
    Household.objects.lock(charge.household_id)
    charge = Charge.objects.lock(charge)
    if charge.voided_at:
        raise Refused("这笔账单已经作废。")
    if charge.paid:
        raise Refused(f"这笔账单已收 {yuan(charge.paid)} 元，不能作废。请先作废收据。")
    if charge.credits.exists():
        raise Refused("这笔账单已经更正或减免，不能作废。")
    if charge.subject.startswith(CLAIM):
        raise Refused("这笔追回的是已经退出去的钱，不能作废；不追了请申请减免。")
    charge.voided_at, charge.voided_by, charge.void_reason = now(), by, reason
    charge.save(update_fields=["voided_at", "voided_by", "void_reason"])
    record(by, f"作废应收 {charge.shown_name} {charge.period:%Y-%m} {yuan(charge.amount)} 元，原因：{reason}", charge,
           household=charge.household)
    return charge


def price_in_force(fee_kind, month):
    """The Price of this fee on the month's 1st; None where there is none."""
    return Price.objects.of(fee_kind.estate_id).on(month.first).filter(fee_kind=fee_kind).first()


def _span(household, month, starts_on, ends_on):
    """The days the line is for: given, else the part of the month in which the household held the unit."""
    starts = starts_on or max(month.first, household.starts_on)
    ends = ends_on or (min(month.last, household.ends_on) if household.ends_on else month.last)
    held = household.voided_at is None and starts <= ends and household.starts_on <= month.last and (
        household.ends_on is None or household.ends_on >= month.first)
    if not held:
        raise Refused("该月无业主")
    return starts, ends
