"""What the papers of a vacancy say, frozen at issue: the application to be signed, the notice of its approval (FORMS 3.6)."""
from servicecentre.kit.identity import mask_numbers
from servicecentre.kit.money import area_text, yuan
from servicecentre.kit.periods import BillingMonth, exact_moment
from servicecentre.papers.wordings import worded

from .models import Credit, VacancyApplication
from .slips import heads
from .vacancy_meters import limits
from .vacancy_spells import verified_months

BLANK_MONTHS = 6                  # rows left empty on the application, for months that are checked by hand


def application_content(spell, policy):
    """Content of billing/vacancy-2 for an application just taken in; nothing is approved yet."""
    return {**_facts(spell, policy), **_checks(spell), "blank": [""] * BLANK_MONTHS, "credits": [], "approval": None}


def notice_content(spell, policy):
    """The same with what was approved, the months verified so far and what was credited for them."""
    at = spell.percent
    proven = sorted(verified_months(spell))
    approval = {"from": str(BillingMonth.of(spell.approved_from)), "to": str(BillingMonth.of(spell.approved_to)), "percent": f"{at}%",
                "by": spell.decided_by.name, "at": exact_moment(spell.decided_at), "application": str(spell),
                "proven": f"{proven[0]} 至 {proven[-1]}，{len(proven)} 个整月" if proven else "还没有整月"}
    return {**_facts(spell, policy), **_checks(spell), "blank": [], "credits": _credits(spell), "approval": approval}


def _facts(spell, policy):
    household = spell.household
    owner = household.ownerships.live().select_related("person").first()
    area = household.unit.area_on(spell.applied_on)
    needs, percent = spell.needs_months or policy.vacancy_months, spell.percent or policy.vacancy_percent
    letter = spell.letter
    return {**heads(household), "agent": f"{letter.agent.name}，委托书 {letter.number}" if letter else "",
            "area": f"{area_text(area.area)} ㎡" if area else "未登记", "phone": owner.person.shown_phone if owner else "待补",
            "applied_on": spell.applied_on.isoformat(), "spell_from": spell.spell_from.isoformat(),
            "planned_to": spell.planned_to.isoformat() if spell.planned_to else "未定",
            "proofs": [[label, code == spell.proof] for code, label in VacancyApplication.Proof.choices],
            "reasons": [[label, code == spell.reason] for code, label in VacancyApplication.Reason.choices],
            "key_left": spell.key_left, "contact": mask_numbers(spell.contact), "said": spell.words, "clerk": spell.asked_by.name,
            "rule": f"连续空置满 {needs} 个整月{'' if _whole(spell, policy) else '后，其后各整月'}按 {percent}%",
            "limits": "，".join(f"{meter.label}每月 {most} {unit}" for (meter, most), unit in zip(limits(policy).items(), ("吨", "度"), strict=True)),
            "statement": worded(spell.estate, "vacancy_statement"),
            "whys": [label for _, label in VacancyApplication.Why.choices]}


def _whole(spell, policy):
    return policy.vacancy_reduces == policy.Reduces.WHOLE_SPELL if spell.whole_spell is None else spell.whole_spell


def _checks(spell):
    """Rows of the table: each day on which meters were read, with all of them; ``gas`` where that was ever read."""
    days = {}
    for row in spell.readings.live().select_related("by", "check_row").order_by("on", "pk"):
        label = f"{row.check_row.month:%Y-%m}" if row.check_row else "起始" if row.on == spell.spell_from else "申请"
        line = days.setdefault((row.on, label), {"label": label, "on": row.on.isoformat(), "by": row.by.name})
        line[row.meter] = area_text(row.reading)
        line[f"{row.meter}_used"] = area_text(row.used) if row.used is not None else "—"
    return {"checks": list(days.values()), "gas": any("gas" in line for line in days.values())}


def _credits(spell):
    """Rows of months whose bill was lowered: in full, lowered, by how much, where it went."""
    rows = Credit.objects.filter(charge__household=spell.household_id, source=Credit.Source.VACANCY,
                                 charge__period__in=[row.period for row in spell.months.live()]).select_related("charge").order_by("charge__period", "pk")
    return [{"month": str(BillingMonth.of(row.charge.period)), "full": yuan(row.charge.amount), "less": yuan(row.charge.amount - row.amount),
             "credit": yuan(row.amount), "way": "已缴，转预存" if row.left else "账单已减"} for row in rows]
