"""A day sealed by a manager in the browser, then tampered with in SQL: its page says so, and so does prove (TRUST 15)."""
from datetime import UTC, datetime

import pytest
from django.db import connection
from playwright.sync_api import expect

from billing.cashier import collect_payment
from servicecentre.desk.proofs import prove
from servicecentre.kit import guards, periods
from servicecentre.worklog.models import Entry, Seal

from .hands import arrived, barriers, sideways

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def next_morning(household, clerk, monkeypatch):
    """Yesterday the clerk took money over a doubt; now it is the 25th, 9:40."""
    collect_payment(household, parts=[("cash", 60000, "")], payer_name="张雨萍", by=clerk, despite=("left_over", "same_again"))
    monkeypatch.setattr(periods, "clock", lambda: datetime(2026, 11, 25, 1, 40, tzinfo=UTC))


def test_a_sealed_day_tampered_with_in_sql_is_found(open_as, manager, next_morning, settings, tmp_path):
    settings.JOURNAL_FILE = tmp_path / "journal.jsonl"
    page = open_as(manager)
    page.goto("log/review/")
    arrived(page, "工作日志审阅 11-24")
    assert barriers(page) == [] and sideways(page) == []
    expect(page.locator("button[data-key=F9]")).to_be_disabled()
    page.get_by_role("checkbox", name="看过 越权").check()
    page.get_by_role("button", name="勾选的记为看过").click()
    expect(page.locator("main")).to_contain_text("已看 1")
    arrived(page, "工作日志审阅 11-24")
    page.keyboard.press("F9")
    expect(page.locator(".note-ok")).to_contain_text("已封存 11-24")
    seal = Seal.objects.get()
    expect(page.locator("main")).to_contain_text(seal.code)
    assert list(prove()) == []

    guards.lift(models=[Entry])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE worklog_entry SET words = '收费 100.00 元，现金' WHERE act = 'billing.collect_payment'")
        assert cursor.rowcount == 1
    guards.put_back()
    page.goto("log/?on=2026-11-24")
    alert = page.get_by_role("alert").filter(has_text="封存后被改过")      # its 09:40 is before the wall clock that made the people: another alert says so
    expect(alert).to_contain_text("有 1 条与写下时不同")
    page.set_viewport_size({"width": 390, "height": 844})
    assert barriers(page) == [] and sideways(page) == []
    assert {violation.invariant for violation in prove()} == {13}
