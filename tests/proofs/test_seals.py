"""Invariant 13 of a sealed past: each kind of harm to it is found, inside by the chain, a whole rewrite by what stands outside (TRUST 15)."""
from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from servicecentre.desk import proofs, sealing
from servicecentre.desk.sealing import seal_day
from servicecentre.files.models import File
from servicecentre.files.storing import kept
from servicecentre.kit.secrets import seal
from servicecentre.papers import journal
from servicecentre.worklog import seals
from servicecentre.worklog.attaching import remove_file
from servicecentre.worklog.day import make_remark
from servicecentre.worklog.models import Entry, Review, Seal
from servicecentre.worklog.review import managers, see_entries, unseen

from ..files.making import ready
from ..worlds import at
from .behind import behind, copied, found, unguarded

DAYS = date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 22)


@pytest.fixture(autouse=True)
def three_days(world, settings, tmp_path):
    """Three sealed days, and the outer journal that knows them."""
    settings.JOURNAL_FILE = tmp_path / "journal.jsonl"
    with at(2026, 11, 22, 2):
        for words in ("第一件", "第二件"):
            make_remark(world.estate, words=words, by=world.clerk)
        with kept([ready()]) as files:
            make_remark(world.estate, words="第三件", files=files, by=world.clerk)
    with at(2026, 11, 23, 1):
        for day in DAYS[1:]:
            for manager in (world.manager, world.manager2):                     # each looks at what the other did
                if theirs := [e.pk for e in unseen(world.estate, day) if e.by_id != manager.pk]:
                    see_entries(world.estate, day=day, entries=theirs, by=manager)
            doers = set(Entry.objects.of(world.estate).on(day).exceptions().values_list("by", flat=True))
            seal_day(world.estate, day=day, by=next((m for m in managers(world.estate) if m.pk not in doers), world.manager))
    journal.catch_up()
    assert list(Seal.objects.of(world.estate).order_by("n").values_list("n", "day")) == list(zip((1, 2, 3), DAYS, strict=True))
    assert found() == set()


@pytest.fixture
def photo(world):
    """The one that came with a line of the third day."""
    return File.objects.of(world.estate).get(row_type="worklog.entry")


def lines(world, day):
    return Entry.objects.of(world.estate).on(day).order_by("pk")


def told(day):
    """What prove says of that day."""
    return [v.text for v in proofs.prove({13}) if v.where.endswith(day.isoformat())]


def written_again(row, **changes):
    """A line or a seal as somebody with the key would write it: changed, its digest made anew."""
    for name, value in changes.items():
        setattr(row, name, value)
    row.mark = seal(*row._written())
    Entry.objects.filter(pk=row.pk).update(mark=row.mark, **changes)


def chained_again(world):
    """Every seal of the estate made anew over what is there now, with the key."""
    before, after = "", None
    for row in Seal.objects.of(world.estate).order_by("n"):
        fold = seals.fold_of(world.estate, after, row.day)
        row.entries = fold.entries
        row.digest = seal(*seals._sealed(row, before, fold))
        Seal.objects.filter(pk=row.pk).update(entries=row.entries, digest=row.digest)
        before, after = row.digest, row.day


def test_a_line_edited(world):
    with unguarded(Entry):
        behind("UPDATE worklog_entry SET words = '没有的事' WHERE id = %s", lines(world, DAYS[2])[1].pk)
        assert found() == {13}
        assert "有 1 条与写下时不同" in told(DAYS[2]) and not told(DAYS[1])


def test_a_line_edited_and_its_own_digest_made_anew(world):
    """With the key, but without the chain: the seal still knows."""
    with unguarded(Entry):
        written_again(lines(world, DAYS[2])[1], words="没有的事")
        assert found() == {13} and len(told(DAYS[2])) == 1 and "封存码" in told(DAYS[2])[0]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_line_deleted(world, place):
    """Without a seal a deleted line leaves no trace; with one the day is short of it."""
    with unguarded(Entry):
        behind("DELETE FROM worklog_entry WHERE id = %s", lines(world, DAYS[2])[place].pk)
        assert found() == {13} and "封存时 3 条，现有 2 条" in told(DAYS[2])


