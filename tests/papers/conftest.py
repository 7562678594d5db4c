"""Papers for tests: content as the cashier makes it, an act that issues, five receipts for a batch."""
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from servicecentre.kit import periods
from servicecentre.kit.money import in_words
from servicecentre.papers import pressing
from servicecentre.papers.issuing import issue_paper
from servicecentre.papers.kinds import RECEIPT

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


def line(fee="物业管理服务费", period="2026年11月", quantity="89.56 ㎡", price="1.90", percent="100%", amount=17016, **more):
    return {"fee": fee, "period_label": period, "quantity_label": quantity, "price_label": price, "percent_label": percent,
            "amount": amount, **more}


def receipt(lines=None, **more):
    """Content of billing/receipt-1 with figures that agree."""
    lines = lines or [line()]
    total = sum(row["amount"] for row in lines) - more.get("credit_used", 0) + more.get("credit_added", 0)
    return {"estate": {"name": "银河国际街区一期", "company": "莲花物业", "centre": "银河国际街区一期物业服务中心", "phone": "025-88886666"},
            "household": "YH-ZH-3-2-1801-02", "unit": "3栋2单元1801", "owners": "王堃", "payer": "李玥", "relation": "亲属", "cashier": "张敏",
            "lines": lines, "total": total, "words": in_words(total), "parts": [{"method": "微信", "amount": total, "reference": "8841"}],
            "tendered": 0, "change": 0, "credit_used": 0, "credit_added": 0, "credit_left": 0, "still_due": 0, "remarks": "", **more}


@pytest.fixture
def issue(estate, clerk):
    """issue(content=…, kind=…, estate=…, by=…) → Paper"""
    def make(content=None, kind=RECEIPT, **more):
        return issue_paper(kind, **{"content": content or receipt(), "estate": estate, "by": clerk, **more})
    return make


@pytest.fixture
def paper(issue):
    return issue()


class Here:
    """In the workers' place: the same work in this process, so that a test is quick."""

    def submit(self, work, *args):
        future = Future()
        try:
            future.set_result(work(*args))
        except Exception as error:
            future.set_exception(error)
        return future


@pytest.fixture
def here(monkeypatch, settings, tmp_path):
    @contextmanager
    def one(count):
        yield Here()
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(pressing, "workers", one)


@pytest.fixture
def at(monkeypatch):
    """Set the clock, noon at first."""
    def travel(moment):
        monkeypatch.setattr(periods, "clock", lambda: moment)
    travel(NOON)
    return travel


@pytest.fixture
def five(at, issue, clerk2):
    return [issue(receipt(payer=f"交款人{n}"), by=clerk2) if n == 4 else issue(receipt(payer=f"交款人{n}")) for n in range(5)]
