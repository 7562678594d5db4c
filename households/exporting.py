"""The register taken out as Excel: row by row in constant memory, numbers of identity hidden, the taking out in the log (TRUST 26, §4 row 19)."""
from decimal import Decimal
from itertools import islice
from tempfile import TemporaryFile

from households.models import Contact, Household, Ownership, Unit, UnitArea, Vehicle
from servicecentre.kit.identity import show_plate
from servicecentre.kit.periods import today
from servicecentre.kit.refused import Refused
from servicecentre.kit.sheets import Table, write_workbook
from servicecentre.kit.snapshot import snapshot
from servicecentre.kit.text import clean_text
from servicecentre.worklog.acts import act, record

from .entering import checked
from .importing.values import hide_identities

CHUNK = 500
FOR = "；原因："                              # stands before the reason in the log's line
HEADER = ["房号", "用途", "业态", "建筑面积（㎡）", "户号", "业主", "证件类别", "证件号码", "电话", "备用电话", "交付日期", "紧急联系人", "车牌号", "备注"]
WIDTHS = {0: 14, 3: 12, 4: 16, 5: 18, 6: 12, 7: 22, 8: 14, 9: 14, 10: 12, 11: 24, 12: 20, 13: 30}


@act
def log_register_export(estate, *, reason, by):
    """Note in the log that the register is taken out, phones and all, and what for; returns the Entry, before the first byte is sent."""
    reason = why(reason)
    return record(by, f"导出登记表 Excel {Unit.objects.of(estate).count()} 套，含姓名和电话，证件号码已遮住{FOR}{reason}", estate=estate)


def why(reason):
    """The reason of an export, cleaned; Refused without one."""
    reason = checked("reason", clean_text, reason, 60)
    if not reason:
        raise Refused({"reason": "请写为什么导出、交给谁"})
    return reason


def register_table(estate):
    """The register as it stands today, one row per unit, in the order of the list."""
    return Table("登记表", HEADER, _rows(estate, today()), WIDTHS)


def excel_of(tables):
    """The tables as an open binary file; read in one snapshot, never whole in memory."""
    file = TemporaryFile()
    with snapshot():
        write_workbook(tables, file)
    file.seek(0)
    return file


def _rows(estate, day):
    units = Unit.objects.of(estate).in_order().values_list("pk", flat=True).iterator(chunk_size=CHUNK)
    while chunk := list(islice(units, CHUNK)):
        yield from _chunk(chunk, day)


def _chunk(pks, day):
    areas = dict(UnitArea.objects.filter(unit__in=pks, starts_on__lte=day).order_by("starts_on").values_list("unit", "area"))
    homes = {home.unit_id: home for home in Household.objects.current(on=day).filter(unit__in=pks)}
    ids = [home.pk for home in homes.values()]
    owners, contacts, plates = {}, {}, {}
    for row in Ownership.objects.filter(household__in=ids, left_on=None).select_related("person").order_by("position"):
        owners.setdefault(row.household_id, []).append(row.person)
    for row in Contact.objects.filter(household__in=ids).order_by("pk"):
        contacts.setdefault(row.household_id, []).append(f"{row.name} {row.phone}")
    for row in Vehicle.objects.filter(household__in=ids, ended_on=None).order_by("pk"):
        plates.setdefault(row.household_id, []).append(show_plate(row.plate))
    for unit in Unit.objects.filter(pk__in=pks).in_order():
        home, area = homes.get(unit.pk), areas.get(unit.pk)
        people = owners.get(home.pk, []) if home else []
        yield [unit.code, unit.get_kind_display(), unit.trade, Decimal(area).scaleb(-2) if area else None, home.number if home else "",
               "、".join(p.name for p in people), "、".join(p.get_id_kind_display() for p in people if p.id_kind),
               "、".join(p.id_masked for p in people if p.id_masked), *((people[0].phone, people[0].phone2) if people else ("", "")),
               home.starts_on if home else None, "、".join(contacts.get(home.pk, [])) if home else "",
               "、".join(plates.get(home.pk, [])) if home else "", hide_identities(home.remark if home else unit.remark)]
