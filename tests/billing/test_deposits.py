"""Deposits: not income, given back by three people, against the original receipt or what stands for it (DOMAIN §2, §9.15)."""
from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from billing.cashier import collect_payment
from billing.deposit_returns import (
    approve_deposit_return,
    ask_deposit_return,
    bounce_deposit_return,
    pay_deposit_return,
    refuse_deposit_return,
    withdraw_deposit_return,
)
from billing.deposits import ask_deposit_void, refuse_deposit_void, take_deposit, void_deposit
from billing.models import Credit, Deposit, DepositMove, DepositReturn, Payment, PettyCashMove
from billing.petty_cash import top_up_petty_cash
from billing.statement import statement
from households.agents import call_principal, take_letter
from servicecentre.desk.proofs import prove
from servicecentre.files.models import File
from servicecentre.files.storing import kept
from servicecentre.kit.refused import Refused
from servicecentre.roles import Role
from servicecentre.worklog.models import Entry
from tests.billing.till import demand_sums_agree, household_owing, lines, pay
from tests.conftest import person_at
from tests.factories import make_household
from tests.files.making import ready
from tests.worlds import at, resident_id

NUMBER = resident_id("32010619880417002")
THREE = {"original_returned": True, "in_person": True, "id_checked": True}


@pytest.fixture
def household(estate):
    return household_owing(estate)


@pytest.fixture
def deposit(household, clerk):
    return take(household, clerk)


def take(household, by, fen=2000_00, **more):
    given = {"kind": "renovation", "basis": "施工许可证 XK-2026-000086", "payer_name": "卢建国", "payer_phone": "13900005678", "payer_id": NUMBER,
             "method": "transfer", "reference": "20261124003307", "bank": "工商银行东山支行", "account_no": "6222 0000 1111 8812"}
    return take_deposit(household, amount=fen, by=by, **({"despite": ("same_again", "reference_again")} | given | more))


def ask(deposit, by, method="same_way", deductions=(), **more):
    """Asked with a photo for each deduction (kind, words, fen); inspected the day it was taken."""
    more = {"inspected_by": "赵国强", "inspected_on": deposit.day} | more
    with kept([ready() for _ in deductions]) as files:
        rows = [{"kind": kind, "words": words, "amount": fen, "files": [file]} for (kind, words, fen), file in zip(deductions, files, strict=True)]
        return ask_deposit_return(deposit, method=method, deductions=rows, by=by, **(THREE | more))


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def test_a_deposit_is_a_row_of_its_own_and_no_payment(household, deposit, clerk):
    assert (deposit.amount, deposit.held, deposit.cashier, str(deposit.shift.cashier)) == (2000_00, 2000_00, clerk, "李婷")
    assert deposit.paper.number.startswith("YJ-") and deposit.paper.content["words"] == "贰仟元整" or deposit.paper.content["words"].endswith("贰仟元整")
    assert deposit.paper.content["id_masked"] == "3201**********" + NUMBER[-4:] and "8812" in deposit.paper.content["account"]
    assert not Payment.objects.exists() and [line.paid for line in lines(household)] == [0, 0, 0]
    assert [(m.kind, m.amount) for m in deposit.moves.all()] == [("taken", 2000_00)]


def test_the_number_of_identity_stands_nowhere_readable(deposit):
    with connection.cursor() as cursor:
        cursor.execute("SELECT payer_id, account_no FROM billing_deposit")
        ((number, account),) = cursor.fetchall()
    assert NUMBER not in number and number.startswith("f") and "8812" not in account
    assert fresh(deposit).payer_id == NUMBER
    assert not any(NUMBER in entry.words for entry in Entry.objects.all())


@pytest.mark.parametrize(("more", "sentence"), [
    ({"basis": ""}, "写明依据"), ({"payer_id": ""}, "证件号码"), ({"payer_id": "320106198804170021"}, "校验不符"), ({"reference": "33"}, "流水号"),
    ({"fen": 0}, "大于 0"), ({"due_back_on": date(2020, 1, 1)}, "不能早于今天"), ({"account_no": "12"}, "账号"), ({"payer_phone": "12"}, "位")])
def test_what_is_refused_when_it_is_taken(household, clerk, more, sentence):
    with pytest.raises(Refused, match=sentence):
        take(household, clerk, **more)
    assert not Deposit.objects.exists()


