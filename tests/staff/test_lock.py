"""The lock, the PIN, and the PIN said again: what a computer left open gives away (TRUST T2, T4, T5)."""
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings as current
from django.test import Client
from django.urls import resolve

from billing.models import FeeKind, Price
from servicecentre.desk.own_account import set_pin
from servicecentre.drafts.models import Draft
from servicecentre.kit import periods
from servicecentre.kit.refused import Refused
from servicecentre.papers.issuing import issue_paper
from servicecentre.papers.kinds import KINDS, RECEIPT
from servicecentre.roles import CONFIRMED, RIGHTS, Role
from servicecentre.staff import pins
from servicecentre.staff.models import Post, SignIn, StaffPolicy, User
from servicecentre.worklog.models import Entry

from ..conftest import Desk, person_at
from ..files.making import upload
from ..papers.conftest import receipt

PASSWORD, PIN = "五月的西瓜-3kg", "408316"
NINE = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch):
    """clock(minutes): so long after nine o'clock."""
    def at(minutes):
        monkeypatch.setattr(periods, "clock", lambda: NINE + timedelta(minutes=minutes))
    at(0)
    return at


@pytest.fixture(autouse=True)
def switched_on(settings, clock):
    settings.LOCK_AFTER, settings.CONFIRM_AFTER, settings.SIGNED_IN_AT_MOST = timedelta(minutes=15), timedelta(minutes=10), timedelta(hours=12)


def with_pin(user, pin=PIN):
    user.set_password(PASSWORD)
    user.pin = pins.Hashed(pin).text
    user.save()
    return user


@pytest.fixture
def liting(clerk):
    return with_pin(clerk)


@pytest.fixture
def locked(liting, estate, desk_of):
    desk = desk_of(liting)
    assert desk.post("/lock/").status_code == 302
    return desk


def unlock(desk, said=PIN, person="", **headers):
    return desk.post("/lock/open/", {"pin": said, "person": person}, **headers)


