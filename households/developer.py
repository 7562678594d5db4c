"""The developer holds every finished unit until it is handed over, and pays for it (DOMAIN §2 [law: 物业管理条例 41])."""
from datetime import timedelta

from django.db.models import Min, Q

from servicecentre.estates.models import Estate
from servicecentre.kit.periods import now, today
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.worklog.acts import act, record

from . import find
from .entering import checked, enter_person
from .models import Building, Household, Ownership, Person, Unit

SERIAL = 0                                    # of a unit's tenures the developer's comes before the first owner's
BATCH = 500


@act
def enter_developer(estate, *, name, finished, id_number="", contact="", phone="", by):
    """Open the developer's tenures of all units of finished buildings, from that day to the day before each handover.

    ``finished``: {Building pk: day of completion}. Units handed over since get their past tenure too; a unit that has one
    already is left as it is. Returns the developer's Person, ``opened`` being how many. Refused when there is nothing to open, or a day is to come.
    """
    Estate.objects.select_for_update(no_key=True).get(pk=estate.pk)                    # no run, no import meanwhile
    name = checked("name", clean_text, name, 60)
    if late := {f"finished_{pk}": f"{day} 还没到，竣工了再登记" for pk, day in finished.items() if day > today()}:
        raise Refused(late)
    buildings = {building.pk: building for building in Building.objects.of(estate).filter(pk__in=finished)}
    of_developer = Q(households__developer=True, households__voided_at=None)
    units = Unit.objects.of(estate).filter(building__in=buildings).exclude(pk__in=Household.objects.of(estate).live().filter(
        developer=True).values("unit"))
    firsts = units.annotate(first=Min("households__starts_on", filter=Q(households__voided_at=None) & ~of_developer)).order_by("sort", "pk")
    spans = [(unit, finished[unit.building_id], unit.first and unit.first - timedelta(days=1)) for unit in firsts]
    spans = [(unit, starts, ends) for unit, starts, ends in spans if ends is None or starts <= ends]
    if not spans:
        raise Refused("这些楼栋没有要登记的：都已登记过，或竣工以前就交付了。")
    person = _of(estate) or enter_person(estate, unit=None, by=by, name=name, kind=Person.Kind.ORGANISATION, id_number=id_number,
                                         contact=contact, phone=phone)
    if person.name != name:
        raise Refused({"name": f"建设单位已登记为{person.name}；名称变了，先改那一户的人员资料"})
    households = Household.objects.bulk_create([Household(
        estate=estate, unit=unit, serial=SERIAL, number=f"{unit.code}-{SERIAL:02d}", starts_on=starts, ends_on=ends, developer=True,
        owner_names=person.name, opened_by=by) for unit, starts, ends in spans], batch_size=BATCH)
    Ownership.objects.bulk_create([Ownership(estate=estate, household=household, person=person) for household in households], batch_size=BATCH)
    find.rebuild([household.pk for household in households])
    still = sum(ends is None for _, _, ends in spans)
    days = "、".join(f"{buildings[pk]} {day}" for pk, day in sorted(finished.items(), key=lambda pair: buildings[pair[0]].sort))
    record(by, f"登记建设单位 {person.name}：{days}竣工，{len(spans)} 套，其中 {still} 套还没交付"[:400], person, estate=estate)
    person.opened = len(spans)
    return person


def _of(estate):
    """The Person that is this estate's developer, or None."""
    return Person.objects.of(estate).filter(households__developer=True, households__voided_at=None).order_by("-pk").first()


def developer_of(estate):
    """(its Person or None, {building pk: (first day, units, of them not handed over)}) for the page."""
    rows = Household.objects.of(estate).live().filter(developer=True).values_list("unit__building", "starts_on", "ends_on")
    found = {}
    for building, starts, ends in rows:
        first, units, still = found.get(building, (starts, 0, 0))
        found[building] = (min(first, starts), units + 1, still + (ends is None))
    return _of(estate), found


def handing_over(estate, handed):
    """[(pk, columns)] that make room in the developer's tenures for these handovers: {unit pk: first day of the buyer}."""
    for tenure in Household.objects.of(estate).live().filter(developer=True).filter(unit__in=handed) if handed else ():
        day = handed[tenure.unit_id]
        if tenure.ends_on is not None and tenure.ends_on < day:
            continue
        change = {"ends_on": day - timedelta(days=1)} if tenure.starts_on < day else {"voided_at": now()}
        yield tenure.pk, {**change, "version": tenure.version + 1}


def hand_over(unit, day, *, by):
    """The developer's tenure of a locked unit ends the day before; part of open_household."""
    for pk, columns in handing_over(unit.estate_id, {unit.pk: day}):
        tenure = Household.objects.lock(pk)
        for name, value in columns.items():
            setattr(tenure, name, value)
        tenure.save(update_fields=list(columns))
        find.rebuild([pk])
        record(by, f"交付，建设单位到 {tenure.ends_on} 为止" if tenure.voided_at is None else f"{day} 竣工以前就已交付，建设单位的登记作废",
               tenure, household=tenure)
