"""Acts on the calendar: the official holidays and make-up workdays of a year taken over, a day marked or unmarked by hand."""
from servicecentre.estates.hours import WORK, official
from servicecentre.estates.models import CalendarDay, Estate
from servicecentre.kit.periods import shown_date, today
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.worklog.acts import act, record

from .editing import checked

YEARS = (2024, 2040)                      # before it nothing is reckoned, behind it the library knows no feast


def year_of(text, default):
    """A year of the calendar's pages from an address; the default for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) == 4 and YEARS[0] <= int(text) <= YEARS[1] else default


def missing_days(estate, year):
    """Official days of that year that this estate's calendar does not have, and those that it has otherwise."""
    there = {row.day: row for row in CalendarDay.objects.of(estate).of_year(year)}
    return [day for day in official(year) if day.day not in there or there[day.day].kind != day.kind]


@act
def take_official_days(estate, *, year, by):
    """Enter the official days of a year that are not marked yet; returns the estate, with how many in ``taken``.

    Days marked by hand stay as they are. Refused when there is nothing to enter.
    """
    Estate.objects.select_for_update(no_key=True).get(pk=estate.pk)
    if year_of(str(year), None) is None:
        raise Refused(f"只有 {YEARS[0]} 到 {YEARS[1]} 年。")
    there = set(CalendarDay.objects.of(estate).of_year(year).values_list("day", flat=True))
    new = [CalendarDay(estate=estate, day=day.day, kind=day.kind, name=day.name) for day in official(year) if day.day not in there]
    if not new:
        raise Refused(f"{year} 年的节假日都载入过了。")
    CalendarDay.objects.bulk_create(new)
    made_up = sum(day.kind == WORK for day in new)
    record(by, f"载入 {year} 年节假日 {len(new)} 天，其中调休上班 {made_up} 天", estate=estate)
    estate.taken = len(new)
    return estate


@act
def mark_day(estate, *, day, kind, name, by, despite=()):
    """Mark a day as holiday or workday; one that is marked otherwise is asked about (``marked``). Returns the CalendarDay."""
    Estate.objects.select_for_update(no_key=True).get(pk=estate.pk)
    name = checked("name", clean_text, name, 40)
    if not name:
        raise Refused({"name": "请填写"})
    if year_of(str(day.year), None) is None:
        raise Refused({"day": f"只有 {YEARS[0]} 到 {YEARS[1]} 年。"})
    row = CalendarDay.objects.of(estate).filter(day=day).first() or CalendarDay(estate=estate, day=day)
    if (row.kind, row.name) == (kind, name):
        return row
    if row.pk and "marked" not in despite:
        raise Refused(f"{day} 已登记为{row.get_kind_display()}，{row.name}。", unless="marked")
    row.kind, row.name = kind, name
    row.save()
    record(by, f"节假日 {shown_date(day, today())} {CalendarDay.Kind(kind).label}，{name}", row)
    return row


@act
def unmark_day(row, *, by):
    """The day is again what its weekday says; returns the estate."""
    row = CalendarDay.objects.lock(row)
    estate = row.estate
    record(by, f"节假日 {shown_date(row.day, today())} {row.name} 删去", estate=estate)
    row.delete()
    return estate
