"""Paper → PDF. Printing only reads: the words are the frozen content's, the marks (补打, 作废) are the rows'.

What a desk with a laser printer needs of 三联: the first print brings out all copies as pages, the payer's first, so that
the clerk hands it over while 存根 and 记账 still come; the three are then the three that a void asks back (DOMAIN §2).
A later print brings one copy, the payer's unless another is asked for: what was lost is one sheet.

The content of a receipt (edition billing/receipt-1), plain JSON, money in integer fen, every label as it shall be read:

    estate      {name, company, centre, phone}
    household   household number, "" when there is none         unit      房号 as papers write it: 3栋2单元1801
    owners      业主, joined: 欧阳喆、陈犇（共有）                    payer     who paid
    relation    与业主关系, "" for the owner himself               cashier   收款人
    lines       [{fee, period_label, quantity_label, price_label, percent_label, amount}], at least one; share_label
                ("12/30 月") may stand beside; what is settled by this receipt, without 用预存 and 转预存
    total       what was taken: Σ lines − credit_used + credit_added (the paper prints these two as lines of their own)
    words       total in 大写, without 人民币
    parts       [{method, amount, reference}]: 微信, fen, 流水号 or ""
    tendered, change                                            cash counted in and given back; 0 without cash
    credit_used, credit_added, credit_left, still_due           用预存, 转预存, 预存余额, 尚欠; 0 is not printed
    remarks     备注, "" for none

issue_paper adds number, mark and issued_on. What other papers hold is told in their templates.
"""
from datetime import date

from django.template.loader import render_to_string

from servicecentre.kit.pdf import qr_png, render_pdf
from servicecentre.kit.periods import exact_moment

from .issuing import ALL
from .kinds import KINDS, Copy, copy_of
from .sheets import A4, A5, DOT140

OTHER_SHEETS = {("billing/receipt-1", DOT140.code): "-dot"}       # the same words of an edition on another sheet: its template's ending
# Editions that are no slips of A5.
POSTERS = {edition: A4.code for edition in ("tickets/notice-1", "billing/parking-1", "billing/vacancy-1", "billing/vacancy-2")}


def render(paper, which, *, address="", computer=None):
    """PDF bytes of this Print of the paper. ``address``: the site's root, for the QR; ``computer``: whose printer takes it,
    with its sheet and how far it is off the mark. Raises kit.pdf.Busy."""
    sheet = sheet_for(paper, computer)
    printer = computer and computer.printers.filter(sheet=sheet).first()
    return render_pdf(to_html(paper, which, sheet), images={"qr.png": qr_png(f"{address}q/{paper.mark}")},
                      shift=(printer.x, printer.y) if printer else (0, 0))


def sheet_for(paper, computer):
    """Code of the sheet that this computer prints such a paper on: what it chose, where the paper's edition has words for it."""
    chosen = computer.receipt_sheet if computer else A5.code
    return chosen if (paper.edition, chosen) in OTHER_SHEETS else POSTERS.get(paper.edition, A5.code)


def to_html(paper, which, sheet=A5.code):
    """The HTML that is printed: template of the paper's edition, frozen content, marks of this print and of a void."""
    return html_of(words_of(paper, which, sheet))


def words_of(paper, which, sheet=A5.code):
    """All that the template needs, as plain values, so that another process can print it."""
    return {"template": f"{paper.edition.replace('/', '/papers/', 1)}{OTHER_SHEETS.get((paper.edition, sheet), '')}.html",
            "content": paper.content, "kind": paper.kind, "mark": paper.mark, "copies": [copy and tuple(copy) for copy in _copies(paper, which)],
            "void": _void(paper), "again": _again(which)}


def html_of(words):
    """The HTML of what `words_of` gathered."""
    return render_to_string(words["template"], {
        **words, "issued_on": date.fromisoformat(words["content"]["issued_on"]), "kind": KINDS[words["kind"]],
        "copies": [copy and Copy(*copy) for copy in words["copies"]]})


def _copies(paper, which):
    """The 联 that this print brings out; one without a name for papers that have none."""
    kind = KINDS[paper.kind]
    if which.copies == ALL:
        return kind.copies
    return [copy_of(kind, which.copies)]


def _void(paper):
    """What stands across a void paper: when, who asked, who approved, why."""
    if not paper.is_void:
        return None
    return {"at": exact_moment(paper.voided_at), "by": paper.voided_by.name, "reason": paper.void_reason,
            "asked_by": paper.void_asked_by.name if paper.void_asked_by else ""}


def _again(which):
    """What marks every print but the first."""
    return {"n": which.n, "at": exact_moment(which.at), "by": which.by.name} if which.n > 1 else None
