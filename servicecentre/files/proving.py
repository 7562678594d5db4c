"""Is every stored file still what was taken in, and does each belong to a row? Reads all bytes, so only on request: `prove --files`.

What belongs to none is taken away once a day.
"""
import logging
from datetime import timedelta

from servicecentre.kit import store
from servicecentre.kit.periods import now

from .models import Damaged, File
from .storing import FOLDER

LEFT_OVER = timedelta(hours=24)           # an upload under way has no row yet
MOST_LEFT = 100                           # that so many are left over is no accident of uploads, but the wrong database
log = logging.getLogger(__name__)


def wrong_files():
    """(where, text) for each file that is damaged or gone, or that no row names for a day; last, when it can't be judged to the end, that."""
    try:
        yield from _damaged()
        yield from ((path, "存着，却不属于任何记录") for path in _left_over())
    except store.Silent as silent:
        yield "附件", f"没有核对完：{silent.sentence}"


def _damaged():
    for file in File.objects.there().select_related("estate").order_by("pk").iterator(chunk_size=500):
        try:
            file.content()
            if file.thumb:
                file.small()
        except Damaged:
            yield f"{file.estate.slug} 附件 {file.pk}", f"「{file.label}」已损坏或不在了"


def sweep():
    """Take away what a kill between file and row left behind, and what a removed file's row no longer names; returns how many."""
    left = list(_left_over())
    if len(left) > MOST_LEFT or left and not File.objects.there().exists():
        log.warning("%s stored files belong to no row; none is taken away: is this their database?", len(left))
        return 0
    for path in left:
        store.discard(path)
    return len(left)


def _left_over():
    named = {path for paths in File.objects.there().values_list("path", "thumb") for path in paths}
    return (path for path in _stored() if path not in named and _is_old(path))


def _is_old(path):
    try:
        with store.answering() as place:
            return now() - place.get_modified_time(path) > LEFT_OVER
    except FileNotFoundError:                             # gone since it was listed
        return False


def _stored():
    """Every stored path of ours; the store has one folder per first two letters. A bucket knows no folder that is empty."""
    for folder in _listed(FOLDER)[0]:
        for name in _listed(f"{FOLDER}/{folder}")[1]:
            yield f"{FOLDER}/{folder}/{name}"


def _listed(folder):
    try:
        with store.answering() as place:
            return place.listdir(folder)
    except FileNotFoundError:
        return [], []
