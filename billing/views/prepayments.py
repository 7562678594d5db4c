"""The prepaid account of shared utilities: balances of all, one household's with its moves; demanded, given back, moved to the buyer."""
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing import prepayments
from billing.forms.prepayments import BalanceFilter, DemandAllForm, DemandForm, MoveForm
from billing.models import BillingPolicy, PrepaymentMove
from households.models import Household, OwnerChange
from households.views.pages import done, form_page
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import today
from servicecentre.staff.access import may, needs

PER_PAGE = 50
READ = ["GET", "HEAD", "POST"]


@needs("billing.view_prepayments")
@require_GET
def show_prepayments(request):
    return _list(request, request.GET.get("state", "low"))


def _list(request, state, refused=None):
    """Households by balance: those that run low, those that have none, or all; how many have none is what the button says."""
    chosen = BalanceFilter({"state": state})
    chosen.is_valid()
    policy = BillingPolicy.of(request.estate)
    rows = prepayments.with_balances(request.estate, on=today())
    low, without = rows.filter(has=True, left__lt=policy.low_balance), rows.filter(has=False)
    number = without.count()
    shown = {"none": without, "all": rows}.get(chosen.cleaned_data.get("state"), low)
    page = Paginator(shown.order_by("left", "unit__sort", "pk"), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "billing/prepayments/list.html", {
        "chosen": chosen, "page": page, "policy": policy, "without": number, "form": DemandAllForm(initial={"expected": number}),
        "refused": refused, "sum": number * policy.shared_prepay}, status=409 if refused else 200)


@needs("billing.demand_all_prepayments")
@require_POST
def demand_all_prepayments(request):
    form = DemandAllForm(request.POST)
    if form.perform(prepayments.demand_all_prepayments, request.estate, by=request.user):
        return done(request, f"已登记 {form.cleaned_data['expected']} 户的公摊预存，收款时一起收。", reverse("billing:prepayments"))
    return _list(request, "none", refused=form)


@needs("billing.view_prepayments")
@require_GET
def prepayment(request, pk):
    """One household's account: what was demanded and paid, every move, what is left."""
    return _page(request, _household(request, pk))


@needs("billing.demand_prepayment")
@require_http_methods(READ)
def demand_prepayment(request, pk):
    household = _household(request, pk)
    form = DemandForm(request.POST or None)
    if request.method == "POST" and (line := form.perform(prepayments.demand_prepayment, household, by=request.user)):
        return done(request, f"已登记公摊预存 {yuan(line.amount)} 元，收款时一起收。", _url(household))
    policy = BillingPolicy.of(request.estate)
    return form_page(request, form, title="登记公摊预存", button="登记公摊预存", back=_url(household),
                     about=f"{household.unit.code} {household.owner_names}，余额 {yuan(prepayments.balance_of(household))} 元；"
                           f"规矩是每户 {yuan(policy.shared_prepay)} 元")


@needs("billing.return_prepayment")
@require_POST
def return_prepayment(request, pk):
    household, form = _household(request, pk), DeskForm(request.POST)
    if credit := form.perform(prepayments.return_prepayment, household, by=request.user):
        left = f"，抵欠费后余 {yuan(credit.left)} 元，在「退款」里退" if credit.left else "，都抵了欠费"
        return done(request, f"公摊预存 {yuan(credit.amount)} 元已退为该户的贷项{left}。", _url(household))
    return _page(request, household, form)


@needs("billing.move_prepayment")
@require_http_methods(READ)
def move_prepayment(request, pk):
    household = _household(request, pk)
    form = MoveForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and (line := form.perform(prepayments.move_prepayment, household, by=request.user)):
        return done(request, f"公摊预存 {yuan(line.amount)} 元已转给新业主。", _url(line.household))
    change = _change(request, household)
    noted = change is not None and prepayments.noted_at_sale(change)
    return form_page(request, form, title="公摊预存转给新业主", button="转给新业主", busy="正在转，请稍等", back=_url(household),
                     about=f"{household.unit.code} {household.owner_names} 余额 {yuan(prepayments.balance_of(household))} 元，"
                           f"{'过户时双方已签' if noted else '要双方签字，签的单子拍照存下'}")


def _page(request, household, form=None):
    lines = list(prepayments.prepaid(household).select_related("fee_kind"))
    moves = PrepaymentMove.objects.of(request.estate).filter(charge__household=household).select_related("charge", "by").order_by("pk")
    over = household.ends_on is not None and household.ends_on < today()
    balance = prepayments.balance_of(household)
    return render(request, "billing/prepayments/account.html", {
        "household": household, "lines": lines, "moves": list(moves), "balance": balance, "policy": BillingPolicy.of(request.estate),
        "may_demand": may(request, "billing.demand_prepayment") and not over, "form": form or DeskForm(auto_id=False),
        "may_return": may(request, "billing.return_prepayment") and over and balance,
        "may_move": may(request, "billing.move_prepayment") and over and balance and _change(request, household) is not None}, status=409 if form else 200)


def _change(request, household):
    return OwnerChange.objects.of(request.estate).live().filter(seller=household).first()


def _household(request, pk):
    return get_object_or_404(Household.objects.of(request.estate).live().select_related("unit__building", "estate"), pk=pk)


def _url(household):
    return reverse("billing:prepayment", args=[household.pk])
