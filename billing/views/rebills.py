"""A wrong bill billed anew: at once where it is not less, else asked for and decided by another."""
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing import rebill
from billing.forms.refunds import RebillForm, RefuseForm
from billing.models import RebillAsked
from households.views.pages import done, form_page
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.money import yuan
from servicecentre.staff.access import may, needs

from .waivers import charge_of, url_of


@needs("billing.void_and_rebill")
@require_http_methods(["GET", "HEAD", "POST"])
def void_and_rebill(request, pk):
    """A manager's page: done at once, or asked for where the sum is lower."""
    row, form = _form(request, pk)
    if request.method == "POST" and form.is_valid():
        if may(request, "billing.ask_rebill") and rebill.takes_two(row, form.cleaned_data["quantity"], form.cleaned_data["unit_price"]):
            return _asked(request, row, form)
        if made := form.perform(rebill.void_and_rebill, row, by=request.user):
            return done(request, f"原来的账单已作废，改为 {yuan(made.new.amount)} 元，两笔都查得到。", url_of(made.new))
    return _page(request, row, form, button="作废原账单，按这个重出")


@needs("billing.ask_rebill")
@require_http_methods(["GET", "HEAD", "POST"])
def ask_rebill(request, pk):
    """Who may not bill anew asks for it, whatever the sum."""
    row, form = _form(request, pk)
    if request.method == "POST":
        return _asked(request, row, form)
    return _page(request, row, form, button="申请作废重出")


@needs("billing.view_refunds")
@require_GET
def rebill_asked(request, pk):
    return _asked_page(request, _row(request, pk))


@needs("billing.approve_rebill")
@require_POST
def approve_rebill(request, pk):
    """Void the line and bill it anew."""
    row, form = _row(request, pk), DeskForm(request.POST)
    if made := form.perform(rebill.approve_rebill, row, by=request.user):
        return done(request, f"原来的账单已作废，改为 {yuan(made.amount)} 元，两笔都查得到。", made)
    return _asked_page(request, row, form=form)


@needs("billing.refuse_rebill")
@require_POST
def refuse_rebill(request, pk):
    """Leave it, and say why."""
    row, form = _row(request, pk), RefuseForm(request.POST)
    if made := form.perform(rebill.refuse_rebill, row, by=request.user):
        return done(request, "不批准，照原来的账单收。", made)
    return _asked_page(request, row, refusal=form)


def _form(request, pk):
    row = charge_of(request, pk)
    return row, RebillForm(request.POST or None, initial={"quantity": row.quantity, "unit_price": row.unit_price, "due_on": row.due_on})


def _asked(request, row, form):
    if made := form.perform(rebill.ask_rebill, row, by=request.user):
        return done(request, f"原来 {yuan(row.amount)} 元，已申请改为 {yuan(made.amount)} 元，等别的主管批准。", made)
    return _page(request, row, form, button="申请作废重出")


def _page(request, row, form, *, button):
    receipt = rebill.receipt_on(row)
    return form_page(request, form, title="作废重出", button=button, busy="正在办理，请稍等", back=url_of(row),
                     about=f"{row.household.unit.code} {row}，原来 {yuan(row.amount)} 元，改少了要另一位主管批准"
                           f"{f'；收据 {receipt} 收过，要先作废它' if receipt else ''}",
                     more=[(f"看收据 {receipt}", receipt.get_absolute_url())] if receipt else ())


def _row(request, pk):
    return get_object_or_404(RebillAsked.objects.of(request.estate).select_related(
        "estate", "charge__household__unit__building", "charge__household__estate", "charge__fee_kind", "charge__price", "charge__made_by", "charge__unit",
        "asked_by", "decided_by", "rebill__new"), pk=pk)


def _asked_page(request, row, *, form=None, refusal=None):
    return render(request, "billing/refunds/rebill.html", {
        "asked": row, "charge": row.charge, "household": row.charge.household, "waiting": row.approved is None,
        "anew": rebill.as_asked(row), "wrong": form or refusal, "form": form or DeskForm(auto_id=False), "refusal": refusal or RefuseForm(),
        "why_not": rebill.why_not(row, request.user) if may(request, "billing.approve_rebill") else "由主管批准。",
        "may_refuse": may(request, "billing.refuse_rebill") and request.user.pk != row.asked_by_id}, status=409 if form or refusal else 200)
