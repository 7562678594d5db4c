"""An uploaded list on its way: kept encrypted, read and shown, its columns corrected, applied; the long parts are jobs."""
import secrets
from dataclasses import dataclass
from hashlib import sha256

from django.core.exceptions import ValidationError

from households.models import RegisterImport
from servicecentre.estates.models import Estate
from servicecentre.files.storing import label_of
from servicecentre.jobs.models import Job, long_work
from servicecentre.kit.periods import parse_date
from servicecentre.kit.refused import Refused
from servicecentre.kit.secrets import encrypt_bytes
from servicecentre.kit.sheets import check_workbook
from servicecentre.kit.snapshot import snapshot
from servicecentre.kit.store import discard, save
from servicecentre.staff.models import User
from servicecentre.worklog.acts import act, record

from .applying import MOVED, refuse_while_busy
from .expiring import EXPIRED
from .kinds import kind_of
from .memory import known_layouts
from .reports import printable, report_of, rows_of


@dataclass(frozen=True)
class Stored:
    """A file in the store; as text its digest, by which a repeated request is known (its place is new each time)."""

    file: str
    label: str
    sha256: str
    size: int

    def __str__(self):
        return self.sha256

    def columns(self):
        return {"file": self.file, "label": self.label, "sha256": self.sha256, "size": self.size}

    def discard(self):
        discard(self.file)


def store(data, name) -> Stored:
    """Encrypt and keep the bytes under a random name; before the row that names them is committed."""
    path = save(f"imports/{secrets.token_hex(16)}.bin", encrypt_bytes(data))
    return Stored(path, label_of(name, "登记表.xlsx"), sha256(data).hexdigest(), len(data))


def receive(estate, *, data, name, by, kind="register", request_key=None):
    """Keep the file and start reading it; what is refused or was served already leaves no file behind."""
    stored = store(data, name)
    try:
        importing = upload_list(estate, stored=stored, kind=kind, by=by, request_key=request_key)
    except Exception:
        stored.discard()
        raise
    if importing.file != stored.file:
        stored.discard()
    return importing


@act
def upload_list(estate, *, stored, by, kind="register"):
    """Enter an upload and queue its dry run; returns the RegisterImport. Refused while another one is under way."""
    refuse_while_busy(estate)
    importing = RegisterImport.objects.create(estate=estate, kind=kind, made_by=by, **stored.columns())
    _queue(importing, RegisterImport.State.READING, by)
    record(by, f"上传{kind_of(kind).label}「{importing.label}」试导", importing)
    return importing


@act
def read_again(importing, *, by, mapping=None, handover_default=None):
    """Another dry run, with corrected columns or the day that a list without 交付日期 lacks. Returns the RegisterImport."""
    importing = RegisterImport.objects.lock(importing)
    if importing.applied_at:
        raise Refused("这个文件已经导入，不能再改列的对应。要再导，请重新上传。")
    _refuse_expired(importing)
    refuse_while_busy(importing.estate)
    importing.refresh_from_db()
    _queue(importing, RegisterImport.State.READING, by, mapping=mapping or importing.mapping,
           handover_default=handover_default and handover_default.isoformat())
    return importing


@act
def apply_register(importing, *, plan_digest, by, good_rows=False):
    """Queue the import of what was shown, all rows or the good ones; refused when that is no longer what was shown."""
    importing = RegisterImport.objects.lock(importing)
    refuse_while_busy(importing.estate)
    importing.refresh_from_db()
    if importing.applied_at:
        raise Refused("这个文件已经导入过了。")
    _refuse_expired(importing)
    if importing.state != RegisterImport.State.SHOWN or importing.plan_digest != plan_digest:
        raise Refused("试导结果刚才变了，请看过新的结果再导入。", link=("看结果", importing.get_absolute_url()))
    if importing.report["obstacles"]:
        raise Refused(importing.report["obstacles"][0])
    if importing.report["errors"] and not good_rows:
        raise Refused(f"有 {importing.counts()['wrong']} 行不对，不能全部导入。请改好再传，或只导正确的行。")
    importing.good_rows = good_rows
    _queue(importing, RegisterImport.State.APPLYING, by)
    return importing


def _refuse_expired(importing):
    if importing.emptied_at:
        raise Refused(f"{EXPIRED}要导请重新上传。")


def _queue(importing, state, by, **given):
    kind = kind_of(importing.kind)
    work, label = (read_upload, f"试导{kind.label}") if state == RegisterImport.State.READING else (apply_upload, f"导入{kind.label}")
    importing.state, importing.words = state, ""
    if state == RegisterImport.State.READING:
        importing.plan_digest = ""                        # what was shown holds no more
    importing.job = Job.start(importing.estate, work, label, by=by, importing=importing.pk, **given)
    importing.save()


# --- long work --------------------------------------------------------------------------------------------------------

