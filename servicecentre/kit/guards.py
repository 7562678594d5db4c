"""Triggers on both engines: what may never be changed, deleted or mixed between estates (TRUST 7, 12).

A model lists them in ``guards``; ``put_back`` makes what is missing or differs after each migrate, ``lift`` takes them
away before one (SQLite refuses to remake a table that another one's trigger reads). Every trigger raises its own name
as an integrity error, so that ``refused.in_words`` finds the sentence.
"""
import hashlib

from django.apps import apps
from django.db import connections

from .rows import EstateRow, NoOverlap

PREFIX = "guard_"


class Guard:
    """One rule on one table; ``sentence`` is what the clerk reads when it refuses."""

    rule, events, sentence = "", (), ""

    def name(self, model):
        return f"{PREFIX}{model._meta.db_table}_{self.rule}"[:52]

    def statements(self, model, vendor):
        """[(trigger name, full SQL of CREATE TRIGGER, SQL of its function or '')]."""
        name, table = self.name(model), model._meta.db_table
        make = _sqlite if vendor == "sqlite" else _postgresql
        return [make(f"{name}_{event.split()[0].lower()}", name, table, event, *self.when(model, event, vendor))
                for event in self.events] + (
            [_no_truncate(name, table)] if vendor == "postgresql" and "DELETE" in self.events else [])

    def when(self, model, event, vendor):
        """(SQL that is true when the row must be refused, columns that matter for UPDATE)."""
        return "", ()


class Undeletable(Guard):
    rule, events, sentence = "kept", ("DELETE",), "已编号、已收款或已签字的记录不能删除，只能作废。"


class AppendOnly(Guard):
    rule, events, sentence = "append_only", ("UPDATE", "DELETE"), "这类记录只能新增，不能修改或删除。"


class Frozen(Guard):
    """These columns never change once written; ``once`` ones may go from empty to a value, one time."""

    rule, events, sentence = "frozen", ("UPDATE",), "已定稿的内容不能修改，请作废后重开。"

    def __init__(self, *fields, once=()):
        self.fields, self.once = fields, once

    def when(self, model, event, vendor):
        differs = "IS NOT" if vendor == "sqlite" else "IS DISTINCT FROM"
        columns = _columns(model, self.fields)
        filled = _columns(model, self.once)
        return " OR ".join([f"OLD.{c} {differs} NEW.{c}" for c in columns] + [
            f"(OLD.{c} IS NOT NULL AND OLD.{c} {differs} NEW.{c})" for c in filled]), (*columns, *filled)


class Stays(Frozen):
    """A row never moves to another estate; every row of an estate has this one without saying so."""

    rule, sentence = "stays", "记录不能换到另一个小区。"

    def __init__(self):
        super().__init__("estate")


class SameEstate(Guard):
    """The row's estate is that of each row it points to (DOMAIN §9.14)."""

    rule, events, sentence = "same_estate", ("INSERT", "UPDATE"), "所选记录不属于本小区。"

    def __init__(self, *fields):
        self.fields = fields

    def when(self, model, event, vendor):
        parts = []
        for field in (model._meta.get_field(name) for name in self.fields):
            c, target = f'"{field.column}"', field.related_model._meta.db_table
            parts.append(f"(NEW.{c} IS NOT NULL AND NOT EXISTS "
                         f"(SELECT 1 FROM {target} t WHERE t.id = NEW.{c} AND t.estate_id = NEW.estate_id))")
        return " OR ".join(parts), ("estate_id", *_columns(model, self.fields))


class Sealed(Guard):
    """No row is added to a day that a seal of its estate covers (TRUST 15); ``table``: where the seals stand, each with its day.

    ``moment``: the column that says when, of a row without a day. PostgreSQL first waits for who is sealing now: a seal
    holds the estate's row, so that no row of that day comes behind it.
    """

    rule, events = "sealed", ("INSERT",)
    sentence = "这一天的工作日志已封存，不能再添。电脑的日期可能不对，请核对后再办。"

    def __init__(self, table, moment=""):
        self.table, self.moment = table, moment

    def when(self, model, event, vendor):
        day = "NEW.day" if not self.moment else f"date(NEW.{self.moment}, '+8 hours')" if vendor == "sqlite" else (
            f"(NEW.{self.moment} AT TIME ZONE 'Asia/Shanghai')::date")
        return f"EXISTS (SELECT 1 FROM {self.table} s WHERE s.estate_id = NEW.estate_id AND s.day >= {day})", ()

    def statements(self, model, vendor):
        wait = "BEGIN PERFORM 1 FROM estates_estate e WHERE e.id = NEW.estate_id FOR KEY SHARE; "
        return [(trigger, create, function.replace("BEGIN ", wait, 1)) for trigger, create, function in super().statements(model, vendor)]


class _Overlap(Guard):
    """SQLite's twin of a NoOverlap constraint, under the same name."""

    events = ("INSERT", "UPDATE")

    def __init__(self, constraint):
        self.constraint, self.sentence = constraint, constraint.violation_error_message

    def name(self, model):
        return self.constraint.name

    def statements(self, model, vendor):
        return super().statements(model, vendor) if vendor == "sqlite" else []

    def when(self, model, event, vendor):
        c = self.constraint
        by, starts, ends = _columns(model, (c.by, c.starts, c.ends))
        live = _columns(model, (c.live,))[0] if c.live else None
        both = f"NEW.{live} IS NULL AND" if live else ""
        theirs = f"AND o.{live} IS NULL" if live else ""
        return (f"{both} EXISTS (SELECT 1 FROM {model._meta.db_table} o WHERE o.{by} = NEW.{by} AND o.id <> NEW.id {theirs} "
                f"AND o.{starts} <= COALESCE(NEW.{ends}, '9999-12-31') AND NEW.{starts} <= COALESCE(o.{ends}, '9999-12-31'))"
                ), tuple(x for x in (by, starts, ends, live) if x)


