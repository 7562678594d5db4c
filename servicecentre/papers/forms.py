"""Input of the papers' pages."""
import re

from django import forms

from servicecentre.kit.fields import DayField, TextField
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.text import narrow

from .computers import RECEIPT_SHEETS, tenths
from .issuing import ALL
from .kinds import KINDS
from .models import FURTHEST


class ReprintForm(DeskForm):
    """Which 联, and why; its fields are reprint_paper's keywords."""

    copies = forms.ChoiceField(label="打哪一联", error_messages={"required": "请选择打哪一联"})
    reason = TextField(label="补打原因", max_length=60, error_messages={"required": "请填写补打原因，如「客户联遗失」"})

    def __init__(self, *args, paper, **kwargs):
        super().__init__(*args, **kwargs)
        copies = KINDS[paper.kind].copies
        if len(copies) > 1:
            self.fields["copies"].choices = [(copy.code, copy.name) for copy in copies] + [(ALL, "全部联次")]
            self.fields["copies"].initial = copies[0].code
        else:
            del self.fields["copies"]


class VoidForm(DeskForm):
    """作废 of a paper that stands alone."""

    reason = TextField(label="作废原因", max_length=120, error_messages={"required": "请填写作废原因"})


class NumbersForm(forms.Form):
    """Filter of the number list; what makes no sense is left out, never an error (TRUST §4 row 29)."""

    STATES = [("", "全部状态"), ("live", "有效"), ("void", "作废"), ("again", "补打过"), ("missing", "缺号")]

    kind = forms.ChoiceField(label="类别", required=False)
    year = forms.TypedChoiceField(label="年份", required=False, coerce=int, empty_value=None)
    first = DayField(label="从哪天", required=False)
    last = DayField(label="到哪天", required=False)
    state = forms.ChoiceField(label="状态", required=False, choices=STATES)
    who = forms.ChoiceField(label="经办", required=False)
    number = TextField(label="号码", required=False, max_length=20)

    def __init__(self, data, *, series, people, missing=True):
        super().__init__(data)
        self.fields["state"].choices = [choice for choice in self.STATES if missing or choice[0] != "missing"]     # no paper, nothing to print
        self.fields["kind"].choices = [(s.kind, s.kind_label) for s in {s.kind: s for s in series}.values()]
        self.fields["year"].choices = [(year, f"{year} 年") for year in sorted({s.year for s in series}, reverse=True)]
        self.fields["who"].choices = [("", "全部经办"), *((str(pk), name) for pk, name in people)]
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"
            field.widget.attrs["aria-label"] = field.label
        self.fields["number"].widget.attrs.update({"class": "form-control cw8", "placeholder": "号码"})
        self.is_valid()

    def initially(self, kind):
        """Show this kind as the chosen one where none was asked for."""
        self.data = {**{name: self.data.get(name, "") for name in self.fields}, "kind": self.cleaned_data.get("kind") or kind}

    @property
    def query(self):
        """What was asked and made sense, as the next page's address takes it."""
        return {name: value.isoformat() if hasattr(value, "isoformat") else value
                for name, value in self.cleaned_data.items() if value not in (None, "")}


class MillimetreField(TextField):
    """Tenths of a millimetre, from −20 to 20 mm."""

    attrs = {"inputmode": "decimal", "autocomplete": "off"}

    def __init__(self, **options):
        super().__init__(max_length=6, **options)

    def to_python(self, value):
        return value if isinstance(value, int) else forms.Field.to_python(self, self.tenths(super().to_python(value)))

    def tenths(self, text):
        if not text:
            return 0
        text = narrow(text).replace("−", "-").replace("＋", "+")
        if not (found := re.fullmatch(r"([+-]?)([0-9]{1,2})(?:\.([0-9]))?", text)):
            raise forms.ValidationError("填毫米数，最多一位小数，如 1.5 或 −2")
        value = int(found[2]) * 10 + int(found[3] or 0)
        if value > FURTHEST:
            raise forms.ValidationError(f"最多移 {FURTHEST // 10} 毫米")
        return -value if found[1] == "-" else value

    def prepare_value(self, value):
        return tenths(value) if isinstance(value, int) else value


