"""Buildings and units (房屋); a unit's area is a row with a first day, so that a bill can name the one it used."""
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.urls import reverse

from servicecentre.kit import guards
from servicecentre.kit.rows import EstateQuerySet, EstateRow, NoOverlap, Versioned


class Building(EstateRow):
    """楼栋; shops that belong to none stand in a building of their own (``code`` 商铺)."""

    code = models.CharField("楼栋", max_length=10)
    sort = models.CharField("排序", max_length=20)

    class Meta:
        verbose_name = verbose_name_plural = "楼栋"
        ordering = ["sort"]
        constraints = [models.UniqueConstraint(fields=["estate", "code"], name="one_building_per_code",
                                               violation_error_message="这个楼栋已经登记。")]

    def __str__(self):
        return self.code if not self.code.isascii() else f"{self.code}栋"


class UnitQuerySet(EstateQuerySet):
    def with_area(self, *, on):
        """Adds ``area`` (0.01 ㎡) in force on that day; None where none is registered."""
        areas = UnitArea.objects.filter(unit=OuterRef("pk"), starts_on__lte=on).filter(Q(ends_on=None) | Q(ends_on__gte=on))
        return self.annotate(area=Subquery(areas.values("area")[:1]))

    def in_order(self):
        return self.order_by("sort")


class Unit(EstateRow, Versioned):
    """A home or a shop. ``code`` as the list has it: 3-2-1801, S01 (DOMAIN §15)."""

    class Kind(models.TextChoices):
        HOME = "home", "住宅"
        SHOP = "shop", "商铺"

    building = models.ForeignKey(Building, models.PROTECT, verbose_name="楼栋", related_name="units")
    entrance = models.CharField("单元", max_length=10, blank=True)
    room = models.CharField("房号", max_length=20)
    code = models.CharField("房号全称", max_length=40)
    sort = models.CharField("排序", max_length=60)
    kind = models.CharField("用途", max_length=10, choices=Kind.choices, default=Kind.HOME)
    trade = models.CharField("业态", max_length=40, blank=True)
    remark = models.CharField("备注", max_length=400, blank=True)

    objects = UnitQuerySet.as_manager()
    guards = [guards.SameEstate("building")]

    class Meta:
        verbose_name = verbose_name_plural = "房屋"
        constraints = [models.UniqueConstraint(fields=["estate", "code"], name="one_unit_per_code",
                                               violation_error_message="这个房号已经登记。")]
        indexes = [models.Index(fields=["estate", "sort"], name="unit_in_order")]

    def __str__(self):
        return self.code

    @property
    def label(self):
        """How papers write it: 3栋2单元1801, 商铺S01."""
        if self.kind == self.Kind.SHOP and not self.entrance:
            return f"商铺{self.code}"
        return f"{self.building}{f'{self.entrance}单元' if self.entrance else ''}{self.room}"

    def area_on(self, day):
        """The area row in force on that day, or None."""
        return self.areas.filter(starts_on__lte=day).filter(Q(ends_on=None) | Q(ends_on__gte=day)).first()

    def use_on(self, day):
        """The UnitUse of that day, or None."""
        return self.uses.live().filter(starts_on__lte=day).filter(Q(ends_on=None) | Q(ends_on__gte=day)).first()

    def household_on(self, day):
        """Who holds the unit on that day, or None."""
        return self.households.live().on(day).first()

    def get_absolute_url(self):
        return reverse("households:unit", args=[self.pk])


class UnitArea(EstateRow):
    """Surveyed building area (实测建筑面积), from the 1st of a month on (DOMAIN §2 [practice])."""

    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name="房屋", related_name="areas")
    area = models.BigIntegerField("建筑面积(0.01 ㎡)")
    starts_on = models.DateField("起")
    ends_on = models.DateField("止", null=True)
    basis = models.CharField("依据", max_length=80, blank=True)

    guards = [guards.SameEstate("unit"), guards.Frozen("unit", "area", "starts_on")]

    class Meta:
        verbose_name = verbose_name_plural = "面积"
        ordering = ["starts_on"]
        constraints = [
            models.CheckConstraint(condition=Q(area__gt=0, area__lte=10_000_000), name="area_within_reason",
                                   violation_error_message="面积要大于 0,不超过 100,000 ㎡。"),
            models.CheckConstraint(condition=Q(starts_on__day=1), name="area_from_the_first",
                                   violation_error_message="面积从某月 1 日起变更。"),
            NoOverlap(name="one_area_at_a_time", by="unit", violation_error_message="这段时间已有登记的面积。")]
