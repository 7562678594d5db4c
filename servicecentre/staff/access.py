"""The door: who comes in, to which estate, with which right (ARCHITECTURE 10 and 17, TRUST 12 and 13)."""
from functools import wraps

from django.core.exceptions import PermissionDenied
from django.http import Http404

from servicecentre.kit.snapshot import snapshot
from servicecentre.roles import RIGHTS

from . import gate

READS = ("GET", "HEAD", "OPTIONS")


def needs(right, *, reads=False):
    """Let in who is signed in (LoginRequiredMiddleware), serves this estate (else 404), has the right (else 403).

    What else may stand in between says gate.py: a locked screen, a password to be changed, a PIN to be said again.

    A GET, and a POST that only searches (``reads=True``), sees one read-only snapshot, rendered inside it.
    """
    allowed = RIGHTS[right].roles

    def door(view):
        @wraps(view)
        def enter(request, *args, **kwargs):
            request.roles = request.user.roles_at(request.estate) if request.estate else frozenset()
            if not request.roles:
                raise Http404("没有这个小区，或您不在这里任职。")
            if not allowed & request.roles:
                raise PermissionDenied(RIGHTS[right].label)
            changes = request.method not in READS and not reads
            if (instead := gate.stop(request, right, changes)) is not None:
                return instead
            if changes:
                return view(request, *args, **kwargs)
            with snapshot():
                response = view(request, *args, **kwargs)
                if callable(getattr(response, "render", None)):
                    response = response.render()
            return response

        enter.needs, enter.reads = right, reads
        return enter

    return door


def may(request, right):
    """Does who is looking have this right at this estate? For what a page leaves out; the door asks again."""
    return bool(RIGHTS[right].roles & getattr(request, "roles", frozenset()))
