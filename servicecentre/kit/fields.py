"""Form fields that speak the trade's units: text as people type it in, fen, 0.01 ㎡, months and numbers out.

Each shows again what was typed when it is refused, and its one form when it is taken (TRUST §4).
"""

import re
from datetime import time

from django import forms
from django.core.exceptions import ValidationError

from .identity import check_phone, check_plate, show_plate
from .money import area_text, parse_area, parse_price, parse_reading, parse_yuan, plain_yuan, price_text
from .periods import BillingMonth, parse_date
from .text import clean_text, narrow

REQUIRED = "请填写"


class OnceInput(forms.TextInput):
    """Takes a name that comes in once; twice over is not a value, while Django would take the last (TRUST §4 row 40)."""

    def value_from_datadict(self, data, files, name):
        values = data.getlist(name) if hasattr(data, "getlist") else [data.get(name)]
        return values[0] if len(values) == 1 else values or None


class _Read(forms.Field):
    """A field whose text is read by `read` into the value, and shown again by `show`."""

    widget = OnceInput
    attrs = {"autocomplete": "off"}

    def __init__(self, **options):
        options.setdefault("error_messages", {}).setdefault("required", REQUIRED)
        super().__init__(**options)

    def widget_attrs(self, widget):
        return self.attrs if isinstance(widget, forms.TextInput) else {}

    def to_python(self, value):
        if isinstance(value, list):
            raise ValidationError("同一栏送来了两个值，请刷新后重填")
        if value is None or isinstance(value, str) and not value.strip():
            return None
        return self.read(value)

    def prepare_value(self, value):
        if isinstance(value, list):
            return ""
        if isinstance(value, str):
            try:
                value = self.to_python(value)
            except ValidationError:
                return value
        return "" if value is None else self.show(value)


class MoneyField(_Read):
    """Fen; 0 only with `zero=True`."""

    attrs = {"inputmode": "decimal", "autocomplete": "off"}

    def __init__(self, *, zero=False, **options):
        self.zero = zero
        super().__init__(**options)

    def to_python(self, value):
        return value if isinstance(value, int) else super().to_python(value)

    def read(self, text):
        return parse_yuan(text, zero=self.zero)

    def show(self, value):
        return plain_yuan(value)


class AreaField(MoneyField):
    """0.01 ㎡."""

    def read(self, text):
        return parse_area(text)

    def show(self, value):
        return area_text(value)


class ReadingField(MoneyField):
    """0.01 of a meter's unit; 0 is a reading."""

    def read(self, text):
        return parse_reading(text)

    def show(self, value):
        return area_text(value)


class PriceField(MoneyField):
    """0.0001 元."""

    def read(self, text):
        return parse_price(text)

    def show(self, value):
        return price_text(value)


class MonthField(_Read):
    """BillingMonth; an initial may also be the date that a row's `period` holds."""

    widget = OnceInput(attrs={"type": "month"})

    def read(self, value):
        return value if isinstance(value, BillingMonth) else BillingMonth.parse(value)

    def show(self, value):
        return str(value if isinstance(value, BillingMonth) else BillingMonth.of(value))


class DayField(_Read):
    """A date, in every form of `parse_date`."""

    widget = OnceInput(attrs={"type": "date"})

    def read(self, value):
        return parse_date(value)

    def show(self, value):
        return value.isoformat()


class PhoneField(_Read):
    """A phone in its one form; "" when left empty."""

    widget = OnceInput(attrs={"type": "tel"})

    def to_python(self, value):
        return super().to_python(value) or ""

    def read(self, value):
        return check_phone(value)

    def show(self, value):
        return value


class PlateField(_Read):
    """A plate as `苏AD7K38`, "" when left empty; what it is taken with is in `warning` of the form's own field."""

    warning = None

    def to_python(self, value):
        self.warning = None
        return super().to_python(value) or ""

    def read(self, value):
        plate, self.warning = check_plate(value)
        return plate

    def show(self, value):
        return show_plate(value) if value else ""


class CountField(_Read):
    """A whole number from ``least`` to ``most``; "１２" is 12, and nothing that Python alone would take for one."""

    attrs = {"inputmode": "numeric", "autocomplete": "off"}

    def __init__(self, *, least=0, most=99_999, **options):
        self.least, self.most = least, most
        super().__init__(**options)

    def to_python(self, value):
        return value if isinstance(value, int) else super().to_python(value)

    def read(self, text):
        digits = narrow(text).strip()
        if not re.fullmatch("[0-9]{1,12}", digits):
            raise ValidationError("请填整数")
        if not self.least <= int(digits) <= self.most:
            raise ValidationError(f"填 {self.least} 到 {self.most}")
        return int(digits)

    def show(self, value):
        return str(value)


class ClockField(_Read):
    """A time of day, from `8:00` or `08:00`."""

    widget = OnceInput(attrs={"type": "time"})

    def read(self, value):
        if isinstance(value, time):
            return value
        found = re.fullmatch("([0-9]{1,2}):([0-9]{2})(?::00)?", narrow(value).strip())
        if not found or int(found[1]) > 23 or int(found[2]) > 59:
            raise ValidationError("请填时间，如 08:30")
        return time(int(found[1]), int(found[2]))

    def show(self, value):
        return f"{value:%H:%M}"


class YesNoField(forms.TypedChoiceField):
    """A bool as two radios in the words of the matter: ``no`` and ``yes``."""

    def __init__(self, *, no="否", yes="是", **options):
        super().__init__(choices=(("no", no), ("yes", yes)), coerce=lambda value: value == "yes", empty_value=None, widget=forms.RadioSelect,
                         error_messages={"required": "请选一种"}, **options)

    def prepare_value(self, value):
        return ("no", "yes")[value] if isinstance(value, bool) else value


class TextField(_Read):
    """Text through `clean_text`; "" when left empty. With `lines` it is an area whose line breaks stay."""

    attrs = {}

    def __init__(self, *, max_length, lines=False, **options):
        self.max_length, self.lines = max_length, lines
        if lines:
            options.setdefault("widget", forms.Textarea(attrs={"rows": 3}))
        super().__init__(**options)

    def widget_attrs(self, widget):
        return {"maxlength": str(self.max_length)} if not widget.is_hidden else {}

    def to_python(self, value):
        return super().to_python(value) or ""

    def read(self, value):
        return clean_text(value, self.max_length, lines=self.lines)

    def show(self, value):
        return value
