"""备用金: cash that finance holds apart from the till, for refunds and deposits given back in cash (DOMAIN §2 Refund, law: 现金管理暂行条例 11)."""
from django.db import models
from django.db.models import Q

from servicecentre.kit import guards
from servicecentre.kit.rows import EstateQuerySet, EstateRow

USER = "staff.User"


class PettyCash(EstateRow):
    """One account per estate; ``balance`` (fen) is the sum of its moves and never falls below nothing."""

    balance = models.BigIntegerField("余额(分)", default=0)

    guards = [guards.Undeletable()]

    class Meta:
        verbose_name = verbose_name_plural = "备用金"
        constraints = [
            models.UniqueConstraint(fields=["estate"], name="one_petty_cash_per_estate", violation_error_message="这个小区的备用金已经有了。"),
            models.CheckConstraint(condition=Q(balance__gte=0), name="petty_cash_never_negative",
                                   violation_error_message="备用金不够，请刷新后核对。")]

    def __str__(self):
        return "备用金"


class PettyCashMoveQuerySet(EstateQuerySet):
    def newest_first(self):
        return self.order_by("-pk")


class PettyCashMove(EstateRow):
    """What went in (+) or out (−), fen, with the balance after it; a wrong one is undone by a row that ``reverses`` it."""

    class Kind(models.TextChoices):
        PUT_IN = "put_in", "补入"
        COUNTED = "counted", "点款差额"
        SPENT = "spent", "支出"
        REVERSED = "reversed", "冲回"

    petty_cash = models.ForeignKey(PettyCash, models.PROTECT, verbose_name="备用金", related_name="moves")
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    amount = models.BigIntegerField("金额(分)")
    balance = models.BigIntegerField("结余(分)")
    words = models.CharField("说明", max_length=100)
    reference = models.CharField("银行回单号", max_length=40, blank=True)
    row_type = models.CharField("为哪件事", max_length=60, blank=True)
    row_id = models.BigIntegerField("哪一条", null=True)
    reverses = models.OneToOneField("self", models.PROTECT, null=True, verbose_name="冲回哪一笔", related_name="reversed_by")
    at = models.DateTimeField("时间")
    by = models.ForeignKey(USER, models.PROTECT, verbose_name="经办人", related_name="+")

    objects = PettyCashMoveQuerySet.as_manager()
    guards = [guards.SameEstate("petty_cash", "reverses"), guards.AppendOnly()]

    class Meta:
        verbose_name = verbose_name_plural = "备用金收支"
        constraints = [
            models.CheckConstraint(condition=Q(kind="put_in", amount__gt=0) | Q(kind="spent", amount__lt=0)
                                   | Q(kind__in=["counted", "reversed"]) & ~Q(amount=0),
                                   name="petty_cash_move_has_its_sign", violation_error_message="补入是正数，支出是负数，都不能是 0。"),
            models.CheckConstraint(condition=Q(kind="reversed", reverses__isnull=False) | ~Q(kind="reversed") & Q(reverses=None),
                                   name="petty_cash_reversal_names_its_move", violation_error_message="冲回要写明是哪一笔。"),
            models.CheckConstraint(condition=Q(balance__gte=0), name="petty_cash_after_never_negative",
                                   violation_error_message="备用金不够，请刷新后核对。")]
        indexes = [models.Index(fields=["petty_cash", "-id"], name="petty_cash_moves")]

    def __str__(self):
        return f"备用金 {self.get_kind_display()} {self.words}"
