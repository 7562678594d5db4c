"""车位租用登记: each good row one running contract, billed from 计费起月 on; wrong rows, again, undo; page and command (IMPORT «Other lists»)."""
import io
import json
from datetime import date, datetime
from pathlib import Path

import pytest
from django.core.management import call_command

from billing import space_import, spaces
from billing.models import Charge, ContractVehicle, ParkingContract, ParkingSpace, SpaceHold, SpaceKind
from billing.run import bill_month
from households.importing.uploads import apply_register, receive
from households.models import Household, RegisterImport
from servicecentre.desk.proofs import prove
from servicecentre.kit import periods
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.refused import Refused
from servicecentre.kit.sheets import Table, workbook_bytes
from tests.factories import make_household, make_unit
from tests.worlds import worked_off

DATA = Path(__file__).resolve().parent.parent / "data"
HEADER = ["车位号", "类型", "房号", "车牌", "起租", "到期", "月费"]
DECEMBER = BillingMonth(2026, 12)


@pytest.fixture(autouse=True)
def november(monkeypatch, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr(periods, "clock", lambda: datetime(2026, 11, 24, 10, 0, tzinfo=periods.SHANGHAI))


@pytest.fixture
def home(estate):
    return make_household(estate, "3-2-1801", starts_on=date(2025, 3, 18))


@pytest.fixture
def run(estate, tmp_path):
    """manage.py import_list parking on rows or a path: (exit code, JSON, what it said)."""
    def run(source, *options, header=HEADER):
        path = source
        if isinstance(source, list):
            path = tmp_path / "车位租用登记.xlsx"
            path.write_bytes(workbook_bytes([Table("车位租用登记", header, source)]))
        out, err = io.StringIO(), io.StringIO()
        try:
            call_command("import_list", "parking", str(path), "--estate", estate.slug, "--json", *options, stdout=out, stderr=err, no_color=True)
            status = 0
        except SystemExit as end:
            status = end.code
        return status, json.loads(out.getvalue()), err.getvalue()
    return run


def reasons(told, kind="errors"):
    return [(e["row"], e["column"], e["reason"]) for e in told[kind]]


def test_each_row_is_a_contract_that_the_next_months_run_bills(estate, home, run, manager):
    status, told, _ = run([["L001", "露天车位", "3栋2单元1801", "苏A·17E33", "2026.07.01", None, 150],
                           ["D002", "专用车位", "3#2-1801", "苏A63D2B", "2026年04月15日", "2027.6.30", "80元"],
                           [None, "共用车位", "3-2-1801", "苏A9AH74", date(2026, 9, 1), "2026-12-10", 260]])
    assert (status, told["created"], told["errors"]) == (0, 3, [])
    assert reasons(told, "warnings") == [(3, "权属证明", "专用车位没有写权属证明，照导，列入待补权属证明")]
    rows = [(c.space_kind, c.unit_price, str(c.starts_on), str(c.ends_on), str(c.billed_from), c.cycle_months, c.paper, c.vehicles.get().plate)
            for c in ParkingContract.objects.order_by("pk")]
    assert rows == [("open", 150_0000, "2026-07-01", "None", "2026-12-01", 1, None, "苏A17E33"),
                    ("dedicated", 80_0000, "2026-04-15", "2027-06-30", "2026-12-01", 1, None, "苏A63D2B"),
                    ("shared", 260_0000, "2026-09-01", "2026-12-10", "2026-12-01", 1, None, "苏A9AH74")]
    assert [str(s) for s in ParkingSpace.objects.order_by("pk")] == ["L001", "D002"] and SpaceHold.objects.count() == 2
    assert not Charge.objects.exists() and ParkingContract.objects.lacking_proof(on=date(2026, 11, 24)).count() == 1
    bill_month(estate, BillingMonth(2026, 11), by=manager)
    assert not Charge.objects.exclude(subject="").exists()
    bill_month(estate, DECEMBER, by=manager)
    assert sorted(Charge.objects.exclude(subject="").values_list("amount", flat=True)) == [8000, 8387, 15000]
    assert list(prove([2, 3, 4])) == []


@pytest.mark.parametrize("row, column, reason", [
    (["L001", "露天车位", "3-2-1801", "苏A17E33", "2026-07-01", None, 160], "月费", "露天车位的收费标准是 150 元，不是 160 元"),
    (["L001", "露天车位", "3-2-1801", "苏A17E33", "2026-07-01", "2026-06-30", 150], "到期", "到期 2026-06-30 早于起租 2026-07-01"),
    (["L001", "露天车位", "3-2-1801", "苏A17E33", "2025-03-17", None, 150], "起租", "该月无业主"),
    (["L001", "露天车位", "3-2-1802", "苏A17E33", "2026-07-01", None, 150], "起租", "该月无业主"),
    (["L001", "露天车位", "9-2-1801", "苏A17E33", "2026-07-01", None, 150], "房号", "没有这套房，请核对房号，或先导入登记表"),
    (["", "露天车位", "3-2-1801", "苏A17E33", "2026-07-01", None, 150], "车位号", "露天车位要有车位号"),
    (["L001", "机械车位", "3-2-1801", "苏A17E33", "2026-07-01", None, 150], "类型", "类型写共用、专用或露天"),
    (["L001", "露天车位", "3-2-1801", "苏AI7E33", "2026-07-01", None, 150], "车牌", "车牌里没有字母 I，请看是否为数字 1"),
    (["L001", "露天车位", "3-2-1801", "", "2026-07-01", None, 150], "车牌", "没有写车牌"),
    (["L001", "露天车位", "3-2-1801", "苏A17E33、苏A17E34", "2026-07-01", None, 150], "车牌", "一个车位同时只登记一辆车，请分成两行"),
    (["L001", "露天车位", "3-2-1801", "苏A17E33", "去年", None, 150], "起租", "请输入日期，如 2026-11-23"),
    (["L001", "露天车位", "3-2-1801", "苏A17E33", "2026-07-01", None, "一百五"], "月费", "请输入单价，如 1.9")])
def test_a_wrong_row_is_told_by_its_cell_and_nothing_is_written(estate, home, run, row, column, reason):
    make_unit(estate, "3-2-1802")
    status, told, _ = run([row])
    assert (status, reasons(told)) == (1, [(2, column, reason)])
    assert not ParkingContract.objects.exists() and not ParkingSpace.objects.exists()


def test_one_space_in_two_overlapping_spans_is_wrong_twice(home, run):
    spans = (("L001", "2026-07-01", "2026-12-31"), ("L001", "2026-12-31", None), ("L002", "2026-07-01", "2026-07-31"), ("L002", "2026-08-01", None))
    rows = [[number, "露天车位", "3-2-1801", f"苏A17E3{n}", *span, 150] for n, (number, *span) in enumerate(spans)]
    status, told, _ = run(rows, "--good-rows")
    assert (status, told["created"]) == (0, 2)
    assert reasons(told) == [(2, "车位号", "和第 3 行是同一个车位，时间重叠"), (3, "车位号", "和第 2 行是同一个车位，时间重叠")]


def test_the_same_list_again_makes_nothing(home, run):
    rows = [["L001", "露天车位", "3-2-1801", "苏A17E33", "2026-07-01", None, 150], ["", "共用", "3-2-1801", "苏A17E34", "2026-07-01", None, 260]]
    assert run(rows)[1]["created"] == 2
    status, told, _ = run(rows)
    assert (status, told["created"]) == (1, 0) and ContractVehicle.objects.count() == 2
    assert [reason.split("（")[0].split(" 原")[0] for _, _, reason in reasons(told)] == ["L001 已租给 3-2-1801", "这一户这辆车已有协议"]


def test_a_household_that_sold_is_told(estate, run):
    make_household(estate, "3-2-1801", ends_on=date(2026, 10, 31))
    status, told, _ = run([["L001", "露天车位", "3-2-1801", "苏A17E33", "2026-07-01", None, 150]])
    assert (status, told["created"]) == (0, 1) and "业主到 2026-10-31 为止" in reasons(told, "warnings")[0][2]
    assert ParkingContract.objects.beyond_tenure(on=date(2026, 11, 24)).count() == 1


def uploaded(estate, by, rows):
    importing = receive(estate, data=workbook_bytes([Table("车位", HEADER, rows)]), name="车位租用登记.xlsx", kind="parking", by=by)
    return worked_off(importing)


def test_the_month_is_asked_on_the_page_and_the_list_taken_back(estate, home, manager, manager_desk):
    importing = uploaded(estate, manager, [["L001", "露天车位", "3-2-1801", "苏A17E33", "2026-07-01", None, 150]])
    assert "计费起月" in manager_desk.get(importing.get_absolute_url()).content.decode()
    importing = worked_off(apply_register(importing, plan_digest=importing.plan_digest, by=manager))
    contract = importing.parking_contracts.get()
    space_import.undo_parking(importing, by=manager)
    contract.refresh_from_db()
    assert contract.voided_at and not SpaceHold.objects.live().exists() and not ContractVehicle.objects.live().exists()


def test_a_list_that_was_billed_or_changed_is_not_taken_back(estate, home, run, clerk, manager):
    run([["L001", "露天车位", "3-2-1801", "苏A17E33", "2026-07-01", None, 150]])
    importing, contract = RegisterImport.objects.get(), ParkingContract.objects.get()
    spaces.change_vehicle(contract, plate="苏A17E34", from_day=date(2026, 11, 24), reason="换车", version=1, by=clerk)
    with pytest.raises(Refused, match="已经改过"):
        space_import.undo_parking(importing, by=manager)
    bill_month(estate, DECEMBER, by=manager)
    with pytest.raises(Refused, match="已经出过账"):
        space_import.undo_parking(importing, by=manager)


def test_the_estates_own_list(estate, run):
    """Row 74 ends before it begins; the others are judged against a register that holds every room since 2025."""
    reading = space_import.read_parking(DATA / "车位租用登记.xlsx")
    assert len(reading.rows) == 219 and [(f.row, f.reason) for f in reading.errors] == [(74, "到期 2025-12-31 早于起租 2026-06-01")]
    for code in sorted({row.code for row in reading.rows}):
        make_household(estate, code, starts_on=date(2025, 1, 1))
    status, told, _ = run(DATA / "车位租用登记.xlsx", "--good-rows")
    assert status == 0 and told["created"] + told["wrong_rows"] == 220
    assert ParkingContract.objects.count() == told["created"] == Household.objects.filter(parking_contracts__isnull=False).count()
    kinds = {kind: ParkingContract.objects.filter(space_kind=kind).count() for kind in SpaceKind}
    assert sum(kinds.values()) == told["created"] and kinds[SpaceKind.DEDICATED] == ParkingContract.objects.lacking_proof(on=date(2026, 11, 24)).count()
    assert {e["row"]: e["reason"] for e in told["errors"]} == {
        37: "共用车位的收费标准是 260 元，不是 200 元", 74: "到期 2025-12-31 早于起租 2026-06-01", 75: "和第 76 行是同一个车位，时间重叠",
        76: "和第 75 行是同一个车位，时间重叠"}
