"""People, and who lives where: a household is one owner's tenure of one unit, and debts follow it (ARCHITECTURE 1)."""
from django.db import models
from django.db.models import Q
from django.urls import reverse

from servicecentre.kit import guards
from servicecentre.kit.identity import IdKind, mask_phone
from servicecentre.kit.rows import EstateQuerySet, EstateRow, NoOverlap, Versioned
from servicecentre.kit.secrets import EncryptedCharField

from .places import Unit


class PersonQuerySet(EstateQuerySet):
    def of_household(self, household):
        """Who owns or owned it, lives or lived there, or was made an owner's agent: everybody whose data came to us by this household."""
        owners, residents = (model.objects.filter(household=household).values("person") for model in (Ownership, Resident))
        letters = household.letters
        return self.filter(estate=household.estate_id).filter(
            Q(pk__in=owners) | Q(pk__in=residents) | Q(pk__in=letters.values("agent")) | Q(pk__in=letters.values("principal")))


class Person(EstateRow, Versioned):
    """A person or an organisation, once per ID number and estate. The number is encrypted and found by its digest."""

    class Kind(models.TextChoices):
        PERSON = "person", "个人"
        ORGANISATION = "organisation", "单位"

    class Sex(models.TextChoices):
        MALE = "male", "男"
        FEMALE = "female", "女"

    kind = models.CharField("类别", max_length=12, choices=Kind.choices, default=Kind.PERSON)
    name = models.CharField("姓名(名称)", max_length=60)
    id_kind = models.CharField("证件类别", max_length=20, choices=IdKind.choices, blank=True)
    id_number = EncryptedCharField("证件号码", max_length=400, blank=True)
    id_digest = models.CharField("证件摘要", max_length=64, blank=True)
    id_masked = models.CharField("证件(掩码)", max_length=40, blank=True)
    phone = models.CharField("电话", max_length=20, blank=True)
    phone2 = models.CharField("备用电话", max_length=20, blank=True)
    sex = models.CharField("性别", max_length=6, choices=Sex.choices, blank=True)
    birth_year = models.PositiveSmallIntegerField("出生年", null=True)
    mail_address = models.CharField("通讯地址", max_length=120, blank=True)
    email = models.EmailField("邮箱", blank=True)
    legal_rep = models.CharField("法人", max_length=40, blank=True)
    contact = models.CharField("联系人", max_length=40, blank=True)
    deceased_on = models.DateField("去世日", null=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, verbose_name="并入", related_name="merged")

    objects = PersonQuerySet.as_manager()
    guards = [guards.SameEstate("merged_into")]

    class Meta:
        verbose_name = verbose_name_plural = "人员"
        constraints = [
            models.UniqueConstraint(fields=["estate", "id_digest"], condition=~Q(id_digest=""), name="one_person_per_id",
                                    violation_error_message="这个证件号码已登记在另一人名下。"),
            models.CheckConstraint(condition=Q(id_number="", id_digest="") | Q(id_number__startswith="f") & ~Q(id_digest=""),
                                   name="identity_only_encrypted", violation_error_message="证件号码必须加密保存。")]

    def __str__(self):
        return self.name

    @property
    def remaining(self):
        """The entry that counts: this one, or the one that it was merged into."""
        return self.merged_into or self

    def entries(self):
        """Ids of all entries that are this person. Files and log lines keep naming the one that they were made for."""
        return [self.pk, *self.merged.values_list("pk", flat=True)]

    @property
    def shown_phone(self):
        """138****5678, or 待补."""
        return mask_phone(self.phone) if self.phone else "待补"


class HouseholdQuerySet(EstateQuerySet):
    def live(self):
        """Not entered by mistake and taken back."""
        return self.filter(voided_at=None)

    def on(self, day):
        """Tenures that hold their unit on that day."""
        return self.filter(starts_on__lte=day).filter(Q(ends_on=None) | Q(ends_on__gte=day))

    def overlapping(self, first, last):
        """Tenures that hold their unit on a day of this span, both ends included."""
        return self.filter(starts_on__lte=last).filter(Q(ends_on=None) | Q(ends_on__gte=first))

    def current(self, *, on):
        return self.live().on(on)


