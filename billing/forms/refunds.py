"""What is typed for a refund, a waiver, a wrong bill: the asking, the deciding, the paying."""
from crispy_forms.layout import Layout, Row
from django import forms

from billing.models import Refund
from servicecentre.files.forms import FilesMixin
from servicecentre.kit.fields import DayField, MoneyField, PriceField, ReadingField, TextField
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.money import yuan


class AskRefundForm(DeskForm):
    """``sources``: (payment pk, receipt, fen left) that may be named; ``letters``: the household's that allow a refund."""

    receipt = forms.TypedChoiceField(label="退哪一笔", coerce=int, required=False, empty_value=None)
    amount = MoneyField(label="退款（元）")
    reason = forms.ChoiceField(label="原因", choices=Refund.Reason.choices)
    words = TextField(label="说明", max_length=100)
    method = forms.ChoiceField(label="退款方式", choices=Refund.Method.choices, widget=forms.RadioSelect)
    payee_name = TextField(label="退给谁（收款户名）", max_length=60)
    bank = TextField(label="开户行（转账才填）", max_length=60, required=False)
    account_no = TextField(label="账号（转账才填）", max_length=40, required=False)
    letter = forms.TypedChoiceField(label="委托书（不是交款人、业主才要）", coerce=int, required=False, empty_value=None)
    invoice = forms.ChoiceField(label="发票", choices=Refund.Invoice.choices, initial=Refund.Invoice.NONE)
    layout = Layout(Row("receipt", "amount"), Row("reason", "invoice"), "words", "method", Row("payee_name", "letter"), Row("bank", "account_no"))

    def __init__(self, *args, sources, letters, **kwargs):
        super().__init__(*args, **kwargs)
        self.sources, self.letters = {payment.pk: payment for payment, _ in sources}, {letter.pk: letter for letter in letters}
        self.fields["receipt"].choices = [("", "不指定，先退最早的预存"),
                                          *((payment.pk, f"收据 {payment} 余 {yuan(fen)} 元") for payment, fen in sources)]
        self.fields["letter"].choices = [("", "没有"), *((letter.pk, f"{letter.agent.name}，{letter.matter_words}") for letter in letters)]

    def act_fields(self):
        clean = super().act_fields()
        account = "".join(clean["account_no"].split())
        return clean | {"receipt": self.sources.get(clean["receipt"]), "letter": self.letters.get(clean["letter"]), "account_no": account}


class RefuseForm(DeskForm):
    refusal = TextField(label="不批准的原因", max_length=100)


class WithdrawForm(DeskForm):
    withdrawn_words = TextField(label="撤回的原因", max_length=100)


class PayRefundForm(DeskForm):
    """``refund`` says which numbers are to be typed: the bank's, of all but cash; the red invoice's, where one waits."""

    reference = TextField(label="付款流水号", max_length=40)
    red_no = TextField(label="红字发票号", max_length=40)

    def __init__(self, *args, refund, **kwargs):
        super().__init__(*args, **kwargs)
        if refund.method == Refund.Method.CASH:
            del self.fields["reference"]
        if refund.invoice != Refund.Invoice.WAITS:
            del self.fields["red_no"]


class BounceForm(DeskForm):
    bounced_words = TextField(label="银行怎么说的", max_length=100)


class AskWaiverForm(FilesMixin, DeskForm):
    amount = MoneyField(label="减免（元）")
    reason = TextField(label="为什么减免", max_length=100)
    basis = TextField(label="依据（文件、约定、谁答应的）", max_length=100, required=False)
    field_order = ("amount", "reason", "basis", "files")


class RebillForm(DeskForm):
    """The factors of a line as they should have been; percent and days stay as they were."""

    quantity = ReadingField(label="数量")
    unit_price = PriceField(label="单价（元）")
    due_on = DayField(label="应缴日")
    reason = TextField(label="原来错在哪里", max_length=100)
    layout = Layout(Row("quantity", "unit_price"), "due_on", "reason")
