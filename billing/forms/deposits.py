"""What is typed about deposits: taken, asked back, decided, paid; the ledger's filter."""
from django import forms

from billing.cashier import change_of
from billing.models import Deposit, DepositDeduction, DepositReturn
from servicecentre.files.forms import FilesField
from servicecentre.files.several import SeveralFilesMixin
from servicecentre.kit.fields import DayField, MoneyField, PhoneField, TextField, YesNoField
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.identity import IdKind
from servicecentre.kit.refused import Refused

from .counter import BY_METHOD, COPIES, METHODS, REFERENCES, PartsForm

ROWS = (1, 2, 3)                          # deductions at once
STATES = (("held", "在押的"), ("due", "可以退的"), ("waiting", "正在退的"), ("done", "退清的"), ("void", "作废的"), ("all", "全部"))


class TakeForm(PartsForm):
    """One way for the whole sum: what came by it goes back by it."""

    single = ("method", "kind")
    kind = forms.ChoiceField(label="押金类别", choices=Deposit.Kind.choices, widget=forms.RadioSelect)
    basis = TextField(label="依据", max_length=60)
    amount = MoneyField(label="金额（元）")
    payer_phone = PhoneField(label="交款人电话")
    payer_id_kind = forms.ChoiceField(label="证件", choices=IdKind.choices, initial=IdKind.RESIDENT)
    payer_id = TextField(label="证件号码", max_length=40, required=False)
    due_back_on = DayField(label="最早退还日", required=False)
    bank = TextField(label="退款开户行", max_length=60, required=False)
    account_no = TextField(label="退款账号", max_length=40, required=False)
    not_for_act = ("tendered", *BY_METHOD)
    change = 0                            # cash back, for who hands it over

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["amount"].widget.attrs["data-amount"] = True
        for name in ("payer_relation", *(f"part_{method}" for method in METHODS)):
            del self.fields[name]

    def clean(self):
        clean = super().clean()
        if clean.get("method") and clean.get("amount"):
            parts = self.parts_of(clean["amount"])
            ((_, _, clean["reference"]),) = parts
            try:
                self.change = change_of(parts, clean.get("tendered"))
            except Refused as short:
                self.refuse(short)
        return clean

    @property
    def references(self):
        """[(method, reference field)] for the template."""
        return [(str(method), self[f"ref_{method}"]) for method in METHODS if method in REFERENCES]


class AskVoidForm(DeskForm):
    """What is wrong on it, and which copies are here."""

    words = TextField(label="错在哪里", max_length=80)
    copies = forms.MultipleChoiceField(label="收回的联，缺哪联就不勾哪联", choices=COPIES, required=False, widget=forms.CheckboxSelectMultiple,
                                       initial=[code for code, _ in COPIES])

    def act_fields(self):
        clean = self.cleaned_data
        missing = "、".join(label for code, label in COPIES if code not in clean["copies"])
        return {"words": f"{clean['words']}（缺{missing}）" if missing else clean["words"], "copies_back": len(clean["copies"])}


class RefuseVoidForm(DeskForm):
    refusal = TextField(label="不作废的原因", max_length=100)


