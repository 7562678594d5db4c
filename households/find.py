"""Finding a household by whatever the person at the counter says: room, name, pinyin, phone, plate (MEASURED D3).

One row per way to ask (SearchKey), rewritten by the act that changes what it says; found by prefix on an index, one
lookup per kind that fits the text, each bounded by its own LIMIT. kit/text makes the terms and reads the question.
"""
import re
from collections import defaultdict
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import connection

from servicecentre.kit.periods import today
from servicecentre.kit.text import (
    RoomCode,
    name_terms,
    narrow,
    normal_query,
    parse_room,
    phone_terms,
    pinyin_terms,
    plate_terms,
    room_terms,
)

from .models import Contact, Household, Ownership, Resident, SearchKey, Unit, Vehicle

ROOM, NAME, PINYIN, PHONE, PLATE = "rnptv"
KINDS = {ROOM: "房号", NAME: "姓名", PINYIN: "拼音", PHONE: "电话", PLATE: "车牌"}
CHUNK = 500                        # units or households per round of rebuild: bounds memory and the length of IN


# --- writing ----------------------------------------------------------------------------------------------------------

def rebuild_units(unit_ids):
    """Write the room keys of these units anew."""
    for chunk in _chunks(unit_ids):
        units = Unit.objects.filter(pk__in=chunk).values_list("pk", "estate_id", "code")
        SearchKey.objects.filter(unit__in=chunk, household=None).delete()
        _write((estate, ROOM + term, pk, None) for pk, estate, code in units for term in room_terms(_room(code)))


def rebuild(household_ids):
    """Write the keys of these households anew: owners, who lives there, emergency contacts, vehicles. Set-based."""
    for chunk in _chunks(household_ids):
        places = {pk: (estate, unit) for pk, estate, unit in
                  Household.objects.live().filter(pk__in=chunk).values_list("pk", "estate_id", "unit_id")}
        terms = defaultdict(dict)                                     # a dict for its order: the same rows every time
        for household, name, *phones in _people(chunk):
            terms[household] |= dict.fromkeys(_name_keys(name)) | dict.fromkeys(key for phone in phones for key in _phone_keys(phone))
        for household, plate, phone in Vehicle.objects.filter(household__in=chunk, ended_on=None).values_list(
                "household", "plate", "driver_phone"):
            terms[household] |= dict.fromkeys(PLATE + term for term in plate_terms(plate)) | dict.fromkeys(_phone_keys(phone))
        SearchKey.objects.filter(household__in=chunk).delete()
        _write((estate, term, unit, household) for household, (estate, unit) in places.items() for term in terms[household])


def _room(code):
    """A unit's RoomCode; a list's own code for a shop that no form of ours fits (B1-01) stands for itself."""
    try:
        return parse_room(code)
    except ValidationError:
        return RoomCode("", "", code)


def _chunks(ids):
    ids = list(ids)
    return [ids[start:start + CHUNK] for start in range(0, len(ids), CHUNK)]


def _people(households):
    columns = ("household", "person__name", "person__phone", "person__phone2")
    yield from Ownership.objects.filter(household__in=households).order_by("pk").values_list(*columns)
    yield from Resident.objects.filter(household__in=households, left_on=None).order_by("pk").values_list(*columns)
    yield from Contact.objects.filter(household__in=households).order_by("pk").values_list("household", "name", "phone")


def _name_keys(name):
    return [NAME + term for term in name_terms(name)] + [PINYIN + term for term in pinyin_terms(name)]


def _phone_keys(phone):
    return [PHONE + term for term in phone_terms(phone)]


def _write(rows):
    """By the driver itself: bulk_create takes four times as long over rows as small as these."""
    columns = ", ".join(SearchKey._meta.get_field(name).column for name in ("estate", "term", "unit", "household"))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {SearchKey._meta.db_table} ({columns}) VALUES (%s, %s, %s, %s)", list(rows))


# --- asking -----------------------------------------------------------------------------------------------------------

def questions(text):
    """[(kind, prefix)] that fit what was typed, likeliest first; a room's parts may be parted by blanks (32 1801)."""
    asked = normal_query(text)
    parts = narrow(text).split()
    if len(parts) > 1 and len(joined := "".join(parts)) <= 8 and re.fullmatch("[0-9]+", joined):
        asked = [(ROOM, joined), *(pair for pair in asked if pair[0] != ROOM), *(pair for pair in asked if pair[0] == ROOM)]
    return asked


def unit_of(estate, room):
    """The unit that this RoomCode names, however padded (3-2-0101 is 3-2-101), or None."""
    keys = SearchKey.objects.filter(estate=estate, term=ROOM + room.key, household=None).select_related("unit")
    return next((key.unit for key in keys if _room(key.unit.code) == room), None) or Unit.objects.of(estate).filter(code=room.code).first()


@dataclass
class Who:
    """Somebody of a household: owner, resident, tenant, emergency contact, driver."""

    name: str
    role: str
    phones: tuple

    def fits(self, kind, asked):
        """Is it this one that the question meant?"""
        terms = {NAME: lambda: name_terms(self.name), PINYIN: lambda: pinyin_terms(self.name),
                 PHONE: lambda: [term for phone in self.phones for term in phone_terms(phone)]}[kind]()
        return any(term.startswith(asked) for term in terms)


