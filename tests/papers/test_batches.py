"""批量打印: each paper of a batch is a print with a reason; the file is private, whole or not there, its maker's (issue 3 §7; TRUST 9, 19)."""
import os
import re
import stat
from datetime import date, timedelta
from unittest import mock

import pypdf
import pytest

from servicecentre.jobs import worker
from servicecentre.jobs.models import Job
from servicecentre.jobs.worker import run_one
from servicecentre.kit import guards, pdf, pool
from servicecentre.kit.refused import Refused
from servicecentre.papers import batches, pressing
from servicecentre.papers.batches import press_batch, print_batch, sweep, take_batch
from servicecentre.papers.computers import add_computer
from servicecentre.papers.issuing import void_paper
from servicecentre.papers.models import Batch, Paper, Print
from servicecentre.papers.printing import words_of
from servicecentre.worklog.models import Entry

from .conftest import NOON, receipt
from .test_printing import together

TODAY = date(2026, 11, 24)
pytestmark = pytest.mark.usefixtures("here")


def batch_of(estate, clerk, **more):
    return print_batch(estate, **{"kind": "SJ", "asked": {}, "words": "收据", "copies": "stub", "reason": "存根装订", "expected": 5,
                                  "address": "https://wuye.example.cn/", "by": clerk, **more})


def pages(path):
    return [together(page.extract_text()) for page in pypdf.PdfReader(path).pages]


def test_each_paper_of_a_batch_is_a_print_with_its_reason(five, estate, clerk):
    batch = batch_of(estate, clerk)
    prints = Print.objects.filter(batch=batch)
    assert sorted(prints.values_list("paper__serial", "n", "copies", "reason")) == [(n, 2, "stub", "存根装订") for n in range(1, 6)]
    assert Entry.objects.latest("pk").words == "批量补打 收据，5 张，存根装订"
    batch_of(estate, clerk, reason="又一次")
    assert set(Print.objects.filter(batch__reason="又一次").values_list("n", flat=True)) == {3}


def test_the_file_holds_every_paper_in_order_marked_and_is_private(five, estate, clerk, manager):
    batch = batch_of(estate, clerk)
    void_paper(five[1], reason="房号有误", by=manager)
    assert not batch.path.exists()
    job = run_one()
    batch.refresh_from_db()
    assert job.state == Job.State.RUNNING and Job.objects.get(pk=job.pk).state == Job.State.DONE
    assert (batch.pages, batch.size) == (5, batch.path.stat().st_size) and batch.ended_at
    assert stat.S_IMODE(batch.path.stat().st_mode) == 0o600 and stat.S_IMODE(batch.path.parent.stat().st_mode) == 0o700
    assert [path.name for path in batch.path.parent.iterdir()] == [batch.path.name]
    texts = pages(batch.path)
    for n, text in enumerate(texts):
        assert f"SJ-2026-00000{n + 1}" in text and f"交款人{n}" in text and "补打第2次" in text and "第一联存根" in text
        assert ("作废" in text) == (n == 1)


def codes(path):
    """What each page draws as its picture; the pages of a document share the list of them."""
    for page in pypdf.PdfReader(path).pages:
        [name] = re.findall(rb"(/\S+) Do", page.get_contents().get_data())
        yield page["/Resources"]["/XObject"][name.decode()].get_data()


def test_each_paper_keeps_its_own_code(five, estate, clerk):
    batch = batch_of(estate, clerk)
    run_one()
    assert len(set(codes(batch.path))) == 5


def test_one_code_for_all_would_be_seen(five, estate, clerk, monkeypatch):
    """The twin: chunks whose images share a name show the last one's code on each."""
    monkeypatch.setattr(pressing, "render_to_file", lambda path, html, codes, shift: pdf.render_to_file(path, html, dict.fromkeys(codes, "x"), shift))
    batch = batch_of(estate, clerk)
    run_one()
    assert len(set(codes(batch.path))) == 1


