"""小区概况, the page that every role may open; its profile and phones as who runs the office edits them."""
from django.contrib import messages
from django.db.models import Count, Q, Sum
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from households.models import Building, Household, Unit, UnitArea
from households.views.pages import done, form_page, row_or_served
from servicecentre.desk import profile
from servicecentre.desk.forms.office import ButtonForm, ChangePhoneForm, EstateForm, PhoneForm, initial
from servicecentre.estates import hours
from servicecentre.estates.models import Department, HoursPolicy, Phone
from servicecentre.kit.periods import now, today
from servicecentre.staff.access import may, needs


@needs("desk.view_estate")
def show_estate(request):
    estate, day = request.estate, today()
    policy = HoursPolicy.of(estate)
    return render(request, "desk/estate.html", {
        "estate": estate, **register_figures(estate, day), "phones": phones(estate), "hours": hours_words(policy),
        "hours_unset": policy.pk is None, "open": hours.is_open(estate, now(), policy),
        "departments": Department.objects.of(estate).filter(active=True),
        "spaces": [(label, count) for label, count in (("共用", estate.spaces_shared), ("专用", estate.spaces_dedicated),
                                                       ("露天", estate.spaces_open)) if count is not None],
        "can": {name: may(request, f"desk.{name}") for name in (
            "change_estate", "change_phones", "change_setting", "change_departments", "view_contractors")}})


def register_figures(estate, day):
    """What the register counts: per building and in all, homes, shops, areas (0.01 ㎡), how many have an owner."""
    of_kind = {f"{kind}s": Count("units", filter=Q(units__kind=kind)) for kind in Unit.Kind.values}
    buildings = list(Building.objects.of(estate).annotate(**of_kind).order_by("sort", "pk"))
    areas = UnitArea.objects.of(estate).filter(starts_on__lte=day).filter(Q(ends_on=None) | Q(ends_on__gte=day))
    by_place = {(building, kind): int(area) for building, kind, area in areas.values_list("unit__building", "unit__kind").annotate(
        total=Sum("area")).order_by()}
    for building in buildings:
        building.area = sum(by_place.get((building.pk, kind), 0) for kind in Unit.Kind.values)
    kinds = [(label, sum(getattr(building, f"{kind}s") for building in buildings), sum(
        area for (_, of), area in by_place.items() if of == kind)) for kind, label in Unit.Kind.choices]
    return {"buildings": buildings, "kinds": kinds, "units": sum(count for _, count, _ in kinds), "area": sum(area for *_, area in kinds),
            "held": Household.objects.of(estate).current(on=day).count()}


def phones(estate):
    """[(kind's label, [Phone])], the emergency ones first; nothing for a kind without one."""
    rows = list(Phone.objects.of(estate).order_by("position", "pk"))
    return [(label, found) for kind, label in Phone.Kind.choices if (found := [row for row in rows if row.kind == kind])]


def hours_words(policy):
    return f"{policy.get_open_on_display()} {policy.opens_at:%H:%M}–{policy.closes_at:%H:%M}"


@needs("desk.change_estate")
def change_estate(request):
    estate = request.estate
    form = EstateForm(request.POST or None, initial={name: getattr(estate, name) for name in EstateForm.COLUMNS})
    if request.method == "POST" and form.perform(profile.change_estate, estate, by=request.user):
        return done(request, "已修改小区概况。", reverse("estate"))
    return form_page(request, form, title="修改小区概况", button="保存概况", busy="正在保存，请稍等", back=reverse("estate"), wide=True,
                     about="楼栋、户数、面积从登记表里数，不用填")


@needs("desk.change_phones")
def add_phone(request):
    form = PhoneForm(request.POST or None, initial={"kind": Phone.Kind.SERVICE})
    if request.method == "POST" and (phone := form.perform(profile.add_phone, request.estate, by=request.user)):
        return done(request, f"已登记 {phone}。", reverse("estate"))
    return form_page(request, form, title="登记电话", button="登记电话", back=reverse("estate"))


@needs("desk.change_phones")
def change_phone(request, pk):
    phone = get_object_or_404(Phone.objects.of(request.estate), pk=pk)
    form = ChangePhoneForm(request.POST or None, initial=initial(phone, ChangePhoneForm))
    if request.method == "POST" and form.perform(profile.change_phone, phone, by=request.user):
        return done(request, f"已修改 {phone.name}。", reverse("estate"))
    return render(request, "desk/office/phone.html", {"form": form, "phone": phone, "remove": ButtonForm(auto_id="remove_%s")})


@needs("desk.change_phones")
@require_POST
def remove_phone(request, pk):
    phone = row_or_served(request, Phone.objects.of(request.estate), pk)
    words = f"已删去 {phone}。"
    if phone is None:
        messages.success(request, "已删去，没有再删一次。")
    elif ButtonForm(request.POST).perform(profile.remove_phone, phone, by=request.user):
        messages.success(request, words)
    else:
        messages.error(request, "没有删去，请刷新后再看。")
    return redirect("estate")
