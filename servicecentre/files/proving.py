"""Is every stored file still what was taken in, and does each belong to a row? Reads all bytes, so only on request: `prove --files`.

What belongs to none is taken away once a day.
"""
import logging
from datetime import timedelta

from django.core.files.storage import default_storage

from servicecentre.kit.periods import now

from .models import Damaged, File
from .storing import FOLDER

LEFT_OVER = timedelta(hours=24)           # an upload under way has no row yet
MOST_LEFT = 100                           # that so many are left over is no accident of uploads, but the wrong database
log = logging.getLogger(__name__)


def wrong_files():
    """(where, text) for each file that is damaged or gone, or that no row names for a day."""
    named = set()
    for file in File.objects.select_related("estate").order_by("pk").iterator(chunk_size=500):
        if file.removed_at:
            continue
        named |= {file.path, file.thumb}
        try:
            file.content()
            if file.thumb:
                file.small()
        except Damaged:
            yield f"{file.estate.slug} 附件 {file.pk}", f"「{file.label}」已损坏或不在了"
    for path in _left_over(named):
        yield path, "存着，却不属于任何记录"


def sweep():
    """Take away what a kill between file and row left behind, and what a removed file's row no longer names; returns how many."""
    named = {path for pair in File.objects.there().values_list("path", "thumb") for path in pair}
    left = list(_left_over(named))
    if len(left) > MOST_LEFT or not named:
        if left:
            log.warning("%s stored files belong to no row; none is taken away: is this their database?", len(left))
        return 0
    for path in left:
        default_storage.delete(path)
    return len(left)


def _left_over(named):
    for path in _stored():
        if path not in named and now() - default_storage.get_modified_time(path) > LEFT_OVER:
            yield path


def _stored():
    """Every stored path of ours; the store has one folder per first two letters."""
    if not default_storage.exists(FOLDER):
        return
    for folder in default_storage.listdir(FOLDER)[0]:
        for name in default_storage.listdir(f"{FOLDER}/{folder}")[1]:
            yield f"{FOLDER}/{folder}/{name}"
