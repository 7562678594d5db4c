"""Refunds, waivers and the petty cash in the worlds that judge the house: a month of them, their pages, more of them, what breaks their rules."""
from billing.petty_cash import count_petty_cash, reverse_petty_cash, top_up_petty_cash
from servicecentre.roles import Role

from ..conftest import person_at


def month(w):
    """One put in twice and undone, one counted difference."""
    w.finance = person_at(w.estate, f"{w.estate.slug}-liu", "刘敏", Role.FINANCE)
    w.put_in = top_up_petty_cash(w.estate, amount=2000_00, reference="9930011", by=w.finance)
    twice = top_up_petty_cash(w.estate, amount=2000_00, reference="9930012", by=w.finance)
    reverse_petty_cash(twice, words="同一张回单登记了两次", by=w.finance)
    count_petty_cash(w.estate, counted=1999_50, book=2000_00, words="找零少 5 角", by=w.finance)


def pages(w):
    return {"billing:reverse_petty_cash": [w.put_in.pk]}


def crowd(w, i):
    top_up_petty_cash(w.estate, amount=100_00 + i, reference=f"99401{i:02d}", by=w.finance)


def rules(Change, Copy):
    """What each rule of these tables refuses (tests/test_fences.py)."""
    from billing.models import PettyCash, PettyCashMove

    return {
        "one_petty_cash_per_estate": Copy(PettyCash),
        "petty_cash_never_negative": Change(PettyCash, "TRUE", {"balance": "-1"}),
        "petty_cash_move_has_its_sign": Change(PettyCashMove, "kind = 'put_in'", {"amount": "-amount"}),
        "petty_cash_reversal_names_its_move": Change(PettyCashMove, "kind = 'reversed'", {"reverses_id": "NULL"}),
        "petty_cash_after_never_negative": Change(PettyCashMove, "TRUE", {"balance": "-1"}),
    }
