"""A deposit given back: asked at the desk, approved by a manager, paid by finance, each another person (DOMAIN §2 Deposits, FORMS 3.3)."""
from households.agents import use_letter
from households.entering import checked
from households.models import AuthorisationLetter, Matter
from households.standing import said
from servicecentre.files import storing
from servicecentre.files.models import File
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import business_day, now, shown_moment, today
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.papers.issuing import issue_paper, void_paper
from servicecentre.papers.kinds import DEPOSIT_RETURN
from servicecentre.worklog.acts import act, record

from . import petty_cash, second_person
from .allocation import settle
from .deposit_papers import return_content
from .deposits import account_of, locked, move
from .explain import open_lines
from .models import Charge, Credit, Deposit, DepositDeduction, DepositMove, DepositReturn, DepositSetOff

MOVES, METHODS = DepositMove.Kind, DepositReturn.Method
SEE = "billing.view_deposits"            # the right that opens photos of damage, declarations and consents
DECLARATION, CONSENT = "遗失声明", "抵扣同意书"
AGENCY = ("委托书", "交款人证件", "代办人证件")          # what stands for a registered letter where the payer is no owner


@act
def ask_deposit_return(deposit, *, original_returned, in_person, id_checked, method, deductions=(), set_off=(), set_off_amount=0, consent=(),
                       declaration=(), letter=None, delegate="", agency=(), payer_paper=(), agent_paper=(), inspected_by="", inspected_on=None,
                       bank="", account_no="", words="", by, despite=()):
    """Ask that a deposit be given back; returns the DepositReturn, which waits for a manager. All of what is held is settled by it.

    ``deductions``: [{"kind", "words", "amount", "files": kept photos}]; ``set_off``: charges that the payer agreed in writing
    (``consent``: kept files) to pay from it, up to ``set_off_amount``. Without the original receipt: a signed ``declaration`` and
    the payer in person. Another than the payer comes by a ``letter`` for 退款, which is used by this; where the payer is no owner here,
    whose letters nobody registers, ``delegate`` comes with the letter and both identity papers as files. A renovation's goes back after
    the inspection: by whom and when. DOMAIN §2 Deposits. unless="early" before the day from which it may be had back.
    """
    deposit = locked(deposit)
    household = deposit.household
    _demand_askable(deposit, despite)
    if not id_checked:
        raise Refused({"id_checked": "先核对来人的身份证件" if in_person else "先核对交款人和代办人两人的证件"})
    if not original_returned and not in_person:
        raise Refused({"in_person": "原收据遗失的，只能由交款人本人来办"})
    if not original_returned and not declaration:
        raise Refused({"declaration": "原收据遗失，要有交款人签字的声明（拍照或扫描）"})
    inspected_by = _inspected(deposit, inspected_by, inspected_on)
    papers = (agency, payer_paper, agent_paper)
    use, delegate = (None, "") if in_person else _by_another(deposit, letter, delegate, papers, by, despite)
    rows = [_deduction(n, row) for n, row in enumerate(deductions, start=1)]
    lines = _lines_to_set_off(household, set_off, set_off_amount, consent)
    deducted = sum(row["amount"] for row in rows)
    if (refund := deposit.held - deducted - set_off_amount) < 0:
        raise Refused(f"扣款和抵欠费共 {yuan(deducted + set_off_amount)} 元，比在押的 {yuan(deposit.held)} 元多。")
    method, account_no, bank = _way_back(deposit, METHODS(method), refund, account_no, bank)
    back = DepositReturn.objects.create(
        estate=deposit.estate, deposit=deposit, cashier_id=deposit.cashier_id, amount=deposit.held, deducted=deducted, set_off=set_off_amount,
        refund=refund, words=checked("words", clean_text, words, 100), original_returned=original_returned, letter_use=use, delegate=delegate,
        inspected_by=inspected_by, inspected_on=inspected_on, method=method, account_name=deposit.payer_name, bank=bank, account_no=account_no,
        asked_by=by, asked_at=now())
    for row in rows:
        made = DepositDeduction.objects.create(estate=deposit.estate, giving_back=back, kind=row["kind"], words=row["words"], amount=row["amount"])
        storing.add_files(row["files"], made, right=SEE, by=by, household_no=household.number)
    DepositSetOff.objects.bulk_create([DepositSetOff(estate=deposit.estate, giving_back=back, charge=line) for line in lines])
    for what, files in ((DECLARATION, declaration), (CONSENT, consent), *(zip(AGENCY, papers, strict=True) if delegate else ())):
        storing.add_files([_named(file, what) for file in files], back, right=SEE, by=by, household_no=household.number)
    told = "".join((f"，扣 {yuan(deducted)}" if deducted else "", f"，抵欠费 {yuan(set_off_amount)}" if set_off_amount else "",
                    "" if original_returned else "，原收据遗失", "" if in_person else "，代办", "，没到最早退还日" if _early(deposit) else ""))
    record(by, f"申请退押金 {deposit}，应退 {yuan(refund)} 元{told}", back, household=household)
    return back


