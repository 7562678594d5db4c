"""空置 at its edges: what readings can and cannot show, a sale in a vacant month, an end that was a mistake, the developer."""
from datetime import date

import pytest

from billing.corrections import corrections, mend_line
from billing.models import Charge, Credit
from billing.prepayments import demand_prepayment
from billing.run import bill_month, undo_run
from billing.settlement import settlement
from billing.vacancy import end_vacancy, refuse_vacancy, undo_vacancy_end
from billing.vacancy_spells import months_to_check
from households.agents import take_letter
from servicecentre.desk.proofs_vacancy import vacant_money, vacant_months
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.refused import Refused
from tests.factories import make_household

from .test_vacancy import applied, approved, checked, engineer, household, on, reduced  # noqa: F401 (fixtures)
from .till import demand_sums_agree, pay

SEPTEMBER = BillingMonth(2026, 9)


# --- what readings show ------------------------------------------------------------------------------------------------

def test_readings_taken_after_a_month_say_nothing_of_it(household, clerk, manager, engineer, on):  # noqa: F811
    spell = approved(applied(household, clerk), manager)
    on(2026, 10, 20)
    checked(spell, "2026-10", engineer, on=date(2026, 10, 20), power=10000)
    on(2026, 10, 21)
    with pytest.raises(Refused, match="2026年8月过完以前没有抄过表"):
        checked(spell, "2026-08", engineer, on=date(2026, 10, 21), kind="readings", power=10010)
    assert "2026-08" not in reduced(household)


def test_one_reading_verifies_all_months_it_spans(household, clerk, manager, engineer, on):  # noqa: F811
    spell = approved(applied(household, clerk, power_start=0, power_now=100), manager)
    on(2026, 10, 15)
    for text in ("2026-08", "2026-09", "2026-10"):
        checked(spell, text, engineer, on=date(2026, 10, 15), kind="readings", power=200)
    assert reduced(household) == ["2026-08", "2026-09", "2026-10"]


def _rounds_on_the_first(household, clerk, manager, engineer, on):  # noqa: F811
    spell = approved(applied(household, clerk, power_start=0, power_now=100), manager)
    on(2026, 9, 1)
    checked(spell, "2026-08", engineer, on=date(2026, 8, 31), kind="readings", power=100)
    checked(spell, "2026-09", engineer, on=date(2026, 9, 1), kind="readings", power=100)
    bill_month(household.estate, SEPTEMBER, by=manager)
    return spell


def test_use_measured_since_an_earlier_month_ends_the_spell_there(estate, household, clerk, manager, engineer, on):  # noqa: F811
    spell = _rounds_on_the_first(household, clerk, manager, engineer, on)
    on(2026, 10, 1)
    with pytest.raises(Refused, match="是上次抄表以后用的。记下就从 2026-09-02 起结束空置，2026年9月和以后按全价"):
        checked(spell, "2026-10", engineer, on=date(2026, 10, 1), kind="readings", power=6100)
    checked(spell, "2026-10", engineer, on=date(2026, 10, 1), kind="readings", power=6100, despite=("in_use",))
    spell.refresh_from_db()
    assert (spell.ended_on, reduced(household)) == (date(2026, 9, 2), ["2026-08"])
    assert household.charges.get(label="空置补差").amount == 5105
    demand_sums_agree(estate)


def test_a_month_that_somebody_saw_empty_stays_so(estate, household, clerk, manager, engineer, on):  # noqa: F811
    spell = approved(applied(household, clerk, power_start=0, power_now=100), manager)
    on(2026, 9, 30)
    checked(spell, "2026-08", engineer, on=date(2026, 8, 31))
    checked(spell, "2026-09", engineer, on=date(2026, 9, 30))
    on(2026, 10, 31)
    checked(spell, "2026-10", engineer, on=date(2026, 10, 31), kind="readings", power=6100, despite=("in_use",))
    spell.refresh_from_db()
    assert (spell.ended_on, reduced(household)) == (date(2026, 10, 1), ["2026-08", "2026-09"])


# --- a sale ----------------------------------------------------------------------------------------------------------

def _cost(home):
    charges = Charge.objects.live().filter(household=home)
    return sum(c.amount for c in charges) - sum(c.amount for c in Credit.objects.filter(charge__in=charges))


