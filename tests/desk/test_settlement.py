"""The seller's statement: owed to the last day, given back beyond it, by days where no bill was made."""
from datetime import date

import pytest

from billing.cashier import collect_payment
from billing.charges import make_charge
from billing.models import FeeKind
from billing.settlement import settlement
from households.register import add_unit, change_owner, open_household
from servicecentre.kit.periods import BillingMonth


@pytest.fixture
def household(estate, clerk):
    unit = add_unit(estate, code="3-2-1801", area=8956, by=clerk)
    return open_household(unit, owners=[{"name": "谢志强"}], starts_on=date(2026, 9, 1), by=clerk)


def bill(household, month, by):
    kind = FeeKind.objects.get(estate=household.estate, code="property")
    return make_charge(household, kind, period=BillingMonth.parse(month), quantity=8956, by=by)


def test_paid_beyond_the_last_day_goes_back_and_unpaid_is_owed_by_days(household, clerk):
    bill(household, "2026-09", clerk)
    bill(household, "2026-10", clerk)
    collect_payment(household, parts=[("cash", 34032, "")], payer_name="谢志强", by=clerk)
    bill(household, "2026-11", clerk)
    half = settlement(household, date(2026, 10, 15))
    assert (half.owes, half.back) == (0, 17016 - 8234) and half.balance == -(17016 - 8234)          # 170.164 × 15/31 = 82.34
    november = settlement(household, date(2026, 11, 15))
    assert (november.owes, november.back) == (8508, 0)
    assert settlement(household, date(2026, 11, 30)).owes == 17016
    household.refresh_from_db()
    assert household.ends_on is None


def test_months_without_a_bill_are_counted_by_days(household, clerk):
    bill(household, "2026-09", clerk)
    lines = settlement(household, date(2026, 11, 15)).lines
    assert [(line.period, line.owes) for line in lines] == [("2026-09", 17016), ("2026-10", 17016), ("2026-11", 8508)]


def test_what_is_left_over_goes_back(household, clerk):
    collect_payment(household, parts=[("cash", 1000, "")], payer_name="谢志强", by=clerk, despite=("left_over",))
    assert settlement(household, date(2026, 9, 1)).back == 1000


def test_page_tries_a_day_and_shows_the_handing_over(desk, household, clerk):
    bill(household, "2026-09", clerk)
    page = desk.get(f"/households/{household.pk}/statement/?to=2026-09-30").content.decode()
    assert "试算" in page and "170.16" in page
    assert desk.get(f"/households/{household.pk}/statement/?to=nonsense").status_code == 200
    change_owner(household.unit, owners=[{"name": "姚静怡"}], last_day=date(2026, 9, 30), by=clerk, papers=["deed"],
                 readings={"water": 28640}, taken_over=["keys"], seller_signed=True, buyer_signed=True)
    page = desk.get(f"/households/{household.pk}/statement/").content.decode()
    for words in ("姚静怡", "不动产权证书", "水 286.4", "钥匙、门禁卡", "都签了", "到 2026-09-30"):
        assert words in page, words
