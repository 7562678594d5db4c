"""`bill` and `export_charges`: the contract that scripts depend on (IMPORT.md «Commands»)."""
import csv
import json
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from billing.models import Charge
from billing.run import bill_month
from servicecentre.kit.periods import BillingMonth
from tests.factories import make_household, make_unit

from .till import pay

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "银河国际街区一期业主登记表.xlsx"


@pytest.fixture
def houses(estate):
    make_household(estate, "3-2-1801", 8956)
    make_household(estate, "3-2-1802", 10000, starts_on=date(2026, 11, 20))
    make_household(estate, "S01", 10247)
    make_unit(estate, "3-2-1803")


def bill(*arguments):
    out = StringIO()
    call_command("bill", *arguments, "--estate", "galaxy1", "--json", stdout=out)
    return json.loads(out.getvalue())


def test_a_month_is_billed_and_told_as_json(houses):
    told = bill("2026-11")
    assert told == {
        "period": "2026-11", "created": 3, "existing": 0, "total": "496.01",
        "fees": {"property": {"count": 2, "amount": "239.83"}, "commercial": {"count": 1, "amount": "256.18"}},
        "left_out": [{"unit": "3-2-1803", "reason": "还没有业主（未交付）"}], "corrections": []}
    assert Charge.objects.count() == 3


def test_the_sample_register_bills_its_november(estate, settings, tmp_path):
    """769 homes and 36 shops [seed: 1.9 and 2.5 元]; the months after follow at once, before any database looked at its tables."""
    settings.MEDIA_ROOT = tmp_path / "media"
    call_command("import_register", str(SAMPLE), "--estate", "galaxy1", "--good-rows", "--handover-default", "2025-01-01", stdout=StringIO())
    told = bill("2026-11")
    assert told["fees"] == {"property": {"count": 769, "amount": "162306.70"}, "commercial": {"count": 36, "amount": "10041.49"}}
    assert (told["created"], told["total"], bill("2026-11")["created"], bill("2026-12")["created"]) == (805, "172348.19", 0, 805)


def test_a_dry_run_says_the_same_and_writes_nothing(houses):
    dry = bill("2026-11", "--dry-run")
    assert not Charge.objects.exists()
    assert dry == bill("2026-11")


def test_again_creates_nothing(houses):
    bill("2026-11")
    again = bill("2026-11")
    assert (again["created"], again["existing"], again["total"], len(again["left_out"])) == (0, 3, "0.00", 4)
    assert again["fees"] == {"property": {"count": 0, "amount": "0.00"}, "commercial": {"count": 0, "amount": "0.00"}}
    assert Charge.objects.count() == 3


def test_corrections_are_told(estate, houses, manager):
    bill("2026-10")
    household = estate and Charge.objects.get(unit__code="3-2-1801").household
    household.ends_on = date(2026, 10, 20)
    household.save(update_fields=["ends_on"])
    assert bill("2026-11", "--dry-run")["corrections"] == [
        {"unit": "3-2-1801", "household": "3-2-1801-01", "fee": "property", "period": "2026-10", "amount": "-60.38",
         "reason": "业主止于 2026-10-20，出账到 2026-10-31"}]


def test_words_without_json(houses):
    out = StringIO()
    call_command("bill", "2026-11", "--estate", "galaxy1", stdout=out)
    assert out.getvalue() == "2026-11 共 3 笔，496.01 元；已有 0 笔；未出账 1 套；更正 0 笔。\n"


@pytest.mark.parametrize(("arguments", "words"), [(("2026-13", "--estate", "galaxy1"), "没有 13 月"), (("2026-11", "--estate", "moon"), "没有代码为 moon"),
                                                  (("1999-12", "--estate", "galaxy1"), "没有执行中的")])
def test_what_is_wrong_is_one_sentence_and_exit_1(houses, arguments, words):
    with pytest.raises(CommandError, match=words) as error:
        call_command("bill", *arguments, stdout=StringIO())
    assert error.value.returncode == 1


def test_charges_are_exported_as_csv(estate, houses, clerk):
    bill("2026-11")
    pay(Charge.objects.get(unit__code="3-2-1801").household, 10000, clerk)
    out = StringIO()
    call_command("export_charges", "--estate", "galaxy1", "--period", "2026-11", stdout=out)
    text = out.getvalue()
    assert text.startswith("\ufeff")
    assert list(csv.reader(StringIO(text[1:], newline=""))) == [
        ["unit", "household", "fee", "period", "quantity", "unit_price", "percent", "share", "amount", "paid", "due_on"],
        ["3-2-1801", "3-2-1801-01", "property", "2026-11", "89.56", "1.9", "100", "1", "170.16", "100.00", "2026-11-05"],
        ["3-2-1802", "3-2-1802-01", "property", "2026-11", "100.00", "1.9", "100", "11/30", "69.67", "0.00", "2026-11-27"],
        ["S01", "S01-01", "commercial", "2026-11", "102.47", "2.5", "100", "1", "256.18", "0.00", "2026-11-05"]]


def test_void_lines_and_other_months_are_not_exported(estate, houses, manager):
    from billing.run import undo_run

    undo_run(bill_month(estate, BillingMonth(2026, 11), by=manager), reason="错了", by=manager)
    out = StringIO()
    call_command("export_charges", "--estate", "galaxy1", "--period", "2026-11", stdout=out)
    assert out.getvalue().count("\n") == 1
