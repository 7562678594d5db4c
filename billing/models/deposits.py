"""押金: money held for somebody, never income; its moves are only added, what goes back is asked, approved and paid by different people (DOMAIN §2)."""
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse

from households.models import AuthorisationLetter, Household, LetterUse
from servicecentre.kit import guards
from servicecentre.kit.identity import IdKind, mask_account
from servicecentre.kit.rows import EstateQuerySet, EstateRow
from servicecentre.kit.secrets import EncryptedCharField
from servicecentre.papers.models import Paper

from .asked import AskedQuerySet, PaidOutQuerySet
from .charges import Charge, Credit
from .payments import PaymentPart, Shift
from .petty_cash import PettyCashMove

USER = "staff.User"


class DepositQuerySet(EstateQuerySet):
    def live(self):
        return self.filter(voided_at=None)

    def held(self):
        """Those of which something is still held."""
        return self.live().filter(held__gt=0)

    def to_give_back(self, *, on):
        """Held, the day from which it may be had back has come, and nobody has asked for it yet."""
        asked = DepositReturn.objects.waiting().filter(deposit=OuterRef("pk"))
        return self.held().filter(~Exists(asked), due_back_on__lte=on)


class Deposit(EstateRow):
    """One deposit taken; ``held`` (fen) is what its moves leave. The payer's ID and account stand only encrypted."""

    class Kind(models.TextChoices):
        RENOVATION = "renovation", "装修"
        PASS = "pass", "出入证"
        KEY = "key", "钥匙"
        CARD = "card", "门禁卡"
        REMOTE = "remote", "遥控器"
        OTHER = "other", "其他"

    household = models.ForeignKey(Household, models.PROTECT, verbose_name="户", related_name="deposits")
    shift = models.ForeignKey(Shift, models.PROTECT, verbose_name="班次", related_name="deposits")
    paper = models.OneToOneField(Paper, models.PROTECT, null=True, verbose_name="押金收据", related_name="deposit")
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    basis = models.CharField("依据", max_length=60)
    amount = models.BigIntegerField("金额(分)")
    held = models.BigIntegerField("在押(分)")
    payer_name = models.CharField("交款人", max_length=60)
    payer_id_kind = models.CharField("证件类别", max_length=20, choices=IdKind.choices)
    payer_id = EncryptedCharField("证件号码", max_length=400)
    payer_id_masked = models.CharField("证件(掩码)", max_length=40)
    payer_phone = models.CharField("电话", max_length=20)
    bank = models.CharField("退款开户行", max_length=60, blank=True)
    account_no = EncryptedCharField("退款账号", max_length=400, blank=True)
    method = models.CharField("收款方式", max_length=10, choices=PaymentPart.Method.choices)
    reference = models.CharField("流水号", max_length=40, blank=True)
    due_back_on = models.DateField("最早退还日", null=True)
    remarks = models.CharField("备注", max_length=60, blank=True)
    at = models.DateTimeField("时间")
    day = models.DateField("日期")
    cashier = models.ForeignKey(USER, models.PROTECT, verbose_name="收款员", related_name="+")
    voided_at = models.DateTimeField("作废时间", null=True)
    voided_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="作废人", related_name="+")
    void_reason = models.CharField("作废原因", max_length=100, blank=True)

    objects = DepositQuerySet.as_manager()
    guards = [guards.SameEstate("household", "shift", "paper"), guards.Undeletable(),
              guards.Frozen("household", "shift", "kind", "basis", "amount", "payer_name", "payer_id_kind", "payer_id", "payer_id_masked", "payer_phone",
                            "bank", "account_no", "method", "reference", "due_back_on", "remarks", "at", "day", "cashier",
                            once=("paper", "voided_at", "voided_by"))]

    class Meta:
        verbose_name = verbose_name_plural = "押金"
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0, held__gte=0, held__lte=F("amount")), name="deposit_held_within_amount",
                                   violation_error_message="退的、扣的超过在押的，请刷新后核对。"),
            models.CheckConstraint(condition=Q(voided_at=None, voided_by=None) | Q(voided_at__isnull=False, voided_by__isnull=False, held=0),
                                   name="void_deposit_holds_nothing", violation_error_message="作废的押金不能再有在押的钱。"),
            models.CheckConstraint(condition=Q(voided_by=None) | ~Q(voided_by=F("cashier")), name="cashier_voids_no_own_deposit",
                                   violation_error_message="收款人不能作废自己开的押金收据。"),
            models.CheckConstraint(condition=Q(payer_id__startswith="f") & (Q(account_no="") | Q(account_no__startswith="f")),
                                   name="deposit_identity_only_encrypted", violation_error_message="证件号码、账号必须加密保存。")]
        indexes = [models.Index(fields=["estate", "household", "at"], name="deposit_by_household"),
                   models.Index(fields=["estate", "day"], name="deposit_by_day"),
                   models.Index(fields=["estate", "kind", "held"], condition=Q(held__gt=0), name="deposit_held")]

    def __str__(self):
        return self.paper.number if self.paper_id else f"押金 {self.pk}"

    def get_absolute_url(self):
        return reverse("billing:deposit", args=[self.pk])

    @property
    def account_masked(self):
        return mask_account(self.account_no)


