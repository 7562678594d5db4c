"""Money at the counter, as a hurried person's hands treat it: pressed twice, gone back, at two desks, without scripts."""
import io
import re

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from billing.cashier import collect_payment
from billing.charges import make_charge
from billing.models import Charge, FeeKind, Payment, PaymentPart, ReceiptVoid
from servicecentre.desk.proofs import prove
from servicecentre.papers.models import Print
from tests.billing.till import demand_sums_agree

pytestmark = pytest.mark.django_db(transaction=True)

DUE = 3 * 17016
MAIN = "main [data-key=F9]"


@pytest.fixture(autouse=True)
def sound(estate):
    """However a test ends, the books agree."""
    yield
    demand_sums_agree(estate)
    assert list(prove()) == []


@pytest.fixture
def till(open_as, clerk, household):
    """The clerk's page that takes this household's money."""
    return opened(open_as(clerk), household)


def opened(page, household):
    page.goto(f"billing/households/{household.pk}/collect/")
    return page


def took(page, sum_text="510.48"):
    """The page says what was taken; returns the only payment."""
    expect(page.locator(".note-ok")).to_contain_text(f"已收 {sum_text} 元")
    return Payment.objects.get()


def test_a_double_click_pays_once(till):
    till.locator(MAIN).dblclick()
    assert took(till).total == DUE


def test_a_double_click_without_scripts_pays_once(open_as, clerk, household):
    page = opened(open_as(clerk, java_script_enabled=False), household)
    page.locator(MAIN).dblclick()
    expect(page.locator("main")).to_contain_text("SJ-2026-000001")
    assert Payment.objects.get().total == DUE


def test_pressed_again_after_the_answer_was_lost(till, household):
    """The money was taken, the answer never came: sending it once more shows the first receipt and says so."""
    def lose(route):
        route.fetch(max_redirects=0)
        route.abort("connectionreset")

    address = re.compile("/collect/$")
    till.route(address, lambda route: lose(route) if route.request.method == "POST" else route.continue_())
    till.locator(MAIN).click(no_wait_after=True)
    expect(till).to_have_url(re.compile("^chrome-error:"))
    assert Payment.objects.count() == 1
    till.unroute(address)
    till.reload()                                         # the browser sends the very same form
    expect(till.locator("#messages")).to_contain_text("已办理：这一笔刚才已收，收据 SJ-2026-000001，没有再收一次")
    assert Payment.objects.count() == 1


def test_back_and_again_asks_before_it_takes_the_same_sum(till):
    till.locator(MAIN).click()
    took(till)
    till.go_back()
    expect(till.locator("main")).to_contain_text("没有未缴费用")
    expect(till.locator("main")).to_contain_text("SJ-2026-000001")
    expect(till.locator(MAIN)).to_be_disabled()
    expect(till.locator("[data-none]")).to_be_visible()                  # and why
    till.get_by_label("本次收（元）").fill("510.48")
    till.locator(MAIN).click()
    expect(till.locator("[data-errors]")).to_contain_text("比所选的多 510.48 元")
    till.get_by_role("button", name="已知晓，继续").click()
    expect(till.locator("[data-errors]")).to_contain_text("刚收过这一户 510.48 元，收据 SJ-2026-000001")
    expect(till.locator("[data-errors]").get_by_role("link", name="看收据 SJ-2026-000001")).to_be_visible()
    assert Payment.objects.count() == 1


def test_two_cashiers_on_one_bill(till, open_as, clerk2, household):
    other = opened(open_as(clerk2), household)
    till.locator(MAIN).click(no_wait_after=True)
    other.locator(MAIN).click(no_wait_after=True)
    for page in (till, other):
        expect(page.locator("main").get_by_text("SJ-2026-000001").first).to_be_visible()
    payment = Payment.objects.get()
    winner, loser = (till, other) if payment.cashier != clerk2 else (other, till)
    expect(winner.locator(".note-ok")).to_contain_text("已收 510.48 元")
    expect(loser.locator("[data-errors]")).to_be_focused()
    expect(loser.locator("[data-errors]")).to_contain_text(
        re.compile(f"没有收款.*{payment.cashier.name} .*收了 510.48 元，收据 SJ-2026-000001.*没有收款，请按现在的金额再收", re.S))
    expect(loser.locator("main")).to_contain_text("没有未缴费用")
    assert not Charge.objects.unpaid().exists()


def test_a_bill_that_changed_since_it_was_shown(till, household, estate, manager):
    make_charge(household, FeeKind.objects.of(estate).get(code="shared_utilities"), quantity=100, by=manager)
    till.get_by_label("收到现金（元）").fill("1200")
    till.locator(MAIN).click()
    error = till.locator("[data-errors]")
    expect(error).to_contain_text(re.compile(r"打开这页以后，这一户的账变了：陈静 .*新出账 .*没有收款，请按现在的金额再收"))
    assert not Payment.objects.exists()
    expect(till.get_by_label("收到现金（元）")).to_have_value("1200.00")     # what was typed is kept
    line = Charge.objects.get(quantity=100)
    till.locator(f"input[name=charges][value='{line.pk}']").check()
    till.locator(MAIN).click()
    expect(till.locator(".note-ok")).to_be_visible()
    assert Payment.objects.get().total == DUE + line.amount


def test_a_part_goes_to_the_oldest(till, household):
    till.get_by_text("改金额", exact=True).click()
    till.get_by_label("本次收（元）").fill("300")
    expect(till.locator(MAIN)).to_contain_text("收款 300.00 元并打印收据")
    till.locator(MAIN).click()
    took(till, "300.00")
    expect(till.locator("main")).to_contain_text("还有 2 笔没缴，210.48 元")
    assert list(Charge.objects.oldest_first().values_list("paid", flat=True)) == [17016, 12984, 0]


