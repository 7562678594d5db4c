"""Temporary parking: a visit from entry to exit, frozen with the rule, price and seconds that made its fee (FORMS 4.3, DOMAIN §2)."""
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from servicecentre.kit import guards
from servicecentre.kit.identity import show_plate
from servicecentre.kit.rows import EstateQuerySet, EstateRow

from .payments import Shift
from .policy import BillingPolicy
from .tariffs import Price

USER = "staff.User"
FREE_BELOW = 60 * 60                      # seconds: 59 min 59 s is free
TIER_TO = 12 * 60 * 60                    # to exactly 12 h 0 min 0 s, included
HALF_DAY, DAY = 12 * 60 * 60, 24 * 60 * 60
MOST_FEE = 10_000_00                      # fen: more is a slip of the hand
SHORT = "不足 1 小时"

_PRICED = (2 * F("unit_price") * F("times") + 100) / 200          # half-up to the fen, as kit/money.half_up
_CAPPED = Q(cap=0, fee=_PRICED) | Q(cap__gt=0, fee=_PRICED, fee__lte=F("cap")) | Q(cap__gt=0, fee=F("cap"), cap__lt=_PRICED)
_OVER = (Q(over_rule="each_12h", times=(F("seconds") + HALF_DAY - 1) / HALF_DAY)
         | Q(over_rule="each_24h", times=1 + (F("seconds") - TIER_TO + DAY - 1) / DAY))


class VisitQuerySet(EstateQuerySet):
    def inside(self):
        return self.filter(exit_at=None)

    def left(self):
        return self.filter(exit_at__isnull=False)

    def paid(self):
        """Those that brought money, whatever became of it."""
        return self.filter(fee__gt=0)

    def of_plate_part(self, part):
        return self.filter(plate__contains=part)

    def newest_first(self):
        return self.order_by("-pk")


