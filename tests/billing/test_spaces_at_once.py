"""Two clerks, one space, one moment: one contract, whatever the engine; and what happens without the fence (TRUST 5)."""
import threading
from datetime import date, datetime

import pytest
from django.db import connection

import billing.run as run_module
from billing import spaces
from billing.models import Charge, ParkingContract, SpaceHold, SpaceKind
from billing.run import bill_month
from billing.space_terms import charges_of
from billing.spaces import add_space, cancel_contract, end_contract, sign_contract
from servicecentre.desk.proofs import prove
from servicecentre.kit import periods
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.refused import Refused
from servicecentre.papers.models import Series
from servicecentre.roles import Role
from tests.conftest import person_at
from tests.factories import make_household
from tests.twins import at_once

from .till import demand_sums_agree

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def november(monkeypatch):
    monkeypatch.setattr(periods, "clock", lambda: datetime(2026, 11, 24, 10, 0, tzinfo=periods.SHANGHAI))


@pytest.fixture
def homes(estate):
    return [make_household(estate, f"3-2-{n}01", owner=f"业主{n}") for n in range(1, 9)]


@pytest.fixture
def l23(estate, clerk):
    return add_space(estate, number="L-23", kind=SpaceKind.OPEN, by=clerk)


def signing(home, space, by, n):
    return lambda: sign_contract(home, space_kind=SpaceKind.OPEN, space=space, starts_on=date(2026, 12, 1), ends_on=date(2027, 11, 30),
                                 cycle_months=3, plate=f"苏A1000{n}", by=by)


def clerks(estate, number):
    return [person_at(estate, f"clerk{n}", f"前台{n}", Role.CLERK) for n in range(number)]


def test_eight_clerks_give_one_space_one_wins(estate, homes, l23):
    results = at_once(*[signing(home, l23, by, n) for n, (home, by) in enumerate(zip(homes, clerks(estate, 8), strict=True))])
    won = [r for r in results if isinstance(r, ParkingContract)]
    assert len(won) == 1 and {type(r) for r in results if r not in won} == {Refused}
    assert all("L-23 已租给" in str(r) for r in results if r not in won)
    assert ParkingContract.objects.count() == SpaceHold.objects.count() == Series.objects.get(kind="CW").last == 1
    assert Charge.objects.count() == 3
    demand_sums_agree(estate)


def test_without_the_acts_own_look_the_constraint_still_lets_one_through(estate, homes, l23, monkeypatch):
    monkeypatch.setattr(spaces, "_refuse_let", lambda *args, **kwargs: None)
    results = at_once(*[signing(home, l23, by, n) for n, (home, by) in enumerate(zip(homes, clerks(estate, 8), strict=True))])
    won = [r for r in results if isinstance(r, ParkingContract)]
    assert len(won) == 1 and {str(r) for r in results if r not in won} == {"['这个车位这段时间已经租出，请换一个。']"}
    assert SpaceHold.objects.count() == Series.objects.get(kind="CW").last == 1


def test_ended_twice_at_once_is_given_back_once(estate, homes, l23, clerk):
    contract = signing(homes[0], l23, clerk, 1)()
    ends = [lambda by=by: end_contract(contract, last_day=date(2026, 12, 10), reason="搬走", version=1, by=by) for by in clerks(estate, 6)]
    results = at_once(*ends)
    assert sum(isinstance(r, ParkingContract) for r in results) == 1 and sum(isinstance(r, Refused) for r in results) == 5
    demand_sums_agree(estate)
    assert sum(line.due for line in Charge.objects.all()) == 4839                       # 150 × 10/31


# --- beside a run -----------------------------------------------------------------------------------------------------

def amid_a_run(monkeypatch, estate, month, deed, by):
    """``deed`` is begun when the run has written its lines and not committed yet; what it came to, behind the run's end."""
    write, result = run_module.insert_lines, []

    def other():
        try:
            result.append(deed())
        except Exception as error:                        # judged by the test
            result.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=other)

    def slow(run, owing):
        made = write(run, owing)
        thread.start()
        thread.join(timeout=1)                            # it has its chance; with the fence it waits for the run
        return made

    monkeypatch.setattr(run_module, "insert_lines", slow)
    bill_month(estate, month, by=by)
    thread.join(timeout=60)
    assert not thread.is_alive()
    return result[0]


@pytest.mark.parametrize("act, months", [
    (lambda c, by: end_contract(c, last_day=date(2026, 11, 30), reason="搬走", version=c.version, by=by), {"2026-11"}),
    (lambda c, by: cancel_contract(c, reason="填错车位", version=c.version, by=by), set())])
def test_ended_while_a_run_bills_leaves_nothing_owed_behind_its_end(estate, homes, clerk, manager, monkeypatch, act, months):
    contract = sign_contract(homes[0], space_kind=SpaceKind.SHARED, starts_on=date(2026, 11, 1), ends_on=date(2027, 10, 31), cycle_months=1,
                             plate="苏A10001", by=clerk)
    ended = amid_a_run(monkeypatch, estate, BillingMonth(2026, 12), lambda: act(contract, clerk), manager)
    assert isinstance(ended, ParkingContract)
    assert {f"{line.period:%Y-%m}" for line in charges_of(contract) if line.due} == months
    demand_sums_agree(estate)
    assert list(prove([2, 3, 4])) == []


def test_signed_while_a_run_bills_goes_through_to_that_month(estate, homes, clerk, manager, monkeypatch):
    signed = amid_a_run(monkeypatch, estate, BillingMonth(2026, 12), lambda: sign_contract(
        homes[0], space_kind=SpaceKind.SHARED, starts_on=date(2026, 11, 20), cycle_months=1, plate="苏A10001", by=clerk), manager)
    assert {f"{line.period:%Y-%m}" for line in charges_of(signed)} == {"2026-11", "2026-12"}
