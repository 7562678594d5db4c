"""HTML to PDF: our fonts and images by name and nothing else; one font configuration and parsed stylesheets per process.

WeasyPrint is imported on first use (0.3–0.8 s); ``warm()`` does that, and one page, before the first clerk waits for it.
"""
import functools
import gc
import logging
import os
import struct
import threading
import warnings
import zlib
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from django.contrib.staticfiles import finders
from django.template.loader import get_template

QR_PIXELS = 2                             # a module's side; on 14 mm some 0.2 mm each
WAIT = 20                                 # seconds that a print waits for those before it
PLACE = "https://paper.invalid/"          # the only address there is; what follows it is a name of ours
FILES = {**{f"fonts/{name}": "font/sfnt" for name in (
    "NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf", "NotoSerifSC-Bold.ttf", "NotoSansSCExt-Regular.ttf", "NotoSansSCRare-Regular.otf")},
    "papers/void.svg": "image/svg+xml"}   # under static/
_turn = threading.BoundedSemaphore()      # Pango's font map is not for two threads at once
log = logging.getLogger(__name__)


class Busy(Exception):
    """Others have been printing for WAIT seconds; nothing was made, asking again is harmless."""


def render_pdf(html, css="papers/papers.css", *, images=None, shift=(0, 0)):
    """PDF bytes of a whole HTML document, which carries `<meta charset>`; ``css`` is a template's name. Raises Busy.

    ``images``: {name: PNG bytes} that the HTML may show as `<img src="name">`. Whatever else stands there as an address,
    also in CSS, SVG or an attachment, is not fetched (TRUST T10). ``shift``: how far the print moves on the sheet, right
    and down, in 0.1 mm. Some 50 ms a page: never inside an act.
    """
    if not _turn.acquire(timeout=WAIT):
        raise Busy
    try:
        out = BytesIO()
        _weasyprint().HTML(string=html, base_url=PLACE, url_fetcher=_fetcher(images or {})).write_pdf(
            out, finisher=_mover(*shift), font_config=_fonts(), stylesheets=[_stylesheet(css)])
        return out.getvalue()
    finally:
        _turn.release()


def render_to_file(path, html, codes, shift):
    """What a worker process does: one document into a new private file; nothing where its folder is gone, for nobody waits for it.

    ``codes``: {name of an image: text of its QR}.
    """
    if not os.path.isdir(os.path.dirname(path)):
        return
    pdf = render_pdf(html, images={name: qr_png(text) for name, text in codes.items()}, shift=shift)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(pdf)
    gc.collect()                                          # the document goes at once, before the next one comes (kit/pool)


def _mover(x, y):
    """Moves what is printed by moving the page's frame the other way: whatever the template, its words stay as they are."""
    x, y = x * 72 / 254, y * 72 / 254                     # 0.1 mm in points

    def move(document, pdf):
        for reference in pdf.page_references:
            page = pdf.objects[int(reference.split()[0])]
            for box in ("TrimBox", "BleedBox"):           # the same as the page's frame, said again
                page.pop(box, None)
            left, bottom, right, top = page["MediaBox"]
            page["MediaBox"][:] = [left - x, bottom + y, right - x, top + y]
    return move


def qr_png(text):
    """A QR of level M as grey PNG, two pixels a module: a tenth of an SVG's time on the page.

    Grey and not one bit deep: that WeasyPrint would turn into colours, which is twice as large.
    """
    import segno

    rows = segno.make(text, error="m", boost_error=False, micro=False, mask=3).matrix
    side = len(rows) * QR_PIXELS
    lines = b"".join((b"\0" + b"".join((b"\0" if dark else b"\xff") * QR_PIXELS for dark in row)) * QR_PIXELS for row in rows)
    parts = ((b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts)


def warm():
    """Import, fonts, stylesheet and a first page, so that nobody waits for them; called once by each web process."""
    render_pdf('<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>-</title><p>预热 <b>0</b></p>')


@contextmanager
def _no_installed_fonts():
    """Fontconfig reads its file when WeasyPrint is loaded and when a configuration is made; other programs keep theirs."""
    before = os.environ.get("FONTCONFIG_FILE")
    os.environ["FONTCONFIG_FILE"] = str(Path(__file__).resolve().with_name("fonts.conf"))
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="No fonts configured")
            yield
    finally:
        if before is None:
            del os.environ["FONTCONFIG_FILE"]
        else:
            os.environ["FONTCONFIG_FILE"] = before


@functools.cache
def _weasyprint():
    with _no_installed_fonts():
        import weasyprint
        from PIL import ImageFile
    ImageFile.LOAD_TRUNCATED_IMAGES = False               # it sets this for the whole process; an uploaded photo must be whole
    weasyprint.LOGGER.setLevel(logging.CRITICAL)          # it would quote names and addresses from the paper
    return weasyprint


@functools.cache
def _fonts():
    _weasyprint()
    from weasyprint.text.fonts import FontConfiguration

    with _no_installed_fonts():
        return FontConfiguration()


@functools.cache
def _stylesheet(name):
    return _weasyprint().CSS(string=get_template(name).template.source, base_url=PLACE, font_config=_fonts(), url_fetcher=_fetcher({}))


def _fetcher(images):
    """A fetcher that knows our FILES and these images; everything else is refused before it is even looked at."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class OursOnly(URLFetcher):
        def fetch(self, url, headers=None):
            name = url.removeprefix(PLACE) if url.startswith(PLACE) else None
            if name in images:
                return URLFetcherResponse(url, images[name], {"Content-Type": "image/png"})
            if name in FILES:
                return URLFetcherResponse(url, Path(finders.find(name)).read_bytes(), {"Content-Type": FILES[name]})
            log.warning("a paper asked for an address that is not ours")
            raise ValueError("not ours")

    return OursOnly()
