"""Temporary parking to the second: what a stay costs, who may say so, and that nobody takes it back alone (DOMAIN §2, §9.18)."""
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.models import BillingPolicy, FeeKind, Price, Shift, Visit, VisitVoid
from billing.models.visits import stay_text
from billing.petty_cash import balance_of, top_up_petty_cash
from billing.tariffs import change_price
from billing.visits import (
    enter_visit,
    fee_of,
    free_kinds,
    gates,
    leave_by_hand,
    leave_visit,
    leave_without_entry,
    quote,
    times_of,
    void_visit_fee,
)
from servicecentre.desk.proofs import prove
from servicecentre.kit import periods
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.refused import Refused
from servicecentre.roles import Role
from servicecentre.worklog.models import Entry

from ..conftest import person_at

PLATE, GATE = "苏A3K718", "大门"
CAME = datetime(2026, 11, 24, 4, 6, tzinfo=UTC)                            # 12:06 in Shanghai
HOUR, TWELVE = timedelta(hours=1), timedelta(hours=12)
SECOND = timedelta(seconds=1)


@pytest.fixture
def clock(monkeypatch):
    """clock(moment): it is that moment."""
    def stands(moment):
        monkeypatch.setattr(periods, "clock", lambda: moment)
    stands(CAME)
    return stands


@pytest.fixture
def guard(estate):
    return person_at(estate, "qianwei", "钱卫", Role.GUARD)


@pytest.fixture
def guard2(estate):
    return person_at(estate, "sunli", "孙立", Role.GUARD)


@pytest.fixture
def visit(estate, guard, clock):
    return enter_visit(estate, plate=PLATE, gate=GATE, to_unit="4-1-0703", by=guard)


def setting(estate, **values):
    return BillingPolicy.objects.update_or_create(estate=estate, defaults=values)[0]


def go(visit, by, **more):
    """Out at once, for what it costs now, in cash."""
    cost = quote(visit.estate, visit.entry_at, periods.now().replace(microsecond=0))
    return leave_visit(visit, gate=GATE, fee_shown=cost.fee or 0, method="cash", by=by, **more)


# --- the borders, to the second ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("stay, rule, fee", [
    (timedelta(0), "free", 0), (HOUR - SECOND, "free", 0), (HOUR, "tier", 500), (TWELVE - SECOND, "tier", 500), (TWELVE, "tier", 500)])
def test_free_below_an_hour_and_once_the_price_up_to_twelve_both_included(visit, guard, clock, stay, rule, fee):
    clock(CAME + stay)
    left = go(visit, guard)
    assert (left.rule, left.fee, left.seconds) == (rule, fee, int(stay.total_seconds()))
    assert (left.method, left.shift_id is None) == (("cash", False) if fee else (None, True))
    assert left.free_kind == (None if fee else "不足 1 小时") and left.day == (CAME + stay + 8 * HOUR).date()
    assert not list(prove([17, 18]))


def test_a_second_beyond_twelve_hours_has_no_rule_until_the_estate_sets_one(visit, guard, clock):
    clock(CAME + TWELVE + SECOND)
    with pytest.raises(Refused, match="还没定怎么收.*手工填"):
        leave_visit(visit, gate=GATE, fee_shown=500, method="cash", by=guard)
    with pytest.raises(Refused, match="请写原因"):
        leave_by_hand(visit, gate=GATE, fee=1000, reason=" ", method="cash", by=guard)
    left = leave_by_hand(visit, gate=GATE, fee=1000, reason="停过夜，按两次收", method="wechat", by=guard)
    assert (left.rule, left.fee, left.fee_reason, left.seconds, left.price) == ("hand", 1000, "停过夜，按两次收", 43201, None)
    assert not list(prove([18]))


@pytest.mark.parametrize("over, seconds, fee", [
    ("each_12h", 43200, 500), ("each_12h", 43201, 1000), ("each_12h", 86400, 1000), ("each_12h", 86401, 1500),
    ("each_24h", 43200, 500), ("each_24h", 43201, 1000), ("each_24h", 129600, 1000), ("each_24h", 129601, 1500)])
