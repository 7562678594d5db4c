"""Input of the months' pages: which month, whether to bill it, why to undo, a new price."""
from crispy_forms.layout import Layout, Row
from django import forms

from households.models import Building
from servicecentre.kit.fields import DayField, MonthField, PriceField, TextField
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.money import MAX_PRICE


class BillForm(DeskForm):
    """出账. ``lacking`` is how many units without data the page showed; they must be seen before the click."""

    month = MonthField(label="账期", widget=forms.HiddenInput)
    lacking = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)
    ack = forms.BooleanField(label="缺资料的，这次先不出", required=False)
    not_for_act = ("lacking", "ack")

    def clean(self):
        values = super().clean()
        if values.get("lacking") and not values.get("ack"):
            self.add_error("ack", f"有 {values['lacking']} 套缺资料。先看名单，能补的补上；这次先不出的，勾选后再出账。")
        return values


class UndoForm(DeskForm):
    """撤销出账, whole or of one building."""

    building = forms.ModelChoiceField(label="撤销哪些", queryset=Building.objects.none(), required=False, empty_label="整批",
                                      error_messages={"invalid_choice": "没有这栋楼，请重选"})
    reason = TextField(label="撤销原因", max_length=100)

    def __init__(self, *args, estate, buildings=None, **kwargs):
        """``buildings``: those of the estate, where a page has read them already."""
        super().__init__(*args, **kwargs)
        self.fields["building"].queryset = Building.objects.of(estate).order_by("sort", "pk")
        if buildings is not None:
            self.fields["building"].choices = [("", "整批"), *((building.pk, str(building)) for building in buildings)]


class MendForm(DeskForm):
    """更正一笔: a button."""


class PriceForm(DeskForm):
    """调整收费标准: from a day, which must be the 1st of a month."""

    unit_price = PriceField(label="新单价（元）", help_text=f"最多四位小数，不超过 {MAX_PRICE // 10_000:,} 元")
    from_month = DayField(label="从哪天起", help_text="每月 1 日")
    basis = TextField(label="依据", max_length=100, help_text="合同条款、业主大会决定或公示文号")
    layout = Layout(Row("unit_price", "from_month"), "basis")
