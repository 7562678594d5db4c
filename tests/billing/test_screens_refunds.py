"""The pages of refunds, waivers and wrong bills: what each role sees there, and that the doors lead on (design/screens 29c)."""
import re
from io import BytesIO

import pytest
from openpyxl import load_workbook

from billing.charges import make_charge
from billing.models import FeeKind, Refund, Waiver
from billing.receipts import ask_void
from billing.refunds import approve_refund, ask_refund
from billing.waivers import ask_waiver
from servicecentre.kit.periods import today
from servicecentre.worklog.models import Entry
from tests.conftest import Desk

from ..files.making import upload
from .till import household_owing, lines, pay


@pytest.fixture
def household(estate):
    return household_owing(estate)


@pytest.fixture
def receipt(household, clerk):
    return pay(household, 600_00, clerk, "wechat")


def words(answer):
    return answer.content.decode()


ASKED = {"amount": "50", "reason": "more", "words": "多转了", "method": "original", "payee_name": "张明", "invoice": "none"}


def test_a_refund_walks_through_its_pages(estate, household, receipt, clerk, manager, finance):
    desk = Desk(clerk, estate)
    page = words(desk.get(f"/billing/households/{household.pk}/refund/?receipt={receipt.pk}"))
    assert "89.52" in page and "微信 600.00" in page and f"收据 {receipt} 余 89.52 元" in page
    answer = desk.post(f"/billing/households/{household.pk}/refund/", ASKED | {"receipt": receipt.pk})
    refund = Refund.objects.get()
    where = f"/billing/refunds/{refund.pk}/"
    assert answer.url.endswith(where) and "由主管批准" in words(desk.get(where))
    assert "批准退 50.00 元" in words(Desk(manager, estate).get(where))
    assert Desk(manager, estate).post(f"{where}approve/").status_code == 302
    payer = Desk(finance, estate)
    assert "付退款 50.00 元" in words(payer.get(where))
    refused = payer.post(f"{where}pay/", {"reference": ""})
    assert refused.status_code == 409 and "请填写" in words(refused)
    assert payer.post(f"{where}pay/", {"reference": "WX20261128"}).status_code == 302
    assert "TK-" in words(payer.get(where)) and "打印" in words(payer.get(where))
    assert "已退" in words(desk.get(f"/billing/payments/{receipt.pk}/"))


def test_what_was_typed_stays_beside_what_is_refused(estate, household, receipt, clerk):
    answer = Desk(clerk, estate).post(f"/billing/households/{household.pk}/refund/", ASKED | {"amount": "500"})
    assert "只有 89.52 元可退" in words(answer) and 'value="500.00"' in words(answer) and not Refund.objects.exists()


def test_one_list_of_all_that_waits_with_ones_own_locked(estate, clerk, manager):
    """One row a matter: one's own is locked, with the sentence why, another's waits for this manager; a clerk decides none."""
    household = household_owing(estate)
    pay(household, 200_00, clerk, "wechat", charges=[lines(household)[0].pk])
    refund = ask_refund(household, amount=20_00, reason="more", words="多转了", method="original", payee_name="张明", by=manager, despite=("arrears",))
    waiver = ask_waiver(lines(household)[1], amount=1_00, reason="试", by=clerk)
    rows = {what: row for row in re.findall("<tr.*?</tr>", words(Desk(manager, estate).get("/billing/approvals/")), re.DOTALL)
            for what in (refund.get_absolute_url(), waiver.get_absolute_url()) if what in row}
    own, other = rows[refund.get_absolute_url()], rows[waiver.get_absolute_url()]
    assert "这是您申请的" in own and "等您批" not in own and "20.00" in own
    assert "等您批" in other and "这是您申请的" not in other and "1.00" in other
    page = words(Desk(clerk, estate).get("/billing/approvals/"))
    assert page.count("由主管批准") >= 2 and "等您批" not in page


def test_finance_finds_what_is_to_be_paid(estate, household, receipt, clerk, manager, finance):
    refund = ask_refund(household, amount=50_00, reason="more", words="多转了", method="original", payee_name="张明", by=clerk, despite=("arrears",))
    approve_refund(refund, by=manager)
    assert "等财务付" in words(Desk(finance, estate).get("/billing/approvals/"))
    assert "正在办退款 50.00" in words(Desk(clerk, estate).get(f"/billing/households/{household.pk}/account/"))


def test_a_waiver_walks_through_its_pages(estate, household, clerk, manager):
    line = lines(household)[0]
    desk = Desk(clerk, estate)
    assert "申请减免" in words(desk.get(f"/billing/charges/{line.pk}/"))
    assert "只欠 170.16 元" in words(desk.post(f"/billing/charges/{line.pk}/waive/", {"amount": "171", "reason": "试"}))
    assert desk.post(f"/billing/charges/{line.pk}/waive/", {"amount": "20", "reason": "电梯停用", "files": upload(name="通知.jpg")}).status_code == 302
    where = f"/billing/waivers/{Waiver.objects.get().pk}/"
    page = words(desk.get(where))
    assert "由主管批准" in page and "通知.jpg" in page
    assert Desk(manager, estate).post(f"{where}approve/").status_code == 302
    assert "JM-" in words(desk.get(where)) and "减免" in words(desk.get(f"/billing/charges/{line.pk}/"))


def test_lists_go_out_as_excel_and_stand_in_the_log(estate, household, receipt, clerk, manager):
    ask_refund(household, amount=50_00, reason="more", words="多转了", method="original", payee_name="张明", by=clerk, despite=("arrears",))
    ask_void(pay(household, 10_00, clerk), reason="other", words="错了", goes="credit", by=clerk)
    ask_waiver(make_charge(household, FeeKind.objects.get(code="shared_utilities"), quantity=100, unit_price=10_0000, by=manager), amount=1, reason="试",
               by=clerk)
    desk = Desk(manager, estate)
    for which, rows in (("payments", 2), ("voids", 1), ("refunds", 1), ("waivers", 1)):
        span = {"which": which, "first": today().isoformat(), "last": today().isoformat(), "reason": "给财务核对"}
        sheet = desk.post("/billing/payments/export/", span)
        assert len(list(load_workbook(BytesIO(b"".join(sheet.streaming_content))).active.values)) == rows + 1
    assert Entry.objects.filter(act="billing.log_money_export").count() == 4
    assert "没有减免" in words(desk.post("/billing/payments/export/", span | {"first": "2020-01-01", "last": "2020-01-02"}))
    assert "最多 366 天" in words(desk.post("/billing/payments/export/", span | {"first": "2020-01-01"}))
