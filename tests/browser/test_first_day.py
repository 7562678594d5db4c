"""The first day of a service centre, from a register in Excel to a receipt in the resident's hand, by keyboard alone."""
import re
from datetime import date

import pytest
from openpyxl import Workbook
from playwright.sync_api import expect

from billing.models import Charge, Payment, PaymentPart
from households.models import Household, Unit
from servicecentre.desk.proofs import prove
from servicecentre.papers.models import Paper, Print
from servicecentre.worklog.models import Entry
from tests.billing.till import demand_sums_agree
from tests.worlds import resident_id

from .conftest import PASSWORD
from .hands import arrived, tab_to

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("november", "passwords", "worker")]

HEADER = ["房号", "建筑面积(㎡)", "业主姓名", "证件号码", "联系电话", "交付日期", "车牌号"]
HOMES = [
    ["3-2-1801", "89.56", "张雨萍", resident_id("32010619880417002"), "13800135678", "2025-03-18", "苏A·D7K38"],
    ["3-2-1802", "120.00", "李建国", resident_id("32010619790911003"), "13912342046", "2025-03-18", ""],
    ["3-2-1803", "101.35", "欧阳慧", resident_id("32010619850203001"), "13700001111", "2025-04-01", ""],
    ["3-2-1804", "八十九", "周明", resident_id("32010619900101007"), "13600002222", "2025-04-01", ""],       # an area in words
]
SHOPS = [["S01", "102.47", "南京一品餐饮有限公司", "", "02552221188", "2025-01-01", ""]]
BILLED = 17016 + 22800 + 19257 + 25618                  # 89.56, 120.00, 101.35 ㎡ at 1.9 元 and 102.47 ㎡ at 2.5 元, half up


@pytest.fixture
def register(tmp_path):
    """Three homes and a shop that are right, one row whose area nobody can read."""
    book = Workbook()
    for sheet, rows in ((book.active, HOMES), (book.create_sheet("商铺"), SHOPS)):
        sheet.append(HEADER)
        for row in rows:
            sheet.append(row)
    book.worksheets[0].title = "住宅"
    book.save(path := tmp_path / "业主登记表.xlsx")
    return path


def sign_in(page, name):
    """The cursor is in the first field already."""
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    arrived(page, "首页")


def import_good_rows(page, register):
    tab_to(page, "导入登记表")
    page.keyboard.press("Enter")
    arrived(page, "导入登记表")
    tab_to(page, "登记表（.xlsx）")
    page.locator("input[type=file]").set_input_files(register)           # the one step without a key: the system's own dialog
    page.keyboard.press("F9")
    arrived(page, "试导结果")                                             # the page of a running job goes on by itself
    expect(page.locator("dl.tally")).to_contain_text(re.compile(r"新增\s*4"))
    wrong = page.get_by_role("region", name="错误行")
    expect(wrong.locator("tbody tr")).to_have_count(1)
    expect(wrong).to_contain_text("八十九")
    assert not Unit.objects.exists(), "a dry run wrote something"
    tab_to(page, "只导正确的 4 行", most=160)
    page.keyboard.press("Space")
    page.keyboard.press("F9")
    arrived(page, "导入登记表 结果")
    expect(page.locator("main")).to_contain_text("已导入正确的行")


def bill_november(page):
    tab_to(page, "出账")
    page.keyboard.press("Enter")
    arrived(page, "出账预览 2026 年 11 月")
    expect(page.locator("tr.sum")).to_contain_text("846.91")
    page.keyboard.press("F9")
    expect(page.locator("#messages")).to_contain_text("已出 2026年11月的账 4 笔，846.91 元")


def take_cash(page):
    """Find by a part of the name, open, Alt+1, the cash handed over, F9."""
    page.keyboard.press("/")
    expect(page.locator("#find-q")).to_be_focused()
    page.keyboard.type("雨萍")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    arrived(page, "3-2-1801")
    page.keyboard.press("Alt+1")
    arrived(page, "收费")
    expect(page.locator("[data-total]")).to_have_text("170.16")
    expect(page.locator("input[name=method]:checked")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("200")
    expect(page.locator("[data-change]")).to_have_text("29.84")
    page.keyboard.press("F9")


def test_import_to_receipt_by_keyboard_alone(page, open_as, live_server, estate, clerk, manager, register):
    page.goto(f"{live_server.url}/e/{estate.slug}/")
    sign_in(page, clerk.username)
    assert [(c["httpOnly"], c["sameSite"], c["expires"]) for c in page.context.cookies() if c["name"] == "sessionid"] == [(True, "Lax", -1)]
    import_good_rows(page, register)
    assert Unit.objects.of(estate).count() == Household.objects.of(estate).count() == 4

    office = open_as(None)
    office.goto("")
    sign_in(office, manager.username)
    bill_november(office)
    assert sum(Charge.objects.of(estate).values_list("amount", flat=True)) == BILLED

    printed = []
    page.on("request", lambda request: "/pdf/" in request.url and printed.append(request.url))
    take_cash(page)
    receipt = page.locator(".note-ok")
    expect(receipt).to_contain_text("已收 170.16 元")
    expect(receipt).to_contain_text("SJ-2026-000001")
    expect(receipt).to_be_focused()                                      # a screen reader begins with what happened
    expect(page.locator("aside.till")).to_contain_text(re.compile(r"请找零\s*29\.84"))
    expect(page.locator("html")).to_have_attribute("data-printed", "1")
    assert len(printed) == 1 and printed[0].endswith("/pdf/1/")
    page.reload()                                                        # looking again prints nothing
    expect(page.locator(".note-ok")).to_contain_text("SJ-2026-000001")
    expect(page.locator("iframe")).to_have_count(0)
    page.keyboard.press("F9")                                            # pressed once too often: the change to give stays in sight
    expect(page.locator("aside.till")).to_contain_text(re.compile(r"请找零\s*29\.84"))
    page.keyboard.press("/")
    expect(page.locator("aside.till")).to_have_count(0)
    expect(page.locator("#find-q")).to_be_focused()                      # the next household, straight to its till
    page.keyboard.type("雨萍")
    expect(page.get_by_role("option")).to_have_attribute("href", re.compile(r"/collect/$"))

    payment = Payment.objects.get()
    assert (payment.total, payment.tendered, payment.change, payment.left) == (17016, 20000, 2984, 0)
    assert payment.cashier == clerk and payment.day == date(2026, 11, 24) and payment.household.unit.code == "3-2-1801"
    assert list(PaymentPart.objects.values_list("method", "amount")) == [("cash", 17016)]
    assert Paper.objects.count() == Print.objects.count() == 1
    assert list(Charge.objects.filter(paid__gt=0).values_list("household__owner_names", "paid")) == [("张雨萍", 17016)]
    assert Entry.objects.of(estate).filter(household_no=payment.household.number, words__startswith="收费 170.16 元，现金").count() == 1
    demand_sums_agree(estate)
    assert list(prove()) == []
