"""One row of a register: from cells to a RegisterRow, or to what is wrong with it (IMPORT «Register»). No database."""
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import ValidationError

from servicecentre.kit.identity import check_plate, show_plate, split_plates
from servicecentre.kit.money import parse_area
from servicecentre.kit.periods import parse_date
from servicecentre.kit.sheets import CellError, Formula
from servicecentre.kit.text import clean_text, narrow

from .labels import FIELDS
from .owners import NAME_MAX, read_contact, read_owners, read_phones
from .places import unit_code
from .values import hide_identities, said, shown, text_of

HOME, SHOP = "home", "shop"
ERROR, WARNING = "error", "warning"
REMARK_MAX, TRADE_MAX, ADDRESS_MAX = 400, 40, 120



@dataclass(frozen=True)
class Finding:
    """What is wrong (error) or was decided (warning) about a cell. Sheet, row and column are Excel's own."""

    sheet: str
    row: int
    column: str  # the header
    value: str  # as shown: ID numbers masked
    reason: str
    level: str = ERROR
    letter: str = ""

    def as_json(self):
        return {"sheet": self.sheet, "row": self.row, "column": self.column, "value": self.value, "reason": self.reason}


class Judged:
    """What has ``findings``, by their level."""

    @property
    def errors(self):
        return [finding for finding in self.findings if finding.level == ERROR]

    @property
    def warnings(self):
        return [finding for finding in self.findings if finding.level == WARNING]

    @property
    def wrong_rows(self):
        """{(sheet, row)} of every row that is not taken because something in it is wrong."""
        return {(finding.sheet, finding.row) for finding in self.errors}


@dataclass
class RegisterRow:
    """A unit as the list has it, with the household that holds it, if any (`owners` empty: none)."""

    sheet: str
    row: int
    code: str  # 3-2-1801, S01
    key: str  # the code without idle zeros: how units are matched
    building: str  # "" for a shop with a code of its own
    entrance: str
    room: str
    kind: str  # home or shop
    area: int  # 0.01 ㎡
    owners: list = field(default_factory=list)
    handover_on: date | None = None
    phone: str = ""  # the first owner's
    phone2: str = ""
    co_phones: dict = field(default_factory=dict)  # place of a further owner (from 1) → phones that stand beside the name
    sex: str = ""  # male, female or ""; the first owner's
    address: str = ""
    emergency: tuple = ("", "")  # name, phone
    tenant: str = ""
    tenant_phone: str = ""
    lease_from: date | None = None
    plates: list = field(default_factory=list)
    trade: str = ""
    remark: str = ""
    blanks: list = field(default_factory=list)  # 待补, in words

    def phones_of(self, place):
        """The phones that the row gives to its owner at this place, the first one's being its own."""
        return [phone for phone in (self.phone, self.phone2) if phone] if place == 0 else self.co_phones.get(place, [])

    def content(self):
        """All that the list says of the unit: rows with equal content are the same row twice."""
        return tuple((name, repr(value)) for name, value in vars(self).items() if name not in ("sheet", "row", "code", "room"))


_OF_PEOPLE = ("serial", "owner", "id", "phone", "phone2", "co_phone", "plates", "remark")


