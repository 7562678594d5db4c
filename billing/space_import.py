"""车位租用登记: the contracts that ran before this program, each good row one, billed by the run from 计费起月 on (IMPORT «Other lists»)."""
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db.models import Q

from households.importing.applying import MOVED, begin, close
from households.importing.kinds import ListKind
from households.importing.labels import Field, words_of
from households.importing.plans import ListPlan
from households.importing.rows import ERROR, WARNING, Finding
from households.importing.standing import chunks, key_of
from households.importing.tables import in_order, read_list
from households.importing.values import said, text_of
from households.models import Household, RegisterImport, Unit
from servicecentre.kit.identity import check_plate, show_plate, split_plates
from servicecentre.kit.money import parse_price, price_text
from servicecentre.kit.periods import BillingMonth, now, parse_date, today
from servicecentre.kit.refused import Refused
from servicecentre.kit.secrets import seal
from servicecentre.worklog.acts import act, record

from .models import FEE_CODES, Charge, ContractVehicle, ParkingContract, ParkingSpace, Price, SpaceHold, SpaceKind
from .models.spaces import OWNED

_KINDS = ((SpaceKind.SHARED, re.compile("(?:共用|公用|公共|不固定|非固定|租赁|出租)(?:车位|停车位)?(?:租赁|租用)?")),
          (SpaceKind.DEDICATED, re.compile("(?:专用|产权|自有|私家|固定产权|业主自有|已售)(?:车位|停车位)?")),
          (SpaceKind.OPEN, re.compile("(?:露天|地面|室外|地上)(?:车位|停车位)?")))
_FOR_EVER = re.compile("长期|不定期|无固定期限?|至今|在租")

FIELDS = {"serial": Field("序号（不导入）"), "number": Field("车位号"), "kind": Field("类型"), "building": Field("楼栋"), "entrance": Field("单元"),
          "room": Field("房号"), "owner": Field("业主、使用人"), "plate": Field("车牌"), "starts_on": Field("起租"), "ends_on": Field("到期"),
          "price": Field("月费"), "proof": Field("权属证明"), "place": Field("位置")}
_DAY = "(?:日期|时间|日)?"
_RULES = (
    ("number", 0, "(?:车位|停车位|泊位)(?:编号|号码|号|代码)?"),
    ("kind", 0, "(?:车位)?(?:类型|类别|种类|性质)"),
    ("plate", 0, "(?:机动车|车辆|汽车|车)?(?:车牌|牌照|号牌)(?:号码|号)?|车号|车辆"),
    ("starts_on", 0, f"(?:起租|开始|起始|租用|租赁|生效|起|合同开始|协议开始|租期起|有效期起)(?:起)?{_DAY}"),
    ("ends_on", 0, f"(?:到期|截止|结束|终止|止租|止|合同到期|协议到期|租期止|有效期至|有效期止){_DAY}"),
    ("price", 0, "(?:车位)?(?:月费|月租|月租金|租金|单价|收费标准|管理费|月管理费|每月|费用)(?:标准)?"),
    ("proof", 0, "(?:权属|产权|车位产权)(?:证明|证书|证号|证|编号)?(?:号|编号)?|权证号?"),
    ("place", 2, "(?:车位)?(?:位置|区域)"),
    ("owner", 2, "业主(?:姓名|名称)?|使用人|承租人|租用人|姓名|户名|车主"))
NEEDED = ("kind", "plate", "starts_on", "price")


def _is_parking(named):
    return bool(named & {"room", "building", "entrance"} and named & {"number", "kind"} and named & {"plate", "price"})


WORDS = words_of("车位租用登记", FIELDS, _RULES, _is_parking)


@dataclass
class Rented:
    """One row of the old list; ``price`` 0.0001 元, ``key`` the unit's code without idle zeros, ``number`` "" for one that is not fixed."""

    sheet: str
    row: int
    code: str
    key: str
    number: str
    kind: SpaceKind
    plate: str
    starts_on: date
    ends_on: date | None
    price: int
    holder: str = ""
    proof: str = ""
    place: str = ""
    household: object = None                           # as planned:
    tariff: object = None


# --- read ------------------------------------------------------------------------------------------------------------

def read_parking(file, mapping=None, handover_default=None, progress=None, known=None):
    """Read the list from a path, bytes or binary file; a Reading whose rows are Rented."""
    return read_list(file, WORDS, mapping, known, progress, needed=NEEDED, figure="price", read_row=_read_row,
                     missing="没有找到车位租用登记：表头里要有类型、房号、车牌、起租和月费。请核对文件，或在「列的对应」里指出各列。")


