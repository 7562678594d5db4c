"""The operator's log holds no resident's data, also when a row is refused (TRUST T19)."""
import logging
import sys

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from servicecentre.kit.lines import Lines

from ..factories import make_household

HIDDEN = ("不该见", "不该见\n\n再一行")                # a traceback quotes lines of code, so they stand up here


@pytest.fixture
def line():
    kept = {name: value for name, value in settings.LOGGING["formatters"]["json"].items() if name != "()"}
    formatter = Lines(kept["format"], json_ensure_ascii=False)

    def told():
        return formatter.format(logging.LogRecord("web", logging.ERROR, __file__, 1, "went wrong", (), sys.exc_info()))
    return told


def test_a_refused_row_is_not_quoted(estate, line):
    contact = make_household(estate, "3-2-1801", owner="张雨萍").contacts.create(estate=estate, name=HIDDEN[0], relation="亲属", phone="13800135678")
    try:
        with transaction.atomic():
            type(contact).objects.filter(pk=contact.pk).update(name=HIDDEN[1], household=None)
    except IntegrityError:
        text = line()
    assert "IntegrityError" in text and "household_id" in text
    assert "不该见" not in text and "再一行" not in text


def test_an_error_of_ours_keeps_its_words(line):
    try:
        try:
            raise ValueError("first")
        except ValueError as error:
            raise RuntimeError("second\nand its second line") from error
    except RuntimeError:
        text = line()
    assert "first" in text and "its second line" in text
