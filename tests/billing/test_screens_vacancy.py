"""The pages of empty homes, from the household's page to the bill: what each shows, refuses, and leads on to."""
from datetime import date

import pytest

from billing.models import Credit, VacancyApplication
from billing.run import bill_month
from billing.vacancy import end_vacancy
from servicecentre.kit.periods import BillingMonth
from servicecentre.roles import Role
from tests.conftest import person_at

from .test_vacancy import AUGUST, applied, approved, checked, engineer, household, on  # noqa: F401

TYPED = {"applied_on": "2026-08-20", "spell_from": "2026-01-10", "proof": "never_in", "reason": "away", "contact": "卢建芳 业主之姐", "statement": "on"}


@pytest.fixture
def spell(household, clerk, manager):  # noqa: F811
    return approved(applied(household, clerk), manager)


def shown(desk, path):
    response = desk.get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_the_application_says_from_which_month_it_can_come(desk, household):  # noqa: F811
    page = shown(desk, f"/billing/households/{household.pk}/vacancy/")
    assert "2026年8月" in page and "89.56 × 1.9 × 70% = 119.11" in page and "2026-02" in page
    part = shown(desk, f"/billing/households/{household.pk}/vacancy/outlook/?spell_from=2026-03-05&applied_on=2026-08-20")
    assert "2026年10月" in part
    assert "填好申请日" in shown(desk, f"/billing/households/{household.pk}/vacancy/outlook/?spell_from=2025-03-05&applied_on=x")


def test_applied_for_approved_checked_and_credited(desk, manager_desk, desk_of, household, engineer, manager):  # noqa: F811
    bill_month(household.estate, AUGUST, by=manager)
    page = desk.post(f"/billing/households/{household.pk}/vacancy/", TYPED, follow=True).content.decode()
    spell = VacancyApplication.objects.get()
    assert "等主管批准" in page and str(spell) in page
    assert "等批准" in shown(desk, f"/households/{household.pk}/")
    assert "批准空置" in shown(manager_desk, f"/billing/vacancies/{spell.pk}/") and "1" in shown(manager_desk, "/billing/vacancies/?tab=asked")
    page = manager_desk.get(f"/billing/vacancies/{spell.pk}/approve/")
    assert page.context["form"].initial["approved_from"] == AUGUST
    answer = manager_desk.post(f"/billing/vacancies/{spell.pk}/approve/", {"approved_from": "2026-08", "approved_to": "2027-01", "version": 1}, follow=True)
    assert "批准通知 KZ-2026-000002" in answer.content.decode()
    walking = desk_of(engineer)
    page = shown(walking, "/billing/vacancies/round/")
    assert "3-2-1801" in page and household.owner_names not in page
    page = shown(walking, f"/billing/vacancies/{spell.pk}/check/")
    assert "业主张某" in page and household.owner_names not in page and "元" not in page.split("<main")[1]
    typed = {"month": "2026-08", "on": "2026-08-20", "kind": "inspection", "signs": ["没有住人迹象"]}
    answer = walking.post(f"/billing/vacancies/{spell.pk}/check/", typed, follow=True)
    assert "这个月算空置" in answer.content.decode() and "都核过了" in answer.content.decode()
    assert Credit.objects.get().amount == 5105
    page = shown(desk, f"/billing/vacancies/{spell.pk}/")
    assert "119.11" in page and "冲 51.05" in page and "70%" in page


def test_the_check_warns_before_it_ends_a_spell(desk, spell):
    typed = {"month": "2026-08", "on": "2026-08-20", "kind": "inspection", "use_found": "on"}
    page = desk.post(f"/billing/vacancies/{spell.pk}/check/", typed).content.decode()
    assert "已知晓" in page and not spell.checks.exists()
    desk.post(f"/billing/vacancies/{spell.pk}/check/", typed | {"despite": "in_use"})
    spell.refresh_from_db()
    assert spell.ended_on == date(2026, 8, 20)


