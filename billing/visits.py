"""Temporary parking: entry, exit, what the stay costs to the second, and its reversal (DOMAIN §2 [seed], §9.18).

Under 60 minutes free, from exactly 60 minutes to exactly 12 hours once the price; beyond, what the estate has set, or by hand with reason.
"""
import re
from datetime import datetime
from typing import NamedTuple

from households.entering import checked
from households.standing import said
from servicecentre.kit.identity import check_plate, show_plate
from servicecentre.kit.money import half_up, yuan
from servicecentre.kit.periods import business_day, now, shown_moment, today
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.worklog.acts import act, record

from .models import BillingPolicy, ContractVehicle, ParkingContract, Price, Visit, VisitVoid
from .models.visits import DAY, FREE_BELOW, HALF_DAY, MOST_FEE, SHORT, TIER_TO, stay_text
from .petty_cash import spend
from .shifts import open_shift

TEMPORARY = "parking_temporary"
RULE, METHODS, OVER = Visit.Rule, Visit.Method, BillingPolicy.Over12h


def times_of(seconds, over):
    """How many times the price these seconds cost: 0 is free; None where no rule says (over 12 hours, and none is set)."""
    if seconds < FREE_BELOW:
        return 0
    if seconds <= TIER_TO:
        return 1
    begun = {OVER.EACH_12H: HALF_DAY, OVER.EACH_24H: DAY}.get(over)
    return begun and 1 + -(-(seconds - TIER_TO) // begun)


def fee_of(times, unit_price, cap=0):
    """Fen of so many times the price (0.0001 元), half-up, at most ``cap`` fen where there is one."""
    fee = half_up(times * unit_price, 100)
    return min(fee, cap) if cap else fee


class Quote(NamedTuple):
    """What an exit at this moment costs, and of what; ``fee`` None where only a hand may say, ``why`` then says why. Fen."""

    at: datetime
    seconds: int | None = None
    rule: str = RULE.HAND
    over: str = ""
    price: Price | None = None
    times: int | None = None
    cap: int = 0
    fee: int | None = None
    why: str = ""


def quote(estate, entry_at, at):
    """The Quote of a stay in ``estate`` from ``entry_at`` (None: nobody wrote it down) to ``at``, by the price of the day of ``at``."""
    if entry_at is None:
        return Quote(at, why="没有进场记录。")
    seconds = int((at - entry_at).total_seconds())
    if seconds < 0:
        return Quote(at, why=f"进场记的是 {shown_moment(entry_at)}，比现在还晚，时钟变过。")
    if seconds < FREE_BELOW:
        return Quote(at, seconds, RULE.FREE, times=0, fee=0)
    policy, price = BillingPolicy.of(estate), price_on(estate, business_day(at))
    if price is None:
        return Quote(at, seconds, why=f"{business_day(at)} 没有临停的收费标准。")
    times = times_of(seconds, policy.parking_over_12h)
    if times is None:
        return Quote(at, seconds, why="超过 12 小时，小区还没定怎么收。")
    fee = fee_of(times, price.unit_price, policy.parking_cap)
    if fee > MOST_FEE:
        return Quote(at, seconds, why=f"停了 {stay_text(seconds)}，按规则超过 {yuan(MOST_FEE)} 元，请主管核对。")
    return Quote(at, seconds, RULE.OVER if seconds > TIER_TO else RULE.TIER, policy.parking_over_12h, price, times, policy.parking_cap, fee)


def price_on(estate, day):
    """The price of temporary parking in force on a day, or None."""
    return Price.objects.of(estate).on(day).filter(fee_kind__code=TEMPORARY).select_related("fee_kind").first()


def named(text):
    """The names that a setting lists, parted by ；."""
    return list(dict.fromkeys(name for part in re.split("[；;\n]", text) if (name := part.strip())))


def gates(estate):
    return named(BillingPolicy.of(estate).parking_gates) or ["大门"]


def free_kinds(estate):
    """Kinds of vehicles that pass free, as the estate lists them (DOMAIN §2 [practice])."""
    return [kind for kind in named(BillingPolicy.of(estate).parking_free_kinds) if kind != SHORT]


def this_second():
    """Now, without its part of a second: what is shown, printed and reckoned is the same moment."""
    return now().replace(microsecond=0)


@act
def enter_visit(estate, *, plate, gate, to_unit="", by, despite=()):
    """A vehicle comes in; returns the Visit. Refused while the plate is inside, and for one that parks by the month.

    unless="special_plate" for one of a special kind (DOMAIN §8).
    """
    plate = _plate(plate, despite)
    _refuse_by_the_month(estate, plate)
    if there := _inside(estate, plate):
        raise _still_inside(there)
    visit = Visit.objects.create(estate=estate, plate=plate, entry_at=this_second(), entry_gate=_gate(estate, gate), entered_by=by,
                                 to_unit=checked("to_unit", clean_text, to_unit, 20))
    record(by, f"临停进场 {visit.shown_plate} {visit.entry_gate}{f'，去 {visit.to_unit}' if visit.to_unit else ''}", visit)
    return visit


@act
def leave_visit(visit, *, gate, fee_shown=0, method="", free_kind="", by):
    """A vehicle goes: free by kind, or for ``fee_shown`` fen, which must be what this second costs. Returns the Visit.

    Refused once it has left, when the sum has changed since it was shown, and where only a hand may say what it costs.
    """
    estate = visit.estate
    shift = open_shift(estate, by=by) if fee_shown and not free_kind else None
    visit = _unleft(visit)
    cost = quote(estate, visit.entry_at, _leaving(shift))
    if free_kind:
        return _leave_free(visit, cost, gate, free_kind, by)
    if cost.fee is None:
        raise Refused(f"{cost.why}请手工填费用和原因。")
    if cost.fee != fee_shown:
        raise Refused(f"已停 {stay_text(cost.seconds)}，现在收 {yuan(cost.fee)} 元；页面上是 {yuan(fee_shown)} 元。请按现在的收。")
    if not cost.fee:
        return _let_out(visit, cost, gate, by, rule=RULE.FREE, fee=0, free_kind=SHORT)
    return _let_out(visit, cost, gate, by, rule=cost.rule, fee=cost.fee, method=_method(method), shift=shift)


@act
def leave_by_hand(visit, *, gate, fee, reason, method="", by):
    """A vehicle goes for a sum (fen, 0 too) typed with its reason: over 12 hours without a rule, a clock that went back.

    Returns the Visit. Refused where a rule gives the fee (DOMAIN §2).
    """
    shift = open_shift(visit.estate, by=by) if fee else None
    visit = _unleft(visit)
    cost = quote(visit.estate, visit.entry_at, _leaving(shift))
    if cost.fee is not None:
        raise Refused(f"按规则收 {yuan(cost.fee)} 元，不用手工填。")
    return _let_out_by_hand(visit, cost, gate, fee, reason, method, shift, by)


@act
def leave_without_entry(estate, *, plate, gate, fee=0, reason="", method="", free_kind="", by, despite=()):
    """A vehicle goes that nobody wrote down when it came: free by kind, or for a sum typed with its reason. Returns the Visit."""
    shift = open_shift(estate, by=by) if fee and not free_kind else None
    plate = _plate(plate, despite)
    _refuse_by_the_month(estate, plate)
    if there := _inside(estate, plate):
        raise Refused(f"{there.shown_plate} 有进场记录，{shown_moment(there.entry_at)} {there.entry_gate}，请按记录办出场。",
                      link=("办出场", there.get_absolute_url()))
    cost = quote(estate, None, _leaving(shift))
    visit = Visit(estate=estate, plate=plate)
    if free_kind:
        return _leave_free(visit, cost, gate, free_kind, by)
    return _let_out_by_hand(visit, cost, gate, fee, reason, method, shift, by)


@act
def void_visit_fee(visit, *, reason, by):
    """Give a visit's fee back: a reversing row by somebody who did not take it; returns the VisitVoid.

    On its own day out of what the gate took, later out of the petty cash (DOMAIN §2 Refund). Refused where nothing was taken,
    a second time, for who took it, and while there is not so much in the petty cash.
    """
    visit = Visit.objects.lock(visit)
    if not visit.fee:
        raise Refused("这一笔没有收钱，不用冲回。")
    if done := visit.voids.select_related("by").first():
        raise Refused(f"{done.by.name} {shown_moment(done.at)} 已冲回这一笔。")
    if by.pk == visit.left_by_id:
        raise Refused("这笔钱是您收的，要由别人冲回。")
    reason = said("reason", reason, 100, "请写原因")
    day = today()
    void = VisitVoid.objects.create(estate=visit.estate, visit=visit, fee=visit.fee, taken_by_id=visit.left_by_id, from_till=day == visit.day,
                                    reason=reason, day=day, at=now(), by=by)
    if not void.from_till:
        spend(visit.estate, visit.fee, words=f"冲回{visit} {visit.shown_plate}", row=void, by=by)
    record(by, f"冲回{visit} {visit.shown_plate} {yuan(visit.fee)} 元，{goes_words(void)}：{reason}", visit)
    return void


def goes_words(void):
    """Where the money that goes back comes from."""
    return "从当天的收款里退" if void.from_till else "从备用金里退"


def _plate(text, despite):
    plate, warning = checked("plate", check_plate, text)
    if warning and "special_plate" not in despite:
        raise Refused(warning, unless="special_plate")
    return plate


def _refuse_by_the_month(estate, plate):
    day = today()
    rows = ContractVehicle.objects.of(estate).live().filter(plate=plate, starts_on__lte=day, contract__in=ParkingContract.objects.running(on=day))
    if rows.exclude(ends_on__lt=day).exists():
        raise Refused({"plate": f"{show_plate(plate)} 是月租车，不计临停，直接放行。"})


def _inside(estate, plate):
    return Visit.objects.of(estate).inside().filter(plate=plate).first()


def _still_inside(there):
    return Refused(f"{there.shown_plate} 还在场内，{shown_moment(there.entry_at)} {there.entry_gate} 进的，请先办出场。",
                   link=("办出场", there.get_absolute_url()))


def _gate(estate, gate):
    if gate not in gates(estate):
        raise Refused({"gate": "请选门岗"})
    return gate


def _method(method):
    if method not in METHODS.values:
        raise Refused({"method": "请选收款方式"})
    return method


def _leaving(shift):
    """The moment of going; kept inside the day of the till that takes the money, also when midnight passed in the queue."""
    return (shift.within(now()) if shift else now()).replace(microsecond=0)


def _unleft(visit):
    visit = Visit.objects.lock(visit)
    if visit.exit_at:
        raise Refused(f"{visit.left_by.name} {shown_moment(visit.exit_at)} 已在{visit.exit_gate}放行这辆车。", link=("看这一笔", visit.get_absolute_url()))
    return visit


def _leave_free(visit, cost, gate, free_kind, by):
    if free_kind not in free_kinds(visit.estate):
        raise Refused({"free_kind": "请选免费的类别"})
    return _let_out(visit, cost, gate, by, rule=RULE.FREE, fee=0, free_kind=free_kind)


def _let_out_by_hand(visit, cost, gate, fee, reason, method, shift, by):
    if fee is None or not 0 <= fee <= MOST_FEE:
        raise Refused({"fee": f"填 0 到 {yuan(MOST_FEE)} 元"})
    fee_reason = said("reason", reason, 100, "请写原因")
    return _let_out(visit, cost, gate, by, rule=RULE.HAND, fee=fee, fee_reason=fee_reason, method=_method(method) if fee else None, shift=shift)


def _let_out(visit, cost, gate, by, *, rule, fee, **frozen):
    visit.exit_at, visit.day, visit.exit_gate, visit.left_by = cost.at, business_day(cost.at), _gate(visit.estate, gate), by
    visit.seconds, visit.rule, visit.fee = cost.seconds, rule, fee
    if rule in (RULE.TIER, RULE.OVER):
        visit.price, visit.unit_price, visit.times, visit.cap, visit.over_rule = cost.price, cost.price.unit_price, cost.times, cost.cap, cost.over
    for column, value in frozen.items():
        setattr(visit, column, value)
    visit.save()
    record(by, f"临停出场 {show_plate(visit.plate)} {visit.exit_gate}，停 {visit.stay}，{paid_words(visit)}", visit)
    return visit


def paid_words(visit):
    """「收 5.00 元，现金」, 「免费，不足 1 小时」, with the reason of a hand."""
    if visit.rule == RULE.FREE:
        return f"免费，{visit.free_kind}"
    words = f"收 {yuan(visit.fee)} 元，{visit.get_method_display()}" if visit.fee else "没有收费"
    return f"{words}，手工：{visit.fee_reason}" if visit.rule == RULE.HAND else words
