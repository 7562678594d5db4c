"""Voiding a receipt (作废、冲红): asked by one, done by another who did not take the money (DOMAIN §2 Receipt, TRUST 14 and T25)."""
from households.models import Household
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import BillingMonth, business_day, now, shown_moment, today
from servicecentre.kit.refused import Refused
from servicecentre.papers.issuing import issue_paper, void_paper
from servicecentre.papers.kinds import VOID
from servicecentre.worklog.acts import act, record

from . import second_person
from .ahead import discount_falls_away
from .allocation import take_back
from .cashier import change_of, clean_parts, collect_payment
from .charges import CLAIM, make_charge
from .explain import open_lines
from .models import Allocation, Credit, FeeKind, Payment, PaymentPart, ReceiptVoid
from .shifts import open_shift
from .slips import void_content

GOES, REASONS = ReceiptVoid.Goes, ReceiptVoid.Reason
COPIES = 3


@act
def ask_void(payment, *, reason, words, goes, copies_back=COPIES, reissue=None, by):
    """Ask that a receipt be voided; returns the ReceiptVoid that waits for another person.

    ``copies_back``: how many of the three copies (存根 客户 记账) are here. ``reissue`` (only with goes=REISSUE):
    {"household": pk, "charges": [pk] or None for the oldest due first, "parts": [(method, fen, reference)],
    "tendered": fen or None, "payer_name", "payer_relation", "remarks"}; the asker will be the new receipt's cashier.
    Refused for a receipt that is void or asked for already, for money back after its own day, for reissue without
    content. DOMAIN §2 [seed] [law: 会计法 14].
    """
    Household.objects.lock(payment.household_id)
    payment = Payment.objects.lock(payment)
    _demand_voidable(payment, goes)
    if waiting := payment.voids.filter(approved=None).select_related("asked_by").first():
        raise Refused(f"{waiting.asked_by.name} {shown_moment(waiting.asked_at)} 已申请作废这张收据，等人批准。",
                      link=("看这张申请", waiting.get_absolute_url()))
    if (reason == REASONS.BOUNCED) != (goes == GOES.BOUNCED):
        raise Refused({"goes": "退票的收据，原因和款项去向都选退票：钱没有到账，没有可退、可转的。"})
    if goes == GOES.BOUNCED and not only_transfer(payment):
        raise Refused({"goes": "只有全部转账收的才能按退票作废。收了别的钱的，请选改正后重开，只写收到的。"})
    if not 0 <= copies_back <= COPIES:
        raise Refused({"copies_back": "收据一共三联。"})
    if not words.strip():
        raise Refused({"words": "写明怎么错的、应该怎样。"})
    if goes == GOES.REISSUE:
        reissue = _sensible_reissue(payment, reissue)
    elif reissue is not None:
        raise Refused({"goes": "只有重开才填重开内容。"})
    void = ReceiptVoid.objects.create(estate=payment.estate, payment=payment, cashier_id=payment.cashier_id, reason=reason, words=words,
                                      goes=goes, copies_back=copies_back, reissue=reissue, asked_by=by, asked_at=now())
    record(by, f"申请作废收据 {payment}，{yuan(payment.total)} 元，{void.get_reason_display()}，{void.get_goes_display()}"
               f"{f'，收回 {copies_back} 联' if copies_back < COPIES else ''}", void, household=payment.household)
    return void