def _early(deposit):
    return deposit.due_back_on is not None and today() < deposit.due_back_on


def _demand_askable(deposit, despite):
    if waiting := waiting_return(deposit):
        raise Refused(f"{waiting.asked_by.name} {shown_moment(waiting.asked_at)} 已申请退这笔押金。", link=("看这张申请", waiting.get_absolute_url()))
    if void := deposit.voids.undecided().first():
        raise Refused("有人申请作废这张押金收据，先等主管决定。", link=("看这张申请", void.get_absolute_url()))
    if not deposit.held:
        raise Refused("这笔押金已经退清。")
    if _early(deposit) and "early" not in despite:
        raise Refused(f"约定 {deposit.due_back_on} 起才退，今天还没到。提前验收合格的，再继续。", unless="early")


@act
def approve_deposit_return(back, *, by):
    """A manager who neither asked nor took the money approves; nothing moves yet. Returns the DepositReturn."""
    deposit = locked(back.deposit)
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
    deposit = locked(back.deposit)
    back = _undecided(back)
    if by.pk == back.asked_by_id:
        raise Refused("申请人不能自己决定，请别的主管来办；不退了可以撤回。")
    back.approved, back.decided_by, back.decided_at, back.refusal = False, by, now(), said("refusal", refusal, 100, "写明为什么不批，申请人要看")
    back.save(update_fields=["approved", "decided_by", "decided_at", "refusal"])
    record(by, f"不批退押金 {deposit}：{back.refusal}", back, household=deposit.household)
    return back


@act
def withdraw_deposit_return(back, *, withdrawn_words, by):
    """The asking is taken back, approved or not, until finance has paid: the deposit is held and may be asked for anew. Returns the DepositReturn."""
    deposit = locked(back.deposit)
    back = DepositReturn.objects.select_related("deposit").lock(back)
    _demand_unended(back)
    back.withdrawn_words = said("withdrawn_words", withdrawn_words, 100, "写明为什么撤回")
    back.withdrawn_by, back.withdrawn_at = by, now()
    back.save(update_fields=["withdrawn_by", "withdrawn_at", "withdrawn_words"])
    record(by, f"撤回退押金 {deposit}，应退 {yuan(back.refund)} 元：{back.withdrawn_words}", back, household=deposit.household)
    return back


@act
def pay_deposit_return(back, *, reference="", by):
    """Finance pays what was approved and the paper YT is written; deductions and set-off count from now on. Returns the DepositReturn.

    Cash comes from the petty cash, not from the till. What is set off becomes a credit that settles the chosen lines, wholly: refused
    when they owe less by now, for the payer's money is not the household's. Refused for who asked, approved or took the deposit.
    """
    deposit = locked(back.deposit)
    household = deposit.household
    back = DepositReturn.objects.lock(back)
    if sentence := why_not_pay(back, by):
        raise Refused(sentence)
    reference = checked("reference", clean_text, reference, 40)
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


