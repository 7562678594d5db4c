"""A void by two people: lines unpaid again, number kept, money where the asking said (DOMAIN §2 Receipt, §9.17; TRUST 14)."""
from datetime import timedelta

import pytest

from billing.cashier import credit_left, use_credit
from billing.models import Allocation, Credit, Payment, ReceiptVoid
from billing.receipts import ask_void, refuse_void, settled_later, void_receipt
from billing.run import bill_month
from households.models import Household
from servicecentre.kit import periods
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.refused import Refused
from servicecentre.papers.models import Paper, Series
from servicecentre.roles import Role
from servicecentre.staff.models import User
from servicecentre.worklog.models import Entry
from tests.conftest import person_at
from tests.factories import make_household

from .till import demand_sums_agree, dues, household_owing, lines, pay


@pytest.fixture
def household(estate):
    return household_owing(estate)


@pytest.fixture
def manager2(estate):
    return person_at(estate, "zhaolei", "赵磊", Role.MANAGER)


@pytest.fixture
def tomorrow(monkeypatch):
    def on():
        later = periods.now() + timedelta(days=1)
        monkeypatch.setattr(periods, "clock", lambda: later)
    return on


def ask(payment, by, goes="credit", **more):
    return ask_void(payment, **({"reason": "amount", "words": "多收了一个月"} | more), goes=goes, by=by)


def again(household, fen, method="cash", **more):
    return {"household": household.pk, "charges": None, "parts": [(method, fen, "" if method == "cash" else "8841")]} | more


def test_voided_lines_are_unpaid_and_the_number_stays(household, clerk, manager):
    payment = pay(household, 51048, clerk)
    void = void_receipt(ask(payment, clerk), by=manager)
    payment.refresh_from_db()
    assert dues(household) == [17016] * 3 and payment.voided_at and payment.left == 0
    paper = Paper.objects.get(pk=payment.paper_id)
    assert (paper.is_void, paper.voided_by, paper.void_asked_by, paper.undone_by) == (True, manager, clerk, void.paper)
    assert paper.void_reason == "金额有误，多收了一个月"
    assert void.paper.number.startswith("ZF-") and void.paper.content["receipt"] == payment.paper.number
    assert [line["amount"] for line in void.paper.content["lines"]] == [-17016] * 3 and void.paper.content["total"] == -51048
    assert void.paper.content["words"] == "负伍佰壹拾元肆角捌分"
    assert pay(household, 17016, clerk).paper.serial == 2
    assert Series.objects.get(kind="SJ").last == 2
    demand_sums_agree(household.estate)


def test_money_turned_into_credit_does_not_pay_the_lines_just_freed_but_later_ones(household, estate, clerk, manager):
    void = void_receipt(ask(pay(household, 34032, clerk), clerk), by=manager)
    assert dues(household) == [17016] * 3 and credit_left(household) == 34032
    assert (void.credit.amount, void.credit.left, void.credit.source) == (34032, 34032, Credit.Source.VOID)
    bill_month(estate, BillingMonth.parse("2026-12"), by=User.system())
    assert dues(household) == [17016, 17016, 17016, 0] and credit_left(household) == 17016
    demand_sums_agree(estate)


def test_money_handed_back_leaves_nothing(household, clerk, manager):
    void = void_receipt(ask(pay(household, 20000, clerk), clerk, "back"), by=manager)
    assert dues(household) == [17016] * 3 and credit_left(household) == 0 and void.credit is None
    assert not Credit.objects.exists()
    demand_sums_agree(household.estate)


def test_money_is_handed_back_on_its_own_day_only(household, clerk, manager, tomorrow):
    payment = pay(household, 17016, clerk)
    void = ask(payment, clerk, "back")
    tomorrow()
    with pytest.raises(Refused, match="不能从今天的钱箱当面退"):
        void_receipt(void, by=manager)
    refuse_void(void, refusal="隔天了", by=manager)
    with pytest.raises(Refused, match="不能从今天的钱箱当面退"):
        ask(payment, clerk, "back")
    void_receipt(ask(payment, clerk, "credit"), by=manager)