class Household(EstateRow, Versioned):
    """户: one owner's tenure of one unit; the developer's too, once entered. ``number`` is 3-2-1801-02."""

    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name="房屋", related_name="households")
    serial = models.PositiveSmallIntegerField("第几任")
    number = models.CharField("户号", max_length=50)
    starts_on = models.DateField("起")
    ends_on = models.DateField("止", null=True)
    developer = models.BooleanField("建设单位", default=False)
    owner_names = models.CharField("业主", max_length=200)
    remark = models.CharField("备注", max_length=400, blank=True)
    opened_by = models.ForeignKey("staff.User", models.PROTECT, verbose_name="登记人", related_name="+")
    voided_at = models.DateTimeField("作废时间", null=True)
    persons = models.ManyToManyField(Person, through="Ownership", related_name="households")

    objects = HouseholdQuerySet.as_manager()
    guards = [guards.SameEstate("unit"), guards.Frozen("unit", "serial", "number", once=("voided_at",))]

    class Meta:
        verbose_name = verbose_name_plural = "户"
        constraints = [
            models.UniqueConstraint(fields=["estate", "number"], name="one_household_per_number",
                                    violation_error_message="这个户号已经有了。"),
            models.UniqueConstraint(fields=["unit"], condition=Q(ends_on=None, voided_at=None), name="one_current_household_per_unit",
                                    violation_error_message="这套房现在已有业主，请先办变更业主。"),
            models.CheckConstraint(condition=Q(ends_on=None) | Q(ends_on__gte=models.F("starts_on")), name="tenure_ends_after_start",
                                   violation_error_message="止日不能早于起日。"),
            NoOverlap(name="tenures_do_not_overlap", by="unit", live="voided_at",
                      violation_error_message="这段时间这套房已有业主，两任业主的日期不能重叠。")]
        indexes = [models.Index(fields=["estate", "starts_on"], name="household_by_start")]

    def __str__(self):
        return f"{self.unit.code} {self.owner_names}"

    def get_absolute_url(self):
        return reverse("household", args=[self.pk])


class OwnershipQuerySet(EstateQuerySet):
    def live(self):
        """Owners still; who sold or gave away the share stays as a row with its last day."""
        return self.filter(left_on=None)


class Ownership(EstateRow, Versioned):
    """One of a household's owners; co-owners keep the order of the contract. Shares may be unknown."""

    household = models.ForeignKey(Household, models.PROTECT, verbose_name="户", related_name="ownerships")
    person = models.ForeignKey(Person, models.PROTECT, verbose_name="业主", related_name="ownerships")
    position = models.PositiveSmallIntegerField("次序", default=1)
    share = models.CharField("份额", max_length=20, blank=True)
    guardian = models.CharField("监护人", max_length=40, blank=True, default="", db_default="")
    guardian_consent_on = models.DateField("监护人同意日", null=True)
    left_on = models.DateField("退出日", null=True)

    objects = OwnershipQuerySet.as_manager()
    guards = [guards.SameEstate("household", "person")]

    class Meta:
        verbose_name = verbose_name_plural = "产权"
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["household", "person"], condition=Q(left_on=None), name="one_share_per_owner",
                                               violation_error_message="此人已是这一户的业主。")]


class ResidentQuerySet(EstateQuerySet):
    def living(self, *, on):
        """Who has not left; a tenant from the lease's first day to its last."""
        return self.filter(left_on=None).filter(Q(lease_from=None) | Q(lease_from__lte=on)).filter(Q(lease_to=None) | Q(lease_to__gte=on))


