"""households/importing: a register comes out right, whatever layout it has."""
from datetime import date, datetime

import pytest

from households.importing.reading import read_register

from .registers import HEAD, REGISTER, A, B, C, credit, fields, ident, read, row, wrong

# The register that ships with the project

@pytest.fixture(scope="module")
def register():
    return read_register(REGISTER, handover_default="2025-01-01")


def test_the_given_register_has_ten_wrong_rows(register):
    assert sorted(register.wrong_rows) == [("住宅", n) for n in (21, 105, 164, 238, 310, 405, 518, 606, 607, 706)]
    assert [(f.row, f.column) for f in register.errors] == [
        (21, "建筑面积(㎡)"), (105, "建筑面积(㎡)"), (164, "建筑面积(㎡)"), (238, "证件号码"), (310, "证件号码"), (405, "联系电话"),
        (518, "交付日期"), (606, "房号"), (607, "房号"), (706, "房号")]


def test_the_given_register_gives_807_homes_and_36_shops(register):
    homes = [r for r in register.rows if r.kind == "home"]
    assert len(homes) == 807 and len(register.rows) - len(homes) == 36
    assert sum(1 for r in homes if not r.owners) == 38
    assert all(r.handover_on == date(2025, 1, 1) for r in register.rows if r.kind == "shop")
    assert not register.obstacles


def test_the_given_register_rounds_row_656_with_a_warning(register):
    got, = [r for r in register.rows if r.row == 656]
    assert got.area == 11833
    assert [f.reason for f in register.warnings if f.row == 656] == ["面积多于两位小数，四舍五入为 118.33"]


def test_no_identity_number_is_shown(register):
    whole = repr([finding.as_json() for finding in register.findings]) + repr(register.mapping)
    for got in register.rows:
        assert all(owner.id_number not in whole for owner in got.owners if owner.id_number)
    assert "3201**********123X" in whole


def test_a_shop_lease_begins_only_where_a_tenant_is_named(register):
    shops = {r.code: r for r in register.rows if r.kind == "shop"}
    assert (shops["S04"].tenant, shops["S04"].lease_from, shops["S04"].remark) == ("陈国明", date(2025, 6, 5), "")
    assert (shops["S01"].tenant, shops["S01"].lease_from, shops["S01"].remark) == ("", None, "起租日期 2025-09-13")
    assert shops["S04"].phone == "17716983617" and shops["S04"].owners[0].id_kind == "credit_code"


def test_a_row_without_owner_keeps_contact_and_plate_as_remark(register):
    got = {r.row: r for r in register.rows if r.sheet == "住宅"}
    assert got[27].remark == "未交付；紧急联系人 董桐 18628164212" and got[27].emergency == ("", "") and got[27].owners == []
    assert got[48].remark == "未交付；车牌号 苏A·F72021" and got[48].plates == [] and got[48].handover_on is None
    assert [f.reason for f in register.warnings if f.row == 48] == ["没有业主，不登记，记入房屋备注"]


# Layouts never seen

def test_other_wording_order_and_a_table_that_starts_far_down():
    reading = read(
        ["银河小区业主档案"], [], ["制表：客服中心", None, None, None, "2026年11月"], [], [],
        [None, "接房日期", "手机", "身份证号", "产权人", "产权面积", "门牌号", "门洞", "幢号", "车号", "户型"],
        [None, datetime(2025, 10, 3), 13800138000, A, "沈红军", "102.47㎡", "1801室", "2门", "3幢", "苏A12345", "三室两厅"],  # noqa: DTZ001
        [None, "2025年10月4日", "138-0013-8001", B, "林嘉", "８９.５６", 1802, 2, 3, None, "两室"], name="Sheet1")
    assert fields(reading) == {"接房日期": "handover_on", "手机": "phone", "身份证号": "id", "产权人": "owner", "产权面积": "area",
                               "门牌号": "room", "门洞": "entrance", "幢号": "building", "车号": "plates"}
    assert [(r.code, r.area, r.owners[0].name, r.phone, r.handover_on) for r in reading.rows] == [
        ("3-2-1801", 10247, "沈红军", "13800138000", date(2025, 10, 3)), ("3-2-1802", 8956, "林嘉", "13800138001", date(2025, 10, 4))]
    unknown, = [c for c in reading.mapping["tables"][0]["columns"] if c["label"] == "户型"]
    assert (unknown["field"], unknown["values"], unknown["letter"]) == ("", 2, "K")
    assert reading.mapping["tables"][0]["header_row"] == 6 and not reading.findings


