"""One paper: state, frozen words, every print; its PDF; printing it again; voiding what stands alone."""
from csp.constants import SELF
from csp.decorators import csp_replace
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from servicecentre.kit.pdf import Busy
from servicecentre.kit.periods import now, today
from servicecentre.papers import printing
from servicecentre.papers.computers import computer_of
from servicecentre.papers.forms import ReprintForm, VoidForm
from servicecentre.papers.issuing import reprint_paper
from servicecentre.papers.issuing import void_alone as void_act
from servicecentre.papers.kinds import KINDS
from servicecentre.papers.models import Paper, Print
from servicecentre.staff.access import may, needs


@needs("papers.view_paper")
@require_GET
def paper(request, pk):
    """One paper: state, frozen words, every print."""
    return _paper_page(request, _paper(request, pk))


def _paper(request, pk):
    rows = Paper.objects.of(request.estate).select_related("issued_by", "voided_by", "void_asked_by", "replaces", "undone_by")
    return get_object_or_404(rows, pk=pk)


def _paper_page(request, paper, form=None, void_form=None):
    kind = KINDS[paper.kind]
    prints = list(paper.prints.select_related("by"))
    for each in prints:
        each.paper = paper
        each.is_open = each.open_to(request.user, at=now())
    return render(request, "papers/paper.html", {
        "may_reprint": may(request, "papers.reprint_paper") and paper.intact and paper.edition, "may_view_numbers": may(request, "papers.view_numbers"),
        "paper": paper, "prints": prints, "form": form or ReprintForm(paper=paper), "replaced_by": list(paper.replaced_by.all()),
        "row": paper.row, "see": "看这笔业务" if paper.is_void else kind.see, "note": paper.note_on(today()),
        "void_form": void_form or (VoidForm() if kind.alone and not paper.is_void and may(request, "papers.void_alone") else None),
        "new": next((p for p in prints if p.is_open and str(p.n) == request.GET.get("print")), None)})


@needs("papers.view_paper")
@csp_replace({"frame-ancestors": [SELF]})                        # our own pages print it from a frame
@xframe_options_sameorigin
@require_GET
def show_pdf(request, pk, n):
    """The PDF of one print, for who printed it and for ten minutes; afterwards only 补打 brings paper (TRUST 9)."""
    paper = _paper(request, pk)
    which = get_object_or_404(Print.objects.of(request.estate).select_related("by"), paper=paper, n=n)
    if not (which.open_to(request.user, at=now()) and paper.intact and paper.edition):
        return render(request, "papers/closed.html", {"paper": paper, "print": which,
                                                      "may_reprint": may(request, "papers.reprint_paper")}, status=410)
    return pdf_answer(request, paper, which)


def pdf_answer(request, paper, which):
    """This print of the paper as PDF; the view that calls has asked whether it may be fetched."""
    try:
        pdf = printing.render(paper, which, address=request.build_absolute_uri("/"), computer=computer_of(request))
    except Busy:
        return render(request, "503.html", {"headline": "打印排队中", "reason": "前面还有几张在打，这张还没打出来。"}, status=503)
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


@needs("papers.void_alone")
@require_POST
def void_alone(request, pk):
    """作废 of a paper on which nothing hangs: a reason; its number stays taken."""
    paper = _paper(request, pk)
    form = VoidForm(request.POST)
    if done := form.perform(void_act, paper, by=request.user):
        messages.success(request, f"已作废 {done.number}，号码留着不再用。")
        return redirect(done)
    return _paper_page(request, paper, void_form=form)