class Row:
    """The cells of one row by field, and the findings made while they are read."""

    def __init__(self, sheet, layout, number, handover_default):
        self.layout, self.number, self.default = layout, number, handover_default
        self.cells = {}
        for column in layout.columns:
            value = sheet.cell(number, column.column)
            if column.field and value is not None and text_of(value):
                self.cells.setdefault(column.field, []).append((column, value))
        self.findings, self.extras = [], []
        self.place = None  # the RoomCode, also of a row that is wrong otherwise
        self.beside = []  # (field, whose phone it is: an owner's cell, or the place among the owners of one cell; the phone's cell)
        for place, column in enumerate(layout.of("co_phone"), start=1):
            if text_of(value := sheet.cell(number, column.column)):
                owner = layout.owner_beside(column)
                self.beside.append(("co_phone", text_of(sheet.cell(number, owner.column)) if owner else place, value))

    def value(self, name):
        return self.cells[name][0][1] if name in self.cells else None

    def adds_only_people(self, first):
        """Whether this row, under the same merged room, tells nothing new of the unit but more people and cars."""
        own = {name: cells for name, cells in self.cells.items() if name not in _OF_PEOPLE}
        return all(self.text(name) == first.text(name) for name in own)

    def join(self, below):
        """Take over what a row below, under the same merged room, says of people; what is merged too counts once."""
        if below.text("owner") and below.text("phone") and below.value("owner") != self.value("owner"):
            self.beside.append(("phone", below.text("owner"), below.cells.pop("phone")[0][1]))
        for name in _OF_PEOPLE:
            new = [cell for cell in below.cells.get(name, []) if cell[1] not in (value for _, value in self.cells.get(name, []))]
            if new:
                self.cells[name] = self.cells.get(name, []) + new

    def text(self, name):
        """All cells of a field as one text, parted by 、; "" when they only say that there is nothing."""
        texts = (said(value) for _, value in self.cells.get(name, []))
        return "、".join(text for text in texts if text)

    def find(self, name, reason, level=ERROR, value=None):
        column = self.cells[name][0][0] if name in self.cells else next(iter(self.layout.of(name)), None)
        show = shown(self.text(name) if value is None else value, name, phones=False) if name in self.cells or value is not None else ""
        self.findings.append(Finding(self.layout.sheet, self.number, column.label if column else self.layout.words.fields[name].label, show,
                                     hide_identities(reason), level, column.letter if column else ""))

    def attempt(self, name, check, *args, value=None):
        """What `check` makes of the arguments, or None and a finding with its sentence."""
        try:
            return check(*args)
        except ValidationError as error:
            self.find(name, error.messages[0], value=value)
            return None

    def clean(self, name, limit):
        return self.attempt(name, clean_text, self.text(name), limit) or ""

    def flagged(self, name):
        """Whether something of the field was found wrong already: one cause is told once."""
        labels = {column.label for column in self.layout.of(name)}
        return any(finding.column in labels and finding.level == ERROR for finding in self.findings)

    @property
    def wrong(self):
        return any(finding.level == ERROR for finding in self.findings)


def read_row(row: Row, told: tuple) -> RegisterRow | None:
    """The row's content, or None when something in it is wrong; the row's findings say what.

    `told`: building and entrance that a title or a section row gives to rows that name none.
    """
    _refuse_formulas(row)
    place = _place(row, told)
    kind = _kind(row, place)
    area = _area(row)
    owners = read_owners(row)
    where = (place.code, place.key, place.building, place.entrance, place.room) if place else ("",) * 5
    got = RegisterRow(row.layout.sheet, row.number, *where, kind, area or 0, owners or [])
    got.trade = row.clean("trade", TRADE_MAX)
    lease_from = _day(row, "lease_from")
    if owners == []:
        _without_owner(row, lease_from)
    elif owners:
        _household(row, got, lease_from)
    remarks = [row.text("remark"), *row.extras]
    remark = "；".join(filter(None, (" ".join(text.split()) for text in remarks)))
    if (hidden := hide_identities(remark)) != remark:
        row.find("remark", "备注里的证件号码不登记在备注里，已遮住", WARNING)
    got.remark = row.attempt("remark", clean_text, hidden, REMARK_MAX) or ""
    return None if row.wrong else got


def _refuse_formulas(row):
    """A formula is never evaluated and its stored result never believed (TRUST §4 row 32)."""
    for name, cells in list(row.cells.items()):
        bad = [cell for cell in cells if isinstance(cell[1], (Formula, CellError))]
        if name != "serial":
            for column, value in bad:
                why = ("单元格里是公式，请复制后「选择性粘贴」为数值" if isinstance(value, Formula)
                       else f"单元格里是错误值 {value}，请填实际的内容")
                row.findings.append(Finding(row.layout.sheet, row.number, column.label, shown(value, name, phones=False), why,
                                            letter=column.letter))
        if bad and len(bad) == len(cells):
            del row.cells[name]
        elif bad:
            row.cells[name] = [cell for cell in cells if cell not in bad]


def _place(row, told):
    for name in ("building", "entrance", "room"):
        if isinstance(row.value(name), date):
            row.find(name, f"{FIELDS[name].label}被表格软件变成了日期，请把单元格设为文本后重填")
            return None
    if row.flagged("room") or row.flagged("building") or row.flagged("entrance"):
        return None
    place, why = unit_code(row.text("building"), row.text("entrance"), row.text("room"), shop=row.layout.kind == SHOP, told=told)
    if place is None:
        row.find("room", why)
    row.place = place
    return place


