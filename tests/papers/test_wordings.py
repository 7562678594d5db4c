"""Editable texts: one row per edition, names put in as plain text (TRUST T12)."""
import pytest
from django.db import IntegrityError, transaction

from servicecentre.kit.refused import Refused
from servicecentre.papers.models import Wording
from servicecentre.papers.wordings import reword, worded

KEY = "receipt_remarks"


def test_the_newest_edition_counts_and_older_ones_stay(estate, other_estate, manager):
    assert worded(estate, KEY) == ""
    reword(estate, KEY, "第一版", by=manager)
    reword(estate, KEY, "请保留收据,{{小区}}", by=manager)
    assert worded(estate, KEY) == "请保留收据,银河国际街区一期"
    assert list(Wording.objects.of(estate).order_by("edition").values_list("edition", "text"))[0] == (1, "第一版")
    assert worded(other_estate, KEY) == ""


def test_an_unknown_name_is_refused_on_saving(estate, manager):
    with pytest.raises(Refused, match="没有「密钥」"):
        reword(estate, KEY, "{{ 密钥 }}", by=manager)


def test_what_a_name_holds_is_not_read_again(estate, manager):
    type(estate).objects.filter(pk=estate.pk).update(phone="{{小区}}{% now 'Y' %}")
    estate.refresh_from_db()
    reword(estate, KEY, "{{ 服务电话 }} {% include 'base.html' %} {0}", by=manager)
    assert worded(estate, KEY) == "{{小区}}{% now 'Y' %} {% include 'base.html' %} {0}"


def test_an_edition_is_never_edited(estate, manager):
    wording = reword(estate, KEY, "第一版", by=manager)
    with pytest.raises(IntegrityError, match="append_only"), transaction.atomic():
        Wording.objects.filter(pk=wording.pk).update(text="改")


def test_an_unknown_text_is_an_error(estate):
    with pytest.raises(KeyError):
        Wording.of(estate, "nothing")
