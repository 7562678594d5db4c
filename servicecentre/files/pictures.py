"""Pictures made safe: decided by content, measured before they are decoded, turned, shrunk, drawn anew (TRUST §4 35–37).

What comes out was drawn by us: EXIF with its place, comments, colour profiles and whatever hung behind the picture are gone.
"""
import threading
from contextlib import contextmanager
from io import BytesIO

from django.contrib.staticfiles import finders
from django.core.exceptions import ValidationError

from .models import JPEG, PNG

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
MOST_PIXELS = {"JPEG": 120_000_000, "MPO": 120_000_000, "PNG": 24_000_000, "WEBP": 24_000_000, "HEIF": 50_000_000}   # a JPEG is decoded small
MOST_WHOLE = 27_000_000                   # what is decoded in full, or held so while it is decoded: 105 MB
LONGEST_SIDE = 2560                       # an A4 page at 220 dpi: small print stays readable
THUMB_SIDE = 320
QUALITY = 85
MOST_PNG = 1_500_000                      # bytes; a photo saved as PNG becomes a JPEG
decoders = threading.BoundedSemaphore(2)
BROKEN = "这张图片打不开，可能没有传完整，请重新拍或重新选"


def redrawn(data, *, stamp=""):
    """(content type, bytes, thumbnail bytes) of a picture; ``stamp`` is written across it. ValidationError in words."""
    with decoders, _opened(data) as picture:
        whole = _drawn(picture)
    small = whole.convert("RGB")
    small.thumbnail((THUMB_SIDE, THUMB_SIDE))
    if stamp:
        return JPEG, _as_jpeg(_stamped(whole.convert("RGB"), stamp)), b""
    if picture.format == "PNG" and len(png := _saved(whole, "PNG", optimize=True)) <= MOST_PNG:
        return PNG, png, _as_jpeg(small)
    return JPEG, _as_jpeg(whole), _as_jpeg(small)


@contextmanager
def _opened(data):
    """The picture with its size read and nothing decoded yet."""
    from PIL import Image, UnidentifiedImageError
    from pillow_heif import register_heif_opener

    register_heif_opener(thumbnails=False)
    Image.MAX_IMAGE_PIXELS = None                         # judged below, by format
    try:
        picture = Image.open(BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise ValidationError("只收照片（JPG、PNG、WebP、HEIC）和 PDF") from error
    except Exception as error:                            # a hostile picture may break its parser in any way
        raise ValidationError(BROKEN) from error
    with picture:
        width, height = picture.size
        if width * height > MOST_PIXELS[picture.format]:
            raise ValidationError(_too_large(width, height))
        if picture.format in ("JPEG", "MPO") and width * height > MOST_WHOLE and not _read_in_one_pass(data):
            raise ValidationError(_too_large(width, height))
        yield picture


def _too_large(width, height):
    return f"图片太大：{width} × {height}，请缩小后再传"


def _read_in_one_pass(jpeg):
    """Is it sequential, all its colours in one scan? libjpeg holds any other whole while it decodes, however small it comes out."""
    at, colours = 2, 0
    while at + 10 <= len(jpeg) and jpeg[at] == 0xFF:
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2:at + 4])
        if marker == 0xFF:                                # a filling byte
            at += 1
            continue
        if marker in (0xC0, 0xC1):
            colours = jpeg[at + 9]
        elif marker == 0xDA:
            return colours > 0 and jpeg[at + 4] == colours
        at += 2 + length
    return False


def _drawn(picture):
    """A new picture of mode L or RGB, turned as it was held, its longest side within LONGEST_SIDE."""
    from PIL import Image, ImageOps

    try:
        longest = max(picture.size)                       # draft() goes by the lesser of two ratios, so both are the longer side's
        picture.draft("RGB" if picture.mode != "L" else "L", [max(1, side * LONGEST_SIDE // longest) for side in picture.size])
        picture.load()                                    # a JPEG by an eighth at best, less than twice LONGEST_SIDE unless it is a strip
        if picture.mode.startswith("I"):                  # 16 bits a point
            picture = picture.point(lambda value: value * (1 / 256)).convert("L")
        if picture.mode == "PA" or "transparency" in picture.info:
            picture = picture.convert("RGBA")
        elif picture.mode in ("1", "P"):                  # such can't be shrunk well
            picture = picture.convert("L" if picture.mode == "1" else "RGB")
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))   # before all else, which takes copies
        if picture.mode in ("RGBA", "LA"):
            picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture.convert("RGBA"))
        turned = ImageOps.exif_transpose(picture.convert("L" if picture.mode == "L" else "RGB"))
        clean = Image.new(turned.mode, turned.size)       # takes none of what the file said besides
        clean.paste(turned)
        return clean
    except Exception as error:                            # cut off in the middle, or made to break the decoder
        raise ValidationError(BROKEN) from error


def _as_jpeg(picture):
    return _saved(picture, "JPEG", quality=QUALITY, optimize=True)


def _saved(picture, kind, **options):
    out = BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def _stamped(picture, words):
    """The words across the whole picture, slanting, so that no part of it serves another purpose."""
    from PIL import Image, ImageDraw, ImageFont

    width, height = picture.size
    size = max(16, min(width * 2 // max(12, len(words)), max(width, height) // 24))
    font = ImageFont.truetype(finders.find("fonts/NotoSansSC-Bold.ttf"), size)
    side = int((width ** 2 + height ** 2) ** 0.5) + 1
    sheet = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(sheet)
    step = int(draw.textlength(words, font=font)) + 3 * size
    for row, y in enumerate(range(0, side, 4 * size)):
        for x in range(-(row % 2) * step // 2, side, step):
            draw.text((x, y), words, font=font, fill=(150, 20, 20, 120), stroke_width=max(1, size // 24), stroke_fill=(255, 255, 255, 90))
    sheet = sheet.rotate(24, resample=Image.Resampling.BILINEAR)
    left, top = (side - width) // 2, (side - height) // 2
    return Image.alpha_composite(picture.convert("RGBA"), sheet.crop((left, top, left + width, top + height))).convert("RGB")
