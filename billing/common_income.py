"""公共收益: money of the owners in common, kept apart by month, less costs entered by a manager (DOMAIN §2 [law: 民法典 275, 282])."""
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db.models import F, Sum
from django.db.models.functions import ExtractMonth

from households.standing import said
from servicecentre.kit.money import MAX_FEN, yuan
from servicecentre.kit.periods import SHANGHAI, business_day, day_bounds, now, shown_moment, today
from servicecentre.kit.refused import Refused
from servicecentre.kit.sheets import Table
from servicecentre.worklog.acts import act, record

from .models import Allocation, CommonCost, Credit, FeeKind, Visit, VisitVoid
from .visits import TEMPORARY

HEADER = ["月份", "临停收入（元）", "合同车位等收入（元）", "退还（元）", "收入合计（元）", "支出（元）", "结余（元）"]


class Month(NamedTuple):
    """One month's sums, fen; ``back`` and ``costs`` are what is taken off."""

    name: str
    visits: int
    charges: int
    back: int
    costs: int

    @property
    def income(self):
        return self.visits + self.charges - self.back

    @property
    def rest(self):
        return self.income - self.costs

    @property
    def taken_off(self):
        """What is given back and what was spent, as the sheet shows it: below zero."""
        return -self.back, -self.costs


def sheet(estate, year):
    """(twelve Months, their total as a Month) of a year: a constant number of queries.

    Every sum stands in the month in which it happened, so that a sheet that was posted stays: visits by the day of exit, less what was
    given back by the day of giving back. Charges of the fee kinds that are common income by the moment their money settled them, less
    what of it was taken back by that moment, as of a void receipt. Of credits that lower a line, the part that lowered no debt goes back.
    """
    kinds = FeeKind.objects.of(estate).filter(common_income=True)
    start, end = day_bounds(date(year, 1, 1))[0], day_bounds(date(year + 1, 1, 1))[0]
    gate = kinds.filter(code=TEMPORARY).exists()
    visits = _by_month(Visit.objects.of(estate).paid().filter(day__year=year), "day", "fee") if gate else {}
    voided = _by_month(VisitVoid.objects.of(estate).filter(day__year=year), "day", "fee") if gate else {}

    def happened(rows, moment, amount="amount"):
        return _by_month(rows.filter(**{f"{moment}__gte": start, f"{moment}__lt": end}), moment, amount)

    settled = Allocation.objects.of(estate).filter(charge__fee_kind__in=kinds)
    own = settled.filter(credit__charge=F("charge"))
    money = settled.exclude(pk__in=own.values("pk"))
    charges = _less(happened(money, "at"), happened(money, "voided_at"))
    credits = happened(Credit.objects.of(estate).filter(charge__fee_kind__in=kinds), "made_at")
    back = _less(credits, _less(happened(own, "at"), happened(own, "voided_at")))
    costs = _less(_by_month(CommonCost.objects.of(estate).filter(day__year=year), "day", "amount"), happened(CommonCost.objects.of(estate), "voided_at"))
    months = [Month(f"{year}-{n:02d}", visits.get(n, 0), charges.get(n, 0), voided.get(n, 0) + back.get(n, 0), costs.get(n, 0))
              for n in range(1, 13)]
    return months, Month("全年", *(sum(column) for column in zip(*(month[1:] for month in months), strict=True)))


def _less(sums, others):
    """{month: fen}: these less the others."""
    return {n: sums.get(n, 0) - others.get(n, 0) for n in sums | others}


class CostRow(NamedTuple):
    """A cost on its day or, ``voided``, the row that takes it off again on the day of its void; fen."""

    day: date
    cost: CommonCost
    fen: int
    voided: bool


def cost_rows(estate, year):
    """The year's CostRows, newest first; they sum to the sheet's costs."""
    start, end = day_bounds(date(year, 1, 1))[0], day_bounds(date(year + 1, 1, 1))[0]
    costs = CommonCost.objects.of(estate).select_related("made_by", "voided_by")
    rows = [CostRow(cost.day, cost, cost.amount, False) for cost in costs.filter(day__year=year)]
    rows += [CostRow(business_day(cost.voided_at), cost, -cost.amount, True) for cost in costs.filter(voided_at__gte=start, voided_at__lt=end)]
    return sorted(rows, key=lambda row: (row.day, row.cost.pk, row.voided), reverse=True)


def _by_month(rows, column, amount):
    """{month: fen}."""
    month = ExtractMonth(column, tzinfo=SHANGHAI) if column != "day" else ExtractMonth(column)
    return {n: int(fen) for n, fen in rows.annotate(n=month).values_list("n").annotate(fen=Sum(amount)).order_by("n")}


def sheet_tables(estate, year):
    """The year's sheet and its costs as a workbook."""
    months, total = sheet(estate, year)
    lines = [[m.name, *(_decimal(fen) for fen in (m.visits, m.charges, m.taken_off[0], m.income, m.taken_off[1], m.rest))] for m in [*months, total]]
    return [Table(f"公共收益 {year}", HEADER, lines, dict.fromkeys(range(7), 16)),
            Table("支出", ["日期", "用途", "凭据", "登记人", "金额（元）"],
                  [[row.day, f"作废：{row.cost.words}" if row.voided else row.cost.words, row.cost.basis,
                    (row.cost.voided_by if row.voided else row.cost.made_by).name, _decimal(row.fen)] for row in reversed(cost_rows(estate, year))],
                  {1: 24, 2: 30})]


@act
def add_common_cost(estate, *, day, words, amount, basis, by):
    """Set a cost (fen) against the common income of its day's month; returns the CommonCost. Refused for a day to come."""
    if day > today():
        raise Refused({"day": "还没有到这一天"})
    if not 0 < amount <= MAX_FEN:
        raise Refused({"amount": "金额要大于 0"})
    values = {column: said(column, text, limit, "请填写") for column, text, limit in (("words", words, 60), ("basis", basis, 100))}
    cost = CommonCost.objects.create(estate=estate, day=day, amount=amount, made_by=by, made_at=now(), **values)
    record(by, f"公共收益支出 {yuan(amount)} 元，{cost.words}，凭 {cost.basis}", cost)
    return cost


@act
def void_common_cost(cost, *, reason, by):
    """The cost was wrong: it stays, with the reason, and is taken off in the month of its void. Returns it. Refused when it is void already."""
    cost = CommonCost.objects.lock(cost)
    if cost.voided_at:
        raise Refused(f"{cost.voided_by.name} {shown_moment(cost.voided_at)} 已作废这笔支出。")
    cost.voided_at, cost.voided_by, cost.void_reason = now(), by, said("reason", reason, 100, "请填写")
    cost.save(update_fields=["voided_at", "voided_by", "void_reason"])
    record(by, f"作废公共收益支出 {yuan(cost.amount)} 元 {cost.words}：{cost.void_reason}", cost)
    return cost


def _decimal(fen):
    return Decimal(fen).scaleb(-2)
