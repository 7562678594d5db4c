"""People of a household: the acts of households/people, one form page each."""
from django.contrib import messages
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from households import amending, people
from households.forms.people import (
    ChangeContactForm,
    ChangeResidentForm,
    ChangeTenantForm,
    ChangeVehicleForm,
    ConfirmForm,
    ContactForm,
    EndVehicleForm,
    LeaveForm,
    PersonForm,
    ResidentForm,
    RevealForm,
    TenantForm,
    VehicleForm,
)
from households.models import Contact, Person, Resident, Vehicle
from servicecentre.kit.identity import mask_numbers, mask_phone, show_plate
from servicecentre.kit.periods import today
from servicecentre.staff.access import may, needs

from .pages import about_of, done, form_page, household_of, person_of


def _add(request, pk, form_class, act, *, title, button, words):
    household = household_of(request, pk)
    form = form_class(request.POST or None)
    if request.method == "POST" and form.perform(act, household, by=request.user):
        return done(request, words, household)
    return form_page(request, form, title=title, button=button, back=household, about=about_of(household))


@needs("households.change_household")
def add_resident(request, pk):
    return _add(request, pk, ResidentForm, people.add_resident, title="登记住户", button="登记住户", words="已登记住户。")


@needs("households.change_household")
def add_tenant(request, pk):
    return _add(request, pk, TenantForm, people.add_tenant, title="登记租户", button="登记租户", words="已登记租户。")


@needs("households.change_household")
def add_contact(request, pk):
    return _add(request, pk, ContactForm, people.add_contact, title="登记紧急联系人", button="登记联系人", words="已登记紧急联系人。")


@needs("households.change_household")
def add_vehicle(request, pk):
    return _add(request, pk, VehicleForm, people.add_vehicle, title="登记车辆", button="登记车辆", words="已登记车辆。")


def _row(request, model, pk):
    return get_object_or_404(model.objects.of(request.estate).select_related("household__unit"), pk=pk)


def _resident(request, pk, **which):
    return get_object_or_404(Resident.objects.of(request.estate).select_related("household__unit", "person"), pk=pk, **which)


@needs("households.change_household")
def change_contact(request, pk):
    row = _row(request, Contact, pk)
    form = ChangeContactForm(request.POST or None, contact=row)
    if request.method == "POST" and form.perform(amending.change_contact, row, by=request.user):
        return done(request, "紧急联系人已保存。", row.household)
    return form_page(request, form, title=f"紧急联系人 {row.name}", button="保存", back=row.household, about=about_of(row.household),
                     busy="正在保存，请稍等", more=[("删去这位联系人", reverse("households:remove_contact", args=[row.pk]))])


@needs("households.change_household")
def change_vehicle(request, pk):
    row = _row(request, Vehicle, pk)
    form = ChangeVehicleForm(request.POST or None, vehicle=row)
    if request.method == "POST" and form.perform(amending.change_vehicle, row, by=request.user):
        return done(request, "车辆已保存。", row.household)
    return form_page(request, form, title=f"车辆 {show_plate(row.plate)}", button="保存", back=row.household, about=about_of(row.household),
                     busy="正在保存，请稍等", more=[("注销车辆", reverse("households:end_vehicle", args=[row.pk]))])


@needs("households.change_household")
def change_resident(request, pk):
    row = _resident(request, pk, kind=Resident.Kind.FAMILY)
    form = ChangeResidentForm(request.POST or None, resident=row)
    if request.method == "POST" and form.perform(amending.change_resident, row, by=request.user):
        return done(request, "住户资料已保存。", row.household)
    return form_page(request, form, title=f"住户 {row.person.name}", button="保存", back=row.household, about=about_of(row.household),
                     busy="正在保存，请稍等", more=_of_resident(row))


@needs("households.change_household")
def change_tenant(request, pk):
    row = _resident(request, pk, kind=Resident.Kind.TENANT)
    form = ChangeTenantForm(request.POST or None, initial={
        name: getattr(row, name) for name in ("lease_from", "lease_to", "fee_payer", "pays", "version")})
    if request.method == "POST" and form.perform(amending.change_tenant, row, by=request.user):
        return done(request, "租约已保存。", row.household)
    return form_page(request, form, title=f"租户 {row.person.name}", button="保存", back=row.household, about=about_of(row.household),
                     busy="正在保存，请稍等", more=_of_resident(row))


def _of_resident(row):
    """What else may be done about somebody who lives here."""
    return [("登记搬离", reverse("households:end_residence", args=[row.pk])),
            ("人员资料", reverse("households:change_person", args=[row.household_id, row.person_id]))]


@needs("households.change_household")
def end_residence(request, pk):
    row = _resident(request, pk)
    form = LeaveForm(request.POST or None, initial={"left_on": today()})
    if request.method == "POST" and form.perform(people.end_residence, row, by=request.user):
        return done(request, f"已登记{row.get_kind_display()}搬离。", row.household)
    return form_page(request, form, title="登记搬离", button="登记搬离", back=row.household,
                     about=f"{row.household.unit.code} {row.get_kind_display()} {row.person.name}")


