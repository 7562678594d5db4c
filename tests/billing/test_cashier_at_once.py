"""Two clerks, one bill, one key, one moment: exactly one payment, and what happens without each guard (TRUST 2, 3, 5, 14)."""
import threading
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from django.db import connection

from billing import cashier, receipts
from billing.cashier import collect_payment, credit_left, shown, use_credit
from billing.explain import open_lines
from billing.models import Allocation, Charge, Payment, PaymentPart, ReceiptVoid, Shift
from billing.receipts import ask_void, void_receipt
from servicecentre.kit.refused import Refused
from servicecentre.papers.models import Paper, Series
from servicecentre.roles import Role
from servicecentre.worklog.models import Done, Entry
from tests.conftest import person_at
from tests.twins import at_once, out_of_turn, without_constraint, without_digest, without_key, without_lock

from .till import ANY, demand_sums_agree, dues, household_owing, pay

pytestmark = pytest.mark.django_db(transaction=True)
on_postgres = pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer; its twin is the DEFERRED one below")
on_sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL locks rows, not the database")


@pytest.fixture
def household(estate):
    return household_owing(estate)


def clerks(estate, number):
    return [person_at(estate, f"clerk{n}", f"收款员{n}", Role.CLERK) for n in range(number)]


def sentences(results):
    return [str(r) for r in results if isinstance(r, Exception)]


def test_twenty_clicks_of_one_form_are_one_payment(household, clerk):
    results = at_once(*[lambda: pay(household, 17016, clerk, request_key="k" * 32)] * 20)
    assert not sentences(results)
    assert len({row.pk for row in results}) == Payment.objects.count() == Paper.objects.count() == Shift.objects.count() == 1
    assert sum(getattr(row, "is_repeat", False) for row in results) == 19
    assert Done.objects.count() == 1 and dues(household) == [0, 17016, 17016]
    demand_sums_agree(household.estate)


def test_twin_without_the_key_twenty_clicks_are_twenty_payments(household, clerk):
    with without_key():
        at_once(*[lambda: pay(household, 100, clerk, request_key="k" * 32)] * 20)
    assert Payment.objects.count() == 20


def test_twin_without_the_digest_another_sum_gets_the_wrong_receipt_in_silence(household, clerk):
    first = pay(household, 100, clerk, request_key="k" * 32)
    with without_digest():
        assert pay(household, 50000, clerk, request_key="k" * 32) == first


def test_thirty_collectors_of_one_bill_one_wins_and_the_others_read_who(household, estate):
    page = shown(open_lines(household), credit_left(household))
    results = at_once(*[lambda by=by: pay(household, 51048, by, due_shown=page, despite=()) for by in clerks(estate, 30)])
    won = [r for r in results if isinstance(r, Payment)]
    assert len(won) == 1 and dues(household) == [0, 0, 0]
    assert {(type(r), won[0].paper.number in str(r) and won[0].cashier.name in str(r)) for r in results if r not in won} == {(Refused, True)}
    assert Payment.objects.count() == Paper.objects.count() == Series.objects.get(kind="SJ").last == 1
    assert Shift.objects.count() == 1                            # who was refused has opened none
    demand_sums_agree(estate)


def test_thirty_that_insist_never_settle_more_than_the_bill(household, estate):
    results = at_once(*[lambda by=by: pay(household, 17016, by, charges=None) for by in clerks(estate, 30)])
    assert not sentences(results) and dues(household) == [0, 0, 0]
    assert Allocation.objects.count() == 3 and credit_left(household) == 27 * 17016
    assert sorted(Paper.objects.values_list("serial", flat=True)) == list(range(1, 31))
    demand_sums_agree(estate)


@contextmanager
def all_read_before_one_writes(number):
    """The interleaving that a missing lock allows, forced: everybody has read the bill before anybody settles it."""
    everyone, settle = threading.Barrier(number), cashier.settle
    first = threading.local()

    def late(*args, **kwargs):
        if not getattr(first, "passed", False):
            first.passed = True
            try:
                everyone.wait(timeout=1)
            except threading.BrokenBarrierError:
                pass
        return settle(*args, **kwargs)

    with patch.object(cashier, "settle", late):
        yield


@on_postgres
def test_twin_without_lock_the_database_still_holds_the_sum(household, estate):
    with without_lock(), all_read_before_one_writes(4):
        results = at_once(*[lambda by=by: pay(household, 51048, by, despite=()) for by in clerks(estate, 4)])
    assert len([r for r in results if isinstance(r, Payment)]) == 1
    assert all("收款超过应收" in s for s in sentences(results)) and len(sentences(results)) == 3
    demand_sums_agree(estate)


