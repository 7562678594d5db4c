"""The office's acts: profile, phones, departments, contractors, calendar, settings; who changed what is in the log."""
from datetime import date, time

import pytest

from billing.lines import due_on, first_due_on
from billing.models import BillingPolicy
from servicecentre.desk import calendar, partners, policies, profile
from servicecentre.estates.hours import WORK, official
from servicecentre.estates.models import CalendarDay, Contractor, Department, Phone
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.refused import Refused
from servicecentre.worklog.models import Entry

DUE_DAY = "billing.billingpolicy.due_day"


def words():
    return Entry.objects.order_by("-pk").values_list("words", flat=True)[0]


def setting(estate, key, value, by, *, version=1, basis=""):
    return policies.change_setting(estate, key=key, value=value, basis=basis, version=version, by=by)


# --- profile and phones -----------------------------------------------------------------------------------------------

def test_the_profile_is_changed_and_the_log_says_what(estate, manager):
    profile.change_estate(estate, address="银河路 88 号", site_area=5_000_000, spaces_open=120, version=1, by=manager)
    estate.refresh_from_db()
    assert (estate.address, estate.site_area, estate.spaces_open, estate.version) == ("银河路 88 号", 5_000_000, 120, 2)
    assert words() == "修改小区概况 银河国际街区一期：地址 银河路 88 号，用地面积 50000.00 ㎡，露天车位 120"


def test_a_stale_profile_overwrites_nothing(estate, manager, admin):
    profile.change_estate(estate, address="甲", version=1, by=manager)
    with pytest.raises(Refused, match="陈静刚才修改小区概况"):
        profile.change_estate(estate, address="乙", version=1, by=admin)
    estate.refresh_from_db()
    assert estate.address == "甲"


def test_a_profile_saved_as_it_was_writes_nothing(estate, manager):
    before = Entry.objects.count()
    profile.change_estate(estate, name=estate.name, version=1, by=manager)
    estate.refresh_from_db()
    assert estate.version == 1 and Entry.objects.count() == before


@pytest.mark.parametrize("field, value, says", [("name", " ", "请填写"), ("name", "长" * 61, "最多 60 字"), ("project_code", "银河", "大写字母"),
                                                ("project_code", "Y H", "大写字母"), ("phone", "12x", "电话"), ("about", "a\0b", "控制字符")])
def test_a_profile_that_cannot_be_is_refused_beside_its_field(estate, manager, field, value, says):
    with pytest.raises(Refused) as refusal:
        profile.change_estate(estate, **{field: value}, version=1, by=manager)
    assert says in refusal.value.message_dict[field][0]


def test_every_estate_begins_with_the_emergency_numbers(estate):
    assert list(Phone.objects.of(estate).values_list("number", flat=True)) == ["110", "119", "120"]


@pytest.mark.parametrize("typed, kept", [("９６８８９", "96889"), ("025-8666 8888", "025-86668888"), ("+86 138-0013-8000", "13800138000")])
def test_a_number_is_kept_in_its_one_form(estate, manager, typed, kept):
    assert profile.add_phone(estate, kind="service", name="物业经理", number=typed, by=manager).number == kept


@pytest.mark.parametrize("typed", ["", "12", "电话", "1" * 31])
def test_a_number_that_nobody_can_ring_is_refused(estate, manager, typed):
    with pytest.raises(Refused):
        profile.add_phone(estate, kind="service", name="物业经理", number=typed, by=manager)
    assert Phone.objects.of(estate).count() == 3


def test_two_numbers_of_one_name_are_refused_in_words(estate, manager):
    with pytest.raises(Refused, match="这个名称的电话已经有了"):
        profile.add_phone(estate, kind="emergency", name="火警", number="96119", by=manager)


def test_a_number_is_changed_and_struck_out(estate, manager):
    phone = profile.change_phone(Phone.objects.of(estate).get(number="120"), name="急救中心", version=1, by=manager)
    assert words() == "修改电话 急救 120：名称 急救中心"
    profile.remove_phone(phone, by=manager)
    assert words() == "删去电话 急救中心 120" and Phone.objects.of(estate).count() == 2


