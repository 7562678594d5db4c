"""The manager's review: each exception looked at, comments that become tasks with a date, and who may close a day (DOMAIN §13)."""
from django.db.models import Count

from servicecentre.kit.periods import SHANGHAI, now, today
from servicecentre.kit.refused import Refused
from servicecentre.roles import RIGHTS, Role
from servicecentre.staff.models import Post, User

from .acts import act, record
from .day import make_promise
from .models import DayPolicy, Entry, Review, Seal
from .seals import newest


def managers(estate):
    """Those who may review here today, stand-ins among them."""
    held = Post.objects.of(estate).held(on=today()).filter(role=Role.MANAGER)
    return list(User.objects.filter(is_active=True, pk__in=held.values("user")).order_by("pk"))


def who_may_keep(estate):
    """Those to whom a task can be given: who holds a post here today that keeps promises."""
    posts = Post.objects.of(estate).held(on=today()).filter(role__in=RIGHTS["worklog.keep_promise"].roles)
    return User.objects.filter(is_active=True, pk__in=posts.values("user")).order_by("name", "pk")


def others_may(estate, user):
    """Is there another manager who could look at what this one did? Where there is, this one may not (DOMAIN §13 [practice]; a setting)."""
    return DayPolicy.of(estate).own_to_another and any(other.pk != user.pk for other in managers(estate))


def unseen(estate, day):
    """The day's exceptions that nobody has looked at yet."""
    return Entry.objects.of(estate).on(day).exceptions().filter(reviews=None)


def unseen_before(estate, day):
    """{day: how many} exceptions of earlier days that a seal of this one would bury: the first seal covers all that was before."""
    rows = _unsealed(estate, day).filter(day__lt=day, reviews=None).values_list("day").annotate(n=Count("pk"))
    return dict(rows.order_by("day"))


def _unsealed(estate, day):
    """The exceptions that a seal of this day covers."""
    last = newest(estate)
    rows = Entry.objects.of(estate).filter(day__lte=day, **{"day__gt": last.day} if last else {})
    return rows.exceptions()


@act
def see_entries(estate, *, day, entries, by):
    """Note that these lines of the day were looked at; returns the last Review. One's own are refused where another manager is."""
    rows = list(Entry.objects.of(estate).on(day).filter(pk__in=entries, reviews=None).order_by("pk"))
    _refuse_sealed(estate, day)
    if any(row.by_id == by.pk for row in rows) and others_may(estate, by):
        raise Refused("自己办的例外要由另一位主管看过。")
    if not rows:
        raise Refused("请先勾选看过的条目。")
    for row in rows:
        seen = Review.objects.create(estate=estate, entry=row, day=day, by=by, at=now())
    record(by, f"审阅 {day:%m-%d} 日志，看过例外 {len(rows)} 条", estate=estate)
    return seen


@act
def comment_entry(entry, *, words, by, given_to=None, due_at=None):
    """A comment on a line; with somebody and a time it is a task, kept in the list of promises. Returns the Review.

    Refused with only one of the two, for somebody without a post here today, for one's own exception where another manager is, and on a sealed day.
    """
    _refuse_sealed(entry.estate, entry.day)
    if entry.exception and entry.by_id == by.pk and others_may(entry.estate, by):
        raise Refused("自己办的例外要由另一位主管看过。")
    if bool(given_to) != bool(due_at):
        raise Refused({"due_at" if given_to else "given_to": "交办要有人，也要有期限。"})
    task = None
    if given_to and not who_may_keep(entry.estate).filter(pk=given_to.pk).exists():
        raise Refused({"given_to": f"{given_to.name}现在不在这里当班，交不了。"})
    if given_to:
        task = make_promise(entry.estate, to_whom=f"主管 {by.name}", words=words, due_at=due_at, household_no=entry.household_no,
                            given_to=given_to, by=by)
    note = Review.objects.create(estate=entry.estate, entry=entry, day=entry.day, by=by, at=now(), words=words, task=task)
    when = f"{entry.at.astimezone(SHANGHAI):%m-%d %H:%M}"
    record(by, f"批注 {when} 的日志：{words}", task, household_no=entry.household_no, room=entry.unit_code, estate=entry.estate)
    return note


def refuse_to_close(estate, day, by):
    """What stands in the way of this manager's seal: exceptions not looked at, or the manager's own where another has none; of
    every day that the seal covers. Asked while the estate is locked, so that no line comes in between.

    Where each manager has some, each has looked at the others' (see_entries), and any of them may seal.
    """
    before = unseen_before(estate, day)
    if left := unseen(estate, day).count() + sum(before.values()):
        since = f"，最早的在 {min(before):%m-%d}" if before else ""
        raise Refused(f"还有 {left} 件例外没看过{since}。")
    doers = list(_unsealed(estate, day).values_list("by", flat=True))
    own = doers.count(by.pk)
    if own and DayPolicy.of(estate).own_to_another and any(manager.pk not in doers for manager in managers(estate)):
        raise Refused(f"要封存的有您自己办的例外 {own} 件，要由另一位主管封存。")


def _refuse_sealed(estate, day):
    if Seal.objects.of(estate).filter(day__gte=day).exists():
        raise Refused(f"{day:%m-%d} 已封存，不能再添。要补充，请今天记一条。")
