"""Random spells, checks by eye and by meter, bills, months paid ahead, ends, ends taken back and sales in random order, against a model that
knows only days, fractions and DOMAIN's sentences."""
from datetime import date, datetime, timedelta
from fractions import Fraction
from random import Random

import pytest

from billing.ahead import bill_ahead
from billing.corrections import corrections, mend_line
from billing.models import BillingPolicy, Charge, Credit
from billing.run import bill_month
from billing.settlement import settlement
from billing.vacancy import apply_vacancy, approve_vacancy, end_vacancy, undo_vacancy_end
from billing.vacancy_checks import check_vacancy, withdraw_check
from households.models import Household
from servicecentre.desk.proofs_vacancy import vacant_money, vacant_months
from servicecentre.kit import periods
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.refused import Refused
from tests.factories import make_household

from .till import demand_sums_agree

FIRST = date(2026, 1, 1)
SEEDS = 0, 7, 13, 31           # each found something
DEEDS = ["bill", "ahead", "look", "look", "meter", "meter", "withdraw", "end", "reopen"]


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
    for seed in SEEDS:
        _one_story(estate, clerk, manager, monkeypatch, Random(seed), seed, whole, from_application)
    demand_sums_agree(estate)


class Story:
    """One household and its spell, with what the model remembers of them."""

    def __init__(self, estate, clerk, manager, travel, dice, code, *, whole, from_application):
        self.estate, self.clerk, self.manager, self.travel, self.dice = estate, clerk, manager, travel, dice
        self.terms = {"whole": whole, "from_application": from_application}
        self.area = dice.randint(3000, 20000)
        self.applied_on = FIRST + timedelta(days=dice.randint(40, 160))
        spell_from = max(FIRST, self.applied_on - timedelta(days=dice.choice([0, 20, 45, 90, 130])))
        travel(self.applied_on)
        self.household = make_household(estate, code, self.area, starts_on=FIRST)
        self.read = [(spell_from, 0, None), (self.applied_on, 0, None)]                 # day, reading, month that was checked by it
        spell = apply_vacancy(self.household, spell_from=spell_from, proof="inspection", applied_on=self.applied_on, reason="other", contact="某人",
                              statement=True, power_start=0, power_now=0, by=clerk)
        applied = month_number(self.applied_on)
        self.span = (max(0 if whole else applied, month_number(spell_from)), applied + dice.randint(2, 9))
        self.spell = approve_vacancy(spell, approved_from=month_of(self.span[0]), approved_to=month_of(self.span[1]), version=1, by=manager)
        self.today, self.seen, self.gone_to, self.ended_on, self.sold_on = date(2026, 12, 30), {}, set(), None, None
        travel(self.today)

    def bill(self, n):
        try:
            bill_month(self.estate, month_of(n), by=self.manager)
        except Refused:                                   # paid ahead: nothing is left to be billed
            pass

    def ahead(self, n):
        """The owner pays up to three months ahead on the 15th of that month."""
        self.travel(lasts(min(n, 8))[0] + timedelta(days=14))
        bill_ahead(self.household, self.dice.randint(1, 3), by=self.manager)
        self.travel(self.today)

    def look(self, n):
        """Somebody goes there; what cannot be looked at any more, or is looked at already, is refused."""
        if n not in self.seen:
            self._check(n, "inspection")

    def meter(self, n):
        """The meter is read, now and then so far on that somebody must have been there."""
        if n not in self.seen:
            self._check(n, "readings", power=self.read[-1][1] + self.dice.choice([0, 10, 100, 100, 5000]))

    def _check(self, n, kind, power=None):
        on = min(lasts(n)[0] + timedelta(days=self.dice.randint(0, 40)), self.today)
        try:
            check = check_vacancy(self.spell, month=month_of(n), on=on, kind=kind, power=power, by=self.clerk, despite=("in_use",))
        except Refused:
            return
        self.spell.refresh_from_db()
        if power is None:
            self.gone_to.add(n)
        else:
            assert any(day <= lasts(n)[1] for day, _, _ in self.read), "readings behind a month verified it"
            days, used = (on - self.read[-1][0]).days, power - self.read[-1][1]
            if Fraction(used, 100) * 365 > 10 * max(365, 12 * days):
                self.ended_on = min(on, lasts(n)[1], self._in_use_from(n))
                return
            self.read.append((on, power, n))
        self.seen[n] = check

    def _in_use_from(self, n):
        day = self.read[-1][0] + timedelta(days=1)
        while month_number(day) in self.gone_to and month_number(day) < n:
            day = lasts(month_number(day))[1] + timedelta(days=1)
        return day

    def withdraw(self, n):
        if n not in self.seen:
            return
        try:
            withdraw_check(self.seen[n], reason="记错", by=self.manager)
        except Refused:                                   # it ended meanwhile, or a later reading stands on this one
            return
        del self.seen[n]
        self.gone_to.discard(n)
        self.read = [row for row in self.read if row[2] != n]

    def end(self, n):
        day = self.spell.spell_from + timedelta(days=self.dice.randint(0, 250))
        if self.dice.random() < 0.3 and day <= self.today and not self.spell.dropped_at and (self.ended_on is None or day < self.ended_on):
            self.spell = end_vacancy(self.spell, ended_on=day, why="moved_in", version=self.spell.version, by=self.clerk)
            self.ended_on = day

    def reopen(self, n):
        if self.ended_on is not None and self.dice.random() < 0.5:
            self.spell = undo_vacancy_end(self.spell, reason="弄错了", version=self.spell.version, by=self.manager)
            self.ended_on = None

    def sell(self):
        """Sold, the spell ended with it, every line mended: the seller's statement says the same before and after."""
        self.sold_on = self.dice.choice([self.applied_on + timedelta(days=self.dice.randint(0, 150)), lasts(month_number(self.applied_on) + 2)[1]])
        before = settlement(self.household, self.sold_on).balance
        Household.objects.filter(pk=self.household.pk).update(ends_on=self.sold_on)
        self.household.refresh_from_db()
        following = self.sold_on + timedelta(days=1)
        make_household(self.estate, starts_on=following, unit=self.household.unit)
        if not self.spell.dropped_at and (self.ended_on is None or self.ended_on > following):
            self.spell = end_vacancy(self.spell, ended_on=following, why="sold", version=self.spell.version, by=self.clerk)
            self.ended_on = following
        for line in [found.charge for found in corrections(self.estate, month_of(20)) if found.household == self.household and found.charge]:
            mend_line(line, by=self.manager)
        assert abs(settlement(self.household, self.sold_on).balance - before) <= 2

    def owed(self, n, wanted):
        """What that month costs, by the calendar: days of a month that was sold in full, whole months by the spell."""
        days = lasts(n)[1].day
        held = days if self.sold_on is None or self.sold_on > lasts(n)[1] else max(0, (self.sold_on - lasts(n)[0]).days + 1)
        percent = 70 if n in wanted else 100
        return half_up(Fraction(self.area * 19 * percent * held, 1000 * days))


