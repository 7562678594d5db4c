"""Whose money a refund is, how much of it goes back the way it came, and that nobody stands in two of its places (DOMAIN §2 Refund, §9.17)."""
from datetime import date, timedelta

import pytest

from billing.cashier import collect_payment, credit_left
from billing.corrections import mend_line
from billing.deposit_returns import approve_deposit_return, ask_deposit_return, pay_deposit_return
from billing.models import Credit
from billing.prepayments import demand_prepayment, return_prepayment
from billing.refunds import approve_refund, ask_refund, pay_refund, withdraw_refund
from billing.run import undo_run
from billing.second_person import why_not
from billing.waivers import ask_waiver, waive_charge
from households.agents import take_letter, use_letter
from households.register import change_owner
from servicecentre.desk.proofs import prove
from servicecentre.files.storing import kept
from servicecentre.kit.periods import today
from servicecentre.kit.refused import Refused
from servicecentre.roles import Role
from servicecentre.staff.models import Post
from tests.conftest import Desk, person_at
from tests.files.making import ready

from ..factories import make_household
from .test_deposits import take
from .till import household_owing, lines, pay

NUMBERS = iter(range(20261128001, 20261128999))


@pytest.fixture
def household(estate):
    return household_owing(estate)


@pytest.fixture
def both(estate, clerk):
    """One who takes money and is a manager too."""
    person = person_at(estate, "heyun", "何云", Role.CLERK)
    Post.objects.create(estate=estate, user=person, role=Role.MANAGER)
    return person


def ask(household, fen, by, method="original", **more):
    told = {"reason": "more", "words": "多交了", "payee_name": "张明", "despite": ("arrears",)} | more
    return ask_refund(household, amount=fen, method=method, by=by, **told)


def mixed(household, cash, wechat, by, **more):
    return collect_payment(household, parts=[("cash", cash, ""), ("wechat", wechat, f"WX{next(NUMBERS)}")], payer_name="张明", by=by,
                           despite=("left_over", "same_again"), **more)


def until(household, day):
    household.ends_on = day
    household.save(update_fields=["ends_on"])


# --- the way it came --------------------------------------------------------------------------------------------------

def test_what_has_gone_back_the_way_it_came_does_not_go_back_again(estate, clerk, manager, finance):
    household = make_household(estate, "3-2-1801", 8956)
    payment = mixed(household, 500_00, 500_00, clerk)
    first = ask(household, 500_00, clerk, receipt=payment)
    with pytest.raises(Refused, match="不能原路退"):
        ask(household, 1, clerk, receipt=payment)
    withdraw_refund(first, withdrawn_words="先不退", by=clerk)
    pay_refund(approve_refund(ask(household, 400_00, clerk), by=manager), reference="WX20261128", by=finance)
    with pytest.raises(Refused, match="能原路退的只有 100.00 元"):
        ask(household, 100_01, clerk)
    assert ask(household, 100_00, clerk) and ask(household, 500_00, clerk, "cash")


def test_of_each_source_only_what_is_taken_of_it_goes_back_that_way(estate, clerk):
    household = make_household(estate, "3-2-1801", 8956)
    pay(household, 100_00, clerk)
    pay(household, 50_00, clerk, "wechat")
    with pytest.raises(Refused, match="能原路退的只有 50.00 元"):
        ask(household, 150_00, clerk)


def test_a_corrections_money_goes_back_the_way_its_line_was_paid(household, clerk, manager):
    """The line was paid with 100.00 in cash and 70.16 by WeChat; of the 60.38 given back all may go by WeChat, of more not."""
    mixed(household, 100_00, 70_16, clerk, charges=[lines(household)[1].pk])
    until(household, date(2026, 10, 20))
    assert mend_line(lines(household)[1], by=manager).left == 60_38
    refund = ask(household, 60_38, clerk)
    assert "微信 70.16" in refund.way
    withdraw_refund(refund, withdrawn_words="试", by=clerk)
    until(household, date(2026, 9, 30))
    mend_line(lines(household)[1], by=manager)
    assert credit_left(household) == 170_16
    with pytest.raises(Refused, match="能原路退的只有 70.16 元"):
        ask(household, 70_17, clerk, despite=("arrears",))


# --- who took it ------------------------------------------------------------------------------------------------------

def corrected(household, by, manager):
    pay(household, 170_16, by, charges=[lines(household)[1].pk])
    until(household, date(2026, 10, 20))
    return mend_line(lines(household)[1], by=manager)


def prepaid(household, by, manager):
    line = demand_prepayment(household, by=manager)
    pay(household, 500_00, by, charges=[line.pk])
    pay(household, 340_32, manager, charges=[line.pk for line in lines(household)[:2]])
    until(household, date(2026, 10, 20))
    return return_prepayment(household, by=manager)


@pytest.mark.parametrize("through", [corrected, prepaid])
def test_who_took_it_approves_no_refund_whatever_credit_it_passed_through(household, clerk, both, manager, finance, through):
    through(household, both, manager)
    refund = ask(household, 1_00, clerk, "cash")
    with pytest.raises(Refused, match="收款人不能批准"):
        approve_refund(refund, by=both)
    assert "钱是您收的" in Desk(both, household.estate).get("/billing/approvals/").content.decode()


def test_who_took_a_deposit_approves_no_refund_of_what_was_set_off(household, clerk, both, manager, finance):
    set_off(household, both, clerk, manager, finance)
    refund = ask(household, 170_16, clerk, "cash", payee_name="卢建国")
    with pytest.raises(Refused, match="收款人不能批准"):
        approve_refund(refund, by=both)


