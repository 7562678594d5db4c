"""Every URL, read from the resolver, against nobody, every role, and a row that does exist in the other estate (TRUST 12, 13)."""
import re

import pytest
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from servicecentre.roles import RIGHTS, Role

from .conftest import Desk, person_at

PUBLIC = {"healthz", "readyz", "sign_in", "mark"}                 # and /static/, which WhiteNoise serves
SIGNED_IN = {"sign_out", "switch_estate"}                         # need no estate


def patterns(resolver=None, prefix="", space=""):
    for p in (resolver or get_resolver()).url_patterns:
        if isinstance(p, URLResolver):
            inner = f"{space}{p.namespace}:" if p.namespace else space
            yield from patterns(p, prefix + str(p.pattern), inner)
        elif isinstance(p, URLPattern):
            yield space + (p.name or ""), prefix + str(p.pattern), p.callback


DOORS = list(patterns())
NAMES = [name for name, _, _ in DOORS]
INSIDE = [d for d in DOORS if d[0] not in PUBLIC | SIGNED_IN]


def path_of(pattern, number=1):
    """A path that fits the pattern, every id being this number."""
    path = re.sub(r"<(?:int:)?\w+>", str(number), pattern.replace("<str:", "<"))
    return "/" + path


def test_every_url_has_a_name_of_its_own():
    assert all(NAMES) and len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize(("name", "pattern", "view"), INSIDE, ids=[d[0] for d in INSIDE])
def test_every_page_has_a_right(name, pattern, view):
    assert getattr(view, "needs", None) in RIGHTS, f"{name}: no @needs"


@pytest.mark.parametrize(("name", "pattern", "view"), [d for d in DOORS if d[0] not in PUBLIC], ids=[n for n in NAMES if n not in PUBLIC])
@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_is_sent_to_sign_in(estate, name, pattern, view, method):
    response = getattr(Client(), method)(f"/e/{estate.slug}{path_of(pattern)}")
    assert response.status_code == 302 and "/sign-in/" in response.url


@pytest.mark.parametrize("role", Role)
def test_a_role_passes_only_the_doors_it_has_a_right_to(estate, role):
    desk = Desk(person_at(estate, f"only-{role}", "某人", role), estate, raise_request_exception=True)
    for name, pattern, view in INSIDE:
        allowed = role in RIGHTS[view.needs].roles
        status = desk.get(path_of(pattern, 10**9)).status_code
        assert (status == 403) is not allowed, f"{role} {name}: {status}"


def test_who_does_not_serve_an_estate_finds_nothing_there(estate, other_clerk):
    desk = Desk(other_clerk, estate)
    there = desk.get("/").content
    assert {desk.get(path_of(pattern)).status_code for _, pattern, _ in INSIDE} == {404}
    assert Desk(other_clerk, type("Nowhere", (), {"slug": "nowhere"})).get("/").content == there


def test_a_row_next_door_is_as_good_as_none(neighbours_rows, desk):
    """Each page of one row, asked for a row that exists in the other estate, answers as for no such row."""
    rowed = [(name, pattern) for name, pattern, _ in INSIDE if "<int:" in pattern]
    assert rowed
    for name, pattern in rowed:
        for pk in sorted(neighbours_rows):
            for method in (desk.get, desk.post):
                theirs, none = method(path_of(pattern, pk)), method(path_of(pattern, 10**9))
                assert theirs.status_code in (403, 404, 405), f"{name} {pk}: {theirs.status_code}"
                assert theirs.status_code == none.status_code
