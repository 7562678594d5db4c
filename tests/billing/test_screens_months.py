"""出账 and 收费标准 as the manager uses them; who may not; what is said when it does not go."""
from datetime import date
from io import BytesIO

import openpyxl
import pytest

from billing.models import BillRun, Charge, Price
from billing.run import bill_month
from servicecentre.kit.periods import BillingMonth
from servicecentre.roles import Role
from tests.conftest import person_at
from tests.factories import make_household, make_unit

OCTOBER, NOVEMBER = BillingMonth(2026, 10), BillingMonth(2026, 11)


@pytest.fixture
def houses(estate):
    return [make_household(estate, "3-2-1801", 8956), make_household(estate, "S01", 10247)]


def test_preview_shows_totals_reasons_and_the_main_button(manager_desk, estate, houses):
    make_unit(estate, "3-2-1802")
    make_household(estate, "3-2-1803", None)
    page = manager_desk.get("/billing/run/?month=2026-11").content.decode()
    for words in ("出账预览 2026 年 11 月", "还没有出账", "426.34", "170.16", "256.18", "还没有业主（未交付）", "没有登记面积",
                  "1 套缺资料的，这次先不出", "出 2026 年 11 月的账", "2026年10月没有账单"):
        assert words in page, words


def test_units_that_lack_data_must_be_seen_before_the_run(manager_desk, estate, houses):
    make_household(estate, "3-2-1803", None)
    page = manager_desk.post("/billing/run/bill/", {"month": "2026-11", "lacking": "1"})
    assert page.status_code == 200 and "先看名单" in page.content.decode()
    assert not Charge.objects.exists()
    page = manager_desk.post("/billing/run/bill/", {"month": "2026-11", "lacking": "1", "ack": "on"}, follow=True)
    assert "已出 2026年11月的账 2 笔，426.34 元。" in page.content.decode()


def test_a_second_click_and_a_second_run_add_nothing(manager_desk, houses):
    post = {"month": "2026-11", "request_key": "k" * 32}
    for _ in range(2):
        assert manager_desk.post("/billing/run/bill/", post).status_code == 302
    page = manager_desk.post("/billing/run/bill/", {"month": "2026-11"}, follow=True).content.decode()
    assert "这次没有新增" in page and "已出账 2 笔" in page
    assert (Charge.objects.count(), BillRun.objects.count()) == (2, 1)


def test_a_run_is_undone_with_its_reason(manager_desk, estate, houses, manager):
    run = bill_month(estate, NOVEMBER, by=manager)
    page = manager_desk.post(f"/billing/run/{run.pk}/undo/", {"reason": ""}).content.decode()
    assert "没有撤销" in page and "请填写" in page
    page = manager_desk.post(f"/billing/run/{run.pk}/undo/", {"reason": "面积要先改"}, follow=True).content.decode()
    assert "已撤销 2026年11月的出账 2 笔" in page and "面积要先改" in page
    assert not Charge.objects.live().exists()


def test_left_out_list_by_reason_and_as_excel(manager_desk, estate, houses):
    for n in range(60):
        make_unit(estate, f"1-1-{n + 100}")
    page = manager_desk.get("/billing/run/left-out/?month=2026-11&reason=no_owner").content.decode()
    assert "60 套" in page and "第 1 页，共 2 页 60 条" in page
    book = openpyxl.load_workbook(BytesIO(manager_desk.get("/billing/run/left-out.xlsx?month=2026-11").content))
    rows = list(book["不出账名单"].values)
    assert len(rows) == 61 and rows[1][:2] == ("1-1-100", "还没有业主（未交付）")


def test_lines_and_workbook_hold_every_line(manager_desk, estate, houses, manager):
    bill_month(estate, OCTOBER, by=manager)
    make_household(estate, "3-2-1803", 10000, starts_on=date(2026, 11, 20))
    page = manager_desk.get("/billing/run/lines/?month=2026-11").content.decode()
    assert "3 笔" in page and "11/30" in page and "将出账" in page
    book = openpyxl.load_workbook(BytesIO(manager_desk.get("/billing/run/month.xlsx?month=2026-11").content))
    assert [row[0] for row in book["逐笔明细"].values][1:] == ["3-2-1801", "3-2-1803", "S01"]
    assert [row[9] for row in book["逐笔明细"].values][1:] == [170.16, 69.67, 256.18]
    assert book["比 2026-10"]["A2"].value == "新增"


