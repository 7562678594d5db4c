"""Two who pay the same refund, a till that spends the same credit, two refunds of one leftover: nothing twice, nothing lost (DOMAIN §9.4)."""
from unittest.mock import patch

import pytest

from billing import refunds
from billing.cashier import credit_left, use_credit
from billing.models import PettyCashMove, Refund, RefundPart
from billing.petty_cash import balance_of, spend, top_up_petty_cash
from billing.receipts import ask_void, void_receipt
from billing.refunds import approve_refund, ask_refund, pay_refund, withdraw_refund
from billing.run import bill_month
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.refused import Refused
from servicecentre.papers.models import Series
from servicecentre.roles import Role
from servicecentre.staff.models import User
from tests.conftest import person_at
from tests.factories import make_household
from tests.twins import at_once

from .till import demand_sums_agree, dues, household_owing, lines, pay

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def household(estate):
    return household_owing(estate)


def finance(estate, n):
    return [person_at(estate, f"finance{i}", f"财务{i}", Role.FINANCE) for i in range(n)]


def ask(household, fen, by, method="cash"):
    return ask_refund(household, amount=fen, reason="more", words="多交", method=method, payee_name="张明", by=by, despite=("arrears",))


def refusals(results):
    assert all(isinstance(r, Refused) for r in results if isinstance(r, Exception)), results
    return [r for r in results if isinstance(r, Refused)]


def test_eight_who_pay_one_refund_pay_it_once(household, estate, clerk, manager):
    pay(household, 600_00, clerk)
    payers = finance(estate, 8)
    top_up_petty_cash(estate, amount=500_00, reference="20261101", by=payers[0])
    refund = approve_refund(ask(household, 80_00, clerk), by=manager)
    results = at_once(*[lambda by=by: pay_refund(refund, by=by) for by in payers])
    assert len(refusals(results)) == 7 and balance_of(estate) == 420_00
    assert Series.objects.get(kind="TK").last == PettyCashMove.objects.filter(kind="spent").count() == 1
    demand_sums_agree(estate)


def test_a_refund_and_a_till_that_spend_one_credit(household, estate, clerk, clerk2, manager):
    payment = pay(household, 170_16, clerk)
    void_receipt(ask_void(payment, reason="other", words="试", goes="credit", by=clerk), by=manager)
    results = at_once(lambda: ask(household, 170_16, clerk), lambda: use_credit(household, by=clerk2))
    assert len(refusals(results)) == 1 and credit_left(household) == 0
    assert sum(dues(household)) == (510_48 if Refund.objects.exists() else 510_48 - 170_16)
    demand_sums_agree(estate)


def test_ten_askings_of_one_leftover_hold_it_once(household, estate, clerk):
    pay(household, 510_48 + 100_00, clerk)
    results = at_once(*[lambda: ask(household, 60_00, clerk)] * 10)
    assert len(refusals(results)) == 9 and credit_left(household) == 40_00 and RefundPart.objects.live().count() == 1
    demand_sums_agree(estate)


def test_a_run_finds_what_is_left_or_what_is_set_aside_never_both(household, estate, clerk):
    pay(household, 510_48 + 170_16, clerk)
    results = at_once(lambda: ask(household, 170_16, clerk), lambda: bill_month(estate, BillingMonth(2026, 12), by=User.system()))
    held = Refund.objects.exists()
    assert len(refusals(results)) == (0 if held else 1)
    assert lines(household)[3].paid == (0 if held else 170_16) and credit_left(household) == 0
    demand_sums_agree(estate)


def test_paid_or_withdrawn_but_not_both(household, estate, clerk, manager):
    pay(household, 600_00, clerk)
    payer, = finance(estate, 1)
    top_up_petty_cash(estate, amount=500_00, reference="20261101", by=payer)
    refund = approve_refund(ask(household, 80_00, clerk), by=manager)
    results = at_once(lambda: pay_refund(refund, by=payer), lambda: withdraw_refund(refund, withdrawn_words="不退了", by=clerk))
    assert len(refusals(results)) == 1
    refund.refresh_from_db()
    assert (balance_of(estate), credit_left(household)) == ((420_00, 9_52) if refund.state == "paid" else (500_00, 89_52))
    demand_sums_agree(estate)


def test_petty_cash_is_spent_no_deeper_than_it_is(estate):
    payers = finance(estate, 6)
    top_up_petty_cash(estate, amount=100_00, reference="20261101", by=payers[0])
    household = make_household(estate)
    results = at_once(*[lambda by=by: spend(estate, 40_00, words="退款", row=household, by=by) for by in payers])
    assert len(refusals(results)) == 4 and balance_of(estate) == 20_00


def test_twin_without_the_column_two_askings_hold_it_twice(household, clerk):
    """What set_aside keeps: without it, as where a sum is read and nothing is written down, the second asking sees the same money."""
    pay(household, 510_48 + 100_00, clerk)
    with patch.object(refunds, "set_aside", lambda sources, fen: [(sources[0], fen)]):
        ask(household, 60_00, clerk)
        ask(household, 60_00, clerk)
    with pytest.raises(AssertionError):
        assert sum(RefundPart.objects.live().values_list("amount", flat=True)) <= 100_00
