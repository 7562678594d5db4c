"""Rows that no act of the tested floor makes, or that many tests want by the hundred without its paperwork."""
from datetime import date

from households.models import Building, Household, Ownership, Person, Unit, UnitArea
from servicecentre.staff.models import User

EVER = date(2000, 1, 1)


def make_unit(estate, code="1-1-101", area=8956, kind=None, *, since=EVER):
    """A home, or a shop for a code like S01; ``area`` in 0.01 ㎡ from ``since`` on, None for none registered."""
    shop = code.startswith("S")
    building_code, entrance, room = ("商铺", "", code) if shop else code.split("-")
    building, _ = Building.objects.get_or_create(estate=estate, code=building_code, defaults={"sort": building_code.zfill(6)})
    unit = Unit.objects.create(estate=estate, building=building, entrance=entrance, room=room, code=code,
                               kind=kind or (Unit.Kind.SHOP if shop else Unit.Kind.HOME),
                               sort="-".join(part.zfill(6) for part in code.split("-")))
    if area is not None:
        UnitArea.objects.create(estate=estate, unit=unit, area=area, starts_on=since, basis="实测")
    return unit


def make_household(estate, code="1-1-101", area=8956, owner="张明", starts_on=date(2025, 1, 1), ends_on=None, *, unit=None, by=None):
    """One owner's tenure of the unit of that code, which is made when it is not there; the next serial of the unit."""
    unit = unit or Unit.objects.of(estate).filter(code=code).first() or make_unit(estate, code, area)
    serial = unit.households.count() + 1
    household = Household.objects.create(estate=estate, unit=unit, serial=serial, number=f"{unit.code}-{serial:02d}", starts_on=starts_on,
                                         ends_on=ends_on, owner_names=owner, opened_by=by or User.system())
    person = Person.objects.create(estate=estate, name=owner, phone="13812345678")
    Ownership.objects.create(estate=estate, household=household, person=person)
    return household
