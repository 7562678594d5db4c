"""What a seal stands for, and whether it still holds: asked of the rows as they are now (TRUST 15, DOMAIN §9.13)."""
from bisect import bisect_left
from collections import defaultdict
from datetime import UTC
from hashlib import sha256

from servicecentre.estates.models import Estate
from servicecentre.files.models import File
from servicecentre.kit.periods import day_bounds, now, today
from servicecentre.kit.refused import Refused
from servicecentre.kit.secrets import seal, seal_holds

from .models import Entry, Review, Seal

CHUNK = 2000
MOST_JUDGED = 5000                        # lines that a page folds: 0.2 s


class Fold:
    """The lines, reviews and new files of one seal, folded in the order of their keys: how many, how many changed, and their sum."""

    def __init__(self):
        self.entries = self.changed = 0
        self._lines, self._reviews, self._files = sha256(), sha256(), sha256()

    def add(self, entry):
        self.entries += 1
        self.changed += not entry.intact
        self._lines.update(f"{entry.pk}:{entry.mark};".encode())

    def look(self, review):
        said = (review.pk, review.entry_id, review.day.isoformat(), review.by_id, review.at.astimezone(UTC).isoformat(), review.words, review.task_id)
        self._reviews.update(repr(said).encode())

    def attach(self, file):
        """What it is and whose; that it was removed later is told by the later day's line."""
        said = (file.pk, file.row_type, file.row_id, file.household_no, file.right, file.kind, file.purpose, file.label, file.content_type,
                file.size, file.sha256, file.path, file.thumb, file.made_by_id, file.made_at.astimezone(UTC).isoformat())
        self._files.update(repr(said).encode())

    def sums(self):
        return self.entries, self._lines.hexdigest(), self._reviews.hexdigest(), self._files.hexdigest()


def _sealed(row, before, fold):
    """The parts of a seal's digest; ``before`` is the digest of the one before, empty for the first."""
    return ("day", row.estate_id, row.n, row.day, row.by_id, row.at, row.words, row.entries, before, *fold.sums())


def fold_of(estate, after, day):
    """What one seal up to ``day`` stands for, behind the day ``after`` (None: from the beginning)."""
    fold = Fold()
    span = {"day__lte": day} | ({"day__gt": after} if after else {})
    for entry in Entry.objects.of(estate).filter(**span).order_by("pk").iterator(chunk_size=CHUNK):
        fold.add(entry)
    for review in Review.objects.of(estate).filter(**span).order_by("pk").iterator(chunk_size=CHUNK):
        fold.look(review)
    made = {"made_at__lt": day_bounds(day)[1]} | ({"made_at__gte": day_bounds(after)[1]} if after else {})
    for file in File.objects.of(estate).filter(**made).order_by("pk").iterator(chunk_size=CHUNK):
        fold.attach(file)
    return fold


def newest(estate):
    return Seal.objects.of(estate).order_by("-n").first()


def next_day(estate):
    """The first day behind the newest seal that has lines: the one to review; None when all are sealed."""
    last = newest(estate)
    rows = Entry.objects.of(estate).filter(day__lt=today())
    rows = rows.filter(day__gt=last.day).order_by("day") if last else rows.order_by("-day")     # the first seal covers what was before
    return rows.values_list("day", flat=True).first()


def hold(estate):
    """Wait for who writes now and let nobody write until the act ends: kit/guards.Sealed holds this row while a line is written."""
    Estate.objects.select_for_update().get(pk=estate.pk)


def close(estate, day, *, words, by):
    """The new Seal, while the estate is held; refused out of order and before the day is over."""
    last = newest(estate)
    if day >= today():
        raise Refused("这一天还没过完，过了零点才能封存。")
    if last and last.day >= day:
        raise Refused(f"{last.day:%m-%d} 及以前已经封存。")
    if last and (first := next_day(estate)) and first < day:
        raise Refused(f"请先审阅、封存 {first:%m-%d}，一天接一天。")
    fold = fold_of(estate, last and last.day, day)
    if not fold.entries:
        raise Refused("这一天没有记录，不用封存。")
    row = Seal(estate=estate, n=last.n + 1 if last else 1, day=day, entries=fold.entries, words=words, by=by, at=now())
    row.digest = seal(*_sealed(row, last.digest if last else "", fold))
    row.save(force_insert=True)
    return row


def _judge(row, before, fold):
    """Sentences on what is wrong with a seal; ``before``: the seal in front of it, if there is one."""
    if row.n != (before.n + 1 if before else 1):
        yield f"前面的第 {row.n - 1} 次封存不见了"
    if before and row.day <= before.day:
        yield "日期不在前一次封存之后"
    if fold.entries != row.entries:
        yield f"封存时 {row.entries} 条，现有 {fold.entries} 条"
    if fold.changed:
        yield f"有 {fold.changed} 条与写下时不同"
    if not seal_holds(row.digest, *_sealed(row, before.digest if before else "", fold)):
        yield f"封存码 {row.code} 与现有内容不符"


def troubles_of(row, on=None):
    """What is wrong with one seal, in sentences; empty while the day is as it was sealed.

    Of a seal over very many lines, as an estate's first, a page judges their number and the lines of one day (``on``, or the
    seal's own); the digest over all of them `prove` asks.
    """
    if row.entries > MOST_JUDGED:
        return list(_judge_a_part(row, on or row.day))
    before = Seal.objects.of(row.estate_id).filter(n__lt=row.n).order_by("-n").first()
    return list(_judge(row, before, fold_of(row.estate_id, before and before.day, row.day)))


def _judge_a_part(row, on):
    after = Seal.objects.of(row.estate_id).filter(n__lt=row.n).order_by("-n").values_list("day", flat=True).first()
    lines = Entry.objects.of(row.estate_id).filter(day__lte=row.day, **{"day__gt": after} if after else {})
    if (there := lines.count()) != row.entries:
        yield f"封存时 {row.entries} 条，现有 {there} 条"
    if changed := sum(not entry.intact for entry in lines.on(on).iterator(chunk_size=CHUNK)):
        yield f"有 {changed} 条与写下时不同"


def troubles():
    """(Seal, sentence) over all estates: four queries in a stream, whatever the number of days."""
    chains = defaultdict(list)
    for row in Seal.objects.select_related("estate").order_by("estate", "n"):
        chains[row.estate_id].append(row)
    days = {estate: [row.day for row in rows] for estate, rows in chains.items()}
    folds = {(estate, place): Fold() for estate, rows in chains.items() for place in range(len(rows))}
    for model, add in ((Entry, Fold.add), (Review, Fold.look), (File, Fold.attach)):
        for row in model.objects.filter(estate__in=chains).order_by("pk").iterator(chunk_size=CHUNK):
            place = bisect_left(days[row.estate_id], row.day)
            if place < len(days[row.estate_id]):
                add(folds[row.estate_id, place], row)
    for estate, rows in chains.items():
        for place, row in enumerate(rows):
            for sentence in _judge(row, rows[place - 1] if place else None, folds[estate, place]):
                yield row, sentence
