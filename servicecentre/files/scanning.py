"""The virus scanner's hook: clamd's INSTREAM over a socket, off unless settings.CLAMD names one."""
import socket
import struct

from django.conf import settings
from django.core.exceptions import ValidationError

WAIT, CHUNK = 20, 1 << 16
UNREACHABLE = "查毒程序现在不答，文件没有收。请告诉系统管理员，好了再传"


def refuse_virus(data):
    """ValidationError when the scanner finds something, and also when it does not answer: then nothing is taken."""
    if not settings.CLAMD:
        return
    try:
        with _connected(settings.CLAMD) as clamd:
            clamd.sendall(b"zINSTREAM\0")
            for start in range(0, len(data), CHUNK):
                chunk = data[start:start + CHUNK]
                clamd.sendall(struct.pack("!L", len(chunk)) + chunk)
            clamd.sendall(struct.pack("!L", 0))
            answer = b""
            while b"\0" not in answer and len(answer) < 4096 and (more := clamd.recv(4096)):
                answer += more
    except OSError as error:
        raise ValidationError(UNREACHABLE) from error
    answer = answer.rstrip(b"\0\n").decode("ascii", "replace")
    if answer.endswith(" FOUND"):
        raise ValidationError("这个文件带病毒，没有收")
    if answer != "stream: OK":
        raise ValidationError(UNREACHABLE)


def _connected(place):
    """`unix:/run/clamav/clamd.ctl`, a path, or `host:port`."""
    if place.startswith(("unix:", "/")):
        clamd = socket.socket(socket.AF_UNIX)
        clamd.settimeout(WAIT)
        clamd.connect(place.removeprefix("unix:"))
        return clamd
    host, _, port = place.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=WAIT)
