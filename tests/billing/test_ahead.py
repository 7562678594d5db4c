"""预交: months ahead are billed at today's price, paid, left out by later runs, given back at a sale; the year's discount (DOMAIN §2)."""
from datetime import date, timedelta

import pytest

from billing.ahead import months_ahead, net, year_offer
from billing.cashier import shown
from billing.corrections import corrections, mend_line
from billing.models import BillingPolicy, Charge, Credit, Payment, Price
from billing.receipts import ask_void, void_receipt
from billing.run import bill_month, undo_run
from billing.tariffs import change_price
from billing.vacancy import apply_vacancy, approve_vacancy
from billing.vacancy_checks import check_vacancy
from households.models import UnitArea
from households.owners import correct_first_day
from households.register import change_owner
from servicecentre.desk.policies import change_setting
from servicecentre.desk.proofs import prove
from servicecentre.kit.periods import BillingMonth, today
from servicecentre.kit.refused import Refused
from tests.conftest import Desk
from tests.factories import make_household
from tests.worlds import at

from .till import demand_sums_agree, household_owing, lines, pay

NOVEMBER, DECEMBER = BillingMonth(2026, 11), BillingMonth(2026, 12)
THEN = (2026, 11, 24, 2)


@pytest.fixture(autouse=True)
def november():
    with at(*THEN):
        yield


def periods(household):
    return [f"{line.period:%Y-%m}" for line in lines(household)]


def test_months_not_billed_yet_are_billed_and_paid(estate, clerk):
    household = household_owing(estate)                                         # September to November
    payment = pay(household, 5 * 17016, clerk, ahead=2)
    assert periods(household) == ["2026-09", "2026-10", "2026-11", "2026-12", "2027-01"]
    assert {line.due for line in lines(household)} == {0} and payment.left == 0
    ahead = lines(household)[-1]
    assert (ahead.run, ahead.amount, ahead.due_on, ahead.price.unit_price) == (None, 17016, date(2027, 1, 5), 1_9000)
    assert [line["period_label"] for line in payment.paper.content["lines"]][-2:] == ["2026年12月", "2027年1月"]
    demand_sums_agree(estate)


def test_a_later_run_leaves_them_out_and_a_later_price_does_not_touch_them(estate, clerk, manager):
    household, neighbour = household_owing(estate, months=("2026-11",)), make_household(estate, "3-2-1802", 10000)
    pay(household, 2 * 17016, clerk, ahead=1)
    fee = Price.objects.of(estate).get(fee_kind__code="property").fee_kind
    change_price(fee, unit_price=2_1000, from_month=BillingMonth(2027, 1), basis="业主大会", by=manager)
    pay(household, 17016, clerk, ahead=1, charges=[])                           # January 2027, at today's 1.9
    for month in (DECEMBER, BillingMonth(2027, 1)):
        bill_month(estate, month, by=manager)
    assert [line.amount for line in lines(household)] == [17016] * 3
    assert neighbour.charges.get(period=date(2027, 1, 1)).amount == 21000


def test_the_area_is_todays(estate):
    household = make_household(estate, "3-2-1801", 8956)
    household.unit.areas.update(ends_on=date(2026, 12, 31))
    UnitArea.objects.create(estate=estate, unit=household.unit, area=9000, starts_on=date(2027, 1, 1), basis="复测")
    assert {line.quantity for line in months_ahead(household, 4)} == {8956}


def test_the_first_months_not_billed_are_taken_and_none_twice(estate, clerk, manager):
    household = make_household(estate, "3-2-1801", 8956)
    bill_month(estate, DECEMBER, by=manager)                                    # November was never billed
    assert [str(line.month) for line in months_ahead(household, 3)] == ["2026-11", "2027-01", "2027-02"]


@pytest.mark.parametrize("n", [13, 99])
def test_no_more_months_than_the_estate_lets(estate, clerk, n):
    household = household_owing(estate)
    with pytest.raises(Refused, match="最多预交 12 个月"):
        pay(household, 17016, clerk, ahead=n)
    assert not Payment.objects.exists() and len(lines(household)) == 3


def test_not_beyond_the_last_day_of_the_tenure(estate, clerk):
    household = make_household(estate, "3-2-1801", 8956, ends_on=date(2027, 1, 20))
    assert [line.pair for line in months_ahead(household, 3)] == [(1, 1), (1, 1), (20, 31)]
    with pytest.raises(Refused, match="到 2027-01-20 为止，只能预交 3 个月"):
        months_ahead(household, 4)


