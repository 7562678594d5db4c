"""Deposits: taken at the till, never income; given back in three steps by different people (DOMAIN §2 Deposits, FORMS 3.2, 3.3)."""
import re

from django.core.exceptions import ValidationError

from households.agents import use_letter
from households.models import Household, Matter
from servicecentre.files import storing
from servicecentre.kit.identity import check_identity, check_phone, mask_identity
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import business_day, now, shown_moment, today
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.papers.issuing import issue_paper, void_paper
from servicecentre.papers.kinds import DEPOSIT, DEPOSIT_RETURN
from servicecentre.worklog.acts import act, record

from . import petty_cash, second_person
from .allocation import settle
from .cashier import clean_parts
from .deposit_papers import receipt_content, return_content
from .explain import open_lines
from .models import Charge, Credit, Deposit, DepositDeduction, DepositMove, DepositReturn, DepositSetOff
from .shifts import open_shift

MOVES, METHODS = DepositMove.Kind, DepositReturn.Method
SEE = "billing.view_deposits"            # the right that opens photos of damage, declarations and consents
DECLARATION, CONSENT = "遗失声明", "抵扣同意书"
ACCOUNT = re.compile("[0-9A-Za-z-]{8,32}")


@act
def take_deposit(household, *, kind, basis, amount, payer_name, payer_phone, method, reference="", payer_id_kind="resident", payer_id="", bank="",
                 account_no="", due_back_on=None, remarks="", by):
    """Take a deposit and write its receipt YJ in three copies; returns the Deposit. Money is not income and pays no bill.

    ``payer_id`` may be left empty for an owner whose number is registered. Refused without what it is for, without a number of
    identity, and for a day to give it back that is past.
    """
    shift = open_shift(household.estate, by=by)
    household = Household.objects.lock(household)
    if household.voided_at is not None:
        raise Refused("这一户的登记已作废，不能收押金。")
    ((method, amount, reference),) = clean_parts([(method, amount, reference)])
    payer_name, basis = _said("payer_name", payer_name, 60, "请填交款人"), _said("basis", basis, 60, "写明依据，如施工许可证号、借钥匙单号")
    id_kind, number = _identity(household, payer_name, payer_id_kind, payer_id)
    at = shift.within(now())
    if due_back_on and due_back_on < shift.day:
        raise Refused({"due_back_on": "最早退还日不能早于今天"})
    deposit = Deposit.objects.create(
        estate=household.estate, household=household, shift=shift, kind=kind, basis=basis, amount=amount, held=amount, payer_name=payer_name,
        payer_id_kind=id_kind, payer_id=number, payer_id_masked=mask_identity(number), payer_phone=_checked("payer_phone", check_phone, payer_phone),
        bank=_said("bank", bank, 60), account_no=_account(account_no), method=method, reference=reference, due_back_on=due_back_on,
        remarks=_said("remarks", remarks, 60), at=at, day=shift.day, cashier=by)
    _move(deposit, MOVES.TAKEN, amount, f"{deposit.get_kind_display()}，{basis}", at=at, by=by)
    deposit.paper = issue_paper(DEPOSIT, household, content=receipt_content(deposit), by=by, on=deposit.day)
    deposit.save(update_fields=["paper"])
    record(by, f"收{deposit.get_kind_display()}押金 {yuan(amount)} 元，{deposit.get_method_display()}，{deposit.paper.number}", deposit, household=household)
    return deposit


@act
def void_deposit(deposit, *, reason, by):
    """A mistake of today is void, by another than who took it: the number stays, the money goes back from the till. Returns the Deposit."""
    deposit = _locked(deposit)
    if sentence := why_no_void(deposit, by):
        raise Refused(sentence)
    reason = _said("reason", reason, 100, "写明错在哪里")
    deposit.held, deposit.voided_at, deposit.voided_by, deposit.void_reason = 0, now(), by, reason
    deposit.save(update_fields=["held", "voided_at", "voided_by", "void_reason"])
    _move(deposit, MOVES.VOIDED, deposit.amount, reason, at=deposit.voided_at, by=by)
    deposit.paper = void_paper(deposit.paper, reason=reason, by=by)
    record(by, f"作废押金收据 {deposit.paper.number}，{yuan(deposit.amount)} 元当面退回，{reason}", deposit, household=deposit.household)
    return deposit


