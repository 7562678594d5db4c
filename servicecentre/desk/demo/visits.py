"""Three days at the demo's gate: cars that came and went, paid, free, by hand, one fee given back, some still inside; a cost of common income."""
from datetime import timedelta
from functools import partial

from billing.common_income import add_common_cost
from billing.models import Visit
from billing.visits import enter_visit, free_kinds, gates, leave_by_hand, leave_visit, quote, void_visit_fee
from servicecentre.kit.periods import now, today

# Hours ago, minutes inside (None: still there), plate, where to, how it went.
CARS = ((61, 41, "苏A8K302", "1-1-0301", ""), (58, 126, "苏A3K718", "4-1-0703", "cash"), (55, 245, "皖B7Q210", "2-1-1102", "wechat"),
        (52, 35, "苏AD30518", "3-1-0502", ""), (50, 190, "苏A9T5L2", "1-2-0801", "cash"), (37, 75, "苏B62K19", "", "alipay"),
        (34, 150, "苏AF12077", "2-2-0604", "free"), (33, 64, "苏A55H20", "5-1-1301", "cash"), (31, 58, "浙A2M906", "", ""),
        (30, 780, "苏A7P33X", "3-2-1801", "hand"), (12, 95, "苏AD77162", "4-2-0901", "wechat"), (9, 220, "苏A1R468", "1-1-1203", "cash"),
        (7, 45, "苏E90T21", "", ""), (5, 132, "苏A60N85", "2-1-0402", "wechat"), (3, None, "苏A4C917", "3-1-1102", ""),
        (1, None, "苏AD18834", "5-2-0303", ""), (0.4, None, "沪A8V651", "", ""))
BACK = "苏A55H20"                          # whose fee is given back


def past(estate, guard, manager):
    """[(moment, what is done then)], in no order."""
    done = []
    for hours, minutes, plate, to_unit, way in CARS:
        came = now() - timedelta(hours=hours)
        done.append((came, partial(enter_visit, estate, plate=plate, gate=gates(estate)[0], to_unit=to_unit, by=guard)))
        if minutes is not None:
            done.append((came + timedelta(minutes=minutes), partial(leave, estate, plate, way, guard)))
        if plate == BACK:
            done.append((came + timedelta(minutes=minutes + 1), partial(give_back, estate, plate, manager)))
    done.append((now() - timedelta(hours=49), lambda: add_common_cost(estate, day=today(), words="露天车位重新划线", amount=68000,
                                                                      basis="发票 32011876", by=manager)))
    return done


def leave(estate, plate, way, guard):
    visit = Visit.objects.of(estate).inside().get(plate=plate)
    gate, cost = visit.entry_gate, quote(estate, visit.entry_at, now().replace(microsecond=0))
    if way == "free":
        return leave_visit(visit, gate=gate, free_kind=free_kinds(estate)[-1], by=guard)
    if cost.fee is None:
        return leave_by_hand(visit, gate=gate, fee=1000, reason="过夜，和司机说好按两次收", method="cash", by=guard)
    return leave_visit(visit, gate=gate, fee_shown=cost.fee, method=way or "cash", by=guard)


def give_back(estate, plate, manager):
    return void_visit_fee(Visit.objects.of(estate).paid().get(plate=plate), reason="为住户装空调的车，本来不收", by=manager)
