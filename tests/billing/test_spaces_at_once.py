"""Two clerks, one space, one moment: one contract, whatever the engine; and what happens without the fence (TRUST 5)."""
from datetime import date, datetime

import pytest

from billing import spaces
from billing.models import Charge, ParkingContract, SpaceHold, SpaceKind
from billing.spaces import add_space, end_contract, sign_contract
from servicecentre.kit import periods
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
