"""The pages of deposits: the way of a return and of a void through its doors, what each role sees there (design/screens 29–29c)."""
from datetime import timedelta

import pytest

from billing.deposit_returns import approve_deposit_return, ask_deposit_return, withdraw_deposit_return
from billing.deposits import take_deposit
from billing.models import Deposit, DepositReturn, DepositVoid
from servicecentre.kit.periods import today
from servicecentre.roles import Role
from servicecentre.worklog.models import Entry
from tests.conftest import Desk, person_at
from tests.factories import make_household

from ..files.making import upload


@pytest.fixture
def household(estate):
    return make_household(estate)


@pytest.fixture
def deposit(household, clerk):
    return take(household, clerk)


def take(household, by, **more):
    given = {"kind": "renovation", "basis": "施工许可证", "amount": 2000_00, "payer_name": "卢建国", "payer_phone": "13900005678", "payer_id_kind": "passport",
             "payer_id": "E10293847", "method": "wechat", "reference": "8841", "despite": ("same_again",)}
    return take_deposit(household, by=by, **(given | more))


def ask(deposit, by):
    return ask_deposit_return(deposit, original_returned=True, in_person=True, id_checked=True, method="same_way", inspected_by="赵国强",
                              inspected_on=deposit.day, by=by)


def words(answer):
    return answer.content.decode()


def typed(deposit, **more):
    return {"original_returned": "yes", "in_person": "yes", "id_checked": "on", "method": "same_way", "inspected_by": "赵国强",
            "inspected_on": deposit.day.isoformat()} | more


def test_an_approved_return_is_withdrawn_and_asked_anew(estate, deposit, clerk, manager, finance):
    desk = Desk(clerk, estate)
    assert "请填写" in words(desk.post(f"/billing/deposits/{deposit.pk}/return/", typed(deposit, inspected_by="")))
    back = approve_deposit_return(ask(deposit, clerk), by=manager)
    assert "正在退" in words(desk.get(f"/billing/deposits/{deposit.pk}/"))
    where = f"/billing/deposits/returns/{back.pk}/"
    assert "撤回申请" in words(desk.get(where)) and "撤回申请" not in words(Desk(finance, estate).get(where))
    refused = desk.post(f"{where}withdraw/", {"withdrawn_words": ""})
    assert refused.status_code == 409 and "请填写" in words(refused)
    assert "等财务付的" in words(Desk(finance, estate).get("/"))
    assert desk.post(f"{where}withdraw/", {"withdrawn_words": "账号填错"}).status_code == 302
    page = words(desk.get(where))
    assert "已撤回" in page and "账号填错" in page and "撤回申请" not in page
    assert "等财务付的" not in words(Desk(finance, estate).get("/")) and where not in words(desk.get("/"))
    assert where not in words(Desk(finance, estate).get("/billing/approvals/"))
    assert "退押金 2,000.00 元" in words(desk.get(f"/billing/deposits/{deposit.pk}/"))
    assert desk.post(f"/billing/deposits/{deposit.pk}/return/", typed(deposit)).status_code == 302
    withdraw_deposit_return(DepositReturn.objects.last(), withdrawn_words="改日再来", by=clerk)
    assert "没有等批准的" in words(Desk(manager, estate).get("/billing/approvals/")) and "没有等批的" in words(Desk(manager, estate).get("/"))


def test_what_came_back_is_told_to_who_asked(estate, deposit, clerk, manager, finance):
    back = approve_deposit_return(ask(deposit, clerk), by=manager)
    where = f"/billing/deposits/returns/{back.pk}/"
    payer, desk = Desk(finance, estate), Desk(clerk, estate)
    assert "您付不了" not in words(payer.get(where)) and "退回了" not in words(payer.get(where))
    payer.post(f"{where}pay/", {"reference": "99307"})
    assert "退回了" in words(payer.get(where)) and "退回了" not in words(desk.get(where))
    assert payer.post(f"{where}bounce/", {"bounced_words": "零钱账户已注销"}).status_code == 302
    assert "被退回" in words(desk.get("/")) and "请重新申请" in words(desk.get("/"))
    page = words(desk.get(f"/billing/deposits/{deposit.pk}/"))
    assert "零钱账户已注销" in page and "退押金 2,000.00 元" in page
    assert "原收据上次已收回" in words(desk.get(f"/billing/deposits/{deposit.pk}/return/"))
    assert Entry.objects.exceptions().filter(act="billing.bounce_deposit_return").exists()
    assert "逐笔加起来一样" in words(desk.get("/billing/deposits/"))


