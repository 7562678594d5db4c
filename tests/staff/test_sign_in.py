"""The door's own pages: who comes in, who waits, where one lands, and that nothing is left behind (TRUST T1, T3–T5, T13)."""
import re
from datetime import timedelta
from unittest import mock

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.test import Client

from servicecentre.estates.mount import in_estate
from servicecentre.kit.periods import now
from servicecentre.roles import Role
from servicecentre.staff.models import Post, User

PASSWORD, WRONG = "五月的西瓜-3kg", "不对"
SORRY = "工号或密码不对。"


@pytest.fixture
def liting(clerk):
    clerk.set_password(PASSWORD)
    clerk.save()
    return clerk


@pytest.fixture
def browser():
    return Client()


def sign_in(browser, username="liting", password=PASSWORD, at="/sign-in/", **more):
    return browser.post(at, {"username": username, "password": password, **more})


def fail(browser, times, username="liting", **more):
    return [browser.post("/sign-in/", {"username": username, "password": WRONG}, **more) for _ in range(times)]


def text_of(response):
    return response.content.decode()


def words_of(response):
    """What the page says, without the token and the name typed."""
    return re.sub(r"<[^>]*>", "", text_of(response))


def test_the_right_password_opens_the_door(liting, browser, estate):
    response = sign_in(browser)
    assert (response.status_code, response.url) == (302, "/")
    assert browser.get(f"/e/{estate.slug}/").status_code == 200


def test_signing_in_at_an_estate_leads_to_it(liting, browser, estate):
    asked = browser.get(f"/e/{estate.slug}/log/")
    assert asked.url == f"/sign-in/?next=/e/{estate.slug}/log/"
    assert f'name="next" value="/e/{estate.slug}/log/"' in text_of(browser.get(asked.url))
    assert sign_in(browser, at=asked.url, next=f"/e/{estate.slug}/log/").url == f"/e/{estate.slug}/log/"


def test_signing_in_at_an_estate_without_a_page_in_mind_leads_to_its_home(liting, browser, estate):
    assert sign_in(browser, at=f"/e/{estate.slug}/sign-in/").url == f"/e/{estate.slug}/"


# --- T4 throttling ----------------------------------------------------------------------------------------------------

def test_the_fifth_failure_makes_everybody_wait_also_with_the_right_password(liting, browser):
    answers = fail(browser, 5)
    assert [a.status_code for a in answers] == [200, 200, 200, 200, 429]
    assert "还能试 4 次" in text_of(answers[0]) and "还能试 1 次" in text_of(answers[3])
    assert "先等 15 分钟" in text_of(answers[4])
    right = sign_in(browser)
    assert right.status_code == 429 and "先等 15 分钟" in text_of(right)
    assert not Session.objects.exists()


def test_an_unknown_name_waits_just_the_same(liting, browser):
    known, unknown = fail(browser, 5), fail(browser, 5, username="nobody")
    assert [a.status_code for a in known] == [a.status_code for a in unknown]
    assert [words_of(a) for a in known] == [words_of(a) for a in unknown]


def test_another_clerk_at_the_same_counter_is_free(liting, browser, clerk2):
    clerk2.set_password(PASSWORD)
    clerk2.save()
    fail(browser, 6)
    assert sign_in(browser, clerk2.username).status_code == 302


def test_a_stranger_elsewhere_locks_nobody_out(liting, browser):
    fail(browser, 6, REMOTE_ADDR="203.0.113.7")
    assert sign_in(browser).status_code == 302


@pytest.mark.parametrize("spelling", [" liting", "liting ", "ｌｉｔｉｎｇ"])
def test_a_name_written_otherwise_is_the_same_name(liting, browser, spelling):
    fail(browser, 5)
    assert sign_in(browser, spelling).status_code == 429
    assert fail(Client(), 1, username=spelling)[0].status_code == 429


def test_a_forwarded_address_fools_nobody(liting, browser):
    for n in range(5):
        fail(browser, 1, HTTP_X_FORWARDED_FOR=f"203.0.113.{n}")
    assert sign_in(browser).status_code == 429


def test_success_forgets_the_failures(liting, browser):
    fail(browser, 4)
    assert sign_in(browser).status_code == 302
    assert fail(Client(), 1)[0].status_code == 200
    assert not AccessAttempt.objects.filter(failures_since_start__gt=1).exists()


def test_after_the_wait_one_may_try_again(liting, browser):
    fail(browser, 5)
    AccessAttempt.objects.update(attempt_time=now() - timedelta(minutes=14))
    assert sign_in(browser).status_code == 429
    AccessAttempt.objects.update(attempt_time=now() - timedelta(minutes=16))
    assert sign_in(browser).status_code == 302


