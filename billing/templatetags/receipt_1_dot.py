"""Where everything stands on receipt-1 when it is printed on 241 × 140 mm continuous paper. Part of that edition.

The words, rows and foot are receipt_1's own; here are other measures: a needle printer wants 10.5 pt and rules of 0.35 mm,
the holes 19 mm left and right, the tearing edge 7 mm above and below, and one stroke prints all three copies.
"""
from dataclasses import dataclass

from django import template

from .receipt_1 import ROWS, _foot, _lines, _rows
from .receipt_1 import Sheet as A5Sheet

register = template.Library()

LEFT, TOP, BOTTOM = 19.0, 27.8, 121.6     # of the ruled table; where the foot ends
LOOSE, TIGHT, SUM = 6.4, 5.3, 7.6         # heights of a row and of the total's
BARS = (75.5, 107, 150.5, 167)            # between the columns, from the left rule
FOOT_LINE, SMALLEST = 4.9, 3.3            # mm a line: as it should be; as it may become under the marks of a void


@dataclass
class Sheet(A5Sheet):
    """One page: the same rows at other places."""

    @property
    def height(self):
        return TIGHT if self.tight else LOOSE

    @property
    def thin(self):
        rules = [f"M0 {self.height * (1 + n):.2f}h203" for n in range(1, len(self.rows) + (1 if self.blank else 0))
                 if n == len(self.rows) or self.rows[n]["starts"]]
        return "".join([*rules, *(f"M{x} 0v{self.lines_end:.2f}" for x in BARS), "M11 -1.5h46M72 -1.5h62M151 -1.5h52"])

    @property
    def thick(self):
        table = f"M0 0h203v{self.sum_at + SUM:.2f}H0zM0 {self.height:.2f}h203M0 {self.sum_at:.2f}h203"
        return f"{table}M14.5 99.8h29M56 99.8h26M99 99.8h26M157 {self.seal_at:.2f}h46V99.8h-46z"

    @property
    def seal_at(self):
        """The seal's box begins under the total, 24 mm high where there is room."""
        return max(self.sum_at + SUM + 1, 75.8)

    @property
    def blank_top(self):
        return f"{TOP + self.lines_end:.2f}"

    @property
    def sum_top(self):
        return f"{TOP + self.sum_at:.2f}"

    @property
    def seal_top(self):
        return f"{TOP + self.seal_at + 0.5:.2f}"

    @property
    def foot_top(self):
        return TOP + self.sum_at + SUM + 0.8

    @property
    def foot_line(self):
        return min(FOOT_LINE, (BOTTOM - self.foot_top) / max(len(self.foot), 1))

    @property
    def foot_style(self):
        line = self.foot_line
        return f"top:{BOTTOM - line * max(len(self.foot), 3):.2f}mm;line-height:{line:.2f}mm;font-size:{min(10.5, line / 1.28 / 0.3528):.1f}pt"


@register.simple_tag
def dot_sheets(content, void):
    """The pages: twelve rows each, fewer on the last where its foot needs the room; parted the same with marks and without."""
    rows = [row for n, line in enumerate(_lines(content), start=1) for row in _rows(n, line)]
    pages = _parted(rows, len(_foot(content, None)))
    tight = len(rows) > 6 or len(pages) > 1
    sheets = [Sheet(n, len(pages), chunk, tight, n == len(pages)) for n, chunk in enumerate(pages, start=1)]
    for sheet in sheets[:-1]:
        sheet.foot = [f"合计与收款方式见第 {len(pages)} 页"]
    sheets[-1].foot = _foot(content, void)
    if void:
        asked = f"　经办 {void['asked_by']}" if void["asked_by"] else ""
        sheets[-1].foot.append(f"【作废　{void['at']}{asked}　批准 {void['by']}】")
    return sheets


def _parted(rows, foot_lines):
    """Rows to pages of twelve, a line's rows together where that can be; the last page has room for its foot."""
    pages, rest = [], rows
    while len(rest) > ROWS:
        pages.append(rest[:next((at for at in range(ROWS, 0, -1) if rest[at]["starts"]), ROWS)])
        rest = rest[len(pages[-1]):]
    tight, most = len(rows) > 6, len(rest)
    while most > 1 and not _has_room(most, tight or bool(pages), foot_lines):
        most -= 1
    if most < len(rest):
        first = len(rest) - most
        first = next((at for at in range(first, len(rest)) if rest[at]["starts"]), first)
        pages.append(rest[:first])
        rest = rest[first:]
    return [*pages, rest]


def _has_room(rows, tight, foot_lines):
    """Is there room for the foot, and under the marks of a void for two lines more at their smallest?"""
    room = BOTTOM - Sheet(1, 1, [None] * rows, tight, True).foot_top
    return foot_lines * FOOT_LINE <= room + 0.5 and (foot_lines + 3) * SMALLEST <= room + 3.5
