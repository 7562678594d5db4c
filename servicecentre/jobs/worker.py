"""The worker: one daemon thread beside the web threads, or ``manage.py worker`` for as many processes as one likes."""
import logging
import threading
import time

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.utils.module_loading import import_string

from servicecentre.estates.mount import in_estate
from servicecentre.kit.refused import Refused

from . import models
from .models import Job, Stopped

logger = logging.getLogger(__name__)
POLL = 1.0                                            # seconds between two looks when there is nothing to do


def run_one():
    """Claim a job and run it to its end; the Job, or None when there was none."""
    job = Job.claim()
    if job is None:
        return None
    if job.tries > models.TRIES:
        job.end(Job.State.FAILED, f"中断了 {models.TRIES} 次，没有再试。请联系管理员。")
        return job
    with _held(job), in_estate(job.estate.slug):
        work = None
        try:
            work = job.function()
            result = work(job) or {}
            job.end(Job.State.DONE, result.pop("words", "已完成"), leads_to=result.pop("leads_to", ""), result=result)
        except Stopped as stopped:
            job.end(Job.State.STOPPED, stopped.words)
        except Refused as refusal:
            job.end(Job.State.FAILED, refusal.sentence)
        except Exception:
            logger.exception("job %s failed", job.pk)
            job.end(Job.State.FAILED, f"出了意外，没有办成，{getattr(work, 'when_it_fails', models.NOTHING_WRITTEN)}。请联系管理员，任务号 {job.pk}。")
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
    """Run jobs until ``stop`` is set, and between them what keeps the house tidy. Nothing but a stop ends it."""
    due = {}
    while not stop.is_set():
        close_old_connections()
        try:
            tidy(due)
            if run_one() is not None:
                continue
        except (DatabaseError, InterfaceError):
            logger.warning("worker: no database, waiting")
            connection.close()
        except Exception:                             # else all later jobs would wait for a restart
            logger.exception("worker: going on")
        stop.wait(POLL)
    connection.close()


def tidy(due):
    """Call each of settings.TIDY whose time has come, the first time at once; ``due`` keeps when (seconds of the monotonic clock)."""
    for name, every in settings.TIDY.items():
        if time.monotonic() >= due.get(name, 0):
            due[name] = time.monotonic() + every
            try:
                import_string(name)()
            except Exception:                         # one that fails stops neither jobs nor the others
                logger.exception("worker: %s", name)


def start():
    """Start the embedded worker; returns what stops it."""
    stop = threading.Event()
    threading.Thread(target=work_on, args=(stop,), name="jobs", daemon=True).start()
    return stop
