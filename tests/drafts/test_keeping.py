"""What was typed survives the session's end and a page that is out of date, for its own user and estate only (TRUST 24, §4 41)."""
import re
from datetime import timedelta
from importlib import import_module
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.forms import BaseForm, PasswordInput

from billing.models import Payment
from servicecentre.drafts import marks
from servicecentre.drafts.models import LARGEST, MOST, Draft, DraftQuerySet
from servicecentre.kit import periods
from servicecentre.kit.periods import now
from servicecentre.roles import Role
from servicecentre.staff.models import Post, User
from servicecentre.worklog.models import Done, Entry
from tests.billing.test_screens_counter import form_of
from tests.billing.till import household_owing

from .conftest import PASSWORD, REMARK, key_of, text_of, token_of


def where_next(answer):
    return parse_qs(urlsplit(answer.url).query)["next"][0]


def test_a_form_sent_after_the_sessions_end_is_shown_again_and_not_done(browser, typed, estate, clerk):
    answer, sent = typed
    draft = Draft.objects.get()
    assert (draft.user, draft.estate, draft.path, draft.label) == (clerk, estate, "/log/remark/", "写工作日志")
    assert answer.status_code == 302 and "/sign-in/" in answer.url and "ended=kept" in answer.url
    asked = browser.get(answer.url)
    assert "登录已过期，刚才那一页没有办成" in text_of(asked) and "没有收款" not in text_of(asked) and REMARK not in text_of(asked)
    back = browser.sign_in("liting", next=where_next(answer))
    assert back.url == f"/e/{estate.slug}/log/remark/?draft={draft.pk}"
    page = text_of(browser.get(back.url))
    assert REMARK in page and "写的都在这页上，还没有办" in page and f'value="{sent["request_key"]}"' in page
    assert re.search(r'name="urgent"[^>]*checked', page)
    assert not Entry.objects.filter(words=REMARK).exists()


def test_pressed_by_a_person_it_is_done_and_the_draft_gone(browser, typed, clerk):
    answer, sent = typed
    back = browser.sign_in("liting", next=where_next(answer)).url
    again = {"csrfmiddlewaretoken": token_of(browser.get(back)), "request_key": sent["request_key"], "words": REMARK}
    assert browser.post(back, again).status_code == 302
    assert Entry.objects.get(words=REMARK).by == clerk and not Draft.objects.exists()


def test_another_clerk_who_signs_in_sees_nothing(browser, typed, clerk2):
    answer, _ = typed
    back = browser.sign_in("wangsiyuan", next=where_next(answer)).url
    page = text_of(browser.get(back))
    assert "记一条日志" in page and REMARK not in page and "还没有办" not in page
    assert REMARK not in text_of(browser.get(f"{browser.mount}/"))
    assert Draft.objects.get().posted()["words"] == REMARK                    # and it waits for her who typed it


def test_twin_a_draft_of_whoever_comes_is_seen_by_the_next_clerk(browser, typed, clerk2, monkeypatch):
    monkeypatch.setattr(DraftQuerySet, "of_user", lambda rows, user: rows)
    answer, _ = typed
    assert REMARK in text_of(browser.get(browser.sign_in("wangsiyuan", next=where_next(answer)).url))


def test_another_estate_sees_nothing(browser, typed, other_estate, clerk):
    Post.objects.create(estate=other_estate, user=clerk, role=Role.CLERK)
    browser.sign_in("liting")
    assert REMARK not in text_of(browser.get(f"/e/{other_estate.slug}/log/remark/?draft={Draft.objects.get().pk}"))


def test_another_page_does_not_show_it(browser, typed):
    browser.sign_in("liting")
    assert REMARK not in text_of(browser.get(f"{browser.mount}/promises/new/?draft={Draft.objects.get().pk}"))


def test_looking_at_it_changes_nothing(browser, typed):
    browser.sign_in("liting")
    before = list(Draft.objects.values())
    for _ in range(2):
        assert REMARK in text_of(browser.get(f"{browser.mount}{'/log/remark/'}?draft={Draft.objects.get().pk}"))
    assert list(Draft.objects.values()) == before and not Done.objects.filter(act__contains="remark").exists()


def test_after_an_hour_it_is_gone(browser, typed, monkeypatch):
    browser.sign_in("liting")
    draft, clock = Draft.objects.get(), periods.clock
    monkeypatch.setattr(periods, "clock", lambda: clock() + timedelta(minutes=61))
    assert REMARK not in text_of(browser.get(f"{browser.mount}/log/remark/?draft={draft.pk}"))
    data = browser.form("/log/remark/", words="另一条")
    browser.session_ends()
    browser.send("/log/remark/", data)
    assert [d.posted()["words"] for d in Draft.objects.all()] == ["另一条"]


def test_what_is_kept_cannot_be_read_in_the_database(typed):
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM drafts_draft")
        [(stored,)] = cursor.fetchall()
    assert stored.startswith("f") and "电梯" not in stored and "words" not in stored