def test_the_registered_number_of_an_owner_stands_in(estate, household, clerk):
    owner = household.ownerships.get().person
    owner.id_kind, owner.id_number, owner.id_digest, owner.id_masked = "resident", NUMBER, "d" * 64, "3201**********0026"
    owner.save()
    assert take(household, clerk, payer_name="张明", payer_id="").payer_id == NUMBER


def test_given_back_by_three_people_with_a_deduction(estate, household, deposit, clerk, manager, finance):
    back = ask(deposit, clerk, deductions=[("damage", "电梯厅墙砖 2 块", 160_00)])
    assert (back.amount, back.deducted, back.refund, fresh(deposit).held) == (2000_00, 160_00, 1840_00, 2000_00)
    assert File.objects.attached_to(back.deductions.get()).count() == 1
    with pytest.raises(Refused, match="您申请的"):
        approve_deposit_return(back, by=clerk)
    approve_deposit_return(back, by=manager)
    with pytest.raises(Refused, match="末 4 位"):
        pay_deposit_return(back, by=finance)
    paid = pay_deposit_return(back, reference="99307", by=finance)
    assert paid.paper.number.startswith("YT-") and paid.paper.content["lines"][0]["proof"] == "照片 1 张"
    assert fresh(deposit).held == 0
    assert [(m.kind, m.amount) for m in deposit.moves.all()] == [("taken", 2000_00), ("deducted", 160_00), ("returned", 1840_00)]
    with pytest.raises(Refused, match="已付"):
        pay_deposit_return(back, reference="99307", by=finance)


def test_who_took_the_money_neither_approves_nor_pays(estate, household, clerk, clerk2, manager, finance):
    """One person may hold two posts, never collect and approve the same thing."""
    taken = take(household, manager)
    back = ask(taken, clerk)
    with pytest.raises(Refused, match="您收的"):
        approve_deposit_return(back, by=manager)
    other = person_at(estate, "fangmin", "方敏", Role.MANAGER)
    approve_deposit_return(back, by=other)
    for user in (clerk, manager):
        with pytest.raises(Refused, match="由别人付款"):
            pay_deposit_return(back, reference="99307", by=user)
    for user in (clerk.pk, manager.pk):
        with pytest.raises(IntegrityError), transaction.atomic():
            DepositReturn.objects.filter(pk=back.pk).update(paid_by=user, paid_at=back.asked_at)


def test_no_deduction_without_words_and_photo(deposit, clerk):
    row = {"kind": "damage", "words": "墙砖", "amount": 160_00, "files": []}
    with pytest.raises(Refused, match="没有照片"):
        ask_deposit_return(deposit, method="same_way", deductions=[row], inspected_by="赵国强", inspected_on=deposit.day, by=clerk, **THREE)
    with pytest.raises(Refused, match="写明扣什么"):
        ask(deposit, clerk, deductions=[("damage", "", 160_00)])
    with pytest.raises(Refused, match="比在押的 2,000.00 元多"):
        ask(deposit, clerk, deductions=[("damage", "墙砖", 1999_99), ("lost", "出入证", 2)])
    assert not DepositReturn.objects.exists() and not File.objects.exists()


def test_without_the_original_the_payer_comes_and_declares(deposit, clerk, manager, finance):
    with pytest.raises(Refused, match="交款人本人"):
        ask(deposit, clerk, original_returned=False, in_person=False)
    with pytest.raises(Refused, match="声明"):
        ask(deposit, clerk, original_returned=False)
    with pytest.raises(Refused, match="核对来人"):
        ask(deposit, clerk, id_checked=False)
    with kept([ready()]) as files:
        back = ask(deposit, clerk, original_returned=False, declaration=files)
    assert File.objects.attached_to(back).get().label.startswith("遗失声明")
    paid = pay_deposit_return(approve_deposit_return(back, by=manager), reference="99307", by=finance)
    assert paid.paper.content["original_returned"] is False


