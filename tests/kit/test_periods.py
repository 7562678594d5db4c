"""Months and days: calendar truth in Asia/Shanghai, and what people write (TRUST §4 rows 22–24)."""

import calendar
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as some

from servicecentre.kit import periods
from servicecentre.kit.periods import BillingMonth, parse_date

DAYS = some.dates(date(1900, 1, 1), date(2045, 12, 31))
MONTHS = DAYS.map(BillingMonth.of)


@pytest.fixture
def evening(monkeypatch):
    """Half past midnight of the 24th in Nanjing, still the 23rd in UTC."""
    moment = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
    monkeypatch.setattr(periods, "clock", lambda: moment)
    return moment


@given(MONTHS)
def test_month_agrees_with_the_calendar(month):
    assert month.days == calendar.monthrange(month.year, month.month)[1]
    assert (month.first.day, month.last.day) == (1, month.days)
    assert month.next.first == month.last + timedelta(days=1)
    assert month.next.previous == month and month.previous < month < month.next
    assert BillingMonth.parse(str(month)) == BillingMonth.of(month.last) == month


@given(MONTHS, some.integers(-600, 600), some.integers(-600, 600))
def test_months_add_up(month, a, b):
    assert month + a + b == month + (a + b)
    assert (month + a < month) == (a < 0)


@given(MONTHS, DAYS, some.none() | DAYS)
def test_days_of_a_span_are_counted_one_by_one(month, starts, ends):
    days = [month.first + timedelta(days=n) for n in range(month.days)]
    assert month.days_within(starts, ends) == sum(starts <= day and (ends is None or day <= ends) for day in days)
    assert all(day in month for day in days) and month.next.first not in month


@pytest.mark.parametrize("text", ["2026-11", "2026/11", "2026.11", "202611", "2026年11月", "2026年11月份", "２０２６-11", " 2026-11 "])
def test_month_is_taken_as_people_write_it(text):
    assert BillingMonth.parse(text) == BillingMonth(2026, 11)


@pytest.mark.parametrize("text, words", [
    ("2026-13", "没有 13 月"), ("2026-00", "没有 0 月"), ("去年底", "如 2026-11"), ("", "如 2026-11"), (None, "如 2026-11"),
    ("2026.1", "如 2026-11"), ("26-11", "如 2026-11"), ("٢٠٢٦-11", "如 2026-11"), ("2999-01", "1900 年"), ("0000-01", "1900 年"),
    ("2026-11-01", "如 2026-11"), (True, "如 2026-11"),
])
def test_what_is_no_month_is_refused_with_an_example(text, words):
    with pytest.raises(ValidationError, match=words):
        BillingMonth.parse(text)


def test_month_says_its_name_and_cannot_be_the_thirteenth():
    assert BillingMonth(2026, 1).label == "2026年1月"
    with pytest.raises(ValueError):
        BillingMonth(2026, 13)
    with pytest.raises(TypeError):
        BillingMonth(2026, 1) + "1"


@pytest.mark.parametrize("text", ["2025-10-03", "2025.10.3", "2025/10/3", "2025年10月3日", "2025年10月3号", "２０２５．１０．３",
                                  "2025-10-03 00:00:00", date(2025, 10, 3), datetime(2025, 10, 3),  # noqa: DTZ001 as openpyxl gives
                                  datetime(2025, 10, 2, 16, tzinfo=UTC)])
def test_day_is_taken_in_every_form_of_the_lists(text):
    assert parse_date(text) == date(2025, 10, 3)


@pytest.mark.parametrize("text, words", [
    ("2026-02-30", "2026 年 2 月没有 30 日"), ("2026-02-29", "没有 29 日"), ("2026-13-01", "没有 13 月"), ("24:00", "如 2026-11-23"),
    ("26-1-5", "如 2026-11-23"), ("2026-1.5", "如 2026-11-23"), ("", "如 2026-11-23"), (None, "如 2026-11-23"),
    ("0002-01-01", "1900 年"), ("2999-01-01", "1900 年"), ("1899-12-31", "1900 年"), ("2025年2月30日", "没有 30 日"),
    ("0000-01-01", "请输入日期"), ("2025-10-03 14:20:00", "如 2026-11-23"), ("2026-11-23'; --", "如 2026-11-23"),
])
def test_what_is_no_day_is_refused_with_an_example(text, words):
    with pytest.raises(ValidationError, match=words):
        parse_date(text)


@given(DAYS)
def test_day_reads_back_and_its_bounds_hold_it(day):
    if day <= periods.today():
        assert parse_date(day.isoformat()) == day
    start, end = periods.day_bounds(day)
    assert periods.business_day(start) == day == periods.business_day(end - timedelta(microseconds=1))
    assert periods.business_day(end) == day + timedelta(days=1)
    assert start.utcoffset() == timedelta(0)


def test_a_birthday_in_summer_time_stays_the_same_day():
    assert parse_date("1988-04-17") == date(1988, 4, 17)
    start, end = periods.day_bounds(date(1988, 4, 17))
    assert end - start == timedelta(hours=23)


def test_limit_is_twenty_years_from_today(evening):
    assert parse_date("2046-11-24") == date(2046, 11, 24)
    with pytest.raises(ValidationError, match="2046 年之间"):
        parse_date("2046-11-25")


def test_limit_stands_on_leap_day(monkeypatch):
    monkeypatch.setattr(periods, "clock", lambda: datetime(2080, 2, 29, 4, tzinfo=UTC))
    assert parse_date("2100-02-28") == date(2100, 2, 28)
    with pytest.raises(ValidationError):
        parse_date("2100-03-01")


def test_business_day_is_that_of_nanjing(evening):
    assert periods.now() == evening
    assert periods.today() == date(2026, 11, 24)
    assert periods.business_day(evening.astimezone(timezone(timedelta(hours=-8)))) == date(2026, 11, 24)
    with pytest.raises(ValueError):
        periods.business_day(datetime(2026, 11, 23))  # noqa: DTZ001 the very mistake


def test_times_are_shown_short(evening):
    assert periods.shown_date(date(2026, 11, 24)) == "今天"
    assert periods.shown_date(date(2026, 1, 3)) == "01-03"
    assert periods.shown_date(date(2025, 11, 23)) == "2025-11-23"
    assert periods.shown_date(date(2025, 11, 23), date(2025, 1, 1)) == "11-23"
    assert periods.shown_moment(evening) == "00:30"
    assert periods.shown_moment(evening - timedelta(hours=1)) == "11-23 23:30"
    assert periods.shown_moment(evening - timedelta(days=365)) == "2025-11-24 00:30"
    assert periods.shown_moment(evening, evening + timedelta(days=365)) == "2026-11-24 00:30"
