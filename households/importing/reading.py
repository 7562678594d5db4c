"""A register in Excel → units and households to be, and every wrong cell; pure, no database (IMPORT.md).

`read_register` is what planning, the page and the command call. It never writes and never asks the register.
"""
import hashlib
import re
from dataclasses import dataclass, field

from servicecentre.kit.periods import parse_date
from servicecentre.kit.sheets import Formula, open_workbook, read_bytes

from .labels import FIELDS
from .layouts import find_layouts, header_rows, layouts_from_json
from .places import section_of, unit_code
from .rows import ERROR, WARNING, Finding, Judged, Row, read_row
from .values import said, text_of

_TOTAL = re.compile(r"(?:合计|小计|总计|共计|以上)|.{0,12}(?:合计|小计|总计|共计)$")
_COUNT = re.compile(r"共?[0-9]+[户人套间]")
_FOOT = re.compile("(?:注|备注|说明|填表说明|制表|填表|填报|审核|复核|经办|负责人|打印|日期|制单|单位盖章|盖章|签字|签名|第.{1,4}页)"
                   "[人期日时间]{0,3}(?:[:：(（].*|$)")
_SAMPLE = re.compile(r"(?:示例|样例|范例|例如|例[:：])")


@dataclass
class Reading(Judged):
    """What a file says. `mapping` is plain JSON: a person may change `field`, `kind`, `building`, `entrance`, `skip`,
    `header_row`, `first_row`, `last_row` in it and give it back to read_register; its `others` are sheets without a table.
    """

    sheets: list  # names of the visible sheets in which a table was found
    mapping: dict
    rows: list  # RegisterRow, good ones, in the order of the file
    findings: list  # Finding, errors and warnings, in the order of the file
    digest: str  # SHA-256 of the file
    skipped: list = field(default_factory=list)  # (sheet, row, why): blank, total, header, duplicate rows
    notes: list = field(default_factory=list)  # what was not read at all, in words
    obstacles: list = field(default_factory=list)  # sentences: why nothing may be applied before it is settled


def read_register(file, mapping=None, handover_default=None, progress=None) -> Reading:
    """Read a register from a path, bytes or binary file.

    `mapping`: as a Reading gave it, corrected; None finds it. `handover_default`: date or text, for tables without such
    a column. `progress(done, total)` is called now and then. ValidationError when the file can't be read at all.
    """
    data = read_bytes(file)
    default = parse_date(handover_default) if handover_default else None
    sheets = open_workbook(data)
    reading = Reading([], {}, [], [], hashlib.sha256(data).hexdigest())
    visible = [sheet for sheet in sheets if not sheet.hidden]
    for sheet in sheets:
        if sheet.hidden and sheet.rows:
            reading.notes.append(f"表「{sheet.name}」是隐藏的，没有读；要导入请先在 Excel 里取消隐藏。")
        elif not sheet.hidden:
            reading.notes += sheet.notes
            reading.findings += [Finding(sheet.name, len(sheet.rows), "", "", note, WARNING) for note in sheet.notes]
    layouts = layouts_from_json(mapping, visible) if mapping else [one for sheet in visible for one in find_layouts(sheet)]
    reading.mapping = {"tables": [layout.as_json() for layout in layouts],
                       "fields": {name: about.label for name, about in FIELDS.items()}}
    reading.sheets = list(dict.fromkeys(layout.sheet for layout in layouts))
    reading.mapping["others"] = [sheet.name for sheet in visible if sheet.rows and sheet.name not in reading.sheets]
    reading.notes += [f"表「{name}」里没有找到登记表的表头，没有读。" for name in reading.mapping["others"]]
    taken = _fit_tables(layouts, reading)
    by_name = {sheet.name: sheet for sheet in visible}
    total, read = sum(layout.last_row - layout.first_row + 1 for layout in taken), []
    for layout in taken:
        for row, got in _data_rows(by_name[layout.sheet], layout, default, reading):
            read.append((row, got))
            if progress and len(read) % 200 == 0:
                progress(len(read), total)
    _judge_duplicates(read, reading)
    order = {name: place for place, name in enumerate(sheet.name for sheet in sheets)}
    reading.findings.sort(key=lambda finding: (order[finding.sheet], finding.row, finding.level))
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
    """Read a table's rows into the reading; yields (Row, RegisterRow or None) for each that is no title, total or blank."""
    repeated = header_rows(sheet, layout)
    titles = {text_of(value) for line in sheet.rows[:layout.header_row] for value in line[:3]}
    banners = {top for top, left, bottom, right in sheet.merges if right - left >= 2 and top == bottom}
    continued = _continued(sheet, layout)
    heads = set(continued.values())
    told = (layout.building, layout.entrance)
    for number in range(layout.first_row, layout.last_row + 1):
        if number in continued:
            continue
        row = Row(sheet, layout, number, default)
        texts = list(dict.fromkeys(text for value in sheet.rows[number - 1] if (text := text_of(value))))
        if number in repeated:
            why = "重复的表头"
        elif len(texts) == 1 and (place := section_of(texts[0])):
            told, why = (place[0] or told[0], place[1]), "分段标题"
        else:
            why = _why_skipped(row, texts, told, banner=number in banners or texts[:1] and texts[0] in titles)
        if why:
            reading.skipped.append((layout.sheet, number, why))
            continue
        for below in (n for n, first in continued.items() if first == number) if number in heads else ():
            row.join(Row(sheet, layout, below, default))
        got = read_row(row, told)
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


def _why_skipped(row, texts, told, banner):
    """Blank and total rows, titles and foot notes between and below the rows: no room, no owner, and words that say so."""
    first = next((text for text in texts if not text.isdigit()), "")
    total = bool(_TOTAL.match(re.sub(r"\s", "", first)))

    def content(name):
        value = row.value(name)
        text = said(value)
        return "" if isinstance(value, Formula) or total and (text == first or _COUNT.fullmatch(text)) else text
    if not total and not set(row.cells) - {"serial"}:
        return "空行"
    if banner and len(texts) == 1:  # one merge over the whole row
        return "合计行" if total else "标题或说明"
    if row.value("area") is None and all(_FOOT.match(text) for text in texts):
        return "标题或说明"
    if content("owner") or not total and row.text("id"):
        return ""
    places = [content(name) for name in ("building", "entrance", "room")]
    if places[2] and unit_code(*places, told=told)[0] is not None:
        return ""
    if total:
        return "合计行"
    if _SAMPLE.match(first):
        return "示例行"
    if places[2] or row.value("area") is not None:
        return ""
    alone = len(texts) == 1 and not set(row.cells) & {"phone", "plates", "tenant"} and not places[0].isalnum()
    return "标题或说明" if alone or _FOOT.match(first) else ""


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


