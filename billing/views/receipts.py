"""Voiding receipts: ask, see what it will do, decide; and what came of it (DOMAIN §2 Receipt, TRUST T25)."""
from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing import receipts
from billing.explain import lines_of, open_lines
from billing.forms.counter import AskVoidForm, RefuseVoidForm
from billing.models import Payment, PaymentPart, ReceiptVoid
from billing.slips import by_charge, ways_text
from households.find import unit_of
from households.models import Household
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.money import plain_yuan
from servicecentre.kit.periods import now, today
from servicecentre.kit.text import parse_room
from servicecentre.staff.access import may, needs

PER_PAGE, WEEK = 50, timedelta(days=7)
GOES = ReceiptVoid.Goes


@needs("billing.ask_void")
@require_http_methods(["GET", "HEAD", "POST"])
def ask_void(request, pk):
    """Ask for a void. With 改正后重开 the lines of another household are looked up by a button that asks nothing yet."""
    payment = get_object_or_404(_payments(request), pk=pk)
    household, room_error = _reissued_household(request, payment)
    looking = "look" in request.POST
    ticked = None if request.method != "POST" or looking else {int(pk) for pk in request.POST.getlist("charges") if pk.isascii() and pk.isdigit()}
    lines = _lines_after(payment, household, ticked)
    form = AskVoidForm(request.POST or None, goes=_ways_out(request, payment), lines=[line.charge for line in lines], initial={
        "goes": GOES.BACK if payment.day == today() else GOES.CREDIT, "copies": ["customer", "stub", "ledger"], "room": household.unit.code,
        "total": payment.total, "payer_name": payment.payer_name, "payer_relation": payment.payer_relation,
        "remarks": payment.remarks, **_parts_as_typed(payment)})
    if request.method == "POST" and room_error and (looking or request.POST.get("goes") == GOES.REISSUE):
        form.add_error("room", room_error)
    elif request.method == "POST" and not looking and (void := _ask(form, payment, household, request.user)):
        messages.success(request, f"已申请作废收据 {payment}，等别的主管批准。收据在批准以前仍然有效。")
        return redirect(void)
    if looking and not room_error:
        form.errors.clear()
    return render(request, "billing/ask_void.html", {
        "payment": payment, "form": form, "lines": lines, "household": household, "ways": ways_text(payment), "later": list(receipts.settled_later(payment)),
        "waiting": payment.voids.filter(approved=None).select_related("asked_by").first()})


def _ask(form, payment, household, by):
    if not form.is_valid():
        return None
    reissue = None
    clean = form.cleaned_data
    if clean["goes"] == GOES.REISSUE:
        reissue = {"household": household.pk, "charges": clean["charges"], "parts": clean["parts"], "tendered": clean["tendered"],
                   "payer_name": clean["payer_name"], "payer_relation": clean["payer_relation"], "remarks": clean["remarks"]}
    return form.perform(receipts.ask_void, payment, reissue=reissue, by=by)


def _ways_out(request, payment):
    """Cash back only on the day it was taken; a new receipt only by who may be its cashier."""
    return [(code, label) for code, label in GOES.choices
            if (code != GOES.BACK or payment.day == today()) and (code != GOES.REISSUE or may(request, "billing.collect_payment"))]


def _reissued_household(request, payment):
    """(household, what is wrong with the room typed): the receipt's own where none was."""
    text = request.POST.get("room", "").strip()
    if not text:
        return payment.household, None
    try:
        unit = unit_of(request.estate, parse_room(text))
    except ValidationError as error:
        return payment.household, error.messages[0]
    if unit is not None and unit.pk == payment.household.unit_id:
        return payment.household, None
    found = unit and (unit.household_on(today()) or unit.households.live().order_by("-serial").first())
    return (found, None) if found else (payment.household, "没有这一户，请核对房号")


def _parts_as_typed(payment):
    """The receipt's own ways of paying, so that only what was wrong is typed again."""
    parts = sorted(payment.parts.all(), key=lambda part: part.pk)
    sums = {f"part_{part.method}": part.amount for part in parts} if len(parts) > 1 else {}
    return {"method": parts[0].method, **sums, **{f"ref_{part.method}": part.reference for part in parts if part.reference}}


def _lines_after(payment, household, ticked=None):
    """The lines of a household as they will be unpaid once the receipt is void; ticked are its own, or all of another household's."""
    freed = dict(by_charge(receipts.settled_by(payment))) if household.pk == payment.household_id else {}
    rows = {charge.pk: charge for charge in open_lines(household, also=freed)}
    for charge, fen in freed.items():
        rows[charge.pk].paid -= fen
    if ticked is None and freed:
        ticked = {charge.pk for charge in freed}
    return lines_of(sorted(rows.values(), key=lambda c: (c.due_on, c.period, c.pk)), today(), ticked)


