"""HTML to PDF: our fonts and images by name and nothing else; one font configuration and parsed stylesheets per process.

WeasyPrint is imported on first use (0.3–0.8 s); ``warm()`` does that, and one page, before the first clerk waits for it.
"""
import functools
import logging
import os
import threading
import warnings
from io import BytesIO
from pathlib import Path

from django.contrib.staticfiles import finders
from django.template.loader import get_template

WAIT = 20                                 # seconds that a print waits for those before it
PLACE = "https://paper.invalid/"          # the only address there is; what follows it is a name of ours
FILES = {**{f"fonts/{name}": "font/ttf" for name in (
    "NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf", "NotoSansSCExt-Regular.ttf", "NotoSerifSC-Bold.ttf")},
    "papers/void.svg": "image/svg+xml"}   # under static/
_turn = threading.BoundedSemaphore()      # Pango's font map is not for two threads at once
log = logging.getLogger(__name__)


class Busy(Exception):
    """Others have been printing for WAIT seconds; nothing was made, asking again is harmless."""


def render_pdf(html, css="papers/papers.css", *, images=None):
    """PDF bytes of a whole HTML document, which carries `<meta charset>`; ``css`` is a template's name. Raises Busy.

    ``images``: {name: PNG bytes} that the HTML may show as `<img src="name">`. Whatever else stands there as an address,
    also in CSS, SVG or an attachment, is not fetched (TRUST T10). Some 50 ms a page: never inside an act.
    """
    if not _turn.acquire(timeout=WAIT):
        raise Busy
    try:
        out = BytesIO()
        _load().HTML(string=html, base_url=PLACE, url_fetcher=_fetcher(images or {})).write_pdf(
            out, font_config=_fonts(), stylesheets=[_stylesheet(css)])
        return out.getvalue()
    finally:
        _turn.release()


def qr_png(text):
    """A QR of level M as 1-bit PNG, six pixels a module: a tenth of an SVG's time on the page."""
    import segno

    out = BytesIO()
    segno.make(text, error="m", boost_error=False, micro=False, mask=3).save(out, kind="png", scale=6, border=0)
    return out.getvalue()


def warm():
    """Import, fonts, stylesheet and a first page, so that nobody waits for them; called once by each web process."""
    render_pdf('<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>-</title><p>预热 <b>0</b></p>')


@functools.cache
def _load():
    """WeasyPrint, told of no installed font: fontconfig reads its file once, when the library is loaded."""
    os.environ["FONTCONFIG_FILE"] = str(Path(__file__).with_name("fonts.conf"))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="No fonts configured")
        import weasyprint
    return weasyprint


@functools.cache
def _fonts():
    _load()
    from weasyprint.text.fonts import FontConfiguration

    return FontConfiguration()


@functools.cache
def _stylesheet(name):
    return _load().CSS(string=get_template(name).template.source, base_url=PLACE, font_config=_fonts(), url_fetcher=_fetcher({}))


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
