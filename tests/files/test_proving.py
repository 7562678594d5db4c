"""prove --files: a flipped byte, a lost file and one without a row are found, by reading every byte (TRUST F8)."""
import os
import time
from io import StringIO

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command

from servicecentre.files import proving, storing
from servicecentre.files.models import File
from servicecentre.files.proving import wrong_files
from servicecentre.worklog.attaching import attach_files, remove_file

from ..factories import make_household
from .making import ready


@pytest.fixture
def stored(estate, clerk):
    household = make_household(estate)
    with storing.kept([ready(name="一.jpg"), ready(kind="identity", purpose="办证", name="二.jpg")]) as files:
        attach_files(household, files=files, right="households.view_household", household=household, by=clerk)
    yield list(File.objects.order_by("pk"))
    for file in File.objects.all():
        for path in filter(None, (file.path, file.thumb)):
            default_storage.delete(path)


def found(files):
    """What is told of these files; other tests' bytes may lie in the same store."""
    names = {f"附件 {file.pk}" for file in files} | {path for file in files for path in (file.path, file.thumb) if path}
    return [text for where, text in wrong_files() if where in names or where.partition(" ")[2] in names]


def test_whole_files_are_not_told_of(stored):
    assert found(stored) == []


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("spoil", ["flip", "cut", "gone"])
def test_a_damaged_file_is_told(stored, which, spoil):
    place = default_storage.path(stored[which].path)
    with open(place, "rb") as file:
        data = bytearray(file.read())
    data[-20] ^= 1
    if spoil == "gone":
        os.remove(place)
    else:
        with open(place, "wb") as file:
            file.write(data if spoil == "flip" else data[:-30])
    assert found(stored) == [f"「{stored[which].label}」已损坏或不在了"]
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("prove", "--files", stdout=out)
    assert stored[which].label in out.getvalue()


def test_a_flipped_thumbnail_is_told_and_not_shown(stored, desk):
    place = default_storage.path(stored[0].thumb)
    with open(place, "r+b") as file:
        file.seek(-20, os.SEEK_END)
        last = file.read(1)
        file.seek(-20, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    assert found(stored) == [f"「{stored[0].label}」已损坏或不在了"]
    assert desk.get(f"/files/{stored[0].pk}/thumb/").status_code == 410 and desk.get(f"/files/{stored[0].pk}/").status_code == 200


def test_bytes_without_a_row_are_told_after_a_day(stored):
    path = default_storage.save("files/zz/left.bin", ContentFile(b"x"))
    try:
        assert path not in [where for where, _ in wrong_files()]                     # an upload under way
        yesterday = time.time() - 25 * 3600
        os.utime(default_storage.path(path), (yesterday, yesterday))
        assert (path, "存着，却不属于任何记录") in list(wrong_files())
    finally:
        default_storage.delete(path)


def test_bytes_without_a_row_are_taken_away_after_a_day_unless_the_database_is_a_wrong_one(stored, monkeypatch):
    old, new = (default_storage.save(f"files/zz/{name}.bin", ContentFile(b"x")) for name in ("old", "new"))
    yesterday = time.time() - 25 * 3600
    for path in (old, *(file.path for file in stored)):
        os.utime(default_storage.path(path), (yesterday, yesterday))
    monkeypatch.setattr(proving, "MOST_LEFT", 0)
    assert proving.sweep() == 0 and default_storage.exists(old)
    monkeypatch.setattr(proving, "MOST_LEFT", 10_000)
    try:
        proving.sweep()
        assert not default_storage.exists(old) and default_storage.exists(new) and found(stored) == []
    finally:
        default_storage.delete(new)


def test_a_file_that_was_removed_is_not_missed(stored, manager, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        remove_file(stored[0], reason="传错了", by=manager)
    assert found(stored) == []
