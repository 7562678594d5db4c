"""A month billed once: by tenure, area, price and days; again, at once, undone; the same on both engines and in plain Python."""
import threading
from datetime import date, timedelta
from functools import wraps

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing import run as run_module
from billing.allocation import settle
from billing.models import Allocation, BillingPolicy, BillRun, Charge, Credit, Price
from billing.preview import preview
from billing.run import bill_month, undo_run
from households.models import Household, UnitArea
from households.register import change_unit
from servicecentre.desk.office import create_estate
from servicecentre.kit.periods import BillingMonth, now
from servicecentre.kit.refused import Refused
from servicecentre.staff.models import User
from servicecentre.worklog.models import Entry
from tests.factories import make_household, make_unit
from tests.twins import without_constraint

from .model import bill
from .till import pay

NOVEMBER = BillingMonth(2026, 11)
DECEMBER = NOVEMBER.next


def lines(estate, month=NOVEMBER):
    return list(Charge.objects.of(estate).live().of_month(month).select_related("unit", "fee_kind").order_by("unit__code", "starts_on"))


def give_credit(household, fen, by):
    return Credit.objects.create(estate=household.estate, household=household, source=Credit.Source.VOID, amount=fen, left=fen,
                                 reason="作废转预存", made_at=now(), made_by=by)


# --- what a line is ---------------------------------------------------------------------------------------------------

def test_home_and_shop_are_billed_by_their_own_price(estate, manager):
    make_household(estate, "3-2-1801", 8956)
    make_household(estate, "S01", 10247)
    run = bill_month(estate, NOVEMBER, by=manager)
    home, shop = lines(estate)
    assert (home.fee_kind.code, home.amount, home.unit_price, home.quantity) == ("property", 17016, 1_9000, 8956)
    assert (home.share_num, home.share_den, home.percent, home.paid) == (1, 1, 100, 0)
    assert (shop.fee_kind.code, shop.amount) == ("commercial", 25618)                         # 102.47 × 2.5 = 256.175
    assert (home.starts_on, home.ends_on, home.period, home.due_on) == (date(2026, 11, 1), date(2026, 11, 30), NOVEMBER.first, date(2026, 11, 5))
    assert (home.price.unit_price, home.run, home.made_by) == (1_9000, run, manager)
    assert (run.count, run.total, run.added) == (2, 42634, 2)
    assert "出账 2026年11月 2 笔，426.34 元" in Entry.objects.of(estate).newest_first().first().words


@pytest.mark.parametrize(("starts", "days", "due"), [
    (date(2026, 11, 1), None, date(2026, 11, 8)), (date(2026, 11, 2), 29, date(2026, 11, 9)), (date(2026, 11, 30), 1, date(2026, 12, 7)),
    (date(2026, 10, 31), None, date(2026, 11, 5))])
def test_first_month_goes_by_days_and_is_due_a_week_after_its_first_day(estate, manager, starts, days, due):
    make_household(estate, "1-1-101", 8956, starts_on=starts)
    bill_month(estate, NOVEMBER, by=manager)
    line, = lines(estate)
    assert (line.share_num, line.share_den) == ((days, 30) if days else (1, 1))
    assert line.due_on == due


def test_change_of_owner_bills_both_by_days(estate, manager):
    seller = make_household(estate, "1-1-101", 8956, ends_on=date(2026, 11, 10))
    buyer = make_household(estate, "1-1-101", owner="李芳", starts_on=date(2026, 11, 11))
    bill_month(estate, NOVEMBER, by=manager)
    sold, bought = lines(estate)
    assert (sold.household, sold.share_num, sold.amount) == (seller, 10, 5672)                # 170.164 × 10/30 = 56.7213
    assert (bought.household, bought.share_num, bought.amount) == (buyer, 20, 11344)
    assert (sold.due_on, bought.due_on) == (date(2026, 11, 5), date(2026, 11, 18))


