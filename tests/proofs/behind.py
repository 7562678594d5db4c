"""Hands behind the program's back: tables without their fences, rows changed in SQL, and what the proofs find of it."""
from contextlib import contextmanager
from copy import copy

from django.apps import apps
from django.db import connection
from django.db.models import UniqueConstraint
from django.db.models.base import ModelState

from servicecentre.desk import proofs
from servicecentre.kit import guards


@contextmanager
def unguarded(*models):
    """These tables without triggers, CHECKs and conditional unique rules, as a stranger with the database's file has them."""
    guards.lift(models=models)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")      # nothing may be pending for an ALTER
            for model in models:
                for rule in model._meta.constraints:
                    what = "INDEX" if isinstance(rule, UniqueConstraint) and rule.condition else "CONSTRAINT"
                    cursor.execute(f"DROP INDEX {rule.name}" if what == "INDEX" else
                                   f"ALTER TABLE {model._meta.db_table} DROP CONSTRAINT {rule.name}")
        else:
            for rule in (r for model in models for r in model._meta.constraints if isinstance(r, UniqueConstraint) and r.condition):
                cursor.execute(f"DROP INDEX {rule.name}")
            cursor.execute("PRAGMA ignore_check_constraints=ON")
    try:
        yield
    finally:
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA ignore_check_constraints=OFF")


def behind(sql, *params):
    """Behind the program's back."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        assert cursor.rowcount == 1, f"met {cursor.rowcount} rows: {sql}"


def found():
    """Numbers of the invariants that are violated now; the missing triggers that a test took away itself do not count."""
    return {v.invariant for v in proofs.prove() if not v.where.startswith(guards.PREFIX) and v.where not in OVERLAPS}


OVERLAPS = {f"{guard.name(model)}_{event}" for model in apps.get_models() for guard in guards.guards_of(model)
            for event in ("insert", "update") if not guard.name(model).startswith(guards.PREFIX)}


def copied(row, **changes):
    """The same row once more, written by the ORM past the act."""
    row = copy(row)
    row.pk, row._state = None, ModelState()
    for name, value in changes.items():
        setattr(row, name, value)
    row.save()
    return row
