"""The counter: choose a household, take its money, hand over the receipt; its account and the day's payments."""
from urllib.parse import urlsplit

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Sum
from django.forms.utils import ErrorDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import get_script_prefix, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing.ahead import months_ahead, net, year_offer
from billing.cashier import collect_payment, key_served, shown, use_credit, waiting_credit
from billing.corrections import off_words
from billing.explain import formula, lines_of, open_lines, paid_state, period_text
from billing.forms.counter import CollectForm, PaymentsFilter, UseCreditForm
from billing.models import BillingPolicy, Charge, Payment, PaymentPart, ReceiptVoid
from billing.prepayments import balance_of
from billing.refunds import held
from billing.slips import by_charge
from households.models import Household, Resident
from servicecentre.kit.periods import now, today
from servicecentre.kit.refused import Refused
from servicecentre.roles import Role
from servicecentre.staff.access import may, needs

RECENT, PER_PAGE = 12, 50


@needs("billing.collect_payment")
@require_GET
def counter(request):
    """Whom to take money of: the search box, households that paid today, one's own receipts of today."""
    payments = _spoken(Payment.objects.of(request.estate).filter(day=today()).order_by("-pk"))
    households = {}
    for payment in payments[:4 * RECENT]:
        households.setdefault(payment.household_id, payment)
    mine = list(payments.filter(cashier=request.user)[:PER_PAGE])
    return render(request, "billing/counter.html", {"recent": list(households.values())[:RECENT], "mine": mine, "find_focus": True, "find_to": "collect"})


@needs("billing.collect_payment")
@require_http_methods(["GET", "HEAD", "POST"])
def collect(request, pk):
    """Take money of one household; what it owes, each line explained, and the till."""
    household = _household(request, pk)
    most = BillingPolicy.of(request.estate).months_ahead_max
    if "stay" in request.POST:                           # 预交's sum is asked for; or no button was pressed: Enter, where there are no scripts
        return _collect_page(request, household, _as_typed(request, most))
    form = CollectForm(request.POST or None, initial={**_proposed_payer(household), "ahead": request.GET.get("ahead", "")}, most_ahead=most)
    if request.method == "POST" and (payment := form.perform(collect_payment, household, by=request.user)):
        if getattr(payment, "is_repeat", False):
            messages.info(request, f"已办理：这一笔刚才已收，收据 {payment}，没有再收一次。")
        back = _within(request, request.POST.get("next", ""))
        return redirect(reverse("billing:collected", args=[payment.pk]) + (f"?next={back}" if back else ""))
    return _collect_page(request, household, form)


def _proposed_payer(household):
    """Who is expected at the counter: the tenant where the lease of today says so, else the owners."""
    tenant = household.residents.living(on=today()).filter(fee_payer=Resident.FeePayer.TENANT).select_related("person").order_by("-pk").first()
    if tenant:
        return {"payer_name": tenant.person.name[:60], "payer_relation": Payment.Relation.TENANT}
    return {"payer_name": household.owner_names[:60]}


@needs("billing.use_credit")
@require_POST
def settle_from_credit(request, pk):
    """Settle the chosen lines from waiting credit alone; no receipt."""
    household = _household(request, pk)
    form = UseCreditForm(request.POST)
    if form.perform(use_credit, household, by=request.user):
        messages.success(request, "已用预存抵费用，没有收钱，不开收据。")
        return redirect("billing:collect", household.pk)
    return _collect_page(request, household, _as_typed(request, BillingPolicy.of(request.estate).months_ahead_max, form.errors))


def _as_typed(request, most, errors=None):
    """The till's form with what was typed and only these errors: it is shown, not judged."""
    typed = CollectForm(request.POST, most_ahead=most)
    typed._errors, typed.cleaned_data = ErrorDict() if errors is None else errors, {}
    return typed


def _household(request, pk):
    return get_object_or_404(Household.objects.of(request.estate).select_related("unit__building", "estate"), pk=pk)


def _collect_page(request, household, form):
    charges = list(open_lines(household))
    lines = lines_of(charges, today(), form.ticked())
    credit = sum(source.left for source in waiting_credit(household))
    stale = "due_shown" in form.errors
    coming, wrong = _coming(household, form.months_ahead())
    return render(request, "billing/collect.html", {
        "find_to": "collect", "household": household, "form": form, "lines": lines, "owed": sum(line.due for line in lines), "credit": credit,
        "prepaid": balance_of(household),
        "due_shown": shown(charges, credit, len({line.month for line in coming}), net(coming)), "coming": coming,
        "ahead_wrong": wrong, "offer": year_offer(BillingPolicy.of(request.estate)), "request_key": _key(form), "unit": household.unit, "stale": stale,
        "area": household.unit.area_on(today()), "back": _within(request, request.POST.get("next") or request.GET.get("next", "")),
        "off": off_words(household), "total": sum(line.due for line in lines if line.ticked) + net(coming),
        "ticked": sum(line.ticked for line in lines) + len(coming), "coming_total": net(coming),
        "receipts": _spoken(Payment.objects.of(request.estate).filter(household=household).order_by("-pk"))[:5],
    }, status=409 if stale else 200)


def _coming(household, n):
    """The months that would be billed ahead, and why not where they can't be."""
    try:
        return months_ahead(household, n), ""
    except Refused as refused:
        return [], " ".join(refused.messages)


def _key(form):
    """The form's own key, while it is one and served nothing: a used one would answer with the first payment for ever."""
    key = form["request_key"].value()
    if form.is_bound and (not key or "request_key" in form.errors or key_served(key)):
        return form.fields["request_key"].initial
    return key


