"""Pages of parking by the month: the plan of spaces, a space, lists of contracts."""
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from billing import space_lists, spaces
from billing.forms.spaces import ChangeEntryForm, SpaceEntryForm
from billing.models import ParkingContract, ParkingSpace, SpaceKind
from households.views.pages import done, form_page
from servicecentre.kit.periods import today
from servicecentre.kit.sheets import workbook_bytes
from servicecentre.staff.access import may, needs

from .contracts import space_of
from .months import EXCEL

CELLS, PER_PAGE, ENDING = 120, 50, 8


@needs("billing.view_parking")
@require_GET
def show_parking(request):
    """The spaces of one kind as a plan, what ends soon, and beside them the one that was chosen."""
    day, kind = today(), _kind(request)
    kinds = space_lists.counts(request.estate, day)
    page = Paginator(ParkingSpace.objects.of(request.estate).filter(kind=kind).order_by("number"), CELLS).get_page(request.GET.get("page"))
    contracts = ParkingContract.objects.of(request.estate)
    ending = space_lists.shown(contracts, "ending", day)
    chosen = _chosen(request)
    return render(request, "billing/parking/spaces.html", {
        "day": day, "kind": kind, "kinds": kinds, "this": next(k for k in kinds if k.kind == kind), "page": page,
        "cells": space_lists.plan_of(page.object_list, day), "ending": _spoken(ending, day)[:ENDING], "ending_count": ending.count(),
        "unpaid_count": contracts.filter(pk__in=space_lists.overdue(contracts, day)).count(), "running": sum(k.running for k in kinds),
        "attention": space_lists.attention(request.estate, day), "chosen": chosen and _space_facts(chosen, day)})


def _kind(request):
    kind = request.GET.get("kind")
    return SpaceKind(kind if kind in SpaceKind.values else SpaceKind.OPEN)


def _chosen(request):
    return space_of(request.estate, request.GET.get("space"))


def _space_facts(space, day):
    """The space with who holds it now, who comes, who was there last."""
    holds = space.holds.live().select_related("contract__household__unit")
    return {"space": space, "now": holds.filter(starts_on__lte=day).filter(Q(ends_on=None) | Q(ends_on__gte=day)).first(),
            "next": holds.filter(starts_on__gt=day).order_by("starts_on").first(), "last": holds.filter(ends_on__lt=day).order_by("-ends_on").first()}


def _spoken(contracts, day):
    """Contracts with what a row of a list says about them; a fixed number of queries."""
    rows = space_lists.with_money(contracts, day).with_holds().select_related("household__unit", "fee_kind")
    return _Spoken(rows, day)


class _Spoken:
    """A slice of it, or the whole, is a list of contracts with their ready words."""

    def __init__(self, rows, day):
        self.rows, self.day = rows, day

    def count(self):
        return self.rows.count()

    def __len__(self):
        return self.rows.count()

    def __getitem__(self, part):
        found = list(self.rows[part])
        for row in found:
            row.space, row.vehicle = row.space_on(self.day), row.vehicle_on(self.day)
            row.paid_to, row.state = space_lists.paid_to(row), row.state_on(self.day)
        return found


@needs("billing.view_parking")
@require_GET
def show_contracts(request):
    """Contracts of one state: running, ending, run out, unpaid, unproven, beyond their tenure."""
    day, show = today(), _show(request)
    contracts = ParkingContract.objects.of(request.estate)
    page = Paginator(_spoken(space_lists.shown(contracts, show, day), day), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "billing/parking/contracts.html", {
        "page": page, "show": show, "shows": space_lists.SHOWS, "label": dict(space_lists.SHOWS)[show], "day": day})


def _show(request):
    show = request.GET.get("show")
    return show if show in dict(space_lists.SHOWS) else "running"


@needs("billing.view_parking")
@require_GET
def download_contracts(request):
    day, show = today(), _show(request)
    rows = space_lists.with_money(space_lists.shown(ParkingContract.objects.of(request.estate), show, day), day).with_holds()
    table = space_lists.contract_table(rows.select_related("household__unit").iterator(chunk_size=500), day, dict(space_lists.SHOWS)[show])
    name = f"{request.estate.slug}-parking-{show}-{day}.xlsx"
    return HttpResponse(workbook_bytes([table]), content_type=EXCEL, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@needs("billing.view_parking")
@require_GET
def show_space(request, pk):
    """One space: where it is, who holds and held it."""
    space = get_object_or_404(ParkingSpace.objects.of(request.estate), pk=pk)
    rows = space.holds.select_related("contract__household__unit").order_by("-starts_on", "-pk")
    return render(request, "billing/parking/space.html", {
        "space": space, "facts": _space_facts(space, today()), "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")), "day": today(),
        "may_change": may(request, "billing.change_space_entry")})


@needs("billing.add_space")
def add_space(request):
    form = SpaceEntryForm(request.POST or None, initial={"kind": _kind(request)})
    if request.method == "POST" and (made := form.perform(spaces.add_space, request.estate, by=request.user)):
        return done(request, f"已登记车位 {made}。", f"{reverse('billing:parking')}?kind={made.kind}&space={made.number}")
    return form_page(request, form, title="登记车位", button="登记车位", back=reverse("billing:parking"), about="共用车位没有固定号的，不用登记")


@needs("billing.change_space_entry")
def change_space_entry(request, pk):
    row = get_object_or_404(ParkingSpace.objects.of(request.estate), pk=pk)
    form = ChangeEntryForm(request.POST or None, initial={name: getattr(row, name) for name in ("place", "state", "remark", "version")})
    if request.method == "POST" and form.perform(spaces.change_space_entry, row, by=request.user):
        return done(request, f"车位 {row} 已改。", row)
    return form_page(request, form, title=f"车位 {row}", button="保存", busy="正在保存，请稍等", back=row, about=row.get_kind_display())


