"""The developer holds every finished unit up to its handover: entered once for all, also for those handed over since (DOMAIN §2 [law])."""
from datetime import date

import pytest

from billing.corrections import corrections, mend_line
from billing.models import BillingPolicy, Charge
from billing.run import bill_month
from households.developer import developer_of, enter_developer
from households.importing.undoing import undo_import
from households.importing.uploads import import_file
from households.models import Building, Household, RegisterImport
from households.register import change_owner, open_household
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.refused import Refused
from tests.factories import make_household, make_unit

from .lists import register, row

NOVEMBER = BillingMonth(2026, 11)
DONE = date(2026, 6, 1)


@pytest.fixture
def units(estate):
    """One handed over, one handed over and sold since, one nobody's; and a building that is not finished."""
    sold = make_household(estate, "1-1-102", starts_on=date(2026, 7, 1), ends_on=date(2026, 9, 30))
    make_household(estate, unit=sold.unit, owner="李芳", starts_on=date(2026, 10, 1))
    return {"held": make_household(estate, "1-1-101", starts_on=date(2026, 11, 11)).unit, "sold": sold.unit, "free": make_unit(estate, "1-1-103"),
            "later": make_unit(estate, "2-1-101")}


@pytest.fixture
def entered(estate, units, manager):
    building = Building.objects.get(estate=estate, code="1")
    return enter_developer(estate, name="银河置业有限公司", finished={building.pk: DONE}, by=manager)


def spans(unit):
    return [(h.developer, h.starts_on, h.ends_on) for h in unit.households.live().order_by("starts_on")]


def test_its_tenures_go_from_completion_to_the_day_before_each_handover(units, entered):
    assert entered.opened == 3
    assert spans(units["held"])[0] == (True, DONE, date(2026, 11, 10))
    assert spans(units["sold"])[0] == (True, DONE, date(2026, 6, 30))
    assert spans(units["free"]) == [(True, DONE, None)]
    assert spans(units["later"]) == []
    assert units["free"].households.get().number == "1-1-103-00"


def test_entering_again_opens_only_what_is_new(estate, units, entered, manager):
    one, two = Building.objects.of(estate).order_by("code")
    make_unit(estate, "1-1-104")
    assert enter_developer(estate, name="银河置业有限公司", finished={one.pk: DONE, two.pk: date(2026, 8, 1)}, by=manager).opened == 2
    with pytest.raises(Refused, match="没有要登记的"):
        enter_developer(estate, name="银河置业有限公司", finished={one.pk: DONE}, by=manager)
    with pytest.raises(Refused, match="已登记为银河置业有限公司"):
        make_unit(estate, "1-1-105")
        enter_developer(estate, name="别的公司", finished={one.pk: DONE}, by=manager)
    person, found = developer_of(estate)
    assert (person.name, found[one.pk], found[two.pk]) == ("银河置业有限公司", (DONE, 4, 2), (date(2026, 8, 1), 1, 1))


def test_a_day_to_come_is_refused(estate, units, manager):
    with pytest.raises(Refused, match="还没到"):
        enter_developer(estate, name="银河置业", finished={Building.objects.get(estate=estate, code="1").pk: date(2030, 1, 1)}, by=manager)


def test_it_is_billed_only_where_the_estate_says_so(estate, units, entered, manager):
    bill_month(estate, NOVEMBER, by=manager)
    assert not Charge.objects.filter(household__developer=True).exists()
    BillingPolicy.objects.create(estate=estate, bill_developer=True)
    run = bill_month(estate, NOVEMBER, by=manager)
    billed = {c.unit.code: (c.share_num, c.share_den) for c in run.charges.select_related("unit")}
    assert billed == {"1-1-101": (10, 30), "1-1-103": (1, 1)}


def test_a_handover_ends_its_tenure_and_what_was_billed_beyond_is_a_correction(estate, units, entered, manager, clerk):
    BillingPolicy.objects.create(estate=estate, bill_developer=True)
    bill_month(estate, NOVEMBER, by=manager)
    buyer = open_household(units["free"], owners=[{"name": "王敏"}], starts_on=date(2026, 11, 21), by=clerk)
    assert spans(units["free"]) == [(True, DONE, date(2026, 11, 20)), (False, date(2026, 11, 21), None)]
    assert (buyer.serial, buyer.number) == (1, "1-1-103-01")
    beyond, = (c for c in corrections(estate, NOVEMBER) if c.charge)
    assert mend_line(beyond.charge, by=manager).amount == 17016 - 11344           # 20 of 30 days stay the developer's
    bill_month(estate, NOVEMBER, by=manager)
    assert Charge.objects.get(household=buyer).share_num == 10


def test_a_handover_before_completion_takes_its_tenure_back(units, entered, clerk):
    open_household(units["free"], owners=[{"name": "王敏"}], starts_on=date(2026, 5, 1), by=clerk)
    assert spans(units["free"]) == [(False, date(2026, 5, 1), None)]


def test_a_sale_goes_between_owners_only(units, entered, clerk):
    change_owner(units["sold"], owners=[{"name": "赵六"}], last_day=date(2026, 11, 20), by=clerk)
    assert [developer for developer, _, _ in spans(units["sold"])] == [True, False, False, False]


def test_an_imported_handover_ends_it_too_and_undone_it_goes_on(estate, units, entered, manager, tmp_path):
    path = tmp_path / "登记表.xlsx"
    make_unit(estate, "2-1-102")
    path.write_bytes(register(row(code="1-1-103", day="2026-11-21"), row(code="2-1-101"), row(code="2-1-102")))
    import_file(path, estate.slug, good_rows=False, handover_default=None, told={})
    assert spans(units["free"]) == [(True, DONE, date(2026, 11, 20)), (False, date(2026, 11, 21), None)]
    undo_import(RegisterImport.objects.get(), reason="试", by=manager)
    assert spans(units["free"]) == [(True, DONE, None)] and not Household.objects.filter(unit=units["free"], developer=False).exists()


def test_the_page_enters_it_and_shows_what_it_holds(estate, units, manager_desk):
    building = Building.objects.get(estate=estate, code="1")
    answer = manager_desk.post("/developer/", {"name": "银河置业有限公司", f"finished_{building.pk}": "2026-06-01"})
    assert answer.status_code == 302 and Household.objects.filter(developer=True).count() == 3
    page = manager_desk.get("/developer/").content.decode()
    assert "2026-06-01 竣工，3 套，还没交付 1 套" in page and "银河置业有限公司" in page


def test_the_page_says_what_is_missing(estate, units, manager_desk):
    page = manager_desk.post("/developer/", {"name": "银河置业"}).content.decode()
    assert "至少填一栋的竣工日期" in page
    building = Building.objects.get(estate=estate, code="1")
    page = manager_desk.post("/developer/", {"name": "银河置业", f"finished_{building.pk}": "2030-01-01"}).content.decode()
    assert "还没到，竣工了再登记" in page and "2030-01-01" in page
