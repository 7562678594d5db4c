"""Giving back a household's credit: asked by one, approved by another, paid by finance under a number of its own (DOMAIN §2 Refund).

The money is set aside by the asking itself: from then on it stands in ``refunded`` of its source, where neither a till nor a
month's run finds it. So nobody promises what is spent before finance pays; refused, withdrawn or returned by the bank it is left again.
"""
import re

from households.agents import use_letter
from households.entering import checked
from households.models import Household, Matter
from households.standing import said
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import business_day, now, shown_moment
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.papers.issuing import issue_paper, void_paper
from servicecentre.papers.kinds import REFUND
from servicecentre.worklog.acts import act, record

from . import second_person
from .allocation import put_back, set_aside
from .models import Charge, Payment, Refund, RefundPart
from .petty_cash import spend
from .refund_sources import cashiers_of_refunds, open_to, original_way, sources_of
from .slips import refund_content

METHODS, INVOICES, REASONS = Refund.Method, Refund.Invoice, Refund.Reason
ACCOUNT = re.compile("[0-9]{8,32}")
REFERENCE = re.compile("[0-9A-Za-z-]{4,40}")


@act
def ask_refund(household, *, amount, receipt=None, reason, words, method, payee_name, bank="", account_no="", letter=None,
               invoice=INVOICES.NONE, by, despite=()):
    """Ask for ``amount`` fen of the household's credit back; returns the Refund that waits for another person, its money set aside.

    ``receipt``: the Payment whose leftover is meant, None for the oldest credit first. ``payee_name``: who paid, or an owner;
    else an agent by ``letter`` (an AuthorisationLetter with the matter 退款, whose use is noted); what was a deposit goes to its payer
    alone. Refused when less is left of theirs, for 原路 of more than came that way, for a transfer without account; unless="arrears"
    while lines are overdue.
    """
    household = Household.objects.lock(household)
    sources = sources_of(household, receipt)
    there = sum(source.left for source in sources)
    if amount <= 0:
        raise Refused({"amount": "退款要大于 0。"})
    if amount > there:
        raise Refused({"amount": f"{f'收据 {receipt} 的余款' if receipt else '这一户的预存'}只有 {yuan(there)} 元可退。"})
    words, payee_name = said("words", words, 100, "写明为什么退。"), said("payee_name", payee_name, 60, "写明退给谁。")
    bank = checked("bank", clean_text, bank, 60)
    theirs = open_to(household, sources, payee_name, letter)
    if amount > (fen := sum(source.left for source in theirs)):
        raise Refused({"payee_name": f"能退给{payee_name}的只有 {yuan(fen)} 元，其余是别人交的，要分开申请。"})
    parts = set_aside(theirs, amount)
    way = original_way(parts)
    _demand_way(method, amount, way, bank, account_no)
    overdue = Charge.objects.of(household.estate_id).filter(household=household).overdue(on=business_day(now())).owed()
    if overdue and "arrears" not in despite:
        raise Refused(f"这一户还有 {yuan(overdue)} 元逾期没缴，可以先用预存抵。业主坚持先退的，再继续。", unless="arrears")
    if letter is not None:
        use_letter(letter, matter=Matter.REFUND, words=f"代办退款 {yuan(amount)} 元", despite=despite, by=by)
    refund = Refund.objects.create(
        estate_id=household.estate_id, household=household, receipt=receipt, amount=amount, reason=reason, words=words, method=method,
        way=way.text[:200], payee_name=payee_name, bank=bank if method == METHODS.TRANSFER else "",
        account_no=account_no if method == METHODS.TRANSFER else "", letter=letter, invoice=invoice, asked_by=by, asked_at=now())
    RefundPart.objects.bulk_create([RefundPart(estate_id=household.estate_id, refund=refund, amount=fen, **_source(source))
                                    for source, fen in parts])
    record(by, f"申请退款 {yuan(amount)} 元，{refund.get_reason_display()}，{refund.get_method_display()}", refund, household=household)
    return refund


