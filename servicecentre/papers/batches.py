"""批量打印: papers chosen by a filter, printed again as one PDF; each is a Print with a reason, as if printed alone (TRUST 9)."""
import shutil

from django.conf import settings
from django.db.models import Max

from servicecentre.jobs.models import Job, Stopped, long_work
from servicecentre.kit.periods import now, shown_moment
from servicecentre.kit.pool import how_many
from servicecentre.kit.refused import Refused
from servicecentre.worklog.acts import act, record

from .issuing import ALL, said_why
from .kinds import KINDS, copy_of
from .models import KEPT_FOR, OPEN_FOR, Batch, Paper, Print, Series
from .numbers import narrowed
from .pressing import clear, press
from .printing import sheet_for, words_of

MOST = 2_000                              # papers of one batch


def papers_for(estate, kind, asked):
    """The papers of this kind that fit what was asked, in the order of their numbers."""
    papers = Paper.objects.of(estate).filter(kind=kind).exclude(edition="")
    if year := asked.get("year"):
        papers = papers.filter(year=year)
    return narrowed(papers, asked).order_by("year", "serial")


@act
def print_batch(estate, *, kind, asked, words, copies="", reason, expected, computer=None, address, by):
    """Print all papers that fit once more and queue the making of their PDF; returns the Batch.

    ``asked``: what `narrowed` takes; ``words``: the same for people; ``expected``: how many the page showed, refused when
    there are others now; ``address``: the site's root, for the QR. Refused without a reason, for none or too many papers,
    and when the words of one are no longer those that were issued.
    """
    reason = said_why(reason, 60, "请写明为什么批量打印，如「11 月存根装订」。")
    if copies and copies != ALL and not copy_of(KINDS[kind], copies):
        raise Refused({"copies": f"{KINDS[kind].name}没有这一联。"})
    pks = list(papers_for(estate, kind, asked).values_list("pk", flat=True)[:MOST + 1])
    papers = list(Paper.objects.of(estate).filter(pk__in=pks).select_for_update(of=("self",)).order_by("pk"))
    _demand_printable(papers, expected)
    printed_on = sheet_for(papers[0], computer)
    printer = computer and computer.printers.filter(sheet=printed_on).first()
    batch = Batch.objects.create(estate=estate, words=words[:120], reason=reason, count=len(papers), made_by=by, made_at=now(), sheet=printed_on,
                                 x=printer.x if printer else 0, y=printer.y if printer else 0)
    last = dict(Print.objects.of(estate).filter(paper__in=pks).values_list("paper").annotate(n=Max("n")).order_by())
    copies = copies or (KINDS[kind].copies[0].code if KINDS[kind].copies else "")
    Print.objects.bulk_create([Print(estate=estate, paper=paper, n=last[paper.pk] + 1, copies=copies, by=by, at=batch.made_at, reason=reason,
                                     batch=batch) for paper in papers], batch_size=500)
    batch.job = Job.start(estate, press_batch, f"批量打印 {batch.count} 张", by=by, batch=batch.pk, address=address)
    batch.save(update_fields=["job"])
    record(by, f"批量补打 {batch.words}，{batch.count} 张，{reason}", batch)
    return batch


def _demand_printable(papers, expected):
    if not papers:
        raise Refused("没有这样的单据，换一个日期或条件。")
    if len(papers) > MOST:
        raise Refused(f"一次最多 {MOST} 张，请把日期分短一些。")
    if len(papers) != expected:
        raise Refused(f"单据刚才变了，现在是 {len(papers)} 张。请核对后再点一次。")
    if changed := next((paper for paper in papers if not paper.intact), None):
        raise Refused(f"{changed.number} 的内容与开出时的摘要不符，不能再打印。请告诉系统管理员。")


@act
def take_batch(batch, *, by):
    """Take the whole PDF out: from now its maker may fetch it for ten minutes; returns the Batch.

    Refused before it is made, for everybody else, and once the ten minutes, or the day it waited, are over.
    """
    batch = Batch.objects.lock(batch)
    if batch.made_by_id != by.pk:
        raise Refused(f"这一批是 {batch.made_by.name} 出的，由本人取。")
    if batch.ended_at is None:
        raise Refused("这一批还没出完。")
    if batch.taken_at is None and batch.is_kept(at=now()):
        batch.taken_at = now()
        batch.save(update_fields=["taken_at"])
    elif not batch.open_to(by, at=now()):
        raise Refused(f"这一批{f' {shown_moment(batch.taken_at)} 取过了' if batch.taken_at else '放了一天没有取'}，再打要重新出一批，纸上的次数加一。")
    return batch


