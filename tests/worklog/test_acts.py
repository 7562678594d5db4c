"""The one piece of machinery: an act happens once, whole, in its user's name (TRUST 2, 3)."""
import pytest
from django.db import IntegrityError, connection

from servicecentre.kit import guards
from servicecentre.kit.refused import Refused
from servicecentre.kit.snapshot import snapshot
from servicecentre.worklog.acts import act, record
from servicecentre.worklog.models import Done, Entry

from ..files.making import picture, ready
from ..twins import without_digest


@act
def note(estate, *, words, by):
    return record(by, words, estate=estate)


@act
def note_twice(estate, *, by):
    note(estate, words="里面", by=by)
    return note(estate, words="外面", by=by)


def test_same_key_gives_the_first_result(estate, clerk):
    first = note(estate, words="备注", by=clerk, request_key="k1")
    again = note(estate, words="备注", by=clerk, request_key="k1")
    assert again == first and again.is_repeat
    assert Entry.objects.filter(act="worklog.note").count() == 1


def test_same_key_with_other_content_is_refused(estate, clerk):
    note(estate, words="备注", by=clerk, request_key="k1")
    with pytest.raises(Refused, match="另外的内容"):
        note(estate, words="另一句", by=clerk, request_key="k1")


def test_another_users_key_is_refused_without_a_link(estate, clerk, manager):
    note(estate, words="备注", by=clerk, request_key="k1")
    with pytest.raises(Refused) as refusal:
        note(estate, words="备注", by=manager, request_key="k1")
    assert refusal.value.link is None


@act
def keep_files(estate, *, files, by):
    return record(by, f"{len(files)} 个文件", estate=estate)


@pytest.mark.parametrize("kind", ["estate", "act", "file"])
def test_a_key_answers_for_no_other_estate_act_or_file(estate, other_estate, clerk, kind):
    first, other = ([ready(picture(colour=colour))] for colour in ((200, 30, 30), (30, 200, 30)))
    keep_files(estate, files=first, by=clerk, request_key="k1")
    again = {"estate": lambda: keep_files(other_estate, files=first, by=clerk, request_key="k1"),
             "act": lambda: note(estate, words="备注", by=clerk, request_key="k1"),
             "file": lambda: keep_files(estate, files=other, by=clerk, request_key="k1")}
    with pytest.raises(Refused, match="另外的内容|已经用过"):
        again[kind]()
    assert keep_files(estate, files=first, by=clerk, request_key="k1").is_repeat, "the same file again is the same content"
    if kind != "act":
        with without_digest():
            assert again[kind]().words == "1 个文件", "the twin: the first answer for another content, in silence"
    assert Entry.objects.filter(act="worklog.keep_files").count() == 1


def test_an_act_within_an_act_joins_it(estate, clerk):
    note_twice(estate, by=clerk, request_key="k2")
    assert Done.objects.count() == 1
    assert Entry.objects.filter(act="worklog.note").count() == 2


def test_an_act_inside_a_reading_page_refuses_at_once(estate, clerk):
    with snapshot(), pytest.raises(RuntimeError):
        note(estate, words="备注", by=clerk)


@pytest.mark.django_db(transaction=True)
def test_an_entry_can_not_be_changed_nor_deleted(estate, clerk):
    entry = note(estate, words="备注", by=clerk)
    for attempt in (lambda: Entry.objects.filter(pk=entry.pk).update(words="改"), lambda: Entry.objects.filter(pk=entry.pk).delete()):
        with pytest.raises(IntegrityError, match="append_only"):
            attempt()


def test_an_entry_rewritten_behind_our_back_is_not_intact(estate, clerk):
    entry = note(estate, words="备注", by=clerk)
    assert entry.intact
    guards.lift(models=[Entry])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE worklog_entry SET words = %s WHERE id = %s", ["改", entry.pk])
    guards.put_back()
    assert not Entry.objects.get(pk=entry.pk).intact


@pytest.mark.django_db
def test_every_declared_trigger_is_there():
    assert guards.missing() == []
