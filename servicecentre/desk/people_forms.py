"""Forms of the people's pages: their fields are the acts' keywords (desk/office_people.py)."""
from crispy_forms.layout import Layout
from django import forms
from django.core.exceptions import ValidationError

from servicecentre.kit.fields import DayField, PhoneField, TextField
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.text import narrow
from servicecentre.roles import BELOW_MANAGER, Role
from servicecentre.staff.models import Post, User

USERNAME = User._meta.get_field("username")


class UsernameField(TextField):
    """An account's name: full-width letters and capitals are taken for what they mean."""

    def read(self, text):
        name = narrow(super().read(text)).lower()
        for check in USERNAME.validators[:1]:
            check(name)
        if name == "system":
            raise ValidationError("这个工号留给系统自己，换一个。")
        return name


class PersonForm(DeskForm):
    name = TextField(label="姓名", max_length=40)
    mobile = PhoneField(label="手机", required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, max_value=10**9)
    layout = Layout("name", "mobile")


class AddUserForm(DeskForm):
    username = UsernameField(label="工号", max_length=40, help_text="登录用：小写字母、数字、点和短横。")
    name = TextField(label="姓名", max_length=40)
    mobile = PhoneField(label="手机", required=False)
    role = forms.ChoiceField(label="岗位", choices=Role.choices)
    layout = Layout("username", "name", "mobile", "role")


class PostForm(DeskForm):
    role = forms.ChoiceField(label="岗位", choices=Role.choices)
    ends_on = DayField(label="到哪天", required=False, help_text="不填就一直任下去。")
    layout = Layout("role", "ends_on")


class CoverForm(DeskForm):
    """Whose post: among those in force here, without the user's own; a manager sees the ones a manager arranges."""

    post = forms.ModelChoiceField(label="替谁", queryset=Post.objects.none(), empty_label="选一个岗位",
                                  error_messages={"invalid_choice": "没有这个岗位，请重选。"})
    starts_on = DayField(label="从哪天")
    ends_on = DayField(label="到哪天", help_text="到这天为止，含当天，第二天自动失效。")
    layout = Layout("post", "starts_on", "ends_on")

    def __init__(self, *args, estate, user, roles, **kwargs):
        super().__init__(*args, **kwargs)
        posts = Post.objects.of(estate).lasting().filter(user__is_active=True).exclude(user=user).select_related("user")
        if Role.ADMINISTRATOR not in roles:
            posts = posts.filter(role__in=BELOW_MANAGER)
        self.fields["post"].queryset = posts.order_by("user__name", "pk")


class ReasonForm(DeskForm):
    reason = TextField(label="原因", max_length=100, help_text="如：11-25 离职，钥匙已交。")
    layout = Layout("reason")


class ConfirmForm(DeskForm):
    """A button with a one-time key: nothing to fill in."""

    layout = Layout()