def test_trying_while_locked_does_not_make_the_wait_longer(liting, browser):
    fail(browser, 5)
    before = AccessAttempt.objects.get()
    fail(browser, 3)
    after = AccessAttempt.objects.get()
    assert (before.attempt_time, before.failures_since_start) == (after.attempt_time, after.failures_since_start)


# --- T5 the same words, the same work ---------------------------------------------------------------------------------

def inactive():
    User.objects.create_user("gone", "走了", PASSWORD, is_active=False)


@pytest.mark.parametrize("username, password", [("liting", WRONG), ("nobody", PASSWORD), ("gone", PASSWORD), ("system", PASSWORD),
                                                ("LITING", PASSWORD)])
def test_whoever_does_not_come_in_reads_the_same_and_takes_as_long(liting, browser, username, password):
    inactive()
    with mock.patch.object(MD5PasswordHasher, "encode", autospec=True, side_effect=MD5PasswordHasher.encode) as hashed:
        response = sign_in(browser, username, password)
    assert response.status_code == 200 and SORRY in text_of(response) and hashed.call_count == 1
    assert "_auth_user_id" not in browser.session


@pytest.mark.parametrize("username, password", [("", PASSWORD), ("liting", ""), ("x" * 5000, PASSWORD), ("li\x00ting", PASSWORD),
                                                ("liting", "a\x00b"), ("\ud800".encode("utf-8", "surrogatepass"), PASSWORD),
                                                ("‮liting", PASSWORD)])
def test_nonsense_is_a_page_not_a_crash(liting, browser, username, password):
    response = sign_in(browser, username, password)
    assert response.status_code == 200 and "登录" in text_of(response)


def test_whoever_leaves_is_out_at_the_next_click(liting, browser, estate):
    sign_in(browser)
    User.objects.filter(pk=liting.pk).update(is_active=False)
    response = browser.get(f"/e/{estate.slug}/log/")
    assert response.status_code == 302 and "/sign-in/" in response.url


def test_a_post_that_ended_ends_at_the_next_click(liting, browser, estate):
    sign_in(browser)
    Post.objects.filter(user=liting).update(ended_at=now(), ended_by=liting)
    assert browser.get(f"/e/{estate.slug}/log/").status_code == 404


# --- T13 where one lands ----------------------------------------------------------------------------------------------

HERE = "/e/galaxy1"
NEXT = {
    f"{HERE}/log/": f"{HERE}/log/",
    f"{HERE}/log/?on=2026-11-01": f"{HERE}/log/?on=2026-11-01",
    "": f"{HERE}/",
    "/e/lotus2/log/": f"{HERE}/",                        # another estate's page is not this sign-in's business
    "/e/galaxy10/log/": f"{HERE}/",
    "/log/": f"{HERE}/",
    "//evil.example/": f"{HERE}/",
    "///evil.example/": f"{HERE}/",
    "/\\evil.example/": f"{HERE}/",
    "\\\\evil.example/": f"{HERE}/",
    "https:///evil.example/": f"{HERE}/",
    "https://evil.example/e/galaxy1/": f"{HERE}/",
    "http:evil.example": f"{HERE}/",
    "javascript:alert(1)": f"{HERE}/",
    " /e/galaxy1/log/": f"{HERE}/",
    "/e/galaxy1/\r\nX-Bad: 1": f"{HERE}/",
    "/e/galaxy1/../../evil": f"{HERE}/",
    "/e/galaxy1/%2e%2e/%2e%2e/evil": f"{HERE}/",
    "/e/galaxy1/sign-out/": f"{HERE}/",
    "/e/galaxy1//evil.example": f"{HERE}/",
}


@pytest.mark.parametrize("asked", NEXT)
def test_after_sign_in_one_lands_inside(liting, browser, other_estate, asked):
    landed = sign_in(browser, at=f"{HERE}/sign-in/", next=asked)
    assert (landed.status_code, landed.url) == (302, NEXT[asked])
    already_in = browser.get(f"{HERE}/sign-in/", {"next": asked})
    assert (already_in.status_code, already_in.url) == (302, NEXT[asked])


def test_outside_an_estate_the_page_asked_for_is_still_one_of_ours(liting, browser, estate):
    assert sign_in(browser, next="//evil.example/").url == "/"
    browser.post("/sign-out/")
    assert sign_in(browser, next=f"{HERE}/log/").url == f"{HERE}/log/"


# --- T1, T3 sessions --------------------------------------------------------------------------------------------------

def test_the_sessions_name_changes_at_sign_in_and_out(liting, browser, estate):
    session = browser.session
    session["planted"] = 1
    session.save()
    planted = browser.cookies[settings.SESSION_COOKIE_NAME].value
    sign_in(browser)
    inside = browser.cookies[settings.SESSION_COOKIE_NAME].value
    assert inside != planted and not Session.objects.filter(pk=planted).exists()
    browser.post(f"/e/{estate.slug}/sign-out/")
    assert not Session.objects.filter(pk=inside).exists()
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = inside
    assert thief.get(f"/e/{estate.slug}/").status_code == 302


