"""A home is sold while its parking is billed ahead: the seller's statement, the till, the lists; ended at the last day, or called off."""
from datetime import date

import pytest

from billing import spaces
from billing.corrections import corrections, off_words, to_correct, waiting_ended
from billing.models import Charge, Credit, ParkingContract
from billing.run import bill_month
from billing.settlement import settlement
from billing.space_terms import charges_of
from households.models import Household
from households.register import change_owner
from servicecentre.desk.proofs import prove
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.refused import Refused
from tests.worlds import at

from .till import demand_sums_agree, household_owing, pay

OCTOBER_2027 = BillingMonth(2027, 10)
YEAR = 12 * 26000


@pytest.fixture
def household(estate):
    return household_owing(estate, months=("2026-11",))


def sign(household, by, **changes):
    terms = {"space_kind": "shared", "starts_on": date(2026, 11, 1), "ends_on": date(2027, 10, 31), "cycle_months": 12, "plate": "苏AF20913"}
    return spaces.sign_contract(household, **terms | changes, by=by)


def sell(household, by, last_day):
    change_owner(household.unit, owners=[{"name": "李芳"}], last_day=last_day, by=by, despite=("far_day",))
    household.refresh_from_db()


def given_back():
    return sum(credit.amount for credit in Credit.objects.filter(source=Credit.Source.CONTRACT))


def test_what_was_paid_ahead_is_on_the_sellers_statement_and_comes_back(estate, household, clerk):
    with at(2026, 11, 24, 2):
        contract = sign(household, clerk)
        pay(household, 17016 + YEAR, clerk)
        tried = settlement(household, date(2026, 12, 10))
        assert [(line.name, line.back) for line in tried.lines if line.back] == [("共用车位管理服务费", fen) for fen in (26000 - 8387, *[26000] * 10)]
        assert sum(line.back for line in tried.lines) == YEAR - 26000 - 8387                 # all but November and 260 × 10/31
        assert "到 2026-12-10 为止少 176.13" in tried.lines[0].words
        sell(household, clerk, date(2026, 11, 30))
        settled = settlement(household, date(2026, 11, 30))
        assert (settled.owes, settled.back_due) == (0, YEAR - 26000)
        contract.refresh_from_db()
        spaces.end_contract(contract, last_day=date(2026, 11, 30), reason="卖房", version=contract.version, by=clerk)
        assert given_back() == YEAR - 26000 and settlement(household, date(2026, 11, 30)).back_due == YEAR - 26000
        demand_sums_agree(estate)
        assert list(prove([2, 3, 4])) == []


def test_what_is_not_paid_yet_is_owed_to_the_last_day_only_and_the_till_asks(estate, household, clerk):
    with at(2026, 11, 24, 2):
        contract = sign(household, clerk)
        sell(household, clerk, date(2026, 11, 30))
        settled = settlement(household, date(2026, 11, 30))
        assert (settled.owes, settled.back, settled.beyond) == (17016 + 26000, 0, YEAR - 26000)
        with pytest.raises(Refused, match=r"有 2,860\.00 元是这一户起止日期以外的，不该收。先终止车位协议后再收") as refused:
            pay(household, 17016 + YEAR, clerk)
        assert refused.value.unless == "to_correct"
        assert off_words(household) == f"车位协议 {contract} 出账到 2027-10-31，比业主的止日多出 2,860.00 元；请先终止协议（没开始用的取消），再收。"
        spaces.end_contract(contract, last_day=date(2026, 11, 30), reason="卖房", version=contract.version, by=clerk)
        pay(household, 17016 + 26000, clerk)
        assert off_words(household) == "" and not Charge.objects.filter(household=household).unpaid().exists()
        demand_sums_agree(estate)


def test_the_till_names_both_where_both_are_off(estate, household, clerk):
    with at(2026, 11, 24, 2):
        sign(household, clerk, cycle_months=1)
        sell(household, clerk, date(2026, 11, 20))
        with pytest.raises(Refused, match="里更正，并终止车位协议后再收") as refused:              # 56.72 of November's fee, 86.67 of its parking
            pay(household, 17016 + 26000, clerk, despite=())
        assert "有 143.39 元是" in str(refused.value)
        pay(household, 17016 + 26000, clerk, despite=("to_correct",))
        assert Charge.objects.filter(household=household).unpaid().count() == 0 and "车位协议 CW-2026-000001" in off_words(household)


def test_it_is_listed_until_it_is_given_back_long_after_its_own_term(estate, household, clerk):
    with at(2026, 11, 24, 2):
        contract = sign(household, clerk)
        pay(household, 17016 + YEAR, clerk)
        assert (corrections(estate, OCTOBER_2027), waiting_ended(estate)) == ([], [])
        sell(household, clerk, date(2026, 11, 30))
    with at(2027, 12, 20, 2):
        contracts, households = ParkingContract.objects.of(estate), Household.objects.filter(pk=household.pk)
        assert list(contracts.beyond_tenure(on=date(2027, 12, 20))) == [contract]
        assert [(c.contract, str(c.month), c.fen) for c in corrections(estate, BillingMonth(2026, 12))] == [(contract, "2026-12", 26000 - YEAR)]
        assert waiting_ended(estate) == [(household, 26000 - YEAR)] and to_correct(estate, households) == {household.pk}
        contract.refresh_from_db()
        with pytest.raises(Refused, match="业主到 2026-11-30 为止"):
            spaces.end_contract(contract, last_day=date(2026, 12, 31), reason="卖房", version=contract.version, by=clerk)
        spaces.end_contract(contract, last_day=date(2026, 11, 30), reason="卖房", version=contract.version, by=clerk, despite=("past_end",))
        assert given_back() == YEAR - 26000
        assert not contracts.beyond_tenure(on=date(2027, 12, 20)) and corrections(estate, OCTOBER_2027) == waiting_ended(estate) == []


