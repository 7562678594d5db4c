"""A wrong bill and the right one in its place: a manager's alone where it is not less, two people's where it is (DOMAIN §2, §9.6)."""
from datetime import date

import pytest

from billing.ahead import bill_ahead
from billing.cashier import credit_left
from billing.models import BillRun, Charge, Rebill, RebillAsked
from billing.one_off import void_once
from billing.rebill import approve_rebill, ask_rebill, refuse_rebill, void_and_rebill
from billing.receipts import ask_void, void_receipt
from billing.run import bill_month, undo_run
from billing.waivers import ask_waiver, waive_charge
from servicecentre.desk.proofs import prove
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.refused import Refused
from servicecentre.roles import Role
from servicecentre.staff.models import User
from tests.conftest import Desk, person_at

from .till import demand_sums_agree, household_owing, lines, pay

MORE = {"quantity": 9056, "unit_price": 1_9000, "reason": "面积抄错"}                     # 172.06
LESS = MORE | {"quantity": 8856}                                                          # 168.26


@pytest.fixture
def household(estate):
    return household_owing(estate)


@pytest.fixture
def manager2(estate):
    return person_at(estate, "zhaolei", "赵磊", Role.MANAGER)


def anew(line, by, **changes):
    return void_and_rebill(line, by=by, **{**MORE, "due_on": line.due_on, **changes})


def asked(line, by, **changes):
    return ask_rebill(line, by=by, **{**LESS, "due_on": line.due_on, **changes})


def test_a_wrong_bill_is_void_and_the_right_one_knows_it(household, manager):
    old = lines(household)[2]
    rebill = anew(old, manager)
    old.refresh_from_db()
    assert old.voided_at and old.void_reason == "面积抄错" and rebill.new.amount == 172_06
    assert old.rebilled_as.new == rebill.new and rebill.new.rebills.old == old
    assert (rebill.new.period, rebill.new.starts_on, rebill.new.ends_on) == (old.period, old.starts_on, old.ends_on)
    bill_month(household.estate, BillingMonth(2026, 11), by=manager)
    assert len(lines(household)) == 3, "the run finds it billed"


def test_a_lower_sum_is_nobodys_own_to_give(household, clerk, manager, manager2):
    old = lines(household)[0]
    with pytest.raises(Refused, match="另一位主管批准"):
        anew(old, manager, **LESS)
    wish = asked(old, manager)
    assert (wish.amount, lines(household)[0].pk) == (168_26, old.pk), "nothing is done yet"
    with pytest.raises(Refused, match="您申请的"):
        approve_rebill(wish, by=manager)
    with pytest.raises(Refused, match="已申请作废重出"):
        asked(old, clerk)
    with pytest.raises(Refused, match="已申请作废重出"):
        anew(old, manager2)
    rebill = approve_rebill(wish, by=manager2).rebill
    assert (rebill.old, rebill.new.amount, rebill.by) == (old, 168_26, manager2) and not list(prove())
    with pytest.raises(Refused, match="已批准"):
        approve_rebill(wish, by=manager2)


def test_the_asking_may_be_refused_with_words_and_asked_again(household, clerk, manager):
    wish = asked(lines(household)[0], clerk)
    with pytest.raises(Refused, match="写明为什么"):
        refuse_rebill(wish, refusal=" ", by=manager)
    assert refuse_rebill(wish, refusal="面积没有错", by=manager).approved is False
    assert approve_rebill(asked(lines(household)[0], clerk), by=manager).approved and not list(prove())


def test_paid_meanwhile_it_is_not_approved(household, clerk, manager):
    wish = asked(lines(household)[0], clerk)
    pay(household, 170_16, clerk)
    with pytest.raises(Refused, match="先申请作废那张收据"):
        approve_rebill(wish, by=manager)
    assert refuse_rebill(wish, refusal="已缴，先作废收据", by=manager).approved is False


def test_the_new_line_keeps_its_run_and_its_price(estate, household, manager):
    old = lines(household)[2]
    rebill = anew(old, manager)
    assert (rebill.new.run, rebill.new.price) == (old.run, old.price) and old.price and not list(prove())
    dearer = anew(rebill.new, manager, unit_price=2_0000)
    assert (dearer.new.run, dearer.new.price, dearer.new.amount) == (old.run, None, 181_12)
    back = approve_rebill(ask_rebill(dearer.new, due_on=old.due_on, by=manager, **MORE), by=person_at(estate, "zhaolei", "赵磊", Role.MANAGER))
    assert back.rebill.new.price == old.price, "the tariff's price is the tariff's again"
    undo_run(BillRun.objects.get(period=date(2026, 11, 1)), reason="重出", by=manager)
    assert len(lines(household)) == 2 and not list(prove())


def test_percent_is_what_it_was(household, manager):
    assert anew(lines(household)[0], manager).new.percent == 100 and not Charge.objects.exclude(percent=100).exists()


@pytest.mark.parametrize("due_on", [date(1999, 1, 1), date(2026, 8, 31), date(2099, 1, 1)])
def test_a_due_day_outside_reason_is_refused(household, manager, due_on):
    with pytest.raises(Refused, match="应缴日在 2026-09-01 到"):
        anew(lines(household)[0], manager, due_on=due_on)
    assert anew(lines(household)[0], manager, due_on=date(2026, 9, 1)).new.due_on == date(2026, 9, 1)


