"""The front end's house rules: vendored files are the listed ones, and nothing that the strict CSP would stop is written."""
import hashlib
import re
from pathlib import Path

import pytest
from django.template import Context, engines

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "static" / "vendor"
SCREENS = [path for path in (ROOT / "templates").rglob("*.html") if "papers" not in path.parts]


def test_vendored_files_are_exactly_the_listed_ones():
    lines = [line.split() for line in (VENDOR / "VENDORED.txt").read_text().splitlines() if not line.startswith("#")]
    listed = {words[0]: next(word for word in words if re.fullmatch("[0-9a-f]{64}", word)) for words in lines}
    there = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.iterdir() if path.name != "VENDORED.txt"}
    assert there == listed


def test_no_screen_has_inline_script_or_style():
    inline = re.compile(r"<style|<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=|hx-on|javascript:", re.IGNORECASE)
    found = {str(path.relative_to(ROOT)): inline.findall(path.read_text()) for path in SCREENS}
    assert SCREENS and {name: hits for name, hits in found.items() if hits} == {}


def test_no_template_trusts_what_users_wrote():
    loose = re.compile(r"\|\s*safe(?:seq)?\b|autoescape\s+off")
    assert [str(p.relative_to(ROOT)) for p in (ROOT / "templates").rglob("*.html") if loose.search(p.read_text())] == []


def test_no_screen_reads_from_elsewhere():
    foreign = re.compile(r"""(?:src|href|action|url)\s*[=(]\s*["']?(?:https?:)?//""", re.IGNORECASE)
    files = [*SCREENS, *(ROOT / "static" / "css").glob("*.css"), *(ROOT / "static" / "js").glob("*.js")]
    assert [str(p.relative_to(ROOT)) for p in files if foreign.search(p.read_text())] == []


@pytest.mark.parametrize("page", ["400", "403", "403_csrf", "404", "405", "413", "429", "500", "503"])
def test_a_page_that_cannot_be_served_needs_no_context_and_shows_a_way_on(page):
    """Also when the database is away: no request, no estate, no user."""
    html = engines["django"].get_template(f"{page}.html").template.render(Context({}))
    assert "回首页</a>" in html and re.search(r"<h1>[^<]{4,}</h1>", html)
    assert page[:3] not in re.sub(r"<[^>]*>", "", html.partition("<main")[2])          # the number helps no clerk
