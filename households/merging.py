"""One person entered twice becomes one: everything that points at the second entry points at the first (DOMAIN §2)."""
from django.db import models

from servicecentre.kit.identity import mask_phone
from servicecentre.kit.refused import Refused
from servicecentre.worklog.acts import act, record

from .entering import WORDS
from .history import amend, change, shown
from .models import Household, Ownership, Person, Resident
from .owners import owners_changed
from .people import known_as

TAKEN = ("id_kind", "id_number", "id_digest", "id_masked", "phone", "phone2", "sex", "birth_year", "mail_address", "email", "legal_rep",
         "contact", "deceased_on")

# What a row of a household says besides who it is, in groups that stand or fall together.
SAYS = {Ownership: (("share",), ("guardian", "guardian_consent_on")),
        Resident: (("relation",), ("lease_from", "lease_to"), ("fee_payer", "pays"), ("guardian", "guardian_consent_on"))}


@act
def merge_people(keep, gone, *, household, by, despite=()):
    """Make ``gone`` one with ``keep``; returns ``keep``. ``household``: where it was asked for.

    What ``keep`` lacks comes from ``gone``; a second phone is kept as the spare one, a third is asked about (``other_phone``), and
    so is what two rows of one household say differently (``doubled``). Refused between a person and an organisation, and where both
    have an ID number: then they are two, or one number is wrong.
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
    phones, lost = _phones(keep, gone, despite)
    new |= phones
    if gone.id_digest:                                             # one number, one row: the second entry gives it up first
        gone.id_kind = gone.id_number = gone.id_digest = gone.id_masked = ""
    gone.merged_into, gone.version = keep, gone.version + 1
    gone.save(update_fields=["merged_into", "version", "id_kind", "id_number", "id_digest", "id_masked"])
    for field, value in new.items():
        setattr(keep, field, value)
    keep.version += 1
    keep.save(update_fields=[*new, "version"])
    moved, touched = _point_at(keep, gone, by, despite)
    for home in Household.objects.filter(pk__in=touched):
        owners_changed(home)
    told = "、".join(dict.fromkeys(WORDS[field] for field in new if field in WORDS))
    amend(keep, [("合并重复登记", f"{gone.name}（{moved} 处）", keep.name), ("备用电话", lost, "")], by=by, household=household, about=keep.name)
    record(by, f"合并重复登记的{known_as(gone)}，改指 {moved} 处{f'，补上{told}' if told else ''}", keep, household=household)
    return keep


def _phones(keep, gone, despite):
    """The phone columns when both are one, and in masks what does not fit into two."""
    numbers = list(dict.fromkeys(filter(None, (keep.phone, keep.phone2, gone.phone, gone.phone2))))
    lost = "、".join(map(mask_phone, numbers[2:]))
    if lost and "other_phone" not in despite:
        raise Refused(f"两条一共有 {len(numbers)} 个电话，只能留两个，{lost} 不留；要留的先在人员资料里改好。", unless="other_phone")
    columns = dict(zip(("phone", "phone2"), numbers, strict=False))
    return {field: value for field, value in columns.items() if value != getattr(keep, field)}, lost


def _point_at(keep, gone, by, despite):
    """Every row that points at ``gone`` points at ``keep``; (how many, households touched). Whatever app's: asked of the models."""
    moved, touched = 0, set()
    for model in (Ownership, Resident):
        touched |= set(model.objects.filter(person=gone).values_list("household", flat=True))
        moved += _without_doubles(model, keep, gone, by, despite)
    for relation in Person._meta.related_objects:
        model, field = relation.related_model, relation.field
        if model in (Ownership, Resident) or not isinstance(field, models.ForeignKey):
            continue
        rows = model._base_manager.filter(**{field.name: gone})
        moved += (rows.exclude(pk=gone.pk) if model is Person else rows).update(**{field.name: keep})
    return moved, touched


def _without_doubles(model, keep, gone, by, despite):
    """Re-point rows; where both are the same in one household, the second row goes once the first says all that it said."""
    alike = ("household_id", "left_on") + (("kind",) if model is Resident else ())
    rows = model.objects.select_related("household__unit", "person")
    there = {tuple(getattr(row, name) for name in alike): row for row in rows.filter(person=keep)}
    n = 0
    for row in rows.filter(person=gone):
        if kept := there.get(tuple(getattr(row, name) for name in alike)):
            _take_over(kept, row, by, despite)
            row.delete()
        else:
            row.person = keep
            row.save(update_fields=["person"])
        n += 1
    return n


def _take_over(kept, row, by, despite):
    """What the second row of a household says goes to the first where that says nothing; else it is asked about and kept as changed."""
    new, lost = {}, []
    for fields in SAYS[type(kept)]:
        ours, theirs = ([getattr(one, field) for field in fields] for one in (kept, row))
        if any(theirs) and not any(ours):
            new |= dict(zip(fields, theirs, strict=True))
        elif any(theirs) and (ours != theirs or fields == ("share",)):           # two equal shares may be one, or two halves
            lost += [(kept._meta.get_field(field).verbose_name, _said(row, field), _said(kept, field)) for field in fields]
    if lost and "doubled" not in despite:
        told = "，".join(f"{what} {ours or '空'}（另一条 {theirs or '空'}）" for what, theirs, ours in lost)
        raise Refused(f"两条都登记在 {kept.household.unit.code}，合并后只留：{told}。请先核对，不对的先改。", unless="doubled")
    change(kept, new, words={field: kept._meta.get_field(field).verbose_name for field in new}, by=by, household=kept.household, about=kept.person.name)
    amend(kept, [(f"{what}（并掉的）", theirs, "") for what, theirs, _ in lost], by=by, household=kept.household, about=kept.person.name)


def _said(row, field):
    value = shown(row, field)
    return "、".join(value) if isinstance(value, list) else value


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
