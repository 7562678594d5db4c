"""One-off charges by a manager, and the voiding of one that was wrong."""
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from billing import one_off
from billing.forms.prepayments import ChargeOnceForm, VoidOnceForm
from billing.models import Charge
from households.models import Household
from households.views.pages import done, form_page
from servicecentre.kit.money import area_text, price_text, yuan
from servicecentre.kit.periods import today
from servicecentre.staff.access import needs


@needs("billing.charge_once")
@require_http_methods(["GET", "HEAD", "POST"])
def charge_once(request, pk):
    """Bill one fee once: by the tariff, or an amount by hand, with a reason."""
    household = get_object_or_404(Household.objects.of(request.estate).live().select_related("unit"), pk=pk)
    kinds = one_off.kinds_for(request.estate)
    form = ChargeOnceForm(request.POST or None, kinds=kinds)
    if request.method == "POST" and (line := form.perform(one_off.charge_once, household, by=request.user)):
        return done(request, f"已登记 {line.shown_name} {yuan(line.amount)} 元，今天起可以收。", reverse("billing:charge", args=[line.pk]))
    area = household.unit.area_on(today())
    size = f"{area_text(area.area)} ㎡" if area else "没有登记面积"
    return form_page(request, form, title="登记一次性收费", button="登记收费", back=household,
                     about=f"{household.unit.code} {household.owner_names}，{size}；{_prices(request, kinds)}")


def _prices(request, kinds):
    """What the tariff says of these fees this month, in words."""
    priced = [(kind, one_off.price_of(kind, today())) for kind in kinds[:3]]
    return "，".join(f"{kind.name} {price_text(price)} 元/{kind.unit_name}" for kind, price in priced if price is not None) or "没有单价的填金额"


@needs("billing.void_once")
@require_http_methods(["GET", "HEAD", "POST"])
def void_once(request, pk):
    """Void an unpaid line that was made by hand."""
    row = get_object_or_404(Charge.objects.of(request.estate).select_related("household__unit", "fee_kind"), pk=pk)
    form, back = VoidOnceForm(request.POST or None), reverse("billing:charge", args=[row.pk])
    if request.method == "POST" and form.perform(one_off.void_once, row, by=request.user):
        return done(request, f"{row.shown_name} {yuan(row.amount)} 元已作废。", back)
    return form_page(request, form, title="作废账单", button=f"作废 {yuan(row.amount)} 元", busy="正在作废，请稍等", back=back,
                     about=f"{row.household.unit.code} {row}，只作废还没收的、手工登记的")
