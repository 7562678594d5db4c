"""Acts on people: owners' data, residents, tenants, emergency contacts, vehicles; and showing what is masked (FORMS 1.4)."""
from django.urls import reverse

from servicecentre.kit.identity import (
    check_phone,
    check_plate,
    mask_phone,
    show_plate,
)
from servicecentre.kit.periods import today
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text, surname
from servicecentre.worklog.acts import act, record
from servicecentre.worklog.stale import fresh

from . import find
from .entering import RESIDENT, WORDS, check_name, checked, enter_person, guarded, household_ids_of, is_child, person_fields
from .history import amend, change
from .models import Amendment, Contact, Household, Person, Resident, Vehicle

CHILD_OF_OWNER = "子女"                        # one of FORMS' relations


def open_tenure(household):
    """The household, locked; refused once its tenure is over: then it is read, not changed."""
    household = Household.objects.lock(household)
    if household.voided_at or (household.ends_on and household.ends_on < today()):
        raise Refused(f"{household.number} 的产权到 {household.ends_on or household.starts_on} 为止，只看不改。")
    return household


def owner_names(households):
    """Write again the owners' names that lists and papers show, in the order of the contract."""
    for household in Household.objects.filter(pk__in=households).prefetch_related("ownerships__person"):
        names = names_of([o.person for o in household.ownerships.all() if not o.left_on])
        Household.objects.filter(pk=household.pk).update(owner_names=names)


def names_of(owners):
    """Owners' names as one text of at most 200 characters."""
    names = "、".join(person.name for person in owners)
    return names if len(names) <= 200 else f"{names[:190]}等 {len(owners)} 人"


@act
def change_person(person, *, household, version, by, name, id_number="", forget=(), **typed):
    """Correct a person's data; number and phones, which the page masks, stay where left empty. ``household``: where it was asked for.

    ``forget``: of phone, phone2, id_number what is deleted [law: 个人信息保护法 47]. Refused on a stale page, and for an ID number that
    another person has.
    """
    household = Household.objects.lock(household)
    person = Person.objects.lock(person)
    fresh(person, version, link=reverse("households:change_person", args=[household.pk, person.pk]))
    fields = person_fields(person.estate, name=name, id_number=id_number, **typed)
    masked = {"phone", "phone2"} | (set() if id_number else {"id_kind", "id_number", "id_digest", "id_masked"})
    fields = {k: v for k, v in fields.items() if v or k not in masked}
    if not id_number:
        fields["kind"] = typed.get("kind") or person.kind
    elif Person.objects.filter(estate=person.estate_id, id_digest=fields["id_digest"]).exclude(pk=person.pk).exists():
        raise Refused({"id_number": "这个证件号码已登记在另一人名下，请核对；同一个人登记了两次，请办合并"})
    fields |= _forgotten(person, forget, fields)
    _child_guarded(person, fields)
    changed = change(person, fields, words=WORDS, by=by, household=household, about=person.name)
    if not changed:
        return person
    told = Amendment.objects.filter(row_type=Person._meta.label_lower, row_id=person.pk, what__in=[WORDS[field] for field in forget])
    told.update(old="", new="")                                       # not even its mask is kept
    if "姓名" in changed:
        owner_names(person.ownerships.live().values_list("household_id", flat=True))
    find.rebuild(household_ids_of(person))
    record(by, f"修改人员资料（{known_as(person)}）：" + "、".join(changed), person, household=household)
    return person


def _forgotten(person, forget, fields):
    """Empty columns for what is deleted; refused for a number that is typed anew, and for the ID of whom a duty binds."""
    if both := [field for field in forget if fields.get(field)]:
        raise Refused({field: "要么填新的，要么删去" for field in both})
    if "id_number" not in forget:
        return dict.fromkeys(forget, "")
    if person.ownerships.exists() or person.letters_held.exists():
        raise Refused({"forget": "是业主或受托人，证件号码办事必需，现在不能删；保管期满再清理"})
    return dict.fromkeys((*forget, "id_kind", "id_digest", "id_masked"), "")


