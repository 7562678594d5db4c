"""A plan into the register: one act, one transaction, all rows or the good ones, or nothing (TRUST 20)."""
from django.db.models import F

from households import find
from households.developer import handing_over
from households.history import LONGEST
from households.models import (
    Amendment,
    Building,
    Contact,
    Household,
    Ownership,
    Person,
    RegisterImport,
    Resident,
    SearchKey,
    Unit,
    UnitArea,
    Vehicle,
)
from households.people import names_of
from households.register import FIRST_MONTH, SHOPS, building_fields, unit_fields
from servicecentre.estates.models import Estate
from servicecentre.kit import statistics
from servicecentre.kit.periods import now
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import RoomCode
from servicecentre.worklog.acts import act, record

from .memory import keep_layouts
from .planning import CREATED, UNCHANGED, UPDATED, ends_before
from .reports import report_of
from .standing import billed_until, chunks, key_of, state
from .values import shown
from .written import Written

BATCH = 500
MOVED = "试导以后登记有改动，或者换了月份，请重新试导。"
BASIS = "登记表导入"
TABLES = (Building, Unit, UnitArea, Person, Household, Ownership, Resident, Contact, Vehicle, SearchKey)       # that an import fills


@act
def import_register(estate, plan, *, by, good_rows=False, importing=None, stored=None):
    """Write what the plan says; returns the RegisterImport, None when there is nothing to write and none was uploaded.

    ``good_rows``: leave the wrong rows out; else one of them refuses all. ``importing``: the upload that was shown;
    ``stored``: the file of a command, kept with the rows. Refused when the register moved since the plan was made.
    """
    importing = begin(estate, plan, importing, good_rows)
    writer = _Writer(estate, plan, by)
    writer.hold()
    if state(estate) != plan.state or billed_until(plan.asked) != plan.billed:
        raise Refused(MOVED)
    if writer.nothing and importing is None:
        return None
    writer.write()
    importing = close(importing or RegisterImport(estate=estate, made_by=by, **stored.columns()), plan, good_rows=good_rows, by=by,
                      written=writer.written.as_json())
    if not writer.nothing:
        record(by, _words(importing, plan.counts()), importing)
    return importing


def begin(estate, plan, importing, good_rows):
    """What every list's apply begins with: the estate held against runs and other imports, the upload locked; returns it or None."""
    Estate.objects.select_for_update(no_key=True).get(pk=estate.pk)         # holds off a bill run, as run.hold_tariff does
    if plan.obstacles:
        raise Refused(plan.obstacles[0])
    if plan.errors and not good_rows:
        raise Refused(f"有 {len(plan.wrong_rows)} 行不对，全部没有导入。请改好再传，或选择只导正确的行。")
    if importing is None:
        refuse_while_busy(estate)
        return None
    importing = RegisterImport.objects.lock(importing)
    if importing.applied_at:
        raise Refused("这个文件已经导入过了。")
    return importing


def close(importing, plan, *, good_rows, by, written):
    """Keep with the upload what was done and what it wrote, and what a person said of its columns; returns it."""
    importing.state, importing.words, importing.good_rows = RegisterImport.State.APPLIED, "", good_rows
    importing.mapping, importing.handover_default, importing.report = plan.reading.mapping, plan.handover_default, report_of(plan)
    importing.plan_digest, importing.applied_by, importing.applied_at, importing.written = plan.digest, by, now(), written
    importing.save()
    keep_layouts(importing, by)
    return importing


def refuse_while_busy(estate):
    """One import at a time (TRUST §6); one whose job came to no end of its own is set free."""
    for other in RegisterImport.objects.of(estate).busy().select_related("job"):
        if other.job is None or not other.job.ended:
            raise Refused(f"{other.made_by.name}正在办「{other.label}」的{other.get_state_display()}，请等它办完。",
                          link=("看进展", other.get_absolute_url()))
        if other.applied_at:
            other.state = RegisterImport.State.APPLIED                       # its undoing came to no end
        else:
            other.state = RegisterImport.State.SHOWN if other.report else RegisterImport.State.FAILED
        other.words = other.job.words
        other.save(update_fields=["state", "words"])


def _words(importing, counts):
    left = f"，{counts['wrong']} 行有错没有导入" if counts["wrong"] else ""
    return (f"导入登记表「{importing.label}」：新增 {counts[CREATED]} 套，更新 {counts[UPDATED]} 套，无变化 {counts[UNCHANGED]} 套，"
            f"新登记业主 {counts['households']} 户{left}")


