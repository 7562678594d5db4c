"""Payments, voids, refunds and waivers of some days as Excel; the taking out stands in the log first (TRUST 26)."""
from decimal import Decimal

from households.exporting import FOR, why
from servicecentre.kit.periods import business_day, day_bounds
from servicecentre.kit.refused import Refused
from servicecentre.kit.sheets import Table
from servicecentre.worklog.acts import act, record

from .explain import period_text
from .models import Payment, ReceiptVoid, Refund, Waiver
from .slips import ways_text

LISTS = {"payments": "收款流水", "voids": "收据作废", "refunds": "退款", "waivers": "减免"}
MOST_DAYS = 366
CHUNK = 500


@act
def log_money_export(estate, *, which, first, last, reason, by):
    """Note in the log that one of these lists is taken out, of which days, and what for; returns the Entry.

    Refused for a span of more than a year, and for one with nothing in it.
    """
    reason = why(reason)
    if not 0 <= (last - first).days < MOST_DAYS:
        raise Refused({"last": f"从起日算，最多 {MOST_DAYS} 天"})
    number = _rows(estate, which, first, last).count()
    if not number:
        raise Refused(f"这几天没有{LISTS[which]}。")
    return record(by, f"导出{LISTS[which]} Excel {first} 至 {last} {number} 笔，含姓名{FOR}{reason}", estate=estate)


def money_table(estate, *, which, first, last, **_):
    """The list as one sheet, oldest first."""
    header, cells, widths = SHEETS[which]
    rows = _rows(estate, which, first, last).order_by("pk")
    return Table(f"{LISTS[which]} {first} 至 {last}", header, (cells(row) for row in rows.iterator(chunk_size=CHUNK)), widths)


def _rows(estate, which, first, last):
    asked = {"asked_at__gte": day_bounds(first)[0], "asked_at__lt": day_bounds(last)[1]}
    if which == "payments":
        return Payment.objects.of(estate).filter(day__gte=first, day__lte=last).select_related(
            "household__unit", "paper", "cashier").prefetch_related("parts")
    if which == "voids":
        return ReceiptVoid.objects.of(estate).filter(**asked).select_related(
            "payment__household__unit", "payment__paper", "payment__cashier", "asked_by", "decided_by", "paper")
    if which == "refunds":
        return Refund.objects.of(estate).filter(**asked).select_related("household__unit", "asked_by", "decided_by", "paid_by", "paper", "receipt__paper")
    return Waiver.objects.of(estate).filter(**asked).select_related("household__unit", "charge__fee_kind", "asked_by", "decided_by", "paper")


def _payment(p):
    return [p.day, str(p), p.household.unit.code, p.household.number, p.payer_name, ways_text(p), p.cashier.name, "作废" if p.voided_at else "有效",
            _yuan(p.total), _yuan(p.left), _yuan(p.refunded)]


def _void(v):
    return [business_day(v.asked_at), str(v.payment), v.payment.household.unit.code, _yuan(v.payment.total), v.get_reason_display(), v.words,
            v.get_goes_display(), v.payment.cashier.name, v.asked_by.name, _name(v.decided_by), _decided(v), str(v.paper or ""), v.refusal]


def _refund(r):
    return [business_day(r.asked_at), str(r), r.household.unit.code, r.household.number, _yuan(r.amount), r.get_reason_display(), r.words,
            r.get_method_display(), r.payee_name, str(r.receipt or ""), r.asked_by.name, _name(r.decided_by), _name(r.paid_by),
            {"asked": "等批准", "approved": "等财务付", "paid": "已付", "refused": "未批准", "withdrawn": "已撤回", "bounced": "银行退回"}[r.state]]


def _waiver(w):
    return [business_day(w.asked_at), str(w), w.household.unit.code, w.household.number, w.charge.shown_name, period_text(w.charge), _yuan(w.charge.amount),
            _yuan(w.amount), w.reason, w.basis, w.asked_by.name, _name(w.decided_by), _decided(w)]


SHEETS = {
    "payments": (["日期", "收据", "房号", "户号", "交款人", "方式", "收款员", "状态", "金额（元）", "预存余额（元）", "已退（元）"], _payment, {1: 18, 5: 30}),
    "voids": (["申请日期", "收据", "房号", "金额（元）", "原因", "说明", "款项去向", "收款员", "申请人", "批准人", "结果", "作废单", "不批准原因"], _void,
              {1: 18, 5: 40, 11: 18}),
    "refunds": (["申请日期", "退款单", "房号", "户号", "金额（元）", "原因", "说明", "方式", "退给", "原收据", "申请人", "批准人", "付款人", "状态"], _refund,
                {1: 18, 6: 40, 9: 18}),
    "waivers": (["申请日期", "减免单", "房号", "户号", "项目", "账期", "应收（元）", "减免（元）", "原因", "依据", "申请人", "批准人", "结果"], _waiver,
                {1: 18, 8: 40}),
}


def _decided(row):
    return {None: "等批准", True: "已批准", False: "未批准"}[row.approved]


def _name(user):
    return user.name if user else ""


def _yuan(fen):
    return Decimal(fen).scaleb(-2)
