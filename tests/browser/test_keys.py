"""The keyboard map of the counter (design/screens «Keyboard»), and what a shared computer keeps when somebody has gone."""
import re

import pytest
from playwright.sync_api import expect

from billing.models import Payment
from households.register import add_unit, open_household

from .hands import arrived

pytestmark = pytest.mark.django_db(transaction=True)

MAIN = "main [data-key=F9]"
SEARCH = "#find-q"
FOUND = "#found [role=option]"


@pytest.fixture
def neighbour(household, estate, clerk):
    """张伟 of 3-2-1802."""
    unit = add_unit(estate, code="3-2-1802", area=12000, by=clerk)
    return open_household(unit, owners=[{"name": "张伟", "phone": "13912342046"}], starts_on=household.starts_on, by=clerk)


@pytest.fixture
def desk(open_as, clerk, household, neighbour):
    page = open_as(clerk)
    page.goto("")
    return page


def opened(page, address):
    page.goto(address)
    return page


def test_slash_goes_to_the_same_box_on_every_page(desk, household):
    for address in ("", f"households/{household.pk}/", f"billing/households/{household.pk}/collect/", "units/", "log/", "billing/payments/"):
        opened(desk, address).keyboard.press("/")
        expect(desk.locator(SEARCH)).to_be_focused()
        expect(desk.locator(SEARCH)).to_have_value("")


def test_single_keys_are_letters_inside_a_field_and_while_composing(desk, household):
    opened(desk, f"billing/households/{household.pk}/collect/")
    desk.get_by_label("备注，可不填").focus()
    desk.keyboard.type("1/2?p")
    expect(desk.get_by_label("备注，可不填")).to_have_value("1/2?p")
    expect(desk.locator("dialog#keys")).not_to_be_visible()
    desk.evaluate("""() => { document.activeElement.blur();
        for (const key of ["/", "?", "F9"]) document.body.dispatchEvent(new KeyboardEvent("keydown", {key, isComposing: true, bubbles: true})); }""")
    expect(desk.locator(SEARCH)).not_to_be_focused()
    expect(desk.locator("dialog#keys")).not_to_be_visible()
    assert not Payment.objects.exists()


def test_the_search_is_a_list_under_the_fingers(desk, household, neighbour):
    box = desk.locator(SEARCH)
    desk.keyboard.press("/")
    desk.keyboard.type("张")
    options = desk.locator(FOUND)
    expect(options).to_have_count(2)
    expect(options.first).to_have_attribute("aria-selected", "true")
    desk.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", options.nth(1).get_attribute("id"))
    expect(box).to_be_focused()
    desk.keyboard.press("ArrowDown")                                     # and round again
    expect(options.first).to_have_attribute("aria-selected", "true")
    desk.keyboard.press("ArrowUp")
    second = options.nth(1).get_attribute("href")
    desk.keyboard.press("Enter")
    expect(desk).to_have_url(re.compile(re.escape(second) + "$"))


def test_escape_goes_back_one_step_at_a_time(desk, household):
    box = desk.locator(SEARCH)
    desk.keyboard.press("/")
    desk.keyboard.type("张")
    expect(desk.locator(FOUND)).to_have_count(2)
    desk.keyboard.press("Escape")
    expect(desk.locator(FOUND)).to_have_count(0)
    expect(box).to_have_value("张")
    desk.keyboard.press("Escape")
    expect(box).to_have_value("")
    desk.keyboard.press("Escape")
    expect(box).not_to_be_focused()
    opened(desk, f"billing/households/{household.pk}/account/").keyboard.press("Escape")
    expect(desk.locator("h1")).to_have_text("3-2-1801")


def test_escape_leaves_no_page_on_which_something_was_written(desk, household):
    opened(desk, f"billing/households/{household.pk}/collect/")
    desk.get_by_label("备注，可不填").fill("押金另收")
    desk.keyboard.press("Escape")
    desk.locator("main").press("Escape")
    expect(desk.get_by_label("备注，可不填")).to_have_value("押金另收")
    expect(desk.locator("h1")).to_have_text("收费")


