"""历史欠费: each row of the old list one charge, marked 期初; wrong rows, again, undo; page and command (IMPORT «Other lists»)."""
import io
import json
from datetime import date
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from billing import opening
from billing.charges import void_charge
from billing.corrections import corrections
from billing.explain import factors, formula
from billing.models import Charge, FeeKind
from billing.opening import import_arrears, plan, read_arrears
from billing.run import bill_month
from households.importing import undoing
from households.importing.undoing import undo_import
from households.importing.uploads import store
from households.models import Household, KnownLayout, RegisterImport
from households.register import change_owner
from servicecentre.desk.proofs import prove
from servicecentre.jobs import worker
from servicecentre.kit import statistics
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.refused import Refused
from servicecentre.kit.sheets import Table, workbook_bytes
from servicecentre.staff.models import User
from servicecentre.worklog.models import Entry
from tests.factories import make_household, make_unit

from .till import demand_sums_agree, pay

DATA = Path(__file__).resolve().parent.parent / "data"
HEADER = ["房号", "项目", "所属月份", "欠费金额"]


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def run(estate, tmp_path):
    """manage.py import_list arrears on rows, bytes or a path: (exit code, JSON, what it said)."""
    def run(source, *options, kind="arrears", header=HEADER):
        path = source
        if isinstance(source, list):
            path = tmp_path / "历史欠费.xlsx"
            path.write_bytes(workbook_bytes([Table("历史欠费", header, source)]))
        out, err = io.StringIO(), io.StringIO()
        try:
            call_command("import_list", kind, str(path), "--estate", estate.slug, "--json", *options, stdout=out, stderr=err, no_color=True)
            status = 0
        except SystemExit as end:
            status = end.code
        return status, json.loads(out.getvalue()), err.getvalue()
    return run


@pytest.fixture
def home(estate):
    return make_household(estate, "3-2-1801", starts_on=date(2025, 3, 18))


def reasons(told):
    return [(e["row"], e["reason"]) for e in told["errors"]]


def test_each_row_is_one_opening_charge(estate, home, run):
    status, told, _ = run([["3栋2单元1801", "物业费", "2026年6月", "224.81元"], ["3-2-1801", "公摊", 202607, 80], ["3#2-1801", "车位费", "2026-08", "63.5"]])
    assert (status, told["created"], told["errors"]) == (0, 3, [])
    rows = list(Charge.objects.order_by("period").values_list("fee_kind__code", "label", "quantity", "unit_price", "amount", "due_on", "household"))
    assert rows == [("property", "物业费", 100, 2248100, 22481, date(2026, 6, 5), home.pk),
                    ("shared_utilities", "公摊", 100, 800000, 8000, date(2026, 7, 5), home.pk),
                    ("parking_opening", "车位费", 100, 635000, 6350, date(2026, 8, 5), home.pk)]
    assert FeeKind.objects.get(code="parking_opening").name == "车位费（期初）"
    charge = Charge.objects.order_by("period").first()
    assert charge.shown_name == "物业费（期初）" and formula(charge) == "1 笔 × 224.81" and factors(charge) == ["1 笔", "224.81 元/笔", "100%"]
    assert Entry.objects.last().words == "导入历史欠费「历史欠费.xlsx」：期初应收 3 笔，368.31 元"


def test_after_many_rows_the_database_counts_anew(home, run, monkeypatch):
    told = []
    monkeypatch.setattr(statistics, "recount", lambda *models: told.append(models))
    monkeypatch.setattr(statistics, "MANY", 1)
    run([["3-2-1801", "物业费", "2026-06", 80]])
    assert told == []
    run([["3-2-1801", "物业费", "2026-07", 80], ["3-2-1801", "物业费", "2026-08", 80]])
    assert told == [(Charge,)] and Charge.objects.count() == 3


def test_again_every_row_has_its_bill_and_nothing_changes(estate, home, run):
    rows = [["3-2-1801", "物业费", "2026-06", 80], ["3-2-1801", "车位费", "2026-06", 80]]
    run(rows)
    before = (Charge.objects.count(), Entry.objects.count(), RegisterImport.objects.count())
    status, told, said = run(rows)
    assert status == 1 and [reason[:4] for _, reason in reasons(told)] == ["已有账单"] * 2 and "有 2 行不对" in said
    status, told, _ = run(rows, "--good-rows")
    assert (status, told["created"], told["updated"], told["unchanged"]) == (0, 0, 0, 0)
    assert before == (Charge.objects.count(), Entry.objects.count(), RegisterImport.objects.count())


