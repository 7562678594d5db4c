"""What people said of columns, remembered per estate, kind of list and header; shown where it is used, and forgotten when asked."""
from households.models import KnownLayout
from servicecentre.kit.periods import business_day
from servicecentre.kit.refused import Refused
from servicecentre.worklog.acts import act, record

from .layouts import Column, Layout, fingerprint


def known_layouts(estate, kind) -> dict:
    """{fingerprint: table} for read_…(known=): what was said last time, and by whom."""
    rows = KnownLayout.objects.of(estate).filter(kind=kind).select_related("made_by")
    return {row.fingerprint: row.table | {"remembered": f"{row.made_by.name} {business_day(row.made_at):%Y-%m-%d}"} for row in rows}


def keep_layouts(importing, by):
    """Remember the tables of an import whose columns a person has said; part of the act that applies it."""
    if not importing.mapping.get("by_hand"):
        return
    for table in importing.mapping["tables"]:
        KnownLayout.objects.update_or_create(
            estate_id=importing.estate_id, kind=importing.kind, fingerprint=_fingerprint(table),
            defaults={"table": _bare(table), "label": importing.label, "made_by": by})


@act
def forget_layouts(importing, *, by):
    """Forget what was remembered of the tables of this upload; returns it. Refused when nothing was."""
    tables = (importing.mapping or {}).get("tables", [])                   # none of an upload that could not be read
    rows = KnownLayout.objects.of(importing.estate_id).filter(kind=importing.kind, fingerprint__in=[_fingerprint(table) for table in tables])
    if not rows.delete()[0]:
        raise Refused("这种表头的列没有记住过，或已经忘掉了。")
    record(by, f"忘掉「{importing.label}」这种表头的列", importing)
    return importing


def _fingerprint(table):
    return fingerprint(Layout(**{**table, "columns": [Column(**column) for column in table["columns"]]}))


def _bare(table):
    """A table without the samples of its rows: those are people's data."""
    return {"kind": table["kind"], "skip": table["skip"],
            "columns": [{"column": column["column"], "label": column["label"], "field": column["field"]} for column in table["columns"]]}
