"""Mounts the site once per estate: /e/<slug>/… (two tabs cannot mix two estates)."""
import re
from contextlib import contextmanager

from django.urls import get_script_prefix, set_script_prefix

from .models import Estate


@contextmanager
def in_estate(slug):
    """URLs reversed in here carry this estate's prefix; commands, jobs and tests use it too."""
    before = get_script_prefix()
    set_script_prefix(f"/e/{slug}/")
    try:
        yield
    finally:
        set_script_prefix(before)


def mount(get_response):
    """Middleware: takes the prefix off the path, sets ``request.estate`` (None when there is no such estate)."""

    def middleware(request):
        request.estate = None
        if not (match := re.match(r"/e/([-a-z0-9]{1,40})(/.*)", request.path_info, re.DOTALL)):
            return get_response(request)
        request.mounted = match[1]                                          # the door answers 404 for none, after sign-in
        request.estate = Estate.objects.filter(slug=match[1]).first()
        request.path_info = match[2]
        with in_estate(match[1]):
            return get_response(request)

    return middleware
