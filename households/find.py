"""Finding a household by whatever the person at the counter says: room, name, pinyin, phone, plate (MEASURED D3).

One row per way to ask (SearchKey), rewritten by the act that changes what it says; found by prefix on an index, one
lookup per kind that fits the text, each bounded by its own LIMIT. kit/text makes the terms and reads the question.
"""
import re
from collections import defaultdict
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Q

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
LAST = "\U0010ffff"                 # behind every character that a term may hold
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
    yield from Ownership.objects.live().filter(household__in=households).order_by("pk").values_list(*columns)
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
    """What at this estate the text may mean: Found with at most ``limit`` hits, one per household; four queries at most."""
    asked = questions(text)
    if not asked:
        return Found([])
    keys, more = _lookup(estate, asked, cap=limit * 3)
    hits, others = _hits(estate, keys, limit)
    _tell_who(hits)
    return Found(hits, more or others)


def _lookup(estate, asked, cap):
    """[(kind, asked, exact, unit id, household id)] in the order of the questions, and whether the cap cut one short.

    One statement, a bounded range of the index for each question. LIKE would use no index on SQLite nor, by its collation,
    on PostgreSQL; a whole term is the first of its range, so no LIMIT can hide it (MEASURED D3).
    """
    low, high, order = ("~>=~", "~<~", "USING ~<~") if connection.vendor == "postgresql" else (">=", "<", "")
    part = (f"SELECT * FROM (SELECT {{n}} AS n, term, unit_id, household_id FROM {SearchKey._meta.db_table} WHERE estate_id = %s "
            f"AND term {low} %s AND term {high} %s ORDER BY term {order} LIMIT {cap + 1}) AS q{{n}}")
    sql = " UNION ALL ".join(part.format(n=n) for n in range(len(asked)))
    rows = [[] for _ in asked]
    with connection.cursor() as cursor:
        cursor.execute(sql, [value for kind, term in asked for value in (estate.pk, kind + term, kind + term + LAST)])
        for n, term, unit, household in cursor.fetchall():
            rows[n].append((*asked[n], term == "".join(asked[n]), unit, household))
    return [row for found in rows for row in found[:cap]], any(len(found) > cap for found in rows)


OF_HOUSEHOLD = ("id", "estate_id", "unit_id", "number", "starts_on", "ends_on", "owner_names")       # in the model's own order,
OF_UNIT = ("id", "estate_id", "code", "sort", "kind")                                                # as from_db takes them
UNIT_ID, ENDS_ON, THE_UNIT, SORT = 2, 5, len(OF_HOUSEHOLD), len(OF_HOUSEHOLD) + 3


def _hits(estate, keys, limit):
    """One hit per household, or per unit where no one holds it; current tenures first, then whole terms, then by room.

    All that fit are ordered as plain rows, only those that are shown become models (of these columns; the rest is deferred).
    """
    asked_units = {unit for kind, _, _, unit, _ in keys if kind == ROOM}
    asked_households = {household for kind, *_, household in keys if kind != ROOM}
    if not keys:
        return [], False
    day = today()
    tenures = Household.objects.of(estate).live().filter(
        Q(pk__in=asked_households) | Q(unit__in=asked_units) & (Q(ends_on=None) | Q(ends_on__gte=day))).order_by("-starts_on")
    rows = {row[0]: row for row in tenures.values_list(*OF_HOUSEHOLD, *(f"unit__{name}" for name in OF_UNIT))}
    holders = {row[UNIT_ID]: row for row in rows.values() if not row[ENDS_ON] or row[ENDS_ON] >= day}    # today's, or the next to come
    free = asked_units - holders.keys()
    units = {row[0]: (*[None] * THE_UNIT, *row) for row in Unit.objects.of(estate).filter(pk__in=free).values_list(*OF_UNIT)} if free else {}
    found = {}
    for kind, asked, exact, unit_id, household_id in keys:
        row = holders.get(unit_id) or units.get(unit_id) if kind == ROOM else rows.get(household_id)
        if row:
            former = bool(row[ENDS_ON] and row[ENDS_ON] < day)
            rank = (list(KINDS).index(kind), former, not exact, row[SORT])
            found.setdefault((row[0], row[THE_UNIT]), (rank, kind, asked, exact, former, row))
    shown = sorted(found.values(), key=lambda hit: hit[0])
    return [_hit(*hit[1:]) for hit in shown[:limit]], len(shown) > limit


def _hit(kind, asked, exact, former, row):
    unit = Unit.from_db("default", OF_UNIT, row[THE_UNIT:])
    household = None
    if row[0] is not None:
        household = Household.from_db("default", OF_HOUSEHOLD, row[:THE_UNIT])
        household.unit = unit
    return Hit(kind, asked, exact, unit, household, former)


_PEOPLE = """
SELECT 1, o.position, o.household_id, '', p.name, p.phone, p.phone2
FROM households_ownership o JOIN households_person p ON p.id = o.person_id WHERE o.household_id IN ({ids}) AND o.left_on IS NULL
UNION ALL SELECT 2, r.id, r.household_id, r.kind, p.name, p.phone, p.phone2
FROM households_resident r JOIN households_person p ON p.id = r.person_id WHERE r.household_id IN ({ids}) AND r.left_on IS NULL
UNION ALL SELECT 3, id, household_id, '', name, phone, '' FROM households_contact WHERE household_id IN ({ids})
UNION ALL SELECT 4, id, household_id, '', plate, driver_phone, '' FROM households_vehicle WHERE household_id IN ({ids}) AND ended_on IS NULL
ORDER BY 1, 2"""


def _tell_who(hits):
    """Fill in the people and plates by one query: as SQL, since building these four by the ORM takes ten times the asking."""
    of = {hit.household.pk: hit for hit in hits if hit.household}
    if not of:
        return
    roles = {1: lambda _: "业主", 2: lambda kind: Resident.Kind(kind).label, 3: lambda _: "紧急联系人", 4: lambda _: "驾驶人"}
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE.format(ids=", ".join(["%s"] * len(of))), [*of] * 4)
        for source, _, household, kind, name, *phones in cursor.fetchall():
            if source == 4:
                of[household].plates.append(name)
                name = ""
            if name or phones[0]:
                of[household].people.append(Who(name, roles[source](kind), tuple(phones)))
