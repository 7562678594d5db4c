"""收费项目: the fees of the estate by name and order; their prices stand on the tariff page."""
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from billing import fee_kinds, tariffs
from billing.forms.fee_kinds import ChangeFeeKindForm, FeeKindForm
from billing.models import FeeKind
from households.views.pages import done, form_page
from servicecentre.kit.periods import today
from servicecentre.staff.access import may, needs


@needs("billing.view_fee_kinds")
def show_fee_kinds(request):
    day = today()
    kinds = tariffs.price_list(request.estate)
    for kind in kinds:
        kind.price = next((price for price in kind.history if not price.withdrawn_at and price.starts_on <= day
                           and (price.ends_on is None or price.ends_on >= day)), None)
    return render(request, "billing/fee_kinds.html", {"kinds": kinds, "may_change": may(request, "billing.change_fee_kinds"),
                                                      "may_tariff": may(request, "billing.view_tariff")})


@needs("billing.change_fee_kinds")
def add_fee_kind(request):
    form = FeeKindForm(request.POST or None)
    if request.method == "POST" and (kind := form.perform(fee_kinds.add_fee_kind, request.estate, by=request.user)):
        return done(request, f"已新增 {kind}。登记单价后才能收。", reverse("billing:fee_kinds"))
    return form_page(request, form, title="新增收费项目", button="新增收费项目", back=reverse("billing:fee_kinds"),
                     about="先要有合同或业主大会的依据，并已公示")


@needs("billing.change_fee_kinds")
def change_fee_kind(request, pk):
    kind = get_object_or_404(FeeKind.objects.of(request.estate), pk=pk)
    form = ChangeFeeKindForm(request.POST or None, initial={"name": kind.name, "position": kind.position, "active": kind.active,
                                                            "common_income": kind.common_income, "version": kind.version})
    if request.method == "POST" and (changed := form.perform(fee_kinds.change_fee_kind, kind, by=request.user)):
        return done(request, f"已修改 {changed}。", reverse("billing:fee_kinds"))
    return form_page(request, form, title=f"修改 {kind}", button="保存", busy="正在保存，请稍等", back=reverse("billing:fee_kinds"),
                     about="已开的收据上还是原来的名称")
