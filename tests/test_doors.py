"""Every URL, read from the resolver, against nobody, every role, and a row that does exist in the other estate (TRUST 12, 13)."""
import re
from datetime import timedelta
from typing import NamedTuple
from unittest import mock

import pytest
from django.apps import apps
from django.contrib.auth.decorators import login_not_required
from django.forms import ModelChoiceField
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path

from servicecentre import urls
from servicecentre.desk.office import create_estate
from servicecentre.kit.periods import today
from servicecentre.kit.rows import EstateRow
from servicecentre.roles import RIGHTS, Role
from servicecentre.staff.access import needs
from servicecentre.staff.models import User
from servicecentre.worklog.models import Entry, Promise
from servicecentre.worklog.views import opens

from .areas import refunds, vacancy
from .conftest import Desk, person_at
from .pages import pages_of
from .walk import DOORS, INSIDE, NAMES, NOBODYS, PUBLIC, ROWED, address, doors, everyone, forms_of, path_of, unframed, words
from .worlds import a_month, at, numbers_apart, taken_back, unset, unwritten

THEN = (2026, 11, 21, 3)                         # the world's own hour, so that today's pages have rows
FRAMED = ("papers:pdf", "papers:test_page", "papers:batch_pdf", "texts:preview_text", "tickets:notice_pdf")      # printed from a frame of our own
BY_THE_ROW = ("files.file", "households.registerimport")          # each row has a right of its own
NEXT_DOOR = 5001                                 # where the ids of the other estate's rows begin: one in each table


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with unwritten(django_db_blocker):
        world = a_month(create_estate("galaxy1", "银河国际街区一期", by=User.system()))
        world.everyone = everyone(world)
        numbers_apart(NEXT_DOOR - 1)
        world.next_door = a_month(create_estate("lotus2", "莲花新城二期", by=User.system()))
        yield world


@pytest.fixture(autouse=True)
def db(world):
    """In pytest-django's place: each test takes back what it did to the one world."""
    with taken_back(), unset():
        yield


class Answer(NamedTuple):
    """What is asked of an answer below; a page itself would be kept for each door."""

    status: int
    headers: dict
    pointers: frozenset

    @classmethod
    def of(cls, answer):
        return cls(answer.status_code, dict(answer.items()), frozenset(
            f"{type(form).__name__}.{name}" for form in forms_of(answer) for name, field in form.fields.items() if holds_an_id(field)))


@pytest.fixture(scope="module")
def answers(world):
    """{door: what somebody who may do everything is answered, looking and sending nothing}: walked once for the tests that judge it."""
    found = {}
    with unset():
        for name, _, _ in INSIDE:
            with taken_back():
                found[name] = [Answer.of(world.everyone.get(address(world, name), {"on": "2026-10-20"})),
                               Answer.of(world.everyone.post(address(world, name)))]
    return found


# --- nobody, and every role -------------------------------------------------------------------------------------------

def without_a_right(every_door):
    """Names of pages inside an estate that no @needs guards."""
    return [name for name, _, view in every_door if getattr(view, "needs", None) not in RIGHTS]


def open_to_nobody(every_door, estate):
    """Names of doors that let in who has not signed in."""
    return [f"{method} {name}" for name, pattern, _ in every_door if name not in PUBLIC for method in ("get", "post")
            if not _sent_to_sign_in(getattr(Client(), method)(f"/e/{estate.slug}{path_of(pattern)}"))]


def _sent_to_sign_in(response):
    return response.status_code == 302 and "/sign-in/" in response.url


def test_every_url_has_a_name_of_its_own():
    assert all(NAMES) and len(set(NAMES)) == len(NAMES)


def test_every_page_of_one_row_has_a_row_in_the_world(world):
    assert set(pages_of(world)) == set(ROWED)


def test_every_page_has_a_right():
    assert without_a_right(INSIDE) == []


def test_every_right_opens_a_page():
    assert set(RIGHTS) == {view.needs for _, _, view in INSIDE}