def test_a_delegate_comes_by_the_payers_letter(household, clerk):
    payer = household.ownerships.get()
    deposit = take(household, clerk, payer_name="张明")
    letter = take_letter(household, principal=payer, name="何代理", id_number=resident_id("32010619900101001"), phone="13700001111",
                         matters=["refund"], copies_kept=True, valid_from=date(2026, 1, 1), by=clerk)
    delegate = {"in_person": False, "letter": letter}
    with pytest.raises(Refused, match="委托书"):
        ask(deposit, clerk, in_person=False)
    with pytest.raises(Refused, match="核实"):
        ask(deposit, clerk, **delegate)
    call_principal(letter, phone="phone", question="退押金", result="confirmed", by=clerk)
    with pytest.raises(Refused, match="押金是卢建国交的，不是业主"):
        ask(take(household, clerk), clerk, **delegate)
    back = ask(deposit, clerk, **delegate)
    assert back.letter == letter and letter.uses.get().matter == "refund"
    withdraw_deposit_return(back, withdrawn_words="账号填错", by=clerk)
    assert ask(deposit, clerk, **delegate).letter_use == back.letter_use                    # its one use came to nothing
    with pytest.raises(Refused, match="只用一次"):
        ask(take(household, clerk, payer_name="张明", fen=100_00), clerk, **delegate)


def test_arrears_are_set_off_only_with_written_consent(estate, household, deposit, clerk, manager, finance):
    chosen = lines(household)[:2]
    off = {"set_off": chosen, "set_off_amount": 340_32}
    with pytest.raises(Refused, match="同意书"):
        ask(deposit, clerk, **off)
    with kept([ready()]) as files:
        back = ask(deposit, clerk, consent=files, **off)
    assert back.refund == 1659_68 and not Credit.objects.exists()
    pay_deposit_return(approve_deposit_return(back, by=manager), reference="99307", by=finance)
    credit = Credit.objects.get()
    assert (credit.source, credit.amount, credit.left) == ("deposit", 340_32, 0)
    assert [line.due for line in lines(household)] == [0, 0, 170_16]
    demand_sums_agree(estate)


def test_what_was_paid_meanwhile_is_not_set_off(estate, household, deposit, clerk, manager, finance):
    """What the payer's deposit would pay too much would be the household's money, which another may take away in cash."""
    with kept([ready()]) as files:
        back = ask(deposit, clerk, set_off=lines(household)[:1], set_off_amount=170_16, consent=files)
    pay(household, 100_00, clerk)
    approve_deposit_return(back, by=manager)
    with pytest.raises(Refused, match="已缴，请撤回后重新申请"):
        pay_deposit_return(back, reference="99307", by=finance)
    assert not Credit.objects.exists() and fresh(deposit).held == 2000_00 and deposit.moves.count() == 1
    withdraw_deposit_return(back, withdrawn_words="欠费已缴一部分", by=clerk)
    with kept([ready()]) as files:
        back = ask(deposit, clerk, set_off=lines(household)[:1], set_off_amount=70_16, consent=files)
    pay_deposit_return(approve_deposit_return(back, by=manager), reference="99307", by=finance)
    assert Credit.objects.get().left == 0 and fresh(deposit).held == 0
    demand_sums_agree(estate)


def test_an_asking_is_withdrawn_also_when_it_is_approved(deposit, clerk, clerk2, manager, finance):
    first = ask(deposit, clerk)
    withdraw_deposit_return(first, withdrawn_words="客户明天再来", by=clerk2)
    with pytest.raises(Refused, match="已经撤回"):
        approve_deposit_return(first, by=manager)
    back = approve_deposit_return(ask(deposit, clerk, method="transfer"), by=manager)
    with pytest.raises(Refused, match="写明为什么撤回"):
        withdraw_deposit_return(back, withdrawn_words=" ", by=clerk)
    withdraw_deposit_return(back, withdrawn_words="账号填错", by=clerk)
    for act, more in ((pay_deposit_return, {"reference": "99307"}), (withdraw_deposit_return, {"withdrawn_words": "再撤"})):
        with pytest.raises(Refused, match="已经撤回"):
            act(back, by=finance, **more)
    again = pay_deposit_return(approve_deposit_return(ask(deposit, clerk), by=manager), reference="99307", by=finance)
    with pytest.raises(Refused, match="已经付过"):
        withdraw_deposit_return(again, withdrawn_words="账号填错", by=clerk)
    assert fresh(deposit).held == 0 and [fresh(row).state for row in (first, back, again)] == ["withdrawn", "withdrawn", "paid"]


