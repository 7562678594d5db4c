"""对账单: what a household was billed, paid, was forgiven and given back, each when it was written down, with the balance after it (DOMAIN §2).

A constant number of queries however many years: one for the moments and sums of all that ever happened, one a kind for what a page shows,
one for what was open. The balance is what is owed less what waits as credit; money set aside for a refund is the household's until it is paid.
"""
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import accumulate
from typing import NamedTuple

from django.db.models import BigIntegerField, F, IntegerField, Q, Sum, Value
from django.db.models.functions import Cast
from django.urls import reverse

from households.exporting import FOR, why
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import business_day, day_bounds
from servicecentre.kit.sheets import Table
from servicecentre.worklog.acts import act, record

from .explain import formula, period_text
from .models import Allocation, Charge, Credit, Deposit, DepositMove, Payment, PrepaymentMove, Refund
from .prepayments import FEE, LABEL, SUBJECT
from .slips import ways_text

CHARGE, CHARGE_VOID, PAYMENT_VOID, CREDIT, PAYMENT, REFUND, BOUNCED = range(7)          # in this order, of one moment
MODELS = {CHARGE: Charge, CHARGE_VOID: Charge, PAYMENT_VOID: Payment, CREDIT: Credit, PAYMENT: Payment, REFUND: Refund, BOUNCED: Refund}
AGES = ((30, "30 天内"), (90, "31–90 天"), (180, "91–180 天"), (365, "181–365 天"), (None, "一年以上"))
NOT_DUE = "还没到期"
MONEY = (Credit.Source.VOID, Credit.Source.DEPOSIT, Credit.Source.PREPAID)               # credits that somebody paid: received, not forgiven
DEPOSITS = (("装修押金", (Deposit.Kind.RENOVATION,)), ("钥匙、卡、证押金", (Deposit.Kind.KEY, Deposit.Kind.CARD, Deposit.Kind.REMOTE, Deposit.Kind.PASS)),
            ("其他押金", (Deposit.Kind.OTHER,)))
HEADER = ["日期", "单据", "摘要", "怎么算", "应收（元）", "实收、减免（元）", "余额（元）"]


class Event(NamedTuple):
    """Something that moved the balance: its kind, row, moment and fen (+ more owed, − less), and the balance after it."""

    kind: int
    pk: int
    at: datetime
    fen: int
    balance: int


class Line(NamedTuple):
    """An Event as people read it."""

    day: date
    at: datetime
    paper: str
    url: str
    words: str
    formula: str
    plus: int | None
    minus: int | None
    balance: int


@dataclass
class Statement:
    """Of ``first`` to ``last``, both days included; sums in fen: ``closing`` = opening + charged − received − reduced."""

    household: object
    first: date
    last: date
    opening: int
    events: list
    charged: int = 0
    received: int = 0
    reduced: int = 0
    open: list = field(default_factory=list)          # (Charge, fen due then), oldest due first
    accounts: list = field(default_factory=list)      # (words, fen) of the money kept apart, as it stood at the end

    @property
    def closing(self):
        return self.events[-1].balance if self.events else self.opening

    @property
    def owed(self):
        return sum(fen for _, fen in self.open)

    @property
    def credit(self):
        """What was left over at the end, for later bills or to be given back."""
        return self.owed - self.closing

    @property
    def ages(self):
        """[(words, fen)] of what was open at the end, by days past the due day."""
        sums = dict.fromkeys([NOT_DUE, *(words for _, words in AGES)], 0)
        for charge, fen in self.open:
            late = (self.last - charge.due_on).days
            sums[NOT_DUE if late <= 0 else next(words for most, words in AGES if most is None or late <= most)] += fen
        return list(sums.items())


