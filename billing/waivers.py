"""减免: part or all of one line forgiven; asked by one, approved by another, its credit settles that very line (FORMS 3.10)."""
from households.entering import checked
from households.models import Household
from households.standing import said
from servicecentre.files.storing import add_files
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import business_day, now, shown_moment
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.papers.issuing import issue_paper
from servicecentre.papers.kinds import WAIVER
from servicecentre.worklog.acts import act, record

from . import second_person
from .allocation import settle
from .explain import less_text
from .models import Charge, Credit, Waiver
from .prepayments import FEE, SUBJECT
from .refund_sources import cashiers_of_lines
from .room import room, room_beside_discount
from .slips import waiver_content

SEE = "billing.view_refunds"              # who may open the evidence


@act
def ask_waiver(charge, *, amount, reason, basis="", files=(), by):
    """Ask that ``amount`` fen of this line be forgiven; returns the Waiver that waits for another person. ``files``: the evidence.

    Refused for more than is still due of it, for a void line, and while another asking for it waits.
    """
    household = Household.objects.lock(charge.household_id)
    charge = Charge.objects.lock(charge)
    if waiting := Waiver.objects.undecided().filter(charge=charge).select_related("asked_by").first():
        raise Refused(f"{waiting.asked_by.name} {shown_moment(waiting.asked_at)} 已申请减免这笔应收，等人批准。",
                      link=("看这张申请", waiting.get_absolute_url()))
    _demand_due(charge, amount)
    reason = said("reason", reason, 100, "写明为什么减免。")
    waiver = Waiver.objects.create(estate_id=charge.estate_id, household=household, charge=charge, amount=amount, reason=reason,
                                   basis=checked("basis", clean_text, basis, 100), asked_by=by, asked_at=now())
    add_files(files, waiver, right=SEE, by=by, household_no=household.number)
    record(by, f"申请减免 {charge} {yuan(amount)} 元：{reason}", waiver, household=household)
    return waiver


@act
def waive_charge(waiver, *, by):
    """Forgive it: a credit for just this line, slip JM; returns the Waiver.

    Refused for who asked, for who took money of this line, once decided, and when less is due of the line by now than was asked: then it is asked anew.
    """
    household = Household.objects.lock(waiver.household_id)
    charge = Charge.objects.lock(waiver.charge_id)
    waiver = _undecided(waiver)
    if sentence := why_not(waiver, by):
        raise Refused(sentence)
    _demand_due(charge, waiver.amount)
    at = now()
    how = less_text(charge, waiver.amount, room(charge))
    waiver.credit = Credit.objects.create(estate_id=charge.estate_id, household=household, charge=charge, source=Credit.Source.WAIVER, how=how,
                                          amount=waiver.amount, left=waiver.amount, reason=waiver.reason, made_at=at, made_by=by)
    settle(household, [charge], [waiver.credit], at=at, later=True)
    waiver.decided_by, waiver.decided_at, waiver.approved = by, at, True
    waiver.paper = issue_paper(WAIVER, household, content=waiver_content(waiver, charge), by=by, on=business_day(at))
    waiver.save(update_fields=["credit", "decided_by", "decided_at", "approved", "paper"])
    record(by, f"减免 {charge} {yuan(waiver.amount)} 元，减免单 {waiver.paper.number}：{waiver.reason}", waiver, household=household)
    return waiver


@act
def refuse_waiver(waiver, *, refusal, by):
    """Do not forgive it, and say why; returns the Waiver. Refused for the asker and once decided."""
    Household.objects.lock(waiver.household_id)
    waiver = _undecided(waiver)
    if by.pk == waiver.asked_by_id:
        raise Refused("申请人不能自己决定，请别的主管来办。")
    waiver.refusal = said("refusal", refusal, 100, "写明为什么不减免，申请人要看。")
    waiver.decided_by, waiver.decided_at, waiver.approved = by, now(), False
    waiver.save(update_fields=["decided_by", "decided_at", "approved", "refusal"])
    record(by, f"不批准减免 {waiver.charge} {yuan(waiver.amount)} 元：{waiver.refusal}", waiver, household=waiver.household)
    return waiver


def why_not(waiver, user):
    """Why this user may not approve it, as a sentence; None when they may."""
    return second_person.why_not(user, waiver.estate, asked_by=waiver.asked_by_id, cashiers=cashiers_of_lines([waiver])[waiver.pk],
                                 taken="这笔应收的钱有您收的，收款人不能批准减免。")


def _demand_due(charge, amount):
    if charge.voided_at is not None:
        raise Refused("这笔应收已经作废，不用减免。")
    if charge.fee_kind.code == FEE and charge.subject.startswith(SUBJECT):
        raise Refused("公摊水电费预存不减免：减掉的会成为谁也没交的余额。不收了请作废这一笔。")
    if amount <= 0:
        raise Refused({"amount": "减免要大于 0。"})
    if amount > charge.due:
        raise Refused({"amount": f"这笔只欠 {yuan(charge.due)} 元，减免不能超过它。已缴的要退，请办退款。"})
    if amount > (left := room_beside_discount(charge)):
        raise Refused({"amount": f"这笔已冲减过，最多再减免 {yuan(left)} 元；冲减的钱还在预存里，先用预存抵这一笔。"})


def _undecided(waiver):
    waiver = Waiver.objects.lock(waiver)
    if waiver.approved is not None:
        raise Refused(f"{waiver.decided_by.name} {shown_moment(waiver.decided_at)} 已{'批准' if waiver.approved else '决定不'}减免。",
                      link=("看结果", waiver.get_absolute_url()))
    return waiver
