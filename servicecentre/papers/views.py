"""Pages of papers: every number with its state, one paper, its PDF, printing again, and what a scanned code says."""
from csp.constants import SELF
from csp.decorators import csp_replace
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from servicecentre.kit.pdf import Busy
from servicecentre.kit.periods import now
from servicecentre.kit.snapshot import snapshot
from servicecentre.roles import RIGHTS
from servicecentre.staff.access import may, needs

from . import printing
from .forms import NumbersForm, ReprintForm
from .issuing import paper_of_mark, reprint_paper
from .models import Paper, Print, Series

PER_PAGE = 50


@needs("papers.view_numbers")
@require_GET
def numbers(request):
    """Every number of one series with its state, newest first; whether one is missing is counted, not believed."""
    every = list(Series.objects.of(request.estate).order_by("kind", "-year"))
    form = NumbersForm(request.GET, series=every)
    form.is_valid()
    series = _chosen(every, form.cleaned_data)
    papers = _filtered(series, form.cleaned_data) if series else []
    page = Paginator(papers, PER_PAGE).get_page(request.GET.get("page"))
    count = series.count() if series else {}
    return render(request, "papers/numbers.html", {
        "form": form, "series": series, "page": page, "count": count, "may_view_paper": may(request, "papers.view_paper"),
        "missing": [series.number(serial) for serial in count["missing"][:10]] if series else [],
        "kinds": form.fields["kind"].choices, "years": [(s.year, f"{s.year} 年") for s in every if series and s.kind == series.kind]})


def _chosen(every, clean):
    """The series asked for; the receipts of the newest year when nothing sensible is asked."""
    def fits(series):
        return (clean.get("kind") or "SJ") == series.kind and clean.get("year") in (None, series.year)
    return next(filter(fits, every), next((s for s in every if not clean.get("kind") or s.kind == clean["kind"]), None))


def _filtered(series, clean):
    papers = series.papers().select_related("issued_by").annotate(times=Count("prints")).newest_first()
    if clean.get("state"):
        papers = papers.filter(voided_at__isnull=clean["state"] == "live")
    if number := clean.get("number", "").strip().upper():
        papers = papers.filter(number__endswith=number.rpartition("-")[2])
    return papers


@needs("papers.view_paper")
@require_GET
def paper(request, pk):
    """One paper: state, frozen words, every print."""
    return _paper_page(request, _paper(request, pk))


def _paper(request, pk):
    rows = Paper.objects.of(request.estate).select_related("issued_by", "voided_by", "void_asked_by", "replaces", "undone_by")
    return get_object_or_404(rows, pk=pk)


def _paper_page(request, paper, form=None):
    prints = list(paper.prints.select_related("by"))
    for each in prints:
        each.paper = paper
        each.is_open = each.open_to(request.user, at=now())
    return render(request, "papers/paper.html", {
        "may_reprint": may(request, "papers.reprint_paper"), "may_view_numbers": may(request, "papers.view_numbers"),
        "paper": paper, "prints": prints, "form": form or ReprintForm(paper=paper), "replaced_by": list(paper.replaced_by.all()),
        "new": next((p for p in prints if p.is_open and str(p.n) == request.GET.get("print")), None)})


@needs("papers.view_paper")
@csp_replace({"frame-ancestors": [SELF]})                        # our own pages print it from a frame
@xframe_options_sameorigin
@require_GET
def show_pdf(request, pk, n):
    """The PDF of one print, for who printed it and for ten minutes; afterwards only 补打 brings paper (TRUST 9)."""
    paper = _paper(request, pk)
    which = get_object_or_404(Print.objects.of(request.estate).select_related("by"), paper=paper, n=n)
    if not (which.open_to(request.user, at=now()) and paper.intact):
        return render(request, "papers/closed.html", {"paper": paper, "print": which,
                                                      "may_reprint": may(request, "papers.reprint_paper")}, status=410)
    try:
        pdf = printing.render(paper, which, address=request.build_absolute_uri("/"))
    except Busy:
        return render(request, "503.html", {"headline": "打印排队中", "reason": "前面还有几张在打,这张还没打出来。"}, status=503)
    return HttpResponse(pdf, content_type="application/pdf",
                        headers={"Content-Disposition": f'inline; filename="{paper.number}-{which.n}.pdf"'})


@needs("papers.reprint_paper")
@require_POST
def reprint(request, pk):
    """补打: a reason, a new Print, and its PDF at once."""
    paper = _paper(request, pk)
    form = ReprintForm(request.POST, paper=paper)
    if again := form.perform(reprint_paper, paper, by=request.user):
        return redirect(f"{paper.get_absolute_url()}?print={again.n}")
    return _paper_page(request, paper, form)


@login_not_required
@require_http_methods(["GET", "HEAD"])
def mark(request, mark):
    """What a scanned code says: to staff of its estate the stored paper and its state, to others the centre's phone (TRUST T7)."""
    with snapshot():
        try:
            paper = paper_of_mark(mark)
        except ValidationError as error:
            return render(request, "papers/mark.html", {"wrong": error.messages[0]}, status=404)
        roles = request.user.roles_at(paper.estate) if paper and request.user.is_authenticated else frozenset()
        return render(request, "papers/mark.html", {
            "page_url": paper and f"{paper.estate.get_absolute_url()}papers/{paper.pk}/",
            "paper": paper if roles else None, "phone": paper.estate.phone if paper else "", "unknown": paper is None,
            "figures": bool(RIGHTS["papers.view_paper"].roles & roles)}, status=200 if paper else 404)
