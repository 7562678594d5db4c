"""What an import wrote, row by row, kept with it so that it can be taken back while nothing hangs on it (DOMAIN §9.6 asks the rest)."""
from datetime import date

from households.models import Building, Contact, Household, Ownership, Person, Resident, Unit, UnitArea, Vehicle
from servicecentre.kit.secrets import seal

from .standing import chunks

# In the order in which they are made; taken back the other way round. With the columns by which a later change is seen.
_SEEN = {Building: ("code",), Unit: ("version", "code", "kind", "building_id"), UnitArea: ("unit_id", "area", "starts_on", "ends_on"),
         Person: ("version", "name", "id_digest"),
         Household: ("version", "unit_id", "starts_on", "ends_on", "owner_names", "remark", "voided_at"),
         Ownership: ("household_id", "person_id", "position", "share", "left_on"), Contact: ("version", "household_id", "name", "phone"),
         Vehicle: ("version", "household_id", "plate", "ended_on"),
         Resident: ("version", "household_id", "person_id", "lease_from", "left_on")}
MODELS = {model._meta.model_name: model for model in _SEEN}
ENCRYPTED = {"id_number"}                               # only ever written where there was none


class Written:
    """The journal of one import: rows made, columns changed with what stood in them, rows removed."""

    def __init__(self, estate):
        self.estate = estate
        self.new, self.old, self.gone, self.amended = {}, {}, {}, []

    def made(self, model, rows):
        self.new.setdefault(model._meta.model_name, []).extend(row.pk for row in rows)
        return rows

    def changes(self, model, columns, pks):
        """Note what stands in these columns before they are written; the first value counts."""
        kept = self.old.setdefault(model._meta.model_name, {})
        columns = [column for column in columns if column not in ENCRYPTED]
        for chunk in chunks(pks):
            for row in model.objects.filter(pk__in=chunk).values("pk", *columns):
                pk = str(row.pop("pk"))
                kept[pk] = {name: _plain(value) for name, value in row.items()} | kept.get(pk, {})

    def removes(self, model, pks):
        rows = model.objects.filter(pk__in=pks).values(*(f.attname for f in model._meta.concrete_fields))
        self.gone.setdefault(model._meta.model_name, []).extend({name: _plain(value) for name, value in row.items()} for row in rows)

    def close(self):
        """How each row stands when all is written."""
        self.stands = {name: marks(model, {*self.new.get(name, ()), *map(int, self.old.get(name, ()))}) for name, model in MODELS.items()}

    def as_json(self):
        return {"new": self.new, "old": self.old, "gone": self.gone, "amended": self.amended, "stands": getattr(self, "stands", {})}


def marks(model, pks) -> dict:
    """{pk as text: a keyed digest of what of the row shows a later change}, of those that are there."""
    found = {}
    for chunk in chunks(pks):
        for pk, *values in model.objects.filter(pk__in=chunk).values_list("pk", *_SEEN[model]):
            found[str(pk)] = seal(*(_plain(value) for value in values))[:16]
    return found


def _plain(value):
    return value.isoformat() if isinstance(value, date) else value
