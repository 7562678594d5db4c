"""Letting go what is kept no longer than its purpose needs: personal fields of the register and scans, never log, papers or money.

Households whose tenure ended so long ago (PrivacyPolicy) and with whom nothing is open; one person proposes, another signs.
"""
from django.db.models import Exists, F, OuterRef, Q

from billing.corrections import to_correct
from billing.models import Charge, Credit, Payment
from households.amending import GONE, NOBODY, forget_amendments
from households.importing.expiring import empty_imports
from households.models import (
    Amendment,
    AuthorisationLetter,
    Contact,
    Household,
    LetterCall,
    LetterUse,
    OwnerChange,
    Ownership,
    Person,
    Pet,
    Resident,
    SearchKey,
    SpecialCare,
    StandingInstruction,
    Vehicle,
)
from servicecentre.files.models import File
from servicecentre.files.storing import destroy
from servicecentre.kit.periods import now, today
from servicecentre.kit.refused import Refused
from servicecentre.worklog.acts import act, record
from servicecentre.worklog.models import Promise

from .models import DataRequest, PrivacyPolicy, RetentionItem, RetentionRun

WHY = "保管期满"
STAYS = "现在有未结事项，留着"
# What a register's row says of a person, and what stands there afterwards; tests/desk/test_retention.py asks that no field is forgotten.
EMPTIED = {
    Person: NOBODY,
    Household: {"owner_names": GONE, "remark": ""},
    Resident: {"relation": "", "guardian": ""},
    Ownership: {"guardian": ""},
    Vehicle: {"plate": GONE, "brand": "", "colour": "", "driver_phone": ""},
    AuthorisationLetter: {"relation": "", "authority": "", "notary_no": "", "revoked_how": ""},
    OwnerChange: {"seller_phone": "", "basis": ""},
    LetterUse: {"words": ""},
    LetterCall: {"dialled": "", "answered_by": "", "question": ""},
    Amendment: {"about": "", "old": "", "new": ""},
}
DELETED = (Contact, Pet, SpecialCare, StandingInstruction)      # rows that are nothing without what they say


def ended_before(estate):
    """Tenures that ended before this day are over for long enough."""
    day, years = today(), PrivacyPolicy.of(estate).years_after_tenure
    month_end = day.replace(day=28) if (day.month, day.day) == (2, 29) else day
    return month_end.replace(year=day.year - years)


def due(estate, before):
    """Households that may go: over for long enough, not gone yet, nothing owed on either side or to be mended, nothing promised or asked for."""
    mine = {"household": OuterRef("pk")}
    over = Household.objects.of(estate).live().filter(ends_on__lt=before).exclude(owner_names=GONE).exclude(
        Exists(Charge.objects.filter(**mine).unpaid())).exclude(
        Exists(Payment.objects.filter(**mine, voided_at=None).filter(left__gt=0))).exclude(
        Exists(Credit.objects.filter(**mine, left__gt=0))).exclude(
        Exists(Promise.objects.open().filter(estate=OuterRef("estate"), household_no=OuterRef("number")))).exclude(
        Exists(DataRequest.objects.open().filter(**mine)))
    return over.exclude(pk__in=to_correct(estate, over)).order_by("ends_on", "pk")


def people_of(household, run):
    """Owners, residents and agents of a household whom nothing ties to another one that is not to go by the same run."""
    estate, before = household.estate_id, run.ended_before
    going = run.items.exclude(outcome=STAYS).values("household")
    stays = Household.objects.of(estate).live().exclude(owner_names=GONE).exclude(pk__in=going)
    holds = AuthorisationLetter.objects.filter(Q(agent=OuterRef("pk")) | Q(principal=OuterRef("pk")), household__in=stays)
    owns = Ownership.objects.filter(person=OuterRef("pk"), household__in=stays)
    lives = Resident.objects.filter(Q(left_on=None) | Q(left_on__gte=before), person=OuterRef("pk"), household__in=stays)
    return Person.objects.of(estate).of_household(household).exclude(name=GONE).exclude(
        Exists(owns)).exclude(Exists(lives)).exclude(Exists(holds))


def scans_of(household):
    return File.objects.of_household(household).there()