@pytest.mark.parametrize("at_once", [False, True], ids=["credited", "billed_at_seventy"])
@pytest.mark.parametrize(("last", "due"), [(15, 8508), (5, 2836), (29, 16449)])
def test_a_sale_in_a_vacant_month_costs_its_days_in_full(estate, household, clerk, manager, engineer, on, last, due, at_once):  # noqa: F811
    spell = approved(applied(household, clerk), manager)
    checked(spell, "2026-08", engineer, on=date(2026, 8, 20))
    on(2026, 9, 1)
    if not at_once:
        bill_month(estate, SEPTEMBER, by=manager)
    checked(spell, "2026-09", engineer, on=date(2026, 9, 1))
    if at_once:
        bill_month(estate, SEPTEMBER, by=manager)
    pay(household, 11911, clerk)
    day = date(2026, 9, last)
    on(2026, 9, 30)
    assert settlement(household, day).balance == due - 11911
    household.ends_on = day
    household.save()
    make_household(estate, starts_on=date(2026, 9, last + 1), unit=household.unit)
    line = household.charges.get(subject="")
    assert [*vacant_money(), *vacant_months()] == []
    with pytest.raises(Refused, match="起结束。请先办结束空置"):
        mend_line(line, by=manager)
    spell.refresh_from_db()
    end_vacancy(spell, ended_on=date(2026, 9, last + 1), why="sold", version=spell.version, by=clerk)
    assert abs(settlement(household, day).balance - (due - 11911)) <= 1
    mend_line(line, by=manager)
    assert abs(_cost(household) - due) <= 1
    assert [c for c in corrections(estate, SEPTEMBER) if c.household == household] == [] and [*vacant_money(), *vacant_months()] == []
    assert abs(settlement(household, day).balance - (due - 11911)) <= 1
    demand_sums_agree(estate)


def test_a_verified_month_not_billed_yet_is_on_the_sellers_statement_at_seventy(household, clerk, manager, engineer, on):  # noqa: F811
    spell = approved(applied(household, clerk), manager)
    on(2026, 9, 10)
    checked(spell, "2026-08", engineer, on=date(2026, 8, 31))
    checked(spell, "2026-09", engineer, on=date(2026, 9, 10))
    shown = settlement(household, date(2026, 9, 30))
    assert [(line.period, line.owes) for line in shown.lines] == [("2026-09", 11911)]
    assert [line.owes for line in settlement(household, date(2026, 9, 15)).lines] == [8508]


# --- who brings it, which meters ---------------------------------------------------------------------------------------

def test_an_agent_applies_by_letter_and_its_use_is_noted(household, clerk, manager, on):  # noqa: F811
    terms = {"principal": household.ownerships.get(), "name": "何俊", "id_kind": "passport", "id_number": "E10293847", "phone": "13700003333",
             "valid_from": date(2026, 8, 1), "copies_kept": True, "by": clerk}
    other = take_letter(household, matters=["pay"], **terms)
    with pytest.raises(Refused, match="委托书只写了：缴费"):
        applied(household, clerk, letter=other)
    letter = take_letter(household, matters=["other"], despite=("same_agent",), **terms)
    with pytest.raises(Refused, match="还没有打通电话") as refusal:
        applied(household, clerk, letter=letter)
    assert refusal.value.unless == "not_called"
    spell = applied(household, clerk, letter=letter, despite=("not_called",))
    assert spell.paper.content["agent"].startswith("何俊，委托书") and letter.uses.get().words == "代办空置申请"
    refuse_vacancy(spell, refusal="电表一直在走", by=manager)
    with pytest.raises(Refused, match="只用一次，已经用过"):
        applied(household, clerk, letter=letter)


def test_gas_is_kept_and_proves_nothing(household, clerk, manager, engineer, on):  # noqa: F811
    with pytest.raises(Refused, match="水表或电表至少一个"):
        applied(household, clerk, proof="readings", gas_start=100, gas_now=90000)
    spell = approved(applied(household, clerk, gas_start=100, gas_now=90000), manager)
    with pytest.raises(Refused, match="填水表或电表的读数"):
        checked(spell, "2026-08", engineer, on=date(2026, 8, 20), kind="readings", gas=90000)
    checked(spell, "2026-08", engineer, on=date(2026, 8, 20), gas=180000)
    assert spell.readings.live().filter(meter="gas").count() == 3 and reduced(household) == ["2026-08"]
    assert spell.paper.content["gas"] and spell.paper.content["checks"][1]["gas_used"] == "899.00"


# --- an end that was a mistake -----------------------------------------------------------------------------------------

