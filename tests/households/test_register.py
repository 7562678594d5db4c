"""Places, tenures and people: what the register takes, and what it refuses in words."""
from datetime import date, timedelta

import pytest

from households.models import Household, Person, SearchKey, Unit
from households.people import (
    add_contact,
    add_resident,
    add_tenant,
    add_vehicle,
    change_person,
    end_residence,
    end_vehicle,
    remove_contact,
    reveal_identity,
    reveal_phones,
)
from households.register import add_building, add_unit, change_area, change_household, change_owner, change_unit, open_household
from servicecentre.kit.periods import BillingMonth, today
from servicecentre.kit.refused import Refused
from servicecentre.worklog.models import Entry

ZHANG = {"name": "张雨萍", "id_number": "320106198804170026", "phone": "13800135678"}
ZHOU = {"name": "周建国", "id_number": "320106198502030018", "phone": "13912342046"}


def id_with_check(first17):
    """A resident ID with the check character that belongs to its first 17 digits (GB 11643)."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return first17 + "10X98765432"[sum(int(d) * w for d, w in zip(first17, weights, strict=True)) % 11]


ZHANG["id_number"] = id_with_check("32010619880417002")
ZHOU["id_number"] = id_with_check("32010619850203001")


@pytest.fixture
def unit(estate, clerk):
    return add_unit(estate, code="3-2-1801", area=8956, by=clerk)


@pytest.fixture
def household(unit, clerk):
    return open_household(unit, owners=[ZHANG], starts_on=date(2026, 3, 18), by=clerk)


def test_unit_is_entered_with_its_building_and_area(estate, clerk):
    unit = add_unit(estate, code="3栋2单元1801", area=8956, by=clerk)
    assert (unit.code, unit.building.code, unit.entrance, unit.room, unit.kind) == ("3-2-1801", "3", "2", "1801", "home")
    assert unit.label == "3栋2单元1801"
    assert unit.area_on(date(2025, 1, 1)).area == 8956
    shop = add_unit(estate, code="S01", area=5000, by=clerk)
    assert (shop.kind, shop.building.code, shop.label) == ("shop", "商铺", "商铺S01")


def test_unit_is_entered_once_however_it_is_written(unit, estate, clerk):
    for again in ("3-2-1801", "3幢2单元1801室", "03-02-1801"):
        with pytest.raises(Refused, match="3栋2单元1801 已经登记"):
            add_unit(estate, code=again, area=8956, by=clerk)


def test_new_building_is_asked_about(unit, estate, clerk):
    with pytest.raises(Refused, match="还没有 9 栋") as refusal:
        add_unit(estate, code="9-1-101", area=8956, by=clerk)
    assert refusal.value.unless == "new_building"
    assert add_unit(estate, code="9-1-101", area=8956, despite=("new_building",), by=clerk).building.code == "9"


def test_units_are_listed_in_the_order_people_count(estate, clerk):
    for code in ("10-1-101", "2-1-1001", "S01", "2-1-201", "A-1-101"):
        add_unit(estate, code=code, area=5000, despite=("new_building",), by=clerk)
    assert list(Unit.objects.of(estate).in_order().values_list("code", flat=True)) == [
        "2-1-201", "2-1-1001", "10-1-101", "A-1-101", "S01"]


def test_building_that_is_there_is_given_back(estate, clerk):
    assert add_building(estate, "3栋", by=clerk) == add_building(estate, "3", by=clerk)
    with pytest.raises(Refused, match="最多 10 字"):
        add_building(estate, "很长很长很长很长很长很长", by=clerk)


def test_area_changes_from_the_first_of_a_month(unit, clerk):
    month = BillingMonth.of(today()) + 1
    row = change_area(unit, area=9012, from_month=month, basis="复测", by=clerk)
    assert unit.area_on(month.first - (month.first - month.previous.last)).area == 8956
    assert unit.area_on(month.first) == row
    with pytest.raises(Refused, match="新的面积要更晚"):
        change_area(unit, area=9100, from_month=month, by=clerk)
    with pytest.raises(Refused, match="现在就是 90.12"):
        change_area(unit, area=9012, from_month=month + 1, by=clerk)


def test_area_from_a_past_month_is_asked_about(unit, clerk):
    past = BillingMonth.of(today()) + -2
    with pytest.raises(Refused, match="已出的账按原来的面积") as refusal:
        change_area(unit, area=9012, from_month=past, by=clerk)
    assert change_area(unit, area=9012, from_month=past, despite=(refusal.value.unless,), by=clerk).starts_on == past.first


def test_household_has_number_names_and_its_line_in_the_log(unit, clerk):
    household = open_household(unit, owners=[ZHANG, ZHOU], starts_on=date(2026, 3, 18), by=clerk)
    assert (household.number, household.serial, household.owner_names) == ("3-2-1801-01", 1, "张雨萍、周建国")
    person = household.persons.get(name="张雨萍")
    assert (person.id_number, person.id_masked, person.birth_year, person.sex) == (
        ZHANG["id_number"], ZHANG["id_number"][:4] + "*" * 10 + ZHANG["id_number"][-4:], 1988, "female")
    entry = Entry.objects.of_household(household).get()
    assert entry.words == "登记业主（2 人共有），2026-03-18 起" and "张雨萍" not in entry.words


def test_person_is_found_again_by_id(estate, household, clerk):
    second = add_unit(estate, code="3-2-1802", area=8956, by=clerk)
    again = open_household(second, owners=[ZHANG | {"id_number": ZHANG["id_number"].lower(), "phone": "13900001111"}],
                           starts_on=date(2026, 4, 1), by=clerk)
    person = again.persons.get()
    assert person == household.persons.get() and Person.objects.count() == 1
    assert (person.phone, person.phone2) == ("13900001111", "13800135678")


def test_other_name_under_the_same_id_is_refused(estate, household, clerk):
    second = add_unit(estate, code="3-2-1802", area=8956, by=clerk)
    with pytest.raises(Refused) as refusal:
        open_household(second, owners=[ZHANG | {"name": "章雨萍"}], starts_on=date(2026, 4, 1), by=clerk)
    assert "登记的是张雨萍" in refusal.value.message_dict["id_number_1"][0]


@pytest.mark.parametrize("typed, field, words", [
    ({"id_number": id_with_check("32010620990101001")}, "id_number_1", "还没到"),
    ({"id_number": ZHANG["id_number"][:-1]}, "id_number_1", "现在 17 位"),
    ({"id_number": "3.20106E+17"}, "id_number_1", "须为文本"),
    ({"phone": "1380013800"}, "phone_1", "现在 10 位"),
    ({"name": " \u3000"}, "name_1", "请填写"),
    ({"name": "张\u202e萍"}, "name_1", "控制字符"),
    ({"name": "张" * 61}, "name_1", "最多 60 字"),
])
def test_wrong_owner_is_refused_beside_the_field(unit, clerk, typed, field, words):
    with pytest.raises(Refused) as refusal:
        open_household(unit, owners=[ZHANG | typed], starts_on=date(2026, 3, 18), by=clerk)
    assert words in refusal.value.message_dict[field][0]
    assert not Household.objects.exists() and not Person.objects.exists()


def test_organisation_is_known_by_its_code(unit, clerk):
    household = open_household(unit, owners=[{"name": "腾讯科技（深圳）有限公司", "id_number": "9144030071526726XG", "legal_rep": "马某"}],
                               starts_on=date(2026, 1, 1), by=clerk)
    organisation = household.persons.get()
    assert (organisation.kind, organisation.id_kind, organisation.birth_year) == ("organisation", "credit_code", None)


def test_tenures_of_a_unit_never_overlap(unit, household, clerk):
    with pytest.raises(Refused, match="请先办变更业主"):
        open_household(unit, owners=[ZHOU], starts_on=date(2026, 6, 1), by=clerk)
    with pytest.raises(Refused, match="日期不能重叠"):
        open_household(unit, owners=[ZHOU], starts_on=date(2025, 6, 1), by=clerk)
    earlier = open_household(unit, owners=[ZHOU], starts_on=date(2025, 6, 1), ends_on=date(2026, 3, 17), by=clerk)
    assert earlier.number == "3-2-1801-02"
    assert unit.household_on(date(2026, 3, 17)) == earlier and unit.household_on(date(2026, 3, 18)) == household


def test_change_of_owner_closes_and_opens_by_days(unit, household, clerk):
    buyer = change_owner(unit, owners=[ZHOU], last_day=date(2026, 11, 14), basis="不动产权证书", by=clerk)
    household.refresh_from_db()
    assert (household.ends_on, buyer.starts_on, buyer.number) == (date(2026, 11, 14), date(2026, 11, 15), "3-2-1801-02")
    assert [e.act for e in Entry.objects.of_household(household)] == ["households.open_household", "households.change_owner"]
    with pytest.raises(Refused) as refusal:
        change_owner(unit, owners=[ZHANG], last_day=date(2026, 11, 1), by=clerk)
    assert "不能更早" in refusal.value.message_dict["last_day"][0]


def test_change_of_owner_needs_an_owner(unit, clerk):
    with pytest.raises(Refused, match="现在没有业主"):
        change_owner(unit, owners=[ZHOU], last_day=date(2026, 11, 14), by=clerk)


def test_same_request_opens_one_household(unit, clerk):
    first, second = (open_household(unit, owners=[ZHANG], starts_on=date(2026, 3, 18), by=clerk, request_key="k1") for _ in range(2))
    assert first == second and second.is_repeat and Household.objects.count() == 1


def test_stale_page_overwrites_nothing(household, unit, clerk, clerk2):
    person = household.persons.get()
    change_person(person, household=household, version=person.version, name="张雨萍", phone="13800139999", by=clerk)
    with pytest.raises(Refused, match="李婷刚才修改人员资料（张某）：电话"):
        change_person(person, household=household, version=person.version, name="张雨平", by=clerk2)
    change_unit(unit, version=1, kind="home", trade="", remark="顶楼", by=clerk)
    with pytest.raises(Refused, match="您的改动没有保存"):
        change_unit(unit, version=1, kind="shop", by=clerk2)
    change_household(household, version=household.version, remark="常出差", by=clerk)
    with pytest.raises(Refused, match="您的改动没有保存"):
        change_household(household, version=household.version, remark="", by=clerk2)


def test_changed_name_is_found_and_shown(household, clerk):
    person = household.persons.get()
    change_person(person, household=household, version=1, name="张雨平", phone=person.phone, by=clerk)
    household.refresh_from_db()
    person.refresh_from_db()
    assert household.owner_names == "张雨平" and person.id_number == ZHANG["id_number"]
    assert SearchKey.objects.filter(term="n张雨平").exists() and not SearchKey.objects.filter(term="n张雨萍").exists()


def test_id_of_another_person_is_refused(estate, household, clerk):
    other = open_household(add_unit(estate, code="3-2-1802", area=8956, by=clerk), owners=[ZHOU], starts_on=date(2026, 1, 1), by=clerk)
    with pytest.raises(Refused) as refusal:
        change_person(other.persons.get(), household=other, version=1, name="周建国", id_number=ZHANG["id_number"], by=clerk)
    assert "另一人名下" in refusal.value.message_dict["id_number"][0]


def test_people_and_vehicles_come_and_go(household, clerk):
    child = add_resident(household, name="周子涵", relation="子女", birth_year=2018, guardian="张雨萍", guardian_consent=True, by=clerk)
    tenant = add_tenant(household, name="何俊", phone="13700002222", lease_from=date(2026, 5, 1), lease_to=date(2027, 4, 30), by=clerk)
    contact = add_contact(household, name="林秀英", phone="025-83451933", relation="母亲", by=clerk)
    car = add_vehicle(household, plate="苏a·d5k26", by=clerk)
    assert (car.plate, contact.phone, tenant.fee_payer) == ("苏AD5K26", "025-83451933", "owner")
    end_residence(child, left_on=today(), by=clerk)
    end_vehicle(car, ended_on=today(), by=clerk)
    remove_contact(contact, by=clerk)
    assert {k.term[0] for k in SearchKey.objects.filter(household=household)} == {"n", "p", "t"}
    assert not SearchKey.objects.filter(household=household, term__in=["n林秀英", "n周子涵"]).exists()
    with pytest.raises(Refused, match="已登记"):
        end_residence(child, left_on=today(), by=clerk)
    with pytest.raises(Refused, match="已于"):
        end_vehicle(car, ended_on=today(), by=clerk)


@pytest.mark.parametrize("plate, words", [("苏A1O234", "没有字母 O"), ("苏A12", "现在 4 位"), ("ABC", "以省份简称开头")])
def test_wrong_plate_is_refused(household, clerk, plate, words):
    with pytest.raises(Refused, match=words):
        add_vehicle(household, plate=plate, by=clerk)


def test_special_plate_is_asked_about(household, clerk):
    with pytest.raises(Refused, match="特种车牌") as refusal:
        add_vehicle(household, plate="苏A1234学", by=clerk)
    assert add_vehicle(household, plate="苏A1234学", despite=(refusal.value.unless,), by=clerk).plate == "苏A1234学"


def test_past_tenure_is_read_not_changed(unit, household, clerk):
    change_owner(unit, owners=[ZHOU], last_day=date(2026, 4, 30), by=clerk)
    for verb, what in ((add_resident, {"name": "周子涵"}), (add_vehicle, {"plate": "苏A12345"}),
                       (add_contact, {"name": "林海", "phone": "15000005678"})):
        with pytest.raises(Refused, match="只看不改"):
            verb(household, **what, by=clerk)


def test_reveal_is_logged_with_its_reason_and_without_the_number(household, clerk):
    person = household.persons.get()
    reveal_identity(person, household=household, reason="核对身份", by=clerk)
    reveal_phones(household, reason="通知停水", by=clerk)
    words = list(Entry.objects.of_household(household).values_list("words", flat=True))[-2:]
    assert words == ["查看张某的证件号码，核对身份", "查看电话，通知停水"]
    with pytest.raises(Refused, match="为什么要看"):
        reveal_identity(person, household=household, reason=" ", by=clerk)


def test_a_first_day_far_ahead_is_asked_about(unit, clerk):
    """A slip of the year would leave the unit out of every run."""
    far = today() + timedelta(days=61)
    with pytest.raises(Refused, match="请核对年份") as refused:
        open_household(unit, owners=[ZHANG], starts_on=far, by=clerk)
    assert open_household(unit, owners=[ZHANG], starts_on=far, despite=(refused.value.unless,), by=clerk).starts_on == far


def test_nobody_is_born_next_year_or_named_by_figures(unit, clerk):
    household = open_household(unit, owners=[ZHANG], starts_on=date(2026, 3, 18), by=clerk)
    for typed, field in (({"name": "何俊", "birth_year": today().year + 1}, "birth_year"), ({"name": "何俊", "birth_year": 1850}, "birth_year"),
                         ({"name": "12345!!"}, "name")):
        with pytest.raises(Refused) as refused:
            add_resident(household, by=clerk, **typed)
        assert list(refused.value.message_dict) == [field]
    child = add_resident(household, name="何俊", birth_year=today().year, guardian="何大", guardian_consent=True, by=clerk)
    assert child.person.birth_year == today().year


def test_a_plate_of_another_household_is_asked_about(estate, unit, clerk):
    first = open_household(unit, owners=[ZHANG], starts_on=date(2026, 3, 18), by=clerk)
    other = open_household(add_unit(estate, code="3-2-1802", area=8956, by=clerk), owners=[ZHOU], starts_on=date(2026, 3, 18), by=clerk)
    add_vehicle(first, plate="苏AD5K26", by=clerk)
    with pytest.raises(Refused, match="已登记在 3-2-1801") as refused:
        add_vehicle(other, plate="苏AD5K26", by=clerk)
    assert add_vehicle(other, plate="苏AD5K26", despite=(refused.value.unless,), by=clerk).household == other


def test_an_organisation_stays_one_when_a_form_does_not_ask(estate, unit, clerk):
    open_household(unit, owners=[{"name": "甲公司", "kind": "organisation", "id_kind": "officer", "id_number": "军字第1234567号"}],
                   starts_on=date(2026, 3, 18), by=clerk)
    other = open_household(add_unit(estate, code="3-2-1802", area=8956, by=clerk), owners=[ZHOU], starts_on=date(2026, 3, 18), by=clerk)
    add_tenant(other, name="甲公司", id_kind="officer", id_number="军字第1234567号", lease_from=date(2026, 5, 1), by=clerk)
    assert Person.objects.get(name="甲公司").kind == Person.Kind.ORGANISATION
