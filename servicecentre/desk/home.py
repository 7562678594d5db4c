"""The home page: what is due, what went on, the day's money; an explicit list of parts, each for who may see it."""
from functools import wraps

from django.db.models import Count, F, OuterRef, Q, Subquery, Sum
from django.shortcuts import redirect, render
from django.urls import reverse

from billing import waiting
from billing.corrections import waiting_ended
from billing.models import BillRun, Charge, Payment, PaymentPart, ReceiptVoid, VacancyApplication
from households.models import Household, Unit
from servicecentre.drafts.models import Draft
from servicecentre.estates.models import HoursPolicy
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import SHANGHAI, BillingMonth, day_bounds, now, today
from servicecentre.papers import journal
from servicecentre.papers.kinds import RECEIPT
from servicecentre.papers.models import Series
from servicecentre.staff.access import may, needs
from servicecentre.worklog import seals
from servicecentre.worklog.models import Entry, Promise
from tickets.models import Notice, with_states

from . import parts
from .models import DataRequest
from .parts import part
from .sealing import outside
from .views import estate as estate_page

ROWS = 6


def _with_household(rows):
    """Adds ``household_id``, found by the number that log and promise carry."""
    there = Household.objects.of(OuterRef("estate")).filter(number=OuterRef("household_no"))
    return rows.annotate(household_id=Subquery(there.values("pk")[:1]))


@part("households.import_register")
def no_register(estate, user, day):
    """The first thing to do where nothing is registered yet."""
    return None if Unit.objects.of(estate).exists() else {}


@part("desk.view_home")
def unfinished(estate, user, day):
    """One's own pages that a sign-in which ended has left undone, for an hour (TRUST 24)."""
    return list(Draft.objects.of(estate).of_user(user).live(at=now()).order_by("-pk")) or None


@part("papers.view_numbers")
def journal_trouble(estate, user, day):
    """Numbers given out that the outer journal could not take down: a restore would not know them (TRUST §6)."""
    return journal.trouble() or None


@part("worklog.make_promise")
def promises(estate, user, day):
    """What was promised to residents, the overdue first."""
    open_ones = Promise.objects.of(estate).open()
    counts = open_ones.aggregate(all=Count("pk"), late=Count("pk", filter=Q(due_at__lt=now())))
    return {"rows": list(_with_household(open_ones).select_related("made_by", "given_to").due_first()[:ROWS]), **counts}


@part("desk.view_data_requests")
def data_requests(estate, user, day):
    """People who asked for their own data, the first due first: the law's clock runs (DOMAIN §8); nothing when nobody waits."""
    rows = DataRequest.objects.of(estate).open().due_first().select_related("household__unit", "person", "paper")
    shown = [(row, row.state_on(day)) for row in rows[:ROWS]]
    return {"rows": shown, "count": rows.count()} if shown else None


@part("desk.seal_day")
def days(estate, user, day):
    """The first day that is not sealed, and sealed ones that are no longer as they were."""
    last = seals.newest(estate)
    changed = [(last.day, sentence) for sentence in seals.troubles_of(last)] if last else []
    changed += [(on, sentence) for _, on, sentence in outside(estate)]
    return {"next": seals.next_day(estate), "last": last, "changed": changed[:ROWS]}


@part("worklog.view_day")
def log(estate, user, day):
    """The newest lines of today's log; accounts and posts stand on the log's own page, they would push the residents' matters out."""
    entries = Entry.objects.of(estate).on(day)
    return {"rows": list(_with_household(entries.exclude(row_type__startswith="staff.")).select_related("by").newest_first()[:ROWS]), "count": entries.count()}


@part("billing.collect_payment")
def receipts(estate, user, day):
    """One's own receipts of today; sums are not shown before the till is counted (DOMAIN §2 Cash-up)."""
    mine = Payment.objects.of(estate).filter(cashier=user, day=day)
    methods = PaymentPart.objects.of(estate).filter(payment__in=mine.live()).values("method").annotate(n=Count("pk")).order_by("-n", "method")
    rows = [(PaymentPart.Method(row["method"]).label, row["n"]) for row in methods]
    last = mine.select_related("paper", "household__unit").order_by("-pk").first()
    return {"methods": rows, "last": last}


@part("billing.view_run")
def takings(estate, user, day):
    """Everybody's takings of today by method, for who never holds the till."""
    rows = PaymentPart.objects.of(estate).filter(payment__day=day, payment__voided_at=None).values("method").annotate(
        n=Count("pk"), fen=Sum("amount")).order_by("-fen")
    lines = [(PaymentPart.Method(row["method"]).label, row["n"], int(row["fen"])) for row in rows]
    return {"lines": lines, "total": sum(fen for *_, fen in lines)}


@part("billing.void_receipt")
def approvals(estate, user, day):
    """Voids, refunds, waivers and deposits to be given back that wait for a second person; one's own wait for another."""
    return {"rows": _matters(waiting.undecided(estate))}


@part("billing.approve_vacancy")
def vacancies(estate, user, day):
    """Homes said to be empty that wait for the manager; nothing when there are none."""
    rows = list(VacancyApplication.objects.of(estate).asked().select_related("household__unit", "asked_by").order_by("asked_at")[:ROWS])
    return {"rows": rows} if rows else None


@part("billing.pay_refund")
def to_pay(estate, user, day):
    """Approved refunds and deposits, for finance; nothing when there are none."""
    rows = _matters(waiting.to_pay(estate))
    return {"rows": rows} if rows else None


