"""应收 taken out as Excel, for finance: months from – to, row by row in constant memory; the taking out in the log."""
from decimal import Decimal

from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.refused import Refused
from servicecentre.kit.sheets import Table
from servicecentre.worklog.acts import act, record

from .explain import share_text
from .models import Charge

MOST_MONTHS = 60
HEADER = ["房号", "户号", "业主", "项目", "账期", "数量", "单位", "单价(元)", "比例(%)", "月份数", "应收(元)", "已收(元)", "未收(元)", "应缴日"]
WIDTHS = {0: 14, 1: 16, 2: 18, 3: 24, 4: 10, 10: 12, 11: 12, 12: 12, 13: 12}


@act
def log_charges_export(estate, *, first, last, unpaid=False, by):
    """Note in the log what is taken out; returns the Entry. Refused for a span that is none or too long, or that has no line."""
    if last < first:
        raise Refused({"last": "止的月份早于起的月份。"})
    if (last.year - first.year) * 12 + last.month - first.month >= MOST_MONTHS:
        raise Refused({"last": f"一次最多 {MOST_MONTHS} 个月。"})
    number = _charges(estate, first, last, unpaid).count()
    if not number:
        raise Refused("这几个月没有应收。")
    return record(by, f"导出{'未收清的' if unpaid else ''}应收 Excel {first} 至 {last} {number} 笔，含业主姓名", estate=estate)


def charges_table(estate, *, first, last, unpaid=False):
    """Live charges of these months, by month and unit."""
    return Table(f"应收 {first} 至 {last}", HEADER, _rows(_charges(estate, first, last, unpaid)), WIDTHS)


def _charges(estate, first, last, unpaid):
    rows = Charge.objects.of(estate)
    return (rows.unpaid() if unpaid else rows.live()).filter(period__gte=first.first, period__lte=last.first)


def _rows(charges):
    rows = charges.select_related("household", "unit", "fee_kind").order_by("period", "unit__sort", "fee_kind__position", "pk")
    for c in rows.iterator(chunk_size=1000):
        unit = "笔" if c.opening_id else c.fee_kind.unit_name
        yield [c.unit.code, c.household.number, c.household.owner_names, c.shown_name, str(BillingMonth.of(c.period)), Decimal(c.quantity).scaleb(-2),
               unit, Decimal(c.unit_price).scaleb(-4), c.percent, share_text(c), _yuan(c.amount), _yuan(c.paid), _yuan(c.due), c.due_on]


def _yuan(fen):
    return Decimal(fen).scaleb(-2)
