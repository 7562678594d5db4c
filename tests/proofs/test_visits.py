"""Invariants 17 and 18 for temporary parking, broken on purpose behind the program's back, and found under their numbers."""
from billing.models import Visit, VisitVoid

from .behind import behind, found, unguarded


def test_18_a_fee_made_less_behind_the_programs_back(world):
    with unguarded(Visit):
        behind("UPDATE billing_visit SET fee = 100 WHERE id = %s", world.long_stay.pk)
        assert found() == {18}


def test_18_a_reason_taken_away(world):
    with unguarded(Visit):
        behind("UPDATE billing_visit SET fee_reason = '' WHERE id = %s", world.by_hand.pk)
        assert found() == {18}


def test_18_an_entry_moved_to_make_it_shorter(world):
    with unguarded(Visit):
        behind("UPDATE billing_visit SET entry_at = exit_at WHERE id = %s", world.long_stay.pk)
        assert found() == {18}


def test_18_a_price_of_another_day(world):
    with unguarded(Visit):
        behind("UPDATE billing_visit SET unit_price = 10000, fee = 100 WHERE id = %s", world.long_stay.pk)
        assert found() == {18}


def test_18_a_day_that_is_not_the_exits(world):
    with unguarded(Visit):
        behind("UPDATE billing_visit SET day = '2026-11-22' WHERE id = %s", world.long_stay.pk)
        assert found() == {18}


def test_17_a_reversal_by_who_took_the_money(world):
    void = VisitVoid.objects.filter(estate=world.estate).get()
    with unguarded(VisitVoid):
        behind("UPDATE billing_visitvoid SET by_id = %s WHERE id = %s", void.visit.left_by_id, void.pk)
        assert found() == {17}


def test_17_a_reversal_of_another_sum(world):
    with unguarded(VisitVoid):
        behind("UPDATE billing_visitvoid SET fee = 1 WHERE id = %s", VisitVoid.objects.filter(estate=world.estate).get().pk)
        assert found() == {17}