@part("billing.mend_line")
def to_mend(estate, user, day):
    """Households that were handed over and whose bills go beyond their days: the till waits for it; nothing when there are none."""
    rows = waiting_ended(estate)
    told = [(household, f"多出 {yuan(-fen)} 元" if fen < 0 else f"少 {yuan(fen)} 元") for household, fen in rows[:ROWS]]
    return {"rows": told, "count": len(rows)} if rows else None


@part("billing.ask_void")
def my_voids(estate, user, day):
    """What became of the voids that one asked for: those that wait, and today's answers; nothing when there are none."""
    mine = ReceiptVoid.objects.of(estate).filter(asked_by=user).filter(Q(approved=None) | Q(decided_at__gte=day_bounds(day)[0]))
    rows = mine.select_related("payment__paper", "payment__household__unit", "decided_by", "reissued__paper").order_by("-pk")[:ROWS]
    return {"rows": [(void, *_void_state(void)) for void in rows]} if rows else None


@part("billing.ask_refund")
def my_requests(estate, user, day):
    """What became of one's own refunds, waivers and deposits to be given back; nothing when there are none."""
    rows = _matters(waiting.asked_by(user, estate, day_bounds(day)[0]))
    return {"rows": [(row, *row.state) for row in rows]} if rows else None


def _matters(rows):
    return [waiting.Matter(*row) for row in rows[:ROWS]]


def _void_state(void):
    """(kind, word, what the asker does next)."""
    if void.approved is None:
        return "warn", "等批准", ""
    if not void.approved:
        return "idle", "未批准", void.refusal
    if void.goes == ReceiptVoid.Goes.BACK:
        return "bad", "已作废", f"当面退 {yuan(void.payment.total)} 元"
    return "bad", "已作废", f"打印重开的 {void.reissued}" if void.reissued_id else "已转预存"


@part("billing.view_run")
def month(estate, user, day):
    """Is this month billed, and what is overdue in all."""
    this = BillingMonth.of(day)
    run = BillRun.objects.of(estate).filter(period=this.first, undone_at=None).aggregate(n=Sum("count"), fen=Sum("total"))
    overdue = Charge.objects.of(estate).overdue(on=day).aggregate(
        households=Count("household", distinct=True), fen=Sum(F("amount") - F("paid"), default=0))
    return {"month": this, "billed": run["n"] is not None, "count": run["n"], "total": int(run["fen"] or 0),
            "households": overdue["households"], "overdue": int(overdue["fen"])}


@part("papers.view_numbers")
def numbers(estate, user, day):
    """How far this year's receipts have got."""
    series = Series.objects.of(estate).filter(kind=RECEIPT.letters, year=day.year).first()
    return {"name": RECEIPT.name, "last": series.number(series.last) if series and series.last else None}


@part("desk.view_home")
def urgent_remarks(estate, user, day):
    """What the desk marked urgent today, without rooms: who works outside sees no register (DOMAIN §14)."""
    rows = Entry.objects.of(estate).on(day).filter(urgent=True, act="worklog.make_remark", household_no="", unit_code="")
    return {"rows": list(rows.for_reading().newest_first()[:ROWS])}


@part("tickets.view_notices")
def notices(estate, user, day):
    """What is off or under way, and what comes next: the answer to who asks why there is no water (DOMAIN §10)."""
    at = now()
    rows = list(Notice.objects.of(estate).current(at=at).with_places().soonest_first()[:ROWS + 1])
    return {"rows": with_states(rows[:ROWS], at), "more": len(rows) > ROWS}


@part("desk.view_estate")
def phones(estate, user, day):
    """Whom to ring, emergencies first."""
    return {"phones": estate_page.phones(estate)}


@part("desk.view_home")
def about_estate(estate, user, day):
    """Whose desk this is, when it is open, and one's own account."""
    return {"estate": estate, "hours": estate_page.hours_words(HoursPolicy.of(estate))}


PARTS = ((unfinished, journal_trouble, no_register, promises, data_requests, days, log),
         (notices, receipts, my_voids, my_requests, takings, approvals, vacancies, to_pay, to_mend, month, numbers))
OUTSIDE = ((unfinished, notices, urgent_remarks, phones), (about_estate,))            # engineer and guard, who keep no log

# What a clerk does from here without a household: label, right, URL name, Alt digit.
QUICK = (("收费", "billing.collect_payment", "billing:counter", "1"), ("临停", "billing.enter_visit", "billing:gate", ""),
         ("登记承诺", "worklog.make_promise", "make_promise", ""),
         ("记一条日志", "worklog.make_remark", "worklog:make_remark", ""), ("张贴通知", "tickets.post_notice", "tickets:post_notice", ""))


@needs("desk.view_home")
def _home(request):
    day = today()
    at_the_gate = not may(request, "worklog.view_day")
    columns = parts.gather(OUTSIDE if at_the_gate else PARTS, request, "home", request.estate, request.user, day)
    promised = parts.answer_of(columns, "promises")
    return render(request, "desk/home.html", {
        "columns": columns, "greeting": _greeting(now().astimezone(SHANGHAI).hour), "late": promised["late"] if promised else 0,
        "quick": [(label, reverse(name), alt) for label, right, name, alt in QUICK if may(request, right)]})


def _greeting(hour):
    return "早上好" if hour < 9 else "上午好" if hour < 12 else "下午好" if hour < 18 else "晚上好"


@wraps(_home)
def home(request):
    """The desk of this estate; outside of one, the way to the user's own."""
    if request.estate is None and not hasattr(request, "mounted"):
        return redirect("switch_estate")
    return _home(request)
