"""Users and the posts they hold at estates."""
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from servicecentre.kit import guards
from servicecentre.kit.periods import today
from servicecentre.kit.rows import EstateQuerySet, EstateRow, Versioned
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

    def to_come(self, *, after):
        return self.filter(starts_on__gt=after, ended_at=None)

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
