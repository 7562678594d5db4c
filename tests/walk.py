"""Every door of the house, read from the resolver, with an address in the world of worlds.py."""
import re
from contextlib import contextmanager
from unittest import mock

from django.forms import BaseForm
from django.template import engines
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLPattern, URLResolver

from servicecentre.estates.mount import in_estate
from servicecentre.roles import Role
from servicecentre.staff.models import Post, User

from .conftest import Desk
from .pages import pages_of

PUBLIC = {"healthz", "readyz", "sign_in", "mark"}                 # and /static/, which WhiteNoise serves
SIGNED_IN = {"sign_out", "switch_estate"}                         # need no estate
NOBODYS = 10**9                                                   # an id that no row has
FRAME = ("partials/icons.svg", "shell/_rail.html", "shell/_top.html", "shell/_keys.html", "shell/_lock.html")


def doors(urlconf=None, prefix="", space=""):
    """(name, pattern, view) of every URL."""
    for p in (urlconf if isinstance(urlconf, URLResolver) else get_resolver(urlconf)).url_patterns:
        if isinstance(p, URLResolver):
            yield from doors(p, prefix + str(p.pattern), f"{space}{p.namespace}:" if p.namespace else space)
        elif isinstance(p, URLPattern):
            yield space + (p.name or ""), prefix + str(p.pattern), p.callback


DOORS = list(doors())
NAMES = [name for name, _, _ in DOORS]
INSIDE = [door for door in DOORS if door[0] not in PUBLIC | SIGNED_IN]
ROWED = [name for name, pattern, _ in INSIDE if "<int:" in pattern]


def path_of(pattern, number=1):
    """A path that fits the pattern, every id being this number."""
    return "/" + re.sub(r"<(?:int:|str:)?\w+>", str(number), pattern)


def address(world, name):
    """The door's address where it opens on a row of this world; its rows are asked once, for the walks ask thousands of times."""
    if not hasattr(world, "pages"):
        world.pages = pages_of(world)
    with in_estate(world.estate.slug):
        return reverse(name, args=world.pages.get(name, []))


@contextmanager
def unframed():
    """Pages come without rail, top, keys and lock around them, a third of their cost: for walks that ask what a page itself answers.

    The frame depends on who looks and on nothing that is asked here; each such walk goes once with it, or reads it at home.
    """
    engine = engines["django"].engine
    with mock.patch.dict(engine.template_loaders[0].get_template_cache, dict.fromkeys(FRAME, engine.from_string(""))):
        yield


def everyone(world):
    """A browser of somebody who may do everything at this estate."""
    user = User.objects.create_user(f"{world.estate.slug}-everyone", "全能")
    Post.objects.bulk_create(Post(estate=world.estate, user=user, role=role) for role in Role)
    desk = Desk(user, world.estate)
    desk.user = user
    return desk


def words(response):
    """An answer without what differs from one time to the next: the token and the one-time keys."""
    text = response.content.decode(errors="replace")
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"|"X-CSRFToken": "\w+"', "", text)
    return re.sub(r'(name="request_key" value=)"\w+"', r"\1", text)


def forms_of(response):
    """The forms that a page was rendered with."""
    return {value for context in response.context or () for layer in context for value in (layer.values() if isinstance(layer, dict) else ())
            if isinstance(value, BaseForm)}
