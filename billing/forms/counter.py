"""What the cashier types: a payment with its parts, the asking and the deciding of a void, filters of the day's payments."""
from django import forms

from billing.cashier import Shown, reference_wrong
from billing.models import Payment, PaymentPart, ReceiptVoid
from servicecentre.kit.fields import DayField, MoneyField, OnceInput, TextField
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.money import yuan
from servicecentre.kit.refused import Refused

METHODS = PaymentPart.Method
COPIES = (("customer", "客户联"), ("stub", "存根联"), ("ledger", "记账联"))
STALE = "页面已过期，请重新打开这一户再收。"
REFERENCES = {METHODS.WECHAT: "微信单号末 4 位以上", METHODS.ALIPAY: "支付宝单号末 4 位以上", METHODS.CARD: "刷卡凭证号末 4 位以上",
              METHODS.TRANSFER: "银行流水号全号"}
BY_METHOD = (*(f"ref_{method}" for method in METHODS), *(f"part_{method}" for method in METHODS))


class PartsForm(DeskForm):
    """How money came: one method for the whole sum, or a sum per method; all but cash with a reference (FORMS 3.1)."""

    single = ("method", "payer_relation", "due_shown")           # fields that Django would take the last value of

    method = forms.ChoiceField(label="收款方式", choices=METHODS.choices, initial=METHODS.CASH, widget=forms.RadioSelect)
    tendered = MoneyField(label="收到现金（元）", required=False)
    payer_name = TextField(label="交款人", max_length=60)
    payer_relation = forms.ChoiceField(label="与业主关系", choices=Payment.Relation.choices, initial=Payment.Relation.OWNER)
    remarks = TextField(label="备注", max_length=60, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for method in METHODS:
            self.fields[f"part_{method}"] = MoneyField(label=f"{method.label}（元）", required=False)
            if method in REFERENCES:
                self.fields[f"ref_{method}"] = TextField(label=REFERENCES[method], max_length=40, required=False, widget=OnceInput)

    def clean(self):
        clean = super().clean()
        for name in self.single:
            if name in self.fields and hasattr(self.data, "getlist") and len(self.data.getlist(self.add_prefix(name))) > 1:
                self.add_error(name, "同一栏送来了两个值，请刷新后重填")
        return clean

    def parts_of(self, due):
        """[(method, fen, reference)] of what was typed; ``due`` is the whole sum. Errors go beside the fields."""
        clean = self.cleaned_data
        several = [(method, clean[f"part_{method}"]) for method in METHODS if clean.get(f"part_{method}")]
        if several and (short := due - sum(fen for _, fen in several)):
            apart = f"少 {yuan(short)} 元" if short > 0 else f"多 {yuan(-short)} 元"
            said = f"各种方式合计 {yuan(due - short)} 元，比本次收的 {yuan(due)} 元{apart}。改这里，或改「本次收」。"
            self.add_error(f"part_{several[0][0]}", said)
        rows = several or [(METHODS(clean["method"]), due)]
        parts = [(str(method), fen, clean.get(f"ref_{method}") or "") for method, fen in rows]
        for method, _, reference in parts:
            if f"ref_{method}" not in self.errors and (wrong := reference_wrong(METHODS(method), reference)):
                self.add_error(f"ref_{method}", wrong)
        return parts

    @property
    def part_rows(self):
        """[(method, its label, sum field, reference field or None)] for the template."""
        return [(str(m), m.label, self[f"part_{m}"], self[f"ref_{m}"] if m in REFERENCES else None) for m in METHODS]

    @property
    def several(self):
        """Were several methods being filled in? Then their box stays open."""
        return any(self[f"part_{m}"].value() or self[f"part_{m}"].errors for m in METHODS)


class CollectForm(PartsForm):
    """A payment as the page showed it: everything is judged against ``due_shown``, so that a repeat is the same request."""

    due_shown = forms.CharField(widget=forms.HiddenInput, max_length=200_000, error_messages={"required": STALE})
    charges = forms.TypedMultipleChoiceField(label="费用", coerce=int, required=False,
                                             error_messages={"invalid_choice": "所选的费用不在这一页上，请刷新后核对。"})
    use_credit = forms.BooleanField(label="先用预存抵", required=False)
    ahead = forms.TypedChoiceField(label="再预交", coerce=int, required=False, empty_value=0, error_messages={"invalid_choice": "预交的月数不对，请重选"})
    amount = MoneyField(label="本次收（元）", required=False)
    not_for_act = ("method", "amount", *BY_METHOD)

    def __init__(self, *args, most_ahead=0, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["amount"].widget.attrs["data-amount"] = True
        self.fields["ahead"].choices = [("", "不预交"), *((str(n), f"{n} 个月") for n in range(1, most_ahead + 1))]
        self.order_fields(("charges", "ahead", "use_credit", "amount", "method", "tendered", *BY_METHOD, "payer_name"))      # as on the page
        self.was = None
        if self.is_bound:
            try:
                self.was = Shown.read(self.data.get("due_shown", ""))
            except Refused:
                pass
            self.fields["charges"].choices = [(pk, pk) for pk in (self.was.dues if self.was else {})]

    def clean(self):
        clean = super().clean()
        if self.was is None:
            if "due_shown" not in self.errors:
                self.add_error("due_shown", STALE)
            return clean
        if self.errors:
            return clean
        if clean["ahead"] != self.was.ahead:
            self.add_error("ahead", "月数改了，先看一下预交的金额，再收。")
            return clean
        due = sum(self.was.dues[pk] for pk in clean["charges"]) + self.was.ahead_fen
        due -= min(due, self.was.credit) if clean["use_credit"] else 0
        amount = clean["amount"] if clean["amount"] is not None else due
        if not amount:
            if clean["charges"] or clean["ahead"]:
                self.add_error("amount", "预存已够抵，不用收钱，按「只用预存抵」。")
            else:
                self.add_error("charges", "先勾要收的费用，或填本次收多少。")
            return clean
        clean["parts"] = self.parts_of(amount)
        return clean

    def ticked(self):
        """pks that the payer chose, None for a page just opened (all)."""
        if not self.is_bound:
            return None
        return {int(pk) for pk in self.data.getlist("charges") if pk.isascii() and pk.isdigit() and len(pk) < 19}


    def months_ahead(self):
        """How many months are asked for: as typed, or as the page was opened; 0 for what is no such number."""
        asked = self["ahead"].value() or ""
        return int(asked) if asked in dict(self.fields["ahead"].choices) and asked else 0


class UseCreditForm(DeskForm):
    """Settle chosen lines from credit alone; the same page's fields, of which only these count."""

    due_shown = forms.CharField(widget=forms.HiddenInput, max_length=200_000)
    charges = forms.TypedMultipleChoiceField(coerce=int, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        try:
            self.fields["charges"].choices = [(pk, pk) for pk in Shown.read(self.data.get("due_shown", "")).dues]
        except Refused:
            pass


class AskVoidForm(PartsForm):
    """Why a receipt is wrong and where its money goes; with 改正后重开 also what the new receipt shall say."""

    reason = forms.ChoiceField(label="原因", choices=ReceiptVoid.Reason.choices, widget=forms.RadioSelect,
                               error_messages={"required": "选一个原因"})
    words = TextField(label="说明", max_length=80)
    copies = forms.MultipleChoiceField(label="收回的联", choices=COPIES, required=False, widget=forms.CheckboxSelectMultiple)
    goes = forms.ChoiceField(label="款项去向", choices=ReceiptVoid.Goes.choices, widget=forms.RadioSelect,
                             error_messages={"required": "选钱怎么办"})
    room = TextField(label="重开给哪一户（房号）", max_length=40, required=False)
    charges = forms.TypedMultipleChoiceField(label="重开的费用", coerce=int, required=False,
                                             error_messages={"invalid_choice": "所选的费用不是这一户的，请先按「看这一户的费用」。"})
    total = MoneyField(label="实际收到（元）", required=False)
    single = (*PartsForm.single, "reason", "goes")

    def __init__(self, *args, goes=ReceiptVoid.Goes.choices, lines=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["goes"].choices = goes
        self.order_fields(("reason", "words", "copies", "goes", "room", "total", "charges", "method", *BY_METHOD))  # as on the page
        self.may_reissue = ReceiptVoid.Goes.REISSUE in dict(goes)
        self.fields["charges"].choices = [(charge.pk, charge.pk) for charge in lines]
        self.fields["payer_name"].required = self.fields["method"].required = self.fields["payer_relation"].required = False

    def clean(self):
        clean = super().clean()
        if clean.get("goes") == ReceiptVoid.Goes.REISSUE and not self.errors:
            if not clean["total"]:
                self.add_error("total", "填实际收到多少。")
            elif not clean["method"]:
                self.add_error("method", "选实际怎么收的。")
            else:
                clean["parts"] = self.parts_of(clean["total"])
        return clean

    def act_fields(self):
        clean = self.cleaned_data
        missing = "、".join(label for code, label in COPIES if code not in clean["copies"])
        words = f"{clean['words']}（缺{missing}）" if missing else clean["words"]
        return {"reason": clean["reason"], "words": words, "goes": clean["goes"], "copies_back": len(clean["copies"])}


class RefuseVoidForm(DeskForm):
    """Why a receipt is not voided."""

    refusal = TextField(label="不作废的原因", max_length=100)


class PaymentsFilter(forms.Form):
    """The day's payments by method, cashier and state; no personal data, so it is a GET (STYLE §10)."""

    on = DayField(label="日期", required=False)
    method = forms.ChoiceField(label="方式", required=False, choices=[("", "全部方式"), *METHODS.choices])
    cashier = forms.ChoiceField(label="收款员", required=False)
    state = forms.ChoiceField(label="状态", required=False, choices=[("", "全部状态"), ("live", "有效"), ("void", "作废")])

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs["class"] = "form-control" if name == "on" else "form-select"

    @property
    def day(self):
        """The day asked for; None when none was, or it is none (the field then says why)."""
        try:
            return self.fields["on"].clean(self["on"].value())
        except forms.ValidationError:
            return None

    def offer(self, cashiers):
        """[(pk, name)] of those who took money that day."""
        self.fields["cashier"].choices = [("", "全部收款员"), *((str(pk), name) for pk, name in cashiers)]
