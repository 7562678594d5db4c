"""Take one guard away and see the harm happen: a twin that stays green says that the guard, or its test, is worthless (TRUST)."""
import threading
from contextlib import contextmanager, nullcontext
from unittest.mock import patch

from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import QuerySet

from servicecentre.kit import guards
from servicecentre.kit.refused import in_words
from servicecentre.kit.rows import EstateQuerySet
from servicecentre.worklog import acts, stale


@contextmanager
def without_constraint(model, name):
    """The table without that rule. Only in a test with transaction=True; the model's rows are gone afterwards."""
    whole = model._meta.constraints
    rule = next(c for c in whole if c.name == name)
    guards.lift()
    model._meta.constraints = [c for c in whole if c is not rule]       # SQLite remakes the table as the model says
    with connection.schema_editor() as editor:
        editor.remove_constraint(model, rule)
    guards.put_back()
    try:
        yield
    finally:
        guards.lift()
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {model._meta.db_table}")
        model._meta.constraints = whole
        with connection.schema_editor() as editor:
            editor.add_constraint(model, rule)
        guards.put_back()


@contextmanager
def without_triggers(*models):
    """These tables without their triggers, put back afterwards."""
    guards.lift(models=models)
    try:
        yield
    finally:
        guards.put_back()


def out_of_turn():
    """Acts of one process on SQLite all at once, as its own lock lets them."""
    return patch.object(acts, "in_turn", nullcontext)


@contextmanager
def without_key():
    """Acts that forget the one-time key: every call is a first one."""
    whole = acts._outermost
    with patch.object(acts, "_outermost", lambda verb, name, args, kwargs, by, request_key: whole(verb, name, args, kwargs, by, None)):
        yield


@contextmanager
def without_digest():
    """Acts that answer a key without looking at what was asked with it."""
    with patch.object(acts.hmac, "compare_digest", lambda *_: True):
        yield


@contextmanager
def without_versions():
    """Acts that do not ask whether the page they were sent from is still true."""
    with patch.object(stale, "compared", lambda shown, now: False):
        yield


@contextmanager
def without_lock():
    """Rows are read but not held: ``.lock()`` is a plain read. PostgreSQL only; SQLite's writers wait for each other anyway."""
    def read(self, row):
        return self.get(pk=getattr(row, "pk", row))

    with patch.object(EstateQuerySet, "lock", read), patch.object(QuerySet, "select_for_update", lambda self, *_, **__: self):
        yield


def goes_through(statement, sentence):
    """With its guard taken away the statement is taken, or it is another rule that speaks."""
    try:
        with transaction.atomic():
            statement()
            transaction.set_rollback(True)
    except DatabaseError as error:
        return not isinstance(error, IntegrityError) or getattr(in_words(error), "sentence", None) != sentence
    return True


def at_once(*calls):
    """Each call in a thread and connection of its own, begun together; results and what was raised, in their order."""
    start, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(place, call):
        try:
            start.wait(timeout=30)
            results[place] = call()
        except Exception as error:                        # judged by the test, in its own thread
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads)
    return results