def _child_guarded(person, fields):
    """Refused when another birth year makes a child of somebody whose guardian has not agreed yet."""
    if "birth_year" not in fields or fields["birth_year"] == person.birth_year or not is_child(Person(birth_year=fields["birth_year"])):
        return
    for rows, page in ((person.residences.filter(left_on=None), "住户关系"), (person.ownerships.live(), "份额")):
        if rows.filter(guardian_consent_on=None).exists():
            raise Refused({"birth_year": f"改后可能未满 14 岁：先在「{page}」里写监护人和同意，再改出生年"})


def known_as(person):
    """How the log names a person: by surname; an organisation by its name (STYLE §8)."""
    return person.name[:30] if person.kind == Person.Kind.ORGANISATION else surname(person.name)


@act
def add_resident(household, *, name, by, relation="", guardian="", guardian_consent=False, despite=(), **typed):
    """Enter who lives there with the owner; returns the Resident. A child under 14 only with a guardian's consent.

    A son or daughter of unknown age is asked about (``grown_up``).
    """
    household = open_tenure(household)
    relation = checked("relation", clean_text, relation, 10)
    person = enter_person(household.estate, unit=household.unit, by=by, phones=RESIDENT, despite=despite, name=name, **typed)
    if relation == CHILD_OF_OWNER and not person.birth_year and "grown_up" not in despite:
        raise Refused("没有填子女的出生年。未满 14 岁的要填出生年和监护人；已满 14 岁就继续。", unless="grown_up")
    resident = Resident.objects.create(estate=household.estate, household=household, person=person, relation=relation,
                                       **guarded(person, guardian, guardian_consent))
    find.rebuild([household.pk])
    record(by, f"登记住户{f'（{relation}）' if relation else ''}{known_as(person)}", resident, household=household)
    return resident


@act
def add_tenant(household, *, name, lease_from, by, lease_to=None, fee_payer=Resident.FeePayer.OWNER, pays=(), guardian="", guardian_consent=False,
               despite=(), **typed):
    """Enter a tenant with the term of the lease and the fees they pay; the debt stays the household's (DOMAIN §2)."""
    household = open_tenure(household)
    lease_ends_later(lease_from, lease_to)
    person = enter_person(household.estate, unit=household.unit, by=by, phones=RESIDENT, despite=despite, name=name, **typed)
    tenant = Resident.objects.create(estate=household.estate, household=household, person=person, kind=Resident.Kind.TENANT,
                                     lease_from=lease_from, lease_to=lease_to, **payer(fee_payer, pays),
                                     **guarded(person, guardian, guardian_consent))
    find.rebuild([household.pk])
    record(by, f"登记租户{known_as(person)}，租期 {lease_from} 至 {lease_to or '未定'}{tenant.pays_words}", tenant, household=household)
    return tenant


def lease_ends_later(lease_from, lease_to):
    if lease_to and lease_to < lease_from:
        raise Refused({"lease_to": "租期止日不能早于起日"})


def payer(fee_payer, pays):
    """Columns of Resident for who pays: a tenant who pays, pays the fees named, or all that come by the month."""
    known = [code for code, _ in Resident.FEES if code in pays]
    if fee_payer != Resident.FeePayer.TENANT and known:
        raise Refused({"pays": "费用由业主交，就不勾费用"})
    return {"fee_payer": fee_payer, "pays": known}


@act
def end_residence(resident, *, left_on, by):
    """The resident or tenant has moved out; the row stays."""
    household = Household.objects.lock(resident.household_id)
    resident = Resident.objects.lock(resident)
    if resident.left_on:
        raise Refused(f"已登记 {resident.left_on} 搬离。")
    if left_on > today():
        raise Refused({"left_on": "搬离日还没到"})
    if resident.lease_from and left_on < resident.lease_from:
        raise Refused({"left_on": f"租期从 {resident.lease_from} 起，搬离日不能更早"})
    resident.left_on = left_on
    resident.save(update_fields=["left_on"])
    find.rebuild([household.pk])
    record(by, f"{resident.get_kind_display()}{known_as(resident.person)}搬离，{left_on}", resident, household=household)
    return resident


