"""停止: a batch started by mistake ends soon, leaves no file, and says that its prints are counted (TRUST 9)."""
import multiprocessing
from datetime import timedelta

import pytest

from servicecentre.jobs.models import Job, Stopped
from servicecentre.jobs.worker import run_one
from servicecentre.kit import pdf, pool
from servicecentre.kit.refused import Refused
from servicecentre.papers import batches, pressing
from servicecentre.papers.batches import stop_batch, take_batch
from servicecentre.papers.models import Batch, Print
from servicecentre.papers.printing import words_of
from servicecentre.worklog.models import Entry

from .conftest import NOON
from .test_batches import batch_of, post

pytestmark = pytest.mark.usefixtures("here")
USED = "{}停止，没有出文件。这 5 张的补打次数已经记了，不退回；再出一批，次数接着往上加。"


def stopping_at(monkeypatch, step, batch, clerk):
    """The maker's click, just before `pressing.<step>` of the running batch."""
    real = getattr(pressing, step)

    def clicked(*args):
        stop_batch(batch, by=clerk)
        return real(*args)
    monkeypatch.setattr(pressing, step, clicked)


def nothing_left(batch):
    return not batch.path.parent.exists() or list(batch.path.parent.iterdir()) == []


@pytest.mark.parametrize("step", ["_document", "_waited", "_join"])
def test_a_running_batch_stops_with_words_and_leaves_nothing(five, estate, clerk, monkeypatch, step):
    monkeypatch.setattr(pressing, "CHUNK", 2)
    batch = batch_of(estate, clerk)
    stopping_at(monkeypatch, step, batch, clerk)
    run_one()
    job = Job.objects.get(pk=batch.job_id)
    batch.refresh_from_db()
    assert (job.state, job.words) == (Job.State.STOPPED, USED.format(clerk.name)) and job.ended_at
    assert batch.ended_at is None and nothing_left(batch) and run_one() is None
    assert Print.objects.filter(batch=batch, n=2).count() == 5                                 # counted, and it stays so
    assert Entry.objects.latest("pk").words == "停止批量打印 收据，5 张，补打次数已记"
    with pytest.raises(Refused, match="还没出完"):
        take_batch(batch, by=clerk)
    assert set(Print.objects.filter(batch=batch_of(estate, clerk)).values_list("n", flat=True)) == {3}


def test_a_batch_that_waits_is_never_begun(five, estate, clerk, monkeypatch):
    batch = batch_of(estate, clerk)
    stop_batch(batch, by=clerk)
    monkeypatch.setattr(batches, "press", lambda *a, **k: 1 / 0)
    assert run_one() is None and Job.objects.get().state == Job.State.STOPPED and nothing_left(batch)


def test_a_second_click_changes_nothing(five, estate, clerk):
    batch = batch_of(estate, clerk)
    for key in ("a", "a", "b"):
        assert stop_batch(batch, by=clerk, request_key=key) == batch
    assert Entry.objects.filter(act="papers.stop_batch").count() == 1 and Job.objects.get().words == USED.format(clerk.name)


def test_others_and_what_has_ended_are_refused(five, estate, clerk, clerk2, manager, monkeypatch):
    batch = batch_of(estate, clerk)
    for other in (clerk2, manager):
        with pytest.raises(Refused, match="由本人停止"):
            stop_batch(batch, by=other)
    run_one()
    with pytest.raises(Refused, match="已经出好"):
        stop_batch(batch, by=clerk)
    assert batch.path.exists() and Job.objects.get().state == Job.State.DONE
    monkeypatch.setattr(batches, "press", lambda *a, **k: 1 / 0)
    failed = batch_of(estate, clerk)
    run_one()
    with pytest.raises(Refused, match="没有办成"):
        stop_batch(failed, by=clerk)


def test_a_stop_that_a_crash_swallowed_is_heeded_and_clears_up(five, estate, clerk, at):
    batch = batch_of(estate, clerk)
    Job.claim()
    left = batch.path.parent / f"{batch.path.stem}-left"
    left.mkdir(parents=True)
    (left / "whole.part").write_bytes(b"%PDF half")
    stop_batch(batch, by=clerk)
    assert Job.objects.get().state == Job.State.RUNNING
    at(NOON + timedelta(minutes=2))
    run_one()
    assert Job.objects.get().state == Job.State.STOPPED and nothing_left(batch)


def test_real_workers_end_soon_and_begin_nothing_more(five, monkeypatch, tmp_path):
    """Two processes of their own, stopped after the first chunk: both gone, what waited was not begun."""
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "servicecentre.settings")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "theirs"))
    monkeypatch.setattr(pressing, "workers", pool.workers)
    monkeypatch.setattr(pressing, "CHUNK", 1)

    def stop(done):
        raise Stopped("停了")
    sheets = [words_of(paper, paper.prints.get()) for paper in five] * 8
    with pytest.raises(Stopped):
        pressing.press(iter(sheets), tmp_path / "batches" / "real.pdf", address="", count=2, progress=stop)
    assert multiprocessing.active_children() == [] and list((tmp_path / "batches").iterdir()) == []


def test_a_chunk_for_which_nobody_waits_is_not_made(tmp_path, monkeypatch):
    monkeypatch.setattr(pdf, "render_pdf", lambda *a, **k: 1 / 0)
    pdf.render_to_file(str(tmp_path / "gone" / "00000.pdf"), "<p>", {}, (0, 0))
    with pytest.raises(ZeroDivisionError):
        pdf.render_to_file(str(tmp_path / "00000.pdf"), "<p>", {}, (0, 0))


def test_the_button_stands_while_it_runs_and_its_page_says_what_is_used(desk, desk_of, five, clerk, clerk2):
    post(desk)
    batch = Batch.objects.get()
    where = f"/papers/batches/{batch.pk}/"
    page = desk.get(where).content.decode()
    assert f"{where}stop/" in page and "这 5 张的补打次数已经记了" in page
    assert f"{where}stop/" not in desk_of(clerk2).get(where).content.decode()
    assert "由本人停止" in desk_of(clerk2).post(f"{where}stop/", {"request_key": "o" * 32}).content.decode()
    Job.claim()
    for key in ("s" * 32, "s" * 32, "t" * 32):
        assert desk.post(f"{where}stop/", {"request_key": key}).status_code == 302
    page = desk.get(where).content.decode()
    assert "正在停止" in page and f"{where}stop/" not in page
    assert desk.get(f"{where}stop/").status_code == 405


def test_stopped_batches_are_listed_as_such(desk, five):
    post(desk)
    batch = Batch.objects.get()
    desk.post(f"/papers/batches/{batch.pk}/stop/", {"request_key": "s" * 32})
    assert "已停止" in desk.get(f"/papers/batches/{batch.pk}/").content.decode()
    assert "停了，没有出" in desk.get("/papers/batches/").content.decode()


def test_a_click_that_came_too_late_is_told(desk, five):
    post(desk)
    run_one()
    batch = Batch.objects.get()
    page = desk.post(f"/papers/batches/{batch.pk}/stop/", {"request_key": "s" * 32}).content.decode()
    assert "没有停止" in page and "已经出好" in page and "取出打印 5 页" in page
