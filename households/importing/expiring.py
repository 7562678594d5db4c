"""Letting go what an import kept of people once its time is over: the file, what it wrote, findings and samples; counts stay (DOMAIN §14)."""
from django.core.files.storage import default_storage
from django.db import transaction

from households.models import RegisterImport
from servicecentre.kit.periods import day_bounds, now

DETAILS = ("errors", "warnings", "changes", "notes", "obstacles")
EXPIRED = "保管期满，文件和明细已清理。"


def expired(estate, before):
    """Uploads of before that day that still keep what they held."""
    return RegisterImport.objects.of(estate).filter(made_at__lt=day_bounds(before)[0], emptied_at=None).exclude(state__in=RegisterImport.BUSY)


def empty_imports(estate, before):
    """Part of the act that lets old data go; how many uploads. Afterwards none of them is undone or read again."""
    rows = list(expired(estate, before).select_for_update(of=("self",)).order_by("pk"))
    for row in rows:
        row.emptied_at, row.written = now(), None
        row.report = row.report and row.report | dict.fromkeys(DETAILS, [])
        for column in (column for table in (row.mapping or {}).get("tables", ()) for column in table["columns"]):
            column["sample"] = ""
        row.save(update_fields=["emptied_at", "written", "report", "mapping"])
        transaction.on_commit(lambda path=row.file: default_storage.delete(path), robust=True)
    return len(rows)
