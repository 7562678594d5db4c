"""Parking by the month: spaces, contracts, which space and which vehicle a contract holds when (DOMAIN §2 [seed], FORMS 4.1)."""
from datetime import timedelta

from django.db import models
from django.db.models import Exists, F, OuterRef, Prefetch, Q
from django.urls import reverse

from households.models import Household
from servicecentre.kit import guards
from servicecentre.kit.identity import show_plate
from servicecentre.kit.periods import business_day
from servicecentre.kit.rows import EstateQuerySet, EstateRow, NoOverlap, Versioned
from servicecentre.papers.models import Paper

from .charges import Charge
from .tariffs import FeeKind, Price

USER = "staff.User"


class SpaceKind(models.TextChoices):
    SHARED = "shared", "共用"
    DEDICATED = "dedicated", "专用"
    OPEN = "open", "露天"


OWNED = {SpaceKind.SHARED: "rent", SpaceKind.DEDICATED: "own", SpaceKind.OPEN: "common"}          # 权属, by the kind
FEE_CODES = {SpaceKind.SHARED: "parking_shared", SpaceKind.DEDICATED: "parking_dedicated", SpaceKind.OPEN: "parking_open"}


class ParkingSpaceQuerySet(EstateQuerySet):
    def in_order(self):
        return self.order_by("kind", "number")

    def free(self, *, first, last=None):
        """To let, and held by no contract on any day of this span (``last`` None: for ever)."""
        held = SpaceHold.objects.live().filter(space=OuterRef("pk")).filter(Q(ends_on=None) | Q(ends_on__gte=first))
        return self.filter(state=ParkingSpace.State.TO_LET).exclude(Exists(held if last is None else held.filter(starts_on__lte=last)))


class ParkingSpace(EstateRow, Versioned):
    """One space that has a number; a shared one need not have any."""

    class State(models.TextChoices):
        TO_LET = "to_let", "可租"
        VISITORS = "visitors", "留给临停"
        OUT = "out", "停用"

    number = models.CharField("车位号", max_length=20)
    kind = models.CharField("种类", max_length=10, choices=SpaceKind.choices)
    place = models.CharField("位置", max_length=60, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.TO_LET)
    remark = models.CharField("备注", max_length=60, blank=True)

    objects = ParkingSpaceQuerySet.as_manager()
    right = "billing.view_parking"
    guards = [guards.Undeletable()]

    class Meta:
        verbose_name = verbose_name_plural = "车位"
        constraints = [models.UniqueConstraint(fields=["estate", "number"], name="one_space_per_number",
                                               violation_error_message="这个车位号已经有了。")]

    def __str__(self):
        return self.number

    def get_absolute_url(self):
        return reverse("billing:parking_space", args=[self.pk])


class ParkingContractQuerySet(EstateQuerySet):
    def live(self):
        """Not called off before it began, nor taken back with its list."""
        return self.filter(voided_at=None)

    def running(self, *, on):
        return self.live().filter(starts_on__lte=on).filter(Q(ends_on=None) | Q(ends_on__gte=on))

    def current(self, *, on):
        """Running, or to begin."""
        return self.live().filter(Q(ends_on=None) | Q(ends_on__gte=on))

    def ending(self, *, on, days):
        """Running, with its last day among the next so many, and not renewed."""
        return self.running(on=on).filter(ends_on__lte=on + timedelta(days=days)).not_renewed()

    def run_out(self, *, on, days):
        """Past their last day since at most so many days, neither ended on purpose nor renewed: the car may still stand there."""
        return self.live().filter(ends_on__lt=on, ends_on__gte=on - timedelta(days=days), ended_at=None).not_renewed()

    def not_renewed(self):
        return self.exclude(Exists(ParkingContract.objects.live().filter(renews=OuterRef("pk"))))

    def lacking_proof(self, *, on):
        """Of dedicated spaces taken in from the old list, whose right is still to be proven."""
        return self.current(on=on).filter(space_kind=SpaceKind.DEDICATED, proof="")

    def past_tenure(self):
        """Reaching past the last day of their household, or of one that was taken back."""
        past = Q(household__ends_on__isnull=False) & (Q(ends_on=None) | Q(ends_on__gt=F("household__ends_on")))
        return self.live().filter(past | Q(household__voided_at__isnull=False))

    def beyond_tenure(self, *, on):
        """Those of them that nobody is billed for any more, until the desk ends or moves them.

        One whose own term is over stays while lines of days behind the household's last one are there: they were not given back.
        """
        lines = Charge.objects.live().filter(estate=OuterRef("estate"), household=OuterRef("household"), fee_kind=OuterRef("fee_kind"),
                                             subject=OuterRef("subject"), ends_on__gt=OuterRef("household__ends_on"))
        return self.past_tenure().filter(Q(ends_on=None) | Q(ends_on__gte=on) | Exists(lines))

    def with_holds(self):
        """Spaces and vehicles read along, the latest first; see space_on and vehicle_on."""
        return self.prefetch_related(Prefetch("holds", SpaceHold.objects.live().select_related("space").order_by("-starts_on")),
                                     Prefetch("vehicles", ContractVehicle.objects.live().order_by("-starts_on")))


