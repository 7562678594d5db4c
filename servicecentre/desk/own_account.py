"""Acts on one's own account. The page wants the password again first, since a PIN or an open screen is not the person (TRUST T2)."""
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError

from servicecentre.kit.periods import now, today
from servicecentre.kit.refused import Refused
from servicecentre.staff import pins, second_factor, sign_ins
from servicecentre.staff.models import RecoveryCode, SecondFactor, SignIn, StaffPolicy, User
from servicecentre.worklog.acts import act, record


@act
def change_password(user, *, estate, new, hashed, by, here=None):
    """A new password for oneself, ``hashed`` (pins.Hashed) before; other sessions of this account end. Refused with a weak one."""
    user = _lock(user)
    try:
        password_validation.validate_password(new, user)
    except ValidationError as error:
        raise Refused({"new": " ".join(error.messages)}) from error
    user.password = hashed.text
    user.must_change_password, user.pin_failures = False, 0
    user.save(update_fields=["password", "must_change_password", "pin_failures"])
    sign_ins.end_all(user, SignIn.End.PASSWORD, but=here)
    record(by, f"{user.name} 修改了自己的密码", estate=estate)
    return user


@act
def set_pin(user, *, estate, pin, hashed, by):
    """The PIN that opens the lock, ``hashed`` (pins.Hashed) before. Refused for one that anybody would try first."""
    user = _lock(user)
    try:
        pins.check_new(pin, user)
    except ValidationError as error:
        raise Refused({"pin": error.message}) from error
    user.pin, user.pin_failures = hashed.text, 0
    user.save(update_fields=["pin", "pin_failures"])
    record(by, f"{user.name} 设了自己的 PIN", estate=estate)
    return user


@act
def end_others(user, *, estate, here, by):
    """Every session of one's own but this one is over at its next click."""
    if sign_ins.end_all(user, SignIn.End.ENDED, but=here):
        record(by, f"{user.name} 让自己别处的登录都退出", estate=estate)
    return user


@act
def begin_second_factor(user, *, estate, by):
    """A secret for the phone, not in use before the first code is right; the one that waited is forgotten."""
    user = _lock(user)
    if second_factor.of(user):
        raise Refused("第二道验证已经启用。")
    SecondFactor.objects.filter(user=user).delete()
    return SecondFactor.objects.create(user=user, secret=second_factor.new_secret(), made_at=now())


@act
def confirm_second_factor(user, *, estate, code, here, by):
    """The first code: the factor is in use, ``user.codes`` are the recovery codes, shown once; other sessions end."""
    user = _lock(user)
    if second_factor.of(user):
        raise Refused("第二道验证已经启用。")
    trouble, how = second_factor.trouble(user, code)
    if trouble:
        raise Refused({"code": trouble})
    SecondFactor.objects.filter(user=user).update(confirmed_at=now())
    user.codes = second_factor.new_codes(user)
    here.passed(now())
    sign_ins.end_all(user, SignIn.End.ENDED, but=here)
    record(by, f"{user.name} 启用第二道验证", estate=estate)
    return user


@act
def renew_recovery_codes(user, *, estate, by):
    """Eight new codes, ``user.codes``; the old ones are worth nothing any more."""
    user = _lock(user)
    if not second_factor.of(user):
        raise Refused("还没有启用第二道验证。")
    user.codes = second_factor.new_codes(user)
    record(by, f"{user.name} 重新生成恢复码", estate=estate)
    return user


@act
def drop_second_factor(user, *, estate, by):
    """Refused where the estate wants it of this user."""
    user = _lock(user)
    for post in user.posts.held(on=today()).filter(role__in=second_factor.FOR).select_related("estate"):
        if StaffPolicy.of(post.estate).second_factor:
            raise Refused("您任职的小区要求主管和管理员用第二道验证，不能取消。")
    forget(user)
    record(by, f"{user.name} 取消第二道验证", estate=estate)
    return user


def forget(user):
    """No second factor any more, no codes."""
    SecondFactor.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()


def _lock(user):
    return User.objects.select_for_update().get(pk=user.pk)
