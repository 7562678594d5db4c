"""The roof's own rows: of personal data, requests for one's own and what a retention run lets go (DOMAIN §7, §8, §14); who set what."""
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from households.models import Household, Person
from servicecentre.estates.models import Mark, Policy, Setting
from servicecentre.kit import guards
from servicecentre.kit.rows import EstateQuerySet, EstateRow
from servicecentre.papers.models import Paper

USER = settings.AUTH_USER_MODEL


class PrivacyPolicy(Policy):
    """How long personal data are kept and how soon a request is answered."""

    request_days = models.PositiveSmallIntegerField("个人信息申请答复期限（天）", default=15)              # DOMAIN §8 [practice]
    years_after_tenure = models.PositiveSmallIntegerField("产权结束后保留（年）", default=5)               # FORMS, head [practice]

    title = "个人信息"
    settings = (Setting("request_days", Mark.PRACTICE, "有人要查阅、复制、更正自己的信息，受理起多少天内答复", unit="天", least=1, most=60),
                Setting("years_after_tenure", Mark.PRACTICE, "产权结束满几年，登记的个人资料和影像列入到期清理", unit="年", least=1, most=50))

    class Meta:
        verbose_name = verbose_name_plural = "个人信息规矩"
        constraints = [models.CheckConstraint(name="privacy_terms_within_reason", violation_error_message="答复期限 1–60 天，保留 1–50 年。",
                                              condition=Q(request_days__range=(1, 60), years_after_tenure__range=(1, 50)))]


class SettingChange(EstateRow):
    """Who last set what: the log has the sentence, this the setting's own name, which no new label changes."""

    key = models.CharField("规矩", max_length=100)
    at = models.DateTimeField("时间")
    by = models.ForeignKey(USER, models.PROTECT, verbose_name="谁改的", related_name="+")

    guards = [guards.AppendOnly()]

    class Meta:
        verbose_name = verbose_name_plural = "规矩的改动"

    def __str__(self):
        return self.key


class DataRequestQuerySet(EstateQuerySet):
    def open(self):
        return self.filter(done_at=None)

    def due_first(self):
        return self.order_by("due_on", "pk")


class DataRequest(EstateRow):
    """个人信息申请: a person asks for what we hold about them; asked, decided, handed over (FORMS 7.7)."""

    class Wants(models.TextChoices):
        SEE = "see", "查阅"
        COPY = "copy", "复制"
        CORRECT = "correct", "更正"
        COMPLETE = "complete", "补充"
        DELETE = "delete", "删除"
        WITHDRAW = "withdraw", "撤回同意"
        EXPLAIN = "explain", "解释"

    class Result(models.TextChoices):
        DONE = "done", "办理"
        PARTLY = "partly", "部分办理"
        REFUSED = "refused", "不办理"

    GIVES_COPY = (Wants.SEE, Wants.COPY)

    household = models.ForeignKey(Household, models.PROTECT, verbose_name="户", related_name="+")
    person = models.ForeignKey(Person, models.PROTECT, verbose_name="申请人", related_name="+")
    wants = models.CharField("请求", max_length=10, choices=Wants.choices)
    scope = models.CharField("范围", max_length=200)
    agent = models.CharField("代办人", max_length=40, blank=True)
    letter = models.CharField("委托书", max_length=40, blank=True)
    paper = models.ForeignKey(Paper, models.PROTECT, verbose_name="申请单", related_name="+")
    received_by = models.ForeignKey(USER, models.PROTECT, verbose_name="受理人", related_name="+")
    received_at = models.DateTimeField("受理时间")
    due_on = models.DateField("答复期限")
    result = models.CharField("结果", max_length=10, choices=Result.choices, null=True)
    reason = models.CharField("理由", max_length=200, null=True)
    decided_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="决定人", related_name="+")
    decided_at = models.DateTimeField("决定时间", null=True)
    given = models.CharField("办了什么、交了什么", max_length=200, null=True)
    copy = models.ForeignKey(Paper, models.PROTECT, null=True, verbose_name="副本", related_name="+")
    done_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="办理人", related_name="+")
    done_at = models.DateTimeField("办结时间", null=True)

    objects = DataRequestQuerySet.as_manager()
    guards = [guards.Undeletable(), guards.SameEstate("household", "person", "paper", "copy"),
              guards.Frozen("household", "wants", "scope", "agent", "letter", "paper", "received_by", "received_at", "due_on",
                            once=("result", "reason", "decided_by", "decided_at", "given", "copy", "done_by", "done_at"))]

    class Meta:
        verbose_name = verbose_name_plural = "个人信息申请"
        constraints = [
            models.CheckConstraint(name="data_request_decided_by_someone", violation_error_message="决定要有人、有时间。",
                                   condition=Q(result=None, decided_by=None, decided_at=None)
                                   | Q(result__isnull=False, decided_by__isnull=False, decided_at__isnull=False)),
            models.CheckConstraint(name="data_request_refused_with_reason", violation_error_message="不办理、部分办理要告知理由。",
                                   condition=Q(result=None) | Q(result="done") | Q(reason__gt="")),
            models.CheckConstraint(name="data_request_done_after_decision", violation_error_message="先决定，再办理。",
                                   condition=Q(done_at=None, done_by=None, given=None, copy=None)
                                   | Q(done_at__isnull=False, done_by__isnull=False, given__gt="", result__isnull=False))]
        indexes = [models.Index(fields=["estate", "due_on"], condition=Q(done_at=None), name="open_data_request_by_due")]

    def __str__(self):
        return f"{self.get_wants_display()}个人信息 {self.paper.number}"

    def get_absolute_url(self):
        return reverse("data_request", args=[self.pk])

    @property
    def gives_copy(self):
        return self.wants in self.GIVES_COPY and self.result in (self.Result.DONE, self.Result.PARTLY)

    def state_on(self, day):
        """How its clock stands, ready for a status mark: kind, icon, word."""
        if self.done_at:
            return {"kind": "ok", "word": "已办结"}
        late = (day - self.due_on).days
        if late > 0:
            return {"kind": "bad", "icon": "warn", "word": f"逾期 {late} 天"}
        word = "待办理" if self.result else "待决定"
        return {"kind": "warn" if -late <= 3 else "idle", "icon": "clock", "word": f"{word}，{self.due_on:%m-%d} 前"}


