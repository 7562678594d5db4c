"""What the start refuses, and what it says about the database."""
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from households.people import add_resident
from servicecentre import checks
from servicecentre.kit import guards, keys
from servicecentre.kit.headers import client_address

from .factories import make_household
from .households.lists import ZHANG

ROOT = Path(settings.BASE_DIR)
ON_SQLITE = connection.vendor == "sqlite"


def start(tmp_path, *command, **environment):
    """Read the settings (or run the command) with these variables and nothing of ours, as an operator would start it."""
    bare = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    return subprocess.run(
        [sys.executable, *(command or ("-c", "import servicecentre.settings"))], cwd=ROOT, capture_output=True, text=True,
        env=bare | {"ENV_FILE": os.devnull, "DATA_DIR": str(tmp_path / "data")} | environment)


def test_starts_with_nothing_set(tmp_path):
    answer = start(tmp_path, "manage.py", "check", "--database", "default")
    assert answer.returncode == 0, answer.stderr
    assert not ON_SQLITE or settings.SQLITE_IS_SAFE is ("journal_mode=wal" in answer.stderr)


@pytest.mark.skipif(not ON_SQLITE, reason="about SQLite")
def test_without_the_wheel_an_unfixed_sqlite_gets_the_safe_journal_and_says_so(tmp_path):
    code = ("import sys; sys.modules['pysqlite3'] = None; sys.argv = ['manage.py', 'check', '--database', 'default'];"
            "import sqlite3, runpy; print(sqlite3.sqlite_version); runpy.run_path('manage.py', run_name='__main__')")
    answer = start(tmp_path, "-c", code)
    assert answer.returncode == 0, answer.stderr
    version = tuple(map(int, answer.stdout.split()[0].split(".")))
    unfixed = version <= (3, 51, 2) and version not in [(3, 44, 6), (3, 50, 7)]
    assert f"journal_mode={'delete' if unfixed else 'wal'}" in answer.stderr
    assert ("WAL-reset bug" in answer.stderr) is unfixed


@pytest.mark.parametrize("name", ["物业 1", "50%", "a#b?c"])
def test_the_folder_may_have_any_name(tmp_path, name):
    folder = tmp_path / name
    answer = start(tmp_path, "-c", "from servicecentre import settings as s; print(s.DATABASES['default']['NAME'])", DATA_DIR=str(folder),
                   PYTHONIOENCODING="utf-8")
    assert answer.stdout.strip() == str(folder / "db.sqlite3"), answer.stderr


@pytest.mark.parametrize(("environment", "words"), [
    ({"ALLOWED_HOSTS": "*"}, "name the hosts"),
    ({"ALLOWED_HOSTS": "desk.example.cn,*"}, "name the hosts"),
    ({"DEBUG": "1", "ALLOWED_HOSTS": "desk.example.cn"}, "DEBUG shows secrets"),
    ({"DEBUG": "1", "HOST": "192.168.1.20"}, "DEBUG shows secrets"),
    ({"FIELD_KEYS": "1:" + "x" * 40}, "url-safe base64"),
    ({"SEAL_KEY": "short"}, "32 or more"),
    ({"CLAMD": "clamd"}, "unix:/path/to/socket or host:port"),
])
def test_start_is_refused_with_a_sentence(tmp_path, environment, words):
    answer = start(tmp_path, **environment)
    assert answer.returncode != 0
    assert words in answer.stderr


def test_a_bucket_without_its_packages_is_refused_with_a_sentence(tmp_path):
    answer = start(tmp_path, "-c", "import sys; sys.modules['storages'] = None; import servicecentre.settings", S3_BUCKET="wuye-files")
    assert answer.returncode != 0 and "requirements/s3.txt is not installed" in answer.stderr


@pytest.mark.parametrize("environment", [{"ALLOWED_HOSTS": "desk.example.cn"}, {"HOST": "192.168.1.20"}, {"DEBUG": "1"}])
def test_start_is_allowed(tmp_path, environment):
    assert start(tmp_path, **environment).returncode == 0


@pytest.mark.parametrize(("hosts", "proxy", "lan", "refused"), [
    (True, False, False, True), (True, True, False, False), (True, False, True, False), (False, False, False, False)])
def test_plain_http_on_a_network_must_be_meant(settings, hosts, proxy, lan, refused):
    settings.ON_NETWORK, settings.BEHIND_PROXY, settings.INSECURE_LAN = hosts, proxy, lan
    assert bool(checks.network_is_meant(None)) is refused


@pytest.mark.django_db
def test_commands_run_without_what_serving_needs(settings, monkeypatch):
    monkeypatch.setattr(type(checks.connections), "close_all", lambda self: None)              # this test's own among them
    settings.ON_NETWORK, settings.BEHIND_PROXY, settings.INSECURE_LAN = True, False, False
    call_command("prove", skip_checks=False, stdout=io.StringIO())
    with pytest.raises(ImproperlyConfigured, match="plain text"):
        checks.refuse_unless_sound()


@pytest.mark.django_db
def test_a_start_with_the_wrong_field_key_is_refused(settings, monkeypatch, estate, clerk):
    monkeypatch.setattr(type(checks.connections), "close_all", lambda self: None)
    checks.refuse_unless_sound()
    add_resident(make_household(estate, "3-2-1801"), name="何俊", id_number=ZHANG, by=clerk)
    checks.refuse_unless_sound()
    settings.FIELD_KEYS = keys.read_field_keys("z:" + "0" * 43 + "=")
    with pytest.raises(ImproperlyConfigured, match="lacks key"):
        checks.refuse_unless_sound()


