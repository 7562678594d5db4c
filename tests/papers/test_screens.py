"""The pages of papers: who may print when, what the number list says, what a scan shows (TRUST 9, 12, 13; T7, T16)."""
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from servicecentre.kit import guards, pdf, periods
from servicecentre.papers.issuing import void_paper
from servicecentre.papers.models import Paper, Print, Series
from servicecentre.roles import Role
from tests.conftest import Desk, person_at

MORNING = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


@pytest.fixture
def at(monkeypatch):
    """Set the clock."""
    def travel(moment):
        monkeypatch.setattr(periods, "clock", lambda: moment)
    travel(MORNING)
    return travel


def pdf_url(paper, n=1):
    return f"/papers/{paper.pk}/pdf/{n}/"


def reprint(desk, paper, **fields):
    page = desk.get(f"/papers/{paper.pk}/").content.decode()
    key = re.search(r'name="request_key" value="(\w+)"', page)[1]
    return desk.post(f"/papers/{paper.pk}/reprint/", {"reason": "客户联遗失", "copies": "customer", "request_key": key, **fields})


def test_the_original_repeats_for_ten_minutes_and_then_never_again(desk, at, issue):
    paper = issue()
    for minutes in (0, 9):
        at(MORNING + timedelta(minutes=minutes))
        answer = desk.get(pdf_url(paper))
        assert answer.status_code == 200 and answer.content.startswith(b"%PDF")
    at(MORNING + timedelta(minutes=10))
    answer = desk.get(pdf_url(paper))
    assert answer.status_code == 410 and "补打" in answer.content.decode()
    assert Print.objects.count() == 1


def test_another_clerk_gets_no_original(desk, desk_of, clerk2, at, issue):
    paper = issue()
    assert desk_of(clerk2).get(pdf_url(paper)).status_code == 410


