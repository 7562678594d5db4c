"""Users and the posts they hold at estates."""
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models

from servicecentre.kit.rows import EstateRow
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


class User(AbstractBaseUser):
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
        """The roles this user holds at the estate today."""
        return frozenset(self.posts.filter(estate=estate).values_list("role", flat=True)) if self.is_active else frozenset()

    def may(self, right, estate):
        """Does a post of this user at the estate carry the right?"""
        return bool(RIGHTS[right].roles & self.roles_at(estate))


class Post(EstateRow):
    """A user's role at one estate; one person may hold several."""

    user = models.ForeignKey(User, models.PROTECT, verbose_name="用户", related_name="posts")
    role = models.CharField("岗位", max_length=20, choices=Role.choices)

    class Meta:
        verbose_name = verbose_name_plural = "岗位"
        constraints = [models.UniqueConstraint(fields=["estate", "user", "role"], name="one_post_per_role",
                                               violation_error_message="此人已有这个岗位。")]

    def __str__(self):
        return f"{self.user} {self.get_role_display()}"
