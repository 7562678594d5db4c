"""A small estate with two buildings, the hour, and a notice that each test asks for in its own words."""
from datetime import UTC, datetime, timedelta

import pytest

from households.models import Building
from servicecentre.kit import periods
from servicecentre.roles import Role
from tests.conftest import person_at
from tests.factories import make_unit
from tickets.notices import post_notice

NOON = datetime(2026, 11, 25, 4, tzinfo=UTC)              # 12:00 in Shanghai, a Wednesday
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def travel(monkeypatch):
    """Set the clock: travel(moment); it is noon to begin with."""
    def to(moment):
        monkeypatch.setattr(periods, "clock", lambda: moment)
    to(NOON)
    return to


@pytest.fixture
def units(estate):
    """{code: unit}: building 3 with two entrances, 5 with one, a shop."""
    return {code: make_unit(estate, code) for code in ("3-1-101", "3-2-101", "5-1-101", "S01")}


@pytest.fixture
def building(estate, units):
    """building("3") of this estate."""
    return lambda code: Building.objects.of(estate).get(code=code)


@pytest.fixture
def engineer(estate):
    return person_at(estate, "zhaoguoqiang", "赵国强", Role.ENGINEER)


@pytest.fixture
def post(estate, clerk, units):
    """post(**changes) → a notice of the whole estate from an hour ago until three hours on."""
    def make(**changes):
        said = {"kind": "water", "whole": True, "places": [], "starts_at": NOON - HOUR, "ends_at": NOON + 3 * HOUR, "cause": "换主管阀门",
                "words": "请提前储水。", "by": clerk} | changes
        return post_notice(changes.pop("estate", estate), **{name: value for name, value in said.items() if name != "estate"})
    return make
