"""The test page of a printer: rulers from the paper's edge, a frame and four crosses 5 mm from it, the words that must fit.

It bears no number. What the ruler shows at the paper's edge tells how far the print is off the mark.
"""
from django.template.loader import render_to_string

from servicecentre.kit.pdf import render_pdf
from servicecentre.kit.periods import exact_moment, now

from .computers import tenths

AWAY = 5                                  # mm from the edge to the frame


def render_test(printer, *, by):
    """PDF bytes of the test page, moved as the printer's row says. Raises kit.pdf.Busy."""
    return render_pdf(test_html(printer, by=by), shift=(printer.x, printer.y))


def test_html(printer, *, by):
    """The HTML of it: what belongs in which place is computed here, the template only places words."""
    sheet = printer.sheet_of
    left, top = sheet.margin
    return render_to_string("papers/test-1.html", {
        "sheet": sheet, "printer": printer, "x": tenths(printer.x), "y": tenths(printer.y), "at": exact_moment(now()), "by": by.name,
        "frame": f"M{AWAY} {AWAY}h{sheet.width - 2 * AWAY}v{sheet.height - 2 * AWAY}h-{sheet.width - 2 * AWAY}z",
        "inner": f"M{left} {top}h{sheet.width - 2 * left}v{sheet.height - 2 * top}h-{sheet.width - 2 * left}z" if left > AWAY else "",
        "crosses": "".join(f"M{x - 4} {y}h8M{x} {y - 4}v8" for x in (AWAY, sheet.width - AWAY) for y in (AWAY, sheet.height - AWAY)),
        "ruler": _ruler(sheet), "numbers": top + 1, "across": [(n, 40 + n - 5) for n in range(0, sheet.width - 80, 10)],
        "down": [(n, 20 + n - 1.5) for n in range(0, sheet.height - 40, 10)],
        "left": max(left, 12) + 12, "width": sheet.width - 2 * (max(left, 12) + 12)})


def _ruler(sheet):
    """Millimetre strokes on the upper edge from 40 mm and on the left one from 20 mm: long ones each 5 and 10."""
    across = "".join(f"M{40 + n} 0v{_length(n)}" for n in range(sheet.width - 80 + 1))
    return across + "".join(f"M0 {20 + n}h{_length(n)}" for n in range(sheet.height - 40 + 1))


def _length(n):
    return 4 if n % 10 == 0 else 3 if n % 5 == 0 else 2