@act
def stop_batch(batch, *, by):
    """Stop the making of its PDF; returns the Batch. The prints are counted already and stay so: their numbers are used.

    Asked again it changes nothing. Refused for everybody but who started it, and once it has ended.
    """
    batch = Batch.objects.select_related("job", "made_by").lock(batch)
    if batch.made_by_id != by.pk:
        raise Refused(f"这一批是 {batch.made_by.name} 出的，由本人停止。")
    if batch.ended_at is not None:
        raise Refused("这一批已经出好，不用停；不取就行，放一天会清掉。")
    if batch.job.stop(f"{by.name}停止，没有出文件。这 {batch.count} 张的补打次数已经记了，不退回；再出一批，次数接着往上加。"):
        record(by, f"停止批量打印 {batch.words}，{batch.count} 张，补打次数已记", batch)
    elif batch.job.state == Job.State.FAILED:
        raise Refused("这一批没有办成，已经停了。")
    return batch


@act
def end_batch(batch, *, pages, size, by):
    """The file is there; returns the Batch. Raises Stopped when that was asked for before."""
    batch = Batch.objects.lock(batch)
    batch.job.heed_stop()
    if batch.ended_at is None:
        batch.pages, batch.size, batch.ended_at = pages, size, now()
        batch.save(update_fields=["pages", "size", "ended_at"])
        record(by, f"批量打印 {batch.words} 已出好，{batch.count} 张 {pages} 页", batch)
    return batch


@long_work(when_it_fails="这些单据的打印次数已经记上，要的话重新出一批")
def press_batch(job):
    """Make the batch's PDF; a second run after a crash begins again, and changes nothing that is made."""
    batch = Batch.objects.of(job.estate).get(pk=job.given["batch"])
    result = {"words": f"{batch.count} 张已出好", "leads_to": batch.get_absolute_url()}
    sweep()
    if batch.ended_at is not None:
        return result
    try:
        _press(job, batch)
    except Stopped:
        clear(batch.path)
        raise
    return result


def _press(job, batch):
    """Raises Stopped, at the latest when its end is to be written."""
    job.progress(0, batch.count, "正在出")
    prints = batch.prints.select_related("paper__voided_by", "paper__void_asked_by", "by").order_by("paper__year", "paper__serial")
    pages = press((words_of(each.paper, each, batch.sheet) for each in prints.iterator(chunk_size=200)), batch.path,
                  address=job.given["address"], shift=(batch.x, batch.y), count=how_many(),
                  progress=lambda done: job.progress(done, batch.count, f"出好 {done} 张，共 {batch.count} 张"))
    end_batch(batch, pages=pages, size=batch.path.stat().st_size, by=batch.made_by, request_key=f"job:{job.pk}:end")


def sweep():
    """Take away files that nobody may fetch any more, taken ten minutes ago or a day old, and what a job that ended left behind; hourly."""
    folder = settings.DATA_DIR / "batches"
    if not folder.exists():
        return
    at = now()
    kept = {f"{batch.file}.pdf" for batch in Batch.objects.filter(made_at__gt=at - 2 * KEPT_FOR)
            if batch.is_kept(at=at) and (batch.taken_at is None or at < batch.taken_at + OPEN_FOR)}
    pressing = set(Batch.objects.filter(job__in=Job.objects.unfinished()).values_list("file", flat=True))
    for path in folder.iterdir():
        stem = path.stem.partition("-")[0]                # a folder of chunks is called <file>-…
        if path.name in kept or stem in pressing:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def words_for(kind, year, asked, name):
    """What was asked, for people: 收据 2026-11-24 至 2026-11-24，李婷，有效."""
    said = [KINDS[kind].name + (f" {year} 年" if year else "")]
    first, last = asked.get("first"), asked.get("last")
    if first or last:
        said.append(f"{first or '最早'} 至 {last or '今天'}" if first != last else f"{first}")
    said += [name] if name else []
    said += {"live": ["有效"], "void": ["作废"], "again": ["补打过"]}.get(asked.get("state"), [])
    return "，".join(said)


def series_to_print(estate):
    """The series whose kind has a template, the newest year first."""
    return [series for series in Series.objects.of(estate).order_by("kind", "-year") if KINDS[series.kind].edition]