@act
def void_receipt(void, *, by):
    """Void the receipt that was asked for: number kept, lines unpaid again, money where the asking said; returns the ReceiptVoid.

    Refused when it is decided already, for the asker and for who took the money, for an administrator while the estate
    has another manager who may, and when money can no longer be handed back. A leftover of this receipt that settled
    later lines is taken back too, newest first; credit that was used with it goes back to where it came from. What was refunded of
    a transfer that never came is billed: the household has it, and nobody paid it.
    """
    if void.goes == GOES.REISSUE:
        open_shift(void.estate, by=void.asked_by)          # one order of locks: shift, households, the receipt
    for pk in sorted({void.payment.household_id} | ({void.reissue["household"]} if void.reissue else set())):
        Household.objects.lock(pk)
    payment = Payment.objects.lock(void.payment_id)
    void = _undecided(void)
    _demand_second_person(void, payment, by)
    _demand_voidable(payment, void.goes)
    at = now()
    freed = list(settled_by(payment))
    left, payment.left, payment.voided_at = payment.left, 0, at
    payment.save(update_fields=["left", "voided_at"])
    take_back(freed, at=at)
    if not (void.reissue and void.reissue["household"] == payment.household_id):
        discount_falls_away(payment.household, [a.charge_id for a in freed], at=at, by=by)
    if void.goes == GOES.CREDIT:
        void.credit = Credit.objects.create(
            estate=payment.estate, household=payment.household, source=Credit.Source.VOID, amount=payment.total, left=payment.total,
            reason=f"收据 {payment} 作废转预存", made_at=at, made_by=by)
    elif void.goes == GOES.REISSUE:
        void.reissued = _reissue(void)
    if payment.refunded:
        _claim_back(payment, by)
    void.decided_by, void.decided_at, void.approved = by, at, True
    void.paper = issue_paper(VOID, payment.household, content=void_content(void, payment, freed, left), by=by, on=business_day(at))
    void_paper(payment.paper, reason=f"{void.get_reason_display()}，{void.words}"[:120], by=by, asked_by=void.asked_by,
               undone_by=void.paper)
    void.save(update_fields=["credit", "reissued", "decided_by", "decided_at", "approved", "paper"])
    record(by, f"作废收据 {payment}，{yuan(payment.total)} 元，{void.get_reason_display()}，{outcome(void)}，"
               f"作废单 {void.paper.number}", void, household=payment.household)
    return void


@act
def refuse_void(void, *, refusal, by):
    """Do not void it, and say why; the receipt stays as it is. Returns the ReceiptVoid. Refused for the asker and once decided."""
    Household.objects.lock(void.payment.household_id)
    void = _undecided(void)
    if by.pk == void.asked_by_id:
        raise Refused("申请人不能自己决定，请别的主管来办。")
    if not refusal.strip():
        raise Refused({"refusal": "写明为什么不作废，申请人要看。"})
    void.decided_by, void.decided_at, void.approved, void.refusal = by, now(), False, refusal
    void.save(update_fields=["decided_by", "decided_at", "approved", "refusal"])
    record(by, f"不作废收据 {void.payment}：{refusal}", void, household=void.payment.household)
    return void


def settled_by(payment):
    """Every live allocation that the void of this receipt takes back, newest first: its money, and credit used with it."""
    return (Allocation.objects.filter(payment=payment) | Allocation.objects.filter(receipt=payment)).live().select_related(
        "charge__fee_kind", "charge__price", "charge__made_by", "charge__unit", "payment__paper", "credit",
        "receipt__paper").newest_first()


def settled_later(payment):
    """Those of them that the receipt itself did not list: its leftover paid these afterwards (told before the click)."""
    return settled_by(payment).exclude(receipt=payment)


def why_not(void, user):
    """Why this user may not approve this void, as a sentence; None when they may (two persons, and never the cashier)."""
    return second_person.why_not(user, void.estate, asked_by=void.asked_by_id, cashiers=(void.cashier_id, void.payment.cashier_id),
                                 taken="这张收据是您开的，收款人不能批准作废。")


def second_persons(void):
    """Names of the estate's managers who may approve: neither the asker nor the receipt's cashier."""
    return second_person.second_persons(void.estate, (void.asked_by_id, void.cashier_id))


def only_transfer(payment):
    """Did all of it come by transfer? Only then may the bank have taken it back whole (退票)."""
    return {part.method for part in payment.parts.all()} == {PaymentPart.Method.TRANSFER}


def outcome(void):
    """Where the money went or will go, in words."""
    if void.goes == GOES.REISSUE:
        return f"重开收据 {void.reissued}" if void.reissued_id else "改正后重开收据"
    if void.goes == GOES.BOUNCED and void.payment.refunded:
        return f"钱没有到账，已退的 {yuan(void.payment.refunded)} 元另立应收追回"
    return {GOES.BACK: "当面退回交款人", GOES.CREDIT: "转为该户预存", GOES.BOUNCED: "钱没有到账，不退也不转预存"}[GOES(void.goes)]


