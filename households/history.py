"""Writing down what a change replaced: part of the acts that change the register's data."""
from servicecentre.kit.identity import mask_identity, mask_numbers, mask_phone
from servicecentre.kit.periods import now

from .models import Amendment

LONGEST = 400


def amend(row, changes, *, by, household=None, unit=None, about=""):
    """One Amendment per (what, old, new) that differs; values as people read them, phones and numbers masked by the caller."""
    unit_id = unit.pk if unit is not None else household.unit_id
    Amendment.objects.bulk_create([
        Amendment(estate_id=row.estate_id, unit_id=unit_id, household=household, row_type=row._meta.label_lower, row_id=row.pk,
                  about=about[:80], what=what, old=_words(old), new=_words(new), at=now(), by=by)
        for what, old, new in changes if _words(old) != _words(new)])


def _words(value):
    return "" if value is None else str(value)[:LONGEST]


def shown(row, field):
    """A field's value as a page shows it: the label of a choice, numbers masked."""
    value = getattr(row, field)
    if value and field in ("phone", "phone2", "driver_phone"):
        return mask_phone(value)
    if value and field == "id_number":
        return mask_identity(value)
    if value and field == "remark":
        return mask_numbers(value)
    display = getattr(row, f"get_{field}_display", None)
    return display() if display else value


def change(row, new, *, words, by, household=None, unit=None, about=""):
    """Set what differs, one version up, save, and keep what it said before; the changed fields' ``words`` ([] when nothing did).

    Fields without words (a digest, a mask) follow others and are not told.
    """
    changed = [field for field, value in new.items() if getattr(row, field) != value]
    told = [field for field in changed if field in words]
    before = {field: shown(row, field) for field in told}
    for field in changed:
        setattr(row, field, new[field])
    if changed:
        row.version += 1
        row.save(update_fields=[*changed, "version"])
        amend(row, [(words[field], before[field], shown(row, field)) for field in told], by=by, household=household, unit=unit, about=about)
    return [words[field] for field in told]
