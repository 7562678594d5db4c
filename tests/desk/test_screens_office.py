"""The office's pages as people use them."""
from datetime import UTC, date, datetime

import pytest

from billing.models import BillingPolicy, FeeKind
from households.register import add_unit, open_household
from servicecentre.desk import policies
from servicecentre.desk.calendar import mark_day
from servicecentre.desk.profile import remove_phone
from servicecentre.estates.models import CalendarDay, Contractor, Department, Mark, Phone
from servicecentre.kit import periods
from servicecentre.kit.refused import Refused
from servicecentre.roles import Role
from servicecentre.staff.models import StaffPolicy
from servicecentre.worklog.day import make_remark
from servicecentre.worklog.models import DayPolicy

from ..conftest import person_at


@pytest.fixture
def noon(monkeypatch):
    monkeypatch.setattr(periods, "clock", lambda: datetime(2026, 11, 25, 4, tzinfo=UTC))


def page_of(desk, path="/"):
    answer = desk.get(path)
    assert answer.status_code == 200
    return answer.content.decode().split("<main", 1)[1].split("</main", 1)[0]


@pytest.mark.parametrize("role", Role)
def test_every_role_reads_the_estates_page(estate, clerk, desk_of, role, noon):
    unit = add_unit(estate, code="3-2-1801", area=8956, by=clerk)
    add_unit(estate, code="S01", area=10247, by=clerk)
    open_household(unit, owners=[{"name": "张雨萍"}], starts_on=date(2025, 3, 18), by=clerk)
    page = page_of(desk_of(person_at(estate, "x", "某人", role)), "/estate/")
    for words in ("2 栋，2 套，192.03 ㎡；有业主 1 户", "1 套，89.56 ㎡", "110", "火警", "每天 08:00–18:00", "现在开着", "没有登记"):
        assert words in page, words
    assert "张雨萍" not in page
    assert ("修改概况" in page) is (role in (Role.MANAGER, Role.ADMINISTRATOR))


def test_a_manager_edits_the_profile_and_sees_it(manager_desk, estate):
    form = manager_desk.get("/estate/change/").context["form"]
    data = {name: form[name].value() if form[name].value() is not None else "" for name in form.fields if name != "despite"}
    data |= {"address": "银河路 88 号", "site_area": "126500.5", "spaces_shared": "１２０", "finished_on": "2024-06-30"}
    assert manager_desk.post("/estate/change/", data).status_code == 302
    page = page_of(manager_desk, "/estate/")
    for words in ("银河路 88 号", "126500.50 ㎡", "共用 120 个", "2024-06-30", "已修改小区概况"):
        assert words in page, words
    stale = manager_desk.post("/estate/change/", {**data, "request_key": "another", "address": "别处"})
    assert stale.status_code == 200 and "刚才修改小区概况" in stale.content.decode() and "别处" in stale.content.decode()


@pytest.mark.parametrize("field, typed, says", [("site_area", "12a", "面积"), ("spaces_open", "1_000", "请填整数"), ("spaces_open", "1000000", "填 0 到 99999"),
                                                ("finished_on", "2026-02-30", "2 月"), ("phone", "abc", "电话"), ("name", "　", "请填写")])
def test_a_slip_in_the_profile_is_told_beside_its_field(manager_desk, estate, field, typed, says):
    data = {"name": "银河", "company": "莲花物业", "project_code": "YH", "version": "1", field: typed}
    answer = manager_desk.post("/estate/change/", data)
    assert says in " ".join(answer.context["form"].errors[field]), answer.context["form"].errors
    assert typed in answer.content.decode()


def test_phones_from_entry_to_removal(manager_desk, estate):
    manager_desk.post("/estate/phones/add/", {"kind": "emergency", "name": "电梯困人", "number": "96333", "position": "5"})
    phone = Phone.objects.of(estate).get(name="电梯困人")
    page = page_of(manager_desk, "/estate/")
    assert page.index("电梯困人") < page.index("火警") and "tel:96333" in page
    manager_desk.post(f"/estate/phones/{phone.pk}/", {"kind": "emergency", "name": "电梯困人", "number": "96366", "position": "5", "version": "1"})
    assert Phone.objects.get(pk=phone.pk).number == "96366"
    assert "已删去 电梯困人 96366" in manager_desk.post(f"/estate/phones/{phone.pk}/remove/", follow=True).content.decode()


def test_a_setting_is_opened_changed_and_shown_with_who_did_it(manager_desk, estate):
    page = page_of(manager_desk, "/office/?change=billing.billingpolicy.due_day")
    assert "改「每月缴费日」" in page and "资料原文" in page and "还没有改过规矩" in page
    refused = manager_desk.post("/office/settings/change/", {"key": "billing.billingpolicy.due_day", "value": "31", "version": "1"})
    assert "填 1 到 28" in refused.content.decode()
    typed = {"key": "billing.billingpolicy.due_day", "value": "10", "basis": "公司通知", "version": "1"}
    answer = manager_desk.post("/office/settings/change/", typed, follow=True)
    page = answer.content.decode()
    assert BillingPolicy.of(estate).due_day == 10
    assert "每月缴费日：10 日" in page and "5 日 改为 10 日，凭 公司通知" in page and "陈静 今天" in page
    assert "5 日 改为 10 日" in page_of(manager_desk, "/office/settings/changes/")


