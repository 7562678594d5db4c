"""The tariff: fee kinds of an estate and their prices, each with its first day, last day and basis (DOMAIN §2 [seed])."""
from django.db import models
from django.db.models import Q

from households.models import Unit
from servicecentre.kit import guards
from servicecentre.kit.rows import EstateQuerySet, EstateRow, NoOverlap, Versioned


class FeeKindQuerySet(EstateQuerySet):
    def monthly(self):
        """Those that a month's run bills from area and price, or once did."""
        return self.exclude(bills="")

    def active(self):
        """Those still charged; what was billed by another stays."""
        return self.filter(active=True)

    def in_order(self):
        return self.order_by("position", "pk")


class FeeKind(EstateRow, Versioned):
    """A fee by its code and the deck's name; ``bills`` says which units a month's run bills it to, '' for none."""

    code = models.CharField("代码", max_length=30)
    name = models.CharField("收费项目", max_length=30)
    bills = models.CharField("按月出账", max_length=10, choices=Unit.Kind.choices, blank=True)
    unit_name = models.CharField("计费单位", max_length=10, default="㎡")
    per = models.CharField("周期", max_length=10, default="月", blank=True)
    position = models.PositiveSmallIntegerField("次序", default=100)
    active = models.BooleanField("在用", default=True)
    common_income = models.BooleanField("算公共收益", default=False, db_default=False)

    objects = FeeKindQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "收费项目"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["estate", "code"], name="one_fee_kind_per_code",
                                    violation_error_message="这个收费项目代码已经有了。"),
            models.UniqueConstraint(fields=["estate", "name"], name="one_fee_kind_per_name",
                                    violation_error_message="这个名称的收费项目已经有了。")]

    def __str__(self):
        return self.name


class PriceQuerySet(EstateQuerySet):
    def live(self):
        """Not taken back before it was ever used."""
        return self.filter(withdrawn_at=None)

    def on(self, day):
        return self.live().filter(starts_on__lte=day).filter(Q(ends_on=None) | Q(ends_on__gte=day))


class Price(EstateRow):
    """A unit price (0.0001 元) valid from the 1st of a month, and the paper that allows it; never edited, only ended."""

    fee_kind = models.ForeignKey(FeeKind, models.PROTECT, verbose_name="收费项目", related_name="prices")
    unit_price = models.BigIntegerField("单价(0.0001 元)")
    starts_on = models.DateField("起")
    ends_on = models.DateField("止", null=True)
    basis = models.CharField("依据", max_length=100)
    made_by = models.ForeignKey("staff.User", models.PROTECT, verbose_name="登记人", related_name="+")
    made_at = models.DateTimeField("登记时间", auto_now_add=True)
    withdrawn_at = models.DateTimeField("撤回时间", null=True)

    objects = PriceQuerySet.as_manager()
    guards = [guards.SameEstate("fee_kind"), guards.Frozen("fee_kind", "unit_price", "starts_on", "basis", once=("withdrawn_at",)),
              guards.Undeletable()]

    class Meta:
        verbose_name = verbose_name_plural = "单价"
        ordering = ["fee_kind", "starts_on"]
        constraints = [
            models.CheckConstraint(condition=Q(unit_price__gte=0, unit_price__lte=100_000_000_000), name="price_within_reason",
                                   violation_error_message="单价不能是负数，也不能这么大。"),
            models.CheckConstraint(condition=Q(starts_on__day=1), name="price_from_the_first",
                                   violation_error_message="单价从某月 1 日起执行。"),
            NoOverlap(name="one_price_at_a_time", by="fee_kind", live="withdrawn_at",
                      violation_error_message="这段时间已有单价，请先核对起止月份。")]
