"""The kinds of lists that come in: each belongs to its app, which tells here how it is read, planned and applied (IMPORT.md)."""
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string

from servicecentre.kit.refused import Refused

# What IMPORT.md names and a later part brings.
LATER = {"keys": "钥匙登记表", "meters": "公摊抄见表", "handover": "交付名单"}


@dataclass(frozen=True)
class ListKind:
    """``read(file, mapping, day, progress=, known=)`` → Reading, ``plan(estate, reading, handover_default=)`` → ListPlan,
    ``apply(estate, plan, *, by, good_rows, importing | stored, request_key)`` → the import or None, ``undo(importing, *, by)`` → what it took back, in words.
    """

    code: str
    label: str
    counted: str                                       # what its numbers count: 套, 笔
    right: str
    words: object
    read: object
    plan: object
    apply: object
    undo: object
    upload_page: str                                   # URL names
    leads_to: str
    leads_words: str
    asks: str = ""                                     # what the upload page says of the list
    day_label: str = "交付日期"                          # the one day that a list may lack, as its page asks it
    day_hint: str = "表里没有的用这一天"


def kind_of(code) -> ListKind:
    """The kind of this code; Refused in words when there is none, or not yet."""
    if code in LATER:
        raise Refused(f"{LATER[code]}的导入还没有做好，以后的版本提供。")
    if code not in settings.IMPORT_LISTS:
        raise Refused(f"没有「{code}」这种名单，可以是 {'、'.join([*settings.IMPORT_LISTS, *LATER])}。")
    return import_string(settings.IMPORT_LISTS[code])
