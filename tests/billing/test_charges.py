"""One line made or voided by hand: its amount, its month, its owner, once."""
from datetime import date

import pytest

from billing.charges import make_charge, void_charge
from billing.models import Charge, FeeKind
from billing.run import bill_month
from servicecentre.kit.periods import BillingMonth, today
from servicecentre.kit.refused import Refused
from tests.factories import make_household

from .till import pay

NOVEMBER = BillingMonth(2026, 11)


@pytest.fixture
def household(estate):
    return make_household(estate, "3-2-1801", 8956)


def fee(estate, code):
    return FeeKind.objects.of(estate).get(code=code)


def test_a_one_off_line_is_the_tariffs_and_due_the_day_it_is_made(estate, household, clerk):
    charge = make_charge(household, fee(estate, "renovation"), quantity=7688, by=clerk)
    assert (charge.amount, charge.unit_price, charge.due_on) == (26908, 3_5000, today())             # 76.88 × 3.5, DOMAIN §2
    assert (charge.price.unit_price, charge.made_by, charge.unit) == (3_5000, clerk, household.unit)


def test_percent_and_days_are_rounded_once(estate, household, clerk):
    charge = make_charge(household, fee(estate, "property"), quantity=8956, percent=70, period=NOVEMBER, by=clerk)
    assert charge.amount == 11911                                                                   # 119.1148
    part = make_charge(household, fee(estate, "property"), quantity=8956, period=NOVEMBER, share_num=11, share_den=30, line=1, by=clerk)
    assert part.amount == 6239                                                                      # 62.3934…


def test_the_same_line_twice_is_refused(estate, household, manager):
    bill_month(estate, NOVEMBER, by=manager)
    with pytest.raises(Refused, match="已有账单"):
        make_charge(household, fee(estate, "property"), quantity=8956, period=NOVEMBER, by=manager)
    make_charge(household, fee(estate, "property"), quantity=8956, period=NOVEMBER, subject="合同 1", by=manager)


def test_a_month_in_which_nobody_held_the_unit_is_refused(estate, manager):
    household = make_household(estate, "1-1-101", starts_on=date(2026, 11, 30), ends_on=date(2026, 12, 15))
    for month in (BillingMonth(2026, 10), BillingMonth(2027, 1)):
        with pytest.raises(Refused, match="该月无业主"):
            make_charge(household, fee(estate, "property"), quantity=8956, period=month, by=manager)
    assert make_charge(household, fee(estate, "property"), quantity=8956, period=NOVEMBER, by=manager).starts_on == date(2026, 11, 30)


def test_without_a_price_in_force_it_is_refused(estate, household, manager):
    bare = FeeKind.objects.create(estate=estate, code="lift", name="电梯费")
    with pytest.raises(Refused, match="没有执行中的单价"):
        make_charge(household, bare, quantity=100, by=manager)
    assert make_charge(household, bare, quantity=100, unit_price=12_5000, label="电梯卡", by=manager).amount == 1250


def test_an_unpaid_line_is_voided_with_its_reason(estate, household, clerk):
    charge = make_charge(household, fee(estate, "renovation"), quantity=7688, by=clerk)
    void_charge(charge, reason="报错面积", by=clerk)
    charge.refresh_from_db()
    assert (charge.voided_by, charge.void_reason) == (clerk, "报错面积") and charge.voided_at
    with pytest.raises(Refused, match="已经作废"):
        void_charge(charge, reason="再来", by=clerk)
    assert make_charge(household, fee(estate, "renovation"), quantity=7600, by=clerk).amount == 26600


def test_a_line_of_which_something_is_paid_is_not_voided(estate, household, clerk):
    charge = make_charge(household, fee(estate, "renovation"), quantity=7688, by=clerk)
    pay(household, 100, clerk)
    with pytest.raises(Refused, match="已收 1.00 元"):
        void_charge(charge, reason="错", by=clerk)
    assert Charge.objects.live().count() == 1
