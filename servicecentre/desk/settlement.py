"""The seller's statement: what is owed to the last day, what goes back, the papers and readings of the handing over (design/screens 36)."""
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, render

from billing.corrections import who_mends
from billing.settlement import settlement
from households.handing import PAPERS
from households.models import Household, OwnerChange
from servicecentre.kit.periods import parse_date, today
from servicecentre.staff.access import may, needs


@needs("billing.view_account")
def seller_statement(request, pk):
    """For the tenure's own last day, or while it goes on for the day asked for; a page that prints as the paper."""
    row = get_object_or_404(Household.objects.of(request.estate).live().select_related("unit__building", "estate"), pk=pk)
    day = row.ends_on or _asked(request, row)
    change = OwnerChange.objects.of(request.estate).live().filter(seller=row).select_related("by", "buyer").first()
    labels = dict(PAPERS)
    return render(request, "desk/settlement.html", {
        "household": row, "today": today(), "unit": row.unit, "day": day, "settled": settlement(row, day), "ended": row.ends_on is not None, "change": change,
        "papers": [labels[code] for code in change.papers if code in labels] if change else [],
        "readings": list(change.readings.order_by("pk")) if change else [], "taken": list(change.taken_over.order_by("pk")) if change else [],
        "who_mends": who_mends(row.estate), "may_mend": may(request, "billing.mend_line"),
        "may_change": may(request, "households.change_owner"), "may_collect": may(request, "billing.collect_payment")})


def _asked(request, row):
    """The day in the address; today where it says nothing sensible, never before the first day."""
    try:
        day = parse_date(request.GET.get("to", "")) if request.GET.get("to") else today()
    except ValidationError:
        day = today()
    return max(day, row.starts_on)