def words(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def open_again(desk):
    return desk.get("/log/").status_code == 200


# --- locked -----------------------------------------------------------------------------------------------------------

def test_locked_means_that_no_page_opens_and_nothing_is_done(locked, estate):
    for path in ("/", "/log/", "/units/", "/account/", "/account/pin/"):
        answer = locked.get(path)
        assert (answer.status_code, answer.url) == (302, f"/e/galaxy1/lock/?next=/e/galaxy1{path}"), path
    answer = locked.post("/log/remark/", {"words": "偷写一条", "request_key": "r"})
    assert answer.status_code == 200 and "锁屏了" in words(answer) and not Entry.objects.filter(words="偷写一条").exists()
    found = locked.post("/search/", {"q": "张"}, headers={"HX-Request": "true"})
    assert (found.status_code, found["HX-Trigger"]) == (423, '{"locked": {}}')         # the page stays, and is covered


def test_the_lock_names_colleagues_and_no_household(locked, estate, clerk2, manager):
    with_pin(manager, "5091")
    page = words(locked.get("/lock/"))
    assert "李婷" in page and "陈静 客服主管" in page and "王思远" not in page          # no PIN, no switching to him


def test_the_pin_opens_and_the_page_goes_on(locked):
    assert unlock(locked).url == "/e/galaxy1/" and open_again(locked)


def test_the_password_opens_too(locked):
    assert unlock(locked, PASSWORD).status_code == 302 and open_again(locked)


def test_the_overlay_is_told_by_an_event_and_not_by_a_page(locked):
    htmx = {"headers": {"HX-Request": "true"}}
    answer = unlock(locked, "0000", **htmx)
    assert "PIN 不对，还能试 4 次" in words(answer)
    assert "<html" not in answer.content.decode()
    opened = unlock(locked, **htmx)
    assert (opened.status_code, opened["HX-Trigger"]) == (204, '{"unlocked": {}}')


def test_after_a_quarter_of_an_hour_it_is_locked_by_itself(liting, desk_of, clock):
    desk = desk_of(liting)
    clock(14)
    assert open_again(desk)
    clock(28)
    assert open_again(desk)
    clock(44)
    assert "/lock/" in desk.get("/log/").url
    assert SignIn.objects.get().locked_at == NINE + timedelta(minutes=43)


def test_after_twelve_hours_it_is_over(liting, desk_of, clock):
    desk = desk_of(liting)
    for minutes in range(10, 12 * 60, 10):
        clock(minutes)
        assert open_again(desk)
    clock(12 * 60)
    assert "/sign-in/" in desk.get("/log/").url
    assert SignIn.objects.get().ended_how == SignIn.End.LATE


def test_where_one_goes_on_is_a_page_of_ours(locked):
    for bad in ("//evil.example/", "https://evil.example/", "/e/lotus2/log/", "javascript:alert(1)"):
        answer = locked.post("/lock/open/", {"pin": PIN, "next": bad})
        assert answer.url == "/e/galaxy1/", bad
        locked.post("/lock/")
    assert locked.post("/lock/open/", {"pin": PIN, "next": "/e/galaxy1/log/"}).url == "/e/galaxy1/log/"


# --- five tries -------------------------------------------------------------------------------------------------------

def test_five_wrong_pins_then_the_password(locked, liting):
    said = [words(unlock(locked, "0000")) for _ in range(5)]
    assert "还能试 4 次" in said[0] and "还能试 1 次" in said[3] and "请用密码" in said[4]
    assert "请用密码" in words(unlock(locked)) and not open_again(locked)            # the right one is worth nothing now
    assert unlock(locked, PASSWORD).status_code == 302
    locked.post("/lock/")
    assert unlock(locked).status_code == 302
    assert SignIn.objects.filter(user=liting, went_in=False, how="pin").count() == 5


def test_five_wrong_passwords_wait(locked):
    said = [words(unlock(locked, "不对不对不对")) for _ in range(5)]
    assert "密码不对" in said[0] and "先等 15 分钟" in said[4]
    assert "先等 15 分钟" in words(unlock(locked, PASSWORD)) and unlock(locked).status_code == 302


@pytest.mark.parametrize("said", ["", " ", "1" * 500, "４０８３１７", "40\x0083", "'; --", "٤٠٨٣"])
def test_nonsense_opens_nothing(locked, said):
    assert unlock(locked, said).status_code == 200 and not open_again(locked)


def test_full_width_digits_are_digits(locked):
    assert unlock(locked, "４０８３１６").status_code == 302


# --- another person ---------------------------------------------------------------------------------------------------

def test_a_colleague_goes_on_under_his_own_name(locked, liting, clerk2, estate):
    with_pin(clerk2, "7290")
    before = locked.cookies[current.SESSION_COOKIE_NAME].value
    assert unlock(locked, "7290", clerk2.pk).url == "/e/galaxy1/"
    assert "王思远" in words(locked.get("/")) and locked.cookies[current.SESSION_COOKIE_NAME].value != before
    old, new = SignIn.objects.filter(went_in=True).order_by("pk")
    assert (old.user, old.ended_how, new.user, new.how, new.ended_at) == (liting, "switched", clerk2, "pin", None)
    thief = Client()
    thief.cookies[current.SESSION_COOKIE_NAME] = before
    assert thief.get("/e/galaxy1/").status_code == 302


def test_ones_own_pin_does_not_open_another_person(locked, clerk2):
    with_pin(clerk2, "7290")
    assert "PIN 不对" in words(unlock(locked, PIN, clerk2.pk))
    assert User.objects.get(pk=clerk2.pk).pin_failures == 1


def test_nobody_from_next_door_nobody_out_of_use_and_nobody_without_a_pin(locked, other_clerk, clerk2, manager):
    with_pin(other_clerk, "7290")
    with_pin(manager, "7290")
    User.objects.filter(pk=manager.pk).update(is_active=False)
    for person in (other_clerk, manager, clerk2):
        assert "选一个人" in words(unlock(locked, "7290", person.pk)), person
    assert not SignIn.objects.filter(user=other_clerk).exists()


# --- the PIN itself ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("pin, said", [("123", "4 到 6 位"), ("1234567", "4 到 6 位"), ("12a4", "4 到 6 位"), ("1111", "太好猜"), ("1234", "太好猜"),
                                       ("9876", "太好猜"), ("8901", "太好猜"), ("1212", "太好猜"), ("407407", "太好猜"), ("1988", "年份"), ("520520", "太好猜"),
                                       ("5678", "太好猜"), ("7902", "手机号"), ("１２３４", "太好猜")])
