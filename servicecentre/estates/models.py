"""The estate (小区): the tenant of every row, mounted in the path; its profile, calendar and partners; each app's policy row."""
from datetime import time
from typing import NamedTuple

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from servicecentre.kit import guards
from servicecentre.kit.rows import EstateQuerySet, EstateRow, Versioned


class Estate(models.Model):
    """One estate served by one service centre; its texts and numbers are data, never code."""

    slug = models.CharField("代码", max_length=40, validators=[RegexValidator(r"^[a-z0-9][a-z0-9-]*$", "只用小写字母、数字和短横。")])
    name = models.CharField("小区名称", max_length=60)
    company = models.CharField("物业公司", max_length=60, default="莲花物业")
    centre = models.CharField("服务中心", max_length=60, blank=True)
    project_code = models.CharField("项目码", max_length=10, default="YH")
    address = models.CharField("地址", max_length=120, blank=True)
    phone = models.CharField("服务电话", max_length=40, blank=True)
    made_at = models.DateTimeField("建立时间", auto_now_add=True)
    site_area = models.BigIntegerField("用地面积", null=True, blank=True)
    floor_area = models.BigIntegerField("总建筑面积", null=True, blank=True)
    finished_on = models.DateField("竣工日期", null=True, blank=True)
    spaces_shared = models.PositiveIntegerField("共用车位", null=True, blank=True)
    spaces_dedicated = models.PositiveIntegerField("专用车位", null=True, blank=True)
    spaces_open = models.PositiveIntegerField("露天车位", null=True, blank=True)
    about = models.CharField("其他情况", max_length=400, blank=True)
    version = models.PositiveIntegerField("版本", default=1)

    class Meta:
        verbose_name = verbose_name_plural = "小区"
        constraints = [models.UniqueConstraint(fields=["slug"], name="one_estate_per_code", violation_error_message="这个代码已有小区。")]

    def __str__(self):
        return self.name

    @property
    def centre_name(self):
        """The name on papers: 银河国际街区一期物业服务中心."""
        return self.centre or f"{self.name}物业服务中心"

    @property
    def estate(self):
        """Itself, as every row of an estate has it; so has ``estate_id``."""
        return self

    @property
    def estate_id(self):
        return self.pk

    def get_absolute_url(self):
        """The estate's home, from outside its mount."""
        return f"/e/{self.slug}/"


class Mark(models.TextChoices):
    """Where a setting comes from (DOMAIN, head): its word beside it on the settings page."""

    SEED = "seed", "资料原文"
    PRACTICE = "practice", "通行做法"
    RECONSTRUCTED = "reconstructed", "补上的"
    UNSET = "unset", "没定"
    LAW = "law", "法规"


class Setting(NamedTuple):
    """What the settings page says of one column of a Policy.

    ``unit`` 元 means fen; ``least`` and ``most`` bound a number; ``used`` is False while no page reads the column yet: then it is shown and
    not changed. So DOMAIN §13 stands here whole, before its pages.
    """

    field: str
    mark: Mark
    words: str
    unit: str = ""
    least: int = 0
    most: int = 9999
    yes_no: tuple = ("否", "是")
    used: bool = True
    administrator: bool = False                          # who is bound by it does not loosen it: the administrator alone changes it


class Policy(models.Model):
    """Settings that a manager may change: one typed row per app and estate (STYLE §12).

    ``title`` heads them on the settings page, ``settings`` lists them there; desk/policies.py names every Policy.
    """

    title, settings = "", ()

    estate = models.OneToOneField(Estate, models.PROTECT, verbose_name="小区", related_name="+")
    version = models.PositiveIntegerField("版本", default=1)

    class Meta:
        abstract = True

    @classmethod
    def of(cls, estate):
        """The row of this estate (or its id), or unsaved defaults: looking changes nothing (TRUST 18)."""
        return cls.objects.filter(estate=estate).first() or cls(estate_id=getattr(estate, "pk", estate))

    @classmethod
    def hold(cls, estate):
        """The row, locked until the act ends; made when it is not there."""
        cls.objects.get_or_create(estate=estate)
        return cls.objects.select_for_update().get(estate=estate)


