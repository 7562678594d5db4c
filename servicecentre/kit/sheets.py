"""Excel in, bounded and with formulas seen; Excel and CSV out, harmless (TRUST §4 rows 19, 30–33; PACKAGES A2.2).

A file is judged by its bytes before any library opens it: what it is, what it declares to hold, what its XML is made
of. Only then openpyxl streams it, 20,000 rows × 200 columns a sheet at most. Every refusal is a sentence.
"""
import codecs
import csv
import io
import os
import re
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import ImproperlyConfigured, ValidationError

MAX_BYTES = 25 * 1024 * 1024  # of the file itself, as for every upload
MAX_DECLARED = 64 * 1024 * 1024  # of all parts together, unpacked
MAX_RATIO = 100
MAX_PARTS = 1_000
MAX_ROWS, MAX_COLUMNS, MAX_BLANK_ROWS = 20_000, 200, 200
MAX_MERGES = 20_000  # of the whole workbook
MAX_CELLS = MAX_ROWS * MAX_COLUMNS  # places of the whole workbook, blank ones and those under merges too: 32 MB of pointers
MAX_CELL = 32_767  # characters, Excel's own limit
# Elements that openpyxl may hold at once: between two rows of a sheet, in the table of texts, in any other part.
_MAX_TAGS = {"row": 200_000, "texts": 2_000_000, "other": 300_000}
_MAX_ROW_TAGS = 1_100_000  # Excel has 1,048,576 rows

_TOO_MUCH = f"文件里的格子超过 {MAX_CELLS // 10_000:,} 万个，没有打开。请删去不用的列和表，或拆成几个文件再传。"
_BROKEN = "文件已损坏，或不是标准的 .xlsx。请用 Excel 打开，另存为「Excel 工作簿（.xlsx）」后再传。"
_MERGED = f"合并的单元格超过 {MAX_MERGES:,} 处，没有打开。请取消合并后再传。"
_SAVE_AS = "请用 Excel 打开，另存为「Excel 工作簿（.xlsx）」后再传。"


class Formula(str):
    """The text of a formula; its stored result is never believed."""


class CellError(str):
    """#REF!, #N/A …: what the spreadsheet itself calls an error."""


@dataclass
class Sheet:
    """One sheet: `rows[0]` is Excel's row 1; a value is None, str, int, Decimal, bool, date, datetime, time,
    Formula or CellError. Cells under a merge hold what its first cell holds. `notes`: what was not read, in words."""

    name: str
    hidden: bool = False
    rows: list = field(default_factory=list)
    merges: list = field(default_factory=list)  # (first row, first column, last row, last column), Excel's numbers
    notes: list = field(default_factory=list)

    def cell(self, row: int, column: int):
        """The value at Excel's own row and column number, both from 1."""
        line = self.rows[row - 1] if 0 < row <= len(self.rows) else ()
        return line[column - 1] if 0 < column <= len(line) else None


def open_workbook(source) -> list[Sheet]:
    """All sheets of an .xlsx given as path, bytes or binary file, hidden ones marked and not left out.

    Raises ValidationError in words for any other kind of file and whatever is too large, broken or hostile.
    """
    data, parts = _judged(source)
    openpyxl = _openpyxl()
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
        try:
            room = _Room()
            return [_read(sheet, *parts[sheet._worksheet_path], room) for sheet in book.worksheets]
        finally:
            book.close()
    except ValidationError:
        raise
    except Exception as error:  # a hostile part can make the library raise anything; the clerk reads one sentence
        raise ValidationError(_BROKEN) from error


def check_workbook(source) -> bytes:
    """The content of what is an .xlsx within the limits, told by its bytes alone; ValidationError as open_workbook's.

    Quick enough for the answer to an upload: nothing is parsed.
    """
    return _judged(source)[0]


def _judged(source):
    data = read_bytes(source)
    _refuse_other_kinds(data)
    return data, _inspect(data)