class DepositVoid(EstateRow):
    """作废押金收据: asked by one with what was wrong and how many copies are back, done by another who did not take the money (FORMS 3.4)."""

    deposit = models.ForeignKey(Deposit, models.PROTECT, verbose_name="押金", related_name="voids")
    cashier = models.ForeignKey(USER, models.PROTECT, verbose_name="押金收款员", related_name="+")
    words = models.CharField("错在哪里", max_length=100)
    copies_back = models.PositiveSmallIntegerField("收回联数", default=3)
    asked_by = models.ForeignKey(USER, models.PROTECT, verbose_name="申请人", related_name="+")
    asked_at = models.DateTimeField("申请时间")
    approved = models.BooleanField("批准", null=True)
    decided_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="批准人", related_name="+")
    decided_at = models.DateTimeField("批准时间", null=True)
    refusal = models.CharField("不批准原因", max_length=100, blank=True)

    objects = AskedQuerySet.as_manager()
    guards = [guards.SameEstate("deposit"), guards.Undeletable(),
              guards.Frozen("deposit", "cashier", "words", "copies_back", "asked_by", "asked_at", once=("approved", "decided_by", "decided_at"))]

    class Meta:
        verbose_name = verbose_name_plural = "押金收据作废"
        constraints = [
            models.UniqueConstraint(fields=["deposit"], condition=Q(approved=None) | Q(approved=True), name="one_void_per_deposit",
                                    violation_error_message="这张押金收据已有作废申请。"),
            models.CheckConstraint(condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")), name="deposit_void_needs_two_people",
                                   violation_error_message="申请人不能自己批准。"),
            models.CheckConstraint(condition=~Q(approved=True) | ~Q(decided_by=F("cashier")), name="cashier_approves_no_deposit_void",
                                   violation_error_message="收款人不能作废自己开的押金收据。"),
            models.CheckConstraint(condition=Q(approved=None, decided_by=None, decided_at=None)
                                   | Q(approved__isnull=False, decided_by__isnull=False, decided_at__isnull=False),
                                   name="deposit_void_decided_by_someone", violation_error_message="决定了的作废要有批准人和时间。"),
            models.CheckConstraint(condition=Q(copies_back__lte=3), name="three_copies_of_a_deposit_at_most",
                                   violation_error_message="押金收据一共三联。")]

    def __str__(self):
        return f"作废 {self.deposit}"

    def get_absolute_url(self):
        return reverse("billing:deposit_void", args=[self.pk])