def test_a_line_inserted(world):
    """Written with the key, so that the line by itself is in order."""
    with unguarded(Entry):
        written_again(copied(lines(world, DAYS[2])[0]), words="领导已批准")
        assert found() == {13} and "封存时 3 条，现有 4 条" in told(DAYS[2])


def test_a_line_inserted_into_a_day_that_had_none(world):
    with unguarded(Entry):
        written_again(copied(lines(world, DAYS[2])[0]), day=date(2026, 11, 10))
        assert found() == {13} and told(DAYS[0])


def test_two_lines_change_places(world):
    """The same lines under each other's number: nobody can say any more what came first."""
    first, second = lines(world, DAYS[2])[:2]
    with unguarded(Entry):
        for pk, to in ((first.pk, -1), (second.pk, first.pk), (-1, second.pk)):
            behind("UPDATE worklog_entry SET id = %s WHERE id = %s", to, pk)
        assert found() == {13}


def test_a_line_moved_to_another_day(world):
    with unguarded(Entry):
        written_again(lines(world, DAYS[2])[0], day=DAYS[1])
        assert found() == {13} and told(DAYS[1]) and told(DAYS[2])


@pytest.mark.parametrize("change", ["words = ''", "by_id = by_id + 1", "task_id = NULL", "at = '2026-01-01 00:00:00+00:00'"])
def test_a_review_changed(world, change):
    with unguarded(Review):
        behind(f"UPDATE worklog_review SET {change} WHERE id = %s", world.comment.pk)
        assert 13 in found() and told(DAYS[0])


def test_a_review_deleted(world):
    with unguarded(Review):
        behind("DELETE FROM worklog_review WHERE id = %s", world.comment.pk)
        assert found() == {13}


@pytest.mark.parametrize("change", ["sha256 = '" + "0" * 64 + "', path = 'files/ab/other.bin'", "label = '另一张.jpg'", "row_id = row_id + 1"])
def test_a_file_of_a_sealed_day_exchanged(world, photo, change):
    with unguarded(File):
        behind(f"UPDATE files_file SET {change} WHERE id = %s", photo.pk)
        assert found() == {13} and told(DAYS[2]) and not told(DAYS[1])


def test_a_file_of_a_sealed_day_removed_by_its_act_or_behind_its_back(world, photo):
    with at(2026, 11, 24, 1):
        remove_file(photo, reason="传错了", by=world.manager)
    assert found() == set()
    with unguarded(Entry):
        behind("DELETE FROM worklog_entry WHERE act = 'worklog.remove_file' AND row_id = %s", photo.pk)
        assert [v.text for v in proofs.prove({13})] == ["删去了，日志里没有这件事"]


def test_a_file_slipped_into_a_sealed_day(world, photo):
    with unguarded(File):
        copied(photo, path="files/ab/other.bin")
        assert found() == {13} and told(DAYS[2])


def test_twin_files_outside_the_seal_are_exchanged_unseen(world, monkeypatch, photo):
    monkeypatch.setattr(seals.Fold, "attach", lambda *_: None)
    monkeypatch.setattr(sealing, "outside", lambda *_: ())
    with unguarded(File, Seal):
        chained_again(world)                                                    # the seals of a program that looks at no file
        behind("UPDATE files_file SET label = '另一张.jpg' WHERE id = %s", photo.pk)
        assert found() == set()


@pytest.mark.parametrize("change", ["entries = entries + 1", "words = '一切正常'", "digest = '" + "0" * 64 + "'", "at = '2026-01-01 00:00:00+00:00'",
                                    "n = n + 7", "day = '2026-11-24'"])
def test_a_seal_changed(world, change):
    with unguarded(Seal):
        behind(f"UPDATE worklog_seal SET {change} WHERE id = %s", Seal.objects.of(world.estate).get(n=2).pk)
        assert found() == {13}


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_seal_deleted(world, n):
    with unguarded(Seal):
        behind("DELETE FROM worklog_seal WHERE id = %s", Seal.objects.of(world.estate).get(n=n).pk)
        assert found() == {13}


