"""Users, the posts they hold at estates, their comings in, and what besides a password lets them in."""
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from servicecentre.estates.models import Mark, Policy, Setting
from servicecentre.kit import guards
from servicecentre.kit.periods import today
from servicecentre.kit.rows import EstateQuerySet, EstateRow, Versioned
from servicecentre.kit.secrets import EncryptedCharField
from servicecentre.roles import RIGHTS, Role


class UserManager(BaseUserManager):
    def get_by_natural_key(self, username):
        return self.get(username=username)

    def create_user(self, username, name, password=None, **fields):
        """A person with an account; ``password=None`` makes one that can't sign in."""
        user = self.model(username=username, name=name, **fields)
        user.set_password(password)
        user.save()
        return user


class User(Versioned, AbstractBaseUser):
    """One account per person; what they may do follows from their posts, nothing else."""

    username = models.CharField("登录名", max_length=40, validators=[RegexValidator(r"^[a-z0-9._-]+$", "只用小写字母、数字、点和短横。")])
    name = models.CharField("姓名", max_length=40)
    mobile = models.CharField("手机", max_length=20, blank=True)
    is_active = models.BooleanField("在用", default=True)
    must_change_password = models.BooleanField("下次登录须改密码", default=False)
    single_keys = models.BooleanField("用单键快捷键", default=True)
    pin = models.CharField("PIN", max_length=128, blank=True)
    pin_failures = models.PositiveSmallIntegerField("PIN 连错次数", default=0)
    objects = UserManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ("name",)

    class Meta:
        verbose_name = verbose_name_plural = "用户"
        constraints = [
            models.UniqueConstraint(fields=["username"], name="one_user_per_name", violation_error_message="这个登录名已有人用。"),
            models.UniqueConstraint(fields=["mobile"], condition=~models.Q(mobile=""), name="one_user_per_mobile",
                                    violation_error_message="这个手机号已有账号。")]

    def __str__(self):
        return self.name

    @classmethod
    def system(cls):
        """Who acts when nobody does: commands and jobs. Can't sign in."""
        return cls.objects.get_or_create(username="system", defaults={"name": "系统", "is_active": False, "password": "!"})[0]

    def roles_at(self, estate):
        """The roles this user holds at the estate today, as a stand-in too."""
        return frozenset(self.posts.of(estate).held(on=today()).values_list("role", flat=True)) if self.is_active else frozenset()

    def may(self, right, estate):
        """Does a post of this user at the estate carry the right?"""
        return bool(RIGHTS[right].roles & self.roles_at(estate))


class PostQuerySet(EstateQuerySet):
    def held(self, *, on):
        """Posts in force that day: begun, not over, not ended."""
        begun, lasts = Q(starts_on=None) | Q(starts_on__lte=on), Q(ends_on=None) | Q(ends_on__gte=on)
        return self.filter(begun, lasts, ended_at=None)

    def lasting(self):
        """Posts without a last day: no stand-in's."""
        return self.filter(ends_on=None, ended_at=None)


class Post(EstateRow):
    """A user's role at one estate, for good or until a day; one person may hold several.

    ``covers``: whom the user stands in for until ``ends_on`` (inclusive). An ended post stays as history.
    """

    user = models.ForeignKey(User, models.PROTECT, verbose_name="用户", related_name="posts")
    role = models.CharField("岗位", max_length=20, choices=Role.choices)
    starts_on = models.DateField("起", null=True)
    ends_on = models.DateField("止", null=True)
    covers = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="替谁", related_name="+")
    given_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="安排人", related_name="+")
    ended_at = models.DateTimeField("结束时间", null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="结束人", related_name="+")

    objects = PostQuerySet.as_manager()
    guards = [guards.Undeletable(), guards.Frozen("user", "role", "starts_on", "ends_on", "covers", "given_by", once=("ended_at", "ended_by"))]

    class Meta:
        verbose_name = verbose_name_plural = "岗位"
        constraints = [
            models.UniqueConstraint(fields=["estate", "user", "role"], condition=Q(ends_on=None, ended_at=None), name="one_post_per_role",
                                    violation_error_message="此人已有这个岗位。"),
            models.CheckConstraint(condition=Q(ends_on=None) | Q(starts_on=None) | Q(ends_on__gte=F("starts_on")), name="post_ends_after_start",
                                   violation_error_message="止日不能早于起日。"),
            models.CheckConstraint(condition=Q(covers=None) | Q(ends_on__isnull=False), name="cover_has_a_last_day",
                                   violation_error_message="替班要有最后一天。"),
            models.CheckConstraint(condition=Q(ended_at=None, ended_by=None) | Q(ended_at__isnull=False, ended_by__isnull=False),
                                   name="post_ended_by_someone", violation_error_message="结束岗位要有经办人。")]

    def __str__(self):
        return f"{self.user} {self.get_role_display()}"


