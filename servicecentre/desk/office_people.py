"""Acts on the people of an estate: accounts, posts, stand-ins (DOMAIN §14; TRUST T5, T26, T28, T30). Nobody changes his own rights.

An account may serve several estates. What touches the account itself (password, name, out of use) needs a right at
every estate where it holds a post, so that nobody becomes somebody else's estate's administrator by a password.
"""
import secrets
from datetime import timedelta

from django.db.models import Q
from django.urls import reverse

from servicecentre.estates.models import Estate
from servicecentre.kit.periods import now, shown_date, today
from servicecentre.kit.refused import Refused
from servicecentre.roles import BELOW_MANAGER, Role
from servicecentre.staff import pins, sign_ins
from servicecentre.staff.models import Post, SecondFactor, SignIn, StaffPolicy, User
from servicecentre.staff.second_factor import LETTERS
from servicecentre.worklog.acts import act, record
from servicecentre.worklog.stale import fresh

from .own_account import forget


class OneTime(pins.Hashed):
    """A one-time password: ten letters that can be read out, 49 bits, like k7mw-3xpd-9r. Pages make it before the act."""

    def __init__(self):
        said = "".join(secrets.choice(LETTERS) for _ in range(10))
        self.plain = f"{said[:4]}-{said[4:8]}-{said[8:]}"
        super().__init__(self.plain)


@act
def add_user(estate, *, username, name, role, by, mobile="", despite=(), one_time=None):
    """An account with a one-time password (``user.one_time``, told once) and a post; returns the User.

    Somebody who has an account at another estate of the same administrator gets the post here, after a question.
    """
    Estate.objects.select_for_update().get(pk=estate.pk)
    if there := User.objects.filter(username=username).first():
        return _known(estate, there, role, by, despite)
    if mobile and User.objects.filter(mobile=mobile).exists():
        raise Refused({"mobile": "这个手机号已有账号。"})
    one_time = one_time or OneTime()
    user = User.objects.create(username=username, name=name, password=one_time.text, mobile=mobile, must_change_password=True)
    Post.objects.create(estate=estate, user=user, role=role, starts_on=today(), given_by=by)
    record(by, f"加人 {name}（{username}），任{Role(role).label}", user, estate=estate)
    user.one_time = one_time.plain
    return user


def _known(estate, there, role, by, despite):
    if there.posts.of(estate).exists():
        raise Refused({"username": f"这里已有这个工号：{there.name}。"})
    if not (there.is_active and there.posts.held(on=today()).exists() and _governs(by, there, {Role.ADMINISTRATOR})):
        raise Refused({"username": "这个工号已有人用，请换一个。"})
    if "same_person" not in despite:
        raise Refused(f"您管的另一个小区已有这个工号：{there.name}。用同一个账号，加到这里？", unless="same_person")
    return give_post(there, role=role, estate=estate, by=by).user


@act
def change_user(user, *, estate, name, mobile, version, by):
    """Name and mobile of an account. Refused when somebody has changed it since the page was shown."""
    user = _lock(user)
    _governed(by, user, {Role.ADMINISTRATOR})
    fresh(user, version, estate=estate, link=reverse("user", args=[user.pk]))
    if mobile and User.objects.filter(mobile=mobile).exclude(pk=user.pk).exists():
        raise Refused({"mobile": "这个手机号已有账号。"})
    was = user.name
    user.name, user.mobile, user.version = name, mobile, user.version + 1
    user.save(update_fields=["name", "mobile", "version"])
    record(by, f"修改人员资料 {was}" + (f"，改名{name}" if name != was else ""), user, estate=estate)
    return user


@act
def give_post(user, *, role, estate, by, ends_on=None):
    """A role at the estate from today on, until the day ``ends_on`` or for good; returns the Post. Refused for oneself."""
    Estate.objects.select_for_update().get(pk=estate.pk)
    user = _lock(user)
    _not_oneself(user, by)
    if not user.is_active:
        raise Refused(f"{user.name}的账号停用了，先恢复再给岗位。")
    if user.posts.of(estate).lasting().filter(role=role).exists():                 # a stand-in may be made the real thing
        raise Refused({"role": f"{user.name}现在就是{Role(role).label}。"})
    if ends_on is not None and ends_on < today():
        raise Refused({"ends_on": "最后一天已经过了。"})
    post = Post.objects.create(estate=estate, user=user, role=role, starts_on=today(), ends_on=ends_on, given_by=by)
    record(by, f"{user.name} 任{Role(role).label}" + (f"，到 {ends_on.isoformat()}" if ends_on else ""), user, estate=estate)
    return post


