"""DeskForm: layout, the one-time request key, and perform(), which hands clean fields to an act (STYLE §9)."""
import secrets
from contextvars import ContextVar

from crispy_forms.helper import FormHelper
from django import forms
from django.core.exceptions import NON_FIELD_ERRORS

from .fields import REQUIRED
from .refused import Refused

shown_again = ContextVar("shown_again", default=False)      # what was typed is given back: forms show it, none performs
DJANGOS = forms.Field.default_error_messages["required"]
CHOOSE = "请选一项"


class DeskForm(forms.Form):
    """A form whose fields are an act's keywords.

    ``perform`` returns the act's result, or None with what it refused beside the field and all that was typed kept. A
    refusal that may be overridden (``unless="arrears"``) shows 「已知晓,继续」 for just that doubt. ``not_for_act``
    names fields that the act does not take.
    """

    layout = None
    not_for_act = ()

    request_key = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)
    despite = forms.MultipleChoiceField(widget=forms.MultipleHiddenInput, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["request_key"].initial = secrets.token_hex(16)
        for field in self.fields.values():
            if field.error_messages["required"] == DJANGOS:
                field.error_messages["required"] = CHOOSE if isinstance(field, forms.ChoiceField) else REQUIRED
        self.doubt = self.link = None
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.render_hidden_fields = True     # a layout leaves them out, and the key with them
        if self.layout is not None:
            self.helper.layout = self.layout
        self._accept_named_doubts()

    @property
    def typed_again(self):
        """What no browser sends back by itself, so that a page shown again lacks it: in words, "" when all is there."""
        widgets = [field.widget for field in self.fields.values()]
        lost = {"文件要再选一次": forms.FileInput, "密码要再填一次": forms.PasswordInput}
        return "，".join(words for words, kind in lost.items() if any(isinstance(widget, kind) for widget in widgets))

    def _accept_named_doubts(self):
        named = self.data.getlist(self.add_prefix("despite")) if hasattr(self.data, "getlist") else []
        self.fields["despite"].choices = [(d, d) for d in named if d.isidentifier() and len(d) < 40]

    def act_fields(self):
        """The clean values an act takes."""
        outside = {"request_key", "despite", *self.not_for_act}
        return {name: value for name, value in self.cleaned_data.items() if name not in outside}

    def perform(self, act, *args, by, **more):
        """Call the act once for this form's key; None when the form or the act refuses."""
        if not self.is_valid() or shown_again.get():
            return None
        fields = self.act_fields() | more
        if despite := tuple(self.cleaned_data["despite"]):
            fields["despite"] = despite
        try:
            return act(*args, by=by, request_key=self.cleaned_data["request_key"] or None, **fields)
        except Refused as refusal:
            self.refuse(refusal)
            return None

    def refuse(self, refusal):
        """Put a refusal beside its field, or above the form; a doubt is offered for acceptance by its name."""
        self.doubt, self.link = refusal.unless, refusal.link
        by_field = refusal.message_dict if hasattr(refusal, "error_dict") else {NON_FIELD_ERRORS: refusal.messages}
        for field, sentences in by_field.items():
            for sentence in sentences:
                self.add_error(field if field in self.fields else None, sentence)