def test_a_void_walks_through_its_pages(estate, deposit, clerk, manager):
    desk, boss = Desk(clerk, estate), Desk(manager, estate)
    assert "申请作废" in words(desk.get(f"/billing/deposits/{deposit.pk}/"))
    assert "按原来的微信退回" in words(desk.get(f"/billing/deposits/{deposit.pk}/void/"))
    assert desk.post(f"/billing/deposits/{deposit.pk}/void/", {"words": "金额错", "copies": ["stub", "ledger"]}).status_code == 302
    void = DepositVoid.objects.get()
    assert (void.copies_back, void.words) == (2, "金额错（缺客户联）")
    assert "由主管批准" in words(desk.get(void.get_absolute_url())) and "作废押金收据" in words(desk.get("/"))
    page = words(boss.get("/billing/approvals/"))
    assert "作废押金收据" in page and "等您批" in page
    assert "收回 2 联，不齐" in words(boss.get(void.get_absolute_url()))
    assert boss.post(f"/billing/deposits/voids/{void.pk}/approve/").status_code == 302
    assert Deposit.objects.get().voided_by == manager and "按原来的微信退回" in words(boss.get(void.get_absolute_url()))


def test_a_void_is_refused_with_a_word(estate, deposit, clerk, manager):
    Desk(clerk, estate).post(f"/billing/deposits/{deposit.pk}/void/", {"words": "金额错", "copies": ["customer", "stub", "ledger"]})
    void = DepositVoid.objects.get()
    where = f"/billing/deposits/voids/{void.pk}/refuse/"
    assert Desk(manager, estate).post(where, {"refusal": ""}).status_code == 409
    assert Desk(manager, estate).post(where, {"refusal": "金额没有错"}).status_code == 302
    page = words(Desk(clerk, estate).get(f"/billing/deposits/{deposit.pk}/"))
    assert "没有批准作废" in page and "金额没有错" in page and "退押金 2,000.00 元" in page


def test_early_and_twice_are_questions_on_the_page(estate, household, clerk):
    desk, later = Desk(clerk, estate), today() + timedelta(days=90)
    given = {"kind": "renovation", "basis": "施工许可证", "amount": "2000", "payer_name": "卢建国", "payer_phone": "13900005678", "payer_id_kind": "passport",
             "payer_id": "E10293847", "method": "transfer", "ref_transfer": "20261124003307", "due_back_on": later.isoformat()}
    where = f"/billing/households/{household.pk}/deposit/"
    assert desk.post(where, given).status_code == 302
    for doubt in (("same_again",), ("same_again", "reference_again")):
        page = words(desk.post(where, given | {"despite": doubt[:-1]}))
        assert f'value="{doubt[-1]}"' in page and "已知晓，继续" in page
    assert Deposit.objects.count() == 1
    assert desk.post(where, given | {"despite": ["same_again", "reference_again"]}).status_code == 302
    deposit = Deposit.objects.last()
    assert deposit.due_back_on == later
    where = f"/billing/deposits/{deposit.pk}/return/"
    page = words(desk.post(where, typed(deposit)))
    assert f"{later} 起才退" in page and 'value="early"' in page
    assert desk.post(where, typed(deposit, despite=["early"])).status_code == 302
    assert "没到日子退押金" in words(Desk(person_at(estate, "fangmin", "方敏", Role.MANAGER), estate).get(f"/log/review/?on={deposit.day}"))


def test_a_delegates_papers_lie_encrypted_with_the_return(estate, deposit, clerk):
    papers = {"agency": upload(name="委托书.jpg"), "payer_paper": upload(name="a.jpg"), "agent_paper": upload(name="b.jpg")}
    answer = Desk(clerk, estate).post(f"/billing/deposits/{deposit.pk}/return/", typed(deposit, in_person="no", delegate="何代理", **papers))
    assert answer.status_code == 302
    page = words(Desk(clerk, estate).get(answer.url))
    assert "何代理代办，附委托书和两人证件" in page and "委托书 委托书.jpg" not in page and "交款人证件" in page and "代办人证件" in page
