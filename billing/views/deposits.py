"""The ledger of deposits: taken, asked back, approved, paid, void; each by its own door (DOMAIN §2 Deposits, design/screens 29–29c)."""
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing import deposits, second_person
from billing.explain import open_lines
from billing.export import deposits_table, log_deposits_export
from billing.forms.deposits import AskReturnForm, LedgerFilter, PayForm, RefuseForm, TakeForm, VoidForm
from billing.models import Deposit, DepositMove, DepositReturn
from households.agents import letters_of
from households.models import AuthorisationLetter, Household, Matter
from households.views.exporting import ReasonForm, export_page
from households.views.pages import done, form_page
from servicecentre.estates.models import RenovationPolicy
from servicecentre.files.models import File
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import now, today
from servicecentre.staff.access import may, needs

PER_PAGE, WAITING = 50, 20
METHODS = DepositReturn.Method
READ = ["GET", "HEAD", "POST"]


@needs("billing.view_deposits")
@require_GET
def show_deposits(request):
    """What is held, of which kind, for how long, and what may be given back; returns that wait for somebody."""
    form = LedgerFilter({"state": "held"} | request.GET.dict())
    form.is_valid()
    day, rows = today(), Deposit.objects.of(request.estate)
    waiting = DepositReturn.objects.of(request.estate).exclude(approved=False).filter(paid_at=None)
    shown = _filtered(rows.annotate(going=Exists(waiting.filter(deposit=OuterRef("pk")))), form.cleaned_data, day)
    page = Paginator(shown.select_related("household__unit", "paper").order_by("due_back_on", "pk"), PER_PAGE).get_page(request.GET.get("page"))
    for deposit in page.object_list:
        deposit.state, deposit.days = _state(deposit, day), (day - deposit.day).days
    waiting = list(waiting.select_related("deposit__household__unit", "deposit__paper", "asked_by", "decided_by").order_by("pk")[:WAITING])
    managers = second_person.managers(request.estate)
    for back in waiting:
        back.stage = "等财务付" if back.approved else "等主管批"
        back.why_not = deposits.why_not_pay(back, request.user) if back.approved else second_person.refusal(
            request.user.pk, request.roles, managers, asked_by=back.asked_by_id, cashiers={back.cashier_id})
    return render(request, "billing/deposits/ledger.html", {
        "form": form, "page": page, "waiting": waiting, "kinds": _kinds(rows), "book": _book(request.estate),
        "due": rows.to_give_back(on=day).aggregate(n=Count("pk"), fen=Sum("held", default=0))})


def _filtered(rows, clean, day):
    if kind := clean.get("kind"):
        rows = rows.filter(kind=kind)
    return {"due": rows.to_give_back(on=day), "waiting": rows.filter(going=True), "done": rows.live().filter(held=0),
            "void": rows.exclude(voided_at=None), "all": rows}.get(clean.get("state"), rows.held())


def _kinds(rows):
    """[(kind, label, fen, number)] of what is held, by kind."""
    sums = {row["kind"]: row for row in rows.held().order_by().values("kind").annotate(fen=Sum("held"), n=Count("pk"))}
    return [(kind, kind.label, int(sums[kind]["fen"]), sums[kind]["n"]) for kind in Deposit.Kind if kind in sums]


def _book(estate):
    """What came in, went back, was taken off and set off, and what is held: the sums that must agree."""
    kinds = DepositMove.Kind
    sums = {kind: 0 for kind in kinds} | {row["kind"]: int(row["fen"]) for row in DepositMove.objects.of(estate).order_by().values("kind").annotate(
        fen=Sum("amount"))}
    held = int(Deposit.objects.of(estate).aggregate(fen=Sum("held", default=0))["fen"])
    out = sums[kinds.RETURNED] + sums[kinds.DEDUCTED] + sums[kinds.SET_OFF]
    return {"taken": sums[kinds.TAKEN] - sums[kinds.VOIDED], "returned": sums[kinds.RETURNED], "deducted": sums[kinds.DEDUCTED],
            "set_off": sums[kinds.SET_OFF], "held": held, "agrees": sums[kinds.TAKEN] - sums[kinds.VOIDED] - out == held}