class HoursPolicy(Policy):
    """When the centre is open (DOMAIN §13: data); the clocks of promises and repairs run in these hours."""

    class OpenOn(models.TextChoices):
        DAILY = "daily", "每天"
        NO_HOLIDAYS = "no_holidays", "每天，法定节假日除外"
        WORKING = "working", "只在工作日"

    opens_at = models.TimeField("上班", default=time(8))
    closes_at = models.TimeField("下班", default=time(18))
    open_on = models.CharField("哪些天开", max_length=12, choices=OpenOn.choices, default=OpenOn.DAILY)

    title = "服务时间"
    settings = (Setting("opens_at", Mark.UNSET, "小区概况和首页上写的服务时间"), Setting("closes_at", Mark.UNSET, "过了这个时间，概况页写「已下班」"),
                Setting("open_on", Mark.UNSET, "节假日和工作日看「节假日」这一页"))

    class Meta:
        verbose_name = verbose_name_plural = "服务时间"
        constraints = [models.CheckConstraint(condition=Q(closes_at__gt=F("opens_at")), name="closes_after_it_opens",
                                              violation_error_message="下班要晚于上班。")]


class MoveInPolicy(Policy):
    """How a move-in goes where the deck is cut off or silent (DOMAIN §3, §13)."""

    class Closing(models.TextChoices):
        BOTH = "both", "先整改复验，后归档"
        FILE_FIRST = "file_first", "先归档，后整改复验"
        ONLY_REWORK = "only_rework", "只有整改复验"
        ONLY_FILE = "only_file", "只有归档"

    step_nine = models.CharField("入伙第 9 步", max_length=30, default="问题整改跟踪、复验签认")
    step_ten = models.CharField("入伙第 10 步", max_length=30, default="资料归档（一户一档）")
    closing = models.CharField("第 9、10 步次序", max_length=12, choices=Closing.choices, default=Closing.BOTH)
    collects_fire_notice = models.BooleanField("防火责任告知书", default=False)

    title = "入伙"
    settings = (Setting("step_nine", Mark.RECONSTRUCTED, "资料写十步，只写到第 8 步", used=False),
                Setting("step_ten", Mark.RECONSTRUCTED, "资料写十步，只写到第 8 步", used=False),
                Setting("closing", Mark.RECONSTRUCTED, "要不要这两步，谁先谁后", used=False),
                Setting("collects_fire_notice", Mark.SEED, "资料里填写有它，回收没有它", yes_no=("不回收，业主留存", "回收"), used=False))

    class Meta:
        verbose_name = verbose_name_plural = "入伙规矩"


class RenovationPolicy(Policy):
    """Money, hours and terms of renovations; the city's own limits bound the hours (DOMAIN §4, §13)."""

    deposit = models.BigIntegerField("装修押金", default=0)
    pass_deposit = models.BigIntegerField("出入证押金", default=0)
    pass_cost = models.BigIntegerField("出入证工本费", default=0)
    morning_from = models.TimeField("上午施工从", default=time(8))
    morning_to = models.TimeField("上午施工到", default=time(12))
    afternoon_from = models.TimeField("下午施工从", default=time(14))
    afternoon_to = models.TimeField("下午施工到", default=time(18))
    permit_months = models.PositiveSmallIntegerField("施工许可有效", default=3)
    review_days = models.PositiveSmallIntegerField("图纸审核", default=3)
    observation_months = models.PositiveSmallIntegerField("完工后观察", default=3)

    title = "装修"
    settings = (Setting("deposit", Mark.UNSET, "资料没写；别处常见 1000 到 3000 元", "元", most=1_000_000),
                Setting("pass_deposit", Mark.UNSET, "资料没写", "元", most=100_000),
                Setting("pass_cost", Mark.UNSET, "资料没写；别处常见 20 元", "元", most=100_000, used=False),
                *(Setting(f"{half}_{end}", Mark.PRACTICE, "周末和节假日不做有噪声的活；不能超出本市的规定", used=False)
                  for half in ("morning", "afternoon") for end in ("from", "to")),
                Setting("permit_months", Mark.PRACTICE, "到期可以延", "个月", least=1, most=24, used=False),
                Setting("review_days", Mark.PRACTICE, "收齐图纸起", "个工作日", least=1, most=30, used=False),
                Setting("observation_months", Mark.PRACTICE, "不渗漏才退押金", "个月", most=24, used=False))

    class Meta:
        verbose_name = verbose_name_plural = "装修规矩"


