"""households/importing: every wrong cell is named, every way to write a right one is read."""
from datetime import date, datetime

import pytest
from django.core.exceptions import ValidationError

from households.importing.reading import read_register

from .registers import HEAD, A, B, C, book, credit, ident, read, row, wrong


@pytest.mark.parametrize("names, numbers, want", [
    ("沈红军、林嘉", f"{A}、{B}", ["沈红军", "林嘉"]), ("沈红军/林嘉", f"{A} {B}", ["沈红军", "林嘉"]),
    ("沈红军，林嘉；曹怡杰", f"{A},{B}；{C}", ["沈红军", "林嘉", "曹怡杰"]),
    ("沈红军 林嘉", f"{A}、{B}", ["沈红军", "林嘉"]), ("沈红军\n林嘉", f"{A}\n{B}", ["沈红军", "林嘉"]), ("John Smith", "E12345678", ["John Smith"]),
    ("John Smith、林嘉", f"E12345678/{B}", ["John Smith", "林嘉"]), ("曹桐超 胡刚国", A, ["曹桐超 胡刚国"]), ("沈 红", None, ["沈 红"]),
    ("沈红军、林嘉", None, ["沈红军", "林嘉"]), ("沈红军", f"{A[:6]} {A[6:14]} {A[14:]}", ["沈红军"]), ("沈红军、林嘉", A, None),
    ("沈红军", f"{A}、{B}", None),
    ("沈红军 林嘉 曹怡杰", f"{A}、{B}", None), ("沈红军、林嘉", f"{A}、{A}", None)])
def test_co_owners_in_one_cell(names, numbers, want):
    reading = read(HEAD, row(owner=names, number=numbers))
    assert [[owner.name for owner in r.owners] for r in reading.rows] == ([want] if want else []), reading.errors


@pytest.mark.parametrize("number, kind", [
    (A, "resident"), (ident(4)[:17] + "x" if ident(4).endswith("X") else ident(11), "resident"),
    (credit(5).lower(), "credit_code"), ("H12345678", "hk_macao_permit"),
    ("M1234567890", "hk_macao_permit"), (12345678, "taiwan_permit"), ("EA1234567", "passport"), (f"{A[:-1]}Ｘ" if A.endswith("X") else A, "resident"),
    (A[:17] + ("0" if A[17] != "0" else "1"), None), ("320102198002300015", None), ("320102299901010011", None), (A[:17], None), ("320102800101001", None),
    ("3.20106E+17", None), (3.201021980010112e17, None), (320102198001010010, None), ("看身份证", None)])
def test_numbers_of_identity(number, kind):
    reading = read(HEAD, row(number=number))
    if kind:
        assert [owner.id_kind for owner in reading.rows[0].owners] == [kind]
    else:
        finding, = reading.errors
        assert finding.column == "证件号码" and not reading.rows and str(number) not in finding.value + finding.reason or number == "看身份证"


@pytest.mark.parametrize("area, want", [
    (89.56, 8956), ("89.56㎡", 8956), (" 89.56 平方米", 8956), ("８９.５６", 8956), ("1,024.5", 102450), (118.325, 11833), ("118.324", 11832), (90, 9000),
    (102.46999999999999, 10247), ("八十九", None), (-89.56, None), (0, None), ("0.00", None), (None, None), ("/", None),
    (200000, None), ("NaN", None), ("1e3", None), ("٣٤", None),
    (True, None), (0.001, None)])
def test_areas(area, want):
    reading = read(HEAD, row(area=area))
    assert [r.area for r in reading.rows] == ([want] if want else [])
    assert want or wrong(reading) == [(2, "建筑面积(㎡)")]


@pytest.mark.parametrize("day, want", [
    (datetime(2025, 10, 3), True), ("2025.10.3", True), ("2025-10-03", True), ("2025/10/3", True), ("2025年10月3日", True),  # noqa: DTZ001
    ("２０２５．１０．３", True),  # noqa: DTZ001
    ("2025-10-03 00:00:00", True), ("2025年2月30日", False), ("2026-13-01", False), ("26-1-5", False), (45933, False),
    (None, False), ("/", False), ("0002-01-01", False), ("2999-01-01", False)])
def test_handover_days(day, want):
    reading = read(HEAD, row(day=day))
    assert [r.handover_on for r in reading.rows] == ([date(2025, 10, 3)] if want else [])
    assert want or wrong(reading) == [(2, "交付日期")]


