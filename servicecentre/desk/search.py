"""One box: rooms, names, pinyin, phones, plates, numbers of papers. Posted, for what one looks for is personal data (TRUST T18)."""
import re

from django.db.models import F, Min, Sum
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from billing.models import Charge
from households import find
from servicecentre.kit.identity import mask_phone, show_plate
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import shown_date, today
from servicecentre.kit.text import narrow
from servicecentre.papers.models import Paper
from servicecentre.staff.access import may, needs

COLLECT = "billing:collect"                    # what a row opens when the box stands on a page of the till (`to`)
LONGEST = 60                                   # characters of a question
DROPPED, LISTED = 8, 30                        # answers under the box, on the page
_NUMBER = re.compile(r"([A-Z]{2})-?(?:([0-9]{4})-?)?0*([0-9]{1,6})")
_RUNNING = re.compile(r"0[0-9]{5}")            # six digits from the paper alone: this year's of any kind


@needs("desk.search", reads=True)
def search(request):
    """Under the box by htmx, else a page; one single answer is opened at once (a scanner's Enter)."""
    q = request.POST.get("q", "")[:LONGEST].strip()
    if request.htmx and not q:
        return HttpResponse("")
    found = find.find(request.estate, q, limit=DROPPED if request.htmx else LISTED) if q else find.Found([])
    papers = papers_of(request.estate, q) if may(request, "papers.view_paper") else []
    collecting = request.POST.get("to") == "collect" and may(request, "billing.collect_payment")
    if not request.htmx and len(found.hits) + len(papers) == 1 and not found.more:
        only = (found.hits or papers)[0]
        return redirect(COLLECT, only.household.pk) if collecting and found.hits and only.household else redirect(only)
    context = {"q": q, "groups": groups(request, found.hits, more=found.more, collecting=collecting), "papers": papers, "more": found.more,
               "count": len(found.hits) + len(papers)}
    return render(request, "desk/_search_results.html" if request.htmx else "desk/search.html", context)


def papers_of(estate, q):
    """The paper of that number: SJ-2026-004212, sj2026004212, SJ4212 (this year's); 004212 (this year's of each kind)."""
    asked = re.sub(r"\s", "", narrow(q)).upper()
    if _RUNNING.fullmatch(asked):
        return list(Paper.objects.of(estate).filter(year=today().year, serial=int(asked)).order_by("kind")[:DROPPED])
    if not (asked := _NUMBER.fullmatch(asked)):
        return []
    letters, year, serial = asked.groups()
    return list(Paper.objects.of(estate).filter(kind=letters, year=int(year or today().year), serial=int(serial)))


def groups(request, hits, *, more=False, collecting=False):
    """[(heading, rows)] in the order of the hits, each row with what matched marked, and where its money stands.

    With ``more`` the heading counts only those shown, and says so. ``collecting``: a row opens the till, not the household.
    """
    states = _states(request, [hit.household.pk for hit in hits if hit.household])
    collects = may(request, "billing.collect_payment")
    headed = {}
    for hit in hits:
        row = _row(hit, states, collects)
        if collecting and row["collect"]:
            row["url"] = row["collect"]
        headed.setdefault(find.KINDS[hit.kind], []).append(row)
    return [(f"{kind} · {'前 ' if more else ''}{len(rows)} {'处' if any(r['free'] for r in rows) else '户'}", rows) for kind, rows in headed.items()]


def _row(hit, states, collects):
    state = states.get(hit.household.pk, ("ok", "ok", "已缴清")) if hit.household and states is not None else None
    if hit.former:
        state = ("idle", "none", f"原业主，到 {shown_date(hit.household.ends_on)}")
    elif not hit.household:
        state = ("idle", "none", "没有业主")
    return {"url": hit.get_absolute_url(), "collect": reverse(COLLECT, args=[hit.household.pk]) if collects and hit.household else "",
            "room": marked(hit.unit.code, hit.asked if hit.kind == find.ROOM else ""), "who": _who(hit), "detail": _detail(hit),
            "state": state, "free": not hit.household}


def _who(hit):
    """「张雨萍 业主」 with what matched marked."""
    who = hit.who or (hit.people[0] if hit.people else None)
    if who is None:
        return [("", False)]
    name = {find.NAME: marked(who.name, hit.asked), find.PINYIN: [(who.name, True)]}.get(hit.kind, [(who.name, False)])
    return [*name, (f" {who.role}" if who.name else who.role, False)]


def _detail(hit):
    """The phone or plate that matched; else what tells this household from another."""
    who = hit.who or (hit.people[0] if hit.people else None)
    if hit.household is None:
        return [(hit.unit.get_kind_display(), False)]
    if hit.kind == find.PHONE and who:
        phone = next((phone for phone in who.phones if any(t.startswith(hit.asked) for t in find.phone_terms(phone))), "")
        return [("电话 ", False), *marked(mask_phone(phone), hit.asked)]
    if hit.kind == find.PLATE and hit.plate:
        return marked(show_plate(hit.plate), hit.asked)
    if who and who.role != "业主":
        return [(f"业主 {hit.household.owner_names}", False)]
    words = [f"电话 {mask_phone(who.phones[0])}" if who and who.phones[0] else "电话待补", *([show_plate(hit.plate)] if hit.plate else [])]
    return [(" · ".join(words), False)]


def marked(text, asked):
    """[(piece, is it what was asked)], blind to blanks, dashes and case between the two."""
    places = [place for place, character in enumerate(text) if character.isalnum()]
    bare, asked = "".join(text[place] for place in places).upper(), "".join(c for c in asked if c.isalnum()).upper()
    start = bare.find(asked) if asked else -1
    if start < 0:
        return [(text, False)]
    first, last = places[start], places[start + len(asked) - 1] + 1
    return [piece for piece in ((text[:first], False), (text[first:last], True), (text[last:], False)) if piece[0]]


def _states(request, households):
    """{household: (kind, icon, word)} of those that owe, in one query; None for who may not see money."""
    if not may(request, "billing.view_account"):
        return None
    day = today()
    rows = Charge.objects.of(request.estate).filter(household__in=households).unpaid().values("household").annotate(
        due=Sum(F("amount") - F("paid")), first=Min("due_on"))
    return {row["household"]: ("bad", "warn", f"欠 {yuan(int(row['due']))}") if row["first"] < day
            else ("idle", "clock", f"{shown_date(row['first'])} 前 {yuan(int(row['due']))}") for row in rows}
