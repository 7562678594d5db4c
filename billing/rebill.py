"""A wrong bill voided and the right one made in its place, in one act; both stay readable and know each other (DOMAIN §2, §9.6).

A sum that is not lower a manager mends alone; a lower one forgives, so it takes two: asked by one, approved by another.
"""
from datetime import timedelta

from households.models import Household
from households.standing import said
from servicecentre.kit.money import line_amount, yuan
from servicecentre.kit.periods import BillingMonth, now, shown_moment, today
from servicecentre.kit.refused import Refused
from servicecentre.worklog.acts import act, record

from . import second_person
from .allocation import take_back
from .charges import make_charge, price_in_force, void_charge
from .models import Allocation, Charge, Rebill, RebillAsked

LATEST_DUE = timedelta(days=366)          # after the month, or after today where that is later


def rebilled_amount(charge, quantity, unit_price):
    """What the line comes to with these factors, fen; its percent and days are its own."""
    return line_amount(quantity, unit_price, charge.percent, charge.share_num, charge.share_den)


def takes_two(charge, quantity, unit_price):
    """Whether another has to approve it, since the line would be less."""
    return rebilled_amount(charge, quantity, unit_price) < charge.amount


@act
def void_and_rebill(charge, *, quantity, unit_price, due_on, reason, by):
    """Void this line and bill the same fee and month anew from these factors, not less than before; returns the Rebill.

    ``quantity`` 0.01 of the fee's unit, ``unit_price`` 0.0001 元; percent and days stay. What waiting credit settled of it (用预存)
    is credit again; refused while a receipt has paid of it: that receipt is voided first. Refused when nothing would change,
    for a lower sum, for a line of the old books, and for one that was mended or waived.
    """
    household, charge = _locked(charge)
    reason, _ = _checked(charge, quantity, unit_price, due_on, reason)
    if takes_two(charge, quantity, unit_price):
        raise Refused("比原来少，要由另一位主管批准，请申请。")
    return _rebill(household, charge, quantity=quantity, unit_price=unit_price, due_on=due_on, reason=reason, by=by)


@act
def ask_rebill(charge, *, quantity, unit_price, due_on, reason, by):
    """Ask that this line be voided and billed anew from these factors; returns the RebillAsked that waits for another person.

    Refused as the act itself is, and while another asking for the line waits.
    """
    household, charge = _locked(charge)
    reason, fen = _checked(charge, quantity, unit_price, due_on, reason)
    _refuse_settled(charge)
    asked = RebillAsked.objects.create(estate_id=charge.estate_id, charge=charge, quantity=quantity, unit_price=unit_price, due_on=due_on, amount=fen,
                                       reason=reason, asked_by=by, asked_at=now())
    record(by, f"申请作废重出 {charge}：{yuan(charge.amount)} 元改为 {yuan(fen)} 元，{reason}", asked, household=household)
    return asked


@act
def approve_rebill(asked, *, by):
    """Void the line and bill it anew as was asked; returns the RebillAsked. Refused for who asked, and once decided."""
    household, charge = _locked(asked.charge)
    asked = _undecided(asked)
    if sentence := why_not(asked, by):
        raise Refused(sentence)
    asked.rebill = _rebill(household, charge, quantity=asked.quantity, unit_price=asked.unit_price, due_on=asked.due_on, reason=asked.reason, by=by)
    asked.decided_by, asked.decided_at, asked.approved = by, now(), True
    asked.save(update_fields=["rebill", "decided_by", "decided_at", "approved"])
    return asked


@act
def refuse_rebill(asked, *, refusal, by):
    """Leave the line as it is, and say why; returns the RebillAsked. Refused for the asker and once decided."""
    household, charge = _locked(asked.charge)
    asked = _undecided(asked)
    if by.pk == asked.asked_by_id:
        raise Refused("申请人不能自己决定，请别的主管来办。")
    asked.refusal = said("refusal", refusal, 100, "写明为什么不批准，申请人要看。")
    asked.decided_by, asked.decided_at, asked.approved = by, now(), False
    asked.save(update_fields=["decided_by", "decided_at", "approved", "refusal"])
    record(by, f"不批准作废重出 {charge} {yuan(asked.amount)} 元：{asked.refusal}", asked, household=household)
    return asked