def test_a_yes_or_no_is_a_choice_in_words(manager_desk, estate):
    page = page_of(manager_desk, "/office/?change=billing.billingpolicy.due_moves")
    assert "顺延到下一个工作日" in page
    manager_desk.post("/office/settings/change/", {"key": "billing.billingpolicy.due_moves", "value": "yes", "version": "1"})
    assert BillingPolicy.of(estate).due_moves is True


@pytest.mark.parametrize("key", ["billing.billingpolicy.late_cap", "staff.user.name", "", "x" * 3000])
def test_what_no_page_reads_yet_is_not_changed(manager_desk, estate, key):
    assert "<form method=\"post\" action=\"/e/galaxy1/office/settings/change/\"" not in page_of(manager_desk, f"/office/?change={key[:500]}")
    answer = manager_desk.post("/office/settings/change/", {"key": key, "value": "10", "version": "1"}, follow=True)
    assert "没有页面用到" in answer.content.decode() and not BillingPolicy.objects.exists()


def test_a_year_is_taken_over_and_one_not_published_says_so(manager_desk, estate, noon):
    assert "还没载入" in page_of(manager_desk, "/office/calendar/")
    answer = manager_desk.post("/office/calendar/official/", {"year": "2026"}, follow=True)
    assert "已载入 2026 年节假日" in answer.content.decode() and "和官方安排一样" in answer.content.decode()
    assert "调休未公布" in page_of(manager_desk, "/office/calendar/?year=2028")
    one = {"day": "2028-01-08", "kind": "work", "name": "调休", "request_key": "w"}                  # one make-up day of many says nothing of the rest
    assert manager_desk.post("/office/calendar/mark/", one).status_code == 302
    assert "调休未公布，已补登 1 天" in page_of(manager_desk, "/office/calendar/?year=2028")
    again = manager_desk.post("/office/calendar/official/", {"year": "2026"}, follow=True)
    assert "都载入过了" in again.content.decode()


def test_a_day_is_marked_and_taken_back(manager_desk, estate, noon):
    typed = {"day": "2026-12-05", "kind": "work", "name": "调休上班"}
    assert "已登记 2026-12-05 上班" in manager_desk.post("/office/calendar/mark/", typed, follow=True).content.decode()
    other = manager_desk.post("/office/calendar/mark/", {**typed, "kind": "holiday", "name": "停电"})
    assert "已登记为上班" in other.content.decode() and "停电" in other.content.decode()
    day = CalendarDay.objects.get()
    manager_desk.post(f"/office/calendar/{day.pk}/unmark/")
    assert not CalendarDay.objects.exists()


def test_a_day_of_next_year_stays_on_next_years_page(manager_desk, estate, manager, noon):
    mark_day(estate, day=date(2027, 2, 6), kind="work", name="调休上班", by=manager)
    asked = manager_desk.post("/office/calendar/mark/?year=2027", {"day": "2027-02-06", "kind": "holiday", "name": "停电"})
    assert asked.context["year"] == 2027 and "已登记为上班" in asked.content.decode()
    assert manager_desk.post("/office/calendar/mark/?year=2027", {"day": "", "kind": "holiday", "name": "停电"}).context["year"] == 2027


def test_what_was_removed_is_told_again_to_who_did_it(manager_desk, estate, manager):
    """The answer was lost: the same form once more is no missing page. Another's form is."""
    day = mark_day(estate, day=date(2027, 2, 6), kind="work", name="调休上班", by=manager)
    phone = Phone.objects.of(estate).first()
    for path in (f"/office/calendar/{day.pk}/unmark/", f"/estate/phones/{phone.pk}/remove/"):
        for _ in range(2):
            assert manager_desk.post(path, {"request_key": path}).status_code == 302, path
        assert manager_desk.post(path, {"request_key": "another"}).status_code == 404
    with pytest.raises(Refused, match="刚才被别人删去了"):                        # two at once: both had read it
        remove_phone(phone, by=manager)


def test_what_binds_the_manager_is_the_administrators_to_change(manager_desk, desk_of, admin, estate):
    for key, value in (("worklog.daypolicy.own_to_another", "no"), ("staff.staffpolicy.second_factor", "yes")):
        assert "<form method=\"post\" action=\"/e/galaxy1/office/settings/change/\"" not in page_of(manager_desk, f"/office/?change={key}")
        typed = {"key": key, "value": value, "version": "1"}
        assert "要由系统管理员改" in manager_desk.post("/office/settings/change/", typed, follow=True).content.decode()
        assert desk_of(admin).post("/office/settings/change/", typed).status_code == 302
    assert StaffPolicy.of(estate).second_factor and not DayPolicy.of(estate).own_to_another


