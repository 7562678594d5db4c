"""Who owes what for a month, as a query: what the run inserts, the preview counts and a price change compares.

One line per monthly fee and tenure that overlaps the month, at the price and area in force on the 1st, for the days
held (DOMAIN §2). Nothing here writes.
"""
from datetime import timedelta

from django.db.models import BigIntegerField, Case, DateField, Exists, F, FilteredRelation, IntegerField, OuterRef, Q, Value, When
from django.db.models.functions import Cast, Coalesce, ExtractDay, Greatest, Least

from households.models import Household, UnitArea
from servicecentre.estates.hours import Calendar

from .models import Charge, FeeKind, Price, VacancyMonth
from .models.vacancy import REDUCED
from .shares import pays_nothing, with_share

PERCENT = 100


def prices_on(estate, month):
    """The prices of the monthly fees in force on the 1st of this month, in the price list's order; none of a fee put out of use."""
    monthly = FeeKind.objects.of(estate).monthly().active()
    return list(Price.objects.of(estate).on(month.first).filter(fee_kind__in=monthly)
                .select_related("fee_kind").order_by("fee_kind__position", "fee_kind_id"))


def tenures(estate, month):
    """Households that hold their unit on at least one day of the month."""
    return Household.objects.of(estate).live().overlapping(month.first, month.last)


def paying(estate, month, policy):
    """Those of them whom the estate's rules let pay something of the month."""
    return tenures(estate, month).exclude(pays_nothing(month, policy))


def lines(price, month, policy):
    """Tenures with what this price makes them owe, billed or not: starts, ends, area, share_num, share_den, amount.

    A unit whose use was changed after the month was billed owes that month nothing for its new use: the bill stays.
    ``amount`` in fen, area 0.01 ㎡; the share is as billing/shares.py has it.
    """
    first, last = that_day(month.first), that_day(month.last)
    whole = Q(starts_on__lte=month.first) & (Q(ends_on=None) | Q(ends_on__gte=month.last))
    area_on_first = Q(unit__areas__starts_on__lte=month.first) & (Q(unit__areas__ends_on=None) | Q(unit__areas__ends_on__gte=month.first))
    factor = 2 * price.unit_price
    rows = paying(price.estate_id, month, policy).filter(unit__kind=price.fee_kind.bills).annotate(
        area_row=FilteredRelation("unit__areas", condition=area_on_first)).filter(area_row__isnull=False).exclude(
        Exists(_line_of_other_use(price, month)))
    rows = with_percent(rows, price, month).annotate(
        starts=Greatest(F("starts_on"), first), ends=Least(Coalesce(F("ends_on"), last), last),
        area=F("area_row__area")).annotate(
        days=Cast(ExtractDay("ends"), IntegerField()) - Cast(ExtractDay("starts"), IntegerField()) + 1)
    return with_share(rows, month, policy).annotate(
        amount=Case(When(whole, then=half_up(F("area") * whole_number(factor) * F("percent"), whole_number(1))),
                    default=half_up(F("area") * whole_number(factor) * F("percent") * F("share_num"), F("share_den")), output_field=BigIntegerField()))


def with_percent(rows, price, month):
    """Adds ``percent``: what part of this fee each household pays in the month. Less than all in a verified vacant month (billing/vacancy.py)."""
    reducible = price.fee_kind.code in REDUCED.values()
    if not reducible or not VacancyMonth.objects.of(price.estate_id).live().filter(period=month.first).exists():
        return rows.annotate(percent=Value(PERCENT))
    vacant = Q(vacant_months__estate=price.estate_id, vacant_months__period=month.first, vacant_months__voided_at=None)
    return rows.annotate(vacant=FilteredRelation("vacant_months", condition=vacant), percent=Coalesce(F("vacant__percent"), Value(PERCENT)))


def unbilled(rows, price, month):
    """Of these lines, those for which no live line is there yet."""
    return rows.exclude(Exists(_line_of(price, month)))


def billed(price, month):
    """True for a household whose month is billed: by this fee, or as what its unit was then."""
    return Q(Exists(_line_of(price, month))) | Q(Exists(_line_of_other_use(price, month)))


def with_due(rows, month, policy):
    """These lines with ``due``, their due day."""
    return rows.annotate(due=_due(month, policy))


def lacking(estate, month, prices, policy):
    """Tenures that the month owes a line of one of these prices and has none: unbilled(), without its figures."""
    owing = Q(pk__in=())
    for price in prices:
        owing |= Q(unit__kind=price.fee_kind.bills) & ~billed(price, month)
    return paying(estate, month, policy).filter(owing, Exists(areas_on(month.first, unit="unit")))


def areas_on(day, unit="pk"):
    """Area rows in force on that day, of the unit of the outer query."""
    return UnitArea.objects.filter(unit=OuterRef(unit), starts_on__lte=day).filter(Q(ends_on=None) | Q(ends_on__gte=day))


def due_on(month, policy, days=None):
    """The day a month's bill is due (DOMAIN §2 [seed]: the 5th); a holiday stays, unless the estate moves it.

    ``days``: the Calendar of the month, where it is at hand.
    """
    return _moved(month.first.replace(day=policy.due_day), policy, days)


def first_due_on(starts_on, month, policy, days=None):
    """Due day of a tenure's first line: no earlier than its first day + 7 (DOMAIN §2 [practice])."""
    usual = month.first.replace(day=policy.due_day)
    return _moved(max(usual, starts_on + timedelta(days=policy.first_days)), policy, days)


def _moved(day, policy, days):
    if not policy.due_moves:
        return day
    return (days or Calendar(policy.estate_id, day)).next_working(day)


def _line_of(price, month):
    """The live regular line of the outer query's household."""
    return Charge.objects.live().filter(estate=price.estate_id, household=OuterRef("pk"), fee_kind=price.fee_kind_id, period=month.first,
                                        subject="", line=0)


def _line_of_other_use(price, month):
    """The live line of the outer query's household by the fee of another use: a shop's, where the unit is a home now.

    The fees are named one by one: PostgreSQL planned a join to them row by row where it had no statistics yet.
    """
    others = list(FeeKind.objects.of(price.estate_id).monthly().exclude(bills=price.fee_kind.bills).values_list("pk", flat=True))
    return Charge.objects.live().filter(estate=price.estate_id, household=OuterRef("pk"), fee_kind__in=others, period=month.first,
                                        subject="", line=0)


def _due(month, policy):
    """One constant, but for tenures that begin in the month: a constant per first day, so that no engine counts days."""
    calendar = Calendar(policy.estate_id, month.first, month.last + timedelta(days=policy.first_days)) if policy.due_moves else None
    day_due = due_on(month, policy, calendar)
    first_dues = {day: first_due_on(day, month, policy, calendar) for n in range(month.days) for day in [month.first + timedelta(days=n)]}
    later = [When(starts_on=day, then=that_day(due)) for day, due in first_dues.items() if due > day_due]
    usual = that_day(day_due)
    if not later:
        return usual
    return Case(When(starts_on__gte=month.first, then=Case(*later, default=usual, output_field=DateField())),
                default=usual, output_field=DateField())


def half_up(twice_n, den):
    """(2N + D) / 2D with D = 1,000,000 × den, as the CHECK amount_is_what_made_it and kit/money have it."""
    return (twice_n + den * whole_number(1_000_000)) / (den * whole_number(2_000_000))


def whole_number(number):
    """A number that SQL reckons with in 64 bits."""
    return Value(number, output_field=BigIntegerField())


def that_day(day):
    """A day as SQL compares and writes it."""
    return Cast(Value(day, output_field=DateField()), DateField())