def test_passwords_and_tokens_are_not_kept(browser, estate):
    data = browser.form("/log/remark/", words=REMARK, password=PASSWORD, new_password1=PASSWORD, pin="246810", otp_token="123456")
    browser.session_ends()
    browser.send("/log/remark/", data)
    assert set(Draft.objects.get().posted()) == {"request_key", "words"}


def test_of_the_own_account_and_of_the_lock_nothing_is_kept(browser):
    """Their fields are called old, new, again and code: it is the page that tells, not the name."""
    typed = {"old": PASSWORD, "new": PASSWORD, "again": PASSWORD, "password": PASSWORD, "pin": "408316", "code": "123456"}
    paths = ("/account/password/", "/account/pin/", "/account/second-factor/",
             "/account/second-factor/codes/", "/account/second-factor/off/", "/lock/open/")
    sent = [browser.form("/log/remark/", **typed) for _ in paths]
    browser.session_ends()
    for path, data in zip(paths, sent, strict=True):
        assert browser.send(path, data).status_code == 302
    assert not Draft.objects.exists()


def test_a_form_with_a_password_belongs_to_the_own_account():
    """Another one would need its right in drafts.middleware.NEVER."""
    def every(form):
        return {form}.union(*(every(each) for each in form.__subclasses__()))
    import_module("servicecentre.urls")
    secret = {form for form in every(BaseForm) if form.__module__.split(".")[0] in ("servicecentre", "billing", "households")
              and any(isinstance(field.widget, PasswordInput) for field in form.base_fields.values())}
    assert {form.__module__ for form in secret} == {"servicecentre.desk.account_forms", "servicecentre.staff.forms"}, secret


def test_files_are_not_kept_and_it_says_so(browser):
    page = browser.get(f"{browser.mount}/import/")
    sent = {"csrfmiddlewaretoken": token_of(page), "request_key": key_of(page), "file": SimpleUploadedFile("登记表.xlsx", b"PK\x03\x04")}
    browser.session_ends()
    answer = browser.send("/import/", sent)
    draft = Draft.objects.get()
    assert draft.files == 1 and "PK" not in draft.content
    shown = text_of(browser.get(browser.sign_in("liting", next=where_next(answer)).url))
    assert "选过的 1 个文件没有留下，要重新选" in shown


