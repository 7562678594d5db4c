"""Settings and the calendar."""
from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from households.views.pages import done, row_or_served
from servicecentre.desk import calendar, policies
from servicecentre.desk.forms.office import ButtonForm, DayForm, SettingForm, YearForm
from servicecentre.estates.hours import WORK, official
from servicecentre.estates.models import CalendarDay
from servicecentre.kit.periods import WEEKDAYS, today
from servicecentre.staff.access import may, needs

PER_PAGE, NEWEST = 50, 8


@needs("desk.view_settings")
def show_settings(request):
    """Every setting with its mark; ``change`` names the one whose form is open, for who may change it."""
    return _settings_page(request, request.GET.get("change", ""))


@needs("desk.change_setting")
@require_POST
def change_setting(request):
    key = request.POST.get("key", "")
    wanted = policies.find(request.estate, key)
    if wanted is None:
        messages.error(request, "没有这条规矩，或现在还没有页面用到它。")
        return redirect("settings")
    if not policies.may_change(request.roles, wanted.setting):
        messages.error(request, policies.ADMINISTRATORS)
        return redirect("settings")
    form = SettingForm(request.POST, shown=wanted)
    if form.perform(policies.change_setting, request.estate, by=request.user, key=key):
        after = policies.find(request.estate, key)
        return done(request, f"{after.label}：{after.value}。", reverse("settings"))
    return _settings_page(request, key, form)


def _settings_page(request, key, form=None):
    estate, may_change = request.estate, may(request, "desk.change_setting")
    groups = policies.shown(estate)
    every = [each for _, group in groups for each in group]
    for each in every:
        each.open = may_change and each.setting.used and policies.may_change(request.roles, each.setting)
    wanted = next((each for each in every if each.key == key and each.open), None)
    if wanted and form is None:
        form = SettingForm(shown=wanted)
    return render(request, "desk/office/settings.html", {
        "groups": [(title, [each for each in group if each.setting.used]) for title, group in groups],
        "later": [(title, [each for each in group if not each.setting.used]) for title, group in groups],
        "wanted": wanted, "form": form if wanted else None, "unset": [each for each in every if each.unset], "changes": policies.changes(estate)[:NEWEST]})


@needs("desk.view_settings")
def show_changes(request):
    """Who changed which setting, when and by what decision."""
    page = Paginator(policies.changes(request.estate), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "desk/office/changes.html", {"page": page})


@needs("desk.view_calendar")
def show_calendar(request):
    return _calendar_page(request, DayForm())


@needs("desk.change_calendar")
@require_POST
def take_official_days(request):
    form = YearForm(request.POST)
    if estate := form.perform(calendar.take_official_days, request.estate, by=request.user):
        taken = getattr(estate, "taken", None)
        messages.success(request, f"已载入 {form.cleaned_data['year']} 年节假日" + (f" {taken} 天。" if taken else "。"))
    else:
        messages.error(request, " ".join(words for errors in form.errors.values() for words in errors))
    return redirect(f"{reverse('calendar')}?year={form.cleaned_data.get('year', '')}")


@needs("desk.change_calendar")
@require_POST
def mark_day(request):
    form = DayForm(request.POST)
    if row := form.perform(calendar.mark_day, request.estate, by=request.user):
        return done(request, f"已登记 {row.day} {row.get_kind_display()}，{row.name}。", f"{reverse('calendar')}?year={row.day.year}")
    return _calendar_page(request, form)


@needs("desk.change_calendar")
@require_POST
def unmark_day(request, pk):
    row = row_or_served(request, CalendarDay.objects.of(request.estate), pk)
    year = row.day.year if row else ""
    if row is None:
        messages.success(request, "已删去，没有再删一次。")
    elif ButtonForm(request.POST).perform(calendar.unmark_day, row, by=request.user):
        messages.success(request, f"{row.day} {row.name} 已删去，按周几算。")
    else:
        messages.error(request, "没有删去，请刷新后再看。")
    return redirect(f"{reverse('calendar')}?year={year}")


def _calendar_page(request, form):
    """A year's days, of the day that was typed or as asked for: what is official and missing here, and whether its make-up days are published."""
    this = today().year
    typed = form.cleaned_data.get("day") if form.is_bound else None
    year = calendar.year_of(str(typed.year) if typed else request.GET.get("year", ""), this)
    rows = list(CalendarDay.objects.of(request.estate).of_year(year).order_by("day"))
    for row in rows:
        row.weekday, row.form = WEEKDAYS[row.day.weekday()], ButtonForm(auto_id=False)
    proposed, marked = official(year), {row.day for row in rows}
    missing = calendar.missing_days(request.estate, year)
    return render(request, "desk/office/calendar.html", {
        "year": year, "years": [each for each in range(this - 1, this + 3) if calendar.year_of(str(each), None)], "rows": rows, "form": form,
        "take": YearForm(initial={"year": year}, auto_id=False), "missing": missing, "takes": any(day.day not in marked for day in missing),
        "proposed": len(proposed), "published": any(day.kind == WORK for day in proposed),
        "made_up": sum(row.kind == WORK for row in rows), "may_change": may(request, "desk.change_calendar")})
