"""Refunds, waivers and the petty cash in the worlds that judge the house: a month of them, their pages, more of them, what breaks their rules."""
from datetime import date

from billing.cashier import collect_payment
from billing.charges import make_charge
from billing.models import FeeKind, PettyCash, PettyCashMove, Rebill, RebillAsked, Refund, RefundPart, Waiver
from billing.petty_cash import count_petty_cash, reverse_petty_cash, top_up_petty_cash
from billing.rebill import approve_rebill, ask_rebill, refuse_rebill, void_and_rebill
from billing.receipts import ask_void, void_receipt
from billing.refunds import approve_refund, ask_refund, bounce_refund, pay_refund, refuse_refund, withdraw_refund
from billing.waivers import ask_waiver, refuse_waiver, waive_charge
from households.agents import take_letter
from servicecentre.kit.periods import BillingMonth, today
from servicecentre.roles import Role

from ..conftest import person_at

REFUND = {"amount": "1", "reason": "more", "words": "试", "method": "original", "payee_name": "周建国", "invoice": "none"}
POINTERS = {                              # fields that hold an id (tests/test_doors.py)
    "AskRefundForm.receipt": ("post", "billing:ask_refund", lambda w, pk: REFUND | {"receipt": pk}),
    "AskRefundForm.letter": ("post", "billing:ask_refund", lambda w, pk: REFUND | {"letter": pk}),
}
PROPOSES = {                              # pages whose fields come filled in, and which change no row (tests/test_stale.py)
    "billing:ask_refund AskRefundForm", "billing:void_and_rebill RebillForm", "billing:ask_rebill RebillForm",
    "billing:export_money MoneyListForm"}


def month(w):
    """Petty cash put in, undone, counted; a refund in each of its states; waivers; a wrong bill and the one in its place."""
    w.finance = person_at(w.estate, f"{w.estate.slug}-liu", "刘敏", Role.FINANCE)
    w.put_in = top_up_petty_cash(w.estate, amount=2000_00, reference="9930011", by=w.finance)
    twice = top_up_petty_cash(w.estate, amount=2000_00, reference="9930012", by=w.finance)
    reverse_petty_cash(twice, words="同一张回单登记了两次", by=w.finance)
    count_petty_cash(w.estate, counted=1999_50, book=2000_00, words="找零少 5 角", by=w.finance)
    receipt = _paid(w, 900_00)
    letter = take_letter(w.shopkeeper, principal=w.shopkeeper.ownerships.get(position=1), name="何代办", id_number="G12345678", id_kind="passport",
                         phone="13700003333", matters=["refund"], valid_from=today(), valid_to=date(2030, 1, 1), copies_kept=True, by=w.clerk)
    pay_refund(approve_refund(_asked(w, 10_00, "cash"), by=w.manager), by=w.finance)
    agents = _asked(w, 20_00, "transfer", payee_name="何代办", letter=letter, bank="招商银行", account_no="6217000012342046", invoice="waits")
    w.bounced = bounce_refund(pay_refund(approve_refund(agents, by=w.manager), reference="88112233", red_no="24320001", by=w.finance),
                              bounced_words="户名不符", by=w.finance)
    voided = _paid(w, 30_00)
    void_receipt(ask_void(voided, reason="double", words="付了两次", goes="credit", by=w.clerk), by=w.manager)
    refuse_refund(_asked(w, 30_00, "original", receipt=voided), refusal="先抵物业费", by=w.manager)
    withdraw_refund(approve_refund(_asked(w, 40_00, "original"), by=w.manager), withdrawn_words="业主说先放着", by=w.clerk)
    w.paid_refund = pay_refund(approve_refund(_asked(w, 50_00, "original", receipt=receipt), by=w.manager), reference="88112244", by=w.finance)
    w.to_pay = approve_refund(_asked(w, 60_00, "cash"), by=w.manager)
    w.refund = _asked(w, 70_00, "original", by=w.manager2)
    line = _line(w, "减免")
    w.waived = waive_charge(ask_waiver(line, amount=1_00, reason="电梯停用", basis="12 月通知", by=w.clerk), by=w.manager)
    refuse_waiver(ask_waiver(line, amount=2_00, reason="试", by=w.clerk), refusal="已减过", by=w.manager)
    w.waiver = ask_waiver(line, amount=3_00, reason="电梯停用", by=w.manager2)
    w.wrong_line = _line(w, "错的")
    w.rebill = _anew(w, w.wrong_line)
    w.to_rebill = _line(w, "再错的")
    w.rebilled = approve_rebill(_less(w, _line(w, "多了的")), by=w.manager)
    refuse_rebill(_less(w, _line(w, "没错的")), refusal="没有错", by=w.manager)
    w.rebill_asked = _less(w, _line(w, "等改的"))


def _paid(w, fen):
    return collect_payment(w.shopkeeper, charges=[], parts=[("wechat", fen, "WX20261121")], payer_name="周建国", by=w.clerk2,
                           despite=("left_over", "same_again"))


def _asked(w, fen, method, *, payee_name="周建国", by=None, **more):
    return ask_refund(w.shopkeeper, amount=fen, method=method, reason="more", words="多交了", payee_name=payee_name, by=by or w.clerk,
                      despite=("arrears", "not_called"), **more)


def _line(w, subject, unit_price=10_0000):
    kind = FeeKind.objects.of(w.estate).get(code="shared_utilities")
    return make_charge(w.shopkeeper, kind, quantity=100, unit_price=unit_price, subject=subject, period=BillingMonth(2026, 11), by=w.manager)


