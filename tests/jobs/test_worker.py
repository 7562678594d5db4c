"""Long work ends once, whoever does it and whatever dies meanwhile: done, or failed with words (TRUST 22)."""
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import InterfaceError, connection
from django.urls import reverse

from servicecentre.jobs import models, worker
from servicecentre.jobs.models import Job, Stopped, long_work
from servicecentre.kit import periods
from servicecentre.kit.periods import now
from servicecentre.kit.refused import Refused
from servicecentre.worklog.day import make_remark
from servicecentre.worklog.models import Entry

together = pytest.mark.django_db(transaction=True)


# --- some long work ---------------------------------------------------------------------------------------------------

@long_work
def steps(job):
    """Writes a remark per step, each an act of its own key; with ``stall`` the first try never ends."""
    for n in range(job.given["steps"]):
        make_remark(job.estate, words=f"第 {n + 1} 步", by=job.made_by, request_key=f"job:{job.pk}:{n}")
        job.progress(n + 1, job.given["steps"], f"第 {n + 1} 步")
        while job.given.get("stall") and job.tries == 1 and n == 1:
            time.sleep(0.05)
    return {"words": f"走了 {job.given['steps']} 步", "leads_to": reverse("worklog:day"), "steps": job.given["steps"]}


@long_work
def refuses(job):
    make_remark(job.estate, words="写了一半", by=job.made_by)
    raise Refused("第 3 行有误，没有导入。")


@long_work
def crashes(job):
    raise KeyError("张雨萍 320106198804170026")


@long_work
def slow(job):
    time.sleep(job.given["seconds"])


@long_work
def stopped_at_once(job):
    """Somebody asks for its end while it runs."""
    Job.objects.get(pk=job.pk).stop("李婷停止。")
    steps(job)


def not_long_work(job):
    raise AssertionError("nobody marked me")


def start(estate, by, work=steps, **given):
    return Job.start(estate, work, "走几步", by=by, **given)


def later(monkeypatch, **span):
    moment = now() + timedelta(**span)
    monkeypatch.setattr(periods, "clock", lambda: moment)


def remarks():
    return list(Entry.objects.filter(act="worklog.make_remark").order_by("pk").values_list("words", flat=True))


# --- stopping ---------------------------------------------------------------------------------------------------------

def test_what_waits_is_stopped_here_and_now(estate, clerk):
    job = start(estate, clerk, steps=3)
    assert job.stop("李婷停止。") and not job.stop("再停一次")
    job.refresh_from_db()
    assert (job.state, job.words, job.ended, job.ended_at == job.stop_at) == (Job.State.STOPPED, "李婷停止。", True, True)
    assert worker.run_one() is None and remarks() == []


def test_what_runs_stops_when_it_next_tells_how_far_it_is(estate, clerk):
    start(estate, clerk, stopped_at_once, steps=3)
    worker.run_one()
    job = Job.objects.get()
    assert (job.state, job.words, job.done, job.lease_until) == (Job.State.STOPPED, "李婷停止。", 0, None)
    assert remarks() == ["第 1 步"] and worker.run_one() is None


def test_what_has_ended_is_not_stopped(estate, clerk):
    job = start(estate, clerk, steps=1)
    worker.run_one()
    assert not job.stop("太晚") and Job.objects.get().state == Job.State.DONE and Job.objects.get().stop_at is None


def test_a_stop_outlives_the_worker_that_did_not_hear_it(estate, clerk, monkeypatch):
    start(estate, clerk, steps=3)
    first = Job.claim()
    assert first.stop("李婷停止。")
    with pytest.raises(Stopped):
        first.progress(1, 3, "第 1 步")
    later(monkeypatch, seconds=61)                        # killed before it could end
    worker.run_one()
    job = Job.objects.get()
    assert (job.state, job.words, job.tries) == (Job.State.STOPPED, "李婷停止。", 2)


def test_a_worker_that_lost_its_job_is_not_stopped_by_mistake(estate, clerk, monkeypatch):
    start(estate, clerk, steps=3)
    first = Job.claim()
    later(monkeypatch, seconds=61)
    Job.claim()
    first.progress(1, 3)                                  # nobody asked: it goes on, and its end counts for nothing
    assert Job.objects.get().done == 0


# --- one worker -------------------------------------------------------------------------------------------------------

def test_work_is_done_once_and_says_so(estate, clerk):
    waiting = start(estate, clerk, steps=3)
    assert (waiting.state, waiting.percent) == (Job.State.WAITING, 0)
    assert worker.run_one() == waiting and worker.run_one() is None
    done = Job.objects.get()
    assert (done.state, done.words, done.result, done.done, done.total, done.percent) == (
        Job.State.DONE, "走了 3 步", {"steps": 3}, 3, 3, 100)
    assert done.leads_to == f"/e/{estate.slug}/log/" and done.ended_at and done.lease_until is None and done.tries == 1
    assert remarks() == ["第 1 步", "第 2 步", "第 3 步"]


