"""Who owns: co-owners, shares, a death, a first day put right, double entries; and what the register said before."""
from django.core.paginator import Paginator
from django.db.models import Q
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from households import merging, owners
from households.forms.owners import AddOwnerForm, DeathForm, FirstDayForm, MergeForm, RemoveOwnerForm, ShareForm, WithdrawDeathForm
from households.models import Amendment, Ownership, Person
from servicecentre.staff.access import needs

from .pages import about_of, done, form_page, household_of, person_of

PER_PAGE = 50


def _ownership(request, pk):
    return get_object_or_404(Ownership.objects.of(request.estate).select_related("household__unit", "person"), pk=pk)


@needs("households.change_owner")
def add_owner(request, pk):
    household = household_of(request, pk)
    form = AddOwnerForm(request.POST or None)
    if request.method == "POST" and form.perform(owners.add_owner, household, by=request.user):
        return done(request, "已加共有人。", household)
    return form_page(request, form, title="加共有人", button="加共有人", back=household, about=f"{about_of(household)}；户号和欠费不变",
                     heed=(household, "owner"))


@needs("households.change_owner")
def change_share(request, pk):
    row = _ownership(request, pk)
    form = ShareForm(request.POST or None, ownership=row)
    if request.method == "POST" and form.perform(owners.change_share, row, by=request.user):
        return done(request, "份额已保存。", row.household)
    return form_page(request, form, title=f"份额 {row.person.name}", button="保存份额", back=row.household, about=about_of(row.household),
                     heed=(row.household, "owner"))


@needs("households.change_owner")
def remove_owner(request, pk):
    row = _ownership(request, pk)
    form = RemoveOwnerForm(request.POST or None, initial={"version": row.version})
    if request.method == "POST" and form.perform(owners.remove_owner, row, by=request.user):
        return done(request, f"{row.person.name}已退出共有。", row.household)
    return form_page(request, form, title=f"退出共有 {row.person.name}", button=f"{row.person.name}退出", back=row.household,
                     about=f"{about_of(row.household)}；这一户和欠费不变", heed=(row.household, "owner"))


@needs("households.change_person")
def record_death(request, pk, person_pk):
    household = household_of(request, pk)
    person = person_of(household, person_pk)
    form = DeathForm(request.POST or None, initial={"contact": person.contact, "version": person.version})
    if request.method == "POST" and form.perform(owners.record_death, person, household=household, by=request.user):
        return done(request, "已登记去世。继承办好后办变更业主。", household)
    return form_page(request, form, title=f"登记去世 {person.name}", button="登记去世", back=household,
                     about=f"{about_of(household)}；产权和欠费不变，继承人办变更业主")


@needs("households.change_person")
def withdraw_death(request, pk, person_pk):
    household = household_of(request, pk)
    person = person_of(household, person_pk)
    form = WithdrawDeathForm(request.POST or None, initial={"version": person.version})
    if request.method == "POST" and form.perform(owners.withdraw_death, person, household=household, by=request.user):
        return done(request, "已撤回去世登记。", household)
    return form_page(request, form, title=f"撤回去世登记 {person.name}", button="撤回", back=household,
                     about=f"登记的去世日 {person.deceased_on}" if person.deceased_on else "没有登记去世")


@needs("households.correct_first_day")
def correct_first_day(request, pk):
    row = household_of(request, pk)
    form = FirstDayForm(request.POST or None, initial={"version": row.version})
    if request.method == "POST" and form.perform(owners.correct_first_day, row, by=request.user):
        return done(request, "起日已更正。已出的账和新的天数不符的，列在出账的「要更正的」里。", row)
    return form_page(request, form, title=f"更正起日 {row.unit.code}", button="更正起日", back=row,
                     about=f"{row.owner_names} 现在登记从 {row.starts_on} 起{f'，到 {row.ends_on}' if row.ends_on else ''}")


@needs("households.change_person")
def merge_people(request, pk, person_pk):
    """Which other entry is the same person; the one whose page it is stays."""
    household = household_of(request, pk)
    person = person_of(household, person_pk)
    doubles = list(merging.doubles_of(person))
    homes = merging.homes_of(doubles)
    form = MergeForm(request.POST or None, doubles=[(str(d.pk), merging.told(d, homes)) for d in doubles])
    if request.method == "POST" and form.is_valid():
        gone = get_object_or_404(Person.objects.of(request.estate), pk=form.cleaned_data["gone"])
        if form.perform(merging.merge_people, person, gone, household=household, by=request.user):
            return done(request, f"已合并为一条：{person.name}。", household)
    return form_page(request, form, title=f"合并重复 {person.name}", button=f"并入 {person.name}" if doubles else "", busy="正在合并，请稍等",
                     back=reverse("households:change_person", args=[household.pk, person.pk]),
                     about="留下这一条，选中的那条并进来；所有指向都改过来" if doubles else "这个小区没有同名或同电话的另一条登记，不用合并")


@needs("households.view_history")
def history(request, pk):
    """Every field that was changed: who, when, from what to what."""
    household = household_of(request, pk)
    people = Person.objects.of(request.estate).of_household(household)
    entries = Person.objects.of(request.estate).filter(Q(pk__in=people.values("pk")) | Q(merged_into__in=people.values("pk")))
    rows = Amendment.objects.of(request.estate).filter(
        Q(household=household) | Q(unit=household.unit_id, household=None) | Q(row_type="households.person", row_id__in=entries.values("pk")))
    page = Paginator(rows.select_related("by").order_by("-pk"), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "households/history.html", {"household": household, "page": page})
