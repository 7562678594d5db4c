"""Acts of the day's book: a remark by hand, and promises made, moved, kept (DOMAIN §6: agree a time to reply, keep it)."""
from datetime import timedelta

from servicecentre.kit.periods import now, shown_moment
from servicecentre.kit.refused import Refused

from .acts import act, record
from .models import Promise

LONGEST_PROMISE = timedelta(days=366)


@act
def make_remark(estate, *, words, by, household=None, urgent=False):
    """A line that no act writes by itself; returns the Entry."""
    return record(by, words, household=household, estate=estate, urgent=urgent)


@act
def make_promise(estate, *, to_whom, words, due_at, by, household=None, phone=""):
    """Note what was promised to whom, until when; returns the Promise. Refused for a time that is past or beyond a year."""
    _refuse_odd_time(due_at)
    promise = Promise.objects.create(estate=estate, household_no=household.number if household else "", to_whom=to_whom, words=words,
                                     phone=phone, due_at=due_at, made_at=now(), made_by=by)
    record(by, f"承诺：{words}，约 {shown_moment(due_at, now())} 前", promise, household=household, estate=estate)
    return promise


@act
def move_promise(promise, *, due_at, reason, version, by):
    """Agree another time; it counts how often. Refused once kept, or when another clerk changed it meanwhile."""
    promise = _open(promise, version)
    _refuse_odd_time(due_at)
    before, promise.due_at = promise.due_at, due_at
    promise.moved += 1
    promise.version += 1
    promise.save(update_fields=["due_at", "moved", "version"])
    moved = f"由 {shown_moment(before, now())} 改为 {shown_moment(due_at, now())}"
    record(by, f"承诺改期：{promise.words}，{moved}，{reason}", promise, household_no=promise.household_no)
    return promise


@act
def keep_promise(promise, *, outcome, version, by):
    """It is done; says with what outcome, late or not. Refused when it was done already."""
    promise = _open(promise, version)
    promise.kept_at, promise.kept_by, promise.outcome = now(), by, outcome
    promise.version += 1
    promise.save(update_fields=["kept_at", "kept_by", "outcome", "version"])
    late = "，比约定晚" if promise.kept_at > promise.due_at else ""
    record(by, f"承诺已办：{promise.words}{late}。{outcome}", promise, household_no=promise.household_no)
    return promise


def _open(promise, version):
    promise = Promise.objects.lock(promise)
    if promise.kept_at:
        raise Refused(f"{promise.kept_by} 已于 {shown_moment(promise.kept_at, now())} 办结这件承诺。")
    if promise.version != version:
        raise Refused("这件承诺刚才被别人改过，请看清新的约定时间再办。")
    return promise


def _refuse_odd_time(due_at):
    if due_at <= now():
        raise Refused({"due_at": "约定时间已经过了，请填以后的时间。"})
    if due_at > now() + LONGEST_PROMISE:
        raise Refused({"due_at": "约定时间在一年以后，请核对年份。"})
