"""Each page asks the database as often with many rows as with three: its number of queries does not grow (STYLE §5)."""
import re
from collections import Counter
from contextlib import nullcontext
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.paginator import Paginator
from django.db import connection
from django.test.utils import CaptureQueriesContext

from servicecentre.desk.office import create_estate
from servicecentre.desk.sealing import seal_day
from servicecentre.estates.models import Estate
from servicecentre.kit.rows import EstateRow
from servicecentre.roles import Role
from servicecentre.staff.models import Post, User
from servicecentre.worklog.models import Promise
from servicecentre.worklog.review import see_entries, unseen

from .conftest import Desk
from .crowds import crowd, lists_of
from .walk import INSIDE, address, unframed
from .worlds import at, taken_back, unset, unwritten

FEW, MANY = 3, 15                                 # more than a short list shows; each further one costs a second to make
THEN = (2026, 11, 21, 3)                          # the hour of both worlds, so that today's pages have rows


@pytest.fixture(scope="module")
def worlds(django_db_setup, django_db_blocker):
    with unwritten(django_db_blocker), at(*THEN):
        worlds = tuple(crowd(create_estate(slug, name, by=User.system()), n) for slug, name, n in (
            ("small", "小小区", FEW), ("large", "大小区", MANY)))
        for w in worlds:
            address(w, "home")                        # asks for the rows of all pages, which is not to be counted below
        yield worlds


@pytest.fixture(autouse=True)
def db(worlds):
    """In pytest-django's place: each test takes back what it did to the two worlds."""
    with taken_back(), unset(), at(*THEN):
        yield


def queries(ask):
    """What it asked, values apart."""
    with CaptureQueriesContext(connection) as captured:
        answer = ask()
    assert answer.status_code in (200, 302, 405, 410), answer.status_code
    return Counter(re.sub(r"'[^']*'|\d+", "?", re.sub(r"IN \([^()]*\)", "IN (…)", query["sql"])) for query in captured), answer


def same(worlds, ask):
    """Both answers; the first asking fills what is kept in memory, and is not counted."""
    ask(worlds[0])
    (few, first), (many, second) = (queries(lambda w=w: ask(w)) for w in worlds)
    more = many - few
    assert many.total() == few.total(), f"{few.total()} and {many.total()}:\n" + "\n".join(f"+{n} {sql[:600]}" for sql, n in more.items())
    return first, second


# Of these a world has as many as it has, whatever goes on there; every other row of an estate is made more of.
AS_MANY = {"Building", "Credit", "PettyCash", "PrepaymentMove", "VacancyReading",
           "HandoverReading", "OwnerChange", "TakenOver", "KnownLayout", "Seal", "Shift", "RetentionItem"}


def test_the_large_world_has_more_of_everything(worlds):
    """Else the comparisons below compare nothing."""
    for model in (m for m in apps.get_models() if issubclass(m, EstateRow) and m.__name__ not in AS_MANY and not m.__name__.endswith("Policy")):
        few, many = (model._base_manager.filter(estate=w.estate).count() for w in worlds)
        least = 12 if model.__name__ in ("Draft", "Ownership", "Review") else MANY - FEW          # of these there is a most
        assert many >= few + least, f"{model.__name__}: {few}, {many}"


# Lists that are as long in both worlds: a page's most, or of a row that ROWS below has with many.
SHORT = {"household owed", "papers:batches papers",
         "users changes", "user changes", "billing:collect receipts", "billing:payment voids", "worklog:day page", "account posts", "home columns"}
BELOW = {"billing:charge settled", "billing:charge waivers", "billing:prepayment lines", "billing:prepayment moves", "billing:deposit moves",
         "billing:parking_space page", "billing:parking_space facts", "billing:parking_contract lines", "billing:renew_contract quote",
         "billing:renew_contract cars", "billing:renew_contract free", "billing:vacancy rows", "billing:vacancy first",
         "household tenures", "households:unit tenures", "households:unit areas", "billing:payment lines", "billing:payment later",
         "billing:void lines", "billing:void later", "billing:ask_void later", "worklog:review exceptions", "worklog:review groups"}


