"""What a run of a month would make, what it leaves out and why, and how that differs from the month before. Only reads."""
from dataclasses import dataclass, field

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    Exists,
    F,
    FilteredRelation,
    Max,
    Min,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce, RowNumber

from households.models import Building, Household, Unit
from servicecentre.kit.periods import BillingMonth, today

from .contract_lines import of_contracts
from .corrections import corrections
from .lines import areas_on, billed, due_on, lines, paying, prices_on, tenures, unbilled
from .models import BillRun, Charge, FeeKind
from .shares import rules
from .sources import sources

# Reasons a unit is left out: code → words, whether somebody should see to it, and what to do.
NO_PRICE, NO_AREA, NO_OWNER, VACATED, LATER, BILLED = "no_price", "no_area", "no_owner", "vacated", "later", "billed"
DEVELOPERS, FREE = "developers", "free"
REASONS = {
    NO_AREA: ("没有登记面积", True, "在房屋页登记实测建筑面积，从某月 1 日起"),
    NO_PRICE: ("没有收费标准", True, "在收费标准页登记单价"),
    VACATED: ("没有在户业主", True, "原业主的起止已满，登记新业主"),
    NO_OWNER: ("还没有业主（未交付）", False, "办理入伙、登记业主后，从交付之日起按天计"),
    DEVELOPERS: ("还没交付，没有给建设单位出账", False, "在「规矩」里打开「没交付的房屋：出给建设单位」"),
    FREE: ("按首月的规矩，本月不收", False, "下月起按整月出账"),
    LATER: ("还没交付", False, "交付日在本月之后，从交付之日起按天计"),
    BILLED: ("本月已出过账", False, "再出一次不会重复"),
}
# Ways in which a line differs from that of the month before: code → what, why.
CHANGES = {
    "new": ("新增", "{month}新交付或新业主"), "back": ("补出", "{before}没有出账"), "whole": ("首月改足月", "{before}按天计，{month}足月"),
    "part": ("按天计", "{month}不足整月"), "price": ("单价调整", "单价从 {month} 起变更"), "area": ("面积变更", "登记的面积和 {before}账单不同"),
    "other": ("其他", "金额不同"), "ended": ("不再出账", "业主的起止已满"), "gone": ("不再出账", "{month}不出账，见左边的原因"),
    "contracts": ("车位协议", "新签、到期，或一次收几个月"),
}


@dataclass
class Preview:
    """Totals in fen. ``fees``: one row per fee kind; ``made`` is what is billed already, ``new`` what a run would add."""

    month: BillingMonth
    due_on: object
    buildings: list
    fees: list = field(default_factory=list)
    left_out: list = field(default_factory=list)           # [(code, words, urgent, what to do, number, examples)]
    changes: list = field(default_factory=list)            # [(what, fee name, number, why, fen)]
    corrections: list = field(default_factory=list)
    runs: list = field(default_factory=list)
    late: bool = False                                     # the due day is past or today
    compared: bool = False                                 # the month before has bills

    new_count = property(lambda self: sum(fee.new_count for fee in self.fees))
    new_total = property(lambda self: sum(fee.new_total for fee in self.fees))
    made_count = property(lambda self: sum(fee.made_count for fee in self.fees))
    made_total = property(lambda self: sum(fee.made_total for fee in self.fees))
    before_total = property(lambda self: sum(fee.before_total for fee in self.fees))
    count = property(lambda self: self.new_count + self.made_count)
    total = property(lambda self: self.new_total + self.made_total)
    lacking = property(lambda self: sum(row[4] for row in self.left_out if row[2]))
    change_count = property(lambda self: sum(row[2] for row in self.changes))
    left_out_count = property(lambda self: sum(row[4] for row in self.left_out))


@dataclass
class Fee:
    """One row of the totals; ``by_building``: building id → fen of the whole month, billed or to be billed."""

    kind: FeeKind
    by_building: dict = field(default_factory=dict)
    new_count: int = 0
    new_total: int = 0
    made_count: int = 0
    made_total: int = 0
    before_total: int = 0

    count = property(lambda self: self.new_count + self.made_count)
    total = property(lambda self: self.new_total + self.made_total)

    def add(self, building, fen):
        self.by_building[building] = self.by_building.get(building, 0) + fen


# What a list of lines says of each: its name there → the charge's column.
COLUMNS = {"quantity": "quantity", "unit_price": "unit_price", "percent": "percent", "share_num": "share_num", "share_den": "share_den",
           "amount": "amount", "due": "due_on"}


def preview(estate, month, *, on=None):
    """The Preview of a month; ``on`` is the day that judges whether the run is late (default today)."""
    policy = rules(estate, month)
    prices = prices_on(estate, month)
    shown = Preview(month=month, due_on=due_on(month, policy), buildings=list(Building.objects.of(estate).order_by("sort", "pk")))
    shown.fees = _totals(estate, month, prices, policy)
    shown.left_out = left_out_summary(estate, month, prices, policy)
    shown.compared = any(fee.before_total for fee in shown.fees)
    shown.changes = _changes(estate, month, prices, shown.fees, policy) if shown.compared else []
    shown.corrections = corrections(estate, month)
    shown.runs = list(BillRun.objects.of(estate).filter(period=month.first).select_related("by", "undone_by").order_by("-pk"))
    shown.late = shown.due_on <= (on or today())
    return shown


