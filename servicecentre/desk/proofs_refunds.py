"""Invariants 4 and 17 of refunds, waivers and the petty cash: parts, columns and moves agree, and two people stand behind each."""
from django.db.models import CharField, Exists, F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce, Concat

from billing.charges import CLAIM
from billing.models import Charge, Credit, Payment, PettyCash, PettyCashMove, Rebill, RebillAsked, Refund, RefundPart, Waiver
from billing.prepayments import PREPAID
from billing.refund_sources import cashiers_of_lines, cashiers_of_refunds
from billing.room import FALLEN
from servicecentre.kit.money import yuan

from .proving import place, proof


def _sum(rows, by):
    return Coalesce(rows.filter(**{by: OuterRef("pk")}).order_by().values(by).annotate(fen=Sum("amount")).values("fen"), 0)


@proof(4, "退款等于它的来源，来源的已退等于退款")
def refund_sums():
    for refund in Refund.objects.annotate(fen=_sum(RefundPart.objects.all(), "refund")).exclude(fen=F("amount")).select_related("estate", "household"):
        yield place(refund, refund.household), f"{refund} {yuan(refund.amount)} 元，来源合计 {yuan(int(refund.fen))} 元"
    ended = Q(approved=False) | Q(withdrawn_at__isnull=False) | Q(bounced_at__isnull=False)
    live = Exists(RefundPart.objects.live().filter(refund=OuterRef("pk")))
    dead = Exists(RefundPart.objects.exclude(voided_at=None).filter(refund=OuterRef("pk")))
    for refund in Refund.objects.filter(ended & live | ~ended & dead).select_related("estate", "household"):
        yield place(refund, refund.household), f"{refund} 的状态和它留出的钱不符"
    for model, field, name in ((Payment, "payment", "收款"), (Credit, "credit", "贷项")):
        wrong = model.objects.annotate(fen=_sum(RefundPart.objects.live(), field)).exclude(fen=F("refunded"))
        for row in wrong.select_related("estate", "household"):
            yield place(row, row.household), f"{name} {row.pk} 已退 {yuan(row.refunded)} 元，退款合计 {yuan(int(row.fen))} 元"
    theirs = ~Q(payment=None) & ~Q(payment__household=F("refund__household")) | ~Q(credit=None) & ~Q(credit__household=F("refund__household"))
    for part in RefundPart.objects.filter(theirs).select_related("estate", "refund__household"):
        yield place(part, part.refund.household), f"{part.refund} 退的是别的户的钱"


@proof(4, "退票的收款已退过的，另有应收追回")
def claimed_back():
    lines = Charge.objects.live().filter(household=OuterRef("household"), subject=Concat(Value(CLAIM), OuterRef("paper__number")), amount=OuterRef("refunded"))
    for payment in Payment.objects.filter(voided_at__isnull=False, refunded__gt=0).exclude(Exists(lines)).select_related("estate", "household"):
        yield place(payment, payment.household), f"收款 {payment.pk} 作废以前退过 {yuan(payment.refunded)} 元，没有追回的应收"


@proof(4, "减免等于它的贷项，只抵那一笔")
def waived():
    right = Credit.objects.filter(waiver=OuterRef("pk"), source=Credit.Source.WAIVER, amount=OuterRef("amount"), charge=OuterRef("charge"),
                                  household=OuterRef("household"), left=0, refunded=0)
    for waiver in Waiver.objects.filter(approved=True).exclude(Exists(right)).select_related("estate", "household"):
        yield place(waiver, waiver.household), f"{waiver} {yuan(waiver.amount)} 元和它的贷项不符"
    given = Waiver.objects.filter(credit=OuterRef("pk"), approved=True)
    for credit in Credit.objects.filter(source=Credit.Source.WAIVER).exclude(Exists(given)).select_related("estate", "household"):
        yield place(credit, credit.household), f"减免贷项 {credit.pk} {yuan(credit.amount)} 元没有批准的减免"
    for charge in Charge.objects.filter(PREPAID, credits__source=Credit.Source.WAIVER).select_related("estate", "household").distinct():
        yield place(charge, charge.household), f"公摊预存 {charge.pk} 减免过，没有人交的钱成了预存"


