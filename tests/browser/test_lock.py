"""A shared computer: locked without losing what was typed, opened by the PIN, taken over by a colleague; and the second factor's sign-in."""
import re

import pytest
from playwright.sync_api import expect

from billing.models import Payment
from servicecentre.kit.periods import now
from servicecentre.staff import pins
from servicecentre.staff.models import SignIn

from ..worlds import code_of
from .conftest import PASSWORD
from .hands import arrived, looked_at

pytestmark = pytest.mark.django_db(transaction=True)

PIN, HIS = "408316", "7290"


@pytest.fixture
def with_pins(clerk, clerk2, passwords):
    for user, pin in ((clerk, PIN), (clerk2, HIS)):
        user.refresh_from_db()
        user.pin = pins.Hashed(pin).text
        user.save()


@pytest.fixture
def desk(open_as, clerk, with_pins, household):
    page = open_as(clerk)
    page.goto("promises/new/")
    arrived(page, "登记承诺")
    page.get_by_label("答应了什么").fill("写了一半的答复")
    return page


def locked(page):
    expect(page.locator("#lock-pin")).to_be_focused()
    expect(page.locator(".app")).to_be_hidden()


def test_locked_and_opened_what_was_typed_is_still_there(desk):
    desk.get_by_label("答应了什么").focus()
    desk.keyboard.press("Alt+0")
    locked(desk)
    assert desk.title().startswith("锁屏") and "写了一半" not in desk.locator("body").inner_text()
    assert looked_at(desk, "lock") == []
    for key in ("Escape", "Alt+1", "Alt+2"):                            # nothing beneath answers
        desk.keyboard.press(key)
    locked(desk)
    desk.keyboard.type("000000")
    desk.keyboard.press("Enter")
    expect(desk.locator("#lock-box [role=alert]")).to_contain_text("还能试 4 次")
    for digit in PIN:
        desk.get_by_role("button", name=digit, exact=True).click()
    desk.keyboard.press("F9")
    expect(desk.locator(".app")).to_be_visible()
    expect(desk.locator("#lock")).to_have_count(0)
    expect(desk.get_by_label("答应了什么")).to_have_value("写了一半的答复")
    expect(desk.get_by_label("答应了什么")).to_be_focused()
    assert SignIn.objects.get(went_in=True).locked_at is None and PIN not in desk.content()


def test_all_tabs_lock_and_open_together_and_a_reload_shows_nothing(desk):
    other = desk.context.new_page()
    other.goto("units/")
    arrived(other, "房屋")
    desk.keyboard.press("Alt+0")
    locked(desk)
    expect(other.locator("#lock-pin")).to_be_visible()
    other.reload()
    expect(other.locator("h1")).to_have_text("谁在用")
    assert "3-2-1801" not in other.content()
    desk.locator("#lock-pin").fill(PIN)
    desk.keyboard.press("F9")
    expect(desk.get_by_label("答应了什么")).to_have_value("写了一半的答复")
    other.locator("#lock-pin").fill(PIN)
    other.keyboard.press("F9")
    arrived(other, "房屋")


def test_after_a_while_without_a_hand_it_locks_by_itself(desk, settings):
    from datetime import timedelta
    settings.LOCK_AFTER = timedelta(seconds=3)
    desk.reload()
    desk.get_by_label("答应了什么").fill("还没写完")
    locked(desk)
    desk.locator("#lock-pin").fill(PIN)
    desk.keyboard.press("F9")
    expect(desk.get_by_label("答应了什么")).to_have_value("还没写完")