@act
def add_contact(household, *, name, phone, by, relation=""):
    """Enter an emergency contact."""
    household = open_tenure(household)
    name = checked("name", check_name, name, 40)
    contact = Contact.objects.create(estate=household.estate, household=household, name=name, phone=checked("phone", check_phone, phone),
                                     relation=checked("relation", clean_text, relation, 20))
    find.rebuild([household.pk])
    record(by, f"登记紧急联系人{surname(contact.name)}", contact, household=household)
    return contact


@act
def remove_contact(contact, *, by):
    """Strike out an emergency contact: nothing is bound to keep a stranger's number. Returns the household."""
    household = Household.objects.lock(contact.household_id)
    contact = Contact.objects.lock(contact)
    amend(household, [("紧急联系人", f"{contact.relation} {contact.name} {mask_phone(contact.phone)}".strip(), "")], by=by, household=household)
    Contact.objects.filter(pk=contact.pk).delete()
    find.rebuild([household.pk])
    record(by, f"删去紧急联系人{surname(contact.name)}", household, household=household)
    return household


@act
def add_vehicle(household, *, plate, by, brand="", colour="", driver_phone="", despite=()):
    """Enter a vehicle; a plate of a special kind (学 警 挂 港 澳 使 领, military) is asked about, not refused (DOMAIN §8).

    So is a plate that another household has (``same_plate``).
    """
    household = open_tenure(household)
    plate, warning = checked("plate", check_plate, plate)
    if warning and "special_plate" not in despite:
        raise Refused(warning, unless="special_plate")
    elsewhere = Vehicle.objects.filter(estate=household.estate_id, plate=plate, ended_on=None).exclude(household=household)
    if (there := elsewhere.select_related("household__unit").first()) and "same_plate" not in despite:
        raise Refused(f"{show_plate(plate)} 已登记在 {there.household.unit.code}，请核对是不是同一辆车。", unless="same_plate",
                      link=(f"打开 {there.household.unit.code}", there.household.get_absolute_url()))
    vehicle = Vehicle.objects.create(
        estate=household.estate, household=household, plate=plate, brand=checked("brand", clean_text, brand, 30),
        colour=checked("colour", clean_text, colour, 10), driver_phone=checked("driver_phone", check_phone, driver_phone) if driver_phone else "")
    find.rebuild([household.pk])
    record(by, f"登记车辆 {show_plate(plate)}{'（特种车牌，已核对行驶证）' if warning else ''}", vehicle, household=household)
    return vehicle


@act
def end_vehicle(vehicle, *, ended_on, by):
    """The vehicle is no longer this household's; the row stays."""
    household = Household.objects.lock(vehicle.household_id)
    vehicle = Vehicle.objects.lock(vehicle)
    if vehicle.ended_on:
        raise Refused(f"这辆车已于 {vehicle.ended_on} 注销。")
    if ended_on > today():
        raise Refused({"ended_on": "注销日还没到"})
    vehicle.ended_on = ended_on
    vehicle.save(update_fields=["ended_on"])
    find.rebuild([household.pk])
    record(by, f"注销车辆 {show_plate(vehicle.plate)}", vehicle, household=household)
    return vehicle


@act
def reveal_identity(person, *, household, reason, by):
    """Allow the clerk to see this person's ID number and phones in full, for a reason that is logged (TRUST 26)."""
    record(by, f"查看{known_as(person)}的证件号码，{_why(reason)}", person, household=household)
    return person


@act
def reveal_phones(household, *, reason, by):
    """Allow the clerk to see the phones of everybody in the household, for a reason that is logged."""
    record(by, f"查看电话，{_why(reason)}", household, household=household)
    return household


def _why(reason):
    reason = checked("reason", clean_text, reason, 60)
    if not reason:
        raise Refused({"reason": "请写明为什么要看"})
    return reason
