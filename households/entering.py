"""Who somebody is: clean columns from what was typed, the same person found again by ID number, a child's guardian (FORMS 1.4)."""
from django.core.exceptions import ValidationError

from servicecentre.kit.identity import (
    IdKind,
    born_on,
    check_identity,
    check_phone,
    guess_kind,
    mask_identity,
    mask_phone,
)
from servicecentre.kit.periods import today
from servicecentre.kit.refused import Refused
from servicecentre.kit.secrets import blind_index
from servicecentre.kit.text import clean_text

from . import find
from .history import change
from .models import Person

ONE_PERSON_CARDS = (IdKind.RESIDENT, IdKind.HMT_RESIDENCE, IdKind.FOREIGN_PERMANENT)      # these tell sex and birth year
OWNER, RESIDENT, LETTER = "owner", "resident", "letter"          # as what somebody known is entered
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


def enter_person(estate, *, unit, by, phones=OWNER, despite=(), **typed):
    """The person of this ID number at this estate, told of what is new about them, or a new one. Part of other acts.

    ``unit``: where they were met; what is new about somebody known stands in its history. ``phones``: what is done with another
    number of somebody known, see _phones(); asked about as ``other_phone``.
    """
    suffix = typed.get("suffix", "")
    fields = person_fields(estate, **typed)
    there = fields["id_digest"] and Person.objects.of(estate).select_for_update().filter(id_digest=fields["id_digest"]).first()
    if not there:
        return Person.objects.create(estate=estate, **fields)
    if there.name != fields["name"]:
        raise Refused({f"id_number{suffix}": f"这个证件号码登记的是{there.name}，请核对证件；姓名变了先改人员资料"})
    fields |= _phones(there, [fields.pop("phone"), fields.pop("phone2")], phones, despite)
    if not typed.get("kind"):
        fields.pop("kind")                                            # a form that does not ask says nothing of it
    changed = {k: v for k, v in fields.items() if v and getattr(there, k) != v}
    if changed:
        change(there, changed, words=WORDS, by=by, unit=unit, about=there.name)
        find.rebuild(household_ids_of(there))                         # also the other homes are found by it
    return there


def _phones(there, typed, phones, despite):
    """The phone columns of somebody known when these numbers were typed.

    OWNER: the newer number first, the older one is kept; a third one is asked about. RESIDENT: only who has none gets one. LETTER:
    never a number that a letter names, since a letter's principal is rung on the register's. What is not written is asked about.
    """
    known = [number for number in (there.phone, there.phone2) if number]
    new = [number for number in typed if number and number not in known]
    if not new:
        return {}
    numbers = [*new, *known]
    if phones == OWNER and len(numbers) > 2 and "other_phone" not in despite:
        raise Refused(f"{there.name}已登记两个电话，再加一个就不留 {mask_phone(numbers[2])}，请核对。", unless="other_phone")
    if phones == OWNER or phones == RESIDENT and not known:
        return dict(zip(("phone", "phone2"), numbers, strict=False))
    if "other_phone" not in despite:
        raise Refused(f"{there.name}登记的电话是 {mask_phone(there.phone) or '空的'}，和这里填的不一样；这里不改它，要改请办「人员资料」。",
                      unless="other_phone")
    return {}


def household_ids_of(person):
    """Where the person owns or lives."""
    owned = person.ownerships.live().values_list("household_id", flat=True)
    lived = person.residences.filter(left_on=None).values_list("household_id", flat=True)
    return {*owned, *lived}


def is_child(person):
    """May be under 14: the birth year alone may leave open whether the 14th birthday is past."""
    return bool(person.birth_year and today().year - person.birth_year <= CHILD)


def guarded(person, guardian, consent, suffix=""):
    """Columns of Resident and Ownership for a child's data: under 14 a guardian must have agreed (law: 个人信息保护法 31)."""
    guardian = checked(f"guardian{suffix}", clean_text, guardian, 40)
    if is_child(person):
        if not guardian:
            raise Refused({f"guardian{suffix}": f"出生年 {person.birth_year}，可能未满 14 岁：要写明同意登记的监护人"})
        if not consent:
            raise Refused({f"guardian_consent{suffix}": "监护人同意登记孩子的资料，才能登记"})
    return {"guardian": guardian, "guardian_consent_on": today() if guardian and consent else None}
