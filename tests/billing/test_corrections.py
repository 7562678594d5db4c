"""更正: what was billed beyond a tenure, or never, is listed; an act mends it, the run does not."""
from datetime import date

import pytest

from billing.corrections import corrections, mend_line
from billing.models import Charge, Credit
from billing.run import bill_month, undo_run
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.refused import Refused
from tests.factories import make_household

from .till import demand_sums_agree, pay

OCTOBER, NOVEMBER = BillingMonth(2026, 10), BillingMonth(2026, 11)


@pytest.fixture
def household(estate, manager):
    household = make_household(estate, "3-2-1801", 8956)
    bill_month(estate, OCTOBER, by=manager)
    return household


def listed(estate, month=NOVEMBER):
    return [(c.unit_code, str(c.month), c.fen) for c in corrections(estate, month)]


def until(household, day):
    household.ends_on = day
    household.save(update_fields=["ends_on"])


def test_nothing_to_mend_where_days_agree(estate, household, manager):
    make_household(estate, "3-2-1802", starts_on=date(2026, 11, 12))
    bill_month(estate, NOVEMBER, by=manager)
    assert listed(estate) == []


def test_a_line_beyond_the_last_day_is_listed_and_the_run_leaves_it(estate, household, manager):
    until(household, date(2026, 10, 20))
    assert listed(estate) == [("3-2-1801", "2026-10", -6038)]                   # 170.16 − 109.78
    make_household(estate, "3-2-1801", owner="李芳", starts_on=date(2026, 10, 21))
    bill_month(estate, NOVEMBER, by=manager)
    assert ("3-2-1801", "2026-10", -6038) in listed(estate) and household.charges.get().amount == 17016


def test_mending_an_unpaid_line_lowers_what_is_owed(estate, household, manager):
    until(household, date(2026, 10, 20))
    credit = mend_line(household.charges.get(), by=manager)
    line = household.charges.get()
    assert (credit.amount, credit.left, line.amount, line.due) == (6038, 0, 17016, 10978)
    assert listed(estate) == []
    demand_sums_agree(estate)
    with pytest.raises(Refused, match="没有要更正的"):
        mend_line(line, by=manager)


def test_mending_a_paid_line_leaves_credit(estate, household, manager, clerk):
    pay(household, 17016, clerk)
    until(household, date(2026, 10, 20))
    assert mend_line(household.charges.get(), by=manager).left == 6038
    demand_sums_agree(estate)


def test_a_line_wholly_beyond_is_given_back_whole(estate, household, manager):
    until(household, date(2026, 9, 30))
    assert listed(estate) == [("3-2-1801", "2026-10", -17016)]
    mend_line(household.charges.get(), by=manager)
    assert household.charges.get().due == 0


def test_days_that_were_not_billed_get_a_further_line(estate, manager):
    household = make_household(estate, "3-2-1801", 8956, ends_on=date(2026, 10, 20))
    bill_month(estate, OCTOBER, by=manager)
    until(household, None)
    assert listed(estate, OCTOBER) == [("3-2-1801", "2026-10", 6038)]
    line = mend_line(household.charges.get(), by=manager)
    assert (line.line, line.share_num, line.share_den, line.amount) == (1, 11, 31, 6038)
    assert listed(estate, OCTOBER) == []


def test_a_tenure_without_a_line_in_a_billed_month_is_listed_and_the_months_own_run_fills_it(estate, household, manager):
    make_household(estate, "3-2-1802", 10000, starts_on=date(2026, 10, 17))
    assert listed(estate) == [("3-2-1802", "2026-10", 9194)]                    # 190.00 × 15/31
    bill_month(estate, OCTOBER, by=manager)
    assert listed(estate) == []


def test_there_and_back_again_agrees_to_a_fen(estate, household, manager):
    until(household, date(2026, 10, 20))
    mend_line(household.charges.get(), by=manager)
    until(household, None)
    assert listed(estate) == [("3-2-1801", "2026-10", 6038)]
    mend_line(household.charges.get(line=0), by=manager)
    assert listed(estate) == [] and Charge.objects.live().count() == 2


def test_a_mended_run_is_not_undone(estate, household, manager):
    run = household.charges.get().run
    until(household, date(2026, 10, 20))
    mend_line(household.charges.get(), by=manager)
    with pytest.raises(Refused, match="已经更正"):
        undo_run(run, reason="错了", by=manager)
    assert Credit.objects.count() == 1


def test_a_run_with_a_further_line_is_not_undone(estate, manager):
    """Billing the month again would ask for those days twice."""
    household = make_household(estate, "3-2-1801", 8956, ends_on=date(2026, 10, 20))
    run = bill_month(estate, OCTOBER, by=manager)
    until(household, None)
    mend_line(household.charges.get(), by=manager)
    with pytest.raises(Refused, match="已经更正"):
        undo_run(run, reason="错了", by=manager)
    assert Charge.objects.live().count() == 2