def _state(deposit, day):
    """(kind, icon, word): may it be had back?"""
    if deposit.voided_at:
        return "bad", "bad", "作废"
    if not deposit.held:
        return "idle", "ok", "已退清"
    if getattr(deposit, "going", False):
        return "run", "run", "正在退"
    if deposit.due_back_on is None:
        return "idle", "clock", "没定哪天退"
    if deposit.due_back_on <= day:
        late = (day - deposit.due_back_on).days
        return ("warn", "warn", f"可退 {late} 天了，没来领") if late else ("ok", "ok", "今天起可退")
    return "idle", "clock", f"{deposit.due_back_on:%Y-%m-%d} 起可退"


@needs("billing.take_deposit")
@require_http_methods(READ)
def take_deposit(request, pk):
    """Take a deposit of a household; the sum is proposed where the estate has set one."""
    household = get_object_or_404(Household.objects.of(request.estate).live().select_related("unit", "estate"), pk=pk)
    kind = request.GET.get("kind") if request.GET.get("kind") in Deposit.Kind.values else Deposit.Kind.RENOVATION
    policy = RenovationPolicy.of(request.estate)
    usual = {Deposit.Kind.RENOVATION: policy.deposit, Deposit.Kind.PASS: policy.pass_deposit}
    form = TakeForm(request.POST or None, initial={"kind": kind, "amount": usual.get(kind) or None, "payer_name": household.owner_names[:60]})
    if request.method == "POST" and (made := form.perform(deposits.take_deposit, household, by=request.user)):
        return done(request, f"已收押金 {yuan(made.amount)} 元，押金收据 {made.paper.number}。"
                    f"{f'找零 {yuan(form.change)} 元。' if form.change else ''}", made)
    return render(request, "billing/deposits/take.html", {
        "household": household, "form": form, "usual": [(label.label, fen) for label, fen in usual.items() if fen]})


@needs("billing.view_deposits")
@require_GET
def deposit(request, pk):
    """One deposit with its statement: each move, each return, who has it printed."""
    row = _deposit(request, pk)
    first = row.paper.prints.select_related("by", "paper").first()
    waiting = deposits.waiting_return(row)
    held, moves = 0, list(row.moves.select_related("by", "giving_back", "credit"))
    for move in moves:
        held += move.amount if move.kind == DepositMove.Kind.TAKEN else -move.amount
        move.held = held
    return render(request, "billing/deposits/deposit.html", {
        "deposit": row, "household": row.household, "moves": moves, "state": _state(row, today()), "waiting": waiting,
        "returns": list(row.returns.select_related("asked_by", "decided_by", "paper").order_by("-pk")), "days": (today() - row.day).days,
        "print": first if first.open_to(request.user, at=now()) else None,
        "may_ask": may(request, "billing.ask_deposit_return") and row.held and not waiting,
        "may_void": may(request, "billing.void_deposit") and deposits.why_no_void(row, request.user) is None})


@needs("billing.void_deposit")
@require_http_methods(READ)
def void_deposit(request, pk):
    """A mistake of today, by another than who took it."""
    row = _deposit(request, pk)
    form = VoidForm(request.POST or None)
    if request.method == "POST" and (gone := form.perform(deposits.void_deposit, row, by=request.user)):
        return done(request, f"押金收据 {gone.paper.number} 已作废，{yuan(gone.amount)} 元从钱箱当面退回。", gone)
    return form_page(request, form, title=f"作废押金收据 {row}", button=f"作废 {yuan(row.amount)} 元", busy="正在作废，请稍等", back=row.get_absolute_url(),
                     about="号码保留，三联收回；钱从今天的钱箱当面退回")


@needs("billing.ask_deposit_return")
@require_http_methods(READ)
def ask_deposit_return(request, pk):
    """Ask that it be given back: papers, deductions, arrears, where to."""
    row = _deposit(request, pk)
    lines = list(open_lines(row.household))
    letters = [letter for letter in letters_of(row.household, today()) if Matter.REFUND in letter.matters]
    ways = [(code, label) for code, label in METHODS.choices if code != METHODS.SAME_WAY or row.method != "cash"]
    form = AskReturnForm(request.POST or None, request.FILES or None, lines=lines, ways=ways,
                         letters=AuthorisationLetter.objects.of(request.estate).filter(pk__in=[letter.pk for letter in letters]).select_related("agent"),
                         initial={"method": ways[0][0], "bank": row.bank})
    if request.method == "POST" and (back := form.perform(deposits.ask_deposit_return, row, by=request.user)):
        return done(request, f"已申请退押金 {yuan(back.refund)} 元，等别的主管批准；现在不给钱。", back)
    return render(request, "billing/deposits/ask.html", {
        "deposit": row, "household": row.household, "form": form, "lines": lines, "owed": sum(line.due for line in lines),
        "waiting": deposits.waiting_return(row)})


