"""空置: applied for in writing, approved by another, looked at each month, ended on the day it is over (DOMAIN §2 Vacancy, FORMS 3.6).

Which months go at the lower percent follows from rows alone (vacancy_months.reduced_months); every act here ends with
vacancy_credits.settle_months, which makes months and money agree with them. A month is reduced only once it is verified: the run bills
it in full until then, and the check writes the credit.
"""
from datetime import timedelta

from households.agents import use_letter
from households.entering import checked
from households.models import Household, Unit, UnitUse
from households.models.agents import Matter
from households.people import open_tenure
from households.standing import end_use, said, set_use, withdraw_use
from servicecentre.files.storing import add_files
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import BillingMonth, now, today
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.papers.issuing import issue_paper
from servicecentre.papers.kinds import VACANCY
from servicecentre.worklog.acts import act, record
from servicecentre.worklog.stale import fresh

from .models import BillingPolicy, Charge, VacancyApplication
from .run import hold_tariff
from .vacancy_credits import settle_months
from .vacancy_meters import LIMITED, Meter, given, over_words, used_between, write_readings
from .vacancy_months import counts_from
from .vacancy_papers import application_content, notice_content
from .vacancy_spells import USE_OF_WHY, earlier_spells, ending_now

Proof, Why = VacancyApplication.Proof, VacancyApplication.Why
LATE_DAYS = 31                    # how long after the owner's application it may still be written down
LONGEST = 24                      # months of one approved span
NOW = {Meter.WATER: "water_now", Meter.POWER: "power_now", Meter.GAS: "gas_now"}
SEE = "billing.view_vacancies"    # who may open the files of an application and its checks


@act
def apply_vacancy(household, *, spell_from, proof, applied_on, reason, contact, statement, by, planned_to=None, key_left=False, words="",
                  letter=None, water_start=None, power_start=None, gas_start=None, water_now=None, power_now=None, gas_now=None, files=(), despite=()):
    """Take an owner's application in, with its paper KZ; returns the VacancyApplication, which waits for a manager.

    ``letter``: of the agent who brings it, for 其他, whose use is noted; ``unless="not_called"`` while no call has confirmed it.
    ``water_start``, ``water_now`` and so on: readings of the first day and of ``applied_on``, 0.01 of the unit. Refused for the developer, without the
    owner's statement, for days that cannot be, where the register says that somebody lives there, where the meters ran too fast, and for a shop or a debtor
    where the estate's settings say so.
    """
    unit = Unit.objects.lock(household.unit_id)
    household = open_tenure(household)
    policy = BillingPolicy.of(household.estate_id)
    if household.developer:
        raise Refused("还没有交付，费用由建设单位承担，不按业主空置减免。")
    if not statement:
        raise Refused({"statement": "业主没有声明，不能登记申请。"})
    if unit.kind == Unit.Kind.SHOP and not policy.vacancy_for_shops:
        raise Refused("商铺空置不打折，规矩是这样定的。")
    _refuse_odd_days(household, spell_from, applied_on, planned_to)
    _refuse_lived_in(household, unit, spell_from)
    if policy.vacancy_needs_no_arrears and (owed := Charge.objects.filter(household=household).overdue(on=today()).owed()):
        raise Refused(f"这一户逾期没缴 {yuan(owed)} 元，缴清以后才能申请空置。")
    start, read = given(water_start, power_start, gas_start), given(water_now, power_now, gas_now)
    used = used_between(start, read, (applied_on - spell_from).days, fields=NOW)
    if proof == Proof.READINGS and not LIMITED & set(used):
        raise Refused({"water_now": "凭抄表的，起始日和申请日的读数都要填，水表或电表至少一个。"})
    if over := over_words(policy, used):
        raise Refused({"spell_from": f"{over}，不算空置。"})
    if letter is not None:
        if letter.household_id != household.pk:
            raise Refused({"letter": "这份委托书不是这一户的。"})
        use_letter(letter, matter=Matter.OTHER, words="代办空置申请", by=by, despite=despite)
    spell = VacancyApplication.objects.create(
        estate_id=household.estate_id, household=household, unit=unit, letter=letter, spell_from=spell_from, proof=proof, applied_on=applied_on,
        planned_to=planned_to, reason=reason, key_left=key_left, contact=said("contact", contact, 60, "写一个漏水时找得到的人"),
        words=checked("words", clean_text, words, 100), asked_by=by, asked_at=now())
    write_readings(spell, start, on=spell_from, by=by)
    write_readings(spell, read, on=applied_on, by=by, used=used)
    add_files(files, spell, right=SEE, by=by, household_no=household.number)
    spell.paper = issue_paper(VACANCY, household, content=application_content(spell, policy), by=by)
    spell.save(update_fields=["paper"])
    record(by, f"登记空置申请 {spell}，{spell_from} 起，凭{spell.get_proof_display()}", spell, household=household)
    return spell