class ParkingContract(Versioned, EstateRow):
    """车位服务协议: one space (or none with a number), one vehicle at a time, from–to, at a price frozen when it was signed.

    What bills it, for each month M of [``starts_on``, ``ends_on``] (None: open; an early end moves it, ``agreed_to`` keeps what was signed):
    a charge of ``household`` and its unit with this ``fee_kind``, ``subject``, quantity 100 (1.00 辆), ``unit_price`` (0.0001 元), percent
    100, starts_on/ends_on the days of M inside the span and the household's tenure, share 1/1 for the whole calendar month, else days/days
    of M. The signing bills the first cycle itself, its first month by the estate's ``first_month``, and further cycles while a month of
    them was run already; a run bills months from ``billed_from`` (always a 1st) on, rows with ``voided_at`` None, and only while the tenure
    lasts. A cycle of ``cycle_months`` begins in M when the months from ``billed_from`` to M are a multiple of it; what a run bills of it is
    due on the due day of its first month.
    Its charges are those of this household, fee kind and subject. A row that came with the old list has no ``paper`` but ``opening``.
    """

    class Cycle(models.IntegerChoices):
        MONTH = 1, "月"
        QUARTER = 3, "季"
        HALF = 6, "半年"
        YEAR = 12, "年"

    class Ownership(models.TextChoices):
        OWN = "own", "自有"
        RENT = "rent", "租用"
        COMMON = "common", "共有"

    household = models.ForeignKey(Household, models.PROTECT, verbose_name="户", related_name="parking_contracts")
    fee_kind = models.ForeignKey(FeeKind, models.PROTECT, verbose_name="收费项目", related_name="+")
    price = models.ForeignKey(Price, models.PROTECT, verbose_name="收费标准", related_name="+")
    paper = models.OneToOneField(Paper, models.PROTECT, null=True, verbose_name="协议", related_name="parking_contract")
    opening = models.ForeignKey("households.RegisterImport", models.PROTECT, null=True, verbose_name="原有名单", related_name="parking_contracts")
    renews = models.ForeignKey("self", models.PROTECT, null=True, verbose_name="续自", related_name="renewals")
    subject = models.CharField("协议号", max_length=60)
    space_kind = models.CharField("种类", max_length=10, choices=SpaceKind.choices)
    unit_price = models.BigIntegerField("月费(0.0001 元)")
    starts_on = models.DateField("起")
    ends_on = models.DateField("止", null=True)
    agreed_to = models.DateField("约定止日", null=True)
    cycle_months = models.PositiveSmallIntegerField("付费周期(月)", choices=Cycle.choices, default=Cycle.MONTH)
    billed_from = models.DateField("从哪个月起由出账收")
    ownership = models.CharField("权属", max_length=10, choices=Ownership.choices)
    proof = models.CharField("权属证明", max_length=60, blank=True)
    holder_name = models.CharField("使用人", max_length=40)
    card_no = models.CharField("卡、遥控", max_length=30, blank=True)
    remarks = models.CharField("备注", max_length=60, blank=True)
    signed_by = models.ForeignKey(USER, models.PROTECT, verbose_name="经办人", related_name="+")
    signed_at = models.DateTimeField("签订时间")
    ended_at = models.DateTimeField("提前终止时间", null=True)
    ended_by = models.ForeignKey(USER, models.PROTECT, null=True, verbose_name="终止经办", related_name="+")
    end_reason = models.CharField("终止原因", max_length=60, null=True)
    voided_at = models.DateTimeField("取消时间", null=True)

    objects = ParkingContractQuerySet.as_manager()
    right = "billing.view_parking"                     # what opens its page, for a line of the log that leads to it
    guards = [guards.SameEstate("household", "fee_kind", "price", "paper", "opening", "renews"), guards.Undeletable(),
              guards.Frozen("household", "fee_kind", "price", "opening", "renews", "subject", "space_kind", "unit_price", "starts_on",
                            "agreed_to", "cycle_months", "billed_from", "signed_by", "signed_at",
                            once=("paper", "ended_at", "ended_by", "end_reason", "voided_at"))]

    class Meta:
        verbose_name = verbose_name_plural = "车位协议"
        constraints = [
            models.UniqueConstraint(fields=["estate", "subject"], name="one_contract_per_subject", violation_error_message="这个协议号已经有了。"),
            models.UniqueConstraint(fields=["renews"], condition=Q(voided_at=None), name="renewed_once",
                                    violation_error_message="这份协议已经续过了。"),
            models.CheckConstraint(condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="contract_ends_after_start",
                                   violation_error_message="止日不能早于起日。"),
            models.CheckConstraint(condition=Q(agreed_to=None) | Q(ends_on__isnull=False, ends_on__lte=F("agreed_to")),
                                   name="contract_within_what_was_agreed", violation_error_message="止日不能晚于约定的止日，要延长请办续租。"),
            models.CheckConstraint(condition=Q(cycle_months__in=(1, 3, 6, 12), billed_from__day=1, unit_price__gt=0, unit_price__lte=10_000_000),
                                   name="contract_terms_within_reason", violation_error_message="月费、付费周期或起收月份超出范围。"),
            models.CheckConstraint(condition=~Q(space_kind="dedicated") | ~Q(proof="") | Q(opening__isnull=False),
                                   name="dedicated_space_needs_proof", violation_error_message="专用车位要有权属证明。"),
            models.CheckConstraint(condition=Q(ended_at=None, ended_by=None, end_reason=None)
                                   | Q(ended_at__isnull=False, ended_by__isnull=False, end_reason__gt=""),
                                   name="contract_ended_with_reason", violation_error_message="提前终止要写明原因和经办人。"),
            models.CheckConstraint(condition=Q(paper__isnull=False) | Q(opening__isnull=False), name="contract_has_its_paper",
                                   violation_error_message="车位协议要有编号的单据。")]
        indexes = [models.Index(fields=["estate", "ends_on"], condition=Q(voided_at=None), name="contract_by_end")]

    def __str__(self):
        return self.subject

    def get_absolute_url(self):
        return reverse("billing:parking_contract", args=[self.pk])

    @property
    def fen(self):
        """A whole month, fen."""
        return (self.unit_price + 50) // 100

    def space_on(self, day):
        """The space held on that day, of a row with_holds(); before its first day the first, after its last the last."""
        return getattr(_on(self.holds.all(), day), "space", None)

    def vehicle_on(self, day):
        return _on(self.vehicles.all(), day)

    @property
    def tenure_ends(self):
        """The household's last day, where this reaches past it; nobody is billed for what is behind."""
        last = self.household.ends_on
        return last if last and self.voided_at is None and (self.ends_on is None or self.ends_on > last) else None

    def never_began(self, day):
        """May it be called off on that day: before its first day is over, on the day it was signed, or where its household was gone by then."""
        gone = self.household.voided_at or self.household.ends_on and self.household.ends_on < self.starts_on
        return bool(gone or self.paper_id and (day <= self.starts_on or business_day(self.signed_at) == day))

    def state_on(self, day):
        """(words, CSS state) for lists."""
        if self.voided_at:
            return "已取消", "st-idle"
        if self.starts_on > day:
            return f"{self.starts_on} 起", "st-idle"
        if self.ends_on is None or self.ends_on >= day:
            return "在租", "st-ok"
        return ("提前终止" if self.ended_at else "已到期"), "st-idle"

    def paper_note(self, day):
        """What has become of it since, for the paper's page and who scans it."""
        if self.voided_at:
            return "这份协议没有开始就取消了。"
        if self.ended_at:
            return f"提前终止，用到 {self.ends_on}：{self.end_reason}。"
        return f"已于 {self.ends_on} 到期。" if self.ends_on and self.ends_on < day else ""


