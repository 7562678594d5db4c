"""One world of two estates, made by acts, that each test of the proofs harms and gets back whole."""
import pytest

from servicecentre.desk.office import create_estate
from servicecentre.staff.models import User

from ..worlds import a_month, taken_back, unwritten


@pytest.fixture(scope="package")
def world(django_db_setup, django_db_blocker):
    with unwritten(django_db_blocker):
        world = a_month(create_estate("galaxy1", "银河国际街区一期", by=User.system()))
        world.next_door = a_month(create_estate("lotus2", "莲花新城二期", by=User.system()))
        yield world


@pytest.fixture(autouse=True)
def db(world):
    """In pytest-django's place: each test takes back what it did to the one world."""
    with taken_back():
        yield
