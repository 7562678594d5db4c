"""What finance types about the petty cash: put in, counted, undone."""
from django import forms

from servicecentre.kit.fields import MoneyField, TextField
from servicecentre.kit.forms import DeskForm


class TopUpForm(DeskForm):
    amount = MoneyField(label="补入（元）")
    reference = TextField(label="银行回单号", max_length=40)
    words = TextField(label="说明", max_length=100, required=False)


class CountForm(DeskForm):
    """``book``: the balance that the page showed, so that a count is judged against what was counted against."""

    book = forms.RegexField("^[0-9]{1,12}$", widget=forms.HiddenInput)
    counted = MoneyField(label="点到（元）", zero=True)
    words = TextField(label="有差额的，怎么回事", max_length=100, required=False)

    def act_fields(self):
        return super().act_fields() | {"book": int(self.cleaned_data["book"])}


class ReverseForm(DeskForm):
    words = TextField(label="哪里登记错了", max_length=100)
