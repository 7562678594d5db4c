"""空置: from the application to the months that go at 70 %, checked, found in use, ended; DOMAIN's own examples."""
from datetime import date, datetime

import pytest

from billing.models import BillingPolicy, Charge, Credit, FeeKind, Price, VacancyMonth
from billing.run import bill_month
from billing.vacancy import apply_vacancy, approve_vacancy, end_vacancy, extend_vacancy, refuse_vacancy
from billing.vacancy_checks import check_vacancy, withdraw_check
from billing.vacancy_months import Terms, first_reduced, full_months, mean_use, proven_months, reduced_months, too_much
from billing.vacancy_spells import months_to_check, spells_to_end, waiting_checks
from households.people import add_resident, add_tenant
from households.standing import set_use
from servicecentre.kit import periods
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.refused import Refused
from servicecentre.roles import Role
from tests.conftest import person_at
from tests.factories import make_household

from .till import demand_sums_agree, pay

AUGUST = BillingMonth(2026, 8)


def month(text):
    return BillingMonth.parse(text)


@pytest.fixture
def on(monkeypatch):
    """on(2026, 8, 20): that is today."""
    def travel(*day):
        monkeypatch.setattr(periods, "clock", lambda: datetime(*day, 10, 0, tzinfo=periods.SHANGHAI))
    travel(2026, 8, 20)
    return travel


@pytest.fixture
def household(estate, on):
    return make_household(estate, "3-2-1801", 8956, starts_on=date(2026, 1, 10))


@pytest.fixture
def engineer(estate):
    return person_at(estate, "zhaoguoqiang", "赵国强", Role.ENGINEER)


def applied(household, by, **changes):
    terms = {"spell_from": date(2026, 1, 10), "proof": "never_in", "applied_on": date(2026, 8, 20), "reason": "away",
             "contact": "卢建芳 业主之姐 13800007720", "statement": True}
    return apply_vacancy(household, by=by, **terms | changes)


def approved(spell, by, first="2026-08", last="2027-01"):
    return approve_vacancy(spell, approved_from=month(first), approved_to=month(last), version=spell.version, by=by)


def checked(spell, text, by, **changes):
    looked = month(text)
    return check_vacancy(spell, month=looked, **{"on": looked.last, "kind": "inspection", **changes}, by=by)


def reduced(household):
    return [str(row.month) for row in household.vacant_months.live()]


def property_lines(household):
    return [(f"{c.period:%Y-%m}", c.amount, c.percent) for c in household.charges.live().filter(fee_kind__code="property", subject="").order_by("period")]


# --- pure months --------------------------------------------------------------------------------------------------------

def test_full_months_lie_wholly_inside():
    assert full_months(date(2026, 1, 10), date(2026, 3, 30)) == [BillingMonth(2026, 2)]
    assert full_months(date(2026, 2, 1), date(2026, 3, 31)) == [BillingMonth(2026, 2), BillingMonth(2026, 3)]
    assert full_months(date(2026, 2, 2), date(2026, 2, 28)) == []


@pytest.mark.parametrize(("applied_on", "first"), [(date(2026, 8, 20), "2026-08"), (date(2026, 4, 3), "2026-08"), (date(2026, 11, 2), "2026-11")])
def test_domains_examples_of_the_first_reduced_month(applied_on, first):
    assert str(first_reduced(date(2026, 1, 10), applied_on, 6)) == first


def test_the_whole_spell_begins_with_its_first_full_month():
    assert str(first_reduced(date(2026, 1, 10), date(2026, 8, 20), 6, whole=True)) == "2026-02"


def test_a_month_that_nobody_looked_at_does_not_count_and_breaks_nothing():
    verified = set(full_months(date(2026, 2, 1), date(2026, 10, 31))) - {BillingMonth(2026, 5)}
    terms = Terms(date(2026, 1, 10), date(2026, 4, 3), 6, False, BillingMonth(2026, 8), BillingMonth(2027, 3))
    assert sorted(map(str, reduced_months(terms, verified))) == ["2026-09", "2026-10"]
    assert sorted(map(str, reduced_months(terms, verified | {BillingMonth(2026, 5)}))) == ["2026-08", "2026-09", "2026-10"]