@act
def approve_vacancy(spell, *, approved_from, approved_to, version, by):
    """Approve a span of months; returns the VacancyApplication, with its notice. The unit's use becomes 空置 from the spell's first day.

    Months that were over at the application are verified by its proof; each later one needs its check. Refused for who took the
    application in, for a span that begins before the application (but where the whole spell is reduced), and where the register says
    meanwhile that somebody lives there.
    """
    spell = held(spell)
    fresh(spell, version)
    _undecided(spell, by)
    policy = BillingPolicy.of(spell.estate_id)
    whole = policy.vacancy_reduces == policy.Reduces.WHOLE_SPELL
    applied = BillingMonth.of(spell.applied_on)
    if approved_from < applied and not whole:
        raise Refused({"approved_from": f"不能早于申请的 {applied}。"})
    if approved_from.last < spell.spell_from:
        raise Refused({"approved_from": f"空置 {spell.spell_from} 才开始。"})
    if not approved_from <= approved_to <= approved_from + (LONGEST - 1):
        raise Refused({"approved_to": f"批准的月份从 {approved_from} 起，最多 {LONGEST} 个月。"})
    _refuse_lived_in(spell.household, spell.unit, spell.spell_from, spell)
    spell.use = _vacant_use(spell, by)
    spell.approved, spell.decided_by, spell.decided_at = True, by, now()
    spell.approved_from, spell.approved_to = approved_from.first, approved_to.last
    spell.needs_months, spell.percent, spell.whole_spell = policy.vacancy_months, policy.vacancy_percent, whole
    spell.counts_from = counts_from(spell.spell_from, spell.applied_on, from_application=policy.vacancy_spell_from == policy.SpellFrom.APPLICATION)
    spell.version += 1
    spell.save()
    done = settle_months(spell, by=by)
    spell.notice = issue_paper(VACANCY, spell.household, content=notice_content(spell, policy), by=by)
    spell.save(update_fields=["notice"])
    record(by, f"批准空置 {spell}，{approved_from} 至 {approved_to}，{spell.percent}%{done.words}", spell, household=spell.household)
    return spell


@act
def refuse_vacancy(spell, *, refusal, by):
    """Do not approve it, and say why; its days may be applied for again. Refused for who took it in and once it is decided."""
    spell = held(spell)
    _undecided(spell, by)
    spell.refusal = said("refusal", refusal, 100, "写明为什么不批准，业主要看。")
    spell.approved, spell.decided_by, spell.decided_at, spell.dropped_at = False, by, now(), now()
    spell.version += 1
    spell.save()
    record(by, f"不批准空置 {spell}：{spell.refusal}", spell, household=spell.household)
    return spell


@act
def extend_vacancy(spell, *, approved_to, words, version, by):
    """A running spell goes on: a later last month of the approved span, the count goes on too. Returns the VacancyApplication."""
    spell = _running(held(spell))
    fresh(spell, version)
    if by.pk == spell.asked_by_id:
        raise Refused("登记申请的人不能自己批准延长，请别的主管来办。")
    last = BillingMonth.of(spell.approved_to)
    if not last < approved_to <= last + LONGEST:
        raise Refused({"approved_to": f"现在批准到 {last}，要更晚，一次最多延长 {LONGEST} 个月。"})
    words = said("words", words, 100, "写明业主哪天申请延长的。")
    spell.approved_to = approved_to.last
    spell.version += 1
    spell.save(update_fields=["approved_to", "version"])
    done = settle_months(spell, by=by)
    record(by, f"空置 {spell} 延长到 {approved_to}，{words}{done.words}", spell, household=spell.household)
    return spell