def test_signing_out_makes_the_browser_forget(liting, browser, estate):
    sign_in(browser)
    response = browser.post(f"/e/{estate.slug}/sign-out/")
    assert (response.status_code, response.url) == (302, f"/e/{estate.slug}/sign-in/")
    assert response["Clear-Site-Data"] == '"cache", "storage"'
    assert browser.get(f"/e/{estate.slug}/").status_code == 302


def test_signing_out_is_no_link(liting, browser, estate):
    sign_in(browser)
    assert browser.get(f"/e/{estate.slug}/sign-out/").status_code == 405
    assert browser.get(f"/e/{estate.slug}/").status_code == 200


def test_what_one_sees_inside_is_kept_nowhere(liting, browser, estate):
    sign_in(browser)
    for path in (f"/e/{estate.slug}/", f"/e/{estate.slug}/log/", "/estates/", f"/e/{estate.slug}/nowhere/"):
        assert "no-store" in browser.get(path)["Cache-Control"], path


def test_a_cookie_lives_for_the_browser_and_a_working_day(liting, browser):
    cookie = sign_in(browser).cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and not cookie["max-age"]
    assert Session.objects.get().expire_date <= now() + timedelta(hours=12)


# --- several estates --------------------------------------------------------------------------------------------------

def test_one_estate_needs_no_choice(liting, browser, estate):
    sign_in(browser)
    assert browser.get("/estates/").url == f"/e/{estate.slug}/"


def test_two_estates_are_a_choice_and_only_ones_own(liting, browser, estate, other_estate):
    from servicecentre.desk.office import create_estate

    create_estate("third", "第三小区", by=User.system())
    Post.objects.create(estate=other_estate, user=liting, role=Role.CLERK)
    sign_in(browser)
    page = text_of(browser.get("/estates/"))
    assert f'href="/e/{estate.slug}/"' in page and f'href="/e/{other_estate.slug}/"' in page and "第三小区" not in page
    assert browser.get(f"/e/{estate.slug}/estates/").status_code == 200
    assert browser.get("/e/third/").status_code == 404


def test_two_tabs_of_two_estates_do_not_mix(liting, browser, estate, other_estate):
    Post.objects.create(estate=other_estate, user=liting, role=Role.CLERK)
    sign_in(browser)
    here, there = browser.get(f"/e/{estate.slug}/log/"), browser.get(f"/e/{other_estate.slug}/log/")
    for page, own, other in ((here, estate, other_estate), (there, other_estate, estate)):
        assert own.name in text_of(page) and f"/e/{own.slug}/log/" in text_of(page) and f"/e/{other.slug}/" not in text_of(page)


def test_whoever_serves_nowhere_is_told_so(browser, estate):
    User.objects.create_user("free", "没有岗位", PASSWORD)
    sign_in(browser, "free")
    response = browser.get("/estates/")
    assert response.status_code == 403 and "还没有派到任何小区" in text_of(response)


# --- one's own password -----------------------------------------------------------------------------------------------

def change(browser, estate, old=PASSWORD, new="六月的荔枝-5kg", again=None):
    with in_estate(estate.slug):
        return browser.post(f"/e/{estate.slug}/account/password/", {"old": old, "new": new, "again": again or new, "request_key": "k1"})


def test_a_new_password_ends_the_other_sessions_and_renames_this_one(liting, browser, estate):
    elsewhere = Client()
    sign_in(browser), sign_in(elsewhere)
    before = browser.cookies[settings.SESSION_COOKIE_NAME].value
    assert change(browser, estate).status_code == 302
    assert browser.cookies[settings.SESSION_COOKIE_NAME].value != before
    assert browser.get(f"/e/{estate.slug}/").status_code == 200
    assert elsewhere.get(f"/e/{estate.slug}/").status_code == 302
    assert sign_in(Client()).status_code == 200 and sign_in(Client(), password="六月的荔枝-5kg").status_code == 302


@pytest.mark.parametrize("typed, words", [({"old": WRONG}, "现在的密码不对"), ({"new": "12345678"}, "密码"), ({"again": "别的"}, "不一样"),
                                          ({"new": "liting"}, "8")])
def test_a_password_that_will_not_do_is_said_beside_its_field(liting, browser, estate, typed, words):
    sign_in(browser)
    response = change(browser, estate, **typed)
    assert response.status_code == 200 and words in text_of(response)
    assert PASSWORD not in text_of(response)
    assert sign_in(Client()).status_code == 302
