"""What every list that comes in has in common: its sheets opened, its tables found, its rows without titles and totals (IMPORT «Any list»)."""
import hashlib
import re
from dataclasses import dataclass, field
from datetime import date

from servicecentre.kit.sheets import CellError, Formula, open_workbook, read_bytes

from .layouts import find_layouts, header_rows, layouts_from_json, remember
from .places import section_of, unit_code
from .rows import WARNING, Finding, Judged, Row
from .values import hide_identities, said, text_of

_TOTAL = re.compile(r"(?:合计|小计|总计|共计|以上)|.{0,12}(?:合计|小计|总计|共计)$")
_COUNT = re.compile(r"共?[0-9]+[户人套间]")
_FOOT = re.compile("(?:注|备注|说明|填表说明|制表|填表|填报|审核|复核|经办|负责人|打印|日期|制单|单位盖章|盖章|签字|签名|第.{1,4}页)"
                   "[人期日时间]{0,3}(?:[:：(（].*|$)")
_SAMPLE = re.compile(r"(?:示例|样例|范例|例如|例[:：])")


@dataclass
class Reading(Judged):
    """What a file says. `mapping` is plain JSON: a person may change `field`, `kind`, `building`, `entrance`, `skip`,
    `header_row`, `first_row`, `last_row` in it and give it back; its `others` are sheets without a table.
    """

    sheets: list  # names of the visible sheets in which a table was found
    mapping: dict
    rows: list  # good ones, in the order of the file: RegisterRow of a register
    findings: list  # Finding, errors and warnings, in the order of the file
    digest: str  # SHA-256 of the file
    order: list = field(default_factory=list)  # names of all sheets, as the file has them
    skipped: list = field(default_factory=list)  # (sheet, row, why): blank, total, header, duplicate rows
    notes: list = field(default_factory=list)  # what was not read at all, in words
    obstacles: list = field(default_factory=list)  # sentences: why nothing may be applied before it is settled

    who: dict = field(default_factory=dict)  # {(sheet, row): (room, surname)} of every row that was looked at


def open_list(file, words, mapping=None, known=None):
    """(Reading, {name: visible sheet}, its tables) of a path, bytes or binary file; ValidationError when it can't be read at all.

    `mapping`: as a Reading gave it, corrected; None finds it. `known`: {fingerprint: table} that people told before.
    """
    data = read_bytes(file)
    sheets = open_workbook(data)
    reading = Reading([], {}, [], [], hashlib.sha256(data).hexdigest(), order=[sheet.name for sheet in sheets])
    visible = [sheet for sheet in sheets if not sheet.hidden]
    for sheet in sheets:
        if sheet.hidden and sheet.rows:
            reading.notes.append(f"表「{sheet.name}」是隐藏的，没有读；要导入请先在 Excel 里取消隐藏。")
        elif not sheet.hidden:
            reading.notes += sheet.notes
            reading.findings += [Finding(sheet.name, len(sheet.rows), "", "", note, WARNING) for note in sheet.notes]
    layouts = (layouts_from_json(mapping, visible, words) if mapping
               else [one for sheet in visible for one in remember(sheet, find_layouts(sheet, words), known or {}, words)])
    reading.mapping = {"tables": [layout.as_json() for layout in layouts], "by_hand": bool(mapping and mapping.get("by_hand")),
                       "fields": {name: about.label for name, about in words.fields.items()}}
    reading.sheets = list(dict.fromkeys(layout.sheet for layout in layouts))
    reading.mapping["others"] = [sheet.name for sheet in visible if sheet.rows and sheet.name not in reading.sheets]
    reading.notes += [f"表「{name}」里没有找到{words.name}的表头，没有读。" for name in reading.mapping["others"]]
    return reading, {sheet.name: sheet for sheet in visible}, layouts