def regular(estate, month):
    """Live lines of the month as runs make them of area and price: the unit's own monthly fees, without corrections."""
    return Charge.objects.of(estate).live().of_month(month).filter(subject="", line=0).exclude(fee_kind__bills="")


def contracts(estate, month):
    """Live lines of the month that a parking contract made."""
    return of_contracts(Charge.objects.of(estate).live().of_month(month).filter(line=0))


def line_rows(estate, month):
    """Every line of the month as dicts by unit: those billed (``made``) and those a run would add.

    One query, made to be sliced: sort, code, number, owners, fee, starts, ends, quantity, unit_price, percent, share_num,
    share_den, amount, due, made.
    """
    policy = rules(estate, month)

    def select(rows, household, unit, **values):
        of_household = {"sort": F(f"{unit}sort"), "code": F(f"{unit}code"), "number": F(f"{household}number"), "owners": F(f"{household}owner_names")}
        columns = {f"c_{name}": value for name, value in {**of_household, **values}.items()}
        return rows.order_by().annotate(**columns).values(*columns)

    def of_charges(rows):
        return select(rows, "household__", "unit__", fee=F("fee_kind__name"), starts=F("starts_on"), ends=F("ends_on"), made=Value(True),
                      **{name: F(column) for name, column in COLUMNS.items()})

    def of_source(source):
        of = source.columns
        return select(source.unbilled.annotate(kind=of["fee_kind_id"]), source.household, f"{source.household}unit__",
                      fee=Subquery(FeeKind.objects.filter(pk=OuterRef("kind")).values("name")), starts=of["starts_on"], ends=of["ends_on"],
                      made=Value(False), **{name: of[column] for name, column in COLUMNS.items()})

    new = [of_source(source) for source in sources(estate, month, prices_on(estate, month), policy)]
    return of_charges(regular(estate, month)).union(of_charges(contracts(estate, month)), *new, all=True).order_by(
        "c_sort", "c_code", "c_starts", "c_fee")


# --- totals -----------------------------------------------------------------------------------------------------------

def _totals(estate, month, prices, policy):
    fees = {kind.pk: Fee(kind) for kind in FeeKind.objects.of(estate).in_order()}
    for source in sources(estate, month, prices, policy):
        for kind, building, count, fen in source.totals():
            fees[kind].add(building, int(fen))
            fees[kind].new_count += count
            fees[kind].new_total += int(fen)
    for rows in (regular(estate, month), contracts(estate, month)):
        for kind, building, count, fen in rows.values_list("fee_kind", "unit__building").annotate(n=Count("pk"), fen=Sum("amount")).order_by():
            fees[kind].add(building, int(fen))
            fees[kind].made_count += count
            fees[kind].made_total += int(fen)
    for rows in (regular(estate, month.previous), contracts(estate, month.previous)):
        for kind, fen in rows.values_list("fee_kind").annotate(fen=Sum("amount")).order_by():
            fees[kind].before_total = int(fen)
    return [fee for fee in fees.values() if fee.count or fee.before_total]


# --- left out ---------------------------------------------------------------------------------------------------------

def left_out(estate, month, prices=None, policy=None):
    """Units for which a run of this month would add nothing, each with its ``reason`` code."""
    prices, policy = prices_on(estate, month) if prices is None else prices, policy or rules(estate, month)
    of_unit = Household.objects.live().filter(unit=OuterRef("pk"))
    held, pays = (rows.filter(unit=OuterRef("pk")) for rows in (tenures(estate, month), paying(estate, month, policy)))
    missing = Q(pk__in=())
    for price in prices:
        missing |= Q(kind=price.fee_kind.bills) & Exists(pays.exclude(billed(price, month)))
    return Unit.objects.of(estate).annotate(
        missing=Case(When(missing, then=True), default=False, output_field=BooleanField()),
        measured=Exists(areas_on(month.first)), held=Exists(held), pays=Exists(pays)).exclude(missing=True, measured=True).annotate(
        reason=Case(                                                     # the frequent first: each condition is a search
            When(~_priced(prices), then=Value(NO_PRICE)),
            When(missing=True, then=Value(NO_AREA)),
            When(pays=True, then=Value(BILLED)),
            When(Exists(held.filter(developer=True)), then=Value(DEVELOPERS)),
            When(held=True, then=Value(FREE)),
            When(Exists(of_unit.filter(starts_on__gt=month.last)), then=Value(LATER)),
            When(Exists(of_unit), then=Value(VACATED)),
            default=Value(NO_OWNER), output_field=CharField()))


