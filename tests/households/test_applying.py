"""A plan into the register: all, or the good rows, or nothing (TRUST 20), in one act."""
from datetime import UTC, date, datetime

import pytest
from django.core.files.storage import default_storage
from django.db import connection

from households import find
from households.importing import applying
from households.importing.applying import import_register
from households.importing.uploads import store
from households.models import (
    Building,
    Contact,
    Household,
    Ownership,
    Person,
    RegisterImport,
    Resident,
    SearchKey,
    Unit,
    UnitArea,
    Vehicle,
)
from households.people import names_of
from households.register import add_unit, open_household
from servicecentre.kit import periods
from servicecentre.kit.refused import Refused
from servicecentre.worklog.models import Entry

from .lists import ZHANG, ZHOU, many, planned, register, row

TABLES = (Building, Unit, UnitArea, Person, Household, Ownership, Resident, Contact, Vehicle, SearchKey, RegisterImport, Entry)


def counts():
    return {model.__name__: model.objects.count() for model in TABLES}


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def take(estate, clerk):
    def take(data, plan=None, **options):
        return import_register(estate, plan or planned(estate, data), stored=store(data, "登记表.xlsx"), by=clerk, **options)
    return take


def test_everything_a_row_says_is_there_and_found(estate, take):
    importing = take(register(row(owner="张雨萍、周建国", id=f"{ZHANG}、{ZHOU}", contact="李强 13770000001", plates="苏A12345", remark="出租")))
    household = Household.objects.get()
    unit = household.unit
    assert (household.number, str(household.starts_on), household.owner_names, household.remark) == ("3-2-1801-01", "2025-03-18", "张雨萍、周建国", "出租")
    assert (unit.code, unit.building.code, unit.kind, unit.areas.get().area, str(unit.areas.get().starts_on)) == ("3-2-1801", "3", "home", 8956, "2000-01-01")
    assert [(o.position, o.person.name, o.person.phone) for o in household.ownerships.all()] == [(1, "张雨萍", "13800135678"), (2, "周建国", "")]
    assert household.persons.get(name="周建国").id_number == ZHOU
    for asked in ("321801", "1801", "张雨", "zyp", "5678", "李强", "12345"):
        assert find.find(estate, asked).hits[0].household == household, asked
    assert [e.words for e in Entry.objects.filter(act="importing.import_register")] == [
        "导入登记表「登记表.xlsx」：新增 1 套，更新 0 套，无变化 0 套，新登记业主 1 户"]
    assert (importing.state, importing.counts()["created"]) == ("applied", 1)


def test_rebuilt_keys_are_those_that_the_acts_write(estate, other_estate, take, clerk):
    take(register(row(plates="")))
    imported = set(SearchKey.objects.of(estate).values_list("term", flat=True))
    unit = add_unit(other_estate, code="3-2-1801", area=8956, by=clerk)
    open_household(unit, owners=[{"name": "张雨萍", "id_number": ZHANG, "phone": "13800135678"}], starts_on="2025-03-18", by=clerk)
    assert imported == set(SearchKey.objects.of(other_estate).values_list("term", flat=True))


@pytest.mark.parametrize("spoilt", [1, 20, 40])
def test_one_wrong_row_of_many_writes_nothing(estate, take, spoilt):
    rows = many(40)
    rows[spoilt - 1][1] = "八十九"
    before = counts()
    with pytest.raises(Refused, match="有 1 行不对，全部没有导入"):
        take(register(*rows))
    assert counts() == before
    take(register(*rows), good_rows=True)
    assert Unit.objects.count() == 39 and not Unit.objects.filter(code=rows[spoilt - 1][0]).exists()


class Killed(Exception):
    pass


@pytest.mark.parametrize("step", ["_areas", "_people", "_households", "_owner_names", "_what_hangs_on_them"])
def test_a_kill_in_the_middle_writes_nothing(estate, take, monkeypatch, step):
    take(register(*many(5)))
    before = counts()
    step_itself = getattr(applying._Writer, step)

    def dies(writer):
        step_itself(writer)
        raise Killed
    monkeypatch.setattr(applying._Writer, step, dies)
    with pytest.raises(Killed):
        take(register(*many(30, first=3)))
    assert counts() == before


