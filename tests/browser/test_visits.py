"""Temporary parking on the guard's phone: a visit of 12 h 0 min 1 s, by the keypad, from entry to the slip and its reversal."""
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from billing.models import BillingPolicy, Visit
from servicecentre.kit import periods
from servicecentre.roles import Role

from ..conftest import person_at
from .hands import arrived, looked_at

pytestmark = pytest.mark.django_db(transaction=True)

CAME = datetime(2026, 11, 24, 1, 40, tzinfo=UTC)
TWELVE = timedelta(hours=12)


@pytest.fixture
def clock():
    before = periods.clock

    def stands(moment):
        periods.clock = lambda: moment
    stands(CAME)
    yield stands
    periods.clock = before


@pytest.fixture
def guard(estate):
    return person_at(estate, "qianwei", "钱卫", Role.GUARD)


def keys(page, plate):
    for sign in plate:
        page.locator(f"[data-type='{sign}']:visible").click()
    expect(page.locator("#id_plate")).to_have_value(plate)


def comes_in(phone, plate="苏A3K718"):
    phone.goto("billing/gate/")
    arrived(phone, "临停")
    keys(phone, plate)
    phone.get_by_label("去哪户").fill("4-1-0703")
    phone.get_by_role("button", name="进场").click()
    expect(phone.locator(".note-ok")).to_contain_text("苏A·3K718 已进场")


def goes_out(phone):
    phone.goto("billing/gate/")
    arrived(phone, "临停")
    phone.get_by_role("button", name="字母数字").click()
    keys(phone, "718")
    phone.get_by_role("button", name="出场").click()
    arrived(phone, "临停出场")


def test_a_visit_of_twelve_hours_and_a_second(open_as, guard, manager, estate, clock):
    phone = open_as(guard, width=390)
    phone.goto("./")
    arrived(phone, "首页")
    phone.locator(".quick").get_by_role("link", name="临停").click()
    arrived(phone, "临停")
    comes_in(phone)
    clock(CAME + TWELVE)
    goes_out(phone)
    expect(phone.locator(".gres")).to_contain_text("收 5.00 元")
    clock(CAME + TWELVE + timedelta(seconds=1))
    phone.get_by_role("button", name="收 5.00 元").click()                              # a second too late for what the page says
    expect(phone.locator("[data-errors]")).to_contain_text("超过 12 小时，小区还没定怎么收")
    assert looked_at(phone, "an exit by hand", widths=(390, 1366)) == []
    phone.set_viewport_size({"width": 390, "height": 844})
    phone.get_by_label("收多少").fill("10")
    phone.get_by_role("button", name="按填的收").click()
    expect(phone.locator("[data-errors]")).to_contain_text("请写原因")
    expect(phone.get_by_label("收多少")).to_have_value("10.00")
    phone.get_by_label("原因").fill("过夜，按两次")
    phone.get_by_text("微信", exact=True).click()
    phone.get_by_role("button", name="按填的收").click()
    arrived(phone, "苏A·3K718")
    expect(phone.locator(".gslip")).to_contain_text("12 小时 00 分 01 秒")
    expect(phone.locator(".gslip")).to_contain_text("10.00 元，微信")
    visit = Visit.objects.get()
    assert (visit.rule, visit.fee, visit.seconds, visit.fee_reason) == ("hand", 1000, 43201, "过夜，按两次")
    phone.get_by_role("button", name="打票").click()
    assert phone.evaluate("document.documentElement.dataset.printed") == "1"

    office = open_as(manager)
    office.goto(f"billing/gate/{visit.pk}/")
    arrived(office, "苏A·3K718")
    office.get_by_role("link", name="冲回").click()
    arrived(office, "冲回")
    office.get_by_label("为什么冲回").fill("说好收一次")
    office.keyboard.press("F9")
    expect(office.locator(".note-ok")).to_contain_text("已冲回 10.00 元，从当天的收款里退")


def test_where_the_estate_has_set_it_the_page_says_the_sum(open_as, guard, estate, clock):
    BillingPolicy.objects.create(estate=estate, parking_over_12h="each_12h", parking_gates="南门；北门")
    phone = open_as(guard, width=390)
    phone.goto("billing/gate/")
    phone.get_by_text("北门", exact=True).click()
    assert looked_at(phone, "the gate", widths=(390, 1366)) == []
    phone.set_viewport_size({"width": 390, "height": 844})
    comes_in(phone)
    clock(CAME + TWELVE + timedelta(seconds=1))
    goes_out(phone)
    expect(phone.locator(".gres")).to_contain_text("收 10.00 元")
    assert looked_at(phone, "an exit", widths=(390, 1366)) == []
    phone.set_viewport_size({"width": 390, "height": 844})
    phone.get_by_role("button", name="收 10.00 元").click()
    arrived(phone, "苏A·3K718")
    visit = Visit.objects.get()
    assert (visit.rule, visit.fee, visit.times) == ("over", 1000, 2)
    phone.get_by_role("link", name="下一辆").click()
    goes_out(phone)                                                                     # it is out: nobody with this plate is inside
    expect(phone.locator(".gres")).to_contain_text("没有进场记录")
