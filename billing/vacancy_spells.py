"""What the register says of an empty spell: who lives there, since when it is used otherwise, whether it was sold (DOMAIN §2, §9.25).

Lower floors tell nobody. A unit that is let, sold or lived in ends its spell by what they wrote: it is asked here, listed as something
to do, and until that is done no month from then on is verified.
"""
from collections import defaultdict
from datetime import timedelta
from typing import NamedTuple

from django.db.models import Q
from django.urls import reverse

from households.models import Resident, UnitUse
from servicecentre.kit.periods import BillingMonth, today
from servicecentre.kit.refused import Refused

from .models import VacancyApplication, VacancyCheck
from .models.vacancy import REDUCED
from .vacancy_months import Terms, full_months, proven_months, reduced_months

Why, Use = VacancyApplication.Why, UnitUse.Use
WHY_OF_USE = {Use.OWN: Why.MOVED_IN, Use.LET: Why.LET, Use.RENOVATION: Why.RENOVATION}
USE_OF_WHY = {why: use for use, why in WHY_OF_USE.items()}


class Ending(NamedTuple):
    """That a spell is over by what the register says: from which day, why, in words."""

    day: object
    why: str
    words: str


def ending_of(household, spell_from, uses, residents, *, use=None):
    """The earliest Ending of a spell that began on ``spell_from``; None while nothing speaks against it.

    ``uses``: of the unit, ``residents``: of the household, all of them; ``use``: the UnitUse that the approval wrote.
    """
    found = []
    if household.voided_at:
        found.append(Ending(spell_from, Why.SOLD, "这一任已作废"))
    elif household.ends_on:
        found.append(Ending(household.ends_on + timedelta(days=1), Why.SOLD, f"产权到 {household.ends_on} 为止"))
    for row in uses:
        if row.voided_at is None and row.use != Use.VACANT and row.starts_on >= spell_from:
            found.append(Ending(row.starts_on, WHY_OF_USE[row.use], f"使用情况 {row.starts_on} 起登记为{row.get_use_display()}"))
    if use is not None and use.voided_at:
        found.append(Ending(today(), Why.WITHDRAWN, "使用情况里的空置已撤回"))
    elif use is not None and use.ends_on:
        found.append(Ending(use.ends_on + timedelta(days=1), Why.WITHDRAWN, f"使用情况里的空置到 {use.ends_on} 为止"))
    for row in residents:
        if ending := _lived_in(row, spell_from):
            found.append(ending)
    return min(found, key=lambda ending: ending.day, default=None)


def _lived_in(row, spell_from):
    """The Ending that this resident or tenant makes, or None: a tenant by the lease, a resident by still being there."""
    if row.kind == Resident.Kind.TENANT:
        ends = min((day for day in (row.lease_to, row.left_on) if day), default=None)
        if ends is None or ends > spell_from:
            return Ending(max(row.lease_from or spell_from, spell_from), Why.LET, f"登记着租户，租期 {row.lease_from or '未填'} 起")
        return None
    if row.left_on is None:
        return Ending(max(today(), spell_from), Why.MOVED_IN, "登记着住户，没有搬离")
    return Ending(row.left_on, Why.MOVED_IN, f"登记着住户，{row.left_on} 才搬离") if row.left_on > spell_from else None


def ending_now(household, spell_from, *, use=None):
    """ending_of() one household, read now."""
    return ending_of(household, spell_from, household.unit.uses.live(), household.residents.all(), use=use)


def refuse_unended(household, charge):
    """Refused where this line's month is of a spell that the register ends sooner: what the month costs is not known before that is done."""
    if charge.fee_kind.code not in REDUCED.values():
        return
    for spell in household.vacancies.filter(approved=True, dropped_at=None).select_related("use", "paper"):
        ending = ending_now(household, spell.spell_from, use=spell.use)
        if ending and ending.day <= BillingMonth.of(charge.period).last and (spell.is_running or ending.day < spell.ended_on):
            raise Refused(f"{ending.words}，空置 {spell} 还没有从 {ending.day} 起结束。请先办结束空置，再更正这一笔。",
                          link=("办结束空置", reverse("billing:end_vacancy", args=[spell.pk])))


def spells_to_end(estate, *, on=None):
    """[(VacancyApplication, Ending)] of running spells that are over by the register, or whose approved span is, by unit; four queries."""
    on = on or today()
    running = list(VacancyApplication.objects.of(estate).running().select_related("household", "unit", "use", "paper").in_order())
    uses, residents = defaultdict(list), defaultdict(list)
    for row in UnitUse.objects.of(estate).live().filter(unit__in=[spell.unit_id for spell in running]):
        uses[row.unit_id].append(row)
    for row in Resident.objects.of(estate).filter(household__in=[spell.household_id for spell in running]):
        residents[row.household_id].append(row)
    found = []
    for spell in running:
        ending = ending_of(spell.household, spell.spell_from, uses[spell.unit_id], residents[spell.household_id], use=spell.use)
        if ending is None and spell.approved_to < on:
            ending = Ending(spell.approved_to + timedelta(days=1), Why.EXPIRED, f"批准到 {spell.approved_to} 为止")
        if ending is not None:
            found.append((spell, ending))
    return found


# --- months of one application -----------------------------------------------------------------------------------------

def terms_of(spell):
    """Terms of an approved application."""
    return Terms(spell.counts_from, spell.applied_on, spell.needs_months, spell.whole_spell, BillingMonth.of(spell.approved_from),
                 BillingMonth.of(spell.approved_to))


def verified_months(spell, checks=None):
    """Full months of the spell that the proof covers or a check found empty. ``checks``: its live ones, where at hand."""
    if spell.dropped_at:
        return set()
    checks = list(spell.checks.live()) if checks is None else checks
    seen = {BillingMonth.of(check.month) for check in checks if not check.use_found}
    months = set(proven_months(spell.spell_from, spell.applied_on)) | seen
    if spell.ended_on:
        months &= set(full_months(spell.spell_from, spell.ended_on - timedelta(days=1)))
    return {month for month in months if month.first >= spell.spell_from}


def wanted_months(spell):
    """Months of an approved application that go at its percent, by what is verified now."""
    return reduced_months(terms_of(spell), verified_months(spell)) if spell.approved else set()


def months_to_check(spell, *, on, checks=None):
    """Full months of a running spell, up to this one, that nobody has looked at yet; those that the proof covers are left out."""
    if not spell.is_running:
        return []
    checks = list(spell.checks.live()) if checks is None else checks
    done = {BillingMonth.of(check.month) for check in checks}
    last = min(BillingMonth.of(on), BillingMonth.of(spell.approved_to))
    return [month for month in full_months(spell.spell_from, last.last) if month.last >= spell.applied_on and month not in done]


def waiting_checks(estate, *, on):
    """[(VacancyApplication, [BillingMonth])] of running spells with months still to be looked at, by unit; two queries."""
    running = list(VacancyApplication.objects.of(estate).running().select_related("household", "unit", "paper").in_order())
    checks = defaultdict(list)
    for check in VacancyCheck.objects.of(estate).live().filter(application__in=running):
        checks[check.application_id].append(check)
    rows = [(spell, months_to_check(spell, on=on, checks=checks[spell.pk])) for spell in running]
    return [(spell, months) for spell, months in rows if months]


def earlier_spells(unit, spell_from):
    """Spells of the unit that counted and ended after this day: a new count begins behind them."""
    return VacancyApplication.objects.filter(unit=unit, dropped_at=None).filter(Q(spell_to=None) | Q(spell_to__gte=spell_from))
