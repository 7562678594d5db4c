"""The petty cash: what is in it and every move; finance puts in, counts, undoes."""
from django.apps import apps
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from billing import petty_cash
from billing.forms.petty_cash import CountForm, ReverseForm, TopUpForm
from billing.models import PettyCashMove
from households.views.pages import done, form_page
from servicecentre.kit.money import yuan
from servicecentre.staff.access import may, needs

PER_PAGE = 50


@needs("billing.view_petty_cash")
@require_GET
def show_petty_cash(request):
    """The balance, and the moves newest first, each with what it was for."""
    rows = PettyCashMove.objects.of(request.estate).select_related("by", "reverses", "reversed_by").newest_first()
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    _with_what_for(page.object_list, request.estate)
    may_reverse = may(request, "billing.reverse_petty_cash")
    for move in page.object_list:
        move.may_reverse = may_reverse and move.kind in (petty_cash.KINDS.PUT_IN, petty_cash.KINDS.COUNTED) and not hasattr(move, "reversed_by")
    return render(request, "billing/petty_cash.html", {"balance": petty_cash.balance_of(request.estate), "page": page})


def _with_what_for(moves, estate):
    """The row each was spent for, one query a kind of row."""
    wanted = {}
    for move in moves:
        wanted.setdefault(move.row_type, set()).add(move.row_id)
    found = {kind: apps.get_model(kind).objects.of(estate).in_bulk(pks) for kind, pks in wanted.items() if kind}
    for move in moves:
        move.what_for = found.get(move.row_type, {}).get(move.row_id)


@needs("billing.top_up_petty_cash")
def top_up_petty_cash(request):
    form = TopUpForm(request.POST or None)
    if request.method == "POST" and (made := form.perform(petty_cash.top_up_petty_cash, request.estate, by=request.user)):
        return done(request, f"备用金补入 {yuan(made.amount)} 元，现有 {yuan(made.balance)} 元。", reverse("billing:petty_cash"))
    return form_page(request, form, title="补入备用金", button="补入备用金", back=reverse("billing:petty_cash"),
                     about=f"现有 {yuan(petty_cash.balance_of(request.estate))} 元；从银行取的现金，不是当天收的钱")


@needs("billing.count_petty_cash")
def count_petty_cash(request):
    book = petty_cash.balance_of(request.estate)
    form = CountForm(request.POST or None, initial={"book": str(book)})
    if request.method == "POST" and form.perform(petty_cash.count_petty_cash, request.estate, by=request.user):
        return done(request, "点款已登记。", reverse("billing:petty_cash"))
    return form_page(request, form, title="点备用金", button="登记点款", back=reverse("billing:petty_cash"), about=f"账面 {yuan(book)} 元")


@needs("billing.reverse_petty_cash")
def reverse_petty_cash(request, pk):
    move = get_object_or_404(PettyCashMove.objects.of(request.estate), pk=pk)
    form = ReverseForm(request.POST or None)
    if request.method == "POST" and (made := form.perform(petty_cash.reverse_petty_cash, move, by=request.user)):
        return done(request, f"已冲回，备用金现有 {yuan(made.balance)} 元。", reverse("billing:petty_cash"))
    return form_page(request, form, title="冲回", button=f"冲回 {yuan(move.amount)} 元", busy="正在冲回，请稍等", back=reverse("billing:petty_cash"),
                     about=f"{move.get_kind_display()} {yuan(move.amount)} 元，{move.words}")