def test_a_pin_that_anybody_would_try_is_refused(liting, estate, pin, said):
    User.objects.filter(pk=liting.pk).update(mobile="13800137902")
    with pytest.raises(Refused, match=said):
        set_pin(liting, estate=estate, pin=pin, hashed=pins.Hashed(pin), by=liting)


def test_a_pin_is_set_with_the_password_and_is_not_kept_as_it_is(clerk, estate, desk_of):
    clerk.set_password(PASSWORD)
    clerk.save()
    desk = desk_of(clerk)
    fields = {"pin": "408316", "again": "408316", "request_key": "p"}
    assert "现在的密码不对" in words(desk.post("/account/pin/", fields | {"password": "x"}))
    assert "不一样" in words(desk.post("/account/pin/", fields | {"password": PASSWORD, "again": "408317"}))
    assert desk.post("/account/pin/", fields | {"password": PASSWORD}).status_code == 302
    kept = User.objects.get(pk=clerk.pk).pin
    assert "408316" not in kept and not Entry.objects.filter(words__contains="408316").exists()


def test_a_scan_on_a_locked_screen_tells_no_more_than_to_a_stranger(clerk, estate, desk_of):
    paper = issue_paper(KINDS["TZ"], estate=estate, content={"unit": "3栋2单元1801"}, by=clerk)
    desk = desk_of(clerk)
    assert paper.number in words(desk.get(f"/q/{paper.mark}"))
    desk.post("/lock/", {"request_key": "l"})
    assert paper.number not in words(desk.get(f"/q/{paper.mark}")) and "服务电话" in words(desk.get(f"/q/{paper.mark}"))


# --- said again -------------------------------------------------------------------------------------------------------

def test_what_asks_again_is_a_right_and_opens_a_page():
    assert CONFIRMED <= set(RIGHTS)
    assert {"files.reveal_scan", "households.reveal_identity", "households.export_register", "papers.void_alone",
            "desk.decide_data_request", "billing.bounce_refund", "billing.top_up_petty_cash"} <= CONFIRMED


def test_a_register_asked_for_with_the_pin_is_sent_and_the_page_has_its_button_back(manager, desk_of, clock):
    desk = desk_of(with_pin(manager))
    clock(11)
    asked = desk.post("/units/export/", {"request_key": "x", "reason": "核对"})
    assert "确认是您本人" in words(asked) and "data-stay" in asked.content.decode()
    assert "spreadsheet" in desk.post("/units/export/", {"request_key": "x", "reason": "核对", "pin_again": PIN})["Content-Type"]


@pytest.mark.parametrize(("right", "page"), [("papers.void_alone", "/papers/1/void/"), ("files.remove_file", "/files/1/remove/"),
                                             ("households.undo_import", "/import/1/undo/"), ("billing.export_charges", "/billing/charges/export/")])
def test_what_destroys_or_takes_out_asks_the_manager_again(manager, estate, desk_of, clock, right, page):
    with_pin(manager)
    desk = desk_of(manager)
    clock(11)
    assert resolve(page).func.needs == right and "确认是您本人" in words(desk.post(page, {"request_key": "k"}))


@pytest.fixture
def priced(manager, estate, desk_of):
    with_pin(manager)
    kind = FeeKind.objects.of(estate).get(code="property")
    return desk_of(manager), f"/billing/tariff/{kind.pk}/change/", {"unit_price": "2.1", "from_month": "2027-01-01", "basis": "业主大会", "request_key": "k"}


def changed(estate):
    return Price.objects.of(estate).filter(starts_on=date(2027, 1, 1)).exists()


def test_a_managers_act_asks_for_the_pin_again_and_keeps_what_was_filled_in(priced, estate, clock):
    desk, page, fields = priced
    clock(11)
    asked = desk.post(page, fields)
    assert asked.status_code == 200 and "确认是您本人" in words(asked) and not changed(estate)
    kept = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', asked.content.decode()))
    assert fields.items() <= kept.items()
    wrong = desk.post(page, fields | {"pin_again": "0000"})
    assert "还能试 4 次" in words(wrong) and "0000" not in wrong.content.decode() and not changed(estate)
    assert desk.post(page, fields | {"pin_again": PIN}).status_code == 302 and changed(estate)