def test_what_is_too_long_is_not_kept_and_it_says_so(browser):
    data = browser.form("/log/remark/", words="长" * (LARGEST // 3 + 1))
    browser.session_ends()
    answer = browser.send("/log/remark/", data)
    assert "ended=lost" in answer.url and "draft" not in answer.url and not Draft.objects.exists()
    assert "没能留下，登录后要重填" in text_of(browser.get(answer.url))


def test_no_more_than_so_many_are_kept(browser):
    sent = [browser.form("/log/remark/", words=f"第 {n} 条") for n in range(MOST + 3)]
    browser.session_ends()
    for data in sent:
        browser.send("/log/remark/", data)
    assert Draft.objects.count() == MOST and Draft.objects.order_by("-pk")[0].posted()["words"] == f"第 {MOST + 2} 条"


def test_sent_twice_it_is_kept_once(browser):
    data = browser.form("/log/remark/", words=REMARK)
    browser.session_ends()
    browser.send("/log/remark/", data)
    browser.send("/log/remark/", data)
    assert Draft.objects.count() == 1


# --- only with the mark -----------------------------------------------------------------------------------------------

def test_the_mark_is_signed_strict_and_out_of_reach_of_scripts(browser):
    cookie = browser.cookies[marks.COOKIE]
    assert cookie["samesite"] == "Strict" and cookie["httponly"] and not cookie["max-age"]
    data = browser.form("/log/remark/", words=REMARK)
    browser.session_ends()
    browser.cookies[marks.COOKIE] = cookie.value[:-2] + "xx"
    assert "ended=lost" in browser.send("/log/remark/", data).url and not Draft.objects.exists()


def test_a_foreign_page_can_have_nothing_kept(browser):
    """A form from elsewhere: the browser sends the session's Lax cookies perhaps, never the strict one."""
    data = browser.form("/log/remark/", words="外面塞进来的")
    browser.session_ends()
    del browser.cookies[marks.COOKIE]
    browser.send("/log/remark/", data)
    browser.send("/log/remark/", {"words": "外面塞进来的"})
    assert not Draft.objects.exists()


def test_without_a_token_nothing_is_kept(browser):
    browser.session_ends()
    for token in ("", "x", "é" * 64, "a" * 64, "a" * 32):
        assert browser.send("/log/remark/", {"words": REMARK, "csrfmiddlewaretoken": token}).status_code == 403
    assert not Draft.objects.exists()


def test_a_search_is_not_kept(browser):
    data = browser.form("/log/remark/", q="张雨萍")
    browser.session_ends()
    browser.send("/search/", data)
    assert not Draft.objects.exists()


def test_who_serves_here_no_more_leaves_nothing(browser, clerk):
    data = browser.form("/log/remark/", words=REMARK)
    browser.session_ends()
    Post.objects.filter(user=clerk).update(ended_at=now(), ended_by=clerk)
    browser.send("/log/remark/", data)
    User.objects.filter(pk=clerk.pk).update(is_active=False)
    assert not Draft.objects.exists()


# --- a page that is out of date ---------------------------------------------------------------------------------------

def test_a_page_from_before_the_new_sign_in_gives_back_what_was_typed(browser):
    data = browser.form("/log/remark/", words=REMARK)
    browser.session_ends()
    browser.sign_in("liting")                                 # in another tab; this page's token is stale now
    answer = browser.send("/log/remark/", data)
    assert answer.status_code == 403 and "这页开得太久了，没有办" in text_of(answer) and "写的都留着" in text_of(answer)
    back = re.search(r'href="([^"]+draft=\d+)"', text_of(answer))[1]
    page = text_of(browser.get(back))
    assert REMARK in page and f'value="{data["request_key"]}"' in page
    assert not Entry.objects.filter(words=REMARK).exists()


def test_a_page_of_who_was_here_before_gives_the_next_clerk_nothing(browser, clerk):
    data = browser.form("/log/remark/", words=REMARK)
    browser.session_ends()
    browser.sign_in("wangsiyuan")
    answer = browser.send("/log/remark/", data)
    assert answer.status_code == 403 and "draft=" not in text_of(answer) and "写的都留着" not in text_of(answer)
    draft = Draft.objects.get()
    assert draft.user == clerk
    assert REMARK not in text_of(browser.get(f"{browser.mount}/log/remark/?draft={draft.pk}"))


def test_twin_without_the_token_telling_who_typed_the_next_clerk_would_be_taken_for_them(browser, clerk2, monkeypatch):
    data = browser.form("/log/remark/", words=REMARK)
    browser.session_ends()
    browser.sign_in("wangsiyuan")
    monkeypatch.setattr(marks, "typed_by", lambda request: request.user.pk)
    assert "draft=" in text_of(browser.send("/log/remark/", data)) and Draft.objects.get().user == clerk2


# --- money ------------------------------------------------------------------------------------------------------------

@pytest.fixture
def household(estate):
    return household_owing(estate)


def at_the_till(browser, household):
    """What the till of this household would send."""
    page = browser.get(f"{browser.mount}/billing/households/{household.pk}/collect/")
    return form_of(page) | {"csrfmiddlewaretoken": token_of(page), "tendered": "600", "remarks": "儿子来交"}


def test_a_payment_whose_session_ended_takes_nothing_and_comes_back(browser, household, clerk):
    data = at_the_till(browser, household)
    browser.session_ends()
    path = f"/billing/households/{household.pk}/collect/"
    answer = browser.send(path, data)
    assert "ended=unpaid" in answer.url and "（没有收款）" in text_of(browser.get(answer.url))
    back = browser.sign_in("liting", next=where_next(answer)).url
    page = browser.get(back)
    assert "儿子来交" in text_of(page) and form_of(page)["request_key"] == data["request_key"] and not Payment.objects.exists()
    taken = browser.post(back, form_of(page) | {"csrfmiddlewaretoken": token_of(page), "tendered": "600", "remarks": "儿子来交"})
    assert taken.status_code == 302 and Payment.objects.get().cashier == clerk and not Draft.objects.exists()


def test_a_payment_that_went_through_is_shown_and_not_taken_twice(browser, household):
    """The first click was served and its answer lost; the second came after the session's end."""
    data = at_the_till(browser, household)
    path = f"/billing/households/{household.pk}/collect/"
    assert browser.send(path, data).status_code == 302
    browser.session_ends()
    answer = browser.send(path, data)
    assert "ended=look" in answer.url and "没有收款" not in text_of(browser.get(answer.url))
    answer = browser.get(browser.sign_in("liting", next=where_next(answer)).url)
    payment = Payment.objects.get()
    assert (answer.status_code, answer.url) == (302, f"{browser.mount}{payment.get_absolute_url()}")
    assert "已经办好，没有再办一次" in text_of(browser.get(answer.url))


def test_the_home_page_tells_of_what_waits(browser, typed, clerk):
    browser.sign_in("liting")
    home = text_of(browser.get(f"{browser.mount}/"))
    assert f'href="{browser.mount}/log/remark/?draft={Draft.objects.get().pk}">写工作日志，接着办' in home
    browser.post(f"{browser.mount}/sign-out/", {"csrfmiddlewaretoken": token_of(browser.get(f"{browser.mount}/log/remark/"))})
    browser.sign_in("wangsiyuan")
    assert "没办完的页" not in text_of(browser.get(f"{browser.mount}/"))