def test_oldest_first(estate, clerk):
    first, second = start(estate, clerk, steps=1), start(estate, clerk, steps=2)
    assert [worker.run_one(), worker.run_one()] == [first, second]


def test_a_refusal_is_its_own_sentence_and_nothing_else(estate, clerk):
    start(estate, clerk, refuses)
    worker.run_one()
    job = Job.objects.get()
    assert (job.state, job.words, job.ended_at is None) == (Job.State.FAILED, "第 3 行有误，没有导入。", False)


def test_a_crash_is_told_without_what_it_held(estate, clerk, caplog):
    start(estate, clerk, crashes)
    worker.run_one()
    job = Job.objects.get()
    assert job.state == Job.State.FAILED and f"任务号 {job.pk}" in job.words and "320106" not in job.words
    assert f"job {job.pk} failed" in caplog.text


@pytest.mark.parametrize("work", ["tests.jobs.test_worker.not_long_work", "os.system", "tests.nowhere.at_all"])
def test_only_marked_functions_are_run(estate, clerk, work):
    Job.objects.create(estate=estate, label="别的", work=work, given={}, made_by=clerk)
    worker.run_one()
    assert Job.objects.get().state == Job.State.FAILED


def test_what_is_queued_in_a_failed_act_was_never_queued(estate, clerk):
    from servicecentre.worklog.acts import act

    @act
    def queue(estate, *, by):
        start(estate, by, steps=1)
        raise Refused("不行。")

    with pytest.raises(Refused):
        queue(estate, by=clerk)
    assert worker.run_one() is None


def test_the_command_works_off_what_is_there(estate, clerk, capsys):
    jobs = [start(estate, clerk, steps=1) for _ in range(2)]
    call_command("worker", "--once")
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [str(job.pk) for job in jobs]


# --- leases -----------------------------------------------------------------------------------------------------------

def test_a_job_is_claimed_once(estate, clerk):
    start(estate, clerk, steps=1)
    assert Job.claim() and Job.claim() is None


def test_a_lease_that_ran_out_is_taken_over_and_the_first_has_no_more_say(estate, clerk, monkeypatch):
    start(estate, clerk, steps=1)
    first = Job.claim()
    later(monkeypatch, seconds=59)
    assert Job.claim() is None
    later(monkeypatch, seconds=2)
    second = Job.claim()
    assert (second, second.tries) == (first, 2)
    assert not first.hold()
    first.progress(9, 9, "假的")
    assert not first.end(Job.State.FAILED, "假的")
    assert second.hold() and second.end(Job.State.DONE, "真的")
    assert (Job.objects.get().state, Job.objects.get().words, Job.objects.get().done) == (Job.State.DONE, "真的", 0)


def test_a_held_lease_is_nobodys(estate, clerk, monkeypatch):
    start(estate, clerk, steps=1)
    first = Job.claim()
    for _ in range(5):
        later(monkeypatch, seconds=50)
        assert first.hold() and Job.claim() is None


def test_steps_that_were_done_are_not_done_again(estate, clerk, monkeypatch):
    job = start(estate, clerk, steps=3)
    Job.claim()
    make_remark(estate, words="第 1 步", by=clerk, request_key=f"job:{job.pk}:0")     # and then the lights went out
    later(monkeypatch, minutes=2)
    worker.run_one()
    assert remarks() == ["第 1 步", "第 2 步", "第 3 步"]


def test_a_job_that_kills_its_worker_each_time_is_given_up(estate, clerk, monkeypatch):
    start(estate, clerk, steps=1)
    for _ in range(models.TRIES):
        assert Job.claim()
        later(monkeypatch, minutes=2)
    worker.run_one()
    job = Job.objects.get()
    assert (job.state, job.words) == (Job.State.FAILED, "中断了 3 次，没有再试。请联系管理员。")
    later(monkeypatch, minutes=2)
    assert worker.run_one() is None and remarks() == []


# --- several workers --------------------------------------------------------------------------------------------------

def at_once(*functions):
    """Runs them in threads of their own, lets exceptions out."""
    raised = []

    def run(function):
        try:
            function()
        except BaseException as error:
            raised.append(error)
        finally:
            connection.close()
    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if raised:
        raise raised[0]


def got_by_two(claim):
    """What two workers get who claim at once."""
    got = []
    at_once(*[lambda: got.append(claim())] * 2)
    return [job for job in got if job is not None]


@together
def test_two_workers_that_saw_the_same_job_share_it_not(estate, clerk, monkeypatch):
    start(estate, clerk, steps=1)
    both_have_read, write = threading.Barrier(2, timeout=20), models.JobQuerySet.update

    def write_together(self, **columns):
        both_have_read.wait()
        return write(self, **columns)

    monkeypatch.setattr(models.JobQuerySet, "update", write_together)
    assert len(got_by_two(Job.claim)) == 1


