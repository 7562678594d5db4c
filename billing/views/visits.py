"""临停: the guard's phone page with its keypad, the exit and its slip; the records, what was taken, the reversal (design 28c)."""
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing import visit_lists, visits
from billing.forms.visits import EnterForm, LeaveForm, PlateSearch, VisitsExportForm, VisitsFilter, VoidFeeForm, WithoutEntryForm
from billing.models import Visit
from households.views.exporting import export_page
from households.views.pages import done, form_page
from servicecentre.kit.identity import bare_plate
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import today
from servicecentre.staff.access import may, needs

PER_PAGE, MOST_FOUND = 50, 20


@needs("billing.view_gate")
@require_GET
def gate(request):
    """The keypad: a plate, in or out."""
    return _gate_page(request, _form(request, EnterForm))


def _gate_page(request, form, status=200, part=""):
    paid, free = visit_lists.own_counts(request.estate, request.user, today())
    return render(request, "billing/visits/gate.html", {
        "form": form, "part": part, "inside": Visit.objects.of(request.estate).inside().count(), "paid": paid, "free": free,
        "may_enter": may(request, "billing.enter_visit"), "may_leave": may(request, "billing.leave_visit")}, status=status)


def _form(request, form, data=None, **more):
    """A form of the gate, standing where this person stood last."""
    user = request.user
    last = Visit.objects.of(request.estate).filter(Q(entered_by=user) | Q(left_by=user)).newest_first().first()
    stood = last and (last.exit_gate if last.left_by_id == user.pk else last.entry_gate)
    return form(data, gates=visits.gates(request.estate), gate=stood, **more)


@needs("billing.enter_visit")
@require_POST
def enter_visit(request):
    form = _form(request, EnterForm, request.POST)
    if visit := form.perform(visits.enter_visit, request.estate, by=request.user):
        return done(request, f"{visit.shown_plate} 已进场。", reverse("billing:gate"))
    return _gate_page(request, form)


@needs("billing.leave_visit", reads=True)
@require_POST
def find_leaving(request):
    """Who of those inside has this in its plate: one is opened, several are listed, none was not written down."""
    part = _part(request.POST.get("plate", ""))
    found = list(Visit.objects.of(request.estate).inside().of_plate_part(part).newest_first()[:MOST_FOUND + 1]) if part else []
    if not part:
        form = _form(request, EnterForm)
        messages.warning(request, "先输车牌，后几位也行。")
        return _gate_page(request, form)
    if len(found) == 1:
        return redirect("billing:leave_visit", found[0].pk)
    if found:
        return render(request, "billing/visits/found.html", {"found": found[:MOST_FOUND], "more": len(found) > MOST_FOUND, "part": part})
    form = _form(request, WithoutEntryForm, kinds=visits.free_kinds(request.estate), initial={"plate": part})
    return _leaving_page(request, form, None)


def _part(text):
    """Letters and figures of a plate's part, at most as many as a plate has."""
    return "".join(sign for sign in bare_plate(text) if sign.isalnum())[:12]


@needs("billing.leave_visit")
@require_http_methods(["GET", "HEAD", "POST"])
def leave_visit(request, pk):
    """What the stay costs now; the sum shown is the sum taken."""
    visit = _visit(request, pk)
    if visit.exit_at and request.method != "POST":
        return redirect(visit)
    form = _form(request, LeaveForm, request.POST if request.method == "POST" else None, kinds=visits.free_kinds(request.estate))
    if request.method == "POST":
        by_hand = form.by_hand and not request.POST.get("free_kind")
        if left := form.perform(visits.leave_by_hand if by_hand else visits.leave_visit, visit, by=request.user):
            return _left(request, left)
        visit = _visit(request, pk)
    return _leaving_page(request, form, visit)


@needs("billing.leave_without_entry")
@require_POST
def leave_without_entry(request):
    form = _form(request, WithoutEntryForm, request.POST, kinds=visits.free_kinds(request.estate))
    if left := form.perform(visits.leave_without_entry, request.estate, by=request.user):
        return _left(request, left)
    return _leaving_page(request, form, None)


def _left(request, visit):
    return done(request, f"{visit.shown_plate} 放行，{visits.paid_words(visit)}。", visit)


def _leaving_page(request, form, visit):
    """``visit`` None: nobody wrote it down when it came."""
    cost = visits.quote(request.estate, visit and visit.entry_at, visits.this_second())
    return render(request, "billing/visits/leave.html", {
        "form": form, "visit": visit, "cost": cost._replace(price=None), "stay": visits.stay_text(cost.seconds), "kinds": visits.free_kinds(request.estate),
        "rule": rule_words(cost.rule, cost.price, cost.times), "gone": bool(visit and visit.exit_at),
        "action": reverse("billing:leave_visit", args=[visit.pk]) if visit else reverse("billing:leave_without_entry")})