class ServicePolicy(Policy):
    """Times of the desk: keys, goods out, repairs, complaints, call-backs, documents on loan (DOMAIN §5–§7, §13)."""

    class Release(models.TextChoices):
        MANAGER = "manager", "提醒，主管写原因放行"
        WARN = "warn", "只提醒"

    key_same_day = models.BooleanField("借出的钥匙", default=True)
    key_due_at = models.TimeField("钥匙当天几点前还", default=time(18))
    release_with_arrears = models.CharField("有欠费的搬出放行", max_length=10, choices=Release.choices, default=Release.MANAGER)
    urgent_minutes = models.PositiveSmallIntegerField("急修到场", default=30)
    ordinary_hours = models.PositiveSmallIntegerField("一般报修", default=24)
    answer_hours = models.PositiveSmallIntegerField("投诉首次答复", default=24)
    close_days = models.PositiveSmallIntegerField("投诉办结", default=3)
    callback_days = models.PositiveSmallIntegerField("回访期限", default=3)
    callback_complaints = models.PositiveSmallIntegerField("投诉回访", default=100)
    callback_repairs = models.PositiveSmallIntegerField("报修回访", default=30)
    callback_leaks = models.PositiveSmallIntegerField("渗漏回访", default=100)
    loan_days = models.PositiveSmallIntegerField("资料借出", default=3)

    title = "钥匙、放行、报修、投诉、资料"
    settings = (Setting("key_same_day", Mark.PRACTICE, "另有约定的除外", yes_no=("按约定的日子还", "当天还"), used=False),
                Setting("key_due_at", Mark.PRACTICE, "过了就催", used=False),
                Setting("release_with_arrears", Mark.PRACTICE, "不能因欠费扣东西", used=False),
                Setting("urgent_minutes", Mark.PRACTICE, "爆管、停电、燃气味、困人、火警、总管堵、门锁不上；白天黑夜都算", "分钟", least=1, most=1440,
                        used=False),
                Setting("ordinary_hours", Mark.PRACTICE, "按服务时间算，等人、等材料时停", "小时", least=1, most=720, used=False),
                Setting("answer_hours", Mark.PRACTICE, "按服务时间算", "小时", least=1, most=720, used=False),
                Setting("close_days", Mark.PRACTICE, "从登记起", "个工作日", least=1, most=90, used=False),
                Setting("callback_days", Mark.PRACTICE, "办结起", "天", least=1, most=30, used=False),
                Setting("callback_complaints", Mark.PRACTICE, "投诉办结后回访", "%", most=100, used=False),
                Setting("callback_repairs", Mark.PRACTICE, "由程序抽，不由人挑；不由干活的人回访", "%", least=30, most=90, used=False),
                Setting("callback_leaks", Mark.PRACTICE, "屋面、墙、卫生间渗漏；下次雨后再问一次", "%", most=100, used=False),
                Setting("loan_days", Mark.PRACTICE, "更久要主管签字；户档案不外借", "天", least=1, most=30, used=False))

    class Meta:
        verbose_name = verbose_name_plural = "办事时限"


