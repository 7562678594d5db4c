"""manage.py import_register, as scripts depend on it (IMPORT «Commands»); and the sample register's figures."""
import io
import json
import zipfile
from pathlib import Path

import pytest
from django.core.management import call_command

from households.models import Household, RegisterImport, Unit
from servicecentre.kit.sheets import Table
from servicecentre.worklog.models import Entry

from .lists import HEADER, ZHANG, ZHOU, register, row

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "银河国际街区一期业主登记表.xlsx"
WRONG = [21, 105, 164, 238, 310, 405, 518, 606, 607, 706]


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def run(estate, tmp_path):
    """Run the command on a path or on bytes: (exit code, JSON, what it said)."""
    def run(source, *options, code=estate.slug):
        path = source
        if isinstance(source, bytes):
            path = tmp_path / "登记表.xlsx"
            path.write_bytes(source)
        out, err = io.StringIO(), io.StringIO()
        try:
            call_command("import_register", str(path), "--estate", code, *options, stdout=out, stderr=err, no_color=True)
            status = 0
        except SystemExit as end:
            status = end.code
        return status, json.loads(out.getvalue()), err.getvalue()
    return run


def test_sample_register(run):
    options = ("--good-rows", "--handover-default", "2025-01-01", "--json")
    status, told, _ = run(SAMPLE, *options)
    assert (status, told["created"], told["updated"], told["unchanged"]) == (0, 843, 0, 0)
    assert sorted({(e["sheet"], e["row"]) for e in told["errors"]}) == [("住宅", n) for n in WRONG]
    assert {"sheet": "住宅", "row": 656} in [{"sheet": w["sheet"], "row": w["row"]} for w in told["warnings"]]
    assert (Unit.objects.filter(kind="home").count(), Unit.objects.filter(kind="shop").count()) == (807, 36)
    assert Unit.objects.filter(kind="home", households=None).count() == 38
    entries = Entry.objects.count()
    status, told, _ = run(SAMPLE, *options)
    assert (status, told["created"], told["updated"], told["unchanged"], len(told["errors"])) == (0, 0, 0, 843, 10)
    assert (Entry.objects.count(), RegisterImport.objects.count()) == (entries, 1)


def test_wrong_row_refuses_all_unless_the_good_ones_are_chosen(run):
    data = register(row(), row(code="3-2-1802", area="0"))
    status, told, said = run(data)
    assert (status, told["created"], told["updated"], told["unchanged"], Unit.objects.count()) == (1, 0, 0, 0, 0)
    assert [set(e) for e in told["errors"]] == [{"sheet", "row", "column", "value", "reason"}] and told["errors"][0]["row"] == 3
    assert "有 1 行不对" in said
    status, told, _ = run(data, "--dry-run")
    assert (status, told["created"], Unit.objects.count(), RegisterImport.objects.count()) == (0, 1, 0, 0)
    status, told, _ = run(data, "--good-rows")
    assert (status, told["created"], Unit.objects.count()) == (0, 1, 1)


def test_list_without_the_day_needs_one(run):
    header = [name for name in HEADER if name != "交付日期"]
    data = register([v for name, v in zip(HEADER, row(), strict=True) if name != "交付日期"], header=header)
    status, told, said = run(data)
    assert (status, Unit.objects.count()) == (1, 0) and said.strip() == told["refused"] and "没有交付日期一列" in said
    assert run(data, "--handover-default", "2025-02-30")[0] == 1
    assert run(data, "--handover-default", "2025-01-01")[0] == 0
    assert str(Household.objects.get().starts_on) == "2025-01-01"
    status, told, _ = run(data)
    assert (status, told["unchanged"], "refused" in told) == (0, 1, False), "rows that change nothing need no day"


def test_numbers_of_identity_are_masked(run):
    status, told, said = run(register(row(id=ZHANG[:17] + "A"), row(code="3-2-1802"), row(code="3-2-1803", owner="周建国"),
                                      row(code="3-2-1804", id=ZHOU + "1")))
    text = json.dumps(told, ensure_ascii=False) + said
    assert status == 1 and len(told["errors"]) == 4
    assert ZHANG[:17] not in text and ZHOU not in text


def test_a_sheet_that_was_not_read_is_told(run):
    status, told, said = run(register(row(), more=[Table("说明", ["填表说明"], [["请如实填写"]])]), "--dry-run")
    assert status == 0 and told["notes"] == ["表「说明」里没有找到登记表的表头，没有读。"]
    assert "表「说明」" in said


def not_a_workbook():
    yield "empty", b"", "文件是空的"
    yield "csv", "房号,面积,业主\n3-2-1801,89,张\n".encode("gb18030"), "文本文件（CSV）"
    yield "html", b"<html><table></table></html>", "网页文件"
    yield "xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "旧版 Excel"
    yield "broken", register(row())[:900], "已损坏"
    yield "pdf", b"%PDF-1.7 x", "PDF"


BAD = list(not_a_workbook())


@pytest.mark.parametrize(("data", "words"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_other_files_are_refused_in_words(run, data, words):
    status, told, said = run(data)
    assert status == 1 and words in told["refused"] == said.strip()
    assert (told["created"], told["errors"]) == (0, [])


def test_no_file_and_no_estate(run, tmp_path):
    assert run(tmp_path / "没有.xlsx")[1]["refused"].startswith("打不开文件")
    assert "没有代码为 nowhere 的小区" in run(register(row()), code="nowhere")[1]["refused"]


def with_escapes(data):
    """The workbook with Excel's own escapes where the writer took care to write none."""
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part, old.read(part).replace(b"_x005F_", b"_"))
    return made.getvalue()


def test_hostile_text_is_told_and_kept_out(run):
    data = register(row(owner="张_x0000_三"), row(code="3-2-1802", remark="a_xD800_b", id=ZHOU), row(code="3-2-1803", owner="=1+1", id=""))
    status, told, _ = run(with_escapes(data), "--good-rows")
    assert status == 0 and {e["row"] for e in told["errors"]} >= {2, 3}
    json.dumps(told, ensure_ascii=False).encode()


def test_register_of_another_house_and_layout(run):
    """Title, two header rows, three columns for the room, sheet per building, totals: as no register here looks."""
    from servicecentre.kit.sheets import Table, workbook_bytes
    header = ["莲花新城业主一览表"]
    lines = [["序号", "楼栋", "单元", "房间", "产权人", "身份证", "手机", "建面", "接房时间", "车辆"],
             [1, "12幢", "1单元", "0301室", "张雨萍", ZHANG, "138-0013-5678", "１０２．５０㎡", "2024年6月1日", "苏A 12345"],
             [2, "12幢", "1单元", "0302室", "周建国", ZHOU, "+86 13912342046", "88", "2024.6.2", ""],
             ["合计", "", "", "", "", "", "", "190.5", "", ""]]
    status, told, said = run(workbook_bytes([Table("12幢", header, lines)]))
    assert (status, told["created"], told["errors"]) == (0, 2, []), said
    assert list(Unit.objects.in_order().values_list("code", "areas__area", "households__owner_names", "households__starts_on")) == [
        ("12-1-0301", 10250, "张雨萍", Household.objects.get(owner_names="张雨萍").starts_on),
        ("12-1-0302", 8800, "周建国", Household.objects.get(owner_names="周建国").starts_on)]
    assert {str(h.starts_on) for h in Household.objects.all()} == {"2024-06-01", "2024-06-02"}
