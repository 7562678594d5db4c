"""Acts of the day's book: a remark by hand, and promises made, moved, kept (DOMAIN §6: agree a time to reply, keep it)."""
from datetime import timedelta

from django.urls import reverse

from servicecentre.files.storing import add_files
from servicecentre.kit.periods import now, shown_moment
from servicecentre.kit.refused import Refused

from .acts import act, record
from .models import LATE, Promise
from .stale import fresh

LONGEST_PROMISE = timedelta(days=366)


@act
def make_remark(estate, *, words, by, household=None, room="", urgent=False, files=()):
    """A line that no act writes by itself; returns the Entry. ``room``: the unit's code, where it has no household."""
    return _with_files(record(by, _counted(words, files), household=household, room=room, estate=estate, urgent=urgent), files, by)


@act
def correct_remark(remark, *, words, by, files=()):
    """A second line that sets a remark right; both stand, tied together. Returns the new Entry. Refused for what an act wrote itself."""
    if not remark.is_remark:
        raise Refused("这一条是办事时自动记的，不能更正。办错了的，按那件事的办法作废或更正。")
    first = remark.corrects or remark
    return _with_files(record(by, _counted(words, files), household_no=first.household_no, room=first.unit_code, estate=first.estate,
                              urgent=first.urgent, corrects=first), files, by)


def _counted(words, files):
    """The sentence tells how many files came with it; what they are, the day's seal covers."""
    return f"{words}（附件 {len(files)} 件）" if files else words


def _with_files(entry, files, by):
    add_files(files, entry, right="worklog.view_day", by=by, household_no=entry.household_no)
    return entry


@act
def make_promise(estate, *, to_whom, words, due_at, by, household=None, household_no="", phone="", given_to=None):
    """Note what was promised to whom, until when; returns the Promise. Refused for a time that is past or beyond a year.

    ``given_to``: the colleague who is to do it, where a manager's review hands out a task.
    """
    _refuse_odd_time(due_at)
    promise = Promise.objects.create(estate=estate, household_no=household.number if household else household_no, to_whom=to_whom,
                                     words=words, phone=phone, due_at=due_at, made_at=now(), made_by=by, given_to=given_to)
    what = f"交办 {given_to}" if given_to else "承诺"
    record(by, f"{what}：{words}，约 {shown_moment(due_at, now())} 前", promise, household_no=promise.household_no, estate=estate)
    return promise


@act
def move_promise(promise, *, due_at, reason, version, by):
    """Agree another time; it counts how often, and one whose time is over counts as late. Refused once kept, or when another changed it meanwhile."""
    promise = _open(promise, version)
    _refuse_odd_time(due_at)
    before, promise.due_at = promise.due_at, due_at
    promise.moved += 1
    promise.version += 1
    promise.save(update_fields=["due_at", "moved", "version"])
    moved = f"由 {shown_moment(before, now())} 改为 {shown_moment(due_at, now())}"
    record(by, f"承诺改期：{promise.words}，{moved}，{reason}", promise, household_no=promise.household_no, doubts=[LATE] if before < now() else ())
    return promise


@act
def keep_promise(promise, *, outcome, version, by):
    """It is done; says with what outcome, late or not. Refused when it was done already."""
    promise = _open(promise, version)
    promise.kept_at, promise.kept_by, promise.outcome = now(), by, outcome
    promise.version += 1
    promise.save(update_fields=["kept_at", "kept_by", "outcome", "version"])
    late = promise.kept_at > promise.due_at
    record(by, f"承诺办完：{promise.words}{'，比约定晚' if late else ''}。{outcome}", promise, household_no=promise.household_no,
           doubts=[LATE] if late else ())
    return promise


def _open(promise, version):
    promise = Promise.objects.lock(promise)
    if promise.kept_at:
        raise Refused(f"{promise.kept_by} 已于 {shown_moment(promise.kept_at, now())} 办完这件承诺。")
    fresh(promise, version, link=reverse("worklog:promises"))
    return promise


def _refuse_odd_time(due_at):
    if due_at <= now():
        raise Refused({"due_at": "约定时间已经过了，请填以后的时间。"})
    if due_at > now() + LONGEST_PROMISE:
        raise Refused({"due_at": "约定时间在一年以后，请核对年份。"})
