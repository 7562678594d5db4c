"""Comings in and sessions: a row for each, asked at every request whether it is still good (TRUST T2, T5, T30).

The session holds the row's number and nothing else of ours. Signals of Django's own login and logout make and end the
rows, so no way in is without one.
"""
import re
import time

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import OperationalError, transaction
from django.dispatch import receiver

from servicecentre.kit.headers import client_address
from servicecentre.kit.periods import now

from .models import SignIn

KEY = "sign_in"
TOUCH = 60                                # seconds between two writes of „seen“
_rest = {"until": 0.0}                    # after a write that the database could not take, pages go on without


def attend(get_response):
    """Middleware: ``request.sign_in`` is the session's row; without a live one nobody is signed in."""
    def middleware(request):
        request.sign_in = None
        if request.user.is_authenticated:
            request.sign_in = _live(request)
            if request.sign_in is None:
                logout(request)
            else:
                _seen(request.sign_in)
        return get_response(request)
    return middleware


def _live(request):
    row = SignIn.objects.filter(pk=request.session.get(KEY), user=request.user.pk, went_in=True, ended_at=None).first()
    if row is None:
        return None
    row.user = request.user
    if settings.SIGNED_IN_AT_MOST and now() - row.at >= settings.SIGNED_IN_AT_MOST:
        row.end(SignIn.End.LATE, now())
        return None
    return row


def _seen(row):
    """Once a minute: still here; after fifteen without a sign the screen is locked, whatever the browser did."""
    if row.locked_at is not None:
        return
    away = now() - row.seen_at
    if settings.LOCK_AFTER and away >= settings.LOCK_AFTER:
        row.locked_at = row.seen_at + settings.LOCK_AFTER
        _write(row, "locked_at")
    elif away.total_seconds() >= TOUCH:
        row.seen_at = now()
        _write(row, "seen_at")


def _write(row, *fields):
    """For the page's own sake never fails: a database that is locked, full or only reads must still show its pages."""
    if time.monotonic() < _rest["until"]:
        return
    try:
        with transaction.atomic():
            row.save(update_fields=fields)
    except OperationalError:
        _rest["until"] = time.monotonic() + TOUCH


@receiver(user_logged_in, dispatch_uid="sign_in_begins")
def _begun(sender, request, user, **_):
    moment = now()
    how = getattr(request, "sign_in_how", SignIn.How.PASSWORD)
    passed = moment if how in (SignIn.How.CODE, SignIn.How.RECOVERY) else None
    row = SignIn.objects.create(user=user, at=moment, seen_at=moment, confirmed_at=moment, how=how, went_in=True, factor_at=passed,
                                address=client_address(request)[:45], machine=machine_of(request))
    request.session[KEY] = row.pk
    request.sign_in = row


@receiver(user_logged_out, dispatch_uid="sign_in_ends")
def _ended(sender, request, user, **_):
    if row := getattr(request, "sign_in", None):
        row.end(SignIn.End.OUT, now())


def failed(request, user, how=SignIn.How.PASSWORD):
    """A try that did not come in, of an account that is there."""
    SignIn.objects.create(user=user, at=now(), seen_at=now(), how=how, went_in=False, address=client_address(request)[:45],
                          machine=machine_of(request))


def end_all(user, how, *, but=None):
    """All sessions of an account are over at their next click, but the one of this SignIn."""
    rows = SignIn.objects.filter(user=user, went_in=True, ended_at=None)
    return rows.exclude(pk=getattr(but, "pk", None)).update(ended_at=now(), ended_how=how)


def machine_of(request):
    """What a person may know a computer by: its system and browser, in words of ours."""
    said = request.META.get("HTTP_USER_AGENT", "")
    systems = (("Android", "安卓手机"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "苹果电脑"), ("Linux", "Linux"))
    browsers = (("Edg/", "Edge"), ("MicroMessenger", "微信"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
    found = [next((words for mark, words in table if re.search(re.escape(mark), said)), "") for table in (systems, browsers)]
    return " ".join(word for word in found if word) or "别的程序"