def test_asked_approved_taken_and_paid_are_different_people(household, estate, clerk, both, manager, finance):
    for person in (both, manager):
        Post.objects.create(estate=estate, user=person, role=Role.FINANCE)
    corrected(household, both, manager)
    refund = approve_refund(ask(household, 60_38, clerk, "transfer", bank="招商银行", account_no="6217000012342046"), by=manager)
    for user, sentence in ((manager, "这是您批准的"), (both, "有您收的")):
        with pytest.raises(Refused, match=sentence):
            pay_refund(refund, reference="88112233", by=user)
        assert "您不能付款" in Desk(user, estate).get(f"/billing/refunds/{refund.pk}/").content.decode()
    assert pay_refund(refund, reference="88112233", by=finance).state == "paid" and not list(prove([17]))


def test_who_took_money_of_a_line_waives_no_more_of_it(household, estate, clerk, both, manager):
    line = lines(household)[0]
    pay(household, 100_00, both, charges=[line.pk])
    waiver = ask_waiver(line, amount=70_16, reason="试", by=clerk)
    with pytest.raises(Refused, match="收款人不能批准减免"):
        waive_charge(waiver, by=both)
    assert "钱是您收的" in Desk(both, estate).get("/billing/approvals/").content.decode()
    assert "收款人不能批准减免" in Desk(both, estate).get(waiver.get_absolute_url()).content.decode()
    assert waive_charge(waiver, by=manager).approved
    pay(household, 170_16, manager, charges=[lines(household)[1].pk])
    assert not list(prove())


def test_the_right_alone_makes_no_second_person(estate, clerk, clerk2, manager, admin):
    assert "请主管 陈静 批准" in why_not(clerk, estate, asked_by=clerk2.pk)
    assert "请主管 陈静 批准" in why_not(admin, estate, asked_by=clerk2.pk)
    assert "要由主管批准" in why_not(clerk, estate, asked_by=manager.pk)
    assert why_not(admin, estate, asked_by=manager.pk) is None and why_not(manager, estate, asked_by=clerk.pk) is None


# --- to whom it goes --------------------------------------------------------------------------------------------------

def set_off(household, taker, clerk, manager, finance):
    """卢建国's deposit settles a line whose run is then taken back: its money is left again."""
    deposit = take(household, taker, 500_00, method="cash", reference="")
    line = lines(household)[2]
    with kept([ready()]) as (consent,):
        back = ask_deposit_return(deposit, original_returned=True, in_person=True, id_checked=True, method="transfer", bank="工商银行",
                                  account_no="6222000011118812", set_off=[line], set_off_amount=170_16, consent=[consent], inspected_by="赵国强",
                                  inspected_on=deposit.day, by=clerk)
    pay_deposit_return(approve_deposit_return(back, by=manager), reference="88112299", by=finance)
    undo_run(line.run, reason="重出", by=manager)
    credit = Credit.objects.get(source="deposit")
    assert credit.left == 170_16
    return credit


def test_what_was_a_deposit_goes_back_to_its_payer_alone(household, estate, clerk, manager, finance):
    set_off(household, clerk, clerk, manager, finance)
    with pytest.raises(Refused, match="是卢建国交的押金，只退给交押金的人"):
        ask(household, 170_16, clerk, "cash")
    pay(household, 340_32, clerk)
    payment = pay(household, 100_00, clerk, payer_name="租户何俊")
    with pytest.raises(Refused, match="能退给张明的只有 100.00 元"):
        ask(household, 100_01, clerk, "cash")
    with pytest.raises(Refused, match="能退给卢建国的只有 170.16 元"):
        ask(household, 170_17, clerk, "cash", payee_name="卢建国")
    assert ask(household, 170_16, clerk, "cash", payee_name="卢建国").parts.get().credit.source == "deposit"
    assert ask(household, 100_00, clerk, "cash", payee_name="租户何俊").parts.get().payment == payment


def test_who_paid_one_thing_takes_nothing_of_another(estate, clerk):
    household = make_household(estate, "3-2-1801", 8956)
    pay(household, 500_00, clerk)
    pay(household, 50_00, clerk, payer_name="租户何俊")
    with pytest.raises(Refused, match="能退给租户何俊的只有 50.00 元"):
        ask(household, 60_00, clerk, "cash", payee_name="租户何俊")
    assert ask(household, 550_00, clerk, "cash")


def test_a_sellers_agent_fetches_the_sellers_money_after_the_sale(household, estate, clerk):
    letter = take_letter(household, principal=household.ownerships.get(), name="何俊", id_kind="passport", id_number="E10293847", phone="13700003333",
                         matters=["refund", "keys"], valid_from=today(), valid_to=today() + timedelta(days=90), copies_kept=True, by=clerk)
    pay(household, 600_00, clerk)
    change_owner(household.unit, owners=[{"name": "李芳"}], last_day=today() - timedelta(days=1), by=clerk)
    household.refresh_from_db()
    refund = ask(household, 50_00, clerk, "cash", payee_name="何俊", letter=letter, reason="sold", despite=("arrears", "not_called"))
    assert refund.letter.uses.get().matter == "refund"
    with pytest.raises(Refused, match="只看不改"):
        use_letter(letter, matter="keys", words="取钥匙", despite=("not_called",), by=clerk)