class _Writer:
    """Set-based: a handful of statements per table. Never ignore_conflicts: SQLite then drops rows without a word."""

    def __init__(self, estate, plan, by):
        self.estate, self.plan, self.by = estate, plan, by
        self.units = [unit for unit in plan.units if unit.status != UNCHANGED]
        self.drafts = [(draft, columns) for draft in plan.people.drafts() if (columns := draft.columns())]
        self.nothing = not self.units and not self.drafts
        self.written = Written(estate)
        self.touched = {}                                     # households whose search keys and names are to be written again

    def hold(self):
        """Lock what will change, in the house's order, before it is looked whether it moved."""
        units = [unit.unit["pk"] for unit in self.units if unit.unit]
        tenures = [unit.tenure.pk for unit in self.units if unit.tenure]
        people = [draft.pk for draft, _ in self.drafts if draft.pk]
        for model, ids in ((Unit, units), (Household, tenures), (Person, people)):
            for chunk in chunks(ids):
                list(model.objects.filter(pk__in=chunk).order_by("pk").select_for_update(of=("self",)).values_list("pk"))

    def write(self):
        if self.nothing:
            return
        self._buildings_and_units()
        self._areas()
        self._people()
        self._households()
        self._what_hangs_on_them()
        find.rebuild_units(unit.unit["pk"] for unit in self.units if unit.status == CREATED)
        find.rebuild(self.touched)
        self._amendments()
        self.written.close()
        if len(self.units) > statistics.MANY:
            statistics.recount(*TABLES)

    def _make(self, model, rows):
        return self.written.made(model, model.objects.bulk_create([model(estate=self.estate, **row) for row in rows], batch_size=BATCH))

    def _change(self, model, changes):
        """[(pk, {column: value})] grouped by what changes, a statement for each group and batch."""
        groups = {}
        for pk, columns in changes:
            groups.setdefault(tuple(sorted(columns)), []).append(model(pk=pk, **columns))
        for columns, rows in groups.items():
            if columns:
                self.written.changes(model, columns, [row.pk for row in rows])
                model.objects.bulk_update(rows, columns, batch_size=BATCH)

    def _buildings_and_units(self):
        buildings = {key_of(b.code): b for b in Building.objects.of(self.estate)}
        for building in self._make(Building, (building_fields(code) for code in self.plan.new_buildings)):
            buildings[key_of(building.code)] = building
        new = [unit for unit in self.units if unit.status == CREATED]
        made = self._make(Unit, (
            {"building": buildings[key_of(u.row.building or SHOPS)], "trade": u.row.trade, "remark": u.unit_columns.get("remark", "")}
            | unit_fields(RoomCode(u.row.building, u.row.entrance, u.row.room), u.row.kind) for u in new))
        for unit, row in zip(new, made, strict=True):
            unit.unit = {"pk": row.pk, "code": row.code}
        self._change(Unit, ((u.unit["pk"], u.unit_columns | {"version": u.unit["version"] + 1})
                            for u in self.units if u.status == UPDATED and u.unit_columns))

    def _areas(self):
        new = [unit for unit in self.units if unit.area]
        for chunk in chunks([unit.area[1] for unit in new if unit.area[1]]):
            self.written.removes(UnitArea, chunk)
            UnitArea.objects.filter(pk__in=chunk).delete()                   # nothing was billed by them
        self._change(UnitArea, ((u.area[2], {"ends_on": ends_before(u.area[0])}) for u in new if u.area[2]))
        self._make(UnitArea, ({"unit_id": u.unit["pk"], "area": u.row.area, "starts_on": u.area[0] or FIRST_MONTH.first, "basis": BASIS} for u in new))

    def _people(self):
        new = [(draft, columns) for draft, columns in self.drafts if draft.pk is None]
        for (draft, _), person in zip(new, self._make(Person, (columns for _, columns in new)), strict=True):
            draft.pk = person.pk
        changed = [(draft, columns) for draft, columns in self.drafts if draft.there]
        self._change(Person, ((draft.pk, columns | {"version": draft.there["version"] + 1}) for draft, columns in changed))
        renamed = [draft.pk for draft, columns in changed if "name" in columns]
        for chunk in chunks([draft.pk for draft, columns in changed if {"name", "phone", "phone2"} & set(columns)]):
            for model in (Ownership, Resident):
                self.touched |= dict.fromkeys(model.objects.filter(person__in=chunk).values_list("household", flat=True))
        self.renamed = set()
        for chunk in chunks(renamed):
            self.renamed |= set(Ownership.objects.filter(person__in=chunk).values_list("household", flat=True))

    def _households(self):
        new = [unit for unit in self.units if unit.opens]
        handed = {u.unit["pk"]: u.row.handover_on for u in new}
        for chunk in chunks(handed):
            self._change(Household, handing_over(self.estate, {pk: handed[pk] for pk in chunk}))
        made = self._make(Household, ({
            "unit_id": u.unit["pk"], "serial": u.serial, "number": f"{u.unit['code']}-{u.serial:02d}", "starts_on": u.row.handover_on,
            "owner_names": names_of(u.row.owners), "remark": u.row.remark, "opened_by": self.by} for u in new))
        self.homes = {id(unit): unit.tenure.pk for unit in self.units if unit.tenure} | {
            id(unit): row.pk for unit, row in zip(new, made, strict=True)}
        self.touched |= dict.fromkeys(self.homes[id(u)] for u in self.units if u.writes_household)
        self._make(Ownership, ({"household_id": self.homes[id(u)], "person_id": draft.pk, "position": n}
                               for u in new for n, draft in enumerate(u.owners, 1)))
        self._change(Household, ((u.tenure.pk, u.tenure_columns | {"version": u.tenure.version + 1})
                                 for u in self.units if u.tenure and u.tenure_columns))
        moved = [(ownership, draft) for u in self.units for ownership, draft in u.repointed]
        left = list(Ownership.objects.filter(pk__in=[pk for pk, _ in moved]).values_list("person", flat=True))
        self._change(Ownership, ((pk, {"person_id": draft.pk}) for pk, draft in moved))
        forgotten = _nobody(left)
        self.written.removes(Person, forgotten)
        Person.objects.filter(pk__in=forgotten).delete()
        self._owner_names()

    def _amendments(self):
        """What each field said before, as for a change by hand (households/history.py)."""
        at = now()
        rows = [Amendment(estate=self.estate, unit_id=u.unit["pk"], household_id=u.tenure and u.tenure.pk, row_type=RegisterImport._meta.label_lower,
                          row_id=0, what=label, old=shown(old, limit=LONGEST), new=shown(new, limit=LONGEST), at=at, by=self.by)
                for u in self.units if u.status == UPDATED for label, old, new in u.changes]
        self.written.amended = [row.pk for row in Amendment.objects.bulk_create(rows, batch_size=BATCH)]

    def _owner_names(self):
        for chunk in chunks(self.renamed):
            rows = list(Household.objects.filter(pk__in=chunk).prefetch_related("ownerships__person"))
            for household in rows:
                household.owner_names = names_of([o.person for o in household.ownerships.all() if not o.left_on])
            self.written.changes(Household, ["owner_names"], [household.pk for household in rows])
            Household.objects.bulk_update(rows, ["owner_names"], batch_size=BATCH)

    def _what_hangs_on_them(self):
        def of(unit):
            return {"household_id": self.homes[id(unit)]}
        with_contact = [u for u in self.units if u.contact]
        self._make(Contact, (of(u) | {"name": u.contact[1], "phone": u.contact[2]} for u in with_contact if u.contact[0] is None))
        once_more = {"version": F("version") + 1}
        self._change(Contact, ((u.contact[0], {"phone": u.contact[2], **once_more}) for u in with_contact if u.contact[0]))
        self._make(Vehicle, (of(u) | {"plate": plate} for u in self.units for plate in u.plates))
        tenants = [u for u in self.units if u.tenant]
        self._make(Resident, (of(u) | {"person_id": u.tenant[1].pk, "kind": Resident.Kind.TENANT, "lease_from": u.tenant[2]}
                              for u in tenants if u.tenant[0] is None))
        self._change(Resident, ((u.tenant[0], {"lease_from": u.tenant[2], **once_more}) for u in tenants if u.tenant[0]))


def _nobody(people):
    """Those of these people to whom nothing points any more: a second entry of somebody registered by number."""
    rest = Person.objects.filter(pk__in=people, id_digest="")
    for relation in Person._meta.related_objects:
        rest = rest.exclude(pk__in=relation.related_model._base_manager.exclude(**{relation.field.name: None}).values(relation.field.attname))
    return list(rest.values_list("pk", flat=True))
