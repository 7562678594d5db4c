"""Pages of one parking contract: signed, renewed, changed, ended; its lines, vehicles and paper."""
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from billing import space_lists, spaces
from billing.explain import formula, paid_state, period_text
from billing.forms.spaces import CancelForm, ChangeSpaceForm, ChangeVehicleForm, ContractEntryForm, EndForm, SignForm, TermsForm
from billing.models import BillingPolicy, Credit, ParkingContract, ParkingSpace, SpaceKind
from billing.space_terms import billed_from, charges_of, give_back, signed_due, signed_lines, signed_months, tariff_of
from households.models import Household
from households.views.pages import about_of, done, form_page
from servicecentre.files.models import File
from servicecentre.kit.money import price_text, yuan
from servicecentre.kit.periods import BillingMonth, now, today
from servicecentre.kit.text import clean_text
from servicecentre.staff.access import may, needs

TERMS = ("space_kind", "space", "starts_on", "ends_on", "cycle_months")
OTHERS = 6                          # free spaces offered beside the form


@needs("billing.view_parking")
@require_GET
def show_contract(request, pk):
    """One contract: what was agreed, what it was billed, who parked where."""
    row, day = _contract(request, pk), today()
    charges = list(charges_of(row).with_mended().select_related("fee_kind").order_by("period", "line", "pk"))
    credits = Credit.objects.of(request.estate).filter(charge__in=charges, source=Credit.Source.CONTRACT)
    running = row.voided_at is None and row.ended_at is None and (row.ends_on is None or row.ends_on >= day)
    renewal = row.renewals.live().first()
    return render(request, "billing/parking/contract.html", {
        "contract": row, "household": row.household, "day": day, "state": row.state_on(day), "space": row.space_on(day), "vehicle": row.vehicle_on(day),
        "lines": [(charge, period_text(charge), formula(charge), *paid_state(charge, day)) for charge in charges],
        "owed": sum(charge.due for charge in charges), "given_back": sum(credit.amount for credit in credits), "renewal": renewal,
        "paid_to": space_lists.paid_to(space_lists.with_money(ParkingContract.objects.of(request.estate), day).get(pk=row.pk)),
        "print": row.paper and row.paper.original_for(request.user, at=now()), "beyond": row.tenure_ends,
        "files": File.objects.of(request.estate).attached_to(row).there().count(),
        "goes_on": row.voided_at is None and (row.ends_on is None or row.ends_on >= row.billed_from),
        "unproven": row.space_kind == SpaceKind.DEDICATED and not row.proof, "can": _can(request, row, day, running, renewal)})


def _contract(request, pk):
    rows = ParkingContract.objects.of(request.estate).with_holds().select_related(
        "household__unit", "household__estate", "fee_kind", "price", "paper", "renews", "signed_by", "ended_by")
    return get_object_or_404(rows, pk=pk)


def _can(request, row, day, running, renewal):
    gone, unused = row.tenure_ends, row.voided_at is None and row.never_began(day)
    return {"end": (gone and row.starts_on <= gone or running and not gone) and not renewal and may(request, "billing.end_contract"),
            "cancel": (gone or running) and not renewal and unused and may(request, "billing.cancel_contract"),
            "vehicle": running and may(request, "billing.change_vehicle"), "space": running and may(request, "billing.change_space"),
            "entry": running and may(request, "billing.change_contract_entry"),
            "renew": row.voided_at is None and row.ended_at is None and row.ends_on and not renewal and may(request, "billing.sign_contract"),
            "collect": may(request, "billing.collect_payment")}


@needs("billing.sign_contract")
def sign_contract(request):
    """A new contract; GET with terms only answers what they come to."""
    day = today()
    initial = {"space_kind": SpaceKind.SHARED, "starts_on": day, "ends_on": _a_year_from(day), "cycle_months": "3m"}
    initial |= {name: request.GET[name] for name in TERMS if name in request.GET}
    if household := _household(request):
        initial |= {"room": household.unit.code}
    if space := space_of(request.estate, initial.get("space")):
        initial["space_kind"] = request.GET.get("space_kind", space.kind)
    return _sign_page(request, SignForm(request.POST or None, request.FILES or None, estate=request.estate, initial=initial), initial, title="车位协议")


