"""Who made the page that a form was sent from: a signed cookie that only our own pages send (TRUST 24, T16).

It lists who signed in with this browser lately, each with a digest of the CSRF secret of that sign-in. A form's token
names its secret, so it is the token that tells who had typed, also when somebody else is signed in by now. The cookie is
SameSite=Strict: a foreign page can't have what it made up kept for anybody.
"""
import hmac

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core import signing
from django.middleware.csrf import CSRF_TOKEN_LENGTH, InvalidTokenFormat, _check_token_format, _unmask_cipher_token
from django.utils.crypto import salted_hmac

COOKIE = "who"
SALT = "servicecentre.drafts.who"
HOURS = 36                                # a session lives for twelve at most; then somebody may come back to a page left open
MOST = 4


def typed_by(request):
    """Id of the user from whose page this form came; None when it can't be told."""
    token = request.POST.get("csrfmiddlewaretoken", "")
    try:
        _check_token_format(token)
    except InvalidTokenFormat:
        return None
    if len(token) != CSRF_TOKEN_LENGTH:
        return None
    digest = _digest(_unmask_cipher_token(token))
    return next((user for user, theirs in _read(request) if hmac.compare_digest(theirs, digest)), None)


def renew(request, response):
    """Add who is signed in to the cookie; at sign-in, and wherever it does not say so yet."""
    session, secret = request.session, request.META.get("CSRF_COOKIE")
    if not session.accessed or not secret or not session.get(SESSION_KEY):
        return
    mine, marks = [int(session[SESSION_KEY]), _digest(_bare(secret))], _read(request)
    if mine not in marks:
        value = signing.dumps([mine, *marks][:MOST], salt=SALT)
        response.set_cookie(COOKIE, value, httponly=True, samesite="Strict", secure=settings.SESSION_COOKIE_SECURE)


def _read(request):
    try:
        return signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=HOURS * 3600)
    except signing.BadSignature:
        return []


def _bare(secret):
    return _unmask_cipher_token(secret) if len(secret) == CSRF_TOKEN_LENGTH else secret


def _digest(secret):
    return salted_hmac(SALT, secret, algorithm="sha256").hexdigest()[:24]
