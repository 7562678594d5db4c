"""A page that is left because a colleague takes over the computer: what its form held waits for who typed it (TRUST 24, screens 35b)."""
import json
import re
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve

from servicecentre.roles import RIGHTS

from .middleware import NEVER, SECRET
from .models import LARGEST, Draft

MOST_FIELDS = 500


def keep_page(estate, user, *, address, typed):
    """The Draft, or None for what is no form of this estate's pages that the user may send.

    ``address``: the page's, with the estate's prefix; ``typed``: its fields as JSON, [[name, value], …], as the page's script gathers them.
    """
    found = urlsplit(address)
    path = re.sub(rf"^/e/{re.escape(estate.slug)}(?=/)", "", found.path)
    pairs = _pairs(typed)
    try:
        view = resolve(path).func
    except Resolver404:
        return None
    name = getattr(view, "needs", None)
    right = RIGHTS.get(name) if name not in NEVER else None
    if pairs is None or path == found.path or right is None or view.reads or not right.roles & user.roles_at(estate):
        return None
    key = next((value for name, value in pairs if name == "request_key" or name.endswith("-request_key")), "")
    return Draft.keep(estate, user, path=path, query=found.query, label=right.label, pairs=pairs, files=0, request_key=key)


def _pairs(typed):
    if not typed or len(typed.encode(errors="replace")) > LARGEST:
        return None
    try:
        pairs = json.loads(typed)
    except ValueError:
        return None
    good = isinstance(pairs, list) and 0 < len(pairs) <= MOST_FIELDS and all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) and "\0" not in text for text in pair) for pair in pairs)
    return [(name, value) for name, value in pairs if not SECRET.search(name)] if good else None