def test_a_page_that_showed_another_sum_takes_nothing(estate, clerk):
    household = household_owing(estate)
    page = shown(lines(household), 0, 2, 2 * 17000)
    with pytest.raises(Refused, match="预交 2 个月现在是 340.32 元"):
        pay(household, 5 * 17016, clerk, ahead=2, due_shown=page)
    assert len(lines(household)) == 3


def test_what_was_paid_ahead_comes_back_at_a_sale(estate, clerk, manager):
    household = household_owing(estate, months=("2026-11",))
    pay(household, 4 * 17016, clerk, ahead=3)                                   # to February 2027
    change_owner(household.unit, owners=[{"name": "李芳"}], last_day=date(2026, 12, 10), by=clerk)
    for correction in corrections(estate, BillingMonth(2027, 2)):
        mend_line(correction.charge, by=manager)
    back = sum(credit.left for credit in Credit.objects.all())
    assert back == 2 * 17016 + 17016 - 5489                                     # 170.164 × 10/31 = 54.89
    demand_sums_agree(estate)


# --- the year's discount ----------------------------------------------------------------------------------------------

@pytest.fixture
def discount(estate):
    return BillingPolicy.objects.create(estate=estate, year_discount=5)


def test_a_whole_year_is_cheaper_only_where_the_estate_says_so(estate, discount, clerk):
    household = household_owing(estate, months=("2026-11",))
    assert net(months_ahead(household, 12)) == 12 * (17016 - 851)               # 5 % of 170.16 is 8.508
    assert net(months_ahead(household, 11)) == 11 * 17016
    payment = pay(household, 12 * 16165, clerk, ahead=12, charges=[])
    assert payment.left == 0 and sum(line.due for line in lines(household)) == 17016
    assert "年缴优惠 102.12 元" in payment.paper.content["remarks"]
    demand_sums_agree(estate)


def test_it_holds_from_one_day_to_another_and_the_till_says_until_when(estate, discount, clerk):
    household = household_owing(estate, months=("2026-11",))
    discount.year_discount_from, discount.year_discount_to = today(), today()
    discount.save()
    assert net(months_ahead(household, 12)) == 12 * 16165
    page = Desk(clerk, estate).get(f"/billing/households/{household.pk}/collect/").content.decode()
    assert f"一次预交 12 个月减 5%，到 {today()} 为止。" in page
    for span in ((None, today() - timedelta(days=1)), (today() + timedelta(days=1), None)):
        discount.year_discount_from, discount.year_discount_to = span
        discount.save()
        assert net(months_ahead(household, 12)) == 12 * 17016
        assert "一次预交 12 个月" not in Desk(clerk, estate).get(f"/billing/households/{household.pk}/collect/").content.decode()


def test_the_last_months_of_a_year_may_be_free_instead(estate, discount, clerk, manager):
    household = household_owing(estate, months=("2026-11",))
    discount.year_discount, discount.year_free_months = 0, 2
    discount.save()
    assert "最后 2 个月免收" in year_offer(discount)
    payment = pay(household, 17016 + 10 * 17016, clerk, ahead=12)
    assert payment.left == 0 and "年缴优惠 340.32 元" in payment.paper.content["remarks"]
    free = Credit.objects.filter(source="discount").order_by("charge__period")
    assert [(credit.charge.period, credit.amount, credit.how) for credit in free] == [
        (date(2027, 10, 1), 17016, "170.16 × 100%"), (date(2027, 11, 1), 17016, "170.16 × 100%")]
    assert not list(prove())
    change_owner(household.unit, owners=[{"name": "李芳"}], last_day=date(2027, 9, 30), by=clerk, despite=("far_day",))
    for correction in corrections(estate, BillingMonth(2027, 11)):
        mend_line(correction.charge, by=manager)
    assert sum(credit.left for credit in Credit.objects.all()) == 0 and not list(prove()), "nobody paid for those months"
    demand_sums_agree(estate)


