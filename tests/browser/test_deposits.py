"""A deposit back without its receipt: declared lost, approved by another, paid by finance out of the petty cash."""
import pytest
from playwright.sync_api import expect

from billing.deposits import take_deposit
from billing.models import DepositReturn
from billing.petty_cash import top_up_petty_cash
from servicecentre.desk.proofs import prove
from tests.files.making import picture

from .hands import sideways

pytestmark = pytest.mark.django_db(transaction=True)
MAIN = "main [data-key=F9]"


def photo(name):
    return {"name": name, "mimeType": "image/jpeg", "buffer": picture()}


def test_a_deposit_back_without_its_receipt(open_as, estate, household, clerk, manager, finance):
    deposit = take_deposit(household, kind="remote", basis="车位遥控器 1 只", amount=100_00, payer_name="卢建国", payer_phone="13900005678",
                           payer_id_kind="passport", payer_id="E10293847", method="cash", by=clerk)
    top_up_petty_cash(estate, amount=500_00, reference="20261101", by=finance)
    desk = open_as(clerk)
    desk.goto(f"billing/deposits/{deposit.pk}/return/")
    desk.get_by_text("丢了", exact=True).click()
    desk.get_by_label("来人的身份证件核对过").check()
    desk.get_by_text("备用金现金", exact=True).click()
    desk.locator("[name=kind_1]").select_option("damage")
    desk.locator("[name=words_1]").fill("外壳裂")
    desk.locator("[name=amount_1]").fill("20")
    expect(desk.locator(MAIN)).to_contain_text("申请退 80.00 元")
    desk.locator("[name=files_1]").set_input_files(photo("外壳.jpg"))
    desk.locator(MAIN).click()
    expect(desk.locator("[data-errors]")).to_contain_text("签字的声明")
    assert not DepositReturn.objects.exists()
    desk.locator("[name=declaration]").set_input_files(photo("声明.jpg"))
    desk.locator("[name=files_1]").set_input_files(photo("外壳.jpg"))
    desk.locator(MAIN).click()
    expect(desk.locator("h1")).to_contain_text("退押金 80.00 元")
    back = DepositReturn.objects.get()
    expect(desk.locator("main")).to_contain_text("您批不了")

    boss = open_as(manager)
    boss.goto(f"billing/deposits/returns/{back.pk}/")
    expect(boss.locator("main")).to_contain_text("遗失，交款人本人签了声明")
    boss.locator(MAIN).click()
    expect(boss.locator(".note-ok")).to_contain_text("等财务付款")

    payer = open_as(finance, width=390)
    payer.goto(f"billing/deposits/returns/{back.pk}/")
    assert not sideways(payer)
    payer.locator(MAIN).click()
    expect(payer.locator(".note-ok")).to_contain_text("YT-")
    deposit.refresh_from_db()
    assert deposit.held == 0 and list(prove()) == []
