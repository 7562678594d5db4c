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
LONGEST_SIDE = 2560                       # an A4 page at 220 dpi: small print stays readable
THUMB_SIDE = 320
QUALITY = 85
MOST_PNG = 1_500_000                      # bytes; a photo saved as PNG becomes a JPEG
_decoders = threading.BoundedSemaphore(2)
BROKEN = "这张图片打不开，可能没有传完整，请重新拍或重新选"


def redrawn(data, *, stamp=""):
    """(content type, bytes, thumbnail bytes) of a picture; ``stamp`` is written across it. ValidationError in words."""
    with _decoders, _opened(data) as picture:
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
            raise ValidationError(f"图片太大：{width} × {height}，请缩小后再传")
        yield picture


def _drawn(picture):
    """A new picture of mode L or RGB, turned as it was held, its longest side within LONGEST_SIDE."""
    from PIL import Image, ImageOps

    try:
        picture.draft("RGB" if picture.mode != "L" else "L", (LONGEST_SIDE, LONGEST_SIDE))      # JPEG only: decodes an eighth at best
        picture.load()
        if picture.mode.startswith("I"):                  # 16 bits a point
            picture = picture.point(lambda value: value * (1 / 256)).convert("L")
        if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
            picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture.convert("RGBA"))
        turned = ImageOps.exif_transpose(picture.convert("L" if picture.mode in ("1", "L") else "RGB"))
        turned.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
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
