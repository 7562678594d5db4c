"""kit/sheets: whatever file arrives, it is read bounded or refused in a sentence; whatever leaves is harmless."""
import csv
import io
import re
import struct
import zipfile
import zlib
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pytest
import xlsxwriter
from django.core.exceptions import ValidationError

from servicecentre.kit import sheets
from servicecentre.kit.sheets import CellError, Formula, Table, csv_bytes, open_workbook, workbook_bytes


def book(*rows, change=None):
    """A workbook of one sheet as bytes."""
    wb = openpyxl.Workbook()
    for row in rows:
        wb.active.append(row)
    if change:
        change(wb)
    return saved(wb)


def saved(wb):
    buffer = io.BytesIO()
    wb.save(buffer)
    return buffer.getvalue()


def repacked(data, replace=None, add=None, compression=zipfile.ZIP_DEFLATED):
    """The same archive with parts changed or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", compression) as new:
        for part in old.infolist():
            body = old.read(part)
            new.writestr(part.filename, (replace or {}).get(part.filename, lambda text: text)(body))
        for name, body in (add or {}).items():
            new.writestr(name, body)
    return out.getvalue()


def with_shared_texts(*texts):
    """As Excel itself writes: texts in a part of their own (openpyxl writes them in place)."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as wb:
        wb.add_worksheet().write_row(0, 0, texts)
    return buffer.getvalue()


DAY, MOMENT = datetime(2025, 10, 3), datetime(2025, 10, 3, 8, 30)  # noqa: DTZ001 - a spreadsheet knows no zones
SHEET = "xl/worksheets/sheet1.xml"


def test_values_keep_their_kind():
    sheet, = open_workbook(book(["房号", "=A1", "'=A1", 102.47, 118.325, 1801, DAY, True, None, " ", "尾"]))
    one = sheet.rows[0]
    assert one[0] == "房号" and type(one[1]) is Formula and one[1] == "=A1"
    assert one[2] == "'=A1" and type(one[2]) is str
    assert one[3] == Decimal("102.47") and one[4] == Decimal("118.325") and one[5] == 1801
    assert one[6] == DAY and one[7] is True and one[8] is None and one[9] is None and one[10] == "尾"


def test_figures_come_as_excel_shows_them():
    data = book([1.5, 2.5])

    def precise(xml):
        return xml.replace(b"<v>1.5</v>", b"<v>102.46999999999999</v>").replace(b"<v>2.5</v>", b"<v>3.2010219800101120E+17</v>")
    sheet, = open_workbook(repacked(data, {SHEET: precise}))
    assert sheet.rows[0] == [Decimal("102.47"), Decimal("3.20102198001011E+17")]


def test_error_cells_and_escaped_characters_are_known():
    def spoil(xml):
        return xml.replace(b'<c r="A1" t="n"><v>1</v></c>', b'<c r="A1" t="e"><v>#REF!</v></c>')\
            .replace(b"<v>2</v>", b"<v>1E999</v>").replace(b"<t>a", b"<t>a_x000D_b")
    sheet, = open_workbook(repacked(book([1, 2, "a"]), {SHEET: spoil}))
    assert type(sheet.rows[0][0]) is CellError and sheet.rows[0][0] == "#REF!"
    assert sheet.rows[0][1] == CellError("#NUM!")
    assert sheet.rows[0][2] == "a\rb"


def test_merged_cells_hold_their_first_value():
    def merge(wb):
        wb.active.merge_cells("A1:C1")
        wb.active.merge_cells("A2:A4")
    sheet, = open_workbook(book(["标题"], ["3栋", 1, "x"], [None, 2], [None, 3], change=merge))
    assert sheet.rows[0] == ["标题"] * 3
    assert [row[0] for row in sheet.rows[1:]] == ["3栋"] * 3
    assert sheet.merges == [(1, 1, 1, 3), (2, 1, 4, 1)]


