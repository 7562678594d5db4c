"""A life of money at random: every act of the till, the office and finance, in any order; refusals are part of life."""
import random
from datetime import date, timedelta

from billing.cashier import collect_payment, use_credit, waiting_credit
from billing.charges import void_charge
from billing.corrections import corrections, mend_line
from billing.deposit_returns import (
    approve_deposit_return,
    ask_deposit_return,
    bounce_deposit_return,
    pay_deposit_return,
    withdraw_deposit_return,
)
from billing.deposits import take_deposit
from billing.explain import open_lines
from billing.models import (
    BillRun,
    Charge,
    Deposit,
    DepositReturn,
    FeeKind,
    ParkingContract,
    Payment,
    RebillAsked,
    ReceiptVoid,
    Refund,
    Waiver,
)
from billing.one_off import charge_once
from billing.petty_cash import top_up_petty_cash
from billing.prepayments import demand_prepayment, return_prepayment
from billing.rebill import approve_rebill, ask_rebill, refuse_rebill, takes_two, void_and_rebill
from billing.receipts import ask_void, refuse_void, void_receipt
from billing.refunds import approve_refund, ask_refund, bounce_refund, pay_refund, withdraw_refund
from billing.run import bill_month, undo_run
from billing.spaces import end_contract, sign_contract
from billing.waivers import ask_waiver, refuse_waiver, waive_charge
from households.models import Household
from households.register import change_owner
from servicecentre.files.storing import kept
from servicecentre.kit.periods import BillingMonth, today
from servicecentre.kit.refused import Refused
from tests.files.making import ready

ANY = ("left_over", "same_again", "reference_again", "to_correct", "arrears", "past_end", "parked_elsewhere", "same_plate", "special_plate", "far_day",
       "early", "again")
MONTHS = [BillingMonth(2026, month) for month in (9, 10, 11, 12)]
PLATES = [f"苏A{n}2345" for n in range(1, 9)]


class Life:
    """``step()`` does one thing to one of the estate's households; what was refused is counted, anything else is an error."""

    def __init__(self, estate, people, seed):
        self.estate, self.chance = estate, random.Random(seed)
        self.clerk, self.clerk2, self.manager, self.manager2, self.finance = people
        self.done, self.refused = {}, {}

    def step(self):
        """One act at random; its name and whether it was refused."""
        act = self.chance.choice(ACTS)
        try:
            told = act(self)
        except Refused:
            self.refused[act.__name__] = self.refused.get(act.__name__, 0) + 1
            return
        if told is not None:
            self.done[act.__name__] = self.done.get(act.__name__, 0) + 1

    def any(self, rows):
        """One row at random, the same on both engines; None of nothing. Lines of one run are numbered as each engine likes."""
        order = ("household__number", "period", "fee_kind__code", "subject", "line") if rows.model is Charge else ()
        pks = list(rows.order_by(*order, "pk").values_list("pk", flat=True))
        return rows.model.objects.get(pk=self.chance.choice(pks)) if pks else None

    def household(self):
        return self.any(Household.objects.of(self.estate).live())


