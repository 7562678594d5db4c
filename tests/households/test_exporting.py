"""Register and charges as Excel: who may, what is hidden, what is logged, in constant memory; cells that do nothing."""
import io
from datetime import date

import openpyxl
import pytest

from billing.models import Charge
from billing.run import bill_month
from households.importing.reading import read_register
from households.models import Household, Person
from households.people import add_vehicle
from households.register import add_unit, open_household
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.sheets import open_workbook
from servicecentre.roles import CONFIRMED, Role
from servicecentre.worklog.models import Entry
from tests.conftest import Desk, person_at

from .lists import ZHANG, ZHOU

WHY = {"reason": "交业委会核对"}
UNITS, CHARGES = "/units/export/", "/billing/charges/export/"


@pytest.fixture
def homes(estate, clerk):
    for code, name, number in (("3-2-1801", "张雨萍", ZHANG), ("3-2-1802", "=张明", ZHOU)):
        unit = add_unit(estate, code=code, area=8956, by=clerk, despite=("new_building",))
        open_household(unit, owners=[{"name": name, "id_number": number, "phone": "13800135678"}], starts_on=date(2025, 3, 18), by=clerk)
    add_unit(estate, code="3-2-1803", area=10247, by=clerk)
    add_vehicle(Household.objects.first(), plate="苏A12345", by=clerk)
    Household.objects.filter(owner_names="=张明").update(remark=f"身份证 {ZHOU}")


def content(answer):
    assert answer.status_code == 200 and "attachment" in answer["Content-Disposition"], answer.content[:2000]
    return b"".join(answer.streaming_content)


def test_register_goes_out_without_numbers_and_into_the_log(homes, manager_desk, estate):
    before = Entry.objects.count()
    assert manager_desk.get(UNITS).status_code == 200 and Entry.objects.count() == before
    data = content(manager_desk.post(UNITS, WHY))
    sheet, = open_workbook(data)
    assert [line[0] for line in sheet.rows[1:]] == ["3-2-1801", "3-2-1802", "3-2-1803"]
    first = dict(zip(sheet.rows[0], sheet.rows[1], strict=False))
    assert (str(first["建筑面积（㎡）"]), first["业主"], first["电话"], first["车牌号"]) == ("89.56", "张雨萍", "13800135678", "苏A·12345")
    assert "*" in first["证件号码"] and ZHANG not in repr(sheet.rows) and ZHOU not in repr(sheet.rows)
    ws = openpyxl.load_workbook(io.BytesIO(data)).active
    assert {cell.data_type for line in ws.iter_rows() for cell in line} <= {"s", "n", "d"} and ws["F3"].value == "=张明" and ws["F3"].quotePrefix
    assert Entry.objects.count() == before + 1 and "导出登记表 Excel 3 套" in Entry.objects.last().words


def test_what_goes_out_is_a_register_that_can_be_read(homes, manager_desk):
    reading = read_register(content(manager_desk.post(UNITS, WHY)))
    assert {row.code for row in reading.rows} >= {"3-2-1803"} and not reading.obstacles
    assert {finding.reason for finding in reading.errors} <= {"号码是遮住的，请按证件重填"}


def test_charges_go_out_by_month(homes, estate, manager, manager_desk):
    for month in (BillingMonth(2026, 10), BillingMonth(2026, 11)):
        bill_month(estate, month, by=manager)
    sheet, = open_workbook(content(manager_desk.post(CHARGES, {"first": "2026-10", "last": "2026-11"} | WHY)))
    assert len(sheet.rows) == 5 and Charge.objects.count() == 4
    first = dict(zip(sheet.rows[0], sheet.rows[1], strict=False))
    assert (first["房号"], first["项目"], first["账期"], str(first["数量"]), str(first["单价（元）"]), str(first["应收（元）"]), str(first["未收（元）"])) == (
        "3-2-1801", "物业管理服务费", "2026-10", "89.56", "1.9", "170.16", "170.16")
    assert "导出应收 Excel 2026-10 至 2026-11 4 笔" in Entry.objects.last().words


@pytest.mark.parametrize(("first", "last", "words"), [
    ("2026-11", "2026-10", "早于起的月份"), ("2010-01", "2026-10", "一次最多 60 个月"), ("2026-01", "2026-01", "没有应收"), ("", "2026-10", "")])
def test_spans_that_make_no_sense_are_refused_beside_the_field(homes, manager_desk, first, last, words):
    before = Entry.objects.count()
    answer = manager_desk.post(CHARGES, {"first": first, "last": last} | WHY)
    assert answer.status_code == 200 and words in answer.content.decode() and "Content-Disposition" not in answer
    assert Entry.objects.count() == before


@pytest.mark.parametrize(("path", "data"), [(UNITS, WHY), (CHARGES, {"first": "2026-10", "last": "2026-10"} | WHY)])
def test_sent_again_nothing_goes_out_unlogged(homes, estate, manager, manager_desk, path, data):
    bill_month(estate, BillingMonth(2026, 10), by=manager)
    content(manager_desk.post(path, data | {"request_key": "once"}))
    entries = Entry.objects.count()
    again = manager_desk.post(path, data | {"request_key": "once"})
    assert "Content-Disposition" not in again and "刚才已经导出过" in again.content.decode() and Entry.objects.count() == entries
    content(manager_desk.post(path, data | {"request_key": again.context["form"]["request_key"].value()}))
    assert Entry.objects.count() == entries + 1


@pytest.mark.parametrize(("path", "data"), [(UNITS, {}), (CHARGES, {"first": "2026-10", "last": "2026-10"})])
def test_nothing_goes_out_without_a_reason_and_the_review_shows_it(homes, estate, manager, manager_desk, path, data):
    bill_month(estate, BillingMonth(2026, 10), by=manager)
    answer = manager_desk.post(path, data)
    assert "Content-Disposition" not in answer and "reason" in answer.context["form"].errors
    content(manager_desk.post(path, data | WHY))
    entry = Entry.objects.last()
    assert entry.words.endswith("；原因：交业委会核对") and entry.exception[2] == "导出" and entry in Entry.objects.exceptions()
    seen = manager_desk.get("/looks/").content.decode()
    assert "交业委会核对" in seen and entry.words.partition("，")[0] in seen
    assert {"households.export_register", "billing.export_charges"} <= CONFIRMED


def test_who_may(homes, estate, desk):
    assert UNITS not in desk.get("/units/").content.decode() and CHARGES not in desk.get("/billing/payments/").content.decode()
    finance = Desk(person_at(estate, "fin", "周会计", Role.FINANCE), estate)
    for path in (UNITS, CHARGES):
        assert desk.get(path).status_code == 403 and desk.post(path, {}).status_code == 403
    assert finance.get(UNITS).status_code == 403 and finance.get(CHARGES).status_code == 200
    assert CHARGES in finance.get("/billing/payments/").content.decode()


def test_a_big_register_asks_in_constant_pieces(homes, estate, django_assert_max_num_queries, monkeypatch):
    from households import exporting
    monkeypatch.setattr(exporting, "CHUNK", 2)
    with django_assert_max_num_queries(16):
        assert len(list(exporting.register_table(estate).rows)) == 3
    assert Person.objects.count() == 2
