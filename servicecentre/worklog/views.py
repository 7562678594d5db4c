"""Search over the years, a remark set right, and the promises with their clocks; the day's page is the roof's (desk/log.py)."""
from collections import defaultdict
from functools import lru_cache

from django.apps import apps
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import resolve, reverse

from servicecentre.estates.mount import in_estate
from servicecentre.files.models import File
from servicecentre.kit.rows import EstateRow
from servicecentre.staff.access import may, needs
from servicecentre.staff.models import User

from .day import correct_remark, keep_promise, move_promise
from .forms import CorrectForm, KeepForm, MoveForm, SearchForm
from .models import Entry, Promise

PER_PAGE = 50


def people_of(estate):
    """Who wrote into this log."""
    return User.objects.filter(Exists(Entry.objects.of(estate).filter(by=OuterRef("pk")))).order_by("name")


@lru_cache
def _right_of(row_type):
    """The right that opens the page of such a row; empty where it has none."""
    model = apps.get_model(row_type)
    if not (issubclass(model, EstateRow) and hasattr(model, "get_absolute_url")):
        return ""
    row = model(pk=1, **{field.attname: 1 for field in model._meta.concrete_fields if field.remote_field})      # its page may be another row's
    with in_estate("x"):
        return resolve(row.get_absolute_url().removeprefix("/e/x")).func.needs


def opens(request, entry):
    """Does what the line speaks of have a page that who asks may open? A file is shown where it is listed."""
    if not entry.row_type:
        return False
    if entry.row_type == File._meta.label_lower:
        return not entry.household_no or may(request, "households.view_household")
    right = _right_of(entry.row_type)
    return bool(right) and may(request, right)


def with_files(request, entries):
    """The lines, each with the files that came with it, one query for all, and whether it leads anywhere."""
    entries = list(entries)
    found = File.objects.of(request.estate).there().filter(row_type=Entry._meta.label_lower, row_id__in=[entry.pk for entry in entries])
    by_entry = defaultdict(list)
    for file in found.order_by("pk"):
        by_entry[file.row_id].append(file)
    for entry in entries:
        entry.files, entry.leads = by_entry[entry.pk], opens(request, entry)
    return entries


@needs("worklog.view_day", reads=True)
def search(request):
    """Lines of all years, newest first, a page at a time behind the last one shown; not counted."""
    form = SearchForm(request.POST if request.method == "POST" else None, people=people_of(request.estate))
    rows = _found(request.estate, form.cleaned_data) if form.is_valid() else []
    return render(request, "worklog/search.html", {
        "form": form, "rows": with_files(request, rows[:PER_PAGE]), "more": len(rows) > PER_PAGE, "asked": form.is_bound and form.is_valid()})


def _found(estate, clean):
    rows = Entry.objects.of(estate).telling(clean["q"]).of_area(clean["area"])
    if clean["room"]:
        rows = rows.of_room(clean["room"])
    span = {"by": clean["by"], "day__gte": clean["since"], "day__lte": clean["until"], "pk__lt": clean["before"]}
    rows = rows.filter(**{name: value for name, value in span.items() if value})
    return list(rows.for_reading().newest_first()[:PER_PAGE + 1])


@needs("worklog.correct_remark")
def correct(request, pk):
    row = get_object_or_404(Entry.objects.of(request.estate).select_related("by", "corrects__by"), pk=pk)
    form = CorrectForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.perform(correct_remark, row, by=request.user):
        messages.success(request, "已记下更正，与原来那条连在一起。")
        return redirect("worklog:day")
    return render(request, "worklog/correct.html", {"form": form, "entry": row.corrects or row})


@needs("worklog.view_day")
def entry(request, pk):
    """What an entry speaks of, where that has a page which opens to who asks; else its day."""
    row = get_object_or_404(Entry.objects.of(request.estate), pk=pk)
    target = row.row if opens(request, row) else None
    if target is not None and target.estate_id == request.estate.pk and may(request, getattr(target, "right", "worklog.view_day")):
        return redirect("file_page", target.pk) if isinstance(target, File) else redirect(target)
    return redirect(f"{reverse('worklog:day')}?on={row.day:%Y-%m-%d}")


@needs("worklog.make_promise")
def promises(request):
    """What is open, the overdue first; what was kept lately below."""
    rows = Promise.objects.of(request.estate).select_related("made_by", "kept_by", "given_to")
    return render(request, "worklog/promises.html", {
        "page": Paginator(rows.open().due_first(), PER_PAGE).get_page(request.GET.get("page")),
        "kept": rows.exclude(kept_at=None).order_by("-kept_at")[:20]})


@needs("worklog.keep_promise")
def keep(request, pk):
    promise = get_object_or_404(Promise.objects.of(request.estate), pk=pk)
    form = KeepForm(request.POST or None, initial={"version": promise.version})
    if request.method == "POST" and form.perform(keep_promise, promise, by=request.user):
        messages.success(request, f"办完了：{promise.words}")
        return redirect("worklog:promises")
    return render(request, "worklog/promise.html", {"form": form, "promise": promise, "verb": "承诺办完", "button": "记为办完"})


@needs("worklog.move_promise")
def move(request, pk):
    promise = get_object_or_404(Promise.objects.of(request.estate), pk=pk)
    form = MoveForm(request.POST or None, initial={"version": promise.version})
    if request.method == "POST" and form.perform(move_promise, promise, by=request.user):
        messages.success(request, f"已改期：{promise.words}")
        return redirect("worklog:promises")
    return render(request, "worklog/promise.html", {"form": form, "promise": promise, "verb": "承诺改期", "button": "改约定时间"})
