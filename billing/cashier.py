"""Taking money: one payment, exactly once, for what the page showed (DOMAIN §2 Payments, §9.4; TRUST 2 and 5)."""
import re
from datetime import timedelta

from households.models import Household
from servicecentre.kit.money import MAX_FEN, yuan
from servicecentre.kit.periods import now, shown_moment, today
from servicecentre.kit.refused import Refused
from servicecentre.papers.issuing import issue_paper
from servicecentre.papers.kinds import RECEIPT
from servicecentre.worklog.acts import act, record
from servicecentre.worklog.models import Done

from .ahead import bill_ahead, months_ahead, net
from .allocation import settle
from .corrections import overbilled, who_mends
from .explain import open_lines
from .models import Allocation, BillingPolicy, Charge, Credit, Deposit, Payment, PaymentPart, ReceiptVoid
from .shifts import open_shift
from .slips import receipt_content

METHODS = PaymentPart.Method
LAST_DIGITS = re.compile(r"[0-9A-Za-z-]{4,40}")          # WeChat, Alipay, card: the last four at least
WHOLE_NUMBER = re.compile(r"[0-9A-Za-z-]{6,40}")         # a transfer: the bank's whole number
SAME_TRANSFER_DAYS = 90                                  # how long back one looks for the same transfer number


@act
def collect_payment(household, *, charges=None, parts, tendered=None, payer_name, payer_relation=Payment.Relation.OWNER, remarks="",
                    due_shown=None, use_credit=False, ahead=0, replaces=None, by, despite=()):
    """Take money of a household and write its receipt; returns the Payment. All sums in fen.

    ``charges``: lines (rows or pks) that the payer names, None for all; the oldest due is settled first, a part is
    allowed, what is left over is the household's credit. ``parts``: [(method, fen, reference)], one per method.
    ``tendered``: cash put on the table, None for exact. ``use_credit``: waiting credit settles the chosen lines first.
    ``ahead``: so many months are billed now and paid with the chosen lines, behind them (DOMAIN §2 Paying ahead).
    ``due_shown``: ``shown()`` of the page, None for a caller that showed none. ``replaces``: paper of the void receipt that
    this one is reissued for.
    Refused when the bill changed since it was shown; unless="to_correct" when a line is for days beyond the tenure,
    unless="left_over" when money would be left over,
    unless="same_again" when the same sum was taken of this household minutes ago, unless="reference_again" when a live
    receipt bears this transfer number. Rules: DOMAIN §2 Payments [seed] [law: 民法典 560], TRUST 2.
    """
    shift = open_shift(household.estate, by=by)
    household = Household.objects.lock(household)
    at = shift.within(now())                              # midnight may have passed while this waited for its turn
    lines, credit = list(open_lines(household)), waiting_credit(household)
    if due_shown is not None:
        _demand_unchanged(household, due_shown, lines, credit, ahead)
    coming = bill_ahead(household, ahead, by=by) if ahead else []
    chosen = _chosen(lines, charges) + coming
    parts = clean_parts(parts)
    total = sum(fen for _, fen, _ in parts)
    _demand_sensible(total, household)
    change = change_of(parts, tendered)
    over, parked = overbilled(household, chosen)
    if over and "to_correct" not in despite:
        mend = "先终止车位协议" if parked == over else f"请{who_mends(household.estate)}在「出账」里更正{'，并终止车位协议' if parked else ''}"
        raise Refused(f"所选的账单里有 {yuan(over)} 元是这一户起止日期以外的，不该收。{mend}后再收；"
                      "交款人一定要先交的，再继续，更正后多出的退回或转预存。", unless="to_correct")
    due = sum(line.due for line in chosen)
    used = min(due, sum(source.left for source in credit)) if use_credit else 0
    if (left := total - (due - used)) > 0 and "left_over" not in despite:
        raise Refused(f"比所选的多 {yuan(left)} 元，收下后转为该户预存，以后出账自动抵。", unless="left_over")
    accepted = _demand_once(household, parts, total, at, despite)

    cash = next((fen for method, fen, _ in parts if method == METHODS.CASH), 0)
    payment = Payment.objects.create(
        estate=household.estate, household=household, shift=shift, at=at, day=shift.day, total=total, left=total,
        tendered=cash + change, change=change, payer_name=payer_name, payer_relation=payer_relation, remarks=remarks, cashier=by)
    PaymentPart.objects.bulk_create([PaymentPart(estate=household.estate, payment=payment, method=method, amount=fen, reference=reference)
                                     for method, fen, reference in parts])
    settled = settle(household, chosen, credit, at=at, receipt=payment) if used else []
    settled += settle(household, chosen, [payment], at=at, receipt=payment)
    left_after = payment.left + sum(source.left for source in credit)
    given = sum(line.mended for line in coming)
    content = receipt_content(payment, settled, credit_left=left_after, replaces=replaces, note=f"年缴优惠 {yuan(given)} 元" if given else "")
    payment.paper = issue_paper(RECEIPT, household, content=content, by=by, on=payment.day, replaces=replaces)
    payment.save(update_fields=["paper"])
    ways = "、".join(METHODS(method).label for method, _, _ in parts)
    record(by, f"收费 {yuan(total)} 元，{ways}，收据 {payment.paper.number}{f'，用预存 {yuan(used)} 元' if used else ''}"
               f"{f'，转预存 {yuan(payment.left)} 元' if payment.left else ''}{''.join(accepted)}", payment, household=household)
    return payment


