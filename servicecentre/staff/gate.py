"""What stands between a right and its use: a locked screen, a one-time password, a second factor, a PIN that is to be said again (TRUST T2).

None of it loses what was typed: a form that comes too late is asked for the PIN and goes on with what it brought.
"""
from urllib.parse import quote

from django.conf import settings
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from servicecentre.kit.forms import shown_again
from servicecentre.kit.periods import now
from servicecentre.roles import CONFIRMED, RIGHTS, Role

from . import pins, second_factor
from .models import SignIn, StaffPolicy

OWN_ACCOUNT, LOCK = "desk.view_account", "desk.lock"        # rights that also work while something must be put right · while locked
ABOVE = frozenset({Role.MANAGER, Role.ADMINISTRATOR, Role.FINANCE})
SAID = "pin_again"
LONGEST = 128


def stop(request, right, changes):
    """The answer instead of the view's own, or None to go on. ``changes``: the request would do something."""
    row, user = request.sign_in, request.user
    changes = changes and not shown_again.get()              # a draft is shown by its view as if it were sent, and does nothing
    if right == LOCK or row is None:
        return None
    if row.locked_at is not None:
        return _ask(request, right, "锁屏了") if changes and right != OWN_ACCOUNT else to_lock(request)
    if right == OWN_ACCOUNT:
        return None
    if user.must_change_password:
        return redirect("password")
    if not row.factor_at and second_factor.FOR & request.roles and StaffPolicy.of(request.estate).second_factor:
        return redirect("second_factor")
    if changes and right in CONFIRMED and ABOVE & request.roles and not confirmed(row):
        return _ask(request, right, "确认是您本人")
    return None


def shut(request, roles, estate):
    """Would this sign-in be stopped inside the estate? Then a page outside of it tells no more than it tells a stranger."""
    row = request.sign_in
    return row is not None and (row.locked_at is not None or request.user.must_change_password or (
        not row.factor_at and bool(second_factor.FOR & roles) and StaffPolicy.of(estate).second_factor))


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
    seen = request.method == "GET" or shown_again.get()
    where = f"{reverse('lock')}?next={quote(request.get_full_path())}" if seen else reverse("lock")
    return HttpResponseClientRedirect(where) if request.headers.get("HX-Request") else redirect(where)


def _ask(request, right, title):
    """The PIN within the same form: all it brought is sent along, the request goes on when the PIN is right."""
    trouble, said = "", request.POST.get(SAID, "")[:LONGEST]
    if said:
        trouble = pins.trouble(request, request.user, said)
        if trouble is None:
            confirm(request.sign_in)
            request.POST = request.POST.copy()
            del request.POST[SAID]
            return None
    if request.headers.get("HX-Request"):
        return to_lock(request)
    kept = [(name, value) for name, values in request.POST.lists() for value in values if name not in (SAID, "csrfmiddlewaretoken")]
    return render(request, "staff/again.html", {
        "title": title, "label": RIGHTS[right].label, "kept": kept, "files": sum(len(f) for _, f in request.FILES.lists()),
        "trouble": trouble, "has_pin": bool(request.user.pin) and not pins.spent(request.user), "field": SAID})
