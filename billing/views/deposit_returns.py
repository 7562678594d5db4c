"""A deposit given back: asked, approved or not, withdrawn, paid, returned by the bank; each by its own door (DOMAIN §2 Deposits, design/screens 29–29c)."""
from django.db.models import Q
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing import deposit_returns
from billing.explain import open_lines
from billing.forms.deposits import AskReturnForm, BounceForm, PayForm, RefuseForm, WithdrawForm
from billing.models import Deposit, DepositReturn
from households.agents import letters_of
from households.models import AuthorisationLetter, Matter
from households.views.pages import done
from servicecentre.files.models import File
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import business_day, now, today
from servicecentre.staff.access import may, needs

from .deposits import READ, STATES, deposit_of

METHODS = DepositReturn.Method


@needs("billing.ask_deposit_return")
@require_http_methods(READ)
def ask_deposit_return(request, pk):
    """Ask that it be given back: papers, deductions, arrears, where to."""
    row = deposit_of(request, pk)
    lines = list(open_lines(row.household))
    letters = [letter for letter in letters_of(row.household, today()) if Matter.REFUND in letter.matters]
    ways = [(code, label) for code, label in METHODS.choices if code != METHODS.SAME_WAY or row.method != "cash"]
    inspects = row.kind == Deposit.Kind.RENOVATION
    form = AskReturnForm(request.POST or None, request.FILES or None, lines=lines, ways=ways,
                         inspects=inspects, centre=request.estate.centre_name,
                         letters=AuthorisationLetter.objects.of(request.estate).filter(pk__in=[letter.pk for letter in letters]).select_related("agent"),
                         initial={"method": ways[0][0], "bank": row.bank})
    if request.method == "POST" and (back := form.perform(deposit_returns.ask_deposit_return, row, by=request.user)):
        return done(request, f"已申请退押金 {yuan(back.refund)} 元，等别的主管批准；现在不给钱。", back)
    return render(request, "billing/deposits/ask.html", {
        "deposit": row, "household": row.household, "form": form, "lines": lines, "owed": sum(line.due for line in lines), "inspects": inspects,
        "bounced": row.returns.exclude(bounced_at=None).select_related("paper").order_by("-pk").first(),
        "waiting": deposit_returns.waiting_return(row)})


@needs("billing.view_deposits")
@require_GET
def deposit_return(request, pk):
    return _return_page(request, _return(request, pk))


@needs("billing.approve_deposit_return")
@require_POST
def approve_deposit_return(request, pk):
    return _do(request, pk, deposit_returns.approve_deposit_return, DeskForm(request.POST), "approve", lambda b: f"已批准退 {yuan(b.refund)} 元，等财务付款。")


@needs("billing.refuse_deposit_return")
@require_POST
def refuse_deposit_return(request, pk):
    return _do(request, pk, deposit_returns.refuse_deposit_return, RefuseForm(request.POST), "refusal", lambda b: "没有批准，押金仍在押；原因申请人看得到。")


@needs("billing.withdraw_deposit_return")
@require_POST
def withdraw_deposit_return(request, pk):
    return _do(request, pk, deposit_returns.withdraw_deposit_return, WithdrawForm(request.POST), "withdrawal", lambda b: "已撤回，押金仍在押，可以重新申请。")


@needs("billing.pay_deposit_return")
@require_POST
def pay_deposit_return(request, pk):
    return _do(request, pk, deposit_returns.pay_deposit_return, PayForm(request.POST), "pay",
               lambda b: f"已付 {yuan(b.refund)} 元，押金退还单 {b.paper.number}。打印两联，收款人签字。")


@needs("billing.bounce_deposit_return")
@require_POST
def bounce_deposit_return(request, pk):
    return _do(request, pk, deposit_returns.bounce_deposit_return, BounceForm(request.POST), "bounce",
               lambda b: f"已登记退回，{yuan(b.refund)} 元仍在押，请前台重新申请。")


def _do(request, pk, act, form, name, words):
    row = _return(request, pk)
    if made := form.perform(act, row, by=request.user):
        return done(request, words(made), made)
    return _return_page(request, _return(request, pk), **{name: form})


def _return(request, pk):
    return get_object_or_404(DepositReturn.objects.of(request.estate).select_related(
        "deposit__household__unit__building", "deposit__household__estate", "deposit__paper", "deposit__cashier", "asked_by", "decided_by", "withdrawn_by",
        "paid_by", "bounced_by", "paper", "letter_use"), pk=pk)


def _return_page(request, back, *, approve=None, refusal=None, withdrawal=None, pay=None, bounce=None):
    deposit, state = back.deposit, back.state
    deductions = list(back.deductions.all())
    files = _files(request, back, deductions)
    first = back.paper.prints.select_related("by", "paper").first() if back.paper_id else None
    wrong = next((form for form in (approve, refusal, withdrawal, pay, bounce) if form is not None), None)
    return render(request, "billing/deposits/return.html", {
        "back": back, "state": state, "look": STATES[state], "wrong": wrong, "nobody": "、".join(dict.fromkeys((back.asked_by.name, deposit.cashier.name))),
        "deposit": deposit, "household": deposit.household, "letter": back.letter,
        "early": deposit.due_back_on and business_day(back.asked_at) < deposit.due_back_on,
        "deductions": [(row, files.get((row._meta.label_lower, row.pk), ())) for row in deductions],
        "own_files": files.get((back._meta.label_lower, back.pk), ()),
        "set_offs": list(back.set_offs.select_related("charge__fee_kind")),
        "approve": approve or DeskForm(auto_id=False), "refusal": refusal or RefuseForm(auto_id="refuse_%s"),
        "withdrawal": withdrawal or WithdrawForm(auto_id="withdraw_%s"), "pay": pay or PayForm(), "bounce": bounce or BounceForm(),
        "why_not": deposit_returns.why_not_approve(back, request.user) if may(request, "billing.approve_deposit_return") else "由主管批准。",
        "why_not_pay": deposit_returns.why_not_pay(back, request.user) if may(request, "billing.pay_deposit_return") else "由财务付款。",
        "may_refuse": state == "asked" and may(request, "billing.refuse_deposit_return") and request.user.pk != back.asked_by_id,
        "may_withdraw": state in ("asked", "approved") and may(request, "billing.withdraw_deposit_return"),
        "may_bounce": state == "paid" and back.refund and back.method != METHODS.PETTY_CASH and may(request, "billing.bounce_deposit_return"),
        "account": back.account_no if may(request, "billing.pay_deposit_return") and state == "approved" else back.account_masked,
        "print": first if first and first.open_to(request.user, at=now()) else None}, status=409 if wrong is not None else 200)


def _files(request, back, deductions):
    """{(row type, pk): files} of a return and its deductions, one query."""
    mine = Q(row_type=back._meta.label_lower, row_id=back.pk)
    if deductions:
        mine |= Q(row_type=deductions[0]._meta.label_lower, row_id__in=[row.pk for row in deductions])
    found = {}
    for file in File.objects.of(request.estate).there().filter(mine).order_by("pk"):
        found.setdefault((file.row_type, file.row_id), []).append(file)
    return found
