"""Any contract, billed by its signing and the months' runs, paid in part and ended any day, beside a model in fractions (DOMAIN §2)."""
from datetime import date, datetime, timedelta
from fractions import Fraction
from unittest import mock

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from billing.corrections import corrections
from billing.models import BillingPolicy, Charge, Credit
from billing.run import bill_month
from billing.settlement import settlement
from billing.space_terms import charges_of, past_tenure
from billing.spaces import cancel_contract, end_contract, sign_contract
from households.models import Household
from servicecentre.desk.proofs import prove
from servicecentre.kit import periods
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.refused import Refused
from servicecentre.roles import Role
from tests.conftest import person_at
from tests.factories import make_household

from .till import demand_sums_agree, pay

PRICE = 260_00                     # fen, the shared space's
RULES = ("by_day", "half_month", "half_or_whole", "whole_month", "next_month")


def rounded(fraction):
    """Half-up, by itself: not the program's."""
    return int(fraction + Fraction(1, 2))


def months_of(first, last):
    month = BillingMonth.of(first)
    while month.first <= last:
        yield month
        month = month.next


def share_of_first(rule, start, days, length):
    if rule == "by_day":
        return Fraction(days, length)
    early, late = {"half_month": (Fraction(1, 2), 0), "half_or_whole": (1, Fraction(1, 2)), "whole_month": (1, 1), "next_month": (0, 0)}[rule]
    return Fraction(early if start.day <= 15 else late)


def owed(rule, start, agreed, used_to):
    """What the days up to ``used_to`` cost, month by month, of a contract that was agreed to ``agreed``."""
    total = 0
    for month in months_of(start, used_to):
        first, last, length = max(start, month.first), min(agreed, month.last), month.days
        days, used = (last - first).days + 1, (min(used_to, last) - first).days + 1
        share = Fraction(days, length)
        if first > month.first and last == month.last:
            share = share_of_first(rule, start, days, length)
        total += rounded(PRICE * share * Fraction(used, days)) if used < days else rounded(PRICE * share)
    return total


@pytest.fixture
def cast(estate):
    return make_household(estate, "3-2-1801", starts_on=date(2025, 1, 1)), person_at(estate, "liting", "李婷", Role.CLERK)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rule=some.sampled_from(RULES), start=some.dates(date(2026, 10, 1), date(2027, 3, 31)), length=some.integers(1, 420),
       cycle=some.sampled_from((1, 3, 6, 12)), late=some.integers(0, 31), ran=some.integers(0, 3), runs=some.integers(0, 8), used=some.integers(0, 420),
       paid=some.integers(0, 1500_00))
def test_what_is_billed_less_what_is_given_back_is_what_the_days_cost(estate, cast, rule, start, length, cycle, late, ran, runs, used, paid):
    """Signed up to a month late, ``ran`` months from its first on having been run before, some of them again and more after it."""
    household, clerk = cast
    agreed, last_day, signed = start + timedelta(days=length - 1), start + timedelta(days=used), start + timedelta(days=late)
    with transaction.atomic(), mock.patch.object(periods, "clock", lambda: datetime.combine(signed, datetime.min.time(), periods.SHANGHAI)):
        BillingPolicy.objects.create(estate=estate, first_month=rule)
        for n in range(ran):
            bill_month(estate, BillingMonth.of(start) + n, by=clerk)
        contract = sign_contract(household, space_kind="shared", starts_on=start, ends_on=agreed, cycle_months=cycle, plate="苏A12345", by=clerk)
        month = BillingMonth.of(start)
        for n in range(runs):
            bill_month(estate, month + n, by=clerk)
        whole = int(charges_of(contract).aggregate(fen=Sum("amount", default=0))["fen"])
        reached = 0                                          # whole cycles: one at the signing, more while a month of them is run
        while reached < max(1, ran, runs):
            reached += cycle
        covered = min(agreed, (month + (reached - 1)).last)
        assert [c for c in corrections(estate, month + 24) if c.fee_kind.code == "parking_shared"] == []
        assert whole == owed(rule, start, agreed, covered)
        if paid:
            pay(household, paid, clerk)
        if last_day < agreed:
            contract = end_contract(contract, last_day=last_day, reason="搬走", version=contract.version, by=clerk, despite=("past_end",))
            back = int(Credit.objects.filter(source="contract").aggregate(fen=Sum("amount", default=0))["fen"])
            assert whole - back == owed(rule, start, agreed, min(last_day, covered))
        else:
            with pytest.raises(Refused, match="本来就到"):
                end_contract(contract, last_day=last_day, reason="搬走", version=contract.version, by=clerk)
        demand_sums_agree(estate)
        assert list(prove([2, 3, 4])) == []
        transaction.set_rollback(True)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=some.dates(date(2026, 11, 24), date(2027, 1, 31)), cycle=some.sampled_from((1, 3, 12)), paid=some.integers(0, 1500_00))
