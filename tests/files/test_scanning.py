"""The virus scanner's hook: what clamd says counts, and while it says nothing nothing is taken."""
import socket
import struct
import threading

import pytest
from django.core.exceptions import ValidationError

from servicecentre import checks
from servicecentre.files import scanning
from servicecentre.files.models import File
from servicecentre.files.scanning import refuse_virus

from ..factories import make_household
from .making import pdf, ready, upload


@pytest.fixture
def clamd(settings, tmp_path):
    """clamd(answer): a scanner that reads a stream whole, or ``most`` bytes and hangs up, and answers so; what it was sent is in its list."""
    listening = []

    def listen(answer, most=1 << 30):
        place = tmp_path / "clamd.ctl"
        server, got = socket.socket(socket.AF_UNIX), []
        server.bind(str(place))
        server.listen(1)
        listening.append(server)

        def serve():
            left = most
            client, _ = server.accept()
            with client, client.makefile("rb") as read:
                assert read.read(10) == b"zINSTREAM\0"
                while (size := struct.unpack("!L", read.read(4))[0]) and (left := left - size) >= 0:
                    got.append(read.read(size))
                client.sendall(answer)
        threading.Thread(target=serve, daemon=True).start()
        settings.CLAMD = f"unix:{place}"
        return got
    yield listen
    for server in listening:
        server.close()


def test_it_is_off_unless_named(settings):
    assert settings.CLAMD == ""
    refuse_virus(b"anything")


def test_a_clean_file_is_sent_whole_and_passes(clamd):
    got = clamd(b"stream: OK\0")
    refuse_virus(b"x" * 200_000)
    assert b"".join(got) == b"x" * 200_000


def test_a_virus_is_refused(clamd):
    clamd(b"stream: Eicar-Test-Signature FOUND\0")
    with pytest.raises(ValidationError, match="照片.jpg.*带病毒"):
        ready()


@pytest.mark.parametrize("size", [100_001, 25 << 20])
def test_past_the_scanners_own_limit_that_is_said(clamd, size):
    """It answers and hangs up while we still send (clamd 1.4)."""
    clamd(b"INSTREAM size limit exceeded. ERROR\0", most=100_000)
    with pytest.raises(ValidationError, match="太大或太复杂.*没有收"):
        refuse_virus(b"x" * size)


def test_what_it_did_not_look_through_is_no_virus_and_is_not_taken(clamd):
    clamd(b"stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0")
    with pytest.raises(ValidationError, match="太大或太复杂"):
        refuse_virus(b"x")


@pytest.mark.parametrize("answer", [b"", b"COMMAND READ TIMED OUT. ERROR\0", b"stream: OK but not really\0", b"OK\0"])
def test_an_answer_that_is_none_refuses(clamd, answer):
    clamd(answer)
    with pytest.raises(ValidationError, match="没有收"):
        refuse_virus(b"x")


@pytest.mark.parametrize("place", ["unix:/nowhere/clamd.ctl", "127.0.0.1:1"])
def test_while_it_cannot_be_reached_nothing_is_taken(settings, place):
    settings.CLAMD = place
    with pytest.raises(ValidationError, match="请告诉系统管理员"):
        refuse_virus(b"x")


def test_a_silent_scanner_is_asked_once_for_all_files_of_a_form(settings, desk, estate, monkeypatch):
    settings.CLAMD = "unix:/nowhere/clamd.ctl"
    asked = []
    connected = scanning._connected
    monkeypatch.setattr(scanning, "_connected", lambda: asked.append(1) or connected())
    household = make_household(estate, "3-2-1801")
    answer = desk.post(f"/households/{household.pk}/files/add/", {"request_key": "k", "files": [upload(), upload(pdf(), "二.pdf"), upload()]})
    assert answer.context["form"].errors["files"] == [scanning.UNREACHABLE] and asked == [1] and not File.objects.exists()


def test_a_list_is_judged_too(clamd, desk):
    from ..households.lists import many, register

    clamd(b"stream: Eicar-Test-Signature FOUND\0")
    answer = desk.post("/import/", {"file": upload(register(*many(2)), "登记表.xlsx"), "request_key": "i"})
    assert answer.status_code == 200 and answer.context["form"].errors["file"] == [scanning.VIRUS]


def test_the_start_says_that_it_does_not_answer_and_serves(settings):
    assert list(checks.silent_helpers()) == []
    settings.CLAMD = "127.0.0.1:1"
    (sentence,) = checks.silent_helpers()
    assert sentence.startswith("clamd at 127.0.0.1:1 does not answer")