def test_each_further_span_begun_costs_once_more(estate, visit, guard, clock, over, seconds, fee):
    setting(estate, parking_over_12h=over)
    clock(CAME + timedelta(seconds=seconds))
    left = go(visit, guard)
    assert (left.rule, left.fee, left.times) == ("over" if seconds > 43200 else "tier", fee, fee // 500)
    assert not list(prove([18]))


def test_a_cap_is_the_most_that_a_visit_costs(estate, visit, guard, clock):
    setting(estate, parking_over_12h="each_12h", parking_cap=2000)
    clock(CAME + timedelta(days=10))
    assert (left := go(visit, guard)).fee == 2000 and left.times == 20 and not list(prove([18]))


def test_what_is_beyond_reason_is_a_hands_to_say(estate, visit, guard, clock):
    """So that no car is locked in by a figure that the database refuses."""
    setting(estate, parking_over_12h="each_12h")
    clock(CAME + timedelta(days=1200))
    with pytest.raises(Refused, match="请主管核对"):
        go(visit, guard)
    assert leave_by_hand(visit, gate=GATE, fee=0, reason="弃车拖走", by=guard).fee == 0


def independent(seconds, price, over, cap):
    """元 in fractions, written from DOMAIN alone: None where a hand must say."""
    hours = Fraction(seconds, 3600)
    if hours < 1:
        return Fraction(0)
    further = 0 if hours <= 12 else {"each_12h": ceil((hours - 12) / 12), "each_24h": ceil((hours - 12) / 24)}.get(over)
    if further is None:
        return None
    whole = int((1 + further) * price * 100 + Fraction(1, 2))
    return Fraction(min(whole, cap) if cap else whole, 100)


@given(seconds=st.one_of(st.integers(0, 10 * 86400), st.sampled_from([3599, 3600, 3601, 43199, 43200, 43201, 86400, 86401, 129600, 129601])),
       price=st.integers(1, 1_000_0000), over=st.sampled_from(["by_hand", "each_12h", "each_24h"]), cap=st.integers(0, 50_00))
def test_any_stay_agrees_with_a_model_in_fractions(seconds, price, over, cap):
    times, expected = times_of(seconds, over), independent(seconds, Fraction(price, 10000), over, cap)
    assert (None if times is None else Fraction(fee_of(times, price, cap), 100)) == expected


@given(stay=st.integers(0, 400_000), part=st.integers(0, 999_999))
def test_parts_of_a_second_decide_nothing(stay, part):
    """Both moments are whole seconds, as the slip prints them."""
    came = CAME.replace(microsecond=0)
    went = (CAME + timedelta(seconds=stay, microseconds=part)).replace(microsecond=0)
    assert int((went - came).total_seconds()) == stay


def test_moments_are_whole_seconds(estate, guard, clock):
    clock(CAME + timedelta(microseconds=900_000))
    visit = enter_visit(estate, plate=PLATE, gate=GATE, by=guard)
    clock(CAME + HOUR + timedelta(microseconds=100_000))
    assert go(visit, guard).fee == 500


def test_the_price_is_that_of_the_exit_day(estate, visit, guard, manager, clock):
    kind = FeeKind.objects.of(estate).get(code="parking_temporary")
    change_price(kind, unit_price=6_5000, from_month=BillingMonth(2026, 12), basis="业主大会决定", by=manager)
    setting(estate, parking_over_12h="each_24h")
    clock(datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC))                  # 23:59:59 in Shanghai
    assert quote(estate, visit.entry_at, periods.now()).fee == 7 * 500
    clock(datetime(2026, 11, 30, 16, 0, 0, tzinfo=UTC))
    left = go(visit, guard)
    assert (left.day, left.unit_price, left.fee) == (date(2026, 12, 1), 6_5000, 7 * 650) and not list(prove([18]))


