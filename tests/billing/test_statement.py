"""The statement of account: every line in its time, the balance after it, what was open; the same queries for ten years as for one."""
from datetime import date, timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from billing.cashier import credit_left
from billing.charges import make_charge
from billing.corrections import mend_line
from billing.deposits import take_deposit
from billing.models import Charge, Credit, FeeKind
from billing.petty_cash import top_up_petty_cash
from billing.prepayments import demand_prepayment
from billing.receipts import ask_void, void_receipt
from billing.refunds import approve_refund, ask_refund, bounce_refund, held, pay_refund
from billing.statement import lines as told
from billing.statement import statement
from billing.waivers import ask_waiver, waive_charge
from households.register import change_owner
from servicecentre.kit import periods
from servicecentre.kit.periods import BillingMonth, today
from servicecentre.worklog.models import Entry
from tests.conftest import Desk
from tests.worlds import resident_id

from .till import household_owing, lines, pay

NUMBER = resident_id("32010619880417002")


@pytest.fixture
def household(estate):
    return household_owing(estate)


@pytest.fixture
def lived(household, clerk, manager, finance):
    """Billed, paid with a leftover, one void into credit, a waiver, a refund paid, one returned, one that waits."""
    waive_charge(ask_waiver(lines(household)[0], amount=10_00, reason="电梯停用", by=clerk), by=manager)
    pay(household, 600_00, clerk, "wechat")
    twice = pay(household, 300_00, clerk, "wechat")
    void_receipt(ask_void(twice, reason="double", words="付了两次", goes="credit", by=clerk), by=manager)

    def refund(fen, **end):
        return ask_refund(household, amount=fen, reason="more", words="多了", method="original", payee_name="张明", by=clerk, despite=("arrears",))
    pay_refund(approve_refund(refund(100_00), by=manager), reference="WX0001", by=finance)
    bounce_refund(pay_refund(approve_refund(refund(20_00), by=manager), reference="WX0002", by=finance), bounced_words="账号注销", by=finance)
    refund(5_00)
    return household


def test_the_balance_is_what_is_owed_less_what_is_left_and_set_aside(lived):
    found = statement(lived, today(), today())
    owed = Charge.objects.filter(household=lived).owed()
    assert found.closing == owed - credit_left(lived) - held(lived)
    assert (found.owed, found.opening) == (owed, 0) and found.credit == credit_left(lived) + held(lived)
    assert found.closing == found.opening + found.charged - found.received - found.reduced
    assert (found.charged, found.reduced) == (510_48, 10_00) and found.received == 600_00 + 300_00 - 100_00
    assert sum(fen for _, fen in found.ages) == found.owed


def test_every_line_stands_in_its_time_with_its_paper_and_formula(lived):
    found = told(statement(lived, today(), today()).events)
    assert [line.at for line in found] == sorted(line.at for line in found)
    assert found[0].formula == "89.56 × 1.9 × 1 月" and found[0].plus == 170_16
    kinds = [line.paper[:2] for line in found]
    assert {"应收", "SJ", "JM", "TK", "作废"} == set(kinds) and len(found) == 3 + 1 + 2 + 2 + 2 + 1
    balance = 0
    for line in found:
        balance += (line.plus or 0) - (line.minus or 0)
        assert line.balance == balance


def how(household):
    """{paper: how it was reckoned} of the credits that the statement tells."""
    return {line.paper[:2]: line.formula for line in told(statement(household, today(), today()).events) if line.minus and line.paper[:2] not in ("SJ", "TK")}


def test_what_is_given_back_of_a_deposit_or_prepayment_is_received_not_forgiven(household, clerk, manager, finance):
    for source, fen in (("deposit", 170_16), ("prepaid", 500_00)):
        Credit.objects.create(estate=household.estate, household=household, source=source, amount=fen, left=fen, reason="试", made_at=periods.now(),
                              made_by=clerk)
    found = statement(household, today(), today())
    assert (found.received, found.reduced) == (670_16, 0)
    refund = ask_refund(household, amount=500_00, reason="more", words="退", method="cash", payee_name="张明", by=clerk, despite=("arrears",))
    top_up_petty_cash(household.estate, amount=500_00, reference="HD10001", by=finance)
    pay_refund(approve_refund(refund, by=manager), by=finance)
    found = statement(household, today(), today())
    assert (found.received, found.reduced) == (170_16, 0)


def test_how_a_credit_came_to_its_sum_is_said_with_its_figures(household, clerk, manager):
    waive_charge(ask_waiver(lines(household)[0], amount=100_00, reason="电梯停用", by=clerk), by=manager)
    assert how(household)["JM"] == "170.16 − 70.16"
    old = lines(household)[1]
    Credit.objects.create(estate=household.estate, household=household, charge=old, source="vacancy", amount=51_05, left=51_05, reason="空置",
                          made_at=periods.now(), made_by=manager)
    assert how(household)["空置"] == "170.16 − 119.11", "also of those made before it was written down"
    sheet = b"".join(Desk(manager, household.estate).post(f"/billing/households/{household.pk}/statement/export/", {
        "first": today().isoformat(), "last": today().isoformat(), "reason": "给业主核对"}).streaming_content)
    assert "170.16 − 70.16" in [row[3] for row in load_workbook(BytesIO(sheet)).active.values]
    page = Desk(clerk, household.estate).get(f"/billing/charges/{lines(household)[0].pk}/").content.decode()
    assert "170.16 − 70.16" in page


