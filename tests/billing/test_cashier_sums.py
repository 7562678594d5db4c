"""Any sequence of payments, uses of credit, bills and voids beside a small model in plain integers (DOMAIN §9.4)."""
from dataclasses import dataclass, field

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from billing.cashier import collect_payment, use_credit
from billing.charges import make_charge
from billing.models import Credit, FeeKind, Payment
from billing.receipts import ask_void, void_receipt
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.refused import Refused
from servicecentre.roles import Role
from tests.conftest import person_at
from tests.factories import make_household

from .till import ANY, demand_sums_agree, lines


@dataclass(eq=False)
class Source:
    """A payment or a credit: what is left, and whether its receipt was voided. Two of one sum are still two."""

    total: int
    left: int
    void: bool = False


@dataclass
class Model:
    """What the counter should come to: lines owe, sources give, uses say who gave what to which line on which receipt."""

    owed: list = field(default_factory=list)
    sources: list = field(default_factory=list)
    uses: list = field(default_factory=list)             # [source, line, fen, receipt]

    def settle(self, chosen, givers, receipt):
        for line in chosen:
            for source in givers:
                fen = min(source.left, self.owed[line])
                if fen:
                    source.left -= fen
                    self.owed[line] -= fen
                    self.uses.append((source, line, fen, receipt))

    def pay(self, total, chosen, with_credit):
        payment = Source(total, total)
        if with_credit:
            self.settle(chosen, self.sources, payment)
        self.settle(chosen, [payment], payment)
        self.sources.append(payment)
        return payment

    def void(self, payment, to_credit):
        taken, kept = [], []
        for use in self.uses:
            (taken if payment in (use[0], use[3]) else kept).append(use)
        for source, line, fen, _ in taken:
            self.owed[line] += fen
            source.left += fen
        self.uses, payment.left, payment.void = kept, 0, True
        if to_credit:
            self.sources.append(Source(payment.total, payment.total))


fen = some.integers(1, 40_000)
steps = some.lists(some.one_of(
    some.tuples(some.just("bill"), some.integers(1, 30_000)),
    some.tuples(some.just("pay"), fen, some.integers(0, 255), some.booleans()),
    some.tuples(some.just("credit"), some.integers(0, 255)),
    some.tuples(some.just("void"), some.integers(0, 9), some.booleans()),
), min_size=3, max_size=9)


def chosen_of(rows, mask):
    """The lines that the bits of the mask name, oldest first."""
    return [n for n in range(len(rows)) if mask >> (n % 8) & 1]


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_the_counter_agrees_with_plain_integers(estate, steps):
    with transaction.atomic():
        _walk(estate, [("bill", 17016), ("bill", 26000), *steps])
        transaction.set_rollback(True)


def _walk(estate, steps):
    clerk = person_at(estate, "walker", "收款员", Role.CLERK)
    manager = person_at(estate, "judge", "主管", Role.MANAGER)
    household = make_household(estate)
    kind = FeeKind.objects.get(estate=estate, code="renovation")
    model, real = Model(), []                            # real: (row of the model, payment)
    for n, (what, *more) in enumerate(steps):
        rows = lines(household)
        if what == "bill":
            make_charge(household, kind, quantity=more[0], unit_price=10_000, period=BillingMonth(2026, 1), subject=f"{n:02}", by=manager)
            model.owed.append(more[0])
        elif what == "pay":
            total, mask, with_credit = more
            chosen = [line for line in chosen_of(rows, mask) if model.owed[line]]
            payment = collect_payment(household, charges=[rows[line].pk for line in chosen], parts=[("cash", total, "")], payer_name="张明",
                                      use_credit=with_credit, despite=ANY, by=clerk)
            real.append((model.pay(total, chosen, with_credit), payment))
        elif what == "credit":
            chosen = [line for line in chosen_of(rows, more[0]) if model.owed[line]]
            if chosen and any(source.left for source in model.sources):
                use_credit(household, charges=[rows[line].pk for line in chosen], by=clerk)
                model.settle(chosen, model.sources, None)
            else:
                with pytest.raises(Refused):
                    use_credit(household, charges=[rows[line].pk for line in chosen], by=clerk)
        elif alive := [pair for pair in real if not pair[0].void]:
            source, payment = alive[more[0] % len(alive)]
            void_receipt(ask_void(payment, reason="other", words="试", goes="credit" if more[1] else "back", by=clerk), by=manager)
            model.void(source, more[1])
        assert [line.due for line in lines(household)] == model.owed
        assert (sum(s.left for s in model.sources)
                == sum(p.left for p in Payment.objects.filter(household=household)) + sum(c.left for c in Credit.objects.filter(household=household)))
        demand_sums_agree(estate)
