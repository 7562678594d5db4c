"""公摊水电费预存: a household's own account; paid in as charges, used by moves that are only added (DOMAIN §2 Shared utilities)."""
from django.db import models
from django.db.models import Q

from servicecentre.kit import guards
from servicecentre.kit.rows import EstateRow

from .charges import Charge, Credit

USER = "staff.User"


class PrepaymentMove(EstateRow):
    """What left one prepaid charge (its ``drawn`` is their sum), or what it was paid with by the seller's."""

    class Kind(models.TextChoices):
        DRAWN = "drawn", "分摊扣除"
        RETURNED = "returned", "退回"
        MOVED_OUT = "moved_out", "转给新业主"
        MOVED_IN = "moved_in", "原业主转来"

    charge = models.ForeignKey(Charge, models.PROTECT, verbose_name="预存", related_name="prepayment_moves")
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    amount = models.BigIntegerField("金额(分)")
    words = models.CharField("说明", max_length=120)
    credit = models.ForeignKey(Credit, models.PROTECT, null=True, verbose_name="贷项", related_name="prepayment_moves")
    at = models.DateTimeField("时间")
    by = models.ForeignKey(USER, models.PROTECT, verbose_name="经办人", related_name="+")

    guards = [guards.SameEstate("charge", "credit"), guards.AppendOnly()]

    class Meta:
        verbose_name = verbose_name_plural = "公摊预存进出"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="prepayment_move_is_positive", violation_error_message="金额要大于 0。"),
            models.CheckConstraint(condition=Q(kind="drawn", credit=None) | ~Q(kind="drawn") & Q(credit__isnull=False),
                                   name="prepayment_goes_into_a_credit", violation_error_message="退回、转走的预存要有贷项。")]
