"""Where the table of a sheet stands and what its columns mean: header rows found by synonyms, correctable by a person.

A layout is plain JSON both ways. Nothing here reads a data row's meaning; values are only looked at to choose between
two columns that both could be the room, or to tell a trade from a use (IMPORT «Any list»).
"""
import dataclasses
import hashlib
import re
from dataclasses import asdict, dataclass, replace

from django.core.exceptions import ValidationError

from servicecentre.kit.sheets import CellError, Formula

from .labels import REGISTER, Guess, ordinal, plain, subject_of
from .places import place_of_title, unit_code
from .values import shown, text_of

MAX_HEADER_ROWS = 3
HEADER_WITHIN = 30  # rows in which a header that was pointed at by hand is looked for again


@dataclass
class Column:
    """One column of a table: `field` is one of its list's words, or "" for 不导入; `sure` is False where a person should look."""

    column: int  # Excel's, from 1
    letter: str
    label: str
    parts: list = dataclasses.field(default_factory=list)  # the label's cells from the group above down to its own
    field: str = ""
    sure: bool = True
    values: int = 0  # how many data cells hold something
    sample: str = ""  # the first of them, numbers of persons masked


@dataclass
class Layout:
    """One table of one sheet. Rows and columns are Excel's own numbers; `skip`: a person leaves the table out."""

    sheet: str
    header_row: int  # the last row of the header
    first_row: int
    last_row: int
    kind: str = "home"  # of a unit of which the row says nothing
    remembered: str = ""  # who said last time what these columns mean, and when
    building: str = ""  # for tables that stand for one building and have no such column
    entrance: str = ""
    skip: bool = False
    columns: list = dataclasses.field(default_factory=list)
    words = REGISTER  # no field of the dataclass: JSON does not carry it

    def of(self, name):
        """The columns that hold a field, left to right."""
        return [column for column in self.columns if column.field == name]

    def label(self, name):
        """The header of a field's first column, or the field's own name where the table has none."""
        columns = self.of(name)
        return columns[0].label if columns else self.words.fields[name].label

    def owner_beside(self, phone):
        """The further owner's column to which a co_phone column belongs: by its number, else by its turn; None: one cell has all."""
        owners = self.of("owner")[1:]
        same = [column for column in owners if ordinal(phone.label) and ordinal(column.label) == ordinal(phone.label)]
        turn = self.of("co_phone").index(phone)
        return same[0] if same else owners[turn] if turn < len(owners) else None

    def as_json(self):
        return asdict(self)


def layouts_from_json(data, sheets, words=REGISTER) -> list[Layout]:
    """The mapping as a person sent it back; ValidationError when it does not fit the file.

    A table that names a sheet and a header row but no columns (pointed at by hand) gets them found.
    """
    known = {sheet.name: sheet for sheet in sheets}
    layouts = []
    try:
        for table in data["tables"]:
            sheet, row = known[table["sheet"]], int(table["header_row"])
            if not table.get("columns"):
                layouts.append(layout_of(sheet, row, row, words=words))
                continue
            layout = Layout(**{**table, "columns": [Column(**column) for column in table["columns"]]})
            layout.words = words
            layout.last_row = min(layout.last_row, len(sheet.rows))
            layout.building, layout.entrance = str(layout.building or ""), str(layout.entrance or "")
            numbers = [layout.header_row, layout.first_row - 1, layout.last_row, *(column.column - 1 for column in layout.columns)]
            wrong = any(n < 0 for n in numbers) or layout.kind not in ("home", "shop")
            if wrong or any(column.field and column.field not in words.fields for column in layout.columns):
                raise ValueError(layout.sheet)
            for column in layout.columns:
                column.letter = letter_of(column.column)
            _count(sheet, layout)
            layouts.append(layout)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ValidationError("列的对应和这个文件不符，请重新上传文件。") from error
    for layout in layouts:
        for name, about in words.fields.items():
            if not about.many and not layout.skip and len(columns := layout.of(name)) > 1:
                raise ValidationError(f"表「{layout.sheet}」有 {len(columns)} 列都对应到「{about.label}」，只能留一列。")
    return layouts


