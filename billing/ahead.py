"""预交: months ahead are billed now, at today's price and area, frozen, and paid; a later run leaves them out as billed (DOMAIN §2 Paying ahead).

Any number of months up to the estate's most, the payer's choice. The year's discount, where a manager has turned it on, is a Credit
per line; it falls away for months given back (corrections.py) and when the receipt that paid them is void.
"""
from dataclasses import dataclass
from datetime import date

from servicecentre.kit.money import half_up, line_amount, yuan
from servicecentre.kit.periods import BillingMonth, now, today
from servicecentre.kit.refused import Refused
from servicecentre.worklog.acts import act, record

from .allocation import settle, take_back
from .charges import make_charge
from .explain import formula, open_lines
from .lines import PERCENT, due_on, first_due_on, prices_on
from .models import Allocation, BillingPolicy, Charge, Credit, VacancyMonth
from .models.vacancy import REDUCED
from .room import FALLEN, fallen
from .shares import NOTHING, Tenure, share

YEAR = 12
SEARCHED = 60                     # months looked at for those that are not billed yet


@dataclass
class Month:
    """One line to be made. ``amount`` and ``discount`` in fen."""

    price: object
    month: BillingMonth
    starts_on: date
    ends_on: date
    quantity: int
    pair: tuple
    due_on: date
    amount: int
    percent: int = PERCENT
    discount: int = 0
    discount_how: str = ""

    net = property(lambda self: self.amount - self.discount)

    @property
    def formula(self):
        """As the bill will say it."""
        words = formula(Charge(fee_kind=self.price.fee_kind, price=self.price, quantity=self.quantity, unit_price=self.price.unit_price,
                               percent=self.percent, share_num=self.pair[0], share_den=self.pair[1]))
        return f"{words}，年缴优惠减 {yuan(self.discount)}" if self.discount else words


def months_ahead(household, n):
    """The Months that paying ``n`` months ahead would bill, the first not billed yet on; Refused in words where that can't be."""
    policy = BillingPolicy.of(household.estate_id)
    if not n:
        return []
    if not 0 < n <= policy.months_ahead_max:
        raise Refused({"ahead": f"最多预交 {policy.months_ahead_max} 个月。"})
    this, area = BillingMonth.of(today()), household.unit.area_on(today())
    prices = [price for price in prices_on(household.estate_id, this) if price.fee_kind.bills == household.unit.kind]
    if not prices or area is None:
        raise Refused({"ahead": "没有登记面积或单价，算不出预交的金额。"})
    if household.developer:
        raise Refused({"ahead": "建设单位的不预交。"})
    billed = set(Charge.objects.filter(household=household, subject="", line=0, period__gte=this.first).live()
                 .exclude(fee_kind__bills="").values_list("period", flat=True))
    tenure = _tenure(household)
    vacant = dict(VacancyMonth.objects.live().filter(household=household, period__gte=this.first).values_list("period", "percent"))
    made, month = [], max(this, BillingMonth.of(household.starts_on))
    for _ in range(SEARCHED):
        pair = share(tenure, month, policy)
        if pair != NOTHING and month.first not in billed:
            made += [_line(price, area.area, month, pair, household, policy, vacant) for price in prices]
        if len(made) == n * len(prices):
            return _with_discount(made, n, policy)
        month = month.next
        if household.ends_on and month.first > household.ends_on:
            break
    raise Refused({"ahead": f"这一户到 {household.ends_on} 为止，只能预交 {len(made) // len(prices)} 个月。"})


def _tenure(household):
    """The household with what share() asks of the tenures beside it."""
    beside = household.unit.households.live()
    bought = beside.filter(developer=False, starts_on__lt=household.starts_on).exists()
    follows = beside.filter(starts_on__gt=household.ends_on).order_by("starts_on").first() if household.ends_on else None
    return Tenure(household.starts_on, household.ends_on, False, bought, *((follows.starts_on, follows.ends_on) if follows else ()))


def _line(price, area, month, pair, household, policy, vacant):
    starts, ends = max(month.first, household.starts_on), min(month.last, household.ends_on or month.last)
    due = first_due_on(household.starts_on, month, policy) if household.starts_on >= month.first else due_on(month, policy)
    percent = vacant.get(month.first, PERCENT) if price.fee_kind.code in REDUCED.values() else PERCENT
    return Month(price, month, starts, ends, area, pair, due, line_amount(area, price.unit_price, percent, *pair), percent)