def test_a_colleague_takes_over_under_his_own_name(desk, clerk2):
    desk.keyboard.press("Alt+0")
    locked(desk)
    desk.get_by_role("radio", name="王思远").check()
    expect(desk.locator("[data-lock-who]")).to_have_text("王思远")
    desk.keyboard.type(HIS)
    desk.keyboard.press("F9")
    expect(desk.locator(".rail-foot")).to_contain_text("王思远")
    arrived(desk, "首页")
    assert "写了一半的答复" not in desk.content()
    assert SignIn.objects.get(ended_at=None).user == clerk2
    desk.keyboard.press("Alt+0")
    locked(desk)
    desk.get_by_role("radio", name="李婷").check()
    desk.keyboard.type(PIN)
    desk.keyboard.press("F9")
    expect(desk.locator(".rail-foot")).to_contain_text("李婷")
    arrived(desk, "首页")
    desk.get_by_role("link", name="登记承诺，接着办").click()              # what she left undone stands on her home
    expect(desk.get_by_label("答应了什么")).to_have_value("写了一半的答复")


def takes_over(page, name, pin):
    page.keyboard.press("Alt+0")
    locked(page)
    page.get_by_role("radio", name=name).check()
    page.keyboard.type(pin)
    page.keyboard.press("F9")
    expect(page.locator(".rail-foot")).to_contain_text(name)
    arrived(page, "首页")


def test_a_payment_half_typed_waits_for_her_who_typed_it(desk, household):
    """Its form has radios called method, which hide the form's own."""
    desk.goto(f"billing/households/{household.pk}/collect/")
    arrived(desk, "收费")
    desk.get_by_label("收到现金（元）").fill("600")
    takes_over(desk, "王思远", HIS)
    expect(desk.locator("main")).not_to_contain_text("没办完的页")
    takes_over(desk, "李婷", PIN)
    desk.get_by_role("link", name="收款，接着办").click()
    expect(desk.get_by_label("收到现金（元）")).to_have_value(re.compile("^600(.00)?$"))
    arrived(desk, "收费")
    takes_over(desk, "王思远", HIS)                                       # given back and not touched: kept once more
    takes_over(desk, "李婷", PIN)
    desk.get_by_role("link", name="收款，接着办").click()
    expect(desk.get_by_label("收到现金（元）")).to_have_value(re.compile("^600(.00)?$"))
    assert not Payment.objects.exists()


def test_a_refused_form_that_nobody_touched_again_waits_too(desk):
    desk.get_by_label("答应了什么").fill("  ")
    desk.get_by_label("答应了谁").fill("张雨萍")
    desk.locator("main [data-key=F9]").click()
    expect(desk.locator("[data-errors]")).to_be_visible()
    arrived(desk, "登记承诺")
    takes_over(desk, "王思远", HIS)
    takes_over(desk, "李婷", PIN)
    desk.get_by_role("link", name="登记承诺，接着办").click()
    expect(desk.get_by_label("答应了谁")).to_have_value("张雨萍")


def test_a_form_with_an_address_of_its_own_waits_there(open_as, manager, with_pins):
    manager.refresh_from_db()
    manager.pin = pins.Hashed("5091").text
    manager.save()
    desk = open_as(manager)
    desk.goto("office/calendar/")
    arrived(desk, "节假日")
    desk.get_by_label("名称").fill("青年节半天")
    takes_over(desk, "王思远", HIS)
    takes_over(desk, "陈静", "5091")
    desk.get_by_role("link", name="登记节假日，接着办").click()
    expect(desk.get_by_label("名称")).to_have_value("青年节半天")


def test_after_a_take_over_no_tab_shows_the_former_persons_page(desk, household):
    other = desk.context.new_page()
    other.goto(f"billing/households/{household.pk}/collect/")
    arrived(other, "收费")
    other.get_by_label("收到现金（元）").fill("600")
    desk.keyboard.press("Alt+0")
    locked(desk)
    locked(other)
    desk.get_by_role("radio", name="王思远").check()
    desk.keyboard.type(HIS)
    desk.keyboard.press("F9")
    for tab in (desk, other):                                             # hers is gone there too, without a word from him
        expect(tab.locator(".rail-foot")).to_contain_text("王思远")
        arrived(tab, "首页")
    desk.keyboard.press("Alt+0")
    locked(desk)
    locked(other)
    desk.keyboard.type(HIS)
    desk.keyboard.press("F9")
    for tab in (desk, other):
        expect(tab.locator(".app")).to_be_visible()
    takes_over(desk, "李婷", PIN)
    expect(desk.get_by_role("link", name="接着办")).to_have_count(2)        # what was half written in either


