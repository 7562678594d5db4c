"""Money, areas and prices as integers: fen, 0.01 ㎡, 0.0001 元; one rounding, half-up, on the line.

Whatever a person types comes in through the parsers below, whatever is shown goes out through the words; nothing here
is ever a binary fraction (DOMAIN §2, TRUST §4 rows 1–13).
"""

import re
from fractions import Fraction

from django.core.exceptions import ValidationError

MAX_FEN = 9_999_999_999  # 99,999,999.99 元: more is a slip of the hand
MAX_AREA = 10_000_000  # 100,000 ㎡
MAX_READING = 10**11  # 1,000,000,000 of a meter's unit
MAX_PRICE = 10_000_000  # 1,000 元; with MAX_AREA it keeps area × price × percent × days × 2 below 2⁶³

# Figures, with or without commas, but only commas that part thousands: "1,40" is a slip, not 140.
_FIGURE = re.compile(r"(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.(?P<part>[0-9]+))?")
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0xFFE5: "¥", 0x200B: None, 0xFEFF: None}
_AREA_MARKS = re.compile(r"\s*(?:㎡|m²|m2|平方米|平米|平方|平|)", re.IGNORECASE)
_PRICE_MARKS = re.compile(r"\s*元?(?:/|每)?(?:㎡|m²|m2|平方米|平米|车|月|/|·|\.)*", re.IGNORECASE)


def half_up(n: int, d: int) -> int:
    """n/d rounded to the nearest whole, a half away from zero (DOMAIN §2: half-up, per line; TRUST §7: by sign)."""
    if d <= 0:
        raise ValueError("the divisor must be positive")
    return (2 * n + d) // (2 * d) if n >= 0 else -((2 * -n + d) // (2 * d))


def line_amount(quantity: int, price: int, percent: int = 100, share_num: int = 1, share_den: int = 1) -> int:
    """A line in fen from 0.01 units × 0.0001 元 × percent × share of the month, rounded once (DOMAIN §2 [seed]).

    The database's CHECK and the bill run's SQL say the same in integers: (2N + D) / 2D.
    """
    return half_up(quantity * price * percent * share_num, 1_000_000 * share_den)


def parse_yuan(text, *, zero: bool = False) -> int:
    """Fen from what a person typed, as `1409.5`, `¥1,409.50 元`, `１７０．１６`.

    Raises ValidationError in words; 0 is refused unless `zero` (a payment is more than 0), a minus always is.
    """
    ask = "请输入金额，如 170.16"
    body = _narrow(text).removeprefix("¥").removesuffix("元").strip()
    fen = _scaled(body, 2, MAX_FEN, ask, "最多两位小数", "金额不能超过 99,999,999.99 元", "金额要大于 0")
    if not fen and not zero:
        raise ValidationError("金额要大于 0")
    return fen


def parse_price(text) -> int:
    """Unit price in 0.0001 元, above 0 and at most 1,000 元; ValidationError in words (TRUST §4 row 13)."""
    body = _without_unit(_narrow(text), _PRICE_MARKS)
    price = _scaled(body, 4, MAX_PRICE, "请输入单价，如 1.9", "单价最多四位小数", "单价不能超过 1,000 元", "单价要大于 0")
    if not price:
        raise ValidationError("单价要大于 0")
    return price


def parse_area(text, *, rounding: bool = False) -> int:
    """Area in 0.01 ㎡, above 0 and at most 100,000 ㎡; ValidationError in words (TRUST §4 row 13).

    A third decimal is refused; with `rounding` it is rounded half-up, as lists that come in are (IMPORT «Register»).
    """
    body = _without_unit(_narrow(text), _AREA_MARKS)
    area = _scaled(body, 2, MAX_AREA, "请输入面积，如 89.56", "面积最多两位小数", "面积不能超过 100,000 ㎡",
                   "面积要大于 0", rounding=rounding)
    if not area:
        raise ValidationError("面积要大于 0")
    return area


def parse_reading(text) -> int:
    """A meter's reading in 0.01 of its unit, 0 for a new one; ValidationError in words."""
    return _scaled(_narrow(text), 2, MAX_READING, "请输入读数，如 286.4", "读数最多两位小数", "读数不能超过 1,000,000,000", "读数不能小于 0")


def yuan(fen: int) -> str:
    """`1,409.50`; a minus is the sign −, not a hyphen."""
    sign = "−" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def plain_yuan(fen: int) -> str:
    """`1409.50`, for form fields, files and commands."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def area_text(area: int) -> str:
    """0.01 ㎡ (or any 0.01 quantity) → `89.56`."""
    return plain_yuan(area)


def price_text(price: int) -> str:
    """0.0001 元 → `1.9`, `260`: no idle zeros, as the price list writes it."""
    whole, part = divmod(abs(price), 10_000)
    sign = "-" if price < 0 else ""
    return sign + f"{whole}.{part:04d}".rstrip("0").rstrip(".")


_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿")


def in_words(fen: int) -> str:
    """大写 without 人民币, by the central bank's rule for vouchers (DOMAIN §8).

    Where that rule allows 零 or none we write what DOMAIN's examples do: 零 before a smaller group, none before 角.
    """
    if abs(fen) >= 10**14:
        raise ValueError("too large to write in words")
    sign, fen = ("负", -fen) if fen < 0 else ("", fen)
    whole, cents = divmod(fen, 100)
    jiao, last = divmod(cents, 10)
    text = _whole_in_words(whole) + "元" if whole else ""
    if not cents:
        return sign + (text or "零元") + "整"
    if jiao:
        text += _DIGITS[jiao] + "角"
    elif text:
        text += "零"
    if last:
        text += _DIGITS[last] + "分"
    return sign + text


def _whole_in_words(number):
    groups = []
    while number:
        number, group = divmod(number, 10_000)
        groups.append(group)
    text, gap = "", False
    for place in reversed(range(len(groups))):
        group = groups[place]
        if not group:
            gap = True
            continue
        if text and (gap or group < 1000):
            text += "零"
        text += _group_in_words(group) + _GROUPS[place]
        gap = group % 10 == 0
    return text


def _group_in_words(group):
    text, gap = "", False
    for place in (3, 2, 1, 0):
        digit = group // 10**place % 10
        if digit:
            text += ("零" if gap and text else "") + _DIGITS[digit] + _PLACES[place]
        gap = not digit
    return text


def _narrow(text):
    return str("" if text is None else text).translate(_NARROW).strip()


def _without_unit(text, marks):
    figure = re.match(r"[0-9.,]*", text).group()
    return figure if marks.fullmatch(text[len(figure):]) else text


def _scaled(body, decimals, most, ask, too_fine, too_much, too_small, rounding=False):
    """The integer of `body` in units of 10⁻ᵈᵉᶜⁱᵐᵃˡˢ; length is judged before any arithmetic (TRUST §4 rows 11–12)."""
    if re.match(r"[-−–]\s*[0-9]", body):
        raise ValidationError(too_small)
    found = _FIGURE.fullmatch(body)
    if not found:
        raise ValidationError(ask)
    whole = found["whole"].replace(",", "").lstrip("0")
    part = found["part"] or ""
    if len(whole) > 12:
        raise ValidationError(too_much)
    if len(part) > decimals and not rounding:
        raise ValidationError(too_fine)
    part = part[:20]
    scale = 10**decimals
    exact = Fraction(int((whole or "0") + part), 10 ** len(part)) * scale
    value = half_up(exact.numerator, exact.denominator)
    if value > most:
        raise ValidationError(too_much)
    return value
