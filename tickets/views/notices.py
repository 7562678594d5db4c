"""Pages of notices: those up and past, one notice with its paper, the acts on it."""
from csp.constants import SELF
from csp.decorators import csp_replace
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from households.views.pages import done, form_page
from servicecentre.kit.periods import now
from servicecentre.papers.forms import ReprintForm
from servicecentre.papers.issuing import reprint_paper
from servicecentre.papers.views.paper import pdf_answer
from servicecentre.papers.wordings import worded
from servicecentre.staff.access import may, needs
from tickets import notices
from tickets.forms.notices import ExtendForm, NoticeForm, TakeDownForm, value_of
from tickets.models import Notice, with_states

PER_PAGE, MOST_UP = 20, 100


@needs("tickets.view_notices")
@require_GET
def show_notices(request):
    """Those in force and to come, soonest first; below them the past ones."""
    at = now()
    rows = Notice.objects.of(request.estate).with_places().select_related("posted_by")
    page = Paginator(rows.past(at=at).newest_first(), PER_PAGE).get_page(request.GET.get("page"))
    up = with_states(list(rows.current(at=at).soonest_first()[:MOST_UP]), at)
    with_states(page.object_list, at)
    return render(request, "tickets/notices.html", {
        "up": up, "page": page, "kinds": Notice.Kind.choices if may(request, "tickets.post_notice") else []})


@needs("tickets.view_notices")
@require_GET
def show_notice(request, pk):
    return _notice_page(request, _notice(request, pk))


def _notice(request, pk):
    rows = Notice.objects.of(request.estate).with_places().select_related("posted_by", "down_by")
    return get_object_or_404(rows, pk=pk)


def _notice_page(request, notice, form=None, status=200):
    terms = list(notice.terms.select_related("paper", "by"))
    paper, at = terms[-1].paper, now()
    notice.state = notice.state_at(at)
    up = not notice.down_at
    return render(request, "tickets/notice.html", {
        "notice": notice, "terms": terms, "paper": paper, "print": _open_print(request, paper), "asked": request.GET.get("print"),
        "may_extend": up and at <= notice.ends_at + notices.AFTERWARDS and may(request, "tickets.extend_notice"),
        "may_take_down": up and at < notice.ends_at and may(request, "tickets.take_down_notice"),
        "may_post": not up and may(request, "tickets.post_notice"), "may_paper": may(request, "papers.view_paper"),
        "form": form or (ReprintForm(paper=paper) if up and paper.intact and may(request, "tickets.print_notice") else None)}, status=status)


def _open_print(request, paper):
    """The newest print of the paper that its maker may still fetch."""
    which = paper.prints.order_by("-n").select_related("by").first()
    if which is None or not paper.intact or not paper.edition or not may(request, "tickets.print_notice"):
        return None
    return which if which.open_to(request.user, at=now()) else None


@needs("tickets.post_notice")
def post_notice(request):
    """A new notice of the kind that the address names, with that kind's usual words to begin with."""
    kind = request.GET.get("kind")
    kind = Notice.Kind(kind if kind in Notice.Kind.values else Notice.Kind.WATER)
    form = NoticeForm(request.POST or None, estate=request.estate, initial={"words": worded(request.estate, f"notice_{kind}")})
    if request.method == "POST" and (made := form.perform(notices.post_notice, request.estate, kind=kind, by=request.user)):
        return _posted(request, made)
    return render(request, "tickets/post_notice.html", {"form": form, "kind": kind, "kinds": Notice.Kind.choices, "title": Notice.TITLES[kind],
                                                        "back": reverse("tickets:notices")})


@needs("tickets.post_notice")
def post_again(request, pk):
    """One that was taken down, set right and posted anew."""
    old = _notice(request, pk)
    fields = ("whole", "starts_at", "ends_at", "cause", "doer", "words")
    form = NoticeForm(request.POST or None, estate=request.estate, initial={field: getattr(old, field) for field in fields}
                      | {"places": [value_of(place) for place in old.places.all()]})
    if request.method == "POST" and (made := form.perform(notices.post_notice, request.estate, kind=old.kind, instead=old, by=request.user)):
        return _posted(request, made)
    return render(request, "tickets/post_notice.html", {"form": form, "kind": old.kind, "title": old.title, "instead": old, "back": old.get_absolute_url()})


def _posted(request, notice):
    return done(request, f"已张贴{notice.title}，打出来贴到每个单元门口。", f"{notice.get_absolute_url()}?print=1")


@needs("tickets.extend_notice")
def extend_notice(request, pk):
    row = _notice(request, pk)
    form = ExtendForm(request.POST or None, initial={"version": row.version})
    if request.method == "POST" and form.perform(notices.extend_notice, row, by=request.user):
        return done(request, f"{row.title}已延时。旧的一张作废，请撕下，换上新打的。", f"{row.get_absolute_url()}?print=1")
    return form_page(request, form, title=f"{row.title}延时", button="延时，开新的一张", busy="正在延时，请稍等", back=row,
                     about=f"{row.where} {row.span}，提早结束的请撤下")


@needs("tickets.take_down_notice")
def take_down_notice(request, pk):
    row = _notice(request, pk)
    form = TakeDownForm(request.POST or None, initial={"version": row.version})
    if request.method == "POST" and form.perform(notices.take_down_notice, row, by=request.user):
        return done(request, f"已撤下{row.title}，单据作废，请把贴出去的撕下。", row)
    return form_page(request, form, title=f"撤下{row.title}", button="撤下，单据作废", busy="正在撤下，请稍等", back=row, about=f"{row.where} {row.span}")


@needs("tickets.print_notice")
@csp_replace({"frame-ancestors": [SELF]})                        # our own page prints it from a frame
@xframe_options_sameorigin
@require_GET
def notice_pdf(request, pk):
    """The paper of its last term, for who printed it and for ten minutes; afterwards only 补打 brings paper (TRUST 9)."""
    notice = _notice(request, pk)
    paper = notice.last_term().paper
    which = _open_print(request, paper)
    return pdf_answer(request, paper, which) if which else _notice_page(request, notice, status=410)


@needs("tickets.print_notice")
@require_POST
def print_notice(request, pk):
    """补打: a reason, a new print, its PDF at once; also for an engineer, who sees no other papers."""
    notice = _notice(request, pk)
    paper = notice.last_term().paper
    form = ReprintForm(request.POST, paper=paper)
    if again := form.perform(reprint_paper, paper, by=request.user):
        return redirect(f"{notice.get_absolute_url()}?print={again.n}")
    return _notice_page(request, notice, form)
