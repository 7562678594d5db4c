"""What parking contracts owe in a month's run, as queries (models/spaces.py says which lines a run makes). Nothing here writes."""
from django.db.models import BigIntegerField, Case, DateField, Exists, F, IntegerField, OuterRef, Q, Value, When
from django.db.models.functions import Cast, Coalesce, ExtractDay, ExtractMonth, ExtractYear, Greatest, Least

from .lines import due_on, half_up, that_day, whole_number
from .models import Charge, ParkingContract

ONE = 100                         # 1.00 辆


def contract_lines(estate, month, policy):
    """[queryset]: contracts with the line of this month, then of each later month of a cycle that begins in it; none without contracts.

    Each has ``period``, ``starts``, ``ends``, ``share_num``, ``share_den``, ``amount`` (fen) and ``due``: a cycle is paid when it begins.
    """
    cycles = set(ParkingContract.objects.of(estate).live().filter(billed_from__lte=month.first).filter(
        Q(ends_on=None) | Q(ends_on__gte=month.first)).values_list("cycle_months", flat=True).distinct())
    return [_of_period(estate, month, month + n, policy) for n in range(max(cycles, default=0))]


def lacking(estate, month, policy):
    """Contracts that owe the month itself a line and have none, as the lines of contract_lines()."""
    return unbilled(_of_period(estate, month, month, policy))


def unbilled(rows):
    """Of these those that have no live line yet."""
    return rows.exclude(Exists(Charge.objects.live().filter(
        estate=OuterRef("estate"), household=OuterRef("household"), fee_kind=OuterRef("fee_kind"), period=OuterRef("period"),
        subject=OuterRef("subject"), line=0)))


def of_contracts(charges, contracts=None):
    """Of these charges those that a contract made, or one of these contracts (a queryset)."""
    contracts = ParkingContract.objects.all() if contracts is None else contracts
    return charges.exclude(subject="").filter(Exists(contracts.filter(
        estate=OuterRef("estate"), household=OuterRef("household"), fee_kind=OuterRef("fee_kind"), subject=OuterRef("subject"))))


def _of_period(estate, month, period, policy):
    first, last = that_day(period.first), that_day(period.last)
    held = Q(ends_on=None) | Q(ends_on__gte=period.first)
    owned = Q(household__ends_on=None) | Q(household__ends_on__gte=period.first)
    rows = ParkingContract.objects.of(estate).live().filter(
        held, owned, billed_from__lte=month.first, starts_on__lte=period.last, household__starts_on__lte=period.last, household__voided_at=None)
    if period != month:                                                    # ahead only where a cycle that reaches it begins now
        since = Value(month.year * 12 + month.month) - ExtractYear("billed_from") * 12 - ExtractMonth("billed_from")
        months = (period.year - month.year) * 12 + period.month - month.month
        rows = rows.annotate(begun=Cast(since, IntegerField()) % F("cycle_months")).filter(begun=0, cycle_months__gt=months)
    whole = Q(starts_on__lte=period.first, household__starts_on__lte=period.first) & (Q(ends_on=None) | Q(ends_on__gte=period.last)) & (
        Q(household__ends_on=None) | Q(household__ends_on__gte=period.last))
    rows = rows.annotate(
        period=first, due=that_day(due_on(month, policy)), starts=Greatest(F("starts_on"), F("household__starts_on"), first),
        ends=Least(Coalesce(F("ends_on"), last), Coalesce(F("household__ends_on"), last), last)).filter(starts__lte=F("ends"))
    rows = rows.annotate(days=Cast(ExtractDay("ends"), IntegerField()) - Cast(ExtractDay("starts"), IntegerField()) + 1)
    twice = F("unit_price") * whole_number(2 * ONE * 100)
    return rows.annotate(
        share_num=Case(When(whole, then=Value(1)), default=F("days")), share_den=Case(When(whole, then=Value(1)), default=Value(period.days)),
        amount=Case(When(whole, then=half_up(twice, whole_number(1))), default=half_up(twice * F("days"), whole_number(period.days)),
                    output_field=BigIntegerField()))


def columns():
    """Column of a charge → what stands in it, for the run's insert."""
    return {"household_id": F("household_id"), "unit_id": F("household__unit_id"), "fee_kind_id": F("fee_kind_id"), "price_id": F("price_id"),
            "subject": F("subject"), "period": F("period"), "starts_on": F("starts"), "ends_on": F("ends"),
            "quantity": Value(ONE, BigIntegerField()), "unit_price": F("unit_price"), "percent": Value(100), "share_num": F("share_num"),
            "share_den": F("share_den"), "amount": F("amount"), "due_on": Cast(F("due"), DateField())}
