"""How much of a month a tenure pays: each setting of first_month and last_month, in SQL and in Python, against plain fractions."""
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.corrections import corrections, mend_line
from billing.models import BillingPolicy, Charge, Credit
from billing.preview import left_out, preview
from billing.run import bill_month
from billing.shares import NOTHING, Tenure, share
from households.models import Household
from servicecentre.kit.periods import BillingMonth
from tests.factories import make_household, make_unit

from .model import half_up, part_of_month

NOVEMBER = BillingMonth(2026, 11)
F = BillingPolicy.FirstMonth


def policy(estate, **rules):
    return BillingPolicy.objects.update_or_create(estate=estate, defaults=rules)[0]


def billed(estate, month=NOVEMBER):
    return {line.household_id: Fraction(line.share_num, line.share_den) for line in Charge.objects.of(estate).live().of_month(month)}


# day of handover → by rule, of a month of 30 days (DOMAIN §2 [practice])
@pytest.mark.parametrize(("rule", "first", "fifteenth", "sixteenth", "last"), [
    (F.BY_DAY, 1, Fraction(16, 30), Fraction(15, 30), Fraction(1, 30)), (F.HALF_MONTH, 1, Fraction(1, 2), 0, 0),
    (F.HALF_OR_WHOLE, 1, 1, Fraction(1, 2), Fraction(1, 2)), (F.WHOLE_MONTH, 1, 1, 1, 1), (F.NEXT_MONTH, 1, 0, 0, 0)])
def test_the_month_of_a_handover(estate, manager, rule, first, fifteenth, sixteenth, last):
    policy(estate, first_month=rule)
    make_household(estate, "2-1-201")                                          # so that there is something to bill
    buyers = {day: make_household(estate, f"1-1-{100 + day}", starts_on=date(2026, 11, day)) for day in (1, 15, 16, 30)}
    bill_month(estate, NOVEMBER, by=manager)
    found = billed(estate)
    assert [found.get(buyers[day].pk, 0) for day in (1, 15, 16, 30)] == [first, fifteenth, sixteenth, last]


@pytest.mark.parametrize("rule", F)
def test_between_two_owners_both_ends_go_by_days(estate, manager, rule):
    policy(estate, first_month=rule, last_month="whole_month")
    seller = make_household(estate, "1-1-101", ends_on=date(2026, 11, 10))
    buyer = make_household(estate, "1-1-101", starts_on=date(2026, 11, 11))
    bill_month(estate, NOVEMBER, by=manager)
    assert billed(estate) == {seller.pk: Fraction(10, 30), buyer.pk: Fraction(20, 30)}


@pytest.mark.parametrize(("rule", "part"), [("by_day", Fraction(10, 30)), ("whole_month", 1)])
def test_the_very_last_month(estate, manager, rule, part):
    policy(estate, last_month=rule)
    last = make_household(estate, "1-1-101", ends_on=date(2026, 11, 10))
    bill_month(estate, NOVEMBER, by=manager)
    assert billed(estate) == {last.pk: part}


@pytest.mark.parametrize("rule", F)
@pytest.mark.parametrize("day", [2, 15, 16, 30])
def test_the_developer_pays_what_the_buyer_does_not(estate, manager, rule, day):
    policy(estate, first_month=rule, bill_developer=True)
    unit = make_unit(estate, "1-1-101")
    developer = make_household(estate, unit=unit, owner="银河置业", starts_on=date(2026, 1, 1), ends_on=date(2026, 11, day) - timedelta(days=1))
    Household.objects.filter(pk=developer.pk).update(developer=True)
    buyer = make_household(estate, unit=unit, starts_on=date(2026, 11, day))
    bill_month(estate, NOVEMBER, by=manager)
    found = billed(estate)
    assert found.get(developer.pk, 0) + found.get(buyer.pk, 0) == 1


@pytest.mark.parametrize(("rule", "developers", "buyers"), [
    (F.BY_DAY, Fraction(5, 30), Fraction(21, 30)), (F.WHOLE_MONTH, 0, 1), (F.NEXT_MONTH, Fraction(26, 30), 0),
    (F.HALF_OR_WHOLE, 0, 1), (F.HALF_MONTH, Fraction(5, 30), Fraction(1, 2))])
def test_finished_and_handed_over_in_one_month_nobody_pays_a_day_twice(estate, manager, rule, developers, buyers):
    """Finished on the 5th, handed over on the 10th."""
    policy(estate, first_month=rule, bill_developer=True)
    unit = make_unit(estate, "1-1-101")
    developer = make_household(estate, unit=unit, owner="银河置业", starts_on=date(2026, 11, 5), ends_on=date(2026, 11, 9))
    Household.objects.filter(pk=developer.pk).update(developer=True)
    buyer = make_household(estate, unit=unit, starts_on=date(2026, 11, 10))
    make_household(estate, "9-9-901")
    bill_month(estate, NOVEMBER, by=manager)
    found = billed(estate)
    assert (found.get(developer.pk, 0), found.get(buyer.pk, 0)) == (developers, buyers)