class Visit(EstateRow):
    """临停记录. Without an exit it is inside; without an entry nobody wrote it down (DOMAIN §2: by hand with reason).

    ``seconds`` between entry and exit, None where the two say nothing; ``unit_price`` 0.0001 元 of the exit day × ``times``, ``cap``
    0 for none, is the ``fee`` in fen. ``shift``: whose till holds the money.
    """

    class Rule(models.TextChoices):
        FREE = "free", "免费"
        TIER = "tier", "1 到 12 小时"
        OVER = "over", "超过 12 小时"
        HAND = "hand", "手工"

    class Method(models.TextChoices):
        CASH = "cash", "现金"
        WECHAT = "wechat", "微信"
        ALIPAY = "alipay", "支付宝"

    plate = models.CharField("车牌", max_length=12)
    to_unit = models.CharField("去往", max_length=20, blank=True)
    entry_at = models.DateTimeField("进场时间", null=True)
    entry_gate = models.CharField("进场门岗", max_length=20, blank=True)
    entered_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="进场登记人", related_name="+")
    exit_at = models.DateTimeField("出场时间", null=True)
    exit_gate = models.CharField("出场门岗", max_length=20, null=True)
    left_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="放行人", related_name="+")
    day = models.DateField("出场日", null=True)
    seconds = models.BigIntegerField("停车秒数", null=True)
    rule = models.CharField("规则", max_length=10, choices=Rule.choices, null=True)
    over_rule = models.CharField("超过 12 小时的办法", max_length=10, choices=BillingPolicy.Over12h.choices, null=True)
    price = models.ForeignKey(Price, models.PROTECT, null=True, verbose_name="收费标准", related_name="visits")
    unit_price = models.BigIntegerField("单价(0.0001 元)", null=True)
    times = models.PositiveIntegerField("几次", null=True)
    cap = models.BigIntegerField("封顶(分)", null=True)
    fee = models.BigIntegerField("收费(分)", null=True)
    fee_reason = models.CharField("手工原因", max_length=100, null=True)
    free_kind = models.CharField("免费类别", max_length=100, null=True)
    method = models.CharField("方式", max_length=10, choices=Method.choices, null=True)
    shift = models.ForeignKey(Shift, models.PROTECT, null=True, verbose_name="班次", related_name="visits")

    objects = VisitQuerySet.as_manager()
    guards = [guards.SameEstate("price", "shift"), guards.Undeletable(),
              guards.Frozen("plate", "to_unit", "entry_at", "entry_gate", "entered_by",
                            once=("exit_at", "exit_gate", "left_by", "day", "seconds", "rule", "over_rule", "price", "unit_price", "times", "cap",
                                  "fee", "fee_reason", "free_kind", "method", "shift"))]

    class Meta:
        verbose_name = verbose_name_plural = "临停"
        constraints = [
            models.UniqueConstraint(fields=["estate", "plate"], condition=Q(exit_at=None), name="one_visit_inside_per_plate",
                                    violation_error_message="这辆车已经在场内，请先办出场。"),
            models.CheckConstraint(
                condition=Q(exit_at=None, exit_gate=None, left_by=None, day=None, rule=None, fee=None)
                | Q(exit_at__isnull=False, exit_gate__isnull=False, left_by__isnull=False, day__isnull=False, rule__isnull=False, fee__isnull=False),
                name="visit_left_whole", violation_error_message="出场要有时间、门岗、放行人和费用。"),
            models.CheckConstraint(condition=Q(fee=None) | Q(fee__gte=0, fee__lte=MOST_FEE), name="visit_fee_within_reason",
                                   violation_error_message="临停费用不能小于 0，也不能超过 10,000 元。"),
            models.CheckConstraint(condition=~Q(rule="hand") | Q(fee_reason__gt=""), name="hand_fee_says_why",
                                   violation_error_message="手工填的费用要写原因。"),
            models.CheckConstraint(condition=~Q(rule="free") | Q(fee=0, free_kind=SHORT, seconds__gte=0, seconds__lt=FREE_BELOW)
                                   | Q(fee=0, free_kind__gt="") & ~Q(free_kind=SHORT),
                                   name="free_visit_says_why", violation_error_message="免费放行要写明是哪一种。"),
            models.CheckConstraint(condition=Q(entry_at__isnull=False) | Q(rule__in=["hand", "free"]), name="visit_without_entry_by_hand",
                                   violation_error_message="没有进场记录的，要手工填费用和原因。"),
            models.CheckConstraint(condition=Q(exit_at=None) | Q(entry_at=None) | Q(exit_at__gte=F("entry_at")) | Q(rule__in=["hand", "free"]),
                                   name="visit_leaves_after_it_came", violation_error_message="出场早于进场，要手工填费用和原因。"),
            models.CheckConstraint(
                condition=~Q(rule__in=["tier", "over"])
                | Q(rule="tier", seconds__gte=FREE_BELOW, seconds__lte=TIER_TO, times=1, price__isnull=False) & _CAPPED
                | Q(rule="over", seconds__gt=TIER_TO, price__isnull=False) & _OVER & _CAPPED,
                name="visit_fee_is_its_tier", violation_error_message="临停费用与停车时间、单价不符。"),
            models.CheckConstraint(condition=Q(fee=None) | Q(fee=0, method=None, shift=None)
                                   | Q(fee__gt=0, method__isnull=False, shift__isnull=False),
                                   name="visit_money_lies_in_a_till", violation_error_message="收了钱的临停要有收款方式和班次。")]
        indexes = [models.Index(fields=["estate", "day"], name="visit_by_day"),
                   models.Index(fields=["estate", "entry_at"], name="visit_by_entry")]

    def __str__(self):
        return f"临停 {self.pk}"

    def get_absolute_url(self):
        return reverse("billing:visit", args=[self.pk])

    @property
    def shown_plate(self):
        return show_plate(self.plate)

    @property
    def stay(self):
        """「2 小时 06 分 00 秒」, or that nobody knows."""
        return stay_text(self.seconds)


class VisitVoid(EstateRow):
    """冲回: the reversing row of a visit's fee, made by somebody who did not take it; the visit stays as it was written."""

    visit = models.ForeignKey(Visit, models.PROTECT, verbose_name="临停", related_name="voids")
    fee = models.BigIntegerField("冲回(分)")
    taken_by = models.ForeignKey(USER, models.PROTECT, verbose_name="收款人", related_name="+")
    from_till = models.BooleanField("从当天收款里退")
    reason = models.CharField("原因", max_length=100)
    day = models.DateField("日期")
    at = models.DateTimeField("时间")
    by = models.ForeignKey(USER, models.PROTECT, verbose_name="经办人", related_name="+")

    guards = [guards.SameEstate("visit"), guards.AppendOnly()]

    class Meta:
        verbose_name = verbose_name_plural = "临停冲回"
        constraints = [
            models.UniqueConstraint(fields=["visit"], name="one_void_per_visit", violation_error_message="这笔临停费已经冲回过。"),
            models.CheckConstraint(condition=Q(fee__gt=0) & Q(reason__gt=""), name="visit_void_says_why",
                                   violation_error_message="冲回要有金额和原因。"),
            models.CheckConstraint(condition=~Q(by=F("taken_by")), name="visit_void_needs_two_people",
                                   violation_error_message="收款人不能冲回自己收的临停费。")]
        indexes = [models.Index(fields=["estate", "day"], name="visit_void_by_day")]

    def __str__(self):
        return f"{self.visit} 冲回"


def stay_text(seconds):
    """Seconds in words, none left out: they decide (DOMAIN §2)."""
    if seconds is None:
        return "不知道"
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours} 小时 {minutes:02d} 分 {left:02d} 秒" if hours else f"{minutes} 分 {left:02d} 秒"