class AskReturnForm(SeveralFilesMixin, DeskForm):
    """Original or declaration, payer or delegate, deductions each with its photos, arrears with the payer's consent, where the rest goes."""

    original_returned = YesNoField(label="原收据", yes="带来了", no="丢了", initial=True)
    in_person = YesNoField(label="谁来领", yes="交款人本人", no="代办人", initial=True)
    id_checked = forms.BooleanField(label="来人的身份证件核对过（代办的，两人的都核对过）", required=False)
    letter = forms.ModelChoiceField(label="委托书", queryset=None, required=False, empty_label="不是代办")
    declaration = FilesField(label="遗失声明", required=False)
    delegate = TextField(label="代办人", max_length=60, required=False)
    agency = FilesField(label="委托书（拍照或扫描）", required=False)
    payer_paper = FilesField(label="交款人证件", required=False)
    agent_paper = FilesField(label="代办人证件", required=False)
    inspected_by = TextField(label="验收人（工程）", max_length=60, required=False)
    inspected_on = DayField(label="验收日", required=False)
    set_off = forms.TypedMultipleChoiceField(label="抵欠费", coerce=int, required=False, error_messages={"invalid_choice": "所选的欠费已缴清，请刷新后核对。"})
    set_off_amount = MoneyField(label="抵多少（元）", required=False)
    consent = FilesField(label="交款人书面同意", required=False)
    method = forms.ChoiceField(label="退款方式", choices=DepositReturn.Method.choices, widget=forms.RadioSelect)
    bank = TextField(label="开户行", max_length=60, required=False)
    account_no = TextField(label="账号", max_length=40, required=False)
    words = TextField(label="说明", max_length=100, required=False)
    file_fields = ("declaration", "agency", "payer_paper", "agent_paper", "consent", *(f"files_{n}" for n in ROWS))
    identity_fields, identity_purpose = ("payer_paper", "agent_paper"), "代办退押金"
    not_for_act = tuple(f"{name}_{n}" for name in ("kind", "words", "amount", "files") for n in ROWS)

    def __init__(self, *args, letters, lines=(), ways=DepositReturn.Method.choices, inspects=False, centre="", **kwargs):
        super().__init__(*args, **kwargs)
        self.centre = centre
        for name in ("inspected_by", "inspected_on"):
            if inspects:
                self.fields[name].required = True
            else:
                del self.fields[name]
        for name in ("original_returned", "in_person"):
            self.fields[name].choices = list(reversed(self.fields[name].choices))                # the usual first
        self.fields["letter"].queryset = letters
        self.fields["set_off_amount"].widget.attrs["data-off"] = True
        self.fields["set_off"].choices = [(line.pk, line.pk) for line in lines]
        self.fields["method"].choices = ways
        for n in ROWS:
            self.fields[f"kind_{n}"] = forms.ChoiceField(label="扣款项", choices=(("", "不扣"), *DepositDeduction.Kind.choices), required=False)
            self.fields[f"words_{n}"] = TextField(label="扣什么，怎么算", max_length=80, required=False)
            self.fields[f"amount_{n}"] = MoneyField(label="金额（元）", required=False)
            self.fields[f"amount_{n}"].widget.attrs["data-off"] = True
            self.fields[f"files_{n}"] = FilesField(label="照片、报价", required=False)

    def act_fields(self):
        clean = self.cleaned_data
        rows = [{"kind": clean[f"kind_{n}"], "words": clean[f"words_{n}"], "amount": clean[f"amount_{n}"], "files": clean[f"files_{n}"]} for n in self._filled]
        return super().act_fields() | {"deductions": rows, "set_off_amount": clean["set_off_amount"] or 0}

    def clean(self):
        clean = super().clean()
        self._filled = [n for n in ROWS if any(clean.get(f"{name}_{n}") for name in ("kind", "words", "amount", "files"))]
        if self._filled != list(range(1, len(self._filled) + 1)):
            self.add_error(f"kind_{self._filled[0]}", "从第一行起填")
        for n in self._filled:
            if not clean.get(f"kind_{n}"):
                self.add_error(f"kind_{n}", "请选扣款项")
        return clean

    @property
    def deduction_rows(self):
        """[(n, kind, words, amount, files)] for the template."""
        return [(n, *(self[f"{name}_{n}"] for name in ("kind", "words", "amount", "files"))) for n in ROWS]

    @property
    def chosen(self):
        """Pks of the arrears that are ticked, as text."""
        return [str(pk) for pk in self["set_off"].value() or ()]


class RefuseForm(DeskForm):
    refusal = TextField(label="不批的原因", max_length=100)


class WithdrawForm(DeskForm):
    withdrawn_words = TextField(label="撤回原因", max_length=100)


class BounceForm(DeskForm):
    bounced_words = TextField(label="银行、平台怎么说的", max_length=100)


class PayForm(DeskForm):
    reference = TextField(label="付款流水号", max_length=40, required=False)


class LedgerFilter(forms.Form):
    kind = forms.ChoiceField(label="类别", choices=(("", "全部类别"), *Deposit.Kind.choices), required=False)
    state = forms.ChoiceField(label="状态", choices=STATES, required=False)
