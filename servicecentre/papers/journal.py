"""The outer journal: one line per issued number and per seal, outside the database (ARCHITECTURE 18, TRUST §6 and 15).

A restore reads it, so that a number which already stands on paper is never given out again; a log that was rewritten
with its key, seals and all, differs from the seals that stand here. Written after commit,
appended and synced; failing to write blocks nobody, but ``trouble()`` says so until the lines are there.
"""
import json
import logging
import os
import threading
from collections import deque

from django.conf import settings

from servicecentre.worklog.models import Seal

log = logging.getLogger(__name__)
_lock = threading.Lock()
_waiting = []                             # lines that could not be written yet
MOST_WAITING = 10_000                     # a restart's catch_up finds the rest
SLACK = 500                               # papers that others may have written down before one that a kill left out


def line(paper, database):
    """What the journal keeps: no words, no names, only which number is used and what it sealed."""
    return json.dumps({"database": database.name, "estate": paper.estate_id, "number": paper.number, "paper": paper.pk,
                       "at": paper.issued_at.isoformat(), "digest": paper.digest}, ensure_ascii=False)


def seal_line(seal, database):
    """What the journal keeps of a sealed day."""
    return json.dumps({"database": database.name, "estate": seal.estate_id, "seal": seal.n, "day": seal.day.isoformat(),
                       "entries": seal.entries, "at": seal.at.isoformat(), "digest": seal.digest}, ensure_ascii=False)


def write_seal(seal, database):
    """Append the seal's line and those that waited; True when all of them are on disk."""
    return _append([seal_line(seal, database)])


def write(paper, database):
    """Append the paper's line and those that waited; True when all of them are on disk."""
    return _append([line(paper, database)])


def trouble():
    """What the home page warns of, or an empty text: this process could not write, or nobody could."""
    if _waiting:
        return f"号码日志写不进去，有 {len(_waiting)} 个号码还没记下。请管理员检查磁盘：{settings.JOURNAL_FILE}"
    path = settings.JOURNAL_FILE
    if not os.access(path if path.exists() else path.parent, os.R_OK | os.W_OK):
        return f"号码日志不能读写。请管理员检查：{path}"
    return ""


def catch_up():
    """Append what a kill between commit and line left out; called once at the start. Returns how many lines were added.

    Nothing older: a line that is missing further back was taken away, and is not to be written anew from what the
    database says now. Only a journal without a line of this database begins with all there is.
    """
    from .models import Database, Paper

    database = Database.objects.filter(pk=1).first()
    if database is None:
        return 0
    seen = _seen(database.name, afresh=True)
    there = {(said["estate"], str(said["number"])) for said in seen.tail}
    papers = Paper.objects.only("estate_id", "number", "issued_at", "digest").filter(pk__gt=max(0, seen.newest - SLACK)).order_by("pk")
    missing = [line(paper, database) for paper in papers.iterator(chunk_size=2000) if (paper.estate_id, paper.number) not in there]
    known = {}
    for said in seen.seals:
        known[said["estate"]] = max(said["seal"], known.get(said["estate"], 0))
    missing += [seal_line(seal, database) for seal in Seal.objects.order_by("pk") if seal.n > known.get(seal.estate_id, 0)]
    if missing and not (seen.newest or seen.seals):
        log.warning("the outer journal begins with %s lines", len(missing))
    for start in range(0, len(missing), 1000):
        _append(missing[start:start + 1000])
    return len(missing)


def written(database_name, path=None):
    """{estate, number, paper, digest} of each number that the journal, or a copy of it, holds of this database; OSError if it can't be read."""
    with open(path or settings.JOURNAL_FILE, "rb") as lines:
        for text in lines:
            if (said := _of(database_name, text, "number")) and isinstance(said["number"], str):
                yield {"paper": None, "digest": None} | said


def sealed(database_name, path=None):
    """The seals' lines of this database, oldest first: {estate, seal, day, entries, digest}; OSError if a named copy can't be read.

    Pages ask often, so of the journal itself only what came since the last look is read.
    """
    if path is None:
        return list(_seen(database_name).seals)
    seen = _Seen(database_name, path)
    with open(path, "rb") as lines:
        for text in lines:
            seen.take(text)
    return seen.seals


class _Seen:
    """What was read of a journal so far: all seals, the newest paper's key, the last numbers' lines."""

    def __init__(self, database_name, path, inode=None):
        self.database, self.path, self.inode = database_name, path, inode
        self.offset, self.seals, self.newest, self.tail = 0, [], 0, deque(maxlen=2 * SLACK)

    def read(self, lines):
        """Go on from where it ended, line by whole line."""
        lines.seek(self.offset)
        for text in lines:
            if not text.endswith(b"\n"):
                break
            self.offset += len(text)
            self.take(text)

    def take(self, text):
        if said := _of(self.database, text, "seal"):
            if all(isinstance(said.get(key), kind) for key, kind in SEAL.items()):
                self.seals.append(said)
        elif said := _of(self.database, text, "number"):
            self.tail.append(said)
            self.newest = max(self.newest, said["paper"] if isinstance(said.get("paper"), int) else 0)


SEAL = {"seal": int, "day": str, "entries": int, "digest": str}
_kept = None                              # the _Seen of this process
_reading = threading.Lock()


def _seen(database_name, afresh=False):
    """The journal as far as it can be read; from its beginning when it is another file or shorter than it was."""
    global _kept
    path = settings.JOURNAL_FILE
    with _reading:
        try:
            with open(path, "rb") as lines:
                stat = os.fstat(lines.fileno())
                same = not afresh and _kept and (_kept.database, _kept.path, _kept.inode) == (database_name, path, stat.st_ino) and stat.st_size >= _kept.offset
                _kept = _kept if same else _Seen(database_name, path, stat.st_ino)
                _kept.read(lines)
                return _kept
        except OSError:
            _kept = None
            return _Seen(database_name, path)


def _of(database_name, text, key):
    """The line with this key, if it is of this database; a torn or foreign one counts for nothing."""
    if database_name.encode() not in text or f'"{key}"'.encode() not in text:
        return None
    try:
        said = json.loads(text)
    except ValueError:
        return None
    return said if isinstance(said, dict) and said.get("database") == database_name and isinstance(said.get("estate"), int) and key in said else None


def _append(lines):
    with _lock:
        _waiting.extend(lines[:max(0, MOST_WAITING - len(_waiting))])
        if not _waiting:
            return True
        try:
            _write("".join(f"{each}\n" for each in _waiting).encode())
        except OSError as error:
            log.error("the outer journal can't be written: %s", error.strerror)
            return False
        _waiting.clear()
        return True


def _write(data):
    file = os.open(settings.JOURNAL_FILE, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(file).st_size
        if size and os.pread(file, 1, size - 1) != b"\n":                  # a full disk tore the line before
            data = b"\n" + data
        while data:
            data = data[os.write(file, data):]
        os.fsync(file)
    finally:
        os.close(file)
