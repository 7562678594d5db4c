"""Acts in random order: whatever happens, parts sum to the whole, every proof holds, both engines write the same rows; and at once, nothing is lost."""
import json
from datetime import datetime, timedelta
from hashlib import sha256

import pytest
from django.db.models import F

from billing.models import Allocation, BillingPolicy, Charge, Credit, Deposit, DepositReturn, Payment, PettyCash, PrepaymentMove, Refund
from billing.run import bill_month
from servicecentre.desk.proofs import prove
from servicecentre.roles import Role
from tests.conftest import person_at
from tests.factories import make_household
from tests.twins import at_once
from tests.worlds import at

from .life import MONTHS, Life
from .till import demand_sums_agree

THEN = (2026, 11, 24, 2)
STEPS = 180                                            # six hours apart: shifts, days and months go by
ROWS = {9: "d95e462c019e34ce", 21: "38b6d8502e90450e"}              # seed → digest of the rows it makes, on either engine

MUST = {"mends", "bounces_a_refund", "bounces_a_deposit", "charges_once", "bills_anew", "decides_a_rebill"}        # what no seed may leave out


def people(estate):
    roles = (("zhao", Role.CLERK), ("qian", Role.CLERK), ("sun", Role.MANAGER), ("li", Role.MANAGER), ("wu", Role.FINANCE))
    return [person_at(estate, name, name, role) for name, role in roles]


def three_households(estate):
    BillingPolicy.objects.create(estate=estate, year_discount=3, first_month="half_or_whole", last_month="whole_month")
    return [make_household(estate, "1-1-101", 8956, owner="张明"), make_household(estate, "2-1-101", 10247, owner="李芳"),
            make_household(estate, "S01", 7688, owner="王五")]


def rows(estate):
    """All that money left behind, in words that are the same on both engines: no ids, no moments."""
    def of(model, *names):
        return sorted(list(map(str, row)) for row in model.objects.of(estate).values_list(*names))
    return [of(Charge, "household__number", "fee_kind__code", "period", "subject", "line", "quantity", "unit_price", "percent", "share_num", "share_den",
               "amount", "paid", "due_on"),
            of(Payment, "household__number", "paper__number", "total", "left", "refunded", "tendered"),
            of(Credit, "household__number", "source", "amount", "left", "refunded"),
            of(Allocation, "charge__period", "charge__amount", "amount", "payment__paper__number", "credit__source", "later"),
            of(Refund, "household__number", "paper__number", "method", "amount", "approved"),
            of(Deposit, "household__number", "paper__number", "amount", "held"),
            of(DepositReturn, "deposit__paper__number", "paper__number", "refund", "set_off", "approved"),
            of(PrepaymentMove, "charge__household__number", "kind", "amount")]


@pytest.mark.django_db
@pytest.mark.parametrize("seed", ROWS)
def test_a_life_in_any_order_keeps_every_sum(estate, seed):
    with at(*THEN):
        three_households(estate)
        life = Life(estate, people(estate), seed)
    for n in range(STEPS):
        with at(*(datetime(*THEN) + timedelta(hours=6 * n)).timetuple()[:5]):
            life.step()
            if n % 40 == 0:
                demand_sums_agree(estate)
    demand_sums_agree(estate)
    assert not list(prove())
    assert len(life.done) > 20 and MUST <= set(life.done), life.done
    assert sum(life.done.values()) > STEPS / 4, (life.done, life.refused)
    assert sha256(json.dumps(rows(estate), ensure_ascii=False).encode()).hexdigest()[:16] == ROWS[seed], "other rows than the other engine, or than before"


@pytest.mark.django_db(transaction=True)
def test_many_lives_at_once_lose_and_double_nothing(estate):
    with at(*THEN):
        three_households(estate)
        everybody = people(estate)
        bill_month(estate, MONTHS[0], by=everybody[2])
        lives = [Life(estate, everybody, seed) for seed in range(6)]

        def lived(life):
            for _ in range(14):
                life.step()
            return life
        results = at_once(*[lambda life=life: lived(life) for life in lives])
        assert all(isinstance(result, Life) for result in results), [r for r in results if not isinstance(r, Life)]
        assert sum(sum(life.done.values()) for life in lives) > 20
        demand_sums_agree(estate)
        assert not list(prove())
    assert not Charge.objects.filter(paid__gt=F("amount")).exists() and PettyCash.objects.get().balance >= 0