def test_the_limits_are_a_mean_of_months_between_readings():
    assert not too_much(154, 220, 1) and mean_use(154, 220) == 21                       # 1.54 t in 7 months and 6 days
    assert too_much(120, 31, 1) and not too_much(100, 31, 1) and not too_much(100, 3, 1)


def test_the_proof_covers_months_that_were_over():
    assert [str(m) for m in proven_months(date(2026, 1, 10), date(2026, 4, 1))] == ["2026-02", "2026-03"]
    assert proven_months(date(2026, 3, 31), date(2026, 3, 31)) == []


# --- from the application to the bill ----------------------------------------------------------------------------------

def test_empty_since_january_applied_in_august_goes_at_seventy_from_august(estate, household, clerk, manager, engineer, on):
    bill_month(estate, AUGUST, by=manager)
    spell = approved(applied(household, clerk), manager)
    assert reduced(household) == [] and spell.unit.use_on(date(2026, 8, 1)).use == "vacant" and spell.paper.number == "KZ-2026-000001"
    on(2026, 8, 31)
    checked(spell, "2026-08", engineer)
    assert reduced(household) == ["2026-08"]
    credit = Credit.objects.get(source=Credit.Source.VACANCY)
    assert (credit.amount, credit.left, credit.charge.amount, credit.charge.due) == (5105, 0, 17016, 11911)
    assert credit.how == "170.16 − 119.11（89.56 × 1.9 × 1 月 × 70%）"
    on(2026, 9, 24)
    checked(spell, "2026-09", engineer, on=date(2026, 9, 24))
    assert reduced(household) == ["2026-08", "2026-09"] and Credit.objects.count() == 1
    demand_sums_agree(estate)


def test_applied_in_april_goes_at_seventy_from_august_once_each_month_was_looked_at(estate, household, clerk, manager, engineer, on):
    on(2026, 4, 3)
    spell = approved(applied(household, clerk, applied_on=date(2026, 4, 3)), manager, "2026-04", "2027-03")
    for n in range(4, 9):
        on(2026, n, 28)
        checked(spell, f"2026-{n:02d}", engineer, on=date(2026, n, 28))
        assert reduced(household) == (["2026-08"] if n == 8 else [])


def test_a_month_paid_in_full_gets_its_credit_as_credit_of_the_household(estate, household, clerk, manager, engineer, on):
    bill_month(estate, AUGUST, by=manager)
    pay(household, 17016, clerk)
    spell = approved(applied(household, clerk), manager)
    checked(spell, "2026-08", engineer, on=date(2026, 8, 20))
    credit = Credit.objects.get()
    assert (credit.amount, credit.left) == (5105, 5105)
    demand_sums_agree(estate)


def test_the_proof_makes_past_months_reduced_at_the_approval_where_the_whole_spell_is(estate, household, clerk, manager, on):
    BillingPolicy.objects.update_or_create(estate=estate, defaults={"vacancy_reduces": "whole_spell"})
    for n in (2, 3):
        bill_month(estate, BillingMonth(2026, n), by=manager)
    spell = approved(applied(household, clerk), manager, "2026-02", "2027-01")
    assert reduced(household) == [f"2026-{n:02d}" for n in range(2, 8)]
    assert [(c.amount, c.left) for c in Credit.objects.all()] == [(5105, 0)] * 2
    assert spell.notice.content["approval"]["from"] == "2026-02" and len(spell.notice.content["credits"]) == 2


def test_counted_from_the_application_day_the_months_before_it_are_none_of_the_six(estate, household, clerk, manager, engineer, on):
    BillingPolicy.objects.update_or_create(estate=estate, defaults={"vacancy_spell_from": "application"})
    spell = approved(applied(household, clerk), manager, "2026-08", "2027-07")
    for n in range(8, 13):
        on(2026, n, 28)
        checked(spell, f"2026-{n:02d}", engineer, on=date(2026, n, 28))
    on(2027, 2, 28)
    for n in (1, 2):
        checked(spell, f"2027-{n:02d}", engineer, on=date(2027, n, 28) if n == 2 else date(2027, 2, 5))
    assert reduced(household) == []                                                     # September … February are the six
    on(2027, 3, 20)
    checked(spell, "2027-03", engineer, on=date(2027, 3, 20))
    assert reduced(household) == ["2027-03"]


