"""Whole ways through the office and the register: a new clerk set up and covering a colleague, a sale of a unit, an owner who asks for their data."""
import pytest
from playwright.sync_api import expect

from households.models import Household
from servicecentre.desk.models import DataRequest
from servicecentre.kit.periods import today
from servicecentre.papers.models import Paper
from servicecentre.roles import Role
from servicecentre.staff.models import SignIn, User

from ..conftest import person_at
from .hands import arrived, looked_at

pytestmark = pytest.mark.django_db(transaction=True)

OWN, PIN = "六月的荔枝-5kg", "4083"


def test_a_new_clerk_is_set_up_covers_a_colleague_locks_and_unlocks(open_as, admin, clerk, estate, november):
    guard = person_at(estate, "qianwei", "钱卫", Role.GUARD)
    office = open_as(admin)
    office.goto("office/users/")
    arrived(office, "人员和岗位")
    office.keyboard.press("F9")
    arrived(office, "加一个人")
    for label, words in (("工号", "wumin"), ("姓名", "吴敏"), ("手机", "138 0013 5678")):
        office.get_by_label(label).fill(words)
    office.get_by_label("岗位").select_option("clerk")
    office.keyboard.press("F9")
    arrived(office, "已加人：吴敏")
    one_time = office.locator(".money-xl").inner_text()
    office.keyboard.press("F9")
    arrived(office, "吴敏")
    expect(office.locator("main")).to_contain_text("前台客服")
    office.get_by_role("link", name="安排替班").click()
    arrived(office, "安排替班")
    office.get_by_label("替谁").select_option(str(guard.posts.get().pk))
    office.get_by_label("到哪天").fill(str(today()))
    office.keyboard.press("F9")
    expect(office.locator(".note-ok")).to_contain_text("吴敏 替 钱卫")
    assert looked_at(office, "a person's page") == []

    page = open_as(None)
    page.goto("sign-in/")
    arrived(page, "登录")
    page.get_by_label("工号").fill("wumin")
    page.get_by_label("密码").fill(one_time)
    page.keyboard.press("F9")
    arrived(page, "改密码")
    for label, words in (("现在的密码", one_time), ("新密码", OWN), ("再输一次", OWN)):
        page.get_by_label(label).fill(words)
    page.keyboard.press("F9")
    arrived(page, "首页")
    expect(page.locator(".rail-foot")).to_contain_text("前台客服、秩序员")                  # her own post and the one she covers
    page.goto("account/pin/")
    arrived(page, "设 PIN")
    for label, words in (("现在的密码", OWN), ("新 PIN", PIN), ("再输一次", PIN)):
        page.get_by_label(label).fill(words)
    page.keyboard.press("F9")
    expect(page.locator(".note-ok")).to_be_visible()
    arrived(page, "我的账号")
    page.keyboard.press("Alt+0")
    expect(page.locator("#lock-pin")).to_be_focused()
    expect(page.locator(".app")).to_be_hidden()
    page.keyboard.type(PIN)
    page.keyboard.press("F9")
    expect(page.locator(".app")).to_be_visible()
    assert User.objects.get(username="wumin").roles_at(estate) == {Role.CLERK, Role.GUARD}
    assert SignIn.objects.get(user__username="wumin", ended_at=None).locked_at is None


def test_a_unit_is_sold(open_as, clerk, household):
    """Papers seen, meters read, what goes along only when both have signed; the seller's statement; the buyer's page is empty of the seller."""
    page = open_as(clerk)
    page.goto(f"households/{household.pk}/")
    arrived(page, "3-2-1801")
    page.get_by_role("link", name="变更业主").click()
    arrived(page, "变更业主 3-2-1801")
    page.get_by_label("原业主最后一天").fill("2026-11-20")
    page.get_by_label("凭什么").fill("不动产权证书，11-20 登记")
    for paper in ("不动产权证书", "卖方身份证件", "买方身份证件"):
        page.get_by_role("checkbox", name=paper).check()
    page.get_by_label("水表读数").fill("318.5")
    page.get_by_role("checkbox", name="没修完的返修").check()
    page.locator("#id_name_1").fill("陈海燕")
    page.locator("#id_phone_1").fill("13912345678")
    page.get_by_label("新业主没有证件号码的原因").fill("证件在办，下周补")
    page.keyboard.press("F9")
    expect(page.locator("[data-errors]")).to_contain_text("双方都签字才转")
    assert Household.objects.count() == 1
    for signed in ("卖方已签字", "买方已签字"):
        page.get_by_label(signed).check()
    page.keyboard.press("F9")
    expect(page.get_by_label("要办的")).to_contain_text("双方都签了")
    page.wait_for_load_state()
    assert Household.objects.count() == 1 and looked_at(page, "what a sale will do") == []
    page.keyboard.press("F9")
    arrived(page, "结算单")
    expect(page.locator("main")).to_contain_text("陈海燕")
    expect(page.locator("main")).to_contain_text("318.50")
    assert looked_at(page, "seller's statement") == []
    buyer = Household.objects.get(ends_on=None)
    assert (str(household.__class__.objects.get(pk=household.pk).ends_on), str(buyer.starts_on)) == ("2026-11-20", "2026-11-21")
    page.goto(f"households/{buyer.pk}/")
    arrived(page, "3-2-1801")
    assert "13800135678" not in page.content() and "138****5678" not in page.content()


def test_an_owner_asks_for_their_data(open_as, clerk, manager, household):
    desk, office = open_as(clerk), open_as(manager)
    desk.goto(f"households/{household.pk}/data-request/")
    arrived(desk, "受理个人信息申请")
    desk.keyboard.press("F9")
    expect(desk.locator("[data-errors]")).to_contain_text("证件")
    desk.get_by_label("已核对申请人").check()
    desk.keyboard.press("F9")
    arrived(desk, "个人信息申请 GX-2026-000001")
    assert looked_at(desk, "a data request") == []
    request = DataRequest.objects.get()
    office.goto(f"data-requests/{request.pk}/")
    arrived(office, "个人信息申请")
    office.locator("label[for=id_result_0]").click()
    office.keyboard.press("F9")
    expect(office.locator(".note-ok")).to_contain_text("决定已记下")
    desk.goto(f"data-requests/{request.pk}/")
    arrived(desk, "个人信息申请")
    desk.keyboard.press("F9")
    expect(desk.locator(".note-ok")).to_contain_text("已办结")
    expect(desk.locator("main")).to_contain_text("副本 FB-2026-000001")
    copy = Paper.objects.get(number="FB-2026-000001")
    assert "13800135678" not in str(copy.content) and "138****5678" in str(copy.content)
