"""The sign-in form."""
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError


class SignInForm(AuthenticationForm):
    """The same words for an unknown name, a wrong password and an account out of use (TRUST T5)."""

    error_messages = {"invalid_login": "工号或密码不对。", "inactive": "工号或密码不对。"}

    @property
    def said_username(self):
        """The name as it will be tried: blanks and full-width letters are no other person; '' when it can't be one."""
        try:
            return self.fields["username"].clean(self.data.get("username", ""))
        except ValidationError:
            return ""
