"""After a bulk load PostgreSQL is told how much there is, in the same transaction."""
import pytest
from django.db import connection

from households.models import Unit
from servicecentre.kit.statistics import recount
from tests.factories import make_unit


@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_rows_of_this_transaction_are_counted(estate):
    for room in range(101, 108):
        make_unit(estate, f"3-2-{room}")
    recount(Unit)
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [Unit._meta.db_table])
        assert cursor.fetchone() == (7,)


@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_sqlite_is_asked_nothing(django_assert_num_queries, estate):
    with django_assert_num_queries(0):
        recount(Unit)
