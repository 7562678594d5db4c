"""The virus scanner's hook: what clamd says counts, and while it says nothing nothing is taken."""
import socket
import struct
import threading

import pytest
from django.core.exceptions import ValidationError

from servicecentre.files.scanning import refuse_virus

from .making import ready


@pytest.fixture
def clamd(settings, tmp_path):
    """clamd(answer): a scanner that reads a stream whole and answers so; what it was sent is in its list."""
    listening = []

    def listen(answer):
        place = tmp_path / "clamd.ctl"
        server, got = socket.socket(socket.AF_UNIX), []
        server.bind(str(place))
        server.listen(1)
        listening.append(server)

        def serve():
            client, _ = server.accept()
            with client, client.makefile("rb") as read:
                assert read.read(10) == b"zINSTREAM\0"
                while size := struct.unpack("!L", read.read(4))[0]:
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


@pytest.mark.parametrize("answer", [b"", b"INSTREAM size limit exceeded. ERROR\0", b"stream: OK but not really\0", b"OK\0"])
def test_an_answer_that_is_none_refuses(clamd, answer):
    clamd(answer)
    with pytest.raises(ValidationError, match="没有收"):
        refuse_virus(b"x")


@pytest.mark.parametrize("place", ["unix:/nowhere/clamd.ctl", "127.0.0.1:1"])
def test_while_it_cannot_be_reached_nothing_is_taken(settings, place):
    settings.CLAMD = place
    with pytest.raises(ValidationError, match="请告诉系统管理员"):
        refuse_virus(b"x")
