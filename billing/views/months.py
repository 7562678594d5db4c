"""出账: preview of a month, the run, its undoing, who is left out, every line, Excel."""
from time import monotonic

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from billing import corrections, run
from billing.export import left_out_tables, preview_tables
from billing.forms.months import BillForm, MendForm, UndoForm
from billing.models import BillRun, Charge
from billing.preview import REASONS, left_out, left_out_summary, line_rows, preview
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import BillingMonth, now, today
from servicecentre.kit.sheets import workbook_bytes
from servicecentre.staff.access import may, needs

from .tables import signed, totals_table

ROWS = 50
BACK, AHEAD = 12, 3               # months offered before and after this one
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@needs("billing.view_run")
def show_run(request):
    return _page(request, _month(request))


@needs("billing.bill_month")
@require_POST
def bill_month(request):
    form = BillForm(request.POST)
    if done := form.perform(run.bill_month, request.estate, by=request.user):
        month = BillingMonth.of(done.period)
        if getattr(done, "added", done.count):
            messages.success(request, f"已出 {month.label}的账 {done.count} 笔，{yuan(done.total)} 元。{_settled(done)}")
        else:
            messages.info(request, f"{month.label}已经出过账，没有要补的，这次没有新增。")
        return redirect(_url(month))
    return _page(request, _posted_month(form), form=form)


@needs("billing.undo_run")
@require_POST
def undo_run(request, pk):
    row = get_object_or_404(BillRun.objects.of(request.estate), pk=pk)
    form = UndoForm(request.POST, estate=request.estate)
    month = BillingMonth.of(row.period)
    if done := form.perform(run.undo_run, row, by=request.user):
        messages.success(request, f"已撤销 {month.label}的出账 {getattr(done, 'undone', done.count)} 笔。改好以后可以再出一次。")
        return redirect(_url(month))
    return _page(request, month, undo_form=form, undo_of=row)


@needs("billing.mend_line")
@require_POST
def mend_line(request, pk):
    charge = get_object_or_404(Charge.objects.of(request.estate), pk=pk)
    form = MendForm(request.POST)
    if done := form.perform(corrections.mend_line, charge, by=request.user):
        messages.success(request, f"已更正 {charge.unit.code} {charge.shown_name} {charge.period:%Y-%m}，{yuan(done.amount)} 元。")
        return redirect(_url(_month(request)))
    messages.error(request, " ".join(form.non_field_errors()) or "没有更正，请刷新后再看。")
    return redirect(_url(_month(request)))


@needs("billing.view_run")
def show_left_out(request):
    """Every unit left out, with its reason; one reason by ``?reason=``."""
    month, reason = _month(request), request.GET.get("reason")
    rows = left_out(request.estate, month).select_related("building").order_by("sort", "pk")
    if reason in REASONS:
        rows = rows.filter(reason=reason)
    page = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    for unit in page:
        unit.words, unit.urgent, unit.to_do = REASONS[unit.reason]
    reasons = [{"code": code, "words": words, "number": number, "chosen": code == reason}
               for code, words, _, _, number, _ in left_out_summary(request.estate, month)]
    return render(request, "billing/run_left_out.html", {"month": month, "page": page, "reasons": reasons, "chosen": reason in REASONS})


@needs("billing.view_run")
def show_lines(request):
    """Every line of the month: billed and to be billed."""
    month = _month(request)
    page = Paginator(line_rows(request.estate, month), ROWS).get_page(request.GET.get("page"))
    return render(request, "billing/run_lines.html", {"month": month, "page": page})


@needs("billing.view_run")
def download_run(request):
    month = _month(request)
    return _excel(preview_tables(request.estate, month), f"{request.estate.slug}-{month}-bills.xlsx")


@needs("billing.view_run")
def download_left_out(request):
    month = _month(request)
    return _excel(left_out_tables(request.estate, month), f"{request.estate.slug}-{month}-left-out.xlsx")


def _page(request, month, form=None, undo_form=None, undo_of=None):
    begun = monotonic()
    shown = preview(request.estate, month)
    form = form or BillForm(initial={"month": month, "lacking": shown.lacking})
    for each in shown.runs:
        each.undo_form = undo_form if undo_of and each.pk == undo_of.pk else UndoForm(
            auto_id=f"id_%s_{each.pk}", estate=request.estate, buildings=shown.buildings)
    for each in shown.corrections:
        each.form, each.signed = MendForm(), signed(each.fen)
    tenths = max(1, round((monotonic() - begun) * 10))
    return render(request, "billing/run.html", {
        "shown": shown, "month": month, "before": month.previous, "months": _offered(month), "table": totals_table(shown), "form": form,
        "changes": [{"what": f"{what} {fee}", "number": number, "why": why, "fen": signed(fen)} for what, fee, number, why, fen in shown.changes],
        "may_bill": may(request, "billing.bill_month"), "may_undo": may(request, "billing.undo_run"),
        "may_mend": may(request, "billing.mend_line"), "made_at": now(), "seconds": f"{tenths // 10}.{tenths % 10}", **_words(shown)})


def _words(shown):
    """Sentences of the page that depend on where the month stands."""
    month, verb = f"{shown.month.year} 年 {shown.month.month} 月", "补出" if shown.made_count else "出"
    count = f" {shown.new_count} 笔" if shown.made_count else ""
    return {"button": f"{verb} {month}的账{count}",
            "late_words": f"应缴日仍是 {shown.due_on}，这次出的账从次日起逾期；首月的除外，不早于交付日后 7 天。",
            "no_before": f"{shown.month.previous.label}没有账单",
            **_foot(shown)}


def _foot(shown):
    """What the foot says where there is no button: nothing is left to bill, or somebody else does it."""
    if shown.new_count:
        return {"foot_words": f"{shown.new_count} 笔，{yuan(shown.new_total)} 元还没有出账", "foot_more": "由客服主管出账。"}
    return {"foot_words": f"已出 {shown.made_count} 笔，{yuan(shown.made_total)} 元" if shown.made_count else "没有要出的账",
            "foot_more": "没有要补的。没收款之前可以整批撤销。" if shown.made_count else "原因见上面的名单。"}


def _month(request):
    """The month asked for; a wrong one is this month, or the next when this one is billed."""
    try:
        return BillingMonth.parse(request.GET.get("month", ""))
    except ValidationError:
        this = BillingMonth.of(today())
        billed = BillRun.objects.of(request.estate).filter(period=this.first, undone_at=None).exists()
        return this.next if billed else this


def _posted_month(form):
    return getattr(form, "cleaned_data", {}).get("month") or BillingMonth.of(today())


def _offered(month):
    this = BillingMonth.of(today())
    months = {this + n for n in range(-BACK, AHEAD + 1)} | {month}
    return [{"value": str(each), "chosen": each == month} for each in sorted(months, reverse=True)]


def _settled(done):
    fen = getattr(done, "settled", 0)
    return f"其中用预存 {yuan(fen)} 元。" if fen else ""


def _url(month):
    return f"{reverse('billing:run')}?month={month}"


def _excel(tables, name):
    return HttpResponse(workbook_bytes(tables), content_type=EXCEL, headers={"Content-Disposition": f'attachment; filename="{name}"'})
