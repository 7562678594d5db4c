"""Money given back and debts forgiven: a refund with its parts, a waiver, a wrong bill and the one in its place; always by two (DOMAIN §2)."""
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from households.models import AuthorisationLetter, Household
from servicecentre.kit import guards
from servicecentre.kit.identity import mask_account
from servicecentre.kit.rows import EstateQuerySet, EstateRow
from servicecentre.kit.secrets import EncryptedCharField
from servicecentre.papers.models import Paper

from .asked import AskedQuerySet, PaidOutQuerySet
from .charges import Charge, Credit
from .payments import Payment
from .petty_cash import PettyCashMove

USER = "staff.User"
UNDECIDED = Q(approved=None, decided_by=None, decided_at=None) | Q(approved__isnull=False, decided_by__isnull=False, decided_at__isnull=False)
TWO_PEOPLE = Q(decided_by=None) | ~Q(decided_by=F("asked_by"))


class Refund(EstateRow):
    """退款: of what is left of a household's payments and credits; asked by one, approved by another, paid by finance. Fen.

    Its parts hold the money from the asking on (``refunded`` of their source), so that nothing else settles from it meanwhile;
    refused, withdrawn or returned by the bank, they are void and it is left again.
    """

    class Reason(models.TextChoices):
        DOUBLE = "double", "重复缴费"
        AMOUNT = "amount", "金额有误"
        MORE = "more", "多缴"
        SOLD = "sold", "过户"
        ENDED = "ended", "合同终止"
        BOUNCED = "bounced", "退票"
        OTHER = "other", "其他"

    class Method(models.TextChoices):
        ORIGINAL = "original", "原路退回"
        TRANSFER = "transfer", "转账"
        CASH = "cash", "备用金现金"

    class Invoice(models.TextChoices):
        NONE = "none", "未开"
        WAITS = "waits", "待红冲"
        DONE = "done", "已红冲"

    household = models.ForeignKey(Household, models.PROTECT, verbose_name="户", related_name="refunds")
    receipt = models.ForeignKey(Payment, models.PROTECT, null=True, verbose_name="原收据", related_name="refunds")
    amount = models.BigIntegerField("金额(分)")
    reason = models.CharField("原因", max_length=10, choices=Reason.choices)
    words = models.CharField("说明", max_length=100)
    method = models.CharField("退款方式", max_length=10, choices=Method.choices)
    way = models.CharField("原来怎么收的", max_length=200, blank=True)
    payee_name = models.CharField("收款人", max_length=60)
    bank = models.CharField("开户行", max_length=60, blank=True)
    account_no = EncryptedCharField("账号", max_length=400, blank=True)
    letter = models.ForeignKey(AuthorisationLetter, models.PROTECT, null=True, verbose_name="委托书", related_name="+")
    invoice = models.CharField("发票", max_length=10, choices=Invoice.choices, default=Invoice.NONE)
    asked_by = models.ForeignKey(USER, models.PROTECT, verbose_name="申请人", related_name="+")
    asked_at = models.DateTimeField("申请时间")
    decided_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="批准人", related_name="+")
    decided_at = models.DateTimeField("批准时间", null=True)
    approved = models.BooleanField("批准", null=True)
    refusal = models.CharField("不批准原因", max_length=100, blank=True)
    withdrawn_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="撤回人", related_name="+")
    withdrawn_at = models.DateTimeField("撤回时间", null=True)
    withdrawn_words = models.CharField("撤回原因", max_length=100, blank=True)
    paid_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="付款人", related_name="+")
    paid_at = models.DateTimeField("付款时间", null=True)
    reference = models.CharField("付款流水号", max_length=40, null=True)
    red_no = models.CharField("红字发票号", max_length=40, null=True)
    petty_move = models.OneToOneField(PettyCashMove, models.PROTECT, null=True, verbose_name="备用金支出", related_name="refund")
    paper = models.OneToOneField(Paper, models.PROTECT, null=True, verbose_name="退款单", related_name="refund")
    bounced_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="登记退回人", related_name="+")
    bounced_at = models.DateTimeField("银行退回时间", null=True)
    bounced_words = models.CharField("银行退回原因", max_length=100, blank=True)

    objects = PaidOutQuerySet.as_manager()
    guards = [guards.SameEstate("household", "receipt", "letter", "petty_move", "paper"), guards.Undeletable(),
              guards.Frozen("household", "receipt", "amount", "reason", "words", "method", "way", "payee_name", "bank", "account_no", "letter",
                            "invoice", "asked_by", "asked_at",
                            once=("decided_by", "decided_at", "approved", "withdrawn_by", "withdrawn_at", "paid_by", "paid_at", "reference",
                                  "red_no", "petty_move", "paper", "bounced_by", "bounced_at"))]

    class Meta:
        verbose_name = verbose_name_plural = "退款"
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_is_positive", violation_error_message="退款要大于 0。"),
            models.CheckConstraint(condition=TWO_PEOPLE, name="refund_needs_two_people", violation_error_message="申请人不能自己批准退款。"),
            models.CheckConstraint(condition=UNDECIDED, name="refund_decided_by_someone",
                                   violation_error_message="决定了的退款要有批准人和时间。"),
            models.CheckConstraint(condition=Q(paid_by=None) | ~Q(paid_by=F("asked_by")), name="refund_not_paid_by_its_asker",
                                   violation_error_message="申请人不能自己付款。"),
            models.CheckConstraint(condition=Q(paid_by=None) | ~Q(paid_by=F("decided_by")), name="refund_not_paid_by_its_approver",
                                   violation_error_message="批准人不能自己付款。"),
            models.CheckConstraint(condition=Q(paid_at=None, paper=None, paid_by=None) | Q(
                approved=True, withdrawn_at=None, paid_by__isnull=False, paid_at__isnull=False, paper__isnull=False),
                name="refund_paid_once_approved", violation_error_message="批准了、没有撤回的退款才能付。"),
            models.CheckConstraint(condition=Q(paid_at=None, petty_move=None) | Q(paid_at__isnull=False, method="cash", petty_move__isnull=False)
                                   | Q(paid_at__isnull=False, petty_move=None) & ~Q(method="cash"),
                                   name="refund_cash_is_petty_cash", violation_error_message="现金退款从备用金付。"),
            models.CheckConstraint(condition=Q(account_no="") | Q(account_no__startswith="f"), name="refund_account_only_encrypted",
                                   violation_error_message="账号必须加密保存。"),
            models.CheckConstraint(condition=Q(bounced_at=None) | Q(paid_at__isnull=False, bounced_by__isnull=False) & ~Q(method="cash"),
                                   name="refund_bounced_after_payment", violation_error_message="付出去的转账才会被银行退回。")]
        indexes = [models.Index(fields=["estate", "asked_at"], name="refund_by_day"),
                   models.Index(fields=["estate", "household"], name="refund_by_household")]

    def __str__(self):
        return self.paper.number if self.paper_id else f"退款申请 {self.pk}"

    def get_absolute_url(self):
        return reverse("billing:refund", args=[self.pk])

    @property
    def state(self):
        """One word for where it stands; a key of ``STATES``."""
        if self.bounced_at:
            return "bounced"
        if self.paid_at:
            return "paid"
        if self.withdrawn_at:
            return "withdrawn"
        return {None: "asked", True: "approved", False: "refused"}[self.approved]

    @property
    def account_masked(self):
        """Enough to tell one account from another."""
        return mask_account(self.account_no)

    def paper_note(self, day):
        """What has become of the money since the slip was written."""
        return f"这笔退款被银行退回，钱已转回预存：{self.bounced_words}" if self.bounced_at else ""


