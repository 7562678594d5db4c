"""A month's run bills parking contracts: by cycle, whole months whole, only while contract and tenure last, each month once."""
from datetime import date

import pytest

from billing.models import Charge
from billing.preview import line_rows, preview
from billing.run import bill_month, undo_run
from billing.spaces import end_contract, sign_contract
from households.models import Household
from servicecentre.kit.periods import BillingMonth
from tests.factories import make_household
from tests.worlds import at

OCTOBER, NOVEMBER, DECEMBER = (BillingMonth(2026, month) for month in (10, 11, 12))
THEN = (2026, 10, 20, 2)


@pytest.fixture
def household(estate):
    return make_household(estate, "3-2-1801", 8956)


def contract(household, by, *, cycle=1, starts=date(2026, 10, 20), ends=None, plate="苏A12345"):
    with at(*THEN):
        return sign_contract(household, space_kind="shared", starts_on=starts, ends_on=ends, cycle_months=cycle, plate=plate, by=by)


def parked(row):
    return [(f"{c.period:%m}", c.amount, c.share_num, c.share_den) for c in Charge.objects.live().filter(subject=row.subject).order_by("period")]


def test_a_monthly_one_is_billed_each_month_after_the_first(estate, household, clerk, manager):
    row = contract(household, clerk)
    assert parked(row) == [("10", 10065, 12, 31)]                               # 260 × 12/31 = 100.645
    shown = preview(estate, NOVEMBER)
    run = bill_month(estate, NOVEMBER, by=manager)
    assert (run.count, run.total) == (shown.new_count, shown.new_total) == (2, 17016 + 26000)
    assert parked(row)[1:] == [("11", 26000, 1, 1)]
    line = Charge.objects.get(subject=row.subject, period=NOVEMBER.first)
    assert (line.due_on, line.starts_on, line.ends_on, line.unit_id) == (date(2026, 11, 5), date(2026, 11, 1), date(2026, 11, 30), household.unit_id)
    assert bill_month(estate, NOVEMBER, by=manager).added == 0
    assert preview(estate, NOVEMBER).new_count == 0


def test_a_quarter_is_billed_when_it_begins(estate, household, clerk, manager):
    row = contract(household, clerk, cycle=3)
    assert [month for month, *_ in parked(row)] == ["10", "11", "12"]
    for month in (NOVEMBER, DECEMBER):
        bill_month(estate, month, by=manager)
    assert len(parked(row)) == 3
    bill_month(estate, BillingMonth(2027, 1), by=manager)
    assert [month for month, *_ in parked(row)] == ["10", "11", "12", "01", "02", "03"]
    assert {c.due_on for c in Charge.objects.filter(subject=row.subject, period__year=2027)} == {date(2027, 1, 5)}


def test_the_last_month_goes_by_days(estate, household, clerk, manager):
    row = contract(household, clerk, ends=date(2026, 12, 10))
    for month in (NOVEMBER, DECEMBER, BillingMonth(2027, 1)):
        bill_month(estate, month, by=manager)
    assert parked(row)[2:] == [("12", 8387, 10, 31)]                            # 260 × 10/31 = 83.870


def test_not_beyond_the_tenure_nor_after_the_end(estate, household, clerk, manager):
    row, ended = contract(household, clerk), contract(household, clerk, plate="苏A23456")
    with at(2026, 10, 31, 2):
        end_contract(ended, last_day=date(2026, 10, 31), reason="卖车", version=ended.version, by=clerk)
    Household.objects.filter(pk=household.pk).update(ends_on=date(2026, 11, 10))
    bill_month(estate, NOVEMBER, by=manager)
    assert parked(row)[1:] == [("11", 8667, 10, 30)] and len(parked(ended)) == 1


def test_each_line_is_in_the_list_with_its_own_fee(estate, household, clerk, manager):
    contract(household, clerk)
    fees = [(row["c_fee"], row["c_amount"], row["c_made"]) for row in line_rows(estate, NOVEMBER)]
    assert sorted(fees) == [("共用车位管理服务费", 26000, False), ("物业管理服务费", 17016, False)]
    bill_month(estate, NOVEMBER, by=manager)
    assert {row["c_made"] for row in line_rows(estate, NOVEMBER)} == {True} and len(line_rows(estate, NOVEMBER)) == 2


def test_differences_to_the_month_before_add_up(estate, household, clerk, manager):
    contract(household, clerk)
    bill_month(estate, OCTOBER, by=manager)
    contract(household, clerk, plate="苏A23456")
    shown = preview(estate, NOVEMBER)
    assert sum(row[4] for row in shown.changes) == shown.total - shown.before_total


def test_undone_and_billed_anew(estate, household, clerk, manager):
    row = contract(household, clerk, cycle=3)
    run = bill_month(estate, BillingMonth(2027, 1), by=manager)
    undo_run(run, reason="重出", by=manager)
    assert len(parked(row)) == 3
    bill_month(estate, BillingMonth(2027, 1), by=manager)
    assert len(parked(row)) == 6

