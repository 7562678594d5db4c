"""Refunds: asked from a household's credit, decided by another, paid by finance; what came of each (DOMAIN §2 Refund)."""
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing import refunds
from billing.cashier import waiting_credit
from billing.forms.refunds import AskRefundForm, BounceForm, PayRefundForm, RefuseForm, WithdrawForm
from billing.models import Refund, RefundPart
from billing.petty_cash import balance_of
from billing.refund_sources import leftovers, original_way
from households.agents import letters_of
from households.models import Household, Matter
from households.views.pages import done, form_page
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import now, today
from servicecentre.staff.access import may, needs

PER_PAGE = 50
# What a list and a page show of each state: colour, icon, word.
STATES = {"asked": ("warn", "clock", "等批准"), "approved": ("warn", "clock", "等财务付"), "paid": ("ok", "ok", "已付"),
          "refused": ("idle", "flag", "未批准"), "withdrawn": ("idle", "flag", "已撤回"), "bounced": ("bad", "bad", "银行退回")}


@needs("billing.ask_refund")
@require_http_methods(["GET", "HEAD", "POST"])
def ask_refund(request, pk):
    """Ask for credit back; ``?receipt=`` names the receipt whose page it came from."""
    household = get_object_or_404(Household.objects.of(request.estate).select_related("unit__building", "estate"), pk=pk)
    sources = leftovers(household)
    letters = [letter for letter in letters_of(household, today()) if not letter.why and Matter.REFUND in letter.matters]
    named = next(((payment, fen) for payment, fen in sources if str(payment.pk) == request.GET.get("receipt")), None)
    credit = sum(source.left for source in waiting_credit(household))
    way = original_way([named] if named else [(source, source.left) for source in waiting_credit(household)])
    form = AskRefundForm(request.POST or None, sources=sources, letters=letters, initial={
        "receipt": named and named[0].pk, "amount": named[1] if named else credit or None,
        "method": Refund.Method.ORIGINAL if way.fen else Refund.Method.TRANSFER, "payee_name": named[0].payer_name if named else household.owner_names[:60]})
    if request.method == "POST" and (made := form.perform(refunds.ask_refund, household, by=request.user)):
        return done(request, f"已申请退款 {yuan(made.amount)} 元，等别的主管批准，再由财务付。这笔钱已留出，不会再抵别的。", made)
    held = refunds.held(household)
    about = f"{household.unit.code} {household.owner_names} · 预存可退 {yuan(credit)} 元{f' · 已在办退款 {yuan(held)} 元' if held else ''}"
    return form_page(request, form, title="申请退款", button="申请退款", busy="正在申请，请稍等", back=reverse("billing:account", args=[household.pk]),
                     about=f"{about}{f' · 原来怎么收的：{way.text}' if named and way.text else ''}", wide=True)


@needs("billing.view_refunds")
@require_GET
def show_refunds(request):
    """Those that wait first, then the ended ones, newest first."""
    every = Refund.objects.of(request.estate).select_related("household__unit", "asked_by", "decided_by", "paid_by", "paper")
    waiting = _with_words(every.waiting().order_by("pk"))
    page = Paginator(every.exclude(pk__in=Refund.objects.of(request.estate).waiting()).order_by("-asked_at", "-pk"), PER_PAGE).get_page(
        request.GET.get("page"))
    page.object_list = _with_words(page.object_list)
    return render(request, "billing/refunds/refunds.html", {"waiting": waiting, "page": page})


def _with_words(rows):
    return [(row, *STATES[row.state]) for row in rows]


@needs("billing.view_refunds")
@require_GET
def refund(request, pk):
    """One refund: whose money, why, to whom, and who may do what is next."""
    return _page(request, _refund(request, pk))


@needs("billing.approve_refund")
@require_POST
def approve_refund(request, pk):
    """Let finance pay it."""
    return _do(request, pk, refunds.approve_refund, DeskForm(request.POST), "form", lambda r: f"已批准退款 {yuan(r.amount)} 元，等财务付。")


@needs("billing.refuse_refund")
@require_POST
def refuse_refund(request, pk):
    """Do not give it back, and say why."""
    return _do(request, pk, refunds.refuse_refund, RefuseForm(request.POST), "refusal", lambda r: "不退，钱仍是该户的预存。")


@needs("billing.withdraw_refund")
@require_POST
def withdraw_refund(request, pk):
    """Take the asking back."""
    return _do(request, pk, refunds.withdraw_refund, WithdrawForm(request.POST), "withdrawal", lambda r: "已撤回，钱仍是该户的预存。")


@needs("billing.pay_refund")
@require_POST
def pay_refund(request, pk):
    """Pay it and print the slip."""
    return _do(request, pk, refunds.pay_refund, PayRefundForm(request.POST, refund=_refund(request, pk)), "paying",
               lambda r: f"已付退款 {yuan(r.amount)} 元，退款单 {r.paper}，请收款人签字。")


@needs("billing.bounce_refund")
@require_POST
def bounce_refund(request, pk):
    """The bank sent it back."""
    return _do(request, pk, refunds.bounce_refund, BounceForm(request.POST), "bounce", lambda r: f"已登记银行退回，{yuan(r.amount)} 元转回该户预存。")


def _do(request, pk, act, form, name, words):
    row = _refund(request, pk)
    if made := form.perform(act, row, by=request.user):
        return done(request, words(made), made)
    return _page(request, row, **{name: form})


def _refund(request, pk):
    rows = Refund.objects.of(request.estate).select_related(
        "household__unit__building", "estate", "receipt__paper", "letter__agent", "asked_by", "decided_by", "withdrawn_by", "paid_by", "bounced_by", "paper")
    parts = RefundPart.objects.of(request.estate).select_related("payment__paper", "payment__cashier", "credit__charge__fee_kind").order_by("pk")
    return get_object_or_404(rows.prefetch_related(Prefetch("parts", parts)), pk=pk)


def _page(request, row, *, form=None, refusal=None, withdrawal=None, paying=None, bounce=None):
    state = row.state
    printed = row.paper and row.paper.prints.select_related("paper", "by").first()
    why_not_pay = refunds.why_not_pay(row, request.user) if state == "approved" and may(request, "billing.pay_refund") else None
    wrong = next((f for f in (form, refusal, withdrawal, paying, bounce) if f is not None), None)
    return render(request, "billing/refunds/refund.html", {
        "refund": row, "household": row.household, "state": state, "look": STATES[state], "wrong": wrong,
        "form": form or DeskForm(auto_id=False), "refusal": refusal or RefuseForm(auto_id="refuse_%s"),
        "withdrawal": withdrawal or WithdrawForm(auto_id="withdraw_%s"), "paying": paying or PayRefundForm(refund=row),
        "bounce": bounce or BounceForm(),
        "why_not": refunds.why_not(row, request.user) if may(request, "billing.approve_refund") else "由主管批准。",
        "may_refuse": state == "asked" and may(request, "billing.refuse_refund") and request.user.pk != row.asked_by_id,
        "may_withdraw": state in ("asked", "approved") and may(request, "billing.withdraw_refund"),
        "may_pay": may(request, "billing.pay_refund") and state == "approved" and not why_not_pay, "why_not_pay": why_not_pay,
        "may_bounce": state == "paid" and row.method != Refund.Method.CASH and may(request, "billing.bounce_refund"),
        "petty": balance_of(request.estate) if state == "approved" and row.method == Refund.Method.CASH else None,
        "print": printed if printed and printed.open_to(request.user, at=now()) else None,
    }, status=409 if wrong is not None else 200)