@pytest.mark.parametrize("k", [1, 17, 30])
def test_a_kill_at_a_row_writes_nothing_and_without_the_transaction_it_would(estate, take, monkeypatch, clerk, k):
    """The guard is the act's one transaction; the twin writes without it and leaves half a register."""
    seen = []

    def dies_at_row_k(owners):
        seen.append(owners)
        if len(seen) == k:
            raise Killed
        return names_of(owners)
    monkeypatch.setattr(applying, "names_of", dies_at_row_k)
    before, data = counts(), register(*many(30))
    with pytest.raises(Killed):
        take(data)
    assert counts() == before
    seen.clear()
    with pytest.raises(Killed):
        applying._Writer(estate, planned(estate, data), clerk).write()
    assert (Unit.objects.count(), Household.objects.count()) == (30, 0), "the twin leaves units without their households"


def test_register_that_moved_since_the_plan_is_refused(estate, take, clerk):
    data = register(*many(3))
    stale = planned(estate, data)
    add_unit(estate, code="9-9-909", area=5000, by=clerk)
    before = counts()
    with pytest.raises(Refused, match="试导以后登记有改动，或者换了月份，请重新试导"):
        take(data, plan=stale)
    assert counts() == before
    take(data)
    assert Unit.objects.count() == 4


def test_bill_made_since_the_plan_refuses_what_depends_on_it(estate, take, manager):
    from billing.run import bill_month
    from servicecentre.kit.periods import BillingMonth
    take(register(row()))
    data = register(row(day="2025-04-01"))
    stale = planned(estate, data)
    bill_month(estate, BillingMonth(2025, 5), by=manager)
    with pytest.raises(Refused, match="试导以后登记有改动"):
        take(data, plan=stale)
    assert str(Household.objects.get().starts_on) == "2025-03-18"


@pytest.mark.parametrize("moves", ["contact", "phone", "lease", "vehicle"])
def test_a_plan_is_stale_when_what_it_read_has_other_content(estate, take, clerk, moves):
    take(register(row(contact="李五 13900000001", plates="苏A12345")))
    home = Household.objects.get()
    tenant = Person.objects.create(estate=estate, name="租客")
    lease = Resident.objects.create(estate=estate, household=home, person=tenant, kind="tenant", lease_from=date(2026, 1, 1))
    data = register(row(contact="李五 13900000003"))
    stale = planned(estate, data)
    if moves == "contact":
        take(register(row(contact="李五 13900000002")))
    elif moves == "phone":
        Person.objects.filter(pk=tenant.pk).update(phone="13900000009")
    elif moves == "lease":
        Resident.objects.filter(pk=lease.pk).update(lease_from=date(2026, 2, 1))
    else:
        home.vehicles.update(plate="苏A99999")
    with pytest.raises(Refused, match="试导以后登记有改动"):
        take(data, plan=stale)
    take(data)
    assert home.contacts.get().phone == "13900000003"


def test_a_plan_of_last_month_is_another_one(estate, take, manager, monkeypatch):
    """Shown on 30 November as 2026年12月起, planned again on 1 December it says 2027年1月起."""
    from billing.run import bill_month
    from servicecentre.kit.periods import BillingMonth
    take(register(row()))
    bill_month(estate, BillingMonth(2026, 11), by=manager)
    data = register(row(area="99.56"))

    def on(day):
        monkeypatch.setattr(periods, "clock", lambda: datetime(*day, 4, tzinfo=UTC))
        return planned(estate, data)
    first, same, later = on((2026, 11, 28)), on((2026, 11, 30)), on((2026, 12, 1))
    assert first.digest == same.digest != later.digest
    assert "2026年12月起" in first.units[0].changes[0][2] and "2027年1月起" in later.units[0].changes[0][2]
    with pytest.raises(Refused, match="换了月份"):
        take(data, plan=first)