@act
def approve_refund(refund, *, by):
    """Let finance pay it; returns the Refund. Refused for who asked, for who took any of its money, and once decided."""
    refund = _undecided(refund)
    if sentence := why_not(refund, by):
        raise Refused(sentence)
    refund.decided_by, refund.decided_at, refund.approved = by, now(), True
    refund.save(update_fields=["decided_by", "decided_at", "approved"])
    record(by, f"批准退款 {yuan(refund.amount)} 元，{refund.get_reason_display()}，{refund.asked_by.name}申请", refund, household=refund.household)
    return refund


@act
def refuse_refund(refund, *, refusal, by):
    """Do not give it back, and say why; its money is credit again. Returns the Refund. Refused for the asker and once decided."""
    refund = _undecided(refund)
    if by.pk == refund.asked_by_id:
        raise Refused("申请人不能自己决定，请别的主管来办；不退了可以撤回。")
    refund.refusal = said("refusal", refusal, 100, "写明为什么不退，申请人要看。")
    refund.decided_by, refund.decided_at, refund.approved = by, now(), False
    refund.save(update_fields=["decided_by", "decided_at", "approved", "refusal"])
    _release(refund, refund.decided_at)
    record(by, f"不批准退款 {yuan(refund.amount)} 元：{refund.refusal}", refund, household=refund.household)
    return refund


@act
def withdraw_refund(refund, *, withdrawn_words, by):
    """The household wants it no more, or it was asked wrongly: its money is credit again, until finance has paid. Returns the Refund."""
    Household.objects.lock(refund.household_id)
    refund = Refund.objects.lock(refund)
    _demand_unended(refund)
    refund.withdrawn_words = said("withdrawn_words", withdrawn_words, 100, "写明为什么撤回。")
    refund.withdrawn_by, refund.withdrawn_at = by, now()
    refund.save(update_fields=["withdrawn_by", "withdrawn_at", "withdrawn_words"])
    _release(refund, refund.withdrawn_at)
    record(by, f"撤回退款申请 {yuan(refund.amount)} 元：{refund.withdrawn_words}", refund, household=refund.household)
    return refund


@act
def pay_refund(refund, *, reference="", red_no="", by):
    """Finance pays an approved refund: number TK, slip in two copies; returns the Refund.

    ``reference``: the bank's or platform's number, of all but cash; cash comes from the petty cash, never from a till.
    ``red_no``: the red invoice, demanded where the asking said 待红冲. Refused for who asked, approved or took the money, unapproved, or a second time.
    """
    Household.objects.lock(refund.household_id)
    refund = Refund.objects.lock(refund)
    _demand_unended(refund)
    if not refund.approved:
        raise Refused("这笔退款还没有批准。")
    if sentence := why_not_pay(refund, by):
        raise Refused(sentence)
    cash = refund.method == METHODS.CASH
    if not cash and not REFERENCE.fullmatch(reference):
        raise Refused({"reference": "填付款流水号，4 到 40 位数字或字母"})
    if refund.invoice == INVOICES.WAITS and not red_no:
        raise Refused({"red_no": "发票还没红冲，先开红字发票，填它的号码。"})
    refund.paid_by, refund.paid_at = by, now()
    refund.reference, refund.red_no = None if cash else reference, red_no or None
    if cash:
        refund.petty_move = spend(refund.estate, refund.amount, words=f"退款给{refund.payee_name}"[:100], row=refund, by=by)
    refund.paper = issue_paper(REFUND, refund.household, content=refund_content(refund), by=by, on=business_day(refund.paid_at))
    refund.save(update_fields=["paid_by", "paid_at", "reference", "red_no", "petty_move", "paper"])
    record(by, f"付退款 {yuan(refund.amount)} 元，{refund.get_method_display()}，退款单 {refund.paper.number}", refund, household=refund.household)
    return refund


