"""Acts on who owns: co-owners and their shares, an owner who has died, a tenure's first day put right (DOMAIN §2)."""
from datetime import timedelta

from django.db.models import Max
from django.urls import reverse

from servicecentre.kit.periods import parse_date, today
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.worklog.acts import act, record
from servicecentre.worklog.stale import fresh

from . import find
from .entering import checked, enter_person, guarded, is_child
from .history import amend, change
from .models import Household, Ownership, Person, Unit
from .people import known_as, open_tenure, owner_names
from .register import MOST_OWNERS, ask_far_day, ask_shares


@act
def add_owner(household, *, name, by, share="", basis="", guardian="", guardian_consent=False, despite=(), **typed):
    """Enter a co-owner of a tenure that goes on (a spouse added to the deed); debts and number stay. Returns the Ownership.

    A child under 14 only with a guardian's consent.
    """
    household = open_tenure(household)
    if household.ownerships.live().count() >= MOST_OWNERS:
        raise Refused(f"业主最多 {MOST_OWNERS} 人，请核对。")
    share, basis = checked("share", clean_text, share, 20), _basis(basis)
    ask_shares([*_shares_of(household), share], despite)
    person = enter_person(household.estate, unit=household.unit, by=by, despite=despite, name=name, **typed)
    if household.ownerships.live().filter(person=person).exists():
        raise Refused({"name": "此人已是这一户的业主"})
    last = household.ownerships.aggregate(n=Max("position"))["n"] or 0
    ownership = Ownership.objects.create(estate=household.estate, household=household, person=person, position=last + 1, share=share,
                                         **guarded(person, guardian, guardian_consent))
    owners_changed(household)
    amend(ownership, [("共有人", "", _owner_words(ownership))], by=by, household=household)
    record(by, f"加共有人{known_as(person)}{f' {share}' if share else ''}，凭 {basis}", ownership, household=household)
    return ownership


@act
def change_share(ownership, *, version, share, basis, by, guardian="", guardian_consent=False, despite=()):
    """Write down another share of an owner, or the guardian of a child who owns. Refused on a stale page."""
    household = open_tenure(ownership.household_id)
    ownership = _still_owner(ownership, version)
    share, basis = checked("share", clean_text, share, 20), _basis(basis)
    if is_child(ownership.person) and ownership.guardian_consent_on and not guardian_consent:
        raise Refused({"guardian_consent": "业主的资料是收费、办事必需的，撤回同意不能删；换了监护人，写新的监护人"})
    new = {"share": share, **guarded(ownership.person, guardian, guardian_consent)}
    if new["guardian"] == ownership.guardian and guardian_consent and ownership.guardian_consent_on:
        new["guardian_consent_on"] = ownership.guardian_consent_on
    if all(getattr(ownership, name) == value for name, value in new.items()):
        raise Refused({"share": "和现在登记的一样"})
    ask_shares([*_shares_of(household, but=ownership), share], despite)
    told = change(ownership, new, words={"share": "份额", "guardian": "监护人", "guardian_consent_on": "监护人同意日"}, by=by, household=household,
                  about=ownership.person.name)
    what = f"份额改为 {share or '不写'}" if "份额" in told else "的监护人改了"
    record(by, f"{known_as(ownership.person)}{what}，凭 {basis}", ownership, household=household)
    return ownership


@act
def remove_owner(ownership, *, version, left_on, basis, by):
    """A co-owner gave the share to those who stay; the row stays with its last day. The last owner leaves by change of owner.

    Refused on a stale page.
    """
    household = open_tenure(ownership.household_id)
    ownership = _still_owner(ownership, version)
    basis = _basis(basis)
    if household.ownerships.live().count() == 1:
        raise Refused("这是唯一的业主，请办变更业主。")
    if left_on > today() or left_on < household.starts_on:
        raise Refused({"left_on": f"要在 {household.starts_on} 和今天之间"})
    ownership.left_on, ownership.version = left_on, ownership.version + 1
    ownership.save(update_fields=["left_on", "version"])
    owners_changed(household)
    amend(ownership, [("共有人", _owner_words(ownership), "")], by=by, household=household)
    record(by, f"共有人{known_as(ownership.person)}退出，到 {left_on}，凭 {basis}", ownership, household=household)
    return ownership


def _shares_of(household, but=None):
    return household.ownerships.live().exclude(pk=but and but.pk).values_list("share", flat=True)


def _still_owner(ownership, version):
    ownership = Ownership.objects.select_related("person").lock(ownership)
    if ownership.left_on:
        raise Refused(f"已登记 {ownership.left_on} 退出。")
    fresh(ownership, version, link=reverse("household", args=[ownership.household_id]))
    return ownership