def test_phone_beside_the_second_owner_is_written_to_that_one(estate, take):
    header = ["房号", "面积", "业主1", "身份证1", "电话1", "业主2", "身份证2", "电话2", "交付日期"]

    def list_of(second):
        return register(["3-2-1801", "89.56", "张雨萍", ZHANG, "13800135678", "周建国", ZHOU, second, "2025-03-18"], header=header)
    take(list_of("13900139000"))
    people = {p.name: (p.phone, p.phone2) for p in Person.objects.all()}
    assert people == {"张雨萍": ("13800135678", ""), "周建国": ("13900139000", "")}
    found = planned(estate, list_of("13900139001"))
    assert found.units[0].changes == [("电话", "139****9000", "139****9001"), ("备用电话", "", "139****9000")]
    assert planned(estate, list_of("13900139000")).units[0].status == "unchanged"


def test_same_list_again_writes_nothing_not_even_an_entry(estate, take):
    data = register(*many(20))
    take(data)
    before = counts()
    assert take(data) is None
    assert counts() == before


def test_repeated_request_gives_the_first_result(estate, take):
    data = register(*many(3))
    plan = planned(estate, data)
    first = take(data, plan=plan, request_key="k1")
    again = take(data, plan=plan, request_key="k1")
    assert again == first and again.is_repeat and Unit.objects.count() == 3


def test_the_estate_next_door_is_not_touched(estate, other_estate, take, clerk):
    unit = add_unit(other_estate, code="3-2-1801", area=7000, by=clerk)
    open_household(unit, owners=[{"name": "李强", "id_number": ZHANG, "phone": "13912342046"}], starts_on="2024-01-01", by=clerk)
    theirs = [list(model.objects.of(other_estate).order_by("pk").values()) for model in TABLES]
    take(register(row()))
    assert theirs == [list(model.objects.of(other_estate).order_by("pk").values()) for model in TABLES]
    assert Person.objects.of(estate).get().name == "张雨萍"


def test_renamed_owner_is_renamed_on_every_household_and_found_by_the_new_name(estate, take):
    take(register(row(), row(code="3-2-1802")))
    take(register(row(owner="张玉萍"), row(code="3-2-1802", owner="张玉萍")))
    assert set(Household.objects.values_list("owner_names", flat=True)) == {"张玉萍"}
    assert len(find.find(estate, "张玉萍").hits) == 2 and not find.find(estate, "张雨萍").hits
    assert Person.objects.get().version == 2


def test_file_is_kept_readable_only_with_the_key(estate, take):
    data = register(row())
    importing = take(data)
    with default_storage.open(importing.file) as file:
        stored = file.read()
    assert ZHANG.encode() not in stored and not stored.startswith(b"PK") and "登记表" not in importing.file
    assert importing.content() == data


def test_report_that_is_kept_holds_no_number_of_identity(estate, take):
    from households.importing.reports import wrong_rows_workbook
    from servicecentre.kit.sheets import open_workbook
    rows = [row(), row(code="3-2-1802", owner="张玉萍"), row(code="3-2-1803", id=ZHOU[:17] + "a"), row(code="3-2-1804", owner="", id=ZHOU),
            row(code="3-2-1805", owner="周建国", id=ZHOU)]
    importing = take(register(*rows), good_rows=True)
    kept = repr(importing.report) + repr(importing.mapping)
    cells = repr([sheet.rows for sheet in open_workbook(wrong_rows_workbook(importing))])
    for number in (ZHANG, ZHOU, ZHOU[:17]):
        assert number not in kept and number not in cells
    assert importing.counts()["wrong"] == len({(e["sheet"], e["row"]) for e in importing.report["errors"]}) == 4


def test_sharing_of_sqlite_and_postgresql(estate, take):
    """The same list makes the same rows on both engines; the sample register's figures are in test_import_command."""
    take(register(*many(12)))
    assert connection.vendor in ("sqlite", "postgresql")
    assert list(Unit.objects.in_order().values_list("code", flat=True)[:6]) == ["1-1-101", "1-1-102", "1-1-103", "1-1-104", "1-1-201", "1-1-202"]
