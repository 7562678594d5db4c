"""A list beside the register: what each row would do, and which may not be (IMPORT «Register»)."""
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.run import bill_month
from households.importing.applying import import_register
from households.importing.uploads import store
from households.models import Household, Person
from households.people import add_vehicle, change_person, end_vehicle
from households.register import add_unit, change_owner, open_household
from servicecentre.kit.periods import BillingMonth, today

from .lists import HEADER, LIU, ZHANG, ZHOU, many, planned, register, row


@pytest.fixture
def taken(estate, clerk, settings, tmp_path):
    """Import a list, all of it, and answer its plan."""
    settings.MEDIA_ROOT = tmp_path

    def take(*rows, **options):
        data = register(*rows, **{k: v for k, v in options.items() if k in ("header", "name", "more")})
        found = planned(estate, data, handover_default=options.get("handover_default"))
        assert not found.errors, found.errors
        import_register(estate, found, stored=store(data, "表.xlsx"), by=clerk)
        return found
    return take


def changes(plan):
    return [change for unit in plan.units for change in unit.changes]


def reasons(plan):
    return [(finding.row, finding.reason) for finding in plan.errors]


def test_new_units_are_created_and_the_same_list_again_changes_nothing(estate, taken):
    rows = [row(contact="周建国 13912342046", plates="苏A12345、苏AD7K38"), row(code="S01", owner="", id="", phone="", day="", remark="未交付")]
    first = taken(*rows)
    assert [unit.status for unit in first.units] == ["created", "created"]
    assert first.new_buildings == ["3", "商铺"]
    again = planned(estate, register(*rows))
    assert [(unit.status, unit.changes) for unit in again.units] == [("unchanged", []), ("unchanged", [])]


def test_unit_is_found_however_it_is_written(estate, taken):
    taken(row(code="3-2-0101"))
    assert planned(estate, register(row(code="3栋2单元101室"))).units[0].status == "unchanged"


def test_new_values_are_told_old_beside_new(estate, taken):
    taken(row())
    found = planned(estate, register(row(owner="张玉萍", phone="13912342046", contact="周建国 13912342046", plates="苏A12345", remark="出租")))
    assert changes(found) == [("户备注", "", "出租"), ("紧急联系人", "", "周建国 139****2046"), ("车牌号", "", "苏A·12345"),
                              ("业主姓名", "张雨萍", "张玉萍"), ("电话", "138****5678", "139****2046"), ("备用电话", "", "138****5678")]


def test_blank_cells_erase_nothing(estate, taken):
    taken(row(contact="周建国 13912342046", plates="苏A12345", remark="出租"))
    found = planned(estate, register(row(phone="", id="", remark="")))
    assert (found.units[0].status, found.errors) == ("unchanged", [])


def test_another_owner_is_a_change_of_owner_not_an_import(estate, taken):
    taken(row(), row(code="3-2-1802", owner="周建国", id=""))
    found = planned(estate, register(row(owner="周建国", id=ZHOU), row(code="3-2-1802", owner="周建军", id="")))
    assert [r for r, _ in reasons(found)] == [2, 3] and all("请办变更业主" in reason for _, reason in reasons(found))
    assert not found.units


def test_another_co_owner_is_a_change_of_owner_too(estate, taken):
    taken(row())
    found = planned(estate, register(row(owner="张雨萍、周建国", id=f"{ZHANG}、{ZHOU}")))
    assert "请办变更业主" in reasons(found)[0][1]


def test_number_that_was_blank_is_filled_in(estate, taken):
    taken(row(id=""))
    found = planned(estate, register(row()))
    assert changes(found) == [("证件号码", "", f"3201**********{ZHANG[-4:]}")]
    taken(row())
    person = Person.objects.get(name="张雨萍")
    assert (person.id_number, person.sex, person.birth_year) == (ZHANG, "female", 1988)


def test_owner_of_several_units_is_one_person(estate, taken):
    rows = [row(), row(code="3-2-1802", phone="13912342046"), row(code="3-2-1803", phone="")]
    taken(*rows)
    person = Person.objects.get(name="张雨萍")
    assert (person.phone, person.phone2, person.ownerships.count()) == ("13800135678", "13912342046", 3)
    assert {unit.status for unit in planned(estate, register(*rows)).units} == {"unchanged"}


def test_third_phone_of_one_person_is_told_and_left_out(estate, taken):
    rows = [row(), row(code="3-2-1802", phone="13912342046"), row(code="3-2-1803", phone="13770000001")]
    found = taken(*rows)
    assert [(f.row, f.reason) for f in found.warnings] == [(4, "此人在别的行已有两个电话，这个没有导入")]
    assert {unit.status for unit in planned(estate, register(*rows)).units} == {"unchanged"}


