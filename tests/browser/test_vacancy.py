"""An empty home from the owner's application to the first bill at 70 %: the clerk, a manager, the engineer's phone, the run."""
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from billing.models import VacancyApplication
from billing.run import bill_month
from servicecentre.kit import periods
from servicecentre.kit.periods import BillingMonth
from servicecentre.roles import Role

from ..conftest import person_at
from .hands import arrived, barriers, sideways

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def engineer(estate):
    return person_at(estate, "zhaoguoqiang", "赵国强", Role.ENGINEER)


def test_from_the_application_to_the_first_bill_at_seventy(open_as, household, clerk, manager, engineer, estate):
    desk = open_as(clerk)
    desk.goto(f"households/{household.pk}/")
    desk.get_by_role("link", name="空置申请").click()
    arrived(desk, "空置申请")
    expect(desk.locator("#first")).to_contain_text("2026年11月")
    desk.get_by_label("从哪天起一直空着").fill("2026-05-20")
    desk.get_by_label("漏水找谁").fill("张大山 父亲 13900001111")
    expect(desk.locator("#first")).to_contain_text("2026年12月")
    expect(desk.locator("#first")).to_contain_text("89.56 × 1.9 × 70% = 119.11")
    desk.get_by_label("业主声明").check()
    assert barriers(desk) + sideways(desk) == []
    desk.get_by_role("button", name="交主管批准").click()
    arrived(desk, "空置 KZ-2026-000001")
    spell = VacancyApplication.objects.get()

    boss = open_as(manager)
    boss.goto(f"billing/vacancies/{spell.pk}/")
    boss.get_by_role("link", name="批准空置").click()
    arrived(boss, "批准空置")
    boss.get_by_role("button", name="批准空置").click()
    arrived(boss, "空置 KZ-2026-000001")
    expect(boss.locator("main")).to_contain_text("KZ-2026-000002")

    phone = open_as(engineer, width=390)
    for moment, said in ((datetime(2026, 11, 25, 2, tzinfo=UTC), "2026年11月"), (datetime(2026, 12, 1, 2, tzinfo=UTC), "2026年12月")):
        periods.clock = lambda moment=moment: moment
        phone.goto("billing/vacancies/round/")
        phone.get_by_role("link", name="3-2-1801").click()
        arrived(phone, "核查 3-2-1801")
        assert said in phone.locator("#id_month").inner_text() and sideways(phone) == []
        phone.get_by_label("没有住人迹象").check()
        phone.get_by_role("button", name="记下，下一套").click()
        expect(phone.locator("main")).to_contain_text("这个月算空置")

    bill_month(estate, BillingMonth(2026, 12), by=manager)
    line = household.charges.get(period=BillingMonth(2026, 12).first)
    assert (line.percent, line.amount) == (70, 11911)
    desk.goto(f"billing/vacancies/{spell.pk}/")
    expect(desk.locator("main")).to_contain_text("119.11")
    assert barriers(desk) + sideways(desk) == []
