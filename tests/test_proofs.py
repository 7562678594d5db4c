"""Each invariant broken on purpose, by the program with its fence away and behind its back in SQL, and found under its number."""
from contextlib import contextmanager
from copy import copy
from datetime import date

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import UniqueConstraint
from django.db.models.base import ModelState

from billing.models import Allocation, BillRun, Charge, Credit, Payment, PaymentPart, ReceiptVoid
from households.models import Household
from servicecentre.desk import proofs
from servicecentre.desk.office import create_estate
from servicecentre.kit import guards
from servicecentre.kit.periods import now
from servicecentre.kit.refused import Refused
from servicecentre.papers import journal
from servicecentre.papers.models import Database, Paper, Print, Series
from servicecentre.staff.models import User
from servicecentre.worklog.models import Entry

from .worlds import a_month, taken_back, unwritten

CHECKED = [1, 2, 3, 4, 5, 6, 13, 14, 17]


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with unwritten(django_db_blocker):
        world = a_month(create_estate("galaxy1", "银河国际街区一期", by=User.system()))
        world.next_door = a_month(create_estate("lotus2", "莲花新城二期", by=User.system()))
        yield world


@pytest.fixture(autouse=True)
def db(world):
    """In pytest-django's place: each test takes back what it did to the one world."""
    with taken_back():
        yield


@contextmanager
def unguarded(*models):
    """These tables without triggers, CHECKs and conditional unique rules, as a stranger with the database's file has them."""
    guards.lift(models=models)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")      # nothing may be pending for an ALTER
            for model in models:
                for rule in model._meta.constraints:
                    what = "INDEX" if isinstance(rule, UniqueConstraint) and rule.condition else "CONSTRAINT"
                    cursor.execute(f"DROP INDEX {rule.name}" if what == "INDEX" else
                                   f"ALTER TABLE {model._meta.db_table} DROP CONSTRAINT {rule.name}")
        else:
            for rule in (r for model in models for r in model._meta.constraints if isinstance(r, UniqueConstraint) and r.condition):
                cursor.execute(f"DROP INDEX {rule.name}")
            cursor.execute("PRAGMA ignore_check_constraints=ON")
    try:
        yield
    finally:
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA ignore_check_constraints=OFF")


