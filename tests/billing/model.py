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


def part_of_month(tenures, n, year, month, first_rule, last_rule):
    """The part of the month that the n-th of a unit's tenures pays, as a Fraction. ``tenures``: (starts, ends, is the developer's), in order."""
    days = monthrange(year, month)[1]
    first, last = date(year, month, 1), date(year, month, days)
    starts, ends, developer = tenures[n]
    held = (min(last, ends or last) - max(first, starts)).days + 1
    if held <= 0:
        return Fraction(0)
    plain = Fraction(held, days)

    def of_buyer(k):
        """What the buyer of the k-th tenure pays of this month by the rule of handovers, None where it does not speak of them."""
        begins, stays, is_developers = tenures[k][0], tenures[k][1] is None or tenures[k][1] >= last, tenures[k][2]
        if is_developers or not first < begins <= last or not stays or any(not each[2] for each in tenures[:k]):
            return None
        early = begins.day <= 15
        return {"by_day": None, "half_month": Fraction(1, 2) if early else Fraction(0), "half_or_whole": Fraction(1) if early else Fraction(1, 2),
                "whole_month": Fraction(1), "next_month": Fraction(0)}[first_rule]
    if (mine := of_buyer(n)) is not None:
        return mine
    if ends is not None and ends < last:
        if n + 1 == len(tenures):
            return Fraction(1) if last_rule == "whole_month" and starts <= first else plain
        if developer and (theirs := of_buyer(n + 1)) is not None:
            from_there = Fraction((last - max(first, starts)).days + 1, days)            # the building was finished then
            return plain if starts > first and theirs == Fraction(1, 2) else max(Fraction(0), from_there - theirs)
    return plain