def test_a_leftover_that_paid_later_lines_is_taken_back_newest_first(estate, clerk, manager):
    household = make_household(estate, "3-2-1801", 8956)
    payment = pay(household, 40000, clerk)
    for month in ("2026-10", "2026-11"):
        bill_month(estate, BillingMonth.parse(month), by=User.system())
    assert dues(household) == [0, 0] and credit_left(household) == 40000 - 34032
    void = ask(payment, clerk, "back")
    later = list(settled_later(payment))
    assert [a.charge.period.month for a in later] == [11, 10]
    void_receipt(void, by=manager)
    assert dues(household) == [17016, 17016] and credit_left(household) == 0
    content = ReceiptVoid.objects.get(pk=void.pk).paper.content
    assert [(line["after"], line["amount"]) for line in content["lines"]] == [
        ("预存抵的，恢复为未缴", -17016), ("预存抵的，恢复为未缴", -17016), ("冲回", -5968)]
    demand_sums_agree(estate)


def test_credit_used_with_the_receipt_goes_back_to_where_it_came_from(household, clerk, manager):
    first = pay(household, 5000, clerk, charges=[])
    second = pay(household, 12016, clerk, charges=[lines(household)[0].pk], use_credit=True)
    void = void_receipt(ask(second, clerk, "back"), by=manager)
    first.refresh_from_db()
    assert dues(household) == [17016] * 3 and first.left == 5000 == credit_left(household)
    assert [(line["fee"], line["amount"]) for line in void.paper.content["lines"]] == [("物业管理服务费", -17016), ("用预存", 5000)]
    assert void.paper.content["total"] == -12016
    demand_sums_agree(household.estate)


def test_a_voided_leftover_that_another_receipt_used_is_taken_out_of_it(household, clerk, manager):
    first = pay(household, 5000, clerk, charges=[])
    second = pay(household, 12016, clerk, charges=[lines(household)[0].pk], use_credit=True)
    void_receipt(ask(first, clerk, "back"), by=manager)
    assert dues(household)[0] == 5000 and second.allocations.live().count() == 1
    demand_sums_agree(household.estate)
    void_receipt(ask(second, clerk, "back"), by=manager)
    assert dues(household) == [17016] * 3 and credit_left(household) == 0
    demand_sums_agree(household.estate)


def test_reissue_is_void_and_new_receipt_in_one(household, estate, clerk, clerk2, manager):
    other = household_owing(estate, "3-2-1601", 8956)
    payment = pay(household, 17016, clerk)
    void = void_receipt(ask(payment, clerk2, "reissue", reason="unit", reissue=again(other, 17016, "wechat")), by=manager)
    new = void.reissued
    assert dues(household) == [17016] * 3 and dues(other) == [0, 17016, 17016]
    assert (new.household, new.cashier, new.shift.cashier, new.total, new.paper.replaces) == (other, clerk2, clerk2, 17016, payment.paper)
    assert f"原收据 {payment.paper.number} 作废重开" in new.paper.content["remarks"]
    assert void.paper.content["reissued"] == new.paper.number
    demand_sums_agree(estate)


def test_reissue_with_other_lines_pays_those(household, clerk, manager):
    payment = pay(household, 17016, clerk)
    third = lines(household)[2]
    void_receipt(ask(payment, clerk, "reissue", reissue=again(household, 17016, charges=[third.pk])), by=manager)
    assert dues(household) == [17016, 17016, 0]


def test_a_reissue_that_says_the_same_mends_nothing(household, clerk):
    payment = pay(household, 17016, clerk)
    same = {**again(household, 17016, charges=[lines(household)[0].pk]), "payer_name": payment.payer_name}
    with pytest.raises(Refused, match="没有改正"):
        ask(payment, clerk, "reissue", reissue=same)
    assert ask(payment, clerk, "reissue", reissue={**same, "payer_name": "张小明"}).reissue["payer_name"] == "张小明"


