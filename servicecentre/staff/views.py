"""The door's own pages: sign in and out, choose an estate."""
import math
import re
from urllib.parse import unquote

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from servicecentre.estates.models import Estate
from servicecentre.kit.periods import today
from servicecentre.kit.snapshot import snapshot

from .forms import SignInForm

MINUTES = math.ceil(settings.AXES_COOLOFF_TIME * 60)


@login_not_required
@never_cache
@sensitive_post_parameters()
def sign_in(request):
    """Five wrong tries per name and address in 15 minutes, then wait (TRUST T4); never to a foreign page (T13)."""
    after = _inside(request, request.POST.get("next") or request.GET.get("next") or "")
    home = request.estate.get_absolute_url() if request.estate else "/"
    if request.user.is_authenticated:
        return HttpResponseRedirect(after or home)
    form = SignInForm(request, request.POST or None)
    context = {"form": form, "next": after}
    if request.method == "POST":
        who = {"username": form.said_username}
        if not AxesProxyHandler.is_allowed(request, who):
            return _wait(request, context, who)              # nothing is tried, so the wait grows no longer
        if form.is_valid():
            login(request, form.get_user())
            return HttpResponseRedirect(after or home)
        if not AxesProxyHandler.is_allowed(request, who):
            return _wait(request, context, who)
        context["tries_left"] = settings.AXES_FAILURE_LIMIT - AxesProxyHandler.get_failures(request, who)
    return render(request, "staff/sign_in.html", context)


def _wait(request, context, who):
    request.axes_locked_out = False                          # this page says so, not the English one of axes' middleware
    return render(request, "staff/sign_in.html", context | {
        "form": SignInForm(request, initial=who),            # a bound one would try the password as soon as it is shown
        "wait_minutes": MINUTES}, status=429)


def _inside(request, path):
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
        if len(estates) == 1 and request.estate is None:
            return redirect(f"/e/{estates[0].slug}/")
        return render(request, "staff/estates.html", {"estates": estates}, status=200 if estates else 403)