class DepositReturn(EstateRow):
    """退押金: asked at the desk, approved by a manager, paid by finance. refund + deducted + set_off is what was held.

    Withdrawn before it is paid, it is as if never asked. Sent back by the bank, its refund is held again and may be asked for anew;
    what was deducted and set off stays.
    """

    class Method(models.TextChoices):
        SAME_WAY = "same_way", "原路退回"
        TRANSFER = "transfer", "转账"
        PETTY_CASH = "petty_cash", "备用金现金"

    deposit = models.ForeignKey(Deposit, models.PROTECT, verbose_name="押金", related_name="returns")
    cashier = models.ForeignKey(USER, models.PROTECT, verbose_name="押金收款员", related_name="+")
    amount = models.BigIntegerField("在押(分)")
    deducted = models.BigIntegerField("扣款(分)", default=0)
    set_off = models.BigIntegerField("抵欠费(分)", default=0)
    refund = models.BigIntegerField("应退(分)")
    words = models.CharField("说明", max_length=100, blank=True)
    original_returned = models.BooleanField("原收据收回")
    letter_use = models.ForeignKey(LetterUse, models.PROTECT, null=True, verbose_name="代办委托书", related_name="+")
    delegate = models.CharField("代办人", max_length=60, blank=True)
    inspected_by = models.CharField("验收人", max_length=60, blank=True)
    inspected_on = models.DateField("验收日", null=True)
    method = models.CharField("退款方式", max_length=12, choices=Method.choices)
    account_name = models.CharField("户名", max_length=60)
    bank = models.CharField("开户行", max_length=60, blank=True)
    account_no = EncryptedCharField("账号", max_length=400, blank=True)
    asked_by = models.ForeignKey(USER, models.PROTECT, verbose_name="申请人", related_name="+")
    asked_at = models.DateTimeField("申请时间")
    approved = models.BooleanField("批准", null=True)
    decided_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="批准人", related_name="+")
    decided_at = models.DateTimeField("批准时间", null=True)
    refusal = models.CharField("不批准原因", max_length=100, blank=True)
    withdrawn_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="撤回人", related_name="+")
    withdrawn_at = models.DateTimeField("撤回时间", null=True)
    withdrawn_words = models.CharField("撤回原因", max_length=100, blank=True)
    paid_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="付款人", related_name="+")
    paid_at = models.DateTimeField("付款时间", null=True)
    reference = models.CharField("付款流水号", max_length=40, blank=True)
    spent = models.ForeignKey(PettyCashMove, models.PROTECT, null=True, verbose_name="备用金支出", related_name="+")
    paper = models.OneToOneField(Paper, models.PROTECT, null=True, verbose_name="押金退还单", related_name="deposit_return")
    bounced_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="登记退回人", related_name="+")
    bounced_at = models.DateTimeField("退回时间", null=True)
    bounced_words = models.CharField("退回原因", max_length=100, blank=True)

    objects = PaidOutQuerySet.as_manager()
    guards = [guards.SameEstate("deposit", "letter_use", "spent", "paper"), guards.Undeletable(),
              guards.Frozen("deposit", "cashier", "amount", "deducted", "set_off", "refund", "words", "original_returned", "letter_use", "delegate",
                            "inspected_by", "inspected_on", "method", "account_name", "bank", "account_no", "asked_by", "asked_at",
                            once=("approved", "decided_by", "decided_at", "withdrawn_by", "withdrawn_at", "paid_by", "paid_at", "spent", "paper",
                                  "bounced_by", "bounced_at"))]

    class Meta:
        verbose_name = verbose_name_plural = "退押金"
        constraints = [
            models.UniqueConstraint(fields=["deposit"], condition=Q(approved=None, withdrawn_at=None) | Q(approved=True, withdrawn_at=None, paid_at=None),
                                    name="one_return_at_a_time",
                                    violation_error_message="这笔押金已有退款申请。"),
            models.CheckConstraint(condition=Q(refund__gte=0, deducted__gte=0, set_off__gte=0, amount__gt=0,
                                               amount=F("refund") + F("deducted") + F("set_off")),
                                   name="return_adds_up", violation_error_message="扣的、抵的比在押的多。"),
            models.CheckConstraint(condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")), name="return_needs_two_people",
                                   violation_error_message="申请人不能自己批准。"),
            models.CheckConstraint(condition=~Q(approved=True) | ~Q(decided_by=F("cashier")), name="cashier_approves_no_return",
                                   violation_error_message="收押金的人不能批准退它。"),
            models.CheckConstraint(condition=Q(paid_by=None) | ~Q(paid_by=F("asked_by")) & ~Q(paid_by=F("cashier")) & ~Q(paid_by=F("decided_by")),
                                   name="return_paid_by_another", violation_error_message="收押金的人、申请和批准退的人不能付款。"),
            models.CheckConstraint(condition=Q(approved=None, decided_by=None, decided_at=None)
                                   | Q(approved__isnull=False, decided_by__isnull=False, decided_at__isnull=False),
                                   name="return_decided_by_someone", violation_error_message="决定了的退款要有批准人和时间。"),
            models.CheckConstraint(condition=Q(paid_at=None, paid_by=None, paper=None)
                                   | Q(paid_at__isnull=False, paid_by__isnull=False, paper__isnull=False, approved=True, withdrawn_at=None),
                                   name="return_paid_once_approved", violation_error_message="批准了、没有撤回的才付款，付款要有付款人和单据。"),
            models.CheckConstraint(condition=Q(paid_at=None, spent=None) | Q(paid_at__isnull=False) & (
                Q(method="petty_cash", refund__gt=0, spent__isnull=False) | Q(spent=None) & (~Q(method="petty_cash") | Q(refund=0))),
                name="return_cash_is_petty_cash", violation_error_message="退押金的现金从备用金付。"),
            models.CheckConstraint(condition=Q(withdrawn_at=None, withdrawn_by=None) | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                                   name="return_withdrawn_by_someone", violation_error_message="撤回要有撤回人和时间。"),
            models.CheckConstraint(condition=Q(bounced_at=None, bounced_by=None) | Q(
                bounced_at__isnull=False, bounced_by__isnull=False, paid_at__isnull=False, refund__gt=0) & ~Q(method="petty_cash"),
                name="return_bounced_after_payment", violation_error_message="付出去的转账、原路退款才会被退回。"),
            models.CheckConstraint(condition=Q(inspected_by="", inspected_on=None) | Q(inspected_by__gt="", inspected_on__isnull=False),
                                   name="inspection_says_who_and_when", violation_error_message="验收要写谁、哪天。"),
            models.CheckConstraint(condition=Q(delegate="") | Q(letter_use=None), name="delegate_by_one_letter",
                                   violation_error_message="代办人只凭一份委托书。"),
            models.CheckConstraint(condition=Q(account_no="") | Q(account_no__startswith="f"), name="return_account_only_encrypted",
                                   violation_error_message="账号必须加密保存。")]
        indexes = [models.Index(fields=["estate", "approved", "paid_at"], name="return_waiting")]

    def __str__(self):
        return f"{self.deposit} 退押金"

    def get_absolute_url(self):
        return reverse("billing:deposit_return", args=[self.pk])

    @property
    def account_masked(self):
        return mask_account(self.account_no)

    @property
    def state(self):
        """One word for where it stands."""
        if self.bounced_at:
            return "bounced"
        if self.paid_at:
            return "paid"
        if self.withdrawn_at:
            return "withdrawn"
        return {None: "asked", True: "approved", False: "refused"}[self.approved]

    def paper_note(self, day):
        """What has become of the money since the slip was written."""
        return f"这笔押金被退回，钱仍在押：{self.bounced_words}" if self.bounced_at else ""

    @property
    def letter(self):
        """The letter under which somebody else comes for the money."""
        return AuthorisationLetter.objects.select_related("agent", "paper").get(pk=self.letter_use.letter_id) if self.letter_use_id else None


