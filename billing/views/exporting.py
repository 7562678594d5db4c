"""Taking charges out as Excel: which months, noted in the log, then sent."""
from django import forms
from django.urls import reverse

from billing.export import charges_table, log_charges_export
from billing.money_lists import LISTS, log_money_export, money_table
from households.views.exporting import ReasonForm, export_page
from servicecentre.kit.fields import DayField, MonthField
from servicecentre.kit.periods import BillingMonth, today
from servicecentre.staff.access import needs


class ExportForm(ReasonForm):
    first = MonthField(label="从哪个月")
    last = MonthField(label="到哪个月")
    unpaid = forms.BooleanField(label="只要没收清的", required=False)
    field_order = ("first", "last", "unpaid", "reason")


@needs("billing.export_charges")
def export_charges(request):
    month = BillingMonth.of(today())
    return export_page(
        request, lambda data: ExportForm(data, initial={"first": month, "last": month}), log_charges_export,
        lambda form: [charges_table(request.estate, **form.act_fields())],
        name=lambda form: "应收 {slug} {first} {last}.xlsx".format(slug=request.estate.slug, **form.act_fields()),
        title="导出应收", back=reverse("billing:payments"),
        about="一笔一行：房号、业主、项目、账期、怎么算的、应收、已收、未收。导出列入「查看记录」和当天要看的例外。")


class MoneyListForm(ReasonForm):
    which = forms.ChoiceField(label="哪张表", choices=list(LISTS.items()))
    first = DayField(label="从哪天")
    last = DayField(label="到哪天")
    field_order = ("which", "first", "last", "reason")


@needs("billing.export_money")
def export_money(request):
    """Payments, voids, refunds or waivers of some days."""
    day = today()
    chosen = request.GET.get("which") if request.GET.get("which") in LISTS else "payments"
    return export_page(
        request, lambda data: MoneyListForm(data, initial={"which": chosen, "first": day.replace(day=1), "last": day}), log_money_export,
        lambda form: [money_table(request.estate, **form.act_fields())],
        name=lambda form: "{name} {slug} {first} {last}.xlsx".format(name=LISTS[form.cleaned_data["which"]], slug=request.estate.slug, **form.act_fields()),
        title="导出收款、作废、退款、减免", back=reverse("billing:payments"),
        about="一笔一行，含姓名、金额和经办人。收款按收款日，其余按申请日。导出列入「查看记录」和当天要看的例外。")
