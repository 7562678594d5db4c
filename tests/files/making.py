"""Files as people bring them, small and made here."""
import struct
import zlib
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from servicecentre.files import storing


def picture(kind="JPEG", size=(64, 48), colour=(200, 30, 30), mode="RGB", **options):
    """Bytes of a picture in one colour, its left half black: so that it can be seen which side is up."""
    image = Image.new(mode, size, colour)
    image.paste(0 if mode == "L" else (0,) * len(image.getbands()), (0, 0, size[0] // 2, size[1]))
    out = BytesIO()
    if kind == "HEIF":
        import pillow_heif
        pillow_heif.from_pillow(image).save(out, quality=80)
    else:
        image.save(out, kind, **options)
    return out.getvalue()


def claimed_png(width, height):
    """A PNG that says it is so large, in a few bytes."""
    head = struct.pack("!IIBBBBB", width, height, 8, 0, 0, 0, 0)

    def chunk(name, data):
        return struct.pack("!I", len(data)) + name + data + struct.pack("!I", zlib.crc32(name + data))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def pdf(pages=1, *, password="", script=""):
    from pypdf import PdfWriter

    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    if script:
        from pypdf.generic import DictionaryObject, NameObject, TextStringObject

        writer.root_object[NameObject("/OpenAction")] = DictionaryObject(
            {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject(script)})
    if password:
        writer.encrypt(password)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def upload(data=None, name="照片.jpg"):
    return SimpleUploadedFile(name, picture() if data is None else data)


def ready(data=None, name="照片.jpg", **about):
    """As a form's `files` would be: what was read of one upload."""
    return storing.read(upload(data, name), **about)