def test_alt_and_a_digit_open_the_till_from_search_household_and_home(desk, household):
    collect = re.compile(f"/billing/households/{household.pk}/collect/$")
    desk.keyboard.press("/")
    desk.keyboard.type("1801")
    expect(desk.locator(FOUND)).to_have_count(1)
    desk.keyboard.press("Alt+1")                                         # inside a field, straight from the answer
    expect(desk).to_have_url(collect)
    opened(desk, f"households/{household.pk}/").keyboard.press("Alt+1")
    expect(desk).to_have_url(collect)
    opened(desk, "").keyboard.press("Alt+1")
    expect(desk).to_have_url(re.compile("/billing/counter/$"))
    expect(desk.locator(SEARCH)).to_be_focused()                         # whom of


def test_up_down_and_enter_in_a_list(desk):
    opened(desk, "units/")
    for key, row in (("ArrowDown", 0), ("ArrowDown", 1), ("ArrowUp", 0), ("ArrowDown", 1)):
        desk.keyboard.press(key)
        expect(desk.locator("table[data-rows] tbody tr").nth(row)).to_have_class(re.compile(r"\bon\b"))
    desk.keyboard.press("Enter")
    expect(desk.locator("h1")).to_have_text("3-2-1802")


def test_arrows_space_and_enter_in_the_till(desk, household):
    opened(desk, f"billing/households/{household.pk}/collect/")
    way = desk.locator("input[name=method]:checked")
    expect(way).to_be_focused()
    desk.keyboard.press("ArrowRight")                                    # the strip's own: another way of paying
    expect(way).to_have_value("wechat")
    desk.evaluate("document.activeElement.blur()")
    lines = desk.locator("input[name=charges]")
    desk.keyboard.press("ArrowDown")
    expect(lines.nth(0)).to_be_focused()
    desk.keyboard.press("ArrowDown")
    expect(lines.nth(1)).to_be_focused()
    desk.keyboard.press("Space")
    expect(lines.nth(1)).not_to_be_checked()
    expect(desk.locator("[data-total]")).to_have_text("340.32")
    desk.keyboard.press("Enter")                                         # 怎么算
    expect(desk.locator(".explain").nth(1)).to_be_visible()
    assert not Payment.objects.exists()


def test_f9_takes_the_money_from_inside_a_field_and_once_when_held(desk, household):
    opened(desk, f"billing/households/{household.pk}/collect/")
    desk.get_by_label("收到现金（元）").fill("600")
    desk.keyboard.down("F9")
    for _ in range(5):
        desk.keyboard.down("F9")                                         # held: the system repeats it
    desk.keyboard.up("F9")
    expect(desk.locator(".note-ok")).to_contain_text("已收 510.48 元")
    assert Payment.objects.count() == 1


@pytest.mark.parametrize("scripts", [True, False], ids=["", "without scripts"])
def test_enter_never_takes_money(open_as, clerk, household, scripts):
    """A scanner ends what it reads with Enter: in no field of the till does that pay.

    Without scripts, on a box or a choice, Chromium presses the next button that is not disabled: one that takes nothing and
    keeps what was typed.
    """
    page = opened(open_as(clerk, java_script_enabled=scripts), f"billing/households/{household.pk}/collect/")
    here = page.url
    sent = []
    page.on("request", lambda request: request.method == "POST" and sent.append(request.url))
    for summary in page.locator("main summary").all():
        summary.click()
    kinds = "[type=hidden]" if scripts else "[type=hidden],[type=checkbox],[type=radio]"
    fields = page.locator(f"main form :is(input:not({kinds}), select)")
    tried = 0
    for n in range(fields.count()):
        if fields.nth(n).is_visible() and fields.nth(n).is_enabled():
            fields.nth(n).press("Enter")
            tried += 1
    assert page.url == here and not sent and not Payment.objects.exists()
    assert tried >= 10
    if not scripts:
        page.get_by_label("备注").fill("印在收据上")
        for kind in ("checkbox", "radio"):
            page.locator(f"main form input[type={kind}]").first.press("Enter")
            arrived(page, "收费")
            expect(page.get_by_label("备注")).to_have_value("印在收据上")
        assert sent and page.url == here and not Payment.objects.exists()


