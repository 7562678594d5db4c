"""Whatever is sent to whichever door: a page in words, never a crash, and nothing written (TRUST §4, 14, 15, 29, 45)."""
import sys
from contextlib import contextmanager, nullcontext
from unittest import mock
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import transaction
from django.http import HttpResponseNotFound, QueryDict
from django.urls import Resolver404, resolve

from servicecentre import urls
from servicecentre.desk.office import create_estate
from servicecentre.staff.models import User

from .test_reading import tables
from .walk import INSIDE, ROWED, address, everyone, forms_of, unframed
from .worlds import a_month, at, taken_back, unset, unwritten

THEN = (2026, 11, 21, 3)
IN_ADDRESSES = ("page", "on", "by", "area", "urgent", "building", "kind", "state", "number", "year", "method", "cashier", "show", "month",
                "reason", "room", "print", "next", "q", "unit_price", "from_month", "basis", "sort", "change", "first", "last", "who", "receipt", "which")
NONSENSE = {"a word": "x'; --", "a negative number": "-1", "a long number": "9" * 30, "an exponent": "9e9", "NUL": "a\0b",
            "turned round": "a\u202eb", "no such month": "2026-13", "no such day": "2026-02-30", "other digits": "１٣", "much": "长" * 5000,
            "empty": ""}
# A button, or choices: nothing in them is typed.
BUTTONS = ("billing:void_receipt", "billing:void_deposit", "billing:approve_refund", "billing:pay_refund", "billing:approve_deposit_return",
           "billing:waive_charge", "billing:approve_rebill", "billing:mend_line", "billing:withdraw_price", "households:import_columns", "remove_phone",
           "unmark_day", "end_cover", "end_post", "end_sessions", "lock", "papers:confirm_fit", "reset_second_factor", "sign_retention",
           "withdraw_retention", "texts:withdraw_text")
CODES = {200, 302, 400, 404, 405, 409, 410}
EVERYWHERE = {path.rpartition(".")[0] for path in settings.MIDDLEWARE}      # what asks at every page alike


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with unwritten(django_db_blocker), at(*THEN):
        world = a_month(create_estate("galaxy1", "银河国际街区一期", by=User.system()))
        world.everyone = everyone(world)
        world.fields, world.readers = {}, {"GET": [], "POST": []}
        for name, _, _ in INSIDE:
            for method, ask in (("GET", world.everyone.get), ("POST", world.everyone.post)):
                with noting() as read, taken_back(), unset():
                    answer = ask(address(world, name))
                if method == "GET" and name not in BUTTONS:
                    world.fields[name] = fields_of(answer)
                world.readers[method] += [name] if method in read and name in world.fields else []
        yield world


@contextmanager
def noting():
    """The names of what a page reads: GET, its address, or POST, what was sent to it; templates and the frame are of the page."""
    read = set()

    def noted(name, of):
        def get(request):
            if sys._getframe(1).f_globals["__name__"] not in EVERYWHERE:
                read.add(name)
            return of(request)
        return get
    parsed = noted("GET", lambda request: QueryDict(request.META.get("QUERY_STRING", "")))
    sent = noted("POST", WSGIRequest.POST.fget)
    with mock.patch.multiple(WSGIRequest, GET=property(parsed), POST=property(sent, WSGIRequest.POST.fset)):
        yield read


def fields_of(answer):
    return {field for form in forms_of(answer) for field in form.fields} | {"q", "version", "reason"}


@pytest.fixture(autouse=True)
def db(world):
    """In pytest-django's place: each test takes back what it did to the one world."""
    with taken_back(), unset(), at(*THEN):
        yield


def answer_of(ask, *args, **kwargs):
    """The status; a database error stays within its own savepoint and is an answer nobody should get."""
    with transaction.atomic():
        return ask(*args, **kwargs).status_code


