"""Deposits, prepayments and one-off charges in the worlds that judge the house: a month of them, their pages, more of them, what breaks their rules."""
from datetime import date

from billing.cashier import collect_payment
from billing.deposit_returns import (
    approve_deposit_return,
    ask_deposit_return,
    bounce_deposit_return,
    pay_deposit_return,
    refuse_deposit_return,
    withdraw_deposit_return,
)
from billing.deposits import ask_deposit_void, refuse_deposit_void, take_deposit, void_deposit
from billing.models import Deposit, DepositDeduction, DepositMove, DepositReturn, DepositSetOff, DepositVoid, FeeKind, PrepaymentMove
from billing.one_off import charge_once, void_once
from billing.prepayments import demand_prepayment, return_prepayment
from households.agents import call_principal, take_letter
from servicecentre.files.storing import kept

from ..files.making import ready

NUMBER = "E10293847"
BROUGHT = {"original_returned": True, "in_person": True, "id_checked": True, "inspected_by": "赵国强"}


def month(w):
    """One held, one void, one asked, one refused, one given back with a deduction, a set-off and a lost receipt; one by a delegate."""
    w.deposit = take(w, w.household, account_no="6222000011118812", bank="工商银行", due_back_on=date(2027, 5, 18))
    w.asked = ask(w, take(w, w.household))
    w.void_deposit = void_deposit(ask_deposit_void(take(w, w.household), words="金额错", by=w.clerk), by=w.manager).deposit
    w.void_asked = ask_deposit_void(take(w, w.household), words="方式错", copies_back=2, by=w.clerk)
    refuse_deposit_void(ask_deposit_void(take(w, w.household), words="看错了", by=w.clerk), refusal="没有错", by=w.manager)
    w.taken_back = withdraw_deposit_return(ask(w, take(w, w.household)), withdrawn_words="账号填错", by=w.clerk)
    w.bounced = bounce_deposit_return(pay_deposit_return(approve_deposit_return(ask(w, take(w, w.household)), by=w.manager), reference="99308",
                                                         by=w.finance), bounced_words="户名不符", by=w.finance)
    w.approved = approve_deposit_return(ask(w, take(w, w.household)), by=w.manager)
    w.turned_down = refuse_deposit_return(ask(w, take(w, w.household)), refusal="没有验收", by=w.manager)
    line = charge_once(w.household, fee_kind=FeeKind.objects.of(w.estate).get(code="renovation"), reason="装修", by=w.manager)
    w.charged_once = charge_once(w.household, fee_kind=line.fee_kind, reason="补收", amount=12_00, by=w.manager, despite=("again",))
    void_once(charge_once(w.household, fee_kind=line.fee_kind, reason="多登记", amount=9_00, by=w.manager, despite=("again",)), reason="多登记", by=w.manager)
    w.given_back = given_back(w, take(w, w.household), line)
    cash = ask(w, take(w, w.household, 5_00, method="cash", reference=""), method="petty_cash")
    pay_deposit_return(approve_deposit_return(cash, by=w.manager), by=w.finance)
    letter = take_letter(w.household, principal=w.household.ownerships.get(position=1), name="贺代办", id_kind="passport", id_number=NUMBER,
                         phone="13700003333", matters=["refund"], copies_kept=True, valid_from=date(2026, 8, 1), by=w.clerk)
    call_principal(letter, phone="phone", question="退押金", result="confirmed", by=w.clerk)
    ask(w, take(w, w.household, payer_name=letter.principal.name), in_person=False, letter=letter)
    _prepaid(w)


def _prepaid(w):
    """One household has it demanded, one has paid it; a seller's is given back."""
    demand_prepayment(w.household, by=w.manager)
    for home in (w.buyer, w.seller):
        line = demand_prepayment(home, by=w.manager)
        collect_payment(home, charges=[line], parts=[("cash", line.due, "")], payer_name=home.owner_names, by=w.clerk, despite=("same_again", "to_correct"))
    return_prepayment(w.seller, by=w.manager)


def take(w, household, fen=2000_00, by=None, **more):
    given = {"kind": "renovation", "basis": "施工许可证 XK-2026-000086", "payer_name": "卢建国", "payer_phone": "13900005678",
             "payer_id_kind": "passport", "payer_id": NUMBER, "method": "transfer", "reference": "20261124003307"}
    return take_deposit(household, amount=fen, by=by or w.clerk, despite=("same_again", "reference_again"), **(given | more))


def ask(w, deposit, **more):
    more = BROUGHT | {"method": "same_way", "inspected_on": deposit.day} | more
    return ask_deposit_return(deposit, **more, by=w.clerk, despite=("early",))


def given_back(w, deposit, line):
    with kept([ready(), ready(), ready()]) as (photo, declaration, consent):
        back = ask(w, deposit, deductions=[{"kind": "damage", "words": "墙砖 2 块", "amount": 160_00, "files": [photo]}], original_returned=False,
                   declaration=[declaration], set_off=[line], set_off_amount=min(line.due, 10_00), consent=[consent])
    return pay_deposit_return(approve_deposit_return(back, by=w.manager), reference="99307", by=w.finance)


