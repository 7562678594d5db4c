"""How a line of a bill reads: its formula, the exact product, where price and area come from (design/screens 04 «怎么算»).

Everything is said from the factors frozen on the charge, so that a later price or survey changes no word of it.
"""
from copy import copy
from fractions import Fraction

from django.db.models import F, Q

from households.models import UnitArea
from servicecentre.kit.money import area_text, line_amount, price_text, yuan
from servicecentre.kit.periods import BillingMonth, business_day

from .models import Charge

DECIMALS = 6                              # of a product that has no end, as 89.56 × 1.9 × 11/31


def quantity_text(charge):
    """0.01 units as people write them: 89.56 for ㎡, 「1 辆」 for things that are counted."""
    unit = _unit(charge)
    return area_text(charge.quantity) if unit == "㎡" else f"{area_text(charge.quantity).rstrip('0').rstrip('.')} {unit}"


def quantity_label(charge):
    """With its unit, as papers write it: 89.56 ㎡, 1 辆."""
    return f"{quantity_text(charge)} ㎡" if _unit(charge) == "㎡" else quantity_text(charge)


def _unit(charge):
    """What is counted: a line of the old list, or one for a mere sum, is one 笔, whatever its fee counts."""
    mere_sum = charge.price_id is None and charge.label and charge.fee_kind.unit_name == "㎡"
    return "笔" if charge.opening_id or mere_sum else charge.fee_kind.unit_name


def period_text(charge):
    """2026-11, or 一次性 for a fee that is not by the month."""
    return str(BillingMonth.of(charge.period)) if charge.fee_kind.per or charge.opening_id else "一次性"


def share_text(charge):
    """Part of the month that was billed: 1, or days over days."""
    return "1" if charge.share_num == charge.share_den else f"{charge.share_num}/{charge.share_den}"


def _shares(charge):
    per = "" if charge.opening_id else charge.fee_kind.per
    return [f"{share_text(charge)} {per}"] if per else [share_text(charge)] if charge.share_num != charge.share_den else []


def formula(charge):
    """`89.56 × 1.9 × 1 月`, `89.56 × 1.9 × 12/30 月 × 70%`, `1 辆 × 260 × 1 月`, `89.56 × 3.5`."""
    parts = [quantity_text(charge), price_text(charge.unit_price), *_shares(charge)]
    return " × ".join(parts if charge.percent == 100 else [*parts, f"{charge.percent}%"])


def less_text(charge, fen, before, *, percent=None, part=None):
    """How ``fen`` less of a line came to be: what it was before and what is left, `170.16 − 119.11（89.56 × 1.9 × 1 月 × 70%）`.

    ``percent`` and ``part`` are those of what is left, and are said where they alone give it.
    """
    rest = copy(charge)
    rest.percent = charge.percent if percent is None else percent
    rest.share_num, rest.share_den = part or (charge.share_num, charge.share_den)
    left = before - fen
    said = rest.share_num and left == line_amount(rest.quantity, rest.unit_price, rest.percent, rest.share_num, rest.share_den)
    return f"{yuan(before)} − {yuan(left)}{f'（{formula(rest)}）' if said else ''}"


def factors(charge):
    """What is multiplied, with units, for the open 「怎么算」."""
    unit, per = _unit(charge), "" if charge.opening_id else charge.fee_kind.per
    price = f"{price_text(charge.unit_price)} 元/{unit}{f'·{per}' if per else ''}"
    return [quantity_label(charge), price, *_shares(charge), f"{charge.percent}%"]


def exact_product(charge):
    """The product before rounding, in 元: `170.164`; cut with … after six decimals when it has no end."""
    value = Fraction(charge.quantity * charge.unit_price * charge.percent * charge.share_num, 100_000_000 * charge.share_den)
    scaled, rest = divmod(value.numerator * 10**DECIMALS, value.denominator)
    whole, part = divmod(scaled, 10**DECIMALS)
    digits = f"{part:0{DECIMALS}d}"
    return f"{whole:,}.{digits}…" if rest else f"{whole:,}.{digits.rstrip('0').ljust(2, '0')}"