def test_another_person_opens_only_his_own_pages(desk, clerk2, live_server, estate):
    """His „open“ reaches a tab of hers that has heard of nothing: it goes, and does not open."""
    desk.keyboard.press("Alt+0")
    locked(desk)
    desk.evaluate("who => new BroadcastChannel('desk-lock').postMessage({ what: 'open', who })", str(clerk2.pk))
    expect(desk).to_have_url(f"{live_server.url}/e/{estate.slug}/lock/?next=/e/{estate.slug}/")
    expect(desk.locator("#lock-pin")).to_be_visible()


def test_a_lock_that_the_server_set_is_laid_over_the_page(desk):
    SignIn.objects.filter(ended_at=None).update(locked_at=now())
    desk.get_by_role("combobox", name="查找").fill("张")
    locked(desk)
    desk.keyboard.type(PIN)
    desk.keyboard.press("F9")
    expect(desk.get_by_label("答应了什么")).to_have_value("写了一半的答复")


def test_a_lock_without_the_server_still_hides_the_page(desk):
    desk.context.set_offline(True)
    desk.keyboard.press("Alt+0")
    expect(desk.locator(".app")).to_be_hidden()
    expect(desk.locator("[data-lock-state]")).to_contain_text("连不上服务器")
    desk.evaluate("0")                                                    # the console has spoken by now
    desk.said.clear()
    desk.context.set_offline(False)


def test_a_manager_signs_in_with_the_phones_code_and_with_a_paper_one(open_as, manager, estate, passwords):
    manager.refresh_from_db()
    page = open_as(None)

    def leave():
        page.wait_for_load_state()
        page.get_by_role("button", name="退出").first.click()
        arrived(page, "登录")

    def second_step(code):
        arrived(page, "第二道验证")
        page.get_by_label("6 位动态码").fill(code)
        page.keyboard.press("F9")

    def first_step():
        page.goto("sign-in/")
        arrived(page, "登录")
        page.get_by_label("工号").fill(manager.username)
        page.get_by_label("密码").fill(PASSWORD)
        page.keyboard.press("F9")
    first_step()
    expect(page.locator(".rail-foot")).to_contain_text("陈静")
    page.goto("account/second-factor/")
    arrived(page, "第二道验证")
    page.get_by_label("现在的密码").fill(PASSWORD)
    page.keyboard.press("F9")
    expect(page.locator("svg.qr path")).to_be_visible()
    assert looked_at(page, "set up") == []
    page.get_by_label("6 位动态码").fill(code_of(manager, -1))
    page.keyboard.press("F9")
    expect(page.locator(".codes li")).to_have_count(8)
    codes = page.locator(".codes li").all_inner_texts()
    leave()
    first_step()
    arrived(page, "第二道验证")
    assert looked_at(page, "code") == []
    second_step("000000")
    expect(page.locator("[role=alert]")).to_contain_text("动态码不对")
    page.goto("log/")                                                     # the password alone is not in
    expect(page.locator("h1")).to_have_text("登录")
    first_step()
    second_step(code_of(manager))
    expect(page.locator(".rail-foot")).to_contain_text("陈静")
    leave()
    for inside in (True, False):
        first_step()
        second_step(codes[0])
        if inside:
            expect(page.locator(".rail-foot")).to_contain_text("陈静")
            leave()
        else:
            expect(page.locator("[role=alert]")).to_contain_text("已经用过")
    assert [row.how for row in SignIn.objects.filter(went_in=True).order_by("pk")] == ["password", "code", "recovery"]
