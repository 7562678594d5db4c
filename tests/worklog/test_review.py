"""The manager's review and the seal: exceptions first, one's own by another, one day after another, nothing added afterwards (DOMAIN §13)."""
import re
from datetime import date, timedelta

import pytest
from django.conf import settings

from billing.cashier import collect_payment
from billing.receipts import ask_void, void_receipt
from households.register import add_unit
from servicecentre.desk.policies import change_setting
from servicecentre.desk.review import DOUBTS
from servicecentre.desk.sealing import seal_day
from servicecentre.kit.periods import now
from servicecentre.kit.refused import Refused
from servicecentre.papers import journal
from servicecentre.papers.models import Database
from servicecentre.roles import Role
from servicecentre.worklog import seals
from servicecentre.worklog.day import correct_remark, keep_promise, make_promise, make_remark
from servicecentre.worklog.models import Entry, Promise, Review, Seal
from servicecentre.worklog.review import comment_entry, see_entries, unseen

from ..conftest import person_at
from ..twins import without_triggers
from ..worlds import at

DAY = date(2026, 11, 24)
AGAIN = ("left_over", "same_again")


@pytest.fixture(autouse=True)
def own_journal(settings, tmp_path):
    settings.JOURNAL_FILE = tmp_path / "journal.jsonl"


@pytest.fixture
def manager2(estate):
    return person_at(estate, "fangmin", "方敏", Role.MANAGER)


@pytest.fixture
def void(household, clerk, manager):
    """A receipt that the clerk took twice over a doubt, and the manager made void."""
    payment = collect_payment(household, parts=[("cash", 100, "")], payer_name="张雨萍", by=clerk, despite=AGAIN)
    return void_receipt(ask_void(payment, goes="credit", reason="amount", words="多收了", by=clerk), by=manager)


def tomorrow():
    return at(2026, 11, 25, 1)


def see_all(estate, by):
    return see_entries(estate, day=DAY, entries=list(unseen(estate, DAY).values_list("pk", flat=True)), by=by)


def acts(rows):
    return [row.act.partition(".")[2] for row in rows.order_by("pk")]


# --- what an exception is ---------------------------------------------------------------------------------------------

def test_voids_passed_warnings_and_late_promises_are_exceptions(estate, household, promise, void, clerk):
    make_remark(estate, words="一件平常事", by=clerk)
    with at(2026, 11, 24, 9):
        keep_promise(promise, outcome="晚了", version=promise.version, by=clerk)
    rows = Entry.objects.of(estate).exceptions()
    assert acts(rows) == ["collect_payment", "void_receipt", "keep_promise"]
    assert [row.exception[2] for row in rows.order_by("pk")] == ["越权", "作废", "迟办"]
    assert [row.passed for row in rows.order_by("pk")] == [["left_over"], [], ["late"]], "only the doubt that arose is told, not all that were accepted"


def test_a_doubt_that_never_arose_is_no_exception(estate, clerk):
    add_unit(estate, code="1-1-101", area=9000, by=clerk, despite=("new_building",))
    assert not Entry.objects.of(estate).exceptions().exists()
    add_unit(estate, code="2-1-101", area=9000, by=clerk, despite=("new_building",))
    assert acts(Entry.objects.of(estate).exceptions()) == ["add_building"], "the first line of the act that passed it"


# --- looking at them --------------------------------------------------------------------------------------------------

def test_a_managers_own_exceptions_need_another_manager_where_there_is_one(estate, void, manager, manager2):
    with pytest.raises(Refused, match="另一位主管"):
        see_all(estate, manager)
    own = Entry.objects.get(act="billing.void_receipt")
    with pytest.raises(Refused, match="另一位主管"):
        comment_entry(own, words="没问题", by=manager)
    assert see_all(estate, manager2).by == manager2 and not unseen(estate, DAY).exists() and Review.objects.count() == 2
    with tomorrow(), pytest.raises(Refused, match="您自己办的例外 1 件"):
        seal_day(estate, day=DAY, by=manager)
    with tomorrow():
        assert seal_day(estate, day=DAY, by=manager2).by == manager2


