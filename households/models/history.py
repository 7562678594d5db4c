"""What a field said before: each change of the register's data as a row, for people to read (TRUST 25)."""
from django.conf import settings
from django.db import models

from servicecentre.kit import guards
from servicecentre.kit.rows import EstateRow

from .people import Household
from .places import Unit


class Amendment(EstateRow):
    """One field of one row, from what to what; numbers of persons are masked, as on the page.

    ``old`` and ``new`` may be emptied when the data's time is over (retention); who, when and which field stay.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name="房屋", related_name="amendments")
    household = models.ForeignKey(Household, models.PROTECT, null=True, verbose_name="户", related_name="amendments")
    row_type = models.CharField("关联类别", max_length=40)
    row_id = models.BigIntegerField("关联记录")
    about = models.CharField("谁的", max_length=80, blank=True)
    what = models.CharField("项目", max_length=40)
    old = models.CharField("原来", max_length=400, blank=True)
    new = models.CharField("改为", max_length=400, blank=True)
    at = models.DateTimeField("时间")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="经办人", related_name="+")

    guards = [guards.Undeletable(), guards.SameEstate("unit", "household"),
              guards.Frozen("unit", "household", "row_type", "row_id", "what", "at", "by")]

    class Meta:
        verbose_name = verbose_name_plural = "资料变更"
        indexes = [models.Index(fields=["unit", "id"], name="amendment_by_unit"),
                   models.Index(fields=["row_type", "row_id"], name="amendment_by_row")]

    def __str__(self):
        return self.what