@pytest.mark.parametrize("room", ["3-2-1801", "3栋2单元1801", "3幢2单元1801室", "3#2-1801", "3—2—1801", "３－２－１８０１", "3号楼2单元1801号",
                                  "三栋二单元1801室", "银河国际街区3栋2单元1801室", " 3 - 2 - 1801 "])
def test_a_combined_room_column(room):
    reading = read(["房号", "户主", "身份证号码", "电话", "面积", "收房时间"], [room, "沈红军", A, "13800138000", 89.56, "2025/10/3"])
    assert [(r.code, r.building, r.entrance, r.room) for r in reading.rows] == [("3-2-1801", "3", "2", "1801")], reading.errors


@pytest.mark.parametrize("cells", [("3栋", "2单元", "1801"), ("3栋2单元", None, "1801"), ("3", None, "2-1801"), ("3#楼", None, "2单元1801室"),
                                   (None, None, "3-2-1801"), ("3栋", "2", "3-2-1801"), (3, 2, 1801), ("御湖苑", "2", "3-2-1801"),
                                   ("第3栋", "2梯", "1801房")])
def test_the_parts_of_a_room_in_any_of_three_columns(cells):
    reading = read(HEAD, row(building=cells[0], entrance=cells[1], room=cells[2]))
    assert [r.code for r in reading.rows] == ["3-2-1801"], reading.errors


@pytest.mark.parametrize("cells, words", [
    (("3", "", "1801"), "缺单元"), (("", "2", "1801"), "缺楼栋"), (("", "", "1801"), "缺楼栋和单元"), (("3", "2", ""), "没有房号"),
    (("4", "2", "3-2-1801"), "楼栋一列是 4"), (("3", "1", "3-2-1801"), "单元一列是 1"), (("3", "1", "2单元1801"), "单元一列不符"),
    (("东边", "2", "1801"), "看不出楼栋"), (("3", "2", "顶楼"), "看不出房号"), (("3", "2", datetime(2002, 12, 1)), "变成了日期")])  # noqa: DTZ001
def test_an_incomplete_or_contradictory_room_is_wrong(cells, words):
    reading = read(HEAD, row(*cells[2:], building=cells[0], entrance=cells[1]))
    assert not reading.rows and words in reading.errors[0].reason


def test_a_sheet_for_each_building():
    lines = [["单元", "房号", "面积", "业主", "身份证", "联系方式", "交房日期"], ["1单元", "101", 89.56, "沈红军", A, "13800138000", "2025-10-03"]]
    reading = read(*lines, name="3栋", more={"5号楼": lines, "6#": lines})
    assert [r.code for r in reading.rows] == ["3-1-101", "5-1-101", "6-1-101"]
    assert [table["building"] for table in reading.mapping["tables"]] == ["3", "5", "6"]


def test_the_building_in_the_title_and_in_section_rows():
    head = ["房号", "面积", "业主", "身份证", "联系方式", "交房日期"]
    one = ["101", 89.56, "沈红军", A, "13800138000", "2025-10-03"]
    assert [r.code for r in read(["银河国际街区 7号楼1单元 业主登记表"], head, one, name="Sheet1").rows] == ["7-1-101"]
    reading = read(head, ["1栋1单元"], one, ["2单元"], one, ["2栋1单元"], one, name="全部")
    assert [r.code for r in reading.rows] == ["1-1-101", "1-2-101", "2-1-101"]
    for title in ("1-6栋业主登记表", "1栋、2栋业主登记表", "一楼业主登记表"):  # names no single building
        assert not read([title], head, one, name="Sheet1").rows


