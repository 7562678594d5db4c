"""Reading a page in one read-only snapshot (ARCHITECTURE 17, TRUST 17 and 18)."""
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection, transaction

reading = ContextVar("reading", default=False)      # acts look at it: inside a reading page they refuse at once


@contextmanager
def snapshot():
    """One consistent state of the database, in which every write fails loudly.

    Nested in a transaction (tests) it is a savepoint that is read-only all the same; only the isolation is
    then the outer transaction's.
    """
    token = reading.set(True)
    try:
        with _sqlite() if connection.vendor == "sqlite" else _postgresql():
            yield
    finally:
        reading.reset(token)


@contextmanager
def _sqlite():
    connection.ensure_connection()
    mode, connection.transaction_mode = connection.transaction_mode, "DEFERRED"   # a page never waits for a writer
    with connection.cursor() as cursor:
        before = cursor.execute("PRAGMA query_only").fetchone()[0]
        cursor.execute("PRAGMA query_only=ON")
    try:
        with transaction.atomic():
            yield
    finally:
        connection.transaction_mode = mode
        if connection.connection is not None:
            connection.connection.execute(f"PRAGMA query_only={'ON' if before else 'OFF'}")


@contextmanager
def _postgresql():
    isolation = "" if connection.in_atomic_block else "ISOLATION LEVEL REPEATABLE READ "
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET TRANSACTION {isolation}READ ONLY")
        yield
