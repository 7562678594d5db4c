"""Make a promise, from the counter or from a household's page (the roof knows rooms, the log below does not)."""
from crispy_forms.layout import Layout, Row
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render

from households.find import unit_of
from servicecentre.kit.fields import PhoneField, TextField
from servicecentre.kit.periods import today
from servicecentre.kit.text import parse_room
from servicecentre.staff.access import needs
from servicecentre.worklog.day import make_promise
from servicecentre.worklog.forms import PromiseForm


class RoomPromiseForm(PromiseForm):
    """The promise and, where it belongs to one, the room."""

    household = TextField(label="房号", max_length=40, required=False)
    phone = PhoneField(label="联系电话", required=False)
    field_order = ("household", "to_whom", "phone", "words", "due_at")              # the summary follows the page
    layout = Layout(Row("household", "to_whom", "phone"), Row("words", "due_at"))

    def __init__(self, *args, estate, **kwargs):
        super().__init__(*args, **kwargs)
        self.estate = estate

    def clean_household(self):
        """The current household of the room typed."""
        text = self.cleaned_data["household"]
        if not text:
            return None
        unit = unit_of(self.estate, parse_room(text))
        held = unit and unit.household_on(today())
        if held is None:
            raise ValidationError(f"没有 {text} 这套房，或现在没有业主")
        return held


@needs("worklog.make_promise")
def make(request):
    form = RoomPromiseForm(request.POST or None, estate=request.estate, initial={"household": request.GET.get("room", "")[:40]})
    if request.method == "POST" and (promise := form.perform(make_promise, request.estate, by=request.user)):
        messages.success(request, f"已登记承诺：{promise.words}")
        household = form.cleaned_data["household"]
        return redirect(household if household else "worklog:promises")
    return render(request, "worklog/promise.html", {"form": form, "verb": "登记承诺", "button": "登记承诺"})