def why_not(asked, user):
    """Why this user may not approve it, as a sentence; None when they may."""
    return second_person.why_not(user, asked.estate, asked_by=asked.asked_by_id)


def as_asked(asked):
    """The line as it would be, not saved, for its formula."""
    old = asked.charge
    return Charge(fee_kind=old.fee_kind, price=old.price, label=old.label, quantity=asked.quantity, unit_price=asked.unit_price,
                  percent=old.percent, share_num=old.share_num, share_den=old.share_den, amount=asked.amount)


def receipt_on(charge):
    """The receipt that has paid of this line and has to be voided first; None when none has."""
    paid = Allocation.objects.live().filter(charge=charge).exclude(receipt=None).select_related("receipt__paper").newest_first().first()
    return paid and paid.receipt


def _rebill(household, charge, *, quantity, unit_price, due_on, reason, by):
    """The line void, the new one with all of it that was right: its run and the price it was billed by, days, percent, subject."""
    month = BillingMonth.of(charge.period)
    _refuse_settled(charge)
    take_back(list(Allocation.objects.live().filter(charge=charge)), at=now())
    charge.refresh_from_db(fields=["paid"])
    void_charge(charge, reason=reason, by=by)
    in_force = price_in_force(charge.fee_kind, month)
    price = charge.price if unit_price == charge.unit_price else in_force if in_force and in_force.unit_price == unit_price else None
    new = make_charge(household, charge.fee_kind, period=month, quantity=quantity, unit_price=unit_price, price=price, run=charge.run,
                      percent=charge.percent, share_num=charge.share_num, share_den=charge.share_den, starts_on=charge.starts_on, ends_on=charge.ends_on,
                      due_on=due_on, subject=charge.subject, line=charge.line, label=charge.label, reason=charge.reason, by=by)
    rebill = Rebill.objects.create(estate_id=charge.estate_id, old=charge, new=new, reason=reason, at=now(), by=by)
    record(by, f"作废重出 {new}：{yuan(charge.amount)} 元改为 {yuan(new.amount)} 元，{reason}", new, household=household)
    return rebill


def _locked(charge):
    return Household.objects.lock(charge.household_id), Charge.objects.lock(charge)


def _checked(charge, quantity, unit_price, due_on, reason):
    """(reason, the new sum) of what may be asked for; Refused otherwise."""
    if charge.voided_at:
        raise Refused("这笔账单已经作废。")
    if charge.opening_id:
        raise Refused("期初的账单随名单来，写错了请撤销那次导入，改好再导。")
    if waiting := RebillAsked.objects.undecided().filter(charge=charge).select_related("asked_by").first():
        raise Refused(f"{waiting.asked_by.name} {shown_moment(waiting.asked_at)} 已申请作废重出这笔账单，等人批准。",
                      link=("看这张申请", waiting.get_absolute_url()))
    reason = said("reason", reason, 100, "写明原来错在哪里。")
    if (quantity, unit_price, due_on) == (charge.quantity, charge.unit_price, charge.due_on):
        raise Refused("和原来一样，没有改正。")
    fen = rebilled_amount(charge, quantity, unit_price)
    if fen <= 0:
        raise Refused({"unit_price": "重出的账单要大于 0 元；整笔不收，请申请减免。"})
    month = BillingMonth.of(charge.period)
    latest = max(month.last, today()) + LATEST_DUE
    if due_on != charge.due_on and not month.first <= due_on <= latest:
        raise Refused({"due_on": f"应缴日在 {month.first} 到 {latest} 之间。"})
    return reason, fen


def _refuse_settled(charge):
    """What a receipt has paid is not billed anew. A line settled by credit alone counts as unpaid: that credit comes back (DOMAIN §2 Payments)."""
    if receipt := receipt_on(charge):
        raise Refused(f"收据 {receipt} 收过这笔，先申请作废那张收据，钱转预存，再来改正。", link=(f"看收据 {receipt}", receipt.get_absolute_url()))
    if charge.credits.exists():
        raise Refused("这笔账单已经更正或减免，不能作废重出。")


def _undecided(asked):
    asked = RebillAsked.objects.lock(asked)
    if asked.approved is not None:
        raise Refused(f"{asked.decided_by.name} {shown_moment(asked.decided_at)} 已{'批准' if asked.approved else '决定不批准'}。",
                      link=("看结果", asked.get_absolute_url()))
    return asked
