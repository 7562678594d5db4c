"""A wrong bill and the right one in its place: asked for by one and approved by another where it is less (DOMAIN §2)."""
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from servicecentre.kit import guards
from servicecentre.kit.rows import EstateRow

from .asked import AskedQuerySet
from .charges import Charge
from .refunds import TWO_PEOPLE, UNDECIDED

USER = "staff.User"


class Rebill(EstateRow):
    """A wrong bill and the right one in its place: both stay readable, each knows the other."""

    old = models.OneToOneField(Charge, models.PROTECT, verbose_name="错的应收", related_name="rebilled_as")
    new = models.OneToOneField(Charge, models.PROTECT, verbose_name="改正的应收", related_name="rebills")
    reason = models.CharField("原因", max_length=100)
    at = models.DateTimeField("时间")
    by = models.ForeignKey(USER, models.PROTECT, verbose_name="经办人", related_name="+")

    guards = [guards.SameEstate("old", "new"), guards.AppendOnly()]

    class Meta:
        verbose_name = verbose_name_plural = "账单改正"
        constraints = [models.CheckConstraint(condition=~Q(old=F("new")), name="rebilled_as_another",
                                              violation_error_message="改正的账单要另有一笔。")]


class RebillAsked(EstateRow):
    """作废重出 as one asks for it: the factors that the line should have, and what it comes to then, fen; another decides."""

    charge = models.ForeignKey(Charge, models.PROTECT, verbose_name="应收", related_name="rebills_asked")
    quantity = models.BigIntegerField("数量(0.01)")
    unit_price = models.BigIntegerField("单价(0.0001 元)")
    due_on = models.DateField("应缴日")
    amount = models.BigIntegerField("改为(分)")
    reason = models.CharField("原因", max_length=100)
    asked_by = models.ForeignKey(USER, models.PROTECT, verbose_name="申请人", related_name="+")
    asked_at = models.DateTimeField("申请时间")
    decided_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="批准人", related_name="+")
    decided_at = models.DateTimeField("批准时间", null=True)
    approved = models.BooleanField("批准", null=True)
    refusal = models.CharField("不批准原因", max_length=100, blank=True)
    rebill = models.OneToOneField(Rebill, models.PROTECT, null=True, verbose_name="账单改正", related_name="asked")

    objects = AskedQuerySet.as_manager()
    guards = [guards.SameEstate("charge", "rebill"), guards.Undeletable(),
              guards.Frozen("charge", "quantity", "unit_price", "due_on", "amount", "reason", "asked_by", "asked_at",
                            once=("decided_by", "decided_at", "approved", "rebill"))]

    class Meta:
        verbose_name = verbose_name_plural = "作废重出申请"
        constraints = [
            models.UniqueConstraint(fields=["charge"], condition=Q(approved=None), name="one_rebill_waits_per_line",
                                    violation_error_message="这笔账单已有作废重出在等批准。"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="rebill_asked_is_positive", violation_error_message="重出的账单要大于 0。"),
            models.CheckConstraint(condition=TWO_PEOPLE, name="rebill_needs_two_people", violation_error_message="申请人不能自己批准作废重出。"),
            models.CheckConstraint(condition=UNDECIDED, name="rebill_decided_by_someone",
                                   violation_error_message="决定了的作废重出要有批准人和时间。"),
            models.CheckConstraint(condition=Q(approved=True, rebill__isnull=False) | Q(approved=False, rebill=None) | Q(approved=None, rebill=None),
                                   name="rebill_approved_with_its_line", violation_error_message="批准的作废重出要有改正的账单。")]
        indexes = [models.Index(fields=["estate", "asked_at"], name="rebill_by_day")]

    def __str__(self):
        return f"作废重出申请 {self.pk}"

    def get_absolute_url(self):
        return reverse("billing:rebill_asked", args=[self.pk])
