"""Importing a register: upload, what was found, columns corrected, wrong rows as Excel, import; each long part is a job."""
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header

from households.forms.importing import ApplyForm, ColumnsForm, UploadForm
from households.importing import uploads as work
from households.importing.reports import wrong_rows_workbook
from households.models import RegisterImport
from servicecentre.staff.access import needs

PER_PAGE, WRONG_PER_PAGE, MOST_WARNINGS = 50, 15, 20
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _import_of(request, pk):
    rows = RegisterImport.objects.of(request.estate).select_related("job", "made_by", "applied_by")
    return get_object_or_404(rows, pk=pk)


@needs("households.import_register")
def uploads(request):
    """Upload a register; earlier ones below."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if request.method == "POST" and (importing := form.perform(work.receive, request.estate, by=request.user)):
        return redirect(importing)
    rows = RegisterImport.objects.of(request.estate).newest_first()
    return render(request, "households/import.html", {"form": form, "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))})


@needs("households.import_register")
def report(request, pk):
    """How far the work is, or what was found, or what came of it."""
    return _report(request, _import_of(request, pk))


def _report(request, importing, columns=None, form=None):
    if importing.busy and not importing.job.ended:
        return render(request, "households/import_running.html", {"importing": importing, "job": importing.job, "go_on": True})
    found, applied = importing.report, importing.applied_at is not None
    counts = importing.counts()
    columns = columns or ColumnsForm(mapping=importing.mapping, initial={"handover_default": importing.handover_default})
    return render(request, "households/import_report.html", {
        "importing": importing, "found": found, "counts": counts, "columns": columns, "applied": applied,
        "form": form or ApplyForm(initial={"plan_digest": importing.plan_digest}),
        "trouble": importing.words or (importing.job.words if importing.busy else ""),
        "may_apply": bool(not applied and found and importing.plan_digest and not found["obstacles"] and not importing.busy),
        "to_write": counts.get("created", 0) + counts.get("updated", 0),
        "left_out": [(table["sheet"], row) for table in columns.tables for row in table["rows"]
                     if not table["skipped"] and not row["taken"] and row["values"]],
        "page": Paginator((found or {}).get("errors", []), WRONG_PER_PAGE).get_page(request.GET.get("page")),
        "warnings": (found or {}).get("warnings", [])[:MOST_WARNINGS]})


@needs("households.import_register")
def read_again(request, pk):
    """Another dry run, with the columns as a person says they are."""
    importing = _import_of(request, pk)
    if request.method != "POST":
        return redirect(importing)
    form = ColumnsForm(request.POST, mapping=importing.mapping)
    if form.perform(work.read_again, importing, by=request.user):
        return redirect(importing)
    return _report(request, importing, columns=form)


@needs("households.import_register")
def apply(request, pk):
    importing = _import_of(request, pk)
    if request.method != "POST":
        return redirect(importing)
    form = ApplyForm(request.POST)
    if form.perform(work.apply_register, importing, by=request.user):
        return redirect(importing)
    return _report(request, importing, form=form)


@needs("households.import_register")
def changes(request, pk):
    """What differs between the list and the register, old beside new."""
    importing = _import_of(request, pk)
    found = importing.report or {"changes": [], "changes_in_all": 0}
    return render(request, "households/import_changes.html", {
        "importing": importing, "found": found, "page": Paginator(found["changes"], PER_PAGE).get_page(request.GET.get("page"))})


@needs("households.import_register")
def wrong_rows(request, pk):
    """The wrong rows and the notes, as Excel."""
    importing = _import_of(request, pk)
    if not importing.report:
        messages.info(request, "还没有试导结果。")
        return redirect(importing)
    answer = HttpResponse(wrong_rows_workbook(importing.report), content_type=XLSX)
    answer["Content-Disposition"] = content_disposition_header(True, f"错误行 {importing.made_at:%Y%m%d}-{importing.pk}.xlsx")
    return answer
