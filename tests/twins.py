"""Take one guard away and see the harm happen: a twin that stays green says that the guard, or its test, is worthless (TRUST)."""
from contextlib import contextmanager

from django.db import connection

from servicecentre.kit import guards


@contextmanager
def without_constraint(model, name):
    """The table without that rule. Only in a test with transaction=True; the model's rows are gone afterwards."""
    rule = next(c for c in model._meta.constraints if c.name == name)
    guards.lift()
    with connection.schema_editor() as editor:
        editor.remove_constraint(model, rule)
    guards.put_back()
    try:
        yield
    finally:
        guards.lift()
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {model._meta.db_table}")
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