@act
def bounce_deposit_return(back, *, bounced_words, by):
    """The money came back to us: its paper is void, the refund is held again and may be asked for anew. Returns the DepositReturn.

    What was deducted and set off by it stays: that is done, and the payer agreed to it.
    """
    deposit = locked(back.deposit)
    back = DepositReturn.objects.select_related("deposit").lock(back)
    if back.paid_at is None or back.bounced_at is not None:
        raise Refused("这笔押金没有付出去。" if back.paid_at is None else "已经登记过退回。")
    if back.method == METHODS.PETTY_CASH or not back.refund:
        raise Refused("备用金付的现金不会被退回。" if back.refund else "这次没有付钱，没有可退回的。")
    back.bounced_words = said("bounced_words", bounced_words, 100, "写明银行、平台怎么说的，如「户名不符」")
    back.bounced_by, back.bounced_at = by, now()
    back.save(update_fields=["bounced_by", "bounced_at", "bounced_words"])
    deposit.held += back.refund
    deposit.save(update_fields=["held"])
    move(deposit, MOVES.BOUNCED, back.refund, f"{back.get_method_display()}退回，{back.bounced_words}", at=back.bounced_at, by=by, giving_back=back)
    void_paper(back.paper, reason=f"退回，{back.bounced_words}"[:120], by=by)
    record(by, f"退押金 {back.paper} 被退回 {yuan(back.refund)} 元，仍在押：{back.bounced_words}", back, household=deposit.household)
    return back


def _leave(back, deposit, household, at, by):
    """The moves of a return: each deduction, what is set off with its credit, what is paid."""
    for row in back.deductions.all():
        move(deposit, MOVES.DEDUCTED, row.amount, f"{row.get_kind_display()}，{row.words}", at=at, by=by, giving_back=back)
    if back.set_off:
        chosen = set(back.set_offs.values_list("charge", flat=True))
        lines = [line for line in open_lines(household) if line.pk in chosen]
        if sum(line.due for line in lines) < back.set_off:
            raise Refused("要抵的欠费已缴，请撤回后重新申请。")
        credit = Credit.objects.create(estate=deposit.estate, household=household, source=Credit.Source.DEPOSIT, amount=back.set_off,
                                       left=back.set_off, reason=f"押金 {deposit} 抵欠费，交款人书面同意", made_at=at, made_by=by)
        settle(household, lines, [credit], at=at, later=True)
        move(deposit, MOVES.SET_OFF, back.set_off, "抵欠费，交款人书面同意", at=at, by=by, giving_back=back, credit=credit)
    if back.refund:
        move(deposit, MOVES.RETURNED, back.refund, f"{back.get_method_display()}，{back.account_name}", at=at, by=by, giving_back=back)


def why_not_approve(back, user):
    """Why this user may not approve this return, as a sentence; None when they may."""
    return second_person.why_not(user, back.estate, asked_by=back.asked_by_id, cashiers={back.cashier_id, back.deposit.cashier_id},
                                 taken="这笔押金是您收的，收款人不能批准退它。")


def why_not_pay(back, user):
    """Why this user may not pay this return now, as a sentence; None when they may."""
    if ended := why_ended(back):
        return f"{back.paid_by.name} {shown_moment(back.paid_at)} 已付。" if back.state == "paid" else ended
    if not back.approved:
        return "主管还没有批准。"
    if user.pk in (back.asked_by_id, back.decided_by_id, back.cashier_id):
        return "您收过这笔押金，或申请、批准过退它，要由别人付款。"
    return None


def why_ended(back):
    """What it ended in, as a sentence; None while it waits for a manager or finance."""
    return {"paid": "这笔押金已经付过。", "bounced": "这笔押金付了，又被退回；钱仍在押，请重新申请。", "withdrawn": "这次申请已经撤回。",
            "refused": "主管没有批准。"}.get(back.state)


def waiting_return(deposit):
    """The return that is asked or approved and not paid yet; None where there is none."""
    return deposit.returns.waiting().select_related("asked_by").first()


def _demand_unended(back):
    if ended := why_ended(back):
        raise Refused(ended)