def test_price_and_area_are_those_of_the_first_of_the_month(estate, manager):
    unit = make_unit(estate, "1-1-101", 8956)
    make_household(estate, unit=unit)
    unit.areas.update(ends_on=date(2026, 11, 30))
    UnitArea.objects.create(estate=estate, unit=unit, area=9000, starts_on=DECEMBER.first)
    price = Price.objects.of(estate).get(fee_kind__code="property")
    Price.objects.filter(pk=price.pk).update(ends_on=date(2026, 11, 30))
    Price.objects.create(estate=estate, fee_kind=price.fee_kind, unit_price=2_0000, starts_on=DECEMBER.first, basis="合同", made_by=manager)
    bill_month(estate, NOVEMBER, by=manager)
    bill_month(estate, DECEMBER, by=manager)
    assert [(c.quantity, c.unit_price, c.amount) for c in (*lines(estate), *lines(estate, DECEMBER))] == [
        (8956, 1_9000, 17016), (9000, 2_0000, 18000)]


def test_due_day_is_the_estates_own(estate, manager):
    BillingPolicy.objects.create(estate=estate, due_day=15, first_days=3)
    make_household(estate, "1-1-101")
    make_household(estate, "1-1-102", starts_on=date(2026, 11, 20))
    bill_month(estate, NOVEMBER, by=manager)
    assert [line.due_on for line in lines(estate)] == [date(2026, 11, 15), date(2026, 11, 23)]


def test_who_is_not_there_is_not_billed(estate, other_estate, manager):
    make_unit(estate, "1-1-101")                                                                # nobody's yet
    make_household(estate, "1-1-102", None)                                                     # no area
    make_household(estate, "1-1-103", ends_on=date(2026, 10, 31))
    make_household(estate, "1-1-104", starts_on=DECEMBER.first)
    mistaken = make_household(estate, "1-1-105")
    Household.objects.filter(pk=mistaken.pk).update(voided_at=now())
    make_household(other_estate, "1-1-101")
    with pytest.raises(Refused, match="没有可以出账的户"):
        bill_month(estate, NOVEMBER, by=manager)
    assert not Charge.objects.exists() and not BillRun.objects.exists()


@pytest.mark.parametrize(("code", "kind", "bill"), [("3-2-1801", "shop", "property"), ("S01", "home", "commercial")])
def test_a_unit_of_another_use_is_not_billed_twice_for_a_month(estate, manager, code, kind, bill):
    household = make_household(estate, code, 8956)
    bill_month(estate, NOVEMBER, by=manager)
    change_unit(household.unit, kind=kind, version=household.unit.version, by=manager)
    assert bill_month(estate, NOVEMBER, by=manager).added == 0
    assert [line.fee_kind.code for line in lines(estate)] == [bill]
    shown = preview(estate, DECEMBER)
    assert not shown.corrections and shown.new_count == 1
    assert [row[0] for row in preview(estate, NOVEMBER).left_out] == ["billed"]
    bill_month(estate, DECEMBER, by=manager)
    assert [line.fee_kind.code for line in lines(estate, DECEMBER)] != [bill]


def test_without_a_price_the_run_is_refused(estate, manager):
    make_household(estate, "1-1-101")
    with pytest.raises(Refused, match="没有执行中的按月收费标准"):
        bill_month(estate, BillingMonth(1999, 12), by=manager)


def rolled_back(test):
    """Each example of Hypothesis in a savepoint of its own, taken back."""
    @wraps(test)
    def once(*args, **kwargs):
        with transaction.atomic():
            test(*args, **kwargs)
            transaction.set_rollback(True)
    return once


