"""Search keys: every way a clerk may ask for a unit, one row each, found by prefix on an index (MEASURED D3)."""
from django.db import models

from servicecentre.kit.rows import EstateQuerySet


class SearchKey(models.Model):
    """One term (its kind as first letter: r room, n name, p pinyin, t phone, v plate) of a unit and its household."""

    estate = models.ForeignKey("estates.Estate", models.CASCADE, db_index=False, related_name="+")
    term = models.CharField("检索词", max_length=80)
    unit = models.ForeignKey("households.Unit", models.CASCADE, related_name="search_keys")
    household = models.ForeignKey("households.Household", models.CASCADE, null=True, related_name="search_keys")
    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "检索词"
        indexes = [models.Index(fields=["estate", "term"], opclasses=["int8_ops", "varchar_pattern_ops"], name="search_by_term")]