def test_what_came_back_is_held_again_and_goes_out_anew(estate, household, deposit, clerk, manager, finance):
    with kept([ready()]) as files:
        back = ask(deposit, clerk, deductions=[("damage", "墙砖", 160_00)], set_off=lines(household)[:1], set_off_amount=170_16, consent=files)
    with pytest.raises(Refused, match="没有付出去"):
        bounce_deposit_return(back, bounced_words="户名不符", by=finance)
    pay_deposit_return(approve_deposit_return(back, by=manager), reference="99307", by=finance)
    back = bounce_deposit_return(back, bounced_words="户名不符", by=finance)
    assert back.state == "bounced" and fresh(back.paper).is_void and "仍在押" in back.paper_note(deposit.day)
    assert fresh(deposit).held == back.refund == 2000_00 - 160_00 - 170_16
    assert [m.kind for m in deposit.moves.all()] == ["taken", "deducted", "set_off", "returned", "bounced"]
    assert dict(statement(household, deposit.day, deposit.day).accounts)["装修押金"] == 1669_84
    with pytest.raises(Refused, match="已经登记过"):
        bounce_deposit_return(back, bounced_words="户名不符", by=finance)
    again = pay_deposit_return(approve_deposit_return(ask(deposit, clerk, method="transfer"), by=manager), reference="99308", by=finance)
    assert (again.amount, again.refund, fresh(deposit).held) == (1669_84, 1669_84, 0)
    assert f"前次 {back.paper.number} 被退回，扣款、抵欠费 330.16 元仍算数" in again.paper.content["before"]
    demand_sums_agree(estate)
    assert list(prove()) == []


def test_cash_does_not_come_back_by_the_bank(estate, household, clerk, manager, finance):
    top_up_petty_cash(estate, amount=100_00, reference="20261101", by=finance)
    deposit = take(household, clerk, fen=80_00, method="cash", reference="", kind="pass")
    back = pay_deposit_return(approve_deposit_return(ask(deposit, clerk, method="petty_cash"), by=manager), by=finance)
    with pytest.raises(Refused, match="备用金付的现金"):
        bounce_deposit_return(back, bounced_words="户名不符", by=finance)
    with pytest.raises(IntegrityError), transaction.atomic():
        DepositReturn.objects.filter(pk=back.pk).update(bounced_by=finance, bounced_at=back.paid_at)
    assert PettyCashMove.objects.last().balance == 20_00


def test_who_approved_does_not_pay(estate, household, deposit, clerk, manager):
    back = approve_deposit_return(ask(deposit, clerk), by=manager)
    with pytest.raises(Refused, match="批准过退它"):
        pay_deposit_return(back, reference="99307", by=manager)
    with pytest.raises(IntegrityError), transaction.atomic():
        DepositReturn.objects.filter(pk=back.pk).update(paid_by=manager, paid_at=back.asked_at)


def test_before_its_day_only_with_a_word(household, clerk):
    with at(2026, 11, 20, 2):
        deposit = take(household, clerk, due_back_on=date(2027, 5, 18))
    with at(2026, 11, 22, 2):
        with pytest.raises(Refused, match="约定 2027-05-18 起才退") as early:
            ask(deposit, clerk)
        assert early.value.unless == "early"
        ask(deposit, clerk, despite=("early",))
    assert Entry.objects.get(act="billing.ask_deposit_return").doubts == "early"


def test_a_payer_who_is_no_owner_sends_somebody_with_papers(household, deposit, clerk, manager, finance):
    with pytest.raises(Refused, match="填代办人姓名"):
        ask(deposit, clerk, in_person=False)
    identity = {"kind": "identity", "purpose": "代办退押金", "centre": "服务中心"}
    with kept([ready(), ready(**identity), ready(**identity)]) as files:
        papers = {"agency": files[:1], "payer_paper": files[1:2], "agent_paper": files[2:]}
        for missing, what in (("agency", "委托书"), ("payer_paper", "交款人证件"), ("agent_paper", "代办人证件")):
            with pytest.raises(Refused, match=f"要拍下{what}"):
                ask(deposit, clerk, in_person=False, delegate="何代理", **(papers | {missing: []}))
        back = ask(deposit, clerk, in_person=False, delegate="何代理", **papers)
    assert [file.label for file in File.objects.attached_to(back).order_by("pk")][1:] == ["交款人证件", "代办人证件"]
    paid = pay_deposit_return(approve_deposit_return(back, by=manager), reference="99307", by=finance)
    assert paid.paper.content["agent"] == "何代理，附委托书、证件" and back.letter is None


