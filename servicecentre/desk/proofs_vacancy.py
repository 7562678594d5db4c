"""Invariants 12 and 25: which months are cheaper because a home is empty, and that nobody had it then."""
from collections import defaultdict
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q

from billing.models import BillingPolicy, Charge, Credit, VacancyApplication, VacancyCheck, VacancyMonth
from billing.models.vacancy import REDUCED
from billing.shares import with_neighbours
from billing.vacancy_credits import MORE, less, less_of
from billing.vacancy_months import full_months
from households.models import Household, Resident, UnitUse
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import BillingMonth, business_day

from .proving import place, proof


@proof(12, "空置只减核过的整月")
def vacant_months():
    """A month's row, by its application: approved, in its span, not before it was applied for, verified, behind enough verified ones."""
    rows = VacancyMonth.objects.live().select_related("estate", "household", "application").order_by("application", "period")
    checks = defaultdict(set)
    for check in VacancyCheck.objects.live().filter(use_found=False, application__in=rows.values("application")):
        checks[check.application_id].add(check.month)
    for row in rows:
        if wrong := _why_wrong(row, row.application, checks[row.application_id]):
            yield place(row, row.household), f"{row.period:%Y-%m} 按空置 {row.percent}%，{wrong}"


def _why_wrong(row, spell, checked):
    """Why this month may not go at the lower percent, in words; "" when it may."""
    if not spell.approved or spell.household_id != row.household_id:
        return "没有批准"
    if spell.percent != row.percent:
        return "比例不是批准的"
    if not spell.approved_from <= row.period <= spell.approved_to:
        return "不在批准的月份里"
    if not spell.whole_spell and row.period < spell.applied_on.replace(day=1):
        return "在申请以前"
    ends = spell.ended_on - timedelta(days=1) if spell.ended_on else spell.approved_to
    verified = [month.first for month in full_months(spell.spell_from, ends)
                if not spell.dropped_at and (month.first in checked or month.last < spell.applied_on)]
    if row.period not in verified:
        return "不是核过的整月"
    counted = [first for first in verified if first >= spell.counts_from]
    enough = len(counted) if spell.whole_spell else sum(first < row.period for first in counted)
    return "" if enough >= spell.needs_months else f"前面核过的整月只有 {enough} 个"


@proof(12, "空置减的钱和月份一致")
def vacant_money():
    """What a month's lines cost less for an empty home is what its row says: nothing, on balance, where there is none.

    Days that a tenure lost since count either way, for the spell's end and the correction come by acts of their own; and no more is
    missed than the lines have room for, since what was forgiven is not lowered again.
    """
    fee = Q(fee_kind__code__in=REDUCED.values())
    given = Exists(Credit.objects.filter(charge=OuterRef("pk"), source=Credit.Source.VACANCY))
    vacant = Exists(VacancyMonth.objects.live().filter(household=OuterRef("household"), period=OuterRef("period")))
    hit = Charge.objects.live().filter(fee, given | vacant | Q(percent__lt=100, subject="") | Q(label=MORE), opening=None)
    keys = set(hit.values_list("household", "period", "fee_kind"))
    lines = with_neighbours(Charge.objects.live().filter(fee, household__in={key[0] for key in keys}, period__in={key[1] for key in keys}, opening=None))
    lines = lines.filter(Q(subject="") | Q(label=MORE)).select_related("household__estate").prefetch_related("credits")
    percents = {(household, period): percent for household, period, percent in VacancyMonth.objects.live().filter(
        household__in={key[0] for key in keys}).values_list("household", "period", "percent")}
    policies, least, most, room, of = {}, defaultdict(int), defaultdict(int), defaultdict(int), {}
    for line in lines:
        key = (line.household_id, line.period, line.fee_kind_id)
        home = line.household
        if key not in keys or home.voided_at or not BillingMonth.of(line.period).days_within(home.starts_on, home.ends_on):
            continue                                      # a month that is none of the tenure's any more goes back whole, by its correction
        policy = policies.setdefault(line.estate_id, BillingPolicy.of(line.household.estate))
        percent, more = percents.get(key[:2], 100), line.label == MORE
        parts = [line.amount] if more else [less(line, line.household, percent, policy), less_of(line, (line.share_num, line.share_den), percent)]
        had = sum(credit.amount for credit in line.credits.all() if credit.source == Credit.Source.VACANCY)
        least[key] += min(parts) - had
        most[key] += max(parts) - had
        room[key] += max(0, line.amount - sum(credit.amount for credit in line.credits.all()))
        of[key] = line.household
    for key, household in of.items():
        if most[key] < 0:
            yield place(household), f"{BillingMonth.of(key[1])} 因空置多减了 {yuan(-most[key])} 元"
        elif fen := max(0, min(least[key], room[key])):
            yield place(household), f"{BillingMonth.of(key[1])} 是核过的空置月，少减了 {yuan(fen)} 元"


@proof(25, "空置期间没有人用")
def nobody_there():
    """No other tenure, lease or use on a day of a spell; of one that runs what began after its approval is listed for the desk to end."""
    spells = list(VacancyApplication.objects.filter(approved=True, dropped_at=None).select_related("estate", "household"))
    by_unit, by_household = defaultdict(list), defaultdict(list)
    for spell in spells:
        by_unit[spell.unit_id].append(spell)
        by_household[spell.household_id].append(spell)
    for tenure in Household.objects.live().filter(unit__in=list(by_unit)):
        for spell in by_unit[tenure.unit_id]:
            if tenure.pk != spell.household_id and _overlaps(spell, tenure.starts_on, tenure.ends_on):
                yield place(spell, spell.household), f"空置 {spell.pk} 的时候，房屋是 {tenure.number} 的"
            elif tenure.pk == spell.household_id and spell.spell_from < tenure.starts_on:
                yield place(spell, spell.household), f"空置 {spell.pk} 起于 {spell.spell_from}，这一任 {tenure.starts_on} 才开始"
    for use in UnitUse.objects.live().filter(unit__in=list(by_unit)).exclude(use=UnitUse.Use.VACANT):
        for spell in by_unit[use.unit_id]:
            if _overlaps(spell, use.starts_on, use.ends_on):
                yield place(spell, spell.household), f"空置 {spell.pk} 的时候，使用情况是{use.get_use_display()}（{use.starts_on} 起）"
    for row in Resident.objects.filter(household__in=list(by_household), kind=Resident.Kind.TENANT, lease_from__isnull=False):
        last = min((day for day in (row.lease_to, row.left_on) if day), default=None)
        for spell in by_household[row.household_id]:
            if _overlaps(spell, row.lease_from, last):
                yield place(spell, spell.household), f"空置 {spell.pk} 的时候，租给了别人（租期 {row.lease_from} 起）"


def _overlaps(spell, first, last):
    """Does this span share a day with the spell? Of one that runs: had it begun when it was approved?"""
    known = spell.spell_to or max(spell.spell_from, business_day(spell.decided_at))
    return first <= known and (last is None or last > spell.spell_from)