def pays(life):
    household = life.household()
    owed = sum(line.due for line in open_lines(household))
    sum_of = life.chance.choice((owed, owed // 3, owed + 5_000, 17016)) or 10_000
    cash = life.chance.randint(1, sum_of)
    parts = [("cash", cash, "")] + ([("wechat", sum_of - cash, "88412046")] if sum_of > cash else [])
    return collect_payment(household, parts=parts, payer_name="某人", use_credit=life.chance.random() < 0.5, by=life.chance.choice((life.clerk, life.clerk2)),
                           despite=ANY)


def pays_ahead(life):
    household, n = life.household(), life.chance.choice((1, 2, 5))
    return collect_payment(household, parts=[("alipay", 17016 * n, "12345678")], payer_name="某人", ahead=n, charges=[], by=life.clerk, despite=ANY)


def uses_credit(life):
    return use_credit(life.household(), by=life.clerk)


def asks_for_a_void(life):
    payment = life.any(Payment.objects.of(life.estate).live())
    return payment and ask_void(payment, reason="other", words="不对", goes=life.chance.choice(("credit", "credit", "back")), by=life.clerk)


def decides_a_void(life):
    void = life.any(ReceiptVoid.objects.of(life.estate).filter(approved=None))
    if void and life.chance.random() < 0.2:
        return refuse_void(void, refusal="没有错", by=life.manager)
    return void and void_receipt(void, by=life.chance.choice((life.manager, life.manager2)))


def asks_for_a_refund(life):
    with_credit = [h for h in Household.objects.of(life.estate).live().order_by("pk") if waiting_credit(h)]
    household = life.chance.choice(with_credit) if with_credit else life.household()
    left = sum(source.left for source in waiting_credit(household))
    amount = left if life.chance.random() < 0.5 else left // 2
    method = life.chance.choice(("cash", "transfer", "original"))
    return ask_refund(household, amount=amount, reason="more", words="多交了", method=method, payee_name=household.owner_names.split("、")[0],
                      bank="招商银行", account_no="6217000012342046", by=life.clerk, despite=ANY)


def decides_a_refund(life):
    refund = life.any(Refund.objects.of(life.estate).filter(approved=None, withdrawn_at=None))
    return refund and approve_refund(refund, by=life.manager)


def pays_a_refund(life):
    refund = life.any(Refund.objects.of(life.estate).filter(approved=True, paid_at=None, withdrawn_at=None))
    if refund and life.chance.random() < 0.2:
        return withdraw_refund(refund, withdrawn_words="不退了", by=life.clerk)
    return refund and pay_refund(refund, reference=f"TK{life.chance.randint(10**6, 10**9)}", by=life.finance)


def bounces_a_refund(life):
    refund = life.any(Refund.objects.of(life.estate).paid().exclude(method=Refund.Method.CASH))
    return refund and bounce_refund(refund, bounced_words="户名不符", by=life.finance)


def asks_for_a_waiver(life):
    charge = life.any(Charge.objects.of(life.estate).unpaid())
    return charge and ask_waiver(charge, amount=life.chance.randint(1, charge.due), reason="长期出差", by=life.clerk)


def decides_a_waiver(life):
    waiver = life.any(Waiver.objects.of(life.estate).filter(approved=None))
    if waiver and life.chance.random() < 0.2:
        return refuse_waiver(waiver, refusal="不合规定", by=life.manager)
    return waiver and waive_charge(waiver, by=life.manager)


def takes_a_deposit(life):
    way, reference = life.chance.choice((("cash", ""), ("wechat", "88412046")))
    return take_deposit(life.household(), kind="key", basis="借钥匙", amount=life.chance.randint(1, 40_000), payer_name="卢建国", payer_phone="13900005678",
                        payer_id_kind="passport", payer_id="E10293847", method=way, reference=reference, by=life.clerk, despite=ANY)


def asks_for_a_deposit(life):
    deposit = life.any(Deposit.objects.of(life.estate).held())
    if deposit is None:
        return None
    lines = list(open_lines(deposit.household))[:2] if life.chance.random() < 0.5 else []
    off = min(deposit.held, sum(line.due for line in lines))
    with kept([ready()] if off else []) as consent:
        return ask_deposit_return(deposit, original_returned=True, in_person=True, id_checked=True, set_off=lines if off else (), set_off_amount=off,
                                  consent=consent, method=life.chance.choice(("petty_cash", "transfer")), bank="工商银行",
                                  account_no="6222000011118812", by=life.clerk2, despite=ANY)


def decides_a_deposit(life):
    back = life.any(DepositReturn.objects.of(life.estate).filter(approved=None, withdrawn_at=None))
    return back and approve_deposit_return(back, by=life.manager)


def pays_a_deposit(life):
    back = life.any(DepositReturn.objects.of(life.estate).filter(approved=True, paid_at=None, withdrawn_at=None))
    if back and life.chance.random() < 0.2:
        return withdraw_deposit_return(back, withdrawn_words="账号错", by=life.clerk2)
    return back and pay_deposit_return(back, reference="88112299", by=life.finance)


def bounces_a_deposit(life):
    back = life.any(DepositReturn.objects.of(life.estate).filter(paid_at__isnull=False, bounced_at=None))
    return back and bounce_deposit_return(back, bounced_words="户名不符", by=life.finance)


def demands_a_prepayment(life):
    return demand_prepayment(life.household(), amount=life.chance.choice((None, 3_000)), reason="补足", by=life.manager)


def gives_back_a_prepayment(life):
    return return_prepayment(life.household(), by=life.manager)


def charges_once(life):
    kind = FeeKind.objects.of(life.estate).get(code="renovation")
    return charge_once(life.household(), fee_kind=kind, amount=life.chance.randint(1, 20_000), reason="补收", by=life.manager, despite=ANY)


def bills_anew(life):
    """More at once, by a manager; less is asked for."""
    charge = life.any(Charge.objects.of(life.estate).live().exclude(opening__isnull=False))
    if charge is None:
        return None
    quantity = max(1, charge.quantity * life.chance.choice((50, 90, 110)) // 100)
    act, by = (ask_rebill, life.clerk) if takes_two(charge, quantity, charge.unit_price) else (void_and_rebill, life.manager)
    return act(charge, quantity=quantity, unit_price=charge.unit_price, due_on=charge.due_on, reason="数量抄错", by=by)


def decides_a_rebill(life):
    asked = life.any(RebillAsked.objects.of(life.estate).undecided())
    if asked and life.chance.random() < 0.2:
        return refuse_rebill(asked, refusal="没有错", by=life.manager)
    return asked and approve_rebill(asked, by=life.manager)


def bills(life):
    run = bill_month(life.estate, life.chance.choice(MONTHS), by=life.manager)
    return run if run.added else None


def takes_a_run_back(life):
    run = life.any(BillRun.objects.of(life.estate).filter(undone_at=None))
    return run and undo_run(run, reason="重出", building=life.household().unit.building if life.chance.random() < 0.5 else None, by=life.manager)


def voids_a_line(life):
    charge = life.any(Charge.objects.of(life.estate).live().filter(paid=0))
    return charge and void_charge(charge, reason="多出", by=life.manager)


def sells(life):
    household = life.household()
    if household.ends_on or household.unit.households.count() > 3:
        return None
    last = max(household.starts_on, date(2026, 9, 20)) + timedelta(days=life.chance.randint(0, 80))
    return change_owner(household.unit, owners=[{"name": f"买主{life.chance.randint(1, 99)}"}], last_day=last, by=life.clerk, despite=ANY)


def mends(life):
    off = [correction.charge for correction in corrections(life.estate, MONTHS[-1]) if correction.charge]
    return mend_line(life.chance.choice(off), by=life.manager) if off else None


def parks(life):
    starts = date(2026, 11, 24) + timedelta(days=life.chance.randint(-20, 20))
    ends = life.chance.choice((None, starts + timedelta(days=life.chance.randint(5, 200))))
    return sign_contract(life.household(), space_kind="shared", starts_on=starts, ends_on=ends, cycle_months=life.chance.choice((1, 3, 12)),
                         plate=life.chance.choice(PLATES), by=life.clerk, despite=ANY)


def parks_no_more(life):
    contract = life.any(ParkingContract.objects.of(life.estate).live().filter(ended_at=None))
    return contract and end_contract(contract, last_day=max(contract.starts_on, today() + timedelta(days=life.chance.randint(0, 30))), reason="卖车",
                                     version=contract.version, by=life.clerk, despite=ANY)


def fills_the_petty_cash(life):
    return top_up_petty_cash(life.estate, amount=50_000, reference=f"HD{life.chance.randint(10**6, 10**9)}", by=life.finance)


ACTS = (pays, pays, pays, pays_ahead, uses_credit, asks_for_a_void, decides_a_void, asks_for_a_refund, asks_for_a_refund, decides_a_refund,
        decides_a_refund, pays_a_refund, pays_a_refund, bounces_a_refund, asks_for_a_waiver, decides_a_waiver, bills, bills, takes_a_run_back, voids_a_line,
        sells, mends, mends, parks, parks_no_more, fills_the_petty_cash, takes_a_deposit, takes_a_deposit, asks_for_a_deposit, asks_for_a_deposit,
        decides_a_deposit, pays_a_deposit, bounces_a_deposit, demands_a_prepayment, gives_back_a_prepayment, charges_once,
        bills_anew, bills_anew, decides_a_rebill)
