"""Deposits: taken at the till, never income; a receipt of the day is void by two people (DOMAIN §2 Deposits, FORMS 3.2, 3.4).

How one is given back stands in deposit_returns.py.
"""
import re

from households.entering import checked
from households.models import Household
from households.standing import said
from servicecentre.kit.identity import check_identity, check_phone, mask_identity
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import now, shown_moment, today
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.papers.issuing import issue_paper, void_paper
from servicecentre.papers.kinds import DEPOSIT
from servicecentre.worklog.acts import act, record

from . import second_person
from .cashier import clean_parts, same_again, transfer_again
from .deposit_papers import receipt_content
from .models import Deposit, DepositMove, DepositVoid, PaymentPart
from .shifts import open_shift

MOVES, WAYS = DepositMove.Kind, PaymentPart.Method
COPIES = 3
ACCOUNT = re.compile("[0-9A-Za-z-]{8,32}")


@act
def take_deposit(household, *, kind, basis, amount, payer_name, payer_phone, method, reference="", payer_id_kind="resident", payer_id="", bank="",
                 account_no="", due_back_on=None, remarks="", by, despite=()):
    """Take a deposit and write its receipt YJ in three copies; returns the Deposit. Money is not income and pays no bill.

    ``payer_id`` may be left empty for an owner whose number is registered. Refused without what it is for, without a number of
    identity, and for a day to give it back that is past; unless="same_again" when the same sum was taken of this household minutes
    ago, unless="reference_again" when a live receipt bears this transfer number.
    """
    shift = open_shift(household.estate, by=by)
    household = Household.objects.lock(household)
    if household.voided_at is not None:
        raise Refused("这一户的登记已作废，不能收押金。")
    ((method, amount, reference),) = clean_parts([(method, amount, reference)])
    payer_name, basis = said("payer_name", payer_name, 60, "请填交款人"), said("basis", basis, 60, "写明依据，如施工许可证号、借钥匙单号")
    id_kind, number = _identity(household, payer_name, payer_id_kind, payer_id)
    at = shift.within(now())
    if due_back_on and due_back_on < shift.day:
        raise Refused({"due_back_on": "最早退还日不能早于今天"})
    accepted = _demand_once(household, amount, method, reference, at, despite)
    deposit = Deposit.objects.create(
        estate=household.estate, household=household, shift=shift, kind=kind, basis=basis, amount=amount, held=amount, payer_name=payer_name,
        payer_id_kind=id_kind, payer_id=number, payer_id_masked=mask_identity(number), payer_phone=checked("payer_phone", check_phone, payer_phone),
        bank=checked("bank", clean_text, bank, 60), account_no=account_of(account_no), method=method, reference=reference, due_back_on=due_back_on,
        remarks=checked("remarks", clean_text, remarks, 60), at=at, day=shift.day, cashier=by)
    move(deposit, MOVES.TAKEN, amount, f"{deposit.get_kind_display()}，{basis}", at=at, by=by)
    deposit.paper = issue_paper(DEPOSIT, household, content=receipt_content(deposit), by=by, on=deposit.day)
    deposit.save(update_fields=["paper"])
    record(by, f"收{deposit.get_kind_display()}押金 {yuan(amount)} 元，{deposit.get_method_display()}，{deposit.paper.number}"
               f"{''.join(accepted)}", deposit, household=household)
    return deposit


@act
def ask_deposit_void(deposit, *, words, copies_back=COPIES, by):
    """Ask that a receipt of today be void, with what is wrong on it and how many of its copies are here; returns the DepositVoid that waits."""
    deposit = locked(deposit)
    if waiting := deposit.voids.undecided().select_related("asked_by").first():
        raise Refused(f"{waiting.asked_by.name} {shown_moment(waiting.asked_at)} 已申请作废这张押金收据，等人批准。",
                      link=("看这张申请", waiting.get_absolute_url()))
    if sentence := why_not_voidable(deposit):
        raise Refused(sentence)
    if not 0 <= copies_back <= COPIES:
        raise Refused({"copies_back": "押金收据一共三联。"})
    void = DepositVoid.objects.create(estate=deposit.estate, deposit=deposit, cashier_id=deposit.cashier_id, words=said("words", words, 100, "写明错在哪里"),
                                      copies_back=copies_back, asked_by=by, asked_at=now())
    record(by, f"申请作废押金收据 {deposit}，{yuan(deposit.amount)} 元，{void.words}{f'，收回 {copies_back} 联' if copies_back < COPIES else ''}",
           void, household=deposit.household)
    return void


