"""Registers made up for tests: one sheet of rows, read at once."""
import io
from pathlib import Path

import openpyxl
from stdnum.cn import ric, uscc

from households.importing.reading import read_register

REGISTER = Path(__file__).parent.parent / "data" / "银河国际街区一期业主登记表.xlsx"


def ident(n, born="19800101"):
    """A resident's number that holds, for invented people."""
    head = f"320102{born}{n:03d}"
    return head + ric.calc_check_digit(head + "0")


def credit(n):
    head = f"91320104MA{n:07d}"
    return head + uscc.calc_check_digit(head)


A, B, C = ident(1), ident(2), ident(3)
HEAD = ["楼栋", "单元", "房号", "建筑面积(㎡)", "业主姓名", "证件号码", "联系电话", "交付日期"]


def row(room="101", area=89.56, owner="沈红军", number=A, phone="13800138000", day="2025.10.3", building="3", entrance="2"):
    return [building, entrance, room, area, owner, number, phone, day]


def book(*rows, name="住宅", more=None, change=None):
    """The bytes of a workbook: one sheet of the given rows, and `more` {name: rows}."""
    wb = openpyxl.Workbook()
    wb.active.title = name
    for title, lines in {name: rows, **(more or {})}.items():
        ws = wb[title] if title in wb else wb.create_sheet(title)
        for line in lines:
            ws.append(line)
    if change:
        change(wb.active)
    buffer = io.BytesIO()
    wb.save(buffer)
    return buffer.getvalue()


def read(*rows, **options):
    given = {name: options.pop(name) for name in ("mapping", "handover_default") if name in options}
    return read_register(book(*rows, **options), **given)


def fields(reading, table=0):
    """{header: field} of what is taken."""
    return {column["label"]: column["field"] for column in reading.mapping["tables"][table]["columns"] if column["field"]}


def wrong(reading):
    return [(finding.row, finding.column) for finding in reading.errors]
