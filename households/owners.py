"""Acts on who owns: co-owners and their shares, an owner who has died, a tenure's first day put right (DOMAIN §2)."""
import re
from datetime import timedelta
from fractions import Fraction

from django.db.models import Max
from django.urls import reverse

from servicecentre.kit.periods import parse_date, today
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.worklog.acts import act, record
from servicecentre.worklog.stale import differs, fresh, overtaken

from . import find
from .history import amend, change
from .models import Household, Ownership, Person, Unit
from .people import checked, enter_person, known_as, open_tenure, owner_names
from .register import MOST_OWNERS, ask_far_day


def share_of(text):
    """A share as people write it (1/2, 50%, 50) as a Fraction; None for words that no sum can be made of."""
    plain = re.sub(r"\s", "", text)
    if m := re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", plain):
        return Fraction(int(m[1]), int(m[2])) if int(m[2]) else None
    if m := re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,4})?)[%％]", plain):
        return Fraction(m[1]) / 100
    return None


def _shares_fit(household, despite, *, instead_of=None, share):
    """Refused unless ``shares`` when the shares that are numbers make more than the whole."""
    rest = household.ownerships.live().exclude(pk=instead_of).values_list("share", flat=True)
    whole = sum(filter(None, map(share_of, [*rest, share])))
    if whole > 1 and "shares" not in despite:
        raise Refused(f"份额合计 {float(whole * 100):g}%，超过 100%，请核对。", unless="shares")


@act
def add_owner(household, *, name, by, share="", basis="", despite=(), **typed):
    """Enter a co-owner of a tenure that goes on (a spouse added to the deed); debts and number stay. Returns the Ownership."""
    household = open_tenure(household)
    if household.ownerships.live().count() >= MOST_OWNERS:
        raise Refused(f"业主最多 {MOST_OWNERS} 人，请核对。")
    share, basis = checked("share", clean_text, share, 20), _basis(basis)
    _shares_fit(household, despite, share=share)
    person = enter_person(household.estate, unit=household.unit, by=by, name=name, **typed)
    if household.ownerships.live().filter(person=person).exists():
        raise Refused({"name": "此人已是这一户的业主"})
    last = household.ownerships.aggregate(n=Max("position"))["n"] or 0
    ownership = Ownership.objects.create(estate=household.estate, household=household, person=person, position=last + 1, share=share)
    _owners_changed(household)
    amend(ownership, [("共有人", "", _owner_words(ownership))], by=by, household=household)
    record(by, f"加共有人{known_as(person)}{f' {share}' if share else ''}，凭 {basis}", ownership, household=household)
    return ownership


@act
def change_share(ownership, *, share, basis, by, shown=None, despite=()):
    """Write down another share of an owner. ``shown``: the one that the page said; refused when it is another now."""
    household = open_tenure(ownership.household_id)
    ownership = _still_owner(ownership)
    if shown is not None and differs(shown, ownership.share):
        raise overtaken(ownership, link=reverse("households:change_share", args=[ownership.pk]))
    share, basis = checked("share", clean_text, share, 20), _basis(basis)
    if share == ownership.share:
        raise Refused({"share": "和现在登记的一样"})
    _shares_fit(household, despite, instead_of=ownership.pk, share=share)
    amend(ownership, [("份额", ownership.share, share)], by=by, household=household, about=ownership.person.name)
    ownership.share = share
    ownership.save(update_fields=["share"])
    record(by, f"{known_as(ownership.person)}份额改为 {share or '不写'}，凭 {basis}", ownership, household=household)
    return ownership


@act
def remove_owner(ownership, *, left_on, basis, by):
    """A co-owner gave the share to those who stay; the row stays with its last day. The last owner leaves by change of owner."""
    household = open_tenure(ownership.household_id)
    ownership = _still_owner(ownership)
    basis = _basis(basis)
    if household.ownerships.live().count() == 1:
        raise Refused("这是唯一的业主，请办变更业主。")
    if left_on > today() or left_on < household.starts_on:
        raise Refused({"left_on": f"要在 {household.starts_on} 和今天之间"})
    ownership.left_on = left_on
    ownership.save(update_fields=["left_on"])
    _owners_changed(household)
    amend(ownership, [("共有人", _owner_words(ownership), "")], by=by, household=household)
    record(by, f"共有人{known_as(ownership.person)}退出，到 {left_on}，凭 {basis}", ownership, household=household)
    return ownership


def _still_owner(ownership):
    ownership = Ownership.objects.select_related("person").lock(ownership)
    if ownership.left_on:
        raise Refused(f"已登记 {ownership.left_on} 退出。")
    return ownership


def _owner_words(ownership):
    return " ".join(filter(None, (ownership.person.name, ownership.share)))


def _owners_changed(household):
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
