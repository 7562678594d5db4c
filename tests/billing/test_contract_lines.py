"""A month's run bills parking contracts: by cycle, whole months whole, only while contract and tenure last, each month once."""
from datetime import date

import pytest

from billing.corrections import corrections
from billing.models import Charge, ParkingContract, Price
from billing.preview import line_rows, preview
from billing.run import bill_month, undo_run
from billing.spaces import end_contract, sign_contract
from households.models import Household, RegisterImport
from servicecentre.kit.periods import BillingMonth, now
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



# --- behind a run -----------------------------------------------------------------------------------------------------

def test_one_signed_behind_the_last_run_is_billed_through_to_it(estate, household, clerk, manager):
    with at(2026, 11, 24, 2):
        bill_month(estate, NOVEMBER, by=manager)
        row = sign_contract(household, space_kind="shared", starts_on=date(2026, 10, 28), cycle_months=1, plate="苏A12345", by=clerk)
    assert parked(row) == [("10", 3355, 4, 31), ("11", 26000, 1, 1)] and row.billed_from == DECEMBER.first
    assert {line.due_on for line in Charge.objects.filter(subject=row.subject)} == {date(2026, 11, 24)}
    with at(2026, 12, 1, 2):
        bill_month(estate, DECEMBER, by=manager)
    assert parked(row)[2:] == [("12", 26000, 1, 1)] and corrections(estate, BillingMonth(2027, 1)) == []


@pytest.mark.parametrize("cycle, months, due", [(1, ["11", "12"], date(2026, 12, 5)), (3, ["11", "12", "01"], date(2026, 12, 3)),
                                                (12, [f"{n:02d}" for n in (11, 12, *range(1, 11))], date(2026, 12, 3))])
def test_one_signed_after_the_next_month_was_run_owes_that_month_too(estate, household, clerk, manager, cycle, months, due):
    with at(2026, 11, 26, 2):
        bill_month(estate, DECEMBER, by=manager)
        row = sign_contract(household, space_kind="shared", starts_on=date(2026, 11, 26), cycle_months=cycle, plate="苏A12345", by=clerk)
    assert [month for month, *_ in parked(row)] == months
    assert {line.due_on for line in Charge.objects.filter(subject=row.subject)} == {due}
    assert row.paper.content["due"] == due.isoformat() and row.paper.content["total"] == sum(amount for _, amount, *_ in parked(row))


def test_a_run_taken_back_is_no_run(estate, household, clerk, manager):
    with at(2026, 11, 26, 2):
        undo_run(bill_month(estate, DECEMBER, by=manager), reason="早了", by=manager)
        row = sign_contract(household, space_kind="shared", starts_on=date(2026, 11, 26), cycle_months=1, plate="苏A12345", by=clerk)
    assert [month for month, *_ in parked(row)] == ["11"]


def test_one_of_the_old_list_behind_the_last_run_is_listed_and_billed_by_running_again(estate, household, clerk, manager):
    """The list says from which month on; that month may have been run before the list came in."""
    with at(2026, 12, 1, 2):
        for month in (NOVEMBER, DECEMBER):
            bill_month(estate, month, by=manager)
        old = from_the_old_list(household, clerk, billed_from=NOVEMBER.first)
        found = [(c.unit_code, c.fee_kind.code, str(c.month), c.fen, c.charge) for c in corrections(estate, BillingMonth(2027, 1))]
        assert found == [("3-2-1801", "parking_shared", str(month), 26000, None) for month in (NOVEMBER, DECEMBER)]
        assert [c.fen for c in corrections(estate, DECEMBER)] == [26000]
        for month in (NOVEMBER, DECEMBER):
            bill_month(estate, month, by=manager)
        assert corrections(estate, BillingMonth(2027, 1)) == [] and [month for month, *_ in parked(old)] == ["11", "12"]


def from_the_old_list(household, by, **changes):
    price = Price.objects.of(household.estate).get(fee_kind__code="parking_shared")
    listed = RegisterImport.objects.create(estate=household.estate, kind="parking", file="-", label="原登记", sha256="0" * 64, size=1, state="applied",
                                           made_by=by)
    return ParkingContract.objects.create(**{
        "estate": household.estate, "household": household, "fee_kind": price.fee_kind, "price": price, "opening": listed,
        "subject": "原登记 B003 1-6", "space_kind": "shared", "unit_price": price.unit_price, "starts_on": date(2025, 3, 1), "cycle_months": 1,
        "ownership": "rent", "holder_name": "王", "signed_by": by, "signed_at": now()} | changes)
