"""What must be true before anything is served: the database, how it keeps, and whether it fits this code."""
import os
from pathlib import Path

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages
from django.db import DEFAULT_DB_ALIAS, connections

from servicecentre.kit import guards

NETWORK_FILE_SYSTEMS = {"nfs", "nfs3", "nfs4", "cifs", "smb2", "smb3", "smbfs", "afs", "ceph", "lustre", "davfs", "gfs2", "ocfs2",
                        "fuse.sshfs", "fuse.rclone", "fuse.s3fs", "fuse.gcsfuse", "fuse.glusterfs", "fuse.cephfs", "fuse.davfs2"}
SYNCED_FOLDERS = {"dropbox", "onedrive", "google drive", "googledrive", "nextcloud", "owncloud", "seafile", "mobile documents",
                  "baidusyncdisk", "baidunetdisk", "nutstore", "坚果云", "百度网盘", "百度云同步盘"}
SQLITE_MUST = {"synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1}
POSTGRESQL_MUST = ("fsync", "full_page_writes", "synchronous_commit")


def describe_database(alias=DEFAULT_DB_ALIAS):
    """One line for people: engine, version, mode."""
    connection = connections[alias]
    if connection.vendor == "sqlite":
        from django.db.backends.sqlite3.base import Database
        return f"SQLite {Database.sqlite_version}, journal_mode={_pragma(connection, 'journal_mode')}, {connection.settings_dict['NAME']}"
    connection.ensure_connection()
    major, minor = divmod(connection.pg_version, 10000)
    return f"PostgreSQL {major}.{minor}"


def silent_helpers():
    """A sentence for each helper outside that is set and does not answer now. No reason not to serve: money and papers need none of them."""
    from servicecentre.files import scanning, storing
    if settings.S3_BUCKET:
        try:
            storages.create_storage(settings.STORAGES["default"]).listdir(storing.FOLDER)      # one of its own: nothing is open at the fork
        except OSError as error:
            yield f"The bucket {settings.S3_BUCKET} does not answer: no photo or scan is kept or shown until it does. {error}"
    if settings.CLAMD:
        try:
            scanning.ask()
        except OSError as error:
            yield f"clamd at {settings.CLAMD} does not answer: no photo, scan or list is taken until it does. {error}"


@checks.register(checks.Tags.database)
def database_keeps_its_word(app_configs, databases=None, **_):
    """Version and mode, by name; errors where an acknowledged payment might be lost (TRUST 1, §6)."""
    found = []
    for alias in databases or ():
        connection = connections[alias]
        found.append(checks.Info(describe_database(alias), id="servicecentre.I001"))
        found += _sqlite(connection) if connection.vendor == "sqlite" else _postgresql(connection)
    return found


@checks.register(checks.Tags.security, deploy=True)                # commands run without what serving needs (IMPORT «Commands»)
def network_is_meant(app_configs, **_):
    if settings.ON_NETWORK and not (settings.BEHIND_PROXY or settings.INSECURE_LAN):
        return [checks.Error(
            "ALLOWED_HOSTS names more than this machine, so passwords would cross the network in plain text.",
            hint="BEHIND_PROXY=1 behind an https proxy; or INSECURE_LAN=1 in a network of your own.", id="servicecentre.E001")]
    return []


def refuse_unless_sound():
    """Raise ImproperlyConfigured with every reason not to serve; called once by each web process."""
    errors = [str(message) for message in checks.run_checks(databases=[DEFAULT_DB_ALIAS], include_deployment_checks=True)
              if message.is_serious() and not message.is_silenced()]
    errors += _migrations(connections[DEFAULT_DB_ALIAS]) or _demo_accounts() + _field_keys()
    connections.close_all()
    if errors:
        raise ImproperlyConfigured("Not fit to serve:\n" + "\n".join(errors))


def _demo_accounts():
    """Accounts whose password stands in the README: fine for a demo, an open door for anybody else (TRUST T31)."""
    if settings.DEMO:
        return []
    from servicecentre.desk import demo
    if known := demo.open_accounts():
        return [f"Demo accounts with the password everybody knows ({', '.join(known)}): start with DEMO=1 and change their passwords, "
                "or give the centre a DATA_DIR or DATABASE_URL of its own."]
    return []


def _field_keys():
    """Identity numbers that today's keys cannot read: told at the start, not to the first clerk who opens a household (TRUST T23)."""
    from households.models import Person
    try:
        Person.objects.exclude(id_number="").order_by("-pk").values_list("id_number", flat=True).first()
    except ImproperlyConfigured as error:
        return [str(error)]
    return []


def _migrations(connection):
    from django.db.migrations.executor import MigrationExecutor
    executor = MigrationExecutor(connection)
    known, applied = set(executor.loader.disk_migrations), set(executor.loader.applied_migrations)
    ours = executor.loader.migrated_apps
    if newer := sorted(f"{app}.{name}" for app, name in applied - known if app in ours
                       and not any((app, name) in migration.replaces for migration in executor.loader.disk_migrations.values())):
        return [f"The database is newer than this code ({', '.join(newer)}): install the newer version."]
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return ["The database lacks migrations: run `manage.py migrate`."]
    if missing := guards.missing():
        return [f"The database lacks triggers ({', '.join(map(str, missing))}): run `manage.py migrate`."]
    return []


def _pragma(connection, name):
    with connection.cursor() as cursor:
        return cursor.execute(f"PRAGMA {name}").fetchone()[0]


def _sqlite(connection):
    path = Path(connection.settings_dict["NAME"]).resolve()
    if reason := unfit_place(path):
        yield checks.Error(f"{path} lies on {reason}, where SQLite's locks and syncs do not hold.",
                           hint="Set DATA_DIR to a folder on a local disk, or DATABASE_URL to a PostgreSQL.", id="servicecentre.E002")
    must = SQLITE_MUST | {"journal_mode": "wal" if settings.SQLITE_IS_SAFE else "delete"}
    if wrong := {name: value for name in must if (value := _pragma(connection, name)) != must[name]}:
        yield checks.Error(f"SQLite runs with {wrong} instead of { {name: must[name] for name in wrong} }.", id="servicecentre.E003")
    if not settings.SQLITE_IS_SAFE:
        yield checks.Warning("This SQLite has the WAL-reset bug, so the slower journal_mode=DELETE is used.",
                             hint="Use a Python for which the wheel of pysqlite3 exists, or SQLite 3.51.3 or newer.",
                             id="servicecentre.W001")
    if path.exists() and path.parent.stat().st_mode & 0o077:
        yield checks.Warning(f"Other accounts of this machine can enter {path.parent}.", hint="chmod 700", id="servicecentre.W002")


def _postgresql(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_settings WHERE name = ANY(%s) AND setting = 'off'", [list(POSTGRESQL_MUST)])
        off = sorted(name for name, in cursor)
    if off:
        kind = checks.Warning if settings.DEMO else checks.Error          # a demo holds nobody's money
        yield kind(f"PostgreSQL runs with {', '.join(off)} off: a power cut would lose what was acknowledged.", id="servicecentre.E004")
    if settings.KEYS_ARE_LOCAL:
        yield checks.Warning("The keys lie on this machine; every other one needs the same.",
                             hint=f"Copy {settings.DATA_DIR / 'keys.env'}, or set them in the environment.", id="servicecentre.W003")


def unfit_place(path, mounts="/proc/self/mounts"):
    """Why a database must not lie at `path`: the network file system or synced folder it is on, else an empty text."""
    for folder in path.parents:
        if folder.name.lower() in SYNCED_FOLDERS or (folder / ".stfolder").exists():
            return f"a synced folder ({folder.name})"
    try:
        lines = Path(mounts).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""                                                          # not Linux
    kind, longest = "", -1
    for line in lines:
        _, point, file_system, *_ = line.split(" ")
        point = point.replace("\\040", " ")
        if len(point) >= longest and (point == "/" or os.path.commonpath([point, path]) == point):
            kind, longest = file_system, len(point)
    return f"a network file system ({kind})" if kind in NETWORK_FILE_SYSTEMS else ""
