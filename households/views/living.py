"""Standing instructions, use, pets, special care, and authorisation letters with their uses."""
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from households import agents, standing
from households.forms.living import (
    CallForm,
    CareForm,
    EndPetForm,
    InstructionForm,
    LetterForm,
    PetForm,
    RevokeForm,
    UseForm,
    UseLetterForm,
    WithdrawForm,
)
from households.forms.people import ConfirmForm
from households.models import AuthorisationLetter, LetterCall, Pet, SpecialCare, StandingInstruction, UnitUse
from servicecentre.kit.periods import now, today
from servicecentre.staff.access import may, needs

from .pages import about_of, done, form_page, household_of, unit_of

PER_PAGE = 50


def _page(request, form, act, row, *, title, button, words, household, busy="正在登记，请稍等", wide=False):
    """One form, one act on the row, back to the household."""
    if request.method == "POST" and form.perform(act, row, by=request.user):
        return done(request, words, household)
    return form_page(request, form, title=title, button=button, back=household, about=about_of(household), busy=busy, wide=wide)


def _of_household(request, model, pk):
    return get_object_or_404(model.objects.of(request.estate).select_related("household__unit"), pk=pk)


@needs("households.change_household")
def give_instruction(request, pk):
    row = household_of(request, pk)
    return _page(request, InstructionForm(request.POST or None), standing.give_instruction, row, household=row,
                 title="登记嘱咐", button="登记嘱咐", words="已登记嘱咐，户页上一直显示，办这类事时也会显示。")


@needs("households.change_household")
def withdraw_instruction(request, pk):
    row = _of_household(request, StandingInstruction, pk)
    return _page(request, WithdrawForm(request.POST or None), standing.withdraw_instruction, row, household=row.household,
                 title=f"结束嘱咐：{row.words}", button="结束嘱咐", words="嘱咐已结束，以后不再显示。")


@needs("households.change_household")
def add_pet(request, pk):
    row = household_of(request, pk)
    return _page(request, PetForm(request.POST or None), standing.add_pet, row, household=row, title="登记宠物", button="登记宠物", words="已登记宠物。")


@needs("households.change_household")
def end_pet(request, pk):
    row = _of_household(request, Pet, pk)
    return _page(request, EndPetForm(request.POST or None), standing.end_pet, row, household=row.household,
                 title=f"注销宠物 {row}", button="注销宠物", words="已注销宠物。")


@needs("households.change_household")
def add_care(request, pk):
    row = household_of(request, pk)
    return _page(request, CareForm(request.POST or None), standing.add_care, row, household=row,
                 title="登记特殊照顾", button="登记特殊照顾", words="已登记特殊照顾。")


@needs("households.change_household")
def end_care(request, pk):
    row = _of_household(request, SpecialCare, pk)
    return _page(request, ConfirmForm(request.POST or None), standing.end_care, row, household=row.household,
                 title=f"撤回特殊照顾 {row.about}", button="撤回并删去内容", words="已撤回，内容已删。")


@needs("households.set_use")
def set_use(request, pk):
    row = unit_of(request, pk)
    form = UseForm(request.POST or None)
    if request.method == "POST" and (use := form.perform(standing.set_use, row, by=request.user)):
        return done(request, f"{row.code} 从 {use.starts_on} 起是{use.get_use_display()}。", row)
    current, later = row.use_on(today()), row.uses.live().filter(starts_on__gt=today()).first()
    about = f"现在登记的是{current.get_use_display()}，{current.starts_on} 起" if current else "今天没有登记"
    return form_page(request, form, title=f"使用情况 {row.code}", button="登记使用情况", back=row,
                     about=f"{about}；{later.starts_on} 起是{later.get_use_display()}" if later else about)


@needs("households.set_use")
def withdraw_use(request, pk):
    row = get_object_or_404(UnitUse.objects.of(request.estate).select_related("unit"), pk=pk)
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.perform(standing.withdraw_use, row, by=request.user):
        return done(request, "使用情况已撤回。", row.unit)
    return form_page(request, form, title=f"撤回使用情况 {row.unit.code}", button="撤回", back=row.unit, about=str(row))


@needs("households.take_letter")
def take_letter(request, pk):
    row = household_of(request, pk)
    form = LetterForm(request.POST or None, household=row)
    if request.method == "POST" and (letter := form.perform(agents.take_letter, row, by=request.user)):
        return done(request, f"委托书已登记，{letter.number}。打出两联签字；办事前先按登记的号码向委托人核实。", letter)
    return form_page(request, form, title="收委托书", button="登记委托书", back=row, about=about_of(row), wide=True)


@needs("households.view_household")
def letters(request, pk):
    """All letters of the household, those in force first."""
    row = household_of(request, pk)
    page = Paginator(agents.letters_of(row, today()), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "households/letters.html", {"household": row, "page": page})


def _letter(request, pk):
    rows = AuthorisationLetter.objects.of(request.estate).with_state().select_related("household__unit", "taken_by")
    return get_object_or_404(rows, pk=pk)


@needs("households.view_household")
def letter(request, pk):
    """A letter by itself: matters, term, who was rung, each use."""
    row, day = _letter(request, pk), today()
    return render(request, "households/letter.html", {
        "letter": row, "why": row.why_not(day), "confirmed": row.calls.filter(result=LetterCall.Result.CONFIRMED).exists(),
        "may_call": not row.over(day), "uses": list(row.uses.select_related("by")),
        "calls": list(row.calls.select_related("by")), "may_use": may(request, "households.take_letter"),
        "print": row.paper and row.paper.original_for(request.user, at=now())})


def _letter_page(request, pk, form_of, act, *, title, button, words, moment=StandingInstruction.Moment.ANY):
    row = _letter(request, pk)
    form = form_of(row)
    if request.method == "POST" and form.perform(act, row, by=request.user):
        done(request, words, row)
        return redirect(row)
    return form_page(request, form, title=f"{title} {row.agent.name}", button=button, back=reverse("households:letter", args=[row.pk]),
                     about=f"{about_of(row.household)}；{row.matter_words}", heed=(row.household, moment))


@needs("households.take_letter")
def use_letter(request, pk):
    return _letter_page(request, pk, lambda row: UseLetterForm(request.POST or None, letter=row), agents.use_letter,
                        title="用委托书", button="记一次使用", words="已记下这次使用。")


@needs("households.take_letter")
def call_principal(request, pk):
    return _letter_page(request, pk, lambda row: CallForm(request.POST or None, letter=row), agents.call_principal,
                        title="向委托人核实", button="记下核实", words="已记下核实。", moment=StandingInstruction.Moment.CALL)


@needs("households.take_letter")
def revoke_letter(request, pk):
    return _letter_page(request, pk, lambda row: RevokeForm(request.POST or None, initial={"version": row.version}), agents.revoke_letter,
                        title="撤销委托书", button="撤销委托书", words="委托书已撤销。")
