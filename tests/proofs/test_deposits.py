"""Invariant 15 and what stands with it, broken on purpose and found under its number."""
import pytest

from billing.models import Charge, Credit, Deposit, DepositDeduction, DepositMove, DepositReturn, DepositVoid, PrepaymentMove

from .behind import behind, copied, found, unguarded

HARM = {
    "held is more": (Deposit, "UPDATE billing_deposit SET held = held - 1 WHERE id = {deposit}", {15}),
    "held forgotten": (Deposit, "UPDATE billing_deposit SET held = 0 WHERE id = {deposit}", {15}),
    "another sum": (Deposit, "UPDATE billing_deposit SET amount = amount + 100, held = held + 100 WHERE id = {deposit}", {15}),
    "a move altered": (DepositMove, "UPDATE billing_depositmove SET amount = amount - 1 WHERE deposit_id = {back} AND kind = 'deducted'", {15}),
    "a move deleted": (DepositMove, "DELETE FROM billing_depositmove WHERE deposit_id = {back} AND kind = 'returned'", {15}),
    "more deducted than was listed": (DepositDeduction, "UPDATE billing_depositdeduction SET amount = amount + 1 WHERE giving_back_id = {given}", {15}),
    "a payment taken back alone": (DepositReturn, "UPDATE billing_depositreturn SET paid_at = NULL, paid_by_id = NULL, paper_id = NULL "
                                                  "WHERE id = {given}", {6, 15}),
    "approved by who asked": (DepositReturn, "UPDATE billing_depositreturn SET decided_by_id = asked_by_id WHERE id = {given}", {17}),
    "paid by the cashier": (DepositReturn, "UPDATE billing_depositreturn SET paid_by_id = {clerk} WHERE id = {given}", {17}),
    "a void undone": (Deposit, "UPDATE billing_deposit SET voided_at = NULL, voided_by_id = NULL, held = amount WHERE id = {void}", {15}),
    "a void that nobody asked for": (DepositVoid, "DELETE FROM billing_depositvoid WHERE deposit_id = {void}", {15}),
    "void by who asked": (DepositVoid, "UPDATE billing_depositvoid SET decided_by_id = asked_by_id WHERE deposit_id = {void}", {17}),
    "paid by who approved": (DepositReturn, "UPDATE billing_depositreturn SET paid_by_id = decided_by_id WHERE id = {given}", {17}),
    "paid though withdrawn": (DepositReturn, "UPDATE billing_depositreturn SET withdrawn_at = paid_at, withdrawn_by_id = {clerk} WHERE id = {given}", {17}),
    "came back and is not held": (DepositMove, "DELETE FROM billing_depositmove WHERE giving_back_id = {bounced} AND kind = 'bounced'", {15}),
    "came back to nobody": (DepositReturn, "UPDATE billing_depositreturn SET bounced_at = NULL, bounced_by_id = NULL WHERE id = {bounced}", {15}),
    "cash out of nowhere": (DepositReturn, "UPDATE billing_depositreturn SET spent_id = NULL WHERE id = "
                                           "(SELECT MIN(id) FROM billing_depositreturn WHERE spent_id IS NOT NULL)", {4}),
    "a prepayment used up": (Charge, "UPDATE billing_charge SET drawn = paid WHERE id = {prepaid}", {4}),
}


@pytest.mark.parametrize("harm", HARM)
def test_a_row_changed_behind_the_programs_back(world, harm):
    model, sql, numbers = HARM[harm]
    prepaid = Charge.objects.filter(household=world.buyer, subject__startswith="YC-").get()
    rows = {"deposit": world.deposit.pk, "back": world.given_back.deposit_id, "given": world.given_back.pk, "clerk": world.clerk.pk, "prepaid": prepaid.pk,
            "void": world.void_deposit.pk, "bounced": world.bounced.pk}
    with unguarded(model):
        behind(sql.format(**rows))
        assert found() == numbers


def test_a_set_off_that_no_deposit_gave(world):
    copied(Credit.objects.get(estate=world.estate, source="deposit"), amount=500, left=500)
    assert found() == {15}


def test_a_prepayment_given_back_twice(world):
    copied(PrepaymentMove.objects.filter(estate=world.estate, kind="returned").first())
    assert found() == {4}