@dataclass
class Hit:
    """A unit and, where one holds or held it, the household; by which kind of key, and who of the household matched."""

    kind: str
    asked: str                                            # the prefix that was looked up, without its kind
    exact: bool
    unit: Unit
    household: Household | None
    former: bool = False
    people: list = field(default_factory=list)            # owners first
    plates: list = field(default_factory=list)

    @property
    def who(self):
        """Who matched, or the first owner."""
        if self.kind in (NAME, PINYIN, PHONE):
            return next((who for who in self.people if who.fits(self.kind, self.asked)), None)
        return self.people[0] if self.people else None

    @property
    def plate(self):
        """The plate that matched, or the first."""
        if self.kind == PLATE:
            return next((p for p in self.plates if any(term.startswith(self.asked) for term in plate_terms(p))), None)
        return self.plates[0] if self.plates else None

    def get_absolute_url(self):
        return (self.household or self.unit).get_absolute_url()


@dataclass
class Found:
    """Hits in the order to show them; ``more`` says that there are others."""

    hits: list
    more: bool = False


def find(estate, text, *, limit=20):
    """What at this estate the text may mean: Found with at most ``limit`` hits, one per household.

    Its number of queries depends on the kinds of key asked, never on the rows; for PHONE and the rest nothing is read
    but by index.
    """
    keys, more = [], False
    for kind, asked in questions(text):
        rows, cut = _lookup(estate, kind, asked, cap=limit * 3)
        keys += rows
        more |= cut
    hits = _hits(estate, keys)
    found = Found(hits[:limit], more or len(hits) > limit)
    _tell_who(found.hits)
    return found


def _lookup(estate, kind, asked, cap):
    """[(kind, asked, exact, unit id, household id)] of one kind, whole terms first, and whether the cap cut it."""
    keys = SearchKey.objects.filter(estate=estate).values_list("unit", "household")
    term = kind + asked
    rows = dict.fromkeys(((unit, household), True) for unit, household in keys.filter(term=term)[:cap + 1])
    if len(rows) <= cap:
        begun = keys.filter(term__prefix=term).exclude(term=term)[:cap + 1 - len(rows)]
        rows |= dict.fromkeys(((unit, household), False) for unit, household in begun)
    return [(kind, asked, exact, *row) for row, exact in list(rows)[:cap]], len(rows) > cap


def _hits(estate, keys):
    """One hit per household, or per unit where no one holds it; whole terms first, then current tenures, then by room."""
    asked_units = {unit for kind, _, _, unit, _ in keys if kind == ROOM}
    asked_households = {household for kind, *_, household in keys if kind != ROOM}
    day = today()
    units, holders, households = {}, {}, {}
    if asked_units:
        units = Unit.objects.of(estate).in_bulk(asked_units)
        tenures = Household.objects.of(estate).live().filter(unit__in=asked_units).exclude(ends_on__lt=day).order_by("-starts_on")
        holders = {h.unit_id: h for h in tenures}                      # the earliest that is not over: today's, or the one to come
    if asked_households:
        households = Household.objects.of(estate).live().select_related("unit").in_bulk(asked_households)
    hits = {}
    for kind, asked, exact, unit_id, household_id in keys:
        household = holders.get(unit_id) if kind == ROOM else households.get(household_id)
        unit = units.get(unit_id) if kind == ROOM else household and household.unit
        if unit is None:
            continue
        if household:
            household.unit = unit
        former = bool(household and household.ends_on and household.ends_on < day)
        hits.setdefault((unit.pk, household and household.pk), Hit(kind, asked, exact, unit, household, former))
    order = list(KINDS)
    return sorted(hits.values(), key=lambda hit: (order.index(hit.kind), hit.former, not hit.exact, hit.unit.sort))


def _tell_who(hits):
    """Fill in the people and plates: four queries, whatever the number of hits."""
    of = {hit.household.pk: hit for hit in hits if hit.household}
    if not of:
        return
    person = ("household", "person__name", "person__phone", "person__phone2")
    for pk, name, *phones in Ownership.objects.filter(household__in=of).order_by("position").values_list(*person):
        of[pk].people.append(Who(name, "业主", tuple(phones)))
    residents = Resident.objects.filter(household__in=of, left_on=None).order_by("pk")
    for pk, name, phone, phone2, kind in residents.values_list(*person, "kind"):
        of[pk].people.append(Who(name, Resident.Kind(kind).label, (phone, phone2)))
    for pk, name, phone in Contact.objects.filter(household__in=of).order_by("pk").values_list("household", "name", "phone"):
        of[pk].people.append(Who(name, "紧急联系人", (phone,)))
    vehicles = Vehicle.objects.filter(household__in=of, ended_on=None).order_by("pk")
    for pk, plate, phone in vehicles.values_list("household", "plate", "driver_phone"):
        of[pk].plates.append(plate)
        if phone:
            of[pk].people.append(Who("", "驾驶人", (phone,)))
