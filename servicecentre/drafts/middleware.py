"""Nothing typed is lost: a form sent after the session's end, from a page that is out of date or that has to go, is kept and given back.

It is given back to who typed it, at the estate where it was typed, at the form's own address, by its own view: the view
is called with what was typed, inside a snapshot in which no act runs and no form performs. Nothing is ever done by itself;
the button is pressed by a person, and the form still carries its one-time key.
"""
import copy
import logging
import re

from django.contrib import messages
from django.db import DatabaseError
from django.db.models import Q
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.http import urlencode
from django_htmx.http import trigger_client_event

from servicecentre.kit.forms import shown_again
from servicecentre.kit.periods import now
from servicecentre.kit.snapshot import snapshot
from servicecentre.roles import RIGHTS
from servicecentre.staff.models import User
from servicecentre.worklog.acts import served
from servicecentre.worklog.models import Done

from . import marks
from .models import Draft

logger = logging.getLogger(__name__)
SECRET = re.compile(r"passw|(^|[-_])(pin|otp|totp|token|secret|recovery)([-_0-9]|$)|^csrfmiddlewaretoken$", re.IGNORECASE)
KEEP = "keep_typed"                       # a page that has to go sends its form with this: keep it, do nothing; how many files it leaves behind
MONEY = "billing.collect_payment"
NEVER = frozenset({"desk.view_account", "desk.lock"})     # what is typed there are passwords, PINs and codes, whatever the field is called
BESIDE = re.compile(r"(^|-)(request_key|despite|version|due_shown|stay|look|next)$")      # what nobody typed


class Drafts:
    """Last of the middleware: it looks at what the others answered, and speaks after the door's first question."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        entered, known = getattr(request, "entered", False), request.user.is_authenticated
        if response.status_code == 302 and not entered and not known and request.headers.get("HX-Request"):
            response = trigger_client_event(HttpResponse(status=401), "signed-out")     # the page is still there: typed.js sends what is on it
        elif request.method == "POST" and response.status_code == 302:
            if not entered and not known and _page_of(request) not in (None, "desk.lock"):       # of 退出 and 锁屏 nothing is lost
                response = _session_ended(request)
            elif left_behind := getattr(request, "left_behind", ""):          # the gate asked for the PIN, and the files are gone
                draft = _keep(request, request.user.pk, left_behind)
                response = HttpResponseRedirect(draft.get_absolute_url()) if draft else response
            elif entered and known and request.estate:
                _served(request)
        marks.renew(request, response)
        return response

    def process_view(self, request, view, args, kwargs):
        if request.method == "POST" and KEEP in request.POST and request.user.is_authenticated:
            draft = _keep(request, request.user.pk)
            return HttpResponseRedirect(draft.get_absolute_url()) if draft else HttpResponse(status=204)
        request.entered = True                                # past the sign-in, or a page that asks for none
        if request.method == "GET" and "draft" in request.GET and request.user.is_authenticated and (draft := _asked_for(request)):
            return _show(request, view, args, kwargs, draft)
        return None


def csrf_failure(request, reason=""):
    """The page is older than the sign-in of today (TRUST §4, 41): nothing was done, and what was typed waits for who typed it."""
    who = marks.typed_by(request)
    draft = _keep(request, who) if who else None
    theirs = request.user.is_authenticated and request.user.pk != who
    return render(request, "403_csrf.html", {"draft": None if theirs else draft}, status=403)


def _page_of(request):
    """The right of the page that was asked for; None for the door's own."""
    return getattr(request.resolver_match and request.resolver_match.func, "needs", None)


def _session_ended(request):
    """To the sign-in, saying what became of the form that was sent."""
    who = marks.typed_by(request)
    draft = _keep(request, who) if who else None
    back = draft.get_absolute_url() if draft else request.path
    if not draft:
        ended = "lost"
    elif Done.objects.filter(request_key=draft.request_key).exists():
        ended = "look"                                        # the click before may have been served: say nothing of money
    else:
        ended = "unpaid" if _page_of(request) == MONEY else "kept"
    return HttpResponseRedirect(f"{reverse('sign_in')}?{urlencode({'next': back, 'ended': ended})}")


def _keep(request, who, left_behind=""):
    """The Draft; None for what is no form of an estate's page, or too large, or whose user serves here no more."""
    right = _page_of(request)
    if request.estate is None or right is None or right in NEVER or request.resolver_match.func.reads:
        return None
    user = User.objects.filter(pk=who).first()
    if user is None or not user.may(right, request.estate):
        return None
    pairs = [(name, value) for name, values in request.POST.lists() for value in values if name != KEEP and not SECRET.search(name)]
    left_behind = left_behind or request.POST.get(KEEP, "")
    files = int(left_behind) if re.fullmatch("[0-9]{1,4}", left_behind, re.ASCII) else sum(len(chosen) for _, chosen in request.FILES.lists())
    return Draft.keep(request.estate, user, path=request.path_info, query=request.META.get("QUERY_STRING", ""), label=RIGHTS[right].label,
                      pairs=pairs, files=files, request_key=_key(request.POST))


def _key(posted):
    return next((value for name, value in posted.items() if name == "request_key" or name.endswith("-request_key")), "")


def _served(request):
    """A form that was kept has been served after all: its one-time key is used up. A redirect alone may be a refusal."""
    key, number = _key(request.POST), _number(request)
    mine = Draft.objects.of(request.estate).of_user(request.user).filter(Q(request_key=key) | Q(pk=number))
    if mine.exists() and served(request.user, key):
        mine.delete()


def _number(request):
    number = request.GET.get("draft", "")
    return int(number) if re.fullmatch("[0-9]{1,15}", number, re.ASCII) else None


def _asked_for(request):
    """The Draft named in the address, when it is this user's, this estate's and this page's, and not older than an hour."""
    if (number := _number(request)) is None or request.estate is None:
        return None
    return Draft.objects.of(request.estate).of_user(request.user).live(at=now()).filter(pk=number, path=request.path_info).first()


def _show(request, view, args, kwargs, draft):
    """The form again; or what its first click made, when that was served and only the answer was lost."""
    done = draft.request_key and Done.objects.filter(request_key=draft.request_key, user=request.user).first()
    if done:
        row = done.result
        messages.info(request, "刚才那一页在登录过期以前已经办好，没有再办一次。")
        return HttpResponseRedirect(row.get_absolute_url() if hasattr(row, "get_absolute_url") else reverse("home"))
    again = copy.copy(request)
    again.method, again.draft = "POST", draft
    again._post, again._files = draft.posted(), MultiValueDict()
    token = shown_again.set(True)
    try:
        with snapshot():
            response = view(again, *args, **kwargs)
            return response.render() if callable(getattr(response, "render", None)) else response
    except (RuntimeError, DatabaseError):                     # a view whose act or write does not stand behind a form's perform()
        logger.warning("draft: %s can't show its form again", request.resolver_match.view_name)
        typed = [value for name, value in draft.posted().lists() if not BESIDE.search(name)]
        return render(request, "drafts/typed.html", {"draft": draft, "typed": [v for values in typed for v in values if v.strip()],
                                                      "page_url": request.path})
    finally:
        shown_again.reset(token)