@needs("billing.view_voids")
@require_GET
def voids(request):
    """Every asking: those that wait first, then the decided ones, newest first."""
    every = ReceiptVoid.objects.of(request.estate).select_related(
        "payment__paper", "payment__household__unit__building", "payment__cashier", "asked_by", "decided_by", "paper", "reissued__paper")
    waiting = list(every.filter(approved=None).order_by("pk"))
    page = Paginator(every.exclude(approved=None).order_by("-decided_at", "-pk"), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "billing/voids.html", {"waiting": waiting, "page": page})


@needs("billing.view_voids")
@require_GET
def void(request, pk):
    """One asking, what it will do to the money, and who may decide."""
    return _void_page(request, _void(request, pk))


@needs("billing.void_receipt")
@require_POST
def void_receipt(request, pk):
    """Void it."""
    row = _void(request, pk)
    form = DeskForm(request.POST)
    if done := form.perform(receipts.void_receipt, row, by=request.user):
        messages.success(request, f"收据 {done.payment} 已作废，作废单 {done.paper}。{receipts.outcome(done)}。")
        return redirect(done)
    return _void_page(request, row, form=form)


@needs("billing.refuse_void")
@require_POST
def refuse_void(request, pk):
    """Let the receipt stand, and say why."""
    row = _void(request, pk)
    form = RefuseVoidForm(request.POST)
    if done := form.perform(receipts.refuse_void, row, by=request.user):
        messages.success(request, f"收据 {done.payment} 不作废，仍然有效；原因申请人在「收据作废」里看得到。")
        return redirect(done)
    return _void_page(request, row, refusal=form)


def _void(request, pk):
    return get_object_or_404(ReceiptVoid.objects.of(request.estate).select_related(
        "payment__paper", "payment__household__unit__building", "payment__cashier", "asked_by", "decided_by", "paper", "credit",
        "reissued__paper", "reissued__household__unit__building"), pk=pk)


def _void_page(request, void, form=None, refusal=None):
    payment = void.payment
    waiting = void.approved is None
    freed = list(receipts.settled_by(payment)) if waiting else []
    mine = [a for a in freed if a.receipt_id == payment.pk]
    return render(request, "billing/void.html", {
        "void": void, "payment": payment, "household": payment.household, "ways": ways_text(payment), "waiting": waiting,
        "form": form or DeskForm(auto_id=False), "refusal": refusal or RefuseVoidForm(), "outcome": receipts.outcome(void),
        "lines": by_charge(mine), "later": [a for a in freed if a.receipt_id != payment.pk],
        "used": sum(a.amount for a in mine if a.payment_id != payment.pk),
        "why_not": receipts.why_not(void, request.user) if may(request, "billing.void_receipt") else "由主管批准。",
        "may_refuse": may(request, "billing.refuse_void") and request.user.pk != void.asked_by_id,
        "again": _again(request, void), "others": _issued_near(request, void),
        "prints": [p for p in _first_prints(void) if p.open_to(request.user, at=now())]}, status=409 if form or refusal else 200)


def _again(request, void):
    """What the new receipt will say, and how far its sum is from the old one."""
    if not void.reissue:
        return None
    household = get_object_or_404(Household.objects.of(request.estate).select_related("unit__building"), pk=void.reissue["household"])
    total = sum(fen for _, fen, _ in void.reissue["parts"])
    chosen = void.reissue["charges"]
    after = _lines_after(void.payment, household) if void.approved is None else []
    lines = [line for line in after if chosen is None or line.charge.pk in chosen]
    due = sum(line.due for line in lines)
    return {"household": household, "total": total, "difference": total - void.payment.total, "lines": lines, "left": max(total - due, 0),
            "ways": "、".join(f"{PaymentPart.Method(method).label} {plain_yuan(fen)}" for method, fen, _ in void.reissue["parts"]),
            "payer": void.reissue["payer_name"], "same": household.pk == void.payment.household_id}


def _issued_near(request, void):
    """What else was written for this household within seven days: a lower receipt in its place would stand here (T25)."""
    day = void.payment.day
    rows = Payment.objects.of(request.estate).filter(household=void.payment.household, day__gte=day - WEEK, day__lte=day + WEEK)
    return list(rows.exclude(pk=void.payment_id).select_related("paper", "cashier").order_by("-pk")[:10])


def _first_prints(void):
    papers = [void.paper] + ([void.reissued.paper] if void.reissued else [])
    return [paper.prints.select_related("paper", "by").first() for paper in papers if paper]


def _payments(request):
    rows = Payment.objects.of(request.estate).select_related("household__unit__building", "household__estate", "paper", "cashier")
    return rows.prefetch_related("parts")
