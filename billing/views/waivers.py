"""One bill with all that became of it; a waiver asked for it and decided; a wrong one billed anew; what waits for a second person."""
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from billing import one_off, second_person, waivers
from billing.explain import lines_of, paid_state
from billing.forms.refunds import AskWaiverForm, RefuseForm
from billing.models import (
    Allocation,
    Charge,
    DepositReturn,
    DepositVoid,
    Rebill,
    RebillAsked,
    ReceiptVoid,
    Refund,
    VacancyApplication,
    Waiver,
)
from billing.refund_sources import cashiers_of_lines, cashiers_of_refunds
from households.views.pages import done, form_page
from servicecentre.files.models import File
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import now, today
from servicecentre.staff.access import may, needs

PER_PAGE = 50


@needs("billing.view_account")
@require_GET
def charge(request, pk):
    """How a line came to its sum, what paid it, what was forgiven, and which one it stands for."""
    row = charge_of(request, pk)
    settled = Allocation.objects.of(request.estate).filter(charge=row).select_related("payment__paper", "credit", "receipt__paper").order_by("pk")
    pairs = Rebill.objects.of(request.estate).select_related("old__fee_kind", "new__fee_kind", "by")
    live = row.voided_at is None
    return render(request, "billing/refunds/charge.html", {
        "charge": row, "household": row.household, "line": lines_of([row], today())[0], "look": paid_state(row, today()), "settled": list(settled),
        "waivers": list(Waiver.objects.of(request.estate).filter(charge=row).select_related("asked_by", "decided_by", "paper").order_by("pk")),
        "instead": pairs.filter(new=row).first(), "by_another": pairs.filter(old=row).first(),
        "may_void_once": live and not row.paid and may(request, "billing.void_once") and one_off.by_hand(row),
        "may_waive": live and row.due > 0 and may(request, "billing.ask_waiver"),
        "asked": RebillAsked.objects.of(request.estate).undecided().filter(charge=row).select_related("asked_by").first(),
        "rebill": next((act for act in ("void_and_rebill", "ask_rebill") if live and not row.opening_id and may(request, f"billing.{act}")), "")})


@needs("billing.ask_waiver")
def ask_waiver(request, pk):
    row = charge_of(request, pk)
    form = AskWaiverForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and (made := form.perform(waivers.ask_waiver, row, by=request.user)):
        return done(request, f"已申请减免 {yuan(made.amount)} 元，等别的主管批准。", made)
    return form_page(request, form, title="申请减免", button="申请减免", busy="正在申请，请稍等", back=url_of(row),
                     about=f"{row.household.unit.code} {row}，应收 {yuan(row.amount)} 元，还欠 {yuan(row.due)} 元")


@needs("billing.view_refunds")
@require_GET
def show_waivers(request):
    """Those that wait first, then the decided ones, newest first."""
    every = Waiver.objects.of(request.estate).select_related("household__unit", "charge__fee_kind", "asked_by", "decided_by", "paper")
    page = Paginator(every.exclude(approved=None).order_by("-decided_at", "-pk"), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "billing/refunds/waivers.html", {"waiting": list(every.undecided().order_by("pk")), "page": page})


@needs("billing.view_refunds")
@require_GET
def waiver(request, pk):
    return _page(request, _waiver(request, pk))


@needs("billing.waive_charge")
@require_POST
def waive_charge(request, pk):
    """Forgive it."""
    row, form = _waiver(request, pk), DeskForm(request.POST)
    if made := form.perform(waivers.waive_charge, row, by=request.user):
        return done(request, f"已减免 {yuan(made.amount)} 元，减免单 {made.paper}。", made)
    return _page(request, row, form=form)


@needs("billing.refuse_waiver")
@require_POST
def refuse_waiver(request, pk):
    """Do not forgive it, and say why."""
    row, form = _waiver(request, pk), RefuseForm(request.POST)
    if made := form.perform(waivers.refuse_waiver, row, by=request.user):
        return done(request, "不减免，照应收收。", made)
    return _page(request, row, refusal=form)


