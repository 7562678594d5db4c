"""A month billed once: by tenure, area, price and days; again, at once, undone; the same on both engines and in plain Python."""
from datetime import date

import pytest

from billing.models import BillRun, Charge
from billing.run import bill_month, undo_run
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.refused import Refused
from tests.factories import make_household, make_unit

NOVEMBER = BillingMonth(2026, 11)


def test_home_and_shop_are_billed_by_their_own_price(estate, manager):
    make_household(estate, "3-2-1801", 8956)
    make_household(estate, "S01", 10247)
    run = bill_month(estate, NOVEMBER, by=manager)
    home, shop = Charge.objects.of(estate).order_by("unit__code")
    assert (home.fee_kind.code, home.amount, home.unit_price, home.quantity, home.share_num, home.share_den) == (
        "property", 17016, 1_9000, 8956, 1, 1)
    assert (shop.fee_kind.code, shop.amount) == ("commercial", 25618)       # 102.47 × 2.5 = 256.175
    assert (home.starts_on, home.ends_on, home.due_on, home.period) == (date(2026, 11, 1), date(2026, 11, 30), date(2026, 11, 5), NOVEMBER.first)
    assert (run.count, run.total, run.added) == (2, 42634, 2)