def _anew(w, line):
    return void_and_rebill(line, quantity=100, unit_price=11_0000, due_on=line.due_on, reason="单价抄错", by=w.manager)


def _less(w, line):
    return ask_rebill(line, quantity=100, unit_price=9_0000, due_on=line.due_on, reason="单价抄错", by=w.clerk)


def pages(w):
    to_decide = ("refund", "approve_refund", "refuse_refund", "withdraw_refund", "bounce_refund")
    of_account = ("statement", "statement_pdf", "export_statement")
    return {**{f"billing:{name}": [w.shopkeeper.pk] for name in of_account}, "billing:reverse_petty_cash": [w.put_in.pk],
            "billing:ask_refund": [w.shopkeeper.pk], "billing:pay_refund": [w.to_pay.pk],
            **{f"billing:{name}": [w.refund.pk] for name in to_decide},
            **{f"billing:{name}": [w.waiver.pk] for name in ("waiver", "waive_charge", "refuse_waiver")},
            **{f"billing:{name}": [w.to_rebill.pk] for name in ("charge", "ask_waiver", "void_and_rebill", "ask_rebill")},
            **{f"billing:{name}": [w.rebill_asked.pk] for name in ("rebill_asked", "approve_rebill", "refuse_rebill")}}


def crowd(w, i):
    """A refund in each list, a waiver in each, a move, a line billed anew."""
    top_up_petty_cash(w.estate, amount=100_00 + i, reference=f"99401{i:02d}", by=w.finance)
    _paid(w, 30_00 + i)
    approve_refund(_asked(w, 1_00, "cash"), by=w.manager)
    pay_refund(approve_refund(_asked(w, 1_00 + i, "cash"), by=w.manager), by=w.finance)
    w.refund = _asked(w, 25_00, "original")
    line = _line(w, f"减免{i}")
    waive_charge(ask_waiver(line, amount=1_00, reason="试", by=w.clerk), by=w.manager)
    ask_waiver(line, amount=2_00, reason="试", by=w.clerk)
    _anew(w, _line(w, f"错的{i}"))
    _less(w, _line(w, f"等改的{i}"))
    if not hasattr(w, "often"):
        w.often = _line(w, "分次", unit_price=9000_0000)
    collect_payment(w.shopkeeper, charges=[w.often.pk], parts=[("cash", 1 + i, "")], payer_name="周建国", by=w.clerk2, despite=("left_over", "same_again"))


def rules(Change, Copy):
    """What each rule of these tables refuses (tests/test_fences.py)."""
    return {
        "one_petty_cash_per_estate": Copy(PettyCash),
        "petty_cash_never_negative": Change(PettyCash, "TRUE", {"balance": "-1"}),
        "petty_cash_move_has_its_sign": Change(PettyCashMove, "kind = 'put_in'", {"amount": "-amount"}),
        "petty_cash_reversal_names_its_move": Change(PettyCashMove, "kind = 'reversed'", {"reverses_id": "NULL"}),
        "petty_cash_after_never_negative": Change(PettyCashMove, "TRUE", {"balance": "-1"}),
        "refund_is_positive": Change(Refund, "TRUE", {"amount": "0"}),
        "refund_needs_two_people": Change(Refund, "approved AND paid_at IS NULL", {"decided_by_id": "asked_by_id"}),
        "refund_decided_by_someone": Change(Refund, "approved", {"decided_by_id": "NULL"}),
        "refund_not_paid_by_its_asker": Change(Refund, "paid_at IS NOT NULL", {"paid_by_id": "asked_by_id"}),
        "refund_not_paid_by_its_approver": Change(Refund, "paid_at IS NOT NULL", {"paid_by_id": "decided_by_id"}),
        "refund_paid_once_approved": Change(Refund, "paid_at IS NOT NULL", {"paper_id": "NULL"}),
        "refund_cash_is_petty_cash": Change(Refund, "petty_move_id IS NOT NULL", {"petty_move_id": "NULL"}),
        "refund_bounced_after_payment": Change(Refund, "bounced_at IS NOT NULL", {"bounced_by_id": "NULL"}),
        "refund_account_only_encrypted": Change(Refund, "TRUE", {"account_no": "'6217000012342046'"}),
        "refund_part_is_positive": Change(RefundPart, "TRUE", {"amount": "0"}),
        "refund_part_has_one_source": Change(RefundPart, "TRUE", {"payment_id": "NULL", "credit_id": "NULL"}),
        "one_waiver_waits_per_line": Copy(Waiver, "approved IS NULL"),
        "waiver_is_positive": Change(Waiver, "TRUE", {"amount": "0"}),
        "waiver_needs_two_people": Change(Waiver, "approved", {"decided_by_id": "asked_by_id"}),
        "waiver_decided_by_someone": Change(Waiver, "approved", {"decided_by_id": "NULL"}),
        "waiver_approved_with_its_credit": Change(Waiver, "approved", {"credit_id": "NULL"}),
        "one_rebill_waits_per_line": Copy(RebillAsked, "approved IS NULL"),
        "rebill_asked_is_positive": Change(RebillAsked, "TRUE", {"amount": "0"}),
        "rebill_needs_two_people": Change(RebillAsked, "approved", {"decided_by_id": "asked_by_id"}),
        "rebill_decided_by_someone": Change(RebillAsked, "approved", {"decided_by_id": "NULL"}),
        "rebill_approved_with_its_line": Change(RebillAsked, "approved", {"rebill_id": "NULL"}),
        "rebilled_as_another": Change(Rebill, "TRUE", {"new_id": "old_id"}),
    }
