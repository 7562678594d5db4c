"""Invariants 4 and 17 of refunds, waivers and petty cash broken behind the program's back, and found."""
from datetime import timedelta

import pytest

from billing.cashier import collect_payment
from billing.charges import make_charge
from billing.models import Charge, Credit, FeeKind, Payment, PettyCash, RebillAsked, Refund, RefundPart, Waiver
from billing.receipts import ask_void, void_receipt
from billing.refunds import approve_refund, ask_refund, pay_refund
from billing.waivers import ask_waiver, waive_charge
from servicecentre.kit.periods import now

from .behind import behind, found, unguarded


def test_4_a_refund_that_its_parts_do_not_give(world):
    with unguarded(Refund):
        behind("UPDATE billing_refund SET amount = amount + 1 WHERE id = %s", world.refund.pk)
        assert found() == {4}


def test_4_a_part_set_free_while_its_refund_goes_on(world):
    with unguarded(RefundPart):
        behind("UPDATE billing_refundpart SET voided_at = '2026-11-21 03:00:00+00:00' WHERE refund_id = %s", world.refund.pk)
        assert found() == {4}


def test_4_money_said_to_be_refunded_that_no_refund_gave(world):
    payment = Payment.objects.of(world.estate).live().filter(left__gt=0).first()
    with unguarded(Payment):
        behind('UPDATE billing_payment SET "left" = "left" - 1, refunded = refunded + 1 WHERE id = %s', payment.pk)
        assert found() == {4}


def test_4_a_waiver_above_its_credit(world):
    with unguarded(Waiver):
        behind("UPDATE billing_waiver SET amount = amount + 1 WHERE id = %s", world.waived.pk)
        assert found() == {4}


def test_4_a_waivers_credit_without_a_waiver(world):
    with unguarded(Waiver, Credit):
        behind("UPDATE billing_waiver SET approved = NULL WHERE id = %s", world.waived.pk)
        assert found() == {4}


def test_4_a_prepayment_that_was_forgiven(world):
    with unguarded(Charge):
        behind("UPDATE billing_charge SET subject = 'YC-9' WHERE id = %s", world.waived.charge_id)
        assert found() == {4}


def test_4_credits_that_lower_a_line_below_nothing(world):
    with unguarded(Credit):
        behind("UPDATE billing_credit SET charge_id = %s WHERE source = 'void' AND amount = 3000 AND estate_id = %s", world.waived.charge_id, world.estate.pk)
        assert found() == {4}


def test_4_a_refund_of_money_that_never_came_claimed_back_by_nobody(world):
    payment = collect_payment(world.shopkeeper, charges=[], parts=[("transfer", 30_00, "20261128771")], payer_name="周建国", by=world.clerk2,
                              despite=("left_over", "same_again"))
    refund = ask_refund(world.shopkeeper, amount=10_00, receipt=payment, reason="more", words="试", method="original", payee_name="周建国", by=world.clerk,
                        despite=("arrears",))
    pay_refund(approve_refund(refund, by=world.manager), reference="88112255", by=world.finance)
    void_receipt(ask_void(payment, reason="bounced", words="退票", goes="bounced", by=world.clerk), by=world.manager)
    assert found() == set()
    with unguarded(Charge):
        behind("UPDATE billing_charge SET subject = '别的' WHERE subject = %s", f"退票-{payment}")
        assert found() == {4}


def test_4_petty_cash_that_its_moves_do_not_give(world):
    with unguarded(PettyCash):
        behind("UPDATE billing_pettycash SET balance = balance + 100 WHERE estate_id = %s", world.estate.pk)
        assert found() == {4}


def test_17_who_asked_approved(world):
    for model, pk in ((Refund, world.to_pay.pk), (Waiver, world.waived.pk)):
        with unguarded(model):
            behind(f"UPDATE {model._meta.db_table} SET decided_by_id = asked_by_id WHERE id = %s", pk)
    assert found() == {17}


def test_17_who_approved_paid(world):
    with unguarded(Refund):
        behind("UPDATE billing_refund SET paid_by_id = decided_by_id WHERE id = %s", world.paid_refund.pk)
        assert found() == {17}


@pytest.mark.parametrize("column", ["decided", "paid"])
def test_17_who_took_the_money_approved_or_paid(world, column):
    with unguarded(Refund):
        behind(f"UPDATE billing_refund SET {column}_by_id = %s WHERE id = %s", world.clerk2.pk, world.paid_refund.pk)
        assert found() == {17}


def paid_in_part(world):
    """A line of 10.00 of which the second clerk took 4.00."""
    line = make_charge(world.shopkeeper, FeeKind.objects.of(world.estate).get(code="shared_utilities"), quantity=100, unit_price=10_0000, subject="试",
                       by=world.manager)
    collect_payment(world.shopkeeper, charges=[line.pk], parts=[("cash", 4_00, "")], payer_name="周建国", by=world.clerk2, despite=("same_again",))
    return line


def test_17_who_took_the_money_before_it_was_a_credit_approved(world):
    Credit.objects.create(estate=world.estate, household=world.shopkeeper, charge=paid_in_part(world), source="contract", amount=2_00, left=2_00,
                          reason="试", made_at=now() - timedelta(days=900), made_by=world.manager)
    refund = ask_refund(world.shopkeeper, amount=2_00, reason="more", words="试", method="cash", payee_name="周建国", by=world.clerk, despite=("arrears",))
    approve_refund(refund, by=world.manager)
    assert refund.parts.get().credit and found() == set()
    with unguarded(Refund):
        behind("UPDATE billing_refund SET decided_by_id = %s WHERE id = %s", world.clerk2.pk, refund.pk)
        assert found() == {17}


def test_17_who_took_money_of_the_line_waived_the_rest(world):
    waiver = waive_charge(ask_waiver(paid_in_part(world), amount=6_00, reason="试", by=world.clerk), by=world.manager)
    assert found() == set()
    with unguarded(Waiver):
        behind("UPDATE billing_waiver SET decided_by_id = %s WHERE id = %s", world.clerk2.pk, waiver.pk)
        assert found() == {17}


def test_17_a_lower_bill_that_nobody_else_approved(world):
    with unguarded(RebillAsked):
        behind("UPDATE billing_rebillasked SET approved = NULL, rebill_id = NULL, decided_by_id = NULL, decided_at = NULL WHERE id = %s", world.rebilled.pk)
        assert found() == {17}


def test_17_who_asked_for_a_lower_bill_approved_it(world):
    with unguarded(RebillAsked):
        behind("UPDATE billing_rebillasked SET decided_by_id = asked_by_id WHERE id = %s", world.rebilled.pk)
        assert found() == {17}


def test_17_another_bill_than_was_approved(world):
    with unguarded(RebillAsked):
        behind("UPDATE billing_rebillasked SET amount = amount - 1 WHERE id = %s", world.rebilled.pk)
        assert found() == {17}