def test_without_a_price_a_hand_says(estate, visit, guard, clock):
    Price.objects.filter(fee_kind__code="parking_temporary").update(ends_on=date(2026, 1, 31))
    clock(CAME + 2 * HOUR)
    with pytest.raises(Refused, match="没有临停的收费标准"):
        go(visit, guard)
    assert leave_by_hand(visit, gate=GATE, fee=500, reason="标准没登记", method="cash", by=guard).rule == "hand"


# --- what the guard meets ---------------------------------------------------------------------------------------------

def test_the_sum_shown_is_the_sum_taken_or_nothing_is_done(visit, guard, clock):
    clock(CAME + HOUR)
    with pytest.raises(Refused, match="现在收 5.00 元；页面上是 0.00 元"):
        leave_visit(visit, gate=GATE, fee_shown=0, by=guard)
    assert Visit.objects.inside().count() == 1 and not Shift.objects.exists()


def test_a_plate_is_inside_once(estate, other_estate, visit, guard, clock):
    with pytest.raises(Refused, match="还在场内"):
        enter_visit(estate, plate="苏a·3k718", gate=GATE, by=guard)
    assert enter_visit(other_estate, plate=PLATE, gate=GATE, by=guard).plate == PLATE
    go(visit, guard)
    assert enter_visit(estate, plate=PLATE, gate=GATE, by=guard).plate == PLATE


def test_a_car_leaves_once(visit, guard, guard2, clock):
    clock(CAME + 2 * HOUR)
    go(visit, guard)
    with pytest.raises(Refused, match="钱卫 14:06 已在大门放行"):
        go(visit, guard2)
    with pytest.raises(Refused, match="已在大门放行"):
        leave_by_hand(visit, gate=GATE, fee=0, reason="再来", by=guard2)


def test_a_hand_says_nothing_where_a_rule_does(visit, guard, clock):
    clock(CAME + 2 * HOUR)
    with pytest.raises(Refused, match="按规则收 5.00 元，不用手工填"):
        leave_by_hand(visit, gate=GATE, fee=100, reason="熟人", method="cash", by=guard)


def test_money_needs_a_way_and_a_gate(visit, guard, clock):
    clock(CAME + 2 * HOUR)
    for wrong, field in (({"method": ""}, "method"), ({"method": "card"}, "method"), ({"gate": "后门"}, "gate")):
        with pytest.raises(Refused) as refused:
            leave_visit(visit, **{"gate": GATE, "fee_shown": 500, "method": "cash", **wrong}, by=guard)
        assert field in refused.value.message_dict


def test_without_an_entry_a_hand_says_with_reason(estate, guard, clock):
    with pytest.raises(Refused, match="请写原因"):
        leave_without_entry(estate, plate=PLATE, gate=GATE, fee=500, reason="", method="cash", by=guard)
    left = leave_without_entry(estate, plate=PLATE, gate=GATE, fee=500, reason="停电没登记，司机说两小时", method="cash", by=guard)
    assert (left.entry_at, left.seconds, left.rule, left.fee, left.stay) == (None, None, "hand", 500, "不知道") and not list(prove([18]))


def test_who_is_written_down_leaves_by_the_entry(estate, visit, guard):
    with pytest.raises(Refused, match="有进场记录"):
        leave_without_entry(estate, plate=PLATE, gate=GATE, fee=0, reason="没看见", by=guard)


def test_a_clock_that_went_back_is_a_hands_to_say(visit, guard, clock):
    clock(CAME - HOUR)
    with pytest.raises(Refused, match="时钟变过.*手工"):
        leave_visit(visit, gate=GATE, by=guard)
    left = leave_by_hand(visit, gate=GATE, fee=0, reason="电脑时间拨错过", by=guard)
    assert left.seconds is None and left.exit_at < left.entry_at and not list(prove([18]))


@pytest.mark.parametrize("which", [0, 1])
def test_kinds_that_the_estate_lists_pass_free(estate, visit, guard, clock, which):
    clock(CAME + 3 * TWELVE)
    kind = free_kinds(estate)[which]
    left = leave_visit(visit, gate=GATE, free_kind=kind, by=guard)
    assert (left.rule, left.fee, left.free_kind) == ("free", 0, kind) and not list(prove([18]))