# --- departments and contractors --------------------------------------------------------------------------------------

def test_a_department_with_who_answers_for_it(estate, manager):
    row = partners.add_department(estate, name="工程部", responsible="赵国强", phone="8801", matters="报修", by=manager)
    partners.change_department(row, responsible="钱伟", active=False, version=1, by=manager)
    row.refresh_from_db()
    assert (row.responsible, row.active, row.version) == ("钱伟", False, 2) and words() == "修改部门 工程部：负责人 钱伟，在用 否"
    with pytest.raises(Refused, match="钱伟"):
        partners.change_department(row, responsible="孙", active=True, version=1, by=manager)
    with pytest.raises(Refused, match="这个部门已经有了"):
        partners.add_department(estate, name="工程部", responsible="x", by=manager)
    assert Department.objects.of(estate).count() == 1


def test_a_contractor_comes_with_a_responsible_person(estate, manager):
    firm = partners.add_contractor(estate, name="华东门窗", trade="门窗返修", person="孙立", person_phone="13900001111", by=manager)
    more = partners.add_contractor_person(firm, name="周平", phone="13900002222", by=manager)
    partners.change_contractor_person(more, name="周平", phone="13900002222", active=False, version=1, by=manager)
    assert list(firm.people.values_list("name", "active")) == [("孙立", True), ("周平", False)]
    partners.change_contractor(firm, active=False, version=1, by=manager)
    assert not Contractor.objects.get().active


@pytest.mark.parametrize("person, phone, field", [("", "13900001111", "person"), ("孙立", "", "person_phone"), ("孙立", "139", "person_phone")])
def test_a_contractor_without_a_person_to_ring_is_not_entered(estate, manager, person, phone, field):
    if phone == "139":
        phone = "139x"
    with pytest.raises(Refused) as refusal:
        partners.add_contractor(estate, name="华东门窗", person=person, person_phone=phone, by=manager)
    assert field in refusal.value.message_dict and not Contractor.objects.exists()


def test_one_person_is_not_entered_twice(estate, manager):
    firm = partners.add_contractor(estate, name="华东门窗", person="孙立", person_phone="13900001111", by=manager)
    with pytest.raises(Refused, match="已经登记"):
        partners.add_contractor_person(firm, name="孙立", phone="139 0000 1111", by=manager)


# --- the calendar -----------------------------------------------------------------------------------------------------

def test_the_official_days_are_taken_once_and_leave_what_was_marked_by_hand(estate, manager):
    calendar.mark_day(estate, day=date(2026, 10, 10), kind="holiday", name="公司年会", by=manager)
    calendar.take_official_days(estate, year=2026, by=manager)
    there = CalendarDay.objects.of(estate).of_year(2026)
    assert there.count() == len(official(2026)) and there.get(day=date(2026, 10, 10)).name == "公司年会"
    assert [day.day for day in calendar.missing_days(estate, 2026)] == [date(2026, 10, 10)]
    made_up = sum(day.kind == WORK for day in official(2026)) - 1
    assert words() == f"载入 2026 年节假日 {len(official(2026)) - 1} 天，其中调休上班 {made_up} 天"
    with pytest.raises(Refused, match="都载入过了"):
        calendar.take_official_days(estate, year=2026, by=manager)


def test_a_marked_day_is_marked_anew_only_knowingly(estate, manager):
    day = calendar.mark_day(estate, day=date(2027, 2, 6), kind="work", name="调休上班", by=manager)
    with pytest.raises(Refused) as refusal:
        calendar.mark_day(estate, day=day.day, kind="holiday", name="停电", by=manager)
    assert refusal.value.unless == "marked"
    again = calendar.mark_day(estate, day=day.day, kind="holiday", name="停电", by=manager, despite=("marked",))
    assert (again.pk, again.name) == (day.pk, "停电")
    calendar.unmark_day(again, by=manager)
    assert not CalendarDay.objects.exists() and words().startswith("节假日 2027-02-06 停电 删去")