def test_an_estate_may_let_its_managers_look_at_their_own(estate, void, manager, manager2, admin):
    change_setting(estate, key="worklog.daypolicy.own_to_another", value=False, basis="", version=1, by=admin)
    see_all(estate, manager)
    with tomorrow():
        assert seal_day(estate, day=DAY, by=manager).n == 1


def test_an_only_manager_looks_and_seals_alone(estate, void, manager):
    see_all(estate, manager)
    with tomorrow():
        assert seal_day(estate, day=DAY, by=manager).n == 1


def test_where_each_manager_has_exceptions_each_looks_at_the_others(estate, household, void, clerk, manager, manager2):
    payment = collect_payment(household, parts=[("cash", 200, "")], payer_name="张雨萍", by=clerk, despite=AGAIN)
    void_receipt(ask_void(payment, goes="credit", reason="amount", words="多收了", by=clerk), by=manager2)
    for one in (manager, manager2):
        see_entries(estate, day=DAY, entries=[e.pk for e in unseen(estate, DAY) if e.by != one], by=one)
    with tomorrow():
        assert seal_day(estate, day=DAY, by=manager)


def test_a_comment_becomes_somebodys_task_with_a_date(estate, void, clerk, manager2):
    entry = Entry.objects.get(act="billing.collect_payment")
    due = now() + timedelta(days=1)
    note = comment_entry(entry, words="请对监控", given_to=clerk, due_at=due, by=manager2)
    assert (note.task.given_to, note.task.due_at, note.task.to_whom, note.day) == (clerk, due, "主管 方敏", DAY)
    assert Promise.objects.of(estate).open().get() == note.task
    assert entry not in unseen(estate, DAY), "who comments has looked"
    for half in ({"given_to": clerk}, {"due_at": due}):
        with pytest.raises(Refused, match="交办要有人，也要有期限"):
            comment_entry(entry, words="又一条", by=manager2, **half)
    assert Review.objects.count() == 1


def test_a_task_is_not_given_to_who_left(estate, void, clerk, clerk2, manager2, desk_of):
    entry = Entry.objects.get(act="billing.collect_payment")
    clerk2.posts.update(ended_at=now(), ended_by=manager2)
    offered = desk_of(manager2).get(f"/log/review/entries/{entry.pk}/").content.decode()
    assert f'<option value="{clerk.pk}">' in offered and f'<option value="{clerk2.pk}">' not in offered
    with pytest.raises(Refused, match="现在不在这里当班"):
        comment_entry(entry, words="请对监控", given_to=clerk2, due_at=now() + timedelta(days=1), by=manager2)
    assert not Promise.objects.exists()


def test_every_doubt_that_can_be_passed_has_its_words():
    sources = "".join(path.read_text() for top in ("servicecentre", "billing", "households") for path in (settings.BASE_DIR / top).rglob("*.py"))
    named = set(re.findall(r'unless="(\w+)"', sources)) - {"arrears"}
    assert len(named) > 10 and named <= set(DOUBTS)


# --- the seal ---------------------------------------------------------------------------------------------------------

def test_no_seal_before_the_day_is_over_or_with_exceptions_unseen_or_of_nothing(estate, void, clerk, manager2):
    with pytest.raises(Refused, match="2 件例外没看过"):
        seal_day(estate, day=DAY, by=manager2)
    see_all(estate, manager2)
    with pytest.raises(Refused, match="过了零点才能封存"):
        seal_day(estate, day=DAY, by=manager2)
    with tomorrow():
        with pytest.raises(Refused, match="没有记录"):
            seal_day(estate, day=date(2020, 1, 1), by=manager2)
        seal_day(estate, day=DAY, by=manager2)
        with pytest.raises(Refused, match="11-24 及以前已经封存"):
            seal_day(estate, day=DAY, by=manager2)


