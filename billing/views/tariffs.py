"""收费标准: the price list with its history, a change with what it makes of the next bill, taking back a planned price."""
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from billing import tariffs
from billing.forms.months import MendForm, PriceForm
from billing.models import FeeKind, Price
from servicecentre.kit.money import price_text, yuan
from servicecentre.kit.periods import BillingMonth, today
from servicecentre.kit.refused import Refused
from servicecentre.staff.access import may, needs

from .tables import signed


@needs("billing.view_tariff")
def show_tariff(request):
    day = today()
    kinds = tariffs.price_list(request.estate)
    for kind in kinds:
        for price in kind.history:
            price.state_kind, price.state_icon, price.state = _state(price, day)
            price.past = price.state == OVER
            price.form = MendForm() if price.state == PLANNED else None
    return render(request, "billing/tariff.html", {
        "kinds": kinds, "may_change": may(request, "billing.change_price"), "may_withdraw": may(request, "billing.withdraw_price")})


@needs("billing.change_price")
def change_price(request, pk):
    """The form; with a price and a day in the query it also shows the difference, without writing anything."""
    kind = get_object_or_404(FeeKind.objects.of(request.estate), pk=pk)
    if request.method == "POST":
        form = PriceForm(request.POST)
        if price := form.perform(tariffs.change_price, kind, by=request.user):
            messages.success(request, f"{kind.name}从 {price.starts_on} 起每{kind.unit_name} {price_text(price.unit_price)} 元。")
            return redirect("billing:tariff")
    else:
        initial = {"from_month": tariffs.next_month_open(kind, on=today()).first}
        form = PriceForm({**initial, **request.GET.dict()} if request.GET else None, initial=initial)
    return render(request, "billing/tariff_change.html", {"kind": kind, "form": form, "difference": _difference(kind, form),
                                                          "current": kind.prices.on(today()).first()})


@needs("billing.withdraw_price")
@require_POST
def withdraw_price(request, pk):
    price = get_object_or_404(Price.objects.of(request.estate), pk=pk)
    form = MendForm(request.POST)
    if form.perform(tariffs.withdraw_price, price, by=request.user):
        messages.success(request, f"已撤回 {price.fee_kind.name} {price_text(price.unit_price)} 元（原定 {price.starts_on} 起）。")
    else:
        messages.error(request, " ".join(form.non_field_errors()) or "没有撤回，请刷新后再看。")
    return redirect("billing:tariff")


PLANNED, OVER = "还没到", "已满"


def _state(price, day):
    if price.withdrawn_at:
        return "bad", "bad", "已撤回"
    if price.starts_on > day:
        return "idle", "clock", PLANNED
    if price.ends_on and price.ends_on < day:
        return "idle", "none", OVER
    return "ok", "ok", "执行中"


def _difference(kind, form):
    """Words about the first month at the new price, once price and day are sensible."""
    if not form.is_bound:
        return None
    form = PriceForm(form.data) if form.doubt else form               # what is asked about is still to be seen
    form.is_valid()
    price, day = form.cleaned_data.get("unit_price"), form.cleaned_data.get("from_month")
    if price is None or day is None:
        return {"wrong": [f"{form[name].label}：{form.errors[name][0]}" for name in ("unit_price", "from_month") if name in form.errors]}
    try:
        month = BillingMonth.of(tariffs.day_open(kind, day))
    except Refused as refusal:
        return {"wrong": [refusal.sentence]}
    found = tariffs.difference(kind, price, month)
    if found is None:
        return {"none": True}
    count, was, will = found
    return {"month": month, "count": f"{count:,}", "was": yuan(was), "will": yuan(will), "more": signed(will - was)}
