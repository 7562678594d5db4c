"""Random spells, checks, bills, ends and corrections in random order, against a model that knows only days, fractions and DOMAIN's sentences."""
from datetime import date, datetime, timedelta
from fractions import Fraction
from random import Random

import pytest

from billing.models import BillingPolicy, Charge, Credit
from billing.run import bill_month
from billing.vacancy import apply_vacancy, approve_vacancy, end_vacancy
from billing.vacancy_checks import check_vacancy, withdraw_check
from servicecentre.kit import periods
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.refused import Refused
from tests.factories import make_household

from .till import demand_sums_agree

FIRST = date(2026, 1, 1)


def month_of(n):
    """The n-th month from January 2026 on."""
    return BillingMonth(2026, 1) + n


def lasts(n):
    """(first day, last day) of that month, from the calendar alone."""
    first = month_of(n).first
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return first, following - timedelta(days=1)


def cheaper(spell_from, applied_on, ended_on, seen, span, needs, *, from_application, whole):
    """The months at the lower percent: sets and sentences, nothing of the program's."""
    last_day = ended_on - timedelta(days=1) if ended_on else date(2030, 1, 1)
    full = [n for n in range(40) if lasts(n)[0] >= spell_from and lasts(n)[1] <= last_day]
    verified = [n for n in full if lasts(n)[1] < applied_on or n in seen]
    begins = max(spell_from, applied_on) if from_application else spell_from
    counted = [n for n in verified if lasts(n)[0] >= begins]
    applied = (applied_on.year - 2026) * 12 + applied_on.month - 1
    late = {n for place, n in enumerate(counted) if place >= needs and n >= applied}
    chosen = set(counted) if whole and len(counted) >= needs else set() if whole else late
    return {n for n in chosen if span[0] <= n <= span[1]}


def half_up(value):
    return int(value + Fraction(1, 2))


@pytest.mark.parametrize("whole", [False, True], ids=["after_six", "whole_spell"])
@pytest.mark.parametrize("from_application", [False, True], ids=["proven", "application"])
def test_any_order_of_acts_leaves_the_same_months_and_the_same_sum(estate, clerk, manager, monkeypatch, whole, from_application):
    BillingPolicy.objects.update_or_create(estate=estate, defaults={
        "vacancy_months": 2, "vacancy_reduces": "whole_spell" if whole else "after_six",
        "vacancy_spell_from": "application" if from_application else "proven"})
    for seed in range(2):
        _one_story(estate, clerk, manager, monkeypatch, Random(seed), seed, whole, from_application)
    demand_sums_agree(estate)


def _one_story(estate, clerk, manager, monkeypatch, dice, seed, whole, from_application):
    def today_is(day):
        monkeypatch.setattr(periods, "clock", lambda: datetime(day.year, day.month, day.day, 10, tzinfo=periods.SHANGHAI))

    area = dice.randint(3000, 20000)
    applied_on = FIRST + timedelta(days=dice.randint(40, 160))
    spell_from = applied_on - timedelta(days=dice.choice([0, 20, 45, 90, 130]))
    today_is(applied_on)
    household = make_household(estate, f"9-1-{100 + seed}", area, starts_on=min(spell_from, FIRST))
    spell = apply_vacancy(household, spell_from=max(spell_from, FIRST), proof="inspection", applied_on=applied_on, reason="other", contact="某人",
                          statement=True, by=clerk)
    applied = applied_on.month - 1
    span = (0 if whole else applied, applied + dice.randint(2, 9))
    first = max(span[0], spell.spell_from.month - 1)
    spell = approve_vacancy(spell, approved_from=month_of(first), approved_to=month_of(span[1]), version=1, by=manager)
    span, today, seen, ended_on = (first, span[1]), date(2026, 12, 30), {}, None
    today_is(today)
    for _ in range(20):
        n = dice.randint(0, 11)
        deed = dice.choice(["bill", "check", "check", "check", "withdraw", "end"])
        if deed == "bill":
            bill_month(estate, month_of(n), by=manager)
        elif deed == "withdraw" and n in seen and ended_on is None:
            withdraw_check(seen.pop(n), reason="记错", by=manager)
        elif deed == "end" and dice.random() < 0.3 and spell.dropped_at is None:
            day = spell.spell_from + timedelta(days=dice.randint(0, 250))
            if day <= today and (ended_on is None or day < ended_on):
                spell = end_vacancy(spell, ended_on=day, why="moved_in", version=spell.version, by=clerk)
                ended_on = day
        elif deed == "check" and n not in seen:
            try:
                day = min(lasts(n)[1] + timedelta(days=dice.randint(0, 9)), today)
                seen[n] = check_vacancy(spell, month=month_of(n), on=day, kind="inspection", by=clerk)
                spell.refresh_from_db()
            except Refused:
                pass                                      # ended, not yet applied for, proven already, or behind the span
    for n in range(12):
        bill_month(estate, month_of(n), by=manager)
    wanted = cheaper(spell.spell_from, applied_on, ended_on, set(seen), span, 2, from_application=from_application, whole=whole)
    assert {(row.period.year - 2026) * 12 + row.period.month - 1 for row in household.vacant_months.live()} == wanted, f"seed {seed}"
    full = half_up(Fraction(area * 19, 10))
    lower = half_up(Fraction(area * 19 * 70, 1000))
    for n in range(12):
        lines = Charge.objects.live().filter(household=household, fee_kind__code="property", period=month_of(n).first)
        credits = Credit.objects.filter(charge__in=lines, source=Credit.Source.VACANCY)
        cost = sum(line.amount for line in lines) - sum(credit.amount for credit in credits)
        assert cost == (lower if n in wanted else full), f"seed {seed}, month {n + 1}"