class DepositDeduction(EstateRow):
    """扣款: what is taken off and why; its photos and quotations are files of this row."""

    class Kind(models.TextChoices):
        DAMAGE = "damage", "公共部位损坏"
        RUBBISH = "rubbish", "垃圾清运"
        LOST = "lost", "证件遗失"
        AGREED = "agreed", "约定赔偿"

    giving_back = models.ForeignKey(DepositReturn, models.PROTECT, verbose_name="退押金", related_name="deductions")
    kind = models.CharField("扣款项", max_length=10, choices=Kind.choices)
    words = models.CharField("说明", max_length=80)
    amount = models.BigIntegerField("金额(分)")

    guards = [guards.SameEstate("giving_back"), guards.AppendOnly()]

    class Meta:
        verbose_name = verbose_name_plural = "押金扣款"
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0) & ~Q(words=""), name="deduction_says_what_for",
                                              violation_error_message="扣款要写明扣什么，金额大于 0。")]


class DepositSetOff(EstateRow):
    """An arrear that the payer agreed in writing to pay out of the deposit."""

    giving_back = models.ForeignKey(DepositReturn, models.PROTECT, verbose_name="退押金", related_name="set_offs")
    charge = models.ForeignKey(Charge, models.PROTECT, verbose_name="应收", related_name="+")

    guards = [guards.SameEstate("giving_back", "charge"), guards.AppendOnly()]

    class Meta:
        verbose_name = verbose_name_plural = "押金抵欠费"
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["giving_back", "charge"], name="one_set_off_per_charge",
                                               violation_error_message="同一笔欠费只抵一次。")]