def why_no_void(deposit, user):
    """Why this user may not void this deposit, as a sentence; None when they may."""
    if deposit.voided_at is not None:
        return "这张押金收据已经作废。"
    if sentence := second_person.why_not(user, deposit.estate, asked_by=None, cashiers={deposit.cashier_id}, taken="这笔押金是您收的，要由别人作废。"):
        return sentence
    if deposit.day != today():
        return "只有当天收的能作废；以后请办退押金。"
    if deposit.held != deposit.amount or waiting_return(deposit):
        return "这笔押金已在退，不能作废。"
    return None


@act
def ask_deposit_return(deposit, *, original_returned, in_person, id_checked, method, deductions=(), set_off=(), set_off_amount=0, consent=(),
                       declaration=(), letter=None, bank="", account_no="", words="", by, despite=()):
    """Ask that a deposit be given back; returns the DepositReturn, which waits for a manager. All of what is held is settled by it.

    ``deductions``: [{"kind", "words", "amount", "files": kept photos}]; ``set_off``: charges that the payer agreed in writing
    (``consent``: kept files) to pay from it, up to ``set_off_amount``. Without the original receipt: a signed ``declaration`` and
    the payer in person. Another than the payer comes by a ``letter`` for 退款, which is used by this. DOMAIN §2 Deposits.
    """
    deposit = _locked(deposit)
    household = deposit.household
    if waiting := waiting_return(deposit):
        raise Refused(f"{waiting.asked_by.name} {shown_moment(waiting.asked_at)} 已申请退这笔押金。", link=("看这张申请", waiting.get_absolute_url()))
    if not deposit.held:
        raise Refused("这笔押金已经退清。")
    if not id_checked:
        raise Refused({"id_checked": "先核对来人的身份证件" if in_person else "先核对交款人和代办人两人的证件"})
    if not original_returned and not in_person:
        raise Refused({"in_person": "原收据遗失的，只能由交款人本人来办"})
    if not original_returned and not declaration:
        raise Refused({"declaration": "原收据遗失，要有交款人签字的声明（拍照或扫描）"})
    use = None if in_person else _by_agent(deposit, letter, by, despite)
    rows = [_deduction(n, row) for n, row in enumerate(deductions, start=1)]
    lines = _lines_to_set_off(household, set_off, set_off_amount, consent)
    deducted = sum(row["amount"] for row in rows)
    if (refund := deposit.held - deducted - set_off_amount) < 0:
        raise Refused(f"扣款和抵欠费共 {yuan(deducted + set_off_amount)} 元，比在押的 {yuan(deposit.held)} 元多。")
    method, account_no, bank = _way_back(deposit, METHODS(method), refund, account_no, bank)
    back = DepositReturn.objects.create(
        estate=deposit.estate, deposit=deposit, cashier_id=deposit.cashier_id, amount=deposit.held, deducted=deducted, set_off=set_off_amount,
        refund=refund, words=_said("words", words, 100), original_returned=original_returned, letter_use=use, method=method,
        account_name=deposit.payer_name, bank=bank, account_no=account_no, asked_by=by, asked_at=now())
    for row in rows:
        made = DepositDeduction.objects.create(estate=deposit.estate, giving_back=back, kind=row["kind"], words=row["words"], amount=row["amount"])
        storing.add_files(row["files"], made, right=SEE, by=by, household_no=household.number)
    DepositSetOff.objects.bulk_create([DepositSetOff(estate=deposit.estate, giving_back=back, charge=line) for line in lines])
    for what, files in ((DECLARATION, declaration), (CONSENT, consent)):
        storing.add_files([_named(file, what) for file in files], back, right=SEE, by=by, household_no=household.number)
    said = "".join((f"，扣 {yuan(deducted)}" if deducted else "", f"，抵欠费 {yuan(set_off_amount)}" if set_off_amount else "",
                    "" if original_returned else "，原收据遗失", "，代办" if use else ""))
    record(by, f"申请退押金 {deposit}，应退 {yuan(refund)} 元{said}", back, household=household)
    return back


@act
def approve_deposit_return(back, *, by):
    """A manager who neither asked nor took the money approves; nothing moves yet. Returns the DepositReturn."""
    deposit = _locked(back.deposit)
    back = _undecided(back)
    if sentence := why_not_approve(back, by):
        raise Refused(sentence)
    back.approved, back.decided_by, back.decided_at = True, by, now()
    back.save(update_fields=["approved", "decided_by", "decided_at"])
    record(by, f"批准退押金 {deposit}，应退 {yuan(back.refund)} 元", back, household=deposit.household)
    return back


