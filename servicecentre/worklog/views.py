"""The day's log with its filters, a remark by hand, and the promises with their clocks."""
from datetime import timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from servicecentre.kit.periods import today
from servicecentre.staff.access import may, needs
from servicecentre.staff.models import User

from .day import keep_promise, make_remark, move_promise
from .forms import DayFilter, KeepForm, MoveForm, RemarkForm
from .models import Entry, Promise

PER_PAGE = 50


@needs("worklog.view_day")
def day(request):
    """One business day, newest first; the filters stand in the address, nothing in them is personal."""
    people = User.objects.filter(pk__in=Entry.objects.of(request.estate).values("by")).order_by("name")
    form = DayFilter(request.GET or None, people=people)
    chosen = form.cleaned_data if form.is_valid() else {}
    on = chosen.get("on") or today()
    page = Paginator(_chosen(Entry.objects.of(request.estate).on(on), chosen), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "worklog/_entries.html" if request.htmx else "worklog/day.html", {
        "form": form, "on": on, "page": page, "is_today": on >= today(),
        "before": on - timedelta(days=1), "after": on + timedelta(days=1),
        "remark": RemarkForm() if on == today() and may(request, "worklog.make_remark") else None})


def _chosen(entries, chosen):
    if chosen.get("by"):
        entries = entries.filter(by=chosen["by"])
    if chosen.get("area"):
        entries = entries.filter(act__startswith=f"{chosen['area']}.")
    if chosen.get("urgent"):
        entries = entries.filter(urgent=True)
    return entries.select_related("by").newest_first()


@needs("worklog.make_remark")
def remark(request):
    form = RemarkForm(request.POST or None)
    if request.method == "POST" and form.perform(make_remark, request.estate, by=request.user):
        messages.success(request, "已记入工作日志。")
        return redirect("worklog:day")
    return render(request, "worklog/remark.html", {"form": form})


@needs("worklog.view_day")
def entry(request, pk):
    """What an entry speaks of, where it has a page; else its day."""
    row = get_object_or_404(Entry.objects.of(request.estate), pk=pk)
    target = row.row
    if target is not None and getattr(target, "estate_id", None) == request.estate.pk and hasattr(target, "get_absolute_url"):
        return redirect(target)
    return redirect(f"{reverse('worklog:day')}?on={row.day:%Y-%m-%d}")


@needs("worklog.make_promise")
def promises(request):
    """What is open, the overdue first; what was kept lately below."""
    rows = Promise.objects.of(request.estate).select_related("made_by", "kept_by")
    return render(request, "worklog/promises.html", {
        "page": Paginator(rows.open().due_first(), PER_PAGE).get_page(request.GET.get("page")),
        "kept": rows.exclude(kept_at=None).order_by("-kept_at")[:20]})


@needs("worklog.keep_promise")
def keep(request, pk):
    promise = get_object_or_404(Promise.objects.of(request.estate), pk=pk)
    form = KeepForm(request.POST or None, initial={"version": promise.version})
    if request.method == "POST" and form.perform(keep_promise, promise, by=request.user):
        messages.success(request, f"已办结：{promise.words}")
        return redirect("worklog:promises")
    return render(request, "worklog/promise.html", {"form": form, "promise": promise, "verb": "承诺已办", "button": "记为已办"})


@needs("worklog.move_promise")
def move(request, pk):
    promise = get_object_or_404(Promise.objects.of(request.estate), pk=pk)
    form = MoveForm(request.POST or None, initial={"version": promise.version})
    if request.method == "POST" and form.perform(move_promise, promise, by=request.user):
        messages.success(request, f"已改期：{promise.words}")
        return redirect("worklog:promises")
    return render(request, "worklog/promise.html", {"form": form, "promise": promise, "verb": "承诺改期", "button": "改约定时间"})