def _read_row(row):
    kind = row.attempt("kind", _kind, row.text("kind"))
    plate = row.attempt("plate", _plate, row)
    starts_on = row.attempt("starts_on", _day, row.value("starts_on"), "没有写起租日期")
    ends_on = row.attempt("ends_on", _end, row.value("ends_on"))
    price = row.attempt("price", _price, row.value("price"))
    number = row.clean("number", 20)
    if kind and kind != SpaceKind.SHARED and not number and not row.flagged("number"):
        row.find("number", f"{kind.label}车位要有车位号", value="")
    if starts_on and ends_on and ends_on < starts_on:
        row.find("ends_on", f"到期 {ends_on} 早于起租 {starts_on}")
    texts = {"holder": row.clean("owner", 40), "proof": row.clean("proof", 60), "place": row.clean("place", 60)}
    if row.wrong or None in (row.place, kind, plate, starts_on, price):
        return None
    if kind == SpaceKind.DEDICATED and not texts["proof"]:
        row.find("proof", "专用车位没有写权属证明，照导，列入待补权属证明", WARNING)
    return Rented(row.layout.sheet, row.number, row.place.code, row.place.key, number, kind, plate, starts_on, ends_on, price, **texts)


def _kind(text):
    plain = re.sub(r"\s", "", text)
    kind = next((kind for kind, words in _KINDS if words.fullmatch(plain)), None)
    if kind is None:
        raise ValidationError("类型写共用、专用或露天" if plain else "没有写类型")
    return kind


def _plate(row):
    plates = split_plates(row.text("plate"))
    if not plates:
        raise ValidationError("没有写车牌")
    if len(plates) > 1:
        raise ValidationError("一个车位同时只登记一辆车，请分成两行")
    plate, warning = check_plate(plates[0])
    if warning:
        row.find("plate", warning, WARNING)
    return plate


def _day(value, lacking):
    if isinstance(value, str) and not said(value) or value is None:
        raise ValidationError(lacking)
    return parse_date(value if isinstance(value, date) else text_of(value))


def _end(value):
    if value is None or not said(value) or isinstance(value, str) and _FOR_EVER.fullmatch(value.strip()):
        return None
    return parse_date(value if isinstance(value, date) else text_of(value))


def _price(value):
    if isinstance(value, (date, bool)) or not text_of(value):
        raise ValidationError("月费要写数字，如 150")
    return parse_price(f"{value:f}" if isinstance(value, Decimal) else text_of(value))


# --- plan ------------------------------------------------------------------------------------------------------------

@dataclass
class ParkingPlan(ListPlan):
    """Contracts to be made, each good row one; what is there already is wrong, never changed. ``billed_from``: 计费起月."""

    rows: list = field(default_factory=list)
    asks_day = True

    @property
    def billed_from(self):
        """The 1st of the month asked for, else of the next one."""
        return BillingMonth.of(self.handover_default).first if self.handover_default else BillingMonth.of(today()).next.first

    @property
    def digest(self):
        rows = [(row.sheet, row.row, row.household.pk, row.number, row.kind, row.plate, row.starts_on, row.ends_on, row.tariff.pk) for row in self.rows]
        return seal(self.reading.digest, repr(self.reading.mapping["tables"]), self.billed_from, repr(rows), repr([f.as_json() for f in self.findings]))

    def counts(self):
        return {"created": len(self.rows), "updated": 0, "unchanged": 0, "wrong": len(self.wrong_rows), "skipped": len(self.reading.skipped),
                "good": len(self.rows), "rows": len(self.rows) + len(self.wrong_rows)}


def plan(estate, reading, *, handover_default=None):
    """Compare the list with households, tariff, spaces and contracts: a handful of queries, whatever the number of rows."""
    planned = ParkingPlan(estate, reading, handover_default, list(reading.findings))
    labels = {(table["sheet"], column["field"]): column for table in reading.mapping["tables"] for column in table["columns"]}

    def find(row, name, reason, value="", level=ERROR):
        column = labels.get((row.sheet, name), {})
        planned.findings.append(Finding(row.sheet, row.row, column.get("label") or FIELDS[name].label, str(value), reason, level, column.get("letter", "")))
    units = {key_of(code): pk for pk, code in Unit.objects.of(estate).values_list("pk", "code")}
    tenures = _tenures([units[row.key] for row in reading.rows if row.key in units])
    spaces = {space.number: space for space in ParkingSpace.objects.of(estate)}
    prices = _prices(estate)
    good = [row for row in reading.rows if _fits(row, units, tenures, spaces, prices, find)]
    planned.rows = _apart(estate, good, find)
    planned.findings = in_order(planned.findings, reading.order)
    return planned


