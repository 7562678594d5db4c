"""An import taken back as a whole, while nothing hangs on it; what was logged and numbered stays (one act, with its reason)."""
from collections import Counter, defaultdict
from itertools import chain

from django.apps import apps
from django.db.models import F

from households import find
from households.models import Amendment, Building, Household, RegisterImport, SearchKey, Unit, UnitArea
from servicecentre.estates.models import Estate
from servicecentre.jobs.models import Job, long_work
from servicecentre.kit.periods import now
from servicecentre.kit.refused import Refused
from servicecentre.papers.models import Paper
from servicecentre.worklog.acts import act, record
from servicecentre.worklog.models import Done, Entry, Promise

from .applying import refuse_while_busy
from .kinds import kind_of
from .standing import chunks
from .written import MODELS, marks

STATE = RegisterImport.State


@act
def undo_import(importing, *, reason, by):
    """Take an import back; returns it. Refused, and it says why, when something was done since with what it wrote."""
    Estate.objects.select_for_update(no_key=True).get(pk=importing.estate_id)       # no run, no other import meanwhile
    importing = RegisterImport.objects.lock(importing)
    if not reason.strip():
        raise Refused({"reason": "请填写撤销的原因。"})
    if importing.state not in (STATE.APPLIED, STATE.UNDOING):
        raise Refused("这次导入已经撤销过了。" if importing.undone_at else "这个文件还没有导入，没有要撤销的。")
    if importing.written is None:
        raise Refused("这次导入没有留下撤销用的记录，不能整批撤销。")
    kind = kind_of(importing.kind)
    words = kind.undo(importing, by=by)
    importing.state, importing.undone_at, importing.undone_by, importing.undo_reason = STATE.UNDONE, now(), by, reason.strip()
    importing.plan_digest = ""
    importing.save(update_fields=["state", "undone_at", "undone_by", "undo_reason", "plan_digest"])
    record(by, f"撤销{kind.label}「{importing.label}」的导入：{words}，原因：{importing.undo_reason}", importing)
    return importing


@act
def queue_undo(importing, *, reason, by):
    """Queue the undoing: it asks of each row that the import wrote whether it still stands, and takes as long as the import did."""
    importing = RegisterImport.objects.lock(importing)
    reason = reason.strip()
    if not reason:
        raise Refused({"reason": "请填写撤销的原因。"})
    refuse_while_busy(importing.estate)
    importing.refresh_from_db()
    if importing.state != STATE.APPLIED:
        raise Refused("这次导入已经撤销过了。" if importing.undone_at else "这个文件还没有导入，没有要撤销的。")
    importing.state, importing.words = STATE.UNDOING, ""
    importing.job = Job.start(importing.estate, undo_upload, f"撤销{kind_of(importing.kind).label}的导入", by=by, importing=importing.pk, reason=reason)
    importing.save(update_fields=["state", "words", "job"])
    return importing


@long_work
def undo_upload(job):
    """The undoing, in one act; refused, the import stands as before and its page says why."""
    importing = RegisterImport.objects.of(job.estate).get(pk=job.given["importing"])
    if importing.undone_at or importing.job_id != job.pk:
        return {"leads_to": importing.get_absolute_url()}                     # committed before a crash
    job.progress(0, 1, "正在核对导入写的每一行，请稍等")
    try:
        undo_import(importing, reason=job.given["reason"], by=job.made_by, request_key=f"job:{job.pk}:undo")
    except Exception as error:
        words = error.sentence if isinstance(error, Refused) else "撤销时出了意外，什么也没有动。请联系管理员。"
        RegisterImport.objects.filter(pk=importing.pk).update(state=STATE.APPLIED, words=words[:400])
        Job.objects.filter(pk=job.pk).update(leads_to=importing.get_absolute_url())
        raise
    return {"words": "已撤销这次导入。", "leads_to": importing.get_absolute_url()}


def undo_register(importing, *, by):
    """What the import of a register wrote, taken back; returns what came of it in words."""
    written = importing.written
    new = {name: set(pks) for name, pks in written["new"].items()}
    _hold(new, written["old"])
    _refuse_changed(written)
    _refuse_hanging(importing, new, written["old"])
    touched = _households_of(new, written["old"])
    _delete(UnitArea, new)                                                # before the area that it replaced comes back
    for name, rows in written["gone"].items():
        MODELS[name].objects.bulk_create([MODELS[name](**row) for row in rows])
    tenures = Household._meta.model_name                                  # a developer's goes on only when the buyer's is gone
    _restore({name: rows for name, rows in written["old"].items() if name != tenures})
    _amend_back(written.get("amended", ()), by)
    for model in reversed(MODELS.values()):
        if model is not Building:
            _delete(model, new)
    _restore({tenures: written["old"].get(tenures, {})})
    Building.objects.filter(pk__in=new.get("building", ())).exclude(pk__in=Unit.objects.of(importing.estate_id).values("building")).delete()
    find.rebuild((touched | _households_of({}, written["old"])) - new.get("household", set()))
    return f"删去新增的 {len(new.get('unit', ()))} 套、{len(new.get('household', ()))} 户，改过的 {sum(map(len, written['old'].values()))} 处恢复原样"


def _hold(new, old):
    """Lock what will go or change, in the house's order."""
    for name in ("unit", "household", "person"):
        for chunk in chunks({*new.get(name, ()), *map(int, old.get(name, ()))}):
            list(MODELS[name].objects.filter(pk__in=chunk).order_by("pk").select_for_update(of=("self",)).values_list("pk"))


