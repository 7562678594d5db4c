"""A centre that is no demo is not served while an account has the password that stands in the README (TRUST T31)."""
import pytest
from django.core.exceptions import ImproperlyConfigured

from servicecentre import checks
from servicecentre.desk import demo
from servicecentre.staff.models import User


@pytest.fixture
def liting(db):
    return User.objects.create_user("liting", "李婷", password=demo.PASSWORD)


@pytest.fixture
def soundness(monkeypatch):
    """The start's own question, of this test's connection."""
    monkeypatch.setattr(checks.checks, "run_checks", lambda **_: [])
    monkeypatch.setattr(checks, "_migrations", lambda connection: [])
    monkeypatch.setattr(type(checks.connections), "close_all", lambda self: None)
    return checks.refuse_unless_sound


def test_a_centre_with_a_demo_account_is_refused(liting, settings, soundness):
    settings.DEMO = False
    with pytest.raises(ImproperlyConfigured, match="liting"):
        soundness()


def test_a_demo_is_served(liting, settings, soundness):
    settings.DEMO = True
    soundness()


@pytest.mark.parametrize("mend", ["password", "out of use"])
def test_it_is_served_once_the_account_is_mended(liting, settings, soundness, mend):
    settings.DEMO = False
    if mend == "password":
        liting.set_password("nobody-knows-this-1")
    else:
        liting.is_active = False
    liting.save()
    soundness()
