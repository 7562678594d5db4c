"""Figures, days and numbers in the words of the screens; nothing to show is nothing shown.

`{{ charge.amount|yuan }}` `{{ unit.area|area }}` `{{ bill.period|month }}` `<time title="{{ at|exact }}">{{ at|moment }}</time>`
"""

from datetime import datetime

from django import template

from .. import identity, money, periods

register = template.Library()


def _words(name, of):
    """Register a filter that shows None and "" as nothing."""
    def show(value):
        return "" if value is None or value == "" else of(value)
    show.__doc__ = of.__doc__
    register.filter(name, show)
    return show


def _exact(value):
    """The whole date, or date and time, for a title beside the short form (design/screens «Time»)."""
    return periods.exact_moment(value) if isinstance(value, datetime) else value.isoformat()


def _day(value):
    """Short date; of a moment its business day."""
    return periods.shown_date(periods.business_day(value) if isinstance(value, datetime) else value)


def _month(value):
    """`2026年11月` of a BillingMonth or of the date that a row's `period` holds."""
    return (value if isinstance(value, periods.BillingMonth) else periods.BillingMonth.of(value)).label


yuan = _words("yuan", money.yuan)
plain_yuan = _words("plain_yuan", money.plain_yuan)
area = _words("area", money.area_text)
price = _words("price", money.price_text)
in_words = _words("in_words", money.in_words)
day = _words("day", _day)
moment = _words("moment", periods.shown_moment)
exact = _words("exact", _exact)
to_second = _words("to_second", periods.to_second)
month = _words("month", _month)
masked_phone = _words("masked_phone", identity.mask_phone)
masked_numbers = _words("masked_numbers", identity.mask_numbers)
masked_id = _words("masked_id", identity.mask_identity)
plate = _words("plate", identity.show_plate)