def find_layouts(sheet, words=REGISTER) -> list[Layout]:
    """The tables of a sheet, top down; one whose header is only repeated (on each page) is one table."""
    blocks, row = [], 1
    while row <= len(sheet.rows):
        if block := _header_at(sheet, row, words):
            shape = [(column.column, plain(column.label)) for column in _columns(sheet, *block, words)]
            if not blocks or blocks[-1][1] != shape:
                blocks.append((block, shape))
            row = block[1]
        row += 1
    ends = [block[0] - 1 for block, _ in blocks[1:]] + [len(sheet.rows)] if blocks else []
    return [layout_of(sheet, *block, end, words=words) for (block, _), end in zip(blocks, ends, strict=True)]


def layout_of(sheet, top, bottom, last_row=None, words=REGISTER):
    """The table whose header stands in these rows, its columns as far as their labels tell."""
    layout = Layout(sheet.name, bottom, bottom + 1, last_row or len(sheet.rows), columns=_columns(sheet, top, bottom, words))
    layout.words = words
    _assign(sheet, layout)
    _describe(sheet, layout, top)
    return layout


def fingerprint(layout) -> str:
    """By which a table of the same columns in the same order is known again, whichever sheet and row it stands in."""
    return hashlib.sha256("\n".join(f"{column.column} {plain(column.label)}" for column in layout.columns).encode()).hexdigest()


def remember(sheet, layouts, known, words) -> list[Layout]:
    """The tables of a sheet with what people said of tables like them; one that nobody would guess is known by its header row."""
    if known and not layouts:
        for row in range(1, min(len(sheet.rows), HEADER_WITHIN) + 1):
            if any(type(value) is str for value in sheet.rows[row - 1]) and fingerprint(found := layout_of(sheet, row, row, words=words)) in known:
                layouts = [found]
                break
    for layout in layouts:
        if told := known.get(fingerprint(layout)):
            fields = {column["column"]: column["field"] for column in told["columns"]}
            for column in layout.columns:
                if (name := fields.get(column.column, "")) in ("", *words.fields):
                    column.field, column.sure = name, True
            layout.kind, layout.skip, layout.remembered = told["kind"], told["skip"], told["remembered"]
            _count(sheet, layout)
    return layouts


def header_rows(sheet, layout) -> set[int]:
    """Rows inside a table that repeat its header, as lists printed page by page have them."""
    wanted = {column.column: plain(column.label) for column in layout.columns if column.label}
    repeated = set()
    for row in range(layout.first_row, layout.last_row + 1):
        line = sheet.rows[row - 1]
        same = 0
        for tried, (n, label) in enumerate(wanted.items()):
            value = line[n - 1] if n <= len(line) else None
            if type(value) is str and len(value) < 40 and (text := plain(value)) and (text == label or label.endswith(text)):
                same += 1
            elif tried > 5 and not same:
                break  # no header begins like this
        if same >= 3 and same * 2 > len({value for value in line if value is not None}):
            repeated.add(row)
    return repeated


# --- finding the header -----------------------------------------------------------------------------------------------

def _header_at(sheet, row, words):
    """(first, last) row of the header that begins in this row, or None."""
    if not _label_cells(sheet, row):
        return None
    best, block = 0, None
    for bottom in range(row, min(row + MAX_HEADER_ROWS, len(sheet.rows) + 1)):
        if bottom > row and not _goes_on(sheet, bottom, words):
            break
        if (score := _score(sheet, row, bottom, words)) > best:
            best, block = score, (row, bottom)
    while block and block[0] < block[1] and not _groups(sheet, block[0]) and _score(sheet, block[0] + 1, block[1], words) >= best:
        block = (block[0] + 1, block[1])  # a line of the title, not a group of columns
    return block


def _score(sheet, top, bottom, words):
    """How many fields the labels of these rows name; a header names three, and those that make its list."""
    named = {guess.field for _, parts in _stacked(sheet, top, bottom) for guess in words.guesses(parts)}
    return len(named) if len(named) >= 3 and words.whole(named) else 0


