"""The household page: who lives here, what is owed, what is open, papers, what went on; an explicit list of parts."""
from django.db.models import OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from billing.corrections import off_words
from billing.explain import due_state, period_text
from billing.models import Charge, Credit, Deposit, Payment, PaymentPart
from billing.prepayments import balance_of_each
from billing.space_lists import paid_to, with_money
from households.agents import letters_of
from households.models import Household
from servicecentre.files.models import File
from servicecentre.kit.periods import WEEKDAYS, now, shown_date, today
from servicecentre.papers.models import Paper
from servicecentre.staff.access import may, needs
from servicecentre.worklog.models import Entry, Promise
from tickets.models import Notice, with_states

from . import parts
from .parts import part

SPACES = 6                                   # parking contracts shown
LETTERS = 6                                  # letters shown
DEPOSITS = 6                                 # deposits held that are shown
NOTICES = 4                                  # notices shown
LINES = 12                                    # open charges shown; the rest is in the sum and at the till


@part("households.view_household")
def people(household, day):
    """Owners in the order of the contract, and who lives here; whose ID is registered or wanting."""
    owners = [_owner(row) for row in household.ownerships.live().select_related("person")]
    living = [_living(row, day) for row in household.residents.filter(left_on=None).select_related("person").order_by("pk")]
    return {"people": owners + living, "papers": owners + [who for who in living if who["person"].id_masked and
                                                           who["person"].pk not in {owner["person"].pk for owner in owners}],
            "count": len({who["person"].pk for who in owners + living if who["here"]})}


def _owner(row):
    person = row.person
    lines = [f"已故 {person.deceased_on}"] if person.deceased_on else []
    lines += [f"法人 {person.legal_rep}"] if person.legal_rep else []
    lines += [f"联系人 {person.contact}"] if person.contact else []
    lines += [f"监护人 {row.guardian}"] if row.guardian else []
    return {"person": person, "owner": True, "here": True, "what": f"业主 {row.share}".strip(), "lines": lines}


def _living(row, day):
    """「子女 8 岁」; of a tenant from when, until when and who pays, of a child who agreed."""
    person, lines = row.person, []
    words = row.relation or row.get_kind_display()
    if person.birth_year and not person.deceased_on:
        words += f" {day.year - person.birth_year} 岁"
    if row.lease_from and row.lease_from > day:
        lines.append(f"租期还没开始，{row.lease_from} 起")
    if row.lease_to:
        lines.append(f"租期{'已过，' if row.lease_to < day else ''}到 {row.lease_to}")
    if row.pays_words:
        lines.append(row.pays_words.lstrip("，"))
    if row.guardian:
        lines.append(f"监护人 {row.guardian}")
    if person.deceased_on:
        lines.append(f"已故 {person.deceased_on}")
    return {"person": person, "owner": False, "here": row.lives_on(day), "what": words, "lines": lines}


@part("households.view_household")
def contacts(household, day):
    """Whom to ring when the owner can't be reached, and the household's vehicles."""
    return {"contacts": list(household.contacts.order_by("pk")), "vehicles": list(household.vehicles.filter(ended_on=None).order_by("pk"))}


@part("households.change_household")
def living(household, day):
    """Pets, and what to heed about somebody's health: for who serves the household, not for who only reads (law: 个人信息保护法 6, 28)."""
    return {"pets": list(household.pets.filter(ended_on=None).order_by("pk")), "cares": list(household.cares.filter(ended_on=None).order_by("pk"))}


@part("households.view_household")
def letters(household, day):
    """Who acts for the owner, in which matters, until when; those in force first."""
    rows = letters_of(household, day)
    return {"letters": rows[:LETTERS], "count": len(rows)}


@part("billing.view_account")
def owed(household, day):
    """Unpaid charges, oldest first, their sum, what of it is overdue; credit and the last payment."""
    charges = list(Charge.objects.of(household.estate_id).filter(household=household).unpaid().oldest_first().select_related("fee_kind"))
    money = _money(household)
    overdue = [charge for charge in charges if charge.due_on < day]
    return {
        "lines": [(charge, period_text(charge), due_state(charge, day)) for charge in charges[:LINES]],
        "more": max(0, len(charges) - LINES), "count": len(charges), "total": sum(charge.due for charge in charges),
        "overdue_count": len(overdue), "overdue": sum(charge.due for charge in overdue),
        "prepaid": money.prepaid, "credit": money.payment_left + money.credit_left, "last": money.last_total is not None and {
            "day": money.last_day, "total": money.last_total, "method": PaymentPart.Method(money.last_method).label}}


@part("billing.view_deposits")
def deposits(household, day):
    """What is held for this household, oldest first; nothing where nothing is."""
    rows = list(Deposit.objects.of(household.estate_id).filter(household=household).held().select_related("paper").order_by("pk"))
    return {"deposits": rows[:DEPOSITS], "more": max(0, len(rows) - DEPOSITS), "held": sum(row.held for row in rows)} if rows else None


@part("billing.view_account")
def bills_off(household, day):
    """Bills that do not agree with the tenure's days, before anybody pays them."""
    return off_words(household) or None