def test_nobody_is_sent_to_sign_in(world):
    assert open_to_nobody(DOORS, world.estate) == []


def test_the_public_doors_say_nothing_of_the_house(world):
    mark = world.payment.paper.mark
    for place in ("/healthz", "/readyz", "/sign-in/", f"/q/{mark}", "/q/SJ.1.1.T1.AAAAAAAAAAAAAAAA"):
        page = Client().get(place).content.decode()
        for secret in ("张雨萍", "3-2-1801", world.payment.paper.number, "400.00", world.clerk.name):
            assert secret not in page, f"{place} tells {secret}"


@pytest.mark.parametrize("role", Role)
def test_a_role_passes_only_the_doors_it_has_a_right_to(world, role):
    desk = Desk(person_at(world.estate, f"only-{role}", "某人", role), world.estate)
    for name, _, view in INSIDE:
        allowed, status = role in RIGHTS[view.needs].roles, 405
        for method in (desk.get, desk.post):
            if allowed and status != 405:
                continue                                  # an empty form is the page once more, walked by who may do everything
            with taken_back(), unframed():
                status = method(address(world, name)).status_code
            assert status < 500 and (status == 403) is not allowed, f"{role} {name}: {status}"


@pytest.mark.parametrize("role", Role)
def test_no_link_leads_its_reader_to_a_closed_door(world, role):
    """Every page that this role reaches by links from its home, one row of a kind."""
    desk = Desk(person_at(world.estate, f"walks-{role}", "某人", role), world.estate)
    home = f"/e/{world.estate.slug}/"
    waiting, seen, closed = [(home, "")], set(), []
    with at(*THEN):
        while waiting:
            path, shown_on = waiting.pop()
            answer = desk.get(path)
            if answer.status_code == 403:
                closed.append(f"{shown_on} leads to {path}")
            elif answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
                for link in re.findall(rf'(?:href|hx-get)="({home}[^"#?]*)', answer.content.decode()):
                    if (shape := re.sub(r"[0-9]+", "N", link)) not in seen:
                        seen.add(shape)
                        waiting.append((link, path))
    assert closed == [] and len(seen) >= 3


@pytest.mark.parametrize("role", sorted(RIGHTS["worklog.view_day"].roles))
def test_every_line_of_the_log_leads_to_an_open_page(world, role):
    """Of each kind of row and each act one line; what has no open page has no link either."""
    desk, request = Desk(person_at(world.estate, f"reads-{role}", "某人", role), world.estate), mock.Mock(roles={role})
    lines = {(e.row_type, e.act): e for e in Entry.objects.of(world.estate).exclude(row_type="")}
    led = set()
    for line in lines.values():
        with unframed():
            answer = desk.get(f"/log/entries/{line.pk}/", follow=True)
        assert answer.status_code == 200, f"{line.act} {line.row_type}: {answer.redirect_chain}"
        if opens(request, line):
            led.add(line.row_type)
            assert "/log/?on=" not in answer.redirect_chain[-1][0] or line.row_type in BY_THE_ROW, f"{line.act}: a link to nothing"
    assert ("files.file" in led) is (role in RIGHTS["households.view_household"].roles)
    assert ("papers.wording" in led) is (role in RIGHTS["papers.view_editions"].roles)


def test_a_post_elsewhere_opens_nothing_here(world):
    """A manager next door is nobody here, and reads what a wrong address would say."""
    desk = Desk(world.next_door.manager, world.estate)
    nowhere = Desk(world.next_door.manager, type("Nowhere", (), {"slug": "nowhere"}))
    for name, _, _ in INSIDE:
        there, none = desk.get(address(world, name)), nowhere.get(address(world, name).replace("/galaxy1/", "/nowhere/"))
        assert (there.status_code, none.status_code) == (404, 404), name
        assert words(there).replace("galaxy1", "nowhere") == words(none), name


