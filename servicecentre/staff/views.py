"""The door's own pages: sign in and out, choose an estate."""
import math
import re
from urllib.parse import unquote

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.signals import user_login_failed
from django.http import HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from servicecentre.estates.models import Estate
from servicecentre.kit.periods import now, today
from servicecentre.kit.snapshot import snapshot

from . import gate, second_factor, sign_ins
from .forms import SignInForm
from .models import SignIn, User

PENDING, PENDING_FOR = "pending", 300            # seconds between the password and the code
BACKEND = "django.contrib.auth.backends.ModelBackend"
MINUTES = math.ceil(settings.AXES_COOLOFF_TIME * 60)


@login_not_required
@never_cache
@sensitive_post_parameters()
def sign_in(request):
    """Five wrong tries per name and address in 15 minutes, then wait (TRUST T4); never to a foreign page (T13)."""
    after = inside(request, request.POST.get("next") or request.GET.get("next") or "")
    home = request.estate.get_absolute_url() if request.estate else "/"
    if request.user.is_authenticated:
        return HttpResponseRedirect(after or home)
    user, then = _pending(request)
    if user is not None and ("code" in request.POST or request.method == "GET" and request.GET.get("step") == "code"):
        return _second_step(request, user, inside(request, then), home)
    if "code" in request.POST:
        messages.info(request, "等得太久，请从密码重新开始。")
        return redirect("sign_in")
    form = SignInForm(request, request.POST or None)
    context = {"form": form, "next": after}
    if request.method == "POST":
        who = {"username": form.said_username}
        if not AxesProxyHandler.is_allowed(request, who):
            return _wait(request, context, who)              # nothing is tried, so the wait grows no longer
        if form.is_valid():
            return _enter(request, form.get_user(), after, home)
        if user := User.objects.filter(username=who["username"], is_active=True).first():
            sign_ins.failed(request, user)
        if not AxesProxyHandler.is_allowed(request, who):
            return _wait(request, context, who)
        context["tries_left"] = settings.AXES_FAILURE_LIMIT - AxesProxyHandler.get_failures(request, who)
    return render(request, "staff/sign_in.html", context)


def _enter(request, user, after, home):
    """In; or, for who has a second factor, on to it: until then the session knows a name and lets nobody in."""
    if second_factor.of(user) is None:
        login(request, user)
        return HttpResponseRedirect(after or home)
    request.session.cycle_key()
    request.session[PENDING] = {"user": user.pk, "at": int(now().timestamp()), "hash": user.get_session_auth_hash(), "next": after}
    return HttpResponseRedirect(f"{reverse('sign_in')}?step=code")


def _pending(request):
    """(User, where to go on) of a password that was right in this browser within the last minutes, or (None, "")."""
    kept = request.session.get(PENDING)
    if not kept or not 0 <= now().timestamp() - kept["at"] < PENDING_FOR:
        return None, ""
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    good = user is not None and constant_time_compare(user.get_session_auth_hash(), kept["hash"])
    return (user, kept["next"]) if good else (None, "")


def _second_step(request, user, after, home):
    """The code of the phone, or one from the paper; wrong ones count like wrong passwords."""
    context, who = {"person": user, "left": second_factor.codes_left(user)}, {"username": user.username}
    if request.method == "POST" and AxesProxyHandler.is_allowed(request, who):
        trouble, how = second_factor.trouble(user, request.POST.get("code", "")[:40])
        if how:
            del request.session[PENDING]
            request.sign_in_how = how
            login(request, user, backend=BACKEND)
            return HttpResponseRedirect(after or home)
        user_login_failed.send(__name__, credentials=who, request=request)
        sign_ins.failed(request, user, SignIn.How.CODE)
        context["trouble"] = trouble
    if not AxesProxyHandler.is_allowed(request, who):
        request.axes_locked_out = False
        context["trouble"] = f"错得太多，先等 {MINUTES} 分钟。"
        return render(request, "staff/code.html", context, status=429)
    return render(request, "staff/code.html", context)


def _wait(request, context, who):
    request.axes_locked_out = False                          # this page says so, not the English one of axes' middleware
    return render(request, "staff/sign_in.html", context | {
        "form": SignInForm(request, initial=who),            # a bound one would try the password as soon as it is shown
        "wait_minutes": MINUTES}, status=429)


def inside(request, path):
    """The path when it is a page of an estate of ours (of this one, where the address names one), else ''."""
    mounted = getattr(request, "mounted", None)
    found = re.fullmatch(r"/e/([-a-z0-9]{1,40})(/[^?#]*)(\?[^#]*)?", path, re.ASCII)
    if not found or mounted not in (None, found[1]) or not url_has_allowed_host_and_scheme(path, allowed_hosts=None):
        return ""
    try:
        page = resolve(unquote(found[2]))
    except Resolver404:
        return ""
    return "" if page.url_name in ("sign_in", "sign_out") else path


@require_POST
def sign_out(request):
    """Ends the session; the browser forgets what it kept of it (TRUST T3)."""
    logout(request)
    response = redirect("sign_in")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def switch_estate(request):
    """The estates this user serves; straight in where there is only one."""
    with snapshot():
        estates = list(Estate.objects.filter(pk__in=request.user.posts.held(on=today()).values("estate")).order_by("name"))
        if len(estates) == 1 and request.estate is None or estates and gate.shut(request):        # the estate's own door says what stands before it
            return redirect(request.estate if request.estate in estates else estates[0])
        return render(request, "staff/estates.html", {"estates": estates}, status=200 if estates else 403)
