"""What somebody asked for and another has to decide or pay, whatever its kind, in one query: voids, refunds, waivers, lower bills, deposits."""
from datetime import datetime
from typing import NamedTuple

from django.db.models import CharField, DateTimeField, F, Q, Value
from django.urls import reverse

from .models import DepositReturn, DepositVoid, RebillAsked, ReceiptVoid, Refund, Waiver

# Its name, its page, its rows, the way to its room, its sum.
KINDS = {"void": ("作废收据", "billing:void", ReceiptVoid, "payment__household__unit__code", "payment__total"),
         "refund": ("退款", "billing:refund", Refund, "household__unit__code", "amount"),
         "waiver": ("减免", "billing:waiver", Waiver, "household__unit__code", "amount"),
         "anew": ("作废重出", "billing:rebill_asked", RebillAsked, "charge__household__unit__code", "amount"),
         "deposit_void": ("作废押金收据", "billing:deposit_void", DepositVoid, "deposit__household__unit__code", "deposit__amount"),
         "back": ("退押金", "billing:deposit_return", DepositReturn, "deposit__household__unit__code", "refund")}
PAID_OUT = ("refund", "back")              # finance pays these, once approved


class Matter(NamedTuple):
    """One of them; ``fen`` is what it is about. ``paid_at`` is None where nothing is paid out."""

    kind: str
    pk: int
    room: str
    fen: int
    asked_at: datetime
    asker: str
    approved: bool | None
    refusal: str
    paid_at: datetime | None
    bounced_at: datetime | None

    @property
    def name(self):
        return KINDS[self.kind][0]

    @property
    def url(self):
        return reverse(KINDS[self.kind][1], args=[self.pk])

    @property
    def state(self):
        """(kind of word, the word, what comes next) for who asked."""
        if self.approved is None:
            return "warn", "等批准", ""
        if not self.approved:
            return "idle", "未批准", self.refusal
        if self.kind not in PAID_OUT:
            return "ok", "已批准", ""
        if self.bounced_at:
            return "bad", "被退回", "请重新申请"
        return ("ok", "已付", "") if self.paid_at else ("warn", "已批准", "等财务付款")


def undecided(estate):
    """Matters that wait for a second person, the first asked first."""
    return _matters({kind: rows.filter(approved=None) for kind, rows in _rows(estate).items()}, "asked_at")


def to_pay(estate):
    """Those that are approved and that finance has not paid."""
    return _matters({kind: rows.filter(approved=True, paid_at=None) for kind, rows in _rows(estate).items() if kind in PAID_OUT}, "asked_at")


def asked_by(user, estate, since):
    """What this user asked for, voids apart: what waits, and what was decided or paid since that moment; the newest first."""
    def recent(kind, rows):
        open_ones = Q(approved=None) | Q(decided_at__gte=since)
        if kind in PAID_OUT:
            open_ones |= Q(approved=True, paid_at=None) | Q(paid_at__gte=since) | Q(bounced_at__gte=since)
        return rows.filter(open_ones, asked_by=user)
    return _matters({kind: recent(kind, rows) for kind, rows in _rows(estate).items() if kind != "void"}, "-asked_at")


def _rows(estate):
    """Withdrawn ones are nobody's matter any more."""
    rows = {kind: model.objects.of(estate) for kind, (_, _, model, *_) in KINDS.items()}
    return rows | {kind: rows[kind].filter(withdrawn_at=None) for kind in PAID_OUT}


def _matters(rows, order):
    first, *others = (_columns(kind, found) for kind, found in rows.items())
    return first.union(*others, all=True).order_by(order)


def _columns(kind, rows):
    *_, room, fen = KINDS[kind]
    paid, bounced = (F("paid_at"), F("bounced_at")) if kind in PAID_OUT else (Value(None, DateTimeField()), Value(None, DateTimeField()))
    return rows.order_by().annotate(kind_of=Value(kind, CharField()), room=F(room), fen=F(fen), asker=F("asked_by__name"), paid=paid,
                                    bounced=bounced).values_list(
        "kind_of", "pk", "room", "fen", "asked_at", "asker", "approved", "refusal", "paid", "bounced")
