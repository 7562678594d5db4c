"""A plan as plain JSON: what the page shows, what the command prints, and the wrong rows as Excel."""
import re
from datetime import date

from django.core.exceptions import ValidationError

from servicecentre.kit.sheets import CellError, Formula, Table, open_workbook, workbook_bytes

from .values import hide_identities, shown, text_of

MOST_CHANGES = 2_000                       # shown differences; all of them are counted
CHANGE_MAX = 200
WHY = "为什么不行，怎么改"
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
    changes = [{"code": code, "what": label, "old": shown(old, limit=CHANGE_MAX), "new": shown(new, limit=CHANGE_MAX)}
               for code, label, old, new in plan.differences()]

    def told(findings):
        for finding, row in zip(findings, rows_of(findings), strict=True):
            room, who = plan.reading.who.get((finding.sheet, finding.row), ("", ""))
            yield row | {"letter": finding.letter, "value": shown(row["value"]), "room": printable(room), "who": who}
    errors, warnings = list(told(plan.errors)), list(told(plan.warnings))
    notes = [printable(note) for note in plan.reading.notes]
    return {"counts": plan.counts(), "errors": errors, "warnings": warnings, "changes": changes[:MOST_CHANGES],
            "changes_in_all": len(changes), "obstacles": plan.obstacles, "asks_day": plan.asks_day, "unread": bool(plan.reading.obstacles),
            "notes": notes, "new_buildings": plan.new_places(), "sheets": plan.reading.sheets}


def wrong_rows_workbook(importing):
    """The wrong rows, what was noted of others, and the wrong rows themselves to be mended and uploaded, as .xlsx bytes."""
    report = importing.report
    header = ["表", "行", "房号", "业主", "列", "列名", "值", WHY]
    widths = {0: 14, 1: 8, 2: 12, 3: 6, 4: 6, 5: 16, 6: 26, 7: 70}

    def rows(found):
        return ([f["sheet"], f["row"], f.get("room", ""), f.get("who", ""), f.get("letter", ""), f["column"], f["value"], f["reason"]] for f in found)
    return workbook_bytes([Table("错误行", header, rows(report["errors"]), widths), Table("提醒", [*header[:-1], "说明"], rows(report["warnings"]), widths),
                           *_rows_to_mend(importing)])


def _rows_to_mend(importing):
    """A Table per table of the list: its own header, its wrong rows as they came, and why. Numbers of identity stay hidden (TRUST 26)."""
    why = {}
    for error in importing.report["errors"]:
        why.setdefault((error["sheet"], error["row"]), []).append(error["reason"])
    try:
        sheets = {sheet.name: sheet for sheet in open_workbook(importing.content())} if why else {}
    except (FileNotFoundError, ValidationError):          # gone from the store: what was found in it is still told
        sheets = {}
    for table in importing.mapping["tables"] if sheets else ():
        columns, sheet = table["columns"], sheets[table["sheet"]]
        rows = [[*(_as_it_came(sheet.cell(row, column["column"]), column["field"]) for column in columns), "；".join(reasons)]
                for (name, row), reasons in sorted(why.items()) if name == table["sheet"] and table["first_row"] <= row <= table["last_row"]]
        if rows:
            yield Table(f"{table['sheet']} 待改", [*(column["label"] for column in columns), WHY], rows, {len(columns): 70})


def _as_it_came(value, name):
    if isinstance(value, (Formula, CellError)) or value is None or isinstance(value, (date, bool)):
        return str(value) if isinstance(value, str) else value
    text = text_of(value)
    hidden = shown(value, name, phones=False, limit=1000) if name == "id" else hide_identities(text)
    return printable(hidden) if isinstance(value, str) or hidden != text else value