@act
def refuse_deposit_return(back, *, refusal, by):
    """Not approved, and why; the deposit stays held and may be asked for anew. Returns the DepositReturn."""
    deposit = _locked(back.deposit)
    back = _undecided(back)
    if by.pk == back.asked_by_id:
        raise Refused("申请人不能自己决定，请别的主管来办。")
    back.approved, back.decided_by, back.decided_at, back.refusal = False, by, now(), _said("refusal", refusal, 100, "写明为什么不批，申请人要看")
    back.save(update_fields=["approved", "decided_by", "decided_at", "refusal"])
    record(by, f"不批退押金 {deposit}：{back.refusal}", back, household=deposit.household)
    return back


@act
def pay_deposit_return(back, *, reference="", by):
    """Finance pays what was approved and the paper YT is written; deductions and set-off count from now on. Returns the DepositReturn.

    Cash comes from the petty cash, not from the till. What is set off becomes a credit that settles the chosen lines; what was
    paid otherwise meanwhile leaves the rest as the household's credit. Refused for who asked or took the deposit.
    """
    deposit = _locked(back.deposit)
    household = deposit.household
    back = DepositReturn.objects.lock(back)
    if sentence := why_not_pay(back, by):
        raise Refused(sentence)
    reference = _said("reference", reference, 40)
    if back.refund and back.method != METHODS.PETTY_CASH and len(reference) < 4:
        raise Refused({"reference": "填退款的流水号，末 4 位以上"})
    at = now()
    _leave(back, deposit, household, at, by)
    deposit.held -= back.amount
    deposit.save(update_fields=["held"])
    if back.refund and back.method == METHODS.PETTY_CASH:
        back.spent = petty_cash.spend(deposit.estate, back.refund, words=f"退押金 {deposit}", row=back, by=by)
    back.paid_by, back.paid_at, back.reference = by, at, reference
    back.paper = issue_paper(DEPOSIT_RETURN, household, content=return_content(back, deposit), by=by, on=business_day(at))
    back.save(update_fields=["spent", "paid_by", "paid_at", "reference", "paper"])
    record(by, f"退押金 {deposit}，付 {yuan(back.refund)} 元，{back.get_method_display()}，{back.paper.number}", back, household=household)
    return back


def _leave(back, deposit, household, at, by):
    """The moves of a return: each deduction, what is set off with its credit, what is paid."""
    for row in back.deductions.all():
        _move(deposit, MOVES.DEDUCTED, row.amount, f"{row.get_kind_display()}，{row.words}", at=at, by=by, giving_back=back)
    if back.set_off:
        credit = Credit.objects.create(estate=deposit.estate, household=household, source=Credit.Source.DEPOSIT, amount=back.set_off,
                                       left=back.set_off, reason=f"押金 {deposit} 抵欠费，交款人书面同意", made_at=at, made_by=by)
        chosen = set(back.set_offs.values_list("charge", flat=True))
        settle(household, [line for line in open_lines(household) if line.pk in chosen], [credit], at=at, later=True)
        _move(deposit, MOVES.SET_OFF, back.set_off, "抵欠费，交款人书面同意", at=at, by=by, giving_back=back, credit=credit)
    if back.refund:
        _move(deposit, MOVES.RETURNED, back.refund, f"{back.get_method_display()}，{back.account_name}", at=at, by=by, giving_back=back)


def why_not_approve(back, user):
    """Why this user may not approve this return, as a sentence; None when they may."""
    return second_person.why_not(user, back.estate, asked_by=back.asked_by_id, cashiers={back.cashier_id, back.deposit.cashier_id},
                                 taken="这笔押金是您收的，收款人不能批准退它。")


def why_not_pay(back, user):
    """Why this user may not pay this return now, as a sentence; None when they may."""
    if back.paid_at:
        return f"{back.paid_by.name} {shown_moment(back.paid_at)} 已付。"
    if not back.approved:
        return "主管还没有批准。" if back.approved is None else "主管没有批准。"
    return "您收过这笔押金或申请过退它，要由别人付款。" if user.pk in (back.asked_by_id, back.cashier_id) else None


def waiting_return(deposit):
    """The return that is asked or approved and not paid yet; None where there is none."""
    return deposit.returns.exclude(approved=False).filter(paid_at=None).select_related("asked_by").first()


