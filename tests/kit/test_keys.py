"""Keys are made once, kept from others' eyes, and never made beside data they could not read."""
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from servicecentre.kit import keys


def test_missing_keys_are_made_once_and_kept_private(tmp_path):
    first = keys.load(tmp_path / "data", environment={})
    assert set(first) == set(keys.NAMES)
    assert keys.load(tmp_path / "data", environment={}) == first
    assert (tmp_path / "data" / keys.FILE).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert len(keys.read_field_keys(first["FIELD_KEYS"])) == 1


def test_two_places_never_get_the_same_keys(tmp_path):
    one, other = (keys.load(tmp_path / name, environment={}) for name in "ab")
    assert not set(one.values()) & set(other.values())


def test_environment_wins_and_is_not_written_down(tmp_path):
    given = {"SECRET_KEY": "s" * 50, "MARK_KEY": "7:" + "m" * 40}
    found = keys.load(tmp_path, environment=given)
    assert {name: found[name] for name in given} == given
    assert "MARK_KEY" not in (tmp_path / keys.FILE).read_text()


def test_a_name_added_later_joins_the_file_and_changes_nothing_else(tmp_path):
    first = keys.load(tmp_path, environment={})
    path = tmp_path / keys.FILE
    path.write_text("".join(line for line in path.read_text().splitlines(True) if not line.startswith("MARK_KEY")))
    second = keys.load(tmp_path, environment={})
    assert second["MARK_KEY"] != first["MARK_KEY"]
    assert second | {"MARK_KEY": ""} == first | {"MARK_KEY": ""}


def test_processes_that_start_at_once_agree(tmp_path):
    code = f"from servicecentre.kit import keys; print(sorted(keys.load({str(tmp_path / 'data')!r}, environment={{}}).items()))"
    together = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(6)]
    answers = {process.communicate()[0] for process in together}
    assert len(answers) == 1 and "SECRET_KEY" in answers.pop()


def test_no_new_keys_beside_a_database_whose_keys_are_gone(tmp_path):
    database = tmp_path / "db.sqlite3"
    database.write_bytes(b"SQLite format 3")
    with pytest.raises(ImproperlyConfigured, match="keys.env back"):
        keys.load(tmp_path, environment={}, database=database)
    assert not (tmp_path / keys.FILE).exists()


def test_lists_put_the_newest_first_and_each_key_knows_its_id():
    new, old = keys.read_keys("b:" + "n" * 32 + ", a:" + "o" * 32)
    assert (new.id, new, old.id) == ("b", "n" * 32, "a")


@pytest.mark.parametrize("text", ["", "a:short", "a:" + "x" * 32 + ",a:" + "y" * 32, "Too Long Id:" + "x" * 32])
def test_unusable_lists_are_refused(text):
    with pytest.raises(ImproperlyConfigured):
        keys.read_keys(text)


@pytest.mark.parametrize("secret", ["x" * 40, "*" * 44, "é" * 44])
def test_field_keys_must_be_fernets(secret):
    with pytest.raises(ImproperlyConfigured):
        keys.read_field_keys("1:" + secret)