def _with_discount(made, n, policy):
    if n != YEAR or not year_offer(policy):
        return made
    free = sorted({line.month for line in made})[-policy.year_free_months:] if policy.year_free_months else []
    for line in made:
        percent = 100 if line.month in free else policy.year_discount
        line.discount = half_up(line.amount * percent, 100)
        line.discount_how = f"{yuan(line.amount)} × {percent}%"
    return made


def year_offer(policy):
    """What paying a year ahead saves today, as a sentence for the till; empty when nothing: the same for every household."""
    first, last = policy.year_discount_from, policy.year_discount_to
    if not (policy.year_discount or policy.year_free_months) or first and today() < first or last and today() > last:
        return ""
    gives = f"最后 {policy.year_free_months} 个月免收" if policy.year_free_months else f"减 {policy.year_discount}%"
    return f"一次预交 {YEAR} 个月{gives}{f'，到 {last} 为止' if last else ''}。"


def net(made):
    """What these Months cost, fen."""
    return sum(line.net for line in made)


@act
def bill_ahead(household, n, *, by):
    """Bill ``n`` months ahead of a locked household; returns its new Charges, a year's discount already credited to them."""
    at, charges, credits = now(), [], []
    for line in months_ahead(household, n):
        charge = Charge.objects.create(
            estate_id=household.estate_id, household=household, unit_id=household.unit_id, fee_kind_id=line.price.fee_kind_id, price=line.price,
            period=line.month.first, starts_on=line.starts_on, ends_on=line.ends_on, quantity=line.quantity, unit_price=line.price.unit_price,
            percent=line.percent, share_num=line.pair[0], share_den=line.pair[1], amount=line.amount, due_on=line.due_on, made_at=at, made_by=by)
        charges.append(charge)
        if line.discount:
            credits.append(Credit.objects.create(
                estate_id=household.estate_id, household=household, charge=charge, source=Credit.Source.DISCOUNT, amount=line.discount,
                left=line.discount, how=line.discount_how, reason=f"一次预交 {n} 个月的优惠", made_at=at, made_by=by))
            settle(household, [charge], credits[-1:], at=at, later=True)
    given = sum(credit.amount for credit in credits)
    record(by, f"预交出账 {charges[0].period:%Y-%m} 至 {charges[-1].period:%Y-%m} {n} 个月，{yuan(sum(c.amount for c in charges))} 元"
               f"{f'，年缴优惠 {yuan(given)} 元' if given else ''}", charges[0], household=household)
    return list(open_lines(household, also=charges).filter(pk__in=[charge.pk for charge in charges]))


def discount_falls_away(household, charges, *, at, by):
    """The discount of lines that are unpaid again: taken off them, and used up by a line of its own that says so.

    Once for all: what fell away with another void, or with days given back, has its line already.
    """
    credits = Credit.objects.filter(household=household, source=Credit.Source.DISCOUNT, charge__in=charges).select_related("charge__fee_kind")
    for credit in credits.order_by("pk"):
        standing = list(Allocation.objects.live().filter(credit=credit, charge=credit.charge_id))
        gone = sum(a.amount for a in standing) - fallen(credit.charge)
        if gone > 0:
            take_back(standing, at=at)
            credit.refresh_from_db()
            take_discount_back(credit.charge, credit, gone, household, by)
            if credit.left:
                settle(household, [Charge.objects.get(pk=credit.charge_id)], [credit], at=at, later=True)


def take_discount_back(charge, credit, fen, household, by):
    """A line of its own for the discount that falls away, settled at once from this credit; returns it."""
    first, last = household.starts_on, household.ends_on or charge.period
    month = BillingMonth.of(min(max(charge.period, first), max(first, last)))
    subject = f"{FALLEN}{charge.pk}"
    line = make_charge(household, charge.fee_kind, by=by, period=month, quantity=100, unit_price=fen * 100, subject=subject,
                       line=Charge.objects.filter(household=household, subject=subject).count(), label="年缴优惠取消")
    settle(household, [line], [credit], at=credit.made_at, later=True)
    return line
