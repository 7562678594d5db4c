"""Importing a register: upload, what was found, columns corrected, wrong rows as Excel, import; each long part is a job."""
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header

from households.forms.importing import ApplyForm, ColumnsForm, ForgetForm, UndoForm, UploadForm
from households.importing import uploads as work
from households.importing.expiring import EXPIRED
from households.importing.kinds import kind_of
from households.importing.memory import forget_layouts
from households.importing.reports import wrong_rows_workbook
from households.importing.undoing import queue_undo
from households.models import RegisterImport
from servicecentre.staff.access import may, needs

PER_PAGE, WRONG_PER_PAGE, MOST_WARNINGS = 50, 15, 20
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _import_of(request, pk):
    """An upload of a kind whose own right who asks has: the pages' right alone opens none."""
    rows = RegisterImport.objects.of(request.estate).select_related("job", "made_by", "applied_by", "undone_by")
    importing = get_object_or_404(rows, pk=pk)
    if not may(request, kind_of(importing.kind).right):
        raise PermissionDenied
    return importing


@needs("households.import_register")
def uploads(request):
    """Upload a register; earlier ones below."""
    return uploads_of(request, "register")


def uploads_of(request, code):
    """The page of a kind of list, whose own view has asked for the right."""
    kind = kind_of(code)
    form = UploadForm(request.POST, request.FILES, kind=kind) if request.method == "POST" else UploadForm(kind=kind)
    if request.method == "POST" and (importing := form.perform(work.receive, request.estate, kind=code, by=request.user)):
        return redirect(importing)
    rows = RegisterImport.objects.of(request.estate).filter(kind=code).newest_first()
    others = [other for name in settings.IMPORT_LISTS if name != code and may(request, (other := kind_of(name)).right)]
    return render(request, "households/import.html", {
        "form": form, "kind": kind, "others": others, "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))})


@needs("households.view_import")
def report(request, pk):
    """How far the work is, or what was found, or what came of it."""
    return _report(request, _import_of(request, pk))


def _report(request, importing, columns=None, form=None, undo=None):
    kind = kind_of(importing.kind)
    if importing.busy and not importing.job.ended:
        return render(request, "households/import_running.html", {"importing": importing, "kind": kind, "job": importing.job, "go_on": True})
    found, applied = importing.report, importing.applied_at is not None
    counts = importing.counts()
    columns = columns or ColumnsForm(mapping=importing.mapping, words=kind.words, initial={"handover_default": importing.handover_default})
    return render(request, "households/import_report.html", {
        "importing": importing, "kind": kind, "found": found, "counts": counts, "columns": columns, "applied": applied,
        "undo": undo or UndoForm(), "may_undo": importing.state == importing.State.APPLIED and may(request, "households.undo_import"),
        "forget": ForgetForm() if any(table["remembered"] for table in columns.tables) else None,
        "form": form or ApplyForm(initial={"plan_digest": importing.plan_digest}),
        "expired": importing.emptied_at and EXPIRED, "trouble": importing.words or (importing.job.words if importing.busy else ""),
        "may_apply": bool(not applied and found and importing.plan_digest and not found["obstacles"] and not importing.busy),
        "to_write": counts.get("created", 0) + counts.get("updated", 0),
        "left_out": [(table["sheet"], row) for table in columns.tables for row in table["rows"]
                     if not table["skipped"] and not row["taken"] and row["values"]],
        "page": Paginator((found or {}).get("errors", []), WRONG_PER_PAGE).get_page(request.GET.get("page")),
        "warnings": (found or {}).get("warnings", [])[:MOST_WARNINGS]})


@needs("households.view_import")
def read_again(request, pk):
    """Another dry run, with the columns as a person says they are."""
    importing = _import_of(request, pk)
    if request.method != "POST":
        return redirect(importing)
    form = ColumnsForm(request.POST, mapping=importing.mapping, words=kind_of(importing.kind).words)
    if form.perform(work.read_again, importing, by=request.user):
        return redirect(importing)
    return _report(request, importing, columns=form)


@needs("households.view_import")
def apply(request, pk):
    importing = _import_of(request, pk)
    if request.method != "POST":
        return redirect(importing)
    form = ApplyForm(request.POST)
    if form.perform(work.apply_register, importing, by=request.user):
        return redirect(importing)
    return _report(request, importing, form=form)


@needs("households.undo_import")
def undo(request, pk):
    """Take the whole import back, with a reason."""
    importing = _import_of(request, pk)
    if request.method != "POST":
        return redirect(importing)
    form = UndoForm(request.POST)
    if form.perform(queue_undo, importing, by=request.user):
        return redirect(importing)
    return _report(request, importing, undo=form)


@needs("households.view_import")
def forget(request, pk):
    """Forget what was remembered of this list's columns."""
    importing = _import_of(request, pk)
    if request.method == "POST":
        form = ForgetForm(request.POST)
        if form.perform(forget_layouts, importing, by=request.user):
            messages.success(request, "已忘掉这种表头的列，下次重新认。")
        else:
            messages.error(request, " ".join(form.non_field_errors()))
    return redirect(importing)


@needs("households.view_import")
def changes(request, pk):
    """What differs between the list and the register, old beside new."""
    importing = _import_of(request, pk)
    found = importing.report or {"changes": [], "changes_in_all": 0}
    return render(request, "households/import_changes.html", {
        "importing": importing, "found": found, "page": Paginator(found["changes"], PER_PAGE).get_page(request.GET.get("page"))})


@needs("households.view_import")
def wrong_rows(request, pk):
    """The wrong rows and the notes, as Excel."""
    importing = _import_of(request, pk)
    if not importing.report:
        messages.info(request, "还没有试导结果。")
        return redirect(importing)
    answer = HttpResponse(wrong_rows_workbook(importing), content_type=XLSX)
    answer["Content-Disposition"] = content_disposition_header(True, f"错误行 {importing.made_at:%Y%m%d}-{importing.pk}.xlsx")
    return answer
