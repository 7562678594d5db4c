"""Whatever is sent to whichever door: a page in words, never a crash, and nothing written (TRUST §4, 14, 15, 29, 45)."""
import pytest
from django.db import transaction

from servicecentre.desk.office import create_estate
from servicecentre.staff.models import User

from .test_reading import tables
from .walk import INSIDE, ROWED, address, everyone, forms_of
from .worlds import a_month, at, taken_back, unset, unwritten

THEN = (2026, 11, 21, 3)
IN_ADDRESSES = ("page", "on", "by", "area", "urgent", "building", "kind", "state", "number", "year", "method", "cashier", "show", "month",
                "reason", "room", "print", "next", "q", "unit_price", "from_month", "basis", "sort", "change", "first", "last", "who", "receipt", "which")
NONSENSE = {"a word": "x", "a negative number": "-1", "a long number": "9" * 30, "a fraction": "1.5", "an exponent": "9e9", "NUL": "a\0b",
            "turned round": "a\u202eb", "a quote": "'; --", "no such month": "2026-13", "no such day": "2026-02-30", "full width": "１２",
            "other digits": "٣٤", "much": "长" * 5000, "list": "[]", "empty": ""}
# A button, or choices: nothing in them is typed.
BUTTONS = ("billing:void_receipt", "billing:approve_refund", "billing:waive_charge",
           "billing:mend_line", "billing:withdraw_price", "households:import_columns", "remove_phone",
           "unmark_day", "end_cover", "end_post", "end_sessions", "lock", "papers:confirm_fit", "reset_second_factor", "sign_retention",
           "withdraw_retention", "texts:withdraw_text")
CODES = {200, 302, 400, 404, 405, 409, 410}


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with unwritten(django_db_blocker), at(*THEN):
        world = a_month(create_estate("galaxy1", "银河国际街区一期", by=User.system()))
        world.everyone = everyone(world)
        world.fields = {name: fields_of(world.everyone.get(address(world, name))) for name, _, _ in INSIDE if name not in BUTTONS}
        yield world


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
    query = dict.fromkeys(IN_ADDRESSES, value[:200])                  # a server takes no longer address
    wrong = {name: status for name, _, _ in INSIDE if (status := answer_of(world.everyone.get, address(world, name), query)) not in CODES}
    assert wrong == {}


@pytest.mark.parametrize("number", ["0", "-1", "1.5", "x", str(2**31), str(2**63 - 1), str(2**63), "9" * 20, "9" * 200, "１"])
def test_an_id_that_no_row_can_have_is_not_found(world, number):
    wrong = {}
    for name in ROWED:
        where = address(world, name)
        own = next(part for part in reversed(where.split("/")) if part.isdigit())
        head, tail = where.rsplit(f"/{own}/", 1)
        for ask in (world.everyone.get, world.everyone.post):
            status = answer_of(ask, f"{head}/{number}/{tail}")
            if status not in (404, 405):
                wrong[name] = status
    assert wrong == {}


@pytest.mark.parametrize("value", [v for n, v in NONSENSE.items() if n not in ("a word", "empty", "a quote")],
                         ids=[n for n in NONSENSE if n not in ("a word", "empty", "a quote")])
def test_nonsense_in_every_field_is_said_beside_them_and_writes_nothing(world, value):
    """All fields of all forms at once; texts that any field might take are left out, so nothing may be written."""
    before, wrong = tables(), {}
    for name, fields in world.fields.items():
        with taken_back():
            status = answer_of(world.everyone.post, address(world, name), dict.fromkeys(fields, value))
            if status not in CODES:
                wrong[name] = status
            elif name in ("papers:void_alone", "households:import_undo", "tickets:print_notice") and value == "9" * 30:
                continue                                           # its one field takes any text as a reason
            elif status == 302 and tables() != before and value in ("a\0b", "a\u202eb", "9" * 30):
                wrong[name] = "written"
    assert wrong == {}


def test_too_many_fields_or_too_long_a_body_is_a_page(world):
    for name, _, _ in INSIDE:
        assert answer_of(world.everyone.post, address(world, name), {f"f{n}": "1" for n in range(1200)}) in CODES, name
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
