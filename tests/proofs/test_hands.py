"""Invariants 13, 14 and 17, the log, the estate and the two people, broken on purpose and found under its number."""

import pytest
from django.apps import apps

from billing.cashier import collect_payment
from billing.models import Payment, ReceiptVoid
from households.models import LetterUse
from servicecentre.desk import proofs
from servicecentre.kit import guards
from servicecentre.kit.refused import Refused
from servicecentre.papers.models import Paper
from servicecentre.worklog.models import Entry

from .behind import behind, copied, found, unguarded

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
    copied(world.remark, words="领导已批准")
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
    with pytest.raises(Refused):
        collect_payment(world.household, parts=[("cash", 10**9, "")], payer_name="张雨萍", by=world.clerk)
    assert list(proofs.prove()) == []


def test_17_a_void_approved_by_nobody(world):
    with unguarded(ReceiptVoid):
        behind("UPDATE billing_receiptvoid SET approved = %s WHERE id = %s", True, world.waiting.pk)
        assert 17 in found()


def test_17_a_paper_made_void_by_who_asked(world):
    with unguarded(Paper):
        behind("UPDATE papers_paper SET void_asked_by_id = voided_by_id WHERE id = %s", world.void.payment.paper_id)
        assert found() == {17}


# --- 22 letters -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("change", ["matter = 'refund'", "day = '2020-01-01'", "day = '2031-01-01'"])
def test_22_a_letter_used_outside_its_matters_or_term(world, change):
    with unguarded(LetterUse):
        behind(f"UPDATE households_letteruse SET {change} WHERE id = %s", world.letter_use.pk)
        assert found() == {22}


def test_22_a_revoked_letter_and_one_for_one_use(world):
    with unguarded(LetterUse):
        LetterUse.objects.filter(pk=world.letter_use.pk).update(letter=world.revoked, matter="files", day=world.revoked.valid_from)
        assert found() == set()
        copied(LetterUse.objects.get(pk=world.letter_use.pk))
        assert found() == {22}
        LetterUse.objects.filter(pk=world.letter_use.pk).update(day="2026-08-20")
        assert found() == {22}
