"""空置: an owner's application with its proof, the months' checks and readings, and which months go at a part of the price (DOMAIN §2, FORMS 3.6)."""
from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from households.models import AuthorisationLetter, Household, Unit, UnitUse
from servicecentre.kit import guards
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.rows import EstateQuerySet, EstateRow, NoOverlap, Versioned
from servicecentre.papers.models import Paper

USER = "staff.User"
REDUCED = {Unit.Kind.HOME: "property", Unit.Kind.SHOP: "commercial"}      # code of the only fee that an empty unit gets cheaper
SOON = timedelta(days=30)                                                 # how long before its end an approved span is told to end


class VacancyApplicationQuerySet(EstateQuerySet):
    def asked(self):
        """Waiting for a manager."""
        return self.filter(approved=None, ended_on=None)

    def running(self):
        """Approved, and not ended."""
        return self.filter(approved=True, ended_on=None)

    def over(self):
        """Ended, or not approved."""
        return self.filter(Q(approved=False) | Q(ended_on__isnull=False))

    def ending(self, *, on):
        """Running, whose approved span ends within thirty days, or has."""
        return self.running().filter(approved_to__lte=on + SOON)

    def in_order(self):
        return self.order_by("unit__sort", "pk")


class VacancyApplication(Versioned, EstateRow):
    """One application for one spell of one household. ``ended_on`` is the first day that is no longer of the spell.

    What the approval goes by (``needs_months``, ``percent``, ``counts_from``, ``whole_spell``) is frozen then: a setting changed
    later touches no spell that was approved. ``dropped_at``: the spell counts for nothing, so another may lie in its days.
    """

    class Proof(models.TextChoices):
        NEVER_IN = "never_in", "交付后没入住"
        READINGS = "readings", "抄表"
        INSPECTION = "inspection", "现场核查"
        KEYS = "keys", "托管钥匙"

    class Reason(models.TextChoices):
        AWAY = "away", "在外地工作"
        NEVER_IN = "never_in", "没入住"
        FOR_SALE = "for_sale", "待售"
        TO_LET = "to_let", "待租"
        OTHER = "other", "其他"

    class Why(models.TextChoices):
        MOVED_IN = "moved_in", "入住"
        LET = "let", "出租"
        RENOVATION = "renovation", "装修"
        OVER = "over", "用量超限"
        WITHDRAWN = "withdrawn", "申请撤销"
        SOLD = "sold", "过户"
        EXPIRED = "expired", "到期"

    household = models.ForeignKey(Household, models.PROTECT, verbose_name="户", related_name="vacancies")
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name="房屋", related_name="vacancies")
    spell_from = models.DateField("空置起始日")
    spell_to = models.DateField("空置最后一天", null=True)
    proof = models.CharField("凭什么", max_length=12, choices=Proof.choices)
    applied_on = models.DateField("申请日")
    planned_to = models.DateField("打算空到", null=True)
    reason = models.CharField("为什么空着", max_length=10, choices=Reason.choices)
    key_left = models.BooleanField("留钥匙", default=False)
    contact = models.CharField("漏水找谁", max_length=60)
    words = models.CharField("备注", max_length=100, blank=True)
    letter = models.ForeignKey(AuthorisationLetter, models.PROTECT, null=True, verbose_name="委托书", related_name="+")
    paper = models.OneToOneField(Paper, models.PROTECT, null=True, verbose_name="申请表", related_name="vacancy")
    asked_by = models.ForeignKey(USER, models.PROTECT, verbose_name="经办人", related_name="+")
    asked_at = models.DateTimeField("登记时间")
    approved = models.BooleanField("批准", null=True)
    approved_from = models.DateField("批准起", null=True)
    approved_to = models.DateField("批准止", null=True)
    decided_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="批准人", related_name="+")
    decided_at = models.DateTimeField("批准时间", null=True)
    refusal = models.CharField("不批准原因", max_length=100, blank=True, default="", db_default="")
    needs_months = models.PositiveSmallIntegerField("要满几个整月", null=True)
    percent = models.PositiveSmallIntegerField("收百分之几", null=True)
    counts_from = models.DateField("从哪天数", null=True)
    whole_spell = models.BooleanField("整段都减", null=True)
    notice = models.OneToOneField(Paper, models.PROTECT, null=True, verbose_name="批准通知", related_name="vacancy_notice")
    use = models.ForeignKey(UnitUse, models.PROTECT, null=True, verbose_name="使用情况", related_name="vacancies")
    ended_on = models.DateField("结束日", null=True)
    ended_why = models.CharField("结束原因", max_length=12, choices=Why.choices, null=True)
    ended_words = models.CharField("结束说明", max_length=100, blank=True, default="", db_default="")
    ended_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="结束经办人", related_name="+")
    ended_at = models.DateTimeField("结束登记时间", null=True)
    dropped_at = models.DateTimeField("不作数时间", null=True)

    objects = VacancyApplicationQuerySet.as_manager()
    guards = [guards.SameEstate("household", "unit", "letter", "paper", "notice", "use"), guards.Undeletable(),
              guards.Frozen("household", "unit", "spell_from", "proof", "applied_on", "planned_to", "reason", "key_left", "contact", "words",
                            "letter", "asked_by", "asked_at",
                            once=("paper", "approved", "approved_from", "decided_by", "decided_at", "needs_months", "percent", "counts_from", "whole_spell",
                                  "notice"))]

    class Meta:
        verbose_name = verbose_name_plural = "空置申请"
        constraints = [
            models.UniqueConstraint(fields=["unit"], condition=Q(ended_on=None, dropped_at=None), name="one_open_vacancy_per_unit",
                                    violation_error_message="这套房已有空置申请，先办完那一份。"),
            NoOverlap(name="vacancy_spells_do_not_overlap", by="unit", starts="spell_from", ends="spell_to", live="dropped_at",
                      violation_error_message="这段时间已经算过空置，新的要从那一段结束以后数起。"),
            models.CheckConstraint(condition=Q(applied_on__gte=F("spell_from")), name="vacancy_applied_after_it_began",
                                   violation_error_message="空置起始日不能晚于申请日。"),
            models.CheckConstraint(condition=Q(spell_to=None) | Q(spell_to__gte=F("spell_from")), name="vacancy_ends_after_it_began",
                                   violation_error_message="空置的结束日要晚于起始日。"),
            models.CheckConstraint(condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")), name="vacancy_needs_two_people",
                                   violation_error_message="登记申请的人不能自己批准。"),
            models.CheckConstraint(condition=Q(approved=None, decided_by=None, decided_at=None)
                                   | Q(approved__isnull=False, decided_by__isnull=False, decided_at__isnull=False),
                                   name="vacancy_decided_by_someone", violation_error_message="决定了的申请要有批准人和时间。"),
            models.CheckConstraint(name="vacancy_span_with_its_terms", violation_error_message="批准的空置要写明起止月份和按什么算。",
                                   condition=~Q(approved=True) | Q(approved_from__isnull=False, approved_from__day=1, approved_to__gt=F("approved_from"),
                                                                   needs_months__gte=1, percent__lte=100, counts_from__gte=F("spell_from"),
                                                                   whole_spell__isnull=False)),
            models.CheckConstraint(name="vacancy_ended_by_someone", violation_error_message="结束空置要写明原因和经办人。",
                                   condition=Q(ended_on=None, ended_why=None, ended_by=None, ended_at=None)
                                   | Q(ended_on__isnull=False, ended_why__isnull=False, ended_by__isnull=False, ended_at__isnull=False))]
        indexes = [models.Index(fields=["estate", "approved_to"], condition=Q(approved=True, ended_on=None), name="vacancy_running"),
                   models.Index(fields=["household"], name="vacancy_by_household")]

    def __str__(self):
        return self.paper.number if self.paper_id else f"空置申请 {self.pk}"

    def get_absolute_url(self):
        return reverse("billing:vacancy", args=[self.pk])

    @property
    def is_running(self):
        return self.approved is True and self.ended_on is None

    @property
    def state(self):
        """How it stands, ready for a status mark: kind, icon, word."""
        if self.approved is None:
            return {"kind": "warn", "icon": "clock", "word": "等批准"} if self.ended_on is None else {"kind": "idle", "word": "已撤回"}
        if not self.approved:
            return {"kind": "bad", "word": "没批准"}
        return {"kind": "idle", "word": "已结束"} if self.ended_on else {"kind": "run", "word": "空置中"}

    def paper_note(self, day):
        """What became of the application since it was printed."""
        if self.approved is None:
            return "还没有批准"
        if not self.approved:
            return f"没有批准：{self.refusal}"
        span = f"批准 {self.approved_from:%Y-%m} 至 {self.approved_to:%Y-%m}"
        return f"{span}，{self.ended_on} 结束（{self.get_ended_why_display()}）" if self.ended_on else span


