"""Charges and runs as plain values for scripts and Excel: the contract of IMPORT.md «Commands»; what is taken out stands in the log."""
from decimal import Decimal

from django.db.models import Count, F, Sum

from households.exporting import FOR, why
from servicecentre.kit.money import area_text, plain_yuan, price_text
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.refused import Refused
from servicecentre.kit.sheets import Table
from servicecentre.worklog.acts import act, record

from .explain import share_text
from .models import Charge, Deposit
from .preview import REASONS, left_out, line_rows, preview

CHARGE_COLUMNS = ["unit", "household", "fee", "period", "quantity", "unit_price", "percent", "share", "amount", "paid", "due_on"]
MOST_MONTHS = 60
CHARGES_HEADER = ["房号", "户号", "业主", "项目", "账期", "数量", "单位",
                  "单价（元）", "比例（%）", "月份数", "应收（元）", "已收（元）", "未收（元）", "应缴日"]
CHARGES_WIDTHS = {0: 14, 1: 16, 2: 18, 3: 24, 4: 10, 10: 12, 11: 12, 12: 12, 13: 12}


def charge_rows(estate, month):
    """Live charges of a month by unit, one row each in the order of CHARGE_COLUMNS; all texts."""
    rows = Charge.objects.of(estate).live().of_month(month).order_by(
        "unit__sort", "unit_id", "fee_kind__position", "household_id", "subject", "line")
    for c in rows.annotate(code=F("unit__code"), number=F("household__number"), fee=F("fee_kind__code")).iterator(chunk_size=2000):
        yield [c.code, c.number, c.fee, f"{c.period:%Y-%m}", area_text(c.quantity), price_text(c.unit_price), str(c.percent), share_text(c),
               plain_yuan(c.amount), plain_yuan(c.paid), c.due_on.isoformat()]


def left_out_rows(estate, month, prices=None):
    """[(unit code, reason code, reason in words)] of every unit left out, by unit."""
    rows = left_out(estate, month, prices).order_by("sort", "pk").values_list("code", "reason")
    return [(code, reason, REASONS[reason][0]) for code, reason in rows.iterator(chunk_size=2000)]


def bill_report(shown, run=None, left=()):
    """What `manage.py bill --json` prints, from the Preview before the run and, unless it was a dry one, the BillRun."""
    fees = {fee.kind.code: (fee.new_count, fee.new_total) for fee in shown.fees}
    if run is not None:
        lines = run.charges.values_list("fee_kind__code").annotate(n=Count("pk"), fen=Sum("amount")).order_by() if run.added else ()
        made = {code: (n, int(fen)) for code, n, fen in lines}
        fees = {code: made.get(code, (0, 0)) for code in {**fees, **made}}
    return {"period": str(shown.month), "created": sum(n for n, _ in fees.values()), "existing": shown.made_count,
            "total": plain_yuan(sum(fen for _, fen in fees.values())),
            "fees": {code: {"count": n, "amount": plain_yuan(fen)} for code, (n, fen) in fees.items()},
            "left_out": [{"unit": unit, "reason": words} for unit, _, words in left],
            "corrections": [{"unit": c.unit_code, "household": c.household.number, "fee": c.fee_kind.code, "period": str(c.month),
                             "amount": plain_yuan(c.fen), "reason": c.words} for c in shown.corrections]}


def preview_tables(estate, month):
    """Tables of a workbook: totals, every line, units left out, differences, corrections."""
    shown = preview(estate, month)
    buildings = shown.buildings
    totals = [[fee.kind.name, fee.count, *(_yuan(fee.by_building.get(b.pk, 0)) for b in buildings), _yuan(fee.total),
               _yuan(fee.total - fee.before_total) if shown.compared else None] for fee in shown.fees]
    totals.append(["合计", shown.count, *(_yuan(sum(fee.by_building.get(b.pk, 0) for fee in shown.fees)) for b in buildings),
                   _yuan(shown.total), _yuan(shown.total - shown.before_total) if shown.compared else None])
    lines = ([row["c_code"], row["c_number"], row["c_owners"], row["c_fee"], row["c_starts"], row["c_ends"],
              _hundredths(row["c_quantity"]), Decimal(row["c_unit_price"]).scaleb(-4), _share(row), _yuan(row["c_amount"]), row["c_due"],
              "已出账" if row["c_made"] else "将出账"]
             for row in line_rows(estate, month).iterator(chunk_size=2000))
    return [
        Table("合计", ["项目", "笔数", *map(str, buildings), "合计（元）", f"比 {month.previous}（元）"], totals, {0: 20}),
        Table("逐笔明细",
              ["房号", "户号", "业主", "收费项目", "起", "止", "面积（㎡）", "单价（元）", "份额", "金额（元）", "应缴日", "状态"], lines,
              {0: 12, 1: 14, 2: 16, 3: 18, 4: 11, 5: 11, 10: 11}),
        *left_out_tables(estate, month),
        Table(f"比 {month.previous}", ["变化", "收费项目", "笔数", "为什么", "金额（元）"],
              ([what, fee, number, why, _yuan(fen)] for what, fee, number, why, fen in shown.changes), {1: 18, 3: 36}),
        Table("更正", ["房号", "户号", "收费项目", "账期", "金额（元）", "原因"],
              ([c.unit_code, c.household.number, c.fee_kind.name, str(c.month), _yuan(c.fen), c.words] for c in shown.corrections),
              {1: 14, 2: 18, 5: 40})]


