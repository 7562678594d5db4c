"""The PIN: four to six digits that open a locked screen and confirm a manager's act; five wrong ones, then the password."""
from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import check_password, make_password
from django.core.exceptions import ValidationError
from django.db.models import F

from servicecentre.kit.text import narrow

from . import sign_ins
from .models import SignIn, User

TRIES = 5
KNOWN = {"1314", "5200", "5201", "6688", "8866", "1688", "5888", "520520", "521521", "131452", "147258", "159357", "112233", "123321"}


def check_new(text, user):
    """The PIN as it is kept in mind; ValidationError in words for one that anybody would try first."""
    pin = narrow(str(text)).strip()
    if not (4 <= len(pin) <= 6 and pin.isascii() and pin.isdigit()):
        raise ValidationError("PIN 是 4 到 6 位数字。")
    steps = {(int(b) - int(a)) % 10 for a, b in zip(pin, pin[1:], strict=False)}
    halves = len(pin) % 2 == 0 and pin[:len(pin) // 2] == pin[len(pin) // 2:]
    if steps in ({0}, {1}, {9}) or len(set(pin)) < 3 or halves or pin in KNOWN:
        raise ValidationError("这个太好猜，换一个：不要连号、重复的数字。")
    if len(pin) == 4 and 1940 <= int(pin) <= 2029:
        raise ValidationError("这个像年份，太好猜，换一个。")
    if user.mobile and pin in user.mobile or pin in user.username:
        raise ValidationError("不要用手机号、工号里的数字。")
    return pin


class Hashed:
    """A PIN or password as it is kept: made before the act that keeps it, since that takes a tenth of a second (STYLE §1)."""

    def __init__(self, plain):
        self.text = make_password(plain)

    def __str__(self):
        return "…"                        # what @act remembers of it: a second click hashes anew, and is the same


def spent(user):
    """Have there been five wrong ones? Then only the password opens."""
    return user.pin_failures >= TRIES


def is_pin(text):
    return len(text) <= 6 and text.isascii() and text.isdigit()


def trouble(request, user, said):
    """None when ``said`` is the user's PIN or password; else what to tell, in a sentence. Each wrong one is counted.

    A PIN counts before it is compared, so that many tries at once are not more tries than five.
    """
    if is_pin(narrow(said)):
        return _pin_trouble(request, user, narrow(said))
    return password_trouble(request, user, said)


def password_trouble(request, user, said):
    """The same for the password alone. Slow, so never in an act."""
    who = {"username": user.username}
    if not AxesProxyHandler.is_allowed(request, who):
        return _waits(request)
    if authenticate(request, username=user.username, password=said) is not None:
        User.objects.filter(pk=user.pk).update(pin_failures=0)
        AxesProxyHandler.reset_attempts(username=user.username, ip_address=sign_ins.client_address(request))
        return None
    sign_ins.failed(request, user)
    return "密码不对。" if AxesProxyHandler.is_allowed(request, who) else _waits(request)


def _pin_trouble(request, user, said):
    if not user.pin:
        return f"{user.name}还没有设 PIN，请用密码。"
    if not User.objects.filter(pk=user.pk, pin_failures__lt=TRIES).update(pin_failures=F("pin_failures") + 1):
        return f"PIN 错了 {TRIES} 次，请用密码。"
    if check_password(said, user.pin):
        User.objects.filter(pk=user.pk).update(pin_failures=0)
        return None
    sign_ins.failed(request, user, SignIn.How.PIN)
    left = TRIES - User.objects.values_list("pin_failures", flat=True).get(pk=user.pk)
    return f"PIN 不对，还能试 {left} 次。" if left > 0 else f"PIN 错了 {TRIES} 次，请用密码。"


def _waits(request):
    request.axes_locked_out = False       # our page says so, not axes' own
    return "密码错得太多，先等 15 分钟。"
