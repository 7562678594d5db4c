"""What an empty month costs less, and what a month found in use owes after all: one place that makes the two agree with the months (DOMAIN §2).

`settle_months` may be called after anything that changes which months are reduced, in any order: it looks at what each month should
cost, at what was billed, credited and billed in addition, and writes the difference. A line that was made is never touched: less is a
Credit (空置减免) allocated to it first, more is a further line whose subject is the application's number.
"""
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Max, Sum

from servicecentre.kit.money import line_amount, yuan
from servicecentre.kit.periods import BillingMonth, now
from servicecentre.kit.refused import Refused

from .allocation import settle
from .charges import make_charge
from .explain import less_text
from .models import BillingPolicy, Charge, Credit, VacancyMonth
from .models.vacancy import REDUCED
from .room import room
from .shares import NOTHING, WHOLE, Tenure, share, with_neighbours
from .vacancy_spells import wanted_months

MORE = "空置补差"


@dataclass
class Settled:
    """What one settling did: months that are reduced now and were not, months no longer, fen credited and billed in addition."""

    reduced: list = field(default_factory=list)
    full_again: list = field(default_factory=list)
    credited: int = 0
    billed: int = 0
    lost: int = 0

    @property
    def words(self):
        """For the log: 「，8、9月按 70%，冲减 102.10 元」."""
        parts = [f"减免 {'、'.join(str(month) for month in self.reduced)}" if self.reduced else "",
                 f"恢复全价 {'、'.join(str(month) for month in self.full_again)}" if self.full_again else "",
                 f"冲减 {yuan(self.credited)} 元" if self.credited else "", f"补收 {yuan(self.billed)} 元" if self.billed else "",
                 f"这一任已不在，{yuan(self.lost)} 元补收不了" if self.lost else ""]
        return "".join(f"，{part}" for part in parts if part)


def settle_months(spell, *, by):
    """Write and void VacancyMonths as the verified months of this approved application say, and the money with them; returns Settled.

    The caller holds the estate's tariff (no run meanwhile), the household and the application.
    """
    wanted, at, done = wanted_months(spell), now(), Settled()
    live = {row.month: row for row in spell.months.live()}
    for month in sorted(set(live) - wanted):
        row = live[month]
        row.voided_at, row.voided_by = at, by
        row.save(update_fields=["voided_at", "voided_by"])
        done.full_again.append(month)
    for month in sorted(wanted - set(live)):
        VacancyMonth.objects.create(estate_id=spell.estate_id, application=spell, household_id=spell.household_id, period=month.first,
                                    percent=spell.percent, made_at=at, made_by=by)
        done.reduced.append(month)
    for month in sorted(wanted | set(live)):
        _settle_month(spell, month, spell.percent if month in wanted else 100, done, by)
    return done


def _settle_month(spell, month, percent, done, by):
    household = spell.household
    codes = list(REDUCED.values())
    lines = Charge.objects.live().filter(household=household, period=month.first, fee_kind__code__in=codes, opening=None)
    numbers = [number for number in household.vacancies.values_list("paper__number", flat=True) if number]
    billed = list(with_neighbours(lines.filter(subject="")).select_related("fee_kind").order_by("fee_kind", "line"))
    further = list(lines.filter(subject__in=numbers).select_related("fee_kind").order_by("line"))
    for kind in {row.fee_kind for row in billed + further}:
        _settle_lines(spell, month, percent, [row for row in billed if row.fee_kind == kind], [row for row in further if row.fee_kind == kind], done, by)


def settle_again(household, month, *, by):
    """The same for one month whose lines have become more; the caller holds the household."""
    if row := VacancyMonth.objects.live().filter(household=household, period=month.first).select_related("application__paper").first():
        row.application.household = household
        _settle_month(row.application, month, row.percent, Settled(), by)


