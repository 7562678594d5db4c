"""Files in a bucket, against a small S3 on loopback; only where requirements/s3.txt is installed (docs/dependencies.md)."""
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from django.core.files.base import ContentFile

pytest.importorskip("storages")
NAME = "files/ab/abcd.bin"


class S3(BaseHTTPRequestHandler):
    """As much of S3 as is asked of it. 403 for keys that begin with no/."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def _answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in {"Content-Length": len(body), "Last-Modified": "Sat, 28 Nov 2026 01:00:00 GMT", **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _serve(self):
        self.server.asked.append(self.command)
        bucket, _, key = unquote(urlsplit(self.path).path)[1:].partition("/")
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if bucket != "wuye-files":
            return self._answer(404, b"<Error><Code>NoSuchBucket</Code></Error>")
        if key.startswith("no/"):
            return self._answer(403, b"<Error><Code>AccessDenied</Code></Error>")
        if not key:
            return self._answer(200, self._listed(parse_qs(urlsplit(self.path).query)["prefix"][0]))
        if self.command == "PUT":
            self.server.kept[key] = data
            return self._answer(200, ETag='"x"')
        if self.command == "DELETE":
            self.server.kept.pop(key, None)
            return self._answer(204)
        if key not in self.server.kept:
            return self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        return self._answer(200, self.server.kept[key])

    def _listed(self, prefix):
        below = [key[len(prefix):] for key in self.server.kept if key.startswith(prefix)]
        folders = {name.partition("/")[0] for name in below if "/" in name}
        return ("<ListBucketResult>" + "".join(f"<CommonPrefixes><Prefix>{prefix}{name}/</Prefix></CommonPrefixes>" for name in sorted(folders))
                + "".join(f"<Contents><Key>{prefix}{name}</Key></Contents>" for name in below if "/" not in name) + "</ListBucketResult>").encode()

    do_GET = do_PUT = do_HEAD = do_DELETE = _serve


@pytest.fixture
def s3():
    server = ThreadingHTTPServer(("127.0.0.1", 0), S3)
    server.kept, server.asked = {}, []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def bucket(s3):
    def bucket(name="wuye-files", port=s3.server_address[1]):
        from servicecentre.kit.bucket import Bucket
        return Bucket(bucket_name=name, endpoint_url=f"http://127.0.0.1:{port}", access_key="k", secret_key="s", default_acl=None,
                      file_overwrite=False, addressing_style="path", signature_version="s3v4")
    return bucket


def test_a_file_is_kept_read_listed_and_gone(s3, bucket):
    place = bucket()
    assert place.save(NAME, ContentFile(b"\x00\xffabc")) == NAME and s3.kept == {NAME: b"\x00\xffabc"}
    s3.asked.clear()
    with place.open(NAME) as file:
        assert file.read() == b"\x00\xffabc" and s3.asked == ["GET"]
    assert place.exists(NAME) and place.listdir("files") == (["ab"], []) and place.listdir("files/ab") == ([], ["abcd.bin"])
    assert place.listdir("imports") == ([], [])
    assert place.get_modified_time(NAME).isoformat() == "2026-11-28T01:00:00+00:00"
    for _ in range(2):
        place.delete(NAME)
    assert not place.exists(NAME) and s3.kept == {}
    with pytest.raises(FileNotFoundError):
        place.open(NAME)


def test_no_key_overwrites_another(bucket):
    place = bucket()
    first, second = (place.save(NAME, ContentFile(data)) for data in (b"1", b"2"))
    assert first != second and place.open(first).read() == b"1"


def test_a_wrong_bucket_or_right_is_not_a_file_that_is_gone(bucket):
    for place, name in ((bucket("another"), NAME), (bucket(), "no/abcd.bin")):
        for asked in (lambda: place.open(name), lambda: place.save(name, ContentFile(b"x"))):         # noqa: B023  called at once
            with pytest.raises(OSError) as told:
                asked()
            assert not isinstance(told.value, FileNotFoundError)


def test_a_silent_bucket_is_not_waited_for_again_for_a_while(s3, bucket, monkeypatch):
    from servicecentre.kit import bucket as module
    place = bucket(port=1)
    with pytest.raises(OSError, match="Could not connect"):
        place.open(NAME)
    with pytest.raises(OSError, match="a moment ago"):
        place.save(NAME, ContentFile(b"x"))
    place.endpoint_url = f"http://127.0.0.1:{s3.server_address[1]}"
    del place._connections.connection
    monkeypatch.setattr(module, "monotonic", lambda: place._silent_until + 1)
    assert place.save(NAME, ContentFile(b"x")) == NAME


def test_it_waits_for_seconds_not_minutes(bucket):
    config = bucket().client_config
    assert config.connect_timeout * 2 + config.read_timeout * 2 < 30 and config.retries["total_max_attempts"] == 2
    assert config.s3["addressing_style"] == "path" and config.signature_version == "s3v4"
