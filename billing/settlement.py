"""What is owed and what goes back when a tenure ends on a day: for the seller's statement; nothing is written (DOMAIN §2)."""
from copy import copy
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Min

from servicecentre.kit.money import line_amount, yuan
from servicecentre.kit.periods import BillingMonth, today

from .cashier import waiting_credit
from .contract_lines import of_contracts
from .corrections import off_by, with_sums
from .explain import period_text
from .models import BillingPolicy, BillRun, Charge, ParkingContract, Price, VacancyMonth
from .models.vacancy import REDUCED
from .prepayments import balance_of
from .room import discount_gone
from .shares import NOTHING, Tenure, share
from .space_terms import month_line, past_day
from .vacancy_credits import billed_at_end, full_at_end

MOST_LINES = 36                    # lines not billed yet that are shown one by one


@dataclass
class Line:
    """``owes`` and ``back`` in fen; ``words`` says why."""

    name: str
    period: str
    words: str
    owes: int = 0
    back: int = 0
    beyond: int = 0


@dataclass
class Settlement:
    lines: list
    owes: int
    back: int
    before: str = ""              # which months it does not speak of
    beyond: int = 0               # still due for days after the last one: the till would take it unless it is mended first

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
    policy = BillingPolicy.of(household.estate_id)
    mine = Charge.objects.filter(household=household).live()
    parked = dict(past_day(of_contracts(mine), ended.ends_on))
    lost = full_at_end(ended)
    lines = [line for charge in with_sums(mine).select_related("fee_kind").oldest_first() if (line := _of_charge(charge, ended, parked.get(charge, 0), lost))]
    first = _counted_from(household)
    lines += _folded([*_not_billed(ended, first, policy, lost), *_parking_not_billed(ended, first, policy)])
    credit = sum(source.left for source in waiting_credit(household))
    if credit:
        lines.append(Line("预存余额", "", "还没有用掉的", back=credit))
    if prepaid := balance_of(household):
        lines.append(Line("公摊水电费预存", "", "没有用掉的，退回，或双方签字转给新业主", back=prepaid))
    before = f"{first} 以前没有在这里出过账，不在这张单上；以期初名单和旧账为准。" if BillingMonth.of(household.starts_on) < first else ""
    return Settlement(lines, sum(line.owes for line in lines), sum(line.back for line in lines), before, sum(line.beyond for line in lines))


def _of_charge(charge, ended, parked, lost):
    """``parked``: what of a parking contract's line lies behind the last day, fen; ``lost``: months that are no vacant ones then."""
    regular = charge.fee_kind.bills and not charge.subject and not charge.line and not charge.opening_id
    more = billed_at_end(charge, ended, lost) if regular else 0
    charge.more_fen += more
    off = min(0, off_by(charge, ended, sold=True)) if regular else -parked
    off += discount_gone(charge, -off) if regular and off else 0
    owes, back = max(0, charge.due + more + off), max(0, -off - more - charge.due)
    beyond = min(charge.due, -off)
    if not (owes or back or beyond):
        return None
    words = f"出账 {yuan(charge.amount)}，已收 {yuan(charge.paid)}"
    if off:
        words += f"，到 {ended.ends_on} 为止少 {yuan(-off)}"
    words += f"，不再按空置补 {yuan(more)}" if more else ""
    return Line(charge.shown_name, period_text(charge), words, owes, back, beyond)


def _counted_from(household):
    """The first month that the statement asks about: of the estate's first run, or of the household's first own line; else this month.

    What lies before was settled in the old books, whose rest came as 期初 lines.
    """
    lines = Charge.objects.filter(household=household, subject="", line=0, opening=None).live().exclude(fee_kind__bills="")
    runs = BillRun.objects.of(household.estate_id).filter(undone_at=None)
    begun = [day for rows in (lines, runs) if (day := rows.aggregate(day=Min("period"))["day"])]
    return BillingMonth.of(min(begun, default=today()))


def _not_billed(ended, first, policy, lost):
    """What each monthly fee comes to, by days, in months up to the last day that have no live line of it."""
    month, last = max(first, BillingMonth.of(ended.starts_on)), BillingMonth.of(ended.ends_on)
    rows = Charge.objects.filter(household=ended, subject="", line=0).live().exclude(fee_kind__bills="")
    billed = set(rows.values_list("period", "fee_kind"))
    otherwise = set(rows.exclude(fee_kind__bills=ended.unit.kind).values_list("period", flat=True))       # by what its unit was then
    prices = list(Price.objects.of(ended.estate_id).live().filter(fee_kind__bills=ended.unit.kind, fee_kind__active=True)
                  .select_related("fee_kind").order_by("fee_kind__position", "pk"))
    areas = list(ended.unit.areas.all())
    vacant = dict(VacancyMonth.objects.live().filter(household=ended).exclude(period__in=lost).values_list("period", "percent"))
    before = ended.unit.households.live().filter(developer=False, starts_on__lt=ended.starts_on).exists()
    tenure = Tenure(ended.starts_on, ended.ends_on, ended.developer, before, ended.ends_on + timedelta(days=1))
    while month <= last:
        for price in (p for p in prices if _holds(p, month) and month.first not in otherwise and (month.first, p.fee_kind_id) not in billed):
            if (pair := share(tenure, month, policy)) != NOTHING:
                empty = price.fee_kind.code in REDUCED.values() and month.last <= ended.ends_on
                yield _line(price, next((area for area in areas if _holds(area, month)), None), month, pair, vacant.get(month.first, 100) if empty else 100)
        month = month.next


def _parking_not_billed(ended, first, policy):
    """The same of parking contracts: what a run would bill of their months up to the last day."""
    billed = set(Charge.objects.filter(household=ended).exclude(subject="").live().values_list("fee_kind", "subject", "period"))
    for contract in ParkingContract.objects.live().filter(household=ended, billed_from__lte=ended.ends_on).select_related("fee_kind").order_by("pk"):
        month, until = max(first, BillingMonth.of(contract.billed_from)), min(contract.ends_on or ended.ends_on, ended.ends_on)
        while month.first <= until:
            if (contract.fee_kind_id, contract.subject, month.first) not in billed:
                line = month_line(policy, month, starts_on=contract.starts_on, ends_on=until, unit_price=contract.unit_price)
                yield Line(contract.fee_kind.name, str(month), f"还没出账，{line.words}", owes=line.amount)
            month = month.next


def _holds(row, month):
    return row.starts_on <= month.first and (row.ends_on is None or row.ends_on >= month.first)


def _line(price, area, month, pair, percent):
    if area is None:
        return Line(price.fee_kind.name, str(month), "还没出账；没有登记面积，算不出，请先补面积")
    words = {(1, 1): "收整月", (1, 2): "收半月"}.get(pair, f"按 {pair[0]} 天算")
    words += f"，空置按 {percent}%" if percent < 100 else ""
    return Line(price.fee_kind.name, str(month), f"还没出账，{words}", owes=line_amount(area.area, price.unit_price, percent, *pair))


def _folded(lines):
    """Of many the first ones, and how many more there are with what they come to: the sum is whole."""
    shown, rest = lines[:MOST_LINES], lines[MOST_LINES:]
    if not rest:
        return shown
    return [*shown, Line("其余没出账的", f"{rest[0].period} 至 {rest[-1].period}", f"另 {len(rest)} 笔没有逐笔列出", owes=sum(line.owes for line in rest))]