def because(charge, area=None):
    """Where the factors come from: sentences for the open 「怎么算」; ``area`` is the UnitArea row in force on its first day."""
    where = []
    if charge.price is not None:
        where.append(f"单价：{charge.fee_kind.name}，{charge.price.starts_on} 起执行，依据 {charge.price.basis}")
    if charge.opening_id:
        where.append("期初：按历史欠费名单登记，原来怎么算的以旧账为准")
    elif charge.fee_kind.unit_name == "㎡" and area is not None and area.area == charge.quantity:
        where.append(f"面积：房屋登记 {area.starts_on} 起{f'，{area.basis}' if area.basis else ''}")
    where += [f"到期日 {charge.due_on}", f"{business_day(charge.made_at)} 出账，{charge.made_by.name}"]
    sentences = [" · ".join(where)]
    if charge.reason:
        sentences.append(f"原因：{charge.reason}。")
    if charge.share_num != charge.share_den:
        sentences.append(f"按天：{charge.starts_on} 至 {charge.ends_on}，{charge.share_num} 天；当月 {charge.share_den} 天。")
    if 0 < charge.paid < charge.amount:
        sentences.append(f"应收 {yuan(charge.amount)} 元，{paid_text(charge)} 元，还差 {yuan(charge.due)} 元。")
    return sentences


def due_state(charge, today):
    """(kind, icon, word) of an unpaid line: overdue in days, due today, or by when."""
    if charge.due_on < today:
        return "bad", "warn", f"逾期 {(today - charge.due_on).days} 天"
    if charge.due_on == today:
        return "warn", "clock", "今天到期"
    day = f"{charge.due_on:%m-%d}" if charge.due_on.year == today.year else charge.due_on.isoformat()
    return "idle", "clock", f"{day} 前"


def paid_state(charge, today):
    """(kind, icon, word) of any line in a history."""
    if charge.voided_at is not None:
        return "idle", "bad", "作废"
    if charge.due <= 0:
        return "ok", "ok", "已缴" if charge.received or not charge.paid else "已冲减"
    kind, icon, word = due_state(charge, today)
    return kind, icon, f"{word}，已收一部分" if charge.received else f"{word}，冲减过" if charge.paid else word


def paid_text(charge):
    """「冲减 131.46，已收 38.70」: what lowers a line, money apart from corrections, waivers and vacancy. Of a row with_mended()."""
    parts = [f"冲减 {yuan(charge.mended)}"] if charge.mended else []
    return "，".join([*parts, f"已收 {yuan(charge.received)}"] if charge.received or not parts else parts)


class Line:
    """A charge with all that a page says about it."""

    def __init__(self, charge, today, area=None, ticked=True):
        self.charge, self.ticked = charge, ticked
        self.name, self.period, self.formula = charge.shown_name, period_text(charge), formula(charge)
        self.factors, self.product, self.because = factors(charge), exact_product(charge), because(charge, area)
        self.due, self.paid = charge.due, paid_text(charge) if charge.paid else ""
        self.overdue = charge.due_on < today
        self.kind, self.icon, self.word = due_state(charge, today)


def lines_of(charges, today, ticked=None):
    """Lines for a page, in the order they come, one query more however many. ``ticked``: pks, all when left out."""
    charges = list(charges)
    areas = list(UnitArea.objects.filter(unit__in={charge.unit_id for charge in charges}))
    return [Line(charge, today, _area_of(charge, areas), ticked is None or charge.pk in ticked) for charge in charges]


def _area_of(charge, areas):
    return next((a for a in areas if a.unit_id == charge.unit_id and a.starts_on <= charge.starts_on
                 and (a.ends_on is None or a.ends_on >= charge.starts_on)), None)


def open_lines(household, also=()):
    """Charges that the household owes, and ``also`` these of its own, oldest due first, with what they need to speak."""
    unpaid = Q(paid__lt=F("amount")) | Q(pk__in=[charge.pk for charge in also])
    return (Charge.objects.of(household.estate_id).live().filter(unpaid, household=household).with_mended().oldest_first()
            .select_related("fee_kind", "price", "made_by", "unit"))