def test_every_answer_inside_says_what_browsers_may_do_with_it(answers):
    for name, headers in ((name, answer.headers) for name, both in answers.items() for answer in both):
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "script-src 'self'" in policy and "'unsafe-eval'" not in policy, name
        assert ("frame-ancestors 'none'" in policy) is (name not in FRAMED), name
        assert "no-store" in headers["Cache-Control"] and headers["X-Content-Type-Options"] == "nosniff", name
        assert "camera=(self)" in headers["Permissions-Policy"], name


# --- a row next door --------------------------------------------------------------------------------------------------

def tells_of_next_door(desk, every_door, to_try):
    """Names of pages that answer otherwise for a row of the other estate, ``to_try(name)``, than for no row at all."""
    found = []
    for name, pattern, _ in every_door:
        for method in (desk.get, desk.post):
            none = method(path_of(pattern, NOBODYS))
            for pk in to_try(name):
                with taken_back():
                    theirs = method(path_of(pattern, pk))
                if theirs.status_code not in (404, 405) or theirs.status_code != none.status_code or (
                        words(theirs).replace(str(pk), "N") != words(none).replace(str(NOBODYS), "N")):
                    found.append(f"{name} {pk}: {theirs.status_code}")
    return found


@pytest.fixture
def neighbours_rows(world):
    """Name of a page → ids that are rows next door and nowhere here: the first of every table, and those the world names for this page."""
    for model in (m for m in apps.get_models() if issubclass(m, EstateRow) and hasattr(m, "id")):
        assert model._base_manager.filter(pk=NEXT_DOOR, estate=world.next_door.estate).exists(), f"no {model._meta.label} next door"
        assert not model._base_manager.filter(pk__gte=NEXT_DOOR, estate=world.estate).exists()
    named = pages_of(world.next_door)
    return lambda name: sorted({NEXT_DOOR, *(pk for pk in named[name] if pk >= NEXT_DOOR)})


def test_the_pages_of_our_own_rows_open(answers):
    """Without this the refusals below might be a wrong address only."""
    for name in ROWED:
        status = {answer.status for answer in answers[name]}
        assert status & {200, 302, 409, 410} and 404 not in status, f"{name}: {status}"


def test_a_row_next_door_is_as_good_as_none(world, neighbours_rows):
    rowed = [door for door in INSIDE if door[0] in ROWED]
    with unframed():
        assert tells_of_next_door(world.everyone, rowed, neighbours_rows) == []


def test_a_row_next_door_below_a_row_of_ours_is_as_good_as_none(world):
    """The pattern's first id is ours, the second next door's."""
    for name, args in pages_of(world).items():
        if len(args) < 2:
            continue
        theirs = pages_of(world.next_door)[name][1]
        pattern = address(world, name).removesuffix("/").split("/")
        place = max(n for n, part in enumerate(pattern) if part == str(args[1]))
        answers = []
        for pk in (theirs if theirs >= NEXT_DOOR else NEXT_DOOR, NOBODYS):
            changed = "/".join([*pattern[:place], str(pk), *pattern[place + 1:]]) + "/"
            answers.append([(a.status_code, words(a).replace(str(pk), "N")) for a in (world.everyone.get(changed), world.everyone.post(changed))])
        assert answers[0] == answers[1] and {status for status, _ in answers[0]} <= {404, 405}, name


# --- ids in fields ----------------------------------------------------------------------------------------------------

def _collect(w, **more):
    from billing.cashier import shown, waiting_credit
    from billing.explain import open_lines

    said = shown(list(open_lines(w.household)), sum(s.left for s in waiting_credit(w.household)))
    return {"due_shown": said, "method": "cash", "payer_name": "张雨萍", "payer_relation": "owner", "amount": "1.00"} | more


def _void(w, **more):
    return {"reason": "amount", "words": "多收了", "goes": "reissue", "copies": ["customer", "stub", "ledger"], "room": "3-2-1801", "total": "400.00",
            "method": "cash", "payer_name": "张雨萍", "payer_relation": "owner"} | more


