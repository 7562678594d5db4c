"""A template whose words were printed is never edited: the next edition is a new file (ARCHITECTURE 6, TRUST 8)."""
import hashlib

from django.conf import settings

from servicecentre.papers.kinds import KINDS
from servicecentre.papers.printing import OTHER_SHEETS

LISTED = dict(reversed(line.split()) for line in (settings.BASE_DIR / "templates/papers/editions.txt").read_text().splitlines()
              if line and not line.startswith("#"))


def sha256(path):
    return hashlib.sha256((settings.BASE_DIR / path).read_bytes()).hexdigest()


def test_released_templates_are_as_they_were_printed():
    changed = [path for path, digest in LISTED.items() if sha256(path) != digest]
    assert not changed, f"released words were edited; make a new edition instead of: {changed}"


def test_every_edition_in_use_is_listed():
    used = {f"templates/{kind.edition.replace('/', '/papers/', 1)}.html" for kind in KINDS.values() if kind.edition}
    used |= {f"templates/{edition.replace('/', '/papers/', 1)}{ending}.html" for (edition, _), ending in OTHER_SHEETS.items()}
    assert used <= set(LISTED) and "templates/papers/base-1.html" in LISTED
    parts = {f"{app}/templatetags/{name.replace('-', '_')}.py" for app, _, name in (kind.edition.partition("/") for kind in KINDS.values()) if name}
    parts |= {f"{edition.replace('/', '/templatetags/', 1)}{ending}.py".replace("-", "_") for (edition, _), ending in OTHER_SHEETS.items()}
    assert {path for path in parts if (settings.BASE_DIR / path).exists()} <= set(LISTED)


def test_an_edited_template_is_seen(tmp_path, monkeypatch):
    """The twin: one letter changed in a copy of a released template has another digest."""
    path = "templates/billing/papers/receipt-1.html"
    copy = tmp_path / path
    copy.parent.mkdir(parents=True)
    copy.write_bytes((settings.BASE_DIR / path).read_bytes().replace("收款收据".encode(), "收款收條".encode()))
    monkeypatch.setattr(settings, "BASE_DIR", tmp_path)
    assert sha256(path) != LISTED[path]
