"""Every page of the house, in every state that hands can bring it into: nothing for axe to find, nothing sideways, nothing blocked."""
import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from billing.cashier import collect_payment
from billing.receipts import ask_void
from billing.run import bill_month
from households.importing import uploads
from households.people import add_contact, add_resident, add_tenant, add_vehicle
from households.register import add_unit, open_household
from servicecentre.jobs import worker as jobs
from servicecentre.kit.periods import BillingMonth, now
from servicecentre.staff.models import Post
from servicecentre.worklog.day import make_promise, make_remark
from tests.conftest import Desk, person_at
from tests.households.lists import register, row
from tests.walk import DOORS, PUBLIC, SIGNED_IN, address, unframed, words
from tests.worlds import a_month

from .hands import looked_at

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("november")]

PLACES = [name for name, _, _ in DOORS if name not in PUBLIC | SIGNED_IN]
LETTERS = {"household", "billing:void", "worklog:promises", "billing:payments"}           # pages that show SCRIPT
MAIN = "main [data-key=F9]"
PARTS, FRESH = 2, 20                               # tests that share a walk; pages after which the browser gets a new one


# TRUST T11 and §4 row 20: what people write is shown letter by letter; and a word without a blank stays in its box.
SCRIPT, IMAGE = "<script>window.planted=1</script>", "<img src=x onerror=window.planted=1>{{ 7*7 }}<svg onload=window.planted=1>"


@pytest.fixture
def world(estate):
    """Everything that acts can make, and the pages of one household open on one whose words are hostile or endless."""
    w = a_month(estate)
    by = w.clerk
    w.unit = add_unit(estate, code="9-1-101", area=9000, remark=IMAGE, by=by, despite=("new_building",))
    owners = [{"name": SCRIPT, "phone": "13800135678"}, {"name": "W" * 60, "share": "1/2"}]
    w.household = open_household(w.unit, owners=owners, starts_on=date(2026, 10, 1), remark=IMAGE, by=by)
    w.person = w.household.persons.order_by("pk").first()
    w.resident = add_resident(w.household, name=SCRIPT, relation="<b>x</b>", by=by)
    add_tenant(w.household, name="N" * 40, lease_from=date(2026, 10, 1), lease_to=date(2027, 9, 30), by=by)
    w.contact = add_contact(w.household, name="M" * 40, phone="13912342046", by=by)
    w.vehicle = add_vehicle(w.household, plate="苏AD9Z99", by=by)
    bill_month(estate, BillingMonth(2026, 11), by=w.manager)
    w.hostile = collect_payment(w.household, parts=[("cash", 10000, "")], payer_name=SCRIPT, remarks=IMAGE[:60], by=by)
    w.waiting = ask_void(w.hostile, goes="credit", reason="other", words=IMAGE, by=by)
    w.promise = make_promise(estate, to_whom=SCRIPT, words=IMAGE, due_at=now() + timedelta(hours=3), household=w.household, by=by)
    w.remark = make_remark(estate, words=IMAGE + "x" * 90, household=w.household, urgent=True, by=by)
    return w


def pages(world, user, seen):
    """(name, address) of each page that this user gets, but those whose words somebody has seen already."""
    desk = Desk(user, world.estate)
    for name in PLACES:
        with unframed():
            answer = desk.get(address(world, name))
        assert answer.status_code < 500 and answer.status_code != 404, name
        if answer.status_code == 302 or "text/html" not in answer["Content-Type"] or b"<html" not in answer.content:
            continue                                                     # the last is a part that another page fetches
        main = re.search(r"<main.*</main>", words(answer), re.S)[0]
        if main not in seen:
            seen.add(main)
            yield name, address(world, name)


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("who", ["clerk", "manager"])
def test_every_page_of_clerk_and_manager(world, open_as, watched, live_server, who, part):
    """Half of the pages at a time, for as many browsers as there are cores; what both see the same is the clerk's."""
    found, seen = [], set()
    mine = list(pages(world, world.clerk, seen))
    if who == "manager":
        mine = list(pages(world, world.manager, seen))
    assert len(mine) > 20
    page = open_as(getattr(world, who))
    for n, (name, path) in enumerate(mine[part::PARTS], start=1):
        page = page if n % FRESH else another(page, watched)
        page.goto(live_server.url + path)
        found += looked_at(page, f"{who} {name}", frame=name == "home")
        assert page.evaluate("window.planted") is None, name
        if name in LETTERS:
            expect(page.locator("main")).to_contain_text(SCRIPT)
    assert not found, "\n".join(found)


def another(page, watched):
    """A new page of the same browser: one that axe has looked at for long holds gigabytes, and slows down."""
    fresh = watched(page.context.new_page())
    fresh.set_viewport_size(page.viewport_size)
    page.close()
    return fresh


def test_the_pages_of_a_hostile_payment(world, open_as):
    page, found = open_as(world.clerk), []
    for address_ in ("", "done/", "void/"):
        page.goto(f"billing/payments/{world.hostile.pk}/{address_}")
        found += looked_at(page)
        assert page.evaluate("window.planted") is None
    assert not found, "\n".join(found)


