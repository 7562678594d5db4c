"""A bill is a row, frozen with what made it; what lowers it is a Credit row, allocated like money (ARCHITECTURE 3)."""
from django.db import models
from django.db.models import F, Q, Sum
from django.db.models.functions import Cast

from households.models import Household, Unit
from servicecentre.kit import guards
from servicecentre.kit.rows import EstateQuerySet, EstateRow

from .tariffs import FeeKind, Price

USER = "staff.User"


class BillRun(EstateRow):
    """One run of a month: what it made, by which of the estate's rules for a part of a month, and whether it was taken back."""

    period = models.DateField("账期")
    at = models.DateTimeField("出账时间")
    by = models.ForeignKey(USER, models.PROTECT, verbose_name="出账人", related_name="+")
    count = models.PositiveIntegerField("笔数", default=0)
    total = models.BigIntegerField("金额(分)", default=0)
    first_month = models.CharField("当时首月怎么算", max_length=15, default="by_day", db_default="by_day")
    last_month = models.CharField("当时末月怎么算", max_length=15, default="by_day", db_default="by_day")
    undone_at = models.DateTimeField("撤销时间", null=True)
    undone_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="撤销人", related_name="+")
    undo_reason = models.CharField("撤销原因", max_length=100, blank=True)

    guards = [guards.Undeletable(), guards.Frozen("period", "at", "by", "first_month", "last_month", once=("undone_at", "undone_by"))]

    class Meta:
        verbose_name = verbose_name_plural = "出账"
        indexes = [models.Index(fields=["estate", "period"], name="run_by_period")]

    def __str__(self):
        return f"{self.period:%Y-%m} 出账"


class ChargeQuerySet(EstateQuerySet):
    def live(self):
        return self.filter(voided_at=None)

    def unpaid(self):
        return self.live().filter(paid__lt=F("amount"))

    def overdue(self, *, on):
        """Unpaid and past the due day: due on the 5th, overdue from the 6th."""
        return self.unpaid().filter(due_on__lt=on)

    def oldest_first(self):
        return self.order_by("due_on", "period", "pk")

    def with_mended(self):
        """Adds ``mended``: how much of ``paid`` is a credit made for this very line, so nobody's money; fen."""
        ours = Q(allocations__voided_at=None, allocations__credit__charge=F("pk"))
        return self.annotate(mended=Cast(Sum("allocations__amount", filter=ours, default=0), models.BigIntegerField()))

    def of_month(self, month):
        return self.filter(period=month.first)

    def owed(self):
        """What is still to pay, in fen."""
        return int(self.unpaid().aggregate(fen=Sum(F("amount") - F("paid"), default=0))["fen"])