def test_one_number_under_two_names_makes_both_rows_wrong(estate):
    found = planned(estate, register(row(), row(code="3-2-1802", owner="张玉萍"), row(code="3-2-1803", owner="周建国", id=ZHOU)))
    assert reasons(found) == [(2, "同一证件号码在第 3 行写的是张玉萍，请核对是谁的"), (3, "同一证件号码在第 2 行写的是张雨萍，请核对是谁的")]
    assert all(ZHANG not in finding.value for finding in found.errors)
    assert [unit.row.code for unit in found.units] == ["3-2-1803"]


def test_number_registered_under_another_name_is_refused_for_a_new_unit(estate, taken):
    taken(row())
    found = planned(estate, register(row(code="5-1-101", owner="李强")))
    assert reasons(found) == [(2, "这个证件号码登记的是张雨萍，请核对证件；姓名变了先改人员资料")]
    both = planned(estate, register(row(owner="张玉萍"), row(code="5-1-101", owner="张玉萍")))
    assert not both.errors and ("业主姓名", "张雨萍", "张玉萍") in changes(both)


def test_second_entry_of_a_person_gives_way_to_the_one_with_the_number(estate, taken):
    taken(row(), row(code="3-2-1802", id="", phone="13912342046"))
    assert Person.objects.filter(name="张雨萍").count() == 2
    taken(row(), row(code="3-2-1802", phone="13912342046"))
    person = Person.objects.get(name="张雨萍")
    assert person.ownerships.count() == 2 and {person.phone, person.phone2} == {"13800135678", "13912342046"}
    assert {unit.status for unit in planned(estate, register(row(), row(code="3-2-1802", phone="13912342046"))).units} == {"unchanged"}


def test_one_number_given_to_two_nameless_entries_makes_one_person(estate, taken):
    taken(row(id=""), row(code="3-2-1802", id=""))
    taken(row(), row(code="3-2-1802"))
    assert Person.objects.get(name="张雨萍").ownerships.count() == 2


def test_area_is_replaced_where_nothing_was_billed_by_it(estate, taken):
    taken(row())
    assert changes(planned(estate, register(row(area="90.12")))) == [("建筑面积", "89.56", "90.12")]
    taken(row(area="90.12"))
    areas = Household.objects.get().unit.areas
    assert [(a.area, a.starts_on) for a in areas.all()] == [(9012, date(2000, 1, 1))]


def test_area_that_was_billed_holds_until_the_end_of_this_month(estate, taken, manager):
    taken(row())
    bill_month(estate, BillingMonth.of(today()), by=manager)
    next_month = BillingMonth.of(today()).next
    assert changes(planned(estate, register(row(area="90.12")))) == [("建筑面积", "89.56", f"90.12，{next_month.label}起")]
    taken(row(area="90.12"))
    areas = list(Household.objects.get().unit.areas.all())
    assert [(a.area, a.starts_on, a.ends_on) for a in areas] == [(8956, date(2000, 1, 1), next_month.previous.last), (9012, next_month.first, None)]
    assert planned(estate, register(row(area="90.12"))).units[0].status == "unchanged"
    taken(row(area="91"))                                            # a slip in the list, before anything was billed by it
    assert [a.area for a in Household.objects.get().unit.areas.all()] == [8956, 9100]


def test_first_day_may_be_corrected_until_it_was_billed(estate, taken, manager):
    taken(row())
    taken(row(day="2025-04-01"))
    assert Household.objects.get().starts_on == date(2025, 4, 1)
    bill_month(estate, BillingMonth(2025, 5), by=manager)
    found = planned(estate, register(row(day="2025-03-18", phone="13912342046")))
    assert reasons(found) == [(2, "登记的是 2025-04-01，已经出过账，不能由导入改")]
    assert not found.people.by_pk, "a wrong row changes nobody"


def test_handover_of_a_unit_that_was_sold_is_the_first_owners(estate, taken, clerk):
    taken(row())
    unit = Household.objects.get().unit
    change_owner(unit, owners=[{"name": "周建国", "id_number": ZHOU}], last_day=date(2026, 3, 31), by=clerk)
    sold = row(owner="周建国", id=ZHOU, phone="")
    assert planned(estate, register(sold)).units[0].status == "unchanged"
    assert "从 2026-04-01 起，和表里的日期不同" in reasons(planned(estate, register([*sold[:5], "2025-09-09", *sold[6:]])))[0][1]
    assert "请办变更业主" in reasons(planned(estate, register(row())))[0][1]


def test_default_day_says_nothing_of_a_household_that_is_there(estate, taken):
    header = [name for name in HEADER if name != "交付日期"]
    line = [value for name, value in zip(HEADER, row(), strict=True) if name != "交付日期"]
    taken(line, header=header, handover_default=date(2025, 1, 1))
    assert Household.objects.get().starts_on == date(2025, 1, 1)
    assert planned(estate, register(line, header=header), handover_default=date(2025, 2, 1)).units[0].status == "unchanged"