def test_chunks_are_joined_in_order_and_reported(five, estate, clerk, monkeypatch):
    monkeypatch.setattr(pressing, "CHUNK", 2)
    told = []
    target = batches.settings.DATA_DIR / "batches" / "x.pdf"
    prints = [(paper, paper.prints.get()) for paper in five]
    assert pressing.press((words_of(p, w) for p, w in prints), target, address="", count=1, progress=told.append) == 15       # three copies each
    assert told[-1] == 5 and told == sorted(told) and len(told) > 1
    assert [re.search(r"SJ-2026-00000(\d)", text)[1] for text in pages(target)] == [c for c in "12345" for _ in range(3)]


def test_a_computers_sheet_is_the_batchs(five, estate, clerk):
    computer = add_computer(estate, name="前台", receipt_sheet="dot140", by=clerk)
    batch = batch_of(estate, clerk, computer=computer, copies="all")
    run_one()
    reader = pypdf.PdfReader(batch.path)
    assert len(reader.pages) == 5 and {round(float(page.mediabox.width) / 72 * 25.4) for page in reader.pages} == {241}


@pytest.mark.parametrize(("change", "words"), [
    ({"reason": " "}, "请写明为什么批量打印"), ({"copies": "fourth"}, "没有这一联"), ({"expected": 4}, "现在是 5 张"),
    ({"asked": {"first": date(2030, 1, 1)}}, "没有这样的单据"), ({"kind": "ZF", "copies": ""}, "没有这样的单据")])
def test_a_batch_that_makes_no_sense_is_refused_and_counts_nothing(five, estate, clerk, change, words):
    with pytest.raises(Refused, match=words):
        batch_of(estate, clerk, **change)
    assert Print.objects.count() == 5 and not Batch.objects.exists() and not Job.objects.exists()


def test_too_many_are_refused(five, estate, clerk, monkeypatch):
    monkeypatch.setattr(batches, "MOST", 4)
    with pytest.raises(Refused, match="一次最多 4 张"):
        batch_of(estate, clerk)


def test_rewritten_words_are_not_printed_in_a_batch_either(five, estate, clerk):
    guards.lift(models=[Paper])
    Paper.objects.filter(pk=five[2].pk).update(content={**five[2].content, "total": 1})
    with pytest.raises(Refused, match=f"{five[2].number} 的内容"):
        batch_of(estate, clerk)


def test_a_crash_in_the_middle_leaves_no_file_and_another_run_makes_it(five, estate, clerk, monkeypatch):
    batch = batch_of(estate, clerk)
    real = pressing._join
    monkeypatch.setattr(pressing, "_join", lambda parts, path: (path.write_bytes(b"%PDF half"), 1 / 0))
    assert run_one().pk == batch.job_id
    assert Job.objects.get(pk=batch.job_id).state == Job.State.FAILED and not batch.path.exists() and list(batch.path.parent.iterdir()) == []
    (batch.path.parent / f"{batch.path.stem}-left").mkdir()                      # what a SIGKILL would leave
    monkeypatch.setattr(pressing, "_join", real)
    press_batch(Job.objects.get(pk=batch.job_id))
    assert len(pages(batch.path)) == 5 and len(list(batch.path.parent.iterdir())) == 1
    first = batch.path.read_bytes()
    press_batch(Job.objects.get(pk=batch.job_id))                               # a run too many changes nothing
    assert batch.path.read_bytes() == first and Print.objects.filter(batch=batch).count() == 5


def test_its_maker_takes_it_out_for_ten_minutes(five, estate, clerk, clerk2, at):
    batch = batch_of(estate, clerk)
    with pytest.raises(Refused, match="还没出完"):
        take_batch(batch, by=clerk)
    run_one()
    with pytest.raises(Refused, match="由本人取"):
        take_batch(batch, by=clerk2)
    taken = take_batch(batch, by=clerk)
    assert taken.open_to(clerk, at=NOON + timedelta(minutes=9)) and not taken.open_to(clerk, at=NOON + timedelta(minutes=10))
    assert not taken.open_to(clerk2, at=NOON)
    at(NOON + timedelta(minutes=11))
    with pytest.raises(Refused, match="取过了"):
        take_batch(batch, by=clerk)


