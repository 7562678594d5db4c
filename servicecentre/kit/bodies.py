"""A request's body to its last byte or not at all: what was cut on its way is never acted on (TRUST F8).

Django takes what has come for the whole: of two photos one, of an amount its first digits.
"""
from django.core.exceptions import BadRequest
from django.http import UnreadablePostError
from django.utils.http import parse_header_parameters

WAIT = 30                                # seconds without a byte: a laptop that went to sleep must not keep one of eight threads


def whole_bodies(application):
    """Wraps the WSGI application: a body that ends before its Content-Length can't be read."""

    def answer(environ, start_response):
        length = environ.get("CONTENT_LENGTH") or ""
        if length.isascii() and length.isdigit() and int(length):
            environ["wsgi.input"] = _Whole(environ, int(length))
        return application(environ, start_response)
    return answer


class Cut(OSError):
    """Django makes an UnreadablePostError of it."""


class _Whole:
    def __init__(self, environ, length):
        self._stream, self._left, self._tail = environ["wsgi.input"], length, b""
        kind, parameters = parse_header_parameters(environ.get("CONTENT_TYPE", ""))
        self._end = f"--{parameters.get('boundary', '')}--".encode() if kind == "multipart/form-data" else b""
        self._socket = environ.get("gunicorn.socket")
        if self._socket:
            self._socket.settimeout(WAIT)

    def read(self, size=-1):
        return self._taken(self._stream.read, self._left if size is None or size < 0 else min(size, self._left), whole=True)

    def readline(self, size=-1):
        return self._taken(self._stream.readline, self._left if size is None or size < 0 else min(size, self._left), whole=False)

    def _taken(self, take, size, *, whole):
        parts, wanted = [], size
        while wanted:
            part = take(wanted)
            if not part:
                raise Cut(f"{self._left} bytes of the body are missing")
            parts.append(part)
            wanted -= len(part)
            self._left -= len(part)
            if not whole and part.endswith(b"\n"):
                break
        data = b"".join(parts)
        self._tail = (self._tail + data[-200:])[-200:]
        if not self._left and size:
            self._judge_end()
        return data

    def _judge_end(self):
        if self._socket:
            self._socket.settimeout(None)
        if self._end and self._end not in self._tail:
            raise Cut("the last part of the body is missing")


class Bodies:
    """Middleware, before the first that looks into a form: a form that did not come whole gets the page that says so."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if request.method == "POST":
            try:
                request.POST  # noqa: B018  read now, and by everybody after
            except UnreadablePostError:
                raise BadRequest("The body did not come whole.") from None
