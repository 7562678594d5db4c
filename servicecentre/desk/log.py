"""The day's page with its filters, the day as a paper, and a remark by hand with its room."""
from datetime import timedelta

from crispy_forms.layout import Layout, Row
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from servicecentre.kit.fields import DayField
from servicecentre.kit.pdf import Busy, render_pdf
from servicecentre.kit.periods import today
from servicecentre.staff.access import may, needs
from servicecentre.worklog.day import make_remark
from servicecentre.worklog.forms import DayFilter, RemarkForm
from servicecentre.worklog.models import Entry, Seal
from servicecentre.worklog.views import PER_PAGE, people_of, with_files

from .daylog import paper_of
from .rooms import RoomForm
from .sealing import troubles_on


class RoomRemarkForm(RoomForm, RemarkForm):
    """A remark and, where it belongs to one, the room; it then shows in what went on with the household."""

    empty_rooms = True
    field_order = ("household", "words", "urgent", "files")
    layout = Layout(Row("household"), "words", "urgent", "files")


@needs("worklog.view_day")
def day(request):
    """One business day, newest first; the filters stand in the address, nothing in them is personal."""
    form = DayFilter(request.GET or None, people=people_of(request.estate))
    chosen = form.cleaned_data if form.is_valid() else {}
    on = chosen.get("on") or today()
    page = Paginator(_chosen(Entry.objects.of(request.estate).on(on), chosen), PER_PAGE).get_page(request.GET.get("page"))
    if request.htmx:
        return render(request, "worklog/_entries.html", _rows(request, page))
    seal = Seal.objects.of(request.estate).filter(day__gte=on).select_related("by").order_by("day").first()
    return render(request, "worklog/day.html", _rows(request, page) | {
        "form": form, "on": on, "is_today": on >= today(), "before": on - timedelta(days=1), "after": on + timedelta(days=1),
        "seal": seal, "troubles": troubles_on(request.estate, on, seal), "may_review": may(request, "worklog.see_entries"),
        "may_write": on == today() and may(request, "worklog.make_remark")})


def _rows(request, page):
    page.object_list = with_files(request, page.object_list)
    return {"page": page, "may_correct": may(request, "worklog.correct_remark")}


def _chosen(entries, chosen):
    if chosen.get("by"):
        entries = entries.filter(by=chosen["by"])
    if chosen.get("urgent"):
        entries = entries.filter(urgent=True)
    return entries.of_area(chosen.get("area")).for_reading().newest_first()


@needs("worklog.view_day")
@require_GET
def day_pdf(request):
    """The day on paper, with its seal's code or the newest before it."""
    on = day_asked(request)
    try:
        data = render_pdf(paper_of(request.estate, on))
    except Busy:
        return render(request, "503.html", {"headline": "打印排队中", "reason": "前面还有几张在打，这张还没打出来。"}, status=503)
    return HttpResponse(data, content_type="application/pdf",
                        headers={"Content-Disposition": f'inline; filename="worklog-{on:%Y-%m-%d}.pdf"'})


def day_asked(request):
    """The day in the address; today where there is none that makes sense."""
    try:
        return DayField(required=False).clean(request.GET.get("on") or request.POST.get("day")) or today()
    except ValidationError:
        return today()


@needs("worklog.make_remark")
def remark(request):
    form = RoomRemarkForm(request.POST or None, request.FILES or None, estate=request.estate, initial={"household": request.GET.get("room", "")[:40]})
    if request.method == "POST" and form.perform(make_remark, request.estate, by=request.user):
        messages.success(request, "已记入工作日志。")
        household = form.cleaned_data["household"]
        return redirect(household if household else "worklog:day")
    return render(request, "worklog/remark.html", {"form": form})
