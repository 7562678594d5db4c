"""The log's filters and the forms of remarks and promises."""
from crispy_forms.layout import Layout
from django import forms

from servicecentre.kit.fields import DayField, TextField
from servicecentre.kit.forms import DeskForm
from servicecentre.roles import RIGHTS


class DayFilter(forms.Form):
    """Which day, whose entries, of which kind; nothing personal, so it may stand in the address."""

    on = DayField(label="日期", required=False)
    by = forms.ModelChoiceField(label="经办人", queryset=None, required=False, empty_label="全部")
    area = forms.ChoiceField(label="类别", required=False)
    urgent = forms.BooleanField(label="只看紧急", required=False)

    AREAS = (("", "全部"), ("billing", "收费"), ("households", "房屋住户"), ("worklog", "承诺和备注"), ("papers", "单据"), ("desk", "办公室"))

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["by"].queryset = people
        self.fields["area"].choices = self.AREAS


class RemarkForm(DeskForm):
    words = TextField(label="内容", max_length=300)
    urgent = forms.BooleanField(label="紧急", required=False)
    layout = Layout("words", "urgent")


def act_label(name):
    """What an act is called, in the clerk's words."""
    right = RIGHTS.get(name)
    return right.label if right else ""
