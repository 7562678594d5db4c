"""A month's bills in plain Python and Fractions: what the database must agree with, on either engine."""
from calendar import monthrange
from datetime import date, timedelta
from fractions import Fraction

PRICES = {"home": Fraction(19, 10), "shop": Fraction(5, 2)}               # 元 per ㎡ and month, DOMAIN §2 [seed]


def half_up(value):
    """The nearest whole, a half upwards; value ≥ 0."""
    return int(value + Fraction(1, 2))


def bill(tenure, year, month, prices=PRICES):
    """(starts, ends, days, amount in fen, due day) of a tenure in a month, or None. ``tenure``: kind, area (0.01 ㎡), starts, ends."""
    kind, area, starts, ends = tenure
    first, last = date(year, month, 1), date(year, month, monthrange(year, month)[1])
    if area is None or starts > last or (ends is not None and ends < first):
        return None
    from_day, to_day = max(first, starts), last if ends is None else min(ends, last)
    days = (to_day - from_day).days + 1
    amount = half_up(Fraction(area, 100) * prices[kind] * Fraction(days, last.day) * 100)
    due = date(year, month, 5)
    return from_day, to_day, days, amount, max(due, starts + timedelta(days=7)) if starts >= first else due