def _columns(model, fields):
    """Quoted, since a column may be called like a word of SQL (``right``)."""
    return tuple(f'"{model._meta.get_field(name).column}"' for name in fields)


def _sqlite(trigger, name, table, event, when, columns):
    of = f" OF {', '.join(columns)}" if event == "UPDATE" and columns else ""
    moment = "AFTER" if event == "INSERT" else "BEFORE"          # before an insert NEW.id is not known yet
    return trigger, (f"CREATE TRIGGER {trigger} {moment} {event}{of} ON {table} "
                     f"{f'WHEN {when} ' if when else ''}BEGIN SELECT RAISE(ABORT, '{name}'); END"), ""


def _postgresql(trigger, name, table, event, when, columns):
    of = f" OF {', '.join(columns)}" if event == "UPDATE" and columns else ""
    refuse = f"RAISE EXCEPTION 'refused by {name}' USING ERRCODE='check_violation', CONSTRAINT='{name}';"
    body = f"IF {when} THEN {refuse} END IF;" if when else refuse
    function = (f"CREATE OR REPLACE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} "
                f"RETURN {'OLD' if event == 'DELETE' else 'NEW'}; END $$")
    return trigger, (f"CREATE OR REPLACE TRIGGER {trigger} BEFORE {event}{of} ON {table} "
                     f"FOR EACH ROW EXECUTE FUNCTION {trigger}()"), function


def _no_truncate(name, table):
    trigger = f"{name}_truncate"
    refuse = f"RAISE EXCEPTION 'refused by {name}' USING ERRCODE='check_violation', CONSTRAINT='{name}';"
    return trigger, (f"CREATE OR REPLACE TRIGGER {trigger} BEFORE TRUNCATE ON {table} "
                     f"FOR EACH STATEMENT EXECUTE FUNCTION {trigger}()"), (
        f"CREATE OR REPLACE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {refuse} RETURN NULL; END $$")


def guards_of(model):
    """The guards of a model: its own, the one of every estate's row, and the twins of its NoOverlap constraints."""
    own = [*getattr(model, "guards", ())]
    stays = [Stays()] if issubclass(model, EstateRow) and not any(isinstance(guard, AppendOnly) for guard in own) else []
    return own + stays + [_Overlap(c) for c in model._meta.constraints if isinstance(c, NoOverlap)]


def declared(vendor, models=None):
    """{trigger: (table, create SQL, function SQL)} of every guard of these (default: all) models."""
    found = {}
    for model in models or apps.get_models():
        for guard in guards_of(model):
            for trigger, create, function in guard.statements(model, vendor):
                found[trigger] = (model._meta.db_table, create, function)
    return found


def _existing(connection):
    """{trigger: what stands in the database}: its SQL on SQLite; on PostgreSQL (comment, definition, body), enabled ones only."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            return dict(cursor.fetchall())
        cursor.execute("SELECT t.tgname, obj_description(t.oid, 'pg_trigger'), pg_get_triggerdef(t.oid), p.prosrc FROM pg_trigger t "
                       "JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
                       "JOIN pg_proc p ON p.oid = t.tgfoid "
                       "WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND n.nspname = current_schema()")
        return {name: said for name, *said in cursor.fetchall()}


def _as_declared(there, create, function):
    """Is what stands the declared trigger? PostgreSQL rewrites definitions, so its comment keeps a digest of both wordings."""
    if there is None or isinstance(there, str):
        return there == create
    comment, definition, body = there
    return comment == _mark(create, function, definition) and f"$${body}$$" in function


def _mark(create, function, definition):
    return hashlib.sha256((create + function + definition).encode()).hexdigest()


def missing(using="default"):
    """Names of declared triggers that the database lacks, has otherwise or switched off; the start refuses to serve with any."""
    connection = connections[using]
    there = _existing(connection)
    return sorted(t for t, (_, create, function) in declared(connection.vendor).items()
                  if not _as_declared(there.get(t), create, function))


def put_back(using="default", **_):
    """Make each trigger that is missing or differs, of the tables that exist."""
    connection = connections[using]
    there, tables = _existing(connection), set(connection.introspection.table_names())
    lacking = {t: sql for t, sql in declared(connection.vendor).items()
               if sql[0] in tables and not _as_declared(there.get(t), *sql[1:])}
    with connection.cursor() as cursor:
        for trigger, (_, create, function) in lacking.items():
            cursor.execute(f"DROP TRIGGER IF EXISTS {trigger}" if connection.vendor == "sqlite" else function)
            cursor.execute(create)
        if lacking and connection.vendor == "postgresql":
            there = _existing(connection)
            for trigger, (table, create, function) in lacking.items():
                mark = _mark(create, function, there[trigger][1])
                cursor.execute(f"COMMENT ON TRIGGER {trigger} ON {table} IS '{mark}'")


def lift(using="default", plan=True, models=None, **_):
    """Take the triggers away: before a migrate that changes something, and for a flush or a twin in tests."""
    if not plan:
        return
    connection = connections[using]
    there, tables = _existing(connection), declared(connection.vendor, models)
    with connection.cursor() as cursor:
        for trigger in there if models is None else [t for t in tables if t in there]:
            if connection.vendor == "sqlite":
                cursor.execute(f"DROP TRIGGER IF EXISTS {trigger}")
            elif trigger in tables:
                cursor.execute(f"DROP TRIGGER IF EXISTS {trigger} ON {tables[trigger][0]}")