def read_bytes(source) -> bytes:
    """The content of a path, bytes or binary file; ValidationError when empty or above 25 MB."""
    if isinstance(source, bytes):
        data = source
    elif hasattr(source, "read"):
        if hasattr(source, "seek"):
            source.seek(0)
        data = source.read(MAX_BYTES + 1)
    else:
        try:
            with open(source, "rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise ValidationError(f"打不开文件 {os.path.basename(source)}。") from error
    if not data:
        raise ValidationError("文件是空的。")
    if len(data) > MAX_BYTES:
        raise ValidationError("文件超过 25 MB，请拆成几个文件，或删去图片后再传。")
    return data


# --- what is it -------------------------------------------------------------------------------------------------------

def _refuse_other_kinds(data):
    """Say what the file is when it is no .xlsx; its name is not asked."""
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise ValidationError("文件有密码保护。请用 Excel 打开，另存为无密码的 .xlsx 后再传。")
        raise ValidationError(f"这是旧版 Excel 文件（.xls）。{_SAVE_AS}")
    if data.startswith(b"PK"):
        return
    if head.startswith(b"%pdf"):
        raise ValidationError("这是 PDF 文件，不是 Excel 表。请传 .xlsx。")
    if b"urn:schemas-microsoft-com:office:spreadsheet" in data[:4096]:
        raise ValidationError(f"这是 XML 格式的表。{_SAVE_AS}")
    if head.startswith((b"<!doctype html", b"<html", b"<table", b"<head", b"<meta", b"<body", b"mime-version:", b"<?xml")):
        raise ValidationError(f"这是网页文件（HTML），只是名字像 Excel。{_SAVE_AS}")
    raise ValidationError(f"这是文本文件（CSV）。{_SAVE_AS}" if _is_text(data[:65536]) else "这不是 Excel 文件。请传 .xlsx。")


def _is_text(data):
    for encoding in () if b"\0" in data else ("utf-8", "gb18030"):
        try:
            codecs.getincrementaldecoder(encoding)().decode(data)
        except UnicodeDecodeError:
            continue
        return True
    return False


def _inspect(data):
    """Judge the archive by what it declares, then each XML part by its bytes; answers what _scan does, per part."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            _judge_sizes(parts, len(data))
            names = {part.filename for part in parts}
            if "[Content_Types].xml" not in names:
                ods = "mimetype" in names or "content.xml" in names
                raise ValidationError(f"这是 WPS 或 OpenDocument 表格。{_SAVE_AS}" if ods
                                      else "这是压缩包，不是 Excel 文件。请解压后传其中的 .xlsx。")
            if "xl/workbook.bin" in names:
                raise ValidationError(f"这是二进制 Excel 文件（.xlsb）。{_SAVE_AS}")
            if any(name.startswith(("word/", "ppt/")) for name in names):
                raise ValidationError("这是 Word 或 PPT 文件，不是 Excel 表。请传 .xlsx。")
            found = {}
            for part in parts:
                with archive.open(part) as stream:
                    head = stream.read(64)
                    if head.startswith(b"PK\x03\x04") or part.filename.lower().endswith((".zip", ".rar", ".7z", ".gz")):
                        inner = os.path.basename(part.filename)
                        raise ValidationError(f"文件里还套着压缩文件（{inner}）。请删去嵌入的对象，另存为 .xlsx 后再传。")
                    # By its first character, not by its name: whatever a parser could read as XML is judged.
                    if head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<"):
                        found[part.filename] = _scan(part.filename, head, stream)
                        if sum(len(merges) for merges, _ in found.values()) > MAX_MERGES:
                            raise ValidationError(_MERGED)
            return found
    except ValidationError:
        raise
    except Exception as error:  # zipfile raises half a dozen kinds on a spoilt archive
        raise ValidationError(_BROKEN) from error


def _judge_sizes(parts, packed):
    declared = sum(part.file_size for part in parts)
    if len(parts) > MAX_PARTS:
        raise ValidationError(f"文件里有 {len(parts):,} 个部分，超过 {MAX_PARTS:,} 个，没有打开。{_SAVE_AS}")
    if declared > MAX_DECLARED:
        raise ValidationError("文件解压后超过 64 MB，没有打开。请把表拆成几个文件，或删去图片后再传。")
    lopsided = any(part.file_size > 1024 * 1024 and part.file_size > MAX_RATIO * max(part.compress_size, 1) for part in parts)
    if declared > MAX_RATIO * packed or lopsided:
        raise ValidationError("文件解压后是原来的 100 倍以上，不像正常的表，没有打开。请把要导入的表复制到新工作簿再传。")
    if any(part.flag_bits & 1 for part in parts):
        raise ValidationError("文件有密码保护。请用 Excel 打开，另存为无密码的 .xlsx 后再传。")


_ROW_TAG = re.compile(rb"<(?:\w+:)?row(?=[\s/>])")
_NUMBER = re.compile(rb"[^>]*?\sr\s*=\s*[\"']([0-9]{1,7})[\"']")
_FILLED = re.compile(rb"<(?:\w+:)?(?:v|f|is)[\s/>]")
_MERGE_TAG = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?\bref\s*=\s*[\"']([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})[\"']")


def _scan(name, head, stream):
    """Count a part's elements before any parser builds them and refuse what no spreadsheet writes.

    Answers a sheet's merged ranges and the last row that holds something, by its own number.
    """
    if b"\0" in head or head.startswith((b"\xfe\xff", b"\xff\xfe")):
        raise ValidationError(f"文件的编码少见，没有打开。{_SAVE_AS}")
    limit = _MAX_TAGS["row" if "/worksheets/" in name else "texts" if name.endswith("sharedStrings.xml") else "other"]
    since, rows, current, filled, merges, tail, chunk = 0, 0, 0, 0, [], b"", head
    while chunk:
        text = tail + chunk
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
            raise ValidationError("文件里带有实体定义，表格软件不会这样写，没有打开。请把要导入的表复制到新工作簿再传。")
        last = text.rfind(b"<")
        cut = last if 0 <= last and len(text) - last < 4096 else len(text)
        text, tail = text[:cut], text[cut:]  # the last, perhaps unfinished tag waits for the next chunk
        first, *later = _ROW_TAG.split(text)
        rows += len(later)
        for piece, start in [(first, since), *((piece, 0) for piece in later)]:
            since = start + piece.count(b"<")
            if since > limit or rows > _MAX_ROW_TAGS:
                raise ValidationError("文件结构异常（一行里的格子太多），没有打开。请把要导入的表复制到新工作簿再传。")
        if _FILLED.search(first):
            filled = max(filled, current)
        if later:
            current = _row_number(later[-1])
            filled = max(filled, next((_row_number(piece) for piece in reversed(later) if _FILLED.search(piece)), 0))
        merges += _MERGE_TAG.findall(text)
        if len(merges) > MAX_MERGES:
            raise ValidationError(_MERGED)
        chunk = stream.read(1024 * 1024)
    return [(int(top), _column(left), int(bottom), _column(right)) for left, top, right, bottom in merges], filled


def _row_number(tag):
    found = _NUMBER.match(tag)
    return int(found[1]) if found else 0


def _column(letters):
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


# --- reading ----------------------------------------------------------------------------------------------------------

def _openpyxl():
    """openpyxl with its XML behind defusedxml; lxml beside it would let the workbook part through."""
    os.environ["OPENPYXL_LXML"] = "False"
    import openpyxl
    if not openpyxl.DEFUSEDXML or openpyxl.LXML:
        raise ImproperlyConfigured("openpyxl must read through defusedxml and without lxml")
    return openpyxl


class _Room:
    """How many places a workbook may still take, over all its sheets: a small file can name many."""

    def __init__(self):
        self.left = MAX_CELLS

    def take(self, places, sentence):
        self.left -= places
        if self.left < 0:
            raise ValidationError(sentence)


def _read(source, merges, filled, room):
    sheet = Sheet(name=source.title, hidden=source.sheet_state != "visible")
    source.reset_dimensions()  # the declared extent may lie in either direction
    blank, wide = 0, 0
    for number, cells in enumerate(source.iter_rows(max_row=MAX_ROWS + 1), start=1):
        # Rows that are not in the file come without cells; of a row that is too wide only the first columns are read.
        values = [_value(cell) for cell in cells[:MAX_COLUMNS]]
        wide += any(cell.value is not None for cell in cells[MAX_COLUMNS:])
        while values and values[-1] is None:
            values.pop()
        if not values:
            blank += 1
            continue
        if blank >= MAX_BLANK_ROWS or number > MAX_ROWS:
            break
        room.take(len(values) + number - len(sheet.rows), _TOO_MUCH)
        sheet.rows += [()] * (number - 1 - len(sheet.rows)) + [values]
        blank = 0
    if filled > (last := len(sheet.rows)):
        why = f"超过 {MAX_ROWS:,} 行" if last == MAX_ROWS else f"第 {last + 1:,} 行起连续空白 {MAX_BLANK_ROWS} 行以上"
        sheet.notes.append(f"表「{sheet.name}」{why}，以后的内容（到第 {filled:,} 行）没有读。")
    if wide:
        sheet.notes.append(f"表「{sheet.name}」第 {MAX_COLUMNS} 列以后的内容没有读。")
    _fill(sheet, merges, room)
    return sheet


def _value(cell):
    value = cell.value
    if value is None:
        return None
    kind = cell.data_type
    if kind == "f":
        return Formula(value if isinstance(value, str) else getattr(value, "text", None) or "=")
    if kind == "e":
        return CellError(value)
    if isinstance(value, str):
        return _unescaped(value) if "_x" in value else value if value.strip() else None
    if isinstance(value, (bool, int, Decimal)) or not hasattr(value, "hex"):
        return value
    # What is left is a binary fraction. Excel itself shows 15 digits: 102.46999999999999 is its 102.47.
    figure = Decimal(format(value, ".15g"))
    if not figure.is_finite():
        return CellError("#NUM!")
    return int(figure) if figure == figure.to_integral_value() and abs(figure) < 10**15 else figure


def _unescaped(text):
    """Excel writes characters that XML has no place for as _x000D_."""
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda m: chr(int(m[1], 16)), text) or None


def _fill(sheet, merges, room):
    """Give every cell under a merge the value of its first cell, inside the rows and columns that hold something."""
    widest = max((len(row) for row in sheet.rows), default=0)
    for top, left, bottom, right in merges:
        bottom, right = min(bottom, len(sheet.rows)), min(right, widest)
        if top > bottom or left > right or (top, left) == (bottom, right):
            continue
        sheet.merges.append((top, left, bottom, right))
        value = sheet.cell(top, left)
        if value is None:
            continue
        room.take((bottom - top + 1) * right, "合并的单元格太多太大，没有打开。请取消合并后再传。")
        for row in range(top - 1, bottom):
            line = list(sheet.rows[row])
            line += [None] * (right - len(line))
            line[left - 1:right] = [value] * (right - left + 1)
            sheet.rows[row] = line


# --- out --------------------------------------------------------------------------------------------------------------

_ACTIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # what a spreadsheet might take for a formula


@dataclass
class Table:
    """A sheet to write: `rows` may be any iterable of sequences; a value is None, str, int, Decimal, date or datetime.

    Whoever wants a figure counted as one gives int or Decimal; text stays text, whatever it begins with.
    """

    name: str
    header: list
    rows: object
    widths: dict = field(default_factory=dict)  # column (from 0) → characters


def workbook_bytes(tables) -> bytes:
    """An .xlsx of the given Tables as bytes."""
    buffer = io.BytesIO()
    write_workbook(tables, buffer)
    return buffer.getvalue()


def write_workbook(tables, target) -> None:
    """Write an .xlsx to a path or binary file, row by row; no text ever becomes a formula, link or number."""
    import xlsxwriter
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, options) as book:
        formats = {"head": book.add_format({"bold": True, "bottom": 1}), "quoted": book.add_format({"quote_prefix": True}),
                   "day": book.add_format({"num_format": "yyyy-mm-dd"}), "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm"})}
        taken = set()
        for table in tables:
            sheet = book.add_worksheet(_sheet_name(table.name, taken))
            sheet.freeze_panes(1, 0)
            for column, width in table.widths.items():
                sheet.set_column(column, column, width)
            for column, label in enumerate(table.header):
                sheet.write_string(0, column, _writable(label), formats["head"])
            for number, row in enumerate(table.rows, start=1):
                for column, value in enumerate(row):
                    _write(sheet, number, column, value, formats)


def _write(sheet, row, column, value, formats):
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, (int, Decimal)):
        if abs(value) < 10**15:
            sheet.write_number(row, column, value)
        else:
            sheet.write_string(row, column, f"{value:f}" if isinstance(value, Decimal) else str(value))
    elif isinstance(value, datetime):
        sheet.write_datetime(row, column, value.replace(tzinfo=None), formats["moment"])
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, formats["day"])
    else:
        text = _writable(value)
        sheet.write_string(row, column, text, formats["quoted"] if text.startswith(_ACTIVE) else None)


def _writable(value):
    """Text as a cell can hold it: a lone surrogate has no bytes, a cell has 32,767 characters."""
    return str(value).encode("utf-8", "replace").decode("utf-8")[:MAX_CELL]


def _sheet_name(name, taken):
    clean = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", _writable(name)).strip(" '")[:31] or "表"
    unique, n = clean, 1
    while unique.lower() in taken:
        n += 1
        unique = f"{clean[:31 - len(str(n)) - 1]}-{n}"
    taken.add(unique.lower())
    return unique


def csv_bytes(header, rows) -> bytes:
    """CSV that Excel opens rightly: UTF-8 with BOM, CRLF; text that could act stands behind ' (TRUST §4 row 19)."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow([_harmless(value) for value in header])
    for row in rows:
        writer.writerow([_harmless(value) for value in row])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode("utf-8", "replace")


def _harmless(value):
    if isinstance(value, str):
        return "'" + value if value.startswith(_ACTIVE) else value
    return "" if value is None else f"{value:f}" if isinstance(value, Decimal) else value