def test_pages_outside_an_estate(world, open_as, other_estate, live_server):
    page = open_as(world.clerk)
    found = []
    for path in (f"q/{world.payment.paper.mark}", f"q/{world.payment.paper.mark}x", "nowhere/"):
        page.goto(f"{live_server.url}/{path}")
        found += looked_at(page)
    Post.objects.create(estate=other_estate, user=world.clerk, role="clerk")
    page.goto(f"{live_server.url}/estates/")
    expect(page.locator("main")).to_contain_text("莲花新城二期")
    found += looked_at(page)
    assert not found, "\n".join(found)


def test_search_keys_and_menu_when_open(world, open_as):
    page, found = open_as(world.clerk), []
    page.goto("")
    page.keyboard.press("/")
    page.keyboard.type("张")
    expect(page.get_by_role("option").first).to_be_visible()
    found += looked_at(page, "search, found")
    page.locator("#find-q").fill("查无此人")
    expect(page.locator("#found .empty")).to_be_visible()
    found += looked_at(page, "search, nothing found")
    page.goto(f"billing/households/{world.household.pk}/collect/")
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()
    found += looked_at(page, "keys")
    page.set_viewport_size({"width": 390, "height": 768})
    page.goto("")
    page.locator("details.menu summary").click()
    found += looked_at(page, "menu", widths=(390,))
    assert not found, "\n".join(found)


def test_the_till_opened_refused_and_doubted(world, open_as):
    page, found = open_as(world.clerk), []
    page.goto(f"billing/households/{world.household.pk}/collect/")
    for summary in page.locator("main summary").all():
        summary.click()
    found += looked_at(page, "till, all opened")
    page.locator("[data-part=cash]").fill("1")
    page.get_by_label("收到现金（元）").fill("一百")
    page.locator(MAIN).click()
    expect(page.locator("[data-errors]")).to_be_focused()
    found += looked_at(page, "till, refused")
    page.goto(f"billing/households/{world.household.pk}/collect/")
    page.get_by_text("改金额", exact=True).click()
    page.get_by_label("本次收（元）").fill("9999")
    page.locator(MAIN).click()
    expect(page.get_by_role("button", name="已知晓，继续")).to_be_visible()
    found += looked_at(page, "till, doubted")
    assert not found, "\n".join(found)


BARE = """() => { for (const form of document.querySelectorAll("main form")) form.noValidate = true;
    for (const field of document.querySelectorAll("main form input:not([type=hidden],[type=radio],[type=checkbox],[type=file]), main textarea"))
        field.value = ""; }"""


REFUSED = {"password", "make_promise", "billing:ask_void", "billing:change_price", "papers:paper", "households:import", "households:add_unit",
           "households:change_person", "worklog:make_remark"}


@pytest.mark.parametrize("part", range(PARTS))
def test_every_form_sent_empty(world, open_as, watched, live_server, part):
    """What refuses says so in a summary that has the focus, and the page with errors is as sound as without."""
    user = person_at(world.estate, "both", "两岗", "clerk", "manager")
    page, desk, found, refused = open_as(user), Desk(user, world.estate), [], set()
    world.payment = world.reissue.reissued                               # nobody has asked for its void yet
    for n, name in enumerate(PLACES[part::PARTS], start=1):
        page = page if n % FRESH else another(page, watched)
        answer = desk.get(path := address(world, name))
        if answer.status_code != 200 or answer.streaming or b"<main" not in answer.content:
            continue                                                     # a file; or gone by what was sent before
        page.goto(live_server.url + path)
        button = page.locator("main form[method=post]:not([data-stay]) :is(button[data-key=F9], button.btn-primary):enabled")
        if not button.count():
            continue
        page.evaluate(BARE)
        with page.expect_navigation():
            button.first.click()
        if page.locator("[data-errors]").count():
            expect(page.locator("[data-errors]").first).to_be_focused()
            refused.add(name)
            found += looked_at(page, f"{name}, sent empty", widths=(390,), frame=False)
    assert not found, "\n".join(found)
    assert refused >= REFUSED & set(PLACES[part::PARTS]), refused


def test_an_import_on_its_way_read_and_done(estate, clerk, open_as):
    page, found = open_as(clerk), []
    bad = row(code="3-2-1802", area="八十九", id="", phone="12"), row(code="3-2-1803", id="", day="2026-02-30")
    importing = uploads.receive(estate, data=register(row(), *bad), name="登记表.xlsx", by=clerk)
    page.goto(f"import/{importing.pk}/")
    expect(page.locator("progress")).to_be_visible()
    found += looked_at(page, "import, being read")
    jobs.run_one()
    expect(page.get_by_role("region", name="错误行").locator("tbody tr")).to_have_count(3)
    found += looked_at(page, "import, report")
    page.locator("input[name=good_rows]").check()
    page.locator(MAIN).click()
    expect(page.locator("progress")).to_be_visible()
    jobs.run_one()
    page.goto(f"import/{importing.pk}/")
    expect(page.locator("main")).to_contain_text("已导入正确的行")
    found += looked_at(page, "import, done")
    importing.refresh_from_db()
    page.goto(f"jobs/{importing.job_id}/")
    expect(page.get_by_role("link", name="看结果")).to_be_visible()
    found += looked_at(page, "a job that has ended")
    assert not found, "\n".join(found)