# Every field that holds an id: how it is sent, where to, with what else; ``charge`` is one that is paid next door.
POINTERS = {
    "UnitFilter.building": ("get", "households:units", lambda w, pk: {"building": pk}),
    "DayFilter.by": ("get", "worklog:day", lambda w, pk: {"by": pk, "on": "2026-11-20"}),
    "SearchForm.by": ("post", "worklog:search", lambda w, pk: {"by": pk}),
    "SeeForm.entries": ("post", "worklog:see_entries", lambda w, pk: {"entries": pk, "day": "2026-11-21"}),
    "CommentForm.given_to": ("post", "worklog:comment_entry", lambda w, pk: {"words": "看一下", "given_to": pk, "due_at": "2030-01-01T10:00"}),
    "PaymentsFilter.cashier": ("get", "billing:payments", lambda w, pk: {"cashier": pk, "on": "2026-10-20"}),
    "NumbersForm.who": ("get", "papers:numbers", lambda w, pk: {"who": pk}),
    "CoverForm.post": ("post", "arrange_cover", lambda w, pk: {"post": pk, "starts_on": today(), "ends_on": today()}),
    "CollectForm.charges": ("post", "billing:collect", lambda w, pk: _collect(w, charges=pk)),
    "CollectForm.due_shown": ("post", "billing:collect", lambda w, pk: _collect(w, charges=pk, due_shown=f"{pk}:100,c:0")),
    "UseCreditForm.charges": ("post", "billing:use_credit", lambda w, pk: _collect(w, charges=pk)),
    "UseCreditForm.due_shown": ("post", "billing:use_credit", lambda w, pk: _collect(w, charges=pk, due_shown=f"{pk}:100,c:0")),
    "LooksFilter.by": ("get", "looks", lambda w, pk: {"by": pk, "on": "2026-11-20"}),
    "ReceiveForm.person": ("post", "receive_data_request", lambda w, pk: {"person": pk, "wants": "copy", "scope": "全部", "id_checked": "on"}),
    "ReceiveForm.letter": ("post", "receive_data_request", lambda w, pk: {"person": w.person.pk, "wants": "copy", "scope": "全部", "id_checked": "on",
                                                                          "letter": pk}),
    "HouseholdFilesForm.person": ("post", "attach_household_files", lambda w, pk: {"kind": "identity", "person": pk, "purpose": "办证"}),
    "LetterForm.principal": ("post", "households:take_letter", lambda w, pk: {"principal": pk, "name": "何俊", "phone": "13800138000",
                                                                               "id_number": "G12345678", "matters": ["keys"], "valid_from": today()}),
    "UndoForm.building": ("post", "billing:undo_run", lambda w, pk: {"building": pk, "reason": "错了"}),
    "ChargeOnceForm.fee_kind": ("post", "billing:charge_once", lambda w, pk: {"fee_kind": pk, "amount": "10", "reason": "装修"}),
    "AskReturnForm.letter": ("post", "billing:ask_deposit_return", lambda w, pk: _returned(in_person="no", letter=pk)),
    "AskReturnForm.set_off": ("post", "billing:ask_deposit_return", lambda w, pk: _returned(set_off=pk, set_off_amount="1")),
    "AskVoidForm.charges": ("post", "billing:ask_void", lambda w, pk: _void(w, charges=pk)),
}
POINTERS |= refunds.POINTERS | vacancy.POINTERS


def _returned(**more):
    return {"original_returned": "yes", "in_person": "yes", "id_checked": "on", "method": "transfer", "inspected_by": "赵国强",
            "inspected_on": "2026-11-21"} | more


def holds_an_id(field):
    """A choice among rows: Django's own, whose choices are left unasked, or numbers that are no year."""
    if isinstance(field, ModelChoiceField):
        return True
    choices = [str(value) for value, _ in getattr(field, "choices", ())]
    numbers = getattr(field, "coerce", None) is int or any(choices) and all(value.isdigit() for value in choices if value)
    return numbers and field.label not in ("年份", "再预交")