def _kind(row, place):
    """商 or 铺 in the use means a shop; no use said: what the table or the code is (S01)."""
    usage = row.clean("usage", TRADE_MAX)
    alone = bool(place and place.shop)
    if not usage:
        kind = SHOP if alone and re.match(r"S", place.code) else row.layout.kind
    elif re.search("[商铺]", usage):
        kind = SHOP
    else:
        kind = HOME
        if not re.search("住|居家|别墅|洋房", usage) and not (alone and place):
            row.find("usage", f"用途「{usage}」不认识，按住宅导入", WARNING)
    if alone and kind == HOME:
        row.find("room", f"{place.code} 是商铺的编号，用途却不是商铺" if usage else "房号不完整，要有楼栋、单元和房号，如 3-2-1801")
    return kind


def _area(row):
    if row.flagged("area"):
        return None
    value = row.value("area")
    text = narrow(said(value)).strip()
    if not text:
        row.find("area", "没有面积", value="")
        return None
    if isinstance(value, (date, bool)):
        row.find("area", "面积要写数字，如 89.56")
        return None
    if re.match(r"[-−－—–]\s*[0-9.]", text):
        row.find("area", "面积不能是负数")
        return None
    body = text.replace("，", ",").replace("。", ".")
    try:
        area = parse_area(body, rounding=True)
    except ValidationError as error:
        row.find("area", error.messages[0] if re.search("[0-9]", body) else "面积要写数字，如 89.56")
        return None
    decimals = re.search(r"\.([0-9]+)", body)
    if decimals and len(decimals[1].rstrip("0")) > 2:
        row.find("area", f"面积多于两位小数，四舍五入为 {area // 100}.{area % 100:02d}", WARNING)
    return area


# --- what hangs on the owner ------------------------------------------------------------------------------------------

def _household(row, got, lease_from):
    read_phones(row, got)
    got.handover_on = _handover(row)
    got.emergency = read_contact(row, "emergency", "emergency_phone")
    tenant, got.tenant_phone = read_contact(row, "tenant", "tenant_phone")
    got.tenant = row.attempt("tenant", clean_text, tenant, NAME_MAX) or ""
    if got.tenant:
        got.lease_from = lease_from
    elif lease_from:
        row.extras.append(f"{row.layout.label('lease_from')} {lease_from.isoformat()}")
    got.plates = _plates(row)
    got.sex = {"男": "male", "女": "female"}.get(row.text("sex")[:1], "")
    got.address = row.clean("address", ADDRESS_MAX)
    if any(not owner.id_number for owner in got.owners) and not row.flagged("id"):
        got.blanks.append("证件号码")
        if row.layout.of("id"):
            row.find("id", "业主的证件号码空白，照导，列入待补", WARNING, value="")
    if not got.phone and not row.flagged("phone"):
        got.blanks.append("联系电话")
        if row.layout.of("phone"):
            row.find("phone", "业主的电话空白，照导，列入待补", WARNING, value="")


def _handover(row):
    if not row.layout.of("handover_on"):
        return row.default
    if row.text("handover_on") == "" and not row.flagged("handover_on"):
        row.find("handover_on", "有业主，没有交付日期", value="")
        return None
    return _day(row, "handover_on")


def _day(row, name):
    value = row.value(name)
    if value is None or not said(value):
        return None
    if isinstance(value, (int, Decimal)):
        row.find(name, "单元格不是日期，请写成 2025-10-03")
        return None
    return row.attempt(name, parse_date, value if isinstance(value, (date, datetime)) else text_of(value))


def _plates(row):
    plates = []
    for text in split_plates(re.sub(r"\([^()]*\)", "", narrow(row.text("plates")))):
        if checked := row.attempt("plates", check_plate, text, value=text):
            plate, warning = checked
            if plate in plates:
                continue
            plates.append(plate)
            if warning:
                row.find("plates", warning, WARNING, value=text)
    return plates


def _without_owner(row, lease_from):
    """No owner, no household: what belongs to one is kept as words of the unit's remark (IMPORT «Register»)."""
    for name in ("phone", "phone2", "co_phone", "emergency", "emergency_phone", "plates", "tenant", "tenant_phone", "handover_on"):
        if text := " ".join(row.text(name).split()):
            if name == "plates":
                text = "、".join(show_plate(plate) for plate in split_plates(text))
            row.extras.append(f"{FIELDS[name].label} {hide_identities(text)}")
            row.find(name, "没有业主，不登记，记入房屋备注", WARNING)
    if lease_from:
        row.extras.append(f"{row.layout.label('lease_from')} {lease_from.isoformat()}")