@act
def end_vacancy(spell, *, ended_on, why, version, by, words=""):
    """The spell is over from ``ended_on`` on: that month and later ones are in full, what was given for them is billed after all.

    An application that nobody decided is withdrawn so; one that has ended is put to an earlier day. Refused for a day later than the
    register's own (let, sold, lived in) or than tomorrow. Returns the VacancyApplication.
    """
    spell = held(spell)
    fresh(spell, version)
    if spell.dropped_at or spell.approved is False:
        raise Refused("这份空置已经结束。")
    if spell.ended_on and ended_on >= spell.ended_on:
        raise Refused({"ended_on": f"已从 {spell.ended_on} 起结束，只能改得更早。"})
    if spell.approved is None:
        return _withdraw(spell, checked("words", clean_text, words, 100), by)
    if ended_on > today() + timedelta(days=1):
        raise Refused({"ended_on": "最晚填明天，就是从明天起不再空置。"})
    ending = ending_now(spell.household, spell.spell_from, use=spell.use)
    if ending and ended_on > ending.day:
        raise Refused({"ended_on": f"{ending.words}，结束日不能晚于 {ending.day}。"})
    return end_spell(spell, ended_on, why, checked("words", clean_text, words, 100), by)


def end_spell(spell, ended_on, why, words, by):
    """Write the end, the unit's use with it, and what the months cost then. Part of an act that holds the spell."""
    spell.ended_on, spell.ended_why, spell.ended_words, spell.ended_by, spell.ended_at = ended_on, why, words, by, now()
    if ended_on > spell.spell_from:
        spell.spell_to = ended_on - timedelta(days=1)
    else:
        spell.dropped_at = now()                          # it never was: the days count for no spell
    spell.version += 1
    spell.save()
    _use_follows(spell, by)
    done = settle_months(spell, by=by)
    record(by, f"结束空置 {spell}，{ended_on} 起{spell.get_ended_why_display()}{f'，{words}' if words else ''}{done.words}", spell,
           household=spell.household)
    return spell


@act
def undo_vacancy_end(spell, *, reason, version, by):
    """An end that was a mistake is taken back, with the check that made it; the spell runs on, its months are as they were. Returns the application.

    Refused for who took the application in, once its days count for another spell, and where the register ends it no later.
    """
    spell = held(spell)
    fresh(spell, version)
    if not (spell.approved and spell.ended_on):
        raise Refused("只有批准过、已经结束的空置，才能撤销结束。")
    if by.pk == spell.asked_by_id:
        raise Refused("登记申请的人不能撤销结束，请别的主管来办。")
    if after := earlier_spells(spell.unit, spell.spell_from).exclude(pk=spell.pk).select_related("paper").first():
        raise Refused(f"后来的 {after} 已算了这段时间，这一份不能再接着算。", link=("看那一份", after.get_absolute_url()))
    reason, was = said("reason", reason, 60, "写明结束错在哪里。"), spell.ended_on
    _use_goes_on(spell, by)
    if (ending := ending_now(spell.household, spell.spell_from, use=spell.use)) and ending.day <= was:
        raise Refused(f"{ending.words}，结束没有错。登记写错了的，先改登记。")
    wrong = list(spell.checks.live().filter(use_found=True))
    for rows in (spell.checks.live().filter(use_found=True), spell.readings.live().filter(check_row__in=wrong)):
        rows.update(voided_at=now())
    spell.ended_on = spell.ended_why = spell.ended_by = spell.ended_at = spell.spell_to = spell.dropped_at = None
    spell.ended_words = ""
    spell.version += 1
    spell.save()
    done = settle_months(spell, by=by)
    months = "、".join(str(BillingMonth.of(check.month)) for check in wrong)
    record(by, f"撤销空置 {spell} {was} 的结束，{reason}{f'，{months} 要重新核查' if months else ''}{done.words}", spell, household=spell.household)
    return spell


def _use_goes_on(spell, by):
    """The unit is known to be empty again: what the end wrote of its use is taken back."""
    use, last = spell.use, spell.unit.uses.live().last()
    if use.voided_at:
        spell.use = _vacant_use(spell, by)
    elif use.ends_on and last.starts_on == use.ends_on + timedelta(days=1) and last.basis == _over(spell):
        withdraw_use(last, reason=f"撤销空置 {spell} 的结束", by=by)
    elif use.ends_on and last == use:
        use.ends_on = None
        use.save(update_fields=["ends_on"])
    use.refresh_from_db()


