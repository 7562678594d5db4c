"""Petty cash: never below nothing, apart from the till, and each move kept (DOMAIN §2 Refund)."""
import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum

from billing.models import PettyCash, PettyCashMove
from billing.petty_cash import balance_of, count_petty_cash, reverse_petty_cash, spend, top_up_petty_cash
from servicecentre.kit.refused import Refused
from servicecentre.worklog.models import Entry
from tests.conftest import Desk
from tests.factories import make_household


@pytest.fixture
def filled(estate, finance):
    return top_up_petty_cash(estate, amount=500_00, reference="20261101", by=finance)


def test_what_is_spent_says_for_what(estate, filled, finance):
    household = make_household(estate)
    spent = spend(estate, 120_00, words="退款", row=household, by=finance)
    assert (spent.amount, spent.balance, balance_of(estate), spent.row_id) == (-120_00, 380_00, 380_00, household.pk)
    assert PettyCashMove.objects.aggregate(fen=Sum("amount"))["fen"] == balance_of(estate)


def test_more_than_is_there_is_refused_with_what_is_there(estate, filled, finance):
    with pytest.raises(Refused, match="备用金只有 500.00 元"):
        spend(estate, 500_01, words="退款", row=make_household(estate), by=finance)
    assert balance_of(estate) == 500_00 and PettyCashMove.objects.count() == 1


def test_the_database_refuses_less_than_nothing(estate, filled):
    with pytest.raises(IntegrityError), transaction.atomic():
        PettyCash.objects.filter(estate=estate).update(balance=-1)


def test_one_bank_slip_comes_in_once_until_it_is_reversed(estate, filled, finance):
    with pytest.raises(Refused, match="已经补入过"):
        top_up_petty_cash(estate, amount=500_00, reference="20261101", by=finance)
    reverse_petty_cash(filled, words="金额错", by=finance)
    assert balance_of(estate) == 0
    assert top_up_petty_cash(estate, amount=600_00, reference="20261101", by=finance).balance == 600_00


def test_what_is_spent_is_not_reversed_as_put_in(estate, filled, finance):
    spent = spend(estate, 400_00, words="退款", row=make_household(estate), by=finance)
    with pytest.raises(Refused, match="只有 100.00 元"):
        reverse_petty_cash(filled, words="金额错", by=finance)
    with pytest.raises(Refused, match="随它的退款"):
        reverse_petty_cash(spent, words="金额错", by=finance)


def test_a_count_keeps_the_difference_with_its_reason(estate, filled, finance):
    with pytest.raises(Refused, match="少 0.50 元"):
        count_petty_cash(estate, counted=499_50, book=500_00, by=finance)
    with pytest.raises(Refused, match="动过"):
        count_petty_cash(estate, counted=499_50, book=400_00, words="找零", by=finance)
    off = count_petty_cash(estate, counted=499_50, book=500_00, words="找零", by=finance)
    assert (off.amount, balance_of(estate)) == (-50, 499_50)
    assert count_petty_cash(estate, counted=499_50, book=499_50, by=finance) == PettyCash.objects.get()
    assert Entry.objects.filter(act="billing.count_petty_cash").count() == 2
    assert set(Entry.objects.of(estate).exceptions().values_list("act", flat=True)) == {"billing.top_up_petty_cash", "billing.count_petty_cash"}


def test_the_page_tells_balance_moves_and_what_for(estate, filled, finance, manager):
    household = make_household(estate)
    spend(estate, 120_00, words="退款", row=household, by=finance)
    for user, may in ((finance, True), (manager, False)):
        page = Desk(user, estate).get("/billing/petty-cash/").content.decode()
        assert "380.00" in page and household.get_absolute_url() in page and ("补入备用金" in page) == may


def test_finance_puts_in_counts_and_undoes_by_its_pages(estate, finance):
    desk = Desk(finance, estate)
    assert desk.post("/billing/petty-cash/top-up/", {"amount": "200", "reference": "12345678"}).status_code == 302
    assert desk.post("/billing/petty-cash/count/", {"book": "20000", "counted": "200.5", "words": "多一枚"}).status_code == 302
    move = PettyCashMove.objects.get(kind="counted")
    assert desk.post(f"/billing/petty-cash/moves/{move.pk}/reverse/", {"words": "数错了"}).status_code == 302
    assert balance_of(estate) == 200_00
    assert "填银行回单号" in desk.post("/billing/petty-cash/top-up/", {"amount": "200", "reference": "1"}).content.decode()
