"""Bytes that lie beside the database, on disk or in a bucket: kept and read whole; a store that does not answer is said in words."""
import errno
import logging
from contextlib import contextmanager

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from .refused import Refused

NOT_KEPT = "存放文件的地方现在存不进去，文件没有收。请告诉系统管理员，好了再传"
FULL = "磁盘已满，文件没有收。请告诉系统管理员，好了再传"
NOT_READ = "存放文件的地方现在读不出来。请告诉系统管理员，好了再看"
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
logger = logging.getLogger(__name__)


class Silent(Refused):
    """The store does not answer, is full or may not be used; whether a file is whole cannot be told now."""


@contextmanager
def answering(words=NOT_READ, but=FileNotFoundError):
    """What goes wrong with it, but that a file is not there, becomes Silent with these words; why is told to the operator."""
    try:
        yield default_storage
    except but:
        raise
    except OSError as error:
        logger.error("store: %s", error)
        raise Silent(FULL if words == NOT_KEPT and error.errno in NO_ROOM else words) from error


def read(path) -> bytes:
    """FileNotFoundError when it is gone, Silent when that cannot be told."""
    with answering() as store, store.open(path) as file:
        return file.read()


def save(path, data) -> str:
    """Where it lies now; Silent when it was not kept."""
    with answering(NOT_KEPT, but=()) as store:
        return store.save(path, ContentFile(data))


def discard(path):
    """What no row names goes; when it can't now, `prove --files` tells of it."""
    try:
        default_storage.delete(path)
    except OSError as error:
        logger.error("store: %s", error)
