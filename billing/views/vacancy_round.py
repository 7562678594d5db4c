"""The month's round: unit by unit, meters or a look at the door; on a phone, by who sees neither names nor money."""
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from billing import vacancy_checks as acts
from billing.forms.vacancy import CheckForm, WithdrawForm
from billing.models import BillingPolicy, VacancyApplication, VacancyCheck
from billing.vacancy_meters import last_readings
from billing.vacancy_spells import months_to_check, waiting_checks
from households.views.pages import done, form_page
from servicecentre.kit.periods import BillingMonth, today
from servicecentre.kit.text import surname
from servicecentre.staff.access import may, needs


@needs("billing.check_vacancy")
@require_GET
def vacancy_round(request):
    """Units with a month still to be looked at, in the order one walks."""
    day = today()
    rows = [{"spell": spell, "months": months, "late": months[0] < BillingMonth.of(day)} for spell, months in waiting_checks(request.estate, on=day)]
    done_now = VacancyCheck.objects.of(request.estate).live().filter(month=BillingMonth.of(day).first).count()
    return render(request, "billing/vacancy/round.html", {"rows": rows, "month": BillingMonth.of(day), "done": done_now})


@needs("billing.check_vacancy")
def check_vacancy(request, pk):
    """One unit: the oldest month not yet looked at, what the meters showed last; then on to the next unit."""
    spell = get_object_or_404(VacancyApplication.objects.of(request.estate).select_related("household", "unit", "use", "paper"), pk=pk)
    months = months_to_check(spell, on=today())
    last = last_readings(spell)
    form = CheckForm(request.POST or None, request.FILES or None, months=months, last=last, initial={
        "month": str(months[0]) if months else "", "kind": "readings" if last else "inspection"})
    if request.method == "POST" and (check := form.perform(acts.check_vacancy, spell, by=request.user)):
        following = next((other for other, _ in waiting_checks(request.estate, on=today()) if other.unit.sort >= spell.unit.sort), None)
        found = "有人在用，已结束空置" if check.use_found else "这个月算空置"
        messages.success(request, f"{spell.unit.code} {BillingMonth.of(check.month)} 已核，{found}。")
        return redirect(reverse("billing:check_vacancy", args=[following.pk]) if following else reverse("billing:vacancy_round"))
    return render(request, "billing/vacancy/check.html", {
        "form": form, "spell": spell, "unit": spell.unit, "months": months, "policy": BillingPolicy.of(request.estate),
        "surname": surname(spell.household.owner_names.split("、")[0]), "whole": may(request, "billing.view_vacancies")})


@needs("billing.withdraw_check")
def withdraw_check(request, pk):
    check = get_object_or_404(VacancyCheck.objects.of(request.estate).select_related("application__household__unit", "application__paper", "by"), pk=pk)
    spell, form = check.application, WithdrawForm(request.POST or None)
    if request.method == "POST" and form.perform(acts.withdraw_check, check, by=request.user):
        return done(request, f"{check} 已撤回，这个月要重新核。", spell)
    return form_page(request, form, title=f"撤回 {spell.unit.code} {check}", button="撤回核查", back=spell,
                     about=f"{check.on} {check.by} {check.get_kind_display()}；撤回后这个月恢复全价，重新核了再减")
