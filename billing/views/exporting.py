"""Taking charges out as Excel: which months, noted in the log, then sent."""
from django import forms
from django.shortcuts import render
from django.urls import reverse

from billing.export import charges_table, log_charges_export
from households.views.exporting import send
from servicecentre.kit.fields import MonthField
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.periods import BillingMonth, today
from servicecentre.staff.access import needs


class ExportForm(DeskForm):
    first = MonthField(label="从哪个月")
    last = MonthField(label="到哪个月")
    unpaid = forms.BooleanField(label="只要没收清的", required=False)


@needs("billing.export_charges")
def export_charges(request):
    month = BillingMonth.of(today())
    form = ExportForm(request.POST) if request.method == "POST" else ExportForm(initial={"first": month, "last": month})
    if request.method == "POST" and form.perform(log_charges_export, request.estate, by=request.user):
        chosen = form.act_fields()
        return send([charges_table(request.estate, **chosen)], f"应收 {request.estate.slug} {chosen['first']} {chosen['last']}.xlsx")
    return render(request, "households/export.html", {
        "form": form, "title": "导出应收", "back": reverse("billing:payments"),
        "about": "一笔一行：房号、业主、项目、账期、怎么算的、应收、已收、未收。导出会记入工作日志。"})
