"""A refund by two, paid by finance: the money set aside, given back or left again, never twice (DOMAIN §2 Refund, §9.4, §9.17)."""
from datetime import timedelta

import pytest

from billing.cashier import credit_left, use_credit
from billing.charges import void_charge
from billing.models import Credit, PettyCashMove, RefundPart, Waiver
from billing.petty_cash import balance_of, top_up_petty_cash
from billing.prepayments import demand_prepayment
from billing.receipts import ask_void, void_receipt
from billing.refunds import approve_refund, ask_refund, bounce_refund, held, pay_refund, refuse_refund, withdraw_refund
from billing.run import bill_month
from billing.statement import statement
from billing.waivers import ask_waiver, refuse_waiver, waive_charge
from servicecentre.desk.proofs import prove
from servicecentre.kit import periods
from servicecentre.kit.periods import BillingMonth, today
from servicecentre.kit.refused import Refused
from servicecentre.papers.models import Paper
from servicecentre.roles import Role
from servicecentre.staff.models import User
from servicecentre.worklog.models import Entry
from tests.conftest import person_at

from .till import demand_sums_agree, dues, household_owing, lines, pay

LATE = ("arrears",)


@pytest.fixture
def household(estate):
    return household_owing(estate)


@pytest.fixture
def manager2(estate):
    return person_at(estate, "zhaolei", "赵磊", Role.MANAGER)


def ask(household, fen, by, method="original", **more):
    told = {"reason": "more", "words": "多转了一个月", "payee_name": "张明", "despite": LATE} | more
    return ask_refund(household, amount=fen, method=method, by=by, **told)


def test_a_refund_by_three_goes_back_the_way_it_came(household, clerk, manager, finance):
    payment = pay(household, 700_00, clerk, "wechat")
    refund = ask(household, 100_00, clerk, receipt=payment)
    assert refund.way == "微信 700.00（88412046）" and credit_left(household) == 189_52 - 100_00 and held(household) == 100_00
    refund = pay_refund(approve_refund(refund, by=manager), reference="WX20261128", by=finance)
    payment.refresh_from_db()
    assert (payment.left, payment.refunded, refund.state) == (89_52, 100_00, "paid")
    paper = refund.paper
    assert paper.number.startswith("TK-") and paper.content["total"] == 100_00 and paper.content["receipt"] == payment.paper.number
    assert paper.content["words"] == "壹佰元整" and paper.content["paid_by"] == "刘敏" and len(paper.content["lines"]) == 1
    assert held(household) == 0
    demand_sums_agree(household.estate)


def test_more_than_is_left_is_refused_with_what_is_left(household, clerk):
    payment = pay(household, 600_00, clerk)
    with pytest.raises(Refused, match="只有 89.52 元可退"):
        ask(household, 89_53, clerk, "cash", receipt=payment)
    ask(household, 89_52, clerk, "cash")
    with pytest.raises(Refused, match="只有 0.00 元可退"):
        ask(household, 1, clerk, "cash")


def test_what_waits_is_spent_by_nobody_else(household, clerk, manager, finance):
    pay(household, 600_00, clerk, "wechat")
    refund = ask(household, 89_52, clerk)
    with pytest.raises(Refused, match="没有预存"):
        use_credit(household, by=clerk)
    bill_month(household.estate, BillingMonth(2026, 12), by=User.system())
    assert dues(household)[-1] == 170_16, "the run found it set aside"
    pay_refund(approve_refund(refund, by=manager), reference="WX20261128", by=finance)
    demand_sums_agree(household.estate)


@pytest.mark.parametrize("end", ["refuse", "withdraw", "withdraw approved", "bounce"])
def test_what_is_not_given_back_is_left_again(household, clerk, manager, finance, end):
    payment = pay(household, 600_00, clerk, "wechat")
    refund = ask(household, 80_00, clerk)
    if end == "refuse":
        refund = refuse_refund(refund, refusal="先抵物业费", by=manager)
    elif end == "bounce":
        refund = pay_refund(approve_refund(refund, by=manager), reference="WX20261128", by=finance)
        refund = bounce_refund(refund, bounced_words="账号已注销", by=finance)
        assert Paper.objects.get(pk=refund.paper_id).is_void and Entry.objects.exceptions().filter(act="billing.bounce_refund").exists()
    else:
        refund = approve_refund(refund, by=manager) if "approved" in end else refund
        refund = withdraw_refund(refund, withdrawn_words="业主说先放着", by=clerk)
    payment.refresh_from_db()
    assert (payment.left, payment.refunded, credit_left(household)) == (89_52, 0, 89_52)
    assert not RefundPart.objects.live().exists()
    demand_sums_agree(household.estate)
    for verb, more in ((approve_refund, {}), (pay_refund, {"reference": "WX20261129"}), (withdraw_refund, {"withdrawn_words": "再一次"})):
        with pytest.raises(Refused):
            verb(refund, by=finance if verb is pay_refund else manager, **more)


