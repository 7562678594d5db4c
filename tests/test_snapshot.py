"""A page never shows half a change, waits for no writer, and leaves the connection as it was (TRUST 17)."""
import threading
from contextlib import nullcontext

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.http import HttpResponse
from django.urls import include, path

from households import exporting
from servicecentre import urls
from servicecentre.desk.office import create_estate
from servicecentre.kit.periods import now
from servicecentre.kit.sheets import Table, open_workbook
from servicecentre.kit.snapshot import snapshot
from servicecentre.roles import Role
from servicecentre.staff.access import needs
from servicecentre.staff.models import Post, User
from servicecentre.worklog.day import make_remark
from servicecentre.worklog.models import Entry, Promise

from .conftest import Desk
from .factories import make_household

together = pytest.mark.django_db(transaction=True)
needs_wal = pytest.mark.skipif("connection.vendor == 'sqlite' and not settings.SQLITE_IS_SAFE", reason="without WAL readers make writers wait")
assert settings and connection                   # the condition above reads them


@needs("desk.view_home")
def two_rows(request):
    """Two promises' figures, each asked for by itself, with somebody at work in between."""
    first = Promise.objects.of(request.estate).order_by("pk").first().moved
    meanwhile()
    return HttpResponse(first + Promise.objects.of(request.estate).order_by("pk").last().moved)


def meanwhile():
    """Replaced by what happens between the two questions."""


@needs("desk.view_home")
def writes(request):
    Promise.objects.update(moved=F("moved") + 1)
    return HttpResponse("written")


urlpatterns = [path("planted/two/", two_rows, name="two"), path("planted/writes/", writes, name="writes"), path("", include(urls.urlpatterns))]


@pytest.fixture
def planted(settings):
    settings.ROOT_URLCONF = "tests.test_snapshot"


@pytest.fixture
def shared(transactional_db):
    by = User.system()
    estate = create_estate("galaxy1", "银河国际街区一期", by=by)
    for whom in ("甲", "乙"):
        Promise.objects.create(estate=estate, to_whom=whom, words="", due_at=now(), made_at=now(), made_by=by, moved=1000)
    reader = User.objects.create_user("reader", "看的人")
    Post.objects.create(estate=estate, user=reader, role=Role.CLERK)
    return Desk(reader, estate)


def one_moved():
    """Another desk moves one from the first to the last, whole, and is done before we go on."""
    def move():
        try:
            with transaction.atomic():
                rows = Promise.objects.order_by("pk")
                Promise.objects.filter(pk=rows.first().pk).update(moved=F("moved") - 1)
                Promise.objects.filter(pk=rows.last().pk).update(moved=F("moved") + 1)
        finally:
            connection.close()
    writer = threading.Thread(target=move)
    writer.start()
    writer.join(20)
    assert not writer.is_alive()


@together
@needs_wal
def test_a_page_that_asks_twice_sees_one_state(planted, shared, monkeypatch):
    monkeypatch.setattr("tests.test_snapshot.meanwhile", one_moved)
    assert {shared.get("/planted/two/").content for _ in range(20)} == {b"2000"}
    assert Promise.objects.order_by("pk").first().moved == 980            # the writer did write


@together
@needs_wal
def test_twin_without_the_snapshot_the_page_shows_half_a_change(planted, shared, monkeypatch):
    monkeypatch.setattr("tests.test_snapshot.meanwhile", one_moved)
    request = type("Request", (), {"estate": Promise.objects.first().estate})
    assert {two_rows.__wrapped__(request).content for _ in range(20)} == {b"2001"}


def rows_while_somebody_works():
    yield [Promise.objects.order_by("pk").first().moved]
    one_moved()
    yield [Promise.objects.order_by("pk").last().moved]


@together
@needs_wal
@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "twin"])
def test_what_goes_out_as_excel_is_of_one_moment(shared, monkeypatch, guarded):
    if not guarded:
        monkeypatch.setattr(exporting, "snapshot", nullcontext)
    sheet, = open_workbook(exporting.excel_of([Table("两行", ["数"], rows_while_somebody_works())]).read())
    assert sum(int(cells[0]) for cells in sheet.rows[1:]) == (2000 if guarded else 2001)


@together
@needs_wal
def test_a_page_waits_for_no_writer_and_sees_nothing_unfinished(shared):
    """Beside a write under way the page answers at once, with what was there before."""
    begun, end, seen = threading.Event(), threading.Event(), []

    def write():
        try:
            with transaction.atomic():
                Promise.objects.update(moved=5)
                begun.set()
                end.wait(20)
        finally:
            connection.close()
    writer = threading.Thread(target=write)
    writer.start()
    assert begun.wait(20)
    try:
        with snapshot():
            seen = list(Promise.objects.values_list("moved", flat=True))
            end.set()
            writer.join(20)
            seen += Promise.objects.values_list("moved", flat=True)
    finally:
        end.set()
        writer.join(20)
    assert seen == [1000] * 4
    assert set(Promise.objects.values_list("moved", flat=True)) == {5}


@together
def test_after_a_page_that_failed_the_connection_writes_again(planted, shared):
    with pytest.raises(DatabaseError):
        shared.get("/planted/writes/")
    make_household(Promise.objects.first().estate)
    make_remark(Promise.objects.first().estate, words="再记一条", by=User.system())
    assert Entry.objects.filter(words="再记一条").exists()
