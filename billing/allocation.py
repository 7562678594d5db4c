"""Which money settles which line: the one place that writes Allocation rows, and the running columns beside them.

The caller holds the household's lock (or, for a run, the estate's and those of all households with credit): what is
written here is bounded by the CHECKs `paid_stays_within_amount`, `payment_stays_within_total` and
`credit_stays_within_amount`, in the same transaction (DOMAIN §9.4).
"""
from django.db import connection
from django.db.models import Case, DateTimeField, Exists, F, OuterRef, Subquery, Sum, Value, When

from households.models import Household
from servicecentre.kit.refused import Refused

from .models import Allocation, Charge, Credit, Payment

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
    _add(Credit.objects.all(), "left", back["credit"])
    return sum(a.amount for a in allocations)


def set_aside(sources, fen):
    """Take ``fen`` of what these sources have left for a refund, oldest first; returns [(source, fen)] of those used.

    It stands in their ``refunded`` until it is paid out or ``put_back``.
    """
    taken = []
    for source in oldest_first(sources):
        if fen and (amount := min(source.left, fen)):
            source.left -= amount
            source.refunded += amount
            fen -= amount
            taken.append((source, amount))
    if fen:
        raise Refused("预存余额不足，请刷新后核对。")
    for model, rows in ((Payment, Payment.objects.live()), (Credit, Credit.objects.all())):
        mine = {source.pk: amount for source, amount in taken if isinstance(source, model)}
        _add(rows, "left", {pk: -amount for pk, amount in mine.items()})
        _add(rows, "refunded", mine)
    return taken


def put_back(parts):
    """What was set aside for these parts of a refund is left again."""
    for field, model in (("payment_id", Payment), ("credit_id", Credit)):
        mine = {getattr(part, field): part.amount for part in parts if getattr(part, field)}
        _add(model.objects.all(), "refunded", {pk: -amount for pk, amount in mine.items()})
        _add(model.objects.all(), "left", mine)


def _add(rows, column, changes):
    """column += change for each pk, in one UPDATE per chunk; Refused when a row is no longer there as it was."""
    pks = sorted(changes)
    for start in range(0, len(pks), CHUNK):
        chunk = pks[start:start + CHUNK]
        change = Case(*(When(pk=pk, then=Value(changes[pk])) for pk in chunk), default=Value(0))
        if rows.filter(pk__in=chunk).update(**{column: F(column) + change}) != len(chunk):
            raise Refused("账单刚被别人改动，请刷新后核对。")


# --- a whole run at once ----------------------------------------------------------------------------------------------

# What settle() does, for all households of a run: lines and sources each lie end to end on their household's own scale
# of fen; where two overlap, the one settles the other by as much.
_SETTLE_RUN = """
INSERT INTO billing_allocation (estate_id, charge_id, payment_id, credit_id, amount, at, later)
SELECT c.estate_id, c.id, s.payment_id, s.credit_id,
       CASE WHEN c.upto < s.upto THEN c.upto ELSE s.upto END
       - CASE WHEN c.upto - c.amount > s.upto - s.rest THEN c.upto - c.amount ELSE s.upto - s.rest END, {at}, {yes}
FROM (SELECT id, estate_id, household_id, amount,
             CAST(SUM(amount) OVER (PARTITION BY household_id ORDER BY due_on, period, id) AS bigint) AS upto
      FROM billing_charge WHERE run_id = %s AND voided_at IS NULL AND amount > 0) c
JOIN (SELECT household_id, payment_id, credit_id, rest,
             CAST(SUM(rest) OVER (PARTITION BY household_id ORDER BY since, kind, id) AS bigint) AS upto
      FROM (SELECT household_id, id AS payment_id, CAST(NULL AS bigint) AS credit_id, "left" AS rest, at AS since, 0 AS kind, id
            FROM billing_payment WHERE estate_id = %s AND "left" > 0 AND voided_at IS NULL
            UNION ALL
            SELECT household_id, CAST(NULL AS bigint), id, "left", made_at, 1, id
            FROM billing_credit WHERE estate_id = %s AND "left" > 0) waiting) s
  ON s.household_id = c.household_id AND c.upto - c.amount < s.upto AND s.upto - s.rest < c.upto
WHERE c.amount > 0
ORDER BY c.household_id, c.upto, s.upto
"""


def settle_run(run, *, at):
    """Let the waiting credit of each household settle the lines that this run made, oldest due first; returns fen.

    Four statements, however many households: one insert and the three running columns. Held off meanwhile: payments of
    the households concerned.
    """
    if connection.vendor == "postgresql":
        # The foreign keys are judged now: that waits for every payment under way in these households, so that what it
        # leaves over is seen below, and holds later ones off until these lines are there for them to see.
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    with_credit = (Household.objects.filter(estate=run.estate_id).filter(
        Exists(Payment.objects.of(run.estate_id).with_left().filter(household=OuterRef("pk")))
        | Exists(Credit.objects.of(run.estate_id).with_left().filter(household=OuterRef("pk")))))
    if not list(with_credit.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True)):
        return 0
    moment, params = DateTimeField().get_db_prep_value(at, connection), [run.pk, run.estate_id, run.estate_id]
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE_RUN.format(at="CAST(%s AS timestamp with time zone)" if connection.vendor == "postgresql" else "%s",
                                          yes="TRUE"), [moment, *params])
        if not cursor.rowcount:
            return 0
    ours = Allocation.objects.live().filter(charge__run=run)
    _move(Charge.objects.filter(run=run), "paid", ours, "charge", +1)
    _move(Payment.objects.of(run.estate_id).with_left(), "left", ours, "payment", -1)
    _move(Credit.objects.of(run.estate_id).with_left(), "left", ours, "credit", -1)
    return int(ours.aggregate(fen=Sum("amount"))["fen"])


def take_back_run(charges, *, at):
    """Give back what credit settled of these lines of one run: its allocations void, the lines unpaid; returns fen."""
    ours = Allocation.objects.live().filter(charge__in=charges, later=True)
    back = ours.aggregate(fen=Sum("amount", default=0))["fen"]
    if back:
        _move(charges, "paid", ours, "charge", -1)
        _move(Payment.objects.live(), "left", ours, "payment", +1)
        _move(Credit.objects.all(), "left", ours, "credit", +1)
        ours.update(voided_at=at)
    return int(back)


def _move(rows, column, allocations, by, sign):
    """column ± the sum of these allocations, for the rows that have any."""
    mine = allocations.order_by().filter(**{by: OuterRef("pk")})
    total = Subquery(mine.values(by).annotate(fen=Sum("amount")).values("fen"))
    rows.filter(Exists(mine)).update(**{column: F(column) + sign * total})
