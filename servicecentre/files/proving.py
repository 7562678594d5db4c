"""Is every stored file still what was taken in, and does each belong to a row? Reads all bytes, so only on request: `prove --files`."""
from datetime import timedelta

from servicecentre.kit import store
from servicecentre.kit.periods import now

from .models import Damaged, File
from .storing import FOLDER

LEFT_OVER = timedelta(hours=24)           # an upload under way has no row yet


def wrong_files():
    """(where, text) for each file that is damaged or gone, or that no row names for a day; last, when it can't be judged to the end, that."""
    try:
        yield from _damaged()
        yield from _left_over()
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


def _left_over():
    named = {path for paths in File.objects.there().values_list("path", "thumb") for path in paths}
    for path in _stored():
        if path not in named and _is_old(path):
            yield path, "存着，却不属于任何记录"


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
