"""A register in Excel → units and households to be, and every wrong cell; pure, no database (IMPORT.md).

`read_register` is what planning, the page and the command call. It never writes and never asks the register.
"""
from servicecentre.kit.periods import parse_date

from .labels import REGISTER
from .rows import ERROR, WARNING, Finding, Row, read_row
from .tables import Reading, in_order, note_who, open_list, table_rows


def read_register(file, mapping=None, handover_default=None, progress=None, known=None) -> Reading:
    """Read a register from a path, bytes or binary file.

    `mapping`: as a Reading gave it, corrected; None finds it, with what `known` tells of such tables. `handover_default`:
    date or text, for tables without such a column. `progress(done, total)` is called now and then. ValidationError when
    the file can't be read at all.
    """
    default = parse_date(handover_default) if handover_default else None
    reading, sheets, layouts = open_list(file, REGISTER, mapping, known)
    taken = _fit_tables(layouts, reading)
    total, read = sum(layout.last_row - layout.first_row + 1 for layout in taken), []
    for layout in taken:
        for row, got in _data_rows(sheets[layout.sheet], layout, default, reading):
            read.append((row, got))
            if progress and len(read) % 200 == 0:
                progress(len(read), total)
    _judge_duplicates(read, reading)
    reading.findings = in_order(reading.findings, reading.order)
    return reading


def _fit_tables(layouts, reading):
    """The tables that are a register; of the others it is said why they are left out."""
    full = [one for one in layouts if one.of("area") and one.of("owner")]
    taken = []
    for layout in layouts:
        has_room = layout.of("room") or layout.of("building") or layout.of("entrance")
        if layout.skip:
            continue
        if has_room and layout.of("area") and (layout.of("owner") or not full):
            taken.append(layout)
            continue
        lacking = "房号" if not has_room else "面积" if not layout.of("area") else "业主"
        sentence = f"表「{layout.sheet}」没有{lacking}一列，没有读；若列名特别，请在「列的对应」里指给它。"
        register_like = layout.of("owner") and (layout.of("id") or layout.of("handover_on"))
        reading.findings.append(Finding(layout.sheet, layout.header_row, lacking, "", sentence, ERROR if register_like else WARNING))
        reading.notes.append(sentence)
    if not taken:
        reading.obstacles.append("没有找到登记表：表头里要有房号、面积和业主。请核对文件，或在「列的对应」里指出各列。")
    return taken


def _data_rows(sheet, layout, default, reading):
    """Read a table's rows into the reading; yields (Row, RegisterRow or None)."""
    continued = _continued(sheet, layout)
    heads = set(continued.values())
    for row, told in table_rows(sheet, layout, reading, figure="area", default=default, continued=continued):
        for below in (n for n, first in continued.items() if first == row.number) if row.number in heads else ():
            row.join(Row(sheet, layout, below, default))
        got = read_row(row, told)
        note_who(reading, row)
        reading.findings += row.findings
        if got:
            reading.rows.append(got)
        yield row, got


def _continued(sheet, layout):
    """{row: first row} where one merged room stands beside several rows, each with another of its owners."""
    room = next(iter(layout.of("room")), None)
    spans = [(top, bottom) for top, left, bottom, right in sheet.merges if room and left <= room.column <= right and bottom > top]
    found = {}
    for top, bottom in spans:
        if top < layout.first_row:
            continue
        first = Row(sheet, layout, top, None)
        rows = {number: Row(sheet, layout, number, None) for number in range(top + 1, bottom + 1)}
        # Anything that a unit has only once must be the same or blank, else these are rows of their own.
        if all(row.adds_only_people(first) for row in rows.values()):
            found |= dict.fromkeys(rows, top)
    return found


def _judge_duplicates(read, reading):
    """The same unit twice: equal rows count once, with any field different both are wrong, whichever sheets they stand in."""
    units = {}
    for row, got in read:
        if row.place is not None:
            units.setdefault(row.place.key, []).append((row, got))
    drop = set()
    for same in units.values():
        if len(same) < 2:
            continue
        row, got = same[0]
        if got and all(other and other.content() == got.content() for _, other in same):
            for again, _ in same[1:]:
                drop.add((again.layout.sheet, again.number))
                again.findings.clear()
                again.find("room", f"{row.place.code} 和{_where(row, again)}完全相同，只取一行", WARNING)
                reading.skipped.append((again.layout.sheet, again.number, "重复行"))
                reading.findings = [one for one in reading.findings if (one.sheet, one.row) != (again.layout.sheet, again.number)]
                reading.findings += again.findings
            continue
        for one, _ in same:
            others = "、".join([_where(other, one) for other, _ in same if other is not one][:3])
            one.findings.clear()
            one.find("room", f"{one.place.code} 和{others}重复而内容不同，请核对后留一行", value=one.place.code)
            reading.findings += one.findings
            drop.add((one.layout.sheet, one.number))
    reading.rows = [got for got in reading.rows if (got.sheet, got.row) not in drop]


def _where(row, seen_from):
    sheet = "" if row.layout.sheet == seen_from.layout.sheet else f"表「{row.layout.sheet}」"
    return f"{sheet}第 {row.number} 行"