def test_neither_asker_nor_cashier_approves_and_the_asker_does_not_pay(household, clerk, manager, manager2, finance, admin):
    pay(household, 600_00, manager2, "wechat")
    refund = ask(household, 50_00, manager)
    for user, sentence in ((manager, "要由别的主管批准"), (manager2, "收款人不能批准")):
        with pytest.raises(Refused, match=sentence):
            approve_refund(refund, by=user)
    refund = approve_refund(refund, by=admin)             # no other manager is left
    with pytest.raises(Refused, match="要由别人付款"):
        pay_refund(refund, reference="WX20261128", by=manager)


def test_the_administrator_waits_while_a_manager_may(household, clerk, manager, admin):
    pay(household, 600_00, clerk, "wechat")
    refund = ask(household, 50_00, clerk)
    with pytest.raises(Refused, match="请主管 陈静 批准"):
        approve_refund(refund, by=admin)


def test_cash_comes_from_the_petty_cash_not_from_the_till(household, clerk, manager, finance):
    pay(household, 600_00, clerk)
    with pytest.raises(Refused, match="不能原路退"):
        ask(household, 50_00, clerk)
    refund = approve_refund(ask(household, 50_00, clerk, "cash"), by=manager)
    with pytest.raises(Refused, match="备用金只有 0.00 元"):
        pay_refund(refund, by=finance)
    assert not Paper.objects.filter(kind="TK").exists()
    top_up_petty_cash(household.estate, amount=200_00, reference="20261101", by=finance)
    refund = pay_refund(refund, by=finance)
    assert balance_of(household.estate) == 150_00
    assert refund.petty_move == PettyCashMove.objects.get(kind="spent") and refund.petty_move.row_id == refund.pk
    with pytest.raises(Refused, match="现金退款不会"):
        bounce_refund(refund, bounced_words="试", by=finance)


def test_a_void_receipts_credit_goes_back_and_its_cashier_does_not_approve(household, clerk, manager, manager2, finance):
    payment = pay(household, 510_48, clerk, "wechat")
    void_receipt(ask_void(payment, reason="double", words="付了两次", goes="credit", by=clerk), by=manager)
    refund = ask(household, 510_48, clerk, receipt=payment)
    assert refund.parts.get().credit == Credit.objects.get() and "微信 510.48" in refund.way
    pay_refund(approve_refund(refund, by=manager), reference="WX20261128", by=finance)
    credit = Credit.objects.get()
    assert (credit.left, credit.refunded) == (0, 510_48)
    demand_sums_agree(household.estate)


def test_an_agent_needs_the_owners_letter(household, clerk):
    pay(household, 600_00, clerk, "wechat")
    with pytest.raises(Refused, match="要有业主的委托书"):
        ask(household, 50_00, clerk, payee_name="何俊")
    assert ask(household, 50_00, clerk, payee_name=household.owner_names)


def test_a_transfer_needs_bank_and_account(household, clerk):
    pay(household, 600_00, clerk)
    for more, sentence in (({}, "开户行"), ({"bank": "招商银行南京分行", "account_no": "12x"}, "账号只填数字")):
        with pytest.raises(Refused, match=sentence):
            ask(household, 50_00, clerk, "transfer", **more)
    refund = ask(household, 50_00, clerk, "transfer", bank="招商银行南京分行", account_no="6217000012342046")
    assert refund.account_masked == "**** 2046"


def test_an_invoiced_refund_waits_for_the_red_invoice(household, clerk, manager, finance):
    pay(household, 600_00, clerk, "wechat")
    refund = approve_refund(ask(household, 50_00, clerk, invoice="waits"), by=manager)
    with pytest.raises(Refused, match="发票还没红冲"):
        pay_refund(refund, reference="WX20261128", by=finance)
    refund = pay_refund(refund, reference="WX20261128", red_no="24322000", by=finance)
    assert ["已红冲", True] in refund.paper.content["invoices"]


def test_overdue_lines_are_a_question_first(household, clerk):
    payment = pay(household, 200_00, clerk, "wechat", charges=[lines(household)[-1].pk])
    with pytest.raises(Refused, match="逾期没缴") as refused:
        ask(household, 10_00, clerk, receipt=payment, despite=())
    assert refused.value.unless == "arrears"


def test_a_receipt_whose_money_goes_back_is_not_voided(household, clerk, manager, finance):
    payment = pay(household, 600_00, clerk, "wechat")
    refund = ask(household, 50_00, clerk)
    with pytest.raises(Refused, match="正在办退款"):
        ask_void(payment, reason="other", words="错了", goes="credit", by=clerk)
    pay_refund(approve_refund(refund, by=manager), reference="WX20261128", by=finance)
    with pytest.raises(Refused, match="已退过款"):
        ask_void(payment, reason="other", words="错了", goes="credit", by=clerk)


# --- bounced transfer -------------------------------------------------------------------------------------------------