def _on(rows, day):
    """Of rows that follow each other, latest first: that of the day, else the one nearest to it."""
    rows = list(rows)
    return next((row for row in rows if row.starts_on <= day), rows[-1] if rows else None)


class HoldQuerySet(EstateQuerySet):
    def live(self):
        return self.filter(voided_at=None)


class SpaceHold(EstateRow):
    """Which space a contract holds from when to when: a row of its own, for the space may change and may have no number."""

    contract = models.ForeignKey(ParkingContract, models.PROTECT, verbose_name="协议", related_name="holds")
    space = models.ForeignKey(ParkingSpace, models.PROTECT, verbose_name="车位", related_name="holds")
    starts_on = models.DateField("起")
    ends_on = models.DateField("止", null=True)
    reason = models.CharField("更换原因", max_length=60, blank=True)
    by = models.ForeignKey(USER, models.PROTECT, verbose_name="经办人", related_name="+")
    at = models.DateTimeField("时间")
    voided_at = models.DateTimeField("取消时间", null=True)

    objects = HoldQuerySet.as_manager()
    guards = [guards.SameEstate("contract", "space"), guards.Undeletable(),
              guards.Frozen("contract", "space", "starts_on", "reason", "by", "at", once=("voided_at",))]

    class Meta:
        verbose_name = verbose_name_plural = "占用车位"
        constraints = [
            models.CheckConstraint(condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="hold_ends_after_start",
                                   violation_error_message="止日不能早于起日。"),
            NoOverlap(name="one_contract_per_space", by="space", live="voided_at", violation_error_message="这个车位这段时间已经租出，请换一个。"),
            NoOverlap(name="one_space_per_contract", by="contract", live="voided_at", violation_error_message="一份协议同时只占一个车位。")]


