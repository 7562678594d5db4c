"""The ledger of deposits: what is held, one taken, one void by two (DOMAIN §2 Deposits, design/screens 29–29c)."""
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, Sum
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing import deposit_returns, deposits, second_person
from billing.export import deposits_table, log_deposits_export
from billing.forms.deposits import AskVoidForm, LedgerFilter, RefuseVoidForm, TakeForm
from billing.models import Deposit, DepositMove, DepositReturn, DepositVoid
from households.models import Household
from households.views.exporting import ReasonForm, export_page
from households.views.pages import done, form_page
from servicecentre.estates.models import RenovationPolicy
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import now, today
from servicecentre.staff.access import may, needs

PER_PAGE, WAITING = 50, 20
# What a page shows of each state of a return: colour, icon, word.
STATES = {"asked": ("warn", "clock", "等主管批"), "approved": ("warn", "clock", "等财务付"), "paid": ("ok", "ok", "已付"),
          "refused": ("idle", "flag", "没有批"), "withdrawn": ("idle", "flag", "已撤回"), "bounced": ("bad", "bad", "被退回，仍在押")}
READ = ["GET", "HEAD", "POST"]


@needs("billing.view_deposits")
@require_GET
def show_deposits(request):
    """What is held, of which kind, for how long, and what may be given back; returns that wait for somebody."""
    form = LedgerFilter({"state": "held"} | request.GET.dict())
    form.is_valid()
    day, rows = today(), Deposit.objects.of(request.estate)
    waiting = DepositReturn.objects.of(request.estate).waiting()
    shown = _filtered(rows.annotate(going=Exists(waiting.filter(deposit=OuterRef("pk")))), form.cleaned_data, day)
    page = Paginator(shown.select_related("household__unit", "paper").order_by("due_back_on", "pk"), PER_PAGE).get_page(request.GET.get("page"))
    for deposit in page.object_list:
        deposit.state, deposit.days = _state(deposit, day), (day - deposit.day).days
    waiting = list(waiting.select_related("deposit__household__unit", "deposit__paper", "asked_by", "decided_by").order_by("pk")[:WAITING])
    managers = second_person.managers(request.estate)
    for back in waiting:
        back.stage = "等财务付" if back.approved else "等主管批"
        back.why_not = deposit_returns.why_not_pay(back, request.user) if back.approved else second_person.refusal(
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
    sums[kinds.RETURNED] -= sums[kinds.BOUNCED]
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
    row = deposit_of(request, pk)
    first = row.paper.prints.select_related("by", "paper").first()
    waiting, void = deposit_returns.waiting_return(row), row.voids.select_related("asked_by").order_by("-pk").first()
    asked, row.going = void is not None and void.approved is None, waiting is not None
    held, moves = 0, list(row.moves.select_related("by", "giving_back", "credit"))
    for move in moves:
        held += move.amount if move.kind in DepositMove.CAME_IN else -move.amount
        move.held = held
    return render(request, "billing/deposits/deposit.html", {
        "deposit": row, "household": row.household, "moves": moves, "state": _state(row, today()), "waiting": waiting, "void": void,
        "returns": [(back, *STATES[back.state]) for back in row.returns.select_related("asked_by", "decided_by", "paper").order_by("-pk")],
        "days": (today() - row.day).days,
        "print": first if first.open_to(request.user, at=now()) else None,
        "may_ask": may(request, "billing.ask_deposit_return") and row.held and not waiting and not asked,
        "may_void": may(request, "billing.ask_deposit_void") and not asked and deposits.why_not_voidable(row) is None})


@needs("billing.ask_deposit_void")
@require_http_methods(READ)
def ask_deposit_void(request, pk):
    """Ask that a mistake of today be void."""
    row = deposit_of(request, pk)
    form = AskVoidForm(request.POST or None)
    if request.method == "POST" and (made := form.perform(deposits.ask_deposit_void, row, by=request.user)):
        return done(request, "已申请作废，等别的主管批准；钱先不动。", made)
    return form_page(request, form, title=f"申请作废押金收据 {row}", button=f"申请作废 {yuan(row.amount)} 元", busy="正在申请，请稍等",
                     back=row.get_absolute_url(), about=f"只有当天收的能作废。批准后号码保留，三联收回；钱{deposits.way_back(row)}")


@needs("billing.view_deposits")
@require_GET
def deposit_void(request, pk):
    return _void_page(request, _void(request, pk))


@needs("billing.void_deposit")
@require_POST
def void_deposit(request, pk):
    """The receipt is void, by another than who asked and who took it."""
    row, form = _void(request, pk), DeskForm(request.POST)
    if made := form.perform(deposits.void_deposit, row, by=request.user):
        return done(request, f"押金收据 {made.deposit.paper} 已作废，{yuan(made.deposit.amount)} 元{deposits.way_back(made.deposit)}。", made)
    return _void_page(request, _void(request, pk), form=form)


@needs("billing.refuse_deposit_void")
@require_POST
def refuse_deposit_void(request, pk):
    row, form = _void(request, pk), RefuseVoidForm(request.POST)
    if made := form.perform(deposits.refuse_deposit_void, row, by=request.user):
        return done(request, "不作废，押金收据有效。", made)
    return _void_page(request, _void(request, pk), refusal=form)


@needs("billing.export_deposits")
@require_http_methods(READ)
def export_deposits(request):
    return export_page(
        request, ReasonForm, log_deposits_export, lambda form: [deposits_table(request.estate)],
        name=lambda form: f"押金 {request.estate.slug} {today()}.xlsx", title="导出押金", back=reverse("billing:deposits"),
        about="一笔一行：押金收据、房号、交款人、类别、金额、在押、最早退还日；证件号码、账号不导出。")


def deposit_of(request, pk):
    return get_object_or_404(Deposit.objects.of(request.estate).select_related("household__unit__building", "household__estate", "paper", "cashier",
                                                                               "voided_by"), pk=pk)


def _void(request, pk):
    return get_object_or_404(DepositVoid.objects.of(request.estate).select_related(
        "estate", "deposit__household__unit__building", "deposit__household__estate", "deposit__paper", "deposit__cashier", "asked_by", "decided_by"), pk=pk)


def _void_page(request, void, *, form=None, refusal=None):
    row, waiting = void.deposit, void.approved is None
    why_not = deposits.why_no_void(void, request.user) if may(request, "billing.void_deposit") else "由主管批准。"
    return render(request, "billing/deposits/void.html", {
        "void": void, "deposit": row, "household": row.household, "waiting": waiting, "goes": deposits.way_back(row), "wrong": form or refusal,
        "form": form or DeskForm(auto_id=False), "refusal": refusal or RefuseVoidForm(), "why_not": why_not or deposits.why_not_voidable(row),
        "may_refuse": waiting and may(request, "billing.refuse_deposit_void") and request.user.pk != void.asked_by_id}, status=409 if form or refusal else 200)
