"""Two people at one deposit in one moment: asked once, decided once, paid once; a double click takes one (TRUST 2, 14)."""
import pytest

from billing.deposit_returns import approve_deposit_return, ask_deposit_return, pay_deposit_return, withdraw_deposit_return
from billing.deposits import ask_deposit_void, take_deposit, void_deposit
from billing.models import Deposit, DepositMove, DepositReturn, PettyCash
from billing.petty_cash import top_up_petty_cash
from billing.prepayments import demand_prepayment
from servicecentre.desk.proofs import prove
from servicecentre.roles import Role
from tests.conftest import person_at
from tests.factories import make_household
from tests.twins import at_once

pytestmark = pytest.mark.django_db(transaction=True)
BROUGHT = {"original_returned": True, "in_person": True, "id_checked": True, "method": "petty_cash"}


def take(household, by, **more):
    return take_deposit(household, kind="key", basis="借钥匙", amount=100_00, payer_name="卢建国", payer_phone="13900005678", payer_id_kind="passport",
                        payer_id="E10293847", method="cash", by=by, **more)


def refused(results):
    return [result for result in results if isinstance(result, Exception)]


def test_ten_clicks_take_one(estate, clerk):
    household = make_household(estate)
    results = at_once(*[lambda: take(household, clerk, request_key="k" * 32)] * 10)
    assert not refused(results) and Deposit.objects.count() == DepositMove.objects.count() == 1


def test_one_asking_one_decision_one_payment(estate, clerk, clerk2, manager, finance):
    deposit = take(make_household(estate), clerk)
    top_up_petty_cash(estate, amount=500_00, reference="20261101", by=finance)
    assert len(refused(at_once(*[lambda by=by: ask_deposit_return(deposit, by=by, **BROUGHT) for by in (clerk, clerk2, clerk)]))) == 2
    back = DepositReturn.objects.get()
    other = person_at(estate, "fangmin", "方敏", Role.MANAGER)
    assert len(refused(at_once(*[lambda by=by: approve_deposit_return(back, by=by) for by in (manager, other)]))) == 1
    another = person_at(estate, "sunfang", "孙芳", Role.FINANCE)
    assert len(refused(at_once(*[lambda by=by: pay_deposit_return(back, by=by) for by in (finance, another, finance)]))) == 2
    assert (Deposit.objects.get().held, PettyCash.objects.get().balance, DepositMove.objects.count()) == (0, 400_00, 2)
    assert list(prove({4, 5, 15, 17})) == []


def test_void_or_asked_back_not_both(estate, clerk, manager):
    deposit = take(make_household(estate), clerk)
    results = at_once(lambda: void_deposit(ask_deposit_void(deposit, words="错", by=clerk), by=manager),
                      lambda: ask_deposit_return(deposit, by=clerk, **BROUGHT))
    assert len(refused(results)) == 1
    assert list(prove({15})) == []


def test_withdrawn_or_paid_not_both(estate, clerk, clerk2, manager, finance):
    deposit = take(make_household(estate), clerk)
    top_up_petty_cash(estate, amount=500_00, reference="20261101", by=finance)
    back = approve_deposit_return(ask_deposit_return(deposit, by=clerk, **BROUGHT), by=manager)
    results = at_once(lambda: withdraw_deposit_return(back, withdrawn_words="改日", by=clerk2), lambda: pay_deposit_return(back, by=finance))
    assert len(refused(results)) == 1
    assert list(prove({4, 15, 17})) == []


def test_two_ask_for_one_prepayment(estate, clerk, manager):
    household = make_household(estate)
    results = at_once(*[lambda by=by: demand_prepayment(household, by=by) for by in (clerk, manager)])
    assert len(refused(results)) == 1 and household.charges.count() == 1