def _over(spell):
    """The basis of the use that an end writes."""
    return f"空置 {spell} 结束"


def _withdraw(spell, words, by):
    spell.ended_on, spell.ended_why, spell.ended_words, spell.ended_by, spell.ended_at = today(), Why.WITHDRAWN, words, by, now()
    spell.dropped_at = now()
    spell.version += 1
    spell.save()
    record(by, f"撤回空置申请 {spell}{f'，{words}' if words else ''}", spell, household=spell.household)
    return spell


def _use_follows(spell, by):
    """The unit's use follows: what it is used for from now on where the end says so, else just no longer known to be empty.

    Sold, expired or withdrawn, the unit may well stand empty still: its use stays.
    """
    use = UnitUse.objects.get(pk=spell.use_id)
    if use.voided_at or use.ends_on or spell.ended_why in (Why.SOLD, Why.EXPIRED, Why.WITHDRAWN):
        return
    if spell.ended_on <= use.starts_on:
        withdraw_use(use, reason=f"空置 {spell} 不作数", by=by)
    elif spell.ended_why in USE_OF_WHY:
        set_use(spell.unit, use=USE_OF_WHY[spell.ended_why], starts_on=spell.ended_on, basis=_over(spell), by=by)
    else:
        end_use(use, ends_on=spell.ended_on - timedelta(days=1), by=by)


def _vacant_use(spell, by):
    """The UnitUse 空置 that holds from the spell's first day: the one that is there, or a new one."""
    last = spell.unit.uses.live().last()
    if last and last.use == UnitUse.Use.VACANT and last.ends_on is None and last.starts_on <= spell.spell_from:
        return last
    return set_use(spell.unit, use=UnitUse.Use.VACANT, starts_on=spell.spell_from, basis=f"空置申请 {spell}", by=by)


def held(spell):
    """The application, locked with all that settling touches: tariff, unit, household (one order of locks)."""
    hold_tariff(spell.estate)
    unit = Unit.objects.lock(spell.unit_id)
    household = Household.objects.lock(spell.household_id)
    spell = VacancyApplication.objects.lock(spell)
    spell.unit = household.unit = unit
    spell.household = household
    return spell


def _running(spell):
    if not spell.is_running:
        raise Refused("这份空置没有在执行，不能这样办。")
    return spell


def _undecided(spell, by):
    if spell.approved is not None or spell.ended_on:
        raise Refused(f"这份申请已经{spell.state['word'].removeprefix('已')}。")
    if by.pk == spell.asked_by_id:
        raise Refused("这是您登记的申请，要由别的主管决定。")


def _refuse_odd_days(household, spell_from, applied_on, planned_to):
    if applied_on > today():
        raise Refused({"applied_on": "申请日还没到。"})
    if applied_on < today() - timedelta(days=LATE_DAYS):
        raise Refused({"applied_on": f"最早填 {LATE_DAYS} 天以前；再早的，请业主今天申请。"})
    if spell_from > applied_on:
        raise Refused({"spell_from": "不能晚于申请日。"})
    if spell_from < household.starts_on:
        raise Refused({"spell_from": f"不能早于这一任业主的 {household.starts_on}。"})
    if planned_to and planned_to < applied_on:
        raise Refused({"planned_to": "不能早于申请日。"})


def _refuse_lived_in(household, unit, spell_from, spell=None):
    """Refused where the register says that it was not empty all the time, or that this time counted already."""
    earlier = earlier_spells(unit, spell_from)
    if before := (earlier.exclude(pk=spell.pk) if spell else earlier).select_related("paper").first():
        after = f"，新的从 {before.ended_on} 起数" if before.ended_on else ""
        raise Refused({"spell_from": f"{before} 已算了这段时间{after}。"}, link=("看那一份", before.get_absolute_url()))
    if ending := ending_now(household, spell_from):
        raise Refused({"spell_from": f"{ending.words}，不能算空置。先核对，再填。"})
    last = unit.uses.live().last()
    if last and last.starts_on >= spell_from and (last.use != UnitUse.Use.VACANT or last.starts_on > spell_from):
        raise Refused({"spell_from": f"使用情况登记 {last.starts_on} 起{last.get_use_display()}，空置不能更早。登记错了先撤回那一条。"})
