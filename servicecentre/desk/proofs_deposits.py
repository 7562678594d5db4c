"""Proofs of deposits and prepayments: what is held and what is left is what the moves say, and nothing left but by its return (DOMAIN §9.15)."""
from django.db.models import Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from billing.models import Charge, Credit, Deposit, DepositDeduction, DepositMove, DepositReturn, DepositVoid, PrepaymentMove
from billing.prepayments import PREPAID
from servicecentre.kit.money import yuan
from servicecentre.papers.kinds import DEPOSIT, DEPOSIT_RETURN
from servicecentre.papers.models import Paper

from .proving import place, proof

KINDS = DepositMove.Kind


def _sum(rows, by, **which):
    """The sum of these rows' amounts that point at the outer row by ``by``."""
    mine = rows.filter(**{by: OuterRef("pk")}, **which).order_by().values(by)
    return Coalesce(Subquery(mine.annotate(fen=Sum("amount")).values("fen")), 0)


@proof(15, "押金在押 = 收 + 被退回 − 退 − 扣 − 抵，不小于 0")
def held():
    moves = DepositMove.objects.all()
    rows = Deposit.objects.annotate(taken=_sum(moves, "deposit", kind=KINDS.TAKEN), bounced=_sum(moves, "deposit", kind=KINDS.BOUNCED),
                                    gone=_sum(moves.exclude(kind__in=DepositMove.CAME_IN), "deposit"))
    wrong = ~Q(held=F("taken") + F("bounced") - F("gone")) | ~Q(taken=F("amount")) | Q(held__lt=0)
    for row in rows.filter(wrong).select_related("estate", "household"):
        yield place(row, row.household), f"押金 {row.pk} 收 {yuan(int(row.taken))} 去 {yuan(int(row.gone))}，在押却是 {yuan(row.held)}"
    asked = Exists(DepositVoid.objects.filter(deposit=OuterRef("pk"), approved=True))
    void = Q(voided_at__isnull=False)
    undone = Deposit.objects.filter(void & (Q(held__gt=0) | Q(voided_by=F("cashier")) | Q(paper__voided_at=None) | ~asked) | ~void & asked)
    for row in undone.select_related("estate", "household"):
        yield place(row, row.household), f"押金 {row.pk} 的作废不完整"


@proof(15, "押金的每次退、扣、抵都是批准并付款的那一次")
def given_back():
    moves = DepositMove.objects.all()
    rows = DepositReturn.objects.annotate(
        back=_sum(moves, "giving_back", kind=KINDS.RETURNED), off=_sum(moves, "giving_back", kind=KINDS.DEDUCTED),
        arrears=_sum(moves, "giving_back", kind=KINDS.SET_OFF), again=_sum(moves, "giving_back", kind=KINDS.BOUNCED),
        listed=_sum(DepositDeduction.objects.all(), "giving_back"))
    paid = Q(paid_at__isnull=False) & ~Q(back=F("refund"), off=F("deducted"), arrears=F("set_off"))
    early = Q(paid_at=None) & ~Q(back=0, off=0, arrears=0)
    bounced = Q(bounced_at=None) & ~Q(again=0) | Q(bounced_at__isnull=False) & (~Q(again=F("refund")) | Q(paper__voided_at=None))
    for row in rows.filter(paid | early | bounced | ~Q(listed=F("deducted")) | ~Q(amount=F("refund") + F("deducted") + F("set_off"))).select_related(
            "estate", "deposit__household"):
        yield place(row, row.deposit.household), f"退押金 {row.pk} 的进出与申请的不符"
    strange = DepositMove.objects.filter(giving_back__isnull=False).exclude(giving_back__deposit=F("deposit"))
    for move in strange.select_related("estate", "deposit__household"):
        yield place(move, move.deposit.household), f"押金进出 {move.pk} 记在另一笔押金上"
    given = DepositMove.objects.filter(kind=KINDS.SET_OFF, credit=OuterRef("pk"), amount=OuterRef("amount"), deposit__household=OuterRef("household"))
    for credit in Credit.objects.filter(source=Credit.Source.DEPOSIT).exclude(Exists(given)).select_related("estate", "household"):
        yield place(credit, credit.household), f"贷项 {credit.pk} {yuan(credit.amount)} 没有相应的押金抵扣"


@proof(17, "退押金的申请人、收款人不批，申请人、收款人、批准人不付；押金收据作废由另一人办")
def deposit_people():
    wrong = (Q(decided_by=F("asked_by")) | Q(approved=True, decided_by=F("deposit__cashier")) | Q(paid_by=F("asked_by")) | Q(paid_by=F("decided_by"))
             | Q(paid_by=F("deposit__cashier")) | Q(paid_at__isnull=False) & (~Q(approved=True) | Q(withdrawn_at__isnull=False)))
    for row in DepositReturn.objects.filter(wrong).select_related("estate", "deposit__paper"):
        yield f"{row.estate.slug} {row.deposit}", "退押金由申请人或收款人批准、付款，由批准人付款，或没有批准就付了"
    for void in DepositVoid.objects.filter(Q(decided_by=F("asked_by")) | Q(approved=True, decided_by=F("deposit__cashier"))).select_related(
            "estate", "deposit__paper"):
        yield f"{void.estate.slug} {void.deposit}", "押金收据由申请人或收款人作废"


@proof(4, "现金退的押金都从备用金付")
def deposit_petty_cash():
    cash = DepositReturn.objects.filter(method=DepositReturn.Method.PETTY_CASH, paid_at__isnull=False, refund__gt=0).exclude(spent__amount=-F("refund"))
    other = DepositReturn.objects.filter(spent__isnull=False).exclude(method=DepositReturn.Method.PETTY_CASH)
    with_place = ("estate", "deposit__household", "deposit__paper")
    for row in [*cash.select_related(*with_place), *other.select_related(*with_place)]:
        yield place(row, row.deposit.household), f"{row} {yuan(row.refund)} 元和备用金的支出不符"


@proof(6, "押金收据、退还单都有那一笔")
def deposit_papers():
    for kind, rows in ((DEPOSIT, Deposit), (DEPOSIT_RETURN, DepositReturn)):
        for paper in Paper.objects.filter(kind=kind.letters).exclude(Exists(rows.objects.filter(paper=OuterRef("pk")))).select_related("estate"):
            yield f"{paper.estate.slug} {paper.number}", "单据没有对应的押金"
    for row in Deposit.objects.filter(paper=None).select_related("estate", "household"):
        yield place(row, row.household), f"押金 {row.pk} 没有收据"


@proof(4, "公摊预存已用的等于它的进出")
def prepaid():
    used = PrepaymentMove.objects.exclude(kind=PrepaymentMove.Kind.MOVED_IN)
    rows = Charge.objects.filter(Q(drawn__gt=0) | PREPAID).annotate(used=_sum(used, "charge"))
    for row in rows.exclude(used=F("drawn")).select_related("estate", "household"):
        yield place(row, row.household), f"预存 {row.pk} 记用掉 {yuan(row.drawn)}，进出却是 {yuan(int(row.used))}"
    out = _sum(used, "credit")
    for credit in Credit.objects.filter(source=Credit.Source.PREPAID).annotate(out=out).exclude(amount=F("out")).select_related("estate", "household"):
        yield place(credit, credit.household), f"贷项 {credit.pk} {yuan(credit.amount)} 与退转的公摊预存 {yuan(int(credit.out))} 不符"
