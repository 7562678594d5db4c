"""What stands between a right and its use: a locked screen, a one-time password, a second factor, a PIN that is to be said again (TRUST T2).

None of it loses what was typed: a form that comes too late is asked for the PIN and goes on with what it brought.
"""
from urllib.parse import quote

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import trigger_client_event

from servicecentre.kit.forms import shown_again
from servicecentre.kit.periods import now
from servicecentre.roles import CONFIRMED, RIGHTS, Role

from . import pins, second_factor
from .models import SignIn, StaffPolicy

OWN_ACCOUNT, LOCK = "desk.view_account", "desk.lock"        # rights that also work while something must be put right · while locked
EXPORTS = {"households.export_register", "billing.export_charges"}         # answer with a file, so that the page which asked for the PIN stays
ABOVE = frozenset({Role.MANAGER, Role.ADMINISTRATOR, Role.FINANCE})
SAID, FILES = "pin_again", "files_again"
LONGEST = 128


def stop(request, right, changes):
    """The answer instead of the view's own, or None to go on. ``changes``: the request would do something."""
    row, user = request.sign_in, request.user
    changes = changes and not shown_again.get()              # a draft is shown by its view as if it were sent, and does nothing
    if right == LOCK or row is None:
        return None
    if row.locked_at is not None:
        if not changes or right == OWN_ACCOUNT:
            return to_lock(request)
        if (instead := _ask(request, right, "锁屏了")) is not None:
            return instead
    if right == OWN_ACCOUNT:
        return None
    if lacks := _lacking(row, user, request.estate, request.roles):
        return redirect(lacks)
    if changes and right in CONFIRMED and ABOVE & request.roles and not confirmed(row):
        return _ask(request, right, "确认是您本人")
    return None


def _lacking(row, user, estate, roles):
    """The page where something must be put right first; None when nothing must."""
    if user.must_change_password:
        return "password"
    needs_factor = not row.factor_at and second_factor.FOR & roles and StaffPolicy.of(estate).second_factor
    return "second_factor" if needs_factor else None


def shut(request, estate=None):
    """For the pages outside of every estate: does something stand before this session's rights, at this estate? A page then treats it as nobody's."""
    row, user = request.sign_in, request.user
    if row is None:
        return False
    return bool(row.locked_at or (_lacking(row, user, estate, user.roles_at(estate)) if estate else user.must_change_password))


def confirmed(row):
    """Was the PIN or the password said within the last minutes?"""
    if settings.CONFIRM_AFTER is None:
        return True
    return row.confirmed_at is not None and now() - row.confirmed_at < settings.CONFIRM_AFTER


def confirm(row):
    """The PIN was said: open, and confirmed from now on."""
    row.locked_at, row.confirmed_at, row.seen_at = None, now(), now()
    SignIn.objects.filter(pk=row.pk).update(locked_at=None, confirmed_at=row.confirmed_at, seen_at=row.seen_at)


def lock(row):
    """Nothing goes on in this session before the PIN."""
    if row.locked_at is None:
        row.locked_at = now()
        SignIn.objects.filter(pk=row.pk).update(locked_at=row.locked_at)


def to_lock(request):
    """To the lock; a page that asks for a piece of itself stays where it is, and lays the lock over all that was typed (js/lock.js)."""
    if request.headers.get("HX-Request"):
        return trigger_client_event(HttpResponse(status=423), "locked")
    seen = request.method == "GET" or shown_again.get()
    return redirect(f"{reverse('lock')}?next={quote(request.get_full_path())}" if seen else "lock")


def _ask(request, right, title):
    """The PIN within the same form: all it brought is sent along, the request goes on when the PIN is right."""
    trouble, said = "", request.POST.get(SAID, "")[:LONGEST]
    if said:
        trouble = pins.trouble(request, request.user, said)
        if trouble is None:
            confirm(request.sign_in)
            request.POST = request.POST.copy()
            del request.POST[SAID]
            if left_behind := request.POST.pop(FILES, None):         # nothing is done without its files: drafts shows the form again
                request.left_behind = left_behind[-1]
                return redirect(request.get_full_path())
            return None
    if request.headers.get("HX-Request"):
        return to_lock(request)
    files = sum(len(chosen) for _, chosen in request.FILES.lists()) or request.POST.get(FILES, "")[:4]
    kept = [(name, value) for name, values in request.POST.lists() for value in values if name not in (SAID, FILES, "csrfmiddlewaretoken")]
    return render(request, "staff/again.html", {
        "title": title, "label": RIGHTS[right].label, "kept": kept, "files": files, "files_field": FILES,
        "stays": right in EXPORTS,
        "trouble": trouble, "has_pin": bool(request.user.pin) and not pins.spent(request.user), "field": SAID})
