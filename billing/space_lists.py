"""What the pages of parking show: spaces with who holds them, contracts with what they owe, counts by kind; set-based, on a day."""
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, F, Max, Min, OuterRef, Q, Subquery

from servicecentre.kit.money import price_text
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.sheets import Table

from .models import FEE_CODES, Charge, ParkingContract, ParkingSpace, Price, SpaceHold, SpaceKind

SOON = 30                          # days before the end in which a contract is shown as ending, and after it as run out
ORDER = (SpaceKind.OPEN, SpaceKind.DEDICATED, SpaceKind.SHARED)
SHOWS = (("running", "在租"), ("ahead", "还没开始"), ("ending", f"{SOON} 天内到期"), ("run_out", "到期没续"), ("unpaid", "欠费"),
         ("unproven", "待补权属证明"), ("beyond", "超过业主止日"), ("over", "已结束"))


@dataclass
class KindCount:
    kind: SpaceKind
    spaces: int = 0                # that are in use at all
    running: int = 0
    price: str = ""
    free: int = 0

    @property
    def words(self):
        return f"{self.running} / {self.spaces}" if self.spaces else str(self.running)


@dataclass
class Cell:
    """One space on the plan: its number, two words, how it is drawn."""

    space: ParkingSpace
    word: str
    css: str = ""
    icon: str = ""
    contract: ParkingContract = None
    title: str = ""


def counts(estate, day):
    """KindCounts in the page's order; four queries."""
    found = {kind: KindCount(kind) for kind in ORDER}
    spaces = ParkingSpace.objects.of(estate)
    for row in spaces.exclude(state=ParkingSpace.State.OUT).order_by().values("kind").annotate(n=Count("pk")):
        found[row["kind"]].spaces = row["n"]
    for row in spaces.free(first=day, last=day).order_by().values("kind").annotate(n=Count("pk")):
        found[row["kind"]].free = row["n"]
    for row in ParkingContract.objects.of(estate).running(on=day).order_by().values("space_kind").annotate(n=Count("pk")):
        found[row["space_kind"]].running = row["n"]
    prices = Price.objects.of(estate).on(BillingMonth.of(day).first).filter(fee_kind__code__in=FEE_CODES.values()).select_related("fee_kind")
    of_code = {price.fee_kind.code: price_text(price.unit_price) for price in prices}
    for kind in ORDER:
        found[kind].price = of_code.get(FEE_CODES[kind], "")
    return list(found.values())


def plan_of(spaces, day):
    """Cells of these spaces (a page of them), however many, in four queries."""
    spaces = list(spaces)
    holds = SpaceHold.objects.live().filter(space__in=spaces).filter(Q(ends_on=None) | Q(ends_on__gte=day))
    contracts = {c.pk: c for c in with_money(ParkingContract.objects.filter(pk__in=holds.values("contract")), day).with_holds()}
    now, later = {}, {}
    for hold in holds.order_by("-starts_on"):
        (now if hold.starts_on <= day else later)[hold.space_id] = contracts[hold.contract_id], hold
    return [_cell(space, now.get(space.pk), later.get(space.pk), day) for space in spaces]


def _cell(space, held, coming, day):
    if held is None:
        if space.state != ParkingSpace.State.TO_LET:
            return Cell(space, space.remark or space.get_state_display(), "own")
        if coming:
            return Cell(space, f"{coming[1].starts_on:%m-%d} 起租", "", "", coming[0])
        return Cell(space, "空", "free")
    contract, hold = held
    vehicle = contract.vehicle_on(day)
    word = vehicle.plate[2:] if vehicle else "在租"
    title = f"{contract} {vehicle or ''}"
    if contract.overdue:
        return Cell(space, f"欠 {contract.overdue} 月", "bad", "warn", contract, title)
    if hold.ends_on and (hold.ends_on - day).days <= SOON:
        return Cell(space, f"{hold.ends_on:%m-%d} 到期", "due", "clock", contract, title)
    return Cell(space, word, "", "", contract, title)


def with_money(contracts, day):
    """Adds ``overdue`` (lines past their due day), ``owing_from`` (first month not paid) and ``billed_to`` (last month billed)."""
    mine = Charge.objects.live().filter(estate=OuterRef("estate"), household=OuterRef("household"), fee_kind=OuterRef("fee_kind"),
                                        subject=OuterRef("subject")).order_by().values("subject")
    unpaid = mine.filter(paid__lt=F("amount"))
    return contracts.annotate(
        overdue=Subquery(unpaid.filter(due_on__lt=day).annotate(n=Count("pk")).values("n")),
        owing_from=Subquery(unpaid.annotate(first=Min("period")).values("first")),
        billed_to=Subquery(mine.annotate(last=Max("period")).values("last")))


def paid_to(contract):
    """「2026-11」: the last month before the first one not paid, of a row with_money(); "" when nothing was billed or paid yet."""
    if contract.billed_to is None:
        return ""
    if contract.owing_from is None:
        return str(BillingMonth.of(contract.billed_to))
    before = BillingMonth.of(contract.owing_from).previous
    return str(before) if before >= BillingMonth.of(contract.starts_on) else ""


def shown(contracts, show, day):
    """Those of these contracts that a list of this name shows."""
    rows = {"ahead": contracts.live().filter(starts_on__gt=day), "ending": contracts.ending(on=day, days=SOON),
            "run_out": contracts.run_out(on=day, days=2 * SOON), "unproven": contracts.lacking_proof(on=day),
            "beyond": contracts.beyond_tenure(on=day), "over": contracts.filter(Q(voided_at__isnull=False) | Q(ends_on__lt=day)),
            "unpaid": contracts.filter(pk__in=overdue(contracts, day))}.get(show, contracts.running(on=day))
    return rows.order_by("ends_on" if show in ("ending", "run_out") else "starts_on", "pk")


def overdue(contracts, day):
    """pks of those of these contracts that have a line past its due day."""
    late = Charge.objects.overdue(on=day).filter(fee_kind__code__in=FEE_CODES.values()).exclude(subject="")
    return contracts.filter(subject__in=late.filter(estate=OuterRef("estate")).values("subject")).values("pk")


def attention(estate, day):
    """[(show, label, how many)] of what wants a look, none that is empty."""
    rows = ParkingContract.objects.of(estate)
    found = [(show, label, shown(rows, show, day).count()) for show, label in SHOWS if show in ("run_out", "unproven", "beyond")]
    return [row for row in found if row[2]]


def contract_table(contracts, day, name):
    """The list as a sheet; without names and plates, so that it may be taken out without a reason."""
    head = ["协议号", "种类", "车位", "房号", "起", "止", "月费（元）", "付费周期", "付到", "状态", "权属证明"]
    return Table(name, head, (_row(contract, day) for contract in contracts), {0: 18, 3: 12, 4: 12, 5: 12, 10: 24})


def _row(c, day):
    space = c.space_on(day)
    proof = "" if c.space_kind != SpaceKind.DEDICATED else "有" if c.proof else "待补"
    return [c.subject, c.get_space_kind_display(), space.number if space else "不固定", c.household.unit.code, c.starts_on, c.ends_on,
            Decimal(c.unit_price).scaleb(-4), c.get_cycle_months_display(), paid_to(c), c.state_on(day)[0], proof]