def test_every_setting_of_the_trade_is_shown_with_its_mark(manager_desk, estate):
    """DOMAIN §13, line by line; what no page reads yet stands under 以后用的."""
    page = page_of(manager_desk, "/office/")
    for words in ("每月缴费日", "缴费日遇节假日", "首月怎么算", "末月怎么算", "没交付的房屋", "主管自己办的例外", "最多预交几个月", "一次缴清全年优惠",
                  "空置满几个月打折", "空置收百分之几", "空置从哪天数", "空置折扣给哪些月", "空置月用水不超过", "空置月用电不超过", "有欠费能不能办空置",
                  "商铺空置打折", "公摊预存", "商铺也要预存公摊", "公摊预存提醒线", "临停超过 12 小时", "临停免费的车", "违约金每天", "违约金宽限",
                  "违约金最多",
                  "第一次催缴", "第二次催缴", "最后一次催缴", "最后催缴限", "装修押金", "出入证押金", "出入证工本费", "上午施工从", "下午施工到",
                  "施工许可有效", "图纸审核", "完工后观察", "入伙第 9 步", "入伙第 10 步", "第 9、10 步次序", "防火责任告知书", "借出的钥匙",
                  "钥匙当天几点前还",
                  "有欠费的搬出放行", "急修到场", "一般报修", "投诉首次答复", "投诉办结", "投诉回访", "回访期限", "报修回访", "渗漏回访", "资料借出",
                  "个人信息申请答复期限", "上班", "下班", "替班最长", "问题整改跟踪、复验签认", "资料归档（一户一档）"):
        assert f">{words}" in page, words
    marks = {each.setting.mark for _, group in policies.shown(estate) for each in group}
    assert marks == set(Mark) and all(mark.label in page for mark in Mark)


def test_departments_and_contractors_are_kept_by_the_office_and_read_by_the_desk(manager_desk, desk, estate):
    manager_desk.post("/office/departments/add/", {"name": "工程部", "responsible": "赵国强", "phone": "8801", "position": "10"})
    assert "赵国强" in page_of(desk, "/estate/")
    row = Department.objects.get()
    manager_desk.post(f"/office/departments/{row.pk}/", {"name": "工程部", "responsible": "赵国强", "position": "10", "active": "no", "version": "1"})
    assert "赵国强" not in page_of(desk, "/estate/") and "停用" in page_of(manager_desk, "/office/departments/")
    manager_desk.post("/office/contractors/add/", {"name": "华东门窗", "person": "孙立", "person_phone": "13900001111"})
    firm = Contractor.objects.get()
    manager_desk.post(f"/office/contractors/{firm.pk}/people/add/", {"name": "周平", "phone": "13900002222"})
    person = firm.people.get(name="周平")
    manager_desk.post(f"/office/contractors/people/{person.pk}/", {"name": "周平", "phone": "13900002222", "active": "no", "version": "1"})
    manager_desk.post(f"/office/contractors/{firm.pk}/", {"name": "华东门窗厂", "active": "yes", "version": "1"})
    page = page_of(desk, "/office/contractors/")
    assert "华东门窗厂" in page and "13900001111" in page and "不再负责" in page and "登记施工单位" not in page.replace("还没有登记施工单位", "")


def test_fee_kinds_from_entry_to_disuse(manager_desk, estate):
    manager_desk.post("/billing/fee-kinds/add/", {"name": "垃圾清运费", "bills": "home", "unit_name": "㎡", "per": "月"})
    kind = FeeKind.objects.of(estate).get(name="垃圾清运费")
    asked = manager_desk.post(f"/billing/fee-kinds/{kind.pk}/", {"name": "垃圾费", "position": "90", "common_income": "no", "active": "no", "version": "1"})
    assert "不再出垃圾清运费" in asked.content.decode()
    manager_desk.post(f"/billing/fee-kinds/{kind.pk}/", {"name": "垃圾费", "position": "90", "common_income": "no",
                                                               "active": "no", "version": "1", "despite": "stops_billing"})
    kind.refresh_from_db()
    assert (kind.name, kind.active) == ("垃圾费", False)


def test_guard_and_engineer_read_what_is_urgent_and_whom_to_ring(estate, clerk, desk_of):
    make_remark(estate, words="3 号楼电梯停运到 15 点", urgent=True, by=clerk)
    make_remark(estate, words="早会", by=clerk)
    page = page_of(desk_of(person_at(estate, "qian", "钱卫", Role.GUARD)))
    assert "电梯停运" in page and "早会" not in page and "119" in page and "改密码" in page
