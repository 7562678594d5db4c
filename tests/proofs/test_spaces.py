"""Invariant 2 of parking by the month, broken behind the program's back: lines outside the contract, nothing given back, two at a time."""
from datetime import timedelta

import pytest

from billing.models import Charge, ContractVehicle, Credit, ParkingContract, SpaceHold

from .behind import behind, copied, found, unguarded


@pytest.fixture
def contract(world):
    return ParkingContract.objects.of(world.estate).get(end_reason="卖车")


def line_of(contract):
    return Charge.objects.of(contract.estate).live().filter(subject=contract.subject).order_by("period").last()


def test_a_line_of_days_before_the_contract(world, contract):
    with unguarded(Charge):
        behind("UPDATE billing_charge SET starts_on = '2026-11-01' WHERE id = %s", line_of(contract).pk)
        assert found() == {2}


def test_a_line_at_another_price_than_the_contracts(world, contract):
    with unguarded(ParkingContract):
        behind("UPDATE billing_parkingcontract SET unit_price = 1600000 WHERE id = %s", contract.pk)
        assert found() == {2}


def test_an_end_moved_without_giving_back(world, contract):
    with unguarded(ParkingContract, SpaceHold, ContractVehicle):
        day = contract.ends_on - timedelta(days=5)
        for table in ("spacehold", "contractvehicle"):
            behind(f"UPDATE billing_{table} SET ends_on = %s WHERE contract_id = %s", day.isoformat(), contract.pk)
        behind("UPDATE billing_parkingcontract SET ends_on = %s WHERE id = %s", day.isoformat(), contract.pk)
        assert found() == {2}


def test_what_was_given_back_is_what_credits_say(world, contract):
    """The twin: with the credit there, nothing is found; it lowers the line to the days that were kept."""
    assert Credit.objects.of(world.estate).filter(source=Credit.Source.CONTRACT, charge__subject=contract.subject).count() == 2 and found() == set()


@pytest.mark.parametrize("model", [SpaceHold, ContractVehicle])
def test_two_at_a_time(world, model):
    with unguarded(model):
        row = model.objects.of(world.estate).live().first()
        copied(row)
        assert found() == {2}


def test_a_hold_beyond_its_contract(world, contract):
    with unguarded(SpaceHold):
        behind("UPDATE billing_spacehold SET ends_on = NULL WHERE contract_id = %s", contract.pk)
        assert found() == {2}
