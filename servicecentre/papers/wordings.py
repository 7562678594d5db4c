"""Texts that an estate may edit: each change is a new edition, names in double braces are put in as plain text (TRUST T12)."""
import re

from django.core.exceptions import ValidationError

from servicecentre.kit.periods import now
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.worklog.acts import act, record

from .kinds import TEXTS
from .models import Wording

NAME = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
LONGEST = 200


@act
def reword(estate, key, text, *, by):
    """Put a new edition of a text in force; returns the Wording. Refused for a name that this text does not know."""
    what = TEXTS[key]
    try:
        text = clean_text(text, LONGEST)
    except ValidationError as error:
        raise Refused({"text": error.messages}) from error
    if unknown := [name for name in NAME.findall(text) if name not in what.names]:
        raise Refused({"text": f"没有「{unknown[0]}」这一项，可用：{'、'.join(what.names) or '无'}。"})
    newest = Wording.objects.of(estate).filter(key=key).order_by("-edition").first()
    wording = Wording.objects.create(estate=estate, key=key, edition=newest.edition + 1 if newest else 1, text=text, by=by, at=now())
    record(by, f"修改文字「{what.label}」，第 {wording.edition} 版", wording)
    return wording


def worded(estate, key, **names):
    """The text in force with its names put in, once and letter by letter: what a name holds is never read again."""
    known = {"小区": estate.name, "服务电话": estate.phone, **names}
    return NAME.sub(lambda found: str(known.get(found[1], "")), Wording.of(estate, key))
