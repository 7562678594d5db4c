"""What the office's lists share: a row entered or changed with clean columns, a version check and its sentence in the log."""
import re

from django.db import models

from households.entering import checked
from servicecentre.kit.identity import check_phone
from servicecentre.kit.money import area_text
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text, narrow
from servicecentre.worklog.acts import record
from servicecentre.worklog.stale import fresh


def check_number(text):
    """A number to ring: a short one (110, 96889), else as check_phone; "" for nothing."""
    if not (text or "").strip():
        return ""
    short = narrow(text).strip()
    return short if re.fullmatch("[0-9]{3,6}", short) else check_phone(text)


def clean_columns(model, values, numbers=()):
    """The values fit for the model's columns; refused beside the field. ``numbers`` are columns that hold a phone."""
    clean = {}
    for name, value in values.items():
        field = model._meta.get_field(name)
        if isinstance(field, models.CharField) and isinstance(value, str):
            value = checked(name, check_number, value) if name in numbers else checked(name, clean_text, value, field.max_length)
            if not value and not field.blank:
                raise Refused({name: "请填写"})
        clean[name] = value
    return clean


def enter(model, estate, what, *, by, numbers=(), **values):
    """A new row of the estate; part of an act. Returns it."""
    row = model.objects.create(estate=estate, **clean_columns(model, values, numbers))
    record(by, f"登记{what} {row}", row)
    return row


def change(row, what, *, version, by, numbers=(), **values):
    """The row with these columns, refused on a stale page; part of an act. Nothing is written when nothing differs."""
    model = type(row)
    row = model.objects.select_for_update(of=("self",)).get(pk=row.pk)
    fresh(row, version)
    new = {name: value for name, value in clean_columns(model, values, numbers).items() if getattr(row, name) != value}
    if not new:
        return row
    name_before = str(row)
    for name, value in new.items():
        setattr(row, name, value)
    row.version += 1
    row.save(update_fields=[*new, "version"])
    words = "，".join(f"{model._meta.get_field(name).verbose_name} {_shown(row, name)}" for name in new)
    record(by, f"修改{what} {name_before}：{words}"[:400], row)
    return row


def _shown(row, name):
    value = getattr(row, name)
    if isinstance(value, bool):
        return "是" if value else "否"
    if value in (None, ""):
        return "无"
    if name.endswith("_area"):
        return f"{area_text(value)} ㎡"
    return getattr(row, f"get_{name}_display", lambda: value)()
