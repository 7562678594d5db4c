"""Money given back by three pairs of hands, and a wrong paid bill put right by two (DOMAIN §2 Refund, Receipt; design/screens 29c)."""
import pytest
from playwright.sync_api import expect

from billing.cashier import collect_payment, credit_left
from billing.models import Charge, Rebill, Refund
from billing.petty_cash import balance_of, top_up_petty_cash
from servicecentre.desk.proofs import prove
from servicecentre.roles import Role
from tests.billing.till import demand_sums_agree
from tests.conftest import person_at

pytestmark = pytest.mark.django_db(transaction=True)

DUE = 3 * 17016
MAIN = "main [data-key=F9]"


@pytest.fixture(autouse=True)
def sound(estate):
    """However a test ends, the books agree."""
    yield
    demand_sums_agree(estate)
    assert list(prove()) == []


def test_a_refund_asked_by_one_approved_by_another_and_paid_by_a_third(open_as, clerk, manager, household, estate):
    finance = person_at(estate, "liumin", "刘敏", Role.FINANCE)
    top_up_petty_cash(estate, amount=500_00, reference="20261101", by=finance)
    payment = collect_payment(household, parts=[("cash", DUE + 89_52, "")], payer_name="张雨萍", by=clerk, despite=("left_over",))
    page = open_as(clerk)
    page.goto(f"billing/payments/{payment.pk}/")
    page.get_by_role("link", name="申请退款").click()
    expect(page.get_by_label("退款（元）")).to_have_value("89.52")
    page.get_by_label("说明").fill("多交了半个月")
    page.get_by_label("备用金现金").check()
    page.locator(MAIN).click()
    expect(page.locator("#messages")).to_contain_text("已申请退款 89.52 元")
    expect(page.locator("main")).to_contain_text("您不能批准")

    office = open_as(manager)
    office.goto("billing/approvals/")
    office.get_by_role("link", name="退款", exact=True).last.click()
    office.locator(MAIN).click()
    expect(office.locator("#messages")).to_contain_text("等财务付")

    desk = open_as(finance)
    desk.goto("billing/approvals/")
    desk.get_by_role("link", name="退款", exact=True).last.click()
    desk.locator(MAIN).click()
    expect(desk.locator("#messages")).to_contain_text("TK-2026-000001")
    refund = Refund.objects.get()
    assert (refund.asked_by, refund.decided_by, refund.paid_by, refund.state) == (clerk, manager, finance, "paid")
    assert balance_of(estate) == 500_00 - 89_52 and credit_left(household) == 0


def test_a_wrong_paid_bill_is_freed_by_two_and_billed_anew(open_as, clerk, manager, household):
    payment = collect_payment(household, parts=[("wechat", DUE, "88412046")], payer_name="张雨萍", by=clerk)
    line = Charge.objects.order_by("due_on").first()
    office = open_as(manager)
    office.goto(f"billing/charges/{line.pk}/")
    office.get_by_role("link", name="作废重出").click()
    office.get_by_label("数量").fill("88.56")
    office.get_by_label("原来错在哪里").fill("面积抄错")
    office.locator(MAIN).click()
    expect(office.locator("main")).to_contain_text("先申请作废那张收据")

    page = open_as(clerk)
    page.goto(f"billing/payments/{payment.pk}/void/")
    page.locator(".strip label", has_text="其他").click()
    page.get_by_label("说明：错在哪里，应该怎样").fill("九月的账单面积错")
    page.locator(".strip label", has_text="转为该户预存").click()
    page.locator(MAIN).click()
    expect(page.locator("#messages")).to_contain_text("已申请作废收据")
    office.goto("billing/approvals/")
    office.get_by_role("link", name="作废收据").click()
    office.locator(MAIN).click()
    expect(office.locator("#messages")).to_contain_text("已作废")

    page.goto(f"billing/charges/{line.pk}/")
    page.get_by_role("link", name="申请作废重出").click()
    page.get_by_label("数量").fill("88.56")
    page.get_by_label("原来错在哪里").fill("面积抄错")
    page.locator(MAIN).click()
    expect(page.locator("#messages")).to_contain_text("已申请改为 168.26 元")
    expect(page.locator("#why")).to_contain_text("由主管批准")
    office.goto("billing/approvals/")
    office.get_by_role("link", name="作废重出").click()
    office.locator(MAIN).click()
    expect(office.locator("#messages")).to_contain_text("改为 168.26 元")
    office.get_by_role("link", name="看重出的账单").click()
    office.get_by_role("link", name="170.16 元的那一笔").click()
    expect(office.locator("main")).to_contain_text("面积抄错")
    rebill = Rebill.objects.get()
    assert (rebill.old, rebill.new.amount, credit_left(household)) == (line, 168_26, DUE)