def _label_cells(sheet, row):
    """The cells of a row that could be a header's: two texts or more and nothing that is plainly data, else none."""
    line = sheet.rows[row - 1]
    cells = {}
    for number, value in enumerate(line, start=1):
        if value is None:
            continue
        if not isinstance(value, str) or isinstance(value, (Formula, CellError)) or len(value) > 60:
            return {}
        if re.search("[0-9]{3}", value) and not re.search("[\u4e00-\u9fff]", value):
            return {}
        cells[number] = text_of(value)
    return cells if len(set(cells.values())) > 1 else {}


def _goes_on(sheet, bottom, words):
    """Whether a row belongs to the header above it: half of what it adds are labels."""
    cells = _label_cells(sheet, bottom)
    new = [text for number, text in cells.items() if sheet.cell(bottom - 1, number) != sheet.cell(bottom, number)]
    known = sum(1 for text in new if words.guesses([text]))
    return known > 0 and known * 2 >= len(new)


def _stacked(sheet, top, bottom):
    """(column, labels from top to bottom without repeats) for every column that has one."""
    for column in range(1, max(len(sheet.rows[row - 1]) for row in range(top, bottom + 1)) + 1):
        parts = []
        for row in range(top, bottom + 1):
            text = text_of(sheet.cell(row, column)) or (_group_beside(sheet, row, column) if row < bottom and not parts else "")
            if text and text not in parts:
                parts.append(text)
        if parts:
            yield column, parts


def _group_beside(sheet, row, column):
    """The group that a blank cell continues where a list was not merged: 紧急联系人, blank over 姓名, 电话."""
    if not text_of(sheet.cell(row + 1, column)):
        return ""
    while column > 1 and not text_of(sheet.cell(row, column)):
        column -= 1
        if not text_of(sheet.cell(row + 1, column)):
            return ""
    return text_of(sheet.cell(row, column))


def _columns(sheet, top, bottom, words):
    columns = []
    for column, parts in _stacked(sheet, top, bottom):
        said = parts if words.guesses(parts) != words.guesses(parts[-1:]) else parts[-1:]  # a group is named only where it says more
        columns.append(Column(column, letter_of(column), " ".join(" ".join(said).split()), parts))
    return columns


def _groups(sheet, row):
    """A row of merged group names (房屋信息, 业主信息); one merge over everything is a title."""
    return sum(1 for top, left, bottom, right in sheet.merges if top == row and right > left) > 1


def letter_of(column):
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


# --- what the columns mean --------------------------------------------------------------------------------------------

def _assign(sheet, layout):
    """Give each column its field: the surest label first, and where two are alike the values or the order decide."""
    candidates = []
    subject = "owner"
    for column in layout.columns:
        if found := layout.words.guesses(column.parts or [column.label]):
            named = subject_of("".join(column.parts)) or found[0].field
            subject = named if named in ("owner", "tenant", "emergency") else subject
            candidates.append((column, found, subject))
    _settle_general(candidates)
    _numbers_behind_co_owners(candidates)
    for name, about in layout.words.fields.items():
        mine = [(found[0], column) for column, found, _ in candidates if found[0].field == name]
        if name == "room":
            mine = _best_room(sheet, layout, mine, candidates)
        if not mine:
            continue
        main = [item for item in mine if not item[0].extra] or mine
        best = min(main, key=lambda item: (item[0].rank, item[1].column))
        if about.many:
            kept = [item for item in mine if item is best or item[0].extra or name not in ("owner", "id") and item[0].rank < 5]
        else:
            kept = [best]
        for guess, column in kept:
            column.field, column.sure = name, guess.rank < 5
    if not layout.of("phone") and layout.of("phone2"):
        layout.of("phone2")[0].field = "phone"
    _phones_beside_owners(layout)
    for column, found, _ in candidates:
        column.sure = column.sure and (bool(column.field) or not found[0].field)
    _usage_or_trade(sheet, layout)


def _phones_beside_owners(layout):
    """电话2 is the spare phone of the owner, but beside 业主2 it is that one's; so is a second 电话 behind 业主2 or 共有人."""
    first, *others = layout.of("owner") or [None]
    for column in layout.of("phone2"):
        said = plain(column.parts[-1] if column.parts else column.label)
        if re.search("备|其他|其它|另|辅助|固|座机|家庭|家里|住宅|办公|宅|次要|副", said):
            continue
        before = [owner for owner in (first, *others) if owner and owner.column < column.column]
        numbered = any(ordinal(owner.label) == ordinal(column.label) for owner in others) if ordinal(column.label) else False
        if numbered or others and before and before[-1] is not first and not ordinal(column.label):
            column.field = "co_phone"


