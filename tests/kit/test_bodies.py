"""A body that was cut on its way, or is not as long as it says, is never acted on (TRUST F8)."""
import socket
from io import BytesIO

import pytest
from django.conf import settings
from django.test.client import MULTIPART_CONTENT, encode_multipart
from django.utils.http import urlencode

from households.models import Contact
from servicecentre import checks
from servicecentre.files.models import File
from servicecentre.kit import bodies

from ..factories import make_household
from ..files.making import pdf, picture, upload

FORM = "application/x-www-form-urlencoded"
BOUNDARY = MULTIPART_CONTENT.partition("boundary=")[2]


@pytest.fixture
def household(estate):
    return make_household(estate, "3-2-1801", owner="张雨萍")


@pytest.fixture
def send(desk, household):
    """send(path, body, kind, sent=n, length=n): the server's answer to so many bytes of the body under that Content-Length."""
    inner = desk.handler

    def send(path, body, kind=FORM, *, sent=None, length=None, wrapped=bodies.whole_bodies):
        def handler(environ):
            environ |= {"wsgi.input": BytesIO(body[:sent]), "CONTENT_LENGTH": str(len(body) if length is None else length)}
            return wrapped(lambda environ, start: inner(environ))(environ, None)
        desk.handler = handler
        try:
            return desk.generic("POST", f"/households/{household.pk}/{path}", body, kind)
        finally:
            desk.handler = inner
    return send


def contact():
    return urlencode({"request_key": "k", "phone": "13912342046", "name": "张大山"}).encode()


def files(*uploads):
    return encode_multipart(BOUNDARY, {"request_key": "f", "files": list(uploads)})


def refused(answer):
    return answer.status_code == 400 and "送来的内容不完整，没有办" in answer.content.decode()


def test_a_whole_form_is_served(send, household):
    assert send("contacts/add/", contact()).status_code == 302 and household.contacts.get().name == "张大山"
    assert send("files/add/", files(upload(pdf(), "合同.pdf"), upload(name="a.jpg")), MULTIPART_CONTENT).status_code == 302
    assert File.objects.count() == 2


def test_without_it_half_a_name_is_entered(send):
    """The twin: Django takes what has come for the whole."""
    assert send("contacts/add/", contact(), sent=-len("%E5%B1%B1"), wrapped=lambda application: application).status_code == 302
    assert Contact.objects.get().name == "张大"


@pytest.mark.parametrize("missing", [1, 9, 20, 40])
def test_a_form_that_was_cut_does_nothing(send, missing):
    assert refused(send("contacts/add/", contact(), sent=-missing)) and not Contact.objects.exists()


@pytest.mark.parametrize("share", [0, .1, .5, .9, .99])
def test_an_upload_that_was_cut_keeps_nothing(send, share):
    body = files(upload(name="一.jpg"), upload(pdf(), "二.pdf"))
    assert refused(send("files/add/", body, MULTIPART_CONTENT, sent=int(len(body) * share))) and not File.objects.exists()


def test_of_two_photos_the_first_is_not_kept_alone(send):
    """The twin beside it: without the guard one photo is stored and the other lost without a word."""
    body = files(upload(name="一.jpg"), upload(picture(colour=(0, 0, 200)), name="二.jpg"))
    within = len(body) - 30
    assert refused(send("files/add/", body, MULTIPART_CONTENT, sent=within)) and not File.objects.exists()
    assert send("files/add/", body, MULTIPART_CONTENT, sent=within, wrapped=lambda application: application).status_code == 302
    assert File.objects.get().label == "一.jpg"


@pytest.mark.parametrize("wrong", [-1000, -10, -3, 3, 1000, 10**14])
def test_a_wrong_length_is_refused(send, wrong):
    body = files(upload(pdf(9), "合同.pdf"))
    assert refused(send("files/add/", body, MULTIPART_CONTENT, length=len(body) + wrong)) and not File.objects.exists()


@pytest.mark.parametrize("length", ["", "x", "-5", "１２"])
def test_a_length_that_is_none_means_no_body(send, length):
    assert send("files/add/", files(upload()), MULTIPART_CONTENT, length=length).status_code in (200, 400) and not File.objects.exists()


def test_a_stream_that_comes_in_drops_is_read_whole():
    class Drops(BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 3))
    read = bodies._Whole({"wsgi.input": Drops(b"a=1234567\nb=2")}, 13)
    assert (read.read(4), read.readline(), read.read(), read.read(5)) == (b"a=12", b"34567\n", b"b=2", b"")


def test_who_says_nothing_for_half_a_minute_keeps_no_thread(monkeypatch):
    monkeypatch.setattr(bodies, "WAIT", .05)
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("rb", buffering=0) as stream:
        theirs.sendall(b"ab")
        read = bodies._Whole({"wsgi.input": stream, "gunicorn.socket": ours}, 4)
        with pytest.raises(OSError):
            read.read()
        assert ours.gettimeout() == .05
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("rb", buffering=0) as stream:
        theirs.sendall(b"abcd")
        assert bodies._Whole({"wsgi.input": stream, "gunicorn.socket": ours}, 4).read() == b"abcd"
        assert ours.gettimeout() is None                   # an answer may take longer


def test_the_server_has_it(monkeypatch):
    monkeypatch.setattr(checks, "refuse_unless_sound", lambda: None)
    from servicecentre import wsgi
    assert wsgi.application.__qualname__.startswith("whole_bodies.")
    order = settings.MIDDLEWARE
    assert order.index("servicecentre.kit.bodies.Bodies") < order.index("django.middleware.csrf.CsrfViewMiddleware")