def test_hidden_sheets_are_marked():
    def hide(wb):
        wb.create_sheet("旧").sheet_state = "hidden"
        wb.create_sheet("更旧").sheet_state = "veryHidden"
    assert [(s.name, s.hidden) for s in open_workbook(book(["a"], change=hide))] == [("Sheet", False), ("旧", True), ("更旧", True)]


def test_a_path_and_a_file_read_alike(tmp_path):
    (tmp_path / "a.xls").write_bytes(book(["房号"]))  # the name lies, the content counts
    with open(tmp_path / "a.xls", "rb") as file:
        assert open_workbook(file)[0].rows == open_workbook(tmp_path / "a.xls")[0].rows == [["房号"]]


@pytest.mark.parametrize("data, words", [
    (b"", "文件是空的"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), r"旧版 Excel 文件（\.xls）.*另存为"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "无密码"),
    ("楼栋,单元,房号\r\n1,1,101\r\n".encode(), "CSV"),
    ("楼栋,单元,房号\r\n1,1,101\r\n".encode("gb18030") * 9000, "CSV"),
    (b"\xef\xbb\xbf<html xmlns:x=''><table><tr><td>1", "网页文件"),
    (b"\r\n<!DOCTYPE html><table>", "网页文件"),
    (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">', "XML 格式"),
    (b"%PDF-1.7\n", "PDF"),
    (b"\x89PNG\r\n\x1a\n" + bytes(100), "不是 Excel"),
    (b"PK\x03\x04 and then nothing of sense", "已损坏"),
    (book(["a"])[:-400], "已损坏"),
], ids=["empty", "xls", "protected", "csv", "csv-gbk", "html", "doctype", "xml2003", "pdf", "png", "zip-torn", "xlsx-torn"])
def test_other_kinds_are_named(data, words):
    with pytest.raises(ValidationError, match=words):
        open_workbook(data)


