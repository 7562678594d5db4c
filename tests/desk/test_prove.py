"""manage.py prove: what it prints, as which JSON, with which exit code (IMPORT «Commands»)."""
import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from billing.cashier import collect_payment
from billing.models import Payment
from servicecentre.desk import proofs
from servicecentre.desk.proofs import checked
from servicecentre.kit import guards
from servicecentre.staff.models import User

from ..factories import make_household
from ..twins import without_triggers


def prove(*options):
    out = StringIO()
    try:
        call_command("prove", *options, stdout=out)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


@pytest.fixture
def payment(estate, clerk):
    return collect_payment(make_household(estate), parts=[("cash", 17016, "")], payer_name="张明", by=clerk, despite=("left_over",))


def test_an_empty_database_violates_nothing(db):
    assert prove() == (0, f"核对了 {len(checked())} 条，违反 0 处。\n")
    assert not User.objects.exists()                      # looking made nobody


def test_json_says_which_invariants_were_asked(payment):
    code, text = prove("--json")
    assert (code, json.loads(text)) == (0, {"checked": checked(), "violations": []})


@pytest.fixture
def torn(payment):
    """A payment whose receipt somebody took off, behind the program's back."""
    with without_triggers(Payment), connection.cursor() as cursor:
        cursor.execute("UPDATE billing_payment SET paper_id = NULL WHERE id = %s", [payment.pk])
    assert guards.missing() == []
    return payment


def test_one_line_per_violation_and_exit_code_one(torn):
    code, words = prove()
    lines = words.splitlines()
    assert code == 1 and lines[-1] == f"核对了 {len(checked())} 条，违反 2 处。"
    assert sorted(lines[:-1]) == sorted([f"6 galaxy1 1-1-101-01 收款 {torn.pk} 没有收据", f"6 galaxy1 {torn.paper.number} 收据没有对应的收款"])


def test_json_tells_number_place_and_words_also_at_exit_one(torn):
    code, text = prove("--json")
    said = json.loads(text)
    assert code == 1 and set(said) == {"checked", "violations"}
    assert {"invariant": 6, "where": "galaxy1 1-1-101-01", "text": f"收款 {torn.pk} 没有收据"} in said["violations"]
    assert all(set(v) == {"invariant", "where", "text"} for v in said["violations"])


def test_some_invariants_alone_may_be_asked(torn):
    assert {v.invariant for v in proofs.prove({6})} == {6} and list(proofs.prove({1, 2, 3, 4, 5})) == []


def test_asking_takes_as_many_queries_for_many_rows_as_for_few(estate, clerk):
    """Set-based: a hundred thousand units are asked in as many statements as three."""
    from django.test.utils import CaptureQueriesContext

    def grow(first, last):
        for n in range(first, last):
            collect_payment(make_household(estate, f"1-1-{n}"), parts=[("cash", 100, "")], payer_name="张明", by=clerk, despite=("left_over",))

    def queries():
        with CaptureQueriesContext(connection) as found:
            assert list(proofs.prove()) == []
        return len(found)
    grow(101, 104)
    few = queries()
    grow(104, 134)
    assert queries() == few
