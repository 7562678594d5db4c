"""A clock before what was already written is told on every page (TRUST F7)."""
import pytest

from servicecentre.worklog.day import make_remark

from ..worlds import at
from .test_screens import text_of


@pytest.mark.parametrize("moment, told", [((2026, 11, 24, 3, 59, 59), False), ((2026, 11, 24, 3, 58, 0), False), ((2026, 11, 24, 3, 57, 59), True),
                                          ((2026, 11, 24, 3, 0), True), ((2026, 11, 23, 4), True), ((2026, 11, 25, 4), False), ((2026, 12, 1, 0), False)])
def test_a_clock_more_than_two_minutes_before_the_newest_line_is_told(desk, estate, clerk, moment, told):
    make_remark(estate, words="十二点整", by=clerk)
    with at(*moment):
        for page in ("/", "/log/"):
            assert ("电脑的时钟不对" in text_of(desk.get(page))) is told


def test_it_stays_told_while_lines_are_written_by_the_wrong_clock(desk, estate, clerk):
    make_remark(estate, words="十二点整", by=clerk)
    with at(2026, 11, 24, 2):
        make_remark(estate, words="时钟慢了", by=clerk)
        assert "最新一条日志是 2026-11-24 12:00" in text_of(desk.get("/log/"))


def test_another_estates_lines_say_nothing_here(desk, other_estate, other_clerk):
    with at(2026, 11, 25, 4):
        make_remark(other_estate, words="别处", by=other_clerk)
    assert "电脑的时钟不对" not in text_of(desk.get("/log/"))