@act
def use_credit(household, *, charges=None, due_shown=None, by):
    """Settle chosen lines (None: all) from waiting credit alone: no money, so no receipt number (DOMAIN §2). Returns the household.

    Refused when there is no credit, nothing is due, or the bill changed since ``due_shown``.
    """
    household = Household.objects.lock(household)
    lines, credit = list(open_lines(household)), waiting_credit(household)
    if due_shown is not None:
        _demand_unchanged(household, due_shown, lines, credit, Shown.read(due_shown).ahead)
    if not credit:
        raise Refused("该户没有预存余额。")
    chosen = _chosen(lines, charges)
    if not chosen:
        raise Refused({"charges": "先勾要抵的费用。"})
    used = sum(a.amount for a in settle(household, chosen, credit, at=now(), later=True))
    record(by, f"用预存 {yuan(used)} 元抵费用，余 {yuan(sum(source.left for source in credit))} 元", household=household, row=household)
    return household


def waiting_credit(household):
    """What is left of earlier payments and credits, oldest first: rows that ``settle`` takes from."""
    mine = {"estate": household.estate, "household": household}
    return [*Payment.objects.filter(**mine).with_left().select_related("paper").oldest_first(),
            *Credit.objects.filter(**mine).with_left().oldest_first()]


def credit_left(household):
    """The household's credit in fen (预存余额)."""
    return sum(source.left for source in waiting_credit(household))


class Shown:
    """What a page showed as due: {charge pk: fen} and the credit, as text in the form, as figures here."""

    def __init__(self, dues, credit, ahead=0, ahead_fen=0):
        self.dues, self.credit, self.ahead, self.ahead_fen = dues, credit, ahead, ahead_fen

    @classmethod
    def of(cls, lines, credit, ahead=0, ahead_fen=0):
        """Of charges, of credit in fen, of months to be paid ahead and what they cost, fen."""
        return cls({line.pk: line.due for line in lines}, credit, ahead, ahead_fen)

    @classmethod
    def read(cls, text):
        """From the form; Refused when it is not what a page of ours wrote."""
        found = re.fullmatch(r"((?:[0-9]{1,18}:[0-9]{1,12},)*)(?:a([0-9]{1,2}):([0-9]{1,12}),)?c:([0-9]{1,15})", text or "", re.ASCII)
        if not found:
            raise Refused({"due_shown": "页面已过期，请重新打开这一户再收。"})
        dues = (pair.split(":") for pair in found[1].split(",")[:-1])
        return cls({int(pk): int(fen) for pk, fen in dues}, int(found[4]), int(found[2] or 0), int(found[3] or 0))

    def __str__(self):
        ahead = f"a{self.ahead}:{self.ahead_fen}," if self.ahead else ""
        return "".join(f"{pk}:{fen}," for pk, fen in self.dues.items()) + f"{ahead}c:{self.credit}"

    def __eq__(self, other):
        return (self.dues, self.credit, self.ahead, self.ahead_fen) == (other.dues, other.credit, other.ahead, other.ahead_fen)