def test_merged_cells_two_header_rows_and_groups():
    def merge(ws):
        for area in ("A1:J1", "A2:A3", "B2:E2", "F2:H2", "I2:J2", "B4:B5", "C4:C5"):
            ws.merge_cells(area)
    reading = read(
        ["业主信息登记表"], ["序号", "房屋信息", None, None, None, "业主信息", None, None, "紧急联系人"],
        [None, "楼栋", "单元", "房号", "面积", "姓名", "身份证号", "电话", "姓名", "电话"],
        [1, "3栋", 2, 101, 89.56, "沈红军", A, "13800138000", "刘秀志", "15175866125"],
        [2, None, None, 102, 89.56, "林嘉", B, "13800138001", None, None], change=merge, handover_default=date(2025, 1, 1))
    assert [(r.code, r.owners[0].name, r.phone, r.emergency) for r in reading.rows] == [
        ("3-2-101", "沈红军", "13800138000", ("刘秀志", "15175866125")), ("3-2-102", "林嘉", "13800138001", ("", ""))]
    assert fields(reading)["紧急联系人 电话"] == "emergency_phone" and fields(reading)["面积"] == "area"


def test_groups_that_were_not_merged():
    reading = read(["房号", "面积", "业主", None, None, "租户", None, "交房时间"], [None, None, "姓名", "证件号", "手机", "姓名", "手机", None],
                   ["3-2-101", 89.56, "沈红军", A, "13800138000", "李四", "13900139000", "2025-10-03"])
    got, = reading.rows
    assert (got.owners[0].name, got.phone, got.tenant, got.tenant_phone) == ("沈红军", "13800138000", "李四", "13900139000")


def test_co_owners_on_rows_of_their_own_beside_a_merged_room():
    def merge(ws):
        for letter in "ABCDH":
            ws.merge_cells(f"{letter}2:{letter}3")
    reading = read(HEAD, row(), row(None, None, "林嘉", B, "13900139000", None, None, None), row("102", owner="曹怡杰", number=C), change=merge)
    assert [(r.code, [o.name for o in r.owners], r.phone, r.phone2, r.co_phones) for r in reading.rows] == [
        ("3-2-101", ["沈红军", "林嘉"], "13800138000", "", {1: ["13900139000"]}), ("3-2-102", ["曹怡杰"], "13800138000", "", {})]


@pytest.mark.parametrize("head", [
    ["房号", "面积", "业主1", "身份证1", "电话1", "业主2", "身份证2", "电话2", "交付日期"],
    ["房号", "面积", "业主", "身份证号", "电话", "共有人", "共有人身份证", "共有人电话", "交付日期"],
    ["房号", "面积", "业主", "身份证号", "电话", "共有人", "身份证号", "电话", "交付日期"],
    ["房号", "面积", "第一业主", "身份证1", "第一业主电话", "第二业主", "身份证2", "第二业主电话", "交付日期"]])
def test_a_phone_beside_a_further_owner_is_that_ones(head):
    reading = read(head, ["3-2-101", 89.56, "沈红军", A, "13800138000", "林嘉", B, "13900139000", "2025-10-03"],
                   ["3-2-102", 89.56, "曹怡杰", C, "13800138001", None, None, "13900139001", "2025-10-03"])
    assert [([o.name for o in r.owners], r.phone, r.phone2, r.co_phones) for r in reading.rows] == [
        (["沈红军", "林嘉"], "13800138000", "", {1: ["13900139000"]}), (["曹怡杰"], "13800138001", "13900139001", {})]
    assert [(f.row, f.reason) for f in reading.warnings] == [(3, "这一列没有业主姓名，记为第一位业主的备用电话")]


def test_a_second_phone_of_one_owner_stays_the_spare_one():
    reading = read(["房号", "面积", "业主", "身份证号", "电话1", "电话2", "交付日期"],
                   ["3-2-101", 89.56, "沈红军、林嘉", f"{A}、{B}", "13800138000", "13900139000", "2025-10-03"])
    assert [(r.phone, r.phone2, r.co_phones) for r in reading.rows] == [("13800138000", "13900139000", {})] and not reading.findings