@long_work
def read_upload(job):
    """Read the file and compare it with the register; what was found is kept on the upload."""
    importing = RegisterImport.objects.of(job.estate).get(pk=job.given["importing"])
    if importing.job_id != job.pk or importing.state != RegisterImport.State.READING:
        return _result(importing)                         # another dry run has taken its place, or this one is done
    mapping, default = job.given.get("mapping"), job.given.get("handover_default")
    default = default and parse_date(default)
    try:
        plan = _planned(importing, job, mapping, default)
    except ValidationError as error:
        _end(importing, _unread(importing), " ".join(error.messages), job)
        raise Refused(importing.words) from error
    except Exception:
        _end(importing, _unread(importing), "读这个文件时出了意外，没有写入任何数据。请联系管理员。", job)
        raise
    importing.mapping, importing.handover_default = plan.reading.mapping, default     # only now: what can't be read changes nothing
    importing.report, importing.plan_digest = report_of(plan), plan.digest
    _end(importing, RegisterImport.State.SHOWN, "")
    return _result(importing)


@long_work
def apply_upload(job):
    """Plan again, compare with what was shown, write in one act."""
    importing = RegisterImport.objects.of(job.estate).get(pk=job.given["importing"])
    if importing.applied_at or importing.job_id != job.pk:
        return _result(importing)                         # committed before a crash
    try:
        plan = _planned(importing, job, importing.mapping, importing.handover_default)
        if plan.digest != importing.plan_digest:
            raise Refused(MOVED)
        total = plan.counts()["good"]
        job.progress(total, total, f"正在写入 {total} 行，请稍等")
        importing = kind_of(importing.kind).apply(job.estate, plan, good_rows=importing.good_rows, importing=importing, by=job.made_by,
                                                  request_key=f"job:{job.pk}:apply")
    except ValidationError as error:
        importing.plan_digest = ""                        # what was shown holds no more
        _end(importing, RegisterImport.State.SHOWN, " ".join(error.messages), job)
        raise Refused(importing.words) from error
    except Exception:
        _end(importing, RegisterImport.State.SHOWN, "导入时出了意外，没有写入任何数据。请联系管理员。", job)
        raise
    return _result(importing)


def _unread(importing):
    """A file that was shown before can be shown again: only its new mapping was wrong."""
    return RegisterImport.State.SHOWN if importing.report else RegisterImport.State.FAILED


def _planned(importing, job, mapping, default):
    def said(words):
        return lambda done, total: job.progress(done, total, words)
    kind = kind_of(importing.kind)
    known = known_layouts(importing.estate, kind.code)
    reading = kind.read(importing.content(), mapping, default, progress=said("正在读表"), known=known)
    with snapshot():
        return kind.plan(importing.estate, reading, handover_default=default)


def _end(importing, state, words, failed=None):
    """Note how it ended; a job that failed leads back to the upload, where one may go on."""
    if failed:
        Job.objects.filter(pk=failed.pk).update(leads_to=importing.get_absolute_url())
    importing.state, importing.words = state, words[:400]
    importing.save(update_fields=["state", "words", "mapping", "handover_default", "report", "plan_digest"])


def _result(importing):
    counts, unit = importing.counts(), kind_of(importing.kind).counted
    if importing.state == RegisterImport.State.APPLIED:
        words = f"新增 {counts['created']} {unit}，更新 {counts['updated']} {unit}，无变化 {counts['unchanged']} {unit}。"
    else:
        words = f"读出 {counts.get('good', 0)} 行正确，{counts.get('wrong', 0)} 行有错，还没有写入任何数据。"
    return {"words": words, "leads_to": importing.get_absolute_url()}


# --- the command's way ------------------------------------------------------------------------------------------------

def import_file(path, code, *, told, kind="register", dry_run=False, good_rows=False, handover_default=None):
    """Read, plan and, unless ``dry_run``, write a file of this kind for the estate of this code; fills ``told`` as IMPORT.md says.

    ValidationError or Refused in words when nothing can be, or may be, written.
    """
    kind = kind_of(kind)
    estate = Estate.objects.filter(slug=code).first()
    if estate is None:
        raise Refused(f"没有代码为 {code} 的小区，请先用 create_estate 建立。")
    default = parse_date(handover_default) if handover_default else None
    data = check_workbook(path)
    reading = kind.read(data, None, default, known=known_layouts(estate, kind.code))
    with snapshot():
        plan = kind.plan(estate, reading, handover_default=default)
    told |= {"errors": rows_of(plan.errors), "warnings": rows_of(plan.warnings), "wrong_rows": len(plan.wrong_rows),
             "without_household": plan.counts().get("empty", 0), "counted": kind.counted, "notes": [printable(note) for note in reading.notes]}
    if plan.obstacles:
        raise Refused(" ".join(plan.obstacles))
    if not dry_run:
        stored = store(data, path)
        try:
            kept = kind.apply(estate, plan, good_rows=good_rows, stored=stored, by=User.system())
        except Exception:
            stored.discard()
            raise
        if kept is None:
            stored.discard()
    told |= {name: plan.counts()[name] for name in ("created", "updated", "unchanged")}
