"""A plan as plain JSON: what the page shows, what the command prints, and the wrong rows as Excel."""
import re

from servicecentre.kit.sheets import Table, workbook_bytes

from .planning import UPDATED
from .values import shown

MOST_CHANGES = 2_000                       # shown differences; all of them are counted
CHANGE_MAX = 200
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")


def printable(text):
    """A cell's text as database, terminal and page can hold it: what has no form becomes a mark."""
    return _UNPRINTABLE.sub("\ufffd", text)


def rows_of(findings):
    """[{sheet, row, column, value, reason}] of Findings (IMPORT «Commands»)."""
    return [{name: printable(value) if isinstance(value, str) else value for name, value in finding.as_json().items()}
            for finding in findings]


def report_of(plan):
    """What is kept of a plan: counts, findings and differences; numbers of identity and whole mobiles are masked in all of it."""
    changes = [{"code": unit.row.code, "what": label, "old": shown(old, limit=CHANGE_MAX), "new": shown(new, limit=CHANGE_MAX)}
               for unit in plan.of(UPDATED) for label, old, new in unit.changes]
    errors, warnings = ([row | {"letter": finding.letter, "value": shown(row["value"])} for finding, row in zip(findings, rows_of(findings), strict=True)]
                        for findings in (plan.errors, plan.warnings))
    notes = [printable(note) for note in plan.reading.notes]
    return {"counts": plan.counts(), "errors": errors, "warnings": warnings, "changes": changes[:MOST_CHANGES],
            "changes_in_all": len(changes), "obstacles": plan.obstacles, "asks_day": plan.asks_day, "unread": bool(plan.reading.obstacles),
            "notes": notes, "new_buildings": plan.new_buildings if plan.people.standing.buildings else [], "sheets": plan.reading.sheets}


def wrong_rows_workbook(report):
    """The wrong rows, and what was noted of others, as .xlsx bytes."""
    header = ["表", "行", "列", "列名", "值", "为什么不行，怎么改"]
    widths = {0: 14, 1: 8, 2: 6, 3: 16, 4: 26, 5: 70}

    def rows(found):
        return ([f["sheet"], f["row"], f.get("letter", ""), f["column"], f["value"], f["reason"]] for f in found)
    return workbook_bytes([Table("错误行", header, rows(report["errors"]), widths),
                           Table("提醒", [*header[:-1], "说明"], rows(report["warnings"]), widths)])