@proof(4, "一笔应收冲减的合计不超过它")
def lowered():
    """All credits that name a line, less what a line of its own took back of a year's discount: else somebody gets back what nobody paid."""
    back = Charge.objects.live().filter(household=OuterRef("household"), subject=Concat(Value(FALLEN), Cast(OuterRef("pk"), CharField())))
    taken_back = Coalesce(Subquery(back.order_by().values("subject").annotate(fen=Sum("amount")).values("fen")), 0)
    named = Charge.objects.filter(pk__in=Credit.objects.filter(charge__isnull=False).values("charge"))
    lines = named.annotate(fen=_sum(Credit.objects.all(), "charge")).filter(fen__gt=F("amount"))
    for charge in lines.annotate(back=taken_back).filter(fen__gt=F("amount") + F("back")).select_related("estate", "household"):
        yield place(charge, charge.household), f"应收 {charge.pk} 只有 {yuan(charge.amount)}，却冲减了 {yuan(int(charge.fen - charge.back))}"


@proof(4, "备用金等于它的收支")
def petty_cash():
    for account in PettyCash.objects.annotate(fen=_sum(PettyCashMove.objects.all(), "petty_cash")).exclude(fen=F("balance")).select_related("estate"):
        yield account.estate.slug, f"备用金 {yuan(account.balance)} 元，收支合计 {yuan(int(account.fen))} 元"
    for move in PettyCashMove.objects.exclude(reverses=None).exclude(amount=-F("reverses__amount")).select_related("estate"):
        yield move.estate.slug, f"备用金冲回 {move.pk} 和原来的金额不同"
    cash = Refund.objects.filter(method=Refund.Method.CASH, paid_at__isnull=False)
    for refund in cash.exclude(petty_move__amount=-F("amount")).select_related("estate", "household"):
        yield place(refund, refund.household), f"{refund} 现金 {yuan(refund.amount)} 元，备用金没有相应的支出"


@proof(17, "退款、减免的申请人不是批准人，收款人不批；付退款的另是一人")
def two_people():
    for model in (Refund, Waiver):
        for row in model.objects.filter(decided_by=F("asked_by")).select_related("estate", "household"):
            yield place(row, row.household), f"{row} 由申请人自己决定"
    for refund in Refund.objects.filter(Q(paid_by=F("asked_by")) | Q(paid_by=F("decided_by"))).select_related("estate", "household"):
        yield place(refund, refund.household), f"{refund} 由申请人或批准人付款"
    for decided, paid in (("decided", "批准"), ("paid", "付款")):
        rows = list(Refund.objects.filter(**{"approved": True, f"{decided}_by__isnull": False}).select_related("estate", "household"))
        takers = cashiers_of_refunds(rows, by=f"{decided}_at")
        for refund in rows:
            if getattr(refund, f"{decided}_by_id") in takers[refund.pk]:
                yield place(refund, refund.household), f"{refund} 由收款人{paid}"
    waivers = list(Waiver.objects.filter(approved=True).select_related("estate", "household"))
    takers = cashiers_of_lines(waivers, by="decided_at")
    for waiver in waivers:
        if waiver.decided_by_id in takers[waiver.pk]:
            yield place(waiver, waiver.household), f"{waiver} 由收款人批准"


@proof(17, "账单改少了由另一人批准")
def rebilled():
    asked = RebillAsked.objects.select_related("estate", "charge__household", "charge__fee_kind")
    for row in asked.filter(decided_by=F("asked_by")):
        yield place(row, row.charge.household), f"{row.charge} 的作废重出由申请人自己决定"
    for row in asked.filter(approved=True).exclude(rebill__old=F("charge"), rebill__new__amount=F("amount")):
        yield place(row, row.charge.household), f"{row.charge} 重出的和批准的不符"
    two = RebillAsked.objects.filter(rebill=OuterRef("pk"), approved=True)
    for row in Rebill.objects.filter(new__amount__lt=F("old__amount")).exclude(Exists(two)).select_related("estate", "old__household", "old__fee_kind"):
        yield place(row, row.old.household), f"{row.old} 改少了，没有第二个人批准"
