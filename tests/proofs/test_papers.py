"""Invariants 5 and 6, numbers and what never goes, broken on purpose and found under its number."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import Allocation, BillRun, Charge, Payment, PaymentPart, ReceiptVoid
from households.models import AuthorisationLetter
from servicecentre.desk import proofs
from servicecentre.kit import guards
from servicecentre.kit.secrets import seal
from servicecentre.papers import journal
from servicecentre.papers.models import Database, Paper, Print, Series
from servicecentre.worklog.models import Seal

from .behind import behind, found, unguarded

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
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")      # nothing may be pending for an ALTER
        for sql in ways[way]:
            cursor.execute(sql.format(trigger))
    assert [(v.invariant, v.where) for v in proofs.prove()] == [(6, trigger)]
    guards.put_back()
    assert guards.missing() == []


def test_6_a_letters_paper_that_belongs_to_no_letter(world):
    with unguarded(AuthorisationLetter):
        behind("UPDATE households_authorisationletter SET paper_id = NULL WHERE id = %s", world.letter.pk)
        assert found() == {6}


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


def test_6_a_payment_made_void_that_nobody_asked_to(world):
    """Every guard in place: only the asking, the approval and the void paper are missing."""
    for allocation in world.payment.allocations.live():
        behind("UPDATE billing_allocation SET voided_at = at WHERE id = %s", allocation.pk)
        behind("UPDATE billing_charge SET paid = paid - %s WHERE id = %s", allocation.amount, allocation.charge_id)
    behind('UPDATE billing_payment SET voided_at = at, "left" = 0 WHERE id = %s', world.payment.pk)
    assert found() == {6}


def test_6_a_receipt_made_void_alone(world):
    behind("UPDATE papers_paper SET voided_at = issued_at, voided_by_id = %s, void_reason = '错' WHERE id = %s", world.manager.pk, world.payment.paper_id)
    assert found() == {6}


def test_6_a_void_carried_out_and_forgotten(world):
    with unguarded(ReceiptVoid):
        behind("DELETE FROM billing_receiptvoid WHERE id = %s", world.void.pk)
        assert 6 in found()


def test_6_two_payments_receipts_swapped(world):
    a, b = Payment.objects.of(world.estate).live().order_by("pk")[:2]
    with unguarded(Payment):
        Payment.objects.filter(pk__in=(a.pk, b.pk)).update(paper=None)
        for payment, paper in ((a, b.paper_id), (b, a.paper_id)):
            behind("UPDATE billing_payment SET paper_id = %s WHERE id = %s", paper, payment.pk)
        assert found() == {6}


def test_6_a_payment_skimmed_everywhere_but_on_its_receipt(world):
    payment = world.reissue.reissued
    allocation = payment.allocations.live().first()
    with unguarded(Payment, PaymentPart, Allocation, Charge):
        behind("UPDATE billing_payment SET total = total - 100 WHERE id = %s", payment.pk)
        behind("UPDATE billing_paymentpart SET amount = amount - 100 WHERE payment_id = %s", payment.pk)
        behind("UPDATE billing_allocation SET amount = amount - 100 WHERE id = %s", allocation.pk)
        behind("UPDATE billing_charge SET paid = paid - 100 WHERE id = %s", allocation.charge_id)
        assert found() == {6}


def test_6_the_tail_of_a_series_cut_off_is_known_to_the_outer_journal(world, settings, tmp_path):
    """Paper and counter both set back: inside the database nothing is missing, outside it a line remains (TRUST §6)."""
    settings.JOURNAL_FILE = tmp_path / "journal.jsonl"
    last = Paper.objects.of(world.estate).filter(kind="ZF").order_by("serial").last()
    assert journal.catch_up() == Paper.objects.count() + Seal.objects.count()
    assert found() == set()
    with unguarded(Paper, Print, Payment, ReceiptVoid, Series):
        gone(last)
        behind("UPDATE papers_series SET last = last - 1 WHERE estate_id = %s AND kind = 'ZF'", world.estate.pk)
        assert [v.where for v in proofs.prove() if v.invariant == 6 and last.number in v.where] == [f"小区 {world.estate.pk} {last.number}"]
        settings.JOURNAL_FILE = tmp_path / "another.jsonl"
        assert not [v for v in proofs.prove() if last.number in v.where], "only the journal knew"


def test_6_a_paper_written_anew_with_the_key_is_known_to_the_outer_journal(world, settings, tmp_path):
    settings.JOURNAL_FILE = tmp_path / "journal.jsonl"
    journal.catch_up()
    paper = world.reminder
    paper.content |= {"words": "没有的事"}
    with unguarded(Paper):
        Paper.objects.filter(pk=paper.pk).update(content=paper.content, digest=seal(*paper.frozen()))
        assert journal.catch_up() == 0
        assert [(v.invariant, v.text) for v in proofs.prove() if paper.number in v.where] == [(6, "单据与号码日志里的摘要不同，开出以后被重写过")]


def test_5_asks_the_same_number_of_questions_however_many_series_there_are(world):
    with CaptureQueriesContext(connection) as asked:
        assert list(proofs.numbers()) == []
    assert len(asked) == 3 and Series.objects.count() > 3


def test_6_another_databases_journal_says_nothing_of_this_one(world, settings, tmp_path):
    settings.JOURNAL_FILE = tmp_path / "journal.jsonl"
    stranger = Database(name="0" * 32)
    paper = Paper(estate=world.estate, number="SJ-2026-009999", issued_at=world.payment.at, digest="")
    assert journal.write(paper, stranger)
    assert found() == set()
    assert journal.write(paper, Database.objects.get())
    assert found() == {6}