def test_repeated_headers_totals_blanks_and_foot_notes_are_skipped():
    def spoil(ws):
        ws.merge_cells("A5:H5")
        ws.merge_cells("A11:H11")
    reading = read(
        HEAD, row("101"), ["小计", None, "=COUNTA(C2:C2)", "=SUM(D2:D2)"], [], ["银河小区业主登记表"], HEAD, row("102", owner="林嘉", number=B), [" "],
        ["合  计", None, None, 179.12, "2户"], ["共计2户"], ["以上信息属实"], ["制表人：王芳", None, None, None, "审核人：李明"], change=spoil)
    assert [r.code for r in reading.rows] == ["3-2-101", "3-2-102"] and not reading.errors
    assert [(number, why) for _, number, why in reading.skipped] == [
        (3, "合计行"), (4, "空行"), (5, "标题或说明"), (6, "重复的表头"), (8, "空行"), (9, "合计行"), (10, "合计行"), (11, "合计行"), (12, "标题或说明")]


def test_a_total_word_hides_no_owner():
    reading = read(HEAD, ["合计", None, None, 89.56, "沈红军", A, "13800138000", "2025-10-03"])
    assert wrong(reading)[0] == (2, "房号")


def test_shops_in_the_same_sheet_and_unknown_uses():
    head = [*HEAD, "用途", "业态", "备注"]
    reading = read(head, [*row("101"), "住宅", None, "空置"],
        [*row("S01", building=None, entrance=None, owner="南京一品商贸有限公司", number=credit(1)), "商业", "餐饮", None],
                   [*row("103", owner="林嘉", number=B), "底商铺面", None, "出租"], [*row("104", owner="曹怡杰", number=C), "车间", None, None],
                   [*row("105", owner="曹怡", number=ident(9)), None, None, None])
    assert [(r.code, r.kind, r.trade, r.remark) for r in reading.rows] == [
        ("3-2-101", "home", "", "空置"), ("S01", "shop", "餐饮", ""), ("3-2-103", "shop", "", "出租"), ("3-2-104", "home", "", ""),
        ("3-2-105", "home", "", "")]
    assert [(f.row, f.reason) for f in reading.warnings] == [(5, "用途「车间」不认识，按住宅导入")]


def test_two_tables_in_one_sheet():
    reading = read(HEAD, row(), [], ["商铺编号", "面积", "业态", "业主", "证件号", "电话"], ["S01", 50, "餐饮", "林嘉", B, "13900139000"],
                   handover_default="2025-01-01")
    assert [(r.code, r.kind, r.handover_on.isoformat()) for r in reading.rows] == [("3-2-101", "home", "2025-10-03"), ("S01", "shop", "2025-01-01")]


def test_shop_codes_of_other_kinds():
    lines = [["铺位号", "建筑面积", "业主", "统一社会信用代码", "电话"]]
    for n, code in enumerate(["S-01", "s02", "商铺03", "B12", "3-1-101"]):
        lines.append([code, 50, f"南京{n}公司", credit(n), "13900139000"])
    reading = read(*lines, name="商铺", handover_default="2025-01-01")
    assert [(r.code, r.kind) for r in reading.rows] == [("S01", "shop"), ("S02", "shop"), ("S03", "shop"), ("B12", "shop"), ("3-1-101", "shop")]


def test_a_number_column_that_is_the_shop():
    reading = read(["编号", "面积", "业主", "电话"], ["S01", 50, "林嘉", "13900139000"], name="底商", handover_default="2025-01-01")
    assert [r.code for r in reading.rows] == ["S01"]


def test_an_internal_number_is_not_the_room():
    reading = read(["房屋编号", *HEAD], ["FW000123", *row()], ["FW000124", *row("102", number=B)])
    assert [r.code for r in reading.rows] == ["3-2-101", "3-2-102"] and fields(reading)["房号"] == "room" and "房屋编号" not in fields(reading)


@pytest.mark.parametrize("heads, taken", [
    (["套内面积", "建筑面积", "公摊面积"], "建筑面积"), (["预测建筑面积", "实测建筑面积"], "实测建筑面积"), (["建筑面积", "实测面积(㎡)"], "实测面积(㎡)"),
    (["面积（套内）", "面积（建筑）"], "面积（建筑）"), (["计费面积", "产权面积"], "产权面积"),
    (["建面\n（㎡）", "花园面积"], "建面 （㎡）"), (["合同面积", "面积"], "面积")])
def test_the_building_area_is_taken_and_the_inner_one_is_not(heads, taken):
    values = [80 + n for n in range(len(heads))]
    reading = read(["房号", *heads, "业主", "身份证"], ["3-2-101", *values, "沈红军", A], handover_default="2025-01-01")
    assert [label for label, name in fields(reading).items() if name == "area"] == [taken]
    labels = [column["label"] for column in reading.mapping["tables"][0]["columns"]]
    assert reading.rows[0].area == (80 + labels.index(taken) - 1) * 100


