"""Numbers follow each other, papers stay as issued, prints are counted (TRUST 4, 7, 8, 9; T7, T27)."""
import threading
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, connections, transaction

from servicecentre.kit import guards
from servicecentre.kit.refused import Refused
from servicecentre.papers import issuing
from servicecentre.papers.issuing import ALL, issue_paper, paper_of_mark, reprint_paper, void_paper
from servicecentre.papers.kinds import KINDS, RECEIPT, VOID
from servicecentre.papers.models import Paper, Print, Series
from servicecentre.worklog.acts import act
from servicecentre.worklog.models import Entry
from tests.factories import make_household
from tests.papers.conftest import line, receipt
from tests.twins import without_constraint

ON = date(2026, 11, 24)


@act
def take_number(estate, *, refuse=False, by):
    """An act that draws last, and may be refused after the draw."""
    paper = issue_paper(RECEIPT, estate=estate, content=receipt(), on=ON, by=by)
    if refuse:
        raise Refused("后来不行了。")
    return paper


def at_once(calls):
    """Run all of them in threads of their own that start together; [result or exception]."""
    barrier, results = threading.Barrier(len(calls)), []

    def run(call):
        barrier.wait(10)
        try:
            results.append(call())
        except Exception as error:
            results.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


@pytest.mark.django_db(transaction=True)
def test_twenty_clerks_draw_without_gap_or_double(estate, clerk):
    results = at_once([lambda n=n: take_number(estate, refuse=n % 3 == 0, by=clerk) for n in range(20)])
    assert sum(isinstance(r, Refused) for r in results) == 7
    assert sorted(r.serial for r in results if isinstance(r, Paper)) == list(range(1, 14))
    assert Series.objects.get(kind="SJ", year=2026).count() == {"issued": 13, "void": 0, "newest": 13, "missing": []}


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's one writer hides a missing row lock")
@pytest.mark.parametrize("unique", [True, False])
def test_without_the_lock_numbers_collide(estate, clerk, monkeypatch, unique):
    """The twin: MAX+1 makes two papers of one number, or, where the database forbids it, refuses an honest clerk."""
    take_number(estate, by=clerk)
    met = threading.Barrier(2)

    def max_plus_one(estate, kind, year):
        series = Series.objects.get(estate=estate, kind=kind, year=year)
        series.last = Paper.objects.of(estate).of_kind(kind, year).latest("serial").serial + 1
        try:
            met.wait(1)
        except threading.BrokenBarrierError:
            pass
        return series

    monkeypatch.setattr(issuing, "_move_on", max_plus_one)
    rules = [c for c in Paper._meta.constraints if c.name in ("one_paper_per_number", "one_paper_per_serial")]
    if not unique:
        with connection.schema_editor() as schema:
            for rule in rules:
                schema.remove_constraint(Paper, rule)
    try:
        results = at_once([lambda: take_number(estate, by=clerk)] * 2)
        numbers = [r.number for r in results if isinstance(r, Paper)]
        assert numbers == ["SJ-2026-000002"] * (1 if unique else 2)
    finally:
        if not unique:
            guards.lift(models=[Paper, Print])
            Print.objects.all().delete()
            Paper.objects.all().delete()
            with connection.schema_editor() as schema:
                for rule in rules:
                    schema.add_constraint(Paper, rule)
            guards.put_back()


def test_numbers_run_per_estate_kind_and_year(issue, estate, other_estate):
    assert [issue(on=ON).number, issue(on=ON).number] == ["SJ-2026-000001", "SJ-2026-000002"]
    assert issue(kind=VOID, on=ON).number == "ZF-2026-000001"
    assert issue(on=date(2027, 1, 1)).number == "SJ-2027-000001"
    assert issue(estate=other_estate, on=ON).number == "SJ-2026-000001"


def test_kinds_are_those_of_the_trade():
    """DOMAIN §15."""
    assert set(KINDS) == set("SJ YJ YT TK ZF BY CJ RB RH ZX XK CR DH WZ ZG GD FX YS KZ JM GT CW TZ WT GX FB".split())


def test_a_used_up_series_refuses(issue, estate):
    Series.objects.create(estate=estate, kind="SJ", year=2026, last=9_999_999)
    with pytest.raises(Refused, match="已用完"):
        issue(on=ON)


def test_issuing_freezes_number_mark_and_day_and_makes_the_original(estate, clerk):
    household = make_household(estate, "3-2-1801")
    paper = issue_paper(RECEIPT, household, content=receipt(), on=ON, by=clerk)
    assert paper.household_no == household.number and paper.edition == "billing/receipt-1"
    assert (paper.content["number"], paper.content["mark"], paper.content["issued_on"]) == (paper.number, paper.mark, "2026-11-24")
    assert list(paper.prints.values_list("n", "by", "copies", "reason")) == [(1, clerk.pk, ALL, "")]
    assert Paper.objects.get(pk=paper.pk).intact


@pytest.mark.parametrize("wrong", [1.5, ON, {"a": [object()]}])
def test_content_that_a_database_would_not_give_back_is_refused(issue, wrong):
    with pytest.raises(TypeError):
        issue({**receipt(), "total": wrong})


FROZEN = [("content", "'{}'"), ("number", "'SJ-2026-000009'"), ("serial", "9"), ("digest", "'x'"), ("edition", "'billing/receipt-2'"),
          ("issued_on", "'2025-01-01'"), ("mark", "'x'"), ("household_no", "'x'"), ("year", "2020"), ("kind", "'XK'")]


