"""The worker: one daemon thread beside the web threads, or ``manage.py worker`` for as many processes as one likes."""
import logging
import threading
import time

from django.db import DatabaseError, close_old_connections, connection

from servicecentre.drafts.models import Draft
from servicecentre.estates.mount import in_estate
from servicecentre.kit.refused import Refused

from . import models
from .models import Job, Stopped

logger = logging.getLogger(__name__)
POLL = 1.0                                            # seconds between two looks when there is nothing to do
SWEEP = 60.0


def run_one():
    """Claim a job and run it to its end; the Job, or None when there was none."""
    job = Job.claim()
    if job is None:
        return None
    if job.tries > models.TRIES:
        job.end(Job.State.FAILED, f"中断了 {models.TRIES} 次，没有再试。请联系管理员。")
        return job
    with _held(job), in_estate(job.estate.slug):
        try:
            result = job.function()(job) or {}
            job.end(Job.State.DONE, result.pop("words", "已完成"), leads_to=result.pop("leads_to", ""), result=result)
        except Stopped as stopped:
            job.end(Job.State.STOPPED, stopped.words)
        except Refused as refusal:
            job.end(Job.State.FAILED, refusal.sentence)
        except Exception:
            logger.exception("job %s failed", job.pk)
            job.end(Job.State.FAILED, f"出了意外，没有办成，也没有写入任何数据。请联系管理员，任务号 {job.pk}。")
    return job


class _held:
    """Keeps the lease while the work runs, from a thread of its own."""

    def __init__(self, job):
        self.job, self.over = job, threading.Event()
        self.thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *error):
        self.over.set()
        self.thread.join()

    def _beat(self):
        try:
            while not self.over.wait(models.LEASE.total_seconds() / 3):
                try:
                    if not self.job.hold():
                        return
                except DatabaseError:                 # busy: the next beat is early enough
                    logger.warning("job %s: no heartbeat this time", self.job.pk)
        finally:
            connection.close()


def work_on(stop):
    """Run jobs until ``stop`` is set; once a minute, forget the drafts whose hour is over."""
    swept = None
    while not stop.is_set():
        close_old_connections()
        try:
            if swept is None or time.monotonic() - swept >= SWEEP:
                Draft.forget()
                swept = time.monotonic()
            if run_one() is not None:
                continue
        except DatabaseError:
            logger.warning("worker: no database, waiting")
            connection.close()
        stop.wait(POLL)
    connection.close()


def start():
    """Start the embedded worker; returns what stops it."""
    stop = threading.Event()
    threading.Thread(target=work_on, args=(stop,), name="jobs", daemon=True).start()
    return stop