def _settle_general(candidates):
    """电话 or 证件号码 alone is the owner's; where there are several, each belongs to the person named before it."""
    for general, others in (("phone", {"emergency": "emergency_phone", "tenant": "tenant_phone"}), ("id", {}), ("owner", {})):
        mine = [item for item in candidates if item[1][0].field == general]
        named = [item for item in mine if not item[1][0].general]
        loose = [item for item in mine if item[1][0].general]
        if len(mine) < 2 or not loose:
            continue
        taken = bool(named)
        for _, found, subject in loose:
            if subject in ("emergency", "tenant") and (taken or any(item[2] == "owner" for item in loose)):
                found[0] = Guess(others.get(subject, ""), found[0].rank, True)
            elif general == "phone" and taken:
                found[0] = Guess("phone2", found[0].rank, True)
            elif general == "owner" and taken:
                found[0] = Guess("", found[0].rank, True)
            taken = True


def _numbers_behind_co_owners(candidates):
    """业主, 身份证号, 共有人, 身份证号: a second such column behind a further owner is that one's."""
    behind, first = False, True
    for _, found, _ in candidates:
        if found[0].field == "owner":
            behind = found[0].extra
        elif found[0].field == "id" and found[0].general:
            if behind and not first:
                found[0] = replace(found[0], extra=True)
            first = False


def _best_room(sheet, layout, mine, candidates):
    """Of several columns that may be the room, the one whose values make unit codes (an internal number does not)."""
    places = {found[0].field: column.column for column, found, _ in candidates if found[0].field in ("building", "entrance")}

    def made(column):
        good = 0
        for row in range(layout.first_row, min(layout.last_row, layout.first_row + 199) + 1):
            cells = [text_of(sheet.cell(row, n)) if n else "" for n in (places.get("building"), places.get("entrance"), column.column)]
            good += unit_code(*cells)[0] is not None
        return good
    if not mine and not places:  # 编号 over S01, S02 … is no serial number
        mine = [(replace(found[0], field="room", rank=5), column) for column, found, _ in candidates
                if found[0].field == "serial" and made(column)]
    return mine if len(mine) < 2 else [max(mine, key=lambda item: (made(item[1]), -item[0].rank, -item[1].column))]


def _usage_or_trade(sheet, layout):
    """业态 is a shop's trade on most lists and the kind of property on some: the values tell."""
    for column in layout.of("trade"):
        texts = [text for row in range(layout.first_row, min(layout.last_row, layout.first_row + 500) + 1)
                 if (text := text_of(sheet.cell(row, column.column)))]
        uses = sum(1 for text in texts if re.search("住宅|住房|商铺|商业|公寓|别墅|洋房", text))
        if texts and uses * 2 > len(texts) and not layout.of("usage"):
            column.field, column.sure = "usage", False


_SHOP = re.compile("商铺|商业|底商|门面|门市|店铺|铺位|商户|商网")


def _describe(sheet, layout, top):
    """Counts and samples of the columns, and what the sheet's name and its title say of the whole table."""
    above = [text_of(value) for line in sheet.rows[max(0, top - 7):top - 1] for value in line if value is not None]
    titles = list(dict.fromkeys([sheet.name, *above]))
    # The room's own header says most (商铺编号), then the sheet's name, then its title.
    for text in (*(column.label for column in layout.of("room")), *titles):
        if "住" in text or _SHOP.search(text):
            layout.kind = "home" if "住" in text else "shop"
            break
    if not layout.of("building"):
        for text in titles:
            building, entrance = place_of_title(text)
            if building:
                layout.building, layout.entrance = building, "" if layout.of("entrance") else entrance
                break
    _count(sheet, layout)


def _count(sheet, layout):
    repeated = header_rows(sheet, layout)
    for column in layout.columns:
        column.values, column.sample = 0, ""
        for row in range(layout.first_row, layout.last_row + 1):
            if row not in repeated and (value := sheet.cell(row, column.column)) is not None:
                column.values += 1
                column.sample = column.sample or shown(value, column.field)
