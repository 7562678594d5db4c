"""What only the holder of the keys can read, find or make: encrypted columns, digests, seals and marks on papers.

Four keys with four purposes (TRUST T7, T23): of a list the first makes, all of them read or verify. No key is ever
derived from another, so a leaked session key opens nothing here.
"""

import base64
import functools
import hashlib
import hmac
import json
import re
from datetime import UTC, date, datetime
from typing import NamedTuple

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured, ValidationError
from django.db import models
from django.db.models.lookups import Exact, StartsWith


def encrypt(text: str) -> str:
    """`f<key id>:<Fernet token>`; empty stays empty. Written with the first of settings.FIELD_KEYS."""
    if not text:
        return ""
    keys = tuple(settings.FIELD_KEYS)
    return f"f{keys[0].id}:{_cipher(keys).encrypt(text.encode()).decode()}"


def decrypt(stored: str) -> str:
    """What `encrypt` hid, with any of settings.FIELD_KEYS; ImproperlyConfigured names the key that is missing."""
    if not stored:
        return ""
    label, _, token = stored.partition(":")
    try:
        return _cipher(tuple(settings.FIELD_KEYS)).decrypt(token.encode()).decode()
    except InvalidToken:
        raise _unreadable(label) from None


def _unreadable(label):
    known = [key.id for key in settings.FIELD_KEYS]
    if label.startswith("f") and label[1:] not in known:
        return ImproperlyConfigured(f"FIELD_KEYS lacks key {label[1:9]}, with which this was encrypted.")
    return ImproperlyConfigured(f"What was encrypted with key {label[1:9]} does not read: wrong key, or changed.")


def encrypt_bytes(data: bytes) -> bytes:
    """A file as `encrypt` would have it; a third longer. For files that hold numbers of identity."""
    keys = tuple(settings.FIELD_KEYS)
    return f"f{keys[0].id}:".encode() + _cipher(keys).encrypt(data)


def decrypt_bytes(stored: bytes) -> bytes:
    """What `encrypt_bytes` hid; ImproperlyConfigured names the key that is missing, or says that the file was changed."""
    label, _, token = stored.partition(b":")
    try:
        return _cipher(tuple(settings.FIELD_KEYS)).decrypt(token)
    except InvalidToken:
        raise _unreadable(label.decode("ascii", "replace")) from None


@functools.lru_cache(maxsize=8)
def _cipher(keys):
    return MultiFernet([Fernet(key.encode()) for key in keys])


class EncryptedCharField(models.CharField):
    """Text that stands in the database only as ciphertext; `max_length` counts the readable text.

    Equal texts have unequal ciphertexts, so rows are found by `blind_index`, not here: the only lookups are
    `exact=""`, `isnull`, and `startswith` on the **ciphertext**, which begins with f: a CHECK may demand that.
    """

    def get_internal_type(self):
        return "TextField"

    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        return value if value is None else encrypt(value)

    def from_db_value(self, value, expression, connection):
        return value if value is None else decrypt(value)

    def get_lookup(self, name):
        if name not in ("exact", "isnull", "startswith"):
            raise FieldError(f"{self.name} is encrypted: no lookup {name}, search by its digest")
        return super().get_lookup(name)

    def get_transform(self, name):
        raise FieldError(f"{self.name} is encrypted: no lookup {name}, search by its digest")


@EncryptedCharField.register_lookup
class EmptyExact(Exact):
    def get_prep_lookup(self):
        if self.rhs != "":
            raise FieldError("an encrypted field can only be compared with nothing, search by its digest")
        return self.rhs


@EncryptedCharField.register_lookup
class CiphertextStartsWith(StartsWith):
    prepare_rhs = False

    def get_db_prep_lookup(self, value, connection):
        return "%s", [value]


def blind_index(estate_id: int, text: str) -> str:
    """The keyed digest (64 hex) by which an encrypted text is found in one estate; empty for empty.

    HMAC-SHA256 under settings.DIGEST_KEY: who has only the database cannot try all ID numbers against it.
    """
    if not text:
        return ""
    return _digest(settings.DIGEST_KEY, ["index", estate_id, text]).hex()


def seal(*parts) -> str:
    """64 hex over texts, numbers, days, moments, None: changes when any of them does, or moves into its neighbour.

    Under the first of settings.SEAL_KEYS; compare with `seal_holds`, which also knows the older keys.
    """
    return _digest(settings.SEAL_KEYS[0], ["seal", *parts]).hex()


def seal_holds(sealed: str, *parts) -> bool:
    """Whether one of settings.SEAL_KEYS gave this seal to these parts."""
    return any(hmac.compare_digest(_digest(key, ["seal", *parts]).hex().encode(), sealed.encode()) for key in settings.SEAL_KEYS)


class Mark(NamedTuple):
    """What a QR on paper names: a kind of paper by its letters (SJ, FX …), the estate's id and the row's."""

    kind: str
    estate_id: int
    pk: int


_MARK = re.compile(r"([A-Z]{1,8})\.([0-9]{1,18})\.([0-9]{1,18})\.([A-Z0-9]{1,8})\.([A-Z2-7]{16})")


def sign_mark(kind: str, estate_id: int, pk: int) -> str:
    """`SJ.1.4212.1.` + 16 characters: 80 bits of HMAC-SHA256 over all that stands before (TRUST T7).

    Capitals, digits and points only, so that the QR takes its dense alphabet and a person can type it.
    """
    key = settings.MARK_KEYS[0]
    said = f"{kind}.{estate_id}.{pk}.{key.id.upper()}"
    mark = f"{said}.{_tag(key, said)}"
    if not _MARK.fullmatch(mark):
        raise ValueError("a mark is made of capital letters and of numbers above nothing")
    return mark


def read_mark(mark: str) -> Mark:
    """What the mark names, if one of settings.MARK_KEYS signed it; else ValidationError in words."""
    found = _MARK.fullmatch(str(mark).strip().upper()[:80])
    if found:
        said, tag = found.string.rsplit(".", 1)
        for key in settings.MARK_KEYS:
            if key.id.upper() == found[4] and hmac.compare_digest(_tag(key, said), tag):
                return Mark(found[1], int(found[2]), int(found[3]))
    raise ValidationError("这不是本中心签发的码，请看清原件")


def _tag(key, said):
    return base64.b32encode(_digest(key, ["mark", said])[:10]).decode()


def _digest(key, parts):
    """HMAC-SHA256 of parts as one JSON list, in which no part can run over into the next."""
    text = json.dumps([_plain(part) for part in parts], ensure_ascii=False, separators=(",", ":"))
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()


def _plain(part):
    if isinstance(part, datetime):
        return {"at": part.astimezone(UTC).isoformat()}
    if isinstance(part, date):
        return {"on": part.isoformat()}
    if isinstance(part, bytes):
        return {"bytes": part.hex()}
    return part
