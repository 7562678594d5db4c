"""Input of temporary parking: the plate, the exit with its sum, an exit by hand, the reversal, filters of the records."""
from django import forms

from billing.models import Visit
from servicecentre.kit.fields import CountField, DayField, MoneyField, TextField
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.money import MAX_FEN

METHODS = Visit.Method.choices


class GateForm(DeskForm):
    """What each form of the gate has: where one stands; hidden where the estate has one gate."""

    gate = forms.ChoiceField(label="门岗", widget=forms.RadioSelect, error_messages={"required": "请选门岗"})

    def __init__(self, *args, gates, gate=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["gate"].choices = [(name, name) for name in gates]
        self.fields["gate"].initial = gate if gate in gates else gates[0]
        if len(gates) == 1:
            self.fields["gate"].widget = forms.HiddenInput()


class EnterForm(GateForm):
    plate = TextField(label="车牌", max_length=20)
    to_unit = TextField(label="去哪户", max_length=20, required=False)


class LeaveForm(GateForm):
    """An exit: for the sum that the page showed, free by kind (the button that was pressed), or by hand where the page asked that."""

    fee_shown = CountField(widget=forms.HiddenInput(), required=False, most=MAX_FEN)
    fee = MoneyField(label="收多少（元）", required=False, zero=True)
    reason = TextField(label="为什么这样收", max_length=100, required=False)
    method = forms.ChoiceField(label="怎么付", choices=METHODS, required=False, widget=forms.RadioSelect, initial=Visit.Method.CASH)
    free_kind = forms.ChoiceField(label="免费", required=False, widget=forms.HiddenInput)

    def __init__(self, *args, kinds, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["free_kind"].choices = [("", ""), *((kind, kind) for kind in kinds)]

    @property
    def by_hand(self):
        return "fee" in self.data

    def act_fields(self):
        clean = self.cleaned_data
        if clean["free_kind"]:
            return {"gate": clean["gate"], "free_kind": clean["free_kind"]}
        if self.by_hand:
            return {name: clean[name] for name in ("gate", "fee", "reason", "method")}
        return {"gate": clean["gate"], "fee_shown": clean["fee_shown"] or 0, "method": clean["method"]}


class WithoutEntryForm(LeaveForm):
    plate = TextField(label="车牌", max_length=20)

    by_hand = True

    def act_fields(self):
        return super().act_fields() | {"plate": self.cleaned_data["plate"]}


class VoidFeeForm(DeskForm):
    reason = TextField(label="为什么冲回", max_length=100, help_text="如收了两次、车牌看错")


class VisitsFilter(forms.Form):
    """A day's records by what became of them and how they paid; a plate is looked for by POST."""

    SHOW = (("", "全部"), ("inside", "还在场"), ("paid", "收费"), ("free", "免费"), ("hand", "手工"), ("void", "冲回"))

    on = DayField(label="日期", required=False)
    show = forms.ChoiceField(label="结果", required=False, choices=SHOW)
    method = forms.ChoiceField(label="方式", required=False, choices=[("", "全部方式"), *METHODS])

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs["class"] = "form-control" if name == "on" else "form-select"


class PlateSearch(forms.Form):
    part = TextField(label="车牌的一部分", max_length=12)


class VisitsExportForm(DeskForm):
    first = DayField(label="从哪天")
    last = DayField(label="到哪天")
    reason = TextField(label="为什么导出、交给谁", max_length=60)
