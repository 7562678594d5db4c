"""Empty homes: the lists, one spell's page, the application with what it would bring, the decision, the end."""
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from billing import vacancy as acts
from billing.forms.vacancy import ApplyForm, ApproveForm, EndForm, ExtendForm, RefuseForm, UndoEndForm
from billing.models import BillingPolicy, VacancyApplication
from billing.vacancy_lists import TABS, check_rows, month_cells, of_tab, outlook, vacancies_table
from billing.vacancy_months import first_reduced
from billing.vacancy_spells import ending_now, spells_to_end, waiting_checks
from households.agents import letters_of
from households.models.agents import Matter
from households.views.pages import about_of, done, form_page, household_of
from servicecentre.files.models import File
from servicecentre.kit.periods import BillingMonth, parse_date, today
from servicecentre.kit.sheets import workbook_bytes
from servicecentre.staff.access import may, needs

PER_PAGE = 50
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SPAN = 12                         # months that an approval proposes


def spell_of(request, pk):
    rows = VacancyApplication.objects.of(request.estate).select_related("household__unit__building", "unit", "paper", "notice", "use", "letter__agent",
                                                                       "asked_by", "decided_by", "ended_by")
    return get_object_or_404(rows, pk=pk)


@needs("billing.view_vacancies")
@require_GET
def vacancies(request):
    """One tab of applications, with what the register says is over above it."""
    day, tab = today(), _tab(request)
    to_check = waiting_checks(request.estate, on=day)
    mine = VacancyApplication.objects.of(request.estate)
    counts = {"running": mine.running().count(), "asked": mine.asked().count(), "check": len(to_check), "ending": mine.ending(on=day).count(),
              "over": mine.over().count()}
    rows = [spell for spell, _ in to_check] if tab == "check" else of_tab(request.estate, tab, day)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    waiting = {spell.pk: months for spell, months in to_check}
    for row in page.object_list:
        row.waiting = waiting.get(row.pk, ())
    return render(request, "billing/vacancy/list.html", {
        "tabs": [(name, label, counts[name]) for name, (label, _) in TABS.items()], "tab": tab, "page": page, "empty": TABS[tab][1],
        "to_end": spells_to_end(request.estate, on=day)})


@needs("billing.view_vacancies")
@require_GET
def download_vacancies(request):
    tab = _tab(request)
    table = vacancies_table(request.estate, "running" if tab == "check" else tab, today())
    return HttpResponse(workbook_bytes([table]), content_type=EXCEL, headers={
        "Content-Disposition": f'attachment; filename="{request.estate.slug}-vacancies-{tab}.xlsx"'})


def _tab(request):
    tab = request.GET.get("tab", "running")
    if tab not in TABS:
        raise Http404
    return tab


@needs("billing.view_vacancies")
@require_GET
def vacancy(request, pk):
    """One spell: its months, its checks with their money, what can be done."""
    spell, day = spell_of(request, pk), today()
    checks = list(spell.checks.live().select_related("by"))
    readings = list(spell.readings.live().order_by("on", "pk"))
    reduced = {BillingMonth.of(row.period): row.percent for row in spell.months.live()}
    files = File.objects.of(request.estate).there().filter(row_type__in=("billing.vacancyapplication", "billing.vacancycheck"))
    photos = files.filter(row_type="billing.vacancyapplication", row_id=spell.pk) | files.filter(
        row_type="billing.vacancycheck", row_id__in=[check.pk for check in checks])
    return render(request, "billing/vacancy/spell.html", {
        "spell": spell, "household": spell.household, "unit": spell.unit, "state": spell.state, "policy": BillingPolicy.of(request.estate),
        "cells": month_cells(spell, day, checks, reduced) if spell.approved else [], "rows": check_rows(spell, checks, readings, reduced),
        "first": [row for row in readings if row.check_row_id is None], "files": list(photos.newest_first()[:12]),
        "ending": ending_now(spell.household, spell.spell_from, use=spell.use) if spell.is_running else None,
        "mine": spell.asked_by_id == request.user.pk, "waiting": spell.approved is None and spell.ended_on is None,
        "may_decide": may(request, "billing.approve_vacancy") and spell.asked_by_id != request.user.pk})


@needs("billing.apply_vacancy")
def apply_vacancy(request, pk):
    household = household_of(request, pk)
    letters = [letter for letter in letters_of(household, today()) if not letter.why and Matter.OTHER in letter.matters]
    form = ApplyForm(request.POST or None, request.FILES or None, letters=letters, initial={"spell_from": household.starts_on})
    if request.method == "POST" and (spell := form.perform(acts.apply_vacancy, household, by=request.user)):
        return done(request, f"空置申请 {spell} 已登记，等主管批准。打出申请表请业主签字；批准前不打折，对客户说「批下来通知您」。", spell)
    return render(request, "billing/vacancy/apply.html", {
        "form": form, "household": household, "unit": household.unit, "shown": _outlook_of(household, form),
        "ending": ending_now(household, household.starts_on),
        "there": household.vacancies.exclude(approved=False).filter(ended_on=None, dropped_at=None).select_related("paper").first()})


