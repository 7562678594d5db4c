"""The register of one estate as it stands, read by a handful of queries, and a digest that tells whether it moved."""
import hashlib
from collections import defaultdict
from dataclasses import dataclass, field

from django.db.models import Max, Q

from households.models import Building, Contact, Household, Ownership, Person, Resident, Unit, UnitArea, Vehicle
from servicecentre.kit.periods import BillingMonth, today
from servicecentre.kit.secrets import seal
from servicecentre.kit.text import RoomCode

CHUNK = 500
# What of a person a list may bring, apart from the ID number.
PERSON = ("pk", "version", "name", "id_digest", "id_masked", "phone", "phone2", "mail_address", "sex")


def key_of(code):
    """A unit code without idle zeros: how units are matched."""
    return RoomCode("", "", code).key


def chunks(ids):
    ids = sorted(ids)
    return [ids[start:start + CHUNK] for start in range(0, len(ids), CHUNK)]


# What a plan is made of: every column that Standing reads, and those that say whether a row still counts.
_READ = {Building: ("code",), Unit: ("code", "kind", "trade", "remark", "building_id", "version"),
         UnitArea: ("unit_id", "area", "starts_on", "ends_on"), Person: (*PERSON[1:],),
         Household: ("unit_id", "serial", "number", "starts_on", "ends_on", "owner_names", "remark", "voided_at", "version"),
         Ownership: ("household_id", "person_id", "position", "left_on"), Contact: ("household_id", "name", "phone"),
         Vehicle: ("household_id", "plate", "ended_on"), Resident: ("household_id", "person_id", "kind", "lease_from", "left_on")}


def state(estate) -> str:
    """A digest of all that a plan reads of the register and of the calendar: moves when any of it does.

    Of the day only what matters counts: the month from which another area holds, and which tenures are over.
    """
    day, digest = today(), hashlib.sha256()
    for model, columns in _READ.items():
        digest.update(f"{model._meta.label_lower}\n".encode())
        for row in model.objects.of(estate).order_by("pk").values_list("pk", *columns).iterator(chunk_size=2000):
            digest.update(f"{row!r}\n".encode())
    over = Household.objects.of(estate).live().filter(ends_on__lt=day).count()
    return seal(estate.pk, digest.hexdigest(), str(BillingMonth.of(day).next), over)


def billed_until(units) -> dict:
    """{unit id: last day for which something live is billed}, of these units alone.

    The bills stand on a higher floor; here only their days are asked, through the unit's own relation.
    """
    found = {}
    for chunk in chunks(units):
        found |= dict(Unit.objects.filter(pk__in=chunk).values_list("pk").annotate(
            last=Max("charges__ends_on", filter=Q(charges__voided_at=None))).exclude(last=None))
    return found


@dataclass
class Tenure:
    """A household and what hangs on it; rows as dicts of their columns."""

    pk: int
    unit_id: int
    version: int
    number: str
    serial: int
    starts_on: object
    ends_on: object
    owner_names: str
    remark: str
    owners: list = field(default_factory=list)        # ownership columns with the person's under "person"
    contacts: list = field(default_factory=list)
    vehicles: list = field(default_factory=list)      # ended ones too
    tenants: list = field(default_factory=list)       # who left, too


class Standing:
    """Everything of an estate that an imported row may touch: eight queries, whatever the number of rows."""

    def __init__(self, estate):
        self.estate, self.day = estate, today()
        self.state = state(estate)
        self.buildings = {key_of(b.code): b for b in Building.objects.of(estate)}
        self.units = {key_of(u["code"]): u for u in Unit.objects.of(estate).values(
            "pk", "version", "code", "kind", "trade", "remark")}
        self.areas = {a["unit_id"]: a for a in UnitArea.objects.of(estate).order_by("starts_on").values(
            "pk", "unit_id", "area", "starts_on", "ends_on", "basis")}                        # the latest of each unit
        self.people = {p["pk"]: p for p in Person.objects.of(estate).values(*PERSON)}
        self.by_digest = {p["id_digest"]: p for p in self.people.values() if p["id_digest"]}
        self.tenures = defaultdict(list)
        columns = [name for name in Tenure.__dataclass_fields__ if name not in ("owners", "contacts", "vehicles", "tenants")]
        live = {t["pk"]: Tenure(**t) for t in
                Household.objects.of(estate).live().filter(developer=False).order_by("starts_on").values(*columns)}           # a buyer follows the developer
        for tenure in live.values():
            self.tenures[tenure.unit_id].append(tenure)
        self._hang(live, "owners", Ownership.objects.of(estate).live().order_by("position").values("pk", "household_id", "person_id", "position"))
        self._hang(live, "contacts", Contact.objects.of(estate).order_by("pk").values("pk", "household_id", "name", "phone"))
        self._hang(live, "vehicles", Vehicle.objects.of(estate).values("pk", "household_id", "plate", "ended_on"))
        self._hang(live, "tenants", Resident.objects.of(estate).filter(kind=Resident.Kind.TENANT).order_by("pk").values(
            "pk", "household_id", "person_id", "lease_from", "left_on"))

    def _hang(self, live, name, rows):
        for row in rows:
            if tenure := live.get(row["household_id"]):
                if "person_id" in row:
                    row["person"] = self.people[row["person_id"]]
                getattr(tenure, name).append(row)

    def holders(self, unit_id):
        """The live tenures of a unit that are not over, today's first."""
        return [t for t in self.tenures[unit_id] if t.ends_on is None or t.ends_on >= self.day]