def _undecided(back):
    back = DepositReturn.objects.select_related("deposit").lock(back)
    if back.withdrawn_at:
        raise Refused("这次申请已经撤回。")
    if back.approved is not None:
        raise Refused(f"{back.decided_by.name} {shown_moment(back.decided_at)} 已{'批准' if back.approved else '决定不退'}。")
    return back


def _by_another(deposit, letter, delegate, papers, by, despite):
    """(letter's use, name): an owner's delegate uses a registered letter; another payer's brings the letter and both papers as files."""
    household = deposit.household
    owner = (household.ends_on is None or household.ends_on >= today()) and household.ownerships.live().filter(person__name=deposit.payer_name).exists()
    if owner:
        if letter is None or letter.household_id != household.pk:
            raise Refused({"letter": "交款人是业主，代办要有他的委托书，先在户档案里登记"})
        if letter.principal.name != deposit.payer_name:
            raise Refused({"letter": f"这份委托书是{letter.principal.name}写的，押金是{deposit.payer_name}交的"})
        if use := _used_in_vain(deposit, letter):
            return use, ""
        return use_letter(letter, matter=Matter.REFUND, words=f"退押金 {deposit}", by=by, despite=despite), ""
    if letter is not None:
        raise Refused({"letter": f"押金是{deposit.payer_name}交的，不是业主，用不了业主的委托书：在下面填代办人，拍下委托书和两人证件"})
    delegate = said("delegate", delegate, 60, "填代办人姓名")
    for field, what, files in zip(("agency", "payer_paper", "agent_paper"), AGENCY, papers, strict=True):
        if not files:
            raise Refused({field: f"代办的要拍下{what}"})
    return None, delegate


def _used_in_vain(deposit, letter):
    """The use of a letter for one use by an asking for this deposit that came to nothing: it stands for the next one too, while the letter is good."""
    earlier = deposit.returns.filter(letter_use__letter=letter).select_related("letter_use").order_by("-pk").first()
    if earlier is None or letter.valid_to:
        return None
    letter = AuthorisationLetter.objects.with_state().get(pk=letter.pk)
    letter.used = False
    if why := letter.why_not(today()):
        raise Refused(f"这份委托书不能用：{why}。")
    return earlier.letter_use


def _inspected(deposit, inspected_by, inspected_on):
    """The engineer's name, clean; a renovation's deposit goes back after the inspection, another's may say so."""
    inspected_by = checked("inspected_by", clean_text, inspected_by, 60)
    if deposit.kind == Deposit.Kind.RENOVATION and not (inspected_by and inspected_on):
        raise Refused({"inspected_on" if inspected_by else "inspected_by": "装修押金验收后才退：填工程谁、哪天验收的"})
    if bool(inspected_by) != bool(inspected_on):
        raise Refused({"inspected_on" if inspected_by else "inspected_by": "验收人和验收日要一起填"})
    if inspected_on and not deposit.day <= inspected_on <= today():
        raise Refused({"inspected_on": "验收日在收押金以后、不晚于今天"})
    return inspected_by


def _deduction(n, row):
    words = said(f"words_{n}", row["words"], 80, "写明扣什么、怎么算的")
    if row["amount"] is None or row["amount"] <= 0:
        raise Refused({f"amount_{n}": "扣款要大于 0"})
    if not row["files"]:
        raise Refused({f"files_{n}": "没有照片或报价不能扣"})
    return {"kind": DepositDeduction.Kind(row["kind"]), "words": words, "amount": row["amount"], "files": row["files"]}


def _named(file, what):
    """The kept file, its label saying what it is."""
    if not file.label.startswith(what):
        file.label = what if file.kind == File.Kind.IDENTITY else f"{what} {file.label}"[:120]
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
    number = account_of(account_no) or deposit.account_no
    bank = checked("bank", clean_text, bank, 60) or deposit.bank
    if not number or not bank:
        raise Refused({"bank" if number else "account_no": "转账要填开户行和账号"})
    return method, number, bank


