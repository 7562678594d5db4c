"""How a unit is lived in: standing instructions, what it is used for, pets, special care (FORMS 1.4)."""
from django.conf import settings
from django.db import models
from django.db.models import Q

from servicecentre.kit import guards
from servicecentre.kit.rows import EstateQuerySet, EstateRow, NoOverlap
from servicecentre.kit.secrets import EncryptedCharField

from .people import Household
from .places import Unit

USER = settings.AUTH_USER_MODEL


class InstructionQuerySet(EstateQuerySet):
    def in_force(self, *, on):
        return self.filter(starts_on__lte=on, withdrawn_on=None).filter(Q(ends_on=None) | Q(ends_on__gte=on))


class StandingInstruction(EstateRow):
    """What the owner asked the desk to do or not to do from a day on; it shows at the moment of the act it speaks of."""

    class Moment(models.TextChoices):
        ANY = "any", "办任何事"
        COLLECT = "collect", "收费"
        KEYS = "keys", "借钥匙"
        RELEASE = "release", "物品放行"
        VISIT = "visit", "来访"
        REPAIR = "repair", "上门维修"
        CALL = "call", "打电话"
        OWNER = "owner", "变更业主"

    household = models.ForeignKey(Household, models.PROTECT, verbose_name="户", related_name="instructions")
    moment = models.CharField("什么时候看", max_length=10, choices=Moment.choices, default=Moment.ANY)
    words = models.CharField("嘱咐", max_length=120)
    given_by = models.CharField("谁嘱咐的", max_length=40)
    starts_on = models.DateField("起")
    ends_on = models.DateField("止", null=True)
    taken_by = models.ForeignKey(USER, models.PROTECT, verbose_name="登记人", related_name="+")
    withdrawn_on = models.DateField("撤回日", null=True)

    objects = InstructionQuerySet.as_manager()
    guards = [guards.SameEstate("household"), guards.Frozen("household", "moment", "words", "given_by", "starts_on", "taken_by",
                                                            once=("withdrawn_on",))]

    class Meta:
        verbose_name = verbose_name_plural = "长期嘱咐"
        constraints = [models.CheckConstraint(condition=Q(ends_on=None) | Q(ends_on__gte=models.F("starts_on")),
                                              name="instruction_ends_after_start", violation_error_message="止日不能早于起日。")]

    def __str__(self):
        return self.words


class UnitUseQuerySet(EstateQuerySet):
    def live(self):
        """Not entered by mistake and taken back."""
        return self.filter(voided_at=None)


class UnitUse(EstateRow):
    """What a unit is used for from day to day; spans never overlap (vacancy, permits and leases read and write it)."""

    class Use(models.TextChoices):
        OWN = "own", "自住"
        LET = "let", "出租"
        VACANT = "vacant", "空置"
        RENOVATION = "renovation", "装修"

    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name="房屋", related_name="uses")
    use = models.CharField("使用情况", max_length=10, choices=Use.choices)
    starts_on = models.DateField("起")
    ends_on = models.DateField("止", null=True)
    basis = models.CharField("依据", max_length=80, blank=True)
    voided_at = models.DateTimeField("撤回时间", null=True)

    objects = UnitUseQuerySet.as_manager()
    guards = [guards.SameEstate("unit"), guards.Frozen("unit", "use", "starts_on", once=("voided_at",))]

    class Meta:
        verbose_name = verbose_name_plural = "使用情况"
        ordering = ["starts_on"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on=None) | Q(ends_on__gte=models.F("starts_on")), name="use_ends_after_start",
                                   violation_error_message="使用情况的止日不能早于起日。"),
            NoOverlap(name="one_use_at_a_time", by="unit", live="voided_at", violation_error_message="这段时间已登记了使用情况。")]

    def __str__(self):
        return f"{self.get_use_display()}，{self.starts_on} {f'至 {self.ends_on}' if self.ends_on else '起'}"


class Pet(EstateRow):
    household = models.ForeignKey(Household, models.PROTECT, verbose_name="户", related_name="pets")
    kind = models.CharField("种类", max_length=20)
    breed = models.CharField("品种", max_length=30, blank=True)
    licence_no = models.CharField("犬证", max_length=40, blank=True)
    vaccinated_on = models.DateField("免疫日", null=True)
    large = models.BooleanField("大型或烈性", default=False)
    ended_on = models.DateField("注销日", null=True)

    guards = [guards.SameEstate("household")]

    class Meta:
        verbose_name = verbose_name_plural = "宠物"

    def __str__(self):
        return f"{self.kind}{f'（{self.breed}）' if self.breed else ''}"


class SpecialCare(EstateRow):
    """What the desk must heed about somebody's health; sensitive, so only with consent of its own (law: 个人信息保护法 28, 29).

    Encrypted; withdrawn, the words go and the row stays.
    """

    household = models.ForeignKey(Household, models.PROTECT, verbose_name="户", related_name="cares")
    about = models.CharField("谁", max_length=40)
    words = EncryptedCharField("要注意什么", max_length=400, blank=True)
    consent_by = models.CharField("同意人", max_length=40)
    consent_on = models.DateField("同意日")
    ended_on = models.DateField("撤回日", null=True)

    guards = [guards.SameEstate("household"), guards.Frozen("household", "consent_by", "consent_on")]

    class Meta:
        verbose_name = verbose_name_plural = "特殊照顾"
        constraints = [models.CheckConstraint(condition=Q(consent_by__gt=""), name="care_with_consent",
                                              violation_error_message="健康和照顾的信息，要本人或监护人单独同意。")]