def test_within_ten_minutes_and_for_other_acts_it_does_not(priced, manager, clock, estate):
    desk, _, _ = priced
    clock(11)
    assert desk.post("/log/remark/", {"words": "电梯检修", "request_key": "r"}).status_code == 302
    clock(9)
    _, page, fields = priced
    assert desk.post(page, fields).status_code == 302 and changed(estate)


def test_a_clerk_is_not_asked_for_what_a_manager_is(liting, desk_of, clock, household_of):
    household, person = household_of
    clock(11)
    answer = desk_of(liting).post(f"/households/{household.pk}/people/{person.pk}/identity/", {"reason": "核对", "request_key": "k"})
    assert "确认是您本人" not in words(answer)


@pytest.fixture
def household_of(estate, clerk):
    from households.register import add_unit, open_household
    unit = add_unit(estate, code="3-2-1801", area=8956, by=clerk, despite=("new_building",))
    household = open_household(unit, owners=[{"name": "张雨萍"}], starts_on=date(2026, 3, 18), by=clerk)
    return household, household.persons.get()


def test_a_form_that_comes_after_the_lock_goes_on_with_the_pin(locked):
    fields = {"words": "写了一半", "request_key": "r"}
    assert "写了一半" in locked.post("/log/remark/", fields).content.decode()
    assert locked.post("/log/remark/", fields | {"pin_again": PIN}).status_code == 302
    assert Entry.objects.filter(words="写了一半").count() == 1 and open_again(locked)


def test_the_locks_question_does_not_open_what_must_be_put_right_first(manager, estate, desk_of):
    """Who was told a one-time password can't act as its owner without changing it; nor without the second factor where the estate wants it."""
    with_pin(manager)
    desk, fields = desk_of(manager), {"words": "先办再说", "pin_again": PASSWORD}
    for n, (lacking, lead) in enumerate([({"must_change_password": True}, "/account/password/"), ({}, "/account/second-factor/")]):
        User.objects.filter(pk=manager.pk).update(**{"must_change_password": False, **lacking})
        if not lacking:
            StaffPolicy.objects.create(estate=estate, second_factor=True)
        desk.post("/lock/")
        assert desk.post("/log/remark/", fields | {"request_key": f"r{n}"}).url == f"/e/galaxy1{lead}"
    assert not Entry.objects.filter(words="先办再说").exists()


def test_a_form_whose_files_are_gone_is_shown_again_and_not_done_without_them(locked, liting):
    fields = {"words": "电梯有异响", "request_key": "r"}
    asked = locked.post("/log/remark/", fields | {"files": upload()})
    assert "选过的 1 个文件没有留下" in words(asked)
    kept = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', asked.content.decode()))
    wrong = locked.post("/log/remark/", kept | {"pin_again": "0000"})
    assert "选过的 1 个文件没有留下" in words(wrong)
    answer = locked.post("/log/remark/", kept | {"pin_again": PIN})
    draft = Draft.objects.get()
    assert (answer.url, draft.user, draft.files) == (f"/e/galaxy1/log/remark/?draft={draft.pk}", liting, 1)
    assert not Entry.objects.filter(act="worklog.make_remark").exists()
    page = locked.get(answer.url)
    assert "电梯有异响" in page.content.decode() and "选过的 1 个文件没有留下，要重新选" in words(page)
    assert locked.post(answer.url, fields | {"files": upload()}).status_code == 302
    assert Entry.objects.get(act="worklog.make_remark").words == "电梯有异响（附件 1 件）" and not Draft.objects.exists()


def test_a_referer_that_is_no_address_locks_all_the_same(liting, desk_of):
    desk = desk_of(liting)
    assert desk.post("/lock/", headers={"Referer": "http://["}).status_code == 302 and not open_again(desk)


def test_outside_of_the_estates_a_locked_session_is_nobodys(liting, estate, other_estate, desk_of):
    desk = desk_of(liting)
    Post.objects.create(estate=other_estate, user=liting, role=Role.CLERK)
    issued = issue_paper(RECEIPT, content=receipt(), estate=estate, by=liting)
    address = f"/q/{issued.mark}"
    assert issued.number in words(desk.get(address)) and "选小区" in words(desk.get("/e/galaxy1/estates/"))
    desk.post("/lock/")
    assert issued.number not in words(desk.get(address)) and "/e/galaxy1/" == desk.get("/e/galaxy1/estates/").url
    unlock(desk)
    User.objects.filter(pk=liting.pk).update(must_change_password=True)
    assert issued.number not in words(desk.get(address))


