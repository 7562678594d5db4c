"""Standing instructions, what a unit is used for, pets and special care: acts, and what to read before an act (FORMS 1.4)."""
from datetime import timedelta

from django.db.models import Q

from servicecentre.kit.periods import now, today
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.worklog.acts import act, record

from .entering import checked
from .history import amend
from .models import Pet, SpecialCare, StandingInstruction, Unit, UnitUse
from .people import open_tenure

WITHOUT_PAGE = frozenset({"keys", "release", "visit", "repair"})         # moments whose own page is not there yet; who makes it takes it out


def standing_for(household, moment="", *, on=None):
    """Instructions in force that speak of this moment (`collect`, `keys` …) or of any; all of them without a moment.

    For a page to show in red before the act: ``{% load standing %}{% standing_notes household "collect" %}``.
    """
    rows = household.instructions.in_force(on=on or today()).order_by("pk")
    return list(rows.filter(Q(moment=moment) | Q(moment=StandingInstruction.Moment.ANY)) if moment else rows)


def said(field, text, limit, words):
    """Clean text that may not be empty."""
    text = checked(field, clean_text, text, limit)
    if not text:
        raise Refused({field: words})
    return text


@act
def give_instruction(household, *, words, given_by, starts_on, by, ends_on=None, moment=StandingInstruction.Moment.ANY):
    """Write down what the owner asks of the desk from a day on."""
    household = open_tenure(household)
    if ends_on and ends_on < starts_on:
        raise Refused({"ends_on": "止日不能早于起日"})
    row = StandingInstruction.objects.create(
        estate=household.estate, household=household, moment=moment, words=said("words", words, 120, "请写嘱咐了什么"),
        given_by=said("given_by", given_by, 40, "请写谁嘱咐的"), starts_on=starts_on, ends_on=ends_on, taken_by=by)
    until = f" 至 {ends_on}" if ends_on else " 起"
    record(by, f"登记嘱咐（{row.get_moment_display()}，{starts_on}{until}）", row, household=household)
    return row


@act
def withdraw_instruction(instruction, *, reason, by):
    """The instruction no longer holds; it stays to be read in the history."""
    household = open_tenure(instruction.household_id)
    row = StandingInstruction.objects.lock(instruction)
    if row.withdrawn_on:
        raise Refused(f"已于 {row.withdrawn_on} 撤回。")
    reason = said("reason", reason, 60, "请写为什么撤回")
    row.withdrawn_on = today()
    row.save(update_fields=["withdrawn_on"])
    amend(row, [("长期嘱咐", row.words, "")], by=by, household=household)
    record(by, f"撤回嘱咐（{row.get_moment_display()}），{reason}", row, household=household)
    return row


@act
def set_use(unit, *, use, starts_on, by, basis=""):
    """What the unit is used for from a day on; what it was before ends the day before. Returns the UnitUse."""
    unit = Unit.objects.lock(unit)
    if starts_on > today() + timedelta(days=366):
        raise Refused({"starts_on": "最多提前一年登记"})
    last = unit.uses.live().last()
    if last and starts_on <= last.starts_on:
        raise Refused({"starts_on": f"{last.starts_on} 起已登记{last.get_use_display()}，新的要更晚"})
    if last and last.use == use and last.ends_on is None:
        raise Refused({"use": f"{last.starts_on} 起就是{last.get_use_display()}"})
    if last and (last.ends_on is None or last.ends_on >= starts_on):
        last.ends_on = starts_on - timedelta(days=1)
        last.save(update_fields=["ends_on"])
    row = UnitUse.objects.create(estate=unit.estate, unit=unit, use=use, starts_on=starts_on, basis=checked("basis", clean_text, basis, 80))
    was = f"{last.get_use_display()}改为" if last else ""
    record(by, f"{unit.code} 使用情况 {was}{row.get_use_display()}，{starts_on} 起", row, household=unit.household_on(today()), room=unit.code)
    return row