def test_who_pays_nothing_is_named_and_not_called_billed(estate, manager):
    rules = policy(estate, first_month=F.NEXT_MONTH)
    make_household(estate, "2-1-201")
    make_household(estate, "1-1-101", starts_on=date(2026, 11, 20))
    held = make_household(estate, "1-1-102", owner="银河置业", starts_on=date(2026, 1, 1))
    Household.objects.filter(pk=held.pk).update(developer=True)
    assert {unit.code: unit.reason for unit in left_out(estate, NOVEMBER)} == {"1-1-101": "free", "1-1-102": "developers"}
    shown = preview(estate, NOVEMBER)
    assert (shown.new_count, shown.lacking) == (1, 0)
    rules.bill_developer = True
    rules.save()
    assert preview(estate, NOVEMBER).new_count == 2


def test_a_setting_changed_later_makes_no_correction(estate, manager):
    policy(estate, first_month=F.WHOLE_MONTH)
    make_household(estate, "1-1-101", starts_on=date(2026, 11, 20))
    bill_month(estate, NOVEMBER, by=manager)
    policy(estate, first_month=F.BY_DAY)
    assert corrections(estate, NOVEMBER) == []


def test_a_month_of_handover_that_was_billed_whole_is_mended_when_sold_in_it(estate, manager):
    policy(estate, first_month=F.WHOLE_MONTH)
    first = make_household(estate, "1-1-101", 8956, starts_on=date(2026, 11, 6))
    bill_month(estate, NOVEMBER, by=manager)
    Household.objects.filter(pk=first.pk).update(ends_on=date(2026, 11, 20))
    make_household(estate, "1-1-101", owner="李芳", starts_on=date(2026, 11, 21))
    correction = next(c for c in corrections(estate, NOVEMBER) if c.charge)
    assert mend_line(correction.charge, by=manager).amount == 17016 - 8508


def test_a_last_month_billed_whole_is_mended_when_somebody_follows(estate, manager):
    policy(estate, last_month="whole_month")
    first = make_household(estate, "1-1-101", 8956, ends_on=date(2026, 11, 10))
    bill_month(estate, NOVEMBER, by=manager)
    assert corrections(estate, NOVEMBER) == []
    make_household(estate, "1-1-101", owner="李芳", starts_on=date(2026, 11, 11))
    assert [c.fen for c in corrections(estate, NOVEMBER) if c.charge] == [5672 - 17016]
    assert first.charges.count() == 1


def test_half_a_month_more_is_a_line_of_its_own(estate, manager):
    """Handed over on the 20th for nothing … no: on the 16th for half, then found to have been the 10th: the whole."""
    policy(estate, first_month=F.HALF_OR_WHOLE)
    buyer = make_household(estate, "1-1-101", 8956, starts_on=date(2026, 11, 16))
    bill_month(estate, NOVEMBER, by=manager)
    Household.objects.filter(pk=buyer.pk).update(starts_on=date(2026, 11, 10))
    correction, = corrections(estate, NOVEMBER)
    line = mend_line(correction.charge, by=manager)
    assert (line.amount, line.starts_on, corrections(estate, NOVEMBER)) == (8508, date(2026, 11, 10), [])


DAYS = st.dates(date(2026, 10, 20), date(2026, 12, 10))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(DAYS, min_size=0, max_size=3, unique=True), developer=st.booleans(), open_end=st.booleans(),
       begun=st.sampled_from([date(2026, 1, 1), date(2026, 11, 5)]), rule=st.sampled_from(list(F)),
       last=st.sampled_from(["by_day", "whole_month"]), area=st.integers(1, 30_000))
def test_sql_python_and_a_model_agree(estate, manager, cuts, developer, open_end, begun, rule, last, area):
    """Tenures one behind the other, the first perhaps the developer's: each engine bills what plain fractions say."""
    from django.db import transaction
    with transaction.atomic():
        rules = policy(estate, first_month=rule, last_month=last, bill_developer=True)
        unit, starts, tenures = make_unit(estate, "1-1-101", area), begun, []
        for n, cut in enumerate(sorted(cut for cut in cuts if cut > begun)):
            tenures.append((starts, cut - timedelta(days=1), developer and n == 0))
            starts = cut
        tenures.append((starts, None if open_end else date(2026, 12, 20), developer and not tenures))
        made = []
        for n, (first, end, of_developer) in enumerate(tenures):
            household = make_household(estate, unit=unit, owner=f"业主{n}", starts_on=first, ends_on=end)
            Household.objects.filter(pk=household.pk).update(developer=of_developer)
            made.append(household.pk)
        make_household(estate, "9-9-901")
        bill_month(estate, NOVEMBER, by=manager)
        found = billed(estate)
        for n, pk in enumerate(made):
            expected = part_of_month(tenures, n, 2026, 11, rule, last)
            assert found.get(pk, 0) == expected
            after = tenures[n + 1] if n + 1 < len(tenures) else (None, None, False)
            owners_before = any(not of_developer for _, _, of_developer in tenures[:n])
            pair = share(Tenure(*tenures[n], owners_before, *after[:2]), NOVEMBER, rules)
            assert Fraction(*pair) == expected and (pair == NOTHING) is (expected == 0)
            if expected:
                assert Charge.objects.get(household=pk).amount == half_up(Fraction(area, 100) * Fraction(19, 10) * expected * 100)
        assert [c for c in corrections(estate, NOVEMBER) if c.charge] == [] and not Credit.objects.exists()
        transaction.set_rollback(True)
