"""@act and record(): the one piece of machinery that every business act stands on (ARCHITECTURE 11, 12; GROUND)."""
import hmac
import threading
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time
from functools import wraps
from hashlib import sha256

from django.conf import settings
from django.db import IntegrityError, OperationalError, connection, models, transaction

from servicecentre.kit.periods import now
from servicecentre.kit.refused import Refused, in_words
from servicecentre.kit.snapshot import reading

from .models import Done, Entry

running = ContextVar("running", default=())          # names of the acts under way, outermost first
accepted = ContextVar("accepted", default=None)      # the doubts that the outermost act was told to pass
TRIES_ON_DEADLOCK = 3
DEADLOCK = "40P01"
BUSY = "系统忙，请再点一次。"
turn = threading.Lock()


def act(verb):
    """One transaction; safe to repeat with the same ``request_key``; the database's refusal in words.

    An act called by an act joins its transaction and request. ``by`` is who does it. Raises Refused.
    """
    name = f"{verb.__module__.split('.')[-2]}.{verb.__name__}"

    @wraps(verb)
    def once(*args, by, request_key=None, **kwargs):
        if reading.get():
            raise RuntimeError(f"{name}: an act inside a page that only reads")
        token = running.set((*running.get(), name))
        try:
            if len(running.get()) > 1:
                return verb(*args, by=by, **kwargs)
            with in_turn():
                return _outermost(verb, name, args, kwargs, by, request_key)
        finally:
            running.reset(token)

    once.act_name = name
    return once


@contextmanager
def in_turn():
    """SQLite has one writer and lets in whoever asks at the right moment: the acts of one process come one behind the other, so that none starves."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    if not turn.acquire(timeout=settings.DATABASES["default"]["OPTIONS"]["timeout"]):
        raise Refused(BUSY)
    try:
        yield
    finally:
        turn.release()


class Accepted(tuple):
    """Doubts accepted by name; it keeps which of them the act came to ask for, so that the log tells those and no others."""

    def __new__(cls, names):
        self = super().__new__(cls, names)
        self.met = []
        return self

    def __contains__(self, name):
        there = super().__contains__(name)
        if there and name not in self.met:
            self.met.append(name)
        return there


def _outermost(verb, name, args, kwargs, by, request_key):
    digest = request_key and _digest(args, kwargs)
    accepted.set(None)
    for tries_left in reversed(range(TRIES_ON_DEADLOCK)):
        if "despite" in kwargs:
            kwargs["despite"] = Accepted(kwargs["despite"])
            accepted.set(kwargs["despite"])
        try:
            with transaction.atomic():
                done = request_key and Done.objects.create(request_key=request_key, user=by, act=name, digest=digest,
                                                           estate_id=_estate_id(args, kwargs))     # a second caller waits here
                result = verb(*args, by=by, **kwargs)
                if done and isinstance(result, models.Model):
                    done.result_type, done.result_id = result._meta.label_lower, result.pk
                    done.save(update_fields=["result_type", "result_id"])
                return result
        except IntegrityError as error:
            if request_key and (done := Done.objects.filter(request_key=request_key).first()):
                return _answer(done, by, name, digest)
            if refusal := in_words(error):
                raise refusal from error
            raise
        except OperationalError as error:
            if tries_left and getattr(error.__cause__, "sqlstate", None) == DEADLOCK:
                continue
            if sentence := _trouble(error):
                raise Refused(sentence) from error
            raise


def served(user, request_key):
    """Has this one-time key of the user's done its act?"""
    return bool(request_key) and Done.objects.filter(request_key=request_key, user=user).exists()


def _answer(done, by, name, digest):
    """The first result, for its own user, act and content; else a refusal, with a link only for that user (TRUST 3)."""
    if done.user_id != by.pk or done.act != name:
        raise Refused("这张表单已经用过，请重新打开页面再办。")
    if not hmac.compare_digest(done.digest, digest):
        row = done.result
        link = row is not None and hasattr(row, "get_absolute_url") and (str(row), row.get_absolute_url())
        raise Refused("这一笔刚才已按另外的内容办好，没有再办一次。请先核对已办的那一笔。", link=link or None)
    return done.result


def _trouble(error):
    """A database that can't take the write just now, in the clerk's words; the form keeps its key and may be sent again."""
    text, state = str(error), getattr(error.__cause__, "sqlstate", None)
    if "locked" in text or state in (DEADLOCK, "55P03", "57014"):
        return BUSY
    if "full" in text or "disk I/O" in text or state == "53100":
        return "磁盘已满，这一笔没有办成。请联系管理员，清理后再点一次。"
    if "readonly" in text or state == "25006":
        return "数据库现在只读，这一笔没有办成。请联系管理员。"
    return None


def _estate_id(args, kwargs):
    for value in (*args, *kwargs.values()):
        if isinstance(value, models.Model):
            if value._meta.label_lower == "estates.estate":
                return value.pk
            if hasattr(value, "estate_id"):
                return value.estate_id
    return None


def _digest(args, kwargs):
    """Keyed digest of the clean input, so that a key answers only for the same content."""
    text = _plain((args, sorted(kwargs.items())))
    return hmac.new(settings.DIGEST_KEY.encode(), text.encode(), sha256).hexdigest()


def _plain(value):
    if isinstance(value, models.Model):
        return f"{value._meta.label_lower}:{value.pk}"
    if isinstance(value, dict):
        return "{" + ",".join(f"{k!r}:{_plain(v)}" for k, v in sorted(value.items())) + "}"
    if isinstance(value, (list, tuple, models.QuerySet)):
        return "[" + ",".join(map(_plain, value)) + "]"
    if isinstance(value, (set, frozenset)):
        return "[" + ",".join(sorted(map(_plain, value))) + "]"
    if isinstance(value, (str, int, bool, bytes, date, datetime, time)) or value is None:
        return repr(value)
    if hasattr(value, "chunks"):                                                # an uploaded file, by its content
        content = sha256()
        for chunk in value.chunks():
            content.update(chunk)
        value.seek(0)
        return content.hexdigest()
    return f"{type(value).__name__}:{value}"


def record(by, words, row=None, *, household=None, household_no="", room="", estate=None, urgent=False, corrects=None, doubts=()):
    """The act's own line in the work log: a sentence for people and a link; the act's last write (STYLE §8).

    ``words``: at most 400 characters, persons by surname or household only; ``household_no`` where the row is not at hand,
    ``room`` where a unit is meant and no household. Doubts that the act was told to pass, and met, are noted on its first
    line by themselves. ``corrects``: the remark that this one sets right. Returns the Entry; Refused into a sealed day.
    """
    owner = next(r for r in (row, household, estate) if r is not None)
    estate_id = estate.pk if estate is not None else getattr(owner, "estate_id", owner.pk)
    passed = [*doubts, *_met()]
    return Entry.write(estate_id=estate_id, at=now(), by=by, act=running.get()[-1] if running.get() else "",
                       words=words[:400], household_no=household.number if household is not None else household_no,
                       row_type=row._meta.label_lower if row is not None else "", row_id=row.pk if row is not None else None,
                       urgent=urgent, unit_code=room, corrects=corrects, doubts=",".join(passed)[:200])


def _met():
    """The accepted doubts that the act met since its last line."""
    told = accepted.get() if running.get() else None
    if not told:
        return []
    met, told.met = told.met, []
    return met