def behind(sql, *params):
    """Behind the program's back."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        assert cursor.rowcount == 1, f"met {cursor.rowcount} rows: {sql}"


def found():
    """Numbers of the invariants that are violated now; the missing triggers that a test took away itself do not count."""
    return {v.invariant for v in proofs.prove() if not v.where.startswith(guards.PREFIX) and v.where not in OVERLAPS}


OVERLAPS = {f"{guard.name(model)}_{event}" for model in apps.get_models() for guard in guards.guards_of(model)
            for event in ("insert", "update") if not guard.name(model).startswith(guards.PREFIX)}


def copied(row, **changes):
    """The same row once more, written by the ORM past the act."""
    row = copy(row)
    row.pk, row._state = None, ModelState()
    for name, value in changes.items():
        setattr(row, name, value)
    row.save()
    return row


def test_a_world_made_by_acts_violates_nothing():
    assert list(proofs.prove()) == []
    assert proofs.checked() == CHECKED


# --- 1 one household at a time ----------------------------------------------------------------------------------------

def test_1_a_tenure_reopened_over_the_next_one(world):
    with unguarded(Household):
        behind("UPDATE households_household SET ends_on = NULL WHERE id = %s", world.seller.pk)
        assert found() == {1}


def test_1_a_second_household_written_past_the_act(world):
    with unguarded(Household):
        copied(world.household, serial=2, number="3-2-1801-02", starts_on=date(2020, 1, 1), ends_on=date(2026, 3, 18))
        assert found() == {1}


def test_1_a_household_taken_back_is_in_nobodys_way(world):
    with unguarded(Household):
        copied(world.shopkeeper, serial=2, number="S01-02", voided_at=now())
        assert found() == set()


# --- 2 one live bill --------------------------------------------------------------------------------------------------

def test_2_a_line_billed_twice(world):
    with unguarded(Charge):
        copied(world.household.charges.live().filter(paid=0).first(), run=None)
        assert found() == {2}


# --- 3 the amount is what made it -------------------------------------------------------------------------------------

@pytest.mark.parametrize("change", ["amount = amount + 1", "unit_price = unit_price + 10", "percent = 70", "share_num = 1, share_den = 30"])
def test_3_an_amount_that_its_factors_do_not_give(world, change):
    with unguarded(Charge):
        behind(f"UPDATE billing_charge SET {change} WHERE id = %s", world.buyer.unit.charges.live().filter(paid=0, share_num=1).first().pk)
        assert 3 in found()


def test_3_a_half_fen_rounded_to_even(world):
    """102.47 ㎡ × 2.5 元 is 256.175: the trade rounds it up (DOMAIN §2)."""
    line = world.shopkeeper.charges.live().first()
    assert line.amount == 25618
    with unguarded(Charge, Allocation):
        Charge.objects.filter(pk=line.pk).update(amount=25617)
        assert 3 in found()


# --- 4 sums -----------------------------------------------------------------------------------------------------------

SUMS = {
    "paid without an allocation": (Charge, "UPDATE billing_charge SET paid = paid + 1 WHERE id = {line}"),
    "paid forgotten": (Charge, "UPDATE billing_charge SET paid = 0 WHERE id = {line}"),
    "more taken than asked": (Charge, "UPDATE billing_charge SET paid = amount + 1 WHERE id = {line}"),
    "a negative bill": (Charge, "UPDATE billing_charge SET amount = -5, quantity = -1, paid = 0 WHERE id = {free}"),
    "an allocation altered": (Allocation, "UPDATE billing_allocation SET amount = amount - 1 WHERE id = {allocation}"),
    "an allocation deleted": (Allocation, "DELETE FROM billing_allocation WHERE id = {allocation}"),
    "an allocation taken back alone": (Allocation, "UPDATE billing_allocation SET voided_at = at WHERE id = {allocation}"),
    "a void payment's allocation revived": (Allocation, "UPDATE billing_allocation SET voided_at = NULL WHERE id = {revived}"),
    "credit out of nothing": (Payment, 'UPDATE billing_payment SET "left" = "left" + 1 WHERE id = {payment}'),
    "a refund that nobody made": (Payment, "UPDATE billing_payment SET refunded = 1 WHERE id = {payment}"),
    "a smaller total": (Payment, "UPDATE billing_payment SET total = total - 100 WHERE id = {payment}"),
    "a larger credit": (Credit, "UPDATE billing_credit SET amount = amount + 1 WHERE id = {credit}"),
    "a credit spent twice": (Credit, 'UPDATE billing_credit SET "left" = "left" - 1 WHERE id = {credit}'),
    "a method's part altered": (PaymentPart, "UPDATE billing_paymentpart SET amount = amount - 1 WHERE payment_id = {payment} AND method = 'cash'"),
}


@pytest.mark.parametrize("harm", SUMS)
def test_4_sums_that_do_not_agree(world, harm):
    model, sql = SUMS[harm]
    allocation = world.payment.allocations.live().order_by("pk").first()
    rows = {"allocation": allocation.pk, "line": allocation.charge_id, "payment": world.payment.pk, "credit": world.credit.pk,
            "free": world.line.pk, "revived": world.shop_payment.allocations.exclude(voided_at=None).first().pk}
    with unguarded(model):
        behind(sql.format(**rows))
        assert 4 in found()


def test_4_an_allocation_written_past_the_act(world):
    with unguarded(Allocation):
        copied(world.payment.allocations.live().first(), amount=1)
        assert found() == {4}


# --- 5 numbers --------------------------------------------------------------------------------------------------------

def receipts(world):
    return Paper.objects.of(world.estate).filter(kind="SJ").order_by("serial")


def gone(paper):
    """The paper and all that hangs on it, deleted as a stranger would, so that nothing points nowhere."""
    for sql in ("DELETE FROM papers_print WHERE paper_id = %s", "UPDATE billing_payment SET paper_id = NULL WHERE paper_id = %s",
                "UPDATE billing_receiptvoid SET paper_id = NULL WHERE paper_id = %s", "UPDATE papers_paper SET replaces_id = NULL "
                "WHERE replaces_id = %s", "UPDATE papers_paper SET undone_by_id = NULL WHERE undone_by_id = %s",
                "DELETE FROM papers_paper WHERE id = %s"):
        with connection.cursor() as cursor:
            cursor.execute(sql, [paper.pk])


def test_5_a_number_missing_in_the_middle(world):
    with unguarded(Paper, Print, Payment, ReceiptVoid):
        gone(receipts(world)[1])
        assert 5 in found()


def test_5_a_number_missing_at_the_end(world):
    with unguarded(Paper, Print, Payment, ReceiptVoid):
        gone(receipts(world).last())
        assert 5 in found()


@pytest.mark.parametrize("change", ["last = last + 1", "last = last - 1", "last = 0"])
def test_5_a_series_that_counts_wrong(world, change):
    with unguarded(Series):
        behind(f"UPDATE papers_series SET {change} WHERE estate_id = %s AND kind = 'SJ'", world.estate.pk)
        assert 5 in found()


def test_5_a_series_that_is_gone(world):
    with unguarded(Series):
        behind("DELETE FROM papers_series WHERE estate_id = %s AND kind = 'SJ'", world.estate.pk)
        assert found() == {5}


def test_5_a_paper_moved_to_a_number_of_its_own(world):
    with unguarded(Paper):
        behind("UPDATE papers_paper SET serial = 7000 WHERE id = %s", receipts(world).last().pk)
        assert 5 in found()


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite keeps an unconditional unique rule inside the table")
def test_5_a_number_given_out_twice(world):
    with unguarded(Paper):
        behind("UPDATE papers_paper SET serial = 1 WHERE id = %s", receipts(world)[1].pk)
        assert 5 in found()


# --- 6 nothing is deleted ---------------------------------------------------------------------------------------------

def test_6_a_trigger_that_is_gone():
    guards.lift(models=[Payment])
    assert {v.where for v in proofs.prove()} >= {"guard_billing_payment_kept_delete", "guard_billing_payment_frozen_update"}
    assert {v.invariant for v in proofs.prove()} == {6}


DISARMED = {
    "sqlite": [["DROP TRIGGER {0}", "CREATE TRIGGER {0} BEFORE DELETE ON billing_payment BEGIN SELECT 1; END"]],
    "postgresql": [["ALTER TABLE billing_payment DISABLE TRIGGER {0}"],
                   ["CREATE OR REPLACE TRIGGER {0} BEFORE DELETE ON billing_payment FOR EACH ROW WHEN (false) EXECUTE FUNCTION {0}()"],
                   ["CREATE OR REPLACE FUNCTION {0}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$"]],
}


@pytest.mark.parametrize("way", [0, 1, 2])
def test_6_a_trigger_that_was_disarmed(way):
    """The name is there, but it is off, never meant, or says nothing; a migrate sets it right again."""
    ways = DISARMED[connection.vendor]
    if way >= len(ways):
        pytest.skip("not on this engine")
    trigger = "guard_billing_payment_kept_delete"
    with connection.cursor() as cursor:
        for sql in ways[way]:
            cursor.execute(sql.format(trigger))
    assert [(v.invariant, v.where) for v in proofs.prove()] == [(6, trigger)]
    guards.put_back()
    assert guards.missing() == []


def test_6_a_billed_line_deleted(world):
    with unguarded(Charge):
        behind("DELETE FROM billing_charge WHERE id = %s", world.buyer.unit.charges.filter(run=world.undone).first().pk)
        assert found() == {6}


def test_6_a_whole_run_deleted(world):
    with unguarded(Charge, BillRun):
        Charge.objects.filter(run=world.undone)._raw_delete("default")
        assert found() == {6}


def test_6_a_payment_deleted_its_receipt_left(world):
    reissued = world.reissue.reissued
    with unguarded(Payment, Allocation, PaymentPart, ReceiptVoid):
        for rows in (reissued.allocations.all(), reissued.parts.all(), ReceiptVoid.objects.filter(reissued=reissued),
                     Payment.objects.filter(pk=reissued.pk)):
            rows._raw_delete("default")
        assert 6 in found()


def test_6_a_payment_whose_receipt_was_taken_off(world):
    with unguarded(Payment):
        behind("UPDATE billing_payment SET paper_id = NULL WHERE id = %s", world.payment.pk)
        assert found() == {6}


def test_6_the_first_print_forgotten(world):
    with unguarded(Print):
        behind("DELETE FROM papers_print WHERE paper_id = %s AND n = 1", world.payment.paper.pk)
        assert found() == {6}


def test_6_a_receipt_rewritten(world):
    paper = world.payment.paper
    with unguarded(Paper):
        Paper.objects.filter(pk=paper.pk).update(content={**paper.content, "total": paper.content["total"] - 10000})
        assert found() == {6}


@pytest.mark.parametrize("column, value", [("household_no", "9-9-909-01"), ("issued_on", "2026-01-01"), ("number", "SJ-2026-000009"),
                                           ("edition", "billing/receipt-2")])
def test_6_a_receipts_head_rewritten(world, column, value):
    with unguarded(Paper):
        behind(f"UPDATE papers_paper SET {column} = %s WHERE id = %s", value, world.payment.paper.pk)
        assert 6 in found()


def test_6_the_tail_of_a_series_cut_off_is_known_to_the_outer_journal(world, settings, tmp_path):
    """Paper and counter both set back: inside the database nothing is missing, outside it a line remains (TRUST §6)."""
    settings.JOURNAL_FILE = tmp_path / "journal.jsonl"
    last = Paper.objects.of(world.estate).filter(kind="ZF").order_by("serial").last()
    assert journal.catch_up() == Paper.objects.count()
    assert found() == set()
    with unguarded(Paper, Print, Payment, ReceiptVoid, Series):
        gone(last)
        behind("UPDATE papers_series SET last = last - 1 WHERE estate_id = %s AND kind = 'ZF'", world.estate.pk)
        assert [v.where for v in proofs.prove() if v.invariant == 6 and last.number in v.where] == [f"小区 {world.estate.pk} {last.number}"]
        settings.JOURNAL_FILE = tmp_path / "another.jsonl"
        assert not [v for v in proofs.prove() if last.number in v.where], "only the journal knew"


def test_6_another_databases_journal_says_nothing_of_this_one(world, settings, tmp_path):
    settings.JOURNAL_FILE = tmp_path / "journal.jsonl"
    stranger = Database(name="0" * 32)
    paper = Paper(estate=world.estate, number="SJ-2026-009999", issued_at=world.payment.at, digest="")
    assert journal.write(paper, stranger)
    assert found() == set()
    assert journal.write(paper, Database.objects.get())
    assert found() == {6}


# --- 13 the log -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("column, value", [("words", "什么也没有"), ("by_id", 1), ("household_no", ""), ("act", "billing.use_credit"),
                                           ("row_id", 999), ("day", "2026-01-01"), ("at", "2026-01-01 00:00:00+00:00"), ("mark", "0" * 64)])
def test_13_an_entry_rewritten(world, column, value):
    entry = Entry.objects.of(world.estate).filter(act="billing.collect_payment").first()
    with unguarded(Entry):
        behind(f"UPDATE worklog_entry SET {column} = %s WHERE id = %s", value, entry.pk)
        assert found() == {13}


def test_13_an_entry_made_urgent(world):
    with unguarded(Entry):
        behind("UPDATE worklog_entry SET urgent = NOT urgent WHERE id = %s", world.remark.pk)
        assert found() == {13}


def test_13_an_entry_written_by_hand(world):
    behind("INSERT INTO worklog_entry (estate_id, at, day, by_id, act, words, household_no, row_type, row_id, urgent, mark) "
           "SELECT estate_id, at, day, by_id, act, '领导已批准', household_no, row_type, row_id, urgent, mark FROM worklog_entry WHERE id = %s",
           world.remark.pk)
    assert found() == {13}


# --- 14 one estate ----------------------------------------------------------------------------------------------------

POINTERS = [(model, name) for model in apps.get_models() for guard in guards.guards_of(model) if isinstance(guard, guards.SameEstate)
            for name in guard.fields]


@pytest.mark.parametrize(("model", "name"), POINTERS, ids=[f"{m._meta.label}.{n}" for m, n in POINTERS])
def test_14_a_pointer_into_another_estate(world, model, name):
    field = model._meta.get_field(name)
    row = model._default_manager.filter(estate=world.estate).exclude(**{name: None}).first()
    stranger = field.related_model._default_manager.filter(estate=world.next_door.estate).first()
    with unguarded(model):
        model._default_manager.filter(**{name: stranger})._raw_delete("default")               # no unique rule shall speak first
        behind(f"UPDATE {model._meta.db_table} SET {field.column} = %s WHERE id = %s", stranger.pk, row.pk)
        assert 14 in found()


def test_14_a_row_moved_to_another_estate(world):
    with unguarded(Payment):
        behind("UPDATE billing_payment SET estate_id = %s WHERE id = %s", world.next_door.estate.pk, world.payment.pk)
        assert 14 in found()


# --- 17 two people ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("change", ["decided_by_id = asked_by_id", "decided_by_id = cashier_id", "asked_by_id = decided_by_id",
                                    "cashier_id = decided_by_id"])
def test_17_a_void_by_one_person(world, change):
    with unguarded(ReceiptVoid):
        behind(f"UPDATE billing_receiptvoid SET {change} WHERE id = %s", world.void.pk)
        assert found() == {17}


def test_17_the_cashiers_own_void_under_a_false_name(world):
    """The slip names another cashier, the payment knows who took the money."""
    with unguarded(ReceiptVoid):
        ReceiptVoid.objects.filter(pk=world.void.pk).update(cashier=world.clerk, decided_by=world.clerk2, asked_by=world.manager)
        assert found() == {17}


def test_a_refusal_is_not_a_violation(world):
    """What an act refuses leaves nothing behind for prove to find."""
    from billing.cashier import collect_payment

    with pytest.raises(Refused):
        collect_payment(world.household, parts=[("cash", 10**9, "")], payer_name="张雨萍", by=world.clerk)
    assert list(proofs.prove()) == []