@pytest.mark.parametrize("name", [name for name, _, _ in INSIDE])
def test_a_page_asks_as_often_for_many_rows_as_for_three(worlds, name):
    """What the frame asks around each page is counted at home."""
    with nullcontext() if name == "home" else unframed():
        few, many = map(lists_of, same(worlds, lambda w: w.everyone.get(address(w, name))))
    for which, (leaves, rows) in many.items():
        if rows and f"{name} {which}" not in SHORT | BELOW:
            assert (leaves, rows) > few[which], f"{name} lists as many {which} ({rows}) in both worlds"


OWN = {Role.CLERK: ("/", "/log/", "/billing/payments/", "/billing/counter/", "/billing/voids/"),
       Role.MANAGER: ("/", "/log/review/?on=2026-11-21", "/log/review/?on=2026-11-20", "/log/day.pdf?on=2026-11-21", "/billing/voids/"),
       **{role: ("/", "/estate/") for role in (Role.ENGINEER, Role.GUARD, Role.FINANCE, Role.ADMINISTRATOR)}}


@pytest.mark.parametrize(("role", "page"), [(role, page) for role, pages in OWN.items() for page in pages])
def test_so_it_does_for_those_who_see_a_part_only(worlds, role, page):
    busy = {Role.CLERK: "clerk", Role.MANAGER: "manager"}            # who did all that is listed
    desks = [Desk(getattr(w, busy[role]) if role in busy else w.of_role[role], w.estate) for w in worlds]
    same(worlds, lambda w: desks[worlds.index(w)].get(page))


FILTERED = {"units by state": "/units/?state=free", "units of a kind": "/units/?kind=home", "a day by person": "/log/?on=2026-11-21&area=billing",
            "urgent": "/log/?urgent=on", "void ones": "/billing/payments/?state=void", "by method": "/billing/payments/?method=wechat",
            "void papers": "/papers/?state=void", "notices": "/papers/?kind=TZ", "missing": "/papers/?state=missing",
            "a month with corrections": "/billing/run/?month=2026-11",
            "a month to come": "/billing/run/?month=2027-01", "lines": "/billing/run/lines/?month=2026-11",
            "who is left out": "/billing/run/left-out/?month=2026-11", "as Excel": "/billing/run/month.xlsx?month=2026-11",
            "left out as Excel": "/billing/run/left-out.xlsx?month=2026-11", "second page": "/log/?page=2",
            "phrases sought": "/texts/?q=您好", "pages sought": "/texts/handbook/?q=问候", "looks": "/looks/?kind=worklog.reveal_scan",
            "looks of a room": "/looks/?room=3-2-1801&reason=办证", "batches of a day": "/papers/batches/?first=2026-10-20&last=2026-10-20",
            "a setting's form": "/office/?change=billing.billingpolicy.first_days"}


@pytest.mark.parametrize("what", FILTERED)
def test_a_filtered_page_too(worlds, what):
    same(worlds, lambda w: w.everyone.get(FILTERED[what]))


ROWS = {"a line paid in parts": lambda w: f"/billing/charges/{w.often.pk}/",
        "account": lambda w: address(w, "billing:account"), "receipts": lambda w: address(w, "billing:account") + "?show=receipts",
        "a receipt of many lines": lambda w: w.long_payment.get_absolute_url(),
        "what its void would do": lambda w: w.long_void.get_absolute_url(),
        "a receipt whose rest paid much": lambda w: w.rest_payment.get_absolute_url(),
        "what the void of that would do": lambda w: w.rest_void.get_absolute_url(), "a unit of many tenures": lambda w: w.free.get_absolute_url(),
        "one of them": lambda w: w.free.households.first().get_absolute_url(),
        "its paper": lambda w: f"/papers/{w.long_payment.paper.pk}/", "its void": lambda w: f"/billing/payments/{w.long_payment.pk}/void/",
        "a scanned mark": lambda w: f"/q/{w.payment.paper.mark}", "a person entered twice": lambda w: address(w, "households:merge_people"),
        "a promise's files": lambda w: address(w, "promise_files"), "a firm's own": lambda w: address(w, "change_contractor")}


