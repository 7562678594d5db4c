"""The handing over of a unit from one owner to the next: papers seen, meters read, what goes along (design/screens 36)."""
from django.conf import settings
from django.db import models
from django.db.models import Q

from servicecentre.kit import guards
from servicecentre.kit.rows import EstateQuerySet, EstateRow

from .people import Household


class OwnerChangeQuerySet(EstateQuerySet):
    def live(self):
        """Not entered by mistake and taken back."""
        return self.filter(undone_at=None)


class OwnerChange(EstateRow):
    """One change of owner, as it was done; the tenures themselves hold the dates that bills read."""

    seller = models.ForeignKey(Household, models.PROTECT, verbose_name="原户", related_name="changes_out")
    buyer = models.ForeignKey(Household, models.PROTECT, verbose_name="新户", related_name="changes_in")
    last_day = models.DateField("原业主最后一天")
    basis = models.CharField("凭什么", max_length=80, blank=True)
    papers = models.JSONField("看过的资料")
    seller_phone = models.CharField("原业主以后的电话", max_length=20, blank=True)
    at = models.DateTimeField("办理时间")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="经办人", related_name="+")
    undone_at = models.DateTimeField("撤回时间", null=True)

    objects = OwnerChangeQuerySet.as_manager()
    guards = [guards.Undeletable(), guards.SameEstate("seller", "buyer"),
              guards.Frozen("seller", "buyer", "last_day", "papers", "at", "by", once=("undone_at",))]

    class Meta:
        verbose_name = verbose_name_plural = "过户"
        constraints = [models.UniqueConstraint(fields=["seller"], condition=Q(undone_at=None), name="one_change_per_seller",
                                               violation_error_message="这一户已经办过变更业主。")]


class HandoverReading(EstateRow):
    """A meter's reading at the handing over, both present; 0.01 of its unit (m³, kWh)."""

    class Kind(models.TextChoices):
        WATER = "water", "水"
        POWER = "power", "电"
        GAS = "gas", "气"

    change = models.ForeignKey(OwnerChange, models.PROTECT, verbose_name="过户", related_name="readings")
    kind = models.CharField("表", max_length=6, choices=Kind.choices)
    reading = models.BigIntegerField("读数（0.01）")

    guards = [guards.AppendOnly(), guards.SameEstate("change")]

    class Meta:
        verbose_name = verbose_name_plural = "过户抄表"
        constraints = [
            models.UniqueConstraint(fields=["change", "kind"], name="one_reading_per_kind", violation_error_message="这块表已抄过。"),
            models.CheckConstraint(condition=Q(reading__gte=0, reading__lte=10**11), name="reading_within_reason",
                                   violation_error_message="读数要在 0 和 1,000,000,000 之间。")]


class TakenOver(EstateRow):
    """What goes to the buyer with the unit: only what both have signed for."""

    change = models.ForeignKey(OwnerChange, models.PROTECT, verbose_name="过户", related_name="taken_over")
    what = models.CharField("什么", max_length=40)
    words = models.CharField("怎么办", max_length=120, blank=True)
    seller_signed = models.BooleanField("卖方签了")
    buyer_signed = models.BooleanField("买方签了")

    guards = [guards.AppendOnly(), guards.SameEstate("change")]

    class Meta:
        verbose_name = verbose_name_plural = "随房转的"
        constraints = [models.CheckConstraint(condition=Q(seller_signed=True, buyer_signed=True), name="taken_over_when_both_sign",
                                              violation_error_message="随房转的，双方都签字才转。")]