class SignInQuerySet(models.QuerySet):
    def live(self, *, at):
        """Sessions that may still be used: in, not ended, not older than a working day."""
        found = self.filter(went_in=True, ended_at=None)
        return found.filter(at__gt=at - settings.SIGNED_IN_AT_MOST) if settings.SIGNED_IN_AT_MOST else found

    def newest_first(self):
        return self.order_by("-pk")


class SignIn(models.Model):
    """One coming in, or one try that did not; the session carries its number, and is over when it says so (TRUST T2, T5, T30).

    No row for a name that no account has: what was typed there might be a password.
    """

    class How(models.TextChoices):
        PASSWORD = "password", "密码"
        CODE = "code", "密码和动态码"
        RECOVERY = "recovery", "密码和恢复码"
        PIN = "pin", "PIN"

    class End(models.TextChoices):
        OUT = "out", "自己退出"
        SWITCHED = "switched", "换人"
        ENDED = "ended", "被退出"
        PASSWORD = "password", "改了密码"
        GONE = "gone", "账号停用"
        LATE = "late", "满 12 小时"

    user = models.ForeignKey(User, models.PROTECT, verbose_name="用户", related_name="sign_ins")
    at = models.DateTimeField("时间")
    how = models.CharField("方式", max_length=10, choices=How.choices)
    went_in = models.BooleanField("进来了")
    address = models.CharField("地址", max_length=45, blank=True)
    machine = models.CharField("电脑", max_length=60, blank=True)
    seen_at = models.DateTimeField("上次动")
    locked_at = models.DateTimeField("锁屏时间", null=True)
    confirmed_at = models.DateTimeField("上次输 PIN 或密码", null=True)
    factor_at = models.DateTimeField("过了第二道", null=True)
    ended_at = models.DateTimeField("结束时间", null=True)
    ended_how = models.CharField("怎么结束", max_length=10, choices=End.choices, blank=True)

    objects = SignInQuerySet.as_manager()
    guards = [guards.Frozen("user", "at", "how", "went_in", "address", "machine", once=("ended_at",))]

    class Meta:
        verbose_name = verbose_name_plural = "登录"
        indexes = [models.Index(fields=["user", "-id"], name="sign_in_by_user")]

    def __str__(self):
        return f"{self.user} {self.at:%Y-%m-%d %H:%M}"

    @classmethod
    def of(cls, user):
        """The rows of one account: what a page asks for, having found the user among its own estate's people."""
        return cls.objects.filter(user=user)

    def passed(self, at):
        """The second factor was said in this session."""
        self.factor_at = at
        type(self).objects.filter(pk=self.pk).update(factor_at=at)

    def end(self, how, at):
        """The session is over from its next click on."""
        type(self).objects.filter(pk=self.pk, ended_at=None).update(ended_at=at, ended_how=how)


class SecondFactor(models.Model):
    """A phone's code generator (RFC 6238): the secret that both know, encrypted; ``last_step`` is used up."""

    user = models.OneToOneField(User, models.PROTECT, verbose_name="用户", related_name="second_factor")
    secret = EncryptedCharField("密钥", max_length=64)
    made_at = models.DateTimeField("生成时间")
    confirmed_at = models.DateTimeField("启用时间", null=True)
    last_step = models.BigIntegerField("用过的时段", default=-1)
    failures = models.PositiveSmallIntegerField("连错次数", default=0)
    failed_at = models.DateTimeField("上次错", null=True)

    @classmethod
    def waiting(cls, user):
        """The one that waits for its first code, or None."""
        return cls.objects.filter(user=user, confirmed_at=None).first()

    class Meta:
        verbose_name = verbose_name_plural = "第二道验证"

    def __str__(self):
        return f"{self.user} 的动态码"


class RecoveryCode(models.Model):
    """One of the codes for the day the phone is not there; kept as a keyed digest, good once."""

    user = models.ForeignKey(User, models.PROTECT, verbose_name="用户", related_name="recovery_codes")
    digest = models.CharField("摘要", max_length=64)
    used_at = models.DateTimeField("用掉的时间", null=True)

    guards = [guards.Frozen("user", "digest", once=("used_at",))]

    class Meta:
        verbose_name = verbose_name_plural = "恢复码"
        indexes = [models.Index(fields=["user"], condition=Q(used_at=None), name="recovery_codes_left")]

    def __str__(self):
        return f"{self.user} 的恢复码"


class StaffPolicy(Policy):
    """How people come in at an estate, and how long one stands in for another."""

    second_factor = models.BooleanField("主管和管理员要第二道验证", default=False)

    cover_days = models.PositiveSmallIntegerField("替班最长", default=92)

    title = "登录和替班"
    settings = (Setting("second_factor", Mark.PRACTICE, "要的话，主管和管理员登录除了密码，再要手机上的 6 位动态码", yes_no=("不要", "要"), administrator=True),
                Setting("cover_days", Mark.PRACTICE, "更久的，请管理员给岗位", "天", least=1, most=366, administrator=True))

    class Meta:
        verbose_name = verbose_name_plural = "登录规矩"