@pytest.mark.parametrize("what", ROWS)
def test_a_row_with_many_of_its_own(worlds, what):
    same(worlds, lambda w: w.everyone.get(ROWS[what](w)))


@pytest.mark.parametrize("asked", ["业主", "3-1", "yz", "139"])
@pytest.mark.parametrize("htmx", [True, False])
def test_a_search_with_many_answers(worlds, asked, htmx):
    headers = {"HX-Request": "true"} if htmx else {}
    same(worlds, lambda w: w.everyone.post("/search/", {"q": asked}, headers=headers))


SENT = {"a search over the years": ("/log/search/", {"q": "件"}), "of a room": ("/log/search/", {"room": "3-2-1801", "area": "households"}),
        "the register as Excel": ("/units/export/", {"reason": "核对"}),
        "charges as Excel": ("/billing/charges/export/", {"first": "2026-09", "last": "2026-11", "reason": "核对"}),
        "the lock with everybody's name": ("/lock/", {})}


@pytest.mark.parametrize("what", SENT)
def test_what_is_asked_by_post(worlds, what):
    where, data = SENT[what]

    def ask(w):
        with taken_back():
            answer = w.everyone.post(where, data)
            for _ in answer.streaming_content if answer.streaming else ():
                pass
            return w.everyone.get("/lock/") if where == "/lock/" else answer
    same(worlds, ask)


def test_of_many_estates(worlds):
    """The same user, who serves three of them and then many."""
    user = worlds[0].everyone.user

    def serves(w, n):
        made = Estate.objects.bulk_create(Estate(slug=f"more-{w}-{i}", name=f"小区{w}{i}") for i in range(n))
        Post.objects.bulk_create(Post(estate=each, user=user, role=Role.CLERK) for each in made)
        return n
    serves("a", FEW)
    few, _ = queries(lambda: worlds[0].everyone.get("/estates/"))
    serves("b", MANY)
    many, _ = queries(lambda: worlds[0].everyone.get("/estates/"))
    assert few == many


def seal(w, days):
    """The day of the world and those behind it, each sealed on the day after; each seal is a line of its day."""
    by = w.of_role[Role.MANAGER]
    for day in (date(2026, 11, 21) + timedelta(days=n) for n in range(days)):
        with at(*(day + timedelta(days=1)).timetuple()[:3], 3):
            if left := list(unseen(w.estate, day).values_list("pk", flat=True)):
                see_entries(w.estate, day=day, entries=left, by=by)
            seal_day(w.estate, day=day, by=by)


def test_after_many_seals(worlds):
    for w, days in zip(worlds, (FEW, MANY), strict=True):
        seal(w, days)
    with at(2026, 12, 25, 3):
        worlds[1].everyone.get("/")                       # the first click of a day notes when it was
        for page in ("/", "/log/?on=2026-11-21", "/log/review/?on=2026-11-21", "/log/day.pdf?on=2026-11-21"):
            same(worlds, lambda w, page=page: w.everyone.get(page))


def test_the_checker_counts(worlds):
    """A page that asks once per row is seen."""
    class Answer:
        status_code = 200

    def per_row(w):
        for promise in Promise.objects.of(w.estate):
            str(promise.made_by)
        return Answer
    with pytest.raises(AssertionError):
        same(worlds, per_row)


def test_lists_are_counted_however_they_are_handed_over(worlds):
    promises = Promise.objects.of(worlds[0].estate).order_by("pk")[:2]
    one = promises[0]
    answer = SimpleNamespace(context=[SimpleNamespace(flatten=lambda: {
        "rows": promises, "page": Paginator(promises, 1).get_page(1), "pairs": [(one, "x", [one])], "parts": {"a": {"rows": [one]}}, "row": one})])
    assert lists_of(answer) == {"rows": (2, 2), "page": (1, 1), "pairs": (3, 2), "parts": (1, 1)}