@needs("billing.sign_contract")
def renew_contract(request, pk):
    """The next contract of the same space and vehicle, from the day after, at the tariff's price of then."""
    old = _contract(request, pk)
    day = max(today(), (old.ends_on or today()) + timedelta(days=1))
    space, vehicle = old.space_on(old.ends_on or day), old.vehicle_on(old.ends_on or day)
    initial = {"room": old.household.unit.code, "holder_name": old.holder_name, "space_kind": old.space_kind, "space": space.number if space else "",
               "starts_on": day, "ends_on": _a_year_from(day), "cycle_months": f"{old.cycle_months}m", "proof": old.proof, "card_no": old.card_no}
    if vehicle:
        initial |= {name: getattr(vehicle, name) for name in ("plate", "brand", "colour", "owner_name", "licence_seen")}
    initial |= {name: request.GET[name] for name in TERMS if name in request.GET}
    form = SignForm(request.POST or None, request.FILES or None, estate=request.estate, initial=initial)
    return _sign_page(request, form, initial, title="续租", renews=old)


def _sign_page(request, form, terms, *, title, renews=None):
    if request.method == "POST" and form.is_valid() and (
            made := form.perform(spaces.sign_contract, form.household, by=request.user, **({"renews": renews} if renews else {}))):
        return done(request, f"已签车位协议 {made}，打两份请客户签字，再收首期的费。", made)
    typed = {name: request.POST.get(name, "") for name in TERMS} if form.is_bound else terms
    household = form.household if form.is_bound else _holder_of(request, terms.get("room"))
    return render(request, "billing/parking/sign.html", {
        "form": form, "title": title, "renews": renews, "quote": quote(request.estate, typed), "household": household,
        "cars": list(_cars(household)) if household else [], "free": _free(request.estate, typed),
        "back": renews.get_absolute_url() if renews else reverse("billing:parking"),
        "here": request.path})


def quote(estate, terms):
    """What these terms come to at first, and whether the space is free; None while they are not whole."""
    form = TermsForm({name: str(value) for name, value in terms.items() if name in TERMS}, estate=estate)
    if not form.is_valid():
        return None
    terms = form.act_fields()
    price = tariff_of(estate, terms["space_kind"], terms["starts_on"])
    if price is None or (terms["ends_on"] and terms["ends_on"] < terms["starts_on"]):
        return None
    policy, days = BillingPolicy.of(estate), {"starts_on": terms["starts_on"], "ends_on": terms["ends_on"]}
    cycle = terms["cycle_months"]
    months = signed_months(estate, terms["starts_on"], cycle)
    lines = signed_lines(policy, **days, months=months, unit_price=price.unit_price)
    space = terms["space"]
    free = space is not None and ParkingSpace.objects.of(estate).free(first=terms["starts_on"], last=terms["ends_on"]).filter(pk=space.pk).exists()
    return {"lines": lines, "total": sum(line.amount for line in lines), "price": price_text(price.unit_price), "space": space, "free": free,
            "kind": SpaceKind(terms["space_kind"]).label, "cycle": ParkingContract.Cycle(cycle).label,
            "behind": months > cycle, "due": signed_due(policy, terms["starts_on"], months, cycle),
            "from": BillingMonth.of(billed_from(terms["starts_on"], months)),
            "wrong_kind": space is not None and space.kind != terms["space_kind"], "starts_on": terms["starts_on"]}


def _a_year_from(day):
    """The last day of a year that begins on this day."""
    month = BillingMonth.of(day) + 12
    return month.first.replace(day=min(day.day, month.days)) - timedelta(days=1)


def space_of(estate, number):
    """The space of this number, as an address or a form gives it; else None."""
    try:
        return ParkingSpace.objects.of(estate).filter(number=clean_text(number, 20)).first() if number else None
    except ValidationError:
        return None


def _household(request):
    pk = request.GET.get("household", "")
    rows = Household.objects.of(request.estate).live().select_related("unit")
    return rows.filter(pk=pk).first() if pk.isascii() and pk.isdigit() and len(pk) < 19 else None


