"""Acts on people: owners' data, residents, tenants, emergency contacts, vehicles; and showing what is masked (FORMS 1.4)."""
from django.core.exceptions import ValidationError
from django.urls import reverse

from servicecentre.kit.identity import (
    IdKind,
    born_on,
    check_identity,
    check_phone,
    check_plate,
    guess_kind,
    mask_identity,
    mask_phone,
    show_plate,
)
from servicecentre.kit.periods import today
from servicecentre.kit.refused import Refused
from servicecentre.kit.secrets import blind_index
from servicecentre.kit.text import clean_text, surname
from servicecentre.worklog.acts import act, record
from servicecentre.worklog.stale import fresh

from . import find
from .history import amend, change
from .models import Contact, Household, Person, Resident, Vehicle

ONE_PERSON_CARDS = (IdKind.RESIDENT, IdKind.HMT_RESIDENCE, IdKind.FOREIGN_PERMANENT)      # these tell sex and birth year
CHILD = 14                                    # years; the law asks for a guardian below
OLDEST = 130                                  # years that anybody may have lived
LONGEST_NAME = 30                             # of a person, in characters of other scripts than Latin
WORDS = {"name": "姓名", "kind": "类别", "id_kind": "证件类别", "id_number": "证件号码", "phone": "电话", "phone2": "备用电话", "sex": "性别",
         "birth_year": "出生年", "mail_address": "通讯地址", "email": "邮箱", "legal_rep": "法人", "contact": "联系人"}


def checked(field, check, *args):
    """What a check of kit gives, its refusal put beside the field."""
    try:
        return check(*args)
    except ValidationError as error:
        raise Refused({field: error.messages}) from error


def identity_fields(estate, kind, number):
    """Columns of Person for an ID number: encrypted, its digest, mask, and what the number itself tells.

    ``kind`` may be empty: then it is guessed by pattern. ValidationError in words; nothing for no number. Without an
    estate (a form that only checks) there is no digest.
    """
    if not number:
        return {"id_kind": "", "id_number": "", "id_digest": "", "id_masked": ""}
    kind, number = (kind, check_identity(kind, number)) if kind else guess_kind(number)
    fields = {"id_kind": kind, "id_number": number, "id_digest": blind_index(estate.pk, number) if estate else "",
              "id_masked": mask_identity(number)}
    if kind in ONE_PERSON_CARDS and (born := born_on(number)):
        fields |= {"birth_year": born.year, "sex": Person.Sex.MALE if int(number[16]) % 2 else Person.Sex.FEMALE}
    return fields


def check_name(text, limit=60):
    """A name as people have them: with a letter of some script in it, and a Chinese one not of nonsense length."""
    name = clean_text(text, limit)
    if not name:
        raise ValidationError("请填写姓名")
    if not any(character.isalpha() for character in name):
        raise ValidationError("姓名里没有文字，请核对")
    return name


def check_birth_year(year):
    """A year that has begun, of somebody who may be alive."""
    if year > today().year:
        raise ValidationError("出生年不能晚于今年")
    if year < today().year - OLDEST:
        raise ValidationError(f"出生年不能早于 {today().year - OLDEST} 年")
    return year


def person_fields(estate, *, name, kind="", id_kind="", id_number="", phone="", phone2="", suffix="", **more):
    """Clean columns of Person from what was typed; everything that is wrong is refused at once, beside ``<field><suffix>``."""
    fields, wrong = {}, {}

    def take(field, check, *args):
        try:
            return check(*args)
        except ValidationError as error:
            wrong[f"{field}{suffix}"] = error.messages

    fields["name"] = take("name", check_name, name)
    fields |= take("id_number", identity_fields, estate, id_kind, id_number) or {}
    organisation = kind == Person.Kind.ORGANISATION or fields.get("id_kind") == IdKind.CREDIT_CODE
    fields["kind"] = Person.Kind.ORGANISATION if organisation else Person.Kind.PERSON
    if fields["name"] and not organisation and len(fields["name"]) > LONGEST_NAME and not fields["name"].isascii():
        wrong[f"name{suffix}"] = [f"姓名有 {len(fields['name'])} 字，个人最多 {LONGEST_NAME} 字，请核对"]
    for field, number in (("phone", phone), ("phone2", phone2)):
        fields[field] = take(field, check_phone, number) if number else ""
    for field, value in more.items():
        if field in ("sex", "birth_year") and field in fields:
            continue                                                  # the number itself tells
        if field == "birth_year" and value:
            fields[field] = take(field, check_birth_year, value)
        else:
            limit = Person._meta.get_field(field).max_length
            fields[field] = take(field, clean_text, value, limit) if isinstance(value, str) else value
    if wrong:
        raise Refused(wrong)
    return fields


