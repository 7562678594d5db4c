"""Claim: the statement of account over ten years, five fees billed and paid each month, costs at most 15 times the CPU of a page that
says ok to somebody signed in. Nothing of it is kept between looks: the balance is reckoned from the first day on.
"""
import sys
from datetime import UTC, date, datetime

from _common import make_register, on_both, result, start, weighed

UNITS, YEARS, FEES, RATIO = 20, 10, 5, 15
FIRST, LAST = date(2017, 1, 1), date(2026, 12, 31)


def main(engine):
    start("statement")
    from billing.statement import statement
    from households.models import Household

    estate = make_register("statement", UNITS)
    household = Household.objects.of(estate).filter(unit__kind="home", ends_on=None).earliest("pk")
    _ten_years(estate, household)
    found = statement(household, FIRST, LAST)
    assert len(found.events) >= YEARS * 12 * (FEES + 1) and found.closing == 0, (len(found.events), found.closing)
    page, ok, body = weighed(estate, f"/billing/households/{household.pk}/statement/?first={FIRST}&last={LAST}")
    print(f"{engine}: {len(found.events)} moves; statement {page:.2f} ms, {len(body) / 1024:.1f} KB; ok {ok:.2f} ms of CPU a request")
    return result(f"statement_{engine}", f"{page / ok:.1f}", RATIO, page / ok <= RATIO, "x")


def _ten_years(estate, household):
    """Each month billed by the run and paid at the till on its tenth day, once."""
    from billing.cashier import collect_payment
    from billing.fee_kinds import add_fee_kind
    from billing.models import Charge, Price
    from billing.run import bill_month
    from households.models import Household
    from servicecentre.kit import periods
    from servicecentre.kit.periods import BillingMonth
    from servicecentre.staff.models import User
    by = User.system()
    if Charge.objects.of(estate).exists():
        return
    Household.objects.filter(pk=household.pk).update(starts_on=date(2010, 1, 1))
    for n in range(FEES - 1):
        kind = add_fee_kind(estate, name=f"其他费用{n + 1}", bills="home", unit_name="㎡", per="月", by=by)
        Price.objects.create(estate=estate, fee_kind=kind, unit_price=1500 * (n + 1), starts_on=date(2000, 1, 1), basis="测量", made_by=by)
    clock, month = periods.clock, BillingMonth(2017, 1)
    try:
        for _ in range(YEARS * 12):
            then = datetime(month.year, month.month, 10, 2, tzinfo=UTC)
            periods.clock = lambda then=then: then
            bill_month(estate, month, by=by)
            owed = Charge.objects.filter(household=household).unpaid()
            collect_payment(household, parts=[("cash", sum(line.due for line in owed), "")], payer_name="业主", request_key=str(month), by=by)
            month = month.next
    finally:
        periods.clock = clock


if __name__ == "__main__":
    if len(sys.argv) > 1:
        raise SystemExit(not main(sys.argv[1]))
    on_both(__file__)
