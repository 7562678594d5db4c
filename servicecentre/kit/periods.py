"""Days and months of the trade: a business day and a billing month are Asia/Shanghai dates, moments are kept in UTC.

The clock is read in one place, `clock`, so that a test can travel by putting another function there.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError

SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEKDAYS = "一二三四五六日"
FIRST_YEAR, YEARS_AHEAD = 1900, 20  # what is outside is a slip of the hand (TRUST §4 row 23)

_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_DAY = re.compile(
    r"([0-9]{4})\s*(?:(?P<mark>[-/.])\s*([0-9]{1,2})\s*(?P=mark)\s*([0-9]{1,2})|年\s*([0-9]{1,2})\s*月\s*([0-9]{1,2})\s*[日号])"
    r"(?:[T\s]\s*0{1,2}:00(?::00(?:\.0+)?)?)?")
_MONTH = re.compile(r"([0-9]{4})\s*(?:[-/]\s*([0-9]{1,2})|\.?([0-9]{2})|年\s*([0-9]{1,2})\s*月份?)")


def clock():
    """The machine's time, aware, in UTC."""
    return datetime.now(UTC)


def now() -> datetime:
    """This moment, aware, in UTC."""
    return clock()


def today() -> date:
    """The business day of now: the date in Asia/Shanghai."""
    return business_day(now())


def business_day(moment: datetime) -> date:
    """The Asia/Shanghai date in which an aware moment falls."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone has no business day")
    return moment.astimezone(SHANGHAI).date()


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """First moment of a business day and of the next one, in UTC: for `start <= at < end`."""
    return tuple(datetime.combine(d, time.min, SHANGHAI).astimezone(UTC) for d in (day, day + timedelta(days=1)))


@dataclass(frozen=True, order=True)
class BillingMonth:
    """A calendar month; in the database a DateField `period` that holds `.first`."""

    year: int
    month: int

    def __post_init__(self):
        if not 1 <= self.month <= 12:
            raise ValueError(f"no month {self.month}")

    @classmethod
    def parse(cls, text) -> "BillingMonth":
        """From `2026-11`, also `2026/11`, `2026.11`, `202611`, `2026年11月`; ValidationError in words.

        `2026.1` is refused: a spreadsheet makes it of 2026.10.
        """
        found = _MONTH.fullmatch(_plain(text))
        if not found:
            raise ValidationError("请输入月份，如 2026-11")
        year, month = int(found[1]), int(found[2] or found[3] or found[4])
        if not 1 <= month <= 12:
            raise ValidationError(f"没有 {month} 月，请输入如 2026-11")
        _within_limits(date(max(year, 1), month, 1), "月份")
        return cls(year, month)

    @classmethod
    def of(cls, day: date) -> "BillingMonth":
        """The month in which a date lies."""
        return cls(day.year, day.month)

    @property
    def first(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last(self) -> date:
        return self.next.first - timedelta(days=1)

    @property
    def days(self) -> int:
        return self.last.day

    @property
    def next(self) -> "BillingMonth":
        return self + 1

    @property
    def previous(self) -> "BillingMonth":
        return self + -1

    def __add__(self, months: int) -> "BillingMonth":
        if not isinstance(months, int):
            return NotImplemented
        year, month = divmod(self.year * 12 + self.month - 1 + months, 12)
        return BillingMonth(year, month + 1)

    def __contains__(self, day: date) -> bool:
        return (day.year, day.month) == (self.year, self.month)

    def days_within(self, starts: date, ends: date | None = None) -> int:
        """How many days of the month lie in a span, both ends included; `ends=None` is a span still open.

        The share of a first or last month is this over `.days` (DOMAIN §2, `by_day`).
        """
        last = self.last if ends is None else min(self.last, ends)
        return max(0, (last - max(self.first, starts)).days + 1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def label(self) -> str:
        return f"{self.year}年{self.month}月"


def parse_date(text) -> date:
    """A day from `2025-10-03`, `2025.10.3`, `2025/10/3`, `2025年10月3日`, or a real date (IMPORT «Any list»).

    Refused in words when there is no such day, or it lies outside 1900 … today + 20 years (TRUST §4 rows 22–23).
    """
    if isinstance(text, datetime):
        day = text.date() if text.tzinfo is None else business_day(text)
    elif isinstance(text, date):
        day = text
    else:
        found = _DAY.fullmatch(_plain(text))
        if not found:
            raise ValidationError("请输入日期，如 2026-11-23")
        year, month, number = (int(part) for part in found.groups() if part and part.isdigit())
        day = _real_day(year, month, number)
    _within_limits(day, "日期")
    return day


def shown_date(day: date, today: date | None = None) -> str:
    """Short: 今天, this year `11-23`, else `2025-11-23` (design/screens «Time»)."""
    today = today or globals()["today"]()
    if day == today:
        return "今天"
    return f"{day:%m-%d}" if day.year == today.year else day.isoformat()


def shown_moment(moment: datetime, now: datetime | None = None) -> str:
    """Short: today `15:30`, this year `11-23 15:30`, else `2025-11-23 15:30`, in Asia/Shanghai."""
    there = moment.astimezone(SHANGHAI)
    today = business_day(now or clock())
    if there.date() == today:
        return f"{there:%H:%M}"
    return f"{there:%m-%d %H:%M}" if there.year == today.year else exact_moment(moment)


def exact_moment(moment: datetime) -> str:
    """`2026-11-23 15:30` in Asia/Shanghai, for titles and papers."""
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def to_second(moment: datetime) -> str:
    """`2026-11-23 15:30:07` in Asia/Shanghai, where seconds decide."""
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def _plain(text):
    return str("" if text is None else text).translate(_NARROW).strip()


def _real_day(year, month, number):
    if not 1 <= month <= 12:
        raise ValidationError(f"没有 {month} 月，请输入日期，如 2026-11-23")
    try:
        return date(year, month, number)
    except ValueError:
        raise ValidationError(f"{year} 年 {month} 月没有 {number} 日，请输入日期，如 2026-11-23") from None


def _within_limits(day, what):
    latest = today().year + YEARS_AHEAD
    if not FIRST_YEAR <= day.year <= latest or day > _years_on(today(), YEARS_AHEAD):
        raise ValidationError(f"{what}要在 {FIRST_YEAR} 年至 {latest} 年之间")


def _years_on(day, years):
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)
