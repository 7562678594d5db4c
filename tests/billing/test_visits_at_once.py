"""Two guards, one car, one moment: it comes in once, it leaves once, its money is taken and given back once."""
import pytest
from django.db import connection

from billing.models import Shift, Visit, VisitVoid
from billing.visits import enter_visit, leave_visit, leave_without_entry, void_visit_fee
from servicecentre.kit.refused import Refused
from servicecentre.roles import Role
from tests.conftest import person_at
from tests.twins import at_once, without_constraint

pytestmark = pytest.mark.django_db(transaction=True)
PLATE, GATE = "苏A3K718", "大门"


@pytest.fixture
def guards(estate):
    return [person_at(estate, f"guard{n}", f"门卫{n}", Role.GUARD) for n in range(6)]


def refusals(results):
    wrong = [r for r in results if isinstance(r, Exception)]
    assert all(isinstance(r, Refused) for r in wrong), wrong
    return [r.sentence for r in wrong]


def test_one_car_comes_in_once(estate, guards):
    results = at_once(*[lambda by=by: enter_visit(estate, plate=PLATE, gate=GATE, by=by) for by in guards])
    assert Visit.objects.inside().count() == 1
    assert len(said := refusals(results)) == 5 and all("出场" in sentence for sentence in said)


def test_one_car_leaves_once(estate, guards):
    visit = enter_visit(estate, plate=PLATE, gate=GATE, by=guards[0])
    results = at_once(*[lambda by=by: leave_visit(visit, gate=GATE, by=by) for by in guards])
    assert len(said := refusals(results)) == 5 and all("放行这辆车" in sentence for sentence in said)
    assert Visit.objects.left().count() == 1


def test_cars_of_one_guard_go_into_one_till(estate, guards):
    results = at_once(*[lambda n=n: leave_without_entry(estate, plate=f"苏B1234{n}", gate=GATE, fee=500, reason="没登记", method="cash", by=guards[0])
                        for n in range(6)])
    assert not refusals(results) and Shift.objects.count() == 1
    assert sum(Visit.objects.values_list("fee", flat=True)) == 3000 and Visit.objects.values("shift").distinct().count() == 1


def test_one_fee_is_given_back_once(estate, guards):
    managers = [person_at(estate, f"manager{n}", f"主管{n}", Role.MANAGER) for n in range(4)]
    left = leave_without_entry(estate, plate=PLATE, gate=GATE, fee=500, reason="没登记", method="cash", by=guards[0])
    results = at_once(*[lambda by=by: void_visit_fee(left, reason="收了两次", by=by) for by in managers])
    assert len(refusals(results)) == 3 and VisitVoid.objects.count() == 1


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer: the second reads what the first wrote")
def test_twin_without_the_rule_one_car_is_inside_several_times(estate, guards):
    with without_constraint(Visit, "one_visit_inside_per_plate"):
        at_once(*[lambda by=by: enter_visit(estate, plate=PLATE, gate=GATE, by=by) for by in guards])
        assert Visit.objects.inside().count() > 1 and connection.vendor == "postgresql"
