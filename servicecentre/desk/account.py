"""One's own account: the password, the keys one uses."""
from crispy_forms.layout import Layout
from django import forms
from django.contrib import messages
from django.contrib.auth import password_validation, update_session_auth_hash
from django.shortcuts import redirect, render

from servicecentre.kit.forms import DeskForm
from servicecentre.kit.refused import Refused
from servicecentre.staff.access import needs
from servicecentre.staff.models import User
from servicecentre.worklog.acts import act, record


@act
def change_password(user, *, estate, old, new, by):
    """A new password for oneself; other sessions of this account end. Refused with a wrong old one or a weak new one."""
    user = User.objects.select_for_update().get(pk=user.pk)
    if not user.check_password(old):
        raise Refused({"old": "现在的密码不对。"})
    if old == new:
        raise Refused({"new": "新密码和现在的一样，换一个。"})
    user.set_password(new)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])
    record(by, f"{user.name} 修改了自己的密码", estate=estate)
    return user


class PasswordForm(DeskForm):
    old = forms.CharField(label="现在的密码", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}))
    new = forms.CharField(label="新密码", strip=False, min_length=8, max_length=128, help_text="至少 8 位，不要用常见的密码。",
                          widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))
    again = forms.CharField(label="再输一次", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))
    layout = Layout("old", "new", "again")
    not_for_act = ("again",)

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self):
        new, again = self.cleaned_data.get("new"), self.cleaned_data.get("again")
        if new and again and new != again:
            self.add_error("again", "两次输入的新密码不一样。")
        if new:
            try:
                password_validation.validate_password(new, self.user)
            except forms.ValidationError as error:
                self.add_error("new", error)
        return self.cleaned_data


@needs("desk.view_account")
def password(request):
    form = PasswordForm(request.POST or None, user=request.user)
    if request.method == "POST" and (user := form.perform(change_password, request.user, estate=request.estate, by=request.user)):
        update_session_auth_hash(request, user)
        messages.success(request, "密码已改。别处的登录都已退出。")
        return redirect("home")
    return render(request, "desk/password.html", {"form": form, "one_time": request.user.must_change_password})