def _undecided(void):
    void = ReceiptVoid.objects.lock(void)
    if void.approved is not None:
        raise Refused(f"{void.decided_by.name} {shown_moment(void.decided_at)} 已{'批准作废' if void.approved else '决定不作废'}这张收据。",
                      link=("看作废结果", void.get_absolute_url()))
    return void


def _demand_second_person(void, payment, by):
    if sentence := why_not(void, by):
        raise Refused(sentence)


def _demand_voidable(payment, goes):
    if payment.voided_at is not None:
        raise Refused(f"收据 {payment} 已经作废。")
    if payment.refunded:
        waits = payment.refund_parts.live().filter(refund__paid_at=None).select_related("refund").first()
        if waits:
            raise Refused("这张收据的余款正在办退款，不能作废。先撤回退款申请。", link=("看退款申请", waits.refund.get_absolute_url()))
        if goes != GOES.BOUNCED:
            bounced = "钱其实没有到账的，原因和款项去向选退票。" if only_transfer(payment) else ""
            raise Refused(f"这张收据已退过款，不能再作废。{bounced}")
    if goes == GOES.BACK and payment.day != today():
        raise Refused({"goes": f"{payment.day} 收的钱不能从今天的钱箱当面退，请改为转预存或重开。"})


def _sensible_reissue(payment, reissue):
    if not reissue:
        raise Refused({"goes": "写明重开给哪一户、收多少、怎么收的。"})
    household = Household.objects.of(payment.estate).live().filter(pk=reissue["household"]).first()
    if household is None:
        raise Refused({"room": "没有这一户。"})
    parts = clean_parts(reissue["parts"])
    change_of(parts, reissue.get("tendered"))                              # money on the table that is too little is told now
    again = {"household": household.pk, "charges": reissue.get("charges"), "parts": [list(part) for part in parts],
             "tendered": reissue.get("tendered"), "payer_name": reissue.get("payer_name") or payment.payer_name,
             "payer_relation": reissue.get("payer_relation") or payment.payer_relation, "remarks": reissue.get("remarks", "")}
    if _says_the_same(payment, again):
        raise Refused({"goes": "重开的和原来一样，没有改正。写明改成哪一户、哪几笔、多少钱或怎么收的。"})
    return again


def _claim_back(payment, by):
    """A line for what was refunded of money that never came, beside the household's own fee."""
    household = payment.household
    kinds = FeeKind.objects.of(payment.estate).order_by("position", "pk")
    month = BillingMonth.of(min(today(), household.ends_on or today()))
    make_charge(household, kinds.filter(bills=household.unit.kind).first() or kinds.first(), by=by, period=month, quantity=100,
                unit_price=payment.refunded * 100, subject=f"{CLAIM}{payment}", label="退票追回", reason=f"收据 {payment} 被银行退票，余款却已退出去")


def _says_the_same(payment, again):
    """Would the new receipt say what the old one says? Then it mends nothing."""
    parts = [[part.method, part.amount, part.reference] for part in payment.parts.order_by("pk")]
    lines = set(payment.settled.values_list("charge", flat=True))
    was = (payment.household_id, sorted(parts), payment.payer_name, payment.payer_relation, payment.remarks)
    now_is = (again["household"], sorted(again["parts"]), again["payer_name"], again["payer_relation"], again["remarks"])
    return was == now_is and (again["charges"] is None or set(again["charges"]) == lines)


def _reissue(void):
    """The new receipt, in the asker's name and shift; lines that were paid meanwhile are left out, so their sum is left as credit."""
    again = void.reissue
    household = Household.objects.get(pk=again["household"])
    charges = again["charges"]
    if charges is not None:
        charges = [line for line in open_lines(household) if line.pk in charges]
    return collect_payment(household, charges=charges, parts=again["parts"], tendered=again["tendered"], payer_name=again["payer_name"],
                           payer_relation=again["payer_relation"], remarks=again["remarks"], replaces=void.payment.paper, by=void.asked_by,
                           despite=("to_correct", "left_over", "same_again", "reference_again"))