class Resident(EstateRow, Versioned):
    """Who lives there besides: family members and tenants (FORMS 1.4)."""

    class Kind(models.TextChoices):
        FAMILY = "family", "住户"
        TENANT = "tenant", "租户"

    class FeePayer(models.TextChoices):
        OWNER = "owner", "业主"
        TENANT = "tenant", "租户"

    # What a tenant may pay in the owner's place: codes of fee kinds (billing), with the deck's names.
    FEES = (("property", "物业管理服务费"), ("commercial", "商业管理服务费"), ("shared_utilities", "公摊水电费"), ("parking", "车位管理服务费"))

    household = models.ForeignKey(Household, models.PROTECT, verbose_name="户", related_name="residents")
    person = models.ForeignKey(Person, models.PROTECT, verbose_name="人员", related_name="residences")
    kind = models.CharField("类别", max_length=8, choices=Kind.choices, default=Kind.FAMILY)
    relation = models.CharField("与业主关系", max_length=10, blank=True)
    lease_from = models.DateField("租期起", null=True)
    lease_to = models.DateField("租期止", null=True)
    fee_payer = models.CharField("费用由谁交", max_length=8, choices=FeePayer.choices, blank=True)
    pays = models.JSONField("交哪些费用", default=list)
    guardian = models.CharField("监护人", max_length=40, blank=True)
    guardian_consent_on = models.DateField("监护人同意日", null=True)
    left_on = models.DateField("搬离日", null=True)

    objects = ResidentQuerySet.as_manager()
    guards = [guards.SameEstate("household", "person")]

    class Meta:
        verbose_name = verbose_name_plural = "住户和租户"
        constraints = [
            models.UniqueConstraint(fields=["household", "person", "kind"], condition=Q(left_on=None), name="one_residence_per_person",
                                    violation_error_message="此人已登记在这一户。"),
            models.CheckConstraint(condition=Q(lease_to=None) | Q(lease_to__gte=models.F("lease_from")), name="lease_ends_after_start",
                                   violation_error_message="租期止日不能早于起日。")]

    def lives_on(self, day):
        """Has the lease, where there is one, begun and not ended on that day?"""
        return (self.lease_from is None or self.lease_from <= day) and (self.lease_to is None or self.lease_to >= day)

    @property
    def pays_words(self):
        """`，物业管理服务费、公摊水电费由租户交`; empty where the owner pays."""
        if self.fee_payer != self.FeePayer.TENANT:
            return ""
        fees = "、".join(label for code, label in self.FEES if code in self.pays)
        return f"，{fees or '费用'}由租户交"


class Contact(EstateRow, Versioned):
    """紧急联系人: whom to ring when the owner can't be reached."""

    household = models.ForeignKey(Household, models.PROTECT, verbose_name="户", related_name="contacts")
    name = models.CharField("姓名", max_length=40)
    relation = models.CharField("关系", max_length=20, blank=True)
    phone = models.CharField("电话", max_length=20)

    guards = [guards.SameEstate("household")]

    class Meta:
        verbose_name = verbose_name_plural = "紧急联系人"
        constraints = [models.UniqueConstraint(fields=["household", "name", "phone"], name="one_contact_per_number",
                                               violation_error_message="这位紧急联系人已经登记。")]


class Vehicle(EstateRow, Versioned):
    """A resident's vehicle, by its plate in normal form (苏AD7K38)."""

    household = models.ForeignKey(Household, models.PROTECT, verbose_name="户", related_name="vehicles")
    plate = models.CharField("车牌", max_length=12)
    brand = models.CharField("品牌", max_length=30, blank=True)
    colour = models.CharField("颜色", max_length=10, blank=True)
    driver_phone = models.CharField("驾驶人电话", max_length=20, blank=True)
    ended_on = models.DateField("注销日", null=True)

    guards = [guards.SameEstate("household")]

    class Meta:
        verbose_name = verbose_name_plural = "车辆"
        constraints = [models.UniqueConstraint(fields=["household", "plate"], condition=Q(ended_on=None), name="one_vehicle_per_plate",
                                               violation_error_message="这个车牌已登记在这一户。")]