def _within(request, address):
    """A path inside this estate, or nothing: whoever made the link sends nobody elsewhere (TRUST T13)."""
    path = urlsplit(address).path if url_has_allowed_host_and_scheme(address, allowed_hosts=None) else ""
    return address if path.startswith(get_script_prefix()) and ".." not in path else ""


@needs("billing.collect_payment")
@require_GET
def collected(request, pk):
    """What was just taken: the receipt prints at once, the change to give, what is still due."""
    payment = get_object_or_404(_spoken(Payment.objects.of(request.estate)), pk=pk)
    first = payment.paper.prints.select_related("by").first()
    still = list(open_lines(payment.household))
    return render(request, "billing/collected.html", {
        "find_to": "collect", "payment": payment, "household": payment.household, "content": payment.paper.content, "print": first, "credit": None,
        "open": first.open_to(request.user, at=now()), "still": still, "owed": sum(line.due for line in still),
        "back": _within(request, request.GET.get("next", ""))})


@needs("billing.view_account")
@require_GET
def account(request, pk):
    """All that a household was ever billed, and all that it paid."""
    household = _household(request, pk)
    of_payments = request.GET.get("show") == "receipts"
    charges = Charge.objects.of(request.estate).filter(household=household)
    payments = _spoken(Payment.objects.of(request.estate).filter(household=household))
    rows = payments.order_by("-pk") if of_payments else charges.with_mended().select_related("fee_kind").order_by("-due_on", "-period", "-pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    if not of_payments:
        page.object_list = [(charge, period_text(charge), formula(charge), *paid_state(charge, today())) for charge in page.object_list]
    return render(request, "billing/account.html", {
        "household": household, "page": page, "of_payments": of_payments, "owed": charges.owed(),
        "charge_count": charges.count(), "receipt_count": payments.count(),
        "paid": payments.live().aggregate(fen=Sum("total", default=0))["fen"],
        "credit": sum(source.left for source in waiting_credit(household)), "held": held(household),
        "may_collect": may(request, "billing.collect_payment")})


@needs("billing.view_payments")
@require_GET
def payments(request):
    """The payments of a day, by method, cashier and state, with the day's sums per method."""
    form = PaymentsFilter({"on": today().isoformat()} | request.GET.dict())
    day = form.day or today()
    rows = Payment.objects.of(request.estate).filter(day=day)
    form.offer(rows.order_by("cashier__name").values_list("cashier", "cashier__name").distinct())
    form.is_valid()
    chosen = form.cleaned_data
    if method := chosen.get("method"):
        rows = rows.filter(parts__method=method)
    if cashier := chosen.get("cashier"):
        rows = rows.filter(cashier=cashier)
    if state := chosen.get("state"):
        rows = rows.filter(voided_at__isnull=state == "live")
    parts = PaymentPart.objects.of(request.estate).filter(payment__in=rows.live())
    if method:
        parts = parts.filter(method=method)
    return render(request, "billing/payments.html", {
        "form": form, "day": day, "page": Paginator(_spoken(rows.order_by("-pk")), PER_PAGE).get_page(request.GET.get("page")),
        "totals": _totals(request, parts, day), "void_count": rows.exclude(voided_at=None).count()})


def _totals(request, parts, day):
    """[(label, count, fen)] per method; cash not for who counts it (DOMAIN §2 Cash-up: not shown until it is counted)."""
    blind = Role.CLERK in request.roles and not request.roles & {Role.MANAGER, Role.FINANCE} and day == today()
    sums = {row["method"]: row for row in parts.values("method").annotate(n=Count("pk"), fen=Sum("amount")).order_by()}
    rows = [(method.label, sums[method]["n"], None if blind and method == PaymentPart.Method.CASH else int(sums[method]["fen"]))
            for method in PaymentPart.Method if method in sums]
    return {"rows": rows, "blind": blind and PaymentPart.Method.CASH in sums, "all": None if blind and PaymentPart.Method.CASH in sums
            else sum(fen for _, _, fen in rows)}


@needs("billing.view_payments")
@require_GET
def payment(request, pk):
    """One payment: what it settled then and later, how it came, its paper, and whether it is void."""
    row = get_object_or_404(_spoken(Payment.objects.of(request.estate)).select_related("shift"), pk=pk)
    settled = list(row.settled.select_related("charge__fee_kind"))
    later = list(row.allocations.exclude(receipt=row).select_related("charge__fee_kind", "receipt__paper"))
    voids = ReceiptVoid.objects.of(request.estate).filter(payment=row).select_related("asked_by", "decided_by", "paper").order_by("-pk")
    return render(request, "billing/payment.html", {
        "payment": row, "household": row.household, "lines": by_charge(settled), "later": later,
        "used": sum(a.amount for a in settled if a.payment_id != row.pk),
        "voids": list(voids),
        "replaces": ReceiptVoid.objects.of(request.estate).filter(reissued=row).select_related("payment__paper").first(),
        "may_ask": may(request, "billing.ask_void") and row.voided_at is None,
        "may_refund": may(request, "billing.ask_refund") and row.left > 0,
        "refunded": list(row.refund_parts.select_related("refund__paper").order_by("pk"))})


def _spoken(payments):
    """Payments with what a row of a list says about them; two queries."""
    return payments.select_related("household__unit__building", "household__estate", "paper", "cashier").prefetch_related("parts")
