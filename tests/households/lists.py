"""Registers in Excel as the tests need them: header and rows in, .xlsx bytes out."""
from households.importing.planning import plan
from households.importing.reading import read_register
from servicecentre.kit.sheets import Table, workbook_bytes
from tests.households.test_register import id_with_check

HEADER = ["房号", "建筑面积(㎡)", "业主姓名", "证件号码", "联系电话", "交付日期", "紧急联系人及电话", "车牌号", "备注"]
ZHANG, ZHOU, LIU = (id_with_check(first) for first in ("32010619880417002", "32010619850203001", "32010619790911003"))
ROW = ["3-2-1801", "89.56", "张雨萍", ZHANG, "13800135678", "2025-03-18", "", "", ""]


def row(**changes):
    """A good row, with other values by the header's short names: code area owner id phone day contact plates remark."""
    names = ("code", "area", "owner", "id", "phone", "day", "contact", "plates", "remark")
    return [changes.get(name, value) for name, value in zip(names, ROW, strict=True)]


def register(*rows, header=HEADER, name="住宅", more=()):
    """The bytes of a workbook with one table, and further Tables."""
    return workbook_bytes([Table(name, header, rows), *more])


def many(n, first=1):
    """n good rows of different units and owners."""
    def one(i):
        number = id_with_check(f"3201061988{1 + i // 28 % 12:02d}{1 + i % 28:02d}{i % 1000:03d}")
        code = f"{1 + i // 400}-{1 + i // 200 % 2}-{1 + i // 4 % 50}0{1 + i % 4}"
        return row(code=code, id=number, owner=f"业主{chr(0x4e00 + i)}", phone=f"138{i:08d}")
    return [one(i) for i in range(first - 1, first - 1 + n)]


def planned(estate, data, **options):
    default = options.get("handover_default")
    return plan(estate, read_register(data, options.get("mapping"), default), handover_default=default)