def test_a_renovations_goes_back_after_the_inspection(household, deposit, clerk, manager, finance):
    for missing, field in (({"inspected_by": ""}, "inspected_by"), ({"inspected_on": None}, "inspected_on")):
        with pytest.raises(Refused, match="验收后才退") as refused:
            ask(deposit, clerk, **missing)
        assert field in refused.value.message_dict
    with pytest.raises(Refused, match="验收日在收押金以后"):
        ask(deposit, clerk, inspected_on=date(2020, 1, 1))
    paid = pay_deposit_return(approve_deposit_return(ask(deposit, clerk), by=manager), reference="99307", by=finance)
    assert (paid.paper.content["inspected_by"], paid.paper.content["inspected_on"]) == ("赵国强", deposit.day.isoformat())
    key = take(household, clerk, kind="key")
    with pytest.raises(Refused, match="一起填"):
        ask(key, clerk, inspected_by="")
    assert ask(key, clerk, inspected_by="", inspected_on=None).inspected_on is None


def test_the_same_deposit_twice_is_a_question(estate, household, clerk):
    take(household, clerk, despite=())
    with pytest.raises(Refused, match="刚收过这一户押金 2,000.00 元") as doubt:
        take(household, clerk, despite=())
    assert doubt.value.unless == "same_again"
    with pytest.raises(Refused, match="已用这个流水号") as doubt:
        take(household, clerk, fen=100_00, despite=())
    assert doubt.value.unless == "reference_again"
    assert take(household, clerk, despite=("same_again", "reference_again")).paper_id
    pay(household, 100_00, clerk, "transfer")
    with pytest.raises(Refused, match="已用这个流水号开了收据 SJ-"):
        take(household, clerk, fen=300_00, reference="88412046", despite=())
    with pytest.raises(Refused, match="已用这个流水号开了收据 YJ-"):
        collect_payment(household, parts=[("transfer", 1_00, "20261124003307")], payer_name="张明", by=clerk, despite=("same_again", "left_over"))


def test_cash_comes_from_the_petty_cash(estate, household, clerk, manager, finance):
    deposit = take(household, clerk, fen=80_00, method="cash", reference="", kind="pass")
    with pytest.raises(Refused, match="交的是现金"):
        ask(deposit, clerk)
    back = approve_deposit_return(ask(deposit, clerk, method="petty_cash"), by=manager)
    with pytest.raises(Refused, match="备用金只有 0.00 元"):
        pay_deposit_return(back, by=finance)
    assert fresh(deposit).held == 80_00 and fresh(back).paid_at is None
    top_up_petty_cash(estate, amount=100_00, reference="20261101", by=finance)
    paid = pay_deposit_return(back, by=finance)
    assert (paid.spent.amount, PettyCashMove.objects.last().balance) == (-80_00, 20_00)


def test_a_transfer_wants_an_account(household, clerk):
    deposit = take(household, clerk, bank="", account_no="")
    with pytest.raises(Refused, match="开户行和账号"):
        ask(deposit, clerk, method="transfer")
    assert ask(deposit, clerk, method="transfer", bank="建设银行", account_no="6217000011112222").account_masked == "**** 2222"


def test_one_return_at_a_time_and_a_new_one_after_a_refusal(deposit, clerk, manager, finance):
    back = ask(deposit, clerk)
    with pytest.raises(Refused, match="已申请退这笔押金"):
        ask(deposit, clerk)
    refuse_deposit_return(back, refusal="扣款没算", by=manager)
    with pytest.raises(Refused, match="没有批准"):
        pay_deposit_return(back, reference="99307", by=finance)
    with pytest.raises(Refused, match="已决定不退"):
        approve_deposit_return(back, by=manager)
    assert ask(deposit, clerk).pk != back.pk