@together
def test_twin_a_claim_that_reads_and_then_writes_gives_the_job_twice(estate, clerk):
    start(estate, clerk, steps=1)
    both_have_read = threading.Barrier(2, timeout=20)

    def careless():
        job = Job.objects.claimable(now()).first()
        both_have_read.wait()
        job.state = Job.State.RUNNING
        job.save()
        return job

    assert len(got_by_two(careless)) == 2


@together
def test_four_workers_do_each_of_twelve_jobs_once(estate, clerk):
    for _ in range(12):
        start(estate, clerk, steps=2)

    def work_off():
        while worker.run_one() is not None:
            pass
    at_once(*[work_off] * 4)
    assert set(Job.objects.values_list("state", "tries")) == {(Job.State.DONE, 1)}
    assert sorted(remarks()) == ["第 1 步"] * 12 + ["第 2 步"] * 12


@together
def test_work_longer_than_its_lease_stays_with_its_worker(estate, clerk, monkeypatch):
    monkeypatch.setattr(models, "LEASE", timedelta(seconds=1.5))
    start(estate, clerk, slow, seconds=4)
    others = []

    def look():
        for _ in range(12):
            time.sleep(0.25)
            others.append(Job.claim())
    at_once(worker.run_one, look)
    assert set(others) == {None}
    assert (Job.objects.get().state, Job.objects.get().tries) == (Job.State.DONE, 1)


@together
def test_the_worker_beside_the_web_runs_what_comes_and_stops_when_told(estate, clerk, monkeypatch):
    monkeypatch.setattr(worker, "POLL", 0.05)
    stop = worker.start()
    try:
        job = start(estate, clerk, steps=1)
        _until(lambda: Job.objects.get(pk=job.pk).ended)
    finally:
        stop.set()
        for thread in threading.enumerate():
            if thread.name == "jobs":
                thread.join(10)
    assert Job.objects.get().state == Job.State.DONE
    start(estate, clerk, steps=1)
    time.sleep(0.3)
    assert Job.objects.filter(state=Job.State.WAITING).count() == 1


@together
def test_a_worker_killed_in_the_middle_leaves_nothing_out_and_does_nothing_twice(estate, clerk, monkeypatch, tmp_path):
    """kill -9 of a real process between two steps; the next worker ends the job after the lease (TRUST F11)."""
    start(estate, clerk, steps=4, stall=True)
    code = "from django.core.management import call_command as c; import django; django.setup(); c('worker', '--once')"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=settings.BASE_DIR, env=_environment(tmp_path), start_new_session=True)
    try:
        _until(lambda: process.poll() is not None or Job.objects.get().done == 2)
        assert process.poll() is None
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert (Job.objects.get().state, remarks()) == (Job.State.RUNNING, ["第 1 步", "第 2 步"])
    assert worker.run_one() is None
    later(monkeypatch, minutes=2)
    worker.run_one()
    assert (Job.objects.get().state, Job.objects.get().tries) == (Job.State.DONE, 2)
    assert remarks() == ["第 1 步", "第 2 步", "第 3 步", "第 4 步"]


def _environment(folder):
    """Of a process that works on this test's database."""
    at = connection.settings_dict
    url = f"sqlite:///{at['NAME']}" if connection.vendor == "sqlite" else (
        f"postgres://{at['USER']}@/{at['NAME']}?host={at['OPTIONS'].get('host') or at['HOST']}")
    return os.environ | {"DATABASE_URL": url, "DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "servicecentre.settings"}


def _until(true, seconds=60):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


# --- the page ---------------------------------------------------------------------------------------------------------

def test_the_page_shows_how_far_it_is_and_asks_again_by_itself(desk, estate, clerk):
    start(estate, clerk, steps=4)
    job = Job.claim()
    job.progress(1, 4, "第 1 步")
    page = desk.get(f"/jobs/{job.pk}/").content.decode()
    assert "第 1 步" in page and "hx-get" in page and "走几步" in page
    part = desk.get(f"/jobs/{job.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert "第 1 步" in part and "<html" not in part


def test_an_ended_job_asks_no_more_and_leads_on(desk, estate, clerk):
    job = start(estate, clerk, steps=1)
    worker.run_one()
    page = desk.get(f"/jobs/{job.pk}/").content.decode()
    assert "走了 1 步" in page and f'href="/e/{estate.slug}/log/"' in page
    assert f'hx-get="/e/{estate.slug}/jobs/{job.pk}/"' not in page


def test_a_failed_job_says_why(desk, estate, clerk):
    job = start(estate, clerk, refuses)
    worker.run_one()
    assert "第 3 行有误，没有导入。" in desk.get(f"/jobs/{job.pk}/").content.decode()


def test_nothing_but_a_stop_ends_the_worker(monkeypatch, settings):
    settings.TIDY = {}
    stop, left = threading.Event(), [InterfaceError("gone"), KeyError("odd"), None]

    def once():
        trouble = left.pop(0)
        if trouble is None:
            return stop.set()
        raise trouble
    monkeypatch.setattr(worker, "run_one", once)
    monkeypatch.setattr(worker, "POLL", 0)
    worker.work_on(stop)
    assert not left
