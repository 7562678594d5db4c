"""Buildings, units, tenures: the list, a unit's page, and the acts of households/register."""
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef
from django.shortcuts import redirect, render
from django.urls import reverse

from households import handing, register
from households.forms.register import (
    AreaForm,
    ChangeOwnerForm,
    ChangeUnitForm,
    OpenHouseholdForm,
    RemarkForm,
    UndoSaleForm,
    UnitFilter,
    UnitForm,
)
from households.models import Building, Household, Ownership, Unit
from servicecentre.kit.identity import hide_identities
from servicecentre.kit.money import area_text
from servicecentre.kit.periods import BillingMonth, today
from servicecentre.staff.access import may, needs

from .pages import done, form_page, household_of, unit_of

PER_PAGE = 50


@needs("households.view_register")
def units(request):
    """All units in the order people count in, fifty a page; the filters stand in the address, nothing in them is personal."""
    buildings = Building.objects.of(request.estate).order_by("sort")
    form = UnitFilter(request.GET, buildings=buildings)
    day, chosen = today(), form.chosen
    rows = Unit.objects.of(request.estate).with_area(on=day).select_related("building").in_order()
    rows = rows.filter(**{name: chosen[name] for name in ("building", "kind") if name in chosen})
    if state := chosen.get("state"):
        held = Exists(Household.objects.of(request.estate).current(on=day).filter(unit=OuterRef("pk")))
        rows = rows.filter(held if state == "held" else ~held)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    _add_holders(request.estate, page.object_list, day)
    return render(request, "households/_units.html" if request.htmx else "households/units.html",
                  {"form": form, "page": page, "filtered": bool(chosen), "may_add": may(request, "households.add_unit"),
                   "may_import": may(request, "households.import_register")})


def _add_holders(estate, rows, day):
    """Give each unit of a page its ``holder`` (the current household) and that one's first owner: two queries."""
    holders = {h.unit_id: h for h in Household.objects.of(estate).current(on=day).filter(unit__in=rows)}
    owners = Ownership.objects.of(estate).live().filter(household__in=holders.values(), position=1).select_related("person")
    persons = {o.household_id: o.person for o in owners}
    for unit in rows:
        unit.holder = holders.get(unit.pk)
        unit.owner = persons.get(unit.holder.pk) if unit.holder else None
        if unit.holder:
            unit.holder.unit = unit


@needs("households.view_register")
def unit(request, pk):
    """A unit by itself: its area through time, who held it, what may be done."""
    row, day = unit_of(request, pk), today()
    tenures = list(row.households.live().order_by("-starts_on"))
    return render(request, "households/unit.html", {
        "unit": row, "tenures": tenures, "areas": row.areas.order_by("-starts_on"), "uses": row.uses.order_by("-starts_on"), "area": row.area_on(day),
        "current": next((t for t in tenures if t.starts_on <= day and (t.ends_on is None or t.ends_on >= day)), None),
        "open_end": any(t.ends_on is None for t in tenures), "day": day,
        "can": {act: may(request, f"households.{act}") for act in ("change_unit", "open_household", "change_owner", "set_use")}})


@needs("households.add_unit")
def add_unit(request):
    form = UnitForm(request.POST or None)
    if request.method == "POST" and (row := form.perform(register.add_unit, request.estate, by=request.user)):
        return done(request, f"已登记 {row.label}。", row)
    return form_page(request, form, title="登记房屋", button="登记房屋", back=reverse("households:units"), wide=True)


@needs("households.change_unit")
def change_unit(request, pk):
    row = unit_of(request, pk)
    form = ChangeUnitForm(request.POST or None, initial={
        "kind": row.kind, "trade": row.trade, "remark": hide_identities(row.remark), "version": row.version})
    if request.method == "POST" and form.perform(register.change_unit, row, by=request.user):
        return done(request, f"已修改 {row.code}。", row)
    return form_page(request, form, title=f"修改房屋 {row.code}", button="保存", back=row, about=row.label)


@needs("households.change_unit")
def change_area(request, pk):
    row, day = unit_of(request, pk), today()
    now = row.area_on(day)
    form = AreaForm(request.POST or None, initial={"from_month": BillingMonth.of(day).next})
    if request.method == "POST" and (changed := form.perform(register.change_area, row, by=request.user)):
        return done(request, f"{row.code} 从 {BillingMonth.of(changed.starts_on).label}起按 {area_text(changed.area)} ㎡。", row)
    return form_page(request, form, title=f"变更面积 {row.code}", button="登记新面积", back=row,
                     about=f"现在 {area_text(now.area)} ㎡，{now.starts_on} 起" if now else "还没有登记面积")


@needs("households.open_household")
def open_household(request, pk):
    row = unit_of(request, pk)
    form = OpenHouseholdForm(request.POST or None, estate=request.estate)
    if request.method == "POST" and (household := form.perform(register.open_household, row, by=request.user)):
        return done(request, f"已登记 {row.code} 的业主，户号 {household.number}。", household)
    return form_page(request, form, title=f"登记业主 {row.code}", button="登记业主", back=row, about=row.label, wide=True)


@needs("households.change_owner")
def change_owner(request, pk):
    row = unit_of(request, pk)
    seller = row.households.live().filter(ends_on=None).first()
    form = ChangeOwnerForm(request.POST or None, estate=request.estate, initial=seller and {"shown": seller.pk, "version": seller.version})
    if request.method == "POST" and form.confirmed and (household := form.perform(register.change_owner, row, by=request.user)):
        done(request, f"{row.code} 从 {household.starts_on} 起是新业主的，户号 {household.number}。", household)
        return redirect("seller_statement", pk=household.changes_in.get().seller_id)
    about = f"现在 {seller.owner_names}，{seller.starts_on} 起；欠费仍是原业主的" if seller else "这套房现在没有业主"
    summary = seller and form.is_bound and form.is_valid() and form.summary(row, seller)
    statement = seller and may(request, "billing.view_account") and [("原业主结算单", reverse("seller_statement", args=[seller.pk]))]
    return render(request, "households/change_owner.html", {
        "form": form, "unit": row, "seller": seller, "about": about, "summary": summary, "more": statement or (),
        "back": (seller or row).get_absolute_url()})


@needs("households.undo_sale")
def undo_sale(request, pk):
    """For the household that the sale made."""
    buyer = household_of(request, pk)
    form = UndoSaleForm(request.POST or None)
    if request.method == "POST" and (seller := form.perform(handing.undo_sale, buyer, by=request.user)):
        return done(request, f"已撤回变更业主，{buyer.unit.code} 仍是{seller.owner_names}的。", seller)
    change = buyer.changes_in.live().select_related("seller", "by").first()
    return form_page(request, form, title=f"撤回变更业主 {buyer.unit.code}", button="撤回变更业主", back=buyer, busy="正在撤回，请稍等",
                     about=f"{change.at:%Y-%m-%d} {change.by.name}办的；撤回后{buyer.owner_names}这一户作废，{change.seller.owner_names}的接着算" if change
                     else "这一户不是变更业主登记的")


@needs("households.change_household")
def change_household(request, pk):
    row = household_of(request, pk)
    form = RemarkForm(request.POST or None, initial={"remark": hide_identities(row.remark), "version": row.version})
    if request.method == "POST" and form.perform(register.change_household, row, by=request.user):
        return done(request, "备注已保存。", row)
    return form_page(request, form, title=f"备注 {row.unit.code}", button="保存备注", back=row, about=row.owner_names)