@pytest.mark.parametrize("label, name", [
    ("户主姓名", "owner"), ("业主（产权人）", "owner"), ("业主姓名/公司名称", "owner"), ("购房人", "owner"), ("业 主", "owner"), ("*业主姓名", "owner"),
    ("公民身份号码", "id"), ("身份证/信用代码", "id"), ("有效证件号码", "id"), ("联系手机", "phone"), ("业主电话", "phone"), ("联系电话（必填）", "phone"),
    ("备用电话", "phone2"), ("电话2", "phone2"), ("应急联系人/电话", "emergency"), ("紧急联系人(电话)", "emergency"), ("紧急联系电话", "emergency_phone"),
    ("收楼日期", "handover_on"), ("入伙时间", "handover_on"), ("房屋交付时间", "handover_on"), ("车牌号码", "plates"), ("车辆牌照", "plates"),
    ("承租人", "tenant"), ("租客电话", "tenant_phone"), ("租赁开始日期", "lease_from"), ("通讯地址", "address"), ("性别", "sex"), ("说明", "remark"),
    ("物业类型", "usage"), ("房屋性质", "usage"), ("经营范围", "trade")])
def test_words_of_other_registers(label, name):
    beside = {"owner": "序号", "phone2": "联系电话"}.get(name, "业主姓名")
    reading = read(["房号", "面积", beside, label, "随访"], ["3-2-101", 80, 1, "x", "y"])
    assert fields(reading).get(label) == name


@pytest.mark.parametrize("label", ["合同编号", "合同交付日期", "车位号", "户型", "楼层", "物业费单价", "证件类型", "紧急联系人关系", "产权证号", "家庭成员",
                                   "配偶姓名", "配偶电话", "装修押金", "欠费金额", "出生日期", "租金", "租期止", "代理人", "微信号", "经办人"])
def test_columns_of_no_use_are_listed_as_not_taken(label):
    reading = read([*HEAD, label], [*row(), "x"], [*row("102", owner="林嘉", number=B), None])
    column = reading.mapping["tables"][0]["columns"][-1]
    assert (column["label"], column["field"], column["values"]) == (label, "", 1) and len(reading.rows) == 2


def test_phones_belong_to_the_person_named_before_them():
    reading = read(["房号", "面积", "业主", "联系电话", "紧急联系人", "联系电话", "租户", "电话"],
                   ["3-2-101", 80, "沈红军", "13800138000", "刘秀志", "15175866125", "李四", "13900139000"], handover_default="2025-01-01")
    got, = reading.rows
    assert (got.phone, got.emergency, got.tenant, got.tenant_phone) == ("13800138000", ("刘秀志", "15175866125"), "李四", "13900139000")


def test_co_owners_in_columns_of_their_own():
    head = ["房号", "面积", "业主姓名", "身份证号", "共有人姓名", "共有人身份证号", "联系电话"]
    reading = read(head, ["3-2-101", 80, "沈红军", A, "林嘉", B, "13800138000"], ["3-2-102", 80, "曹怡杰", C, None, None, "13800138000"],
                   handover_default="2025-01-01")
    assert [[(o.name, o.id_number) for o in r.owners] for r in reading.rows] == [[("沈红军", A), ("林嘉", B)], [("曹怡杰", C)]]


def test_co_owners_under_groups_of_their_own():
    reading = read(["房号", "建筑面积", "业主1", None, None, "业主2", None, None], [None, None, "姓名", "证件号", "电话", "姓名", "证件号", "电话"],
                   ["3-2-101", 80, "沈红军", A, "13800138000", "林嘉", B, "13900139000"], ["3-2-102", 80, "曹怡杰", C, "13800138001"],
                   handover_default="2025-01-01")
    assert [([o.name for o in r.owners], r.phone, r.phone2, r.co_phones) for r in reading.rows] == [
        (["沈红军", "林嘉"], "13800138000", "", {1: ["13900139000"]}), (["曹怡杰"], "13800138001", "", {})]


# The rules, row by row
