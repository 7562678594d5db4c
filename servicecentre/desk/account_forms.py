"""Forms of one's own account."""
from crispy_forms.layout import Layout
from django import forms
from django.contrib.auth import password_validation

from servicecentre.kit.forms import DeskForm
from servicecentre.staff import pins


def _hidden(label, autocomplete="off", **more):
    digits = {"inputmode": "numeric"} if more.pop("digits", False) else {}
    return forms.CharField(label=label, strip=False, max_length=128, widget=forms.PasswordInput(attrs={"autocomplete": autocomplete, **digits}), **more)


class OwnForm(DeskForm):
    """A form about oneself."""

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user

    def same_twice(self, first, second, words):
        new, again = self.cleaned_data.get(first), self.cleaned_data.get(second)
        if new and again and new != again:
            self.add_error(second, words)
        return new


class PasswordForm(OwnForm):
    old = _hidden("现在的密码", "current-password")
    new = _hidden("新密码", "new-password", min_length=8, help_text="至少 8 位，不要用常见的密码。")
    again = _hidden("再输一次", "new-password")
    layout = Layout("old", "new", "again")
    not_for_act = ("old", "again")

    def clean(self):
        if new := self.same_twice("new", "again", "两次输入的新密码不一样。"):
            if new == self.cleaned_data.get("old"):
                self.add_error("new", "新密码和现在的一样，换一个。")
            try:
                password_validation.validate_password(new, self.user)
            except forms.ValidationError as error:
                self.add_error("new", error)
        return self.cleaned_data


class SecretForm(OwnForm):
    """Only the password: for what nobody else at the open computer should do."""

    password = _hidden("现在的密码", "current-password")
    layout = Layout("password")
    not_for_act = ("password",)


class PinForm(OwnForm):
    password = _hidden("现在的密码", "current-password")
    pin = _hidden("新 PIN", digits=True, help_text="4 到 6 位数字，不要连号、重复的。")
    again = _hidden("再输一次", digits=True)
    layout = Layout("password", "pin", "again")
    not_for_act = ("password", "again")

    def clean(self):
        if new := self.same_twice("pin", "again", "两次输入的 PIN 不一样。"):
            try:
                self.cleaned_data["pin"] = pins.check_new(new, self.user)
            except forms.ValidationError as error:
                self.add_error("pin", error)
        return self.cleaned_data


class CodeForm(DeskForm):
    code = forms.CharField(label="6 位动态码", max_length=40, widget=forms.TextInput(attrs={
        "inputmode": "numeric", "autocomplete": "one-time-code", "class": "code-lg"}), help_text="30 秒换一个，手机时间不对会对不上。")
    layout = Layout("code")