def statement(household, first, last):
    """The household's Statement; nothing is written."""
    start, end = day_bounds(first)[0], day_bounds(last)[1]
    rows = [row for row in _moves(household) if row[2] < end]
    opening = sum(row[3] for row in rows if row[2] < start)
    span = [row for row in rows if row[2] >= start]
    balances = accumulate((row[3] for row in span), initial=opening)
    next(balances)
    found = Statement(household, first, last, opening, [Event(*row, balance) for row, balance in zip(span, balances, strict=True)])
    kept = set(Credit.objects.filter(household=household, source__in=MONEY).values_list("pk", flat=True))
    for kind, pk, _, fen, _ in found.events:
        if kind in (CHARGE, CHARGE_VOID):
            found.charged += fen
        elif kind == CREDIT and pk not in kept:
            found.reduced -= fen
        else:
            found.received -= fen
    found.open, found.accounts = _open(household, end), _accounts(household, last, end)
    return found


def _moves(household):
    """[(kind, pk, moment, fen)] of all that ever moved the household's balance, in time's order; one query."""
    of = {"household": household}
    parts = (
        _rows(CHARGE, Charge.objects.filter(**of), "made_at", "amount", 1),
        _rows(CHARGE_VOID, Charge.objects.filter(**of).exclude(voided_at=None), "voided_at", "amount", -1),
        _rows(PAYMENT_VOID, Payment.objects.filter(**of).exclude(voided_at=None), "voided_at", F("total") - F("refunded"), 1),
        _rows(CREDIT, Credit.objects.filter(**of), "made_at", "amount", -1),
        _rows(PAYMENT, Payment.objects.filter(**of), "at", "total", -1),
        _rows(REFUND, Refund.objects.filter(**of).exclude(paid_at=None), "paid_at", "amount", 1),
        _rows(BOUNCED, Refund.objects.filter(**of).exclude(bounced_at=None), "bounced_at", "amount", -1))
    return sorted(parts[0].union(*parts[1:], all=True), key=lambda row: (row[2], row[0], row[1]))


def _rows(kind, rows, moment, fen, sign):
    what = F(fen) if isinstance(fen, str) else fen
    return rows.order_by().annotate(event=Value(kind, IntegerField()), fen=Cast(what * Value(sign), BigIntegerField())).values_list(
        "event", "pk", moment, "fen")


def _open(household, end):
    """[(Charge, fen)] of lines that were unpaid at that moment, oldest due first, whatever has happened since; one query."""
    then = Q(allocations__at__lt=end) & (Q(allocations__voided_at=None) | Q(allocations__voided_at__gte=end))
    rows = Charge.objects.filter(household=household, made_at__lt=end).filter(Q(voided_at=None) | Q(voided_at__gte=end)).annotate(
        then=Sum("allocations__amount", filter=then, default=0)).filter(amount__gt=F("then"))
    return [(charge, charge.amount - int(charge.then)) for charge in rows.select_related("fee_kind").oldest_first()]


def _accounts(household, last, end):
    """[(words, fen)]: the prepayment of shared utilities, deposits held by kind, months paid ahead; as they stood at that moment; three queries."""
    standing = Allocation.objects.filter(Q(voided_at=None) | Q(voided_at__gte=end), charge__household=household, at__lt=end)
    sums = standing.aggregate(
        ahead=Sum("amount", filter=Q(charge__period__gt=last) & ~Q(credit__charge=F("charge")), default=0),
        prepaid=Sum("amount", filter=Q(charge__fee_kind__code=FEE, charge__subject__startswith=SUBJECT), default=0))
    moves = PrepaymentMove.objects.filter(charge__household=household, at__lt=end)
    used = moves.exclude(kind=PrepaymentMove.Kind.MOVED_IN).aggregate(fen=Sum("amount", default=0))["fen"]
    held = Counter()
    for kind, what, fen in DepositMove.objects.filter(deposit__household=household, at__lt=end).order_by().values_list(
            "deposit__kind", "kind").annotate(fen=Sum("amount")):
        held[kind] += int(fen) if what in DepositMove.CAME_IN else -int(fen)
    deposits = [(words, sum(held[kind] for kind in kinds)) for words, kinds in DEPOSITS]
    return [(f"{LABEL}余额", int(sums["prepaid"]) - int(used)), *deposits, ("预缴以后月份", int(sums["ahead"]))]