def test_a_setting_changed_later_touches_no_approved_spell(estate, household, clerk, manager, engineer, on):
    spell = approved(applied(household, clerk), manager)
    BillingPolicy.objects.update_or_create(estate=estate, defaults={"vacancy_percent": 50, "vacancy_months": 9})
    checked(spell, "2026-08", engineer, on=date(2026, 8, 20))
    assert VacancyMonth.objects.get().percent == 70


# --- readings ------------------------------------------------------------------------------------------------------------

def test_readings_over_the_limit_refuse_the_application(household, clerk, on):
    with pytest.raises(Refused, match="用水每月 1.10 吨，超过 1 吨"):
        applied(household, clerk, proof="readings", water_start=100, water_now=900)
    with pytest.raises(Refused, match="至少一个"):
        applied(household, clerk, proof="readings", water_start=100)
    with pytest.raises(Refused, match="比上次的 9.00 小"):
        applied(household, clerk, water_start=900, water_now=100)


def test_a_check_by_readings_needs_earlier_ones(household, clerk, manager, engineer, on):
    spell = approved(applied(household, clerk, power_start=1260, power_now=5810), manager)
    with pytest.raises(Refused, match="以前没有抄过这个表"):
        checked(spell, "2026-08", engineer, on=date(2026, 8, 20), kind="readings", water=100)
    checked(spell, "2026-08", engineer, on=date(2026, 8, 20), kind="readings", power=5900)
    row = spell.readings.live().last()
    assert (row.used, row.days) == (90, 0)
    with pytest.raises(Refused, match="不用核，或者已经核过"):
        checked(spell, "2026-08", engineer, on=date(2026, 8, 20))


def test_over_the_limit_is_asked_about_and_ends_the_spell(estate, household, clerk, manager, engineer, on):
    spell = approved(applied(household, clerk, water_start=100, water_now=110), manager)
    on(2026, 9, 24)
    checked(spell, "2026-08", engineer, on=date(2026, 9, 1), kind="readings", water=120)
    with pytest.raises(Refused) as refusal:
        checked(spell, "2026-09", engineer, on=date(2026, 9, 24), kind="readings", water=240)
    assert refusal.value.unless == "in_use"
    check = checked(spell, "2026-09", engineer, on=date(2026, 9, 24), kind="readings", water=240, despite=("in_use",))
    spell.refresh_from_db()
    assert check.use_found and (spell.ended_on, spell.ended_why, reduced(household)) == (date(2026, 9, 2), "over", ["2026-08"])
    assert spell.unit.use_on(date(2026, 9, 1)).use == "vacant" and spell.unit.use_on(date(2026, 9, 2)) is None


# --- found in use, ended -----------------------------------------------------------------------------------------------

def test_a_month_later_found_in_use_owes_exactly_what_lacked(estate, household, clerk, manager, engineer, on):
    bill_month(estate, AUGUST, by=manager)
    spell = approved(applied(household, clerk), manager)
    checked(spell, "2026-08", engineer, on=date(2026, 8, 20))
    on(2026, 9, 3)
    spell.refresh_from_db()
    end_vacancy(spell, ended_on=date(2026, 8, 15), why="moved_in", version=spell.version, by=clerk)
    line = household.charges.get(subject="KZ-2026-000001")
    assert (line.amount, line.shown_name, line.line, reduced(household)) == (5105, "空置补差", 0, [])
    assert spell.unit.use_on(date(2026, 8, 15)).use == "own"
    demand_sums_agree(estate)


def test_an_end_on_the_first_leaves_the_month_before_reduced(estate, household, clerk, manager, engineer, on):
    spell = approved(applied(household, clerk), manager)
    checked(spell, "2026-08", engineer, on=date(2026, 8, 20))
    on(2026, 9, 1)
    end_vacancy(spell, ended_on=date(2026, 9, 1), why="let", version=spell.version, by=clerk)
    assert reduced(household) == ["2026-08"] and not household.charges.filter(label="空置补差")


def test_a_check_taken_back_and_made_again_costs_nobody_anything(estate, household, clerk, manager, engineer, on):
    bill_month(estate, AUGUST, by=manager)
    spell = approved(applied(household, clerk), manager)
    for _ in range(2):
        withdraw_check(checked(spell, "2026-08", engineer, on=date(2026, 8, 20)), reason="记错房号", by=manager)
    checked(spell, "2026-08", engineer, on=date(2026, 8, 20))
    charges = Charge.objects.live().filter(household=household, fee_kind__code="property")
    assert sum(c.amount for c in charges) - sum(c.amount for c in Credit.objects.all()) == 11911
    demand_sums_agree(estate)


