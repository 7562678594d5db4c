"""The manager's review of a day, and the seal that ends it (ARCHITECTURE 7, FORMS 6.9, TRUST 15)."""
from django.conf import settings
from django.db import models

from servicecentre.kit import guards
from servicecentre.kit.rows import EstateRow

USER = settings.AUTH_USER_MODEL


class Review(EstateRow):
    """One line of the day looked at by a manager, with or without a comment; a comment may be somebody's task with a date."""

    entry = models.ForeignKey("worklog.Entry", models.PROTECT, verbose_name="日志", related_name="reviews")
    day = models.DateField("日期")
    by = models.ForeignKey(USER, models.PROTECT, verbose_name="审阅人", related_name="+")
    at = models.DateTimeField("审阅时间")
    words = models.CharField("批注", max_length=200, blank=True)
    task = models.ForeignKey("worklog.Promise", models.PROTECT, null=True, verbose_name="交办", related_name="+")

    guards = [guards.AppendOnly(), guards.SameEstate("entry", "task"), guards.Sealed("worklog_seal")]

    class Meta:
        verbose_name = verbose_name_plural = "日审"
        indexes = [models.Index(fields=["estate", "day", "id"], name="review_by_day")]

    def __str__(self):
        return self.words or "看过"


class Seal(EstateRow):
    """The end of a day: a keyed digest over its lines, its review, its new files, and over the seal before; its key is not in the database.

    It covers all lines behind the seal before it up to its day, so that the days between, which have none, are sealed too;
    the first of an estate covers all that was before.
    """

    n = models.PositiveIntegerField("第几次")
    day = models.DateField("日期")
    entries = models.PositiveIntegerField("条数")
    words = models.CharField("意见", max_length=300, blank=True)
    by = models.ForeignKey(USER, models.PROTECT, verbose_name="主管", related_name="+")
    at = models.DateTimeField("封存时间")
    digest = models.CharField("封存码", max_length=64)

    guards = [guards.AppendOnly()]

    class Meta:
        verbose_name = verbose_name_plural = "日志封存"
        constraints = [models.UniqueConstraint(fields=["estate", "n"], name="one_seal_after_another",
                                               violation_error_message="刚才有人封存了，请刷新后再看。"),
                       models.UniqueConstraint(fields=["estate", "day"], name="one_seal_per_day",
                                               violation_error_message="这一天已经封存。")]

    def __str__(self):
        return f"{self.day} 的日志"

    @property
    def code(self):
        """What stands on the day's paper: the digest's first twelve digits, in groups that can be read out."""
        return short(self.digest)


def short(digest):
    """`7F3A-91C2-0B6E` of a digest."""
    return "-".join(digest[i:i + 4].upper() for i in (0, 4, 8))