@pytest.mark.parametrize("phone, want", [
    (13800138000, ("13800138000", "")), ("+86 138-0013-8000", ("13800138000", "")), ("13800138000、13900139000", ("13800138000", "13900139000")),
    ("13800138000 13900139000", ("13800138000", "13900139000")), ("138 0013 8000", ("13800138000", "")),
    ("025-83456789/13800138000", ("025-83456789", "13800138000")),
    ("13800138000（儿子）", ("13800138000", "")), ("1380013", None), ("电话没有", None)])
def test_phones(phone, want):
    reading = read(HEAD, row(phone=phone))
    assert [(r.phone, r.phone2) for r in reading.rows] == ([want] if want else []), reading.errors
    assert want or wrong(reading) == [(2, "联系电话")]


@pytest.mark.parametrize("cell, want", [
    ("苏A·L2CJS、苏A·39RXL", ["苏AL2CJS", "苏A39RXL"]), ("苏A 3J2SQ", ["苏A3J2SQ"]),
    ("苏AF00265苏A·D70241", ["苏AF00265", "苏AD70241"]), ("苏a12345 苏A 12346", ["苏A12345", "苏A12346"]),
    ("无", []), ("/", []), ("苏A12345/苏A12345", ["苏A12345"]), ("苏a·1o234", None), ("奔驰", None)])
def test_plates(cell, want):
    reading = read([*HEAD, "车牌号"], [*row(), cell])
    assert [r.plates for r in reading.rows] == ([want] if want is not None else []), reading.errors
    assert want is not None or wrong(reading)[0] == (2, "车牌号")


def test_blank_number_and_phone_are_taken_and_listed():
    reading = read(HEAD, row(number=None, phone="无"))
    assert reading.rows[0].blanks == ["证件号码", "联系电话"] and reading.rows[0].owners[0].id_number == ""
    assert [(f.column, f.level, f.value) for f in reading.findings] == [("证件号码", "warning", ""), ("联系电话", "warning", "")]


def test_a_formula_or_error_in_a_taken_cell_is_wrong_and_elsewhere_is_not():
    reading = read(["序号", *HEAD, "户型"], ["=ROW()-1", *row(), "=1+1"], [2, *row("102", area="=80+9", number=B), None],
        [3, *row("103", owner="=G2", number=C), None])
    assert [r.code for r in reading.rows] == ["3-2-101"]
    assert [(f.row, f.column, f.value) for f in reading.errors] == [(3, "建筑面积(㎡)", "=80+9"), (4, "业主姓名", "=G2")]


def test_the_same_unit_twice():
    same = row("101")
    reading = read(HEAD, same, row("102", owner="林嘉", number=B), row("101", day="2025-10-03"), row("0102", owner="林嘉", number=B, phone="13800138001"),
                   more={"二": [HEAD, row("103", owner="曹怡杰", number=C)], "三": [HEAD, row("103", owner="曹怡杰", number=C, area=90)]})
    assert [(r.sheet, r.row) for r in reading.rows] == [("住宅", 2)]
    assert [(f.sheet, f.row) for f in reading.errors] == [("住宅", 3), ("住宅", 5), ("二", 2), ("三", 2)]
    assert "表「三」第 2 行" in reading.errors[2].reason
    assert [(f.row, f.reason) for f in reading.warnings] == [(4, "3-2-101 和第 2 行完全相同，只取一行")] and ("住宅", 4, "重复行") in reading.skipped


def test_a_wrong_row_still_makes_its_twin_wrong():
    reading = read(HEAD, row("101", phone="1380013"), row("101"))
    assert reading.rows == [] and sorted(reading.wrong_rows) == [("住宅", 2), ("住宅", 3)]


def test_a_number_without_a_name_is_wrong_and_a_word_for_nobody_is_no_owner():
    reading = read(HEAD, row(owner=None), row("102", owner="未售", number=None, phone=None, day=None), row("103", owner="/",
        number="/", phone="无", day="-"))
    assert wrong(reading) == [(2, "业主姓名")]
    assert [(r.code, r.owners, r.remark) for r in reading.rows] == [("3-2-102", [], "未售"), ("3-2-103", [], "")]


def test_contacts_and_tenants_with_their_phones():
    head = [*HEAD, "紧急联系人及电话", "租户"]
    reading = read(head, [*row(), "刘秀志 15175866125", "李四 13900139000"], [*row("102", number=B), "13700137000(母亲)", None],
                   [*row("103", number=C), "刘秀志15175866125、王芳13900139001", None], [*row("104", number=ident(8)), "刘秀志 1517586", None])
    assert [(r.emergency, r.tenant, r.tenant_phone, r.remark) for r in reading.rows] == [
        (("刘秀志", "15175866125"), "李四", "13900139000", ""), (("母亲", "13700137000"), "", "", ""),
        (("刘秀志", "15175866125"), "", "", "紧急联系人 王芳13900139001")]
    assert wrong(reading) == [(5, "紧急联系人及电话")]