class VacancyCheckQuerySet(EstateQuerySet):
    def live(self):
        """Not entered by mistake and taken back."""
        return self.filter(voided_at=None)


class VacancyCheck(EstateRow):
    """月核查: one month of a spell looked at, by readings or by going there; one that holds per month."""

    class Kind(models.TextChoices):
        READINGS = "readings", "抄表"
        INSPECTION = "inspection", "现场查看"

    application = models.ForeignKey(VacancyApplication, models.PROTECT, verbose_name="空置申请", related_name="checks")
    month = models.DateField("月份")
    on = models.DateField("核查日")
    kind = models.CharField("怎么核", max_length=10, choices=Kind.choices)
    use_found = models.BooleanField("有使用迹象")
    signs = models.CharField("看到什么", max_length=60, blank=True)
    words = models.CharField("说明", max_length=100, blank=True)
    by = models.ForeignKey(USER, models.PROTECT, verbose_name="核查人", related_name="+")
    at = models.DateTimeField("登记时间")
    voided_at = models.DateTimeField("撤回时间", null=True)

    objects = VacancyCheckQuerySet.as_manager()
    guards = [guards.SameEstate("application"), guards.Undeletable(),
              guards.Frozen("application", "month", "on", "kind", "use_found", "signs", "words", "by", "at", once=("voided_at",))]

    class Meta:
        verbose_name = verbose_name_plural = "空置月核查"
        ordering = ["month", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["application", "month"], condition=Q(voided_at=None), name="one_check_per_vacant_month",
                                    violation_error_message="这个月已经核查过了。"),
            models.CheckConstraint(condition=Q(month__day=1, on__gte=F("month")), name="vacancy_checked_in_its_month_or_later",
                                   violation_error_message="核查日不能早于要核的月份。")]

    def __str__(self):
        return f"{self.month:%Y-%m} 核查"

    def get_absolute_url(self):
        return reverse("billing:vacancy", args=[self.application_id])


