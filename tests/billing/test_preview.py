"""What the preview says is what the run does; every unit left out has its reason; the differences add up to the difference."""
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.export import left_out_rows
from billing.models import FeeKind, Price
from billing.preview import line_rows, preview
from billing.run import bill_month
from billing.tariffs import change_price
from households.models import Unit, UnitArea
from servicecentre.desk.office import create_estate
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.refused import Refused
from servicecentre.staff.models import User
from tests.factories import make_household, make_unit

from .test_run import rolled_back

OCTOBER, NOVEMBER = BillingMonth(2026, 10), BillingMonth(2026, 11)


def reasons(estate, month=NOVEMBER):
    return {unit: reason for unit, reason, _ in left_out_rows(estate, month)}


def changes(estate, month=NOVEMBER):
    return {(what, fee): (number, fen) for what, fee, number, _, fen in preview(estate, month).changes}


def test_every_unit_left_out_has_its_reason(estate, manager):
    make_household(estate, "1-1-101")
    make_household(estate, "1-1-102", None)
    make_unit(estate, "1-1-103")
    make_household(estate, "1-1-104", ends_on=date(2026, 10, 31))
    make_household(estate, "1-1-105", starts_on=date(2026, 12, 3))
    unit = make_unit(estate, "1-1-106", since=date(2026, 12, 1))
    make_household(estate, unit=unit)
    make_household(estate, "S01")
    Price.objects.of(estate).filter(fee_kind__code="commercial").update(ends_on=date(2026, 10, 31))
    expected = {"1-1-102": "no_area", "1-1-103": "no_owner", "1-1-104": "vacated", "1-1-105": "later", "1-1-106": "no_area",
                "S01": "no_price"}
    assert reasons(estate) == expected
    shown = preview(estate, NOVEMBER)
    assert (shown.lacking, shown.left_out_count, shown.new_count) == (4, 6, 1)
    assert [(row[0], row[4], row[5]) for row in shown.left_out][0] == ("no_area", 2, ["1-1-102", "1-1-106"])
    bill_month(estate, NOVEMBER, by=manager)
    assert reasons(estate) == {**expected, "1-1-101": "billed"}


def test_a_unit_of_which_one_owner_is_not_billed_yet_is_not_left_out(estate, manager):
    make_household(estate, "1-1-101", 10000, ends_on=date(2026, 11, 10))
    bill_month(estate, NOVEMBER, by=manager)
    make_household(estate, "1-1-101", owner="李芳", starts_on=date(2026, 11, 11))
    assert reasons(estate) == {}
    assert preview(estate, NOVEMBER).new_count == 1


def test_totals_per_fee_and_building_are_the_runs(estate, manager):
    for code, area in (("1-1-101", 8956), ("1-1-102", 8956), ("2-1-101", 10000), ("S01", 10247)):
        make_household(estate, code, area)
    shown = preview(estate, NOVEMBER)
    home, shop = shown.fees
    one, two, shops = shown.buildings
    assert (home.by_building, shop.by_building) == ({one.pk: 34032, two.pk: 19000}, {shops.pk: 25618})
    run = bill_month(estate, NOVEMBER, by=manager)
    assert (run.count, run.total) == (shown.new_count, shown.new_total) == (4, 78650)
    after = preview(estate, NOVEMBER)
    assert (after.new_count, after.made_count, after.total) == (0, 4, 78650)
    assert after.fees[0].by_building == home.by_building


def test_a_late_run_is_told(estate):
    make_household(estate, "1-1-101")
    assert not preview(estate, NOVEMBER, on=date(2026, 11, 4)).late
    assert preview(estate, NOVEMBER, on=date(2026, 11, 5)).late


def test_why_it_differs_from_the_month_before(estate, manager):
    make_household(estate, "1-1-101", 10000, starts_on=date(2026, 10, 17))                     # 15 days, then whole
    make_household(estate, "1-1-102", 10000, starts_on=date(2026, 11, 16))                     # new
    make_household(estate, "1-1-103", 10000, ends_on=date(2026, 10, 31))                       # gone
    make_household(estate, "1-1-104", 10000, ends_on=date(2026, 11, 15))                       # last month by days
    unit = make_unit(estate, "1-1-105", 10000)
    make_household(estate, unit=unit)                                                          # re-surveyed
    unit.areas.update(ends_on=date(2026, 10, 31))
    UnitArea.objects.create(estate=estate, unit=unit, area=11000, starts_on=NOVEMBER.first)
    make_household(estate, "1-1-106", 10000)                                                   # the same
    make_household(estate, "S01", 10000)                                                       # dearer
    bill_month(estate, OCTOBER, by=manager)
    change_price(FeeKind.objects.of(estate).get(code="commercial"), unit_price=3_0000, from_month=NOVEMBER, basis="合同", by=manager)
    home, shop = "物业管理服务费", "商业管理服务费"
    expected = {("首月改足月", home): (1, 19000 - 9194), ("新增", home): (1, 9500), ("不再出账", home): (1, -19000), ("按天计", home): (1, -9500),
                ("面积变更", home): (1, 1900), ("单价调整", shop): (1, 5000)}
    assert changes(estate) == expected
    shown = preview(estate, NOVEMBER)
    assert sum(row[4] for row in shown.changes) == shown.total - shown.before_total
    bill_month(estate, NOVEMBER, by=manager)
    assert changes(estate) == expected


def test_every_line_is_listed_whether_billed_or_not(estate, manager):
    make_household(estate, "1-1-101", 10000)
    bill_month(estate, NOVEMBER, by=manager)
    make_household(estate, "1-1-100", 8956, starts_on=date(2026, 11, 20))
    rows = list(line_rows(estate, NOVEMBER))
    assert [(r["c_code"], r["c_amount"], r["c_made"], r["c_share_num"], r["c_due"]) for r in rows] == [
        ("1-1-100", 6239, False, 11, date(2026, 11, 27)), ("1-1-101", 19000, True, 1, date(2026, 11, 5))]


units = st.lists(st.tuples(st.sampled_from(["home", "shop"]), st.one_of(st.none(), st.integers(1, 50_000)),
                           st.one_of(st.none(), st.dates(date(2026, 9, 20), date(2026, 12, 10))), st.integers(0, 80)), min_size=1, max_size=6)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(units=units)
@rolled_back
def test_preview_and_run_agree_and_no_unit_is_forgotten(db, units):
    by, estate = User.system(), create_estate("t1", "预览", by=User.system())
    for n, (kind, area, starts, length) in enumerate(units):
        unit = make_unit(estate, f"S{n}" if kind == "shop" else f"1-1-{n}", area)
        if starts:
            ends = date.fromordinal(starts.toordinal() + length) if length else None
            make_household(estate, unit=unit, starts_on=starts, ends_on=ends)
    try:
        bill_month(estate, OCTOBER, by=by)
    except Refused:
        pass
    shown, out = preview(estate, NOVEMBER), reasons(estate)
    assert sum(row[4] for row in shown.changes) == (shown.total - shown.before_total if shown.compared else 0)
    if shown.new_count:
        run = bill_month(estate, NOVEMBER, by=by)
        assert (run.count, run.total) == (shown.new_count, shown.new_total)
        assert {c.unit.code for c in run.charges.all()} | set(out) == set(Unit.objects.of(estate).values_list("code", flat=True))
        assert not {c.unit.code for c in run.charges.all()} & set(out)
    else:
        assert len(out) == len(units)
