"""Payments, voids, refunds and waivers in random order, against a model of plain sums that knows nothing of the program (DOMAIN §9.4).

The model keeps its own lines, sources and refunds; after each step every row of the database says what the model says.
"""
import random

import pytest

from billing.cashier import use_credit
from billing.models import Charge, Credit, Payment, Refund, Waiver
from billing.petty_cash import balance_of, top_up_petty_cash
from billing.receipts import ask_void, void_receipt
from billing.refunds import approve_refund, ask_refund, bounce_refund, pay_refund, refuse_refund, withdraw_refund
from billing.statement import statement
from billing.waivers import ask_waiver, waive_charge
from servicecentre.kit.periods import today
from servicecentre.kit.refused import Refused
from servicecentre.roles import Role
from tests.conftest import person_at

from .till import ANY, household_owing, lines, pay

STEPS, WALKS = 22, 6


class Model:
    """Lines [due, paid], sources [left, refunded, void] in the order they came, refunds {pk: [(source, fen)]}; fen."""

    def __init__(self, lines):
        self.lines = {line.pk: [line.amount, 0] for line in lines}
        self.sources, self.from_source, self.used = {}, {}, {}
        self.refunds, self.petty = {}, 0

    def settle(self, source):
        """Its money to the lines, in their order."""
        for pk, line in self.lines.items():
            take = min(self.sources[source][0], line[0] - line[1])
            if take:
                line[1] += take
                self.sources[source][0] -= take
                self.used.setdefault(source, []).append((pk, take))

    def void(self, source):
        for pk, fen in self.used.pop(source, []):
            self.lines[pk][1] -= fen
        self.sources[source] = [0, 0, True]

    def set_aside(self, fen):
        parts = []
        for key, row in self.sources.items():
            take = min(row[0], fen)
            if take:
                row[0], row[1], fen = row[0] - take, row[1] + take, fen - take
                parts.append((key, take))
        return parts

    def put_back(self, pk):
        for key, fen in self.refunds.pop(pk):
            self.sources[key][0] += fen
            self.sources[key][1] -= fen

    @property
    def left(self):
        return sum(row[0] for row in self.sources.values())


@pytest.mark.parametrize("seed", range(WALKS))
def test_rows_say_what_the_model_says_in_any_order(estate, clerk, clerk2, manager, seed):
    dice = random.Random(seed)
    finance = person_at(estate, "liumin", "刘敏", Role.FINANCE)
    household = household_owing(estate)
    model = Model(lines(household))
    top_up_petty_cash(estate, amount=300_00, reference="20261101", by=finance)
    model.petty = 300_00
    for _ in range(STEPS):
        step = dice.choice((_pay, _pay, _void, _use, _refund, _refund, _end, _end, _waive))
        step(dice, model, household, clerk, clerk2, manager, finance)
        _demand_same(model, household, estate)


def _pay(dice, model, household, clerk, clerk2, manager, finance):
    fen = dice.randint(1, 400_00)
    payment = pay(household, fen, clerk, dice.choice(("cash", "wechat", "transfer")), despite=(*ANY, "to_correct"))
    model.sources[("payment", payment.pk)] = [fen, 0, False]
    model.settle(("payment", payment.pk))


def _void(dice, model, household, clerk, clerk2, manager, finance):
    live = [key for key, row in model.sources.items() if key[0] == "payment" and not row[2]]
    if not live:
        return
    key = dice.choice(live)
    payment = Payment.objects.get(pk=key[1])
    if model.sources[key][1]:
        with pytest.raises(Refused, match="退款|退过款"):
            ask_void(payment, reason="other", words="试", goes="credit", by=clerk)
        return
    void = void_receipt(ask_void(payment, reason="other", words="试", goes="credit", by=clerk), by=manager)
    model.void(key)
    model.sources[("credit", void.credit_id)] = [payment.total, 0, False]


def _use(dice, model, household, clerk, clerk2, manager, finance):
    if not model.left or all(due == paid for due, paid in model.lines.values()):
        return
    use_credit(household, by=clerk)
    for key in list(model.sources):
        model.settle(key)


def _refund(dice, model, household, clerk, clerk2, manager, finance):
    if not model.left:
        with pytest.raises(Refused, match="可退"):
            ask_refund(household, amount=1, reason="more", words="试", method="cash", payee_name="张明", by=clerk2, despite=("arrears",))
        return
    fen = dice.randint(1, model.left)
    refund = ask_refund(household, amount=fen, reason="more", words="试", method=dice.choice(("cash", "transfer")), bank="招商银行",
                        account_no="6217000012342046", payee_name="张明", by=clerk2, despite=("arrears",))
    model.refunds[refund.pk] = model.set_aside(fen)


def _end(dice, model, household, clerk, clerk2, manager, finance):
    waiting = Refund.objects.waiting().first()
    if waiting is None:
        return
    how = dice.choice(("refuse", "withdraw", "pay", "pay", "bounce"))
    if how == "refuse":
        refuse_refund(waiting, refusal="试", by=manager)
    elif how == "withdraw":
        withdraw_refund(waiting, withdrawn_words="试", by=clerk)
    else:
        approved = approve_refund(waiting, by=manager)
        if waiting.method == "cash" and model.petty < waiting.amount:
            with pytest.raises(Refused, match="备用金只有"):
                pay_refund(approved, by=finance)
            how = "withdraw"
            withdraw_refund(approved, withdrawn_words="备用金不够", by=clerk)
        else:
            paid = pay_refund(approved, reference=f"WX{waiting.pk:06d}", by=finance)
            model.petty -= waiting.amount if waiting.method == "cash" else 0
            if how == "bounce" and waiting.method == "transfer":
                bounce_refund(paid, bounced_words="试", by=finance)
            else:
                how = "pay"
    if how != "pay":
        model.put_back(waiting.pk)


def _waive(dice, model, household, clerk, clerk2, manager, finance):
    open_ones = [pk for pk, (due, paid) in model.lines.items() if paid < due]
    if not open_ones:
        return
    pk = dice.choice(open_ones)
    fen = dice.randint(1, model.lines[pk][0] - model.lines[pk][1])
    waiver = waive_charge(ask_waiver(Charge.objects.get(pk=pk), amount=fen, reason="试", by=clerk), by=manager)
    model.lines[pk][1] += fen
    model.sources[("credit", waiver.credit_id)] = [0, 0, False]


def _demand_same(model, household, estate):
    assert {c.pk: [c.amount, c.paid] for c in Charge.objects.filter(household=household)} == model.lines
    rows = {("payment", p.pk): [p.left, p.refunded, p.voided_at is not None] for p in Payment.objects.filter(household=household)}
    rows |= {("credit", c.pk): [c.left, c.refunded, False] for c in Credit.objects.filter(household=household)}
    assert rows == model.sources
    assert balance_of(estate) == model.petty
    waiting = sum(Refund.objects.waiting().values_list("amount", flat=True))
    owed = sum(due - paid for due, paid in model.lines.values())
    assert statement(household, today(), today()).closing == owed - model.left - waiting
    assert Waiver.objects.filter(approved=True).count() == Credit.objects.filter(source="waiver").count()