def test_a_transfer_that_never_came_is_void_and_nothing_goes_back(household, clerk, manager, monkeypatch):
    payment = pay(household, 600_00, clerk, "transfer")
    later = periods.now() + timedelta(days=3)
    monkeypatch.setattr(periods, "clock", lambda: later)
    void = void_receipt(ask_void(payment, reason="bounced", words="银行退票", goes="bounced", by=clerk), by=manager)
    assert dues(household) == [170_16] * 3 and credit_left(household) == 0 and not Credit.objects.exists()
    assert ["退票，钱没有到账", True] in void.paper.content["goes"]
    demand_sums_agree(household.estate)


def test_a_transfer_that_never_came_is_void_though_its_rest_was_given_back(household, clerk, manager, finance):
    payment = pay(household, 700_00, clerk, "transfer")
    waits = ask(household, 80_00, clerk, "transfer", bank="招商银行", account_no="6217000012342046")
    with pytest.raises(Refused, match="正在办退款"):
        ask_void(payment, reason="bounced", words="银行退票", goes="bounced", by=clerk)
    refund = pay_refund(approve_refund(waits, by=manager), reference="88112233", by=finance)
    with pytest.raises(Refused, match="钱其实没有到账的"):
        ask_void(payment, reason="other", words="错了", goes="credit", by=clerk)
    void = void_receipt(ask_void(payment, reason="bounced", words="银行退票", goes="bounced", by=clerk), by=manager)
    line = lines(household)[-1]
    assert (line.amount, line.due, line.subject, line.shown_name) == (80_00, 80_00, f"退票-{payment}", "退票追回")
    with pytest.raises(Refused, match="不能作废；不追了请申请减免"):
        void_charge(line, reason="不追", by=manager)
    assert dues(household) == [170_16] * 3 + [80_00] and credit_left(household) == 0
    assert sum(row["amount"] for row in void.paper.content["lines"]) == void.paper.content["total"] == -700_00
    assert statement(household, today(), today()).closing == 590_48
    with pytest.raises(Refused, match="已另立应收追回"):
        bounce_refund(refund, bounced_words="户名不符", by=finance)
    demand_sums_agree(household.estate)
    assert not list(prove())


def test_only_a_transfer_bounces_and_only_as_such(household, clerk):
    payment = pay(household, 600_00, clerk)
    with pytest.raises(Refused, match="全部转账"):
        ask_void(payment, reason="bounced", words="退票", goes="bounced", by=clerk)
    with pytest.raises(Refused, match="都选退票"):
        ask_void(payment, reason="bounced", words="退票", goes="credit", by=clerk)


# --- waiver -----------------------------------------------------------------------------------------------------------

def test_a_waiver_settles_its_line_and_no_other(household, clerk, manager):
    line = lines(household)[1]
    waiver = waive_charge(ask_waiver(line, amount=20_00, reason="电梯停用六天", by=clerk), by=manager)
    assert dues(household) == [170_16, 150_16, 170_16]
    credit = waiver.credit
    assert (credit.source, credit.charge, credit.amount, credit.left) == ("waiver", line, 20_00, 0)
    assert waiver.paper.number.startswith("JM-") and waiver.paper.content["still_due"] == 150_16 and waiver.paper.content["paid"] == 0
    demand_sums_agree(household.estate)


def test_a_waiver_never_exceeds_what_is_due_when_it_is_asked_nor_when_approved(household, clerk, manager):
    line = lines(household)[0]
    with pytest.raises(Refused, match="只欠 170.16 元"):
        ask_waiver(line, amount=170_17, reason="试", by=clerk)
    waiver = ask_waiver(line, amount=170_16, reason="试", by=clerk)
    with pytest.raises(Refused, match="已申请减免"):
        ask_waiver(line, amount=1, reason="试", by=clerk)
    pay(household, 100_00, clerk)
    with pytest.raises(Refused, match="只欠 70.16 元"):
        waive_charge(waiver, by=manager)
    assert refuse_waiver(waiver, refusal="按欠的重新申请", by=manager).approved is False
    waive_charge(ask_waiver(line, amount=70_16, reason="试", by=clerk), by=manager)
    assert dues(household)[0] == 0 and Waiver.objects.count() == 2


def test_a_prepayment_is_not_forgiven(household, clerk, manager):
    """What is in the account goes back at a sale: forgiven, it would be money that nobody paid."""
    line = demand_prepayment(household, by=manager)
    with pytest.raises(Refused, match="预存不减免"):
        ask_waiver(line, amount=500_00, reason="试", by=clerk)


def test_the_asker_of_a_waiver_does_not_decide_it(household, clerk, manager, manager2):
    waiver = ask_waiver(lines(household)[0], amount=1_00, reason="试", by=manager)
    for verb, more in ((waive_charge, {}), (refuse_waiver, {"refusal": "不"})):
        with pytest.raises(Refused):
            verb(waiver, by=manager, **more)
    waive_charge(waiver, by=manager2)
