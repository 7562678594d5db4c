"""What is taken in and what becomes of it: by content, bounded, drawn anew, under a name of our own (TRUST §4, 34–39)."""
import errno
import os
import subprocess
import sys
import time
from io import BytesIO
from unittest import mock

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from PIL import ExifTags, Image, ImageStat

from servicecentre.files import pictures, storing
from servicecentre.files.models import File
from servicecentre.kit.periods import today
from servicecentre.kit.refused import Refused

from .making import claimed_png, pdf, picture, ready, upload

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"


def opened(data):
    image = Image.open(BytesIO(data))
    image.load()
    return image


def refusal(data, name="x.jpg", **about):
    with pytest.raises(ValidationError) as refused:
        storing.read(upload(data, name), **about)
    return " ".join(refused.value.messages)


@pytest.mark.parametrize(("kind", "becomes"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/jpeg"), ("HEIF", "image/jpeg")])
def test_each_kind_of_photo_is_drawn_anew(kind, becomes):
    file = ready(picture(kind, size=(400, 300)), name=f"照片.{kind}")
    assert (file.content_type, file.kind, file.label) == (becomes, "photo", f"照片.{kind}")
    assert opened(file.data).format in ("JPEG", "PNG") and opened(file.thumb).size == (320, 240)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1", "I;16", "CMYK"])
def test_pictures_of_every_mode_are_taken(mode):
    out = BytesIO()
    Image.new(mode, (40, 30)).save(out, "JPEG" if mode == "CMYK" else "PNG")
    assert opened(ready(out.getvalue()).data).size == (40, 30)


@pytest.mark.parametrize("data", [SVG, HTML, b"GIF89a" + b"\0" * 50, b"BM" + b"\0" * 60, b"PK\x03\x04" + b"\0" * 50, b"II*\0" + b"\0" * 60,
                                  b"plain words", b"MZ\x90\0", b"%!PS-Adobe-3.0 EPSF-3.0\n"])
@pytest.mark.parametrize("name", ["照片.jpg", "合同.pdf", "x.svg"])
def test_what_is_no_photo_and_no_pdf_is_refused_whatever_it_is_called(data, name):
    assert "只收照片" in refusal(data, name)


def test_a_broken_photo_is_refused_in_words():
    whole = picture(size=(900, 700), quality=95)
    for broken in (whole[:len(whole) // 2], picture("PNG")[:60], picture("HEIF", size=(400, 300))[:-100], picture("WEBP")[:-20]):
        assert "打不开" in refusal(broken)


def test_where_a_photo_was_taken_and_what_hangs_behind_it_is_gone():
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "CANARYPHONE"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (32.0, 3.0, 7.0)
    tail = b"<script>CANARYTAIL</script>"
    for kind, more in (("JPEG", {"comment": b"CANARYCOMMENT"}), ("PNG", {}), ("WEBP", {})):
        sent = picture(kind, exif=exif, **more) + tail
        assert b"CANARY" in sent
        file = ready(sent)
        assert b"CANARY" not in file.data + file.thumb
        assert not opened(file.data).getexif() and set(opened(file.data).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_a_photo_stands_upright():
    """Orientation 6: the phone was held upright; what was left is now on top."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    turned = opened(ready(picture(size=(400, 200), exif=exif, quality=95)).data)
    assert turned.size == (200, 400)
    top, bottom = (ImageStat.Stat(turned.crop(box)).mean[0] for box in ((0, 0, 200, 150), (0, 250, 200, 400)))
    assert top < 20 and bottom > 150


def test_a_large_photo_is_shrunk():
    file = ready(picture(size=(5000, 2500)))
    assert max(opened(file.data).size) == pictures.LONGEST_SIDE


@pytest.mark.parametrize(("width", "height"), [(10_000, 5_000), (20_000, 20_000), (2**31 - 1, 2**31 - 1), (1, 25_000_000)])
def test_a_picture_that_unfolds_to_gigabytes_is_not_unfolded(width, height):
    assert "太大" in refusal(claimed_png(width, height)) or "打不开" in refusal(claimed_png(width, height))


def test_a_jpeg_of_many_pixels_is_decoded_small():
    assert "太大" in refusal(picture(size=(12_000, 12_000), mode="L", colour=200))
    assert max(opened(ready(picture(size=(9_000, 9_000), mode="L", colour=200)).data).size) == pictures.LONGEST_SIDE


MEASURE = """
import sys, django
django.setup()
from servicecentre.files.pictures import redrawn

def most():
    return next(int(line.split()[1]) // 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))

redrawn(open(sys.argv[1], "rb").read())
before = most()
redrawn(open(sys.argv[2], "rb").read())
print(most() - before)
"""


@pytest.mark.parametrize(("kind", "mode", "size", "most"), [("JPEG", "RGB", (30_000, 900), 60), ("PNG", "RGBA", (4_000, 3_000), 150)])
def test_a_strip_and_a_large_picture_take_little_memory(tmp_path, kind, mode, size, most):
    """MB more than a small one takes: the strip of 27 MP would be 100 in full, and each copy as much."""
    for name, data in (("small", picture(kind, mode=mode, colour=(200, 30, 30)[:len(mode)])), ("large", picture(kind, size=size, mode=mode))):
        (tmp_path / name).write_bytes(data)
    told = subprocess.run([sys.executable, "-c", MEASURE, str(tmp_path / "small"), str(tmp_path / "large")], capture_output=True, text=True,
                          check=True, timeout=60, env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"})
    assert int(told.stdout) < most


def test_a_panorama_is_taken_and_what_libjpeg_would_hold_whole_is_not():
    assert opened(ready(picture(size=(16_000, 2_000), mode="L", colour=200)).data).size == (2560, 320)
    progressive = {"size": (5_500, 5_000), "mode": "L", "colour": 200, "progressive": True}
    assert "太大" in refusal(picture(**progressive))
    assert ready(picture(**progressive | {"size": (900, 700)}))
    several = bytearray(picture(quality=90))                          # each colour in a scan of its own
    frame, scan = several.index(b"\xff\xc0"), several.index(b"\xff\xda")
    several[frame + 5:frame + 9] = (5_500).to_bytes(2) + (5_000).to_bytes(2)
    several[scan + 2:scan + 14] = b"\0\x08\x01\x01\0\0\x3f\0"
    assert "太大" in refusal(bytes(several))


def test_two_decoders_at_once_and_no_third():
    held = [pictures.decoders.acquire(blocking=False) for _ in range(3)]
    for got in held:
        if got:
            pictures.decoders.release()
    assert held == [True, True, False]


def test_a_pdf_is_kept_as_it_is():
    sent = pdf(2, script="app.alert(1)")
    file = ready(sent, name="合同.pdf")
    assert (file.content_type, file.kind, file.data, file.thumb) == ("application/pdf", "scan", sent, b"")
    both = sent + b"\n" + HTML
    assert ready(both, name="两样.html").data == both                 # a polyglot is a PDF to us, whatever it is to others


@pytest.mark.parametrize(("data", "words"), [
    (pdf(0), "没有页"), (pdf(password="x"), "有密码"), (b"%PDF-1.7\n", "打不开"), (pdf()[:200], "打不开"), (b"%PDF-" + HTML, "打不开"),
    (b"", "空文件")], ids=["no page", "locked", "only its name", "cut", "html", "empty"])
def test_a_pdf_without_pages_or_behind_a_lock_is_refused(data, words):
    assert words in refusal(data, "合同.pdf")


@pytest.mark.parametrize("filled", [b"<</a ", b"1 0 obj "])
def test_a_pdf_that_keeps_its_parser_busy_is_given_up(filled):
    """24 MB took 18 and 12 seconds, within the server's own process."""
    spent = time.process_time()
    assert "打不开" in refusal(b"%PDF-1.7\n" + filled * (24_000_000 // len(filled)), "合同.pdf")
    assert time.process_time() - spent < 2


def test_what_is_too_large_is_not_even_read(monkeypatch):
    monkeypatch.setattr(storing, "MOST_BYTES", 100)
    assert "最多 25 MB" in refusal(picture())


@pytest.mark.parametrize(("name", "label"), [
    ("../../etc/passwd", "passwd"), ("a\\b.pdf", "b.pdf"), ("CON", "CON"), ("长" * 300 + ".jpg", "长" * 116 + ".jpg"), ("a\nb\0c.jpg", "a b c.jpg"),
    ("\u202egpj.exe", "附件"), ("", "附件"), ("///", "附件"), ("张雨萍 320106198804173456.jpg", "张雨萍 320***56.jpg"),
    ("32010619880417345X正面.jpg", "320***5X正面.jpg"), ("320106 19880417 3456.jpg", "320***56.jpg"), ("320106880417345.jpg", "320***45.jpg"),
    ("３２０１０６１９８８０４１７３４５６.jpg", "３２０***５６.jpg"), ("长" * 110 + "320106198804173456.jpg", "长" * 108 + "320***56.jpg"),
    ("IMG_20261128_101112.jpg", "IMG_20261128_101112.jpg"), ("合同 13800138000.pdf", "合同 13800138000.pdf")])
def test_a_name_is_a_label_only(name, label):
    assert storing.label_of(name) == label


def test_it_lies_under_a_name_of_our_own(db):
    file = ready(name="../../身份证320106198804170026.jpg")
    file.keep()
    assert "身份证" not in file.path and "3201" not in file.path and default_storage.exists(file.path)
    assert file.path.startswith("files/") and ".." not in file.path
    file.discard()
    assert not default_storage.exists(file.path)


# --- identity papers --------------------------------------------------------------------------------------------------

def test_an_identity_paper_bears_what_it_is_for():
    about = {"kind": File.Kind.IDENTITY, "purpose": "办理入住", "centre": "银河国际街区一期物业服务中心"}
    assert storing._stamp(**about) == f"仅供 银河国际街区一期物业服务中心 办理入住 使用　{today():%Y-%m-%d}"
    plain = opened(ready(picture(size=(1000, 630), colour=(255, 255, 255))).data).convert("RGB")
    stamped = opened(ready(picture(size=(1000, 630), colour=(255, 255, 255)), **about).data)
    reddish = [sum(1 for r, g, b in image.crop((500, 0, 1000, 630)).get_flattened_data() if r > g + 40 and r > b + 40) for image in (plain, stamped)]
    assert reddish[0] == 0 and reddish[1] > 3000
    for corner in ((510, 0, 750, 200), (760, 430, 1000, 630), (510, 430, 750, 630), (760, 0, 1000, 200)):
        assert any(r > g + 40 for r, g, b in stamped.crop(corner).get_flattened_data()), "a corner without the stamp could be cut out"


def test_an_identity_paper_is_not_called_what_its_file_was():
    assert ready(kind=File.Kind.IDENTITY, purpose="办证", name="张雨萍身份证.jpg").label == "证件"


def test_a_store_that_takes_nothing_refuses_in_words_and_keeps_no_half(db, monkeypatch, tmp_path, settings):
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}}

    def torn(storage, name, content, save=FileSystemStorage._save):
        save(storage, name, ContentFile(content.read()[:100]))
        raise OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(FileSystemStorage, "_save", torn)
    with pytest.raises(Refused, match="磁盘已满，文件没有收"), storing.kept([ready()]):
        pytest.fail("the act runs without its file")
    monkeypatch.setattr(FileSystemStorage, "_save", mock.Mock(side_effect=ConnectionError("no S3")))
    with pytest.raises(Refused, match="存放文件的地方现在存不进去"), storing.kept([ready()]):
        pytest.fail("the act runs without its file")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_an_identity_paper_without_purpose_or_as_pdf_is_refused():
    assert "用途" in refusal(picture(), kind=File.Kind.IDENTITY)
    assert "请拍照" in refusal(pdf(), "证.pdf", kind=File.Kind.IDENTITY, purpose="办证")


def test_an_identity_paper_lies_encrypted_and_without_thumbnail(db):
    file, other = ready(kind=File.Kind.IDENTITY, purpose="办证"), ready()
    for each, reads in ((file, False), (other, True)):
        each.keep()
        with default_storage.open(each.path) as stored:
            assert stored.read().startswith(b"\xff\xd8") is reads
        each.discard()
    assert file.thumb == b"" and other.thumb
