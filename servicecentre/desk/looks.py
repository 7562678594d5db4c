"""Who looked at what: every time that a number, phones or an identity paper were shown in full, or lists taken out (TRUST 26, T29)."""
from datetime import timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count
from django.shortcuts import render
from django.views.decorators.http import require_GET

from households import find
from households.exporting import FOR
from households.models import Household, Person
from servicecentre.files.models import File
from servicecentre.kit.fields import DayField, TextField
from servicecentre.kit.periods import today
from servicecentre.kit.text import parse_room
from servicecentre.staff.access import may, needs
from servicecentre.staff.models import User
from servicecentre.worklog.models import Entry

EXPORTS = {"households.log_register_export": "导出登记表", "billing.log_charges_export": "导出应收",
           "billing.log_statement_export": "导出对账单", "billing.log_money_export": "导出收款、退款",
           "billing.log_deposits_export": "导出押金"}             # with everybody's names
LOOKS = {"households.reveal_identity": "证件号码", "households.reveal_phones": "电话", "worklog.reveal_scan": "证件影像", **EXPORTS}
PER_PAGE, DAYS = 50, 30


class LooksFilter(forms.Form):
    """From when to when, who looked, at what, whose household, for what reason."""

    on = DayField(label="从", required=False)
    until = DayField(label="至", required=False)
    by = forms.ModelChoiceField(label="谁看的", queryset=None, required=False, empty_label="全部")
    kind = forms.ChoiceField(label="看了什么", choices=[("", "全部"), *LOOKS.items()], required=False)
    room = TextField(label="房号", max_length=20, required=False)
    reason = TextField(label="原因里有", max_length=20, required=False)

    def __init__(self, *args, estate, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.estate = estate
        self.fields["by"].queryset = people
        for name, field in self.fields.items():
            field.widget.attrs["class"] = "form-select" if name in ("by", "kind") else "form-control"

    def clean_room(self):
        """The code of the unit that was meant, however it was padded."""
        if not self.cleaned_data["room"]:
            return ""
        room = parse_room(self.cleaned_data["room"])
        return getattr(find.unit_of(self.estate, room), "code", room.code)

    def clean(self):
        first, last = self.cleaned_data.get("on"), self.cleaned_data.get("until")
        if first and last and last < first:
            raise ValidationError({"until": "止日不能早于起日"})
        return self.cleaned_data


def looks_of(estate, *, on=None, until=None, by=None, kind="", room="", reason=""):
    """Entries of looks, newest first: by business days, both ends included."""
    rows = Entry.objects.of(estate).filter(act__in=[kind] if kind else list(LOOKS))
    rows = rows.filter(day__gte=on) if on else rows
    rows = rows.filter(day__lte=until) if until else rows
    rows = rows.filter(by=by) if by else rows
    rows = rows.filter(household_no__startswith=f"{room}-") if room else rows
    return (rows.filter(words__contains=reason) if reason else rows).select_related("by").newest_first()


@needs("desk.view_looks")
@require_GET
def looks(request):
    """The list, the last thirty days unless asked otherwise, and how often each person looked."""
    people = User.objects.filter(pk__in=Entry.objects.of(request.estate).filter(act__in=LOOKS).values("by")).order_by("name")
    form = LooksFilter(request.GET or None, estate=request.estate, people=people)
    chosen = form.cleaned_data if form.is_valid() else {}
    if not chosen.get("on") and not chosen.get("until"):
        chosen["on"] = today() - timedelta(days=DAYS)
    rows = looks_of(request.estate, **chosen)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    _tell_whose(request.estate, page.object_list)
    names = rows.order_by().values_list("by__name").annotate(n=Count("pk")).order_by("-n", "by__name")[:12]
    return render(request, "desk/looks.html", {
        "form": form, "page": page, "by_name": list(names), "since": chosen.get("on"), "until": chosen.get("until"),
        "may_household": may(request, "households.view_household")})


def _tell_whose(estate, entries):
    """Give each entry its household, whose data it were, and the bare reason; a constant number of queries."""
    ids = {kind: [e.row_id for e in entries if e.row_type == kind] for kind in ("households.person", "files.file")}
    files = File.objects.of(estate).in_bulk(ids["files.file"] or [0])             # asked in any case: the page costs the same
    people = Person.objects.of(estate).select_related("merged_into").in_bulk({*ids["households.person"], *(
        f.row_id for f in files.values() if f.row_type == "households.person")})
    homes = {h.number: h for h in Household.objects.of(estate).filter(number__in={e.household_no for e in entries})}
    for entry in entries:
        row_id = getattr(files.get(entry.row_id), "row_id", None) if entry.row_type == "files.file" else entry.row_id
        entry.whose = people[row_id].remaining if entry.row_type in ids and row_id in people else None
        entry.home, entry.kind = homes.get(entry.household_no), LOOKS[entry.act]
        what, _, entry.why = entry.words.partition("，")
        if entry.act in EXPORTS:
            entry.kind, entry.why = what, entry.words.partition(FOR)[2]            # how much was taken out, and what for
