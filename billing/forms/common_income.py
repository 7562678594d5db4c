"""Input of the owners' common income: a cost, and why one is void."""
from crispy_forms.layout import Layout, Row

from servicecentre.kit.fields import DayField, MoneyField, TextField
from servicecentre.kit.forms import DeskForm


class CostForm(DeskForm):
    day = DayField(label="日期")
    amount = MoneyField(label="金额（元）")
    words = TextField(label="用途", max_length=60, help_text="如露天车位划线、道闸维修")
    basis = TextField(label="凭据", max_length=100, help_text="发票、合同或业委会决定，写上号码")
    layout = Layout(Row("day", "amount"), "words", "basis")


class VoidCostForm(DeskForm):
    reason = TextField(label="为什么作废", max_length=100)
