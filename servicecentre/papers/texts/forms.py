"""Input of the pages of texts; the fields are the acts' keywords."""
from crispy_forms.layout import Layout, Row
from django import forms

from servicecentre.kit.fields import TextField
from servicecentre.kit.forms import DeskForm

from ..models import Wording
from ..wordings import LONGEST


class Find(forms.Form):
    """The search over phrases and handbook; it holds nothing of persons, so it may stand in the address."""

    q = forms.CharField(label="找话术和手册", required=False, max_length=40)


class WordingForm(DeskForm):
    """A new edition of a text, made from ``edition``."""

    text = forms.CharField(label="正文", required=False, strip=False, widget=forms.Textarea(attrs={"rows": 8, "class": "code"}))
    note = TextField(label="改了什么", max_length=60, required=False)
    edition = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    layout = Layout("text", "note", "edition")

    def __init__(self, *args, kind=Wording.Kind.TEXT, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["text"].required = kind != Wording.Kind.TEXT
        self.fields["text"].help_text = f"最多 {LONGEST[kind]} 字，花括号里的由数据填，打错会说"
        self.fields["text"].widget.attrs["rows"] = {Wording.Kind.PHRASE: 4, Wording.Kind.PAGE: 14}.get(kind, 5)


class TitledForm(WordingForm):
    """The same for a phrase or a page of the handbook."""

    title = TextField(label="标题", max_length=60)
    group = TextField(label="分组", max_length=20)
    layout = Layout(Row("title", "group"), "text", "note", "edition")


class NewTextForm(TitledForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper.layout = Layout(Row("title", "group"), "text")
        del self.fields["note"], self.fields["edition"]