def _refuse_changed(written):
    """Rows that are not as the import left them."""
    changed = []
    for name, stood in written["stands"].items():
        model = MODELS[name]
        now_there = marks(model, map(int, stood))
        changed += [(model, int(pk)) for pk, mark in stood.items() if now_there.get(pk) != mark]
    if changed:
        kinds = Counter(model._meta.verbose_name for model, _ in changed)
        raise Refused(f"导入以后又改过{_listed(kinds)}{_rooms(changed)}，不能整批撤销。请逐户更正。")


def _refuse_hanging(importing, new, old):
    """Rows of others that point at what would vanish: bills, payments, people registered since; promises and papers by number."""
    pointing, where = defaultdict(set), []                # a bill points at the unit and at the household: it is one
    for name, pks in new.items():
        if MODELS[name] is Building:
            continue
        for relation in MODELS[name]._meta.get_fields(include_hidden=True):
            if not (relation.one_to_many or relation.one_to_one) or not relation.auto_created or relation.related_model is SearchKey:
                continue
            ours = new.get(relation.related_model._meta.model_name, set())
            for chunk in chunks(pks):
                rows = relation.related_model._base_manager.filter(**{f"{relation.field.name}__in": chunk}).values_list("pk", relation.field.attname)
                found = [(row, pk) for row, pk in rows if row not in ours]
                pointing[relation.related_model._meta.verbose_name] |= {row for row, _ in found}
                where += [(MODELS[name], pk) for _, pk in found]
    hanging = Counter({name: len(rows) for name, rows in pointing.items()})
    hanging.update(_by_name(new))
    numbers = list(chain.from_iterable(Household.objects.filter(pk__in=chunk).values_list("number", flat=True)
                                       for chunk in chunks(new.get("household", ()))))
    for model in (Promise, Paper):
        for chunk in chunks(numbers):
            hanging[model._meta.verbose_name] += model.objects.of(importing.estate_id).filter(household_no__in=chunk).count()
    units = {int(pk) for pk in old.get("unit", ())} | set(Household.objects.filter(pk__in=map(int, old.get("household", ()))).values_list(
        "unit", flat=True)) | set(UnitArea.objects.filter(pk__in=new.get("unitarea", ())).values_list("unit", flat=True)) - new.get("unit", set())
    for chunk in chunks(units):
        billed = Unit.objects.filter(pk__in=chunk, charges__made_at__gte=importing.applied_at, charges__voided_at=None).distinct()
        hanging["按改后的内容出的账"] += billed.count()
    if +hanging:
        raise Refused(f"这次导入的房屋和住户已有{_listed(+hanging)}{_rooms(where)}，不能整批撤销。")


def _by_name(new):
    """Rows that name one of these without a foreign key, as a stored scan does; what is logged does not count: it stays."""
    counts = Counter()
    for model in apps.get_models():
        if model in (Entry, Done) or not {"row_type", "row_id"} <= {field.name for field in model._meta.concrete_fields}:
            continue
        for name, pks in new.items():
            for chunk in chunks(pks):
                counts[model._meta.verbose_name] += model._base_manager.filter(row_type=MODELS[name]._meta.label_lower, row_id__in=chunk).count()
    return counts


def _listed(counts):
    return "、".join(f"{name} {number} 处" for name, number in sorted(counts.items()))


def _rooms(found):
    """（3-2-1801、3-2-1802 等）: at most three units to which these rows belong."""
    codes = []
    for model, pk in found[:60]:
        paths = {"unit": "code", "household": "unit__code", "unitarea": "unit__code", "ownership": "household__unit__code",
                 "contact": "household__unit__code", "vehicle": "household__unit__code", "resident": "household__unit__code",
                 "person": "households__unit__code"}
        if (path := paths.get(model._meta.model_name)) and (code := model.objects.filter(pk=pk).values_list(path, flat=True).first()):
            codes.append(code)
    codes = list(dict.fromkeys(codes))
    return f"（{'、'.join(codes[:3])}{' 等' if len(codes) > 3 else ''}）" if codes else ""


def _restore(old):
    for name, rows in old.items():
        model = MODELS[name]
        versioned = any(field.name == "version" for field in model._meta.concrete_fields)
        for pk, columns in rows.items():
            columns = {column: value for column, value in columns.items() if column != "version"}
            if columns.get("id_digest") == "":
                columns["id_number"] = ""
            model.objects.filter(pk=int(pk)).update(**columns, **({"version": F("version") + 1} if versioned else {}))


def _amend_back(amended, by):
    """The history ends with the value that holds: each field goes from what the list said back to what stood there."""
    at = now()
    for chunk in chunks(amended):
        Amendment.objects.bulk_create([
            Amendment(estate_id=row.estate_id, unit_id=row.unit_id, household_id=row.household_id, row_type=row.row_type, row_id=row.row_id,
                      about=row.about, what=row.what, old=row.new, new=row.old, at=at, by=by)
            for row in Amendment.objects.filter(pk__in=chunk).order_by("pk")])


def _delete(model, new):
    for chunk in chunks(new.get(model._meta.model_name, ())):
        model.objects.filter(pk__in=chunk).delete()


def _households_of(new, old):
    """Households by whose names, phones and plates one searches for these rows."""
    found = {int(pk) for pk in old.get("household", ())}
    for name in ("ownership", "contact", "vehicle", "resident"):
        for chunk in chunks({*new.get(name, ()), *map(int, old.get(name, ()))}):
            found |= set(MODELS[name].objects.filter(pk__in=chunk).values_list("household", flat=True))
    for name in ("ownership", "resident"):
        for chunk in chunks(map(int, old.get("person", ()))):
            found |= set(MODELS[name].objects.filter(person__in=chunk).values_list("household", flat=True))
    return found
