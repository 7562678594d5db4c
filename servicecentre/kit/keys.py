"""The secret keys: from the environment, else from DATA_DIR/keys.env, where missing ones are made once.

Reads nothing of Django's settings, since settings.py is what calls it.
"""
import base64
import binascii
import fcntl
import os
import re
import secrets
from contextlib import contextmanager
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

NAMES = ("SECRET_KEY", "FIELD_KEYS", "DIGEST_KEY", "SEAL_KEY", "MARK_KEY")
FILE = "keys.env"


class Key(str):
    """A secret that carries its short id, written as `id:secret`, so that what it made names it (TRUST T23)."""

    def __new__(cls, text):
        match = re.fullmatch(r"(?:([a-z0-9]{1,8}):)?(\S{32,})", text)
        if not match:
            raise ImproperlyConfigured("A key is `id:secret`: an id of 1 to 8 small letters or digits, a secret of 32 or more characters.")
        key = super().__new__(cls, match[2])
        key.id = match[1] or "0"
        return key


def read_keys(text):
    """The keys of a comma separated list, newest first: the first one makes, the others only verify or decrypt."""
    keys = tuple(Key(part.strip()) for part in text.split(",") if part.strip())
    if not keys:
        raise ImproperlyConfigured("A list of keys is empty.")
    if len({key.id for key in keys}) < len(keys):
        raise ImproperlyConfigured("Two keys of one list have the same id.")
    return keys


def read_field_keys(text):
    """Like read_keys; each must be a Fernet key: 32 bytes in url-safe base64."""
    keys = read_keys(text)
    for key in keys:
        try:
            good = len(base64.urlsafe_b64decode(key)) == 32
        except (binascii.Error, ValueError):
            good = False
        if not good:
            raise ImproperlyConfigured(f"FIELD_KEYS: key {key.id} is not 32 bytes in url-safe base64.")
    return keys


def load(folder, *, environment=os.environ, database=None):
    """Name → text for each of NAMES. What neither environment nor file has is made and kept in the file (0600).

    Refuses to make keys beside a `database` file that is already there: what it holds would be unreadable.
    """
    found = {name: environment[name] for name in NAMES if environment.get(name)}
    if len(found) == len(NAMES):
        return found
    path = Path(folder) / FILE
    kept = _read(path)
    if not all(name in found or name in kept for name in NAMES):
        if not kept and database is not None and Path(database).exists() and Path(database).stat().st_size:
            raise ImproperlyConfigured(
                f"{database} is there, but its keys are not: put {path} back, or set {', '.join(NAMES)}.")
        kept = _complete(path, [name for name in NAMES if name not in found])
    return {name: found.get(name) or kept[name] for name in NAMES}


def _new(name):
    if name == "SECRET_KEY":
        return secrets.token_urlsafe(48)
    return "1:" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _read(path):
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs if value.strip()}


def _complete(path, names):
    """Write the missing ones; of two processes that start at once, the second reads what the first made."""
    with _locked(path.parent) as folder:
        kept = _read(path)
        kept.update({name: _new(name) for name in names if name not in kept})
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write("# Keep a copy of this file apart from the database and its backups: without it\n"
                       "# identity numbers cannot be read and seals cannot be checked.\n")
            file.writelines(f"{name}={value}\n" for name, value in kept.items())
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
        os.fsync(folder)
        return kept


@contextmanager
def _locked(folder):
    Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)
