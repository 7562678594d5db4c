"""The log's filters and the forms of remarks and promises."""
from crispy_forms.layout import Layout, Row
from django import forms

from servicecentre.files.forms import FilesMixin
from servicecentre.kit.fields import DayField, TextField
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.text import parse_room

AREAS = (("billing", "收费"), ("households", "房屋住户"), ("tickets", "通知"), ("worklog", "承诺和备注"), ("papers", "单据"), ("files", "资料"),
         ("desk", "办公室"))
EXCEPTIONS_ONLY = ("exceptions", "例外")


class DayFilter(forms.Form):
    """Which day, whose entries, of which kind; nothing personal, so it may stand in the address."""

    AREAS = (("", "全部"), EXCEPTIONS_ONLY, *AREAS)

    on = DayField(label="日期", required=False)
    by = forms.ModelChoiceField(label="经办人", queryset=None, required=False, empty_label="全部")
    area = forms.ChoiceField(label="类别", choices=AREAS, required=False)
    urgent = forms.BooleanField(label="只看紧急", required=False)

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["by"].queryset = people
        for name, field in self.fields.items():
            field.widget.attrs["class"] = {"on": "form-control", "urgent": "form-check-input"}.get(name, "form-select")


class SearchForm(forms.Form):
    """Over all years: words, a room, who, what kind, from when to when. Posted, since a name may be among the words."""

    q = TextField(label="字词", max_length=40, required=False)
    room = TextField(label="房号", max_length=20, required=False)
    by = forms.ModelChoiceField(label="经办人", queryset=None, required=False, empty_label="全部")
    area = forms.ChoiceField(label="类别", choices=(("", "全部"), ("remarks", "手记备注"), EXCEPTIONS_ONLY, *AREAS), required=False)
    since = DayField(label="从", required=False)
    until = DayField(label="到", required=False)
    before = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["by"].queryset = people
        for name, field in self.fields.items():
            field.widget.attrs["class"] = "form-select" if name in ("by", "area") else "form-control"

    def clean_room(self):
        text = self.cleaned_data["room"]
        return parse_room(text).code if text else ""

    def clean(self):
        clean = super().clean()
        if not self.errors and not any(value for name, value in clean.items() if name != "before"):
            raise forms.ValidationError("请至少填一样：字词、房号、经办人、类别或日期。")
        return clean


class CorrectForm(FilesMixin, DeskForm):
    words = TextField(label="更正为", max_length=300)
    layout = Layout("words", "files")


class RemarkForm(FilesMixin, DeskForm):
    words = TextField(label="内容", max_length=300)
    urgent = forms.BooleanField(label="紧急", required=False, help_text="工程和秩序员的首页也看得到，不要写住户姓名和欠费")
    layout = Layout("words", "urgent", "files")


class DueField(forms.DateTimeField):
    """A day and a time of day, Asia/Shanghai."""

    def __init__(self, **kwargs):
        wrong = "日期或时间不对，如 2026-11-25 15:30"
        super().__init__(input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"], widget=forms.DateTimeInput(
            format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}), error_messages={"required": "请填约定的日期和时间", "invalid": wrong}, **kwargs)


class PromiseForm(DeskForm):
    """A new promise; who was promised, what, until when."""

    to_whom = TextField(label="答应了谁", max_length=40)
    phone = TextField(label="联系电话", max_length=20, required=False)
    words = TextField(label="答应了什么", max_length=120)
    due_at = DueField(label="约定时间")
    layout = Layout(Row("to_whom", "phone"), Row("words", "due_at"))


class KeepForm(DeskForm):
    outcome = TextField(label="结果", max_length=120)
    version = forms.IntegerField(widget=forms.HiddenInput)
    layout = Layout("outcome", "version")


class MoveForm(DeskForm):
    due_at = DueField(label="新的约定时间")
    reason = TextField(label="原因", max_length=80)
    version = forms.IntegerField(widget=forms.HiddenInput)
    layout = Layout(Row("due_at", "reason"), "version")