class RetentionRunQuerySet(EstateQuerySet):
    def open(self):
        return self.filter(done_at=None, withdrawn_at=None)


class RetentionRun(EstateRow):
    """What may go because its time is over: one person proposes, another signs, and then it goes by one act (DOMAIN §14)."""

    ended_before = models.DateField("产权在此日以前结束")
    proposed_by = models.ForeignKey(USER, models.PROTECT, verbose_name="提出人", related_name="+")
    proposed_at = models.DateTimeField("提出时间")
    signed_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="签字人", related_name="+")
    done_at = models.DateTimeField("清理时间", null=True)
    withdrawn_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="撤回人", related_name="+")
    withdrawn_at = models.DateTimeField("撤回时间", null=True)

    objects = RetentionRunQuerySet.as_manager()
    guards = [guards.Undeletable(), guards.Frozen("ended_before", "proposed_by", "proposed_at",
                                                  once=("signed_by", "done_at", "withdrawn_by", "withdrawn_at"))]

    class Meta:
        verbose_name = verbose_name_plural = "到期清理"
        constraints = [
            models.UniqueConstraint(fields=["estate"], condition=Q(done_at=None, withdrawn_at=None), name="one_retention_run_at_a_time",
                                    violation_error_message="还有一份到期清理没有签，请先办完那一份。"),
            models.CheckConstraint(name="retention_needs_two_people", violation_error_message="提出人不能自己签字，要另一位来签。",
                                   condition=Q(signed_by=None) | ~Q(signed_by=models.F("proposed_by"))),
            models.CheckConstraint(name="retention_ends_once", violation_error_message="到期清理要么签字清理，要么撤回。",
                                   condition=Q(done_at=None, signed_by=None, withdrawn_at=None, withdrawn_by=None)
                                   | Q(done_at__isnull=False, signed_by__isnull=False, withdrawn_at=None, withdrawn_by=None)
                                   | Q(done_at=None, signed_by=None, withdrawn_at__isnull=False, withdrawn_by__isnull=False))]

    def __str__(self):
        return f"到期清理 {self.ended_before:%Y-%m-%d} 以前"

    def get_absolute_url(self):
        return reverse("retention_run", args=[self.pk])

    @property
    def state(self):
        if self.done_at:
            return {"kind": "ok", "word": "已清理"}
        return {"kind": "idle", "word": "已撤回"} if self.withdrawn_at else {"kind": "warn", "icon": "clock", "word": "待第二人签字"}


class RetentionItem(EstateRow):
    """One household of a run: what of it was to go, and what went or why it stayed. No personal data stands here."""

    run = models.ForeignKey(RetentionRun, models.PROTECT, verbose_name="到期清理", related_name="items")
    household = models.ForeignKey(Household, models.PROTECT, verbose_name="户", related_name="+")
    people = models.PositiveSmallIntegerField("人员")
    contacts = models.PositiveSmallIntegerField("联系人")
    vehicles = models.PositiveSmallIntegerField("车辆")
    scans = models.PositiveSmallIntegerField("影像")
    outcome = models.CharField("结果", max_length=80, null=True)

    GONE = "已清理"

    guards = [guards.Undeletable(), guards.SameEstate("run", "household"),
              guards.Frozen("run", "household", once=("outcome",))]

    class Meta:
        verbose_name = verbose_name_plural = "清理项"
        constraints = [models.UniqueConstraint(fields=["run", "household"], name="one_item_per_household",
                                               violation_error_message="这一户已在这份清理里。")]

    @property
    def gone(self):
        return self.outcome == self.GONE


def term(received_on, policy):
    """The last day to answer a request received on that day."""
    return received_on + timedelta(days=policy.request_days)
