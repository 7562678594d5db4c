"""Worker processes for making PDFs: fresh Pythons that know the house's files and settings, and none of its rows.

Spawned, not forked: a copy of a process with threads takes their locks along. Without our apps each is 30 MB smaller and
can reach no database. All cores but one, so that the counter goes on, unless a setting says more; they give way to it as well.
"""
import gc
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from django.conf import settings

GIVE_WAY = 5                              # niceness of a worker
ENOUGH = ["django.contrib.staticfiles", "servicecentre.kit"]


def cores():
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def how_many():
    """Workers at once: what settings.PRINT_WORKERS names, as many as there are cores at most; else all cores but one, at least one."""
    return min(cores(), settings.PRINT_WORKERS or max(1, cores() - 1))


def workers(count):
    """An executor of so many processes; use it in a with statement."""
    return ProcessPoolExecutor(max_workers=count, mp_context=get_context("spawn"), initializer=_begin)


def _begin():
    import django
    from django.conf import settings

    if hasattr(os, "nice"):
        os.nice(GIVE_WAY)
    settings.INSTALLED_APPS, settings.DATABASES = ENOUGH, {}
    django.setup()
    gc.set_threshold(200_000)             # a document makes millions of objects that all live to its end: looking them over is in vain