def pages(w):
    one_return = ("deposit_return", "approve_deposit_return", "refuse_deposit_return", "withdraw_deposit_return")
    return {"billing:take_deposit": [w.household.pk], **{f"billing:{name}": [w.deposit.pk] for name in ("deposit", "ask_deposit_void", "ask_deposit_return")},
            **{f"billing:{name}": [w.void_asked.pk] for name in ("deposit_void", "void_deposit", "refuse_deposit_void")},
            **{f"billing:{name}": [w.asked.pk] for name in one_return}, "billing:pay_deposit_return": [w.approved.pk],
            "billing:bounce_deposit_return": [w.given_back.pk],
            "billing:void_once": [w.charged_once.pk], "billing:charge_once": [w.household.pk],
            **{f"billing:{name}": [w.seller.pk] for name in ("prepayment", "demand_prepayment", "return_prepayment", "move_prepayment")}}


def crowd(w, i):
    """Held, asked, approved, refused, given back, of the one who looks too; moves and returns of one deposit cannot be many."""
    take(w, w.household, 100_00 + i, by=w.everyone.user)
    ask(w, take(w, w.household))
    approve_deposit_return(ask(w, take(w, w.household)), by=w.manager)
    refuse_deposit_return(ask(w, w.deposit), refusal=f"第 {i} 次", by=w.manager)
    ask_deposit_void(take(w, w.household), words=f"第 {i} 张", by=w.clerk)
    line = charge_once(w.household, fee_kind=FeeKind.objects.of(w.estate).get(code="renovation"), reason="补收", amount=10_00 + i, by=w.manager,
                       despite=("again",))
    given_back(w, take(w, w.household), line)
    demand_prepayment(w.newest, by=w.manager)


def rules(Change, Copy):
    """What each rule of these tables refuses (tests/test_fences.py)."""
    from billing.models import Charge

    once = "'2026-11-30 00:00:00+00:00'"
    return {
        "deposit_held_within_amount": Change(Deposit, "voided_at IS NULL", {"held": "amount + 1"}),
        "void_deposit_holds_nothing": Change(Deposit, "voided_at IS NULL AND held > 0", {"voided_at": once}),
        "cashier_voids_no_own_deposit": Change(Deposit, "held = 0 AND voided_at IS NULL", {"voided_at": once, "voided_by_id": "cashier_id"}),
        "deposit_identity_only_encrypted": Change(Deposit, "TRUE", {"payer_id": "'E10293847'"}),
        "one_void_per_deposit": Copy(DepositVoid, "approved IS NULL"),
        "deposit_void_needs_two_people": Change(DepositVoid, "approved", {"decided_by_id": "asked_by_id", "cashier_id": "decided_by_id"}),
        "cashier_approves_no_deposit_void": Change(DepositVoid, "approved", {"cashier_id": "decided_by_id"}),
        "deposit_void_decided_by_someone": Change(DepositVoid, "approved", {"decided_by_id": "NULL"}),
        "three_copies_of_a_deposit_at_most": Change(DepositVoid, "TRUE", {"copies_back": "4"}),
        "one_return_at_a_time": Copy(DepositReturn, "approved IS NULL AND withdrawn_at IS NULL"),
        "return_cash_is_petty_cash": Change(DepositReturn, "spent_id IS NOT NULL", {"spent_id": "NULL"}),
        "return_withdrawn_by_someone": Change(DepositReturn, "withdrawn_at IS NOT NULL", {"withdrawn_by_id": "NULL"}),
        "return_bounced_after_payment": Change(DepositReturn, "paid_at IS NULL", {"bounced_at": once, "bounced_by_id": "asked_by_id"}),
        "inspection_says_who_and_when": Change(DepositReturn, "inspected_by <> ''", {"inspected_on": "NULL"}),
        "delegate_by_one_letter": Change(DepositReturn, "letter_use_id IS NOT NULL", {"delegate": "'何代理'"}),
        "return_bounces_once": Copy(DepositMove, "kind = 'bounced'"),
        "return_adds_up": Change(DepositReturn, "approved IS NULL", {"refund": "refund - 1"}),
        "return_needs_two_people": Change(DepositReturn, "approved AND paid_at IS NULL", {"asked_by_id": "decided_by_id"}),
        "cashier_approves_no_return": Change(DepositReturn, "approved AND paid_at IS NULL", {"cashier_id": "decided_by_id"}),
        "return_paid_by_another": Change(DepositReturn, "paid_at IS NOT NULL", {"asked_by_id": "paid_by_id"}),
        "return_decided_by_someone": Change(DepositReturn, "approved AND paid_at IS NULL", {"decided_by_id": "NULL"}),
        "return_paid_once_approved": Change(DepositReturn, "approved AND paid_at IS NULL", {"paid_at": once}),
        "return_account_only_encrypted": Change(DepositReturn, "approved IS NULL", {"account_no": "'6222000011118812'"}),
        "deduction_says_what_for": Change(DepositDeduction, "TRUE", {"words": "''"}),
        "one_set_off_per_charge": Copy(DepositSetOff),
        "deposit_move_is_positive": Change(DepositMove, "kind = 'taken'", {"amount": "0"}),
        "deposit_taken_once": Copy(DepositMove, "kind = 'taken'"),
        "set_off_gives_credit": Change(DepositMove, "kind = 'set_off'", {"credit_id": "NULL"}),
        "what_leaves_names_its_return": Change(DepositMove, "kind = 'returned'", {"giving_back_id": "NULL"}),
        "drawn_stays_within_paid": Change(Charge, "voided_at IS NULL", {"drawn": "paid + 1"}),
        "prepayment_move_is_positive": Change(PrepaymentMove, "TRUE", {"amount": "0"}),
        "prepayment_goes_into_a_credit": Change(PrepaymentMove, "kind <> 'drawn'", {"credit_id": "NULL"}),
    }
