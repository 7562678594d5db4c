"""Long work with progress: a row that a worker claims by a lease, so that a restart loses nothing (TRUST 22)."""
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.module_loading import import_string

from servicecentre.kit.periods import now
from servicecentre.kit.rows import EstateQuerySet, EstateRow

LEASE = timedelta(seconds=60)
TRIES = 3


class Stopped(Exception):
    """Somebody asked the work to stop; ``words``: what the page says of it."""

    @property
    def words(self):
        return self.args[0]


class JobQuerySet(EstateQuerySet):
    def claimable(self, at):
        """Waiting, or left by a worker that died."""
        return self.filter(Q(state=Job.State.WAITING) | Q(state=Job.State.RUNNING, lease_until__lt=at))

    def unfinished(self):
        return self.filter(state__in=(Job.State.WAITING, Job.State.RUNNING))


class Job(EstateRow):
    """One piece of long work: which function, with what, how far, and what came of it. It may be left and looked at again."""

    class State(models.TextChoices):
        WAITING = "waiting", "排队中"
        RUNNING = "running", "进行中"
        DONE = "done", "已完成"
        FAILED = "failed", "没有办成"
        STOPPED = "stopped", "已停止"

    label = models.CharField("任务", max_length=80)
    work = models.CharField("函数", max_length=120)
    given = models.JSONField("参数", default=dict)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    done = models.PositiveIntegerField("已办", default=0)
    total = models.PositiveIntegerField("总数", default=0)
    words = models.CharField("进展", max_length=400, blank=True)
    result = models.JSONField("结果", null=True)
    leads_to = models.CharField("接着看", max_length=120, blank=True)
    tries = models.PositiveSmallIntegerField("次数", default=0)
    lease_until = models.DateTimeField("租约至", null=True)
    stop_at = models.DateTimeField("叫停时间", null=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="发起人", related_name="+")
    made_at = models.DateTimeField("发起时间", auto_now_add=True)
    ended_at = models.DateTimeField("结束时间", null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "后台任务"
        constraints = [models.CheckConstraint(condition=~Q(state="stopped") | Q(stop_at__isnull=False), name="stopped_only_when_asked",
                                              violation_error_message="没有人叫停这个任务。")]
        indexes = [models.Index(fields=["state", "lease_until"], name="job_to_claim")]

    def __str__(self):
        return self.label

    def get_absolute_url(self):
        return reverse("jobs:job", args=[self.pk])

    @property
    def ended(self):
        return self.state in (self.State.DONE, self.State.FAILED, self.State.STOPPED)

    @property
    def percent(self):
        return 100 * self.done // self.total if self.total else 0

    @classmethod
    def start(cls, estate, work, label, *, by, **given):
        """Queue ``work`` (a function under @long_work); committed with the caller's own rows."""
        return cls.objects.create(estate=estate, work=f"{work.__module__}.{work.__name__}", label=label, given=given, made_by=by)

    @classmethod
    def claim(cls):
        """The oldest claimable job, now this worker's until its lease ends; None when there is none."""
        at = now()
        for pk, tries in cls.objects.claimable(at).order_by("pk").values_list("pk", "tries")[:5]:
            taken = cls.objects.claimable(at).filter(pk=pk, tries=tries).update(
                state=cls.State.RUNNING, tries=F("tries") + 1, lease_until=at + LEASE)
            if taken:
                return cls.objects.get(pk=pk)
        return None

    def hold(self):
        """Extend the lease; False when another worker has taken the job over meanwhile."""
        return bool(Job.objects.filter(pk=self.pk, tries=self.tries, state=self.State.RUNNING).update(lease_until=now() + LEASE))

    def progress(self, done, total, words=""):
        """Say how far it is; between transactions, never inside one (nobody would see it). Raises Stopped when somebody asked for that."""
        mine = Job.objects.filter(pk=self.pk, tries=self.tries)
        if not mine.filter(stop_at=None).update(done=done, total=total, words=words[:400]):
            self.heed_stop()

    def heed_stop(self):
        """Raise Stopped when somebody asked for that; also inside the transaction that would end the work."""
        words = Job.objects.filter(pk=self.pk, tries=self.tries, stop_at__isnull=False).values_list("words", flat=True).first()
        if words is not None:
            raise Stopped(words)

    def stop(self, words):
        """Ask that it stop, ``words`` are its last: one that waits ends here and now, one that runs at its next ``progress``.

        False when it has ended or was asked before. The work must heed it, so only who knows the work may ask.
        """
        at, asked = now(), Job.objects.filter(pk=self.pk, stop_at=None)
        waited = asked.filter(state=self.State.WAITING).update(state=self.State.STOPPED, stop_at=at, ended_at=at, words=words[:400])
        return bool(waited or asked.filter(state=self.State.RUNNING).update(stop_at=at, words=words[:400]))

    def end(self, state, words, **fields):
        """The one end of this try; nothing when another worker has the job."""
        return Job.objects.filter(pk=self.pk, tries=self.tries, state=self.State.RUNNING).update(
            state=state, words=words[:400], ended_at=now(), lease_until=None, **fields)

    def function(self):
        """The function to run; only ones marked @long_work."""
        work = import_string(self.work)
        if not getattr(work, "is_long_work", False):
            raise ImportError(f"{self.work} is no long work")
        return work


NOTHING_WRITTEN = "也没有写入任何数据"


def long_work(function=None, *, when_it_fails=NOTHING_WRITTEN):
    """Marks ``function(job)``: it may take minutes, reports ``job.progress``, returns the result (plain JSON) or raises Refused.

    It may be run again after a crash, so what it writes is an act with the key ``job:<pk>:<step>``.
    ``when_it_fails``: what then stays written, in the clerk's words.
    """
    if function is None:
        return partial(long_work, when_it_fails=when_it_fails)
    function.is_long_work, function.when_it_fails = True, when_it_fails
    return function
