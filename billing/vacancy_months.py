"""Months of an empty spell, pure arithmetic: which are full, which go at the lower percent, what use is too much (DOMAIN §2 Vacancy).

Nothing here reads a row. A month counts when it is **verified**: wholly inside the spell, and either over before the application (the
proof that the manager approved covers it) or looked at since and found empty. A month that nobody looked at yet neither counts nor
breaks the count: it counts from the day on which its check is written down.
"""
from dataclasses import dataclass
from datetime import date, timedelta

from servicecentre.kit.money import half_up
from servicecentre.kit.periods import BillingMonth

YEAR = 365                        # days; a month of a mean is a twelfth of it


@dataclass(frozen=True)
class Terms:
    """What an approval goes by. ``first`` and ``last`` are months of the approved span, ``counts_from`` a day."""

    counts_from: date
    applied_on: date
    needs: int
    whole: bool
    first: BillingMonth
    last: BillingMonth


def full_months(starts, ends):
    """Calendar months that lie wholly inside a span of days, both ends included."""
    month = BillingMonth.of(starts) if starts.day == 1 else BillingMonth.of(starts).next
    found = []
    while month.last <= ends:
        found.append(month)
        month = month.next
    return found


def proven_months(spell_from, applied_on):
    """Full months that were over when the owner applied: what the application's proof shows."""
    return full_months(spell_from, applied_on - timedelta(days=1))


def reduced_months(terms, verified):
    """Which of these verified full months of one spell go at the lower percent.

    At least ``needs`` of them come first, none before the month of the application; with ``whole``, once so many are full,
    all of the approved span do (DOMAIN §13 `vacancy_reduces`).
    """
    counted = sorted(month for month in verified if month.first >= terms.counts_from)
    if terms.whole:
        found = counted if len(counted) >= terms.needs else []
    else:
        found = [month for month in counted[terms.needs:] if month >= BillingMonth.of(terms.applied_on)]
    return {month for month in found if terms.first <= month <= terms.last}


def counts_from(spell_from, applied_on, *, from_application):
    """The day from which full months are counted (`vacancy_spell_from`)."""
    return max(spell_from, applied_on) if from_application else spell_from


def first_reduced(counted_from, applied_on, needs, *, whole=False):
    """From which month the lower percent can come, if every month is found empty: told to the customer, promised to nobody."""
    month = BillingMonth.of(counted_from) if counted_from.day == 1 else BillingMonth.of(counted_from).next
    return month if whole else max(month + needs, BillingMonth.of(applied_on))


def too_much(used, days, limit):
    """Is the mean use (0.01 of the unit, over so many days) more than ``limit`` whole units a month?

    Over less than a month it is the use itself that must not pass the month's limit: a mean of three days says nothing.
    """
    return used * YEAR > limit * 100 * max(YEAR, 12 * days)


def mean_use(used, days):
    """Mean use a month, 0.01 of the unit, for people to read."""
    return half_up(used * YEAR, max(YEAR, 12 * days))