def _fits(row, units, tenures, spaces, prices, find):
    """Whether unit, household, price and kind are as the estate has them; sets household and tariff on the row."""
    unit = units.get(row.key)
    if unit is None:
        find(row, "room", "没有这套房，请核对房号，或先导入登记表", row.code)
        return False
    row.household = next((t for t in tenures[unit] if t.starts_on <= row.starts_on and (t.ends_on is None or t.ends_on >= row.starts_on)), None)
    if row.household is None:
        find(row, "starts_on", "该月无业主", row.starts_on)
        return False
    month = BillingMonth.of(row.starts_on).first
    row.tariff = next((p for p in prices[FEE_CODES[row.kind]] if p.starts_on <= month and (p.ends_on is None or p.ends_on >= month)), None)
    if row.tariff is None or row.tariff.unit_price != row.price:
        there = f"是 {price_text(row.tariff.unit_price)} 元" if row.tariff else "还没有"
        find(row, "price", f"{row.kind.label}车位的收费标准{there}，不是 {price_text(row.price)} 元", price_text(row.price))
        return False
    there = spaces.get(row.number)
    if there is not None and there.kind != row.kind:
        find(row, "kind", f"{row.number} 已登记为{there.get_kind_display()}车位", row.kind.label)
        return False
    if (last := row.household.ends_on) and (row.ends_on is None or row.ends_on > last):
        find(row, "ends_on", f"业主到 {last} 为止，以后的日子不出账，列入「超过业主止日」", row.ends_on or "", WARNING)
    return True


def _apart(estate, rows, find):
    """Those of these rows whose space and vehicle nobody else has at the time: neither another row (both are wrong) nor a contract."""
    held, parked = _held(estate), _parked(estate)
    by_number, by_plate, wrong = defaultdict(list), defaultdict(list), set()
    for row in rows:
        if row.number:
            by_number[row.number].append(row)
        by_plate[row.plate].append(row)
        if clash := next((h for h in held[row.number] if row.number and _meet(row, h)), None):
            find(row, "number", f"{row.number} 已租给 {clash.contract.household.unit.code}（{clash.contract}）", row.number)
            wrong.add(id(row))
        elif clash := next((v for v in parked[row.plate] if v.contract.household_id == row.household.pk and _meet(row, v)), None):
            find(row, "plate", f"这一户这辆车已有协议 {clash.contract}", show_plate(row.plate))
            wrong.add(id(row))
    for row, other in _meeting(by_number):
        find(row, "number", f"和第 {other.row} 行是同一个车位，时间重叠", row.number)
        wrong.add(id(row))
    for row, other in _meeting(by_plate):
        if id(row) not in wrong:
            find(row, "plate", f"和第 {other.row} 行是同一辆车，请核对", show_plate(row.plate), WARNING)
    return [row for row in rows if id(row) not in wrong]


def _meeting(groups):
    """(row, the first other one whose days it shares) of rows that have the same thing."""
    for rows in groups.values():
        for row in rows:
            if other := next((o for o in rows if o is not row and _meet(row, o)), None):
                yield row, other


def _meet(one, other):
    return (other.ends_on is None or one.starts_on <= other.ends_on) and (one.ends_on is None or other.starts_on <= one.ends_on)


def _held(estate):
    found = defaultdict(list)
    for hold in SpaceHold.objects.of(estate).live().select_related("space", "contract__household__unit"):
        found[hold.space.number].append(hold)
    return found


def _parked(estate):
    found = defaultdict(list)
    for vehicle in ContractVehicle.objects.of(estate).live().select_related("contract"):
        found[vehicle.plate].append(vehicle)
    return found


def _tenures(units):
    found = defaultdict(list)
    for chunk in chunks(set(units)):
        for household in Household.objects.live().filter(unit__in=chunk).order_by("starts_on"):
            found[household.unit_id].append(household)
    return found


def _prices(estate):
    found = defaultdict(list)
    for price in Price.objects.of(estate).live().filter(fee_kind__code__in=FEE_CODES.values()).select_related("fee_kind"):
        found[price.fee_kind.code].append(price)
    return found


# --- apply and take back ---------------------------------------------------------------------------------------------