@pytest.mark.parametrize("names, words", [
    ({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<a/>"}, "OpenDocument"),
    ({"登记表.xlsx": b"x"}, "压缩包"),
    ({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<a/>"}, "Word"),
    ({"[Content_Types].xml": b"<Types/>", "xl/workbook.bin": b"x"}, "xlsb"),
    ({"[Content_Types].xml": b"<Types/>"}, "已损坏"),
])
def test_other_archives_are_named(names, words):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, body in names.items():
            archive.writestr(name, body)
    with pytest.raises(ValidationError, match=words):
        open_workbook(out.getvalue())


def test_a_bomb_is_refused_by_what_it_declares():
    bomb = repacked(book(["a"]), add={"xl/media/a.bin": bytes(70 * 1024 * 1024)})
    assert len(bomb) < 200_000
    with pytest.raises(ValidationError, match="超过 64 MB"):
        open_workbook(bomb)
    with pytest.raises(ValidationError, match="100 倍"):
        open_workbook(repacked(book(["a"]), add={"xl/media/a.bin": bytes(9 * 1024 * 1024)}))


def test_a_lopsided_part_is_refused_though_the_whole_is_not():
    padded = repacked(book(["a"]), add={"xl/media/b.bin": bytes(9 * 1024 * 1024)})
    noise = zlib.compress(b"".join(struct.pack(">Q", n * 0x9E3779B97F4A7C15 % 2**64) for n in range(40_000)))
    with pytest.raises(ValidationError, match="100 倍"):
        open_workbook(repacked(padded, add={"xl/media/noise.bin": noise}))


def test_too_many_parts_and_nested_archives_are_refused():
    with pytest.raises(ValidationError, match="1,00[0-9] 个部分"):
        open_workbook(repacked(book(["a"]), add={f"xl/media/{n}.bin": b"" for n in range(1000)}))
    with pytest.raises(ValidationError, match=r"套着压缩文件（inner\.dat）"):
        open_workbook(repacked(book(["a"]), add={"xl/embeddings/inner.dat": book(["b"])}))


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml"])
def test_entities_are_refused(part, monkeypatch):
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'

    def spoil(xml):
        return bomb + xml if not xml.startswith(b"<?xml") else xml.replace(b"?>", b"?>" + bomb, 1)
    hostile = repacked(with_shared_texts("a"), {part: spoil})
    with pytest.raises(ValidationError, match="实体定义"):
        open_workbook(hostile)
    # Behind our own look at the bytes, defusedxml refuses as well.
    monkeypatch.setattr(sheets, "_inspect", lambda data: {SHEET: ([], 0)})
    with pytest.raises(ValidationError) as refused:
        open_workbook(hostile)
    assert "EntitiesForbidden" in repr(refused.value.__cause__) + repr(refused.value.__cause__.__cause__)


def test_defusedxml_is_demanded(monkeypatch):
    monkeypatch.setattr(openpyxl, "DEFUSEDXML", False)
    with pytest.raises(Exception, match="defusedxml"):
        open_workbook(book(["a"]))


def test_rare_encodings_cannot_hide_from_the_count():
    def wide(xml):
        return '<?xml version="1.0" encoding="utf-16"?>'.encode("utf-16") + xml.decode().encode("utf-16-le")
    with pytest.raises(ValidationError, match="编码少见"):
        open_workbook(repacked(book(["a"]), {SHEET: wide}))


def test_a_row_of_millions_of_cells_is_refused_unparsed():
    def swollen(xml):
        return xml.replace(b"</row>", b"<c/>" * 300_000 + b"</row>", 1)
    with pytest.raises(ValidationError, match="一行里的格子太多"):
        open_workbook(repacked(book(["a"]), {SHEET: swollen}, compression=zipfile.ZIP_STORED))


def test_the_far_corner_costs_nothing_and_is_told():
    def corner(wb):
        wb.active["XFD1048576"] = "远"
        wb.active["XFD1"] = "宽"
    sheet, = open_workbook(book(["房号"], change=corner))
    assert sheet.rows == [["房号"]]
    assert any("到第 1,048,576 行" in note for note in sheet.notes)
    assert any("第 200 列以后" in note for note in sheet.notes)


def test_reading_stops_after_200_blank_rows_and_says_so():
    def gap(wb):
        wb.active["A201"], wb.active["A402"] = "还在", "太远"
    sheet, = open_workbook(book(["头"], change=gap))
    assert len(sheet.rows) == 201 and sheet.cell(201, 1) == "还在"
    assert sheet.notes == ["表「Sheet」第 202 行起连续空白 200 行以上，以后的内容（到第 402 行）没有读。"]


def test_blank_styled_rows_behind_the_table_are_not_told():
    def style(wb):
        for row in range(2, 1200):
            wb.active.cell(row, 1).number_format = "0.00"
    assert open_workbook(book(["头"], change=style))[0].notes == []


def test_more_than_20000_rows_are_cut_and_told():
    wb = openpyxl.Workbook(write_only=True)
    ws = wb.create_sheet("大")
    for n in range(20_005):
        ws.append([n])
    sheet, = open_workbook(saved(wb))
    assert len(sheet.rows) == 20_000
    assert sheet.notes == ["表「大」超过 20,000 行，以后的内容（到第 20,005 行）没有读。"]


def test_a_lying_dimension_hides_nothing():
    data = repacked(book(["a", "b"], ["c", "d"]), {SHEET: lambda x: x.replace(b'ref="A1:B2"', b'ref="A1"')})
    assert open_workbook(data)[0].rows == [["a", "b"], ["c", "d"]]


HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＠x", "{=1}", "http://x.invalid/", "0012", "普通"]


def test_written_texts_stay_texts():
    data = workbook_bytes([Table("表[1]:*?/\\", ["=头", "值"], ([text, Decimal("1409.50")] for text in HOSTILE))])
    ws = openpyxl.load_workbook(io.BytesIO(data)).active
    assert [ws.cell(row, 1).data_type for row in range(1, len(HOSTILE) + 2)] == ["s"] * (len(HOSTILE) + 1)
    assert [ws.cell(2, 1).value, ws.cell(2, 1).quotePrefix, ws.cell(13, 1).quotePrefix] == ["=1+1", True, False]
    assert ws.cell(2, 2).value == 1409.5 and ws.cell(2, 1).hyperlink is None
    assert [row[0] for row in open_workbook(data)[0].rows[1:]] == HOSTILE


def test_written_values_keep_their_kind_and_odd_names_are_made_possible():
    rows = [[None, 7, 10**17, date(2025, 10, 3), MOMENT, True, "\ud800", "x" * 40_000]]
    data = workbook_bytes([Table("表" * 40, ["a"] * 8, rows), Table("表" * 40, ["b"], []), Table("", ["c"], [])])
    got = open_workbook(data)
    assert got[0].rows[1][:7] == [None, 7, "1" + "0" * 17, DAY, MOMENT, True, "?"]
    assert len(got[0].rows[1][7]) == 32_767
    assert [sheet.name for sheet in got] == ["表" * 31, "表" * 29 + "-2", "表"]


def test_csv_is_guarded_and_marked_as_utf8():
    data = csv_bytes(["房号", "=头"], [[text, Decimal("-5.00"), None] for text in HOSTILE])
    assert data.startswith(b"\xef\xbb\xbf") and b"\r\n" in data
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows[0] == ["房号", "'=头"]
    assert [row[0] for row in rows[1:]] == ["'" + t if t in HOSTILE[:8] else t for t in HOSTILE]
    assert rows[1][1:] == ["-5.00", ""]


def many_sheets(n, cell, more=b""):
    """A workbook of n sheets, each with one cell in its first and its last row and what more stands behind them."""
    wb = openpyxl.Workbook()
    for _ in range(n - 1):
        wb.create_sheet()
    body = f'<sheetData><row r="1"><c r="{cell}1"><v>1</v></c></row></sheetData>'.encode()
    parts = {f"xl/worksheets/sheet{i}.xml": lambda xml: re.sub(rb"<sheetData\s*/?>(.*</sheetData>)?", body + more, xml, flags=re.DOTALL)
             for i in range(1, n + 1)}
    return repacked(saved(wb), parts)


HUGE_MERGE = b'<mergeCells count="1"><mergeCell ref="A1:GR20000"/></mergeCells>'


def test_merges_of_many_sheets_share_one_room(monkeypatch):
    monkeypatch.setattr(sheets, "MAX_CELLS", 1_000)
    assert len(open_workbook(many_sheets(4, "GR", HUGE_MERGE))) == 4
    with pytest.raises(ValidationError, match="格子超过"):
        open_workbook(many_sheets(6, "GR", HUGE_MERGE))

    def merge(wb):
        for sheet in [wb.active, *(wb.create_sheet() for _ in range(5))]:
            sheet.append(["3栋"])
            sheet.cell(20, 10, 1)
            sheet.merge_cells("A1:J19")
    with pytest.raises(ValidationError, match="合并的单元格太多太大"):
        open_workbook(book(change=merge))


def test_merges_are_filled_inside_what_is_used():
    data = repacked(book(["标题", "x"], [None, 1]), {SHEET: lambda xml: xml.replace(b"</sheetData>", b"</sheetData>" + HUGE_MERGE)})
    sheet, = open_workbook(data)
    assert sheet.merges == [(1, 1, 2, 2)] and sheet.rows == [["标题"] * 2] * 2


def test_merges_of_all_sheets_are_counted_together(monkeypatch):
    monkeypatch.setattr(sheets, "MAX_MERGES", 3)
    merges = b'<mergeCells count="2"><mergeCell ref="A1:B1"/><mergeCell ref="A2:B2"/></mergeCells>'
    with pytest.raises(ValidationError, match="合并的单元格超过"):
        open_workbook(many_sheets(2, "A", merges))