tenures = st.lists(st.tuples(st.sampled_from(["home", "shop"]), st.one_of(st.none(), st.integers(1, 10_000_000)),
                             st.dates(date(2027, 12, 1), date(2028, 3, 15)), st.one_of(st.none(), st.integers(0, 70))), min_size=1, max_size=6)


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tenures=tenures, month=st.sampled_from([BillingMonth(2027, 12), BillingMonth(2028, 2)]))
@rolled_back
def test_the_database_bills_what_fractions_say(db, tenures, month):
    estate = create_estate("t1", "算术", by=User.system())
    expected = {}
    for n, (kind, area, starts, length) in enumerate(tenures):
        ends = None if length is None else starts + timedelta(days=length)
        household = make_household(estate, f"S{n}" if kind == "shop" else f"1-1-{n}", area, starts_on=starts, ends_on=ends)
        if found := bill((kind, area, starts, ends), month.year, month.month):
            expected[household.pk] = found
    if not expected:
        with pytest.raises(Refused):
            bill_month(estate, month, by=User.system())
        return
    run = bill_month(estate, month, by=User.system())
    got = {c.household_id: (c.starts_on, c.ends_on, c.share_num if c.share_den > 1 else month.days, c.amount, c.due_on) for c in run.charges.all()}
    assert got == expected
    assert (run.count, run.total) == (len(expected), sum(row[3] for row in expected.values()))


# --- once -------------------------------------------------------------------------------------------------------------

def test_again_adds_nothing_and_leaves_no_trace(estate, manager):
    make_household(estate, "1-1-101")
    first = bill_month(estate, NOVEMBER, by=manager)
    entries = Entry.objects.count()
    again = bill_month(estate, NOVEMBER, by=manager)
    assert (again, again.added) == (first, 0)
    assert (Charge.objects.count(), BillRun.objects.count(), Entry.objects.count()) == (1, 1, entries)


def test_again_fills_gaps_only(estate, manager):
    make_household(estate, "1-1-101")
    bill_month(estate, NOVEMBER, by=manager)
    late = make_household(estate, "1-1-102")
    second = bill_month(estate, NOVEMBER, by=manager)
    assert second.added == 1 and second.charges.get().household == late
    assert Charge.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_bill_once(estate, manager):
    for n in range(30):
        make_household(estate, f"1-1-{n + 101}", 8956)
    added = at_once(lambda: bill_month(estate, NOVEMBER, by=manager).added, 4)
    assert sorted(added) == [0, 0, 0, 30]
    assert Charge.objects.count() == 30 and BillRun.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_bill_once_by_the_unique_rule_alone(estate, manager, monkeypatch):
    monkeypatch.setattr(run_module, "hold_tariff", lambda estate: None)
    for n in range(30):
        make_household(estate, f"1-1-{n + 101}", 8956)
    assert sum(at_once(lambda: bill_month(estate, NOVEMBER, by=manager).added, 4)) == 30
    assert Charge.objects.count() == 30


@pytest.mark.django_db(transaction=True)
def test_twin_without_the_unique_rule_a_second_run_doubles(estate, manager, monkeypatch):
    make_household(estate, "1-1-101")
    monkeypatch.setattr(run_module, "ON_CONFLICT", "")
    with without_constraint(Charge, "one_live_charge"):
        bill_month(estate, NOVEMBER, by=manager)
        assert bill_month(estate, NOVEMBER, by=manager).added == 1
        assert Charge.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_run_killed_in_the_middle_leaves_nothing(estate, manager, monkeypatch):
    make_household(estate, "1-1-101")

    def dies(run, *, at):
        assert Charge.objects.count() == 1
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(run_module, "settle_run", dies)
        bill_month(estate, NOVEMBER, by=manager)
    assert not Charge.objects.exists() and not BillRun.objects.exists()
    assert bill_month(estate, NOVEMBER, by=manager).added == 1


def at_once(call, number):
    """The results of so many calls started together, each on a connection of its own."""
    barrier, results = threading.Barrier(number), []

    def one():
        try:
            barrier.wait(timeout=10)
            results.append(call())
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


# --- credit settles what a run made -----------------------------------------------------------------------------------