def _outlook_of(household, form):
    """The Outlook of what is typed, None while its days are none."""
    spell_from, applied_on = form["spell_from"].value(), form["applied_on"].value()
    return _outlook(household, spell_from, applied_on)


def _outlook(household, spell_from, applied_on):
    try:
        spell_from, applied_on = parse_date(spell_from), parse_date(applied_on)
    except ValidationError:
        return None
    return outlook(household, spell_from, applied_on) if household.starts_on <= spell_from <= applied_on else None


@needs("billing.apply_vacancy")
@require_GET
def vacancy_outlook(request, pk):
    """From which month the lower percent could come, for the days typed: the part of the page that follows them."""
    household = household_of(request, pk)
    shown = _outlook(household, request.GET.get("spell_from", ""), request.GET.get("applied_on", ""))
    return render(request, "billing/vacancy/_outlook.html", {"shown": shown, "household": household})


@needs("billing.approve_vacancy")
def approve_vacancy(request, pk):
    spell = spell_of(request, pk)
    policy = BillingPolicy.of(request.estate)
    whole = policy.vacancy_reduces == policy.Reduces.WHOLE_SPELL
    first = first_reduced(spell.spell_from, spell.applied_on, 0, whole=whole)
    last = max(BillingMonth.of(spell.planned_to), first) if spell.planned_to else first + (SPAN - 1)
    form = ApproveForm(request.POST or None, initial={"approved_from": first, "approved_to": min(last, first + (acts.LONGEST - 1)), "version": spell.version})
    if request.method == "POST" and (changed := form.perform(acts.approve_vacancy, spell, by=request.user)):
        return done(request, f"已批准 {changed}，批准通知 {changed.notice}，请打印交业主。以后每月核查后减免。", changed)
    return form_page(request, form, title=f"批准空置 {spell}", button="批准空置", busy="正在批准，请稍等", back=spell,
                     about=f"{about_of(spell.household)}，{spell.spell_from} 起，凭{spell.get_proof_display()}，{spell.applied_on} 申请")


@needs("billing.refuse_vacancy")
def refuse_vacancy(request, pk):
    spell = spell_of(request, pk)
    form = RefuseForm(request.POST or None)
    if request.method == "POST" and (changed := form.perform(acts.refuse_vacancy, spell, by=request.user)):
        return done(request, f"没有批准 {changed}，请前台告诉业主原因。", changed)
    return form_page(request, form, title=f"不批准空置 {spell}", button="不批准", busy="正在登记，请稍等", back=spell, about=about_of(spell.household))


@needs("billing.extend_vacancy")
def extend_vacancy(request, pk):
    spell = spell_of(request, pk)
    form = ExtendForm(request.POST or None, initial={"version": spell.version})
    if request.method == "POST" and (changed := form.perform(acts.extend_vacancy, spell, by=request.user)):
        return done(request, f"{changed} 延长到 {changed.approved_to:%Y-%m}。", changed)
    about = f"{about_of(spell.household)}{f'，现在批准到 {spell.approved_to:%Y-%m}' if spell.approved_to else ''}"
    return form_page(request, form, title=f"延长空置 {spell}", button="批准延长", busy="正在批准，请稍等", back=spell, about=about)


@needs("billing.end_vacancy")
def end_vacancy(request, pk):
    spell = spell_of(request, pk)
    ending = ending_now(spell.household, spell.spell_from, use=spell.use) if spell.is_running else None
    proposed = {"ended_on": ending.day, "why": ending.why, "words": ending.words} if ending else {"why": "withdrawn"} if spell.approved is None else {}
    form = EndForm(request.POST or None, initial={"version": spell.version, **proposed})
    if request.method == "POST" and (changed := form.perform(acts.end_vacancy, spell, by=request.user)):
        return done(request, f"{changed} 从 {changed.ended_on} 起不再空置，那个月起按全价；以前减了的会补收。", changed)
    about = f"{about_of(spell.household)}，从填的这一天起不算空置；这一天所在的月和以后按全价"
    return form_page(request, form, title=f"结束空置 {spell}", button="结束空置", back=spell, about=about,
                     more=[("全部空置", reverse("billing:vacancies"))])


@needs("billing.undo_vacancy_end")
def undo_vacancy_end(request, pk):
    spell = spell_of(request, pk)
    form = UndoEndForm(request.POST or None, initial={"version": spell.version})
    if request.method == "POST" and (changed := form.perform(acts.undo_vacancy_end, spell, by=request.user)):
        return done(request, f"{changed} 接着空置，核过的月份恢复减免；因查到有人用而结束的，那个月要重新核。", changed)
    about = about_of(spell.household)
    if spell.ended_on:
        about += f"，现在从 {spell.ended_on} 起结束（{spell.get_ended_why_display()}）；撤销后接着算，补收过的会冲回"
    return form_page(request, form, title=f"撤销空置 {spell} 的结束", button="撤销结束", back=spell, about=about)
