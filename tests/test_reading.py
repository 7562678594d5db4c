"""Looking changes nothing: every page twice, every table as before (TRUST 18)."""
import hashlib

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.http import HttpResponse
from django.urls import include, path

from servicecentre import urls
from servicecentre.desk.office import create_estate
from servicecentre.staff.access import needs
from servicecentre.staff.models import User
from servicecentre.worklog.day import make_remark
from servicecentre.worklog.models import Entry, Promise

from .pages import pages_of
from .walk import DOORS, INSIDE, address, everyone
from .worlds import a_month, at, taken_back, unset, unwritten

THEN = (2026, 11, 21, 3)                         # the world's own hour, so that today's pages have rows


def tables():
    """{table: digest of all its rows as they are stored}, sessions apart."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            if model is not Session:
                cursor.execute(f"SELECT * FROM {model._meta.db_table} ORDER BY {model._meta.pk.column}")
                found[model._meta.label] = hashlib.sha256(repr(cursor.fetchall()).encode()).hexdigest()
    return found


AT_ONCE = 12                                     # pages between two digests of the whole database, which cost more than they do


def changed_by_looking(desk, addresses):
    """(addresses, table) wherever a GET, done twice, of one of these pages changes a row."""
    found, before = [], tables()
    for first in range(0, len(addresses), AT_ONCE):
        some = addresses[first:first + AT_ONCE]
        for where in some:
            desk.get(where)
            desk.get(where)
        after = tables()
        found += [(" ".join(some), table) for table in after if after[table] != before[table]]
        before = after
    return found


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with unwritten(django_db_blocker), at(*THEN):
        world = a_month(create_estate("galaxy1", "银河国际街区一期", by=User.system()))
        world.everyone = everyone(world)
        yield world


@pytest.fixture
def db(world):
    """In pytest-django's place: each test takes back what it did to the one world."""
    with taken_back(), unset(), at(*THEN):
        yield


def test_no_page_changes_a_row_when_it_is_looked_at(db, world):
    inside = [address(world, name) for name, _, _ in INSIDE]
    outside = ["/healthz", "/readyz", "/sign-in/", "/estates/", f"/q/{world.payment.paper.mark}"]
    assert len(inside) + len(outside) == len(DOORS) - 1           # signing out is a POST
    assert changed_by_looking(world.everyone, [*inside, *outside]) == []


@needs("desk.view_home")
def writes(request):
    Promise.objects.update(moved=F("moved") + 1)
    return HttpResponse("written")


@needs("desk.view_home")
def acts(request):
    make_remark(request.estate, words="到此一游", by=request.user)
    return HttpResponse("done")


@needs("desk.view_home")
def writes_late(request):
    """The write hides in what the template asks for."""
    from django.template import engines
    from django.template.response import TemplateResponse

    late = engines["django"].from_string("{{ touch }}")
    return TemplateResponse(request, late, {"touch": lambda: Promise.objects.update(moved=F("moved") + 1)})


def careless(request):
    """The same write without the door."""
    return writes.__wrapped__(request)


urlpatterns = [path("planted/writes/", writes, name="writes"), path("planted/acts/", acts, name="acts"),
               path("planted/late/", writes_late, name="late"), path("planted/careless/", careless, name="careless"),
               path("", include(urls.urlpatterns))]


@pytest.fixture
def planted(settings):
    settings.ROOT_URLCONF = "tests.test_reading"


@pytest.mark.parametrize("page", ["/planted/writes/", "/planted/late/"])
def test_a_planted_page_that_writes_fails_loudly(planted, db, world, page):
    before = tables()
    with pytest.raises(DatabaseError, match="readonly|read-only"), transaction.atomic():
        world.everyone.get(page)
    assert tables() == before


def test_a_planted_page_that_acts_fails_loudly(planted, db, world):
    with pytest.raises(RuntimeError, match="only reads"):
        world.everyone.get("/planted/acts/")
    assert not Entry.objects.filter(words="到此一游").exists()


def test_twin_without_the_door_the_write_happens_and_the_checker_sees_it(planted, db, world):
    assert changed_by_looking(world.everyone, ["/planted/careless/"]) == [("/planted/careless/", "worklog.Promise")]


def test_the_walk_goes_through_every_page_of_one_row(world):
    assert all(pages_of(world).values())
