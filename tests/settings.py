"""Settings of the tests: fixed keys, a scratch folder of each process's own, a SQLite file unless DATABASE_URL says otherwise."""
import atexit
import os
import shutil
import tempfile
from pathlib import Path

_shm = Path("/dev/shm")                  # saves the disk's fsyncs, where there is room
_room = _shm.is_dir() and os.access(_shm, os.W_OK) and shutil.disk_usage(_shm).free > 1 << 30
SCRATCH = Path(tempfile.mkdtemp(prefix="servicecentre-test-", dir=_shm if _room else None))
_owner = os.getpid()
atexit.register(lambda: os.getpid() == _owner and shutil.rmtree(SCRATCH, ignore_errors=True))

for _name in ("JOURNAL_FILE", "STATIC_ROOT", "MEDIA_ROOT", "HOST", "PORT", "ALLOWED_HOSTS", "BEHIND_PROXY", "INSECURE_LAN",
              "DEBUG", "SECRET_KEY_FALLBACKS", "CLAMD", "S3_BUCKET"):
    os.environ.pop(_name, None)          # a developer's own environment is not what is tested
os.environ.update(
    ENV_FILE=os.devnull,
    DATA_DIR=str(SCRATCH),
    DEMO="1",
    SECRET_KEY="test-session-key-" + "s" * 40,
    FIELD_KEYS="t1:" + "Zg" * 21 + "Y=",
    DIGEST_KEY="t1:" + "d" * 40,
    SEAL_KEY="t1:" + "e" * 40,
    MARK_KEY="t1:" + "m" * 40,
)

from servicecentre.settings import *  # noqa: E402, F403
from servicecentre.settings import DATABASES, STATIC_ROOT, STORAGES  # noqa: E402

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":       # never in memory: threads would share one connection
    DATABASES["default"]["TEST"] = {"NAME": str(SCRATCH / "test.sqlite3")}
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
STATIC_ROOT.mkdir()
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Tests travel in time with one browser; those of the lock and of the sessions' end switch these on.
SIGNED_IN_AT_MOST = LOCK_AFTER = CONFIRM_AFTER = None
