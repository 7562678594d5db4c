"""The door's own pages: sign in and out, choose an estate."""
import math

from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from servicecentre.estates.models import Estate
from servicecentre.kit.headers import client_address
from servicecentre.kit.snapshot import snapshot

from .forms import SignInForm

MINUTES = math.ceil(settings.AXES_COOLOFF_TIME * 60)


@login_not_required
@never_cache
@sensitive_post_parameters()
def sign_in(request):
    """Five wrong tries per name and address in 15 minutes, then wait (TRUST T4); never to a foreign page (T13)."""
    after = _inside(request, request.POST.get("next") or request.GET.get("next") or "")
    if request.user.is_authenticated:
        return HttpResponseRedirect(after or "/")
    form = SignInForm(request, request.POST or None)
    context = {"form": form, "next": after}
    if request.method == "POST":
        credentials = {"username": request.POST.get("username", "")}
        if not AxesProxyHandler.is_allowed(request, credentials):
            return render(request, "staff/sign_in.html", context | {"wait_minutes": MINUTES}, status=429)
        if form.is_valid():
            login(request, form.get_user())
            return HttpResponseRedirect(after or "/")
        if not AxesProxyHandler.is_allowed(request, credentials):
            return render(request, "staff/sign_in.html", context | {"wait_minutes": MINUTES}, status=429)
        context["tries_left"] = _tries_left(request, credentials["username"])
    return render(request, "staff/sign_in.html", context)


def _tries_left(request, username):
    attempt = AccessAttempt.objects.filter(username=username, ip_address=client_address(request)).first()
    return settings.AXES_FAILURE_LIMIT - (attempt.failures_since_start if attempt else 0)


def _inside(request, path):
    """The path when it is one of ours (a page of an estate), else ''."""
    ours = url_has_allowed_host_and_scheme(path, allowed_hosts=None) and path.startswith("/e/")
    return path if ours else ""


@require_POST
def sign_out(request):
    """Ends the session; the browser forgets what it kept of it (TRUST T3)."""
    logout(request)
    response = redirect("/sign-in/")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def switch_estate(request):
    """The estates this user serves; straight in where there is only one."""
    with snapshot():
        estates = list(Estate.objects.filter(pk__in=request.user.posts.values("estate")).order_by("name"))
        if len(estates) == 1 and request.estate is None:
            return redirect(f"/e/{estates[0].slug}/")
        return render(request, "staff/estates.html", {"estates": estates}, status=200 if estates else 403)