def _tail_cut(world):
    Entry.objects.filter(estate=world.estate, day=DAYS[2])._raw_delete("default")
    behind("DELETE FROM worklog_seal WHERE id = %s", Seal.objects.of(world.estate).get(n=3).pk)


def _all_rewritten(world):
    written_again(lines(world, DAYS[0]).exclude(corrections__isnull=False).first(), words="什么也没有")
    chained_again(world)


WITH_THE_KEY = {"the tail cut off": (_tail_cut, DAYS[2], "数据库里没有这次封存"), "all written anew": (_all_rewritten, DAYS[0], "这一天被重写过")}


@pytest.mark.parametrize("harm", WITH_THE_KEY)
def test_what_the_chain_itself_does_not_show_the_outer_journal_knows(world, harm, settings):
    hurt, day, words = WITH_THE_KEY[harm]
    with unguarded(Entry, Seal):
        hurt(world)
        assert found() == {13} and any(words in text for text in told(day))
        assert any(words in text for text in sealing.troubles_on(world.estate, day, None)), "and on the day's page"
        journal.catch_up()
        assert found() == {13}, "a start adds nothing that would hide it"


def _dropped(path, seal):
    whole = path.read_text().splitlines(keepends=True)
    path.write_text("".join(text for text in whole if seal.digest not in text))


@pytest.mark.parametrize("n", [1, 2])
def test_a_start_does_not_write_anew_the_line_that_was_taken_out_of_the_journal(world, n, settings):
    _dropped(settings.JOURNAL_FILE, Seal.objects.of(world.estate).get(n=n))
    with unguarded(Entry, Seal):
        _all_rewritten(world)
        assert journal.catch_up() == 0
        assert any("有人拿掉了" in text for text in told(DAYS[n - 1]))


def test_a_copy_kept_elsewhere_knows_when_the_journal_itself_begins_anew(world, settings, tmp_path):
    head = tmp_path / "head"
    head.write_text(settings.JOURNAL_FILE.read_text())
    out = StringIO()
    call_command("prove", "--head", str(head), stdout=out)
    settings.JOURNAL_FILE.unlink()
    with unguarded(Entry, Seal):
        _all_rewritten(world)
        journal.catch_up()
        assert found() == set()
        assert any("这一天被重写过" in v.text for v in proofs.against(head))
    with pytest.raises(CommandError, match="读不了"):
        call_command("prove", "--head", str(tmp_path / "none"))


@pytest.mark.parametrize("harm", WITH_THE_KEY)
def test_twin_outer_head_ignored_the_full_rewrite_passes(world, harm, monkeypatch):
    monkeypatch.setattr(sealing, "outside", lambda *_: ())
    with unguarded(Entry, Seal):
        WITH_THE_KEY[harm][0](world)
        assert found() == set()


def test_a_day_sealed_a_second_time_over_another_past_is_found(world, settings):
    """The tail cut and sealed anew by the program itself: the journal has two lines of one number, the first is true."""
    with unguarded(Entry, Seal):
        _tail_cut(world)
        with at(2026, 11, 22, 2):
            make_remark(world.estate, words="另一个过去", by=world.clerk)
        with at(2026, 11, 23, 1):
            again = seal_day(world.estate, day=DAYS[2], by=world.manager)
        assert journal.write_seal(again, sealing.Database.objects.get())
        assert found() == {13}


def test_torn_and_strange_lines_of_the_journal_say_nothing(world, settings):
    name = sealing.Database.objects.get().name
    with open(settings.JOURNAL_FILE, "a", encoding="utf-8") as file:
        for text in ('{"database": "%s", "estate": 1, "seal": ', '{"database": "%s", "estate": "x", "seal": 1}', '["%s", "seal"]',
                     '{"database": "%s", "estate": 1, "seal": "1", "day": 1, "entries": 1, "digest": null}'):
            file.write(text.replace("%s", name) + "\n")
    assert found() == set()
