"""Invariants 1 to 4, tenures and money, broken on purpose: by the program with its fence away and in SQL, and found under its number."""
from datetime import date

import pytest

from billing.cashier import collect_payment
from billing.models import Allocation, Charge, Credit, Payment, PaymentPart
from billing.run import bill_month
from households.models import Household
from servicecentre.desk import proofs
from servicecentre.kit.periods import BillingMonth, now

from .behind import behind, copied, found, unguarded

CHECKED = [1, 2, 3, 4, 5, 6, 12, 13, 14, 15, 17, 18, 22, 24, 25]


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


def test_2_a_line_moved_to_another_unit(world):
    line = Charge.objects.of(world.estate).live().filter(paid=0).exclude(unit=world.shop).first()
    with unguarded(Charge):
        behind("UPDATE billing_charge SET unit_id = %s WHERE id = %s", world.shop.pk, line.pk)
        assert found() == {2}


def billed_by_a_run(world):
    """Unpaid lines of area and price, on which nothing else hangs: of a month that nobody has seen yet."""
    bill_month(world.estate, BillingMonth(2027, 6), by=world.manager)
    return Charge.objects.of(world.estate).live().filter(paid=0, run__isnull=False, subject="", credits=None).order_by("pk")


# --- 3 the amount is what made it -------------------------------------------------------------------------------------

@pytest.mark.parametrize("change", ["amount = amount + 1", "unit_price = unit_price + 10", "percent = 70", "share_num = 1, share_den = 30"])
def test_3_an_amount_that_its_factors_do_not_give(world, change):
    line = billed_by_a_run(world).filter(share_num=1).first()
    with unguarded(Charge):
        behind(f"UPDATE billing_charge SET {change} WHERE id = %s", line.pk)
        assert 3 in found()


def test_3_a_half_fen_rounded_to_even(world):
    """102.47 ㎡ × 2.5 元 is 256.175: the trade rounds it up (DOMAIN §2)."""
    line = world.shopkeeper.charges.live().first()
    assert line.amount == 25618
    with unguarded(Charge, Allocation):
        Charge.objects.filter(pk=line.pk).update(amount=25617)
        assert 3 in found()


def test_3_a_line_made_smaller_with_all_its_factors(world):
    line = billed_by_a_run(world).first()
    with unguarded(Charge):
        behind("UPDATE billing_charge SET quantity = 100, unit_price = 10000, percent = 100, share_num = 1, share_den = 1, amount = 100 WHERE id = %s",
               line.pk)
        assert found() == {3}


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


def test_4_a_credit_that_no_void_gave(world):
    copied(world.credit, amount=1_000_000, left=1_000_000)
    assert found() == {4}


def test_4_money_of_one_household_on_anothers_line(world):
    """Every guard in place: each row by itself is as it should be."""
    payment = collect_payment(world.household, charges=[], parts=[("cash", 5000, "")], payer_name="张雨萍", by=world.clerk,
                              despite=("left_over", "same_again"))
    line = Charge.objects.of(world.estate).unpaid().exclude(household=world.household).first()
    fen = min(payment.left, line.due)
    Allocation.objects.create(estate=world.estate, charge=line, payment=payment, amount=fen, at=now(), later=True)
    behind("UPDATE billing_charge SET paid = paid + %s WHERE id = %s", fen, line.pk)
    behind('UPDATE billing_payment SET "left" = "left" - %s WHERE id = %s', fen, payment.pk)
    assert found() == {4}


# --- 24 nobody is billed before the handover --------------------------------------------------------------------------

def test_24_an_owner_billed_for_days_before_the_handover(world):
    line = Charge.objects.of(world.estate).live().filter(household=world.household, subject="", line=0).exclude(fee_kind__bills="").first()
    with unguarded(Charge):
        behind("UPDATE billing_charge SET starts_on = '2019-01-01', ends_on = '2019-01-31' WHERE id = %s", line.pk)
        assert 24 in found()
        behind("UPDATE households_household SET developer = TRUE WHERE id = %s", world.household.pk)
        assert 24 not in found()