def test_a_mistyped_reading_is_taken_back_with_its_end(estate, household, clerk, manager, engineer, on):  # noqa: F811
    spell = _rounds_on_the_first(household, clerk, manager, engineer, on)
    on(2026, 10, 1)
    checked(spell, "2026-10", engineer, on=date(2026, 10, 1), kind="readings", power=6100, despite=("in_use",))
    spell.refresh_from_db()
    spell = undo_vacancy_end(spell, reason="电表少看一位小数", version=spell.version, by=manager)
    assert spell.is_running and reduced(household) == ["2026-08", "2026-09"] and _cost(household) == 11911
    assert spell.unit.use_on(date(2026, 10, 1)).use == "vacant"
    assert [str(m) for m in months_to_check(spell, on=date(2026, 10, 1))] == ["2026-10"]
    checked(spell, "2026-10", engineer, on=date(2026, 10, 1), kind="readings", power=160)
    assert reduced(household)[-1] == "2026-10" and [*vacant_money(), *vacant_months()] == []
    demand_sums_agree(estate)


@pytest.mark.parametrize(("day", "why"), [(date(2026, 8, 15), "moved_in"), (date(2026, 8, 15), "over"), (date(2026, 1, 10), "let"),
                                          (date(2026, 8, 15), "withdrawn")])
def test_an_end_taken_back_leaves_all_as_it_was(estate, household, clerk, manager, engineer, on, day, why):  # noqa: F811
    bill_month(estate, SEPTEMBER.previous, by=manager)
    spell = approved(applied(household, clerk), manager)
    checked(spell, "2026-08", engineer, on=date(2026, 8, 20))
    spell.refresh_from_db()
    for other in (day, day.replace(day=9)) if day.month == 8 else (day,):
        spell = end_vacancy(spell, ended_on=other, why=why, version=spell.version, by=clerk)
    assert reduced(household) == [] and _cost(household) == 17016
    spell = undo_vacancy_end(spell, reason="弄错了房号", version=spell.version, by=manager)
    assert spell.is_running and reduced(household) == ["2026-08"] and _cost(household) == 11911
    assert spell.unit.use_on(date(2026, 8, 20)).use == "vacant" and spell.unit.uses.live().count() == 1
    demand_sums_agree(estate)


def test_an_end_that_was_right_or_that_another_spell_follows_stays(estate, household, clerk, manager, on):  # noqa: F811
    spell = approved(applied(household, clerk), manager)
    with pytest.raises(Refused, match="已经结束的空置"):
        undo_vacancy_end(spell, reason="错了", version=spell.version, by=manager)
    spell = end_vacancy(spell, ended_on=date(2026, 8, 10), why="withdrawn", version=spell.version, by=clerk)
    household.ends_on = date(2026, 8, 9)
    household.save()
    with pytest.raises(Refused, match="结束没有错"):
        undo_vacancy_end(spell, reason="错了", version=spell.version, by=manager)
    household.ends_on = None
    household.save()
    with pytest.raises(Refused, match="登记申请的人不能"):
        undo_vacancy_end(spell, reason="错了", version=spell.version, by=clerk)
    with pytest.raises(Refused, match="您的改动没有保存"):
        undo_vacancy_end(spell, reason="错了", version=spell.version - 1, by=manager)
    later = applied(household, clerk, spell_from=date(2026, 8, 10))
    with pytest.raises(Refused, match=f"后来的 {later} 已算了这段时间"):
        undo_vacancy_end(spell, reason="错了", version=spell.version, by=manager)


# --- the developer, a run that stays -----------------------------------------------------------------------------------

def test_the_developer_has_neither_vacancy_nor_prepayment(household, clerk, manager, on):  # noqa: F811
    household.developer = True
    household.save()
    with pytest.raises(Refused, match="由建设单位承担，不按业主空置减免"):
        applied(household, clerk)
    with pytest.raises(Refused, match="由建设单位承担，不收预存"):
        demand_prepayment(household, by=clerk)


def test_a_run_with_an_empty_home_says_so(estate, household, clerk, manager, engineer, on):  # noqa: F811
    run = bill_month(estate, SEPTEMBER.previous, by=manager)
    checked(approved(applied(household, clerk), manager), "2026-08", engineer, on=date(2026, 8, 20))
    with pytest.raises(Refused, match="1 笔有空置减免（3-2-1801），不能撤销。作废收据没有用"):
        undo_run(run, reason="单价错了", by=manager)