def table_rows(sheet, layout, reading, *, figure, default=None, continued=None):
    """(Row, building and entrance told above it) of each row that is no title, total or blank; the others are noted as skipped.

    `figure`: the field that holds a row's number (area, amount). `continued`: {row: the row that it continues}.
    """
    continued = continued or {}
    repeated = header_rows(sheet, layout)
    titles = {text_of(value) for line in sheet.rows[:layout.header_row] for value in line[:3]}
    banners = {top for top, left, bottom, right in sheet.merges if right - left >= 2 and top == bottom}
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
            why = _why_skipped(row, texts, told, number in banners or texts[:1] and texts[0] in titles, figure)
        if why:
            reading.skipped.append((layout.sheet, number, why))
            continue
        yield row, told


def read_list(file, words, mapping, known, progress, *, needed, figure, missing, read_row):
    """A Reading of a list of which each row is one thing of a unit: what ``read_row(Row)`` makes of it, None for a wrong one.

    A table without a column of ``needed``, or without a room, is left out and said; ``missing``: the sentence when none is left. The Row
    that is handed on has its ``place``, and whatever is wrong with it found.
    """
    reading, sheets, layouts = open_list(file, words, mapping, known)
    taken = [layout for layout in layouts if not layout.skip and _has(layout, needed, words, reading)]
    if not taken:
        reading.obstacles.append(missing)
    for layout in taken:
        for row, told in table_rows(sheets[layout.sheet], layout, reading, figure=figure):
            if _placed(row, told) and (got := read_row(row)):
                reading.rows.append(got)
            note_who(reading, row)
            reading.findings += row.findings
            if progress and row.number % 200 == 0:
                progress(row.number, layout.last_row)
    reading.findings = in_order(reading.findings, reading.order)
    return reading


def _has(layout, needed, words, reading):
    """Whether the table has these columns and a room."""
    lacking = [words.fields[name].label for name in needed if not layout.of(name)]
    lacking += [] if layout.of("room") or layout.of("building") or layout.of("entrance") else ["房号"]
    if lacking:
        sentence = f"表「{layout.sheet}」没有{'、'.join(lacking)}一列，没有读；若列名特别，请在「列的对应」里指给它。"
        reading.findings.append(Finding(layout.sheet, layout.header_row, lacking[0], "", sentence, WARNING))
        reading.notes.append(sentence)
    return not lacking


def _placed(row, told):
    """Sets the row's place, or finds why it has none; False where its cells hold no values at all."""
    for name, cells in row.cells.items():
        if name != "serial" and any(isinstance(value, (Formula, CellError)) for _, value in cells):
            row.find(name, "单元格里是公式或错误值，请复制后「选择性粘贴」为数值")
            return False
    if any(isinstance(row.value(name), date) for name in ("building", "entrance", "room")):
        row.find("room", "房号被表格软件变成了日期，请把单元格设为文本后重填")
    else:
        row.place, why = unit_code(row.text("building"), row.text("entrance"), row.text("room"), told=told)
        if row.place is None:
            row.find("room", why)
    return True


def note_who(reading, row):
    """Keep whose row this is, to be told beside what is wrong with it: the room, and no more than a surname."""
    room = row.place.code if row.place else " ".join(row.text(name) for name in ("building", "entrance", "room") if row.text(name))
    owner = row.text("owner")
    reading.who[row.layout.sheet, row.number] = (hide_identities(room)[:20], owner[:1] if re.match("[\u3400-\u9fff\U00020000-\U0003ffff]", owner) else "")


def in_order(findings, sheets):
    """By sheet, row and level; sheets as the file has them."""
    order = {name: place for place, name in enumerate(sheets)}
    return sorted(findings, key=lambda finding: (order.get(finding.sheet, len(order)), finding.row, finding.level))


def _why_skipped(row, texts, told, banner, figure):
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
    if row.value(figure) is None and all(_FOOT.match(text) for text in texts):
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
    if places[2] or row.value(figure) is not None:
        return ""
    alone = len(texts) == 1 and not set(row.cells) & {"phone", "plates", "tenant"} and not places[0].isalnum()
    return "标题或说明" if alone or _FOOT.match(first) else ""
