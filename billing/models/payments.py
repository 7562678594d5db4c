"""Money taken: a payment with its parts, what it settled line by line, its voiding, and the cashier's shift."""
from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from households.models import Household
from servicecentre.kit import guards
from servicecentre.kit.periods import day_bounds
from servicecentre.kit.rows import EstateQuerySet, EstateRow
from servicecentre.papers.models import Paper

from .charges import Charge, Credit

USER = "staff.User"


class Shift(EstateRow):
    """收费班次: one cashier's till for one day; a first payment opens it by itself, float 0 (DOMAIN §2)."""

    cashier = models.ForeignKey(USER, models.PROTECT, verbose_name="收款员", related_name="+")
    day = models.DateField("日期")
    opened_at = models.DateTimeField("开班时间")
    float_fen = models.BigIntegerField("备用零钱(分)", default=0)
    closed_at = models.DateTimeField("交班时间", null=True)

    guards = [guards.Undeletable(), guards.Frozen("cashier", "day", "opened_at", once=("closed_at",))]

    class Meta:
        verbose_name = verbose_name_plural = "收费班次"
        constraints = [models.UniqueConstraint(fields=["estate", "cashier"], condition=Q(closed_at=None), name="one_open_shift_per_cashier",
                                               violation_error_message="您已有一个没交的班次。")]

    def __str__(self):
        return f"{self.day} {self.cashier}"

    def within(self, moment):
        """The moment, kept inside the shift's day, so that a payment's moment, day and shift agree also at midnight."""
        first, over = day_bounds(self.day)
        return min(max(moment, first), over - timedelta(microseconds=1))


class PaymentQuerySet(EstateQuerySet):
    def live(self):
        return self.filter(voided_at=None)

    def with_left(self):
        return self.live().filter(left__gt=0)

    def oldest_first(self):
        return self.order_by("at", "pk")


class Payment(EstateRow):
    """收款: what was taken at once for one household; its receipt is ``paper``. Sums in fen.

    Live allocations + left + refunded = total (DOMAIN §9.4). ``left`` is the household's credit from this payment.
    """

    class Relation(models.TextChoices):
        OWNER = "owner", "业主"
        TENANT = "tenant", "租户"
        RELATIVE = "relative", "亲属"
        AGENT = "agent", "代理"
        ORGANISATION = "organisation", "单位"
        CONTRACTOR = "contractor", "施工单位"

    household = models.ForeignKey(Household, models.PROTECT, verbose_name="户", related_name="payments")
    shift = models.ForeignKey(Shift, models.PROTECT, verbose_name="班次", related_name="payments")
    paper = models.OneToOneField(Paper, models.PROTECT, null=True, verbose_name="收据", related_name="payment")
    at = models.DateTimeField("时间")
    day = models.DateField("日期")
    total = models.BigIntegerField("金额(分)")
    left = models.BigIntegerField("转预存余额(分)", default=0)
    refunded = models.BigIntegerField("已退(分)", default=0)
    tendered = models.BigIntegerField("实收现金(分)", default=0)
    change = models.BigIntegerField("找零(分)", default=0)
    payer_name = models.CharField("交款人", max_length=60)
    payer_relation = models.CharField("与业主关系", max_length=12, choices=Relation.choices, default=Relation.OWNER)
    remarks = models.CharField("备注", max_length=60, blank=True)
    cashier = models.ForeignKey(USER, models.PROTECT, verbose_name="收款员", related_name="+")
    voided_at = models.DateTimeField("作废时间", null=True)

    objects = PaymentQuerySet.as_manager()
    guards = [guards.SameEstate("household", "shift", "paper"), guards.Undeletable(),
              guards.Frozen("household", "shift", "at", "day", "total", "tendered", "change", "payer_name", "payer_relation", "remarks",
                            "cashier", once=("paper", "voided_at"))]

    class Meta:
        verbose_name = verbose_name_plural = "收款"
        constraints = [
            models.CheckConstraint(condition=Q(total__gt=0, left__gte=0, refunded__gte=0, total__gte=F("left") + F("refunded")),
                                   name="payment_stays_within_total", violation_error_message="预存余额不足，请刷新后核对。"),
            models.CheckConstraint(condition=Q(voided_at=None) | Q(left=0), name="void_payment_has_nothing_left",
                                   violation_error_message="作废的收款不能再有余额。")]
        indexes = [models.Index(fields=["estate", "household", "at"], name="payment_by_household"),
                   models.Index(fields=["estate", "day"], name="payment_by_day"),
                   models.Index(fields=["estate", "household", "left"], condition=Q(left__gt=0), name="payment_with_left")]

    def __str__(self):
        return self.paper.number if self.paper_id else f"收款 {self.pk}"

    def get_absolute_url(self):
        return reverse("billing:payment", args=[self.pk])


class PaymentPart(EstateRow):
    """One method of a payment; all but cash bear a reference. The parts sum to the payment's total."""

    class Method(models.TextChoices):
        CASH = "cash", "现金"
        WECHAT = "wechat", "微信"
        ALIPAY = "alipay", "支付宝"
        CARD = "card", "刷卡"
        TRANSFER = "transfer", "转账"

    payment = models.ForeignKey(Payment, models.PROTECT, verbose_name="收款", related_name="parts")
    method = models.CharField("方式", max_length=10, choices=Method.choices)
    amount = models.BigIntegerField("金额(分)")
    reference = models.CharField("流水号", max_length=40, blank=True)

    guards = [guards.SameEstate("payment"), guards.AppendOnly()]

    class Meta:
        verbose_name = verbose_name_plural = "收款方式"
        constraints = [
            models.UniqueConstraint(fields=["payment", "method"], name="one_part_per_method",
                                    violation_error_message="同一种方式只填一行。"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="part_is_positive", violation_error_message="每种方式的金额要大于 0。")]


