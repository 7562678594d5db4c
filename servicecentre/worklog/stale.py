"""A page that was opened before somebody else saved overwrites nothing, and reads who changed what (TRUST 25)."""
import operator

from servicecentre.kit.refused import Refused

from .models import Entry

compared = operator.ne                    # all that the promise hangs on: its twin takes it away


def differs(shown, now):
    """Is what the page showed no longer so?"""
    return compared(shown, now)


def fresh(row, version, *, link=None, estate=None):
    """Refused when somebody has changed the locked row since the page was shown.

    ``link``: where its state of now is seen, opened beside the page that holds what was typed. ``estate``: whose log is
    asked for a row that is no estate's own.
    """
    if differs(version, row.version):
        raise overtaken(row, link=link, estate=estate)


def overtaken(row, *, link=None, estate=None):
    """The Refused that tells who did what to the row last."""
    where = estate.pk if estate is not None else row.estate_id
    entry = Entry.objects.filter(estate=where, row_type=row._meta.label_lower, row_id=row.pk).select_related("by").last()
    who = f"{entry.by.name}刚才{entry.words}" if entry else "这份资料刚才被别人改过"
    link = link or (row.get_absolute_url() if hasattr(row, "get_absolute_url") else None)
    return Refused(f"{who}。您的改动没有保存，填的还在这一页：先看现在的资料，再到那里改。", link=link and ("看现在的资料（新标签页）", link, "_blank"))
