"""Cells as text and as a report may show them; numbers of identity are masked wherever they stand."""
import re
from datetime import date, datetime
from decimal import Decimal

from servicecentre.kit.identity import hide_identities, mask_identity, mask_phone
from servicecentre.kit.text import narrow

# What people write where there is nothing.
_NOTHING = re.compile(r"[-‐‑‒–—―−_/\\|、,，.。*xX×?？]+|无|暂无|没有|空|未填|未登记|待补|待补充|待定|不详|未知|N/?A|NONE|NULL",
                      re.IGNORECASE)
_MOBILE = re.compile(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])")


def text_of(value) -> str:
    """A cell as one would type it: no blanks around, lines parted by a line break, whole numbers without fraction."""
    if value is None:
        return ""
    if isinstance(value, str):
        text = value.strip(" ")
        if text.isprintable() and "  " not in text:  # the common case: no line breaks, no odd blanks
            return str(text)
        lines = (re.sub(r"[^\S\n]+", " ", line).strip(" \u200b\ufeff") for line in re.split(r"\r\n?|\n|\u2028", value))
        return "\n".join(line for line in lines if line)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return value.date().isoformat() if not (value.hour or value.minute or value.second) else f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def said(value) -> str:
    """Like text_of, but "" for what only says that there is nothing: 无, /, ——, 待补."""
    text = text_of(value)
    return "" if _NOTHING.fullmatch(narrow(text).strip()) else text


def shown(value, name: str = "", *, phones: bool = True, limit: int = 60) -> str:
    """A cell's content for a report: short, one line; ID numbers always masked, mobiles when `phones`."""
    text = " ".join(text_of(value).split())
    if name == "id":
        text = re.sub(r"[0-9A-Za-z]{5,}", lambda m: mask_identity(m[0]), narrow(text))
    text = hide_identities(text)
    if phones:
        text = _MOBILE.sub(lambda m: mask_phone(m[0]), text)
    return text if len(text) <= limit else text[:limit - 1] + "…"