class VacancyReading(EstateRow):
    """抄表: what a meter showed that day; ``used`` since the reading before, None for the first. 0.01 of the meter's unit.

    Gas is kept where it was read; no limit says how much of it is too much."""

    class Meter(models.TextChoices):
        WATER = "water", "水"
        POWER = "power", "电"
        GAS = "gas", "燃气"

    application = models.ForeignKey(VacancyApplication, models.PROTECT, verbose_name="空置申请", related_name="readings")
    check_row = models.ForeignKey(VacancyCheck, models.PROTECT, null=True, verbose_name="核查", related_name="readings")
    meter = models.CharField("表", max_length=6, choices=Meter.choices)
    on = models.DateField("抄表日")
    reading = models.BigIntegerField("读数(0.01)")
    used = models.BigIntegerField("用量(0.01)", null=True)
    days = models.PositiveIntegerField("天数", null=True)
    by = models.ForeignKey(USER, models.PROTECT, verbose_name="抄表人", related_name="+")
    voided_at = models.DateTimeField("撤回时间", null=True)

    objects = VacancyCheckQuerySet.as_manager()
    guards = [guards.SameEstate("application", "check_row"), guards.Undeletable(),
              guards.Frozen("application", "check_row", "meter", "on", "reading", "used", "days", "by", once=("voided_at",))]

    class Meta:
        verbose_name = verbose_name_plural = "空置抄表"
        ordering = ["on", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(reading__gte=0) & (Q(used=None, days=None) | Q(used__gte=0, days__gte=0)), name="vacant_meter_runs_forward",
                                   violation_error_message="这次读数比上次小，请核对。")]


class VacancyMonthQuerySet(EstateQuerySet):
    def live(self):
        return self.filter(voided_at=None)


class VacancyMonth(EstateRow):
    """A verified full month that goes at ``percent``: the month's run reads the live row of household and period, nothing else.

    A row comes with the check that verified the month (or with the approval, for months that the application's proof covers),
    and is void from the moment that the month turns out to have been no vacant one.
    """

    application = models.ForeignKey(VacancyApplication, models.PROTECT, verbose_name="空置申请", related_name="months")
    household = models.ForeignKey(Household, models.PROTECT, verbose_name="户", related_name="vacant_months")
    period = models.DateField("账期")
    percent = models.PositiveSmallIntegerField("比例(%)")
    made_at = models.DateTimeField("时间")
    made_by = models.ForeignKey(USER, models.PROTECT, verbose_name="经办人", related_name="+")
    voided_at = models.DateTimeField("作废时间", null=True)
    voided_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="作废人", related_name="+")

    objects = VacancyMonthQuerySet.as_manager()
    guards = [guards.SameEstate("application", "household"), guards.Undeletable(),
              guards.Frozen("application", "household", "period", "percent", "made_at", "made_by", once=("voided_at", "voided_by"))]

    class Meta:
        verbose_name = verbose_name_plural = "空置减免月"
        ordering = ["period"]
        constraints = [
            models.UniqueConstraint(fields=["household", "period"], condition=Q(voided_at=None), name="one_reduced_month_per_household",
                                    violation_error_message="这一户这个月已经按空置减免。"),
            models.CheckConstraint(condition=Q(period__day=1, percent__lte=100), name="reduced_month_is_a_month",
                                   violation_error_message="空置减免的月份或比例不对。")]
        indexes = [models.Index(fields=["estate", "period"], condition=Q(voided_at=None), name="reduced_by_period")]

    @property
    def month(self):
        return BillingMonth.of(self.period)