def shown(lines, credit, ahead=0, ahead_fen=0):
    """The text a form carries as ``due_shown``."""
    return str(Shown.of(lines, credit, ahead, ahead_fen))


def key_served(request_key):
    """Has this form's key been used? A page that goes on needs a fresh one."""
    return Done.objects.filter(request_key=request_key).exists()


def _demand_unchanged(household, due_shown, lines, credit, ahead=0):
    was = Shown.read(due_shown)
    current = Shown.of(lines, sum(source.left for source in credit), ahead, net(months_ahead(household, ahead)))
    if was == current:
        return
    said = _what_changed(household, was, lines)
    if not said and was.credit != current.credit:
        said = [f"预存余额原来 {yuan(was.credit)} 元，现在 {yuan(current.credit)} 元"]
    if not said and (was.ahead, was.ahead_fen) != (current.ahead, current.ahead_fen):
        said = [f"预交 {current.ahead} 个月现在是 {yuan(current.ahead_fen)} 元"]
    raise Refused({"due_shown": f"打开这页以后，这一户的账变了：{'；'.join(said) or '应收已更新'}。没有收款，请按现在的金额再收。"})


def _what_changed(household, was, lines):
    """Sentences: who took, took back, billed or voided what of this household since the page was shown."""
    mine = Charge.objects.filter(household=household)           # the page's words are the browser's: it may name anybody's lines
    now_due = {line.pk: line for line in lines}
    said = []
    moved = [pk for pk, fen in was.dues.items() if pk not in now_due or now_due[pk].due != fen]
    rose = {pk for pk in moved if pk in now_due and now_due[pk].due > was.dues[pk]} | {line.pk for line in lines if line.pk not in was.dues}
    for a in _newest(Allocation.objects.filter(charge__in=mine.filter(pk__in=moved), voided_at=None).exclude(charge__in=rose), "-pk"):
        said.append(_who_took(a))
    undone = list(_newest(Allocation.objects.filter(charge__in=rose).exclude(voided_at=None), "-voided_at"))
    for void in ReceiptVoid.objects.filter(payment__in={a.receipt_id or a.payment_id for a in undone}, approved=True).select_related(
            "decided_by", "payment__paper"):
        said.append(f"{void.decided_by.name} {shown_moment(void.decided_at)} 作废了收据 {void.payment}")
    back = {a.charge_id for a in undone}
    for line in lines:
        if line.pk in rose and line.pk not in was.dues and line.pk not in back:
            said.append(f"{line.made_by.name} {shown_moment(line.made_at)} 新出账 {line.shown_name} {yuan(line.amount)} 元")
    for charge in mine.filter(pk__in=moved).exclude(voided_at=None).select_related("voided_by", "fee_kind"):
        said.append(f"{charge.voided_by.name} {shown_moment(charge.voided_at)} 撤销了账单 {charge}")
    return list(dict.fromkeys(said))


def _newest(allocations, order):
    seen = {}
    for a in allocations.select_related("receipt__paper", "receipt__cashier", "payment").order_by(order):
        seen.setdefault(a.charge_id, a)
    return seen.values()


def _who_took(a):
    if a.receipt is None:
        return f"{shown_moment(a.at)} 已用预存抵"
    return f"{a.receipt.cashier.name} {shown_moment(a.at)} 收了 {yuan(a.receipt.total)} 元，收据 {a.receipt}"


def _chosen(lines, charges):
    if charges is None:
        return lines
    wanted = {getattr(charge, "pk", charge) for charge in charges}
    chosen = [line for line in lines if line.pk in wanted]
    if len(chosen) != len(wanted):
        raise Refused({"charges": "所选的费用已缴清，或不是这一户的。请刷新后核对。"})
    return chosen


