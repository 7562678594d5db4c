"""Which part of a month a tenure pays (DOMAIN §2): a whole month is whole under every rule, between owners it goes by days, and a
handover and the very last day go as the estate's settings ``first_month`` and ``last_month`` say.

The same rule twice: in SQL for a whole month's bill, in Python for one line. ``first_month`` speaks of a handover only: of a buyer
who holds the unit to the month's end, no owner before them; the developer pays of that month what this buyer does not.
"""
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce, ExtractDay

from households.models import Household

from .models import BillingPolicy, BillRun

First, Last = BillingPolicy.FirstMonth, BillingPolicy.LastMonth
HALF_DAY = 15                     # 1st–15th is the first half, in every month
NOTHING, HALF, WHOLE = (0, 1), (1, 2), (1, 1)

# What a buyer pays of the month of handover: until the 15th, later. Going by days is no such rule.
BUYER = {First.HALF_MONTH: (HALF, NOTHING), First.HALF_OR_WHOLE: (WHOLE, HALF), First.WHOLE_MONTH: (WHOLE, WHOLE), First.NEXT_MONTH: (NOTHING, NOTHING)}
REST = {NOTHING: WHOLE, HALF: HALF, WHOLE: NOTHING}           # of a month, what the developer pays


def rules(estate, month):
    """The BillingPolicy that bills this month: of one that was run, with ``first_month`` and ``last_month`` as they stood then.

    So a rule that changes later bills nobody anew for what is past (DOMAIN §2: what was billed stays).
    """
    policy = BillingPolicy.of(estate)
    if run := BillRun.objects.of(estate).filter(period=month.first, undone_at=None).order_by("pk").first():
        policy.first_month, policy.last_month = run.first_month, run.last_month
    return policy


@dataclass(frozen=True)
class Tenure:
    """What a share asks of a household: its days, whether an owner held the unit before it, and who came next (first and last day)."""

    starts_on: date
    ends_on: date | None = None
    developer: bool = False
    bought_of_owner: bool = False
    next_from: date | None = None
    next_to: date | None = None


def share(tenure, month, policy):
    """(part, of) of the month that this Tenure pays; (0, 1) for nothing."""
    days = month.days_within(tenure.starts_on, tenure.ends_on)
    if not days:
        return NOTHING
    begins, ends = tenure.starts_on > month.first, tenure.ends_on is not None and tenure.ends_on < month.last
    if not begins and not ends:
        return WHOLE
    by_halves = BUYER.get(policy.first_month)
    if begins and not ends and by_halves and not tenure.developer and not tenure.bought_of_owner:
        return by_halves[tenure.starts_on.day > HALF_DAY]
    heir_stays = ends and tenure.next_from and tenure.next_from in month and (tenure.next_to is None or tenure.next_to >= month.last)
    if by_halves and tenure.developer and heir_stays and not tenure.bought_of_owner:
        buyers = by_halves[tenure.next_from.day > HALF_DAY]
        if not begins:
            return REST[buyers]
        if buyers != HALF:                                # finished and handed over in one month; of half a month each pays by its own measure
            return NOTHING if buyers == WHOLE else ((month.last - tenure.starts_on).days + 1, month.days)
    if ends and not begins and tenure.next_from is None and policy.last_month == Last.WHOLE_MONTH:
        return WHOLE
    return days, month.days


# --- the same in SQL --------------------------------------------------------------------------------------------------

def with_share(rows, month, policy):
    """Households with ``share_num`` and ``share_den``; they have ``days``, ``starts`` and ``ends`` within the month. Who pays nothing is left out."""
    cases = _cases(month, policy)
    whole = When(_whole(month), then=Value(1))
    num = Case(whole, *(When(q, then=part) for q, (part, _) in cases), default=F("days"), output_field=IntegerField())
    den = Case(whole, *(When(q, then=Value(of)) for q, (_, of) in cases), default=Value(month.days), output_field=IntegerField())
    return rows.exclude(pays_nothing(month, policy)).annotate(share_num=num, share_den=den)


def pays_nothing(month, policy):
    """True for a household that holds the unit in this month and, by the estate's rule, pays nothing of it."""
    none = Q(pk__in=())
    for condition, pair in _cases(month, policy):
        if pair == NOTHING:
            none |= condition
    if not policy.bill_developer:
        none |= Q(developer=True)
    return none


def _whole(month):
    return Q(starts_on__lte=month.first) & (Q(ends_on=None) | Q(ends_on__gte=month.last))


def _cases(month, policy):
    """[(condition, share)] of tenures that go neither whole nor by their days; none where the estate goes by days, as most do."""
    begins, ends = Q(starts_on__gt=month.first), Q(ends_on__lt=month.last)
    stays = Q(ends_on=None) | Q(ends_on__gte=month.last)
    cases = []
    if by_halves := BUYER.get(policy.first_month):
        middle = month.first + timedelta(days=HALF_DAY - 1)
        early, late = by_halves
        buyer = Q(developer=False) & begins & stays & ~Exists(_owners_before())
        heir = _owners().filter(~Exists(_owners_before()), starts_on__gt=OuterRef("ends_on"), starts_on__lte=month.last).filter(
            Q(ends_on=None) | Q(ends_on__gte=month.last))
        cases += [(buyer & Q(starts_on__lte=middle), early), (buyer & Q(starts_on__gt=middle), late)]
        for handed_over, buyers in ((Q(starts_on__lte=middle), early), (Q(starts_on__gt=middle), late)):
            developer = Q(developer=True) & ends & Exists(heir.filter(handed_over))
            cases.append((developer & ~begins, REST[buyers]))
            if buyers != HALF:
                cases.append((developer & begins, NOTHING if buyers == WHOLE else (_to_the_months_end(month), month.days)))
    if policy.last_month == Last.WHOLE_MONTH:
        followed = Household.objects.live().filter(unit=OuterRef("unit"), starts_on__gt=OuterRef("ends_on"))
        cases.append((Q(starts_on__lte=month.first) & ends & ~Exists(followed), WHOLE))
    return cases


def _to_the_months_end(month):
    """Days of the month from the outer query's first one on."""
    return Value(month.days + 1) - Cast(ExtractDay("starts_on"), IntegerField())


def _owners():
    """Tenures of owners, not of the developer, of the outer query's unit."""
    return Household.objects.live().filter(unit=OuterRef("unit"), developer=False)


def _owners_before():
    """Those of them before the outer query's tenure."""
    return _owners().filter(starts_on__lt=OuterRef("starts_on"))


def with_neighbours(charges):
    """Charges with what share() asks of the tenures beside their household's, and of the estate's rules: so that each may stand for its policy."""
    rules = BillingPolicy.objects.filter(estate=OuterRef("estate"))
    of_unit = Household.objects.live().filter(unit=OuterRef("household__unit"))
    following = of_unit.filter(starts_on__gt=OuterRef("household__ends_on")).order_by("starts_on")
    return charges.annotate(
        bought_of_owner=Exists(of_unit.filter(developer=False, starts_on__lt=OuterRef("household__starts_on"))),
        next_from=Subquery(following.values("starts_on")[:1]), next_to=Subquery(following.values("ends_on")[:1]),
        first_month=Coalesce(Subquery(rules.values("first_month")), Value(First.BY_DAY)),
        last_month=Coalesce(Subquery(rules.values("last_month")), Value(Last.BY_DAY)))
