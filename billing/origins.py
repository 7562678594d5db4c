"""Whose hands money went through, and how it came: from a credit or a line back to the payments and deposits behind it (DOMAIN §2, §9.17).

A credit that names a line is the money that paid this line; that of a void receipt is the receipt's; a deposit's, a prepayment's is theirs.
A few queries for each step back, however many rows are asked of.
"""
from datetime import datetime
from typing import NamedTuple

from .models import Allocation, Credit, Deposit, DepositMove, Payment, PrepaymentMove, ReceiptVoid

CREDIT, CHARGE, PAYMENT, DEPOSIT = "credit", "charge", "payment", "deposit"
CHUNK = 500                       # rows asked of in one query


class Step(NamedTuple):
    """One step back to ``to`` (kind, pk), for at most so many fen (None: the line says), from ``at`` (None: ever) until ``gone``."""

    to: tuple
    fen: int | None = None
    at: datetime | None = None
    gone: datetime | None = None

    def held(self, at, by):
        return not (self.at and ((at or by) and self.at > (at or by) or at and self.gone and self.gone <= at))


class Origins:
    """What lies behind these credits and lines (pks): ``of`` says it of one of them."""

    def __init__(self, credits=(), charges=()):
        self._steps = {}
        frontier = {(CREDIT, pk) for pk in credits} | {(CHARGE, pk) for pk in charges}
        while frontier:
            self._steps |= {node: [] for node in frontier}
            for kind, steps in ((CREDIT, _of_credits), (CHARGE, _of_charges)):
                pks = sorted(pk for node, pk in frontier if node == kind)
                for start in range(0, len(pks), CHUNK):
                    for pk, step in steps(pks[start:start + CHUNK]):
                        self._steps[kind, pk].append(step)
            reached = {step.to for node in frontier for step in self._steps[node] if step.to[0] in (CREDIT, CHARGE)}
            frontier = reached - set(self._steps)

    def of(self, kind, pk, *, at=None, by=None):
        """{(PAYMENT or DEPOSIT, pk): fen at most} behind one of them: what held at the moment ``at``, or what ever did ``by`` then; else ever."""
        found, seen = {}, set()

        def back(node, most):
            if node[0] in (PAYMENT, DEPOSIT):
                found[node] = found.get(node, 0) + most
                return
            if node in seen:
                return
            seen.add(node)
            for step in self._steps[node]:
                if step.held(at, by):
                    back(step.to, step.fen if most is None else most if step.fen is None else min(most, step.fen))

        back((kind, pk), None)
        return found

    def takers(self):
        """{(PAYMENT or DEPOSIT, pk): pk of who took it} of all that was found."""
        roots = {step.to for steps in self._steps.values() for step in steps if step.to[0] in (PAYMENT, DEPOSIT)}
        found = {}
        for kind, model in ((PAYMENT, Payment), (DEPOSIT, Deposit)):
            pks = sorted(pk for root, pk in roots if root == kind)
            for start in range(0, len(pks), CHUNK):
                rows = model.objects.filter(pk__in=pks[start:start + CHUNK]).values_list("pk", "cashier")
                found |= {(kind, pk): cashier for pk, cashier in rows}
        return found


def _of_credits(pks):
    """(credit, Step) of each."""
    for pk, charge in Credit.objects.filter(pk__in=pks, charge__isnull=False).values_list("pk", "charge"):
        yield pk, Step((CHARGE, charge))
    for pk, payment, fen in ReceiptVoid.objects.filter(credit__in=pks).values_list("credit", "payment", "payment__total"):
        yield pk, Step((PAYMENT, payment), fen)
    for pk, deposit, fen in DepositMove.objects.filter(credit__in=pks).values_list("credit", "deposit", "amount"):
        yield pk, Step((DEPOSIT, deposit), fen)
    out = PrepaymentMove.objects.filter(credit__in=pks).exclude(kind=PrepaymentMove.Kind.MOVED_IN)
    for pk, charge, fen in out.values_list("credit", "charge", "amount"):
        yield pk, Step((CHARGE, charge), fen)


def _of_charges(pks):
    """(line, Step) of each: what settled it, taken back or not."""
    rows = Allocation.objects.filter(charge__in=pks).values_list("charge", "payment", "credit", "amount", "at", "voided_at")
    for charge, payment, credit, fen, at, voided_at in rows:
        yield charge, Step((PAYMENT, payment) if payment else (CREDIT, credit), fen, at, voided_at)