def enter_person(estate, *, unit, by, **typed):
    """The person of this ID number at this estate, told of what is new about them, or a new one. Part of other acts.

    ``unit``: where they were met; what is new about somebody known stands in its history.
    """
    suffix = typed.get("suffix", "")
    fields = person_fields(estate, **typed)
    there = fields["id_digest"] and Person.objects.of(estate).select_for_update().filter(id_digest=fields["id_digest"]).first()
    if not there:
        return Person.objects.create(estate=estate, **fields)
    if there.name != fields["name"]:
        raise Refused({f"id_number{suffix}": f"这个证件号码登记的是{there.name}，请核对证件；姓名变了先改人员资料"})
    if fields["phone"] and there.phone and fields["phone"] != there.phone and not fields["phone2"]:
        fields["phone2"] = there.phone                                # the newer number first, the older one is kept
    if not typed.get("kind"):
        fields.pop("kind")                                            # a form that does not ask says nothing of it
    changed = {k: v for k, v in fields.items() if v and getattr(there, k) != v}
    if changed:
        change(there, changed, words=WORDS, by=by, unit=unit, about=there.name)
    return there


def open_tenure(household):
    """The household, locked; refused once its tenure is over: then it is read, not changed."""
    household = Household.objects.lock(household)
    if household.voided_at or (household.ends_on and household.ends_on < today()):
        raise Refused(f"{household.number} 的产权到 {household.ends_on or household.starts_on} 为止，只看不改。")
    return household


def household_ids_of(person):
    """Where the person owns or lives."""
    owned = person.ownerships.live().values_list("household_id", flat=True)
    lived = person.residences.filter(left_on=None).values_list("household_id", flat=True)
    return {*owned, *lived}


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
def change_person(person, *, household, version, by, name, id_number="", **typed):
    """Correct a person's data; number and phones, which the page masks, stay where left empty. ``household``: where it was asked for.

    Refused on a stale page, and for an ID number that another person has.
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
    changed = change(person, fields, words=WORDS, by=by, household=household, about=person.name)
    if not changed:
        return person
    if "姓名" in changed:
        owner_names(person.ownerships.live().values_list("household_id", flat=True))
    find.rebuild(household_ids_of(person))
    record(by, f"修改人员资料（{known_as(person)}）：" + "、".join(changed), person, household=household)
    return person


def known_as(person):
    """How the log names a person: by surname; an organisation by its name (STYLE §8)."""
    return person.name[:30] if person.kind == Person.Kind.ORGANISATION else surname(person.name)


def guarded(person, guardian, consent):
    """Columns of Resident for a child's data: under 14 a guardian must have agreed (law: 个人信息保护法 31).

    The birth year alone may leave open whether the 14th birthday is past: then it is asked for too.
    """
    guardian = checked("guardian", clean_text, guardian, 40)
    if person.birth_year and today().year - person.birth_year <= CHILD:
        if not guardian:
            raise Refused({"guardian": f"出生年 {person.birth_year}，可能未满 14 岁：要写明同意登记的监护人"})
        if not consent:
            raise Refused({"guardian_consent": "监护人同意登记孩子的资料，才能登记"})
    return {"guardian": guardian, "guardian_consent_on": today() if guardian and consent else None}


@act
def add_resident(household, *, name, by, relation="", guardian="", guardian_consent=False, **typed):
    """Enter who lives there with the owner; returns the Resident. A child under 14 only with a guardian's consent."""
    household = open_tenure(household)
    relation = checked("relation", clean_text, relation, 10)
    person = enter_person(household.estate, unit=household.unit, by=by, name=name, **typed)
    resident = Resident.objects.create(estate=household.estate, household=household, person=person, relation=relation,
                                       **guarded(person, guardian, guardian_consent))
    find.rebuild([household.pk])
    record(by, f"登记住户{f'（{relation}）' if relation else ''}{known_as(person)}", resident, household=household)
    return resident


@act
def add_tenant(household, *, name, lease_from, by, lease_to=None, fee_payer=Resident.FeePayer.OWNER, pays=(), **typed):
    """Enter a tenant with the term of the lease and the fees they pay; the debt stays the household's (DOMAIN §2)."""
    household = open_tenure(household)
    lease_ends_later(lease_from, lease_to)
    person = enter_person(household.estate, unit=household.unit, by=by, name=name, **typed)
    tenant = Resident.objects.create(estate=household.estate, household=household, person=person, kind=Resident.Kind.TENANT,
                                     lease_from=lease_from, lease_to=lease_to, **payer(fee_payer, pays))
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