def test_a_month_after_the_register_ended_the_spell_is_not_verified(estate, household, clerk, manager, engineer, on):
    spell = approved(applied(household, clerk), manager)
    on(2026, 10, 5)
    add_tenant(household, name="王五", lease_from=date(2026, 9, 10), by=clerk)
    [(found, ending)] = spells_to_end(estate)
    assert (found, ending.day, ending.why) == (spell, date(2026, 9, 10), "let")
    checked(spell, "2026-08", engineer, on=date(2026, 8, 31))
    with pytest.raises(Refused, match="请前台先办结束空置"):
        checked(spell, "2026-09", engineer, on=date(2026, 9, 30))
    with pytest.raises(Refused, match="不能晚于 2026-09-10"):
        end_vacancy(spell, ended_on=date(2026, 10, 1), why="let", version=spell.version, by=clerk)
    end_vacancy(spell, ended_on=date(2026, 9, 10), why="let", version=spell.version, by=clerk)
    assert spells_to_end(estate) == [] and reduced(household) == ["2026-08"]


def test_the_register_ends_a_spell_by_use_sale_residents_and_the_end_of_the_span(estate, household, clerk, manager, on):
    spell = approved(applied(household, clerk), manager, "2026-08", "2026-09")
    on(2026, 10, 5)
    assert [ending.why for _, ending in spells_to_end(estate)] == ["expired"]
    add_resident(household, name="李小红", by=clerk)
    assert [(e.why, e.day) for _, e in spells_to_end(estate)] == [("moved_in", date(2026, 10, 5))]
    set_use(spell.unit, use="own", starts_on=date(2026, 9, 20), by=clerk)
    assert [(e.why, e.day) for _, e in spells_to_end(estate)] == [("moved_in", date(2026, 9, 20))]
    household.ends_on = date(2026, 9, 9)
    household.save()
    assert [(e.why, e.day) for _, e in spells_to_end(estate)] == [("sold", date(2026, 9, 10))]


def test_a_new_application_counts_anew_behind_the_old_one(estate, household, clerk, manager, on):
    spell = approved(applied(household, clerk), manager)
    end_vacancy(spell, ended_on=date(2026, 8, 10), why="moved_in", version=spell.version, by=clerk)
    with pytest.raises(Refused, match="KZ-2026-000001 已算了这段时间，新的从 2026-08-10 起数"):
        applied(household, clerk)
    set_use(spell.unit, use="vacant", starts_on=date(2026, 8, 18), by=clerk)
    again = approved(applied(household, clerk, spell_from=date(2026, 8, 18)), manager)
    assert again.use.starts_on == date(2026, 8, 18)


# --- who and when ---------------------------------------------------------------------------------------------------------

def test_who_took_it_in_does_not_approve_it(household, manager, on):
    spell = applied(household, manager)
    with pytest.raises(Refused, match="要由别的主管决定"):
        approved(spell, manager)


def test_a_refused_application_leaves_its_days_free(household, clerk, manager, on):
    spell = refuse_vacancy(applied(household, clerk), refusal="电表一直在走", by=manager)
    assert spell.state["word"] == "没批准" and spell.paper_note(date(2026, 8, 20)) == "没有批准：电表一直在走"
    applied(household, clerk)


@pytest.mark.parametrize(("changes", "words"), [
    ({"statement": False}, "没有声明"), ({"spell_from": date(2026, 1, 9)}, "不能早于这一任业主"), ({"applied_on": date(2026, 8, 21)}, "还没到"),
    ({"applied_on": date(2026, 7, 1)}, "最早填 31 天以前"), ({"planned_to": date(2026, 8, 1)}, "不能早于申请日"), ({"contact": " "}, "漏水"),
    ({"spell_from": date(2026, 8, 21)}, "不能晚于申请日")])
def test_days_that_cannot_be_are_refused(household, clerk, changes, words):
    with pytest.raises(Refused, match=words):
        applied(household, clerk, **changes)


