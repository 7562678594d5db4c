"""The second factor: six digits that change every 30 seconds (RFC 6238, django-otp's oath), and eight codes on paper for when the phone is away."""
import base64
import re
import secrets
from datetime import timedelta
from urllib.parse import quote

from django.db.models import F, Q
from django_otp.oath import hotp

from servicecentre.kit.periods import now
from servicecentre.kit.secrets import blind_index
from servicecentre.kit.text import narrow
from servicecentre.roles import Role

from .models import RecoveryCode, SecondFactor, SignIn

STEP, ASIDE = 30, 1                       # seconds of one code; one before and one after are good too (RFC 6238 §5.2)
CODES, LETTERS = 8, "abcdefghjkmnpqrstuvwxyz23456789"        # none that is taken for another
FREE, LONGEST = 3, 900                    # so many wrong ones without a wait, then 2, 4, 8 … seconds, whoever asks and from where
FOR = frozenset({Role.MANAGER, Role.ADMINISTRATOR})


def of(user):
    """The factor in use, or None."""
    return SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).first()


def new_secret():
    return base64.b32encode(secrets.token_bytes(20)).decode()


def new_codes(user):
    """Eight codes in place of the old ones; what is kept are their digests."""
    RecoveryCode.objects.filter(user=user).delete()
    codes = ["".join(secrets.choice(LETTERS) for _ in range(10)) for _ in range(CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, digest=blind_index(user.pk, code)) for code in codes)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def codes_left(user):
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def address(factor, issuer):
    """What the phone's program reads from the QR."""
    return f"otpauth://totp/{quote(issuer)}:{quote(factor.user.username)}?secret={factor.secret}&issuer={quote(issuer)}"


def qr(text):
    """{size, path}: the QR as one path of an SVG, so that the page needs no picture and no inline style."""
    import segno

    rows = [bytes(row) for row in segno.make(text, error="m", micro=False).matrix]
    dark = ((x, y, len(run.group())) for y, row in enumerate(rows) for run in re.finditer(b"\x01+", row) for x in [run.start()])
    return {"size": len(rows) + 8, "path": "".join(f"M{x + 4} {y + 4}h{n}v1h-{n}z" for x, y, n in dark)}


def trouble(user, said):
    """(None, how) when the code is right, used up now; else (what to tell, None). ``said``: six digits, or a recovery code."""
    factor = SecondFactor.objects.filter(user=user).first()
    if factor is None:
        return "还没有设第二道验证。", None
    if wait := _wait(factor):
        return f"刚才错得太多，等 {wait} 秒再试。", None
    moment = now()
    counted = SecondFactor.objects.filter(pk=factor.pk, failures=factor.failures).update(failures=F("failures") + 1, failed_at=moment)
    said = re.sub(r"[\s-]", "", narrow(said)).lower()
    how = counted and (_is_code(factor, said, moment) and SignIn.How.CODE or _is_recovery(user, said, moment) and SignIn.How.RECOVERY)
    if not how:
        return "动态码不对，等它换一个再试。" if said.isdigit() else "恢复码不对，或已经用过。", None
    SecondFactor.objects.filter(pk=factor.pk).update(failures=0, failed_at=None)
    return None, how


def _wait(factor):
    if factor.failures < FREE or factor.failed_at is None:
        return 0
    until = factor.failed_at + timedelta(seconds=min(2 ** (factor.failures - FREE + 1), LONGEST))
    return max(0, -int((now() - until).total_seconds() // 1)) if until > now() else 0


def _is_code(factor, said, moment):
    """Right, and of a time step that was not used before: a code that was watched is worth nothing."""
    if not re.fullmatch("[0-9]{6}", said):
        return False
    key, this = base64.b32decode(factor.secret), int(moment.timestamp()) // STEP
    for step in range(this - ASIDE, this + ASIDE + 1):
        if secrets.compare_digest(f"{hotp(key, step):06d}", said):
            return bool(SecondFactor.objects.filter(Q(last_step__lt=step), pk=factor.pk).update(last_step=step))
    return False


def _is_recovery(user, said, moment):
    if of(user) is None or not re.fullmatch("[a-z0-9]{10}", said):
        return False
    return RecoveryCode.objects.filter(user=user, digest=blind_index(user.pk, said), used_at=None).update(used_at=moment) == 1

