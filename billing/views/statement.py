"""The statement of account of one household and span: the page, the paper with its date, the sheet (FORMS §3, design/papers/statement)."""
from datetime import date

from django import forms
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_GET

from billing.statement import lines, log_statement_export, statement, statement_table
from households.models import Household
from households.views.exporting import ReasonForm, export_page
from servicecentre.kit.fields import DayField
from servicecentre.kit.pdf import Busy, render_pdf
from servicecentre.kit.periods import today
from servicecentre.staff.access import needs

PER_PAGE, MOST_PRINTED = 50, 600


class SpanForm(forms.Form):
    """From which day to which; a span that is none shows the usual one and says why."""

    first = DayField(label="从", required=False)
    last = DayField(label="到", required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"

    def clean(self):
        clean = super().clean()
        if clean.get("first") and clean.get("last") and clean["first"] > clean["last"]:
            self.add_error("last", "不能早于起日")
        return clean


def _asked(request, household):
    """(form, first, last): this year up to today where nothing sensible is asked; never beyond today."""
    usual = {"first": date(today().year, 1, 1), "last": today()}
    given = {name: value for name in usual if (value := request.GET.get(name))}
    form = SpanForm({name: day.isoformat() for name, day in usual.items()} | given)
    if not form.is_valid():
        return form, usual["first"], usual["last"]
    first, last = (form.cleaned_data[name] or usual[name] for name in usual)
    return form, first, max(first, min(last, today()))


@needs("billing.view_account")
@require_GET
def show_statement(request, pk):
    """Opening balance, every line with how it was reckoned, the balance after each, what is open by age."""
    household = _household(request, pk)
    form, first, last = _asked(request, household)
    found = statement(household, first, last)
    page = Paginator(found.events, PER_PAGE).get_page(request.GET.get("page"))
    page.object_list = lines(page.object_list)
    return render(request, "billing/statement/statement.html", {
        "household": household, "form": form, "found": found, "page": page, "too_long": len(found.events) > MOST_PRINTED, "most": MOST_PRINTED})


@needs("billing.view_account")
@require_GET
def statement_pdf(request, pk):
    """The paper: no number, it bears its date; as many lines as a desk would print."""
    household = _household(request, pk)
    _, first, last = _asked(request, household)
    found = statement(household, first, last)
    if len(found.events) > MOST_PRINTED:
        return render(request, "503.html", {"headline": "这张对账单太长", "reason": f"一次最多打 {MOST_PRINTED} 笔，请缩短起止日期，或导出 Excel。"},
                      status=409)
    html = render_to_string("billing/papers/statement.html", {
        "found": found, "lines": lines(found.events), "household": household, "estate": request.estate, "today": today(), "clerk": request.user,
        "open": [(charge, fen, max(0, (last - charge.due_on).days)) for charge, fen in found.open]})
    try:
        data = render_pdf(html)
    except Busy:
        return render(request, "503.html", {"headline": "打印排队中", "reason": "前面还有几张在打，这张还没打出来。"}, status=503)
    name = f"statement-{household.unit.code}-{first:%Y%m%d}-{last:%Y%m%d}.pdf"
    return HttpResponse(data, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name.encode("ascii", "replace").decode()}"'})


@needs("billing.export_statement")
def export_statement(request, pk):
    """The same as Excel, once for each noting."""
    household = _household(request, pk)
    _, first, last = _asked(request, household)
    return export_page(
        request, ReasonForm, lambda estate, **fields: log_statement_export(household, **fields),
        lambda form: [statement_table(statement(household, first, last))], name=lambda form: f"对账单 {household.unit.code} {first} {last}.xlsx",
        title="导出对账单", back=f"{reverse('billing:statement', args=[pk])}?first={first}&last={last}",
        about=f"{household.unit.code} {household.owner_names}，{first} 至 {last}。导出列入「查看记录」和当天要看的例外。")


def _household(request, pk):
    return get_object_or_404(Household.objects.of(request.estate).select_related("unit__building", "estate"), pk=pk)
