"""What this app's views share: a page with one form, and rows fetched through this estate only."""
from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render

from households.models import Household, Person, StandingInstruction, Unit
from servicecentre.worklog.acts import served


def unit_of(request, pk):
    return get_object_or_404(Unit.objects.of(request.estate).select_related("building"), pk=pk)


def household_of(request, pk):
    return get_object_or_404(Household.objects.of(request.estate).live().select_related("unit"), pk=pk)


def person_of(household, pk):
    """An owner of this household, somebody who lives or lived there, or an owner's agent."""
    return get_object_or_404(Person.objects.of(household.estate_id).of_household(household), pk=pk)


def form_page(request, form, *, title, button, back, busy="正在登记，请稍等", about="", wide=False, more=(), heed=None):
    """A page with one form and one act; ``back`` is the row whose page it came from, or a URL; ``more`` links (words, URL).

    ``heed``: (household, moment) whose standing instructions are shown before the act; of a household's own page those for whatever is done.
    """
    if heed is None and isinstance(back, Household):
        heed = back, StandingInstruction.Moment.ANY
    return render(request, "households/form.html", {
        "form": form, "title": title, "button": button, "busy": busy, "about": about, "wide": wide, "more": more,
        "heed": heed and {"household": heed[0], "moment": heed[1]},
        "back": back if isinstance(back, str) else back.get_absolute_url()})


def row_or_served(request, rows, pk):
    """The row; None when this very form has removed it already, and only its answer was lost; else 404."""
    row = rows.filter(pk=pk).first()
    if row is None and not served(request.user, request.POST.get("request_key", "")):
        raise Http404
    return row


def done(request, words, where):
    messages.success(request, f"已办理：{words}" if getattr(where, "is_repeat", False) else words)
    return redirect(where)


def about_of(household):
    """Whose page it is, beside the title."""
    return f"{household.unit.code} {household.owner_names}"