@act
def end_use(use, *, ends_on, by):
    """What the unit was used for is over on that day, and nobody knows what it is used for now. Returns the UnitUse."""
    unit = Unit.objects.lock(use.unit_id)
    use = UnitUse.objects.lock(use)
    if use.voided_at or use.ends_on:
        raise Refused("这条使用情况已经结束。")
    if ends_on < use.starts_on:
        raise Refused({"ends_on": "使用情况的止日不能早于起日。"})
    use.ends_on = ends_on
    use.save(update_fields=["ends_on"])
    record(by, f"{unit.code} 使用情况{use.get_use_display()}到 {ends_on} 为止", use, household=unit.household_on(today()), room=unit.code)
    return use


@act
def withdraw_use(use, *, reason, by):
    """A use that was entered wrongly is taken back; the one before it goes on in its place. Returns the UnitUse."""
    unit = Unit.objects.lock(use.unit_id)
    use = UnitUse.objects.lock(use)
    if use.voided_at:
        raise Refused("这条使用情况已经撤回。")
    reason = said("reason", reason, 60, "请写为什么撤回")
    use.voided_at = now()
    use.save(update_fields=["voided_at"])
    before = unit.uses.live().filter(ends_on=use.starts_on - timedelta(days=1)).first()
    if before:
        before.ends_on = use.ends_on
        before.save(update_fields=["ends_on"])
    household = unit.household_on(today())
    amend(use, [("使用情况", use, "")], by=by, household=household, unit=unit)
    record(by, f"{unit.code} 撤回使用情况 {use}，{reason}{f'；之前的{before.get_use_display()}接着算' if before else ''}", use, household=household,
           room=unit.code)
    return use


@act
def add_pet(household, *, kind, by, breed="", licence_no="", vaccinated_on=None, large=False):
    """Enter a pet; a dog's licence and vaccination where there are any."""
    household = open_tenure(household)
    if vaccinated_on and vaccinated_on > today():
        raise Refused({"vaccinated_on": "免疫日还没到"})
    pet = Pet.objects.create(estate=household.estate, household=household, kind=said("kind", kind, 20, "请写种类，如 犬、猫"),
                             breed=checked("breed", clean_text, breed, 30), licence_no=checked("licence_no", clean_text, licence_no, 40),
                             vaccinated_on=vaccinated_on, large=large)
    record(by, f"登记宠物 {pet}", pet, household=household)
    return pet


@act
def end_pet(pet, *, ended_on, by):
    """The pet is no longer kept here; the row stays."""
    household = open_tenure(pet.household_id)
    pet = Pet.objects.lock(pet)
    if pet.ended_on:
        raise Refused(f"已于 {pet.ended_on} 注销。")
    if ended_on > today():
        raise Refused({"ended_on": "注销日还没到"})
    pet.ended_on = ended_on
    pet.save(update_fields=["ended_on"])
    record(by, f"注销宠物 {pet}", pet, household=household)
    return pet


@act
def add_care(household, *, about, words, consent_by, consent, by):
    """What to heed about somebody's health, only with their own or their guardian's separate consent (law: 个人信息保护法 28, 29)."""
    household = open_tenure(household)
    if not consent:
        raise Refused({"consent": "没有单独同意，不能登记健康和照顾的信息"})
    care = SpecialCare.objects.create(
        estate=household.estate, household=household, about=said("about", about, 40, "请写是谁"),
        words=said("words", words, 200, "请写要注意什么"), consent_by=said("consent_by", consent_by, 40, "请写谁同意的"), consent_on=today())
    record(by, "登记特殊照顾，已单独同意", care, household=household)
    return care


@act
def end_care(care, *, by):
    """Consent is taken back or the need is over: the words are deleted at once, the row says since when."""
    household = open_tenure(care.household_id)
    care = SpecialCare.objects.lock(care)
    if care.ended_on:
        raise Refused(f"已于 {care.ended_on} 撤回。")
    care.ended_on, care.words = today(), ""
    care.save(update_fields=["ended_on", "words"])
    record(by, "撤回特殊照顾，内容已删", care, household=household)
    return care