@pytest.mark.parametrize("name", ["沈\u0000军", "沈\u202e军", "=1+1"[:0] + "沈" * 61])
def test_texts_that_cannot_be_kept_are_wrong(name):
    wb = book(HEAD, row(owner=name.replace("\u0000", "_x0000_")))
    assert wrong(read_register(wb)) == [(2, "业主姓名")]


def test_texts_that_only_look_dangerous_are_kept():
    reading = read([*HEAD, "备注"], [*row(owner="<b>沈</b>", number=None), "{{ 7*7 }} 🙂 𠮷"])
    assert (reading.rows[0].owners[0].name, reading.rows[0].remark) in [("<b>沈<", ""),
        ("<b>沈</b>", "{{ 7*7 }} 🙂 𠮷")] or len(reading.rows[0].owners) == 2


def test_a_number_of_identity_in_a_remark_is_masked():
    reading = read([*HEAD, "备注"], [*row(), f"产权人身份证{A}，另有车位"])
    assert A not in reading.rows[0].remark and "另有车位" in reading.rows[0].remark
    assert [f.reason for f in reading.warnings] == ["备注里的证件号码不登记在备注里，已遮住"]


# The file as a whole

def test_hidden_and_foreign_sheets_are_named_and_not_read():
    def hide(ws):
        ws.parent["旧"].sheet_state = "hidden"
    reading = read(HEAD, row(), more={"旧": [HEAD, row("102")], "说明": [["填表说明"],
        ["请逐项填写"]], "访客": [["房号", "姓名", "电话"], ["3-2-101", "王", "13800138000"]]},
                   change=hide)
    assert [r.code for r in reading.rows] == ["3-2-101"] and not reading.errors
    assert [next(word for word in ("旧", "说明", "访客") if word in note) for note in reading.notes] == ["旧", "说明", "访客"]


def test_a_register_whose_area_has_an_unknown_name_is_not_passed_over():
    reading = read(["房号", "业主", "身份证", "大小", "交房日期"], ["3-2-101", "沈红军", A, 80, "2025-10-03"])
    assert reading.obstacles and wrong(reading) == [(1, "面积")] and not reading.rows
    mapping = reading.mapping
    mapping["tables"][0]["columns"][3]["field"] = "area"
    again = read(["房号", "业主", "身份证", "大小", "交房日期"], ["3-2-101", "沈红军", A, 80, "2025-10-03"], mapping=mapping)
    assert [r.area for r in again.rows] == [8000] and not again.obstacles


def test_a_file_without_a_table_says_so_and_a_header_can_be_pointed_at():
    data = book(["甲", "乙", "丙"], ["3-2-101", 80, "沈红军"])
    reading = read_register(data)
    assert reading.obstacles and not reading.rows
    pointed = read_register(data, mapping={"tables": [{"sheet": "住宅", "header_row": 1}]})
    for column, name in zip(pointed.mapping["tables"][0]["columns"], ("room", "area", "owner"), strict=True):
        column["field"] = name
    assert [r.code for r in read_register(data, mapping=pointed.mapping, handover_default="2025-01-01").rows] == ["3-2-101"]


def test_a_mapping_is_plain_json_and_gives_the_same_again():
    import json
    first = read(HEAD, row(), row("102", number=B))
    again = read(HEAD, row(), row("102", number=B), mapping=json.loads(json.dumps(first.mapping)))
    assert again.rows == first.rows and again.mapping == first.mapping
    first.mapping["tables"][0]["skip"] = True
    assert read(HEAD, row(), mapping=first.mapping).rows == []


@pytest.mark.parametrize("spoil", [
    lambda m: m["tables"][0].update(sheet="别的"), lambda m: m["tables"][0]["columns"][0].update(field="is_superuser"), lambda m: m.pop("tables"),
    lambda m: m["tables"][0].update(first_row="x"), lambda m: m["tables"][0].update(header_row=99, columns=[]), lambda m: m["tables"][0].update(extra=1),
    lambda m: m["tables"][0]["columns"][1].update(field="building"), lambda m: m["tables"][0].update(first_row=-5)])
def test_a_mapping_that_does_not_fit_is_refused(spoil):
    mapping = read(HEAD, row()).mapping
    spoil(mapping)
    with pytest.raises(ValidationError, match="列的对应|只能留一列"):
        read(HEAD, row(), mapping=mapping)


def test_progress_is_told():
    seen = []
    lines = [row(str(n), owner=f"业主{n % 7}甲", number=None) for n in range(101, 601)]
    read_register(book(HEAD, *lines), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(200, 500), (400, 500)]
