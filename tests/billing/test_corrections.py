"""更正: what was billed beyond a tenure, or never, is listed; an act mends it, the run does not."""
from datetime import date

import pytest

from billing.cashier import credit_left
from billing.charges import void_charge
from billing.corrections import corrections, mend_line, off_words, to_correct
from billing.explain import paid_state, paid_text
from billing.models import Allocation, BillingPolicy, Charge, Credit
from billing.receipts import ask_void, void_receipt
from billing.run import bill_month, undo_run
from billing.settlement import settlement
from billing.waivers import ask_waiver, waive_charge
from households.models import Household
from households.register import change_owner
from servicecentre.desk.proofs import prove
from servicecentre.kit.periods import BillingMonth, now
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


def test_a_fen_of_rounding_is_nothing_to_mend(estate, manager):
    """20 and 11 days of 80.04 ㎡, rounded one by one, miss the whole by a fen."""
    household = make_household(estate, "1-1-101", 8004)
    bill_month(estate, OCTOBER, by=manager)
    until(household, date(2026, 10, 20))
    mend_line(household.charges.get(), by=manager)
    until(household, None)
    assert mend_line(household.charges.get(line=0), by=manager).amount == 5396 != 15208 - 9811
    assert listed(estate) == []


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


def test_a_further_line_names_the_days_it_is_for(estate, manager):
    household = make_household(estate, "3-2-1801", 8956, ends_on=date(2026, 10, 20))
    bill_month(estate, OCTOBER, by=manager)
    until(household, None)
    line = mend_line(household.charges.get(), by=manager)
    assert (line.starts_on, line.ends_on) == (date(2026, 10, 21), date(2026, 10, 31))


def test_the_desk_is_told_of_a_households_bills_that_are_off(estate, household, manager):
    assert off_words(household) == ""
    until(household, date(2026, 10, 20))
    assert "2026-10 共 1 笔" in off_words(household) and "多出 60.38 元" in off_words(household)
    mend_line(household.charges.get(), by=manager)
    assert off_words(household) == ""


def test_a_correction_is_not_said_to_be_money(estate, household, manager, clerk):
    until(household, date(2026, 10, 20))
    mend_line(household.charges.get(), by=manager)
    line = Charge.objects.with_mended().get()
    assert (line.mended, line.received, line.paid) == (6038, 0, 6038)
    assert paid_text(line) == "冲减 60.38" and paid_state(line, date(2026, 12, 1))[2].endswith("冲减过")
    pay(household, 1000, clerk)
    line = Charge.objects.with_mended().get()
    assert paid_text(line) == "冲减 60.38，已收 10.00" and paid_state(line, date(2026, 12, 1))[2].endswith("已收一部分")


def test_a_mended_line_is_not_voided(estate, household, manager):
    until(household, date(2026, 10, 20))
    mend_line(household.charges.get(), by=manager)
    Allocation.objects.update(voided_at=now())
    Charge.objects.update(paid=0)
    with pytest.raises(Refused, match="已经更正"):
        void_charge(household.charges.get(), reason="错了", by=manager)


def test_a_month_that_is_being_billed_is_not_listed_as_forgotten(estate, household, manager):
    """Only months before this one are searched for tenures without a line: this month's own run fills its gaps."""
    make_household(estate, "3-2-1802", 10000)
    bill_month(estate, NOVEMBER, by=manager)
    make_household(estate, "3-2-1803", 10000)
    assert ("3-2-1803", "2026-11", 19000) not in listed(estate)


# --- what was forgiven is given back to nobody ------------------------------------------------------------------------