@pytest.mark.parametrize("day", [(2026, 11, 24, 2), (2026, 12, 20, 2)])
def test_one_that_begins_after_the_sellers_last_day_is_called_off_whole(estate, household, clerk, day):
    with at(2026, 11, 24, 2):
        contract = sign(household, clerk, starts_on=date(2026, 12, 1), ends_on=date(2027, 11, 30))
        pay(household, 17016 + YEAR, clerk)
        sell(household, clerk, date(2026, 11, 24))
    with at(*day):
        assert settlement(household, date(2026, 11, 24)).back_due >= YEAR
        contract.refresh_from_db()
        spaces.cancel_contract(contract, reason="卖房", version=contract.version, by=clerk)
        assert given_back() == YEAR and waiting_ended(estate) == [(household, -17016 + 13613)]           # November's fee is the manager's to mend
        assert list(prove([2, 3, 4])) == []


def test_one_that_had_ended_early_ends_earlier_still(estate, household, clerk):
    """Each of the two credits is what its own days cost: together the line less the days that were kept."""
    with at(2026, 11, 24, 2):
        contract = sign(household, clerk)
        pay(household, 17016 + YEAR, clerk)
        contract = spaces.end_contract(contract, last_day=date(2026, 12, 20), reason="卖车", version=contract.version, by=clerk)
        first = given_back()
        assert first == YEAR - 26000 - 16774                                                # 260 × 20/31 = 167.742
        sell(household, clerk, date(2026, 12, 5))
        settled = settlement(household, date(2026, 12, 5))
        assert sum(line.back for line in settled.lines) == YEAR - 26000 - 4194
        contract.refresh_from_db()
        contract = spaces.end_contract(contract, last_day=date(2026, 12, 5), reason="卖房", version=contract.version, by=clerk)
        assert given_back() == YEAR - 26000 - 4194                                          # 260 × 5/31 = 41.935
        assert contract.end_reason == "卖车" and contract.ends_on == date(2026, 12, 5)
        with pytest.raises(Refused, match="已经提前终止"):
            spaces.end_contract(contract, last_day=date(2026, 12, 1), reason="再来", version=contract.version, by=clerk)
        demand_sums_agree(estate)
        assert list(prove([2, 3, 4])) == []


def test_one_renewed_is_wound_up_from_its_end(estate, household, clerk):
    with at(2026, 11, 24, 2):
        old = sign(household, clerk, ends_on=date(2026, 12, 31), cycle_months=1)
        new = sign(household, clerk, starts_on=date(2027, 1, 1), cycle_months=1, renews=old)
        sell(household, clerk, date(2026, 11, 24))
    with at(2027, 1, 10, 2):
        for contract in (old, new):
            contract.refresh_from_db()
        spaces.cancel_contract(new, reason="卖房", version=new.version, by=clerk)
        spaces.end_contract(old, last_day=date(2026, 11, 24), reason="卖房", version=old.version, by=clerk, despite=("past_end",))
        assert {str(line.period): line.due for line in charges_of(old)} == {"2026-11-01": 20800} and not charges_of(new).exists()


def test_months_not_run_yet_are_on_the_statement_as_a_run_will_bill_them(estate, household, clerk, manager):
    with at(2026, 11, 24, 2):
        sign(household, clerk, cycle_months=1)
        pay(household, 17016 + 26000, clerk)
        said = [(line.period, line.owes) for line in settlement(household, date(2027, 1, 10)).lines if line.name == "共用车位管理服务费"]
        assert said == [("2026-12", 26000), ("2027-01", 8387)]
        sell(household, clerk, date(2027, 1, 10))
    for month in (BillingMonth(2026, 12), BillingMonth(2027, 1)):
        with at(month.year, month.month, 1, 2):
            bill_month(estate, month, by=manager)
    assert [line.amount for line in charges_of(ParkingContract.objects.get()).order_by("period")] == [26000, 26000, 8387]


def test_the_page_offers_the_end_at_the_sellers_last_day_and_the_lists_lead_there(estate, household, clerk, desk, manager_desk):
    with at(2026, 11, 24, 2):
        contract = sign(household, clerk)
        pay(household, 17016 + YEAR, clerk)
        sell(household, clerk, date(2026, 11, 20))
    with at(2027, 12, 20, 2):
        address = f"/billing/parking/contracts/{contract.pk}/"
        assert f'{address}"' in manager_desk.get("/billing/run/?month=2026-12").content.decode()
        assert f"{address}end/" in desk.get(address).content.decode()
        page = desk.get(f"{address}end/").content.decode()
        assert 'value="2026-11-20"' in page and "用到 2026-11-20 算，退 2,946.67 元" in page