def _settle_lines(spell, month, percent, billed, further, done, by):
    credited = _credited(billed + further, source=Credit.Source.VACANCY)
    spare = {row.pk: row.amount - fen for row, fen in ((row, _credited([row]).get(row.pk, 0)) for row in billed + further)}
    policy = BillingPolicy.of(spell.estate_id)
    lacks = {row: less(row, spell.household, percent, policy) - credited.get(row.pk, 0) for row in billed}       # how much less each should still cost
    lacks |= {row: row.amount - credited.get(row.pk, 0) for row in further}
    fen = sum(lacks.values())
    if fen < 0:
        _bill_more(spell, month, billed[0].fee_kind, -fen, done, by)
    for row in sorted(lacks, key=lambda row: (row not in further, row.line)):                             # what was billed in addition goes first
        if (credit := min(fen, lacks[row], spare[row.pk])) > 0:
            _credit(spell, month, row, credit, by)
            done.credited += credit
            fen -= credit


def _credited(rows, **only):
    """{charge: fen} credited on these lines."""
    sums = Credit.objects.filter(charge__in=[row.pk for row in rows], **only).order_by().values("charge").annotate(fen=Sum("amount"))
    return {row["charge"]: int(row["fen"]) for row in sums}


def less(row, household, percent, policy):
    """How much less a line should cost than it was billed for, fen; each amount rounded once, half-up. ``row`` has with_neighbours()."""
    part = (row.share_num, row.share_den)
    if part == WHOLE and not row.line:                    # the tenure may have got shorter since; what that takes off is mended elsewhere
        part = NOTHING if household.voided_at else share(
            Tenure(household.starts_on, household.ends_on, household.developer, row.bought_of_owner, row.next_from, row.next_to),
            BillingMonth.of(row.period), policy)
    return less_of(row, part, percent)


def less_of(row, part, percent):
    """The same for this part of the month."""
    return sum(sign * (line_amount(row.quantity, row.unit_price, at, *part) if part[0] else 0) for sign, at in ((1, row.percent), (-1, percent)))


def full_at_end(ended):
    """First days of the months that go at the lower percent and would not, were ``ended.ends_on`` the seller's last day; later ones left out."""
    rows, spells, lost = VacancyMonth.objects.live().filter(household=ended, period__lte=ended.ends_on).select_related("application"), {}, set()
    for row in rows:
        if row.application_id not in spells:
            spell, over = row.application, ended.ends_on + timedelta(days=1)
            spell.ended_on = min(filter(None, (spell.ended_on, over)))
            spells[spell.pk] = wanted_months(spell)
        if row.month not in spells[row.application_id]:
            lost.add(row.period)
    return lost


def billed_at_end(charge, ended, lost):
    """What the spell's end would bill after all of this line, fen; ``lost``: full_at_end()."""
    if charge.period not in lost or charge.fee_kind.code not in REDUCED.values():
        return 0
    rows = Charge.objects.live().filter(household=ended, fee_kind=charge.fee_kind, period=charge.period, opening=None)
    billed, further = list(with_neighbours(rows.filter(subject=""))), list(rows.filter(label=MORE))
    policy, fen = BillingPolicy.of(ended.estate_id), sum(_credited(billed + further, source=Credit.Source.VACANCY).values())
    for row in billed:
        row.next_from, row.next_to = ended.ends_on + timedelta(days=1), None
        fen -= less(row, ended, 100, policy)
    return max(0, fen - sum(row.amount for row in further))


def _credit(spell, month, row, fen, by):
    how = less_text(row, fen, room(row), percent=spell.percent)
    credit = Credit.objects.create(estate_id=spell.estate_id, household=spell.household, charge=row, source=Credit.Source.VACANCY, amount=fen, left=fen,
                                   how=how, reason=f"空置 {spell}，{month.label}按 {spell.percent}%", made_at=now(), made_by=by)
    if row.due:
        settle(spell.household, [row], [credit], at=credit.made_at, later=True)


def _bill_more(spell, month, fee_kind, fen, done, by):
    """A further line of exactly what lacks: one unit of so many fen."""
    there = Charge.objects.filter(household=spell.household, fee_kind=fee_kind, period=month.first, subject=str(spell))
    last = there.aggregate(last=Max("line"))["last"]
    try:
        make_charge(spell.household, fee_kind, by=by, period=month, quantity=100, unit_price=fen * 100, subject=str(spell),
                    line=0 if last is None else last + 1, label=MORE)
        done.billed += fen
    except Refused:                                       # the tenure does not hold that month any more: nobody is there to be billed
        done.lost += fen