def test_files_nobody_may_fetch_are_taken_away(five, estate, clerk, at):
    batch = batch_of(estate, clerk)
    run_one()
    sweep()
    assert batch.path.exists()
    at(NOON + timedelta(hours=25))
    with pytest.raises(Refused, match="放了一天"):
        take_batch(batch, by=clerk)
    sweep()
    assert not batch.path.exists()


def test_the_worker_sweeps_them_and_what_a_failed_job_left(five, estate, clerk, at, settings):
    batch = batch_of(estate, clerk)
    run_one()
    take_batch(batch, by=clerk)
    left, mine = batch.path.parent / f"{'0' * 32}-chunks", batch.path.parent / f"{batch_of(estate, clerk).file}-chunks"
    left.mkdir()
    mine.mkdir()
    (left / "00000.pdf").write_bytes(b"x")
    at(NOON + timedelta(minutes=10))
    settings.TIDY = {"nowhere.nothing": 60, "servicecentre.papers.batches.sweep": 60}
    due = {}
    worker.tidy(due)
    assert not batch.path.exists() and not left.exists() and mine.exists(), "a job that waits keeps its folder"
    left.mkdir()
    worker.tidy(due)
    assert left.exists(), "not before its time has come again"


def test_a_batch_that_fails_says_what_stays(five, estate, clerk, monkeypatch):
    batch_of(estate, clerk)
    monkeypatch.setattr(batches, "press", mock.Mock(side_effect=ZeroDivisionError))
    run_one()
    words = Job.objects.get().words
    assert "打印次数已经记上" in words and "没有写入任何数据" not in words


def post(desk, **fields):
    return desk.post("/papers/batches/print/", {"kind": "SJ", "first": TODAY, "last": TODAY, "expected": 5, "copies": "stub", "reason": "存根装订",
                                                "request_key": "k" * 32, **fields})


def test_the_boxes_say_what_is_listed_first_and_void_ones_are_not(desk, five):
    page = desk.get("/papers/batches/")
    chosen = page.context["chosen"]
    assert (chosen["kind"].value(), chosen["state"].value(), page.context["kind"]) == ("SJ", "live", "SJ")
    assert page.context["form"]["state"].value() == "live"


def test_from_the_filter_to_the_paper(desk, five, at):
    page = desk.get("/papers/batches/").content.decode()
    assert "出 5 张" in page and "SJ-2026-000005" in page and 'name="expected" value="5"' in page
    answer = post(desk)
    batch = Batch.objects.get()
    assert answer.status_code == 302 and answer["Location"].endswith(batch.get_absolute_url())
    assert post(desk)["Location"] == answer["Location"] and Batch.objects.count() == 1          # a double click
    assert batch.words == "收据，2026-11-24"
    assert "排队中" in desk.get(f"/papers/batches/{batch.pk}/").content.decode()
    assert desk.get(f"/papers/batches/{batch.pk}/pdf/").status_code == 410
    run_one()
    assert "取出打印 5 页" in desk.get(f"/papers/batches/{batch.pk}/").content.decode()
    assert desk.get(f"/papers/batches/{batch.pk}/pdf/").status_code == 410                      # not before it is taken out
    assert desk.post(f"/papers/batches/{batch.pk}/take/")["Location"].endswith("?print=1")
    assert "data-print-url" in desk.get(f"/papers/batches/{batch.pk}/?print=1").content.decode()
    file = desk.get(f"/papers/batches/{batch.pk}/pdf/")
    assert file["X-Frame-Options"] == "SAMEORIGIN" and b"".join(file.streaming_content).startswith(b"%PDF")
    at(NOON + timedelta(minutes=10))
    assert desk.get(f"/papers/batches/{batch.pk}/pdf/").status_code == 410


def test_another_clerk_and_another_estate_get_no_batch(desk, desk_of, five, clerk2, other_clerk, other_estate):
    post(desk)
    run_one()
    batch = Batch.objects.get()
    desk.post(f"/papers/batches/{batch.pk}/take/")
    theirs = desk_of(clerk2)
    assert "由 李婷 取出打印" in theirs.get(f"/papers/batches/{batch.pk}/").content.decode()
    assert theirs.get(f"/papers/batches/{batch.pk}/pdf/").status_code == 410
    assert "由本人取" in theirs.post(f"/papers/batches/{batch.pk}/take/").content.decode()
    neighbour = desk_of(other_clerk, other_estate)
    assert {neighbour.get(f"/papers/batches/{batch.pk}/{page}").status_code for page in ("", "pdf/")} == {404}