def test_percent_and_free_months_are_not_both(estate, discount, manager):
    with pytest.raises(Refused, match="不是减百分之几"):
        change_setting(estate, key="billing.billingpolicy.year_free_months", value=1, basis="", version=discount.version, by=manager)
    change_setting(estate, key="billing.billingpolicy.year_discount_to", value=today(), basis="", version=discount.version, by=manager)
    with pytest.raises(Refused, match="不能早于开始日"):
        change_setting(estate, key="billing.billingpolicy.year_discount_from", value=today() + timedelta(days=1), basis="", version=discount.version + 1,
                       by=manager)
    change_setting(estate, key="billing.billingpolicy.year_discount_to", value=None, basis="", version=discount.version + 1, by=manager)
    assert BillingPolicy.of(estate).year_discount_to is None


def test_the_discount_falls_away_for_months_given_back(estate, discount, clerk, manager):
    household = household_owing(estate, months=("2026-11",))
    pay(household, 17016 + 12 * 16165, clerk, ahead=12)
    change_owner(household.unit, owners=[{"name": "李芳"}], last_day=date(2027, 10, 31), by=clerk, despite=("far_day",))
    correction, = corrections(estate, BillingMonth(2027, 11))
    mend_line(correction.charge, by=manager)
    gone = Charge.objects.get(label="年缴优惠取消")
    assert (gone.amount, gone.due) == (851, 0)
    assert sum(credit.left for credit in Credit.objects.all()) == 16165          # what was really paid for that month
    assert not corrections(estate, BillingMonth(2027, 11))
    demand_sums_agree(estate)


def test_the_discount_falls_away_with_the_receipt(estate, discount, clerk, manager):
    household = household_owing(estate, months=("2026-11",))
    payment = pay(household, 17016 + 12 * 16165, clerk, ahead=12)
    void_receipt(ask_void(payment, reason="other", words="付错了", goes="credit", by=clerk), by=manager)
    assert sum(line.due for line in lines(household)) == 13 * 17016
    assert sum(credit.left for credit in Credit.objects.all()) == 17016 + 12 * 16165
    demand_sums_agree(estate)


def test_a_receipt_reissued_keeps_it(estate, discount, clerk, manager):
    household = household_owing(estate, months=("2026-11",))
    payment = pay(household, 17016 + 12 * 16165, clerk, ahead=12)
    again = {"household": household.pk, "charges": [line.pk for line in lines(household)], "parts": [("card", 17016 + 12 * 16165, "8841")],
             "tendered": None, "payer_name": "张明"}
    void_receipt(ask_void(payment, reason="method", words="刷的卡", goes="reissue", reissue=again, by=clerk), by=manager)
    assert sum(line.due for line in lines(household)) == 0
    demand_sums_agree(estate)


def test_it_falls_away_once_however_often_receipts_are_void(estate, discount, clerk, manager):
    household = household_owing(estate, months=("2026-11",))
    void = {"reason": "other", "words": "付错了", "goes": "credit", "by": clerk}
    void_receipt(ask_void(pay(household, 17016 + 12 * 16165, clerk, ahead=12), **void), by=manager)
    void_receipt(ask_void(pay(household, 13 * 17016, clerk), **void), by=manager)
    assert sum(line.due for line in lines(household)) == 13 * 17016
    assert Charge.objects.filter(label="年缴优惠取消").count() == 12
    demand_sums_agree(estate)


@pytest.mark.parametrize("first", ["void", "mend"])
def test_it_falls_away_once_for_a_month_that_is_void_and_given_back(estate, discount, clerk, manager, first):
    """Nothing is owed for a month that nobody paid and nobody held."""
    household = household_owing(estate, months=("2026-11",))
    payment = pay(household, 17016 + 12 * 16165, clerk, ahead=12)

    def void():
        void_receipt(ask_void(payment, reason="other", words="付错了", goes="back", by=clerk), by=manager)

    def mend():
        change_owner(household.unit, owners=[{"name": "李芳"}], last_day=date(2027, 10, 31), by=clerk, despite=("far_day",))
        mend_line(corrections(estate, BillingMonth(2027, 11))[0].charge, by=manager)
    for happens in (void, mend) if first == "void" else (mend, void):
        happens()
    household.refresh_from_db()
    assert sum(line.due for line in lines(household)) - sum(credit.left for credit in Credit.objects.all()) == 12 * 17016
    assert sum(line.amount for line in lines(household) if line.label) == 12 * 851
    demand_sums_agree(estate)