@act
def import_parking(estate, planned, *, by, good_rows=False, importing=None, stored=None):
    """Make the contracts of the plan, all rows or the good ones; returns the import, None when there is nothing to write and none was uploaded.

    Nothing is billed here: the run bills from ``billed_from`` on, what was before is the old books'. Refused when anything moved since.
    """
    importing = begin(estate, planned, importing, good_rows)
    for chunk in chunks({row.household.pk for row in planned.rows}):
        list(Household.objects.filter(pk__in=chunk).order_by("pk").select_for_update(of=("self",)).values_list("pk"))
    if plan(estate, planned.reading, handover_default=planned.handover_default).digest != planned.digest:
        raise Refused(MOVED)
    if not planned.rows and importing is None:
        return None
    if importing is None:
        importing = RegisterImport.objects.create(estate=estate, kind="parking", made_by=by, **stored.columns())
    made = _make(estate, planned, importing, by)
    importing = close(importing, planned, good_rows=good_rows, by=by, written={"contracts": [contract.pk for contract in made]})
    if made:
        left = f"，{len(planned.wrong_rows)} 行有错没有导入" if planned.wrong_rows else ""
        record(by, f"导入车位租用登记「{importing.label}」：协议 {len(made)} 份，{BillingMonth.of(planned.billed_from).label}起出账{left}", importing)
    return importing


def _make(estate, planned, importing, by):
    """Spaces that are not there yet, then contracts, and what each holds: a statement a table."""
    at, rows = now(), planned.rows
    spaces = {space.number: space for space in ParkingSpace.objects.of(estate)}
    new = {row.number: ParkingSpace(estate=estate, number=row.number, kind=row.kind, place=row.place) for row in rows
           if row.number and row.number not in spaces}
    spaces |= {space.number: space for space in ParkingSpace.objects.bulk_create(new.values())}
    made = ParkingContract.objects.bulk_create([ParkingContract(
        estate=estate, household=row.household, fee_kind=row.tariff.fee_kind, price=row.tariff, opening=importing,
        subject=f"原登记 {row.number or show_plate(row.plate)} {importing.pk}-{row.row}", space_kind=row.kind, unit_price=row.price,
        starts_on=row.starts_on, ends_on=row.ends_on, agreed_to=row.ends_on, cycle_months=1, billed_from=planned.billed_from,
        ownership=OWNED[row.kind], proof=row.proof,
        holder_name=row.holder or row.household.owner_names[:40], signed_by=by, signed_at=at) for row in rows], batch_size=500)
    spans = [(contract, row, {"estate": estate, "contract": contract, "starts_on": row.starts_on, "ends_on": row.ends_on, "by": by, "at": at})
             for contract, row in zip(made, rows, strict=True)]
    SpaceHold.objects.bulk_create([SpaceHold(space=spaces[row.number], **span) for _, row, span in spans if row.number], batch_size=500)
    ContractVehicle.objects.bulk_create([ContractVehicle(plate=row.plate, **span) for _, row, span in spans], batch_size=500)
    return made


def undo_parking(importing, *, by):
    """Call off the contracts of this list; refused while one was billed, changed, renewed or ended."""
    contracts = ParkingContract.objects.filter(opening=importing)
    holders = contracts.values_list("household", flat=True)
    list(Household.objects.filter(pk__in=holders).order_by("pk").select_for_update(of=("self",)).values_list("pk"))
    billed = Charge.objects.live().filter(estate=importing.estate_id, subject__in=contracts.values("subject"))
    if count := billed.values("subject").distinct().count():
        raise Refused(f"这份名单有 {count} 份协议已经出过账，不能整批撤销。")
    if count := contracts.filter(Q(version__gt=1) | Q(renewals__isnull=False)).distinct().count():
        raise Refused(f"这份名单有 {count} 份协议已经改过、续过或终止，不能整批撤销。")
    at = now()
    for model in (SpaceHold, ContractVehicle):
        model.objects.live().filter(contract__opening=importing).update(voided_at=at)
    number = contracts.live().update(voided_at=at)
    return f"取消车位协议 {number} 份"


LIST = ListKind(code="parking", label="车位租用登记", counted="份", right="billing.import_parking", words=WORDS, read=read_parking, plan=plan,
                apply=import_parking, undo=undo_parking, upload_page="billing:import_parking", leads_to="billing:parking", leads_words="看车位",
                asks="一行一份：车位号（共用的可以没有）、类型、房号、车牌、起租、到期、月费。月费要和收费标准一致；从计费起月起由按月出账接着收，以前的以旧账为准。",
                day_label="计费起月", day_hint="填那个月的任一天，空着是下个月")
