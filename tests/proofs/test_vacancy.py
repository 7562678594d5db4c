"""Invariants 12 and 25, empty homes, broken on purpose: past the acts or in SQL, and found under their numbers."""
from datetime import date

import pytest

from billing.charges import make_charge
from billing.models import Charge, Credit, FeeKind, VacancyApplication, VacancyCheck, VacancyMonth
from households.models import Household, Resident, UnitUse
from servicecentre.kit.periods import BillingMonth, now

from .behind import behind, copied, found, unguarded

NOVEMBER = BillingMonth(2026, 11)


def row_of(world):
    return VacancyMonth.objects.live().get(household=world.vacancy.household, period=NOVEMBER.first)


def billed(world, percent=100):
    fee = FeeKind.objects.get(estate=world.estate, code="property")
    return make_charge(world.vacancy.household, fee, period=NOVEMBER, quantity=8956, percent=percent, by=world.manager)


@pytest.mark.parametrize("change", ["approved_from = '2026-12-01'", "applied_on = '2026-12-01'", "needs_months = 30", "percent = 60", "approved = NULL",
                                    "ended_on = '2026-11-20'", "dropped_at = '2026-11-20 00:00:00+00:00'"])
def test_12_a_month_that_its_application_does_not_bear(world, change):
    with unguarded(VacancyApplication):
        behind(f"UPDATE billing_vacancyapplication SET {change} WHERE id = %s", world.vacancy.pk)
        assert 12 in found()


def test_12_a_month_whose_check_is_gone(world):
    with unguarded(VacancyCheck):
        behind("UPDATE billing_vacancycheck SET voided_at = %s WHERE id = %s", "2026-11-21 00:00:00+00:00", world.vacancy_check.pk)
        assert found() == {12}


def test_12_a_month_nobody_looked_at(world):
    copied(row_of(world), period=date(2026, 12, 1))
    assert found() == {12}


def test_12_a_cheaper_line_without_its_month(world):
    line = billed(world, 70)
    assert found() == set()
    with unguarded(VacancyMonth):
        behind("UPDATE billing_vacancymonth SET voided_at = %s WHERE id = %s", "2026-11-21 00:00:00+00:00", row_of(world).pk)
        assert found() == {12} and line.amount == 11911


@pytest.mark.parametrize(("fen", "numbers"), [(5105, set()), (5106, {12}), (5104, {12})])
def test_12_a_credit_of_a_fen_too_much_or_too_little(world, fen, numbers):
    line = billed(world)
    Credit.objects.create(estate=world.estate, household=line.household, charge=line, source=Credit.Source.VACANCY, amount=fen, left=fen, reason="空置",
                          made_at=now(), made_by=world.manager)
    assert found() == numbers


def test_12_a_verified_month_billed_in_full(world):
    billed(world)
    assert found() == {12}


def test_12_what_was_forgiven_is_not_lowered_again(world):
    line = billed(world)
    Credit.objects.create(estate=world.estate, household=line.household, charge=line, source=Credit.Source.WAIVER, amount=17016, left=17016, reason="减免",
                          made_at=now(), made_by=world.manager)
    assert 12 not in found()


def test_12_what_was_billed_after_all_is_on_balance(world):
    billed(world, 70)
    with unguarded(VacancyMonth):
        behind("UPDATE billing_vacancymonth SET voided_at = %s WHERE id = %s", "2026-11-21 00:00:00+00:00", row_of(world).pk)
        fee = FeeKind.objects.get(estate=world.estate, code="property")
        make_charge(world.vacancy.household, fee, period=NOVEMBER, quantity=100, unit_price=5105 * 100, subject=str(world.vacancy), label="空置补差",
                    by=world.manager)
        assert found() == set()


def test_25_a_lease_that_was_there_at_the_approval(world):
    home = world.vacancy.household
    Resident.objects.create(estate=world.estate, household=home, person=home.persons.first(), kind="tenant", lease_from=date(2026, 11, 1))
    assert found() == {25}


def test_25_a_lease_that_began_later_waits_for_the_desk(world):
    home = world.vacancy.household
    Resident.objects.create(estate=world.estate, household=home, person=home.persons.first(), kind="tenant", lease_from=date(2026, 12, 1))
    assert found() == set()


def test_25_another_use_and_another_owner(world):
    spell = world.vacancy
    with unguarded(UnitUse):
        use = copied(UnitUse.objects.get(pk=spell.use_id), use="own", starts_on=date(2026, 6, 1), ends_on=date(2026, 6, 30))
        assert found() == {25}
        behind("UPDATE households_unituse SET voided_at = %s WHERE id = %s", "2026-11-21 00:00:00+00:00", use.pk)
    with unguarded(Household):
        behind("UPDATE households_household SET starts_on = '2026-05-01' WHERE id = %s", spell.household_id)
        assert 25 in found()


def test_the_world_has_a_cheaper_month(world):
    assert row_of(world).percent == 70 and Charge.objects.filter(label="空置补差").count() == 0