class Phone(EstateRow, Versioned):
    """A number to ring: the centre's own, or one for an emergency, which every role sees."""

    class Kind(models.TextChoices):
        EMERGENCY = "emergency", "应急电话"
        SERVICE = "service", "服务电话"

    kind = models.CharField("类别", max_length=10, choices=Kind.choices, default=Kind.SERVICE)
    name = models.CharField("名称", max_length=30)
    number = models.CharField("电话", max_length=30)
    hours = models.CharField("什么时候打得通", max_length=30, blank=True)
    position = models.PositiveSmallIntegerField("次序", default=100)

    class Meta:
        verbose_name = verbose_name_plural = "电话"
        ordering = ["kind", "position", "pk"]
        constraints = [models.UniqueConstraint(fields=["estate", "kind", "name"], name="one_phone_per_name",
                                               violation_error_message="这个名称的电话已经有了。")]

    def __str__(self):
        return f"{self.name} {self.number}"


class Department(EstateRow, Versioned):
    """A department of the centre with who answers for it; complaints and problems are handed to one (FORMS 6.6, 6.8)."""

    name = models.CharField("部门", max_length=30)
    responsible = models.CharField("负责人", max_length=40)
    phone = models.CharField("电话", max_length=30, blank=True)
    matters = models.CharField("管什么", max_length=120, blank=True)
    position = models.PositiveSmallIntegerField("次序", default=100)
    active = models.BooleanField("在用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "部门"
        ordering = ["-active", "position", "pk"]
        constraints = [models.UniqueConstraint(fields=["estate", "name"], name="one_department_per_name",
                                               violation_error_message="这个部门已经有了。")]

    def __str__(self):
        return self.name


class Contractor(EstateRow, Versioned):
    """A firm that builds or repairs here (施工单位); a key is lent to its responsible person only (DOMAIN §5 [seed])."""

    name = models.CharField("单位名称", max_length=60)
    trade = models.CharField("做什么", max_length=60, blank=True)
    phone = models.CharField("单位电话", max_length=30, blank=True)
    remark = models.CharField("备注", max_length=200, blank=True)
    active = models.BooleanField("在用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "施工单位"
        ordering = ["-active", "name", "pk"]
        constraints = [models.UniqueConstraint(fields=["estate", "name"], name="one_contractor_per_name",
                                               violation_error_message="这个施工单位已经登记。")]

    def __str__(self):
        return self.name


class ContractorPerson(EstateRow, Versioned):
    """A responsible person (负责人) of a contractor; who no longer answers for it stays, struck out."""

    contractor = models.ForeignKey(Contractor, models.PROTECT, verbose_name="施工单位", related_name="people")
    name = models.CharField("负责人", max_length=40)
    phone = models.CharField("电话", max_length=30)
    active = models.BooleanField("在用", default=True)

    guards = [guards.SameEstate("contractor")]

    class Meta:
        verbose_name = verbose_name_plural = "施工单位负责人"
        ordering = ["-active", "pk"]
        constraints = [models.UniqueConstraint(fields=["contractor", "name", "phone"], name="one_person_per_contractor",
                                               violation_error_message="这位负责人已经登记。")]

    def __str__(self):
        return self.name


class CalendarDayQuerySet(EstateQuerySet):
    def of_year(self, year):
        return self.filter(day__year=year)


class CalendarDay(EstateRow):
    """A day that is not what its weekday says: a holiday, or a weekend day worked to make up for one."""

    class Kind(models.TextChoices):
        HOLIDAY = "holiday", "放假"
        WORK = "work", "上班"

    day = models.DateField("日期")
    kind = models.CharField("放假还是上班", max_length=8, choices=Kind.choices)
    name = models.CharField("名称", max_length=40)

    objects = CalendarDayQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "节假日"
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["estate", "day"], name="one_mark_per_day",
                                               violation_error_message="这一天已经登记。")]

    def __str__(self):
        return f"{self.day} {self.name}"