def test_every_field_that_holds_an_id_is_tried(answers):
    found = {pointer for both in answers.values() for answer in both for pointer in answer.pointers}
    assert found == {name for name in POINTERS if "due_shown" not in name and "UseCredit" not in name}


@pytest.mark.parametrize("name", POINTERS)
def test_an_id_next_door_is_refused_like_no_id(world, name):
    method, page, data = POINTERS[name]
    theirs = world.next_door
    settled = theirs.payment.allocations.live().first().charge
    strangers = {"building": theirs.unit.building_id, "by": theirs.clerk.pk, "cashier": theirs.clerk2.pk, "given_to": theirs.clerk.pk,
                 "entries": theirs.remark.pk, "person": theirs.person.pk, "post": theirs.post.pk, "letter": theirs.letter.pk, "receipt": theirs.payment.pk,
                 "principal": theirs.household.ownerships.first().pk}.get(name.split(".")[1], settled.pk)
    assert strangers >= NEXT_DOOR
    world.everyone.get("/")                                           # takes what an earlier walk left to be said
    answers = []
    for pk in (strangers, NOBODYS):
        with taken_back():
            answer = getattr(world.everyone, method)(address(world, page), data(world, pk))
            answers.append((answer.status_code, re.sub("用时 [0-9.]+ 秒", "", words(answer).replace(str(pk), "N"))))
    assert answers[0] == answers[1]
    assert answers[0][0] in (200, 409)


def test_what_a_form_does_not_have_is_ignored(world):
    """No field sets an estate, a person or a state past the act (TRUST §4, 46)."""
    theirs = {"estate": world.next_door.estate.pk, "estate_id": world.next_door.estate.pk, "made_by": world.next_door.clerk.pk,
              "kept_by": world.next_door.clerk.pk, "kept_at": "2026-01-01", "by": world.next_door.clerk.pk, "is_superuser": "1"}
    with taken_back():
        sent = {"to_whom": "某人", "words": "回电", "due_at": f"{today() + timedelta(days=1)}T10:00", "request_key": "k1"} | theirs
        answer = world.everyone.post("/promises/new/", sent)
        assert answer.status_code == 302, [form.errors for form in forms_of(answer)]
        made = Promise.objects.order_by("pk").last()
        assert (made.estate, made.made_by.username, made.kept_by, made.kept_at) == (world.estate, "galaxy1-everyone", None, None)


# --- the checkers themselves: planted doors are caught ----------------------------------------------------------------

def bare(request):
    return HttpResponse("nobody asked who you are")


@login_not_required
def wide_open(request):
    return HttpResponse("come in")


@needs("desk.view_home")
def any_estates(request, pk):
    return HttpResponse(Promise.objects.get(pk=pk).words if Promise.objects.filter(pk=pk).exists() else "", status=200)


@needs("desk.view_home")
def tells_by_status(request, pk):
    return HttpResponse("没有", status=403 if Promise.objects.filter(pk=pk).exists() else 404)


urlpatterns = [path("planted/bare/", bare, name="bare"), path("planted/open/", wide_open, name="open"),
               path("planted/<int:pk>/", any_estates, name="any"), path("planted/<int:pk>/status/", tells_by_status, name="status"),
               path("", include(urls.urlpatterns))]


@pytest.fixture
def planted(settings):
    settings.ROOT_URLCONF = "tests.test_doors"
    return [door for door in doors("tests.test_doors") if door[1].startswith("planted/")]


def test_a_planted_bare_view_is_caught(planted, world):
    assert without_a_right(planted) == ["bare", "open"]
    assert open_to_nobody(planted, world.estate) == ["get open", "post open"]


def test_a_planted_view_that_reads_any_estates_row_is_caught(planted, world):
    rowed = [door for door in planted if "<int:" in door[1]]
    caught = tells_of_next_door(world.everyone, rowed, lambda name: [NEXT_DOOR])
    assert {line.split()[0] for line in caught} == {"any", "status"}
