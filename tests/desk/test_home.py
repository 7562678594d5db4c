"""The home page: each role its parts, nothing of the till before it is counted, the way in without an estate."""
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing.models import Charge
from billing.receipts import ask_void, refuse_void, void_receipt
from billing.refunds import approve_refund, ask_refund, pay_refund
from billing.waivers import ask_waiver, refuse_waiver
from households.register import add_unit, open_household
from servicecentre.desk import home
from servicecentre.kit.periods import now, today
from servicecentre.papers import journal
from servicecentre.roles import RIGHTS, Role
from servicecentre.staff.models import Post
from servicecentre.worklog.day import correct_remark, make_promise, make_remark

from ..billing.till import household_owing, pay
from ..conftest import BACKEND, person_at


@pytest.fixture
def household(estate, clerk):
    unit = add_unit(estate, code="3-2-1801", area=8956, by=clerk)
    return open_household(unit, owners=[{"name": "张雨萍"}], starts_on=date(2025, 3, 18), by=clerk)


def test_clerk_sees_promises_log_and_own_receipts(desk, household, clerk):
    make_promise(household.estate, to_whom="张女士", words="答复公摊怎么算", due_at=now() + timedelta(hours=1), household=household, by=clerk)
    page = desk.get("/").content.decode()
    for words in ("李婷", "答复公摊怎么算", f"/households/{household.pk}/", "我今天的收据", "登记业主", "Alt 1"):
        assert words in page, words
    assert "今日收款" not in page and "等批的" not in page


def test_manager_sees_takings_voids_and_month(manager_desk, household):
    page = manager_desk.get("/").content.decode()
    for words in ("今日收款", "没有等批的作废、退款、减免", "还没出账", "单据号码"):
        assert words in page, words
    assert "我今天的收据" not in page


@pytest.mark.parametrize("role", [Role.GUARD, Role.ENGINEER])
def test_guard_and_engineer_see_no_resident_and_no_money(estate, household, desk_of, role):
    page = desk_of(person_at(estate, "zhao", "赵国强", role)).get("/").content.decode()
    assert "物业服务中心" in page and "改密码" in page
    for hidden in ("3-2-1801", "张雨萍", "应缴", "收款", "承诺"):
        assert hidden not in page.split("<main", 1)[1].split("</main", 1)[0], hidden


def test_an_urgent_remark_that_was_set_right_is_not_shown_wrong(estate, clerk, desk_of):
    first = make_remark(estate, words="电梯在一单元", urgent=True, by=clerk)
    correct_remark(first, words="是二单元", by=clerk)
    page = desk_of(person_at(estate, "zhao", "赵国强", Role.ENGINEER)).get("/").content.decode()
    assert "电梯在一单元" in page and "已更正" in page and "是二单元" in page


def test_empty_estate_says_what_comes_first(desk):
    assert "这个小区还没有登记表" in desk.get("/").content.decode()


def test_root_leads_to_the_only_estate(clerk, estate, other_estate, db):
    browser = Client()
    assert browser.get("/").url.startswith("/sign-in/")
    browser.force_login(clerk, backend=BACKEND)
    assert browser.get("/", follow=True).redirect_chain[-1][0] == f"/e/{estate.slug}/"
    Post.objects.create(estate=other_estate, user=clerk, role=Role.CLERK)
    assert other_estate.name in browser.get("/", follow=True).content.decode()


def test_home_keeps_its_right():
    assert home.home.needs == "desk.view_home"


def test_every_part_names_a_right_and_asks_few_queries(estate, clerk, household):
    for column in home.PARTS:
        for ask in column:
            assert ask.right in RIGHTS
            with CaptureQueriesContext(connection) as queries:
                ask(estate, clerk, today())
            # A seal is weighed line by line; unit fees go by the months that were run, parking by its contracts.
            assert len(queries) <= {home.days: 6, home.to_mend: 3}.get(ask, 2), ask.__name__


def test_home_has_as_many_queries_on_a_busy_day(desk, household, clerk):
    def promise(n):
        make_promise(household.estate, to_whom="张女士", words=f"第{n}件", due_at=now() + timedelta(hours=1), household=household, by=clerk)

    for n in range(2):
        promise(n)
    with CaptureQueriesContext(connection) as few:
        desk.get("/")
    for n in range(30):
        promise(n)
    with CaptureQueriesContext(connection) as many:
        desk.get("/")
    assert len(few) == len(many)


def test_numbers_that_the_outer_journal_could_not_take_down_are_told(desk, monkeypatch):
    assert "号码日志" not in desk.get("/").content.decode()
    monkeypatch.setattr(journal, "_waiting", ["{}"])
    assert "有 1 个号码还没记下" in desk.get("/").content.decode()


def test_who_asked_for_a_void_reads_what_came_of_it(desk, estate, clerk, clerk2, manager):
    paid = [pay(household_owing(estate, f"1-1-10{n}", months=("2026-11",)), 11400, clerk2) for n in range(1, 4)]
    asked = [ask_void(payment, reason="amount", words="金额写错", goes=goes, by=clerk)
             for payment, goes in zip(paid, ("back", "credit", "credit"), strict=True)]
    void_receipt(asked[0], by=manager)
    refuse_void(asked[1], refusal="金额没有错", by=manager)
    page = desk.get("/").content.decode()
    for words in ("我申请的作废", "当面退 114.00 元", "金额没有错", "等批准"):
        assert words in page, words
    assert home.my_voids(estate, clerk2, today()) is None


def test_what_was_asked_for_waits_with_who_decides_with_finance_and_with_who_asked(desk, manager_desk, desk_of, estate, clerk, clerk2, manager):
    """Refunds, waivers and deposits of all kinds, each with its room and sum, in a query a part."""
    cashier = person_at(estate, "sunfang", "孙芳", Role.FINANCE)
    finance = desk_of(cashier)
    household = household_owing(estate, "1-1-101", months=("2026-11",))
    line = Charge.objects.get(household=household)
    waiver = ask_waiver(line, amount=10_00, reason="电梯停用", by=clerk)
    pay(household, line.amount + 50_00, clerk2, "wechat")
    refund = ask_refund(household, amount=20_00, reason="more", words="多了", method="original", payee_name="张明", by=clerk, despite=("arrears",))
    for browser, words in ((desk, ("我申请的退款、减免", "等批准", "退款 20.00")), (manager_desk, ("等批的", "减免", "10.00", "李婷"))):
        page = browser.get("/").content.decode()
        assert all(one in page for one in (*words, "1-1-101")), words
    assert "等财务付的" not in finance.get("/").content.decode()
    refuse_waiver(waiver, refusal="没有停", by=manager)
    refund = approve_refund(refund, by=manager)
    page = desk.get("/").content.decode()
    assert "没有停" in page and "等财务付款" in page and "没有等批的" in manager_desk.get("/").content.decode()
    for browser in (finance, manager_desk):
        assert refund.get_absolute_url() in browser.get("/billing/approvals/").content.decode()
    assert "等财务付的" in finance.get("/").content.decode()
    pay_refund(refund, reference="WX0001", by=cashier)
    assert "已付" in desk.get("/").content.decode() and "等财务付的" not in finance.get("/").content.decode()


def test_an_administrator_reads_the_log_without_doors_that_are_closed_to_him(estate, household, desk_of):
    page = desk_of(person_at(estate, "zhou", "周勇", Role.ADMINISTRATOR)).get("/").content.decode()
    assert "3-2-1801" in page and f"/households/{household.pk}/" not in page
