"""打印台: every number of every series with its state, what is missing, what comes next."""
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.shortcuts import render
from django.views.decorators.http import require_GET

from servicecentre.papers.forms import NumbersForm
from servicecentre.papers.numbers import counted, papers_of, people_of
from servicecentre.staff.access import may, needs

PER_PAGE = 50


@needs("papers.view_numbers")
@require_GET
def numbers(request):
    """One series, the receipts of the newest year unless another is asked for; whether a number is missing is counted."""
    every = counted(request.estate)
    form = NumbersForm(request.GET, series=[row.series for row in every], people=people_of(request.estate))
    shown = chosen(every, form.cleaned_data)
    state = form.cleaned_data.get("state")
    rows = [] if shown is None else shown.missing_numbers if state == "missing" else papers_of(shown.series, form.cleaned_data)
    kinds = {}
    for row in every:
        kinds.setdefault(row.series.kind, [row.series.kind_label, 0])[1] += row.issued
    return render(request, "papers/numbers.html", {
        "form": form, "shown": shown, "series": shown and shown.series, "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "only_missing": state == "missing", "kinds": [(kind, *words) for kind, words in kinds.items()],
        "years": [(row.series.year, f"{row.series.year} 年") for row in every if shown and row.series.kind == shown.series.kind],
        "gaps": [row for row in every if row.missing], "next": _newest(every), "query": urlencode(form.query),
        "may_batch": may(request, "papers.view_batches") and state != "missing",
        "may_view_paper": may(request, "papers.view_paper"), "may_reprint": may(request, "papers.reprint_paper")})


def chosen(every, clean):
    """The series asked for; the receipts of the newest year when nothing sensible is asked."""
    kind = clean.get("kind") or "SJ"
    fits = [row for row in every if row.series.kind == kind] or ([] if clean.get("kind") else every)
    return next((row for row in fits if clean.get("year") in (None, row.series.year)), fits[0] if fits else None)


def _newest(every):
    """The newest year's series of each kind."""
    newest = {}
    for row in every:
        newest.setdefault(row.series.kind, row)
    return list(newest.values())