def test_waiting_credit_settles_the_new_line(estate, manager, clerk):
    household = make_household(estate, "3-2-1801", 8956)
    other = make_household(estate, "3-2-1802", 8956)
    payment = pay(household, 10000, clerk)                                                     # nothing is due yet: all of it is left over
    credit = give_credit(household, 20000, manager)
    run = bill_month(estate, NOVEMBER, by=manager)
    payment.refresh_from_db(), credit.refresh_from_db()
    assert (run.settled, payment.left, credit.left) == (17016, 0, 12984)
    assert [line.paid for line in lines(estate)] == [17016, 0]
    assert [(a.payment_id, a.credit_id, a.amount, a.later) for a in Allocation.objects.order_by("pk")] == [
        (payment.pk, None, 10000, True), (None, credit.pk, 7016, True)]
    assert "用预存 170.16 元" in Entry.objects.of(estate).newest_first().first().words
    assert other.charges.get().paid == 0


def test_credit_pays_only_what_the_run_made(estate, manager):
    household = make_household(estate, "3-2-1801", 8956)
    bill_month(estate, NOVEMBER, by=manager)
    give_credit(household, 50000, manager)
    bill_month(estate, DECEMBER, by=manager)
    assert [line.paid for line in (*lines(estate), *lines(estate, DECEMBER))] == [0, 17016]