def left_out_summary(estate, month, prices=None, policy=None, examples=3):
    """[(code, words, urgent, what to do, number, first unit codes)], most urgent first, none that is empty.

    Those billed are all but the others, which are few: they alone are sorted and told apart.
    """
    prices, policy = prices_on(estate, month) if prices is None else prices, policy or rules(estate, month)
    rows, found = left_out(estate, month, prices, policy), {}
    others = rows.filter(~_priced(prices) | Q(missing=True) | Q(pays=False)).annotate(
        number=Window(Count("pk"), partition_by=F("reason")),
        place=Window(RowNumber(), partition_by=F("reason"), order_by=("sort", "pk")))
    for code, number, unit in others.filter(place__lte=examples).order_by("place").values_list("reason", "number", "code"):
        found.setdefault(code, (number, []))[1].append(unit)
    if billed := rows.count() - sum(number for number, _ in found.values()):
        found[BILLED] = (billed, [])
    return [(code, *REASONS[code], *found[code]) for code in REASONS if code in found]


def _priced(prices):
    return Q(kind__in={price.fee_kind.bills for price in prices})


# --- against the month before -----------------------------------------------------------------------------------------

def _changes(estate, month, prices, fees, policy):
    """[(what, fee name, number, why, fen)]: every line that differs from its own of the month before, by kind of change."""
    found, by_kind = {}, {fee.kind.pk: fee for fee in fees}
    for price in prices:
        if price.fee_kind_id not in by_kind or not by_kind[price.fee_kind_id].new_count:
            continue
        rows = unbilled(lines(price, month, policy), price, month).annotate(old=FilteredRelation("charges", condition=Q(
            charges__estate=estate, charges__fee_kind=price.fee_kind_id, charges__period=month.previous.first,
            charges__voided_at__isnull=True, charges__subject="", charges__line=0)))
        _count(found, price.fee_kind, rows, month, unit_price=Value(price.unit_price), area=F("area"), starts=F("starts_on"))
    for kind in (fee.kind for fee in fees):
        _count_gone(found, kind, estate, month, prices, policy)
        if not by_kind[kind.pk].made_count:
            continue
        rows = regular(estate, month).filter(fee_kind=kind).annotate(old=FilteredRelation("household__charges", condition=Q(
            household__charges__estate=estate, household__charges__fee_kind=kind.pk, household__charges__period=month.previous.first,
            household__charges__voided_at__isnull=True, household__charges__subject="", household__charges__line=0)))
        _count(found, kind, rows, month, unit_price=F("unit_price"), area=F("quantity"), starts=F("household__starts_on"))
    for fee in fees:
        if not fee.kind.bills and fee.total != fee.before_total:
            _add(found, "contracts", fee.kind, fee.count, fee.total - fee.before_total, "", "")
    return [(CHANGES[code][0], kind.name, number, _why(code, month, examples), fen)
            for (code, kind), (number, fen, examples) in sorted(found.items(), key=lambda item: list(CHANGES).index(item[0][0]))]


def _count(found, kind, rows, month, *, unit_price, area, starts):
    """Group lines by how they differ from ``old``, their line of the month before."""
    was = F("old__amount")
    code = Case(
        When(old__isnull=True, then=Case(When(first_day__gte=month.first, then=Value("new")), default=Value("back"))),
        When(Q(old__share_den__gt=F("old__share_num")) & Q(share_num=F("share_den")), then=Value("whole")),
        When(share_den__gt=F("share_num"), then=Value("part")),
        When(~Q(old__unit_price=unit_price), then=Value("price")),
        When(~Q(old__quantity=area), then=Value("area")),
        When(~Q(amount=was), then=Value("other")), default=Value(""), output_field=CharField())
    grouped = rows.annotate(first_day=starts).annotate(change=code).exclude(change="").values_list("change").annotate(
        n=Count("pk"), fen=Sum(F("amount") - Coalesce(was, Value(0))), least=Min("unit__code"), most=Max("unit__code")).order_by()
    for change, number, fen, least, most in grouped:
        _add(found, change, kind, number, int(fen), least, most)


def _count_gone(found, kind, estate, month, prices, policy):
    """Lines of the month before whose household has none in this one, billed or to be billed."""
    old = regular(estate, month.previous).filter(fee_kind=kind).exclude(
        Exists(regular(estate, month).filter(fee_kind=kind, household=OuterRef("household"))))
    if any(price.fee_kind_id == kind.pk for price in prices):
        measured = Exists(areas_on(month.first, unit="unit"))
        old = old.exclude(Exists(paying(estate, month, policy).filter(measured, pk=OuterRef("household"), unit__kind=kind.bills)))
    grouped = old.annotate(change=Case(When(household__ends_on__lt=month.first, then=Value("ended")), default=Value("gone"),
                                       output_field=CharField())).values_list("change").annotate(
        n=Count("pk"), fen=Sum("amount"), least=Min("unit__code"), most=Max("unit__code")).order_by()
    for change, number, fen, least, most in grouped:
        _add(found, change, kind, number, -int(fen), least, most)


def _add(found, code, kind, number, fen, least, most):
    before = found.get((code, kind), (0, 0, ""))
    examples = least if least == most else f"{least}、{most}"
    found[code, kind] = (before[0] + number, before[1] + fen, before[2] or (examples if number <= 2 else ""))


def _why(code, month, examples):
    words = CHANGES[code][1].format(month=f"{month.month} 月", before=f"{month.previous.month} 月")
    return f"{examples} {words}" if examples else words