def test_wrong_rows(estate, home, run):
    make_unit(estate, "3-2-1802")
    bill_month(estate, BillingMonth(2026, 5), by=User.system())
    status, told, _ = run([
        ["3-2-1801", "物业费", "2026-06", "一百"], ["3-2-1801", "物业费", "去年底", 80], ["9-9-909", "物业费", "2026-06", 80],
        ["3-2-1802", "物业费", "2026-06", 80], ["3-2-1801", "物业费", "2025-02", 80], ["3-2-1801", "物业管理服务费", "2026-05", 80],
        ["3-2-1801", "月饼", "2026-06", 80], ["3-2-1801", "物业费", "2026-07", -5], ["3-2-1801", "物业费", "2026-07", 0],
        ["3-2-1801", "物业费", "2026-07", "170.165"], ["3-2-1801", "物业费", "2040-01", 80], ["1801", "物业费", "2026-06", 80],
        ["3-2-1801", "", "2026-06", 80], ["3-2-1801", "物业费", "", 80], ["3-2-1801", "物业费", "2026-07", ""],
        ["3-2-1801", "物业费", "2026-08", 80], ["3-2-1801", "物管费", "2026年8月", 90], ["3-2-1801", "物业费", "2025-03", 80]], "--dry-run")
    found = dict(reasons(told))
    assert status == 0 and told["created"] == 2, "August once, and the month of handover counts as held"
    for row, words in {2: "金额要写数字", 3: "月份要写数字", 4: "没有这套房", 5: "该月无业主", 6: "该月无业主", 7: "已有账单", 8: "不认识的项目",
                       9: "金额", 10: "大于 0", 11: "两位小数", 12: "2040年1月还没有到", 13: "不完整", 14: "没有写项目", 15: "没有写月份",
                       16: "没有写金额", 18: "已有账单"}.items():
        assert words in found[row], (row, found.get(row))
    assert 19 not in found and 17 not in found and Charge.objects.filter(opening__isnull=False).count() == 0


def test_the_given_list(estate, run):
    call_command("import_register", str(DATA / "银河国际街区一期业主登记表.xlsx"), "--estate", estate.slug, "--good-rows",
                 "--handover-default", "2025-01-01", stdout=io.StringIO(), stderr=io.StringIO())
    status, told, _ = run(DATA / "历史欠费.xlsx", "--good-rows")
    found = dict(reasons(told))
    assert status == 0 and told["created"] + len({row for row, _ in reasons(told)}) == 120
    assert "金额要写数字" in found[14] and "月份要写数字" in found[48]
    rest = {reason for row, reason in found.items() if row not in (14, 48)}
    assert rest <= {"该月无业主", "没有这套房，请核对房号，或先导入登记表"}, rest
    charges = Charge.objects.filter(opening__isnull=False)
    assert charges.count() == told["created"] and set(charges.values_list("label", flat=True)) == {"物业费", "物业管理服务费", "公摊", "车位费"}
    assert list(prove([2, 3, 4])) == []
    assert run(DATA / "历史欠费.xlsx", "--good-rows")[1]["created"] == 0 and charges.count() == told["created"]


def test_opening_charges_are_collected_receipted_and_left_to_themselves(estate, home, run, clerk):
    run([["3-2-1801", "物业费", "2026-06", 80], ["3-2-1801", "公摊", "2026-07", "224.81元"]])
    payment = pay(home, 30481, clerk)
    assert [line["fee"] for line in payment.paper.content["lines"]] == ["物业费（期初）", "公摊（期初）"]
    assert payment.paper.content["lines"][0]["quantity_label"] == "1 笔"
    run_of_june = bill_month(estate, BillingMonth(2026, 7), by=User.system())
    assert run_of_june.count == 1
    change_owner(home.unit, owners=[{"name": "新主"}], last_day=date(2026, 6, 10), by=clerk)
    assert [(c.charge.opening_id, str(c.month)) for c in corrections(estate, BillingMonth(2026, 11)) if c.charge] == [(None, "2026-07")]
    demand_sums_agree(estate)
    assert list(prove([2, 3, 4])) == []


def test_a_month_with_an_opening_line_is_not_billed_again(estate, home, run):
    run([["3-2-1801", "物业费", "2026-06", 80]])
    with pytest.raises(Refused, match="没有可以出账的户"):
        bill_month(estate, BillingMonth(2026, 6), by=User.system())