@needs("billing.view_refunds")
@require_GET
def approvals(request):
    """All that waits for a second person in one list, the oldest first; one's own are locked, with the sentence why (design/screens 29c)."""
    estate, user = request.estate, request.user
    voids = ReceiptVoid.objects.of(estate).filter(approved=None).select_related("payment__household__unit", "payment__paper", "asked_by", "estate")
    asked = Refund.objects.of(estate).undecided().select_related("household__unit", "asked_by", "estate")
    forgiven = Waiver.objects.of(estate).undecided().select_related("household__unit", "charge__fee_kind", "asked_by", "estate")
    rows = [("作废收据", v, v.payment.household, v.payment.total, f"收据 {v.payment}，{v.get_reason_display()}，{v.words}",
             {v.cashier_id, v.payment.cashier_id}) for v in voids]
    takers, of_line = cashiers_of_refunds(list(asked)), cashiers_of_lines(list(forgiven))
    rows += [("退款", r, r.household, r.amount, f"{r.get_reason_display()}，{r.words}", takers[r.pk]) for r in asked]
    rows += [("减免", w, w.household, w.amount, f"{w.charge}，{w.reason}", of_line[w.pk]) for w in forgiven]
    returns = DepositReturn.objects.of(estate).undecided().select_related("deposit__household__unit", "deposit__paper", "asked_by")
    rows += [("退押金", b, b.deposit.household, b.refund, f"押金 {b.deposit}{f'，扣 {yuan(b.deducted)}' if b.deducted else ''}", {b.cashier_id})
             for b in returns]
    anew = RebillAsked.objects.of(estate).undecided().select_related("charge__household__unit", "charge__fee_kind", "asked_by")
    rows += [("作废重出", a, a.charge.household, a.amount, f"{a.charge}，原来 {yuan(a.charge.amount)} 元，{a.reason}", set()) for a in anew]
    deposit_voids = DepositVoid.objects.of(estate).undecided().select_related("deposit__household__unit", "deposit__paper", "asked_by")
    rows += [("作废押金收据", v, v.deposit.household, v.deposit.amount, f"押金 {v.deposit}，{v.words}", {v.cashier_id}) for v in deposit_voids]
    if may(request, "billing.view_vacancies"):
        spells = VacancyApplication.objects.of(estate).asked().select_related("household__unit", "asked_by")
        rows += [("空置申请", s, s.household, None, f"{s.spell_from} 起空着，{s.get_reason_display()}，凭{s.get_proof_display()}", set()) for s in spells]
    rows.sort(key=lambda row: (row[1].asked_at, row[1].pk))
    locked = _locks(request, rows)
    to_pay = [("退款", r, r.household, r.payee_name, r.amount) for r in Refund.objects.of(estate).to_pay().select_related("household__unit", "decided_by")]
    to_pay += [("退押金", b, b.deposit.household, b.account_name, b.refund) for b in DepositReturn.objects.of(estate).to_pay().select_related(
        "deposit__household__unit", "decided_by")]
    to_pay.sort(key=lambda row: (row[1].decided_at, row[1].pk))
    return render(request, "billing/refunds/approvals.html", {
        "rows": [(*row[:5], why) for row, why in zip(rows, locked, strict=True)], "to_pay": to_pay, "mine": sum(row[1].asked_by_id == user.pk for row in rows)})


def _locks(request, rows):
    """Why this user may not decide each row, "" where they may; no query a row."""
    rights = {"作废收据": "billing.void_receipt", "退款": "billing.approve_refund", "减免": "billing.waive_charge", "退押金": "billing.approve_deposit_return",
              "作废重出": "billing.approve_rebill", "作废押金收据": "billing.void_deposit", "空置申请": "billing.approve_vacancy"}
    managers = second_person.managers(request.estate)
    return [second_person.refusal(request.user.pk, request.roles, managers, asked_by=row[1].asked_by_id, cashiers=row[5])
            if may(request, rights[row[0]]) else "由主管批准。" for row in rows]


def charge_of(request, pk):
    """The line of this estate, with what its pages say of it."""
    rows = Charge.objects.of(request.estate).with_mended().select_related("household__unit__building", "household__estate", "fee_kind", "price", "made_by",
                                                                           "voided_by", "unit")
    return get_object_or_404(rows, pk=pk)


def url_of(row):
    """Its page."""
    return reverse("billing:charge", args=[row.pk])


def _waiver(request, pk):
    return get_object_or_404(Waiver.objects.of(request.estate).select_related(
        "household__unit__building", "estate", "charge__fee_kind", "asked_by", "decided_by", "paper"), pk=pk)


def _page(request, row, *, form=None, refusal=None):
    printed = row.paper and row.paper.prints.select_related("paper", "by").first()
    return render(request, "billing/refunds/waiver.html", {
        "files": list(File.objects.of(request.estate).there().filter(row_type="billing.waiver", row_id=row.pk).newest_first()),
        "waiver": row, "charge": row.charge, "household": row.household, "waiting": row.approved is None, "wrong": form or refusal,
        "form": form or DeskForm(auto_id=False), "refusal": refusal or RefuseForm(),
        "why_not": waivers.why_not(row, request.user) if may(request, "billing.waive_charge") else "由主管批准。",
        "may_refuse": may(request, "billing.refuse_waiver") and request.user.pk != row.asked_by_id,
        "print": printed if printed and printed.open_to(request.user, at=now()) else None}, status=409 if form or refusal else 200)

