"""Is every stored file still what was taken in, and does each belong to a row? Reads all bytes, so only on request: `prove --files`."""
from datetime import timedelta

from django.core.files.storage import default_storage

from servicecentre.kit.periods import now

from .models import Damaged, File
from .storing import FOLDER

LEFT_OVER = timedelta(hours=24)           # an upload under way has no row yet


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
    for path in _stored():
        if path not in named and now() - default_storage.get_modified_time(path) > LEFT_OVER:
            yield path, "存着，却不属于任何记录"


def _stored():
    """Every stored path of ours; the store has one folder per first two letters."""
    if not default_storage.exists(FOLDER):
        return
    for folder in default_storage.listdir(FOLDER)[0]:
        for name in default_storage.listdir(f"{FOLDER}/{folder}")[1]:
            yield f"{FOLDER}/{folder}/{name}"
