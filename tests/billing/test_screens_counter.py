"""The counter's pages: a payment through the form, what is refused, a void by two; and that looking changes nothing."""
import re

import pytest

from billing.models import Payment, ReceiptVoid, Shift
from billing.receipts import ask_void, void_receipt
from tests.conftest import Desk
from tests.factories import make_household

from .till import dues, household_owing, lines, pay


@pytest.fixture
def household(estate):
    return household_owing(estate)


def form_of(response):
    """What the page's till would send, as the browser sees it."""
    html = response.content.decode()
    value = dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', html))
    return {"request_key": value["request_key"], "due_shown": value["due_shown"], "method": "cash", "payer_name": "张明", "payer_relation": "owner",
            "charges": re.findall(r'name="charges" value="([0-9]+)"[^>]* checked', html)}


def open_till(desk, household):
    response = desk.get(f"/billing/households/{household.pk}/collect/")
    assert response.status_code == 200
    return form_of(response)


def take(desk, household, data):
    return desk.post(f"/billing/households/{household.pk}/collect/", data)


def test_a_payment_from_page_to_receipt(desk, household):
    data = open_till(desk, household) | {"tendered": "600"}
    response = take(desk, household, data)
    payment = Payment.objects.get()
    assert response.status_code == 302 and response.url.endswith(f"/billing/payments/{payment.pk}/done/")
    done = desk.get(response.url).content.decode()
    assert "已收 510.48 元" in done and payment.paper.number in done and "89.52" in done
    assert f'data-print-url="/e/galaxy1/papers/{payment.paper_id}/pdf/1/"' in done
    assert dues(household) == [0, 0, 0]
