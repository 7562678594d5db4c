"""A list beside the register: what each row would create, change or leave, and which rows may not be (IMPORT «Register»).

Nothing is written here. The plan carries a digest of file, mapping and register, by which applying knows that what
was shown still holds (TRUST 20).
"""
from dataclasses import dataclass, field
from datetime import timedelta

from households.models import Unit
from households.register import SHOPS
from servicecentre.kit.identity import mask_phone, show_plate
from servicecentre.kit.money import area_text
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.secrets import seal

from .people import People, differences, names_of_numbers
from .plans import CREATED, UNCHANGED, UPDATED, ListPlan
from .rows import ERROR, WARNING, Finding
from .standing import Standing, billed_until, key_of
from .tables import in_order

NAMELESS = "（未写姓名）"                             # of an emergency contact whose phone alone is known


class _Wrong(Exception):
    """The row can't be taken: (field, reason, value shown)."""


@dataclass
class UnitPlan:
    """What one good row does; ``changes`` are (label, old, new) for people, the rest is what applying writes."""

    row: object
    unit: dict | None                                  # of the register; None: a new one
    status: str = UNCHANGED
    changes: list = field(default_factory=list)
    unit_columns: dict = field(default_factory=dict)
    area: tuple = ()                                   # (first day, pk of the row it replaces or None, pk of the row it ends or None)
    opens: bool = False                                # a new household, of these owners
    serial: int = 1
    owners: list = field(default_factory=list)         # Drafts in the order of the contract
    tenure: object = None                              # the household that is there
    tenure_columns: dict = field(default_factory=dict)
    repointed: list = field(default_factory=list)      # (ownership pk, Draft): the number belongs to somebody registered
    contact: tuple = ()                                # (pk or None, name, phone)
    plates: list = field(default_factory=list)
    tenant: tuple = ()                                 # (resident pk or None, Draft, lease_from)

    @property
    def writes_household(self):
        return bool(self.opens or self.tenure_columns or self.repointed or self.contact or self.plates or self.tenant)

    def change(self, label, old, new):
        self.changes.append((label, old, new))


@dataclass
class Plan(ListPlan):
    """What a register does; the counts are of units, good rows only."""

    state: str = ""
    units: list = field(default_factory=list)
    people: object = None
    billed: dict = field(default_factory=dict)         # what was asked of the bills, to be asked again when it is applied
    asked: list = field(default_factory=list)
    new_buildings: list = field(default_factory=list)
    asks_day: bool = False                             # some household is opened out of a table that has no column of its first day
    lacks_day: list = field(default_factory=list)      # the sheets of those, while no day was given for them

    @property
    def obstacles(self):
        return [*super().obstacles, *(f"表「{sheet}」没有交付日期一列，请给出这张表的交付日期。" for sheet in self.lacks_day)]

    @property
    def digest(self):
        """Changes when the file, its mapping, the default day or the register does."""
        return seal(self.reading.digest, repr(self.reading.mapping), self.handover_default, self.state, repr(sorted(self.billed.items())))

    def differences(self):
        return [(unit.row.code, *change) for unit in self.of(UPDATED) for change in unit.changes]

    def new_places(self):
        return self.new_buildings if self.people.standing.buildings else []

    def of(self, status):
        return [unit for unit in self.units if unit.status == status]

    def counts(self):
        """{created, updated, unchanged, …}, all numbers."""
        made = self.of(CREATED)
        return {CREATED: len(made), UPDATED: len(self.of(UPDATED)), UNCHANGED: len(self.of(UNCHANGED)),
                "homes": sum(u.row.kind == Unit.Kind.HOME for u in made), "shops": sum(u.row.kind == Unit.Kind.SHOP for u in made),
                "households": sum(u.opens for u in self.units), "empty": sum(not u.row.owners for u in self.units),
                "wrong": len(self.wrong_rows), "skipped": len(self.reading.skipped), "good": len(self.units),
                "rows": len(self.units) + len(self.wrong_rows)}


def plan(estate, reading, *, handover_default=None, progress=None) -> Plan:
    """Compare the reading with the estate's register: about ten queries, whatever the number of rows."""
    return _Planner(estate, reading, handover_default).run(progress)