def test_it_falls_away_of_months_before_a_first_day_set_right(estate, discount, clerk, manager):
    household = make_household(estate, "3-2-1801", 8956, starts_on=date(2026, 11, 1))
    payment = pay(household, 12 * 16165, clerk, ahead=12)
    household.refresh_from_db()
    correct_first_day(household, version=household.version, starts_on="2026-12-05", reason="写错了", by=manager, despite=("far_day",))
    for correction in corrections(estate, BillingMonth(2026, 12)):
        mend_line(correction.charge, by=manager)
    void_receipt(ask_void(payment, reason="other", words="付错了", goes="credit", by=clerk), by=manager)
    demand_sums_agree(estate)


def test_a_last_month_that_another_owner_follows_goes_by_days(estate, clerk):
    """Whatever the estate's rule for a very last month is."""
    BillingPolicy.objects.create(estate=estate, last_month="whole_month")
    household = household_owing(estate, months=("2026-11",))
    change_owner(household.unit, owners=[{"name": "李芳"}], last_day=date(2026, 12, 10), by=clerk, despite=("far_day",))
    household.refresh_from_db()
    assert [(line.pair, line.amount) for line in months_ahead(household, 1)] == [((10, 31), 5489)]


def test_a_month_verified_as_vacant_is_paid_at_its_percent(estate, clerk, manager):
    with at(2026, 8, 20, 2):
        household = make_household(estate, "3-2-1801", 8956, starts_on=date(2026, 1, 10))
        spell = apply_vacancy(household, spell_from=date(2026, 1, 10), proof="never_in", applied_on=date(2026, 8, 20), reason="away",
                              contact="卢建芳 13800007720", statement=True, by=clerk)
        spell = approve_vacancy(spell, approved_from=BillingMonth(2026, 8), approved_to=BillingMonth(2027, 1), version=spell.version, by=manager)
    with at(2026, 9, 1, 2):
        for month in (8, 9):
            check_vacancy(spell, month=BillingMonth(2026, month), on=date(2026, 9, 1), kind="inspection", by=clerk)
        ahead = months_ahead(household, 2)
        assert [(line.percent, line.amount) for line in ahead] == [(70, 11911), (100, 17016)] and "70%" in ahead[0].formula
        pay(household, 11911 + 17016, clerk, ahead=2)
        assert [(line.percent, line.due) for line in lines(household)] == [(70, 0), (100, 0)]


def test_what_is_paid_ahead_is_in_no_run_to_undo(estate, clerk, manager):
    household = household_owing(estate, months=("2026-11",))
    pay(household, 17016, clerk, ahead=1, charges=[])
    run = bill_month(estate, DECEMBER, by=manager) if make_household(estate, "1-1-101") else None
    undo_run(run, reason="试", by=manager)
    assert household.charges.live().count() == 2


# --- the page ---------------------------------------------------------------------------------------------------------

def test_the_till_shows_the_months_and_takes_them(estate, desk):
    household = household_owing(estate, months=("2026-11",))
    page = desk.get(f"/billing/households/{household.pk}/collect/?ahead=2").content.decode()
    assert "2026-12" in page and "2027-01" in page and "收款 510.48 元" in page
    sent = {"ahead": "2", "charges": [line.pk for line in lines(household)], "due_shown": shown(lines(household), 0, 2, 2 * 17016), "method": "cash",
            "payer_name": "张明", "payer_relation": "owner", "request_key": "k" * 32}
    answer = desk.post(f"/billing/households/{household.pk}/collect/", sent)
    assert answer.status_code == 302 and Payment.objects.get().total == 51048


def test_another_number_of_months_than_the_page_showed_is_asked_about(estate, desk):
    household = household_owing(estate, months=("2026-11",))
    sent = {"ahead": "3", "charges": [line.pk for line in lines(household)], "due_shown": shown(lines(household), 0), "method": "cash",
            "payer_name": "张明", "payer_relation": "owner", "request_key": "k" * 32}
    page = desk.post(f"/billing/households/{household.pk}/collect/", sent).content.decode()
    assert "月数改了，先看一下预交的金额" in page and "收款 680.64 元" in page and not Payment.objects.exists()
    sent["stay"] = "1"
    assert "2027-02" in desk.post(f"/billing/households/{household.pk}/collect/", sent).content.decode()


def test_a_tenure_that_ends_says_so_beside_the_choice(estate, desk):
    household = make_household(estate, "3-2-1801", 8956, ends_on=today())
    assert "只能预交 1 个月" in desk.get(f"/billing/households/{household.pk}/collect/?ahead=5").content.decode()
