"""One line outside the database per number, after commit; it blocks nobody and catches up (ARCHITECTURE 18, TRUST §6)."""
import json
import threading

import pytest

from servicecentre.desk import proofs
from servicecentre.papers import journal
from servicecentre.papers.models import Database


@pytest.fixture(autouse=True)
def own_journal(settings, tmp_path):
    settings.JOURNAL_FILE = tmp_path / "journal.jsonl"
    journal._waiting.clear()
    yield settings.JOURNAL_FILE
    journal._waiting.clear()


def lines(path):
    return [json.loads(text) for text in path.read_text().splitlines() if text]


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    return lambda: django_capture_on_commit_callbacks(execute=True)


def test_each_number_is_a_line_after_commit(issue, own_journal, committed):
    with committed():
        papers = [issue(), issue()]
        assert not own_journal.exists()
    database = Database.objects.get()
    assert [(said["database"], said["estate"], said["number"], said["digest"]) for said in lines(own_journal)] == [
        (database.name, paper.estate_id, paper.number, paper.digest) for paper in papers]
    assert own_journal.stat().st_mode & 0o077 == 0


def test_the_journal_names_nobody(issue, own_journal, committed):
    with committed():
        issue()
    text = own_journal.read_text()
    assert not any(word in text for word in ("王堃", "李玥", "1801"))


def test_the_start_adds_what_a_kill_left_out(issue, own_journal, committed):
    with committed():
        issue()
    lost = issue()                                            # committed, but the process died before its line
    assert journal.catch_up() == 1
    assert [said["number"] for said in lines(own_journal)][-1] == lost.number
    assert journal.catch_up() == 0


def test_the_start_adds_nothing_older_for_that_line_was_taken_away(issue, own_journal, committed, monkeypatch):
    monkeypatch.setattr(journal, "SLACK", 1)
    with committed():
        papers = [issue() for _ in range(4)]
    whole = own_journal.read_text().splitlines(keepends=True)
    own_journal.write_text("".join(whole[1:]))
    assert journal.catch_up() == 0
    assert [v.where for v in proofs.prove({6}) if "有人拿掉了" in v.text] == [f"小区 {papers[0].estate_id} {papers[0].number}"]
    own_journal.write_text("".join(whole[:3]))                       # what a kill leaves out is behind all that is known
    assert (journal.catch_up(), list(v for v in proofs.prove({6}) if "号码日志" in v.text)) == (1, [])


def test_a_look_reads_only_what_came_since_the_last(issue, own_journal, committed, monkeypatch):
    with committed():
        issue()
    name, taken = Database.objects.get().name, []
    monkeypatch.setattr(journal._Seen, "take", lambda seen, text, take=journal._Seen.take: (taken.append(text), take(seen, text)))
    journal.sealed(name)
    with committed():
        second = issue()
    journal.sealed(name)
    assert [second.number in text.decode() for text in taken[-2:]] == [False, True] and len(taken) == 2
    own_journal.write_bytes(taken[1])                                # shorter than it was: another file
    assert journal.sealed(name) == [] and len(taken) == 3


def test_a_journal_that_cannot_be_read_stops_no_page(issue, settings, tmp_path):
    issue()
    settings.JOURNAL_FILE = tmp_path / "folder"
    settings.JOURNAL_FILE.mkdir()
    assert journal.sealed(Database.objects.get().name) == []
    assert [v.text for v in proofs.prove({6}) if v.where == "号码日志"] == ["读不了：Is a directory"]


def test_another_databases_lines_and_torn_ones_count_for_nothing(issue, own_journal, committed):
    paper = issue()
    other = json.dumps({"database": "other", "estate": paper.estate_id, "number": paper.number})
    own_journal.write_text(f"{other}\n{{\"database\": \"{Database.objects.get().name}\", \"numb")
    assert journal.catch_up() == 1
    assert [said["number"] for text in own_journal.read_text().splitlines() if text.endswith("}") for said in [json.loads(text)]] == [
        paper.number] * 2


def test_a_journal_that_cannot_be_written_blocks_nobody_and_shows(issue, own_journal, committed, settings, tmp_path):
    settings.JOURNAL_FILE = tmp_path / "gone" / "journal.jsonl"
    with committed():
        first = issue()
    assert first.pk and "1 个号码" in journal.trouble()
    settings.JOURNAL_FILE.parent.mkdir()
    with committed():
        second = issue()
    assert [said["number"] for said in lines(settings.JOURNAL_FILE)] == [first.number, second.number]
    assert journal.trouble() == ""


def test_trouble_is_seen_before_the_first_number(settings, tmp_path):
    settings.JOURNAL_FILE = tmp_path / "gone" / "journal.jsonl"
    assert "不能读写" in journal.trouble()


def test_a_refused_act_leaves_no_line(issue, own_journal, committed):
    from django.db import transaction

    with committed():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            issue()
            raise ZeroDivisionError
    assert not own_journal.exists()


def test_threads_do_not_tear_each_others_lines(own_journal):
    threads = [threading.Thread(target=journal._append, args=([json.dumps({"n": n, "x": "x" * 500})],)) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said["n"] for said in lines(own_journal)) == list(range(40))