def rule_words(rule, price, times):
    """The rule in words: 「1 到 12 小时，每次 5.00 元」."""
    if rule == Visit.Rule.FREE:
        return "不足 1 小时，免费"
    if price is None:
        return "手工填费用和原因"
    once = yuan(visits.fee_of(1, price.unit_price))
    return f"1 到 12 小时，每次 {once} 元" if rule == Visit.Rule.TIER else f"超过 12 小时，{times} 次，每次 {once} 元"


@needs("billing.view_visits")
@require_GET
def visit(request, pk):
    """One visit: the slip, how it was reckoned, and its reversal."""
    row = _visit(request, pk)
    void = row.voids.select_related("by").first()
    return render(request, "billing/visits/visit.html", {
        "visit": row, "void": void, "void_goes": void and visits.goes_words(void), "how": how(row),
        "may_leave": not row.exit_at and may(request, "billing.leave_visit"), "may_gate": may(request, "billing.view_gate"),
        "may_void": row.fee and void is None and row.left_by_id != request.user.pk and may(request, "billing.void_visit_fee")})


def how(row):
    """Sentences of 怎么算, from what the visit has frozen."""
    if row.exit_at is None:
        return ["还在场，出场时才算。"]
    if row.rule == Visit.Rule.HAND:
        return [f"没有规则可算，手工填 {yuan(row.fee)} 元，原因：{row.fee_reason}。"]
    if row.rule == Visit.Rule.FREE:
        return [f"免费：{row.free_kind}。"]
    once = yuan(visits.fee_of(1, row.unit_price))
    full = visits.fee_of(row.times, row.unit_price)
    words = [f"停 {row.stay}，{rule_words(row.rule, row.price, row.times)}。", f"{once} 元 × {row.times} 次 = {yuan(full)} 元。"]
    if row.fee < full:
        words.append(f"一次最多收 {yuan(row.cap)} 元，收 {yuan(row.fee)} 元。")
    if row.rule == Visit.Rule.OVER:
        words.append(f"超过 12 小时的：{row.get_over_rule_display()}。")
    return [*words, f"单价：{row.price.starts_on} 起执行，依据 {row.price.basis}。"]


@needs("billing.view_visits", reads=True)
@require_http_methods(["GET", "HEAD", "POST"])
def show_visits(request):
    """A day's visits, or, by POST, those of any day with this in their plate."""
    form, search = VisitsFilter({"on": today().isoformat()} | request.GET.dict()), PlateSearch(request.POST or None)
    form.is_valid()
    chosen, day = form.cleaned_data, form.cleaned_data.get("on") or today()
    if request.method == "POST" and search.is_valid():
        rows = Visit.objects.of(request.estate).of_plate_part(_part(search.cleaned_data["part"]))
    elif chosen.get("show") == "inside":
        rows = Visit.objects.of(request.estate).inside()
    else:
        rows = visit_lists.shown(visit_lists.of_day(request.estate, day), show=chosen.get("show"), method=chosen.get("method"))
    rows = visit_lists.with_voids(rows).select_related("left_by").newest_first()
    return render(request, "billing/visits/visits.html", {
        "form": form, "search": search, "day": day, "counts": visit_lists.counts(request.estate, day), "searched": search.is_bound,
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))})


@needs("billing.view_visit_takings")
@require_GET
def visit_takings(request):
    """What each person took at the gate that day, by method; the shift's counting comes on this."""
    form = VisitsFilter({"on": today().isoformat()} | request.GET.dict())
    form.is_valid()
    day = form.cleaned_data.get("on") or today()
    lines, sums, total = visit_lists.takings(request.estate, day)
    return render(request, "billing/visits/takings.html", {"form": form, "day": day, "lines": lines, "sums": sums, "total": total,
                                                           "methods": Visit.Method.labels})


@needs("billing.void_visit_fee")
def void_visit_fee(request, pk):
    row = _visit(request, pk)
    form = VoidFeeForm(request.POST or None)
    if request.method == "POST" and (void := form.perform(visits.void_visit_fee, row, by=request.user)):
        return done(request, f"已冲回 {yuan(void.fee)} 元，{visits.goes_words(void)}。", row)
    return form_page(request, form, title=f"冲回{row} {row.shown_plate}", button=f"冲回 {yuan(row.fee or 0)} 元", busy="正在冲回，请稍等", back=row,
                     about="当天的从收款里退，过了当天从备用金退；原来的记录不变")


@needs("billing.export_visits")
def export_visits(request):
    return export_page(
        request, lambda data: VisitsExportForm(data, initial={"first": today().replace(day=1), "last": today()}), visit_lists.log_visits_export,
        lambda form: [visit_lists.visits_table(request.estate, **form.act_fields())],
        name=lambda form: "临停 {slug} {first} {last}.xlsx".format(slug=request.estate.slug, **form.act_fields()),
        title="导出临停", back=reverse("billing:visits"), about="一笔一行：车牌、进出、停车秒数、规则、收费。导出列入「查看记录」和当天要看的例外。")


def _visit(request, pk):
    return get_object_or_404(Visit.objects.of(request.estate).select_related("left_by", "entered_by", "price", "shift"), pk=pk)
