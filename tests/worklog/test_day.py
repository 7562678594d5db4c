"""Remarks by hand, and promises made, moved, kept: a time agreed with somebody is not forgotten (DOMAIN §6)."""
from datetime import UTC, datetime, timedelta

import pytest

from servicecentre.kit.periods import now
from servicecentre.kit.refused import Refused
from servicecentre.worklog.day import keep_promise, make_promise, make_remark, move_promise
from servicecentre.worklog.models import Entry, Promise

from ..worlds import at


def last_entry():
    return Entry.objects.order_by("pk").last()


def test_a_remark_is_a_line_of_the_log(estate, household, clerk):
    entry = make_remark(estate, words="电梯检修，已贴通知", household=household, urgent=True, by=clerk)
    assert (entry.words, entry.by, entry.room, entry.urgent, entry.estate, entry.row) == (
        "电梯检修，已贴通知", clerk, "3-2-1801", True, estate, None)
    assert entry.day.isoformat() == "2026-11-24" and entry.intact


def test_the_day_of_an_entry_is_shanghais(estate, clerk):
    days = []
    for moment in ((2026, 11, 24, 15, 59, 59), (2026, 11, 24, 16, 0, 0)):
        with at(*moment):
            days.append(make_remark(estate, words="夜班", by=clerk).day.isoformat())
    assert days == ["2026-11-24", "2026-11-25"]


def test_a_promise_is_noted_with_whom_and_until_when(promise, household, clerk):
    assert (promise.room, promise.to_whom, promise.made_by, promise.kept_at, promise.moved) == ("3-2-1801", "张女士", clerk, None, 0)
    assert last_entry().words == "承诺：答复公摊怎么算，约 15:00 前"
    assert last_entry().row == promise and last_entry().household_no == household.number


def test_a_promise_needs_no_household(estate, clerk):
    promise = make_promise(estate, to_whom="快递员", words="回电", due_at=now() + timedelta(hours=1), by=clerk)
    assert promise.household_no == "" and promise.room == ""


@pytest.mark.parametrize("span, words", [(timedelta(0), "已经过了"), (timedelta(minutes=-1), "已经过了"), (timedelta(days=367), "一年以后")])
def test_a_time_that_nobody_means_is_refused_beside_its_field(estate, clerk, promise, span, words):
    for attempt in (lambda: make_promise(estate, to_whom="某人", words="回电", due_at=now() + span, by=clerk),
                    lambda: move_promise(promise, due_at=now() + span, reason="忙", version=1, by=clerk)):
        with pytest.raises(Refused, match=words) as refusal:
            attempt()
        assert set(refusal.value.message_dict) == {"due_at"}
    assert Promise.objects.count() == 1


def test_moving_a_promise_counts_and_says_from_when_to_when(promise, manager):
    moved = move_promise(promise, due_at=now() + timedelta(days=1), reason="等财务对账", version=promise.version, by=manager)
    assert (moved.moved, moved.version, moved.made_by) == (1, 2, promise.made_by)
    assert last_entry().words == "承诺改期：答复公摊怎么算，由 15:00 改为 11-25 12:00，等财务对账"
    assert last_entry().household_no == promise.household_no


def test_a_promise_moved_after_its_time_is_an_exception(promise, clerk):
    """Else one click would take its lateness out of the day's review."""
    promise = move_promise(promise, due_at=now() + timedelta(hours=4), reason="客户改口", version=promise.version, by=clerk)
    assert not last_entry().exception
    with at(2026, 11, 24, 9):
        move_promise(promise, due_at=now() + timedelta(days=1), reason="忘了", version=promise.version, by=clerk)
    assert last_entry().passed == ["late"] and last_entry().exception[2] == "迟办"


def test_keeping_a_promise_says_its_outcome_and_closes_it(promise, manager):
    kept = keep_promise(promise, outcome="已当面说清", version=promise.version, by=manager)
    assert (kept.kept_by, kept.outcome, kept.was_late) == (manager, "已当面说清", False)
    assert last_entry().words == "承诺办完：答复公摊怎么算。已当面说清"
    assert not Promise.objects.of(promise.estate).open().exists()


def test_a_promise_kept_late_says_so(promise, clerk):
    with at(2026, 11, 24, 8):
        assert keep_promise(promise, outcome="已回电", version=promise.version, by=clerk).was_late
        assert "，比约定晚。已回电" in last_entry().words


@pytest.mark.parametrize("again", [lambda p, by: keep_promise(p, outcome="又办", version=2, by=by),
                                   lambda p, by: move_promise(p, due_at=now() + timedelta(days=1), reason="忙", version=2, by=by)])
def test_what_is_kept_stays_as_it_was_kept(promise, clerk, manager, again):
    keep_promise(promise, outcome="已回电", version=promise.version, by=manager)
    with pytest.raises(Refused, match="陈静 已于 12:00 办完这件承诺"):
        again(promise, clerk)
    assert Promise.objects.get().outcome == "已回电"


@pytest.mark.parametrize("stale", [lambda p, by: keep_promise(p, outcome="已回电", version=1, by=by),
                                   lambda p, by: move_promise(p, due_at=now() + timedelta(days=2), reason="忙", version=1, by=by)])
def test_who_has_an_old_page_is_told_that_it_changed(promise, clerk, manager, stale):
    moved = move_promise(promise, due_at=now() + timedelta(days=1), reason="等财务", version=1, by=manager)
    with pytest.raises(Refused, match="刚才.*您的改动没有保存"):
        stale(promise, clerk)
    now_there = Promise.objects.get()
    assert (now_there.due_at, now_there.moved, now_there.kept_at) == (moved.due_at, 1, None)


def test_a_second_click_keeps_it_once(promise, clerk):
    first = keep_promise(promise, outcome="已回电", version=1, by=clerk, request_key="k")
    again = keep_promise(promise, outcome="已回电", version=1, by=clerk, request_key="k")
    assert again == first and again.is_repeat
    assert Entry.objects.filter(act="worklog.keep_promise").count() == 1


def test_open_ones_stand_in_the_order_of_their_time_and_of_one_estate(estate, other_estate, clerk, other_clerk):
    late = make_promise(estate, to_whom="丙", words="三", due_at=now() + timedelta(days=2), by=clerk)
    soon = make_promise(estate, to_whom="乙", words="二", due_at=now() + timedelta(hours=1), by=clerk)
    make_promise(other_estate, to_whom="甲", words="一", due_at=now() + timedelta(minutes=5), by=other_clerk)
    assert list(Promise.objects.of(estate).open().due_first()) == [soon, late]
    assert list(Promise.objects.of(estate).overdue(at=datetime(2026, 11, 24, 6, tzinfo=UTC))) == [soon]


@pytest.mark.parametrize("minutes, kind, word", [(180, "idle", "15:00 前"), (119, "warn", "13:59 前"), (1, "warn", "12:01 前"),
                                                 (0, "bad", "逾期 0 分"), (-42, "bad", "逾期 42 分"), (-180, "bad", "逾期 3 小时"),
                                                 (-3000, "bad", "逾期 2 天"), (24 * 60, "idle", "11-25 12:00 前")])
def test_its_clock_is_told_in_a_few_words(promise, minutes, kind, word):
    promise.due_at = now() + timedelta(minutes=minutes)
    assert (promise.state["kind"], promise.state["word"]) == (kind, word)
