"""The sign-in form."""
from django.contrib.auth.forms import AuthenticationForm, UsernameField
from django.core.exceptions import ValidationError

from .models import User

LONGEST = User._meta.get_field("username").max_length


class SignInForm(AuthenticationForm):
    """The same words for an unknown name, a wrong password and an account out of use (TRUST T5)."""

    error_messages = {"invalid_login": "工号或密码不对。", "inactive": "工号或密码不对。"}
    username = UsernameField(label="工号", max_length=LONGEST,      # Django's own is not held to a length, and axes keeps what was typed
                             error_messages={"max_length": f"工号最多 {LONGEST} 个字。"})

    @property
    def said_username(self):
        """The name as it will be tried: blanks and full-width letters are no other person; '' when it can't be one."""
        try:
            return self.fields["username"].clean(self.data.get("username", ""))
        except ValidationError:
            return ""
