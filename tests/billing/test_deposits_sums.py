"""Any sequence of takes, voids, returns with deductions, refusals, withdrawals, payments that come back too, beside plain integers: held agrees."""
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from billing.deposit_returns import (
    approve_deposit_return,
    ask_deposit_return,
    bounce_deposit_return,
    pay_deposit_return,
    refuse_deposit_return,
    withdraw_deposit_return,
)
from billing.deposits import ask_deposit_void, take_deposit, void_deposit
from billing.models import Deposit
from servicecentre.desk.proofs import prove
from servicecentre.files.storing import Ready, kept
from servicecentre.kit.refused import Refused
from servicecentre.roles import Role
from tests.conftest import person_at
from tests.factories import make_household

BROUGHT = {"original_returned": True, "in_person": True, "id_checked": True, "method": "same_way"}
which = some.integers(0, 9)
steps = some.lists(some.one_of(
    some.tuples(some.just("take"), some.integers(1, 300_000)),
    some.tuples(some.just("void"), which),
    some.tuples(some.just("ask"), which, some.lists(some.integers(1, 200_000), max_size=3)),
    some.tuples(some.just("decide"), which, some.booleans()),
    some.tuples(some.just("pay"), which),
    some.tuples(some.just("withdraw"), which),
    some.tuples(some.just("bounce"), which),
), min_size=4, max_size=14)


@pytest.mark.django_db
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_what_is_held_agrees_with_plain_integers(estate, steps):
    with transaction.atomic():
        _walk(estate, [("take", 200_000), *steps])
        transaction.set_rollback(True)


def _walk(estate, steps):
    clerk, manager, finance = (person_at(estate, name, name, role) for name, role in (("a", Role.CLERK), ("b", Role.MANAGER), ("c", Role.FINANCE)))
    household, held, real = make_household(estate), [], []
    asked, approved, paid, ever = {}, {}, {}, set()      # deposit → its return that waits, or was the last paid
    for what, *more in steps:
        n = more[0] % len(held) if held and what != "take" else 0
        if what == "take":
            real.append(take_deposit(household, kind="key", basis="借钥匙", amount=more[0], payer_name="卢建国", payer_phone="13900005678",
                                     payer_id_kind="passport", payer_id="E10293847", method="wechat", reference="8841", by=clerk,
                                     despite=("same_again",)))
            held.append(more[0])
        elif what == "void":
            may = held[n] and n not in asked and n not in approved and n not in ever
            _either(may, lambda n=n: void_deposit(ask_deposit_void(real[n], words="试", by=clerk), by=manager))
            held[n] = 0 if may else held[n]
        elif what == "ask":
            may = held[n] and n not in asked and n not in approved and sum(more[1]) <= held[n]
            if back := _either(may, lambda n=n, off=more[1]: _ask(real[n], off, clerk)):
                asked[n] = back
        elif what == "decide" and n in asked:
            back = asked.pop(n)
            if more[1]:
                approved[n] = approve_deposit_return(back, by=manager)
            else:
                refuse_deposit_return(back, refusal="试", by=manager)
        elif what == "pay" and n in approved:
            paid[n] = pay_deposit_return(approved.pop(n), reference="8841", by=finance)
            ever.add(n)
            held[n] = 0
        elif what == "withdraw" and (n in asked or n in approved):
            withdraw_deposit_return(asked.pop(n, None) or approved.pop(n), withdrawn_words="试", by=clerk)
        elif what == "bounce" and n in paid:
            back = paid.pop(n)
            _either(back.refund, lambda back=back: bounce_deposit_return(back, bounced_words="试", by=finance))
            held[n] = back.refund
        assert list(Deposit.objects.of(estate).order_by("pk").values_list("held", flat=True)) == held
    assert not list(prove({15, 17}))


def _either(may, act):
    """The act's answer where it may be done; else it is refused."""
    if may:
        return act()
    with pytest.raises(Refused):
        act()
    return None


def _ask(deposit, off, clerk):
    photos = [Ready("照片", "photo", "", "image/jpeg", b"photo", b"", str(n)) for n in range(len(off))]
    with kept(photos):
        rows = [{"kind": "damage", "words": "墙砖", "amount": fen, "files": [photo]} for fen, photo in zip(off, photos, strict=True)]
        return ask_deposit_return(deposit, deductions=rows, by=clerk, **BROUGHT)