def test_too_little_money_on_the_table_is_told_when_a_reissue_is_asked(household, clerk):
    payment = pay(household, 17016, clerk)
    with pytest.raises(Refused, match="还差 70.16 元"):
        ask(payment, clerk, "reissue", reissue={**again(household, 17016), "tendered": 10000})


def test_households_are_locked_in_the_order_of_their_numbers(household, estate, clerk, clerk2, manager, monkeypatch):
    """Two voids that reissue to each other's household would else wait for each other."""
    other = household_owing(estate, "3-2-1601", 8956)
    void = ask(pay(other, 17016, clerk), clerk2, "reissue", reason="unit", reissue=again(household, 17016))
    locked, lock = [], type(Household.objects).lock
    monkeypatch.setattr(type(Household.objects), "lock", lambda self, row, **k: (
        self.model is Household and locked.append(getattr(row, "pk", row)), lock(self, row, **k))[1])
    void_receipt(void, by=manager)
    assert locked[:2] == sorted([household.pk, other.pk])


def test_a_refunded_receipt_is_not_voided(household, clerk, manager):
    payment = pay(household, 20000, clerk, charges=[lines(household)[0].pk])
    Payment.objects.filter(pk=payment.pk).update(left=0, refunded=payment.left)
    with pytest.raises(Refused, match="已退过款"):
        ask(payment, clerk, "credit")


def test_reissue_of_a_line_paid_meanwhile_leaves_its_sum_as_credit(household, clerk, clerk2, manager):
    payment = pay(household, 17016, clerk)
    third = lines(household)[2]
    void = ask(payment, clerk, "reissue", reissue=again(household, 17016, charges=[third.pk]))
    pay(household, 17016, clerk2, charges=[third.pk])
    new = void_receipt(void, by=manager).reissued
    assert new.left == 17016 and dues(household) == [17016, 17016, 0]
    demand_sums_agree(household.estate)


@pytest.mark.parametrize(("reissue", "match"), [
    (None, "写明重开"),
    ({"household": 10**9, "parts": [("cash", 1, "")]}, "没有这一户"),
])
def test_reissue_without_sense_is_refused(household, clerk, reissue, match):
    with pytest.raises(Refused, match=match):
        ask(pay(household, 17016, clerk), clerk, "reissue", reissue=reissue)


def test_reissue_for_a_household_next_door_is_refused(household, other_estate, clerk):
    theirs = make_household(other_estate, "1-1-101")
    with pytest.raises(Refused, match="没有这一户"):
        ask(pay(household, 17016, clerk), clerk, "reissue", reissue=again(theirs, 17016))


def test_neither_asker_nor_cashier_approves(household, estate, clerk, manager, manager2):
    payment = pay(household, 17016, manager2)                     # one person, two posts: he took the money
    void = ask(payment, manager)
    with pytest.raises(Refused, match="您申请的"):
        void_receipt(void, by=manager)
    with pytest.raises(Refused, match="您开的"):
        void_receipt(void, by=manager2)
    assert dues(household) == [0, 17016, 17016]


def test_an_administrator_is_second_person_only_without_another_manager(household, estate, clerk, manager, admin, manager2):
    mine = ask(pay(household, 17016, clerk), manager)
    with pytest.raises(Refused, match="请主管 赵磊 批准"):
        void_receipt(mine, by=admin)
    manager2.is_active = False
    manager2.save(update_fields=["is_active"])
    assert void_receipt(mine, by=admin).decided_by == admin