@pytest.mark.parametrize("year", [1999, 2041])
def test_a_year_that_nobody_reckons_with_is_refused(estate, manager, year):
    with pytest.raises(Refused):
        calendar.take_official_days(estate, year=year, by=manager)
    with pytest.raises(Refused):
        calendar.mark_day(estate, day=date(year, 1, 1), kind="holiday", name="x", by=manager)


# --- settings ---------------------------------------------------------------------------------------------------------

def test_a_setting_is_changed_with_its_basis_and_its_history(estate, manager, admin):
    setting(estate, DUE_DAY, 10, manager, basis="业委会决定 11-20")
    assert BillingPolicy.of(estate).due_day == 10 and words() == "规矩「每月缴费日」5 日 改为 10 日，凭 业委会决定 11-20"
    setting(estate, DUE_DAY, 8, admin, version=2)
    shown = policies.find(estate, DUE_DAY)
    assert (shown.value, shown.last.by, policies.changes(estate).count()) == ("8 日", admin, 2)


def test_a_change_is_remembered_by_the_settings_own_name(estate, manager, monkeypatch):
    """Not by its label, which may be reworded; nor by what happens to be among the last lines of the log."""
    setting(estate, DUE_DAY, 10, manager)
    monkeypatch.setattr(BillingPolicy._meta.get_field("due_day"), "verbose_name", "缴费日")
    assert policies.find(estate, DUE_DAY).last.by == manager


def test_looking_at_the_settings_makes_no_row(estate):
    assert all(title and group for title, group in policies.shown(estate))
    assert [policy for policy in policies.POLICIES if policy.objects.exists()] == []


def test_a_stale_setting_overwrites_nothing(estate, manager, admin):
    setting(estate, DUE_DAY, 10, manager)
    with pytest.raises(Refused, match="陈静刚才规矩「每月缴费日」"):
        setting(estate, "billing.billingpolicy.first_days", 3, admin, version=1)
    assert BillingPolicy.of(estate).first_days == 7


@pytest.mark.parametrize("key, value, says", [
    (DUE_DAY, 0, "填 1 到 28"), (DUE_DAY, 29, "填 1 到 28"), (DUE_DAY, "5", "填 1 到 28"), (DUE_DAY, 5, "没有改"),
    ("estates.hourspolicy.closes_at", time(7), "下班要晚于上班"), ("estates.hourspolicy.open_on", "never", "请选一种"),
    ("billing.billingpolicy.late_rate", 3, "还没有页面用到"), ("billing.billingpolicy.version", 9, "没有这条规矩"), ("", 1, "没有这条规矩")])
def test_a_setting_out_of_its_bounds_is_refused(estate, manager, key, value, says):
    with pytest.raises(Refused, match=says):
        setting(estate, key, value, manager)
    assert not Entry.objects.filter(act="desk.change_setting").exists()


def test_what_the_deck_left_open_says_so_until_the_estate_decides(estate, manager):
    key = "estates.hourspolicy.opens_at"
    assert policies.find(estate, key).source == ("src-unset", "没定") and policies.find(estate, key).unset
    setting(estate, key, time(8, 30), manager)
    assert policies.find(estate, key).source == ("", "本小区定的") and not policies.find(estate, key).unset


def test_a_due_day_on_a_holiday_moves_only_when_the_estate_says_so(estate, manager):
    calendar.take_official_days(estate, year=2026, by=manager)
    month = BillingMonth(2026, 10)
    assert due_on(month, BillingPolicy.of(estate)) == date(2026, 10, 5)
    setting(estate, "billing.billingpolicy.due_moves", True, manager)
    policy = BillingPolicy.of(estate)
    assert due_on(month, policy) == date(2026, 10, 8)                               # the 5th to the 7th are holidays
    assert first_due_on(date(2026, 9, 27), month, policy) == date(2026, 10, 8)
    assert first_due_on(date(2026, 10, 3), month, policy) == date(2026, 10, 10)     # a Saturday worked
    assert first_due_on(date(2026, 10, 4), month, policy) == date(2026, 10, 12)
