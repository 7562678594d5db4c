"""Fee kinds of an estate: the deck's eight, and those it adds itself; what was billed by one keeps its lines for ever."""
import re

from django.db.models import Max
from django.urls import reverse

from households.entering import checked
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.worklog.acts import act, record
from servicecentre.worklog.stale import fresh

from .models import FeeKind
from .run import hold_tariff

COLUMNS = {"name": 30, "unit_name": 10, "per": 10}
SQUARE_METRE, MONTH = "㎡", "月"


@act
def add_fee_kind(estate, *, name, bills, unit_name, per, by):
    """A fee of the estate's own; returns the FeeKind, which bills nothing before it has a price. Refused for a name that is there."""
    hold_tariff(estate)
    values = _checked(estate, None, name=name, bills=bills, unit_name=unit_name, per=per)
    kinds = FeeKind.objects.of(estate)
    numbers = [int(found[1]) for code in kinds.values_list("code", flat=True) if (found := re.fullmatch("own_([0-9]+)", code))]
    position = (kinds.aggregate(last=Max("position"))["last"] or 0) + 10
    kind = FeeKind.objects.create(estate=estate, code=f"own_{max(numbers, default=0) + 1}", position=position, **values)
    record(by, f"新增收费项目 {kind}", kind)
    return kind


@act
def change_fee_kind(kind, *, name, position, active, version, by, common_income=None, despite=()):
    """Rename a fee, move it in the list, put it out of use. A fee that a run bills is put out of use only knowingly (``stops_billing``).

    ``common_income``: whether its money is kept apart as the owners' in common; None leaves it. Bills made stay, and receipts keep
    the name that stood on them. Refused on a stale page.
    """
    hold_tariff(kind.estate)
    kind = FeeKind.objects.lock(kind)
    fresh(kind, version, link=reverse("billing:fee_kinds"))
    name = _checked(kind.estate, kind, name=name)["name"]
    if kind.active and not active and kind.bills and "stops_billing" not in despite:
        raise Refused(f"停用后，出账不再出{kind.name}；已出的账单照收。", unless="stops_billing")
    common_income = kind.common_income if common_income is None else common_income
    new = {"name": name, "position": position, "active": active, "common_income": common_income}
    words = {"name": f"改名为 {name}", "position": f"次序 {position}", "active": "恢复使用" if active else "停用",
             "common_income": "算公共收益" if common_income else "不算公共收益"}
    changed = [column for column, value in new.items() if getattr(kind, column) != value]
    if not changed:
        return kind
    before = kind.name
    for column in changed:
        setattr(kind, column, new[column])
    kind.version += 1
    kind.save(update_fields=[*changed, "version"])
    record(by, f"收费项目 {before}：" + "，".join(words[column] for column in changed), kind)
    return kind


def _checked(estate, kind, **values):
    """Clean texts; what a run bills is per ㎡ and month (DOMAIN §2)."""
    for column, limit in COLUMNS.items():
        if column in values:
            values[column] = checked(column, clean_text, values[column], limit)
    for column in ("name", "unit_name"):
        if column in values and not values[column]:
            raise Refused({column: "请填写"})
    if FeeKind.objects.of(estate).filter(name=values["name"]).exclude(pk=kind and kind.pk).exists():
        raise Refused({"name": f"已有收费项目「{values['name']}」"})
    if values.get("bills") and (values["unit_name"], values["per"]) != (SQUARE_METRE, MONTH):
        raise Refused({"bills": "按月出账的费用按 ㎡ 每月计，请把计费单位填 ㎡、周期填 月"})
    return values