def _holder_of(request, room):
    return Household.objects.of(request.estate).current(on=today()).filter(unit__code=room).select_related("unit").first() if room else None


def _cars(household):
    rows = space_lists.with_money(household.parking_contracts.current(on=today()), today()).with_holds()
    for row in rows:
        yield {"contract": row, "vehicle": row.vehicle_on(today()), "space": row.space_on(today()), "paid_to": space_lists.paid_to(row)}


def _free(estate, terms):
    kind = terms.get("space_kind")
    rows = ParkingSpace.objects.of(estate).filter(kind=kind) if kind in SpaceKind.values else ParkingSpace.objects.none()
    return list(rows.free(first=today()).exclude(pk=getattr(space_of(estate, terms.get("space")), "pk", None)).order_by("number")[:OTHERS])


# --- acts on one -----------------------------------------------------------------------------------------------------

@needs("billing.end_contract")
def end_contract(request, pk):
    row = _contract(request, pk)
    last = max(min(filter(None, (today(), row.tenure_ends))), row.starts_on)
    form = EndForm(request.POST or None, initial={"version": row.version, "last_day": last})
    if request.method == "POST" and (made := form.perform(spaces.end_contract, row, by=request.user)):
        return done(request, f"车位协议 {made} 用到 {made.ends_on} 为止，没用的整天已退到这一户的账上。", made)
    back = sum(fen for _, fen in give_back(row, last))
    return form_page(request, form, title="提前终止", button="终止协议，退没用的整天", busy="正在终止，请稍等", back=row,
                     about=f"{about_of(row.household)} · {row}；用到 {last} 算，退 {yuan(back)} 元，先抵自己没缴的，余下转预存")


@needs("billing.cancel_contract")
def cancel_contract(request, pk):
    row = _contract(request, pk)
    form = CancelForm(request.POST or None, initial={"version": row.version})
    if request.method == "POST" and (made := form.perform(spaces.cancel_contract, row, by=request.user)):
        return done(request, f"车位协议 {made} 已取消，单据作废。", made)
    back = sum(fen for _, fen in give_back(row, None))
    return form_page(request, form, title="取消协议", button="取消协议，单据作废", busy="正在取消，请稍等", back=row,
                     about=f"{about_of(row.household)} · {row}；一天没用，{yuan(back)} 元全退")


@needs("billing.change_vehicle")
def change_vehicle(request, pk):
    row = _contract(request, pk)
    form = ChangeVehicleForm(request.POST or None, initial={"version": row.version, "from_day": max(today(), row.starts_on)})
    if request.method == "POST" and form.perform(spaces.change_vehicle, row, by=request.user):
        return done(request, f"车位协议 {row} 已换车。", row)
    return form_page(request, form, title="换车", button="换成这辆车", busy="正在换车，请稍等", back=row,
                     about=f"{about_of(row.household)} · {row} · 现在 {row.vehicle_on(today()) or '没有登记车'}；费用不变")


@needs("billing.change_space")
def change_space(request, pk):
    row = _contract(request, pk)
    form = ChangeSpaceForm(request.POST or None, estate=request.estate, initial={"version": row.version, "from_day": max(today(), row.starts_on)})
    if request.method == "POST" and form.perform(spaces.change_space, row, by=request.user):
        return done(request, f"车位协议 {row} 已换车位。", row)
    return form_page(request, form, title="换车位", button="换到这个车位", busy="正在换车位，请稍等", back=row,
                     about=f"{about_of(row.household)} · {row} · 现在 {row.space_on(today()) or '不固定'}；同一种类，费用不变")


@needs("billing.change_contract_entry")
def change_contract_entry(request, pk):
    row = _contract(request, pk)
    initial = {name: getattr(row, name) for name in ("version", "holder_name", "card_no", "proof", "remarks")}
    form = ContractEntryForm(request.POST or None, initial=initial, contract=row)
    if request.method == "POST" and form.perform(spaces.change_contract_entry, row, by=request.user):
        return done(request, f"车位协议 {row} 的资料已修改。", row)
    return form_page(request, form, title="修改协议资料", button="修改", busy="正在修改，请稍等", back=row, about=f"{about_of(row.household)} · {row}")
