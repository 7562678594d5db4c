"""The price list: a price changes from the 1st of a month on, and never touches what was billed (DOMAIN §2 [seed])."""
from datetime import date, timedelta

from django.db.models import Sum

from servicecentre.kit.money import MAX_PRICE, price_text
from servicecentre.kit.periods import BillingMonth, now, today
from servicecentre.kit.refused import Refused
from servicecentre.worklog.acts import act, record

from .lines import lines
from .models import BillingPolicy, Charge, FeeKind, Price
from .run import hold_tariff


@act
def change_price(fee_kind, *, unit_price, from_month, basis, by, despite=()):
    """A new unit price (0.0001 元) from a month on; the price before it ends the day before. Returns the new Price.

    ``from_month`` is a BillingMonth or a date, which must be a 1st (DOMAIN §2 [practice]). Refused when that month or a
    later one is billed at another price, when a price is planned from that very day, or when nothing would change;
    unless="big_change" when it is more than twice or less than half of what it was.
    """
    hold_tariff(fee_kind.estate)
    first = day_open(fee_kind, from_month)
    if not 0 < unit_price <= MAX_PRICE:
        raise Refused({"unit_price": "单价要大于 0，不超过 1,000 元。"})
    if not basis.strip():
        raise Refused({"basis": "请填写调价依据，如合同条款、业主大会决定或公示文号。"})
    prices = fee_kind.prices.live()
    if prices.filter(starts_on=first).exists():
        raise Refused({"from_month": f"从 {first} 起的单价已经登记过。要改，请先撤回那一条。"})
    before = prices.filter(starts_on__lt=first).order_by("-starts_on").first()
    in_force = before if before and (before.ends_on is None or before.ends_on >= first) else None
    if in_force and in_force.unit_price == unit_price:
        raise Refused({"unit_price": f"和现在的单价 {price_text(unit_price)} 元相同，不用调整。"})
    if in_force and not in_force.unit_price <= 2 * unit_price <= 4 * in_force.unit_price and "big_change" not in despite:
        raise Refused({"unit_price": f"现在是 {price_text(in_force.unit_price)} 元，改成 {price_text(unit_price)} 元相差一倍以上，请核对小数点。"},
                      unless="big_change")
    later = prices.filter(starts_on__gt=first).order_by("starts_on").first()
    if in_force:
        _end(in_force, first - timedelta(days=1))
    price = Price.objects.create(estate=fee_kind.estate, fee_kind=fee_kind, unit_price=unit_price, starts_on=first, basis=basis.strip(),
                                 ends_on=later.starts_on - timedelta(days=1) if later else None, made_by=by)
    was = f"{price_text(in_force.unit_price)} 改为 " if in_force else ""
    record(by, f"调整收费标准 {fee_kind.name} {was}{price_text(unit_price)} 元，从 {first} 起，依据：{price.basis}", price)
    return price


@act
def withdraw_price(price, *, by):
    """Take back a planned price that was never used; the one before it goes on in its place. Returns it.

    Refused once its first day is past, once a bill was made of it, or when it is the fee's first price.
    """
    hold_tariff(price.estate)
    price = Price.objects.lock(price)
    if price.withdrawn_at:
        raise Refused("这条单价已经撤回。")
    if price.starts_on <= today():
        raise Refused("这条单价已经开始执行，不能撤回；可以从下个月起调整。")
    if price.charges.exists():
        raise Refused("已有账单用了这条单价，不能撤回。")
    before = price.fee_kind.prices.live().filter(ends_on=price.starts_on - timedelta(days=1)).first()
    if before is None:
        raise Refused("这是第一条单价，撤回后就没有收费标准了。请改为从下个月起调整。")
    price.withdrawn_at = now()
    price.save(update_fields=["withdrawn_at"])
    _end(before, price.ends_on)
    record(by, f"撤回收费标准 {price.fee_kind.name} {price_text(price.unit_price)} 元（原定 {price.starts_on} 起）", price)
    return price


def next_month_open(fee_kind, *, on):
    """The first month from which this fee's price may be changed: next month, or behind the last one billed."""
    last = fee_kind.charges.live().order_by("-period").values_list("period", flat=True).first()
    month = BillingMonth.of(on).next
    return max(month, BillingMonth.of(last).next) if last else month


def difference(fee_kind, unit_price, month):
    """(lines, fen at the price in force, fen at this price) of that month's bill, or None for a fee no run bills."""
    in_force = Price.objects.of(fee_kind.estate).on(month.first).filter(fee_kind=fee_kind).first()
    if not fee_kind.bills or in_force is None:
        return None
    planned = Price(pk=in_force.pk, estate=fee_kind.estate, fee_kind=fee_kind, unit_price=unit_price, starts_on=month.first)
    policy = BillingPolicy.of(fee_kind.estate)
    was, will = (lines(price, month, policy).aggregate(fen=Sum("amount", default=0))["fen"] for price in (in_force, planned))
    return lines(in_force, month, policy).count(), int(was), int(will)


def price_list(estate):
    """FeeKinds in order, each with ``history`` (its prices, newest first), from one query more."""
    kinds = list(FeeKind.objects.of(estate).in_order())
    prices = {}
    for price in Price.objects.of(estate).select_related("made_by").order_by("-starts_on", "-pk"):
        prices.setdefault(price.fee_kind_id, []).append(price)
    for kind in kinds:
        kind.history = prices.get(kind.pk, [])
    return kinds


def day_open(fee_kind, from_month):
    """The 1st from which the price may change; Refused beside ``from_month`` when it is no 1st or is billed already."""
    first = _first_day(from_month)
    _refuse_if_billed(fee_kind, first)
    return first


def _first_day(from_month):
    if isinstance(from_month, BillingMonth):
        return from_month.first
    if not isinstance(from_month, date) or from_month.day == 1:
        return from_month
    following = BillingMonth.of(from_month).next.first
    raise Refused({"from_month": f"单价从某月 1 日起执行，{from_month} 不是 1 日。可以从 {following} 起。"})


def _refuse_if_billed(fee_kind, first):
    billed = Charge.objects.live().filter(estate=fee_kind.estate_id, fee_kind=fee_kind, period__gte=first)
    if billed.exists():
        months = sorted(set(billed.values_list("period", flat=True)))
        following = BillingMonth.of(months[-1]).next.first
        listed = "、".join(str(BillingMonth.of(month)) for month in months[:3])
        raise Refused({"from_month": f"{listed} 已按原单价出账 {billed.count()} 笔，出过的账不变。可以从 {following} 起调整；"
                                     "要改已出的月份，先撤销那几次出账，再调整，再出一次。"})


def _end(price, day):
    price.ends_on = day
    price.save(update_fields=["ends_on"])
