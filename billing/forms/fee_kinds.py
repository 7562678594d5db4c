"""Input of the fee kinds' pages."""
from crispy_forms.layout import Layout, Row
from django import forms

from households.models import Unit
from servicecentre.kit.fields import CountField, TextField, YesNoField
from servicecentre.kit.forms import DeskForm


class FeeKindForm(DeskForm):
    name = TextField(label="收费项目", max_length=30, help_text="收据上写的名称")
    bills = forms.ChoiceField(label="按月出账", required=False, choices=[("", "不按月出账，另外收"), *(
        (kind, f"给{label}按面积出账") for kind, label in Unit.Kind.choices)])
    unit_name = TextField(label="计费单位", max_length=10, initial="㎡", help_text="如 ㎡、户、辆、次")
    per = TextField(label="周期", max_length=10, initial="月", required=False, help_text="如 月、年；一次性的不填")
    layout = Layout(Row("name", "bills"), Row("unit_name", "per"))


class ChangeFeeKindForm(DeskForm):
    name = TextField(label="收费项目", max_length=30)
    position = CountField(label="次序", most=9999, help_text="小的排在前面")
    active = YesNoField(label="在用", no="停用", yes="在用")
    common_income = YesNoField(label="收来的钱", no="归公司", yes="归全体业主，算公共收益", help_text="露天车位、临停占用共有场地，扣除成本后归业主")
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    layout = Layout(Row("name", "position"), Row("active", "common_income"))