def _count(item):
    household = item.household
    item.people, item.contacts = people_of(household, item.run).count(), household.contacts.count()
    item.vehicles, item.scans = household.vehicles.exclude(plate=GONE).count(), scans_of(household).count()


@act
def propose_retention(estate, *, by):
    """List what may go; returns the RetentionRun, which waits for another person. Refused when there is nothing, or one waits."""
    if RetentionRun.objects.of(estate).open().exists():
        raise Refused("还有一份到期清理没有签，请先办完那一份。")
    before = ended_before(estate)
    households = list(due(estate, before))
    if not households:
        raise Refused(f"没有 {before} 以前结束、又没有未结事项的户，不用清理。")
    run = RetentionRun.objects.create(estate=estate, ended_before=before, proposed_by=by, proposed_at=now())
    items = RetentionItem.objects.bulk_create([
        RetentionItem(estate=estate, run=run, household=household, people=0, contacts=0, vehicles=0, scans=0) for household in households])
    for item in items:                                    # who goes depends on which households go: all of them stand there now
        _count(item)
    RetentionItem.objects.bulk_update(items, ["people", "contacts", "vehicles", "scans"], batch_size=500)
    record(by, f"提出到期清理：{before} 以前结束的 {len(households)} 户", run)
    return run


@act
def withdraw_retention(run, *, by):
    """Nothing goes; returns the RetentionRun."""
    run = _open(run)
    run.withdrawn_by, run.withdrawn_at = by, now()
    run.save(update_fields=["withdrawn_by", "withdrawn_at"])
    record(by, "撤回到期清理", run)
    return run


@act
def sign_retention(run, *, by):
    """The second person signs and it goes, all in one; what something is open with by now stays and says so. Returns the RetentionRun."""
    run = _open(run)
    if run.proposed_by_id == by.pk:
        raise Refused("提出人不能自己签字，要另一位来签。")
    still = set(due(run.estate, run.ended_before).values_list("pk", flat=True))
    items = list(run.items.select_related("household").order_by("pk"))
    stays = [item.pk for item in items if item.household_id not in still]
    run.items.filter(pk__in=stays).update(outcome=STAYS)               # first: their people stay, wherever else these are named
    going = [item for item in items if item.household_id in still]
    for item in going:
        _empty(Household.objects.lock(item.household), run, by)
        item.outcome = RetentionItem.GONE
        item.save(update_fields=["outcome"])
    gone, lists = len(going), empty_imports(run.estate, run.ended_before)
    run.signed_by, run.done_at = by, now()
    run.save(update_fields=["signed_by", "done_at"])
    told = f"、导入的名单 {lists} 份" if lists else ""
    record(by, f"签字并清理到期资料 {gone} 户{told}（{run.proposed_by.name}提出），日志、单据、账目不动", run)
    return run


def _open(run):
    run = RetentionRun.objects.lock(run)
    if run.done_at or run.withdrawn_at:
        raise Refused(f"这份到期清理{run.state['word']}。")
    return run


def _empty(household, run, by):
    """Personal fields go, rows stay; contacts are nobody's any more, scans are destroyed."""
    people = list(people_of(household, run).values_list("pk", flat=True))
    Person.objects.filter(Q(pk__in=people) | Q(merged_into__in=people)).update(**EMPTIED[Person], version=F("version") + 1)
    Vehicle.objects.filter(household=household, ended_on=None).update(ended_on=household.ends_on)
    for model in (Resident, Ownership, Vehicle, AuthorisationLetter, Amendment):
        model.objects.filter(household=household).update(**EMPTIED[model])
    for model in (LetterUse, LetterCall):
        model.objects.filter(letter__household=household).update(**EMPTIED[model])
    doubles = Person.objects.filter(merged_into__in=people).values_list("pk", flat=True)
    forget_amendments(household.estate_id, persons=[*people, *doubles])            # also what was noted where they were met elsewhere
    OwnerChange.objects.filter(seller=household).update(**EMPTIED[OwnerChange])
    for model in DELETED:
        model.objects.filter(household=household).delete()
    Household.objects.filter(pk=household.pk).update(**EMPTIED[Household], version=F("version") + 1)
    for file in scans_of(household).select_for_update():
        destroy(file, why=WHY, by=by)
    SearchKey.objects.filter(household=household).delete()
