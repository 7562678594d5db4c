"""A page that has to go sends its form to be kept; what is no page is not kept; a draft goes when its form was served, or after its hour."""
import threading
from datetime import timedelta
from unittest import mock

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from servicecentre.drafts.models import Draft
from servicecentre.jobs import worker
from servicecentre.kit import periods
from servicecentre.staff import pins
from servicecentre.staff.models import User
from servicecentre.worklog.models import Entry

from .conftest import PASSWORD, REMARK, Browser, text_of, token_of
from .test_keeping import where_next


@pytest.mark.parametrize("path, kept", [("/log/remark/?x=1", True), ("/billing/run/", False), ("/search/", False), ("/lock/open/", False)])
def test_a_form_that_is_only_to_be_kept_is_not_done(browser, clerk, path, kept):
    data = browser.form("/log/remark/", words=REMARK, keep_typed="2", pin_again="408316")
    answer = browser.send(path, data)
    assert not Entry.objects.filter(words=REMARK).exists()
    if kept:
        draft = Draft.objects.get()
        assert (draft.user, draft.path, draft.query, draft.files, set(draft.posted())) == (clerk, "/log/remark/", "x=1", 2, {"words", "request_key"})
        assert answer.url == f"{browser.mount}/log/remark/?x=1&draft={draft.pk}" and REMARK in text_of(browser.get(answer.url))
    else:
        assert answer.status_code == 204 and not Draft.objects.exists()


def test_a_locked_page_is_kept_too_and_stays_locked(browser):
    data = browser.form("/log/remark/", words=REMARK, keep_typed="0")
    browser.send("/lock/", {"csrfmiddlewaretoken": data["csrfmiddlewaretoken"]})
    browser.send("/log/remark/", data)
    assert Draft.objects.get().posted()["words"] == REMARK and browser.get(f"{browser.mount}/log/").status_code == 302


def test_after_a_take_over_the_page_is_kept_for_who_wrote_it(browser, clerk, clerk2):
    data = browser.form("/log/remark/", words=REMARK, keep_typed="0")
    clerk2.pin = pins.Hashed("7290").text
    clerk2.save()
    browser.send("/lock/", {"csrfmiddlewaretoken": data["csrfmiddlewaretoken"]})
    browser.send("/lock/open/", {"csrfmiddlewaretoken": data["csrfmiddlewaretoken"], "person": clerk2.pk, "pin": "7290"})
    assert browser.send("/log/remark/", data).status_code == 403
    assert Draft.objects.get().user == clerk and "没办完的页" not in text_of(browser.get(f"{browser.mount}/"))


def test_a_form_with_an_address_of_its_own_comes_back_with_what_was_typed(manager, estate):
    manager.set_password(PASSWORD)
    manager.save()
    browser = Browser(estate)
    browser.sign_in("chenjing")
    data = browser.form("/office/calendar/", day="2027-05-04", kind="holiday", name="青年节半天", keep_typed="0")
    answer = browser.send("/office/calendar/mark/", data)
    page = text_of(browser.get(answer.url))
    assert "青年节半天" in page and "写的都在这页上，还没有办" in page


@pytest.mark.parametrize("path", ["/search/", "/lock/", "/lock/open/"])
def test_a_piece_of_a_page_asked_for_after_the_sessions_end_leaves_the_page_where_it_is(browser, path):
    data = browser.form("/log/remark/", q="张")
    browser.session_ends()
    answer = browser.post(f"{browser.mount}{path}", data, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Trigger"]) == (401, '{"signed-out": {}}')
    assert browser.get(f"{browser.mount}/units/", headers={"HX-Request": "true"}).status_code == 401


def test_a_lock_or_a_sign_out_after_the_sessions_end_is_no_page_that_was_lost(browser):
    data = browser.form("/log/remark/")
    browser.session_ends()
    for path in ("/lock/", "/sign-out/"):
        answer = browser.send(path, data)
        assert answer.status_code == 302 and "/sign-in/" in answer.url and "ended" not in answer.url, path
    assert "ended=lost" in browser.send("/account/pin/", data).url and not Draft.objects.exists()


def test_a_view_that_writes_all_the_same_is_answered_with_what_was_typed(browser, estate, clerk):
    """Not a page of an error: the lock's own form writes without perform(), as an old draft of it would."""
    draft = Draft.keep(estate, clerk, path="/lock/", query="", label="锁屏", pairs=[("words", REMARK)], files=0, request_key="")
    page = browser.get(f"{browser.mount}/lock/?draft={draft.pk}")
    assert page.status_code == 200 and "刚才写的，还没有办" in text_of(page) and REMARK in text_of(page)


def test_a_form_that_was_refused_by_a_redirect_stays_kept(browser, typed, settings):
    """The gate, or a view that redirects with a message, has done nothing."""
    answer, sent = typed
    back = browser.sign_in("liting", next=where_next(answer)).url
    again = {"csrfmiddlewaretoken": token_of(browser.get(back)), "request_key": sent["request_key"], "words": REMARK}
    User.objects.update(must_change_password=True)
    assert "/account/password/" in browser.post(back, again).url and Draft.objects.count() == 1
    User.objects.update(must_change_password=False)
    with CaptureQueriesContext(connection) as queries:
        browser.post(back, again)
    assert not Draft.objects.exists() and not [q for q in queries if '"content"' in q["sql"] and "drafts_draft" in q["sql"]]


def test_the_worker_forgets_what_is_past_its_hour(typed, monkeypatch):
    stop = threading.Event()
    for name in ("close_old_connections", "connection"):
        monkeypatch.setattr(worker, name, mock.Mock())
    monkeypatch.setattr(worker, "run_one", stop.set)
    worker.work_on(stop)
    assert Draft.objects.count() == 1
    stop.clear()
    clock = periods.clock
    monkeypatch.setattr(periods, "clock", lambda: clock() + timedelta(minutes=61))
    worker.work_on(stop)
    assert not Draft.objects.exists()