@pytest.mark.parametrize(("column", "value"), FROZEN)
def test_what_was_issued_can_not_be_rewritten(paper, column, value):
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE papers_paper SET {column} = {value}")


@pytest.mark.parametrize("table", ["papers_paper", "papers_series", "papers_print"])
def test_nothing_numbered_can_be_deleted(paper, table):
    with pytest.raises(IntegrityError, match="guard_papers"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")


def test_without_triggers_the_rewriting_succeeds_and_the_digest_tells(paper):
    """The twin."""
    guards.lift(models=[Paper])
    Paper.objects.filter(pk=paper.pk).update(content={**paper.content, "total": 1})
    assert not Paper.objects.get(pk=paper.pk).intact


def test_without_triggers_a_deleted_number_is_missed(issue):
    issue(on=ON), issue(on=ON), issue(on=ON)
    guards.lift(models=[Paper, Print])
    Print.objects.filter(paper__serial=2).delete()
    Paper.objects.filter(serial=2).delete()
    assert Series.objects.get().count()["missing"] == [2]


def test_a_void_keeps_number_and_words(paper, manager, clerk):
    void_paper(paper, reason="房号有误", asked_by=clerk, by=manager)
    again = Paper.objects.get(pk=paper.pk)
    assert again.is_void and again.intact and again.content == paper.content and again.state == ("bad", "作废")
    with pytest.raises(Refused, match="已经作废"):
        void_paper(paper, reason="再来", by=manager)


def test_a_void_is_never_taken_back(paper, manager):
    void_paper(paper, reason="房号有误", by=manager)
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        Paper.objects.filter(pk=paper.pk).update(voided_at=None, voided_by=None, void_reason=None)


def test_a_void_without_reason_is_refused_by_the_database(paper, manager):
    with pytest.raises(IntegrityError), transaction.atomic():
        Paper.objects.filter(pk=paper.pk).update(voided_at=paper.issued_at, voided_by=manager, void_reason="")


def test_each_reprint_is_counted_with_its_reason_and_recorded(paper, manager):
    assert [reprint_paper(paper, reason="客户联遗失", by=manager).n for _ in range(2)] == [2, 3]
    last = reprint_paper(paper, reason="存根污损", copies="stub", by=manager)
    assert (last.n, last.copy_label) == (4, "存根")
    assert Entry.objects.latest("pk").words == f"补打收据 {paper.number} 第 4 次，存根，存根污损"
    assert Entry.objects.latest("pk").household_no == paper.household_no


@pytest.mark.parametrize(("reason", "copies", "field"), [("", "", "reason"), ("\u3000 ", "", "reason"), ("a\x00b", "", "reason"),
                                                         ("客户要", "fourth", "copies")])
def test_a_reprint_without_reason_or_of_no_copy_is_refused(paper, clerk, reason, copies, field):
    with pytest.raises(Refused) as refusal:
        reprint_paper(paper, reason=reason, copies=copies, by=clerk)
    assert list(refusal.value.message_dict) == [field]
    assert paper.prints.count() == 1


def test_rewritten_words_are_not_printed_again(paper, clerk):
    guards.lift(models=[Paper])
    Paper.objects.filter(pk=paper.pk).update(content={**paper.content, "total": 1})
    with pytest.raises(Refused, match="不能再打印"):
        reprint_paper(paper, reason="客户联遗失", by=clerk)


def test_there_is_one_original(paper, clerk):
    with pytest.raises(IntegrityError), transaction.atomic():
        Print.objects.create(estate=paper.estate, paper=paper, n=1, by=clerk, at=paper.issued_at)


@pytest.mark.django_db(transaction=True)
def test_twin_without_the_rule_a_paper_has_two_originals(paper, clerk):
    with without_constraint(Print, "one_print_per_turn"):
        Print.objects.create(estate=paper.estate, paper=paper, n=1, by=clerk, at=paper.issued_at)
        assert paper.prints.filter(n=1).count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_who_reprint_at_once_get_two_numbers(paper, clerk, manager):
    results = at_once([lambda by=by: reprint_paper(paper, reason="客户联遗失", by=by) for by in (clerk, manager)] * 3)
    assert sorted(again.n for again in results) == [2, 3, 4, 5, 6, 7]


def test_a_mark_leads_to_its_paper_and_no_other(issue, paper, other_estate):
    theirs = issue(estate=other_estate)
    assert paper_of_mark(paper.mark) == paper and paper_of_mark(theirs.mark) == theirs
    assert paper_of_mark(paper.mark.lower()) == paper


def test_a_bit_of_the_mark_flipped_is_refused(paper):
    for at in range(len(paper.mark)):
        wrong = paper.mark[:at] + ("7" if paper.mark[at] != "7" else "2") + paper.mark[at + 1:]
        with pytest.raises(ValidationError):
            paper_of_mark(wrong)


def test_a_paper_names_no_row_above_it(paper):
    """The household's number is text: a log outlives what it tells."""
    targets = {f.related_model._meta.app_label for f in Paper._meta.get_fields() if f.many_to_one}
    assert targets == {"estates", "staff", "papers"}


def test_lines_of_another_shape_are_kept_as_they_are(issue):
    content = receipt([line(share_label="12/30 月"), line(amount=-1)])
    assert Paper.objects.get(pk=issue(content).pk).content["lines"] == content["lines"]
