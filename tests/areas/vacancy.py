"""Empty homes in the worlds that judge the house: spells at every stage, their pages, more of them, what breaks their rules."""
from datetime import date

from billing.vacancy import apply_vacancy, approve_vacancy, end_vacancy, refuse_vacancy
from billing.vacancy_checks import check_vacancy, withdraw_check
from households.agents import take_letter
from households.register import add_unit, open_household
from households.standing import set_use
from servicecentre.kit.periods import BillingMonth, today

POINTERS = {                              # fields that hold an id (tests/test_doors.py)
    "ApplyForm.letter": ("post", "billing:apply_vacancy", lambda w, pk: {"letter": pk, "statement": "on"}),
}
OCTOBER, NOVEMBER = BillingMonth(2026, 10), BillingMonth(2026, 11)


def month(w):
    """One running with a check taken back, one found in use and ended, applied for again since by an agent; one refused."""
    w.vacancy = _running(w, "31-1-101", power_start=1260, power_now=5810)
    w.vacancy_check = check_vacancy(w.vacancy, month=NOVEMBER, on=today(), kind="readings", power=5900, by=w.clerk)
    ended = _running(w, "31-1-102")
    end_vacancy(ended, ended_on=date(2026, 10, 20), why="moved_in", words="电话里说的", version=ended.version, by=w.clerk)
    w.vacancy_ended = ended
    set_use(ended.unit, use="vacant", starts_on=date(2026, 11, 1), by=w.clerk)
    letter = take_letter(ended.household, principal=ended.household.ownerships.get(), name="邹代办", id_number="G12345679", id_kind="passport",
                         phone="13700007720", matters=["other"], valid_from=today(), copies_kept=True, by=w.clerk)
    w.vacancy_asked = _applied(ended.household, w, spell_from=date(2026, 11, 1), applied_on=today(), letter=letter, despite=("not_called",))


def _running(w, code, **readings):
    unit = add_unit(w.estate, code=code, area=8956, by=w.clerk, despite=("new_building",))
    household = open_household(unit, owners=[{"name": "邹慧"}], starts_on=date(2026, 1, 10), by=w.clerk)
    refuse_vacancy(_applied(household, w), refusal="材料不全", by=w.manager)
    spell = approve_vacancy(_applied(household, w, **readings), approved_from=OCTOBER, approved_to=OCTOBER + 11, version=1, by=w.manager)
    looked = {"month": OCTOBER, "on": OCTOBER.last, "kind": "inspection", "by": w.clerk2}
    withdraw_check(check_vacancy(spell, **looked), reason="看错了门", by=w.manager)
    check_vacancy(spell, power=5820 if readings else None, **looked)
    return spell


def _applied(household, w, **changes):
    terms = {"spell_from": date(2026, 1, 10), "proof": "never_in", "applied_on": date(2026, 10, 25), "reason": "away", "contact": "邹慧之姐 13800007720",
             "statement": True}
    return apply_vacancy(household, by=w.clerk, **terms | changes)


def pages(w):
    one = ("vacancy", "extend_vacancy", "end_vacancy", "check_vacancy")
    return {**{f"billing:{name}": [w.vacancy.pk] for name in one}, "billing:withdraw_check": [w.vacancy_check.pk],
            "billing:undo_vacancy_end": [w.vacancy_ended.pk],
            **{f"billing:{name}": [w.vacancy_asked.pk] for name in ("approve_vacancy", "refuse_vacancy")},
            **{f"billing:{name}": [w.buyer.pk] for name in ("apply_vacancy", "vacancy_outlook")}}


def crowd(w, i):
    _running(w, f"{40 + i}-1-101")


def rules(Change, Copy):
    """What each rule of these tables refuses (tests/test_fences.py)."""
    from billing.models import VacancyApplication, VacancyCheck, VacancyMonth, VacancyReading

    new = {"paper_id": "NULL", "notice_id": "NULL"}
    approved, asked = "approved AND ended_on IS NULL", "approved IS NULL AND ended_on IS NULL"
    return {
        "one_open_vacancy_per_unit": Copy(VacancyApplication, asked, {**new, "spell_from": "'2026-11-10'", "spell_to": "'2026-11-11'",
                                                                      "dropped_at": "NULL"}),
        "vacancy_spells_do_not_overlap": Copy(VacancyApplication, "ended_on IS NOT NULL AND dropped_at IS NULL", new),
        "vacancy_applied_after_it_began": Change(VacancyApplication, "TRUE", {"applied_on": "'1999-01-01'"}),
        "vacancy_ends_after_it_began": Change(VacancyApplication, "spell_to IS NOT NULL", {"spell_to": "'1999-01-01'"}),
        "vacancy_needs_two_people": Change(VacancyApplication, "approved", {"decided_by_id": "asked_by_id"}),
        "vacancy_decided_by_someone": Change(VacancyApplication, asked, {"approved": "FALSE"}),
        "vacancy_span_with_its_terms": Change(VacancyApplication, approved, {"approved_to": "approved_from"}),
        "vacancy_ended_by_someone": Change(VacancyApplication, approved, {"ended_on": "'2026-11-30'"}),
        "one_check_per_vacant_month": Copy(VacancyCheck, "voided_at IS NULL"),
        "vacancy_checked_in_its_month_or_later": Change(VacancyCheck, "TRUE", {"on": "'1999-01-01'"}),
        "vacant_meter_runs_forward": Change(VacancyReading, "TRUE", {"reading": "-1"}),
        "one_reduced_month_per_household": Copy(VacancyMonth, "voided_at IS NULL"),
        "reduced_month_is_a_month": Change(VacancyMonth, "TRUE", {"percent": "101"}),
    }
