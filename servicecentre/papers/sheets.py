"""The sheets of paper a desk prints on, in millimetres."""
from typing import NamedTuple


class Sheet(NamedTuple):
    """``margin``: what a needle printer's holes and the tearing edge leave free, left and top."""

    code: str
    name: str
    width: int
    height: int
    margin: tuple[int, int] = (5, 5)


A5 = Sheet("a5", "A5 横放 210 × 148", 210, 148)
A4 = Sheet("a4", "A4 210 × 297", 210, 297)
DOT140 = Sheet("dot140", "连续纸 241 × 140", 241, 140, (19, 7))
DOT93 = Sheet("dot93", "连续纸 241 × 93", 241, 93, (19, 7))
SHEETS = {sheet.code: sheet for sheet in (A5, A4, DOT140, DOT93)}