class AddComputerForm(DeskForm):
    """加一台电脑."""

    name = TextField(label="电脑的名字", max_length=20, error_messages={"required": "请填写这台电脑的名字，如「前台 1 号机」"})
    receipt_sheet = forms.ChoiceField(label="收据打在", choices=[(sheet.code, sheet.name) for sheet in RECEIPT_SHEETS],
                                      error_messages={"required": "请选择收据用纸"})


class ComputerForm(DeskForm):
    """One computer: its name, the receipt's sheet, and a row of three fields for each of its printers."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    name = TextField(label="电脑的名字", max_length=20, error_messages={"required": "请填写这台电脑的名字"})
    receipt_sheet = forms.ChoiceField(label="收据打在", choices=[(sheet.code, sheet.name) for sheet in RECEIPT_SHEETS],
                                      error_messages={"required": "请选择收据用纸"})

    def __init__(self, *args, computer, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.update(name=computer.name, receipt_sheet=computer.receipt_sheet, version=computer.version)
        self.printers = list(computer.printers.all())
        for printer in self.printers:
            printer.computer = computer
            said = printer.sheet_of.name
            self.fields[f"label_{printer.sheet}"] = TextField(label=f"{said}打印机", max_length=30, required=False, initial=printer.label)
            self.fields[f"x_{printer.sheet}"] = MillimetreField(label=f"{said}横移", required=False, initial=printer.x)
            self.fields[f"y_{printer.sheet}"] = MillimetreField(label=f"{said}竖移", required=False, initial=printer.y)
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"
        for name, field in self.fields.items():
            field.widget.attrs["aria-label"] = field.label
            if name[:2] in ("x_", "y_"):
                field.widget.attrs["class"] += " cnt"
            if self.is_bound and self[name].errors:
                field.widget.attrs["class"] += " is-invalid"

    @property
    def rows(self):
        """[(printer, its three fields, their errors)] for the table."""
        found = []
        for printer in self.printers:
            fields = [self[f"{name}_{printer.sheet}"] for name in ("label", "x", "y")]
            found.append((printer, fields, [error for field in fields for error in field.errors]))
        return found

    def act_fields(self):
        values = self.cleaned_data
        return {"name": values["name"], "version": values["version"], "receipt_sheet": values["receipt_sheet"], "printers": {
            p.sheet: (values[f"label_{p.sheet}"], values[f"x_{p.sheet}"], values[f"y_{p.sheet}"]) for p in self.printers}}


class FitForm(DeskForm):
    """对上了: a button, of the settings that were tested."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class BatchForm(DeskForm):
    """批量打印: what the page showed, as hidden fields, which 联, and why."""

    kind = forms.CharField(widget=forms.HiddenInput)
    year = forms.CharField(widget=forms.HiddenInput, required=False)
    first = forms.CharField(widget=forms.HiddenInput, required=False)
    last = forms.CharField(widget=forms.HiddenInput, required=False)
    state = forms.CharField(widget=forms.HiddenInput, required=False)
    who = forms.CharField(widget=forms.HiddenInput, required=False)
    expected = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    copies = forms.ChoiceField(label="打哪一联", error_messages={"required": "请选择打哪一联"})
    reason = TextField(label="为什么批量打印", max_length=60, error_messages={"required": "请填写为什么批量打印，如「11 月存根装订」"})
    not_for_act = ("kind", "year", "first", "last", "state", "who")

    def __init__(self, *args, kind, **kwargs):
        super().__init__(*args, **kwargs)
        copies = KINDS[kind].copies
        if copies:
            self.fields["copies"].choices = [(copy.code, copy.name) for copy in copies] + [(ALL, "全部联次")]
            self.fields["copies"].initial = next((copy.code for copy in copies if copy.code == "stub"), copies[0].code)
        else:
            del self.fields["copies"]


class TakeForm(DeskForm):
    """取出打印: a button."""
