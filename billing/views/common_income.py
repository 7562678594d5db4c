"""公共收益: the year's sheet of the owners' common income, its costs, and both as Excel."""
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from billing import common_income
from billing.forms.common_income import CostForm, VoidCostForm
from billing.models import CommonCost, FeeKind
from households.views.exporting import send
from households.views.pages import done, form_page
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import FIRST_YEAR, today
from servicecentre.staff.access import may, needs


@needs("billing.view_common_income")
@require_GET
def show_common_income(request):
    year = _year(request)
    months, total = common_income.sheet(request.estate, year)
    kinds = FeeKind.objects.of(request.estate).filter(common_income=True).in_order().values_list("name", flat=True)
    return render(request, "billing/common_income.html", {
        "year": year, "now": today().year, "months": months, "total": total, "costs": common_income.cost_rows(request.estate, year), "kinds": "、".join(kinds),
        "may_add": may(request, "billing.add_common_cost"), "may_void": may(request, "billing.void_common_cost"),
        "may_mark": may(request, "billing.view_fee_kinds")})


def _year(request):
    """The year asked for, this one by default; 404 for what is no year."""
    text = request.GET.get("year") or str(today().year)
    if not (text.isascii() and text.isdigit() and len(text) == 4 and FIRST_YEAR <= int(text) <= today().year):
        raise Http404
    return int(text)


@needs("billing.view_common_income")
@require_GET
def download_common_income(request):
    year = _year(request)
    return send(common_income.sheet_tables(request.estate, year), f"公共收益 {request.estate.slug} {year}.xlsx")


@needs("billing.add_common_cost")
def add_common_cost(request):
    form = CostForm(request.POST or None, initial={"day": today()})
    if request.method == "POST" and (cost := form.perform(common_income.add_common_cost, request.estate, by=request.user)):
        return done(request, f"已登记支出 {yuan(cost.amount)} 元，{cost.words}。", _sheet_of(cost))
    return form_page(request, form, title="登记公共收益支出", button="登记支出", back=reverse("billing:common_income"), about="扣除成本后的归全体业主")


@needs("billing.void_common_cost")
def void_common_cost(request, pk):
    cost = get_object_or_404(CommonCost.objects.of(request.estate), pk=pk)
    form = VoidCostForm(request.POST or None)
    if request.method == "POST" and form.perform(common_income.void_common_cost, cost, by=request.user):
        return done(request, f"已作废支出 {yuan(cost.amount)} 元。", _sheet_of(cost))
    return form_page(request, form, title=f"作废支出 {cost.words}", button=f"作废 {yuan(cost.amount)} 元的支出", busy="正在作废，请稍等", back=_sheet_of(cost))


def _sheet_of(cost):
    return f"{cost.get_absolute_url()}?year={cost.day.year}"
