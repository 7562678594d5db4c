"""One settings file, read from the environment (all names: .env.example); a wrong value stops the start with a sentence."""
import sys
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

try:                                     # before anything that imports a database: SQLite past the WAL-reset bug
    import pysqlite3
except ImportError:                      # no wheel for this machine: the system's, see servicecentre/checks.py
    import sqlite3
else:
    sys.modules["sqlite3"] = sqlite3 = pysqlite3
    sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from pythonjsonlogger.core import RESERVED_ATTRS

from servicecentre.kit import keys

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(env.path("ENV_FILE", default=str(BASE_DIR / ".env"))())   # does not override the environment

# Where this centre's data lies: database, keys, journal, media.
DATA_DIR = BASE_DIR / env.str("DATA_DIR", default="var")    # relative ones from the checkout
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
JOURNAL_FILE = BASE_DIR / env.str("JOURNAL_FILE", default=str(DATA_DIR / "journal.jsonl"))
DEMO = env.bool("DEMO", default=False)    # the demo estates and their accounts may exist

# Keys. SECRET_KEY signs sessions; the others outlive it. In lists the first key makes, the others only verify.
_default_database = DATA_DIR / "db.sqlite3"
_keys = keys.load(DATA_DIR, database=None if env.str("DATABASE_URL", default="") else _default_database)
KEYS_ARE_LOCAL = not all(env.str(name, default="") for name in keys.NAMES)
SECRET_KEY = _keys["SECRET_KEY"]
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
FIELD_KEYS = keys.read_field_keys(_keys["FIELD_KEYS"])      # encrypts identity numbers
DIGEST_KEY = keys.Key(_keys["DIGEST_KEY"])                  # finds them; changing it means digesting all rows again
SEAL_KEYS = keys.read_keys(_keys["SEAL_KEY"])               # the work log's chain
SEAL_KEY = SEAL_KEYS[0]
MARK_KEYS = keys.read_keys(_keys["MARK_KEY"])               # marks on papers
MARK_KEY = MARK_KEYS[0]

# Who may call, and how.
LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]
DEBUG = env.bool("DEBUG", default=False)
HOST = env.str("HOST", default="127.0.0.1")                 # where the server listens
PORT = env.int("PORT", default=8000)
WEB_WORKERS = env.int("WEB_WORKERS", default=2)             # processes, on PostgreSQL
PRINT_WORKERS = env.int("PRINT_WORKERS", default=0)         # processes that make a batch's PDF; 0: all cores but one; at most all
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[*LOOPBACK, *({HOST} - {*LOOPBACK, "::1", "0.0.0.0", "::"})])
ON_NETWORK = bool(set(ALLOWED_HOSTS) - set(LOOPBACK))
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)      # an https proxy that overwrites the forwarded headers
INSECURE_LAN = env.bool("INSECURE_LAN", default=False)      # plain http in the office's own network
if "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS: name the hosts; * would believe any Host header.")
if DEBUG and ON_NETWORK:
    raise ImproperlyConfigured("DEBUG shows secrets to whoever causes an error: not while ALLOWED_HOSTS names more than this machine.")
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    CSRF_TRUSTED_ORIGINS = [f"https://{host.replace('.', '*.', 1) if host.startswith('.') else host}" for host in ALLOWED_HOSTS]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_PROXY

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_htmx",
    "servicecentre.kit",
    "servicecentre.estates",
    "servicecentre.staff",
    "servicecentre.files",
    "servicecentre.jobs",
    "servicecentre.worklog",
    "servicecentre.drafts",
    "servicecentre.papers",
    "households",
    "billing",
    "tickets",
    "servicecentre.desk",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "servicecentre.kit.headers.headers",
    "csp.middleware.CSPMiddleware",                         # outside all that may answer by itself
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "servicecentre.estates.mount.mount",                    # takes the prefix off before Common looks for a slash
    "django.middleware.common.CommonMiddleware",
    "servicecentre.kit.bodies.Bodies",                      # a form that did not come whole is none
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "servicecentre.staff.sign_ins.attend",                  # is this session still one; before anybody asks who it is
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "servicecentre.drafts.middleware.Drafts",               # last: sees what the door answered, speaks after it
]

ROOT_URLCONF = "servicecentre.urls"
WSGI_APPLICATION = "servicecentre.wsgi.application"
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "DIRS": [BASE_DIR / "templates"],
    "APP_DIRS": True,
    "OPTIONS": {"context_processors": [
        "django.template.context_processors.request",
        "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages",
        "servicecentre.desk.shell.shell",
    ]},
}]
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"

# Database. Nothing of it is open before a fork; no ATOMIC_REQUESTS: only @act opens a writing transaction.
_database = env.db("DATABASE_URL") if env.str("DATABASE_URL", default="") else {
    "ENGINE": "django.db.backends.sqlite3", "NAME": str(_default_database)}
