"""出批量: which papers, how many, the job that makes them one PDF, and taking it out once."""
from csp.constants import SELF
from csp.decorators import csp_replace
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from servicecentre.kit.periods import now, today
from servicecentre.papers import batches as acts
from servicecentre.papers.computers import computer_of
from servicecentre.papers.forms import BatchForm, NumbersForm, TakeForm
from servicecentre.papers.models import Batch
from servicecentre.papers.numbers import people_of
from servicecentre.staff.access import may, needs

SHOWN = 20                                # batches below the form, papers of the choice


@needs("papers.view_batches")
@require_GET
def batches(request):
    """Today's receipts that are not void, unless others are asked for."""
    asked = request.GET if request.GET else {"first": today().isoformat(), "last": today().isoformat(), "state": "live"}
    return _page(request, asked)


def _page(request, asked, form=None, unclear=False):
    series = acts.series_to_print(request.estate)
    people = list(people_of(request.estate))
    chosen = NumbersForm(asked, series=series, people=people, missing=False)
    clean = {name: value for name, value in chosen.cleaned_data.items() if name in ("first", "last", "state", "who", "year")}
    kind = chosen.cleaned_data.get("kind") or (series[0].kind if series else None)
    if series and "SJ" in (each.kind for each in series) and not chosen.cleaned_data.get("kind"):
        kind = "SJ"
    chosen.initially(kind)
    papers = acts.papers_for(request.estate, kind, clean) if kind else None
    count = papers.count() if kind else 0
    hidden = {name: value for name, value in chosen.query.items() if name in BatchForm.not_for_act}
    if form:                                                  # shown again over what there is now, so that it can be sent again
        form.data = form.data.copy()
        form.data["expected"] = count
    form = form or (BatchForm(kind=kind, initial={**hidden, "kind": kind, "expected": count}) if kind else None)
    rows = Batch.objects.of(request.estate).select_related("made_by", "job").order_by("-pk")[:SHOWN]
    for row in rows:
        row.is_waiting = row.is_kept(at=now()) and row.taken_at is None
    return render(request, "papers/batches.html", {
        "chosen": chosen, "kind": kind, "count": count, "most": acts.MOST, "papers": papers.select_related("issued_by")[:SHOWN] if kind else [],
        "shown": SHOWN, "form": form, "rows": rows, "may_print": may(request, "papers.print_batch"),
        "sheet": computer_of(request), "unclear": unclear})


@needs("papers.print_batch")
@require_POST
def print_batch(request):
    """Queue the batch that the page showed: the same filter, its count, which 联, and why."""
    series = acts.series_to_print(request.estate)
    people = list(people_of(request.estate))
    chosen = NumbersForm(request.POST, series=series, people=people, missing=False)
    clean, kind = chosen.cleaned_data, chosen.cleaned_data.get("kind")
    if not kind or chosen.errors:                             # never print others than those that were shown
        return _page(request, request.POST, unclear=True)
    form = BatchForm(request.POST, kind=kind)
    asked = {name: clean.get(name) for name in ("year", "first", "last", "state", "who")}
    name = next((name for pk, name in people if str(pk) == clean.get("who")), "")
    if batch := form.perform(acts.print_batch, request.estate, kind=kind, asked=asked, by=request.user, computer=computer_of(request),
                             words=acts.words_for(kind, clean.get("year"), asked, name), address=request.build_absolute_uri("/")):
        return redirect(batch)
    return _page(request, request.POST, form=form)


def _batch(request, pk):
    return get_object_or_404(Batch.objects.of(request.estate).select_related("made_by", "job"), pk=pk)


@needs("papers.view_batches")
@require_GET
def batch(request, pk):
    return _batch_page(request, _batch(request, pk))


def _batch_page(request, batch, form=None, failed="没有取出"):
    at = now()
    mine = batch.made_by_id == request.user.pk
    return render(request, "papers/batch.html", {
        "batch": batch, "job": batch.job, "mine": mine, "form": form or TakeForm(), "failed": failed, "is_open": batch.open_to(request.user, at=at),
        "may_take": mine and batch.taken_at is None and batch.is_kept(at=at), "is_over": batch.ended_at and not batch.is_kept(at=at),
        "may_stop": mine and batch.ended_at is None and batch.job and not batch.job.ended and batch.job.stop_at is None and may(request, "papers.print_batch"),
        "printing": request.GET.get("print") == "1" and batch.open_to(request.user, at=at)})


@needs("papers.print_batch")
@require_POST
def take_batch(request, pk):
    """取出打印: the ten minutes begin; the PDF is printed from a frame at once."""
    batch = _batch(request, pk)
    form = TakeForm(request.POST)
    if form.perform(acts.take_batch, batch, by=request.user):
        return redirect(f"{batch.get_absolute_url()}?print=1")
    return _batch_page(request, batch, form)


@needs("papers.print_batch")
@require_POST
def stop_batch(request, pk):
    """停止: the making ends; its prints stay counted, and the page says so."""
    batch = _batch(request, pk)
    form = TakeForm(request.POST)
    if form.perform(acts.stop_batch, batch, by=request.user):
        return redirect(batch)
    return _batch_page(request, batch, form, failed="没有停止")


@needs("papers.view_batches")
@csp_replace({"frame-ancestors": [SELF]})                        # our own pages print it from a frame
@xframe_options_sameorigin
@require_GET
def batch_pdf(request, pk):
    """The whole PDF, for who made it and for ten minutes from taking it out."""
    batch = _batch(request, pk)
    if not batch.open_to(request.user, at=now()):
        return render(request, "papers/batch.html", {"batch": batch, "job": batch.job, "mine": batch.made_by_id == request.user.pk,
                                                     "form": TakeForm(), "closed": True}, status=410)
    try:
        file = open(batch.path, "rb")
    except FileNotFoundError:
        raise Http404("这一批的文件已经清掉了。") from None
    return FileResponse(file, content_type="application/pdf", filename=f"batch-{batch.pk}.pdf")