def test_one_called_off_costs_nothing(estate, cast, start, cycle, paid):
    household, clerk = cast
    with transaction.atomic(), mock.patch.object(periods, "clock", lambda: datetime(2026, 11, 24, 10, tzinfo=periods.SHANGHAI)):
        contract = sign_contract(household, space_kind="shared", starts_on=start, cycle_months=cycle, plate="苏A12345", by=clerk)
        if paid:
            pay(household, paid, clerk)
        cancel_contract(contract, reason="不租了", version=1, by=clerk)
        lines = charges_of(contract)
        back = int(Credit.objects.filter(source="contract").aggregate(fen=Sum("amount", default=0))["fen"])
        assert int(lines.aggregate(fen=Sum("amount", default=0))["fen"]) == back and all(line.due == 0 for line in lines)
        demand_sums_agree(estate)
        assert list(prove([2, 3, 4])) == []
        transaction.set_rollback(True)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rule=some.sampled_from(RULES), start=some.dates(date(2026, 10, 1), date(2027, 1, 31)), length=some.integers(1, 420),
       cycle=some.sampled_from((1, 3, 12)), runs=some.integers(0, 6), before=some.none() | some.integers(0, 400), sold=some.integers(-20, 300),
       paid=some.sampled_from((0, 333_33, 4000_00)))
def test_a_seller_pays_the_days_up_to_his_last_one(estate, cast, rule, start, length, cycle, runs, before, sold, paid):
    """Whether it was ended early before the sale or not: the statement says what the end at the last day then does, the call-off where it had not begun."""
    household, clerk = cast
    agreed, last_day = start + timedelta(days=length - 1), start + timedelta(days=sold)
    with transaction.atomic(), mock.patch.object(periods, "clock", lambda: datetime.combine(start, datetime.min.time(), periods.SHANGHAI)):
        BillingPolicy.objects.create(estate=estate, first_month=rule)
        contract = sign_contract(household, space_kind="shared", starts_on=start, ends_on=agreed, cycle_months=cycle, plate="苏A12345", by=clerk)
        month = BillingMonth.of(start)
        for n in range(runs):
            bill_month(estate, month + n, by=clerk)
        if paid:
            pay(household, paid, clerk, charges=list(charges_of(contract)))
        ended = agreed
        if before is not None and (day := start + timedelta(days=before)) < agreed:
            contract, ended = end_contract(contract, last_day=day, reason="卖车", version=contract.version, by=clerk), day
        reached = 0
        while reached < max(1, runs):
            reached += cycle
        billed = owed(rule, start, agreed, min(ended, (month + (reached - 1)).last))
        mine = [line for line in settlement(household, last_day).lines if line.name in ("共用车位管理服务费", "预存余额") and "还没出账" not in line.words]
        Household.objects.filter(pk=household.pk).update(ends_on=last_day)
        kept = min(last_day, ended, (month + (reached - 1)).last)
        due = owed(rule, start, agreed, kept) if kept >= start else 0
        assert sum(line.owes - line.back for line in mine) == due - paid
        contract.refresh_from_db()
        assert bool(past_tenure(Charge.objects.all())) == (billed > due)
        if last_day < start:
            cancel_contract(contract, reason="卖房", version=contract.version, by=clerk)
        elif last_day < ended:
            end_contract(contract, last_day=last_day, reason="卖房", version=contract.version, by=clerk, despite=("past_end",))
        lines = charges_of(contract)
        back = int(Credit.objects.filter(source="contract", charge__in=lines).aggregate(fen=Sum("amount", default=0))["fen"])
        assert int(lines.aggregate(fen=Sum("amount", default=0))["fen"]) - back == due
        assert not past_tenure(Charge.objects.all())
        demand_sums_agree(estate)
        assert list(prove([2, 3, 4])) == []
        transaction.set_rollback(True)