@pytest.mark.parametrize("value", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_in_an_address_is_a_page(world, value):
    """Every page with one kind of nonsense; with the others those that read anything of their address."""
    query = dict.fromkeys(IN_ADDRESSES, value[:200])                  # a server takes no longer address
    whole = value == NONSENSE["a word"]
    walked = [name for name, _, _ in INSIDE] if whole else world.readers["GET"]
    with nullcontext() if whole else unframed():
        wrong = {name: status for name in walked if (status := answer_of(world.everyone.get, address(world, name), query)) not in CODES}
    assert wrong == {}


def test_who_reads_what_was_sent_is_known(world):
    """The checker itself: pages with filters, with a page's number, with one word, and pages with none; forms, and pages without."""
    assert {"households:units", "worklog:day", "papers:numbers", "billing:run", "calendar", "settings", "looks"} <= set(world.readers["GET"])
    assert {"households:add_unit", "billing:collect", "password", "search"} <= set(world.readers["POST"])
    assert not {"departments", "rights"} & {*world.readers["GET"], *world.readers["POST"]}


@pytest.mark.parametrize("number", ["-1", "1.5", "x", str(2**31), str(2**63), "9" * 200, "１"])
def test_an_id_that_no_row_can_have_is_not_found(world, number):
    """Where the map itself knows no such address one page is asked for all: the answer is the map's."""
    wrong, unknown = {}, []
    for name in ROWED:
        where = address(world, name)
        own = next(part for part in reversed(where.split("/")) if part.isdigit())
        where = f"/{number}/".join(where.rsplit(f"/{own}/", 1))
        if not known(where.removeprefix(world.everyone.prefix)):
            unknown.append(where)
            if len(unknown) > 1:
                continue
        for ask in (world.everyone.get, world.everyone.post):
            with mock.patch.object(urls, "handler404", no_such_page, create=True):
                status = answer_of(ask, where)
            if status not in (404, 405):
                wrong[name] = status
    assert wrong == {} and len(unknown) in (0, len(ROWED))


def no_such_page(request, exception):
    """The page in words itself is read in test_doors: it is the same for each address."""
    return HttpResponseNotFound()


def known(where):
    """Does the map have a door at this path?"""
    try:
        return bool(resolve(where))
    except Resolver404:
        return False


@pytest.mark.parametrize("value", [v for n, v in NONSENSE.items() if n not in ("a word", "empty")],
                         ids=[n for n in NONSENSE if n not in ("a word", "empty")])
def test_nonsense_in_every_field_is_said_beside_them_and_writes_nothing(world, value):
    """All fields of all forms at once; texts that any field might take are left out, so nothing may be written."""
    before, wrong = tables(), {}
    for name in world.readers["POST"]:
        with taken_back(), unframed():
            status = answer_of(world.everyone.post, address(world, name), dict.fromkeys(world.fields[name], value))
            if status not in CODES:
                wrong[name] = status
            elif name in ("papers:void_alone", "households:import_undo", "tickets:print_notice") and value == "9" * 30:
                continue                                           # its one field takes any text as a reason
            elif status == 302 and value in ("a\0b", "a\u202eb", "9" * 30) and tables() != before:
                wrong[name] = "written"
    assert wrong == {}


def test_too_many_fields_or_too_long_a_body_is_a_page(world):
    many = {"data": urlencode({f"f{n}": "1" for n in range(1200)}), "content_type": "application/x-www-form-urlencoded"}
    with unframed():
        for name, _, _ in INSIDE:
            assert answer_of(world.everyone.post, address(world, name), **many) in CODES, name
    assert world.everyone.post("/log/remark/", {f"f{n}": "1" for n in range(1200)}).status_code == 400
    assert world.everyone.post("/log/remark/", {"words": "长" * 1_500_000}).status_code == 400


def test_a_page_without_its_token_says_that_it_is_out_of_date(world):
    from .conftest import Desk

    strict = Desk(world.everyone.user, world.estate, enforce_csrf_checks=True)
    before = tables()
    for name, _, _ in INSIDE:
        answer = strict.post(address(world, name), {"words": "写了没有", "request_key": "k"})
        assert answer.status_code in (403, 405) and (answer.status_code == 405 or "这页开得太久了，没有办" in answer.content.decode()), name
    assert tables() == before
