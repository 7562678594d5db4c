"""The seller's statement: owed to the last day, given back beyond it, by days where no bill was made."""
from datetime import date

import pytest

from billing.cashier import collect_payment
from billing.charges import make_charge
from billing.corrections import mend_line
from billing.models import Charge, FeeKind, Price
from billing.run import bill_month
from billing.settlement import MOST_LINES, settlement
from households.models import RegisterImport
from households.owners import correct_first_day
from households.register import add_unit, change_owner, open_household
from servicecentre.kit.periods import BillingMonth, now
from servicecentre.kit.refused import Refused

from ..worlds import at


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


def test_statement_and_till_say_the_same_while_a_bill_waits_to_be_mended(desk, manager_desk, estate, household, clerk, manager):
    """The till asks before it takes what the statement does not; the manager's home lists the household until it is mended."""
    line = bill(household, "2026-11", clerk)
    change_owner(household.unit, owners=[{"name": "姚静怡"}], last_day=date(2026, 11, 28), by=clerk)
    household.refresh_from_db()
    settled = settlement(household, household.ends_on)
    assert (settled.owes, settled.beyond) == (15882, 17016 - 15882)
    page, home = f"/households/{household.pk}/statement/", manager_desk.get("/").content.decode()
    said = desk.get(page).content.decode()
    assert "没更正" in said and "陈静" in said and "去收费" not in said
    assert "去更正" in manager_desk.get(page).content.decode() and "过户后要更正的" in home and "多出 11.34 元" in home
    with pytest.raises(Refused, match="陈静") as refusal:
        collect_payment(household, parts=[("cash", line.amount, "")], payer_name="谢志强", by=clerk)
    assert refusal.value.unless == "to_correct"
    mend_line(line, by=manager)
    assert "去收费" in desk.get(page).content.decode() and "过户后要更正的" not in manager_desk.get("/").content.decode()
    owed = settlement(household, household.ends_on).owes
    assert collect_payment(household, parts=[("cash", owed, "")], payer_name="谢志强", by=clerk).left == 0


def test_page_tries_a_day_and_shows_the_handing_over(desk, household, clerk):
    bill(household, "2026-09", clerk)
    page = desk.get(f"/households/{household.pk}/statement/?to=2026-09-30").content.decode()
    assert "试算" in page and "170.16" in page
    assert desk.get(f"/households/{household.pk}/statement/?to=nonsense").status_code == 200
    change_owner(household.unit, owners=[{"name": "姚静怡"}], last_day=date(2026, 9, 30), by=clerk, papers=["deed"],
                 seller_phone="13700001111", readings={"water": 28640}, taken_over=["keys"], seller_signed=True, buyer_signed=True)
    page = desk.get(f"/households/{household.pk}/statement/").content.decode()
    for words in ("data-print-page", "原业主（卖方）签字", "新业主（买方）签字", "姚静怡", "不动产权证书", "水 286.4", "钥匙、门禁卡", "都签了",
                  "到 2026-09-30", "137****1111", f"/households/{household.pk}/phones/"):
        assert words in page, words
    shown = desk.post(f"/households/{household.pk}/phones/", {"reason": "联系本人", "request_key": "r"}).content.decode()
    assert "13700001111" in shown and "原业主以后的电话" in shown                     # to give money back, to write


def test_each_month_and_fee_is_asked_for_since_the_first_run(estate, household, clerk, manager):
    """A late registration, a first day put earlier, one fee of two: no month without its line is taken for settled."""
    open_household(add_unit(estate, code="3-2-1802", area=8956, by=clerk), owners=[{"name": "吴天"}], starts_on=date(2026, 1, 1), by=clerk)
    for month in ("2026-08", "2026-09", "2026-10"):
        bill_month(estate, BillingMonth.parse(month), by=manager)
    assert [line.period for line in settlement(household, date(2026, 10, 31)).lines] == ["2026-09", "2026-10"]
    correct_first_day(household, version=1, starts_on=date(2026, 7, 16), reason="登记晚了", by=manager)
    household.refresh_from_db()
    settled = settlement(household, date(2026, 10, 31))
    assert [(line.period, line.owes) for line in settled.lines] == [("2026-09", 17016), ("2026-10", 17016), ("2026-08", 17016)]
    assert settled.before.startswith("2026-08 以前")                                     # July was never run here
    kind = FeeKind.objects.create(estate=estate, code="rubbish", name="垃圾清运费", bills="home", position=900)
    Price.objects.create(estate=estate, fee_kind=kind, unit_price=1000, starts_on=date(2026, 9, 1), basis="公示", made_by=manager)
    assert [line.period for line in settlement(household, date(2026, 10, 31)).lines if line.name == "垃圾清运费"] == ["2026-09", "2026-10"]


def test_a_line_of_the_old_books_begins_no_counting(estate, household, clerk, manager):
    """An estate that has not run yet owes what its list says, and this month on; no debt is invented from old handover days."""
    old = open_household(add_unit(estate, code="3-2-1802", area=8956, by=clerk), owners=[{"name": "吴天"}], starts_on=date(2019, 1, 1), by=clerk)
    importing = RegisterImport.objects.create(estate=estate, kind="arrears", made_by=manager, file="x", label="旧账.xlsx", sha256="0", size=1)
    Charge.objects.create(estate=estate, household=old, unit=old.unit, fee_kind=FeeKind.objects.get(estate=estate, code="property"),
                          period=date(2024, 1, 1), starts_on=date(2024, 1, 1), ends_on=date(2024, 1, 31), quantity=100, unit_price=17016_00,
                          amount=17016, due_on=date(2024, 1, 5), opening=importing, made_at=now(), made_by=manager)
    with at(2026, 11, 20, 2):
        settled = settlement(old, date(2026, 11, 30))
    assert [(line.period, line.owes) for line in settled.lines] == [("2024-01", 17016), ("2026-11", 17016)]
    assert settled.before == "2026-11 以前没有在这里出过账，不在这张单上；以期初名单和旧账为准。"


def test_what_is_not_listed_one_by_one_is_told_and_summed(household, clerk):
    bill(household, "2026-09", clerk)
    settled = settlement(household, date(2031, 9, 30))
    assert settled.owes == 17016 * 61 and len(settled.lines) == 1 + MOST_LINES + 1 and settled.lines[-1].words == "另 24 笔没有逐笔列出"