def test_nothing_left_to_pay_is_booked_by_finance_too(deposit, clerk, manager, finance):
    back = approve_deposit_return(ask(deposit, clerk, deductions=[("agreed", "约定赔偿", 2000_00)]), by=manager)
    paid = pay_deposit_return(back, by=finance)
    assert paid.paper.content["refund"] == 0 and fresh(deposit).held == 0
    assert [m.kind for m in deposit.moves.all()] == ["taken", "deducted"]


def test_a_mistake_of_today_is_void_by_two(estate, deposit, clerk, clerk2, manager):
    with pytest.raises(Refused, match="写明错在哪里"):
        ask_deposit_void(deposit, words=" ", by=clerk)
    with pytest.raises(Refused, match="一共三联"):
        ask_deposit_void(deposit, words="金额错", copies_back=4, by=clerk)
    void = ask_deposit_void(deposit, words="金额错", copies_back=2, by=clerk)
    with pytest.raises(Refused, match="等人批准"):
        ask_deposit_void(deposit, words="金额错", by=clerk2)
    with pytest.raises(Refused, match="申请作废"):
        ask(deposit, clerk)
    with pytest.raises(Refused, match="您申请的"):
        void_deposit(void, by=clerk)
    void = void_deposit(void, by=manager)
    gone = fresh(deposit)
    assert (gone.held, gone.voided_by, void.copies_back) == (0, manager, 2) and gone.paper.is_void and gone.paper.void_asked_by == clerk
    assert [m.kind for m in deposit.moves.all()] == ["taken", "voided"]
    assert "按原来的转账退回" in Entry.objects.get(act="billing.void_deposit").words
    with pytest.raises(Refused, match="已作废这张押金收据"):
        void_deposit(void, by=manager)
    with pytest.raises(Refused, match="退清"):
        ask(deposit, clerk)


def test_who_took_it_voids_it_not(estate, household, manager, clerk):
    void = ask_deposit_void(take(household, manager, method="cash", reference=""), words="金额错", by=clerk)
    with pytest.raises(Refused, match="您收的"):
        void_deposit(void, by=manager)
    other = person_at(estate, "fangmin", "方敏", Role.MANAGER)
    assert "从今天的钱箱当面退回" in void_deposit(void, by=other).deposit.moves.last().words


def test_a_void_refused_leaves_the_receipt(deposit, clerk, manager, finance):
    void = ask_deposit_void(deposit, words="金额错", by=clerk)
    with pytest.raises(Refused, match="不能自己决定"):
        refuse_deposit_void(void, refusal="没有错", by=clerk)
    refuse_deposit_void(void, refusal="没有错", by=manager)
    assert fresh(deposit).held == 2000_00 and not fresh(deposit).paper.is_void
    bounce_deposit_return(pay_deposit_return(approve_deposit_return(ask(deposit, clerk), by=manager), reference="99307", by=finance),
                          bounced_words="户名不符", by=finance)
    with pytest.raises(Refused, match="已在退"):
        ask_deposit_void(deposit, words="金额错", by=clerk)


def test_yesterdays_is_given_back_not_voided(estate, clerk, manager):
    with at(2026, 11, 20, 2):
        deposit = take(make_household(estate), clerk)
        void = ask_deposit_void(deposit, words="金额错", by=clerk)
    with at(2026, 11, 21, 2):
        with pytest.raises(Refused, match="退押金"):
            void_deposit(void, by=manager)
        refuse_deposit_void(void, refusal="隔天了", by=manager)
        with pytest.raises(Refused, match="退押金"):
            ask_deposit_void(deposit, words="金额错", by=clerk)


def test_a_double_click_takes_one(household, clerk):
    given = {"kind": "key", "basis": "借钥匙", "payer_name": "卢建国", "payer_phone": "13900005678", "payer_id": NUMBER, "method": "cash"}
    first, second = (take_deposit(household, amount=100_00, request_key="k1", by=clerk, **given) for _ in range(2))
    assert first == second and Deposit.objects.count() == 1


@pytest.mark.parametrize("sql", [
    "UPDATE billing_deposit SET held = amount + 1", "UPDATE billing_deposit SET held = -1", "UPDATE billing_deposit SET amount = amount + 1",
    "UPDATE billing_depositmove SET amount = 1", "DELETE FROM billing_depositmove", "DELETE FROM billing_deposit"])
def test_the_database_keeps_what_the_acts_keep(deposit, sql):
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert DepositMove.objects.count() == 1
