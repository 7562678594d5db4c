"""Figures laid out for a page's table: cells as ready words, so that templates only loop."""
from servicecentre.kit.money import yuan

WIDE = 8                          # more buildings than this stand as rows, the few fees as columns
NONE = "—"


def signed(fen):
    """`+948.14`, `−238.22`; no difference is —."""
    return NONE if not fen else f"+{yuan(fen)}" if fen > 0 else yuan(fen)


def totals_table(shown):
    """{head, rows, sum}: number and total per fee and building of a Preview, with the difference to the month before."""
    return _by_fee(shown) if len(shown.buildings) <= WIDE else _by_building(shown)


def _by_fee(shown):
    against = [f"比 {shown.month.previous.month} 月"] if shown.compared else []
    used = shown.buildings
    rows = [{"label": fee.kind.name, "cells": [f"{fee.count:,}", *(_cell(fee.by_building.get(b.pk)) for b in used)],
             "total": yuan(fee.total), "against": [signed(fee.total - fee.before_total)] if shown.compared else []} for fee in shown.fees]
    sums = [sum(fee.by_building.get(b.pk, 0) for fee in shown.fees) for b in used]
    return {"title": "各项各栋合计", "head": ["项目", "笔数", *map(str, used), "合计", *against], "rows": rows,
            "sum": ["合计", f"{shown.count:,}", *(_cell(fen) for fen in sums), yuan(shown.total),
                    *([signed(shown.total - shown.before_total)] if shown.compared else [])]}


def _by_building(shown):
    rows = []
    for building in shown.buildings:
        cells = [fee.by_building.get(building.pk) for fee in shown.fees]
        if any(cells):
            rows.append({"label": str(building), "cells": [_cell(fen) for fen in cells], "total": yuan(sum(fen or 0 for fen in cells)),
                         "against": []})
    feet = [{"label": "笔数", "cells": [f"{fee.count:,}" for fee in shown.fees], "total": f"{shown.count:,}", "against": []}]
    if shown.compared:
        feet.append({"label": f"比 {shown.month.previous.month} 月", "cells": [signed(fee.total - fee.before_total) for fee in shown.fees],
                     "total": signed(shown.total - shown.before_total), "against": []})
    return {"title": "各栋各项合计", "head": ["楼栋", *(fee.kind.name for fee in shown.fees), "合计"], "rows": rows + feet,
            "sum": ["合计", *(yuan(fee.total) for fee in shown.fees), yuan(shown.total)]}


def _cell(fen):
    return NONE if fen is None or fen == 0 else yuan(fen)