amounts = st.lists(st.integers(1, 400), max_size=4)


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(areas=amounts.filter(bool), money=amounts)
@rolled_back
def test_a_run_settles_as_the_counter_does(db, areas, money):
    """settle_run in SQL against settle in Python: the same lines, sources and sums."""
    by = User.system()
    results = []
    for n in range(2):
        estate = create_estate(f"t{n}", "核销", by=by)
        household = make_household(estate, "1-1-101", 100)
        for fen in money:
            give_credit(household, fen, by)
        kind = Price.objects.of(estate).get(fee_kind__code="property").fee_kind
        run = BillRun.objects.create(estate=estate, period=NOVEMBER.first, at=now(), by=by)
        made = [Charge.objects.create(estate=estate, household=household, unit=household.unit, fee_kind=kind, run=run, period=NOVEMBER.first,
                                      starts_on=NOVEMBER.first, ends_on=NOVEMBER.last, subject=str(i), quantity=100, unit_price=fen * 100,
                                      amount=fen, due_on=date(2026, 11, 5) + timedelta(days=fen % 3), made_at=now(), made_by=by)
                for i, fen in enumerate(areas)]
        if n:
            run_module.settle_run(run, at=now())
        else:
            settle(household, list(Charge.objects.of(estate).oldest_first()), list(Credit.objects.of(estate)), at=now(), later=True)
        numbers = {c.pk: i for i, c in enumerate(made)}
        sources = {c.pk: i for i, c in enumerate(Credit.objects.of(estate).order_by("pk"))}
        results.append(([(numbers[a.charge_id], sources[a.credit_id], a.amount) for a in Allocation.objects.of(estate).order_by("pk")],
                        list(Charge.objects.of(estate).order_by("pk").values_list("paid", flat=True)),
                        list(Credit.objects.of(estate).order_by("pk").values_list("left", flat=True))))
    assert results[0] == results[1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer; this is about two")
def test_a_run_sees_what_a_payment_under_way_leaves_over(estate, manager, clerk):
    household = make_household(estate, "3-2-1801", 8956)
    held, go = threading.Event(), threading.Event()

    def cashier():
        with transaction.atomic():
            Household.objects.lock(household)
            held.set()
            go.wait(10)
            give_credit(household, 5000, clerk)
        connection.close()

    thread = threading.Thread(target=cashier)
    thread.start()
    held.wait(10)
    threading.Timer(0.5, go.set).start()
    run = bill_month(estate, NOVEMBER, by=manager)
    thread.join()
    assert (run.settled, lines(estate)[0].paid) == (5000, 5000)


# --- undone -----------------------------------------------------------------------------------------------------------

def test_undoing_voids_the_lines_and_the_month_can_be_billed_again(estate, manager):
    make_household(estate, "3-2-1801", 8956)
    run = bill_month(estate, NOVEMBER, by=manager)
    undo_run(run, reason="单价要先改", by=manager)
    line = Charge.objects.get()
    assert (line.voided_by, line.void_reason) == (manager, "单价要先改") and line.voided_at
    run.refresh_from_db()
    assert (run.undone_by, run.undo_reason) == (manager, "单价要先改")
    assert bill_month(estate, NOVEMBER, by=manager).added == 1
    with pytest.raises(Refused, match="已经撤销过"):
        undo_run(run, reason="再来", by=manager)


def test_a_run_of_which_something_is_paid_is_not_undone(estate, manager, clerk):
    household = make_household(estate, "3-2-1801", 8956)
    make_household(estate, "3-2-1802", 8956)
    run = bill_month(estate, NOVEMBER, by=manager)
    pay(household, 100, clerk)
    with pytest.raises(Refused, match="有 1 笔已经收了款（3-2-1801）"):
        undo_run(run, reason="错了", by=manager)
    assert Charge.objects.live().count() == 2


def test_credit_comes_back_when_a_run_is_undone(estate, manager, clerk):
    household = make_household(estate, "3-2-1801", 8956)
    payment = pay(household, 10000, clerk)
    credit = give_credit(household, 20000, manager)
    run = bill_month(estate, NOVEMBER, by=manager)
    undo_run(run, reason="错了", by=manager)
    payment.refresh_from_db(), credit.refresh_from_db()
    assert (payment.left, credit.left) == (10000, 20000)
    assert not Allocation.objects.live().exists()
    assert "退回预存 170.16 元" in Entry.objects.of(estate).newest_first().first().words
    assert bill_month(estate, NOVEMBER, by=manager).settled == 17016


def test_only_the_lines_of_that_run_are_undone(estate, manager):
    make_household(estate, "1-1-101")
    bill_month(estate, NOVEMBER, by=manager)
    make_household(estate, "1-1-102")
    second = bill_month(estate, NOVEMBER, by=manager)
    undo_run(second, reason="错了", by=manager)
    assert [line.unit.code for line in lines(estate)] == ["1-1-101"]


# --- undone by the building -------------------------------------------------------------------------------------------

def test_one_building_of_a_run_is_taken_back_and_billed_anew(estate, manager, clerk):
    one, two = make_household(estate, "1-1-101", 8956), make_household(estate, "2-1-101", 8956)
    run = bill_month(estate, NOVEMBER, by=manager)
    pay(two, 17016, clerk)
    undo_run(run, building=one.unit.building, reason="面积要更正", by=manager)
    assert [line.unit.code for line in lines(estate)] == ["2-1-101"]
    run.refresh_from_db()
    assert run.undone_at is None and "撤销出账 2026-11 1栋 1 笔" in Entry.objects.of(estate).newest_first().first().words
    again = bill_month(estate, NOVEMBER, by=manager)
    assert (again.pk != run.pk, again.count, len(lines(estate))) == (True, 1, 2)


def test_a_run_whose_last_building_goes_is_undone(estate, manager):
    one, two = make_household(estate, "1-1-101", 8956), make_household(estate, "2-1-101", 8956)
    give_credit(two, 5000, manager)
    run = bill_month(estate, NOVEMBER, by=manager)
    for household in (one, two):
        undo_run(run, building=household.unit.building, reason="重出", by=manager)
    run.refresh_from_db()
    assert run.undone_at and not lines(estate) and Credit.objects.get().left == 5000
    with pytest.raises(Refused, match="已经撤销过了"):
        undo_run(run, building=one.unit.building, reason="重出", by=manager)


def test_a_building_that_has_paid_or_has_no_lines_is_refused(estate, manager, clerk):
    one = make_household(estate, "1-1-101", 8956)
    empty = make_unit(estate, "3-1-101").building
    run = bill_month(estate, NOVEMBER, by=manager)
    pay(one, 100, clerk)
    with pytest.raises(Refused, match="已经收了款"):
        undo_run(run, building=one.unit.building, reason="重出", by=manager)
    with pytest.raises(Refused, match="没有有效的账单"):
        undo_run(run, building=empty, reason="重出", by=manager)
