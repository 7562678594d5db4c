"""Texts that an estate may edit: each change is a new edition, names in double braces are put in as plain text (TRUST T12).

Three kinds: what stands on papers, the desk's standard phrases, the pages of its handbook (DOMAIN §10).
"""
import re
import secrets

from django.core.exceptions import ValidationError
from django.db.models import Max

from servicecentre.kit.periods import now
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.worklog.acts import act, record
from servicecentre.worklog.stale import differs

from .kinds import NAMES, OF_ESTATE, TEXTS
from .models import Wording
from .texts import delivered

NAME = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
HALF = re.compile(r"\{\{|\}\}")
Kind = Wording.Kind
LONGEST = {Kind.TEXT: 200, Kind.PHRASE: 300, Kind.PAGE: 8000}


def as_delivered(wording):
    """The text that came with the program under this key; None for one that people here began."""
    if wording.kind == Kind.TEXT:
        return TEXTS[wording.key].default if wording.key in TEXTS else None
    return next((each.text for each in delivered.every() if each.key == wording.key), None)


def fill_texts(estate, *, by):
    """Phrases and handbook for an estate that lacks them, each as edition 1; part of create_estate, no act of its own."""
    there = set(Wording.objects.of(estate).values_list("key", flat=True))
    Wording.objects.bulk_create(
        Wording(estate=estate, edition=1, position=position * 10, note="随程序", by=by, at=now(), **each._asdict())
        for position, each in enumerate(delivered.every(), start=1) if each.key not in there)


@act
def reword(estate, key, text, *, by, title=None, group=None, note="", edition=None):
    """Put a new edition of a text in force; returns the Wording.

    ``edition``: the one the writer had before them (0 for none yet): refused when another was put in force since, naming
    who did. Refused for a name that this text does not know, and for a change that changes nothing.
    """
    newest = Wording.objects.of(estate).filter(key=key).select_related("by").order_by("-edition").first()
    if newest is None and key not in TEXTS:
        raise Refused("没有这段文字。")
    if edition is not None and differs(edition, newest.edition if newest else 0):
        raise Refused(f"{newest.by.name}刚改过，现在是第 {newest.edition} 版。您写的没有存，看过新的一版再改。")
    kind = newest.kind if newest else Kind.TEXT
    words = _checked(kind, key, text=text, title=newest.title if newest and title is None else title or "",
                     group=newest.group if newest and group is None else group or "", note=note)
    if newest and not newest.withdrawn and (newest.text, newest.title, newest.group) == (words["text"], words["title"], words["group"]):
        raise Refused({"text": "和现在用的一样，没有改动。"})
    wording = Wording.objects.create(estate=estate, kind=kind, key=key, edition=newest.edition + 1 if newest else 1,
                                     position=newest.position if newest else 0, by=by, at=now(), **words)
    record(by, f"修改{wording.get_kind_display()}「{wording.label}」，第 {wording.edition} 版{f'，{note}' if note else ''}", wording)
    return wording


@act
def write_text(estate, kind, *, title, group, text, by):
    """A phrase or a page of the estate's own; returns the Wording, edition 1."""
    words = _checked(kind, "", text=text, title=title, group=group, note="新写的")
    for field, sentence in (("title", "请写标题，别人按它找。"), ("group", "请写分组，如「电话」。")):
        if not words[field]:
            raise Refused({field: sentence})
    last = Wording.objects.of(estate).of_kind(kind).aggregate(last=Max("position"))["last"] or 0
    wording = Wording.objects.create(estate=estate, kind=kind, key=f"{kind}.{secrets.token_hex(8)}", edition=1, by=by, at=now(),
                                     position=min(last + 10, 32000), **words)
    record(by, f"新写{wording.get_kind_display()}「{wording.label}」", wording)
    return wording


@act
def withdraw_text(wording, *, by):
    """Take a phrase or a page out of use: a new edition that says so; writing it anew brings it back. Returns that edition.

    Refused where ``wording`` is no longer the newest edition: who presses the button has not read that one.
    """
    newest = Wording.objects.of(wording.estate).filter(key=wording.key).select_related("by").order_by("-edition").first()
    if newest.kind == Kind.TEXT:
        raise Refused("单据上的文字不能停用，可以改成空的。")
    if newest.withdrawn:
        raise Refused(f"「{newest.label}」已经停用。")
    if differs(wording.edition, newest.edition):
        raise Refused(f"{newest.by.name}刚改过，现在是第 {newest.edition} 版。没有停用，看过新的一版再办。")
    gone = Wording.objects.create(estate=newest.estate, kind=newest.kind, key=newest.key, edition=newest.edition + 1, group=newest.group,
                                  title=newest.title, position=newest.position, text=newest.text, note="停用", withdrawn=True, by=by, at=now())
    record(by, f"停用{gone.get_kind_display()}「{gone.label}」", gone)
    return gone


def unknown_names(text, names):
    """Names in double braces that are none of ``names``, and braces that do not pair."""
    found = [name for name in NAME.findall(text) if name not in names]
    return found + ["{{"] * bool(HALF.search(NAME.sub("", text)))


def _checked(kind, key, *, text, **short):
    names = TEXTS[key].names if key in TEXTS else OF_ESTATE
    words = {}
    for field, value, longest in (("text", text, LONGEST[kind]), ("title", short["title"], 60), ("group", short["group"], 20),
                                  ("note", short["note"], 60)):
        try:
            words[field] = clean_text(value, longest, lines=field == "text" and kind == Kind.PAGE)
        except ValidationError as error:
            raise Refused({field: error.messages}) from error
    if unknown := unknown_names(words["text"], names):
        if unknown[0] == "{{":
            raise Refused({"text": "花括号没有配成对，占位要写成 {{小区}} 这样。"})
        raise Refused({"text": f"没有「{unknown[0]}」这一项，可用：{'、'.join(names)}。"})
    if not words["text"] and kind != Kind.TEXT:
        raise Refused({"text": "请写内容。"})
    return words


def of_estate(estate):
    """What the names become that every text may use."""
    return {"小区": estate.name, "公司": estate.company, "服务中心": estate.centre_name, "服务电话": estate.phone}


def put_in(text, values):
    """The text with its names put in, once and letter by letter: what a name holds is never read again."""
    return NAME.sub(lambda found: str(values.get(found[1], "")), text)


def worded(estate, key, **names):
    """The paper's text in force, with its names put in."""
    return put_in(Wording.of(estate, key), {**of_estate(estate), **names})


def pieces(text, values):
    """[(words, is a name)] of a text, for a page that shows what was put in."""
    parts = NAME.split(text)
    return [(values.get(part, "") if n % 2 else part, bool(n % 2)) for n, part in enumerate(parts) if part]


def sample(estate):
    """What a preview puts in for each name: the estate's own where they are its, else a sample's."""
    return {name: said for name, (_, said) in NAMES.items()} | {name: said for name, said in of_estate(estate).items() if said}