@act
def arrange_cover(user, *, post, starts_on, ends_on, by):
    """The user stands in for the holder of ``post`` from one day to another, both included; returns the stand-in's Post.

    A manager arranges it among clerks, engineers and guards; for the other posts it takes an administrator.
    """
    Estate.objects.select_for_update().get(pk=post.estate_id)
    user, day = _lock(user), today()
    _not_oneself(user, by)
    _may_cover(by, post)
    if not user.is_active or not user.posts.of(post.estate).held(on=day).exists():
        raise Refused(f"{user.name}现在不在这里任职，不能替班。")
    if user.pk == post.user_id or post.role in user.posts.of(post.estate).lasting().values_list("role", flat=True):
        raise Refused({"post": f"{user.name}自己就是{post.get_role_display()}，不用替。"})
    if starts_on < day:
        raise Refused({"starts_on": "替班从今天或以后开始。"})
    if ends_on < starts_on:
        raise Refused({"ends_on": "最后一天早于开始那天。"})
    if ends_on - starts_on > timedelta(days=(most := StaffPolicy.of(post.estate).cover_days)):
        raise Refused({"ends_on": f"替班最长 {most} 天；更久的请管理员给岗位。"})
    same = user.posts.of(post.estate).filter(role=post.role, ended_at=None, starts_on__lte=ends_on, ends_on__gte=starts_on)
    if there := same.first():
        raise Refused({"starts_on": f"这几天已安排{user.name}替{post.get_role_display()}，到 {shown_date(there.ends_on, day)}。"})
    cover = Post.objects.create(estate=post.estate, user=user, role=post.role, covers=post.user, starts_on=starts_on, ends_on=ends_on, given_by=by)
    record(by, f"{user.name} 替 {post.user.name} 任{post.get_role_display()}，{starts_on.isoformat()} 至 {ends_on.isoformat()}",
           user, estate=post.estate)
    return cover


@act
def end_cover(post, *, by):
    """A stand-in ends now, or does not begin; returns the Post."""
    _may_cover(by, post)
    if post.covers_id is None:
        raise Refused("这不是替班，请管理员结束岗位。")
    return _end(post, by, f"取消 {post.user.name} 替 {post.covers.name} 任{post.get_role_display()}")


@act
def end_post(post, *, by):
    """The post ends now, and with the last one the user's stand-ins here; what was done under it stays.

    Refused for one's own and for the last administrator's.
    """
    return _end(post, by, f"{post.user.name} 不再任{post.get_role_display()}")


def _end(post, by, words):
    Estate.objects.select_for_update().get(pk=post.estate_id)
    post = Post.objects.lock(post)
    _not_oneself(post.user, by)
    if post.ended_at is not None:
        raise Refused("这个岗位已经结束了。")
    if post.role == Role.ADMINISTRATOR and post.ends_on is None:
        _another_administrator(post.user, [post.estate])
    post.ended_at, post.ended_by = now(), by
    post.save(update_fields=["ended_at", "ended_by"])
    if stand_ins := _end_stand_ins(post, by):
        words += f"，替班 {stand_ins} 个一并结束"
    record(by, words, post.user, estate=post.estate)
    return post


def _end_stand_ins(post, by):
    """Who holds no post of his own here any more stands in for nobody; returns how many of them end."""
    here = post.user.posts.of(post.estate).filter(Q(ends_on=None) | Q(ends_on__gte=today()), ended_at=None)
    return 0 if here.filter(covers=None).exists() else here.update(ended_at=post.ended_at, ended_by=by)


@act
def deactivate_user(user, *, estate, reason, by):
    """Out of use at once: what the account is doing anywhere ends at its next click. Refused for oneself and the last administrator."""
    _not_oneself(user, by)
    posts = list(user.posts.lasting().filter(role=Role.ADMINISTRATOR).select_related("estate").order_by("estate"))
    for post in posts:
        Estate.objects.select_for_update().get(pk=post.estate_id)
    user = _lock(user)
    _governed(by, user, {Role.ADMINISTRATOR})
    if not user.is_active:
        raise Refused("这个账号已经停用了。")
    _another_administrator(user, [post.estate for post in posts])
    user.is_active, user.version = False, user.version + 1
    user.save(update_fields=["is_active", "version"])
    sign_ins.end_all(user, SignIn.End.GONE)
    record(by, f"停用账号 {user.name}：{reason}", user, estate=estate)
    return user


@act
def reactivate_user(user, *, estate, by, one_time=None):
    """In use again, with a new one-time password (``user.one_time``); the posts that were not ended hold again."""
    user = _lock(user)
    _not_oneself(user, by)
    _governed(by, user, {Role.ADMINISTRATOR})
    if user.is_active:
        raise Refused("这个账号在用。")
    user.is_active, user.version = True, user.version + 1
    return _new_password(user, estate, by, "恢复账号", one_time)


