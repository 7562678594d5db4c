"""Tests run on tables made from the models; this proves that migrations make the same ones, with every rule, default and index."""
import json
import os
import re
import sys
from subprocess import run

from django.conf import settings
from django.core.management import call_command
from django.db import connection


def described():
    """{table: [columns with type and default, rules and indexes in SQL]} of the default database, Django's own apart; their order says nothing."""
    with connection.cursor() as cursor:
        return {table: sorted(_facts(cursor, table)) for table in connection.introspection.table_names(cursor) if not table.startswith(("django_", "auth_"))}


def _facts(cursor, table):
    def asked(sql, *values):
        cursor.execute(sql, values)
        return cursor.fetchall()
    if connection.vendor == "postgresql":
        rows = asked("SELECT column_name, data_type, character_maximum_length, is_nullable, column_default, is_identity "
                     "FROM information_schema.columns WHERE table_name = %s", table)
        rows += asked("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass", f'"{table}"')
        return map(str, rows + asked("SELECT indexdef FROM pg_indexes WHERE tablename = %s", table))
    rows = [row[1:] for row in asked(f"PRAGMA table_info({table})")] + [row[2:] for row in asked(f"PRAGMA foreign_key_list({table})")]
    words = asked("SELECT type, sql FROM sqlite_master WHERE tbl_name = %s AND sql IS NOT NULL AND type <> 'trigger'", table)
    return [*map(str, rows), *(word for kind, sql in words for word in ([sql] if kind == "index" else _rules(sql)))]


def _rules(sql):
    """Each `CONSTRAINT "name" …` of a CREATE TABLE, up to the bracket that closes it."""
    for start in re.finditer('CONSTRAINT "', sql):
        depth = 0
        for place in range(sql.index("(", start.start()), len(sql)):
            depth += {"(": 1, ")": -1}.get(sql[place], 0)
            if not depth:
                yield sql[start.start():place + 1]
                break


def test_models_and_migrations_agree(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_migrations_make_the_tables_that_the_models_describe(db, tmp_path):
    elsewhere = _an_empty_database(tmp_path)
    code = "import json, django; django.setup(); from django.core.management import call_command as c; c('migrate', verbosity=0);" \
           "from tests.test_migrations import described; print(json.dumps(described()))"
    answer = run([sys.executable, "-c", code], cwd=settings.BASE_DIR, capture_output=True, text=True, env=os.environ | elsewhere)
    assert answer.returncode == 0, answer.stderr
    migrated, made = json.loads(answer.stdout), described()
    assert migrated.keys() == made.keys()
    apart = {table: sorted(set(migrated[table]) ^ set(made[table])) for table in made if migrated[table] != made[table]}
    assert not apart, json.dumps(apart, indent=1, ensure_ascii=False)


def _an_empty_database(tmp_path):
    """The environment of a process whose default database is empty."""
    if connection.vendor == "sqlite":
        return {"DATA_DIR": str(tmp_path), "ENV_FILE": os.devnull, "DJANGO_SETTINGS_MODULE": "servicecentre.settings"}
    name = f"migrated_{os.getpid()}"
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name}")
    url = os.environ["DATABASE_URL"].replace("/postgres?", f"/{name}?")
    return {"DATA_DIR": str(tmp_path), "ENV_FILE": os.devnull, "DJANGO_SETTINGS_MODULE": "servicecentre.settings", "DATABASE_URL": url}