def test_chosen_lines_only(till):
    till.get_by_role("button", name="都不选").click()
    expect(till.locator(MAIN)).to_be_disabled()
    till.locator("input[name=charges]").nth(1).check()
    till.locator(MAIN).click()
    took(till, "170.16")
    assert list(Charge.objects.oldest_first().values_list("paid", flat=True)) == [0, 17016, 0]


def test_several_methods_in_one_payment(till):
    till.get_by_text("分几种方式收").click()
    till.locator("[data-part=cash]").fill("300")
    till.locator("[data-part=wechat]").fill("200")
    expect(till.locator("[data-rest]")).to_have_text("10.48")
    till.get_by_label("收到现金（元）").fill("310")
    expect(till.locator("[data-change]")).to_have_text("10.00")
    till.locator(MAIN).click()
    expect(till.locator("[data-errors]")).to_contain_text("各种方式合计 500.00 元，比本次收的 510.48 元少 10.48 元")
    expect(till.locator("[data-errors]")).to_contain_text("微信单号")
    till.locator("[data-part=wechat]").fill("210.48")
    till.get_by_label("微信单号末 4 位以上").fill("8841")
    till.locator(MAIN).click()
    payment = took(till)
    assert set(payment.parts.values_list("method", "amount", "reference")) == {("cash", 30000, ""), ("wechat", 21048, "8841")}
    assert (payment.tendered, payment.change) == (31000, 1000)


def test_too_much_is_asked_about_and_becomes_credit(till):
    till.get_by_text("改金额", exact=True).click()
    till.get_by_label("本次收（元）").fill("600")
    expect(till.locator("[data-left-line]")).to_have_text("其中 89.52 元转为预存")
    till.locator(MAIN).click()
    expect(till.locator("[data-errors]")).to_contain_text("比所选的多 89.52 元，收下后转为该户预存")
    assert not Payment.objects.exists()
    till.get_by_role("button", name="已知晓，继续").click()
    assert took(till, "600.00").left == 8952


def test_money_is_taken_without_scripts(open_as, clerk, household):
    page = opened(open_as(clerk, java_script_enabled=False), household)
    page.get_by_label("收到现金（元）").fill("600")
    page.locator(MAIN).click()
    expect(page.locator("aside.till")).to_contain_text(re.compile(r"请找零\s*89\.52"))
    payment = took(page)
    assert (payment.total, payment.tendered, payment.change) == (DUE, 60000, 8952)


def test_wechat_without_scripts(open_as, clerk, household):
    page = opened(open_as(clerk, java_script_enabled=False), household)
    page.locator(".strip label", has_text="微信").click()
    page.get_by_label("微信单号末 4 位以上").fill("88412046")
    page.locator(MAIN).click()
    took(page)
    assert list(PaymentPart.objects.values_list("method", "amount", "reference")) == [("wechat", DUE, "88412046")]


def test_a_void_asked_by_one_and_done_by_another(open_as, clerk, manager, household):
    payment = collect_payment(household, parts=[("cash", DUE, "")], payer_name="张雨萍", by=clerk)
    page = open_as(clerk)
    page.goto(f"billing/payments/{payment.pk}/")
    page.get_by_role("link", name="申请作废").click()
    page.locator(".strip label", has_text="金额有误").click()
    page.get_by_label("说明：错在哪里，应该怎样").fill("多收了一个月")
    page.locator(MAIN).click()
    expect(page.locator("#messages")).to_contain_text("已申请作废收据 SJ-2026-000001")
    expect(page.locator("main")).to_contain_text("您不能批准")
    expect(page.locator(MAIN)).to_have_count(0)

    office = open_as(manager)
    office.goto("billing/voids/")
    office.get_by_role("link", name="SJ-2026-000001").click()
    office.locator(MAIN).click()
    expect(office.locator("#messages")).to_contain_text(re.compile(r"收据 SJ-2026-000001 已作废，作废单 \S+-2026-000001"))
    void = ReceiptVoid.objects.get()
    assert (void.asked_by, void.decided_by, void.approved) == (clerk, manager, True)
    assert list(Charge.objects.values_list("paid", flat=True)) == [0, 0, 0]

    opened(page, household)
    expect(page.locator("[data-total]")).to_have_text("510.48")
    page.locator(MAIN).click()
    expect(page.locator(".note-ok")).to_contain_text("SJ-2026-000002")    # the void one keeps its number


def test_a_reprint_is_marked(open_as, clerk, household):
    payment = collect_payment(household, parts=[("cash", DUE, "")], payer_name="张雨萍", by=clerk)
    page = open_as(clerk)
    page.goto(f"papers/{payment.paper_id}/")
    page.get_by_label("补打原因").fill("客户联遗失")
    page.locator(MAIN).click()
    expect(page.locator(".note-ok")).to_contain_text("正在打印 第 2 次")
    assert list(Print.objects.order_by("n").values_list("n", "reason"))[1:] == [(2, "客户联遗失")]
    first, second = (text_of(page, f"papers/{payment.paper_id}/pdf/{n}/") for n in (1, 2))
    assert "伍佰壹拾元肆角捌分" in first and "补打" not in first
    assert "伍佰壹拾元肆角捌分" in second and "补打" in second


def text_of(page, address):
    answer = page.request.get(address)
    assert answer.headers["content-type"] == "application/pdf"
    return "".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(answer.body())).pages)
