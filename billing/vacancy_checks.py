"""月核查: one month of a running spell looked at, by readings or by going there; what it shows makes the month's money (DOMAIN §2)."""
from datetime import timedelta

from households.entering import checked
from households.standing import said
from servicecentre.files.storing import add_files
from servicecentre.kit.periods import BillingMonth, now, today
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.worklog.acts import act, record

from .models import BillingPolicy, VacancyApplication, VacancyCheck
from .vacancy import end_spell, held
from .vacancy_credits import settle_months
from .vacancy_meters import LIMITED, Meter, given, last_readings, over_words, passed, used_since, write_readings
from .vacancy_spells import ending_now, months_to_check

FIELDS = {Meter.WATER: "water", Meter.POWER: "power", Meter.GAS: "gas"}
SEEN_AFTER = timedelta(days=10)   # an inspection says something of a month that ended no longer ago


@act
def check_vacancy(spell, *, month, on, kind, by, water=None, power=None, gas=None, use_found=False, signs="", words="", files=(), despite=()):
    """Look at one month: found empty, it is verified and reduced from now on; returns the VacancyCheck.

    ``water``, ``power``, ``gas``: readings, 0.01 of the unit. Readings say what was used since the ones before; without earlier ones, with ones
    taken after the month, or with none, somebody must have been there. What passes the limits, or shows that it is lived in, is asked
    about (``in_use``): accepted, the spell ends in that month, or where the use was measured from. Refused for a month that is checked or
    not to be, and where the register ends the spell before it.
    """
    spell = held(spell)
    if not spell.is_running:
        raise Refused("这份空置没有在执行，不用再核。")
    kind, policy = VacancyCheck.Kind(kind), BillingPolicy.of(spell.estate_id)
    if on > today():
        raise Refused({"on": "核查日还没到。"})
    if month not in months_to_check(spell, on=today()):
        raise Refused(f"{month.label}不用核，或者已经核过了。")
    if on < month.first:
        raise Refused({"on": f"核 {month} 的，不能早于 {month.first}。"})
    ending = ending_now(spell.household, spell.spell_from, use=spell.use)
    if ending and ending.day <= month.last:
        raise Refused(f"{ending.words}，从 {ending.day} 起不算空置。请前台先办结束空置。")
    read, last = given(water, power, gas), last_readings(spell)
    if kind == VacancyCheck.Kind.INSPECTION and on > month.last + SEEN_AFTER:
        raise Refused({"on": f"{month.label}过去 {SEEN_AFTER.days} 天以上，现场看不出来了，请抄表。"})
    if kind == VacancyCheck.Kind.READINGS and not LIMITED & set(read) & set(last):
        raise Refused({"water": "以前没有抄过这个表，算不出用量。请选现场查看，读数照样填。" if LIMITED & set(read)
                       else "填水表或电表的读数，或者选现场查看。"})
    if kind == VacancyCheck.Kind.READINGS and not spell.readings.live().filter(meter__in=LIMITED & set(read), on__lte=month.last).exists():
        raise Refused({"on": f"{month.label}过完以前没有抄过表，量不到那个月的用量，不能凭抄表核。"})
    used = used_since(last, read, on, fields=FIELDS)
    over = over_words(policy, used)
    found = bool(use_found or over)
    words, signs = checked("words", clean_text, words, 100), checked("signs", clean_text, signs, 60)
    ends = min(on, month.last)
    if over:
        ends = min(ends, _in_use_from(spell, month, max(last[meter].on for meter in passed(policy, used))))
    if found and "in_use" not in despite:
        since = "，是上次抄表以后用的" if ends < month.first else ""
        raise Refused(f"{over or '有使用迹象'}{since}。记下就从 {ends} 起结束空置，{BillingMonth.of(ends).label}和以后按全价。", unless="in_use")
    check = VacancyCheck.objects.create(estate_id=spell.estate_id, application=spell, month=month.first, on=on, kind=kind, use_found=found, signs=signs,
                                        words=words, by=by, at=now())
    write_readings(spell, read, on=on, by=by, used=used, check=check)
    add_files(files, check, right="billing.check_vacancy", by=by, household_no=spell.household.number)
    done = settle_months(spell, by=by)
    result = over or ("有使用迹象" if found else "没有使用迹象")
    record(by, f"空置 {spell} 核查 {month}，{check.get_kind_display()}，{result}{done.words}", spell, household=spell.household)
    if found:
        why = VacancyApplication.Why.OVER if over else VacancyApplication.Why.MOVED_IN
        end_spell(spell, ends, why, f"{month} 核查：{result}"[:100], by)
    return check


def _in_use_from(spell, month, read_on):
    """From which day use that was measured since ``read_on`` ends the spell: the day after, or the first month since that nobody saw empty.

    The meters do not say when it was; a month that somebody went to see and found empty was none of it.
    """
    seen = {check.month for check in spell.checks.live().filter(kind=VacancyCheck.Kind.INSPECTION, use_found=False)}
    first = read_on + timedelta(days=1)
    while first.replace(day=1) in seen and BillingMonth.of(first) < month:
        first = BillingMonth.of(first).next.first
    return first


@act
def withdraw_check(check, *, reason, by):
    """A check that was written down wrongly is taken back: its month is not verified any more. Returns the VacancyCheck.

    Refused when it ended the spell, and while a later reading stands on its readings.
    """
    spell = held(check.application)
    check = VacancyCheck.objects.lock(check)
    if check.voided_at:
        raise Refused("这次核查已经撤回。")
    if check.use_found or spell.ended_on:
        raise Refused("这份空置已经结束，核查不能再撤回。结束错了的，请主管撤销结束。")
    own = list(check.readings.live())
    later = [row for row in spell.readings.live() for mine in own if row.meter == mine.meter and (row.on, row.pk) > (mine.on, mine.pk)]
    if later:
        raise Refused("后面抄的表是接着这次算的，先撤回后面那次。")
    reason = said("reason", reason, 60, "写明为什么撤回")
    check.voided_at = now()
    check.save(update_fields=["voided_at"])
    check.readings.live().update(voided_at=check.voided_at)
    done = settle_months(spell, by=by)
    record(by, f"撤回空置 {spell} 的 {BillingMonth.of(check.month)} 核查，{reason}{done.words}", spell, household=spell.household)
    return check
