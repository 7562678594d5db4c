"""A day in figures: its lines by kind, its money, its promises, what a manager said; for the review's page and for the paper."""
from datetime import timedelta
from itertools import groupby

from django.db.models import Count, Max, Min, Sum
from django.template.loader import render_to_string

from billing.models import Payment, PaymentPart
from servicecentre.kit.periods import WEEKDAYS, day_bounds, now
from servicecentre.worklog.forms import AREAS
from servicecentre.worklog.models import Entry, Promise, Review, Seal, spell
from servicecentre.worklog.seals import newest

NUMERALS = "一二三四五六七八九十"


def groups_of(entries):
    """[(area, its name, lines)] in the order of AREAS; what belongs to none of them stands last."""
    order = {area: place for place, (area, _) in enumerate(AREAS)}
    names = dict(AREAS)

    def area_of(entry):
        area = entry.act.partition(".")[0]
        return area if area in names else ""

    rows = sorted(entries, key=lambda entry: (order.get(area_of(entry), len(order)), entry.pk))
    return [(area, names.get(area, "其他"), list(lines)) for area, lines in groupby(rows, area_of)]


def money_of(estate, on):
    """What was taken by method, and the receipts' first and last number of the day, with the void ones."""
    day = Payment.objects.of(estate).filter(day=on)
    sums = PaymentPart.objects.of(estate).filter(payment__in=day.live()).values("method").annotate(fen=Sum("amount")).order_by("-fen")
    lines = [(PaymentPart.Method(row["method"]).label, int(row["fen"])) for row in sums]
    receipts = day.filter(paper__isnull=False)
    ends = receipts.aggregate(first=Min("paper__number"), last=Max("paper__number"), n=Count("pk"))
    void = list(receipts.exclude(voided_at=None).order_by("pk").values_list("paper__number", flat=True))
    return {"lines": lines, "total": sum(fen for _, fen in lines), "void": void, **ends}


def promises_of(estate, on):
    """What was due that day: how many kept in time, and those late or still open, each with how it stands."""
    start, end = day_bounds(on)
    due = list(Promise.objects.of(estate).filter(due_at__gte=start, due_at__lt=end).select_related("made_by", "kept_by", "given_to").due_first())
    moment = now()
    for promise in due:
        late = (promise.kept_at or moment) - promise.due_at
        promise.stands = ("ok", "ok", "办完") if promise.kept_at and late <= timedelta(0) else (
            ("warn", "warn", f"迟 {spell(late)}") if promise.kept_at else
            ("bad", "bad", "没办完") if late > timedelta(0) else ("idle", "clock", "没到时间"))
    bad = [p for p in due if p.stands[0] in ("warn", "bad")]
    return {"due": due, "rows": bad, "n": len(due), "kept": sum(p.stands[0] == "ok" for p in due),
            "late": sum(p.stands[0] == "warn" for p in due), "open": sum(p.kept_at is None for p in due)}


def paper_of(estate, on):
    """The HTML of the day's paper (FORMS 6.9, design/papers/daylog); the seal's code stands at the foot of each page."""
    entries = list(Entry.objects.of(estate).on(on).for_reading().order_by("pk"))
    seal = Seal.objects.of(estate).filter(day__gte=on).select_related("by").order_by("day").first()
    groups = [(NUMERALS[place], name, lines) for place, (_, name, lines) in enumerate(groups_of(entries))]
    return render_to_string("worklog/papers/daylog.html", {
        "estate": estate, "on": on, "weekday": WEEKDAYS[on.weekday()], "groups": groups, "count": len(entries),
        "people": "、".join(dict.fromkeys(entry.by.name for entry in entries)), "seal": seal, "newest": newest(estate),
        "exceptions": sum(entry.exception is not None for entry in entries), "urgent": sum(entry.urgent for entry in entries),
        "money": money_of(estate, on), "promises": promises_of(estate, on),
        "comments": list(Review.objects.of(estate).filter(day=on).exclude(words="").select_related("by", "entry", "task__given_to").order_by("pk")),
        "after": [NUMERALS[len(groups) + place] for place in range(2)]})
