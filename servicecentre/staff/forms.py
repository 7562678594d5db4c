"""The sign-in form."""
from django.contrib.auth.forms import AuthenticationForm


class SignInForm(AuthenticationForm):
    """The same words for an unknown name, a wrong password and an account out of use (TRUST T5)."""

    error_messages = {"invalid_login": "工号或密码不对。", "inactive": "工号或密码不对。"}
