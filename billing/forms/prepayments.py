"""What is typed about prepayments and one-off charges."""
from django import forms

from billing.models import FeeKind
from servicecentre.files.forms import FilesMixin
from servicecentre.kit.fields import AreaField, MoneyField, TextField
from servicecentre.kit.forms import DeskForm

STATES = (("low", "快用完的"), ("none", "没有预存的"), ("all", "全部"))


class BalanceFilter(forms.Form):
    state = forms.ChoiceField(label="看哪些", choices=STATES, required=False)


class DemandForm(DeskForm):
    amount = MoneyField(label="金额（元），不填按规矩", required=False)
    reason = TextField(label="为什么", max_length=100, required=False)


class DemandAllForm(DeskForm):
    expected = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class MoveForm(FilesMixin, DeskForm):
    seller_signed = forms.BooleanField(label="原业主签了", required=False)
    buyer_signed = forms.BooleanField(label="新业主签了", required=False)


class ChargeOnceForm(DeskForm):
    fee_kind = forms.ModelChoiceField(label="收费项目", queryset=FeeKind.objects.none(), empty_label=None)
    quantity = AreaField(label="数量；按面积的不填，用登记的面积", required=False)
    amount = MoneyField(label="金额（元）；按单价算的不填", required=False)
    reason = TextField(label="为什么收", max_length=100)

    def __init__(self, *args, kinds, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["fee_kind"].queryset = kinds


class VoidOnceForm(DeskForm):
    reason = TextField(label="为什么作废", max_length=100)