def test_unit_without_owner_gets_one_later(estate, taken):
    taken(row(owner="", id="", phone="", day="", plates="苏A12345"))
    assert Household.objects.count() == 0
    found = taken(row())
    assert (found.units[0].status, changes(found)) == ("updated", [("业主", "", "张雨萍")])
    assert Household.objects.get().number == "3-2-1801-01"


def test_row_without_owner_leaves_the_household_alone(estate, taken):
    taken(row())
    found = planned(estate, register(row(owner="", id="", phone="", day="", remark="未交付")))
    assert found.units[0].status == "unchanged" and found.warnings[-1].reason == "表里没有业主，登记的业主不变"


def test_tenure_that_ended_is_not_overlapped(estate, taken, clerk):
    unit = add_unit(estate, code="3-2-1801", area=8956, by=clerk)
    open_household(unit, owners=[{"name": "李强", "id_number": LIU}], starts_on=date(2024, 1, 1), ends_on=date(2025, 6, 30), by=clerk)
    assert "日期不能重叠" in reasons(planned(estate, register(row())))[0][1]
    taken(row(day="2025-07-01"))
    assert Household.objects.get(serial=2).number == "3-2-1801-02"


def test_what_was_ended_at_the_desk_is_not_entered_again(estate, taken, clerk):
    taken(row(plates="苏A12345"))
    end_vehicle(Household.objects.get().vehicles.get(), ended_on=today(), by=clerk)
    found = planned(estate, register(row(plates="苏A12345")))
    assert found.units[0].status == "unchanged" and "已注销，没有再登记" in found.warnings[0].reason


def test_tenant_of_a_shop(estate, taken):
    header = ["商铺号", "建筑面积", "业主", "信用代码", "电话", "租户", "起租日期"]
    line = ["S01", "50.5", "南京一品商贸有限公司", "", "13800135678", "张记面馆", "2026-02-01"]
    taken(line, header=header, name="商铺", handover_default=date(2025, 1, 1))
    tenant = Household.objects.get().residents.get()
    assert (tenant.kind, tenant.person.name, tenant.lease_from, tenant.lease_to) == ("tenant", "张记面馆", date(2026, 2, 1), None)
    again = planned(estate, register(line, header=header, name="商铺"), handover_default=date(2025, 1, 1))
    assert (again.units[0].status, again.units[0].unit["kind"]) == ("unchanged", "shop")


def test_kind_is_changed_only_by_a_word(estate, taken):
    header = ["房号", "用途", "面积", "业主"]
    taken(["3-2-101", "住宅", "80", "张雨萍"], header=header, handover_default=date(2025, 1, 1))
    found = planned(estate, register(["3-2-101", "商业", "80", "张雨萍"], header=header), handover_default=date(2025, 1, 1))
    assert changes(found) == [("用途", "住宅", "商铺")]


def test_digest_moves_with_register_file_mapping_and_default(estate, taken, clerk):
    data = register(row())
    before = planned(estate, data)
    assert before.digest == planned(estate, data).digest
    other = planned(estate, data)
    other.reading.mapping["tables"][0]["columns"][0]["field"] = ""
    assert len({before.digest, other.digest, planned(estate, register(row(remark="x"))).digest,
                planned(estate, data, handover_default=date(2025, 1, 1)).digest}) == 4
    taken(*many(2))
    household = Household.objects.first()
    states = [planned(estate, data).digest]
    vehicle = add_vehicle(household, plate="苏A12345", by=clerk)
    states.append(planned(estate, data).digest)
    end_vehicle(vehicle, ended_on=today(), by=clerk)
    states.append(planned(estate, data).digest)
    person = household.persons.get()
    change_person(person, household=household, version=person.version, name="别名", by=clerk)
    states.append(planned(estate, data).digest)
    assert len(set(states)) == 4


def test_plan_asks_as_much_of_the_database_for_many_rows_as_for_few(estate):
    few, more = register(*many(3)), register(*many(120))
    counted = []
    for data in (few, more):
        with CaptureQueriesContext(connection) as queries:
            planned(estate, data)
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 22


def test_shops_with_codes_of_their_own_are_taken_and_found(estate, taken):
    """底商 is numbered as its builder liked: what no form of ours fits stands for itself."""
    from households.find import find
    header = ["铺位号", "建筑面积", "业主", "电话"]
    lines = [[code, "50.5", f"业主{name}", "13800135678"] for code, name in (("B1-01", "甲"), ("ABC-123", "乙"), ("P12345", "丙"))]
    taken(*lines, header=header, name="商铺", handover_default=date(2025, 1, 1))
    again = planned(estate, register(*lines, header=header, name="商铺"), handover_default=date(2025, 1, 1))
    assert [unit.status for unit in again.units] == ["unchanged"] * 3
    for code, name in (("B1-01", "甲"), ("ABC-123", "乙"), ("P12345", "丙")):
        assert find(estate, f"业主{name}").hits[0].unit.code == code
    assert find(estate, "B1-01").hits[0].unit.code == "B1-01"
