"""Draw a number, freeze a paper, print it again, void it: what makes a paper true (ARCHITECTURE 5 and 6, STYLE §7)."""
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction

from servicecentre.kit.periods import now, today
from servicecentre.kit.refused import Refused
from servicecentre.kit.secrets import read_mark, seal, sign_mark
from servicecentre.kit.text import clean_text
from servicecentre.worklog.acts import act, record

from . import journal
from .kinds import KINDS, copy_of
from .models import MOST_SERIALS, Database, Paper, Print, Series

ALL = "all"


class Head(NamedTuple):
    """What record() asks of a household, for a paper that only knows its number."""

    number: str


@act
def issue_paper(kind, household=None, *, content, by, estate=None, on=None, replaces=None):
    """The last write of an act before record(): next number, frozen paper, Print 1; returns the Paper.

    ``kind``: a Kind of kinds.py; ``content``: plain JSON without fractions, its shape is told where the template's
    words are (papers/printing.py); number, mark and day are added here. ``on``: business day (Asia/Shanghai), today if
    left out; its year is the series'. ``household`` gives estate and number, or else ``estate``. The series' row stays
    locked until the act ends, so draw last. Refused when a series is used up.
    """
    estate = estate or household.estate
    on = on or today()
    series = _move_on(estate, kind.letters, on.year)
    serial, number = series.last, series.number(series.last)
    mark = sign_mark(kind.letters, estate.pk, on.year * (MOST_SERIALS + 1) + serial)
    paper = Paper(estate=estate, kind=kind.letters, year=on.year, serial=serial, number=number,
                  household_no=household.number if household is not None else "", edition=kind.edition, mark=mark,
                  content=_plain({**content, "number": number, "mark": mark, "issued_on": on.isoformat()}),
                  issued_at=now(), issued_on=on, issued_by=by, replaces=replaces)
    paper.digest = seal(*paper.frozen())
    paper.save(force_insert=True)
    Print.objects.create(estate=estate, paper=paper, n=1, copies=ALL if len(kind.copies) > 1 else "", by=by, at=paper.issued_at)
    database, _ = Database.objects.get_or_create(pk=1)
    transaction.on_commit(lambda: journal.write(paper, database), robust=True)
    return paper


def _move_on(estate, kind, year):
    """The series, its ``last`` moved on by one; nobody else may touch its row until the act ends."""
    series, _ = Series.objects.get_or_create(estate=estate, kind=kind, year=year)
    series = Series.objects.lock(series)
    if series.last >= MOST_SERIALS:
        raise Refused(f"{series} 的号码已用完。")
    series.last += 1
    series.save(update_fields=["last"])
    return series


@act
def reprint_paper(paper, *, reason, copies="", by):
    """Print once more, marked 补打 and counted (DOMAIN §2, TRUST 9 and T27); returns the Print.

    ``copies``: code of one 联, or ALL; left out, the first. Refused without a reason, for a 联 the paper does not have,
    and when its words are no longer those that were issued.
    """
    paper = Paper.objects.lock(paper)
    kind = KINDS[paper.kind]
    if not paper.intact:
        raise Refused(f"{paper.number} 的内容与开出时的摘要不符，不能再打印。请告诉系统管理员。")
    if not paper.edition:
        raise Refused(f"{kind.name}还没有打印版式。")
    copies = copies or (kind.copies[0].code if kind.copies else "")
    reason = said_why(reason, 60, "请写明为什么补打，如「客户联遗失」。")
    if copies and copies != ALL and not copy_of(kind, copies):
        raise Refused({"copies": f"{kind.name}没有这一联。"})
    last = paper.prints.order_by("-n").first()
    again = Print.objects.create(estate=paper.estate, paper=paper, n=last.n + 1, copies=copies, by=by, at=now(), reason=reason)
    record(by, f"补打{kind.name} {paper.number} 第 {again.n} 次{f'，{again.copy_label}' if again.copy_label else ''}，{reason}", paper,
           household=Head(paper.household_no))
    return again


@act
def void_paper(paper, *, reason, by, asked_by=None, undone_by=None):
    """Mark a paper void; it keeps its number and its words (DOMAIN §2; law: 会计法 14). Returns the Paper.

    ``asked_by``: who asked, where two persons are needed (that they differ is the calling act's rule); ``undone_by``:
    the paper that undoes it. The caller records. Refused when it is void already.
    """
    paper = Paper.objects.lock(paper)
    if paper.is_void:
        raise Refused(f"{paper.number} 已经作废，{paper.voided_by.name}办理。")
    paper.voided_at, paper.voided_by, paper.void_asked_by, paper.undone_by = now(), by, asked_by, undone_by
    paper.void_reason = reason
    paper.save(update_fields=["voided_at", "voided_by", "void_asked_by", "void_reason", "undone_by"])
    return paper


@act
def void_alone(paper, *, reason, by):
    """作废 of a paper on which nothing else hangs; returns the Paper. Refused without a reason, when it is void already,
    and for every kind that is voided by an act of its own (a receipt, a deposit: their money goes with it)."""
    kind = KINDS[paper.kind]
    if not kind.alone:
        raise Refused(f"{kind.name}不能单独作废，要在办这件事的页面作废，钱和状态才一起改。")
    paper = void_paper(paper, reason=said_why(reason, 120, "请写明为什么作废。"), by=by)
    record(by, f"作废{kind.name} {paper.number}，{paper.void_reason}", paper, household=Head(paper.household_no))
    return paper


def said_why(reason, longest, sentence):
    """The reason, clean; Refused with the sentence where there is none."""
    try:
        reason = clean_text(reason, longest)
    except ValidationError as error:
        raise Refused({"reason": error.messages}) from error
    if not reason:
        raise Refused({"reason": sentence})
    return reason


def paper_of_mark(mark):
    """The paper that a QR names; ValidationError in words when we did not sign the mark, None when there is no such paper."""
    said = read_mark(mark)
    year, serial = divmod(said.pk, MOST_SERIALS + 1)
    return Paper.objects.select_related("estate").filter(estate=said.estate_id, kind=said.kind, year=year, serial=serial).first()


def _plain(content):
    """The content itself; TypeError for what JSON of two databases would not give back as it was (fractions, dates, rows)."""
    if isinstance(content, dict):
        return {str(key): _plain(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_plain(value) for value in content]
    if content is None or type(content) in (str, int, bool):
        return content
    if isinstance(content, str):                          # a choice's value, a lazy translation made text
        return str(content)
    raise TypeError(f"a paper's content is plain JSON without fractions, not {type(content).__name__}")
