"""Proofs of parking by the month: a contract's lines lie inside its days, what was billed beyond an early end is given back, one space one contract."""
from django.db.models import Exists, F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from billing.models import FEE_CODES, Charge, ContractVehicle, Credit, ParkingContract, SpaceHold
from billing.space_terms import kept
from servicecentre.kit.money import yuan

from .proving import place, proof

FOR_EVER = Value("9999-12-31")


def _of_contracts():
    """Live lines of contracts, each with its contract's days and price, and what credits have lowered of it."""
    mine = ParkingContract.objects.filter(estate=OuterRef("estate"), household=OuterRef("household"), subject=OuterRef("subject"))
    lowered = Credit.objects.filter(charge=OuterRef("pk")).order_by().values("charge").annotate(fen=Sum("amount")).values("fen")
    return (Charge.objects.live().filter(fee_kind__code__in=FEE_CODES.values()).exclude(subject="")
            .annotate(contract=Subquery(mine.values("pk")[:1])).filter(contract__isnull=False)
            .annotate(first=Subquery(mine.values("starts_on")[:1]), last=Subquery(mine.values("ends_on")[:1]),
                      agreed=Subquery(mine.values("agreed_to")[:1]), frozen=Subquery(mine.values("unit_price")[:1]),
                      off=Subquery(mine.values("voided_at")[:1]), lowered=Coalesce(Subquery(lowered), 0))
            .select_related("estate", "household"))


@proof(2, "车位账单在协议的日子里，价格是协议的")
def contract_lines():
    outside = Q(starts_on__lt=F("first")) | Q(agreed__isnull=False, ends_on__gt=F("agreed"))
    for charge in _of_contracts().filter(outside):
        yield place(charge, charge.household), f"车位协议 {charge.subject} 的账单 {charge.starts_on} 至 {charge.ends_on} 超出协议的日子"
    for charge in _of_contracts().exclude(unit_price=F("frozen")):
        yield place(charge, charge.household), f"车位协议 {charge.subject} 的账单 {charge.period:%Y-%m} 单价和协议不符"


@proof(2, "提前终止的车位，没用的整天已退")
def contract_given_back():
    beyond = Q(off__isnull=False) | Q(last__isnull=False, ends_on__gt=F("last"))
    for charge in _of_contracts().filter(beyond).iterator(chunk_size=2000):
        used = kept(charge, None if charge.off else charge.last)
        if (left := charge.amount - charge.lowered) > used:
            yield place(charge, charge.household), f"车位协议 {charge.subject} 的账单 {charge.period:%Y-%m} 用了 {yuan(used)} 元，还记着 {yuan(left)} 元"


@proof(2, "一个车位同时只租一份协议，一份协议同时只有一辆车")
def one_at_a_time():
    for model, by, words in ((SpaceHold, "space", "车位同时租给两份协议"), (ContractVehicle, "contract", "同时登记两辆车")):
        others = model.objects.live().filter(**{by: OuterRef(by)}, pk__gt=OuterRef("pk")).filter(
            Q(ends_on=None) | Q(ends_on__gte=OuterRef("starts_on")), starts_on__lte=Coalesce(OuterRef("ends_on"), FOR_EVER))
        for row in model.objects.live().filter(Exists(others)).select_related("estate", "contract"):
            yield row.estate.slug, f"车位协议 {row.contract}：{words}"
        outside = Q(starts_on__lt=F("contract__starts_on")) | Q(contract__ends_on__isnull=False) & (
            Q(ends_on=None) | Q(ends_on__gt=F("contract__ends_on")))
        for row in model.objects.live().filter(outside).select_related("estate", "contract"):
            yield row.estate.slug, f"车位协议 {row.contract}：{row._meta.verbose_name}超出协议的日子"