def test_one_day_after_another_and_each_chains_to_the_one_before(estate, clerk, manager):
    for day in (20, 22, 23):
        with at(2026, 11, day, 2):
            make_remark(estate, words=f"{day} 日的事", by=clerk)
    first = seal_day(estate, day=date(2026, 11, 20), by=manager)
    with pytest.raises(Refused, match="请先审阅、封存 11-22"):
        seal_day(estate, day=date(2026, 11, 23), by=manager)
    second = seal_day(estate, day=date(2026, 11, 22), by=manager)
    assert [(s.n, s.day.day, s.entries) for s in (first, second)] == [(1, 20, 1), (2, 22, 1)]
    assert len({first.digest, second.digest}) == 2


def test_the_first_seal_covers_what_was_before(estate, clerk, manager):
    for day in (3, 4, 20):
        with at(2026, 11, day, 2):
            make_remark(estate, words="从前的事", by=clerk)
    assert seal_day(estate, day=date(2026, 11, 20), by=manager).entries == 3


def test_the_first_seal_buries_no_exception_of_an_earlier_day(estate, void, clerk, manager, desk_of):
    with at(2026, 11, 25, 2):
        make_remark(estate, words="第二天", by=clerk)
    with at(2026, 11, 26, 1):
        with pytest.raises(Refused, match="还有 2 件例外没看过，最早的在 11-24"):
            seal_day(estate, day=date(2026, 11, 25), by=manager)
        page = desk_of(manager).get("/log/review/").content.decode()
        assert 'href="?on=2026-11-24">11-24</a> 2 件' in page and "disabled>封存 11-25" in page
        see_all(estate, manager)
        other = person_at(estate, "fangmin", "方敏", Role.MANAGER)
        with pytest.raises(Refused, match="您自己办的例外 1 件"):
            seal_day(estate, day=date(2026, 11, 25), by=manager)
        assert seal_day(estate, day=date(2026, 11, 25), by=other).day == date(2026, 11, 25)


def test_of_a_seal_over_very_many_lines_a_page_judges_the_number_and_its_own_day(estate, clerk, manager, monkeypatch):
    for day in (3, 20):
        with at(2026, 11, day, 2):
            make_remark(estate, words="从前的事", by=clerk)
    seal = seal_day(estate, day=date(2026, 11, 20), by=manager)
    monkeypatch.setattr(seals, "MOST_JUDGED", 1)
    assert seals.troubles_of(seal) == []
    with without_triggers(Entry):
        Entry.objects.filter(day=date(2026, 11, 3)).update(words="没有的事")
        assert seals.troubles_of(seal) == [] and seals.troubles_of(seal, date(2026, 11, 3)) == ["有 1 条与写下时不同"]
        assert list(seals.troubles()), "prove asks for all"
        Entry.objects.filter(day=date(2026, 11, 3)).delete()
        assert seals.troubles_of(seal) == ["封存时 2 条，现有 1 条"]


def test_its_line_stands_in_the_outer_journal_after_commit(estate, clerk, manager, django_capture_on_commit_callbacks):
    make_remark(estate, words="一件事", by=clerk)
    with tomorrow(), django_capture_on_commit_callbacks(execute=True):
        seal = seal_day(estate, day=DAY, by=manager)
    said = journal.sealed(Database.objects.get().name)
    assert [(line["seal"], line["day"], line["entries"], line["digest"]) for line in said] == [(1, "2026-11-24", seal.entries, seal.digest)]
    assert journal.catch_up() == 0


def test_a_start_adds_the_seal_that_a_kill_left_out(estate, clerk, manager):
    make_remark(estate, words="一件事", by=clerk)
    with tomorrow():
        seal_day(estate, day=DAY, by=manager)                                     # a test's transaction never commits
    assert (journal.catch_up(), journal.catch_up()) == (1, 0)