@on_postgres
def test_twin_without_lock_and_check_the_bill_takes_more_than_it_asks(household, estate):
    with without_constraint(Charge, "paid_stays_within_amount"):
        with without_lock(), all_read_before_one_writes(4):
            at_once(*[lambda by=by: pay(household, 51048, by, despite=()) for by in clerks(estate, 4)])
        over = Charge.objects.filter(household=household).order_by("pk").first()
        _empty()
    assert over.paid > over.amount


def _empty():
    from servicecentre.kit import guards
    guards.lift()
    with connection.cursor() as cursor:
        for model in (Allocation, PaymentPart, Payment):
            cursor.execute(f"DELETE FROM {model._meta.db_table}")


@on_sqlite
def test_twin_without_immediate_clerks_are_told_the_desk_is_busy(household, estate):
    def deferred(by):
        connection.ensure_connection()
        connection.transaction_mode = "DEFERRED"
        return pay(household, 100, by)

    with all_read_before_one_writes(8), out_of_turn():
        results = at_once(*[lambda by=by: deferred(by) for by in clerks(estate, 8)])
    assert any("系统忙" in s for s in sentences(results))
    demand_sums_agree(estate)


def test_one_clerk_at_two_windows_opens_one_shift(household, estate, clerk):
    other = household_owing(estate, "1-1-101", 6000)
    results = at_once(*[lambda h=h, fen=fen: pay(h, fen, clerk) for fen, h in enumerate([household, other] * 5, start=100)])
    assert not sentences(results) and Shift.objects.count() == 1
    assert Entry.objects.filter(words__contains="收费开班").count() == 1


def test_credit_is_used_once(household, clerk, estate):
    pay(household, 17016, clerk, charges=[])
    at_once(*[lambda: use_credit(household, by=clerk)] * 10)
    assert sum(a.amount for a in Allocation.objects.all()) == 17016 and credit_left(household) == 0
    demand_sums_agree(estate)


def test_two_managers_approve_at_once_one_void(household, estate, clerk):
    managers = [person_at(estate, f"manager{n}", f"主管{n}", Role.MANAGER) for n in range(6)]
    payment = pay(household, 51048, clerk)
    void = ask_void(payment, reason="amount", words="多收", goes="credit", by=clerk)
    results = at_once(*[lambda by=by: void_receipt(ReceiptVoid.objects.get(pk=void.pk), by=by) for by in managers])
    assert len([r for r in results if isinstance(r, ReceiptVoid)]) == 1 and all("已批准作废" in s for s in sentences(results))
    assert Paper.objects.filter(kind="ZF").count() == 1 and credit_left(household) == 51048 and dues(household) == [17016] * 3
    demand_sums_agree(estate)


def test_paying_while_a_receipt_is_voided_ends_in_sums_that_agree(household, estate, clerk, manager):
    payment = pay(household, 51048, clerk)
    void = ask_void(payment, reason="amount", words="多收", goes="back", by=clerk)
    page = shown(open_lines(household), 0)
    voided, *rest = at_once(lambda: void_receipt(void, by=manager),
                            *[lambda by=by: collect_payment(household, parts=[("cash", 17016, "")], payer_name="张明", due_shown=page, despite=ANY,
                                                            by=by) for by in clerks(estate, 6)])
    assert isinstance(voided, ReceiptVoid)
    assert all(isinstance(r, Payment) or "账变了" in str(r) for r in rest)
    demand_sums_agree(estate)


def test_who_asked_approves_nothing_even_at_the_same_moment(household, estate, clerk, manager):
    void = ask_void(pay(household, 17016, clerk), reason="amount", words="多收", goes="credit", by=manager)
    results = at_once(*[lambda: void_receipt(ReceiptVoid.objects.get(pk=void.pk), by=manager)] * 5)
    assert all("您申请的" in str(r) for r in results) and not Payment.objects.exclude(voided_at=None).exists()


def test_twin_without_the_rule_and_the_check_one_person_does_both(household, clerk, manager):
    void = ask_void(pay(household, 17016, clerk), reason="amount", words="多收", goes="credit", by=manager)
    with patch.object(receipts, "why_not", lambda *_: None):
        with pytest.raises(Refused, match="申请人不能自己批准"):
            void_receipt(void, by=manager)
        with without_constraint(ReceiptVoid, "void_needs_two_people"):
            assert void_receipt(void, by=manager).decided_by == manager