class AllocationQuerySet(EstateQuerySet):
    def live(self):
        return self.filter(voided_at=None)

    def newest_first(self):
        return self.order_by("-pk")


class Allocation(EstateRow):
    """Which money settled which line: of a payment or of a credit, never of both; taken back by its void columns."""

    charge = models.ForeignKey(Charge, models.PROTECT, verbose_name="应收", related_name="allocations")
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, verbose_name="收款", related_name="allocations")
    credit = models.ForeignKey(Credit, models.PROTECT, null=True, verbose_name="贷项", related_name="allocations")
    amount = models.BigIntegerField("金额(分)")
    at = models.DateTimeField("时间")
    later = models.BooleanField("用预存", default=False)
    receipt = models.ForeignKey(Payment, models.PROTECT, null=True, verbose_name="随哪张收据", related_name="settled")
    voided_at = models.DateTimeField("退回时间", null=True)

    objects = AllocationQuerySet.as_manager()
    guards = [guards.SameEstate("charge", "payment", "credit", "receipt"), guards.Undeletable(),
              guards.Frozen("charge", "payment", "credit", "amount", "at", "later", "receipt", once=("voided_at",))]

    class Meta:
        verbose_name = verbose_name_plural = "核销"
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="allocation_is_positive", violation_error_message="核销金额要大于 0。"),
            models.CheckConstraint(condition=Q(payment=None, credit__isnull=False) | Q(payment__isnull=False, credit=None),
                                   name="allocation_has_one_source", violation_error_message="核销只能来自一笔收款或一笔贷项。")]


class ReceiptVoid(EstateRow):
    """作废(冲红): the reversing row of a payment; asked by one, done by another who did not take the money (DOMAIN §2)."""

    class Reason(models.TextChoices):
        DOUBLE = "double", "重复缴费"
        AMOUNT = "amount", "金额有误"
        METHOD = "method", "方式有误"
        UNIT = "unit", "房号有误"
        BOUNCED = "bounced", "退票"
        OTHER = "other", "其他"

    class Goes(models.TextChoices):
        BACK = "back", "当面退回（限当天）"
        REISSUE = "reissue", "改正后重开"
        CREDIT = "credit", "转为该户预存"
        BOUNCED = "bounced", "退票，钱没有到账"

    payment = models.ForeignKey(Payment, models.PROTECT, verbose_name="收款", related_name="voids")
    cashier = models.ForeignKey(USER, models.PROTECT, verbose_name="收款员", related_name="+")
    reason = models.CharField("原因", max_length=10, choices=Reason.choices)
    words = models.CharField("说明", max_length=100)
    goes = models.CharField("款项去向", max_length=10, choices=Goes.choices)
    reissue = models.JSONField("重开内容", null=True)
    copies_back = models.PositiveSmallIntegerField("收回联数", default=3)
    asked_by = models.ForeignKey(USER, models.PROTECT, verbose_name="申请人", related_name="+")
    asked_at = models.DateTimeField("申请时间")
    decided_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="批准人", related_name="+")
    decided_at = models.DateTimeField("批准时间", null=True)
    approved = models.BooleanField("批准", null=True)
    refusal = models.CharField("不批准原因", max_length=100, blank=True)
    paper = models.OneToOneField(Paper, models.PROTECT, null=True, verbose_name="作废单", related_name="receipt_void")
    credit = models.ForeignKey(Credit, models.PROTECT, null=True, verbose_name="转预存", related_name="+")
    reissued = models.ForeignKey(Payment, models.PROTECT, null=True, verbose_name="重开收据", related_name="replaces")

    guards = [guards.SameEstate("payment", "paper", "credit", "reissued"), guards.Undeletable(),
              guards.Frozen("payment", "cashier", "reason", "words", "goes", "reissue", "asked_by", "asked_at",
                            once=("decided_by", "decided_at", "approved", "paper", "credit", "reissued"))]

    class Meta:
        verbose_name = verbose_name_plural = "收据作废"
        constraints = [
            models.UniqueConstraint(fields=["payment"], condition=Q(approved=None) | Q(approved=True), name="one_void_per_receipt",
                                    violation_error_message="这张收据已有作废申请。"),
            models.CheckConstraint(condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")), name="void_needs_two_people",
                                   violation_error_message="申请人不能自己批准。"),
            models.CheckConstraint(condition=Q(decided_by=None) | ~Q(approved=True) | ~Q(decided_by=F("cashier")),
                                   name="cashier_approves_no_void", violation_error_message="收款人不能批准作废自己开的收据。"),
            models.CheckConstraint(condition=Q(approved=None, decided_by=None, decided_at=None)
                                   | Q(approved__isnull=False, decided_by__isnull=False, decided_at__isnull=False),
                                   name="void_decided_by_someone", violation_error_message="决定了的作废要有批准人和时间。"),
            models.CheckConstraint(condition=Q(reason="bounced", goes="bounced") | ~Q(reason="bounced") & ~Q(goes="bounced"),
                                   name="bounced_money_goes_nowhere", violation_error_message="退票的收据，原因和款项去向都选退票。"),
            models.CheckConstraint(condition=Q(copies_back__lte=3), name="three_copies_at_most", violation_error_message="收据一共三联。")]

    def get_absolute_url(self):
        return reverse("billing:void", args=[self.pk])