class ContractVehicle(EstateRow):
    """Which vehicle parks on a contract from when to when (FORMS 4.2); one at a time."""

    contract = models.ForeignKey(ParkingContract, models.PROTECT, verbose_name="协议", related_name="vehicles")
    plate = models.CharField("车牌", max_length=12)
    brand = models.CharField("品牌", max_length=30, blank=True)
    colour = models.CharField("颜色", max_length=10, blank=True)
    owner_name = models.CharField("车主", max_length=40, blank=True)
    licence_seen = models.BooleanField("行驶证看过", default=False)
    starts_on = models.DateField("起")
    ends_on = models.DateField("止", null=True)
    reason = models.CharField("更换原因", max_length=60, blank=True)
    by = models.ForeignKey(USER, models.PROTECT, verbose_name="经办人", related_name="+")
    at = models.DateTimeField("时间")
    voided_at = models.DateTimeField("取消时间", null=True)

    objects = HoldQuerySet.as_manager()
    guards = [guards.SameEstate("contract"), guards.Undeletable(),
              guards.Frozen("contract", "plate", "starts_on", "reason", "by", "at", once=("voided_at",))]

    class Meta:
        verbose_name = verbose_name_plural = "协议车辆"
        constraints = [
            models.CheckConstraint(condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="parked_vehicle_ends_after_start",
                                   violation_error_message="止日不能早于起日。"),
            NoOverlap(name="one_vehicle_per_contract", by="contract", live="voided_at", violation_error_message="一个车位同时只登记一辆车。")]
        indexes = [models.Index(fields=["estate", "plate"], condition=Q(voided_at=None), name="parked_plate")]

    def __str__(self):
        return self.shown_plate

    @property
    def shown_plate(self):
        return show_plate(self.plate)