@act
def bounce_refund(refund, *, bounced_words, by):
    """The bank sent the refund back: its slip is void and the money is the household's credit again. Returns the Refund."""
    Household.objects.lock(refund.household_id)
    refund = Refund.objects.lock(refund)
    if refund.paid_at is None or refund.bounced_at is not None:
        raise Refused("这笔退款没有付出去。" if refund.paid_at is None else "已经登记过银行退回。")
    if refund.method == METHODS.CASH:
        raise Refused("现金退款不会被银行退回。")
    if void := refund.parts.filter(payment__voided_at__isnull=False).select_related("payment__paper").first():
        raise Refused(f"收据 {void.payment} 已按退票作废，退出去的 {yuan(void.payment.refunded)} 元已另立应收追回。请主管减免那一笔，写明退款也被银行退回。")
    refund.bounced_words = said("bounced_words", bounced_words, 100, "写明银行怎么说的，如「户名不符」。")
    refund.bounced_by, refund.bounced_at = by, now()
    refund.save(update_fields=["bounced_by", "bounced_at", "bounced_words"])
    void_paper(refund.paper, reason=f"银行退回，{refund.bounced_words}"[:120], by=by)
    _release(refund, refund.bounced_at)
    record(by, f"退款单 {refund.paper} 被银行退回 {yuan(refund.amount)} 元，转回预存：{refund.bounced_words}", refund, household=refund.household)
    return refund


def why_not(refund, user):
    """Why this user may not approve it, as a sentence; None when they may."""
    return second_person.why_not(user, refund.estate, asked_by=refund.asked_by_id, cashiers=cashiers_of(refund),
                                 taken="这笔钱里有您收的，收款人不能批准退款。")


def why_not_pay(refund, user):
    """Why this user may not pay it, as a sentence; None when they may. Asked, approved, taken and paid: never the same one twice."""
    if user.pk == refund.asked_by_id:
        return "这是您申请的，要由别人付款。"
    if user.pk == refund.decided_by_id:
        return "这是您批准的，要由别人付款。"
    return "这笔钱里有您收的，要由别人付款。" if user.pk in cashiers_of(refund) else None


def cashiers_of(refund):
    """pks of who took the money that is given back, whatever credits it has passed through."""
    return cashiers_of_refunds([refund])[refund.pk]


def held(household):
    """What is set aside for refunds that are not paid yet, fen."""
    return sum(Refund.objects.of(household.estate_id).filter(household=household).waiting().values_list("amount", flat=True))


def _source(source):
    return {"payment" if isinstance(source, Payment) else "credit": source}


def _demand_way(method, amount, way, bank, account_no):
    if method == METHODS.ORIGINAL and way.fen < amount:
        said = f"原来是{way.text}收的，" if way.text else "这笔钱没有原来的收款方式，"
        can = f"能原路退的只有 {yuan(way.fen)} 元，其余" if way.fen else "不能原路退，"
        raise Refused({"method": f"{said}{can}请选转账或备用金现金。"})
    if method != METHODS.TRANSFER:
        return
    if not bank:
        raise Refused({"bank": "转账要写开户行。"})
    if not ACCOUNT.fullmatch(account_no):
        raise Refused({"account_no": "账号只填数字，8 到 32 位。"})


def _undecided(refund):
    """The refund, locked behind its household; Refused once it is decided or ended."""
    Household.objects.lock(refund.household_id)
    refund = Refund.objects.lock(refund)
    _demand_unended(refund)
    if refund.approved is not None:
        raise Refused(f"{refund.decided_by.name} {shown_moment(refund.decided_at)} 已批准这笔退款。", link=("看这笔退款", refund.get_absolute_url()))
    return refund


def _demand_unended(refund):
    said = {"paid": "这笔退款已经付过", "bounced": "这笔退款已付，又被银行退回", "withdrawn": "这笔退款申请已经撤回",
            "refused": "这笔退款没有批准"}.get(refund.state)
    if said:
        raise Refused(f"{said}。", link=(f"看{refund}", refund.get_absolute_url()))


def _release(refund, at):
    """Its money is left again, each part where it came from."""
    parts = list(refund.parts.live())
    put_back(parts)
    RefundPart.objects.filter(pk__in=[part.pk for part in parts]).update(voided_at=at)
