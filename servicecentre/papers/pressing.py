"""Many papers as one PDF: chunks in worker processes, joined in order; the file shows only when it is whole.

A document grows by 0.9 MB a page while it is made, so a chunk is some fifty pages; in smaller ones the fonts weigh more.
The words become HTML here; a worker makes it a document and knows nothing else.
"""
import os
import shutil
import tempfile
from concurrent.futures import FIRST_COMPLETED, wait
from pathlib import Path

from servicecentre.kit.pdf import render_to_file
from servicecentre.kit.pool import workers

from .printing import html_of

CHUNK = 48                                # pages, more or less
AHEAD = 2                                 # chunks that wait for each worker
LOOK = 1.0                                # seconds between two looks whether to go on


def press(sheets, target, *, address, shift=(0, 0), count, progress=lambda done: None):
    """Print all `sheets` (an iterable of words_of()) into the file `target`; returns its number of pages.

    ``count``: worker processes. ``progress(done)`` is told how many papers are printed, every second at least; what
    it raises ends the work after the chunks that are being made, and nothing of it is left. What a crash leaves behind lies
    in a folder beside the target, and the next press of this target takes it away.
    """
    target = Path(target)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    clear(target)
    folder = Path(tempfile.mkdtemp(prefix=f"{target.stem}-", dir=target.parent))
    try:
        parts = _chunks(sheets, folder, address, shift, count, progress)
        pages = _join(parts, folder / "whole.part")
        os.replace(folder / "whole.part", target)
        _sync(target.parent)
        return pages
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clear(target):
    """Take away the file and what was left on the way to it."""
    target.unlink(missing_ok=True)
    for left in target.parent.glob(f"{target.stem}-*"):
        shutil.rmtree(left, ignore_errors=True)


def _document(chunk, address):
    """(HTML of one document of these papers, {name of an image: text of its QR})."""
    bodies = [_body(html_of(words)).replace('src="qr.png"', f'src="qr-{at}.png"') for at, words in enumerate(chunk)]
    head = '<!doctype html>\n<html lang="zh-CN">\n<head><meta charset="utf-8"><title>批量打印</title></head>\n'
    return f"{head}<body>{''.join(bodies)}</body>\n</html>", {f"qr-{at}.png": f"{address}q/{words['mark']}" for at, words in enumerate(chunk)}


def _body(html):
    """What stands in the body; a name in it can't end it, for the templates escape."""
    return html[html.index("<body>") + 6:html.rindex("</body>")]


def _cut(sheets):
    """Lists of papers, each of CHUNK pages or a few more."""
    chunk, pages = [], 0
    for words in sheets:
        chunk.append(words)
        pages += max(len(words["copies"]), 1)
        if pages >= CHUNK:
            yield chunk
            chunk, pages = [], 0
    if chunk:
        yield chunk


def _chunks(sheets, folder, address, shift, count, progress):
    """Paths of the chunks in order; few wait at a time, so that memory does not grow with the papers."""
    parts, running, done = [], {}, 0
    with workers(count) as pool:
        try:
            for chunk in _cut(sheets):
                parts.append(folder / f"{len(parts):05}.pdf")
                running[pool.submit(render_to_file, str(parts[-1]), *_document(chunk, address), shift)] = len(chunk)
                while len(running) >= count * AHEAD:
                    done += _waited(running)
                    progress(done)
            while running:
                done += _waited(running)
                progress(done)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)     # what waits is not begun; to kill its worker could hang us (CPython 94777)
            raise
    return parts


def _waited(running):
    """Wait until a chunk is done, or some, or a second is over; how many papers they hold. Raises what a worker raised, or that it died."""
    ended, _ = wait(running, timeout=LOOK, return_when=FIRST_COMPLETED)
    for each in ended:
        each.result()
    return sum(running.pop(each) for each in ended)


def _join(parts, path):
    """All chunks in one file, which is on the disk when this returns; returns the number of pages."""
    from pypdf import PdfWriter

    with PdfWriter() as whole:
        for part in parts:
            whole.append(str(part), import_outline=False)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            whole.write(out)
            out.flush()
            os.fsync(out.fileno())
        return len(whole.pages)


def _sync(folder):
    """The name is on the disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