def test_days_given_back_say_what_is_left_and_why(household, clerk, manager):
    change_owner(household.unit, owners=[{"name": "李芳"}], last_day=date(2026, 11, 15), by=clerk)
    mend_line(lines(household)[2], by=manager)
    assert how(household)["更正"] == "170.16 − 85.08（89.56 × 1.9 × 15/30 月）"


def test_a_span_opens_with_what_was_before_and_shows_what_was_open_then(household, clerk, monkeypatch):
    later = periods.now() + timedelta(days=40)
    before = today()
    monkeypatch.setattr(periods, "clock", lambda: later)
    pay(household, 600_00, clerk)
    then, since = statement(household, before, before), statement(household, today(), today())
    assert (then.opening, then.closing, then.owed, then.credit) == (0, 510_48, 510_48, 0)
    assert (since.opening, since.closing, since.owed, since.credit) == (510_48, -89_52, 0, 89_52)
    assert sum(fen for words, fen in then.ages) == 510_48


def test_ten_years_ask_as_many_queries_as_one(estate, household, clerk, manager):
    desk = Desk(clerk, estate)

    def queries():
        with CaptureQueriesContext(connection, ) as seen:
            assert desk.get(f"/billing/households/{household.pk}/statement/?first=2010-01-01").status_code == 200
        return len(seen)
    pay(household, 600_00, clerk)
    waive_charge(ask_waiver(make_charge(household, FeeKind.objects.get(code="shared_utilities"), quantity=100, unit_price=10_0000, by=manager),
                            amount=1_00, reason="试", by=clerk), by=manager)
    queries()
    few = queries()
    kind = FeeKind.objects.get(code="shared_utilities")
    for n in range(30):
        make_charge(household, kind, quantity=100, unit_price=10_0000, subject=f"第{n}次", period=BillingMonth(2026, 11), by=manager)
        pay(household, 5_00 + n, clerk)
    assert queries() == few


def test_page_paper_and_sheet(estate, lived, clerk):
    desk = Desk(clerk, estate)
    where = f"/billing/households/{lived.pk}/statement"
    page = desk.get(f"{where}/").content.decode()
    assert "89.56 × 1.9 × 1 月" in page and "一年以上" in page
    assert "不能早于起日" in desk.get(f"{where}/?first=2026-11-02&last=2026-11-01").content.decode()
    paper = desk.get(f"{where}.pdf")
    assert paper["Content-Type"] == "application/pdf" and paper.content.startswith(b"%PDF")
    sheet = desk.post(f"{where}/export/", {"reason": "业主核对"})
    rows = list(load_workbook(BytesIO(b"".join(sheet.streaming_content))).active.values)
    assert rows[1][1] == "期初" and rows[-1][1] == "期末" and len(rows) == 3 + 11
    assert Entry.objects.get(act="billing.log_statement_export").household_no == lived.number


def test_a_span_before_the_household_is_empty(household):
    found = statement(household, date(1990, 1, 1), date(1990, 12, 31))
    assert (found.events, found.opening, found.closing, found.open) == ([], 0, 0, [])


def test_money_kept_apart_stands_beneath_as_it_was_on_the_last_day(estate, household, clerk, manager, monkeypatch):
    """design/papers/statement «三、其他账户»: prepayment of shared utilities, deposits held, months paid ahead."""
    demand_prepayment(household, by=clerk)
    pay(household, sum(line.due for line in lines(household)), clerk)
    deposit = take_deposit(household, kind="renovation", basis="装修", amount=2000_00, payer_name="张明", payer_phone="13913800001", payer_id=NUMBER,
                           method="cash", by=clerk)
    take_deposit(household, kind="key", basis="钥匙", amount=50_00, payer_name="张明", payer_phone="13913800001", payer_id=NUMBER, method="cash", by=clerk)
    then = today()
    tomorrow = periods.now() + timedelta(days=1)
    monkeypatch.setattr(periods, "clock", lambda: tomorrow)
    pay(household, 2 * 170_16, clerk, ahead=2, charges=[])
    now_held = dict(statement(household, then, today()).accounts)
    assert now_held == {"公摊水电费预存余额": 500_00, "装修押金": 2000_00, "钥匙、卡、证押金": 50_00, "其他押金": 0, "预缴以后月份": 2 * 170_16}
    assert dict(statement(household, then, then).accounts) == now_held | {"预缴以后月份": 0}
    page = Desk(clerk, estate).get(f"/billing/households/{household.pk}/statement/").content.decode()
    assert "2,000.00" in page and "其他账户" in page and deposit.held == 2000_00