@pytest.mark.parametrize("factors", [{"unit_price": 0}, {"quantity": 0}, {"quantity": 1, "unit_price": 1}])
def test_nothing_left_to_pay_is_a_waiver(household, clerk, factors):
    with pytest.raises(Refused, match="申请减免"):
        asked(lines(household)[0], clerk, **factors)


def test_a_months_line_in_the_place_of_another_is_not_voided_alone(household, clerk, manager):
    rebill = anew(lines(household)[0], manager)
    assert rebill.new.run
    with pytest.raises(Refused, match="按月出的账"):
        void_once(rebill.new, reason="试", by=manager)
    ahead = bill_ahead(household, 1, by=clerk)[0]
    rebill = anew(ahead, manager)
    assert rebill.new.run is None
    with pytest.raises(Refused, match="按月出的账"):
        void_once(rebill.new, reason="试", by=manager)


def test_a_paid_bill_names_the_receipt_to_void_first(household, clerk, manager):
    payment = pay(household, 170_16, clerk)
    old = lines(household)[0]
    with pytest.raises(Refused, match="先申请作废那张收据") as refused:
        anew(old, manager)
    assert refused.value.link == (f"看收据 {payment}", payment.get_absolute_url())
    void_receipt(ask_void(payment, reason="amount", words="账单错", goes="credit", by=clerk), by=manager)
    old.refresh_from_db()
    anew(old, manager)
    assert credit_left(household) == 170_16
    demand_sums_agree(household.estate)


def test_credit_that_settled_it_by_itself_comes_back(estate, clerk, manager):
    household = household_owing(estate, months=("2026-10",))
    pay(household, 200_00, clerk)
    bill_month(estate, BillingMonth(2026, 11), by=User.system())
    old = lines(household)[1]
    assert old.paid == 29_84
    anew(old, manager)
    assert credit_left(household) == 29_84 and lines(household)[1].paid == 0
    demand_sums_agree(estate)


def test_a_bill_that_would_be_the_same_mended_or_waived_is_refused(household, clerk, manager):
    old = lines(household)[0]
    with pytest.raises(Refused, match="和原来一样"):
        anew(old, manager, quantity=old.quantity)
    waive_charge(ask_waiver(old, amount=1_00, reason="试", by=clerk), by=manager)
    with pytest.raises(Refused, match="更正或减免"):
        anew(old, manager)
    with pytest.raises(Refused, match="更正或减免"):
        asked(old, clerk)
    assert not Rebill.objects.exists() and not Charge.objects.exclude(voided_at=None).exists()


# --- its pages --------------------------------------------------------------------------------------------------------

def words(answer):
    return answer.content.decode()


def typed(line, **changes):
    return {"quantity": "88.56", "unit_price": "1.9", "due_on": line.due_on.isoformat(), "reason": "面积抄错", **changes}


def test_a_wrong_bill_and_the_right_one_show_each_other(estate, household, manager):
    old = lines(household)[0]
    desk = Desk(manager, estate)
    assert "percent" not in words(desk.get(f"/billing/charges/{old.pk}/rebill/"))
    answer = desk.post(f"/billing/charges/{old.pk}/rebill/", typed(old, quantity="90.56"))
    new = old.household.charges.live().get(period=old.period)
    assert answer.url.endswith(f"/billing/charges/{new.pk}/")
    assert "172.06" in words(desk.get(f"/billing/charges/{old.pk}/")) and "170.16 元的那一笔" in words(desk.get(answer.url))


def test_a_managers_lower_sum_becomes_an_asking_for_another(estate, household, manager, manager2):
    old = lines(household)[0]
    where = Desk(manager, estate).post(f"/billing/charges/{old.pk}/rebill/", typed(old)).url
    wish = RebillAsked.objects.get()
    assert where.endswith(f"/billing/rebills/{wish.pk}/") and not Rebill.objects.exists()
    desk, other = Desk(manager, estate), Desk(manager2, estate)
    page = words(desk.get(where))
    assert "您不能批准" in page and "88.56 × 1.9" in page and "168.26" in page
    assert "等批准作废重出" in words(desk.get(f"/billing/charges/{old.pk}/"))
    assert "作废重出" in words(other.get("/billing/approvals/")) and "等您批" in words(other.get("/billing/approvals/"))
    assert desk.post(f"{where}approve/").status_code == 409
    assert other.post(f"{where}approve/").status_code == 302
    assert "已重出" in words(other.get(where)) and Rebill.objects.get().new.amount == 168_26


def test_a_clerk_asks_and_a_manager_may_refuse(estate, household, clerk, manager):
    old = lines(household)[0]
    desk = Desk(clerk, estate)
    assert "申请作废重出" in words(desk.get(f"/billing/charges/{old.pk}/"))
    where = desk.post(f"/billing/charges/{old.pk}/rebill/ask/", typed(old)).url
    assert "由主管批准" in words(desk.get(where))
    assert Desk(manager, estate).post(f"{where}refuse/", {"refusal": "面积没有错"}).status_code == 302
    assert "面积没有错" in words(desk.get(where)) and RebillAsked.objects.get(approved=False).asked_by == clerk


def test_a_paid_bill_leads_to_its_receipt(estate, household, clerk, manager):
    receipt = pay(household, 600_00, clerk, "wechat")
    page = words(Desk(manager, estate).get(f"/billing/charges/{lines(household)[0].pk}/rebill/"))
    assert f"收据 {receipt} 收过，要先作废它" in page and receipt.get_absolute_url() in page
