"""The log's cast: noon of a day, a household, and a promise that is due in three hours."""
from datetime import timedelta

import pytest

from servicecentre.kit.periods import now
from servicecentre.worklog.day import make_promise

from ..factories import make_household
from ..worlds import at

NOON = (2026, 11, 24, 4)                          # 12:00 in Shanghai


@pytest.fixture(autouse=True)
def noon():
    with at(*NOON):
        yield


@pytest.fixture
def household(estate):
    return make_household(estate, "3-2-1801", owner="张雨萍")


@pytest.fixture
def promise(estate, household, clerk):
    return make_promise(estate, to_whom="张女士", words="答复公摊怎么算", due_at=now() + timedelta(hours=3), household=household,
                        phone="13800135678", by=clerk)
