"""DOMAIN §9.18 and 9.17 for temporary parking, asked of the rows as they stand."""
from django.db.models import F

from billing.models import Visit, VisitVoid
from billing.visits import RULE, TEMPORARY, fee_of, times_of
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import business_day

from .proving import CHUNK, proof


@proof(18, "临停收的是出场那天的价，或写了原因")
def visit_fees():
    for visit in Visit.objects.left().select_related("estate", "price__fee_kind").order_by("pk").iterator(chunk_size=CHUNK):
        for text in _wrong(visit):
            yield f"{visit.estate.slug} {visit}", text


def _wrong(visit):
    if visit.day != business_day(visit.exit_at):
        yield "出场日与出场时间不符"
    if visit.seconds is not None and (visit.entry_at is None or visit.seconds != (visit.exit_at - visit.entry_at).total_seconds()):
        yield "停车秒数与进出时间不符"
    if visit.rule == RULE.HAND:
        if not visit.fee_reason:
            yield f"手工收 {yuan(visit.fee)} 元，没有写原因"
    elif visit.rule == RULE.FREE:
        if visit.fee or not visit.free_kind:
            yield "免费的收了钱，或没有写哪一种"
    else:
        yield from _wrong_tier(visit)


def _wrong_tier(visit):
    price, day = visit.price, visit.day
    if price is None or price.fee_kind.code != TEMPORARY or price.unit_price != visit.unit_price or price.starts_on > day or (
            price.ends_on is not None and price.ends_on < day):
        yield "单价不是出场那天的"
    times = None if visit.seconds is None else times_of(visit.seconds, visit.over_rule)
    if not times or visit.fee != fee_of(times, visit.unit_price, visit.cap):
        yield f"收了 {yuan(visit.fee)} 元，与停车时间、单价不符"


@proof(17, "临停费由收款人以外的人冲回")
def visit_voids():
    for void in VisitVoid.objects.filter(by=F("visit__left_by")).select_related("estate", "visit", "by"):
        yield f"{void.estate.slug} {void.visit}", f"冲回由 {void.by} 办，此人就是收款人"
    for void in VisitVoid.objects.exclude(fee=F("visit__fee")).select_related("estate", "visit"):
        yield f"{void.estate.slug} {void.visit}", f"冲回 {yuan(void.fee)} 元，收的不是这个数"
