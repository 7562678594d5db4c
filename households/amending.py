"""Acts that change what is entered about who lives there: a contact, a vehicle, a residence or lease. What stood there before is kept."""
from django.db.models import F, Q
from django.urls import reverse

from servicecentre.kit.identity import check_phone, show_plate
from servicecentre.kit.periods import today
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text, surname
from servicecentre.worklog.acts import act, record
from servicecentre.worklog.stale import fresh

from . import find
from .entering import check_name, checked, guarded, is_child
from .history import change
from .models import Amendment, Contact, Person, Resident, Vehicle
from .people import known_as, lease_ends_later, open_tenure, payer

GONE = "（已清理）"
NOBODY = {"name": GONE, "id_kind": "", "id_number": "", "id_digest": "", "id_masked": "", "phone": "", "phone2": "", "sex": "", "birth_year": None,
          "mail_address": "", "email": "", "legal_rep": "", "contact": ""}          # columns of a Person of whom nothing is kept


@act
def change_contact(contact, *, version, name, by, phone="", relation=""):
    """Correct an emergency contact; the phone, which the page masks, stays where left empty. Refused on a stale page."""
    household = open_tenure(contact.household_id)
    contact = Contact.objects.lock(contact)
    fresh(contact, version, link=reverse("households:change_contact", args=[contact.pk]))
    new = {"name": checked("name", check_name, name, 40), "relation": checked("relation", clean_text, relation, 20)}
    if phone:
        new["phone"] = checked("phone", check_phone, phone)
    words = {"name": "姓名", "relation": "关系", "phone": "电话"}
    if changed := change(contact, new, words=words, by=by, household=household, about=f"紧急联系人 {contact.name}"):
        find.rebuild([household.pk])
        record(by, f"修改紧急联系人{surname(contact.name)}：{'、'.join(changed)}", contact, household=household)
    return contact


@act
def change_vehicle(vehicle, *, version, by, brand="", colour="", driver_phone=""):
    """Correct a vehicle's brand, colour or driver's phone (stays where left empty); another plate is another vehicle."""
    household = open_tenure(vehicle.household_id)
    vehicle = Vehicle.objects.lock(vehicle)
    fresh(vehicle, version, link=reverse("households:change_vehicle", args=[vehicle.pk]))
    if vehicle.ended_on:
        raise Refused(f"这辆车已于 {vehicle.ended_on} 注销。")
    new = {"brand": checked("brand", clean_text, brand, 30), "colour": checked("colour", clean_text, colour, 10)}
    if driver_phone:
        new["driver_phone"] = checked("driver_phone", check_phone, driver_phone)
    words = {"brand": "品牌", "colour": "颜色", "driver_phone": "驾驶人电话"}
    if changed := change(vehicle, new, words=words, by=by, household=household, about=show_plate(vehicle.plate)):
        find.rebuild([household.pk])
        record(by, f"修改车辆 {show_plate(vehicle.plate)}：{'、'.join(changed)}", vehicle, household=household)
    return vehicle


@act
def change_resident(resident, *, version, by, relation="", guardian="", guardian_consent=False, despite=()):
    """Correct how somebody is related to the owner, or a child's guardian who consents.

    A consent that is taken back is asked about (``consent_back``): then the child's data are deleted (law: 个人信息保护法 15, 47).
    """
    household, resident = _living(resident, version, "change_resident")
    if is_child(resident.person) and resident.guardian_consent_on and not guardian_consent:
        if "consent_back" not in despite:
            raise Refused("监护人撤回同意，就要删去孩子的资料：姓名、电话、证件、出生年都删，登记为今天搬离，不能恢复。", unless="consent_back")
        return _forget_child(resident, household, by)
    new = {"relation": checked("relation", clean_text, relation, 10), **guarded(resident.person, guardian, guardian_consent)}
    if new["guardian"] == resident.guardian and guardian_consent and resident.guardian_consent_on:
        new["guardian_consent_on"] = resident.guardian_consent_on
    words = {"relation": "与业主关系", "guardian": "监护人", "guardian_consent_on": "监护人同意日"}
    if changed := change(resident, new, words=words, by=by, household=household, about=resident.person.name):
        record(by, f"修改住户{known_as(resident.person)}：{'、'.join(changed)}", resident, household=household)
    return resident


@act
def change_tenant(resident, *, version, lease_from, by, lease_to=None, fee_payer=Resident.FeePayer.OWNER, pays=()):
    """A lease made longer or shorter, and who pays which fee; bills and debts stay the household's (DOMAIN §2)."""
    household, resident = _living(resident, version, "change_tenant")
    lease_ends_later(lease_from, lease_to)
    was = resident.pays_words.lstrip("，") or "业主交"
    new = {"lease_from": lease_from, "lease_to": lease_to, **payer(fee_payer, pays)}
    words = {"lease_from": "租期起", "lease_to": "租期止", "fee_payer": "费用由谁交"}
    if new["fee_payer"] == resident.fee_payer and new["pays"] != resident.pays:
        words["pays"] = "交哪些费用"
    if changed := change(resident, new, words=words, by=by, household=household, about=resident.person.name):
        record(by, f"修改租户{known_as(resident.person)}：{'、'.join(changed)}（原来{was}）", resident, household=household)
    return resident


def _forget_child(resident, household, by):
    """The child has left today and nothing is told of them any more; refused while they own or live elsewhere."""
    person = Person.objects.lock(resident.person_id)
    if person.ownerships.exists() or person.residences.exclude(pk=resident.pk).filter(left_on=None).exists():
        raise Refused("孩子还登记在别处，或是业主，资料不能删。请先办那里的。")
    was = known_as(person)
    Person.objects.filter(pk=person.pk).update(**NOBODY, version=F("version") + 1)
    resident.relation, resident.guardian, resident.guardian_consent_on, resident.left_on = "", "", None, today()
    resident.version += 1
    resident.save(update_fields=["relation", "guardian", "guardian_consent_on", "left_on", "version"])
    forget_amendments(household.estate_id, persons=[person.pk], residents=[resident.pk])
    find.rebuild([household.pk])
    record(by, f"监护人撤回同意，删去{was}的资料，登记搬离", resident, household=household)
    return resident


def forget_amendments(estate_id, *, persons=(), residents=()):
    """Who changed which field and when stays; what it said goes."""
    rows = Q(row_type=Person._meta.label_lower, row_id__in=persons) | Q(row_type=Resident._meta.label_lower, row_id__in=residents)
    Amendment.objects.of(estate_id).filter(rows).update(about="", old="", new="")


def _living(resident, version, page):
    household = open_tenure(resident.household_id)
    resident = Resident.objects.select_related("person").lock(resident)
    fresh(resident, version, link=reverse(f"households:{page}", args=[resident.pk]))
    if resident.left_on:
        raise Refused(f"已登记 {resident.left_on} 搬离。")
    return household, resident
