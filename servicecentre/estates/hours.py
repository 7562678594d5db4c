"""Working days and service hours of an estate: its calendar's rows first, else the weekday (DOMAIN §4, §13).

The official holidays of a year are proposed by the library `holidays`; what counts is what a manager has taken over and edited.
"""
from datetime import date, datetime, timedelta
from functools import cache
from typing import NamedTuple

from servicecentre.kit.periods import SHANGHAI, business_day

from .models import CalendarDay, HoursPolicy

LONGEST_HOLIDAY = timedelta(days=31)
SATURDAY = 5
HOLIDAY, WORK = CalendarDay.Kind


class Marked(NamedTuple):
    """A day as the calendar would have it."""

    day: date
    kind: str
    name: str


class Calendar:
    """The days from ``first`` to ``last`` and the month behind them, read once."""

    def __init__(self, estate, first, last=None):
        span = (first, (last or first) + LONGEST_HOLIDAY)
        self.marked = dict(CalendarDay.objects.of(estate).filter(day__range=span).values_list("day", "kind"))

    def is_holiday(self, day):
        """A day marked as holiday; a plain Sunday is none."""
        return self.marked.get(day) == HOLIDAY

    def is_working(self, day):
        return self.marked[day] == WORK if day in self.marked else day.weekday() < SATURDAY

    def next_working(self, day):
        """The day itself, or the first working day behind it."""
        for later in range(LONGEST_HOLIDAY.days + 1):
            if self.is_working(day + timedelta(days=later)):
                return day + timedelta(days=later)
        return day                                                  # a month without a working day: then the day stays


def opening(estate, day, policy=None):
    """(opens, closes) of the centre on that day, aware moments; None on a day when it stays closed."""
    policy = policy or HoursPolicy.of(estate)
    days = Calendar(estate, day)
    closed = (policy.open_on == HoursPolicy.OpenOn.WORKING and not days.is_working(day)
              or policy.open_on == HoursPolicy.OpenOn.NO_HOLIDAYS and days.is_holiday(day))
    if closed:
        return None
    return tuple(datetime.combine(day, clock, SHANGHAI) for clock in (policy.opens_at, policy.closes_at))


def is_open(estate, moment, policy=None):
    """Is the centre open at this moment?"""
    hours = opening(estate, business_day(moment), policy)
    return bool(hours) and hours[0] <= moment < hours[1]


@cache
def official(year):
    """The state's holidays and make-up workdays of a year as Marked days; no WORK among them: not published yet.

    Before publication the library knows the feasts by the lunar rules only: what it says then is a guess (PACKAGES 3).
    """
    import holidays

    china = holidays.country_holidays("CN", years=year, language="zh_CN")
    off = [Marked(day, HOLIDAY, name[:40]) for day, name in china.items() if day.year == year]
    made_up = [Marked(day, WORK, "调休上班") for day in china.weekend_workdays if day.year == year]
    return tuple(sorted(off + made_up))