DATABASES = {"default": _database}
# The WAL-reset bug is in 3.7.0–3.51.2 except 3.44.6 and 3.50.7 (TRUST §6): there the slower journal is the safe one.
SQLITE_IS_SAFE = sqlite3.sqlite_version_info > (3, 51, 2) or sqlite3.sqlite_version_info in [(3, 44, 6), (3, 50, 7)]
if _database["ENGINE"] == "django.db.backends.sqlite3":
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": env.int("DATABASE_TIMEOUT", default=20),
        "init_command": f"PRAGMA journal_mode={'WAL' if SQLITE_IS_SAFE else 'DELETE'};"
                        "PRAGMA synchronous=FULL;PRAGMA recursive_triggers=ON",   # else INSERT OR REPLACE slips past the triggers
    }
else:
    _database["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
    _database["CONN_HEALTH_CHECKS"] = True
    _options = _database.setdefault("OPTIONS", {})
    _options["options"] = f"-c jit=off {_options.get('options', '')}".strip()      # compiling took longer than any of our statements runs
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Sign-in.
AUTH_USER_MODEL = "staff.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/sign-in/"                  # a path: inside an estate its prefix stays in front
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in/"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]      # a desk shares one address, and a name alone could be locked by anyone
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25                 # hours
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "servicecentre.kit.headers.client_address"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# Sessions: a working day at most, none after the browser is closed.
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SIGNED_IN_AT_MOST = timedelta(seconds=SESSION_COOKIE_AGE)
LOCK_AFTER = timedelta(minutes=15)       # without a key or a click the screen locks (TRUST T2)
CONFIRM_AFTER = timedelta(minutes=10)    # acts of roles.CONFIRMED ask for the PIN again when it was last said longer ago
CSRF_COOKIE_AGE = None
CSRF_FAILURE_VIEW = "servicecentre.drafts.middleware.csrf_failure"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

# Headers (TRUST T11, T16). A PDF that is printed from a frame loosens frame-ancestors on its own view.
CONTENT_SECURITY_POLICY = {"DIRECTIVES": {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF, "data:", "blob:"],  # data: because Bootstrap's CSS draws its icons so
    "font-src": [SELF],
    "connect-src": [SELF],
    "frame-src": [SELF],
    "form-action": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
}}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"

# Language and time: stored in UTC, shown in Shanghai's.
LANGUAGE_CODE = "zh-hans"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

# What the worker does now and then: function, seconds.
TIDY = {"servicecentre.drafts.models.forget": 60, "servicecentre.papers.batches.sweep": 600, "servicecentre.files.proving.sweep": 86400}

# Files.
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / env.str("STATIC_ROOT", default=str(DATA_DIR / "static"))
MEDIA_ROOT = BASE_DIR / env.str("MEDIA_ROOT", default=str(DATA_DIR / "media"))       # private: no MEDIA_URL serves it
S3_BUCKET = env.str("S3_BUCKET", default="")                # files lie there instead, see requirements/s3.in
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"} if not S3_BUCKET else {
        "BACKEND": "servicecentre.kit.bucket.Bucket", "OPTIONS": {
            "bucket_name": S3_BUCKET, "endpoint_url": env.str("S3_ENDPOINT", default="") or None,
            "region_name": env.str("S3_REGION", default="") or None, "access_key": env.str("S3_ACCESS_KEY", default="") or None,
            "secret_key": env.str("S3_SECRET_KEY", default="") or None, "default_acl": None, "file_overwrite": False,
            "addressing_style": env.str("S3_ADDRESSING", default="path"), "signature_version": "s3v4"}},
    "staticfiles": {"BACKEND": "servicecentre.kit.storage.GzippedManifestStorage"},
}
if S3_BUCKET and not find_spec("storages"):
    raise ImproperlyConfigured("S3_BUCKET is set, but requirements/s3.txt is not installed, see docs/dependencies.md.")
CLAMD = env.str("CLAMD", default="")     # where the virus scanner listens: unix:/run/clamav/clamd.ctl or host:port
if CLAMD and not (CLAMD.startswith(("unix:", "/")) or CLAMD.rpartition(":")[2].isascii() and CLAMD.rpartition(":")[2].isdigit()):
    raise ImproperlyConfigured("CLAMD: unix:/path/to/socket or host:port.")
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["jpg", "jpeg", "png", "gif", "webp", "zip", "gz", "br", "woff", "woff2", "ttf"]
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# Lists that come in, each by its app: code → its ListKind (IMPORT.md)
IMPORT_LISTS = {"register": "households.importing.register.LIST", "arrears": "billing.opening.LIST",
                "parking": "billing.space_import.LIST"}

# Operator log: one JSON line an event, to stderr; no bodies, no names.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {
        "()": "servicecentre.kit.lines.Lines",
        "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        "datefmt": "%Y-%m-%dT%H:%M:%S%z",
        "reserved_attrs": [*RESERVED_ATTRS, "request"],         # its text would hold the query
        "json_ensure_ascii": False,
        "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
    }},
    "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["lines"], "level": env.str("LOG_LEVEL", default="WARNING")},
    "loggers": {"django": {"handlers": [], "level": "NOTSET", "propagate": True},
                "axes": {"level": "ERROR"},     # it would name who mistyped a password
                "gunicorn.http.wsgi": {"level": "ERROR"},   # it warns of every HEAD
                "django.server": {"handlers": ["lines"], "level": "INFO", "propagate": False}},
}
