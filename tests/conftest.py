"""The cast: two estates and the people who work there. The past of a test is made with acts."""
import gc
import sqlite3
from contextlib import closing

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client, TransactionTestCase

from servicecentre.roles import Role
from servicecentre.staff.models import Post, User

BACKEND = "django.contrib.auth.backends.ModelBackend"
FROM_MIGRATE = {"django_migrations", "django_content_type", "auth_permission"}       # what an empty database holds


def _emptied(self):
    """In a flush's place, which the triggers refuse (GROUND 7) and which takes its time over tables that hold nothing.

    SQLite gets back the empty database, whatever was done to its rules; PostgreSQL passes the triggers over for this session.
    """
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        with closing(sqlite3.connect(settings.SCRATCH / "empty.sqlite3")) as empty:
            empty.backup(connection.connection)
        return
    with connection.cursor() as cursor:
        tables = sorted(set(connection.introspection.table_names(cursor)) - FROM_MIGRATE)
        cursor.execute(" UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in tables))
        filled = [table for table, in cursor.fetchall()]
        cursor.execute("SET session_replication_role = replica; " + "".join(f"DELETE FROM {table}; " for table in filled)
                       + "SET session_replication_role = DEFAULT")


TransactionTestCase._fixture_teardown = _emptied


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """pytest-django's, and a copy of the empty database."""
    if connection.vendor == "sqlite":
        with django_db_blocker.unblock(), closing(sqlite3.connect(settings.SCRATCH / "empty.sqlite3")) as empty:
            connection.ensure_connection()
            connection.connection.backup(empty)


def pytest_configure():
    """Models and pages make few cycles, and looking for them among all that was imported takes long."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


WALKS = {"test_nonsense.py", "test_doors.py", "test_queries.py", "test_canary.py", "test_reading.py", "test_accessible.py"}   # over every page


def pytest_collection_modifyitems(items):
    """With a file to each worker the long ones go first."""
    items.sort(key=lambda item: item.path.name not in WALKS)


def person_at(estate, username, name, *roles):
    user = User.objects.create_user(username, name, password=None)
    for role in roles:
        Post.objects.create(estate=estate, user=user, role=role)
    return user


@pytest.fixture
def estate(db):
    from servicecentre.desk.office import create_estate

    return create_estate("galaxy1", "银河国际街区一期", by=User.system())


@pytest.fixture
def other_estate(db):
    from servicecentre.desk.office import create_estate

    return create_estate("lotus2", "莲花新城二期", by=User.system())


@pytest.fixture
def clerk(estate):
    return person_at(estate, "liting", "李婷", Role.CLERK)


@pytest.fixture
def clerk2(estate):
    return person_at(estate, "wangsiyuan", "王思远", Role.CLERK)


@pytest.fixture
def manager(estate):
    return person_at(estate, "chenjing", "陈静", Role.MANAGER)


@pytest.fixture
def finance(estate):
    return person_at(estate, "liumin", "刘敏", Role.FINANCE)


@pytest.fixture
def admin(estate):
    return person_at(estate, "admin", "管理员", Role.ADMINISTRATOR)


@pytest.fixture
def other_clerk(other_estate):
    return person_at(other_estate, "sunli", "孙丽", Role.CLERK)


class Desk(Client):
    """A signed-in browser at one estate: paths are the estate's own, the mount is added."""

    def __init__(self, user, estate, **kwargs):
        super().__init__(**kwargs)
        self.prefix = f"/e/{estate.slug}"
        self.force_login(user, backend=BACKEND)

    def generic(self, method, path, *args, **kwargs):
        return super().generic(method, path if path.startswith("/e/") else self.prefix + path, *args, **kwargs)


@pytest.fixture
def desk(clerk, estate):
    """The clerk's browser."""
    return Desk(clerk, estate)


@pytest.fixture
def manager_desk(manager, estate):
    return Desk(manager, estate)


@pytest.fixture
def desk_of(estate):
    """A browser for any user: desk_of(user) or desk_of(user, other_estate)."""
    return lambda user, at=None: Desk(user, at or estate)
