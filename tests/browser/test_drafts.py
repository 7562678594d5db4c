"""Nothing typed is lost: a session that expires in mid-payment, the next clerk at the same PC, a dead connection, a restart (TRUST 24)."""
import re

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from billing.models import Payment
from servicecentre.drafts.models import Draft

from .conftest import PASSWORD
from .hands import arrived

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("passwords")]

MAIN = "main [data-key=F9]"


@pytest.fixture
def till(open_as, clerk, household):
    """The clerk's till, something typed into it."""
    page = open_as(clerk)
    page.goto(f"billing/households/{household.pk}/collect/")
    page.get_by_label("收到现金（元）").fill("600")
    return page


def sign_in(page, username):
    page.get_by_label("工号").fill(username)
    page.get_by_label("密码").fill(PASSWORD)
    page.locator(MAIN).click()


def test_a_session_that_expires_in_mid_payment(till, household, clerk):
    key = till.locator("input[name=request_key]").first.input_value()
    Session.objects.all().delete()
    till.locator(MAIN).click()
    expect(till.locator("main")).to_contain_text("登录已过期，刚才那一页没有办成（没有收款）")
    sign_in(till, clerk.username)
    expect(till).to_have_url(re.compile(rf"/billing/households/{household.pk}/collect/\?draft=[0-9]+$"))
    expect(till.locator("#draft")).to_contain_text("写的都在这页上，还没有办")
    expect(till.get_by_label("收到现金（元）")).to_have_value(re.compile("^600(.00)?$"))
    assert till.locator("input[name=request_key]").first.input_value() == key and not Payment.objects.exists()
    till.locator(MAIN).click()
    expect(till.locator(".note-ok")).to_contain_text("已收 510.48 元")
    assert Payment.objects.get().tendered == 60000 and not Draft.objects.exists()


def comes_back(page, username):
    """Signed in again, the till has what was typed, and no money was taken."""
    page.wait_for_url("**/sign-in/**")
    expect(page.locator("main")).to_contain_text("登录已过期，刚才那一页没有办成（没有收款）")
    sign_in(page, username)
    expect(page.get_by_label("收到现金（元）")).to_have_value(re.compile("^600(.00)?$"))
    assert not Payment.objects.exists()


def test_a_session_that_has_ended_when_the_screen_is_locked(till, clerk):
    arrived(till, "收费")
    Session.objects.all().delete()
    till.keyboard.press("Alt+0")
    comes_back(till, clerk.username)


def test_a_session_that_ends_while_the_screen_is_locked(till, clerk):
    arrived(till, "收费")
    till.keyboard.press("Alt+0")
    expect(till.locator("#lock-pin")).to_be_focused()
    Session.objects.all().delete()
    till.keyboard.type(PASSWORD)
    till.keyboard.press("F9")
    comes_back(till, clerk.username)


def test_a_session_that_has_ended_when_one_looks_for_somebody(till, clerk):
    arrived(till, "收费")
    Session.objects.all().delete()
    till.get_by_role("combobox", name="查找").press_sequentially("张雨")
    comes_back(till, clerk.username)


def test_who_leaves_by_the_locks_own_button_leaves_nothing_behind(till, clerk, manager):
    """A colleague who may not take over by PIN: the page waits for her who wrote it."""
    arrived(till, "收费")
    till.keyboard.press("Alt+0")
    expect(till.locator("#lock-pin")).to_be_focused()
    till.get_by_role("button", name="不在这里：退出").click()
    till.wait_for_url("**/sign-in/**")
    arrived(till, "登录")
    sign_in(till, manager.username)
    arrived(till, "首页")
    expect(till.locator("main")).not_to_contain_text("没办完的页")
    till.get_by_role("button", name="退出").first.click()
    arrived(till, "登录")
    sign_in(till, clerk.username)
    till.get_by_role("link", name="收款，接着办").click()
    expect(till.get_by_label("收到现金（元）")).to_have_value(re.compile("^600(.00)?$"))


def test_another_clerk_signs_in_and_sees_nothing(till, manager):
    Session.objects.all().delete()
    till.locator(MAIN).click()
    expect(till.locator("main")).to_contain_text("登录已过期")
    assert "张雨萍" not in till.content()
    sign_in(till, manager.username)
    till.wait_for_url("**draft=*")
    expect(till.locator("#draft")).to_have_count(0)
    assert "600" not in [box.input_value() for box in till.locator("input[type=text]").all()]
    assert Draft.objects.count() == 1 and not Payment.objects.exists()


def test_a_page_from_before_the_new_sign_in_goes_on_from_where_it_was(till, clerk):
    Session.objects.all().delete()
    other = till.context.new_page()
    other.goto("sign-in/")
    sign_in(other, clerk.username)
    expect(other.locator("h1")).to_have_text("首页")
    till.locator(MAIN).click()
    expect(till.locator("h1")).to_contain_text("这页开得太久了，没有办")
    till.get_by_role("link", name="接着办").click()
    expect(till.get_by_label("收到现金（元）")).to_have_value(re.compile("^600(.00)?$"))
    till.locator(MAIN).click()
    expect(till.locator(".note-ok")).to_contain_text("已收 510.48 元")


def test_a_dead_connection_leaves_the_page_as_it_is(till):
    till.context.set_offline(True)
    till.locator(MAIN).click()
    note = till.locator("[data-kept]")
    expect(note).to_contain_text("连不上服务器，还没有办")
    expect(note).to_be_focused()
    expect(till.get_by_label("收到现金（元）")).to_have_value(re.compile("^600(.00)?$"))
    expect(till.locator(MAIN)).to_contain_text("收款 510.48 元")               # the button is back
    assert not Payment.objects.exists()
    till.context.set_offline(False)
    till.locator(MAIN).click()
    expect(till.locator(".note-ok")).to_contain_text("已收 510.48 元")
    assert Payment.objects.count() == 1


def test_a_restart_leaves_the_page_as_it_is(till):
    till.route("**/healthz", lambda route: route.fulfill(status=503, body=""))
    till.locator(MAIN).click()
    expect(till.locator("[data-kept]")).to_contain_text("服务器正在重新启动，还没有办")
    till.said.clear()
    till.unroute("**/healthz")
    till.locator(MAIN).click()
    expect(till.locator(".note-ok")).to_contain_text("已收 510.48 元")


def test_nothing_of_it_stays_in_the_browser(till):
    Session.objects.all().delete()
    till.locator(MAIN).click()
    expect(till.locator("main")).to_contain_text("登录已过期")
    stored = till.evaluate("JSON.stringify([localStorage, sessionStorage])")     # htmx notes the path there, nothing else
    assert "600" not in stored and "张雨萍" not in stored
