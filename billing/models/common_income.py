"""公共收益: what open-air spaces and temporary parking cost before the rest is the owners' in common (DOMAIN §2 [law: 民法典 275, 282])."""
from django.db import models
from django.db.models import Q
from django.urls import reverse

from servicecentre.kit import guards
from servicecentre.kit.rows import EstateRow

USER = "staff.User"


class CommonCost(EstateRow):
    """A cost set against common income: what for, by which paper; a wrong one is voided with reason, never edited. Fen."""

    day = models.DateField("日期")
    words = models.CharField("用途", max_length=60)
    amount = models.BigIntegerField("金额(分)")
    basis = models.CharField("凭据", max_length=100)
    made_by = models.ForeignKey(USER, models.PROTECT, verbose_name="登记人", related_name="+")
    made_at = models.DateTimeField("登记时间")
    voided_at = models.DateTimeField("作废时间", null=True)
    voided_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="作废人", related_name="+")
    void_reason = models.CharField("作废原因", max_length=100, null=True)

    guards = [guards.Undeletable(), guards.Frozen("day", "words", "amount", "basis", "made_by", "made_at",
                                                  once=("voided_at", "voided_by", "void_reason"))]

    class Meta:
        verbose_name = verbose_name_plural = "公共收益支出"
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0) & Q(basis__gt=""), name="common_cost_says_why",
                                   violation_error_message="支出要大于 0，并写明凭据。"),
            models.CheckConstraint(condition=Q(voided_at=None, voided_by=None, void_reason=None)
                                   | Q(voided_at__isnull=False, voided_by__isnull=False, void_reason__gt=""),
                                   name="common_cost_voided_with_reason", violation_error_message="作废支出要写明原因和作废人。")]
        indexes = [models.Index(fields=["estate", "day"], name="common_cost_by_day")]

    def __str__(self):
        return f"公共收益支出 {self.words}"

    def get_absolute_url(self):
        return reverse("billing:common_income")