def test_two_tenures_in_a_month_go_by_the_name_else_to_the_later(estate, home, run, clerk):
    change_owner(home.unit, owners=[{"name": "新主"}], last_day=date(2026, 6, 10), by=clerk)
    _, told, _ = run([["3-2-1801", "物业费", "2026-06", 80, "张明"], ["3-2-1801", "公摊", "2026-06", 90, ""]], header=[*HEADER, "业主"])
    assert list(Charge.objects.order_by("amount").values_list("amount", "household__owner_names")) == [(8000, "张明"), (9000, "新主")]
    assert [(w["row"], w["reason"]) for w in told["warnings"]] == [(3, "该月有两任业主，记在新主名下")]


def test_undo_voids_them_all_unless_something_is_paid(estate, home, run, clerk, manager):
    run([["3-2-1801", "物业费", "2026-06", 80], ["3-2-1801", "公摊", "2026-07", 90]])
    importing = RegisterImport.objects.get()
    payment = pay(home, 8000, clerk)
    with pytest.raises(Refused, match="1 笔已经收了款（3-2-1801），不能整批撤销"):
        undo_import(importing, reason="导错了", by=manager)
    assert importing.charges.live().count() == 2
    other = make_household(estate, "3-2-1803")
    run([["3-2-1803", "物业费", "2026-06", 80]])
    second = RegisterImport.objects.last()
    undone = undo_import(second, reason="导错了", by=manager)
    assert (undone.state, second.charges.live().count(), second.charges.count()) == ("undone", 0, 1)
    assert Entry.objects.last().words == "撤销历史欠费「历史欠费.xlsx」的导入：作废期初应收 1 笔，原因：导错了"
    assert run([["3-2-1803", "物业费", "2026-06", 80]])[1]["created"] == 1, "a void line is no bill"
    assert Charge.objects.live().filter(household=other).count() == 1 and payment.left == 0


def test_one_line_may_be_voided_by_itself(estate, home, run, manager):
    run([["3-2-1801", "物业费", "2026-06", 80]])
    void_charge(Charge.objects.get(), reason="旧账有误", by=manager)
    assert not Charge.objects.live().exists()
    with pytest.raises(Refused, match="已经作废"):
        undo_import(RegisterImport.objects.get(), reason="x", by=manager)


def test_a_bill_made_since_the_plan_refuses_it(estate, home, manager):
    data = workbook_bytes([Table("历史欠费", HEADER, [["3-2-1801", "物业费", "2026-06", 80]])])
    planned = plan(estate, read_arrears(data))
    bill_month(estate, BillingMonth(2026, 6), by=User.system())
    with pytest.raises(Refused, match="试导以后登记有改动"):
        import_arrears(estate, planned, stored=store(data, "x.xlsx"), by=manager)
    assert not Charge.objects.filter(opening__isnull=False).exists() and not RegisterImport.objects.exists()


# --- all, the good ones, or none (TRUST 20) --------------------------------------------------------------------------------

class Killed(Exception):
    pass


def debts(n):
    return [["3-2-1801", ("物业费", "公摊", "车位费")[i % 3], f"2026-{1 + i // 3:02d}", 80 + i] for i in range(n)]


def counts():
    return [model.objects.count() for model in (Charge, FeeKind, RegisterImport, KnownLayout, Entry)]


@pytest.fixture
def take(estate, manager):
    def take(rows, act=import_arrears, **options):
        data = workbook_bytes([Table("历史欠费", HEADER, rows)])
        return act(estate, plan(estate, read_arrears(data)), stored=store(data, "历史欠费.xlsx"), by=manager, **options)
    return take


@pytest.mark.parametrize("spoilt", [1, 6, 12])
@pytest.mark.parametrize(("column", "value"), [(3, "一百"), (2, "去年底"), (0, "9-9-909")])
def test_one_wrong_row_of_many_writes_nothing(home, take, spoilt, column, value):
    rows = debts(12)
    rows[spoilt - 1][column] = value
    before = counts()
    with pytest.raises(Refused, match="有 1 行不对，全部没有导入"):
        take(rows)
    assert counts() == before
    take(rows, good_rows=True)
    assert sorted(Charge.objects.values_list("amount", flat=True)) == [8000 + 100 * i for i in range(12) if i != spoilt - 1]


def dies(monkeypatch, step, k=None):
    """The step is done, and then the process dies; with ``k``, as it makes the k-th charge."""
    whole = getattr(opening, step)

    def at_row_k(*args):
        for n, charge in enumerate(whole(*args), start=1):
            if n == k:
                raise Killed
            yield charge

    def after(*args, **options):
        whole(*args, **options)
        raise Killed
    monkeypatch.setattr(opening, step, at_row_k if k else after)


