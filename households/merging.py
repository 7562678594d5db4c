"""One person entered twice becomes one: everything that points at the second entry points at the first (DOMAIN §2)."""
from django.db import models

from servicecentre.kit.refused import Refused
from servicecentre.worklog.acts import act, record

from . import find
from .entering import WORDS
from .history import amend
from .models import Ownership, Person, Resident
from .people import known_as, owner_names

TAKEN = ("id_kind", "id_number", "id_digest", "id_masked", "phone", "phone2", "sex", "birth_year", "mail_address", "email", "legal_rep",
         "contact", "deceased_on")


@act
def merge_people(keep, gone, *, household, by):
    """Make ``gone`` one with ``keep``; returns ``keep``. ``household``: where it was asked for.

    What ``keep`` lacks comes from ``gone``; a second phone is kept as the spare one. Refused between a person and an
    organisation, and where both have an ID number: then they are two, or one number is wrong.
    """
    if keep.pk == gone.pk:
        raise Refused("这就是同一条登记。")
    first, second = (Person.objects.lock(pk) for pk in sorted((keep.pk, gone.pk)))
    keep, gone = (first, second) if first.pk == keep.pk else (second, first)
    if keep.merged_into_id or gone.merged_into_id:
        raise Refused("其中一条已经并入别人，请刷新后核对。")
    if keep.kind != gone.kind:
        raise Refused("一个是个人，一个是单位，不能合并。")
    if keep.id_digest and gone.id_digest:
        raise Refused(f"两条都有证件号码（{keep.id_masked} 和 {gone.id_masked}），不是同一个人；号码写错了先改资料。")
    new = {field: getattr(gone, field) for field in TAKEN if getattr(gone, field) and not getattr(keep, field)}
    if gone.phone and keep.phone and gone.phone != keep.phone and not keep.phone2:
        new["phone2"] = gone.phone
    if gone.id_digest:                                             # one number, one row: the second entry gives it up first
        gone.id_kind = gone.id_number = gone.id_digest = gone.id_masked = ""
    gone.merged_into, gone.version = keep, gone.version + 1
    gone.save(update_fields=["merged_into", "version", "id_kind", "id_number", "id_digest", "id_masked"])
    for field, value in new.items():
        setattr(keep, field, value)
    keep.version += 1
    keep.save(update_fields=[*new, "version"])
    moved, touched = _point_at(keep, gone)
    owner_names(touched)
    find.rebuild(touched)
    told = "、".join(dict.fromkeys(WORDS[field] for field in new if field in WORDS))
    amend(keep, [("合并重复登记", f"{gone.name}（{moved} 处）", keep.name)], by=by, household=household, about=keep.name)
    record(by, f"合并重复登记的{known_as(gone)}，改指 {moved} 处{f'，补上{told}' if told else ''}", keep, household=household)
    return keep


def _point_at(keep, gone):
    """Every row that points at ``gone`` points at ``keep``; (how many, households touched). Whatever app's: asked of the models."""
    moved, touched = 0, set()
    for model in (Ownership, Resident):
        touched |= set(model.objects.filter(person=gone).values_list("household", flat=True))
        moved += _without_doubles(model, keep, gone)
    for relation in Person._meta.related_objects:
        model, field = relation.related_model, relation.field
        if model in (Ownership, Resident) or not isinstance(field, models.ForeignKey):
            continue
        rows = model._base_manager.filter(**{field.name: gone})
        moved += (rows.exclude(pk=gone.pk) if model is Person else rows).update(**{field.name: keep})
    return moved, touched


def _without_doubles(model, keep, gone):
    """Re-point rows; where both are the same in one household, the second row goes (it said nothing more)."""
    alike = ("household_id", "left_on") + (("kind",) if model is Resident else ())
    there = set(model.objects.filter(person=keep).values_list(*alike))
    n = 0
    for row in model.objects.filter(person=gone):
        if tuple(getattr(row, name) for name in alike) in there:
            row.delete()
        else:
            row.person = keep
            row.save(update_fields=["person"])
        n += 1
    return n


def doubles_of(person):
    """Living entries of the estate that may be the same person: same name or phone, the same kind; likeliest first, at most 20."""
    same = models.Q(name=person.name)
    for phone in filter(None, (person.phone, person.phone2)):
        same |= models.Q(phone=phone) | models.Q(phone2=phone)
    rows = Person.objects.of(person.estate_id).filter(same, kind=person.kind, merged_into=None).exclude(pk=person.pk)
    if person.id_digest:
        rows = rows.filter(id_digest="")
    return rows.order_by("-pk")[:20]


def homes_of(people):
    """{person id: [「3-2-1801 业主」, …]}: where each of these owns or lives."""
    homes = {}
    for model, word in ((Ownership, "业主"), (Resident, "住户")):
        rows = model.objects.filter(person__in=people, left_on=None, household__voided_at=None).order_by("pk")
        for person, code in rows.values_list("person", "household__unit__code"):
            homes.setdefault(person, []).append(f"{code} {word}")
    return homes


def told(person, homes):
    """One entry in words for choosing: name, masked phone and number, where."""
    facts = [person.name, person.shown_phone if person.phone else "", person.id_masked, "、".join(homes.get(person.pk, ())[:4]) or "没有住处"]
    return "，".join(filter(None, facts))