@act
def reset_password(user, *, estate, by, one_time=None):
    """A one-time password (``user.one_time``) that must be changed at the next sign-in; all sessions of the account end.

    A manager does it for clerks, engineers and guards, an administrator for all; nobody for himself.
    """
    user = _lock(user)
    _not_oneself(user, by)
    _governed_by_rank(by, user)
    if not user.is_active:
        raise Refused("这个账号停用了，先恢复。")
    return _new_password(user, estate, by, "重设密码", one_time)


@act
def end_sessions(user, *, estate, by):
    """Everywhere the account is signed in, it is out at the next click: a lost phone, a computer left open (TRUST T30). By whom: as reset_password."""
    user = _lock(user)
    _not_oneself(user, by)
    _governed_by_rank(by, user)
    n = sign_ins.end_all(user, SignIn.End.ENDED)
    record(by, f"让 {user.name} 的登录都退出，{n} 处", user, estate=estate)
    return user


@act
def reset_second_factor(user, *, estate, by):
    """The phone is lost: the password alone lets in again, until a new one is set up. Refused for oneself."""
    user = _lock(user)
    _not_oneself(user, by)
    _governed(by, user, {Role.ADMINISTRATOR})
    if not SecondFactor.objects.filter(user=user).exists():
        raise Refused("此人没有第二道验证。")
    forget(user)
    sign_ins.end_all(user, SignIn.End.ENDED)
    record(by, f"取消 {user.name} 的第二道验证", user, estate=estate)
    return user


def _new_password(user, estate, by, words, one_time=None):
    one_time = one_time or OneTime()
    user.one_time, user.password = one_time.plain, one_time.text
    user.must_change_password, user.pin, user.pin_failures = True, "", 0
    user.save(update_fields=["password", "must_change_password", "is_active", "version", "pin", "pin_failures"])
    sign_ins.end_all(user, SignIn.End.PASSWORD)
    record(by, f"{words} {user.name}", user, estate=estate)
    return user


def _lock(user):
    return User.objects.select_for_update().get(pk=user.pk)


def _not_oneself(user, by):
    if user.pk == by.pk:
        raise Refused("自己的岗位和账号要由别人改。")


def _governs(by, user, roles):
    """Has ``by`` one of these roles at every estate where the user holds a post? The system's own commands may everything."""
    if by.username == "system":
        return True
    theirs = set(user.posts.held(on=today()).values_list("estate", flat=True))
    return theirs <= set(by.posts.held(on=today()).filter(role__in=roles).values_list("estate", flat=True))


def _governed(by, user, roles):
    if not _governs(by, user, roles):
        raise Refused("此人有您管不到的岗位，或还在别的小区任职，账号要由管到全部岗位的管理员改。")


def _governed_by_rank(by, user):
    """A manager for clerks, engineers and guards, an administrator for all; at every estate where the user holds a post."""
    roles = set(user.posts.held(on=today()).values_list("role", flat=True))
    _governed(by, user, {Role.ADMINISTRATOR} if roles - BELOW_MANAGER else {Role.ADMINISTRATOR, Role.MANAGER})


def _may_cover(by, post):
    if post.role not in BELOW_MANAGER and Role.ADMINISTRATOR not in by.roles_at(post.estate):
        raise Refused(f"替{post.get_role_display()}要由管理员安排。")


def _another_administrator(user, estates):
    """Refused when an estate would be left without an administrator who is there for good and in use."""
    for estate in estates:
        others = Post.objects.of(estate).lasting().filter(role=Role.ADMINISTRATOR, user__is_active=True).exclude(user=user)
        if not others.exists():
            raise Refused("这是最后一位管理员，先给别人管理员岗位。")


@act
def operators_post(estate, *, username, name, role, by, new_password=False):
    """What the operator's command does: the account when it is missing, the post when it is not held; returns the User.

    ``user.one_time`` is there when the account is new, or a new password was asked for. Refused for a new account without a name.
    """
    Estate.objects.select_for_update().get(pk=estate.pk)
    user = User.objects.select_for_update().filter(username=username).first()
    if user is None:
        if not name:
            raise Refused(f"没有账号 {username}：加 --name 姓名 就建一个。")
        return add_user(estate, username=username, name=name, role=role, by=by)
    if not user.is_active and not new_password:
        raise Refused(f"{user.name}的账号停用了；加 --new-password 就恢复，并给一次性密码。")
    if new_password:
        user.is_active = True
        _new_password(user, estate, by, "重设密码")
    if not user.posts.of(estate).held(on=today()).filter(role=role).exists():
        give_post(user, role=role, estate=estate, by=by)
    return user