@act
def void_deposit(void, *, by):
    """Void it, by another than who asked and who took the money: the number stays, the money goes back the way it came. Returns the DepositVoid."""
    deposit = locked(void.deposit)
    void = _undecided(void)
    if sentence := why_no_void(void, by) or why_not_voidable(deposit):
        raise Refused(sentence)
    void.approved, void.decided_by, void.decided_at = True, by, now()
    void.save(update_fields=["approved", "decided_by", "decided_at"])
    deposit.held, deposit.voided_at, deposit.voided_by, deposit.void_reason = 0, void.decided_at, by, void.words
    deposit.save(update_fields=["held", "voided_at", "voided_by", "void_reason"])
    move(deposit, MOVES.VOIDED, deposit.amount, f"{way_back(deposit)}，{void.words}", at=deposit.voided_at, by=by)
    deposit.paper = void_paper(deposit.paper, reason=void.words, by=by, asked_by=void.asked_by)
    record(by, f"作废押金收据 {deposit.paper.number}，{yuan(deposit.amount)} 元{way_back(deposit)}，{void.words}", void, household=deposit.household)
    return void


@act
def refuse_deposit_void(void, *, refusal, by):
    """Do not void it, and say why; the receipt stays as it is. Returns the DepositVoid. Refused for the asker and once decided."""
    deposit = locked(void.deposit)
    void = _undecided(void)
    if by.pk == void.asked_by_id:
        raise Refused("申请人不能自己决定，请别的主管来办。")
    void.approved, void.decided_by, void.decided_at = False, by, now()
    void.refusal = said("refusal", refusal, 100, "写明为什么不作废，申请人要看")
    void.save(update_fields=["approved", "decided_by", "decided_at", "refusal"])
    record(by, f"不作废押金收据 {deposit}：{void.refusal}", void, household=deposit.household)
    return void


def why_no_void(void, user):
    """Why this user may not void it, as a sentence; None when they may."""
    return second_person.why_not(user, void.estate, asked_by=void.asked_by_id, cashiers={void.cashier_id, void.deposit.cashier_id},
                                 taken="这笔押金是您收的，要由别人作废。")


def why_not_voidable(deposit):
    """Why this receipt can't be void, as a sentence; None when it can: only today's, whole, of which nothing was given back."""
    if deposit.voided_at is not None:
        return "这张押金收据已经作废。"
    if deposit.day != today():
        return "只有当天收的能作废；以后请办退押金。"
    if deposit.held != deposit.amount or deposit.returns.waiting().exists() or deposit.returns.exclude(paid_at=None).exists():
        return "这笔押金已在退，不能作废。"
    return None


def way_back(deposit):
    """How a void deposit's money goes back: what never lay in the till does not come out of it."""
    return "从今天的钱箱当面退回" if deposit.method == WAYS.CASH else f"按原来的{deposit.get_method_display()}退回"


def _undecided(void):
    void = DepositVoid.objects.select_related("deposit", "asked_by").lock(void)
    if void.approved is not None:
        raise Refused(f"{void.decided_by.name} {shown_moment(void.decided_at)} 已{'作废' if void.approved else '决定不作废'}这张押金收据。")
    return void


def _demand_once(household, amount, method, reference, at, despite):
    """The same sum of one household within minutes, or a transfer number that a live receipt bears, is a question first (TRUST 2).

    Returns the words for the log of each doubt that arose and was accepted.
    """
    accepted = same_again(Deposit.objects.filter(amount=amount), household, at, despite, what=f"押金 {yuan(amount)} 元", paper="押金收据")
    return accepted + (transfer_again(household.estate, reference, despite) if method == WAYS.TRANSFER else [])


def locked(deposit):
    """Household, then deposit, in the order of locks; the deposit with its household and paper."""
    household = Household.objects.lock(deposit.household_id)
    deposit = Deposit.objects.select_related("paper", "cashier").lock(deposit)
    deposit.household = household
    return deposit


def move(deposit, kind, amount, words, *, at, by, **more):
    return DepositMove.objects.create(estate_id=deposit.estate_id, deposit=deposit, kind=kind, amount=amount, words=words[:120], at=at, by=by, **more)


def _identity(household, name, kind, number):
    """(kind, number): as typed, or as registered of the owner of that name."""
    if number:
        return kind, checked("payer_id", check_identity, kind, number)
    owner = household.ownerships.live().filter(person__name=name).exclude(person__id_number="").select_related("person").first()
    if owner is None:
        raise Refused({"payer_id": "请填交款人的证件号码"})
    return owner.person.id_kind, owner.person.id_number


def account_of(text):
    """An account's number without the blanks of its card; "" for none, Refused beside ``account_no`` otherwise."""
    text = re.sub(r"\s+", "", text or "")
    if text and not ACCOUNT.fullmatch(text):
        raise Refused({"account_no": "账号是 8 到 32 位数字或字母"})
    return text