@pytest.mark.parametrize(("fields", "words"), [({"reason": ""}, "请填写为什么批量打印"), ({"copies": ""}, "请选择打哪一联"), ({"expected": "4"}, "现在是 5 张"),
                                               ({"first": "x"}, ""), ({"kind": "XX"}, "")])
def test_what_is_refused_is_said_and_prints_nothing(desk, five, fields, words):
    answer = post(desk, **fields)
    assert answer.status_code == 200 and words in answer.content.decode() and "这个字段" not in answer.content.decode()
    assert not Batch.objects.exists()


def test_what_was_refused_for_its_number_can_be_sent_again(desk, five):
    page = post(desk, expected="4").content.decode()
    assert "现在是 5 张" in page and 'name="expected" value="5"' in page, "the form shown again knows how many there are now"
    assert post(desk, expected="5").status_code == 302


def test_missing_numbers_are_nothing_to_print(desk, five):
    assert "缺号" not in desk.get("/papers/batches/").content.decode() and "/papers/batches/" not in desk.get("/papers/?state=missing").content.decode()
    page = post(desk, state="missing").content.decode()
    assert "条件里有一项不能用" in page and not Batch.objects.exists()


def test_a_cashiers_own_papers(desk, five, clerk2):
    assert "出 1 张" in desk.get(f"/papers/batches/?first=2026-11-24&who={clerk2.pk}").content.decode()
    post(desk, who=clerk2.pk, expected=1)
    assert Batch.objects.get().words == "收据，2026-11-24，王思远"


def test_workers_are_processes_of_their_own_without_a_database(five, monkeypatch, tmp_path):
    """The real thing, once: two spawned processes, the papers of both in one file."""
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "servicecentre.settings")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "theirs"))
    monkeypatch.setenv("DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing")      # who asks it fails
    monkeypatch.setattr(pressing, "workers", pool.workers)
    monkeypatch.setattr(pressing, "CHUNK", 4)
    seen = []
    real = pressing._join
    monkeypatch.setattr(pressing, "_join", lambda parts, path: (seen.extend(parts), real(parts, path))[1])
    target = tmp_path / "batches" / "real.pdf"
    pressing.press([words_of(paper, paper.prints.get()) for paper in five], target, address="https://wuye.example.cn/", count=2)
    assert len(pages(target)) == 15 and len(seen) == 3


def die(*_):
    os._exit(9)


def test_a_worker_that_dies_is_told_and_leaves_nothing(five, monkeypatch, tmp_path):
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "servicecentre.settings")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "theirs"))
    monkeypatch.setattr(pressing, "workers", pool.workers)
    monkeypatch.setattr(pressing, "render_to_file", die)
    with pytest.raises(Exception, match="terminated abruptly"):
        pressing.press([words_of(five[0], five[0].prints.get())], tmp_path / "batches" / "real.pdf", address="", count=1)
    assert list((tmp_path / "batches").iterdir()) == []


def test_a_core_stays_free_unless_a_setting_says_otherwise(monkeypatch, settings):
    for cores, named, many in ((1, 0, 1), (2, 0, 1), (8, 0, 7), (2, 2, 2), (8, 3, 3), (2, 9, 2)):
        monkeypatch.setattr(pool.os, "sched_getaffinity", lambda pid, cores=cores: set(range(cores)))
        settings.PRINT_WORKERS = named
        assert pool.how_many() == many


def test_a_name_that_looks_like_a_code_is_a_name(at, issue, estate, clerk):
    hostile = '</body><img src="qr.png"><body>'
    issue(receipt(payer=hostile))
    batch = batch_of(estate, clerk, expected=1)
    run_one()
    [text] = pages(batch.path)
    assert together(hostile)[:20] in text
    assert len(list(codes(batch.path))) == 1