def lines(events):
    """These events as Lines; a query a kind of row, however many."""
    wanted = {}
    for event in events:
        wanted.setdefault(MODELS[event.kind], set()).add(event.pk)
    rows = {
        Charge: Charge.objects.select_related("fee_kind"), Payment: Payment.objects.select_related("paper").prefetch_related("parts"),
        Credit: Credit.objects.select_related("charge__fee_kind", "waiver__paper"), Refund: Refund.objects.select_related("paper")}
    found = {model: rows[model].in_bulk(pks) for model, pks in wanted.items()}
    return [_line(event, found[MODELS[event.kind]][event.pk]) for event in events]


def _line(event, row):
    paper, url, words, how = _told(event.kind, row)
    plus, minus = (event.fen, None) if event.kind in (CHARGE, CHARGE_VOID) else (None, -event.fen)
    return Line(business_day(event.at), event.at, paper, url, words, how, plus, minus, event.balance)


def _told(kind, row):
    """(paper or kind in a word, its page, what it was, how it was reckoned)."""
    if kind in (CHARGE, CHARGE_VOID):
        name = f"{row.shown_name}{f'（{row.subject}）' if row.subject else ''} {period_text(row)}"
        url = reverse("billing:charge", args=[row.pk])
        return ("应收", url, name, formula(row)) if kind == CHARGE else ("作废", url, f"作废 {name}，{row.void_reason}", formula(row))
    if kind in (PAYMENT, PAYMENT_VOID):
        ways, claimed = ways_text(row), f"，已退的 {yuan(row.refunded)} 元另立应收" if row.refunded else ""
        return str(row), row.get_absolute_url(), ways if kind == PAYMENT else f"作废收据，{ways}{claimed}", ""
    if kind == CREDIT:
        waiver = getattr(row, "waiver", None)
        url = waiver.get_absolute_url() if waiver else reverse("billing:charge", args=[row.charge_id]) if row.charge_id else ""
        return str(waiver) if waiver else row.get_source_display(), url, f"{row.reason}{f'：{row.charge}' if row.charge else ''}", _how(row)
    return str(row), row.get_absolute_url(), f"退款，{row.get_method_display()}" if kind == REFUND else f"退款被银行退回，{row.bounced_words}", ""


def _how(credit):
    """What made its sum; of one from before that was written down, what it left of its line."""
    fen = credit.charge and credit.charge.amount
    return credit.how or (f"{yuan(fen)} − {yuan(fen - credit.amount)}" if fen else "")


@act
def log_statement_export(household, *, reason, by):
    """Note in the log that a household's account is taken out as Excel, and what for; returns the Entry."""
    return record(by, f"导出对账单 Excel{FOR}{why(reason)}", household=household, row=household)


def statement_table(found):
    """The whole statement as one sheet, opening and closing rows included."""
    return Table(f"对账单 {found.first} 至 {found.last}", HEADER, _cells(found), {0: 12, 1: 18, 2: 40, 3: 28, 4: 12, 5: 16, 6: 12})


def _cells(found):
    yield [found.first, "期初", "", "", None, None, _yuan(found.opening)]
    for line in lines(found.events):
        yield [line.day, line.paper, line.words, line.formula, *(None if fen is None else _yuan(fen) for fen in (line.plus, line.minus)),
               _yuan(line.balance)]
    yield [found.last, "期末", f"未缴 {yuan(found.owed)} 元，预存 {yuan(found.credit)} 元", "", _yuan(found.charged),
           _yuan(found.received + found.reduced), _yuan(found.closing)]


def _yuan(fen):
    return Decimal(fen).scaleb(-2)