@needs("households.change_household")
def end_vehicle(request, pk):
    row = _row(request, Vehicle, pk)
    form = EndVehicleForm(request.POST or None, initial={"ended_on": today()})
    if request.method == "POST" and form.perform(people.end_vehicle, row, by=request.user):
        return done(request, f"已注销车辆 {show_plate(row.plate)}。", row.household)
    return form_page(request, form, title="注销车辆", button="注销车辆", back=row.household,
                     about=f"{row.household.unit.code} {show_plate(row.plate)}")


@needs("households.change_household")
def remove_contact(request, pk):
    row = _row(request, Contact, pk)
    form = ConfirmForm(request.POST or None)
    if request.method == "POST" and form.perform(people.remove_contact, row, by=request.user):
        return done(request, "已删去紧急联系人。", row.household)
    return form_page(request, form, title=f"紧急联系人 {row.name}", button=f"删去 {row.name}", back=row.household,
                     about=f"{row.household.unit.code} {row.relation} {mask_phone(row.phone)}")


@needs("households.change_person")
def change_person(request, pk, person_pk):
    household = household_of(request, pk)
    person = person_of(household, person_pk)
    form = PersonForm(request.POST or None, person=person)
    if request.method == "POST" and form.perform(people.change_person, person, household=household, by=request.user):
        return done(request, "人员资料已保存。", household)
    return form_page(request, form, title=f"人员资料 {person.name}", button="保存", busy="正在保存，请稍等", back=household, about=about_of(household),
                     wide=True, more=_of_person(request, household, person))


def _of_person(request, household, person):
    """What else may be done about this person here, as links."""
    def to(name, *args):
        return reverse(f"households:{name}", args=args)
    links = []
    for living in household.residents.filter(person=person, left_on=None):
        tenant = living.kind == Resident.Kind.TENANT
        links += [("租约和费用", to("change_tenant", living.pk)) if tenant else ("住户关系", to("change_resident", living.pk)),
                  ("登记搬离", to("end_residence", living.pk))]
    owners = list(household.ownerships.live())
    for ownership in (o for o in owners if o.person_id == person.pk and may(request, "households.change_owner")):
        links.append(("份额", to("change_share", ownership.pk)))
        links += [("退出共有", to("remove_owner", ownership.pk))] if len(owners) > 1 else []
    if person.kind == Person.Kind.PERSON:
        links.append(("撤回去世", to("withdraw_death", household.pk, person.pk)) if person.deceased_on else
                     ("登记去世", to("record_death", household.pk, person.pk)))
    return [*links, ("合并重复", to("merge_people", household.pk, person.pk))]


@needs("households.reveal_identity")
def reveal_identity(request, pk, person_pk):
    """A form for the reason; its answer shows the number once, in no address and no cache."""
    household = household_of(request, pk)
    person = person_of(household, person_pk)
    form = RevealForm(request.POST or None)
    shown = request.method == "POST" and form.perform(people.reveal_identity, person, household=household, by=request.user)
    return _revealed(request, form, shown, {"household": household, "person": shown or person, "title": f"证件号码 {person.name}"})


@needs("households.reveal_identity")
def reveal_phones(request, pk):
    household = household_of(request, pk)
    form = RevealForm(request.POST or None)
    shown = request.method == "POST" and form.perform(people.reveal_phones, household, by=request.user)
    return _revealed(request, form, shown, {"household": household, "title": f"电话 {household.unit.code}", "phones": _phones(household) if shown else []})


def _revealed(request, form, shown, context):
    """A repeat of the same asking shows nothing: each showing has its own entry (TRUST 26)."""
    if shown and getattr(shown, "is_repeat", False):
        messages.warning(request, "刚才已经显示过，并记入日志。要再看，请再选一次原因。")
        form, shown = RevealForm(), None
    return render(request, "households/reveal.html", context | {"form": form, "shown": bool(shown)})


def _phones(household):
    """(name, what they are, phone) of everybody with one."""
    rows = [(o.person.name, "业主", number) for o in household.ownerships.live().select_related("person")
            for number in (o.person.phone, o.person.phone2)]
    rows += [(r.person.name, r.relation or r.get_kind_display(), number)
             for r in household.residents.filter(left_on=None).select_related("person") for number in (r.person.phone, r.person.phone2)]
    rows += [(c.name, c.relation or "紧急联系人", c.phone) for c in household.contacts.all()]
    rows += [(show_plate(v.plate), "驾驶人", v.driver_phone) for v in household.vehicles.filter(ended_on=None)]
    rows += [(household.owner_names, "原业主以后的电话", change.seller_phone) for change in household.changes_out.live()]
    rows += [("备注", "", words) for words in (household.remark, household.unit.remark) if mask_numbers(words) != words]
    return [row for row in rows if row[2]]
