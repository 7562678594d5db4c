"""Which money settles which line: the one place that writes Allocation rows, and the running columns beside them.

The caller holds the household's lock (or, for a run, the estate's and those of all households with credit): what is
written here is bounded by the CHECKs `paid_stays_within_amount`, `payment_stays_within_total` and
`credit_stays_within_amount`, in the same transaction (DOMAIN §9.4).
"""
from django.db.models import Case, F, Value, When

from servicecentre.kit.refused import Refused

from .models import Allocation, Charge, Payment

CHUNK = 200                       # rows of one UPDATE


def settle(household, charges, sources, *, at, receipt=None, later=False):
    """Settle these unpaid charges in the order given from these sources, oldest first; returns the new Allocations.

    ``sources`` are Payment and Credit rows of the household; what each has ``left`` (fen) is used up before the next.
    ``charge.paid`` and ``source.left`` change in the database and in the rows passed in. ``receipt`` is the Payment
    whose paper lists the lines, ``later`` says that waiting credit did it (用预存). Refused when a row is another
    household's, or was voided or paid meanwhile.
    """
    made, taken, used = [], {}, {}
    waiting = [source for source in oldest_first(sources) if source.left > 0]
    for row in (*charges, *waiting):
        if row.household_id != household.pk or row.estate_id != household.estate_id:
            raise Refused("所选账单或款项不是这一户的。")
    for charge in charges:
        while waiting and charge.due > 0:
            source = waiting[0]
            amount = min(source.left, charge.due)
            made.append(Allocation(estate_id=household.estate_id, charge=charge, amount=amount, at=at, later=later, receipt=receipt,
                                   **{"payment" if isinstance(source, Payment) else "credit": source}))
            charge.paid += amount
            source.left -= amount
            taken[charge] = taken.get(charge, 0) + amount
            used[source] = used.get(source, 0) + amount
            if not source.left:
                waiting.pop(0)
    _add(Charge.objects.live(), "paid", {charge.pk: amount for charge, amount in taken.items()})
    for model in {type(source) for source in used}:
        rows = model.objects.live() if model is Payment else model.objects.all()
        _add(rows, "left", {source.pk: -amount for source, amount in used.items() if isinstance(source, model)})
    return Allocation.objects.bulk_create(made)


def oldest_first(sources):
    """Payments and credits together by their time; of one moment payments first, then by number."""
    return sorted(sources, key=lambda s: (s.at, 0, s.pk) if isinstance(s, Payment) else (s.made_at, 1, s.pk))


def take_back(allocations, *, at):
    """Void these live allocations: the lines are unpaid again by their sums, the money is left again. Returns fen.

    A payment that is void itself gets nothing back: what becomes of its money is its own void's matter.
    """
    allocations = [a for a in allocations if a.voided_at is None]
    paid, back = {}, {"payment": {}, "credit": {}}
    for a in allocations:
        paid[a.charge_id] = paid.get(a.charge_id, 0) - a.amount
        kind = "payment" if a.payment_id else "credit"
        pk = getattr(a, f"{kind}_id")
        back[kind][pk] = back[kind].get(pk, 0) + a.amount
        a.voided_at = at
    Allocation.objects.bulk_update(allocations, ["voided_at"], batch_size=CHUNK)
    _add(Charge.objects.all(), "paid", paid)
    void = set(Payment.objects.filter(pk__in=back["payment"]).exclude(voided_at=None).values_list("pk", flat=True))
    _add(Payment.objects.all(), "left", {pk: fen for pk, fen in back["payment"].items() if pk not in void})
    _add(Allocation.credit.field.related_model.objects.all(), "left", back["credit"])
    return sum(a.amount for a in allocations)


def _add(rows, column, changes):
    """column += change for each pk, in one UPDATE per chunk; Refused when a row is no longer there as it was."""
    pks = sorted(changes)
    for start in range(0, len(pks), CHUNK):
        chunk = pks[start:start + CHUNK]
        change = Case(*(When(pk=pk, then=Value(changes[pk])) for pk in chunk), default=Value(0))
        if rows.filter(pk__in=chunk).update(**{column: F(column) + change}) != len(chunk):
            raise Refused("账单刚被别人改动,请刷新后核对。")