class RefundPartQuerySet(EstateQuerySet):
    def live(self):
        return self.filter(voided_at=None)


class RefundPart(EstateRow):
    """How much of a refund is whose money: of a payment or of a credit, never of both; given back by ``voided_at``."""

    refund = models.ForeignKey(Refund, models.PROTECT, verbose_name="退款", related_name="parts")
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, verbose_name="收款", related_name="refund_parts")
    credit = models.ForeignKey(Credit, models.PROTECT, null=True, verbose_name="贷项", related_name="refund_parts")
    amount = models.BigIntegerField("金额(分)")
    voided_at = models.DateTimeField("退回时间", null=True)

    objects = RefundPartQuerySet.as_manager()
    guards = [guards.SameEstate("refund", "payment", "credit"), guards.Undeletable(),
              guards.Frozen("refund", "payment", "credit", "amount", once=("voided_at",))]

    class Meta:
        verbose_name = verbose_name_plural = "退款来源"
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_part_is_positive", violation_error_message="每个来源的退款要大于 0。"),
            models.CheckConstraint(condition=Q(payment=None, credit__isnull=False) | Q(payment__isnull=False, credit=None),
                                   name="refund_part_has_one_source", violation_error_message="退款来源只能是一笔收款或一笔贷项。")]


class Waiver(EstateRow):
    """减免 of one line, in fen: asked by one, approved by another; its credit settles that line and no other (FORMS 3.10)."""

    household = models.ForeignKey(Household, models.PROTECT, verbose_name="户", related_name="waivers")
    charge = models.ForeignKey(Charge, models.PROTECT, verbose_name="应收", related_name="waivers")
    amount = models.BigIntegerField("减免额(分)")
    reason = models.CharField("原因", max_length=100)
    basis = models.CharField("依据", max_length=100, blank=True)
    asked_by = models.ForeignKey(USER, models.PROTECT, verbose_name="申请人", related_name="+")
    asked_at = models.DateTimeField("申请时间")
    decided_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="批准人", related_name="+")
    decided_at = models.DateTimeField("批准时间", null=True)
    approved = models.BooleanField("批准", null=True)
    refusal = models.CharField("不批准原因", max_length=100, blank=True)
    credit = models.OneToOneField(Credit, models.PROTECT, null=True, verbose_name="贷项", related_name="waiver")
    paper = models.OneToOneField(Paper, models.PROTECT, null=True, verbose_name="减免申请单", related_name="waiver")

    objects = AskedQuerySet.as_manager()
    guards = [guards.SameEstate("household", "charge", "credit", "paper"), guards.Undeletable(),
              guards.Frozen("household", "charge", "amount", "reason", "basis", "asked_by", "asked_at",
                            once=("decided_by", "decided_at", "approved", "credit", "paper"))]

    class Meta:
        verbose_name = verbose_name_plural = "减免"
        constraints = [
            models.UniqueConstraint(fields=["charge"], condition=Q(approved=None), name="one_waiver_waits_per_line",
                                    violation_error_message="这笔应收已有减免申请在等批准。"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="waiver_is_positive", violation_error_message="减免要大于 0。"),
            models.CheckConstraint(condition=TWO_PEOPLE, name="waiver_needs_two_people", violation_error_message="申请人不能自己批准减免。"),
            models.CheckConstraint(condition=UNDECIDED, name="waiver_decided_by_someone",
                                   violation_error_message="决定了的减免要有批准人和时间。"),
            models.CheckConstraint(condition=Q(approved=True, credit__isnull=False, paper__isnull=False) | ~Q(approved=True) & Q(credit=None, paper=None)
                                   | Q(approved=None, credit=None, paper=None),
                                   name="waiver_approved_with_its_credit", violation_error_message="批准的减免要有贷项和减免单。")]
        indexes = [models.Index(fields=["estate", "asked_at"], name="waiver_by_day")]

    def __str__(self):
        return self.paper.number if self.paper_id else f"减免申请 {self.pk}"

    def get_absolute_url(self):
        return reverse("billing:waiver", args=[self.pk])
