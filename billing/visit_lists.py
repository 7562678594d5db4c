"""Records of temporary parking for people: who is inside, a day, what each took, and the records as Excel."""
from datetime import timedelta
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, Q, Sum

from households.exporting import FOR, why
from servicecentre.kit.periods import day_bounds, to_second
from servicecentre.kit.refused import Refused
from servicecentre.kit.sheets import Table
from servicecentre.worklog.acts import act, record

from .models import Visit, VisitVoid

METHODS = Visit.Method
MOST_DAYS = 366
HEADER = ["编号", "车牌", "去往", "进场", "进场门岗", "出场", "出场门岗", "停车秒数", "规则", "说明", "收费（元）", "方式", "收款人", "已冲回"]


def with_voids(rows):
    """Adds ``reversed``: was its fee given back?"""
    return rows.annotate(reversed=Exists(VisitVoid.objects.filter(visit=OuterRef("pk"))))


def of_day(estate, day):
    """Visits that came or went on this day."""
    first, over = day_bounds(day)
    return Visit.objects.of(estate).filter(Q(day=day) | Q(entry_at__gte=first, entry_at__lt=over))


def shown(rows, *, show="", method=""):
    """Of these the ones that the filter asks for."""
    if method:
        rows = rows.filter(method=method)
    return {"inside": rows.inside(), "paid": rows.paid(), "free": rows.left().filter(rule=Visit.Rule.FREE),
            "hand": rows.filter(rule=Visit.Rule.HAND), "void": rows.filter(voids__isnull=False)}.get(show, rows)


def counts(estate, day):
    """{came, left, free, hand} of a day, two queries."""
    first, over = day_bounds(day)
    left = Visit.objects.of(estate).filter(day=day).aggregate(
        left=Count("pk"), free=Count("pk", filter=Q(fee=0)), hand=Count("pk", filter=Q(rule=Visit.Rule.HAND)))
    return left | {"came": Visit.objects.of(estate).filter(entry_at__gte=first, entry_at__lt=over).count()}


def own_counts(estate, user, day):
    """[(method in words, how many)] that this person took today, and how many passed free: sums are told after counting (DOMAIN §2)."""
    mine = Visit.objects.of(estate).filter(left_by=user, day=day)
    rows = mine.paid().values_list("method").annotate(n=Count("pk")).order_by("-n", "method")
    return [(METHODS(method).label, n) for method, n in rows], mine.filter(fee=0).count()


def takings(estate, day):
    """What each person's till took at the gate that day: ([(name, {method: fen}, total fen, count)], {method: fen}, total).

    What was handed back on the same day is taken off again.
    """
    people, sums = {}, {}
    took = Visit.objects.of(estate).paid().filter(day=day).values_list("left_by", "left_by__name", "method")
    gave = VisitVoid.objects.of(estate).filter(day=day, from_till=True).values_list("taken_by", "taken_by__name", "visit__method")
    for rows, sign in ((took, 1), (gave, -1)):
        for pk, name, method, fen, n in rows.annotate(fen=Sum("fee"), n=Count("pk")).order_by("left_by__name" if sign > 0 else "taken_by__name"):
            person = people.setdefault(pk, {"name": name, "count": 0, **dict.fromkeys(METHODS.values, 0)})
            person[method] += sign * int(fen)
            person["count"] += n if sign > 0 else 0
            sums[method] = sums.get(method, 0) + sign * int(fen)
    lines = [(p["name"], [p[method] for method in METHODS.values], sum(p[method] for method in METHODS.values), p["count"]) for p in people.values()]
    return lines, [sums.get(method, 0) for method in METHODS.values], sum(sums.values())


@act
def log_visits_export(estate, *, first, last, reason, by):
    """Note in the log what is taken out, and what for; returns the Entry. Refused for a span that is none or too long, or without a visit."""
    reason = why(reason)
    if last < first:
        raise Refused({"last": "止日早于起日。"})
    if last - first >= timedelta(days=MOST_DAYS):
        raise Refused({"last": f"一次最多 {MOST_DAYS} 天。"})
    number = _between(estate, first, last).count()
    if not number:
        raise Refused("这几天没有临停。")
    return record(by, f"导出临停 Excel {first} 至 {last} {number} 笔，含车牌{FOR}{reason}", estate=estate)


def visits_table(estate, *, first, last, **_):
    """The visits that came or went in these days, in their order."""
    return Table(f"临停 {first} 至 {last}", HEADER, _rows(_between(estate, first, last)), {1: 12, 3: 20, 5: 20, 9: 30})


def _between(estate, first, last):
    start, over = day_bounds(first)[0], day_bounds(last)[1]
    return Visit.objects.of(estate).filter(Q(day__gte=first, day__lte=last) | Q(entry_at__gte=start, entry_at__lt=over))


def _rows(visits):
    for v in with_voids(visits).select_related("left_by").order_by("pk").iterator(chunk_size=1000):
        yield [v.pk, v.shown_plate, v.to_unit, _clock(v.entry_at), v.entry_gate, _clock(v.exit_at), v.exit_gate or "", v.seconds,
               v.get_rule_display() or "还在场", v.fee_reason or v.free_kind or "", None if v.fee is None else Decimal(v.fee).scaleb(-2),
               v.get_method_display() or "", v.left_by.name if v.left_by_id else "", "是" if v.reversed else ""]


def _clock(moment):
    return to_second(moment) if moment else ""