def test_quiet_and_in_use_at_once_is_no_answer(desk, spell):
    page = desk.post(f"/billing/vacancies/{spell.pk}/check/", {"month": "2026-08", "on": "2026-08-20", "kind": "inspection", "use_found": "on",
                                                               "signs": ["没有住人迹象"]}).content.decode()
    assert "就不要再勾有人在用" in page


def test_lists_and_their_excel(desk, spell, on):  # noqa: F811
    for tab in ("running", "asked", "check", "ending", "over"):
        assert "空置" in shown(desk, f"/billing/vacancies/?tab={tab}")
    assert desk.get("/billing/vacancies/?tab=odd").status_code == 404
    assert desk.get("/billing/vacancies/list.xlsx").status_code == 200
    on(2027, 1, 15)
    assert "3-2-1801" in shown(desk, "/billing/vacancies/?tab=ending")


def test_what_the_register_ended_is_to_be_done(desk, spell, clerk, on):  # noqa: F811
    from households.standing import set_use

    on(2026, 10, 1)
    set_use(spell.unit, use="own", starts_on=date(2026, 9, 5), by=clerk)
    assert "要办结束" in shown(desk, "/billing/vacancies/")
    page = desk.get(f"/billing/vacancies/{spell.pk}/end/")
    assert page.context["form"].initial["ended_on"] == date(2026, 9, 5)
    answer = desk.post(f"/billing/vacancies/{spell.pk}/end/", {"ended_on": "2026-09-05", "why": "moved_in", "version": spell.version}, follow=True)
    assert "不再空置" in answer.content.decode()


def test_a_manager_takes_an_end_back_a_clerk_does_not(desk, manager_desk, spell, clerk):
    spell = end_vacancy(spell, ended_on=date(2026, 8, 12), why="moved_in", version=spell.version, by=clerk)
    assert "撤销结束" not in shown(desk, spell.get_absolute_url()) and desk.get(f"/billing/vacancies/{spell.pk}/end/undo/").status_code == 403
    assert "撤销结束" in shown(manager_desk, spell.get_absolute_url())
    answer = manager_desk.post(f"/billing/vacancies/{spell.pk}/end/undo/", {"reason": "看错房号", "version": spell.version}, follow=True)
    spell.refresh_from_db()
    assert spell.is_running and "接着空置" in answer.content.decode()


def test_refused_extended_and_taken_back(desk, manager_desk, household, clerk, manager):  # noqa: F811
    spell = applied(household, clerk)
    answer = manager_desk.post(f"/billing/vacancies/{spell.pk}/refuse/", {"refusal": "材料不全"}, follow=True)
    assert "材料不全" in answer.content.decode()
    spell = approved(applied(household, clerk), manager)
    manager_desk.post(f"/billing/vacancies/{spell.pk}/extend/", {"approved_to": "2027-06", "words": "8 月 20 日来申请", "version": spell.version})
    spell.refresh_from_db()
    assert BillingMonth.of(spell.approved_to) == BillingMonth(2027, 6)
    check = checked(spell, "2026-08", clerk, on=date(2026, 8, 20))
    manager_desk.post(f"/billing/vacancies/checks/{check.pk}/withdraw/", {"reason": "看错门"})
    check.refresh_from_db()
    assert check.voided_at


def test_a_guard_walks_the_round_and_sees_no_list(desk_of, estate, spell):
    guard = desk_of(person_at(estate, "qianwei", "钱伟", Role.GUARD))
    assert guard.get("/billing/vacancies/").status_code == 403 and guard.get(f"/billing/vacancies/{spell.pk}/").status_code == 403
    assert "3-2-1801" in shown(guard, "/billing/vacancies/round/")


@pytest.mark.parametrize("step", ["approve", "refuse", "extend", "end"])
def test_a_form_that_is_refused_comes_back_with_its_household(manager_desk, household, clerk, step):  # noqa: F811
    answer = manager_desk.post(f"/billing/vacancies/{applied(household, clerk).pk}/{step}/", {})
    assert answer.status_code == 200 and "3-2-1801" in answer.content.decode()