def test_the_pdf_may_be_framed_by_ourselves_only(desk, at, issue):
    answer = desk.get(pdf_url(issue()))
    assert answer["Content-Type"] == "application/pdf" and answer["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in answer["Content-Security-Policy"] and answer["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in desk.get("/papers/")["Content-Security-Policy"]


def test_a_reprint_without_a_reason_is_told_in_the_desks_words(desk, issue):
    paper = issue()
    page = desk.post(f"/papers/{paper.pk}/reprint/", {"request_key": "k"}).content.decode()
    assert "请填写" in page and "必填项" not in page


def test_a_reprint_needs_a_reason_and_is_open_to_who_asked(desk, at, issue):
    paper = issue()
    at(MORNING + timedelta(hours=2))
    assert reprint(desk, paper, reason="").status_code == 200 and Print.objects.count() == 1
    answer = reprint(desk, paper)
    assert answer.status_code == 302 and answer["Location"].endswith(f"/papers/{paper.pk}/?print=2")
    page = desk.get(f"/papers/{paper.pk}/?print=2").content.decode()
    assert f'data-print-url="/e/galaxy1{pdf_url(paper, 2)}"' in page and "客户联遗失" in page
    assert desk.get(pdf_url(paper, 2)).content.startswith(b"%PDF")
    assert desk.get(pdf_url(paper, 1)).status_code == 410


def test_a_double_click_reprints_once(desk, at, issue):
    paper = issue()
    key = {"reason": "客户联遗失", "copies": "customer", "request_key": "k" * 32}
    for _ in range(2):
        assert desk.post(f"/papers/{paper.pk}/reprint/", key).status_code == 302
    assert paper.prints.count() == 2


def test_a_refused_reprint_keeps_what_was_typed(desk, at, issue):
    paper = issue()
    answer = reprint(desk, paper, reason="原" * 61)
    assert answer.status_code == 200 and "原" * 61 in answer.content.decode() and paper.prints.count() == 1


def test_a_busy_printer_says_so(desk, at, issue, monkeypatch):
    paper = issue()
    monkeypatch.setattr(pdf, "WAIT", 0.05)
    with pdf._turn:
        answer = desk.get(pdf_url(paper))
    assert answer.status_code == 503 and "打印排队中" in answer.content.decode()
    assert desk.get(pdf_url(paper)).status_code == 200


def test_rewritten_words_are_shown_as_such_and_not_printed(desk, at, issue):
    paper = issue()
    guards.lift(models=[Paper])
    Paper.objects.filter(pk=paper.pk).update(content={**paper.content, "total": 1})
    assert "内容被改过" in desk.get(f"/papers/{paper.pk}/").content.decode()
    assert desk.get(pdf_url(paper)).status_code == 410


def test_another_estates_paper_is_not_there(desk, other_clerk, other_estate, at, issue):
    theirs = issue(estate=other_estate, by=other_clerk)
    for path in (f"/papers/{theirs.pk}/", pdf_url(theirs)):
        assert desk.get(path).status_code == 404
    assert desk.post(f"/papers/{theirs.pk}/reprint/", {"reason": "x"}).status_code == 404


def test_the_number_list_counts_what_is_there(desk, at, issue, manager):
    for _ in range(60):
        paper = issue()
    void_paper(paper, reason="房号有误", by=manager)
    page = desk.get("/papers/").content.decode()
    assert "SJ-2026，共 60 个号，没有断号，作废 1" in page and "SJ-2026-000060" in page and "SJ-2026-000010" not in page
    assert "SJ-2026-000010" in desk.get("/papers/?page=2").content.decode()
    only = desk.get("/papers/?state=void").content.decode()
    assert "SJ-2026-000060" in only and "SJ-2026-000059" not in only
    assert "SJ-2026-000007" in desk.get("/papers/?number=sj-2026-000007").content.decode()


def test_a_missing_number_is_named(desk, at, issue):
    issue(), issue(), issue()
    guards.lift(models=[Paper, Print])
    Print.objects.filter(paper__serial=2).delete()
    Paper.objects.filter(serial=2).delete()
    page = desk.get("/papers/").content.decode()
    assert "缺 1 个" in page and "SJ-2026-000002" in page


@pytest.mark.parametrize("query", ["?page=-1", "?page=9e9", "?kind=XX", "?year=x", "?year=1", "?state=x", "?number=%00"])
def test_a_senseless_filter_is_left_out(desk, at, issue, query):
    issue()
    assert desk.get(f"/papers/{query}").status_code == 200


def test_the_list_asks_as_much_for_thirty_as_for_three(desk, at, issue):
    for _ in range(3):
        issue()
    desk.get("/papers/")
    with CaptureQueriesContext(connection) as few:
        desk.get("/papers/")
    for _ in range(27):
        issue()
    with CaptureQueriesContext(connection) as many:
        desk.get("/papers/")
    assert len(few) == len(many)


def test_nothing_issued_says_so(desk):
    assert "还没有开出单据" in desk.get("/papers/").content.decode()


def test_a_stranger_who_scans_sees_the_phone_and_nothing_else(at, issue, estate):
    type(estate).objects.filter(pk=estate.pk).update(phone="025-88886666")
    paper = issue()
    answer = Client().get(f"/q/{paper.mark}")
    page = answer.content.decode()
    assert answer.status_code == 200 and "025-88886666" in page and answer["Cache-Control"] == "no-store"
    assert not any(word in page for word in (paper.number, "王堃", "李玥", "170.16", "1801", "有效"))


def test_staff_who_scan_see_the_stored_paper_and_its_state(desk, at, issue, manager):
    paper = issue()
    page = desk.get(f"/e/galaxy1/q/{paper.mark}").content.decode()
    assert paper.number in page and "170.16" in page and "有效" in page
    void_paper(paper, reason="房号有误", by=manager)
    assert "作废" in desk.get(f"/q/{paper.mark}").content.decode()


def test_staff_of_another_estate_are_strangers(at, issue, other_clerk, other_estate):
    paper = issue()
    assert paper.number not in Desk(other_clerk, other_estate).get(f"/q/{paper.mark}").content.decode()


def test_a_guard_who_scans_sees_no_figures(at, issue, estate):
    paper = issue()
    page = Desk(person_at(estate, "guard", "老赵", Role.GUARD), estate).get(f"/q/{paper.mark}").content.decode()
    assert paper.number in page and "170.16" not in page and "李玥" not in page


@pytest.mark.parametrize("mark", ["x", "SJ.1.1.1.ABCDEFGHIJKLMNOP", "a" * 500, "%00", "SJ.99999999999999999999.1.1.AAAAAAAAAAAAAAAA"])
def test_a_mark_that_is_not_ours_is_told_so(db, mark):
    assert Client().get(f"/q/{mark}").status_code == 404


def test_a_page_that_looks_changes_nothing(desk, at, issue):
    paper = issue()
    before = (Series.objects.get().last, Print.objects.count(), Paper.objects.get().digest)
    for path in ("/papers/", f"/papers/{paper.pk}/", pdf_url(paper)):
        desk.get(path), desk.get(path)
    assert before == (Series.objects.get().last, Print.objects.count(), Paper.objects.get().digest)