def test_somebody_who_lives_there_bars_it(household, clerk, on):
    add_resident(household, name="李小红", by=clerk)
    with pytest.raises(Refused, match="登记着住户，没有搬离"):
        applied(household, clerk)


def test_a_shop_and_a_debtor_only_where_the_estate_says_so(estate, household, clerk, manager, on):
    shop = make_household(estate, "S01", 5000, owner="周店")
    with pytest.raises(Refused, match="商铺空置不打折"):
        applied(shop, clerk)
    BillingPolicy.objects.update_or_create(estate=estate, defaults={"vacancy_for_shops": True, "vacancy_needs_no_arrears": True})
    spell = approved(applied(shop, clerk), manager)
    bill_month(estate, AUGUST, by=manager)
    checked(spell, "2026-08", manager, on=date(2026, 8, 20))
    assert Credit.objects.filter(household=shop).count() + shop.charges.filter(percent=70).count() == 1
    on(2026, 9, 6)
    with pytest.raises(Refused, match="逾期没缴 170.16 元"):
        applied(household, clerk)


def test_a_fee_of_the_estates_own_is_not_reduced(estate, household, clerk, manager, on):
    kind = FeeKind.objects.create(estate=estate, code="own_1", name="垃圾清运费", bills="home", unit_name="㎡", per="月", position=99)
    Price.objects.create(estate=estate, fee_kind=kind, unit_price=1000, starts_on=date(2025, 1, 1), basis="公示", made_by=manager)
    bill_month(estate, AUGUST, by=manager)
    checked(approved(applied(household, clerk), manager), "2026-08", manager, on=date(2026, 8, 20))
    assert [c.charge.fee_kind.code for c in Credit.objects.all()] == ["property"]


def test_extending_goes_on_counting(estate, household, clerk, manager, on):
    spell = approved(applied(household, clerk), manager, "2026-08", "2026-08")
    on(2026, 9, 24)
    assert [str(m) for m in months_to_check(spell, on=date(2026, 9, 24))] == ["2026-08"]
    with pytest.raises(Refused, match="登记申请的人不能"):
        extend_vacancy(spell, approved_to=month("2027-02"), words="业主 9 月 20 日来申请", version=spell.version, by=clerk)
    spell = extend_vacancy(spell, approved_to=month("2027-02"), words="业主 9 月 20 日来申请", version=spell.version, by=manager)
    assert [str(m) for m in months_to_check(spell, on=date(2026, 9, 24))] == ["2026-08", "2026-09"]
    assert [(s, [str(m) for m in months]) for s, months in waiting_checks(estate, on=date(2026, 9, 24))] == [(spell, ["2026-08", "2026-09"])]


def test_an_application_withdrawn_before_it_was_decided(household, clerk, on):
    spell = applied(household, clerk)
    spell = end_vacancy(spell, ended_on=date(2026, 8, 20), why="withdrawn", version=spell.version, by=clerk)
    assert spell.state["word"] == "已撤回"
    applied(household, clerk)


def test_a_page_shown_before_somebody_else_acted_changes_nothing(household, clerk, manager, on):
    spell = applied(household, clerk)
    old = spell.version
    spell = approved(spell, manager)
    later = {"version": old, "by": manager}
    for act, rest in ((extend_vacancy, {"approved_to": month("2027-06"), "words": "来申请"}), (end_vacancy, {"ended_on": date(2026, 8, 20), "why": "let"})):
        with pytest.raises(Refused, match="您的改动没有保存"):
            act(spell, **rest, **later)


def test_an_end_is_put_to_an_earlier_day_and_to_no_later_one(household, clerk, manager, on):
    spell = approved(applied(household, clerk), manager)
    checked(spell, "2026-08", manager, on=date(2026, 8, 20))
    on(2026, 9, 10)
    spell = end_vacancy(spell, ended_on=date(2026, 9, 1), why="moved_in", version=spell.version, by=clerk)
    assert reduced(household) == ["2026-08"]
    with pytest.raises(Refused, match="只能改得更早"):
        end_vacancy(spell, ended_on=date(2026, 9, 5), why="moved_in", version=spell.version, by=clerk)
    end_vacancy(spell, ended_on=date(2026, 8, 28), why="let", version=spell.version, by=clerk)
    assert reduced(household) == []