def test_a_kind_nobody_listed_does_not(estate, visit, guard, clock):
    clock(CAME + TWELVE)
    for kind in ("熟人", "不足 1 小时"):
        with pytest.raises(Refused, match="免费的类别"):
            leave_visit(visit, gate=GATE, free_kind=kind, by=guard)
    setting(estate, parking_free_kinds="校车； 救护车;校车", parking_gates="南门；北门")
    assert free_kinds(estate) == ["校车", "救护车"] and gates(estate) == ["南门", "北门"]


def test_a_free_kind_passes_without_an_entry_too(estate, guard, clock):
    left = leave_without_entry(estate, plate="苏A0012警", gate=GATE, free_kind=free_kinds(estate)[0], by=guard, despite=("special_plate",))
    assert (left.rule, left.fee, left.entry_at) == ("free", 0, None)
    with pytest.raises(Refused, match="特种车牌") as refused:
        enter_visit(estate, plate="苏A0012警", gate=GATE, by=guard)
    assert refused.value.unless == "special_plate"


@pytest.mark.parametrize("plate", ["", "3K718", "苏I12345", "苏A1234O", "苏A123", "hello"])
def test_what_is_no_plate_is_not_taken(estate, guard, clock, plate):
    with pytest.raises(Refused) as refused:
        enter_visit(estate, plate=plate, gate=GATE, by=guard)
    assert "plate" in refused.value.message_dict


def test_each_act_is_in_the_log(visit, guard, clock):
    clock(CAME + 2 * HOUR)
    go(visit, guard)
    words = list(Entry.objects.filter(act__startswith="billing.").order_by("pk").values_list("words", flat=True))
    assert words[0] == "临停进场 苏A·3K718 大门，去 4-1-0703" and words[-1] == "临停出场 苏A·3K718 大门，停 2 小时 00 分 00 秒，收 5.00 元，现金"


@pytest.mark.parametrize("seconds, words", [(0, "0 分 00 秒"), (3599, "59 分 59 秒"), (43201, "12 小时 00 分 01 秒"), (None, "不知道")])
def test_a_stay_is_told_to_the_second(seconds, words):
    assert stay_text(seconds) == words


# --- what is given back -----------------------------------------------------------------------------------------------

def test_a_fee_is_reversed_by_another_person_once(visit, guard, manager, clock):
    clock(CAME + 2 * HOUR)
    left = go(visit, guard)
    with pytest.raises(Refused, match="要由别人冲回"):
        void_visit_fee(left, reason="多收", by=guard)
    with pytest.raises(Refused, match="请写原因"):
        void_visit_fee(left, reason="", by=manager)
    void = void_visit_fee(left, reason="车牌看错，收了两次", by=manager)
    assert (void.fee, void.from_till, void.taken_by, Visit.objects.get().fee) == (500, True, guard, 500)
    with pytest.raises(Refused, match="已冲回"):
        void_visit_fee(left, reason="再来", by=manager)
    assert VisitVoid.objects.count() == 1 and not list(prove([17, 18]))


def test_on_a_later_day_the_petty_cash_gives_it_back(estate, visit, guard, manager, clock):
    clock(CAME + 2 * HOUR)
    left = go(visit, guard)
    clock(CAME + timedelta(days=1))
    with pytest.raises(Refused, match="备用金只有 0.00 元"):
        void_visit_fee(left, reason="司机有凭据", by=manager)
    top_up_petty_cash(estate, amount=1000, reference="99300", by=person_at(estate, "liumin", "刘敏", Role.FINANCE))
    assert void_visit_fee(left, reason="司机有凭据", by=manager).from_till is False and balance_of(estate) == 500


def test_a_free_visit_has_nothing_to_give_back(visit, guard, manager):
    with pytest.raises(Refused, match="没有收钱"):
        void_visit_fee(go(visit, guard), reason="试", by=manager)