def left_out_tables(estate, month):
    """The one table of units left out."""
    rows = ([code, words, REASONS[reason][2]] for code, reason, words in left_out_rows(estate, month))
    return [Table("不出账名单", ["房号", "原因", "怎么办"], rows, {0: 12, 1: 22, 2: 40})]


@act
def log_charges_export(estate, *, first, last, reason, unpaid=False, by):
    """Note in the log what is taken out, and what for; returns the Entry. Refused for a span that is none or too long, or that has no line."""
    reason = why(reason)
    if last < first:
        raise Refused({"last": "止的月份早于起的月份。"})
    if (last.year - first.year) * 12 + last.month - first.month >= MOST_MONTHS:
        raise Refused({"last": f"一次最多 {MOST_MONTHS} 个月。"})
    number = _charges(estate, first, last, unpaid).count()
    if not number:
        raise Refused("这几个月没有应收。")
    return record(by, f"导出{'未收清的' if unpaid else ''}应收 Excel {first} 至 {last} {number} 笔，含业主姓名{FOR}{reason}", estate=estate)


def charges_table(estate, *, first, last, unpaid=False, **_):
    """Live charges of these months, by month and unit."""
    return Table(f"应收 {first} 至 {last}", CHARGES_HEADER, _rows(_charges(estate, first, last, unpaid)), CHARGES_WIDTHS)


def _charges(estate, first, last, unpaid):
    rows = Charge.objects.of(estate)
    return (rows.unpaid() if unpaid else rows.live()).filter(period__gte=first.first, period__lte=last.first)


def _rows(charges):
    rows = charges.select_related("household", "unit", "fee_kind").order_by("period", "unit__sort", "fee_kind__position", "pk")
    for c in rows.iterator(chunk_size=1000):
        unit = "笔" if c.opening_id else c.fee_kind.unit_name
        yield [c.unit.code, c.household.number, c.household.owner_names, c.shown_name, str(BillingMonth.of(c.period)), Decimal(c.quantity).scaleb(-2),
               unit, Decimal(c.unit_price).scaleb(-4), c.percent, share_text(c), _yuan(c.amount), _yuan(c.paid), _yuan(c.due), c.due_on]


@act
def log_deposits_export(estate, *, reason, by):
    """Note in the log that the ledger of deposits is taken out, and what for; returns the Entry. Refused when there is none."""
    reason = why(reason)
    number = Deposit.objects.of(estate).count()
    if not number:
        raise Refused("还没有押金。")
    return record(by, f"导出押金 Excel {number} 笔，含交款人姓名{FOR}{reason}", estate=estate)


def deposits_table(estate):
    """Every deposit, in the order taken: no numbers of identity, no accounts."""
    rows = Deposit.objects.of(estate).select_related("household__unit", "paper", "cashier").order_by("pk")
    return Table("押金", ["押金收据", "房号", "户号", "类别", "依据", "交款人", "交款日", "方式", "金额（元）", "在押（元）", "最早退还日", "收款员", "状态"],
                 ([d.paper.number, d.household.unit.code, d.household.number, d.get_kind_display(), d.basis, d.payer_name, d.day, d.get_method_display(),
                   _yuan(d.amount), _yuan(d.held), d.due_back_on, d.cashier.name, "作废" if d.voided_at else "在押" if d.held else "已退清"]
                  for d in rows.iterator(chunk_size=1000)), {0: 17, 1: 12, 2: 16, 4: 26, 5: 14, 6: 11, 10: 11})


def _share(row):
    return "1" if row["c_share_num"] == row["c_share_den"] else f"{row['c_share_num']}/{row['c_share_den']}"


def _yuan(fen):
    return Decimal(fen).scaleb(-2)


_hundredths = _yuan