class _Planner:
    def __init__(self, estate, reading, handover_default):
        self.standing = Standing(estate)
        self.people = People(estate, self.standing)
        self.plan = Plan(estate, reading, handover_default, list(reading.findings), state=self.standing.state, people=self.people)
        self.tables = reading.mapping["tables"]
        self.rows = reading.rows
        self.next_month = BillingMonth.of(self.standing.day).next.first

    def run(self, progress=None):
        rows = self._rows_with_one_name_per_number()
        matched = {id(row): self._holder(row) for row in rows}
        self.own = {there["id_digest"] for found in matched.values() if found and found[0] for _, there, _ in found[1] if there["id_digest"]}
        self._ask_bills(rows, matched)
        for done, row in enumerate(rows, start=1):
            try:
                self.plan.units.append(self._unit(row, matched[id(row)]))
            except _Wrong as wrong:
                self._find(row, *wrong.args)
            if progress and done % 500 == 0:
                progress(done, len(rows))
        self._settle_people()
        for unit in self.plan.units:
            unit.status = CREATED if unit.unit is None else UPDATED if unit.changes else UNCHANGED
        asking = [unit.row for unit in self.plan.units if unit.opens and not self._has(unit.row, "handover_on")]
        self.plan.asks_day, self.plan.lacks_day = bool(asking), list(dict.fromkeys(row.sheet for row in asking if not row.handover_on))
        names = {key_of(name): name for name in (unit.row.building or SHOPS for unit in self.plan.of(CREATED))}
        self.plan.new_buildings = [name for key, name in names.items() if key not in self.standing.buildings]
        self.plan.findings = in_order(self.plan.findings, self.plan.reading.order)
        return self.plan

    # --- what can't be ------------------------------------------------------------------------------------------------

    def _find(self, row, name, reason, value="", level=ERROR):
        column = next((c for c in self._table(row)["columns"] if c["field"] == name), {})
        label = column.get("label") or self.plan.reading.mapping["fields"].get(name, "")
        self.plan.findings.append(Finding(row.sheet, row.row, label, value, reason, level, column.get("letter", "")))

    def _table(self, row):
        return next(t for t in self.tables if t["sheet"] == row.sheet and t["first_row"] <= row.row <= t["last_row"])

    def _has(self, row, name):
        """Whether the row's table has such a column at all."""
        return any(column["field"] == name for column in self._table(row)["columns"])

    def _rows_with_one_name_per_number(self):
        wrong = {}
        for number, names in names_of_numbers(self.rows).items():
            if len(names) > 1:
                for name, rows in names.items():
                    others = [(other, row) for other, rows_of in names.items() if other != name for row in rows_of]
                    for row in rows:
                        wrong.setdefault(id(row), (row, number, others[0]))
        for row, number, (other, where) in wrong.values():
            sheet = "" if where.sheet == row.sheet else f"表「{where.sheet}」"
            self._find(row, "id", f"同一证件号码在{sheet}第 {where.row} 行写的是{other}，请核对是谁的", _masked(self.people, row, number))
        return [row for row in self.rows if id(row) not in wrong]

    # --- one row ------------------------------------------------------------------------------------------------------

    def _holder(self, row):
        """(tenure, [(owner, person of the register, ownership pk)]) for a unit that is held; (None, []) when by others."""
        unit = self.standing.units.get(row.key)
        holders = self.standing.holders(unit["pk"]) if unit else []
        if not holders or not row.owners:
            return None
        for tenure in holders:
            if pairs := self._match(row, tenure):
                return tenure, pairs
        return None, []

    def _match(self, row, tenure):
        """Each owner of the row with the same person of the household, or None: by number, without numbers by name."""
        left, pairs = list(tenure.owners), []
        if len(left) != len(row.owners):
            return None
        for owner in row.owners:
            digest = self.people.identity(owner).get("id_digest", "")
            same = [o for o in left if digest and o["person"]["id_digest"] == digest] or \
                   [o for o in left if not (digest and o["person"]["id_digest"]) and o["person"]["name"] == owner.name]
            if not same:
                return None
            left.remove(same[0])
            pairs.append((owner, same[0]["person"], same[0]["pk"]))
        return pairs

    def _ask_bills(self, rows, matched):
        """Bills matter only where an area or a first day differs."""
        for row in rows:
            unit, found = self.standing.units.get(row.key), matched[id(row)]
            area = unit and self.standing.areas.get(unit["pk"])
            if area and area["area"] != row.area or found and found[0] and found[0].starts_on != row.handover_on:
                self.plan.asked.append(unit["pk"])
        self.plan.billed = billed_until(self.plan.asked)

    def _unit(self, row, found):
        there = self.standing.units.get(row.key)
        unit = UnitPlan(row, there)
        if there is None:
            unit.area = (None, None, None)
            if not row.owners:
                unit.unit_columns["remark"] = row.remark
        else:
            self._unit_changes(unit)
        if not row.owners:
            if there and self.standing.holders(there["pk"]):
                self._find(row, "owner", "表里没有业主，登记的业主不变", level=WARNING)
        elif found is None:
            self._open(unit)
        elif found[0] is None:
            names = "、".join(tenure.owner_names for tenure in self.standing.holders(there["pk"]))
            raise _Wrong("owner", f"登记的业主是{names}，姓名、人数或证件号码和表里不同，请办变更业主；写错的先改人员资料",
                         "、".join(owner.name for owner in row.owners))
        else:
            self._household(unit, *found)
        return unit

    def _unit_changes(self, unit):
        row, there = unit.row, unit.unit
        if row.kind != there["kind"] and (self._has(row, "usage") or row.kind == Unit.Kind.SHOP):
            unit.unit_columns["kind"] = row.kind
            unit.change("用途", Unit.Kind(there["kind"]).label, Unit.Kind(row.kind).label)
        if row.trade and row.trade != there["trade"]:
            unit.unit_columns["trade"] = row.trade
            unit.change("业态", there["trade"], row.trade)
        if not row.owners and row.remark and row.remark != there["remark"] and not self.standing.holders(there["pk"]):
            unit.unit_columns["remark"] = row.remark
            unit.change("房屋备注", there["remark"], row.remark)
        self._area(unit)

    def _area(self, unit):
        """Another area holds from next month on; where nothing was billed by the old one, in its place (DOMAIN §2)."""
        pk, was = unit.unit["pk"], self.standing.areas.get(unit.unit["pk"])
        if was and was["area"] == unit.row.area:
            return
        billed = self.plan.billed.get(pk)
        if was is None:
            unit.area = (None, None, None)
        elif billed is None or billed < was["starts_on"]:
            unit.area = (was["starts_on"], was["pk"], None)
        elif was["starts_on"] < self.next_month:
            ends = was["pk"] if was["ends_on"] is None or was["ends_on"] >= self.next_month else None
            unit.area = (self.next_month, None, ends)
        else:
            raise _Wrong("area", f"{BillingMonth.of(was['starts_on']).label}起已登记 {area_text(was['area'])} ㎡并已出账，请在房屋页变更面积",
                         area_text(unit.row.area))
        since = f"，{BillingMonth.of(unit.area[0]).label}起" if unit.area[0] == self.next_month else ""
        unit.change("建筑面积", area_text(was["area"]) if was else "", f"{area_text(unit.row.area)}{since}")

    # --- its household ------------------------------------------------------------------------------------------------

    def _open(self, unit):
        """A household for a unit that nobody holds."""
        row, before = unit.row, self.standing.tenures[unit.unit["pk"]] if unit.unit else []
        if row.handover_on and (over := next((t for t in before if t.ends_on >= row.handover_on), None)):
            raise _Wrong("handover_on", f"{over.starts_on} 至 {over.ends_on} 登记的业主是{over.owner_names}，日期不能重叠，请办登记业主",
                         row.handover_on.isoformat())
        identities = [self.people.identity(owner) for owner in row.owners]
        for owner, identity in zip(row.owners, identities, strict=True):
            self._refuse_other_name(owner, identity)
        unit.opens, unit.serial = True, max((t.serial for t in before), default=0) + 1
        unit.owners = [self.people.of_number(owner.name, identity) if identity else self.people.nameless(owner.name)
                       for owner, identity in zip(row.owners, identities, strict=True)]
        _add_what_the_row_says(unit)
        if unit.unit:
            unit.change("业主", "", "、".join(owner.name for owner in row.owners))
        unit.contact = (None, row.emergency[0] or NAMELESS, row.emergency[1]) if any(row.emergency) else ()
        unit.plates = list(row.plates)
        if row.tenant:
            unit.tenant = (None, self._tenant(row), row.lease_from)

    def _tenant(self, row):
        draft = self.people.nameless(row.tenant)
        draft.phones = [row.tenant_phone] if row.tenant_phone else []
        return draft

    def _household(self, unit, tenure, pairs):
        """What the row tells of a household that is there."""
        row, unit.tenure = unit.row, tenure
        self._first_day(unit)
        self._same_people(pairs)                      # whatever may refuse comes before the first draft is touched
        unit.owners = [self._owner(unit, *pair) for pair in pairs]
        _add_what_the_row_says(unit)
        if row.remark and row.remark != tenure.remark:
            unit.tenure_columns["remark"] = row.remark
            unit.change("户备注", tenure.remark, row.remark)
        self._contact(unit)
        self._vehicles(unit)
        self._lease(unit)

    def _same_people(self, pairs):
        for owner in (owner for owner, person, _ in pairs if owner.id_number and not person["id_digest"]):
            self._refuse_other_name(owner, self.people.identity(owner))

    def _refuse_other_name(self, owner, identity):
        """A number that is registered under another name is a slip, unless the list says the new name of that person's own unit."""
        there = self.standing.by_digest.get(identity.get("id_digest"))
        if there and there["name"] != owner.name and there["id_digest"] not in self.own:
            raise _Wrong("id", f"这个证件号码登记的是{there['name']}，请核对证件；姓名变了先改人员资料", identity["id_masked"])

    def _owner(self, unit, owner, person, ownership):
        identity = self.people.identity(owner)
        if not identity or person["id_digest"]:
            return self.people.known(person, owner.name)
        digest = identity["id_digest"]
        if digest in self.standing.by_digest or digest in self.people.by_digest:      # registered twice, once without: the one with it stays
            draft = self.people.of_number(owner.name, identity)
            if draft.pk != person["pk"]:
                unit.repointed.append((ownership, draft))
                unit.change("证件号码", "", identity["id_masked"])
            return draft
        return self.people.known(person, owner.name, identity)

    def _first_day(self, unit):
        """交付日期 is the first tenure's first day; the default day of a list without the column says nothing of it."""
        row, tenure = unit.row, unit.tenure
        tenures = self.standing.tenures[tenure.unit_id]
        if row.handover_on is None or not self._has(row, "handover_on") or any(t.starts_on == row.handover_on for t in tenures):
            return
        shown = row.handover_on.isoformat()
        if tenure is not tenures[0]:
            raise _Wrong("handover_on", f"{tenure.owner_names}从 {tenure.starts_on} 起，和表里的日期不同，请核对", shown)
        if tenure.unit_id in self.plan.billed:
            raise _Wrong("handover_on", f"登记的是 {tenure.starts_on}，已经出过账，不能由导入改", shown)
        if tenure.ends_on and row.handover_on > tenure.ends_on:
            raise _Wrong("handover_on", f"这一户到 {tenure.ends_on} 为止，起日不能更晚", shown)
        unit.tenure_columns["starts_on"] = row.handover_on
        unit.change("交付日期", tenure.starts_on.isoformat(), shown)

    def _contact(self, unit):
        name, phone = unit.row.emergency
        there = unit.tenure.contacts
        name = name or (phone and NAMELESS)
        if not name or any(phone == c["phone"] and name in (NAMELESS, c["name"]) for c in there):
            return
        same = [c for c in there if name != NAMELESS and c["name"] == name]
        if same and not phone:
            return
        unit.contact = (same[0]["pk"] if same else None, name, phone)
        old = f"{same[0]['name']} {mask_phone(same[0]['phone'])}".strip() if same else ""
        unit.change("紧急联系人", old, f"{name} {mask_phone(phone)}".strip())

    def _vehicles(self, unit):
        there = {v["plate"]: v["ended_on"] for v in sorted(unit.tenure.vehicles, key=lambda v: v["ended_on"] is None)}
        for plate in unit.row.plates:
            if plate not in there:
                unit.plates.append(plate)
                unit.change("车牌号", "", show_plate(plate))
            elif there[plate]:
                self._find(unit.row, "plates", f"{there[plate]} 已注销，没有再登记", show_plate(plate), WARNING)

    def _lease(self, unit):
        row = unit.row
        if not row.tenant:
            return
        same = [t for t in unit.tenure.tenants if t["person"]["name"] == row.tenant]
        here = [t for t in same if t["left_on"] is None]
        if not same:
            unit.tenant = (None, self._tenant(row), row.lease_from)
            unit.change("租户", "", row.tenant)
        elif not here:
            self._find(row, "tenant", f"{same[-1]['left_on']} 已搬离，没有再登记", row.tenant, WARNING)
        else:
            draft = self.people.known(here[0]["person"], row.tenant)
            if row.tenant_phone:
                draft.phones.append(row.tenant_phone)
                if row.tenant_phone not in (draft.there["phone"], draft.there["phone2"]):
                    unit.change("租户电话", mask_phone(draft.there["phone"]), mask_phone(row.tenant_phone))
            if row.lease_from and row.lease_from != here[0]["lease_from"]:
                unit.tenant = (here[0]["pk"], draft, row.lease_from)
                unit.change("起租日期", str(here[0]["lease_from"] or ""), row.lease_from.isoformat())

    # --- afterwards ---------------------------------------------------------------------------------------------------

    def _settle_people(self):
        """What the rows say together of one person, told beside each row that says it."""
        columns = {draft: draft.columns() for draft in self.people.drafts()}
        for unit in self.plan.units:
            for place, draft in enumerate(unit.owners):
                if draft.there:
                    unit.changes += differences(draft, unit.row, columns[draft], place)
                for phone in unit.row.phones_of(place):
                    if phone in draft.dropped:
                        self._find(unit.row, "phone", "此人在别的行已有两个电话，这个没有导入", mask_phone(phone), WARNING)


def _add_what_the_row_says(unit):
    """Phones, address and sex are the first owner's, but for the phones that stand beside another one's name."""
    unit.owners[0].add(unit.row)
    for place, draft in enumerate(unit.owners[1:], start=1):
        draft.add_phones(unit.row.phones_of(place))


def ends_before(first_day):
    """The last day of what another area follows from this day on."""
    return first_day - timedelta(days=1)


def _masked(people, row, number):
    return next(people.identity(owner)["id_masked"] for owner in row.owners if owner.id_number == number)