def _locked(deposit):
    """Household, then deposit, in the order of locks; the deposit with its household and paper."""
    household = Household.objects.lock(deposit.household_id)
    deposit = Deposit.objects.select_related("paper", "cashier").lock(deposit)
    deposit.household = household
    return deposit


def _undecided(back):
    back = DepositReturn.objects.select_related("deposit").lock(back)
    if back.approved is not None:
        raise Refused(f"{back.decided_by.name} {shown_moment(back.decided_at)} 已{'批准' if back.approved else '决定不退'}。")
    return back


def _move(deposit, kind, amount, words, *, at, by, **more):
    return DepositMove.objects.create(estate_id=deposit.estate_id, deposit=deposit, kind=kind, amount=amount, words=words[:120], at=at, by=by, **more)


def _by_agent(deposit, letter, by, despite):
    """The letter of who paid, for 退款; noted as used."""
    if letter is None or letter.household_id != deposit.household_id:
        raise Refused({"letter": "代办的要有这一户交款人的委托书，先在户档案里登记"})
    if letter.principal.name != deposit.payer_name:
        raise Refused({"letter": f"这份委托书是{letter.principal.name}写的，押金是{deposit.payer_name}交的"})
    return use_letter(letter, matter=Matter.REFUND, words=f"退押金 {deposit}", by=by, despite=despite)


def _deduction(n, row):
    words = _said(f"words_{n}", row["words"], 80, "写明扣什么、怎么算的")
    if row["amount"] is None or row["amount"] <= 0:
        raise Refused({f"amount_{n}": "扣款要大于 0"})
    if not row["files"]:
        raise Refused({f"files_{n}": "没有照片或报价不能扣"})
    return {"kind": DepositDeduction.Kind(row["kind"]), "words": words, "amount": row["amount"], "files": row["files"]}


def _named(file, what):
    """The kept file, its label saying what it is."""
    if not file.label.startswith(what):
        file.label = f"{what} {file.label}"[:120]
    return file


def _lines_to_set_off(household, charges, fen, consent):
    """The chosen lines of this household, which together owe at least what is set off."""
    wanted = {getattr(charge, "pk", charge) for charge in charges}
    if not wanted and not fen:
        return []
    lines = list(Charge.objects.filter(household=household, pk__in=wanted).unpaid().oldest_first())
    if not lines or len(lines) != len(wanted):
        raise Refused({"set_off": "勾要抵的欠费；已缴清的不能抵，请刷新后核对"})
    if not 0 < fen <= sum(line.due for line in lines):
        raise Refused({"set_off_amount": f"抵的要大于 0，不超过所勾欠费 {yuan(sum(line.due for line in lines))} 元"})
    if not consent:
        raise Refused({"consent": "抵欠费要有交款人签字的同意书（拍照或扫描）"})
    return lines


def _way_back(deposit, method, refund, account_no, bank):
    """(method, account, bank); the account that the deposit's payer named then stands in where none is given now."""
    if method == METHODS.SAME_WAY and deposit.method == "cash":
        raise Refused({"method": "交的是现金，请选转账或备用金现金"})
    if method != METHODS.TRANSFER or not refund:
        return method, "", ""
    number = _account(account_no) or deposit.account_no
    bank = _said("bank", bank, 60) or deposit.bank
    if not number or not bank:
        raise Refused({"bank" if number else "account_no": "转账要填开户行和账号"})
    return method, number, bank


def _identity(household, name, kind, number):
    """(kind, number): as typed, or as registered of the owner of that name."""
    if number:
        return kind, _checked("payer_id", lambda text: check_identity(kind, text), number)
    owner = household.ownerships.live().filter(person__name=name).exclude(person__id_number="").select_related("person").first()
    if owner is None:
        raise Refused({"payer_id": "请填交款人的证件号码"})
    return owner.person.id_kind, owner.person.id_number


def _account(text):
    text = re.sub(r"\s+", "", text or "")
    if text and not ACCOUNT.fullmatch(text):
        raise Refused({"account_no": "账号是 8 到 32 位数字或字母"})
    return text


def _checked(field, check, text):
    try:
        return check(text)
    except ValidationError as error:
        raise Refused({field: error.messages}) from error


def _said(field, text, longest, wanted=""):
    text = _checked(field, lambda said: clean_text(said, longest), text)
    if wanted and not text:
        raise Refused({field: wanted})
    return text