def _owner_words(ownership):
    return " ".join(filter(None, (ownership.person.name, ownership.share)))


def owners_changed(household):
    """Positions 1, 2, 3 … of those who own, the names that lists show, the search keys."""
    for n, row in enumerate(household.ownerships.live().order_by("position"), 1):
        if row.position != n:
            Ownership.objects.filter(pk=row.pk).update(position=n)
    owner_names([household.pk])
    find.rebuild([household.pk])


def _basis(basis):
    basis = checked("basis", clean_text, basis, 80)
    if not basis:
        raise Refused({"basis": "请写明凭什么，如 不动产权证书"})
    return basis


@act
def record_death(person, *, household, version, died_on, by, basis, contact=""):
    """An owner or resident has died: the tenure and its debts stay until the heirs' change of owner; whom to speak to meanwhile."""
    household = Household.objects.lock(household)
    person = Person.objects.lock(person)
    fresh(person, version, link=reverse("households:record_death", args=[household.pk, person.pk]))
    if person.kind == Person.Kind.ORGANISATION:
        raise Refused("单位不登记去世。")
    if died_on > today() or person.birth_year and died_on.year < person.birth_year:
        raise Refused({"died_on": "去世日不对，请核对"})
    new = {"deceased_on": died_on, "contact": checked("contact", clean_text, contact, 40)}
    basis = _basis(basis)
    if change(person, new, words={"deceased_on": "去世日", "contact": "联系人"}, by=by, household=household, about=person.name):
        record(by, f"登记{known_as(person)}去世，{died_on}，凭 {basis}", person, household=household)
    return person


@act
def withdraw_death(person, *, household, version, reason, by):
    """A death that was entered for the wrong person, or never was, is taken back; letters given and held serve again."""
    household = Household.objects.lock(household)
    person = Person.objects.lock(person)
    if not person.deceased_on:
        raise Refused("没有登记去世。")
    fresh(person, version, link=reverse("households:change_person", args=[household.pk, person.pk]))
    reason = checked("reason", clean_text, reason, 80)
    if not reason:
        raise Refused({"reason": "请写明为什么撤回"})
    change(person, {"deceased_on": None}, words={"deceased_on": "去世日"}, by=by, household=household, about=person.name)
    record(by, f"撤回{known_as(person)}的去世登记，{reason}", person, household=household)
    return person


@act
def correct_first_day(household, *, version, starts_on, reason, by, despite=()):
    """Put right a tenure's first day that was written wrongly; who held the unit until the day before ends a day earlier or later.

    What was billed for other days shows as 更正 (billing asks the tenure's days). Refused where it would overlap another
    tenure or outlive its own last day; a day far ahead is asked about (``far_day``).
    """
    unit = Unit.objects.lock(household.unit_id)
    household = Household.objects.lock(household)
    fresh(household, version)
    starts_on = checked("starts_on", parse_date, starts_on)
    reason = checked("reason", clean_text, reason, 80)
    if not reason:
        raise Refused({"reason": "请写明为什么更正"})
    was = household.starts_on
    if starts_on == was:
        raise Refused({"starts_on": f"现在就是 {was}"})
    if household.ends_on and starts_on > household.ends_on:
        raise Refused({"starts_on": f"这一任到 {household.ends_on} 为止，不能更晚"})
    ask_far_day(starts_on, despite)
    earlier = unit.households.live().filter(starts_on__lt=was).exclude(pk=household.pk).order_by("-starts_on").first()
    follows = earlier and earlier.ends_on == was - timedelta(days=1)
    if earlier and (starts_on <= earlier.starts_on or not follows and starts_on <= earlier.ends_on):
        raise Refused({"starts_on": f"{earlier.starts_on} 至 {earlier.ends_on} 这套房是{earlier.owner_names}的，日期不能重叠"})
    steps = [(household, "starts_on", "起", starts_on)]
    if follows:                                                    # the one before is moved first when days are taken from it
        steps.insert(0 if starts_on < was else 1, (Household.objects.lock(earlier), "ends_on", "止", starts_on - timedelta(days=1)))
    for row, field, word, day in steps:
        change(row, {field: day}, words={field: word}, by=by, household=row)
    find.rebuild([household.pk])
    record(by, f"更正起日，{was} 改为 {starts_on}{f'，上一任到 {starts_on - timedelta(days=1)}' if follows else ''}，{reason}",
           household, household=household)
    return household
