"""Temporary parking and common income in the worlds that judge the house: a month of them, their pages, more of them, what breaks their rules."""
from billing.common_income import add_common_cost, void_common_cost
from billing.visits import enter_visit, free_kinds, leave_visit, leave_without_entry, void_visit_fee
from servicecentre.kit.periods import today
from servicecentre.roles import Role

from ..conftest import person_at

GATE = "大门"


def month(w):
    """One inside, one that left after more than an hour, free ones, two by hand of which one was given back; costs, one of them void."""
    from ..worlds import at

    w.guard = person_at(w.estate, f"{w.estate.slug}-men", "门卫", Role.GUARD)
    with at(2026, 11, 21, 0):
        w.long_stay = enter_visit(w.estate, plate="苏A3K718", gate=GATE, to_unit="3-2-1801", by=w.guard)
    w.inside = enter_visit(w.estate, plate="苏AD12345", gate=GATE, by=w.guard)
    leave_visit(w.long_stay, gate=GATE, fee_shown=500, method="cash", by=w.guard)
    leave_visit(enter_visit(w.estate, plate="皖B7Q210", gate=GATE, by=w.guard), gate=GATE, by=w.guard)
    leave_visit(enter_visit(w.estate, plate="苏B12345", gate=GATE, by=w.guard), gate=GATE, free_kind=free_kinds(w.estate)[0], by=w.guard)
    w.by_hand = leave_without_entry(w.estate, plate="苏C12345", gate=GATE, fee=1000, reason="停电没登记", method="wechat", by=w.guard)
    again = leave_without_entry(w.estate, plate="苏C12345", gate=GATE, fee=1000, reason="停电没登记", method="wechat", by=w.guard)
    void_visit_fee(again, reason="收了两次", by=w.manager)
    w.cost = add_common_cost(w.estate, day=today(), words="露天车位划线", amount=80000, basis="发票 0012", by=w.manager)
    void_common_cost(add_common_cost(w.estate, day=today(), words="划线", amount=80000, basis="发票 0012", by=w.manager), reason="登记了两次", by=w.manager)


def pages(w):
    return {"billing:visit": [w.long_stay.pk], "billing:leave_visit": [w.inside.pk], "billing:void_visit_fee": [w.by_hand.pk],
            "billing:void_common_cost": [w.cost.pk]}


def crowd(w, i):
    guard = person_at(w.estate, f"{w.estate.slug}-men{i}", f"门卫{i}", Role.GUARD)
    enter_visit(w.estate, plate=f"苏E{i:05d}", gate=GATE, by=guard)
    leave_without_entry(w.estate, plate=f"苏F{i:05d}", gate=GATE, fee=500, reason="没登记", method="cash", by=guard)
    again = leave_without_entry(w.estate, plate=f"苏G{i:05d}", gate=GATE, fee=500, reason="没登记", method="cash", by=guard)
    void_visit_fee(again, reason="收了两次", by=w.manager)
    add_common_cost(w.estate, day=today(), words=f"第 {i} 次划线", amount=100, basis="发票", by=w.manager)


def rules(Change, Copy):
    """What each rule of these tables refuses (tests/test_fences.py)."""
    from billing.models import CommonCost, Visit, VisitVoid

    once = "'2026-11-30 00:00:00+00:00'"
    return {
        "one_visit_inside_per_plate": Copy(Visit, "exit_at IS NULL"),
        "visit_left_whole": Change(Visit, "exit_at IS NULL", {"exit_at": once}),
        "visit_fee_within_reason": Change(Visit, "rule = 'hand' AND fee > 0", {"fee": "1000001"}),
        "hand_fee_says_why": Change(Visit, "rule = 'hand'", {"fee_reason": "''"}),
        "free_visit_says_why": Change(Visit, "rule = 'free'", {"free_kind": "''"}),
        "visit_without_entry_by_hand": Change(Visit, "rule = 'tier'", {"entry_at": "NULL"}),
        "visit_leaves_after_it_came": Change(Visit, "rule = 'tier'", {"entry_at": "'2050-01-01 00:00:00+00:00'"}),
        "visit_fee_is_its_tier": Change(Visit, "rule = 'tier'", {"fee": "fee + 1"}),
        "visit_money_lies_in_a_till": Change(Visit, "rule = 'hand' AND fee > 0", {"method": "NULL"}),
        "one_void_per_visit": Copy(VisitVoid),
        "visit_void_says_why": Change(VisitVoid, "TRUE", {"reason": "''"}),
        "visit_void_needs_two_people": Change(VisitVoid, "TRUE", {"taken_by_id": "by_id"}),
        "common_cost_says_why": Change(CommonCost, "voided_at IS NULL", {"basis": "''"}),
        "common_cost_voided_with_reason": Change(CommonCost, "voided_at IS NULL", {"voided_at": once}),
    }
