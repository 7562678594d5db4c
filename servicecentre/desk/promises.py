"""Make a promise, from the counter or from a household's page (the roof knows rooms, the log below does not)."""
from crispy_forms.layout import Layout, Row
from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse

from households.views.pages import form_page
from servicecentre.kit.fields import PhoneField
from servicecentre.staff.access import needs
from servicecentre.worklog.day import make_promise
from servicecentre.worklog.forms import PromiseForm

from .rooms import RoomForm, household_named


class RoomPromiseForm(RoomForm, PromiseForm):
    """The promise and, where it belongs to one, the room."""

    phone = PhoneField(label="联系电话", required=False)
    field_order = ("household", "to_whom", "phone", "words", "due_at")              # the summary follows the page
    layout = Layout(Row("household", "to_whom", "phone"), Row("words", "due_at"))


@needs("worklog.make_promise")
def make(request):
    form = RoomPromiseForm(request.POST or None, estate=request.estate, initial={"household": request.GET.get("room", "")[:40]})
    if request.method == "POST" and (promise := form.perform(make_promise, request.estate, by=request.user)):
        messages.success(request, f"已登记承诺：{promise.words}")
        household = form.cleaned_data["household"]
        return redirect(household if household else "worklog:promises")
    whose = household_named(request.estate, form["household"].value())
    return form_page(request, form, title="登记承诺", button="登记承诺", back=whose or reverse("worklog:promises"), heed=whose and (whose, "call"),
                     about="不轻易承诺：弄清楚再答应，答应了就按时答复")