@pytest.mark.parametrize(("step", "k"), [("_charges", 1), ("_charges", 7), ("_charges", 12), ("close", None), ("record", None)])
def test_a_kill_at_a_row_or_behind_them_writes_nothing(home, take, monkeypatch, step, k):
    before = counts()
    dies(monkeypatch, step, k)
    with pytest.raises(Killed):
        take(debts(12))
    assert counts() == before


def test_twin_without_the_transaction_bills_stand_that_no_import_knows(home, take, monkeypatch):
    monkeypatch.setattr(opening, "close", lambda *args, **options: (_ for _ in ()).throw(Killed))
    with pytest.raises(Killed):
        take(debts(12), act=import_arrears.__wrapped__)
    assert Charge.objects.count() == 12 and RegisterImport.objects.get().applied_at is None


def test_a_kill_in_the_middle_of_taking_back_leaves_it_whole(home, take, manager, monkeypatch):
    importing = take(debts(12))
    before = counts()

    def killed(*args, **options):
        raise Killed
    monkeypatch.setattr(undoing, "record", killed)
    with pytest.raises(Killed):
        undo_import(importing, reason="导错了", by=manager)
    assert counts() == before and importing.charges.live().count() == 12
    with pytest.raises(Killed):
        undo_import.__wrapped__(importing, reason="导错了", by=manager)
    assert not importing.charges.live().exists() and RegisterImport.objects.get().undone_at, "the twin: void, and nobody said so"
    assert not Entry.objects.filter(words__startswith="撤销").exists()


def test_other_kinds_say_that_they_come_later(run):
    for kind in ("keys", "meters", "handover", "cakes"):
        status, told, said = run([["3-2-1801", "物业费", "2026-06", 80]], kind=kind)
        assert status == 1 and told["created"] == 0 and told["refused"] == said.strip() and ("以后的版本" in said or "没有「cakes」" in said)


def test_through_the_page(estate, home, manager_desk, desk):
    data = workbook_bytes([Table("历史欠费", HEADER, [["3-2-1801", "物业费", "2026-06", 80], ["3-2-1801", "公摊", "去年底", 90]])])
    assert desk.get("/billing/arrears/import/").status_code == 403
    assert "导入历史欠费" in manager_desk.get("/import/").content.decode()
    manager_desk.post("/billing/arrears/import/", {"file": SimpleUploadedFile("历史欠费.xlsx", data), "request_key": ""})
    worker.run_one()
    importing = RegisterImport.objects.get()
    page = manager_desk.get(f"/import/{importing.pk}/").content.decode()
    assert "月份要写数字" in page and "3-2-1801" in page and "先导入 1 行正确的" in page and yuan(8000) in page
    assert desk.get(f"/import/{importing.pk}/").status_code == 403
    manager_desk.post(f"/import/{importing.pk}/apply/", {"plan_digest": importing.plan_digest, "good_rows": "on"})
    assert worker.run_one().state
    assert Charge.objects.get().shown_name == "物业费（期初）"
    account = manager_desk.get(f"/billing/households/{home.pk}/account/").content.decode()
    assert "物业费（期初）" in account
    page = manager_desk.get(f"/import/{importing.pk}/").content.decode()
    assert "撤销这次导入" in page
    assert "请填写撤销的原因" in manager_desk.post(f"/import/{importing.pk}/undo/", {"reason": ""}).content.decode()
    manager_desk.post(f"/import/{importing.pk}/undo/", {"reason": "导错了"})
    assert worker.run_one().pk
    assert "已撤销" in manager_desk.get(f"/import/{importing.pk}/").content.decode() and not Charge.objects.live().exists()
    assert Household.objects.get().pk == home.pk


def test_a_former_owner_whom_the_register_does_not_know_is_told(estate, home, run, clerk):
    """The debt goes to who holds the month, but not without a word."""
    _, told, _ = run([["3-2-1801", "物业费", "2026-06", 80, "老业主"], ["3-2-1801", "物业费", "2026-07", 80, "张 明、李四"],
                      ["3-2-1801", "物业费", "2026-08", 80, ""]], header=[*HEADER, "业主"])
    assert [(w["row"], w["reason"]) for w in told["warnings"]] == [(2, "该月登记的业主是张明，没有这个人；记在张明名下，请核对是谁欠的")]
    assert Charge.objects.count() == 3
