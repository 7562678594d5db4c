"""Where everything stands on receipt-1: rows to pages, rules to one SVG path, the foot's lines. Part of that edition.

The paper printed by the thousand: one block of preformatted text a column and one path for all rules are twice as fast
as a table (MEASURED). All positions in mm on A5 landscape; a row holds one line of each column.
"""
from dataclasses import dataclass, field

from django import template

from servicecentre.kit.money import yuan
from servicecentre.papers.fitting import one_line, width, wrapped

register = template.Library()

ROWS = 12                                 # a page; seven and more are set tight
LOOSE, TIGHT, SUM = 7.0, 5.3, 8.0         # heights of a row and of the total's
TOP, BOTTOM = 28.7, 135.2                 # of the ruled table; where the foot ends
COLUMNS = {"fee": 17.2, "period": 7.6, "price": 10.4, "percent": 3.7, "amount": 9.0}     # em at 10 pt
FOOT_LINE, FOOT_EM, LABEL_EM = 5.2, 36.0, 5.0
HEAD = {"unit": 10.2, "owners": 16.0, "payer": 11.4}                                     # em at 10.5 pt


@dataclass
class Sheet:
    """One page: ready texts per column and where they stand."""

    page: int
    pages: int
    rows: list
    tight: bool
    last: bool
    foot: list = field(default_factory=list)
    marks: int = 0

    @property
    def height(self):
        return TIGHT if self.tight else LOOSE

    @property
    def blank(self):
        return self.last and len(self.rows) < ROWS

    @property
    def lines_end(self):
        return self.height * (1 + len(self.rows))

    @property
    def sum_at(self):
        return self.lines_end + (self.height if self.blank else 0)

    @property
    def thin(self):
        rules = [f"M0 {self.height * (1 + n):.2f}h188" for n in range(1, len(self.rows) + (1 if self.blank else 0))
                 if n == len(self.rows) or self.rows[n]["starts"]]
        rules += [f"M{x} 0v{self.lines_end:.2f}" for x in (72, 100, 139, 154)]
        return "".join([*rules, "M10 -1.6h42M66 -1.6h62M144 -1.6h44M13 111.9h24M48 111.9h24M87 111.9h22"])

    @property
    def thick(self):
        return f"M0 0h188v{self.sum_at + SUM:.2f}H0zM0 {self.height:.2f}h188M0 {self.sum_at:.2f}h188"

    @property
    def blank_top(self):
        return f"{TOP + self.lines_end:.2f}"

    @property
    def sum_top(self):
        return f"{TOP + self.sum_at + 0.2:.2f}"

    @property
    def stacked(self):
        """Both frames at the right, one above the other, where the table leaves room; else side by side over the foot."""
        return self.marks > 1 and TOP + self.sum_at + SUM <= 103.6

    @property
    def foot_line(self):
        """Height of a line of the foot: less where marks or many lines leave no more."""
        top = max(TOP + self.sum_at + SUM + 0.8, 116.0 if self.marks > 1 and not self.stacked else 0)
        return min(FOOT_LINE, (BOTTOM - top) / max(len(self.foot), 1))

    @property
    def foot_style(self):
        line = self.foot_line
        size = min(9.0, line / 1.28 / 0.3528)
        return f"top:{BOTTOM - line * max(len(self.foot), 4):.2f}mm;line-height:{line:.2f}mm;font-size:{size:.1f}pt"

    @property
    def foot_text(self):
        return "\n".join(self.foot)

    def column(self, name):
        return "\n".join(row[name] for row in self.rows)

    @property
    def fees(self):
        return self.column("fee")

    @property
    def periods(self):
        return self.column("period")

    @property
    def prices(self):
        return self.column("price")

    @property
    def percents(self):
        return self.column("percent")

    @property
    def amounts(self):
        return self.column("amount")


@register.simple_tag
def receipt_sheets(content, void, again):
    """The pages of one copy: twelve rows each, the foot on the last; they part the same way with marks and without."""
    rows = [row for n, line in enumerate(_lines(content), start=1) for row in _rows(n, line)]
    foot = _foot(content, None)
    pages = _parted(rows, len(foot))
    tight = len(rows) > 6 or len(pages) > 1
    sheets = [Sheet(n, len(pages), chunk, tight, n == len(pages), marks=bool(void) + bool(again)) for n, chunk in enumerate(pages, start=1)]
    for sheet in sheets[:-1]:
        sheet.foot = [f"合计与收款方式见第 {len(pages)} 页"]
    sheets[-1].foot = _foot(content, void)
    return sheets