def test_a_password_is_not_carried_along(locked):
    answer = locked.post("/account/password/", {"old": PASSWORD, "new": "六月的荔枝-5kg", "again": "六月的荔枝-5kg", "request_key": "p"})
    assert answer.status_code == 302 and "/lock/" in answer.url


# --- sessions ---------------------------------------------------------------------------------------------------------

def test_sessions_are_seen_and_ended(liting, estate, desk_of, admin):
    here, there = desk_of(liting), desk_of(liting)
    page = words(here.get("/account/"))
    assert "现在登录着 2 处" in page and "就是这台" in page
    assert here.post("/account/sessions/end/", {"request_key": "e"}).status_code == 302
    assert open_again(here) and "/sign-in/" in there.get("/log/").url
    assert Desk(admin, estate).post(f"/office/users/{liting.pk}/sessions/end/", {"request_key": "e2"}).status_code == 302
    assert "/sign-in/" in here.get("/log/").url
    assert set(SignIn.objects.filter(user=liting).values_list("ended_how", flat=True)) == {"ended"}


def test_signing_out_ends_the_row(liting, desk_of):
    desk = desk_of(liting)
    desk.post("/sign-out/")
    assert SignIn.objects.get().ended_how == "out"


def test_a_session_without_a_row_is_none(liting, desk_of):
    desk = desk_of(liting)
    session = desk.session
    del session["sign_in"]
    session.save()
    assert "/sign-in/" in desk.get("/log/").url


def test_the_history_says_when_from_where_and_whether(liting, estate, admin, desk_of):
    browser = Client(HTTP_USER_AGENT="Mozilla/5.0 (Windows NT 10.0) Chrome/156.0 Safari/537.36", REMOTE_ADDR="10.0.0.7")
    browser.post("/e/galaxy1/sign-in/", {"username": "liting", "password": "猜一个"})
    browser.post("/e/galaxy1/sign-in/", {"username": "nobody-here", "password": "猜一个"})
    browser.post("/e/galaxy1/sign-in/", {"username": "liting", "password": PASSWORD})
    page = words(desk_of(admin).get(f"/office/users/{liting.pk}/"))
    assert "没进来 密码 Windows Chrome 10.0.0.7" in page and "进来了 密码 Windows Chrome 10.0.0.7" in page
    assert SignIn.objects.filter(user=liting).count() == 2 == SignIn.objects.exclude(user=admin).count()
    assert "猜一个" not in page


def test_who_has_left_this_estate_is_watched_by_it_no_more(liting, estate, other_estate, admin, desk_of):
    """His comings in are another estate's business now."""
    desk_of(liting)
    Post.objects.create(estate=other_estate, user=liting, role=Role.CLERK)
    Post.objects.of(estate).filter(user=liting).update(ended_at=NINE, ended_by=admin)
    page = words(desk_of(admin).get(f"/office/users/{liting.pk}/"))
    assert "李婷" in page and "现在登录着" not in page and "进来了" not in page


def test_people_next_door_sign_in_unseen(other_clerk, other_estate, admin, desk_of):
    desk_of(other_clerk, other_estate)
    assert desk_of(admin).get(f"/office/users/{other_clerk.pk}/").status_code == 404


def test_a_database_that_takes_no_writes_shows_its_pages_all_the_same(liting, desk_of, clock, monkeypatch):
    from django.db import OperationalError

    from servicecentre.staff import sign_ins
    desk = desk_of(liting)
    clock(5)

    def cannot(self, **_):
        raise OperationalError("attempt to write a readonly database")
    monkeypatch.setattr(SignIn, "save", cannot)
    assert open_again(desk)
    monkeypatch.setitem(sign_ins._rest, "until", 0.0)


def test_a_manager_without_a_pin_confirms_by_password(manager, desk_of, clock, estate):
    manager.set_password(PASSWORD)
    manager.save()
    desk = desk_of(manager)
    guard = person_at(estate, "qianwei", "钱卫", Role.GUARD)
    clock(12)
    page = f"/office/users/{guard.pk}/password/"
    asked = desk.post(page, {"request_key": "r"})
    assert "您的密码" in words(asked)
    assert "一次性密码" in words(desk.post(page, {"request_key": "r", "pin_again": PASSWORD}))
