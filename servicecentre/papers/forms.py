"""Input of the papers' pages."""
from django import forms

from servicecentre.kit.forms import DeskForm

from .issuing import ALL
from .kinds import KINDS


class ReprintForm(DeskForm):
    """Which 联, and why; its fields are reprint_paper's keywords."""

    copies = forms.ChoiceField(label="打哪一联")
    reason = forms.CharField(label="补打原因", max_length=60)

    def __init__(self, *args, paper, **kwargs):
        super().__init__(*args, **kwargs)
        copies = KINDS[paper.kind].copies
        if len(copies) > 1:
            self.fields["copies"].choices = [(copy.code, copy.name) for copy in copies] + [(ALL, "全部联次")]
            self.fields["copies"].initial = copies[0].code
        else:
            del self.fields["copies"]


class NumbersForm(forms.Form):
    """Filter of the number list; what makes no sense is left out, never an error (TRUST §4 row 29)."""

    kind = forms.ChoiceField(label="类别", required=False)
    year = forms.TypedChoiceField(label="年份", required=False, coerce=int, empty_value=None)
    state = forms.ChoiceField(label="状态", required=False, choices=[("", "全部状态"), ("live", "有效"), ("void", "作废")])
    number = forms.CharField(label="号码", required=False, max_length=20)

    def __init__(self, data, *, series):
        super().__init__(data)
        self.fields["kind"].choices = [(s.kind, s.kind_label) for s in {s.kind: s for s in series}.values()]
        self.fields["year"].choices = [(year, f"{year} 年") for year in sorted({s.year for s in series}, reverse=True)]