@register.filter
def fit(text, name):
    """Class of a head field: set smaller where the words are long; `rc-two` is two small lines."""
    room, words = HEAD[name], width(one_line(text))
    return "" if words <= room else "rc-s9" if words <= room * 1.16 else "rc-s8" if words <= room * 1.3 else "rc-two"


@register.filter
def set_in(text, name):
    """The words of a head field; what is longer than two small lines stands in full in the foot."""
    text, room = one_line(text), HEAD[name]
    if width(text) <= room * 1.3:
        return text
    lines = wrapped(text, room * 1.55)
    return "\n".join(lines if len(lines) < 3 else [lines[0], f"{lines[1][:-1]}…"])


def payer_text(content):
    return f"{content['payer']}（{content['relation']}）" if content.get("relation") else content["payer"]


register.filter("payer_text", payer_text)
register.filter("money", yuan)
register.filter("upright", lambda text: "\n".join(text))


def _lines(content):
    """The receipt's lines, then what was used of the credit or added to it, so that the column sums to the total."""
    yield from content["lines"]
    for key, label, sign in (("credit_used", "用预存", -1), ("credit_added", "转预存", 1)):
        if fen := content.get(key):
            yield {"fee": label, "period_label": "—", "quantity_label": "", "price_label": "", "percent_label": "", "amount": sign * fen}


def _rows(number, line):
    """One line as one or more rows: a value too long for its column goes on in the next row, nothing is cut."""
    factors = [one_line(line.get(key) or "") for key in ("quantity_label", "price_label", "share_label")]
    cells = {"fee": wrapped(line["fee"], COLUMNS["fee"]), "period": wrapped(line["period_label"], COLUMNS["period"]),
             "price": _formula([f for f in factors if f]), "percent": wrapped(line["percent_label"], COLUMNS["percent"]),
             "amount": [yuan(line["amount"])]}
    for at in range(max(map(len, cells.values()))):
        row = {name: lines[at] if at < len(lines) else "" for name, lines in cells.items()}
        row["starts"] = at == 0
        row["fee"] = f"{number:02}　{row['fee']}" if at == 0 else f"　　{row['fee']}"
        yield row


def _formula(factors):
    """`89.56 ㎡ × 1.90 × 12/30 月`, broken before a × where it must be."""
    lines = [""]
    for at, factor in enumerate(factors):
        more = f" × {factor}" if at else factor
        if lines[-1] and width(lines[-1] + more) > COLUMNS["price"]:
            lines.append(more.lstrip())
        else:
            lines[-1] += more
    return lines


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
    sheet = Sheet(1, 1, [None] * rows, tight, True)
    return TOP + sheet.sum_at + SUM + 0.8 + foot_lines * FOOT_LINE <= BOTTOM + 0.5


def _foot(content, void):
    """The foot's lines: how it was paid, the household's credit and what it still owes, remarks."""
    blocks = [("收款方式", "　".join(_part(part, content) for part in content["parts"]))]
    balance = [(label, content.get(key) or 0) for label, key in (("预存余额", "credit_left"), ("尚欠", "still_due"))]
    if any(fen for _, fen in balance):
        blocks.append(("余　　额", "　".join(f"{label} {yuan(fen)}" for label, fen in balance if fen)))
    for label, name, text in (("房　　号", "unit", content["unit"]), ("业　　主", "owners", content["owners"]),
                              ("交 款 人", "payer", payer_text(content))):
        if set_in(text, name).endswith("…"):
            blocks.append((label, text))
    if void:
        blocks.append(("作废原因", void["reason"]))
    blocks.append(("备　　注", content.get("remarks") or ""))
    lines = []
    for label, text in blocks:
        first, *more = wrapped(text, FOOT_EM - LABEL_EM)
        lines += [f"{label}　{first}", *(f"{'　' * 5}{line}" for line in more)]
    return lines


def _part(part, content):
    said = f"{part['method']} {yuan(part['amount'])}"
    if part.get("reference"):
        return f"{said}（单号 {one_line(part['reference'])}）"
    if part["method"] == "现金" and content.get("tendered"):
        return f"{said}（收 {yuan(content['tendered'])}，找 {yuan(content.get('change') or 0)}）"
    return said
