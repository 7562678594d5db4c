"""The household page: its parts, their rights, their queries."""
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.cashier import collect_payment
from billing.charges import make_charge
from billing.models import FeeKind
from households.people import add_contact, add_resident, add_vehicle
from households.register import add_unit, change_owner, open_household
from households.standing import add_care
from servicecentre.desk import household as page
from servicecentre.kit.periods import BillingMonth, now, today
from servicecentre.roles import RIGHTS, Role
from servicecentre.worklog.day import make_promise

from ..conftest import person_at


@pytest.fixture
def household(estate, clerk):
    unit = add_unit(estate, code="3-2-1801", area=8956, by=clerk)
    return open_household(unit, owners=[{"name": "张雨萍", "phone": "13800135678"}], starts_on=date(2025, 3, 18), by=clerk)


def charge(household, month, by, area=8956):
    kind = FeeKind.objects.get(estate=household.estate, code="property")
    return make_charge(household, kind, period=month, quantity=area, by=by)


def body(desk, household):
    return desk.get(f"/households/{household.pk}/").content.decode()


def test_page_answers_at_a_glance(desk, household, clerk):
    charge(household, BillingMonth.of(today()).previous, clerk)
    add_resident(household, name="周子涵", relation="子女", birth_year=today().year - 8, sex="female",
                 guardian="张雨萍", guardian_consent=True, by=clerk)
    add_contact(household, name="林秀英", phone="025-83451933", by=clerk)
    add_vehicle(household, plate="苏AD5K26", brand="比亚迪", by=clerk)
    make_promise(household.estate, to_whom="张女士", words="答复公摊怎么算", due_at=now() + timedelta(hours=1), household=household, by=clerk)
    page = body(desk, household)
    for words in ("3-2-1801", "张雨萍", "89.56 ㎡ 住宅", "138****5678", "子女 8 岁", "025-****1933", "苏A·D5K26", "物业管理服务费", "170.16",
                  "答复公摊怎么算", "登记车辆 苏A·D5K26", "今天"):
        assert words in page, words


def test_sum_and_overdue_are_the_databases(desk, household, clerk):
    months = [BillingMonth.of(today()) + n for n in (-3, -2, -1)]
    for month in months:
        charge(household, month, clerk)
    owed = page.owed(household, today())
    assert (owed["count"], owed["total"]) == (3, 3 * 17016)
    assert owed["overdue"] == sum(c.due for c, _, _ in owed["lines"] if c.due_on < today())
    assert (owed["credit"], owed["last"]) == (0, False)


def test_former_tenure_is_marked_and_switched(desk, household, clerk):
    buyer = change_owner(household.unit, owners=[{"name": "姚静怡"}], last_day=today() - timedelta(days=1), by=clerk)
    before, now_held = body(desk, household), body(desk, buyer)
    assert "原业主" in before and "只看不改" in before and "加车辆" not in before and "加车辆" in now_held
    assert f"/households/{household.pk}/" in now_held and f"/households/{buyer.pk}/" in before


def test_each_part_asks_two_queries_at_most(household, clerk):
    charge(household, BillingMonth.of(today()).previous, clerk)
    for column in page.PARTS:
        for ask in column:
            with CaptureQueriesContext(connection) as queries:
                ask(household, today())
            assert len(queries) <= (3 if ask is page.bills_off else 2), ask.__name__        # unit fees go by months, parking by its contracts


def test_page_has_as_many_queries_with_thirty_rows_as_with_three(desk, household, clerk):
    def grow(first, last):
        for n in range(first, last):
            add_resident(household, name=f"住户{n}", by=clerk)
            add_vehicle(household, plate=f"苏A{n:05d}", by=clerk)
            add_contact(household, name=f"亲属{n}", phone=f"139000000{n:02d}", by=clerk)
            charge(household, BillingMonth(2025, 4) + n, clerk) if n < 12 else None
            make_promise(household.estate, to_whom="张女士", words=f"第{n}件", due_at=now() + timedelta(hours=1), household=household, by=clerk)

    grow(0, 3)
    with CaptureQueriesContext(connection) as few:
        body(desk, household)
    grow(3, 30)
    with CaptureQueriesContext(connection) as many:
        body(desk, household)
    assert len(few) == len(many)


def test_every_part_names_a_right_and_has_its_template(desk, household):
    from django.template.loader import get_template

    for column in page.PARTS:
        for ask in column:
            assert ask.right in RIGHTS and get_template(f"desk/household/{ask.__name__}.html")


def test_part_without_the_right_is_left_out(household, desk, monkeypatch):
    assert "应缴合计" in body(desk, household) or "没有要缴的费用" in body(desk, household)
    monkeypatch.setattr(page.owed, "right", "billing.undo_run")
    assert "元应缴" not in body(desk, household) and "没有要缴的费用" not in body(desk, household)


def test_last_payment_is_this_households_with_its_largest_method(household, clerk, estate):
    """Other households' payments come first, so that no id of one table passes for one of another."""
    neighbour = open_household(add_unit(estate, code="3-2-1802", area=8956, by=clerk), owners=[{"name": "周建国"}],
                               starts_on=date(2025, 1, 1), by=clerk)
    for fen in (1000, 2000, 3000):
        collect_payment(neighbour, parts=[("cash", fen, "")], payer_name="周建国", by=clerk, despite=("left_over",))
    assert page.owed(household, today())["last"] is False
    for parts in ([("card", 5000, "8841")], [("cash", 100, ""), ("wechat", 900, "7712")]):
        collect_payment(household, parts=parts, payer_name="张雨萍", by=clerk, despite=("left_over",))
    assert page.owed(household, today())["last"] == {"day": today(), "total": 1000, "method": "微信"}
    assert page.owed(neighbour, today())["last"] == {"day": today(), "total": 3000, "method": "现金"}


def test_notes_on_health_are_for_who_serves_the_household(desk, desk_of, estate, household, clerk):
    add_care(household, about="外婆", words="心脏不好", consent_by="外婆本人", consent=True, by=clerk)
    finance = desk_of(person_at(estate, "fin", "周会计", Role.FINANCE))
    assert "心脏不好" in body(desk, household) and "心脏不好" not in body(finance, household)
