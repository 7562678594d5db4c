"""A month that was verified before the run is billed at 70 % by the run itself; the neighbour, the shop and the next month in full."""
from datetime import date

from billing.models import Credit
from billing.preview import preview
from billing.run import bill_month
from servicecentre.kit.periods import BillingMonth
from tests.factories import make_household

from .test_vacancy import applied, approved, checked, engineer, household, on, property_lines  # noqa: F401 (fixtures)
from .till import demand_sums_agree

SEPTEMBER = BillingMonth(2026, 9)


def test_the_first_bill_at_seventy(estate, household, clerk, manager, engineer, on):  # noqa: F811
    make_household(estate, "3-2-1802", 8956)
    make_household(estate, "S01", 8956)
    spell = approved(applied(household, clerk), manager)
    checked(spell, "2026-08", engineer, on=date(2026, 8, 20))
    on(2026, 9, 1)
    checked(spell, "2026-09", engineer, on=date(2026, 9, 1))
    shown = preview(estate, SEPTEMBER)
    run = bill_month(estate, SEPTEMBER, by=manager)
    assert property_lines(household) == [("2026-09", 11911, 70)]                 # 89.56 × 1.9 × 70 % = 119.1148
    assert run.total == shown.new_total == 11911 + 17016 + 22390 and not Credit.objects.exists()
    bill_month(estate, SEPTEMBER.next, by=manager)
    assert property_lines(household)[1] == ("2026-10", 17016, 100)
    demand_sums_agree(estate)