def test_enter_goes_on_to_the_next_field(desk, household):
    opened(desk, f"billing/households/{household.pk}/collect/")
    desk.get_by_label("收到现金（元）").fill("600")
    desk.keyboard.press("Enter")
    expect(desk.get_by_label("交款人")).to_be_focused()


def test_the_list_of_keys_says_what_this_page_has(desk, household):
    opened(desk, f"households/{household.pk}/").keyboard.press("?")
    keys = desk.locator("dialog#keys")
    expect(keys).to_be_visible()
    expect(keys).to_contain_text("收费，3-2-1801")
    desk.keyboard.press("Alt+1")                                         # the page beneath does not move
    desk.keyboard.press("Escape")
    expect(keys).not_to_be_visible()
    expect(desk.locator("h1")).to_have_text("3-2-1801")


def test_single_keys_can_be_switched_off(desk, household):
    desk.keyboard.press("?")
    desk.locator("[data-single-keys]").uncheck()
    desk.keyboard.press("Escape")
    desk.reload()
    desk.keyboard.press("/")
    desk.keyboard.press("?")
    expect(desk.locator(SEARCH)).not_to_be_focused()
    expect(desk.locator("dialog#keys")).not_to_be_visible()
    opened(desk, f"households/{household.pk}/").keyboard.press("Alt+1")
    expect(desk.locator("h1")).to_have_text("收费")


def test_nothing_stays_behind_on_a_shared_computer(desk, household):
    """TRUST T3: a morning's walk leaves no page and no name in the browser; after signing out, back shows the door."""
    for address in (f"households/{household.pk}/", f"billing/households/{household.pk}/collect/", "units/", "billing/tariff/", "log/"):
        opened(desk, address)
    desk.keyboard.press("/")
    desk.keyboard.type("雨萍")
    expect(desk.locator(FOUND)).to_have_count(1)
    desk.keyboard.press("Enter")
    expect(desk.locator("h1")).to_have_text("3-2-1801")
    assert desk.evaluate("Object.keys(localStorage)") == []
    assert desk.evaluate("Object.keys(sessionStorage)") == ["htmx-current-path-for-history"]             # a path: no name, no page
    assert desk.evaluate("Promise.all([indexedDB.databases(), caches.keys()]).then(all => all.flat().length)") == 0
    names = {cookie["name"] for cookie in desk.context.cookies()}
    assert names <= {"sessionid", "csrftoken", "single_keys", "who"}      # who: a signed number, for whom a draft waits

    with desk.expect_response(re.compile("/sign-out/$")) as answer:
        desk.get_by_role("button", name="退出").first.click()
    assert answer.value.all_headers()["clear-site-data"] == '"cache", "storage"'
    expect(desk.locator("h1")).to_have_text("登录")
    assert desk.evaluate("localStorage.length + sessionStorage.length") == 0
    for _ in range(2):
        desk.go_back()
        expect(desk.locator("h1")).to_have_text("登录")
        assert "张雨萍" not in desk.content()


def test_signed_out_in_another_tab_the_search_tells_nothing(desk):
    other = desk.context.new_page()
    other.goto("")
    other.get_by_role("button", name="退出").first.click()
    expect(other.locator("h1")).to_have_text("登录")
    desk.keyboard.press("/")
    desk.keyboard.type("张")
    expect(desk.locator("h1")).to_have_text("登录")
