"""The seal of a day, inside the database and outside of it; and where the two differ (TRUST 15)."""
from django.db import transaction

from servicecentre.estates.models import Estate
from servicecentre.papers import journal
from servicecentre.papers.models import Database
from servicecentre.worklog import seals
from servicecentre.worklog.acts import act, record
from servicecentre.worklog.models import Seal
from servicecentre.worklog.review import refuse_to_close
from servicecentre.worklog.reviews import short


@act
def seal_day(estate, *, day, by, words=""):
    """End a day: nothing can be added to it, and what is changed in it shows. Returns the Seal.

    Refused before the day is over, out of order, with exceptions not looked at, and for a manager's own day where another
    manager is (DOMAIN §13). The outer journal has its line after commit.
    """
    seals.hold(estate)
    refuse_to_close(estate, day, by)
    seal = seals.close(estate, day, words=words, by=by)
    database, _ = Database.objects.get_or_create(pk=1)
    transaction.on_commit(lambda: journal.write_seal(seal, database), robust=True)
    record(by, f"封存 {day:%Y-%m-%d} 日志 {seal.entries} 条，封存码 {seal.code}", seal, estate=estate)
    return seal


def outside(estate=None, head=None):
    """(slug, day, sentence) where the outer journal's seals are not those of the database: a cut tail, or a past written anew.

    ``head``: the path of a copy of the journal, or of its newest lines, that was kept elsewhere. OSError if it can't be read.
    """
    database = Database.objects.first()
    said = journal.sealed(database.name, head) if database else []
    if estate is not None:
        said = [line for line in said if line["estate"] == estate.pk]
    here = {(s.estate_id, s.n): s for s in Seal.objects.filter(estate__in={line["estate"] for line in said})}
    slugs = dict(Estate.objects.values_list("pk", "slug"))
    for line in said:
        seal, where = here.get((line["estate"], line["seal"])), slugs.get(line["estate"], f"小区 {line['estate']}")
        if seal is None:
            yield where, line["day"], f"封存日志里有 {short(line['digest'])}，{line['entries']} 条，数据库里没有这次封存"
        elif (seal.digest, seal.day.isoformat()) != (line["digest"], line["day"]):
            yield where, line["day"], f"封存日志里是 {short(line['digest'])}，数据库里是 {seal.code}：这一天被重写过"
    if head is None:
        yield from _unwritten(said, here, slugs)


def _unwritten(said, here, slugs):
    """Seals whose line is gone from between others; of the newest a kill may have left it out, the next start adds it."""
    newest = {}
    for line in said:
        newest[line["estate"]] = max(line["seal"], newest.get(line["estate"], 0))
    there = {(line["estate"], line["seal"]) for line in said}
    for (estate, n), seal in here.items():
        if (estate, n) not in there and n < newest[estate]:
            yield slugs[estate], seal.day.isoformat(), f"封存日志里没有第 {n} 次封存 {seal.code}，有人拿掉了"


def troubles_on(estate, day, seal):
    """Sentences for the day's page: what is wrong with its seal, inside and outside."""
    days = {day.isoformat(), *([seal.day.isoformat()] if seal else [])}
    inside = seals.troubles_of(seal, day) if seal else []
    return [*inside, *(sentence for _, on, sentence in outside(estate) if on in days)]
