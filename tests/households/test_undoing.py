"""An import taken back: units and people vanish, what was changed is as before; what hangs on it refuses, in words."""
from datetime import date, timedelta

import pytest

from billing.run import bill_month
from households.importing.applying import import_register
from households.importing.undoing import undo_import
from households.importing.uploads import store
from households.models import (
    Amendment,
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
from households.people import add_vehicle
from households.register import add_unit, open_household
from servicecentre.jobs import worker
from servicecentre.kit.periods import BillingMonth, now
from servicecentre.kit.refused import Refused
from servicecentre.worklog.day import make_promise
from servicecentre.worklog.models import Entry

from .lists import HEADER, LIU, ZHANG, ZHOU, many, planned, register, row

TABLES = (Building, Unit, UnitArea, Person, Household, Ownership, Resident, Contact, Vehicle, SearchKey)


@pytest.fixture
def take(estate, clerk, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path

    def take(*rows, **options):
        data = register(*rows, **options)
        plan = planned(estate, data)
        assert not plan.errors, plan.errors
        return import_register(estate, plan, stored=store(data, "登记表.xlsx"), by=clerk)
    return take


def content():
    """Every row but for version columns and the search keys' ids."""
    left_out = {SearchKey: ("id",)}
    return {model.__name__: sorted(repr({k: v for k, v in row.items() if k not in ("version", *left_out.get(model, ()))}) for row in model.objects.values())
            for model in TABLES}


def test_new_units_and_people_vanish_log_and_file_stay(estate, take, manager):
    importing = take(*many(20), row(code="S01", owner="", id="", phone="", day="", remark="未交付"))
    entries = Entry.objects.count()
    undone = undo_import(importing, reason="传错了文件", by=manager)
    assert all(model.objects.count() == 0 for model in TABLES)
    assert (undone.state, undone.undone_by, undone.undo_reason) == ("undone", manager, "传错了文件")
    assert Entry.objects.count() == entries + 1
    assert Entry.objects.last().words == "撤销登记表「登记表.xlsx」的导入：删去新增的 21 套、20 户，改过的 0 处恢复原样，原因：传错了文件"
    with pytest.raises(Refused, match="已经撤销过了"):
        undo_import(undone, reason="x", by=manager)
    take(*many(20))
    assert Unit.objects.count() == 20, "and the list may come again"


def test_changed_fields_are_as_before(estate, take, manager):
    header = [*HEADER, "租户", "租户电话", "用途"]
    take([*row(contact="李五 13900000001"), "租客", "13900000009", "住宅"],
         [*row(code="3-2-1802", owner="周建国", id="", phone=""), "", "", "住宅"], header=header)
    before = content()
    importing = take([*row(owner="张玉萍", phone="13912342046", area="99.56", day="2025-04-01", contact="李五 13900000002", plates="苏A12345", remark="出租"),
                      "租客", "13900000008", "商铺"],
                     [*row(code="3-2-1802", owner="周建国", id=ZHOU, phone="13912340000"), "", "", "住宅"],
                     [*row(code="3-2-1803", owner="刘三", id=LIU, phone=""), "", "", "住宅"], header=header)
    assert content() != before and Amendment.objects.filter(what="业主姓名", old="张雨萍", new="张玉萍").exists()
    undo_import(importing, reason="传错了文件", by=manager)
    after = content()
    assert {name: after[name] for name in after} == before
    person = Person.objects.get(name="周建国")
    assert (person.id_number, person.id_digest, person.id_masked) == ("", "", "")
    assert Person.objects.get(name="张雨萍").version == 3, "a page opened meanwhile is stale"


def test_a_person_entered_twice_comes_back(estate, take, clerk, manager):
    unit = add_unit(estate, code="3-2-1801", area=8956, by=clerk)
    open_household(unit, owners=[{"name": "张雨萍"}], starts_on=date(2025, 3, 18), by=clerk)
    other = add_unit(estate, code="3-2-1802", area=8956, by=clerk)
    open_household(other, owners=[{"name": "张雨萍", "id_number": ZHANG, "phone": "13800135678"}], starts_on=date(2025, 3, 18), by=clerk)
    before = content()
    importing = take(row())
    assert Person.objects.count() == 1
    undo_import(importing, reason="传错了文件", by=manager)
    assert content() == before


def test_what_hangs_on_it_is_named(estate, take, clerk, manager):
    importing = take(row(), row(code="3-2-1802", owner="周建国", id=ZHOU))

    def refused(words):
        with pytest.raises(Refused) as refusal:
            undo_import(importing, reason="传错了", by=manager)
        assert words in refusal.value.sentence and "不能整批撤销" in refusal.value.sentence, refusal.value.sentence
        importing.refresh_from_db()
        assert importing.state == "applied" and Unit.objects.count() == 2
    home = Household.objects.first()
    make_promise(estate, to_whom="张女士", words="回电", due_at=now() + timedelta(hours=1), household=home, by=clerk)
    refused("承诺 1 处")
    add_vehicle(home, plate="苏A12345", by=clerk)
    refused("车辆 1 处")
    bill_month(estate, BillingMonth(2026, 11), by=manager)
    refused("应收 2 处")


def test_later_changes_are_named(estate, take, manager):
    importing = take(row(), row(code="3-2-1802", owner="周建国", id=ZHOU))
    take(row(owner="张玉萍"), row(code="3-2-1802", owner="周建国", id=ZHOU))
    with pytest.raises(Refused, match=r"导入以后又改过.*人员 1 处.*（3-2-1801）"):
        undo_import(importing, reason="传错了", by=manager)
    assert undo_import(RegisterImport.objects.last(), reason="传错了", by=manager).state == "undone"
    assert Household.objects.first().owner_names == "张雨萍"


def test_bills_made_by_what_it_changed_refuse_it(estate, take, manager):
    take(row())
    importing = take(row(area="99.56"))
    bill_month(estate, BillingMonth(2026, 11), by=manager)
    with pytest.raises(Refused, match="按改后的内容出的账 1 处"):
        undo_import(importing, reason="传错了", by=manager)


def test_a_reason_is_asked(take, manager):
    importing = take(row())
    with pytest.raises(Refused, match="请填写撤销的原因"):
        undo_import(importing, reason=" ", by=manager)


def test_the_history_ends_with_the_value_that_holds(estate, take, manager):
    take(row())
    importing = take(row(remark="新的备注"))
    undo_import(importing, reason="传错了文件", by=manager)
    told = list(Amendment.objects.order_by("pk").values_list("what", "old", "new"))
    assert len(told) >= 2 and [(what, new, old) for what, old, new in told[:len(told) // 2]] == told[len(told) // 2:]


def test_undoing_is_a_job_and_says_what_stood_in_its_way(estate, take, manager, manager_desk):
    importing = take(*many(3))
    page = f"/import/{importing.pk}/"
    assert manager_desk.post(f"{page}undo/", {"reason": "传错了文件", "request_key": "a"}).status_code == 302
    assert "撤销中" in manager_desk.get(page).content.decode() and Unit.objects.count() == 3
    add_vehicle(Household.objects.first(), plate="苏A12345", by=manager)
    assert worker.run_one().pk
    body = manager_desk.get(page).content.decode()
    assert "没有办成" in body and "不能整批撤销" in body and RegisterImport.objects.get().state == "applied"
    Vehicle.objects.all().delete()
    manager_desk.post(f"{page}undo/", {"reason": "传错了文件", "request_key": "b"})
    worker.run_one()
    undone = RegisterImport.objects.get()
    assert (undone.state, undone.undone_by, undone.undo_reason) == ("undone", manager, "传错了文件") and not Unit.objects.exists()