@part("billing.view_vacancies")
def vacancy(household, day):
    """An application that waits or runs, with what has to be done; nothing where there is none."""
    spell = household.vacancies.filter(ended_on=None, dropped_at=None).select_related("paper").first()
    return spell and {"spell": spell, "state": spell.state, "months": [row.month for row in spell.months.live()]}


@part("tickets.view_notices")
def notices(household, day):
    """Notices that concern this unit, in force or to come; nothing where there are none."""
    at = now()
    rows = Notice.objects.of(household.estate_id).concerning(household.unit).current(at=at).with_places().soonest_first()[:NOTICES]
    return with_states(list(rows), at) or None


@part("billing.view_parking")
def parking(household, day):
    """Spaces rented, now or to come, each with its vehicle and how far it is paid; nothing where there are none."""
    rows = list(with_money(household.parking_contracts.current(on=day), day).with_holds().order_by("starts_on", "pk")[:SPACES])
    for row in rows:
        row.space, row.vehicle, row.paid_to = row.space_on(day), row.vehicle_on(day), paid_to(row)
    return {"contracts": rows} if rows else None


def _money(household):
    """The household with its credit (fen) and last payment, in one query."""
    estate, mine, left = OuterRef("estate"), {"household": OuterRef("pk")}, {"left": Sum("left")}
    payments, credits = Payment.objects.of(estate).filter(**mine), Credit.objects.of(estate).filter(**mine)
    last = payments.live().order_by("-at", "-pk")
    parts = PaymentPart.objects.of(estate).filter(payment__household=OuterRef("pk"), payment__voided_at=None)
    return Household.objects.of(household.estate_id).annotate(
        payment_left=Coalesce(Subquery(payments.with_left().order_by().values("household").annotate(**left).values("left")[:1]), 0),
        credit_left=Coalesce(Subquery(credits.with_left().order_by().values("household").annotate(**left).values("left")[:1]), 0),
        last_day=Subquery(last.values("day")[:1]), last_total=Subquery(last.values("total")[:1]),
        prepaid=balance_of_each("pk"), last_method=Subquery(parts.order_by("-payment__at", "-payment__pk", "-amount").values("method")[:1]),
    ).get(pk=household.pk)


@part("worklog.view_day")
def promises_open(household, day):
    """What the desk has promised this household and not yet kept."""
    open_ones = Promise.objects.of(household.estate_id).filter(household_no=household.number).open().due_first()[:8]
    return {"promises": list(open_ones)}


@part("papers.view_paper")
def papers(household, day):
    """The newest numbered papers."""
    rows = Paper.objects.of(household.estate_id).filter(household_no=household.number).order_by("-pk")[:6]
    return {"papers": list(rows)}


@part("worklog.view_day")
def last_entries(household, day):
    """What went on, newest first, by day."""
    days = {}
    for entry in Entry.objects.of_household(household).select_related("by").newest_first()[:14]:
        days.setdefault(entry.day, []).append(entry)
    return {"days": [(_day_words(d, day), entries) for d, entries in days.items()]}


def _day_words(d, day):
    return "今天" if d == day else f"{shown_date(d, day)} 周{WEEKDAYS[d.weekday()]}"


@part("households.view_household")
def files(household, day):
    """The newest scans and photos of the household's file."""
    rows = File.objects.of_household(household).there().filter(right="households.view_household")
    return {"files": list(rows.newest_first()[:4]), "count": rows.count()}


PARTS = ((people, contacts, living, letters, papers, files), (notices, bills_off, owed, deposits, parking, vacancy, promises_open), (last_entries,))

# What can be done for an open household: label, right, URL name, what it takes, Alt digit.
QUICK = (("收费", "billing.collect_payment", "billing:collect", "1"), ("登记收费", "billing.charge_once", "billing:charge_once", ""),
         ("收押金", "billing.take_deposit", "billing:take_deposit", ""),)
ACTS = ("change_household", "change_person", "change_owner", "reveal_identity", "correct_first_day", "view_history", "take_letter", "set_use", "undo_sale")
STILL = ("change_person", "reveal_identity", "correct_first_day", "view_history")             # of a tenure that is over, too


@needs("households.view_household")
def household(request, pk):
    row = get_object_or_404(Household.objects.of(request.estate).live().select_related("unit__building"), pk=pk)
    day = today()
    columns = parts.gather(PARTS, request, "household", row, day)
    over = bool(row.ends_on and row.ends_on < day)
    return render(request, "desk/household.html", {
        "household": row, "unit": row.unit, "area": row.unit.area_on(day), "use": row.unit.use_on(day), "columns": columns,
        "owed": parts.answer_of(columns, "owed"), "over": over, "coming": row.starts_on > day,
        "tenures": row.unit.households.live().order_by("-starts_on"),
        "can": {act: may(request, f"households.{act}") and (not over or act in STILL) for act in ACTS},
        "sale": may(request, "households.undo_sale") and row.ends_on is None and row.changes_in.live().exists(),
        "may_attach": may(request, "files.attach_file"), "may_data_request": may(request, "desk.receive_data_request"),
        "may_promise": may(request, "worklog.make_promise"), "may_account": may(request, "billing.view_account"),
        "may_vacancy": may(request, "billing.apply_vacancy") and not over,
        "quick": [(label, reverse(name, args=[row.pk]), alt) for label, right, name, alt in QUICK if may(request, right)]})
