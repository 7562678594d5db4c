"""What is owed and what goes back when a tenure ends on a day: for the seller's statement; nothing is written (DOMAIN §2)."""
from copy import copy
from dataclasses import dataclass

from servicecentre.kit.money import line_amount, yuan
from servicecentre.kit.periods import BillingMonth

from .cashier import waiting_credit
from .corrections import off_by, with_sums
from .explain import period_text
from .lines import prices_on
from .models import Charge

MONTHS_AHEAD = 12


@dataclass
class Line:
    """``owes`` and ``back`` in fen; ``words`` says why."""

    name: str
    period: str
    words: str
    owes: int = 0
    back: int = 0


@dataclass
class Settlement:
    lines: list
    owes: int
    back: int

    @property
    def balance(self):
        """What the household still pays (+) or gets back (−), fen."""
        return self.owes - self.back

    @property
    def back_due(self):
        return max(0, -self.balance)


def settlement(household, day):
    """The household's Settlement for ``day`` as its last day, whether or not the tenure has ended."""
    ended = copy(household)
    ended.ends_on = min(filter(None, (household.ends_on, day)))
    lines = [line for charge in with_sums(Charge.objects.filter(household=household).live()).select_related("fee_kind").oldest_first()
             if (line := _of_charge(charge, ended))]
    lines += _not_billed(ended)
    credit = sum(source.left for source in waiting_credit(household))
    if credit:
        lines.append(Line("预存余额", "", "还没有用掉的", back=credit))
    return Settlement(lines, sum(line.owes for line in lines), sum(line.back for line in lines))


def _of_charge(charge, ended):
    regular = charge.fee_kind.bills and not charge.subject and not charge.line and not charge.opening_id
    off = min(0, off_by(charge, ended)) if regular else 0
    owes, back = max(0, charge.due + off), max(0, -off - charge.due)
    if not (owes or back):
        return None
    words = f"出账 {yuan(charge.amount)}，已收 {yuan(charge.paid)}"
    if off:
        words += f"，到 {ended.ends_on} 为止少 {yuan(-off)}"
    return Line(charge.shown_name, period_text(charge), words, owes, back)


def _not_billed(ended):
    """Months up to the last day that have no bill yet, by days at the price and area of their 1st."""
    unit, last = ended.unit, BillingMonth.of(ended.ends_on)
    billed = set(Charge.objects.filter(household=ended, subject="", line=0).live().exclude(fee_kind__bills="").values_list("period", flat=True))
    newest = max(billed, default=None)
    month = BillingMonth.of(newest).next if newest else BillingMonth.of(ended.starts_on)
    found = []
    while month <= last and len(found) < MONTHS_AHEAD:
        area = unit.area_on(month.first)
        days = month.days_within(ended.starts_on, ended.ends_on)
        for price in prices_on(ended.estate_id, month) if area else ():
            if price.fee_kind.bills == unit.kind:
                fen = line_amount(area.area, price.unit_price, 100, days, month.days)
                found.append(Line(price.fee_kind.name, str(month), f"还没出账，按 {days} 天算", owes=fen))
        month = month.next
    return found