class Charge(EstateRow):
    """应收: one fee of one household for one month (or once). Amount = half-up of quantity × price × percent × share.

    quantity 0.01 of the fee's unit (㎡, 户, 辆), unit_price 0.0001 元, amount and paid fen. ``subject`` is '' for the unit's
    own fees, else the contract, visit or job it is for; ``line`` counts corrections (DOMAIN §9.2–4). ``drawn``: how much of
    what was paid is used up, of a prepayment; ``reason``: why a line was made by hand.
    """

    household = models.ForeignKey(Household, models.PROTECT, verbose_name="户", related_name="charges")
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name="房屋", related_name="charges")
    fee_kind = models.ForeignKey(FeeKind, models.PROTECT, verbose_name="收费项目", related_name="charges")
    price = models.ForeignKey(Price, models.PROTECT, null=True, verbose_name="收费标准", related_name="charges")
    run = models.ForeignKey(BillRun, models.PROTECT, null=True, verbose_name="出账", related_name="charges")
    period = models.DateField("账期")
    starts_on = models.DateField("起")
    ends_on = models.DateField("止")
    subject = models.CharField("对象", max_length=60, blank=True, default="", db_default="")
    line = models.PositiveSmallIntegerField("更正序号", default=0, db_default=0)
    label = models.CharField("名称", max_length=40, blank=True, default="", db_default="")
    opening = models.ForeignKey("households.RegisterImport", models.PROTECT, null=True, verbose_name="期初名单", related_name="charges")
    quantity = models.BigIntegerField("数量(0.01)")
    unit_price = models.BigIntegerField("单价(0.0001 元)")
    percent = models.PositiveSmallIntegerField("比例(%)", default=100, db_default=100)
    share_num = models.PositiveSmallIntegerField("天数", default=1, db_default=1)
    share_den = models.PositiveSmallIntegerField("当月天数", default=1, db_default=1)
    amount = models.BigIntegerField("金额(分)")
    paid = models.BigIntegerField("已收(分)", default=0, db_default=0)
    drawn = models.BigIntegerField("预存已用(分)", default=0, db_default=0)
    reason = models.CharField("为什么收", max_length=100, blank=True, default="", db_default="")
    due_on = models.DateField("应缴日")
    made_at = models.DateTimeField("出账时间")
    made_by = models.ForeignKey(USER, models.PROTECT, verbose_name="出账人", related_name="+")
    voided_at = models.DateTimeField("作废时间", null=True)
    voided_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="作废人", related_name="+")
    void_reason = models.CharField("作废原因", max_length=100, blank=True, default="", db_default="")

    objects = ChargeQuerySet.as_manager()
    guards = [guards.SameEstate("household", "unit", "fee_kind", "price", "run", "opening"), guards.Undeletable(),
              guards.Frozen("household", "unit", "fee_kind", "price", "run", "period", "starts_on", "ends_on", "subject", "line", "label", "opening",
                            "quantity", "unit_price", "percent", "share_num", "share_den", "amount", "due_on", "made_at", "made_by", "reason",
                            once=("voided_at", "voided_by"))]

    class Meta:
        verbose_name = verbose_name_plural = "应收"
        constraints = [
            models.UniqueConstraint(fields=["estate", "household", "fee_kind", "period", "subject", "line"],
                                    condition=Q(voided_at=None), name="one_live_charge",
                                    violation_error_message="这一户这项费用这个月已有账单。"),
            models.CheckConstraint(condition=Q(paid__gte=0, paid__lte=F("amount")), name="paid_stays_within_amount",
                                   violation_error_message="收款超过应收，请刷新后核对。"),
            models.CheckConstraint(condition=Q(quantity__gte=0, quantity__lte=10_000_000, unit_price__gte=0,
                                               unit_price__lte=100_000_000_000, percent__gte=0, percent__lte=100,
                                               share_num__gte=1, share_num__lte=F("share_den"), share_den__lte=31),
                                   name="charge_factors_within_reason", violation_error_message="数量、单价、比例或天数超出范围。"),
            models.CheckConstraint(condition=Q(amount=(2 * F("quantity") * F("unit_price") * F("percent") * F("share_num")
                                                       + 1_000_000 * F("share_den")) / (2_000_000 * F("share_den"))),
                                   name="amount_is_what_made_it", violation_error_message="金额与数量、单价、比例不符。"),
            models.CheckConstraint(condition=Q(paid=0) | Q(voided_at=None), name="void_charge_is_unpaid",
                                   violation_error_message="已收款的账单不能作废，请先作废收据。"),
            models.CheckConstraint(condition=Q(drawn__gte=0, drawn__lte=F("paid")), name="drawn_stays_within_paid",
                                   violation_error_message="这笔预存已经用掉、退回或转走一部分，收款不能再作废；多用的请刷新后核对。"),
            models.CheckConstraint(condition=Q(period__day=1), name="period_is_a_month", violation_error_message="账期是某个月。")]
        indexes = [models.Index(fields=["estate", "household", "due_on", "amount", "paid"], name="open_charge",
                                condition=Q(paid__lt=F("amount"), voided_at=None)),
                   models.Index(fields=["estate", "period", "fee_kind"], name="charge_by_period")]

    def __str__(self):
        return f"{self.shown_name} {self.period:%Y-%m}"

    @property
    def shown_name(self):
        """The list's own name where one came with an import, and marked 期初 then; else the fee's."""
        return f"{self.label or self.fee_kind.name}{'（期初）' if self.opening_id else ''}"

    @property
    def due(self):
        """Still to pay, fen."""
        return self.amount - self.paid

    @property
    def received(self):
        """Of a row with_mended(): what was paid in money or by credit of other origin, fen."""
        return self.paid - self.mended


class CreditQuerySet(EstateQuerySet):
    def with_left(self):
        return self.filter(left__gt=0)

    def oldest_first(self):
        return self.order_by("made_at", "pk")


class Credit(EstateRow):
    """What lowers a household's debt without being a payment: money of a voided receipt, vacancy, a waiver, a correction, and the like.

    ``how``: the arithmetic that made its sum, frozen as it was said then.
    """

    class Source(models.TextChoices):
        VOID = "void", "作废收据转预存"
        CORRECTION = "correction", "更正"
        VACANCY = "vacancy", "空置减免"
        WAIVER = "waiver", "减免"
        DISCOUNT = "discount", "年缴优惠"
        CONTRACT = "contract", "车位提前终止"
        PREPAID = "prepaid", "公摊预存退转"
        DEPOSIT = "deposit", "押金抵扣"

    household = models.ForeignKey(Household, models.PROTECT, verbose_name="户", related_name="credits")
    charge = models.ForeignKey(Charge, models.PROTECT, null=True, verbose_name="冲减的应收", related_name="credits")
    source = models.CharField("来源", max_length=12, choices=Source.choices)
    amount = models.BigIntegerField("金额(分)")
    left = models.BigIntegerField("余额(分)")
    refunded = models.BigIntegerField("已退(分)", default=0)
    reason = models.CharField("原因", max_length=100)
    how = models.CharField("怎么算", max_length=200, blank=True, default="", db_default="")
    made_at = models.DateTimeField("时间")
    made_by = models.ForeignKey(USER, models.PROTECT, verbose_name="经办人", related_name="+")

    objects = CreditQuerySet.as_manager()
    guards = [guards.SameEstate("household", "charge"), guards.Undeletable(),
              guards.Frozen("household", "charge", "source", "amount", "reason", "how", "made_at", "made_by")]

    class Meta:
        verbose_name = verbose_name_plural = "贷项"
        constraints = [models.CheckConstraint(
            condition=~Q(source="correction") | Q(charge__isnull=False), name="correction_names_its_line",
            violation_error_message="更正要写明是哪一笔应收。"), models.CheckConstraint(
            condition=Q(amount__gt=0, left__gte=0, refunded__gte=0, amount__gte=F("left") + F("refunded")),
            name="credit_stays_within_amount", violation_error_message="贷项余额不足，请刷新后核对。")]
        indexes = [models.Index(fields=["estate", "household"], condition=Q(left__gt=0), name="credit_with_left")]
