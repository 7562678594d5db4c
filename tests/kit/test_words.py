"""Filters of the screens: the trade's forms, and nothing for nothing."""

from datetime import UTC, date, datetime

import pytest
from django.template import Context, Engine

from servicecentre.kit import periods
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.templatetags import words

ENGINE = Engine(libraries={"words": words.__name__})


def shown(name, value):
    return ENGINE.from_string("{% load words %}{{ value|" + name + " }}").render(Context({"value": value}))


@pytest.mark.parametrize("name, value, text", [
    ("yuan", 140950, "1,409.50"), ("yuan", -5, "−0.05"), ("yuan", 0, "0.00"), ("plain_yuan", 140950, "1409.50"), ("area", 8956, "89.56"),
    ("price", 19000, "1.9"), ("in_words", 50000, "伍佰元整"), ("month", BillingMonth(2026, 11), "2026年11月"),
    ("month", date(2026, 1, 1), "2026年1月"),
    ("masked_phone", "13812345678", "138****5678"), ("masked_id", "320106198804171234", "3201**********1234"),
    ("plate", "苏AD7K38", "苏A·D7K38"),
    ("day", date(2026, 11, 24), "今天"), ("day", datetime(2026, 11, 22, 17, tzinfo=UTC), "11-23"),
    ("moment", datetime(2026, 11, 23, 16, 5, tzinfo=UTC), "00:05"),
    ("exact", datetime(2026, 11, 23, 16, 5, tzinfo=UTC), "2026-11-24 00:05"), ("exact", date(2026, 11, 24), "2026-11-24"),
])
def test_value_is_shown_in_the_trades_form(name, value, text, monkeypatch):
    monkeypatch.setattr(periods, "clock", lambda: datetime(2026, 11, 23, 16, 30, tzinfo=UTC))
    assert shown(name, value) == text


@pytest.mark.parametrize("name", sorted(words.register.filters))
def test_nothing_is_shown_as_nothing(name):
    assert shown(name, None) == shown(name, "") == ""