@pytest.mark.parametrize(("waived", "paid", "back"), [(17016, 0, 0), (10000, 7016, 7016), (5000, 12016, 8508)])
def test_a_line_that_was_forgiven_gives_back_what_was_paid_at_most(estate, manager, clerk, waived, paid, back):
    """Sold on 15 November: half of 170.16 is for the buyer; of what was waived nothing comes out as money."""
    household = make_household(estate, "3-2-1801", 8956)
    bill_month(estate, NOVEMBER, by=manager)
    waive_charge(ask_waiver(household.charges.get(), amount=waived, reason="漏水", by=clerk), by=manager)
    if paid:
        pay(household, paid, clerk)
    assert settlement(household, date(2026, 11, 15)).back == back
    until(household, date(2026, 11, 15))
    make_household(estate, "3-2-1801", owner="李芳", starts_on=date(2026, 11, 16))
    assert [fen for code, _, fen in listed(estate) if code == "3-2-1801"][:1] == ([-back] if back else [])
    if back:
        mend_line(household.charges.get(), by=manager)
    else:
        with pytest.raises(Refused, match="没有要更正的"):
            mend_line(household.charges.get(), by=manager)
    assert credit_left(household) == back <= paid
    assert not to_correct(estate, Household.objects.filter(pk=household.pk)) and not list(prove())


def test_a_waiver_never_adds_to_what_was_mended_and_given_out(estate, household, manager, clerk):
    """The receipt void, the line is unpaid again, while what was mended of it lies in the household's credit."""
    payment = pay(household, 17016, clerk)
    until(household, date(2026, 10, 20))
    mend_line(household.charges.get(), by=manager)
    void_receipt(ask_void(payment, reason="other", words="错了", goes="credit", by=clerk), by=manager)
    line = household.charges.get()
    assert line.due == 17016
    with pytest.raises(Refused, match="最多再减免 109.78 元"):
        ask_waiver(line, amount=17016, reason="试", by=clerk)
    waiver = ask_waiver(line, amount=10978, reason="试", by=clerk)
    waive_charge(waiver, by=manager)
    assert not list(prove())


def test_what_was_billed_in_addition_is_given_back_too(estate, manager):
    """20 days, then the whole month, then 20 days again, then none: further lines go first, and no line gives back more than it says."""
    household = make_household(estate, "3-2-1801", 8956, ends_on=date(2026, 10, 20))
    bill_month(estate, OCTOBER, by=manager)
    until(household, None)
    mend_line(household.charges.get(), by=manager)
    until(household, date(2026, 10, 20))
    assert listed(estate, OCTOBER) == [("3-2-1801", "2026-10", -6038)]
    assert mend_line(household.charges.get(line=0), by=manager).charge.line == 1
    until(household, date(2026, 9, 30))
    assert mend_line(household.charges.get(line=0), by=manager).amount == 10978
    assert listed(estate, OCTOBER) == [] and not any(line.due for line in household.charges.all())
    assert not list(prove())


def test_of_a_discount_no_more_is_given_back_than_was_paid(estate, manager, clerk):
    """A year ahead at 5 % less, one line of it half forgiven: sold before that month, what was paid of it comes back, not a fen of the rest."""
    BillingPolicy.objects.create(estate=estate, year_discount=5)
    household = make_household(estate, "3-2-1801", 8956)
    pay(household, 11 * 16165 + 10000, clerk, ahead=12, charges=[])
    line = Charge.objects.unpaid().get()
    waive_charge(ask_waiver(line, amount=6165, reason="漏水", by=clerk), by=manager)
    last = date(2027, 9, 30)
    told = settlement(household, last)
    change_owner(household.unit, owners=[{"name": "李芳"}], last_day=last, by=clerk, despite=("far_day",))
    for correction in corrections(estate, BillingMonth(2027, 10)):
        mend_line(correction.charge, by=manager)
    assert credit_left(household) == 10000 == told.back
    assert not list(prove())


def test_a_rule_that_changes_bills_nobody_anew_for_a_month_that_was_run(estate, manager):
    """«出过的不变»: the run keeps the rules of its day, for whoever is entered later too."""
    policy = BillingPolicy.objects.create(estate=estate, first_month="next_month")
    make_household(estate, "1-1-101", 8956)
    make_household(estate, "3-2-1801", 8956, starts_on=date(2026, 9, 10))
    for month in (9, 10):
        bill_month(estate, BillingMonth(2026, month), by=manager)
    policy.first_month = "by_day"
    policy.save()
    assert corrections(estate, BillingMonth(2026, 11)) == [] and bill_month(estate, BillingMonth(2026, 9), by=manager).added == 0
    make_household(estate, "3-2-1802", 8956, starts_on=date(2026, 9, 10))
    assert [correction.month for correction in corrections(estate, BillingMonth(2026, 11))] == [BillingMonth(2026, 10)]
