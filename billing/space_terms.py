"""What a parking contract's days come to: the lines of its first cycle, and what is given back for whole unused days (DOMAIN §2)."""
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from django.db.models import BigIntegerField, F, Max, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Cast, Coalesce

from servicecentre.kit.money import line_amount, price_text
from servicecentre.kit.periods import BillingMonth, today

from .contract_lines import of_contracts
from .lines import first_due_on
from .models import FEE_CODES, BillRun, Charge, Credit, FeeKind, ParkingContract, Price
from .shares import BUYER, HALF_DAY, NOTHING

ONE = 100                          # 1.00 辆


@dataclass
class MonthLine:
    """One month of one vehicle: its days, its share of the month, fen; ``words`` is the sum as a customer reads it."""

    month: BillingMonth
    starts_on: date
    ends_on: date
    share_num: int
    share_den: int
    unit_price: int

    @property
    def amount(self):
        return line_amount(ONE, self.unit_price, 100, self.share_num, self.share_den)

    @property
    def words(self):
        share = "1 月" if self.share_num == self.share_den else f"{self.share_num}/{self.share_den} 月"
        return f"{price_text(self.unit_price)} × 1 辆 × {share}"


def tariff_of(estate, space_kind, day):
    """The Price of this kind of space on the 1st of that day's month; None when none is in force."""
    kinds = FeeKind.objects.of(estate).active().filter(code=FEE_CODES[space_kind])
    return Price.objects.of(estate).on(BillingMonth.of(day).first).filter(fee_kind__in=kinds).select_related("fee_kind").first()


def signed_months(estate, starts_on, cycle_months):
    """How many months the signing bills: its first cycle, and further ones while a month was run already, for that run is over."""
    ran = BillRun.objects.of(estate).filter(undone_at=None).aggregate(last=Max("period"))["last"]
    behind = (ran.year - starts_on.year) * 12 + ran.month - starts_on.month + 1 if ran else 0
    return max(1, -(-behind // cycle_months)) * cycle_months


def signed_lines(policy, *, starts_on, ends_on, months, unit_price):
    """The MonthLines that the signing bills: from the first day's month on, so many, none past the end."""
    month, lines = BillingMonth.of(starts_on), []
    for _ in range(months):
        if ends_on is not None and month.first > ends_on:
            break
        if line := month_line(policy, month, starts_on=starts_on, ends_on=ends_on, unit_price=unit_price):
            lines.append(line)
        month = month.next
    return lines


def month_line(policy, month, *, starts_on, ends_on, unit_price):
    """The MonthLine of this month, None when the first month's rule leaves it free.

    A whole calendar month is 1/1 under every rule; the first month goes by the estate's ``first_month``, but by days where the
    contract also ends in it; the last month goes by days.
    """
    first, last = max(month.first, starts_on), min(month.last, ends_on or month.last)
    days = (last - first).days + 1
    share = days, month.days
    if days == month.days:
        share = 1, 1
    elif first > month.first and last == month.last:
        share = BUYER.get(policy.first_month, (share, share))[starts_on.day > HALF_DAY]
    return None if share == NOTHING else MonthLine(month, first, last, *share, unit_price)


def billed_from(starts_on, months):
    """First day of the month in which the next cycle begins: what a signing of so many months has not billed."""
    return (BillingMonth.of(starts_on) + months).first


def signed_due(policy, starts_on, months, cycle_months):
    """A cycle is paid when it begins. What the signing bills has one due day: of the newest cycle in it, not before today."""
    return max(today(), first_due_on(starts_on, BillingMonth.of(starts_on) + (months - cycle_months), policy))


# --- given back ------------------------------------------------------------------------------------------------------

def charges_of(contract):
    """The contract's live lines."""
    return Charge.objects.live().filter(estate=contract.estate_id, household=contract.household_id, fee_kind=contract.fee_kind_id,
                                        subject=contract.subject)


def give_back(contract, last_day):
    """[(charge, fen)] of its lines that reach past this last day (None: no day was used), oldest first."""
    return past_day(charges_of(contract), last_day)


def past_day(charges, last_day):
    """The same of these lines, of whatever contracts."""
    lines = charges if last_day is None else charges.filter(ends_on__gt=last_day)
    return _past(lines, lambda charge: last_day)


def past_tenure(charges):
    """The same of those of these charges that are live lines of parking contracts, past the last day of their household's tenure.

    Asked of the contracts that reach past it: one ended by then was given back, and an estate has few others.
    """
    contracts = ParkingContract.objects.past_tenure()
    past = Q(household__ends_on__lt=F("ends_on")) | Q(household__voided_at__isnull=False)
    lines = of_contracts(charges.live().filter(past, household__in=contracts.values("household")), contracts)
    return _past(lines, lambda charge: None if charge.household.voided_at else charge.household.ends_on)


def _past(lines, last_day_of):
    """Each is the line less what the days kept come to, rounded once, and what was given back; never more than what other credits have left of it."""
    credits = Credit.objects.filter(charge=OuterRef("pk")).order_by().values("charge")
    fen = Cast(Sum("amount"), BigIntegerField())
    lines = lines.select_related("fee_kind", "household__unit").order_by("period", "line", "pk").annotate(
        lowered=Coalesce(Subquery(credits.annotate(fen=fen).values("fen")), 0),
        returned=Coalesce(Subquery(credits.filter(source=Credit.Source.CONTRACT).annotate(fen=fen).values("fen")), 0))
    found = [(line, min(line.amount - kept(line, last_day_of(line)) - line.returned, line.amount - line.lowered)) for line in lines]
    return [(line, fen) for line, fen in found if fen > 0]


def kept(charge, last_day):
    """What the line's days up to this one come to, fen: its own share of the month, by days."""
    part = kept_part(charge, last_day)
    return line_amount(charge.quantity, charge.unit_price, charge.percent, *part) if part[0] else 0


def kept_part(charge, last_day):
    """(part, of) of the month: the line's own share, by days."""
    days = (charge.ends_on - charge.starts_on).days + 1
    used = 0 if last_day is None else max(0, (min(last_day, charge.ends_on) - charge.starts_on).days + 1)
    part = Fraction(charge.share_num * used, charge.share_den * days)
    return part.numerator, part.denominator
