"""The outer journal: one line per issued number and per seal, outside the database (ARCHITECTURE 18, TRUST §6 and 15).

A restore reads it, so that a number which already stands on paper is never given out again; a log that was rewritten
with its key, seals and all, differs from the seals that stand here. Written after commit,
appended and synced; failing to write blocks nobody, but ``trouble()`` says so until the lines are there.
"""
import functools
import json
import logging
import os
import threading

from django.conf import settings

from servicecentre.worklog.models import Seal

log = logging.getLogger(__name__)
_lock = threading.Lock()
_waiting = []                             # lines that could not be written yet
MOST_WAITING = 10_000                     # a restart's catch_up finds the rest


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
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        return f"号码日志不能写。请管理员检查：{path}"
    return ""


def catch_up():
    """Append what a kill between commit and line left out; called once at the start. Returns how many lines were added."""
    from .models import Database, Paper

    database = Database.objects.filter(pk=1).first()
    if database is None:
        return 0
    there = written(database.name)
    papers = Paper.objects.only("estate_id", "number", "issued_at", "digest").order_by("pk")
    missing = [line(paper, database) for paper in papers.iterator(chunk_size=2000) if (paper.estate_id, paper.number) not in there]
    known = {(said["estate"], said["seal"]) for said in sealed(database.name)}
    missing += [seal_line(seal, database) for seal in Seal.objects.order_by("pk") if (seal.estate_id, seal.n) not in known]
    for start in range(0, len(missing), 1000):
        _append(missing[start:start + 1000])
    return len(missing)


def written(database_name):
    """{(estate id, number)} that the journal holds of this database; a torn or foreign line counts for nothing."""
    return {(said["estate"], said["number"]) for said in _lines(database_name, "number") if isinstance(said.get("number"), str)}


def sealed(database_name):
    """The seals' lines of this database, oldest first: {estate, seal, day, entries, digest}.

    Pages ask often, so what was read is kept until the file is another or has another length.
    """
    try:
        stat = os.stat(settings.JOURNAL_FILE)
    except OSError:
        return []
    return _sealed(database_name, settings.JOURNAL_FILE, (stat.st_ino, stat.st_mtime_ns, stat.st_size))


@functools.lru_cache(maxsize=2)
def _sealed(database_name, path, stamp):
    wanted = {"seal": int, "day": str, "entries": int, "digest": str}
    return [said for said in _lines(database_name, "seal") if all(isinstance(said.get(key), kind) for key, kind in wanted.items())]


def _lines(database_name, key):
    try:
        with open(settings.JOURNAL_FILE, encoding="utf-8", errors="replace") as lines:
            for text in lines:
                if database_name not in text or f'"{key}"' not in text:
                    continue
                try:
                    said = json.loads(text)
                except ValueError:
                    continue
                if isinstance(said, dict) and said.get("database") == database_name and isinstance(said.get("estate"), int):
                    yield said
    except FileNotFoundError:
        pass


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