@pytest.mark.parametrize("moment", [(2026, 11, 24, 3), (2026, 11, 23, 4), (2026, 11, 24, 15, 59, 59), (2026, 10, 31, 4)])
def test_a_clock_that_jumps_into_a_sealed_day_is_refused_by_every_act(estate, household, clerk, manager, moment):
    """TRUST F7: −1 hour and more; the day after goes on."""
    make_remark(estate, words="一件事", by=clerk)
    with tomorrow():
        seal_day(estate, day=DAY, by=manager)
    for attempt in (lambda: make_remark(estate, words="补一笔", by=clerk),
                    lambda: collect_payment(household, parts=[("cash", 100, "")], payer_name="张雨萍", by=clerk, despite=AGAIN),
                    lambda: make_promise(estate, to_whom="某人", words="回电", due_at=now() + timedelta(days=30), by=clerk)):
        with at(*moment), pytest.raises(Refused, match="已封存，不能再添"):
            attempt()
    with at(2026, 11, 24, 16, 0, 0):
        assert make_remark(estate, words="零点后", by=clerk).day == date(2026, 11, 25)
    assert Entry.objects.filter(day=DAY, words="补一笔").count() == 0


def test_twin_without_the_trigger_a_line_comes_behind_the_seal(estate, clerk, manager):
    make_remark(estate, words="一件事", by=clerk)
    with tomorrow():
        seal_day(estate, day=DAY, by=manager)
    with without_triggers(Entry):
        assert make_remark(estate, words="补一笔", by=clerk).day == DAY


def test_a_review_is_not_added_to_a_sealed_day(estate, clerk, manager):
    entry = make_remark(estate, words="一件事", by=clerk)
    with tomorrow():
        seal_day(estate, day=DAY, by=manager)
        for attempt in (lambda: comment_entry(entry, words="晚了", by=manager), lambda: see_entries(estate, day=DAY, entries=[entry.pk], by=manager)):
            with pytest.raises(Refused, match="已封存"):
                attempt()


def test_another_estates_seal_stops_nobody_here(estate, other_estate, clerk, other_clerk, manager):
    make_remark(estate, words="一件事", by=clerk)
    with tomorrow():
        seal_day(estate, day=DAY, by=manager)
    assert make_remark(other_estate, words="别处", by=other_clerk).day == DAY


# --- a remark set right -----------------------------------------------------------------------------------------------

def test_a_correction_is_a_second_line_tied_to_the_first(estate, household, clerk, clerk2):
    first = make_remark(estate, words="电梯在 1 单元", household=household, urgent=True, by=clerk)
    second = correct_remark(first, words="是 2 单元", by=clerk2)
    third = correct_remark(second, words="是 2 单元西梯", by=clerk)
    assert (second.corrects, third.corrects, second.household_no, second.urgent) == (first, first, household.number, True)
    assert list(first.corrections.order_by("pk")) == [second, third] and Entry.objects.get(pk=first.pk).words == "电梯在 1 单元"
    assert second.intact


def test_what_an_act_wrote_is_set_right_by_its_own_way(estate, promise, clerk):
    with pytest.raises(Refused, match="自动记的，不能更正"):
        correct_remark(Entry.objects.get(act="worklog.make_promise"), words="不是", by=clerk)


def test_seals_are_of_one_estate(estate, other_estate, clerk, other_clerk, manager):
    boss = person_at(other_estate, "laozhou", "周伟", Role.MANAGER)
    make_remark(estate, words="一件事", by=clerk)
    make_remark(other_estate, words="另一件", by=other_clerk)
    with tomorrow():
        seals = [seal_day(e, day=DAY, by=by) for e, by in ((estate, manager), (other_estate, boss))]
    assert [s.n for s in seals] == [1, 1] and Seal.objects.count() == 2
