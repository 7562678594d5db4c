"""Everything that the house hands out, crawled as text: each page with the links on it, PDFs, Excel, JSON, pictures' bytes (TRUST 26, T18)."""
import io
import re
from collections import Counter
from functools import lru_cache
from html import unescape
from urllib.parse import urlsplit

from .walk import INSIDE, address

ENDLESS = ("/static/", "/sign-out", "/sign-in", "/estates/")
ALIKE = 3                                         # rows, days or filters of one page that are looked at: the next differ in figures only


def text_of(response):
    """What a reader of the answer can get out of it, and its raw bytes for what they cannot."""
    data = b"".join(response.streaming_content) if response.streaming else response.content
    kind = response.get("Content-Type", "")
    if kind.startswith("application/pdf"):
        return text_of_pdf(data)
    if "spreadsheet" in kind:
        from openpyxl import load_workbook
        book = load_workbook(io.BytesIO(data))
        return " ".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)
    return unescape(data.decode("utf-8", "replace"))


@lru_cache(maxsize=100)
def text_of_pdf(data):
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data))
    return " ".join(page.extract_text() for page in reader.pages) + str(reader.metadata)


def headers_of(response):
    return " ".join(f"{name}: {value}" for name, value in response.items())


def crawl(desk, world, begin=None, alike=ALIKE):
    """Yields (address, text) of all that this browser is let see: every door of the map, then every link on what it showed.

    With ``begin``, names of doors, only those pages; ``alike`` of each sort.
    """
    todo = [address(world, name) for name in begin or [name for name, _, _ in INSIDE]]
    seen, shapes = set(), Counter()
    while todo:
        plain = todo.pop(0).partition("#")[0]
        shape = re.sub(r"=[^&]*", "", re.sub(r"\d+", "0", plain))
        if plain in seen or shapes[shape] >= alike or any(part in plain for part in ENDLESS):
            continue
        seen.add(plain)
        shapes[shape] += 1
        answer = desk.get(plain)
        if answer.status_code not in (200, 410, 409):
            yield plain, headers_of(answer)
            continue
        text = text_of(answer)
        yield plain, text + headers_of(answer)
        if begin is None and answer.get("Content-Type", "").startswith("text/html"):
            for link in re.findall(r'(?:href|src|hx-get)="([^"]*)"', answer.content.decode()):
                link = unescape(link)
                if link.startswith("?"):
                    link = urlsplit(plain).path + link
                if link.startswith(f"/e/{world.estate.slug}/"):
                    todo.append(link)
