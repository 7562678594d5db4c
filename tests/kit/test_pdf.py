"""Papers fetch nothing but our own files, use no installed font, and wait for each other (TRUST T10, F10)."""
import io
import logging
import os
import subprocess
import sys
import threading

import pypdf
import pytest
from PIL import Image
from weasyprint.urls import URLFetcher

from servicecentre.kit import pdf

HOSTILE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>t</title>
<link rel="attachment" href="file://{secret}"><link rel="stylesheet" href="https://example.com/a.css"><base href="file:///">
<style>@import url(file://{secret}); body {{ background: url(file://{image}) }} @font-face {{ font-family: x; src: url(file://{secret}) }}</style>
</head><body><img src="file://{image}"><img src="data:image/png;base64,iVBORw0KGgo="><img src="https://paper.invalid/../{image}">
<img src="https://paper.invalid/fonts/../../settings.py"><object data="file://{image}"></object>
<svg xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="file://{image}" width="9" height="9"/><use href="http://example.com/a.svg#b"/></svg>
<p>文字</p></body></html>"""


@pytest.fixture
def hostile(tmp_path):
    (tmp_path / "secret.txt").write_text("canary")
    Image.new("RGB", (4, 4), "red").save(tmp_path / "image.png")
    return HOSTILE.format(secret=tmp_path / "secret.txt", image=tmp_path / "image.png")


def read(data):
    return pypdf.PdfReader(io.BytesIO(data))


def test_nothing_foreign_is_fetched(hostile):
    page = read(pdf.render_pdf(hostile))
    assert "文字" in page.pages[0].extract_text()
    assert not page.attachments and not page.pages[0].images
    assert b"canary" not in b"".join(o.get_data() for o in _streams(page))


def test_without_the_fetcher_files_would_be_fetched(hostile, monkeypatch):
    """The twin: WeasyPrint's own fetcher puts a file of this machine into the PDF."""
    monkeypatch.setattr(pdf, "_fetcher", lambda images: URLFetcher(allowed_protocols=["file"]))
    page = read(pdf.render_pdf(hostile))
    assert page.attachments and page.pages[0].images
    assert b"canary" in b"".join(o.get_data() for o in _streams(page))          # so the test above would see it


def _streams(reader):
    for number in range(1, len(reader.xref[0]) + 1):
        found = reader.get_object(number) if number in reader.xref[0] else None
        if isinstance(found, pypdf.generic.StreamObject):
            yield found


def test_images_are_served_by_name_only():
    page = read(pdf.render_pdf('<!doctype html><meta charset="utf-8"><img src="qr.png"><img src="other.png">',
                               images={"qr.png": pdf.qr_png("SJ.1.2.3")}))
    assert len(page.pages[0].images) == 1


def test_only_our_own_fonts_are_used(caplog):
    html = '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><p>王堃 <b>𠮷䶮㛃</b> −1.00 ℃ é <i style="font-family: serif">正文</i>'
    pdf.render_pdf("<p>-</p>")
    with caplog.at_level(logging.WARNING, logger="weasyprint"):
        page = read(pdf.render_pdf(html)).pages[0]
    assert not [r for r in caplog.records if ".notdef" in r.getMessage()]
    fonts = {font["/BaseFont"].partition("+")[2] for font in (f.get_object() for f in page["/Resources"]["/Font"].values())}
    assert fonts and all(name.startswith(("Noto-Sans-SC", "Noto-Serif-SC")) for name in fonts)


def test_what_no_font_has_is_a_box_and_never_a_crash(caplog):
    pdf.render_pdf("<p>-</p>")
    with caplog.at_level(logging.WARNING, logger="weasyprint"):
        pdf.render_pdf('<!doctype html><meta charset="utf-8"><p>😀')
    assert [r for r in caplog.records if ".notdef" in r.getMessage()]       # the sight that the tests above rely on


def test_loading_leaves_other_programs_their_fonts():
    code = ("import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'; django.setup()\n"
            "from servicecentre.kit import pdf; pdf.warm(); print('FONTCONFIG_FILE' in os.environ)")
    environment = {k: v for k, v in os.environ.items() if k != "FONTCONFIG_FILE"}
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "False" and "No fonts" not in done.stderr


def test_the_stylesheet_is_parsed_once_per_process():
    pdf.warm()
    before = pdf._stylesheet.cache_info().misses
    pdf.warm()
    assert pdf._stylesheet.cache_info().misses == before and pdf._fonts.cache_info().currsize == 1


def test_who_waits_too_long_is_told_so(monkeypatch):
    monkeypatch.setattr(pdf, "WAIT", 0.05)
    with pdf._turn, pytest.raises(pdf.Busy):
        pdf.render_pdf("<p>x")
    assert pdf.render_pdf("<p>x").startswith(b"%PDF")


def test_several_threads_print_at_once():
    results = []
    threads = [threading.Thread(target=lambda n=n: results.append(pdf.render_pdf(f'<meta charset="utf-8"><p>第 {n} 张'))) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(read(data).pages[0].extract_text().strip() for data in results) == [f"第 {n} 张" for n in range(6)]


def test_the_qr_is_black_on_white_and_stays_grey():
    """WeasyPrint would pack one bit deep anew, in colours."""
    data = pdf.qr_png("https://wuye.example.cn/q/SJ.1.20260000001.1.ABCDEFGHIJKLMNOP")
    image = Image.open(io.BytesIO(data))
    assert image.mode == "L" and image.width % pdf.QR_PIXELS == 0 and {value for _, value in image.getcolors()} == {0, 255}
    page = read(pdf.render_pdf('<!doctype html><meta charset="utf-8"><img src="qr.png">', images={"qr.png": data})).pages[0]
    [inside] = (each.get_object() for each in page["/Resources"]["/XObject"].values())
    assert inside["/ColorSpace"] == "/DeviceGray" and len(inside._data) < 750