def test_correction_is_offered_and_made(manager_desk, estate, houses, manager):
    bill_month(estate, OCTOBER, by=manager)
    household = houses[0]
    household.ends_on = date(2026, 10, 20)
    household.save(update_fields=["ends_on"])
    charge = household.charges.get()
    page = manager_desk.get("/billing/run/?month=2026-11").content.decode()
    assert "要更正的" in page and "业主止于 2026-10-20" in page and "−60.38" in page
    page = manager_desk.post(f"/billing/run/mend/{charge.pk}/?month=2026-11", follow=True).content.decode()
    assert "已更正 3-2-1801" in page and "要更正的" not in page


def test_finance_looks_but_does_not_run(estate, houses, desk_of):
    desk = desk_of(person_at(estate, "finance", "周敏", Role.FINANCE))
    assert "F9" not in desk.get("/billing/run/?month=2026-11").content.decode().split('class="bar"')[1].split("</div></div>")[0]
    assert desk.post("/billing/run/bill/", {"month": "2026-11"}).status_code == 403


def test_a_clerk_sees_the_tariff_but_no_run(desk, houses):
    page = desk.get("/billing/tariff/").content.decode()
    assert "物业管理服务费" in page and "1.9" in page and "调整</a>" not in page
    assert desk.get("/billing/run/").status_code == 403


def test_price_form_shows_the_difference_then_changes(manager_desk, estate, houses, manager):
    kind = Price.objects.of(estate).get(fee_kind__code="property").fee_kind
    bill_month(estate, NOVEMBER, by=manager)
    url = f"/billing/tariff/{kind.pk}/change/"
    assert 'value="2026-12-01"' in manager_desk.get(url).content.decode()
    page = manager_desk.get(url, {"unit_price": "2.1", "from_month": "2026-12-01", "basis": "业主大会决定"}).content.decode()
    assert "+17.92" in page and Price.objects.filter(fee_kind=kind).count() == 1            # 188.08 − 170.16
    page = manager_desk.post(url, {"unit_price": "2.1", "from_month": "2026-12-15", "basis": "业主大会决定"}).content.decode()
    assert "可以从 2027-01-01 起" in page
    page = manager_desk.post(url, {"unit_price": "19", "from_month": "2026-12-01", "basis": "业主大会决定"}).content.decode()
    assert "请核对小数点" in page and "已知晓，继续" in page and "+1,531.48" in page             # 1,701.64 − 170.16
    page = manager_desk.post(url, {"unit_price": "2.1", "from_month": "2026-12-01", "basis": "业主大会决定"}, follow=True).content.decode()
    assert "从 2026-12-01 起每㎡ 2.1 元" in page
    planned = Price.objects.get(fee_kind=kind, unit_price=2_1000)
    page = manager_desk.post(f"/billing/tariff/prices/{planned.pk}/withdraw/", follow=True).content.decode()
    assert "已撤回" in page


def test_rows_next_door_are_not_there(manager_desk, other_estate, other_clerk):
    make_household(other_estate, "1-1-101")
    run = bill_month(other_estate, NOVEMBER, by=other_clerk)
    kind = Price.objects.of(other_estate).first()
    for path in (f"/billing/run/{run.pk}/undo/", f"/billing/run/mend/{run.charges.get().pk}/", f"/billing/tariff/{kind.fee_kind_id}/change/",
                 f"/billing/tariff/prices/{kind.pk}/withdraw/"):
        assert manager_desk.post(path).status_code == 404, path


@pytest.mark.parametrize(("price", "day", "words"), [
    ("abc", "2026-12-01", "新单价（元）："), ("0", "2026-12-01", "新单价（元）："), ("2.1", "1850-01-01", "从哪天起："),
    ("2.1", "2026-12-15", "不是 1 日"), ("2.1", "2026-11-01", "已按原单价出账 1 笔")])
def test_a_difference_that_cannot_be_shown_says_why(manager_desk, estate, houses, manager, price, day, words):
    bill_month(estate, NOVEMBER, by=manager)
    kind = Price.objects.of(estate).get(fee_kind__code="property").fee_kind
    page = manager_desk.get(f"/billing/tariff/{kind.pk}/change/", {"unit_price": price, "from_month": day}).content.decode()
    assert words in page.split('id="difference"', 1)[1].split("</section>", 1)[0]
