"""All that a month's run bills: each source a query of who owes what, with the columns of the charge that it becomes."""
from dataclasses import dataclass

from django.db.models import BigIntegerField, Count, F, QuerySet, Sum, Value

from . import contract_lines
from .lines import lines, that_day, unbilled, with_due


@dataclass
class Source:
    """``rows``: all lines, ``unbilled``: those not there yet, with ``amount`` (fen); ``columns``: column of a charge → expression.

    ``household``: the path from a row to its household, as a prefix of field names.
    """

    rows: QuerySet
    unbilled: QuerySet
    columns: dict
    household: str = ""

    def totals(self):
        """[(fee kind id, building id, number, fen)] of what is not billed yet."""
        rows = self.unbilled.order_by().annotate(kind=self.columns["fee_kind_id"], building=F(f"{self.household}unit__building"))
        return rows.values_list("kind", "building").annotate(n=Count("pk"), fen=Sum("amount"))


def sources(estate, month, prices, policy):
    """The unit fees of these prices first, then parking contracts."""
    return [*(_of_price(price, month, policy) for price in prices), *(
        Source(rows, contract_lines.unbilled(rows), contract_lines.columns(), "household__")
        for rows in contract_lines.contract_lines(estate, month, policy))]


def _of_price(price, month, policy):
    rows, number = with_due(lines(price, month, policy), month, policy), BigIntegerField()
    return Source(rows, unbilled(rows, price, month), {
        "household_id": F("pk"), "unit_id": F("unit_id"), "fee_kind_id": Value(price.fee_kind_id, number), "price_id": Value(price.pk, number),
        "subject": Value(""), "period": that_day(month.first), "starts_on": F("starts"), "ends_on": F("ends"), "quantity": F("area"),
        "unit_price": Value(price.unit_price, number), "percent": F("percent"), "share_num": F("share_num"), "share_den": F("share_den"),
        "amount": F("amount"), "due_on": F("due")})
