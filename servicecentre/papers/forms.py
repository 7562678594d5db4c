"""Input of the papers' pages."""
from django import forms

from servicecentre.kit.fields import DayField, TextField
from servicecentre.kit.forms import DeskForm

from .issuing import ALL
from .kinds import KINDS


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
    by = forms.ChoiceField(label="经办", required=False)
    number = TextField(label="号码", required=False, max_length=20)

    def __init__(self, data, *, series, people):
        super().__init__(data)
        self.fields["kind"].choices = [(s.kind, s.kind_label) for s in {s.kind: s for s in series}.values()]
        self.fields["year"].choices = [(year, f"{year} 年") for year in sorted({s.year for s in series}, reverse=True)]
        self.fields["by"].choices = [("", "全部经办"), *((str(pk), name) for pk, name in people)]
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"
            field.widget.attrs["aria-label"] = field.label
        self.fields["number"].widget.attrs.update({"class": "form-control cw8", "placeholder": "号码"})
        self.is_valid()

    @property
    def query(self):
        """What was asked and made sense, as the next page's address takes it."""
        return {name: value.isoformat() if hasattr(value, "isoformat") else value
                for name, value in self.cleaned_data.items() if value not in (None, "")}
