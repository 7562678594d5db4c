"""The virus scanner's hook: clamd's INSTREAM over a socket, off unless settings.CLAMD names one."""
import logging
import socket
import struct
from contextlib import contextmanager

from django.conf import settings
from django.core.exceptions import ValidationError

WAIT, CHUNK = 20, 1 << 16
VIRUS = "这个文件带病毒，没有收"
TOO_MUCH = "这个文件太大或太复杂，查毒程序查不完，没有收。请缩小或分开再传"
UNREACHABLE = "查毒程序现在不答，文件没有收。请告诉系统管理员，好了再传"
logger = logging.getLogger(__name__)


class Silent(ValidationError):
    """The scanner did not answer, which says nothing of the file."""


def refuse_virus(data):
    """ValidationError when the scanner finds something or can't judge so much, Silent when it does not answer: then nothing is taken."""
    if not settings.CLAMD:
        return
    try:
        with _connected() as clamd:
            answer = _answer_to(clamd, b"zINSTREAM\0", data)
    except OSError as error:
        logger.error("clamd: %s", error)
        raise Silent(UNREACHABLE) from error
    if answer == "stream: OK":
        return
    logger.warning("clamd: %s", answer[:200])             # names the virus, not the file
    if answer.startswith("INSTREAM size limit exceeded") or ": Heuristics.Limits.Exceeded" in answer:
        raise ValidationError(TOO_MUCH)
    if answer.endswith(" FOUND"):
        raise ValidationError(VIRUS)
    raise Silent(UNREACHABLE)


def ask():
    """OSError unless the scanner answers."""
    with _connected() as clamd:
        if (answer := _answer_to(clamd, b"zPING\0")) != "PONG":
            raise OSError(f"answers {answer[:200]!r}")


def _answer_to(clamd, command, data=None):
    try:
        clamd.sendall(command)
        if data is not None:
            for start in range(0, len(data), CHUNK):
                chunk = data[start:start + CHUNK]
                clamd.sendall(struct.pack("!L", len(chunk)) + chunk)
            clamd.sendall(struct.pack("!L", 0))
    except (BrokenPipeError, ConnectionResetError):       # past StreamMaxLength it says so and hangs up while we still send
        pass
    answer = b""
    while b"\0" not in answer and len(answer) < 4096 and (more := clamd.recv(4096)):
        answer += more
    return answer.rstrip(b"\0\n").decode("ascii", "replace")


@contextmanager
def _connected():
    """A socket to `unix:/run/clamav/clamd.ctl`, a path, or `host:port`."""
    place = settings.CLAMD
    if not place.startswith(("unix:", "/")):
        host, _, port = place.rpartition(":")
        with socket.create_connection((host.strip("[]"), int(port)), timeout=WAIT) as clamd:
            yield clamd
        return
    with socket.socket(socket.AF_UNIX) as clamd:
        clamd.settimeout(WAIT)
        clamd.connect(place.removeprefix("unix:"))
        yield clamd
