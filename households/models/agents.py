"""Authorisation letters (委托书): who acts for an owner, in which matters, until when; each use and each call-back a row (FORMS 1.3)."""
from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.urls import reverse

from servicecentre.kit import guards
from servicecentre.kit.rows import EstateQuerySet, EstateRow, Versioned
from servicecentre.papers.models import Paper

from .people import Household, Ownership, Person

USER = settings.AUTH_USER_MODEL


class Matter(models.TextChoices):
    """What a letter may allow (FORMS 1.3)."""

    HANDOVER = "handover", "收房"
    TAKE_KEYS = "take_keys", "领钥匙"
    BORROW_KEYS = "borrow_keys", "借钥匙"
    RENOVATION = "renovation", "装修"
    PAY = "pay", "缴费"
    REFUND = "refund", "退款"
    RELEASE = "release", "物品放行"
    FILES = "files", "查阅资料"
    OTHER = "other", "其他"


class LetterQuerySet(EstateQuerySet):
    def with_state(self):
        """Adds what why_not() asks: ``used``, ``owns`` (the principal, still) and ``answer``, the principal's last word on the phone."""
        answers = LetterCall.objects.filter(letter=OuterRef("pk")).exclude(result=LetterCall.Result.NOT_REACHED).order_by("-pk")
        owners = Ownership.objects.live().filter(household=OuterRef("household"), person=OuterRef("principal"))
        return self.select_related("principal", "agent", "paper").annotate(
            used=Exists(LetterUse.objects.filter(letter=OuterRef("pk"))), owns=Exists(owners), answer=Subquery(answers.values("result")[:1]))


class AuthorisationLetter(EstateRow, Versioned):
    """A letter whose original or certified copy lies in the household's file with both ID copies; no ``valid_to``: one use.

    Its ``paper`` says what was taken in; letters from before there were such papers have none.
    """

    household = models.ForeignKey(Household, models.PROTECT, verbose_name="户", related_name="letters")
    principal = models.ForeignKey(Person, models.PROTECT, verbose_name="委托人", related_name="letters_given")
    agent = models.ForeignKey(Person, models.PROTECT, verbose_name="受托人", related_name="letters_held")
    relation = models.CharField("关系", max_length=10, blank=True)
    matters = models.JSONField("事项")
    authority = models.CharField("权限说明", max_length=200, blank=True)
    valid_from = models.DateField("有效期起")
    valid_to = models.DateField("有效期止", null=True)
    may_delegate = models.BooleanField("可转委托", default=False)
    notary_no = models.CharField("公证书号", max_length=40, blank=True)
    paper = models.OneToOneField(Paper, models.PROTECT, null=True, verbose_name="单据", related_name="letter")
    taken_at = models.DateTimeField("收件时间")
    taken_by = models.ForeignKey(USER, models.PROTECT, verbose_name="收件人", related_name="+")
    revoked_on = models.DateField("撤销日", null=True)
    revoked_how = models.CharField("撤销方式", max_length=60, blank=True)

    objects = LetterQuerySet.as_manager()
    guards = [guards.Undeletable(), guards.SameEstate("household", "principal", "agent", "paper"),
              guards.Frozen("household", "matters", "valid_from", "valid_to", "paper", "taken_at", "taken_by", once=("revoked_on",))]

    class Meta:
        verbose_name = verbose_name_plural = "委托书"
        constraints = [models.CheckConstraint(condition=Q(valid_to=None) | Q(valid_to__gte=models.F("valid_from")),
                                              name="letter_ends_after_start", violation_error_message="有效期止日不能早于起日。")]

    def __str__(self):
        return f"委托书 {self.agent.name}"

    def get_absolute_url(self):
        return reverse("households:letter", args=[self.pk])

    @property
    def number(self):
        """`WT-2026-000001`; "" for a letter from before."""
        return self.paper.number if self.paper_id else ""

    def paper_note(self, day):
        """What its paper can't say, for it was issued when the letter was taken in."""
        why = self.over(day)
        return f"委托书 {why}" if why else ""

    @property
    def matter_words(self):
        return "、".join(Matter(code).label for code in self.matters)

    def over(self, day):
        """Why it can no longer be used on that day, in words; "" when it can (its uses apart)."""
        if self.revoked_on:
            return f"{self.revoked_on} 已撤销"
        if day < self.valid_from:
            return f"{self.valid_from} 才生效"
        return f"{self.valid_to} 已到期" if self.valid_to and day > self.valid_to else ""

    def why_not(self, day):
        """Why it can't be used on that day, in words; "" when it can. Of a row with_state(): the one answer for page, list and act."""
        if why := self.over(day):
            return why
        for person, words in ((self.principal, "委托人"), (self.agent, "受托人")):
            if person.deceased_on and person.deceased_on <= day:
                return f"{words}已去世，委托终止"
        if not self.owns:
            return "委托人已不是业主"
        if not self.valid_to and self.used:
            return "只用一次，已经用过"
        return "委托人在电话里否认" if self.answer == LetterCall.Result.DENIED else ""


class LetterUse(EstateRow):
    """One use of a letter, inside its matters and term (DOMAIN §9.22). ``words`` may be emptied when the data's time is over."""

    letter = models.ForeignKey(AuthorisationLetter, models.PROTECT, verbose_name="委托书", related_name="uses")
    matter = models.CharField("事项", max_length=12, choices=Matter.choices)
    words = models.CharField("办了什么", max_length=120)
    day = models.DateField("日期")
    at = models.DateTimeField("时间")
    by = models.ForeignKey(USER, models.PROTECT, verbose_name="经办人", related_name="+")

    guards = [guards.Undeletable(), guards.SameEstate("letter"), guards.Frozen("letter", "matter", "day", "at", "by")]

    class Meta:
        verbose_name = verbose_name_plural = "委托书使用"
        ordering = ["pk"]


class LetterCall(EstateRow):
    """The principal was rung on the number of the register, never of the letter, and asked. Who answered and the number's mask may be
    emptied when the data's time is over."""

    class Result(models.TextChoices):
        CONFIRMED = "confirmed", "确认"
        DENIED = "denied", "否认"
        NOT_REACHED = "not_reached", "未接通"

    letter = models.ForeignKey(AuthorisationLetter, models.PROTECT, verbose_name="委托书", related_name="calls")
    dialled = models.CharField("号码（掩码）", max_length=20)
    answered_by = models.CharField("接听人", max_length=40, blank=True)
    question = models.CharField("核对内容", max_length=120)
    result = models.CharField("结果", max_length=12, choices=Result.choices)
    at = models.DateTimeField("时间")
    by = models.ForeignKey(USER, models.PROTECT, verbose_name="拨打人", related_name="+")

    guards = [guards.Undeletable(), guards.SameEstate("letter"), guards.Frozen("letter", "result", "at", "by")]

    class Meta:
        verbose_name = verbose_name_plural = "委托核实"
        ordering = ["pk"]