def clean_parts(parts):
    """[(method, fen, reference)] with each rule of a payment's parts kept; Refused otherwise."""
    rows = [(METHODS(method), fen, "".join(reference)) for method, fen, *reference in parts]
    if len({method for method, _, _ in rows}) != len(rows):
        raise Refused("同一种方式只填一行。")
    for method, fen, reference in rows:
        if not 0 < fen <= MAX_FEN:
            raise Refused({f"part_{method}": f"{method.label}金额要大于 0，不超过 99,999,999.99 元。"})
        if sentence := reference_wrong(method, reference):
            raise Refused({f"ref_{method}": sentence})
    return [(method, fen, "" if method == METHODS.CASH else reference) for method, fen, reference in rows]


def reference_wrong(method, reference):
    """Why this reference will not do for the method, or None (FORMS 3.1: all but cash bear one)."""
    if method == METHODS.CASH:
        return None
    if method == METHODS.TRANSFER:
        return None if WHOLE_NUMBER.fullmatch(reference) else "填银行流水号全号，6 到 40 位数字或字母"
    return None if LAST_DIGITS.fullmatch(reference) else f"填{method.label}单号末 4 位以上，只用数字和字母"


def _demand_sensible(total, household):
    if not 0 < total <= MAX_FEN:
        raise Refused({"amount": "收款要大于 0，不超过 99,999,999.99 元。"})
    if household.voided_at is not None:
        raise Refused("这一户的登记已作废，不能收款。")


def change_of(parts, tendered):
    """Cash back of what was put on the table, fen; Refused when it is too little, or there is no cash in it."""
    cash = next((fen for method, fen, _ in parts if method == METHODS.CASH), None)
    if tendered is None:
        return 0
    if cash is None:
        raise Refused({"tendered": "这笔没有现金，不用填收到现金。"})
    if not cash <= tendered <= MAX_FEN:
        short = f"现金应收 {yuan(cash)} 元，还差 {yuan(cash - tendered)} 元。"
        raise Refused({"tendered": short if tendered < cash else "收到现金太大，请核对。"})
    return tendered - cash


def _demand_once(household, parts, total, at, despite):
    """A second payment of one sum within minutes, or a transfer number already on a receipt, is a question first (TRUST 2).

    Returns the words for the log of each doubt that arose and was accepted.
    """
    accepted = same_again(Payment.objects.filter(total=total), household, at, despite, what=f" {yuan(total)} 元", paper="收据")
    transfer = next((reference for method, _, reference in parts if method == METHODS.TRANSFER), None)
    return accepted + (transfer_again(household.estate, transfer, despite) if transfer else [])


def same_again(rows, household, at, despite, *, what, paper):
    """Words for the log where one of these rows (receipts of fees, or of deposits) was taken of the household minutes ago and that was accepted;
    a question first."""
    minutes = BillingPolicy.of(household.estate).same_again_minutes
    same = rows.of(household.estate).live().filter(household=household, at__gt=at - timedelta(minutes=minutes))
    before = same.select_related("cashier", "paper").order_by("-pk").first()
    if before is None:
        return []
    if "same_again" not in despite:
        raise Refused(f"{before.cashier.name} {shown_moment(before.at)} 刚收过这一户{what}，{paper} {before}。确实又收到一笔，再继续。", unless="same_again",
                      link=(f"看{paper} {before}", before.get_absolute_url()))
    return [f"，{minutes} 分钟内同额再收已确认"]


def transfer_again(estate, reference, despite):
    """Words for the log where a live receipt, of fees or of a deposit, bears this transfer number and that was accepted; a question first."""
    since = today() - timedelta(days=SAME_TRANSFER_DAYS)
    part = PaymentPart.objects.of(estate).filter(method=METHODS.TRANSFER, reference=reference, payment__voided_at=None, payment__day__gte=since)
    part = part.select_related("payment__paper", "payment__cashier").first()
    deposits = Deposit.objects.of(estate).live().filter(method=METHODS.TRANSFER, reference=reference, day__gte=since)
    seen = part.payment if part else deposits.select_related("paper", "cashier").first()
    if seen is None:
        return []
    if "reference_again" not in despite:
        raise Refused({"ref_transfer": f"{seen.cashier.name} {shown_moment(seen.at)} 已用这个流水号开了收据 {seen}。一笔转账付几户、几笔的，再继续。"},
                      unless="reference_again")
    return ["，转账流水号重复已确认"]
