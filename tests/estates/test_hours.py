"""Working days, service hours, and the official calendar that is proposed (DOMAIN §2, §4, §13; PACKAGES 3)."""
from datetime import UTC, date, datetime, time, timedelta

import pytest

from servicecentre.estates.hours import HOLIDAY, WORK, Calendar, is_open, official, opening
from servicecentre.estates.models import CalendarDay, HoursPolicy

NATIONAL_DAY, SATURDAY_WORKED = date(2026, 10, 1), date(2026, 10, 10)


@pytest.fixture
def marked(estate):
    CalendarDay.objects.create(estate=estate, day=NATIONAL_DAY, kind=HOLIDAY, name="国庆节")
    CalendarDay.objects.create(estate=estate, day=SATURDAY_WORKED, kind=WORK, name="调休上班")
    return estate


def test_a_row_of_the_calendar_beats_the_weekday(marked):
    days = Calendar(marked, date(2026, 10, 1), date(2026, 10, 31))
    assert [days.is_working(day) for day in (NATIONAL_DAY, date(2026, 10, 2), date(2026, 10, 3), SATURDAY_WORKED)] == [False, True, False, True]
    assert days.is_holiday(NATIONAL_DAY) and not days.is_holiday(date(2026, 10, 3))


def test_the_next_working_day_is_the_day_itself_or_one_behind(marked):
    days = Calendar(marked, date(2026, 10, 1), date(2026, 10, 31))
    for day, follows in ((NATIONAL_DAY, date(2026, 10, 2)), (date(2026, 10, 3), date(2026, 10, 5)), (SATURDAY_WORKED, SATURDAY_WORKED)):
        assert days.next_working(day) == follows


def test_a_month_without_a_working_day_moves_nothing(estate):
    first = date(2026, 10, 1)
    CalendarDay.objects.bulk_create(CalendarDay(estate=estate, day=first + timedelta(days=n), kind=HOLIDAY, name="x") for n in range(40))
    assert Calendar(estate, first).next_working(first) == first


def test_the_calendar_next_door_counts_for_nothing_here(marked, other_estate):
    assert Calendar(other_estate, NATIONAL_DAY).is_working(NATIONAL_DAY)


@pytest.mark.parametrize("open_on, day, is_so", [
    ("daily", NATIONAL_DAY, True), ("no_holidays", NATIONAL_DAY, False), ("no_holidays", date(2026, 10, 3), True),
    ("working", date(2026, 10, 3), False), ("working", SATURDAY_WORKED, True)])
def test_which_days_the_centre_opens(marked, open_on, day, is_so):
    HoursPolicy.objects.create(estate=marked, open_on=open_on)
    assert (opening(marked, day) is not None) is is_so


@pytest.mark.parametrize("moment, is_so", [((1, 59, 59), False), ((2, 0, 0), True), ((9, 29, 59), True), ((9, 30, 0), False)])
def test_hours_are_shanghais_and_the_last_minute_is_out(estate, moment, is_so):
    HoursPolicy.objects.create(estate=estate, opens_at=time(10), closes_at=time(17, 30))
    assert is_open(estate, datetime(2026, 11, 25, *moment, tzinfo=UTC)) is is_so


def test_hours_before_anybody_has_set_them(estate):
    opens, closes = opening(estate, date(2026, 11, 25))
    assert (opens.astimezone(UTC).hour, closes.astimezone(UTC).hour) == (0, 10) and not HoursPolicy.objects.exists()


def test_the_official_calendar_of_a_published_year():
    """国办发明电〔2025〕7 号: of 2026, as published."""
    days = {day.day: day for day in official(2026)}
    made_up = {day for day, marked in days.items() if marked.kind == WORK}
    assert made_up == {date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28), date(2026, 5, 9), date(2026, 9, 20), date(2026, 10, 10)}
    assert days[NATIONAL_DAY].name == "国庆节" and days[date(2026, 2, 23)].kind == HOLIDAY
    assert all(day.year == 2026 and len(marked.name) <= 40 for day, marked in days.items())


def test_a_year_to_come_has_feasts_and_no_make_up_days():
    assert any(day.name == "国庆节" for day in official(2030)) and not any(day.kind == WORK for day in official(2030))