@needs("billing.view_deposits")
@require_GET
def deposit_return(request, pk):
    return _return_page(request, _return(request, pk))


@needs("billing.approve_deposit_return")
@require_POST
def approve_deposit_return(request, pk):
    row, form = _return(request, pk), DeskForm(request.POST)
    if back := form.perform(deposits.approve_deposit_return, row, by=request.user):
        return done(request, f"已批准退 {yuan(back.refund)} 元，等财务付款。", back)
    return _return_page(request, _return(request, pk), approve=form)


@needs("billing.refuse_deposit_return")
@require_POST
def refuse_deposit_return(request, pk):
    row, form = _return(request, pk), RefuseForm(request.POST)
    if back := form.perform(deposits.refuse_deposit_return, row, by=request.user):
        messages.success(request, "没有批准，押金仍在押；原因申请人看得到。")
        return redirect(back)
    return _return_page(request, _return(request, pk), refusal=form)


@needs("billing.pay_deposit_return")
@require_POST
def pay_deposit_return(request, pk):
    row, form = _return(request, pk), PayForm(request.POST)
    if back := form.perform(deposits.pay_deposit_return, row, by=request.user):
        return done(request, f"已付 {yuan(back.refund)} 元，押金退还单 {back.paper.number}。打印两联，收款人签字。", back)
    return _return_page(request, _return(request, pk), pay=form)


@needs("billing.export_deposits")
@require_http_methods(READ)
def export_deposits(request):
    return export_page(
        request, ReasonForm, log_deposits_export, lambda form: [deposits_table(request.estate)],
        name=lambda form: f"押金 {request.estate.slug} {today()}.xlsx", title="导出押金", back=reverse("billing:deposits"),
        about="一笔一行：押金收据、房号、交款人、类别、金额、在押、最早退还日；证件号码、账号不导出。")


def _deposit(request, pk):
    return get_object_or_404(Deposit.objects.of(request.estate).select_related("household__unit__building", "household__estate", "paper", "cashier",
                                                                               "voided_by"), pk=pk)


def _return(request, pk):
    return get_object_or_404(DepositReturn.objects.of(request.estate).select_related(
        "deposit__household__unit__building", "deposit__paper", "deposit__cashier", "asked_by", "decided_by", "paid_by", "paper", "letter_use"), pk=pk)


def _return_page(request, back, approve=None, refusal=None, pay=None):
    deposit = back.deposit
    deductions = list(back.deductions.all())
    files = _files(request, back, deductions)
    first = back.paper.prints.select_related("by", "paper").first() if back.paper_id else None
    why_not = deposits.why_not_approve(back, request.user) if may(request, "billing.approve_deposit_return") else "由主管批准。"
    why_not_pay = deposits.why_not_pay(back, request.user) if may(request, "billing.pay_deposit_return") else "由财务付款。"
    return render(request, "billing/deposits/return.html", {
        "back": back, "nobody": "、".join(dict.fromkeys((back.asked_by.name, deposit.cashier.name))), "deposit": deposit, "household": deposit.household,
        "letter": back.letter,
        "deductions": [(row, files.get((row._meta.label_lower, row.pk), ())) for row in deductions],
        "own_files": files.get((back._meta.label_lower, back.pk), ()),
        "set_offs": list(back.set_offs.select_related("charge__fee_kind")),
        "approve": approve or DeskForm(auto_id=False), "refusal": refusal or RefuseForm(), "pay": pay or PayForm(), "why_not": why_not,
        "may_refuse": may(request, "billing.refuse_deposit_return") and request.user.pk != back.asked_by_id, "why_not_pay": why_not_pay,
        "account": back.account_no if may(request, "billing.pay_deposit_return") and not back.paid_at else back.account_masked,
        "print": first if first and first.open_to(request.user, at=now()) else None}, status=409 if approve or refusal or pay else 200)


def _files(request, back, deductions):
    """{(row type, pk): files} of a return and its deductions, one query."""
    mine = Q(row_type=back._meta.label_lower, row_id=back.pk)
    if deductions:
        mine |= Q(row_type=deductions[0]._meta.label_lower, row_id__in=[row.pk for row in deductions])
    found = {}
    for file in File.objects.of(request.estate).there().filter(mine).order_by("pk"):
        found.setdefault((file.row_type, file.row_id), []).append(file)
    return found