class DepositMove(EstateRow):
    """What came in and went out of a deposit, only added; held = taken + returned by the bank − all others (DOMAIN §9.15)."""

    class Kind(models.TextChoices):
        TAKEN = "taken", "收"
        RETURNED = "returned", "退"
        DEDUCTED = "deducted", "扣"
        SET_OFF = "set_off", "抵欠费"
        VOIDED = "voided", "作废"
        BOUNCED = "bounced", "退回"

    CAME_IN = (Kind.TAKEN, Kind.BOUNCED)

    deposit = models.ForeignKey(Deposit, models.PROTECT, verbose_name="押金", related_name="moves")
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    amount = models.BigIntegerField("金额(分)")
    words = models.CharField("说明", max_length=120)
    giving_back = models.ForeignKey(DepositReturn, models.PROTECT, null=True, verbose_name="退押金", related_name="moves")
    credit = models.OneToOneField(Credit, models.PROTECT, null=True, verbose_name="抵欠费的贷项", related_name="deposit_move")
    at = models.DateTimeField("时间")
    by = models.ForeignKey(USER, models.PROTECT, verbose_name="经办人", related_name="+")

    guards = [guards.SameEstate("deposit", "giving_back", "credit"), guards.AppendOnly()]

    class Meta:
        verbose_name = verbose_name_plural = "押金进出"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="deposit_move_is_positive", violation_error_message="金额要大于 0。"),
            models.UniqueConstraint(fields=["deposit"], condition=Q(kind="taken"), name="deposit_taken_once", violation_error_message="押金只收一次。"),
            models.CheckConstraint(condition=Q(kind="set_off", credit__isnull=False) | ~Q(kind="set_off") & Q(credit=None), name="set_off_gives_credit",
                                   violation_error_message="抵欠费要有贷项。"),
            models.CheckConstraint(condition=Q(kind__in=("taken", "voided"), giving_back=None)
                                   | Q(kind__in=("returned", "deducted", "set_off", "bounced"), giving_back__isnull=False),
                                   name="what_leaves_names_its_return", violation_error_message="退、扣、抵、退回要写明是哪一次退押金。"),
            models.UniqueConstraint(fields=["giving_back"], condition=Q(kind="bounced"), name="return_bounces_once",
                                    violation_error_message="已经登记过退回。")]