def test_the_database_too_wants_two_people(household, clerk, manager):
    void = ask(pay(household, 17016, clerk), clerk)
    from django.db import IntegrityError, transaction
    for wrong in ({"decided_by": clerk, "approved": True}, {"decided_by": clerk, "approved": False}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ReceiptVoid.objects.filter(pk=void.pk).update(**wrong)
    other = ask(pay(household, 100, clerk), manager)
    with pytest.raises(IntegrityError), transaction.atomic():
        ReceiptVoid.objects.filter(pk=other.pk).update(decided_by=clerk, approved=True)


def test_a_receipt_is_asked_for_once_and_voided_once(household, clerk, clerk2, manager, manager2):
    payment = pay(household, 17016, clerk)
    void = ask(payment, clerk)
    with pytest.raises(Refused, match="李婷 .*已申请作废") as refused:
        ask(payment, clerk2)
    assert refused.value.link[1] == void.get_absolute_url()
    void_receipt(void, by=manager)
    with pytest.raises(Refused, match="陈静 .*已批准作废"):
        void_receipt(void, by=manager2)
    with pytest.raises(Refused, match="已经作废"):
        ask(payment, clerk)
    assert Paper.objects.filter(kind="ZF").count() == 1
    demand_sums_agree(household.estate)


def test_a_refused_void_leaves_the_receipt_and_may_be_asked_again(household, clerk, manager):
    payment = pay(household, 17016, clerk)
    void = refuse_void(ask(payment, clerk), refusal="客户联没有带来", by=manager)
    payment.refresh_from_db()
    assert (void.approved, void.refusal, void.decided_by) == (False, "客户联没有带来", manager)
    assert payment.voided_at is None and dues(household) == [0, 17016, 17016] and not payment.paper.is_void
    assert "不作废收据" in Entry.objects.latest("pk").words
    void_receipt(ask(payment, clerk), by=manager)


@pytest.mark.parametrize("words", ["", "  "])
def test_deciding_and_asking_need_words(household, clerk, manager, words):
    payment = pay(household, 17016, clerk)
    with pytest.raises(Refused, match="写明"):
        ask(payment, clerk, words=words)
    with pytest.raises(Refused, match="写明"):
        refuse_void(ask(payment, clerk), refusal=words, by=manager)
    with pytest.raises(Refused, match="自己决定"):
        refuse_void(ReceiptVoid.objects.get(), refusal="不", by=clerk)


def test_copies_beyond_three_are_refused_and_missing_ones_are_told(household, clerk):
    payment = pay(household, 17016, clerk)
    with pytest.raises(Refused, match="一共三联"):
        ask(payment, clerk, copies_back=4)
    ask(payment, clerk, copies_back=2)
    assert "收回 2 联" in Entry.objects.latest("pk").words


def test_every_void_is_in_the_log_with_both_names_and_the_sum(household, clerk, manager):
    void = void_receipt(ask(pay(household, 17016, clerk), clerk, "back"), by=manager)
    asked, done = Entry.objects.order_by("-pk")[:2][::-1]
    assert (asked.by, done.by) == (clerk, manager)
    assert done.words == f"作废收据 {void.payment.paper.number}，170.16 元，金额有误，当面退回交款人，作废单 {void.paper.number}"
    assert asked.household_no == done.household_no == household.number


def test_credit_of_a_void_that_was_used_is_not_lost_when_its_line_is_freed_again(household, clerk, manager):
    void = void_receipt(ask(pay(household, 17016, clerk), clerk), by=manager)
    use_credit(household, charges=[lines(household)[0].pk], by=clerk)
    void.credit.refresh_from_db()
    assert void.credit.left == 0 and dues(household) == [0, 17016, 17016]
    assert Allocation.objects.live().count() == 1
    demand_sums_agree(household.estate)


def test_a_void_in_the_new_year_keeps_the_old_number_and_takes_a_new_one(household, clerk, manager, monkeypatch):
    from datetime import UTC, datetime
    monkeypatch.setattr(periods, "clock", lambda: datetime(2026, 12, 31, 9, tzinfo=UTC))
    payment = pay(household, 17016, clerk)
    monkeypatch.setattr(periods, "clock", lambda: datetime(2027, 1, 2, 2, tzinfo=UTC))
    void = void_receipt(ask(payment, clerk), by=manager)
    assert (payment.paper.number, void.paper.number) == ("SJ-2026-000001", "ZF-2027-000001")
    assert Payment.objects.get().voided_at