def month_number(day):
    return (day.year - 2026) * 12 + day.month - 1


def _one_story(estate, clerk, manager, monkeypatch, dice, seed, whole, from_application):
    def travel(day):
        monkeypatch.setattr(periods, "clock", lambda: datetime(day.year, day.month, day.day, 10, tzinfo=periods.SHANGHAI))

    story = Story(estate, clerk, manager, travel, dice, f"9-1-{100 + seed}", whole=whole, from_application=from_application)
    for _ in range(24):
        getattr(story, dice.choice(DEEDS))(dice.randint(0, 11))
    for n in range(12):
        story.bill(n)
    if seed % 2:
        story.sell()
    spell, household = story.spell, story.household
    wanted = cheaper(spell.spell_from, story.applied_on, story.ended_on, set(story.seen), story.span, 2, **story.terms)
    assert {month_number(row.period) for row in household.vacant_months.live()} == wanted, f"seed {seed}"
    for n in range(12):
        lines = Charge.objects.live().filter(household=household, fee_kind__code="property", period=month_of(n).first)
        credits = Credit.objects.filter(charge__in=lines)
        cost = sum(line.amount for line in lines) - sum(credit.amount for credit in credits)
        assert abs(cost - story.owed(n, wanted)) <= (1 if story.sold_on and story.sold_on in month_of(n) else 0), f"seed {seed}, month {n + 1}"
    assert [*vacant_money(), *vacant_months()] == [], f"seed {seed}"
