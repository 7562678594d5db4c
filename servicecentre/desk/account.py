"""One's own account: password, PIN, second factor, where one is signed in, who tried to be."""
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.shortcuts import redirect, render

from servicecentre.kit.forms import DeskForm, shown_again
from servicecentre.kit.periods import now, today
from servicecentre.staff import pins
from servicecentre.staff import second_factor as factors
from servicecentre.staff.access import needs
from servicecentre.staff.models import Post, SecondFactor, SignIn, StaffPolicy
from servicecentre.worklog.acts import served

from . import own_account as acts
from .account_forms import CodeForm, PasswordForm, PinForm, SecretForm

RECENT = 12


def sign_ins_of(user, *, here=None):
    """{live, recent}: where the user is signed in, and the last comings in and tries; ``here`` is the session that looks."""
    rows = list(SignIn.of(user).newest_first()[:RECENT])
    live = list(SignIn.of(user).live(at=now()).newest_first()[:RECENT])
    for row in live + rows:
        row.here = here is not None and row.pk == here.pk
    return {"live": live, "recent": rows}


@needs("desk.view_account")
def account(request):
    user = request.user
    return render(request, "desk/account/account.html", {
        "posts": Post.objects.of(request.estate).held(on=today()).filter(user=user).select_related("covers").order_by("pk"),
        "factor": factors.of(user), "codes_left": factors.codes_left(user), "required": _required(request),
        "sign_ins": sign_ins_of(user, here=request.sign_in), "button": DeskForm()})


def _proved(request, form, field="password"):
    """Is the password in this form the person's? Asked before the act, since it takes a tenth of a second; wrong ones count as at the sign-in (TRUST T4).

    A second click is let through to the act, which answers it by its key.
    """
    if request.method != "POST" or not form.is_valid() or shown_again.get():
        return False
    if served(request.user, form.cleaned_data["request_key"]):
        return True
    if trouble := pins.password_trouble(request, request.user, form.cleaned_data[field]):
        form.add_error(field, f"现在的{trouble}")
    return not trouble


def _required(request):
    return bool(factors.FOR & request.roles) and StaffPolicy.of(request.estate).second_factor


@needs("desk.view_account")
def password(request):
    form = PasswordForm(request.POST or None, user=request.user)
    if _proved(request, form, "old") and (user := form.perform(
            acts.change_password, request.user, estate=request.estate, hashed=pins.Hashed(form.cleaned_data["new"]), here=request.sign_in,
            by=request.user)):
        update_session_auth_hash(request, user)
        messages.success(request, "密码已改。别处的登录都已退出。")
        return redirect("home")
    return render(request, "desk/password.html", {"form": form, "one_time": request.user.must_change_password})


@needs("desk.view_account")
def pin(request):
    form = PinForm(request.POST or None, user=request.user)
    if _proved(request, form) and form.perform(acts.set_pin, request.user, estate=request.estate, hashed=pins.Hashed(form.cleaned_data["pin"]),
                                               by=request.user):
        messages.success(request, "PIN 已设好，锁屏以后用它解锁。")
        return redirect("account")
    return render(request, "desk/account/form.html", {
        "form": form, "title": "改 PIN" if request.user.pin else "设 PIN", "button": "存下", "busy": "正在存，请稍等",
        "about": "解锁、换人、主管办大事时用，4 到 6 位数字。"})


@needs("desk.view_account")
def end_other_sessions(request):
    if request.method != "POST":
        return redirect("account")
    form = DeskForm(request.POST)
    if form.perform(acts.end_others, request.user, estate=request.estate, here=request.sign_in, by=request.user):
        messages.success(request, "别处的登录都已退出。")
    return redirect("account")


@needs("desk.view_account")
def second_factor(request):
    """Set up: the QR, then the first code."""
    user = request.user
    if factors.of(user) is not None:
        return redirect("account")
    factor = SecondFactor.waiting(user)
    if request.method == "POST" and "code" in request.POST:
        form = CodeForm(request.POST)
        codes = form.perform(acts.confirm_second_factor, user, estate=request.estate, here=request.sign_in, by=request.user)
        if codes and hasattr(codes, "codes"):
            return render(request, "desk/account/codes.html", {"codes": codes.codes, "first": True})
        if codes:
            return redirect("account")
    elif request.method == "POST":
        start = SecretForm(request.POST, user=user)
        if _proved(request, start) and start.perform(acts.begin_second_factor, user, estate=request.estate, by=request.user):
            return redirect("second_factor")
        return _set_up(request, None, start)
    else:
        form = CodeForm()
    return _set_up(request, factor, form if factor else SecretForm(user=user))


def _set_up(request, factor, form):
    shown = {"qr": factors.qr(factors.address(factor, request.estate.name)),
             "secret": " ".join(factor.secret[n:n + 4] for n in range(0, len(factor.secret), 4))} if factor else {}
    return render(request, "desk/account/second_factor.html", {"factor": factor, "form": form, "required": _required(request), **shown})


@needs("desk.view_account")
def recovery_codes(request):
    """Eight new codes for the eight old ones, shown in the answer itself."""
    form = SecretForm(request.POST or None, user=request.user)
    if _proved(request, form) and (user := form.perform(acts.renew_recovery_codes, request.user, estate=request.estate, by=request.user)):
        return render(request, "desk/account/codes.html", {"codes": getattr(user, "codes", None)})
    return render(request, "desk/account/form.html", {
        "form": form, "title": "重新生成恢复码", "button": "重新生成", "busy": "正在生成，请稍等", "about": "旧的 8 个马上作废。"})


@needs("desk.view_account")
def drop_second_factor(request):
    form = SecretForm(request.POST or None, user=request.user)
    if _proved(request, form) and form.perform(acts.drop_second_factor, request.user, estate=request.estate, by=request.user):
        messages.success(request, "第二道验证已取消。")
        return redirect("account")
    return render(request, "desk/account/form.html", {
        "form": form, "title": "取消第二道验证", "button": "取消第二道验证", "busy": "正在取消，请稍等", "about": "以后登录只要密码。"})