def test_env_example_names_every_variable_that_settings_read():
    read = set(re.findall(r'env\.\w+\("(\w+)"', (ROOT / "servicecentre/settings.py").read_text())) - {"ENV_FILE"} | set(keys.NAMES)
    example = set(re.findall(r"^#([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.M))
    assert read == example


@pytest.mark.django_db
@pytest.mark.skipif(not ON_SQLITE, reason="reads back what SQLite was told; PostgreSQL's own test is below")
def test_every_sqlite_connection_keeps_its_word():
    names = ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
    with connection.cursor() as cursor:
        told = {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in names}
    assert told == {"journal_mode": "wal" if settings.SQLITE_IS_SAFE else "delete", "synchronous": 2, "foreign_keys": 1,
                    "recursive_triggers": 1}
    assert connection.transaction_mode == "IMMEDIATE"


@pytest.mark.django_db
def test_check_names_version_and_mode():
    first = checks.database_keeps_its_word(None, databases=["default"])[0]
    assert first.msg.startswith("SQLite 3." if ON_SQLITE else "PostgreSQL ")
    assert not ON_SQLITE or "journal_mode=" in first.msg


@pytest.mark.django_db
@pytest.mark.skipif(not ON_SQLITE, reason="SQLite's settings")
def test_check_finds_a_careless_sqlite():
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA recursive_triggers=OFF")
        try:
            found = [message.id for message in checks.database_keeps_its_word(None, databases=["default"])]
        finally:
            cursor.execute("PRAGMA recursive_triggers=ON")
    assert "servicecentre.E003" in found


@pytest.mark.django_db
@pytest.mark.skipif(ON_SQLITE, reason="PostgreSQL's settings")
@pytest.mark.parametrize(("demo", "serious"), [(True, False), (False, True)])
def test_check_finds_a_careless_postgresql(settings, demo, serious):
    settings.DEMO = demo
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
    found = [m for m in checks.database_keeps_its_word(None, databases=["default"]) if m.id == "servicecentre.E004"]
    assert "synchronous_commit" in found[0].msg
    assert (found[0].level >= 40) is serious


@pytest.mark.parametrize(("line", "reason"), [
    ("server:/x /data nfs4 rw 0 0", "nfs4"),
    ("//nas/x /data cifs rw 0 0", "cifs"),
    ("me@host: /data fuse.sshfs rw 0 0", "sshfs"),
    ("/dev/sda1 /data ext4 rw 0 0", ""),
    ("server:/x /database nfs4 rw 0 0", ""),
    ("server:/x /data/other nfs4 rw 0 0", ""),
])
def test_network_file_systems_are_seen(tmp_path, line, reason):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/root / ext4 rw 0 0\n{line}\n")
    answer = checks.unfit_place(Path("/data/centre/db.sqlite3"), mounts)
    assert (reason in answer) if reason else answer == ""


def test_synced_folders_are_seen(tmp_path):
    (tmp_path / "shared" / ".stfolder").mkdir(parents=True)
    assert "synced" in checks.unfit_place(tmp_path / "shared" / "centre" / "db.sqlite3")
    assert "synced" in checks.unfit_place(Path("/home/wu/OneDrive/centre/db.sqlite3"))
    assert "synced" in checks.unfit_place(Path("/home/wu/坚果云/db.sqlite3"))


@pytest.mark.django_db(transaction=True)
def test_serving_is_refused_without_triggers():
    checks.refuse_unless_sound()
    guards.lift()
    try:
        with pytest.raises(ImproperlyConfigured, match="lacks triggers"):
            checks.refuse_unless_sound()
    finally:
        guards.put_back()
    checks.refuse_unless_sound()


@pytest.mark.django_db
def test_serving_is_refused_on_a_newer_or_older_database(settings):
    settings.MIGRATION_MODULES = {}                       # pytest makes the tables without them, so nothing is noted yet
    recorder = MigrationRecorder(connection)
    with connection.cursor() as cursor:                   # as the recorder would, which must not in a transaction
        cursor.execute("CREATE TABLE IF NOT EXISTS django_migrations (id integer, app varchar(255), name varchar(255), applied timestamp)")
    for app, name in MigrationLoader(None).disk_migrations:
        recorder.record_applied(app, name)
    assert checks._migrations(connection) == []
    recorder.record_applied("estates", "9999_later")
    assert "newer than this code" in checks._migrations(connection)[0]
    recorder.record_unapplied("estates", "9999_later")
    recorder.migration_qs.filter(app="billing").delete()
    assert "lacks migrations" in checks._migrations(connection)[0]


def test_forwarded_address_is_believed_only_behind_a_proxy(rf, settings):
    request = rf.get("/", headers={"X-Forwarded-For": "10.9.9.9, 203.0.113.7"}, REMOTE_ADDR="192.0.2.1")
    settings.BEHIND_PROXY = False
    assert client_address(request) == "192.0.2.1"
    settings.BEHIND_PROXY = True
    assert client_address(request) == "203.0.113.7"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/sign-in/", "/no-such-page", "/sign-in"])
def test_every_answer_carries_the_headers(client, path):
    answer = client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    for words in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
        assert words in policy
    assert "unsafe" not in policy
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "camera=(self)" in answer.headers["Permissions-Policy"]
