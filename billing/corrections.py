"""更正 of past months: what was billed beyond a tenure's days, and days never billed; listed, mended only by an act (DOMAIN §2)."""
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from django.db.models import BigIntegerField, Count, Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Cast, Coalesce

from households.models import Household
from servicecentre.kit.money import half_up, line_amount, yuan
from servicecentre.kit.periods import BillingMonth, now
from servicecentre.kit.refused import Refused
from servicecentre.worklog.acts import act, record
from servicecentre.worklog.review import managers

from . import contract_lines
from .ahead import take_discount_back
from .allocation import settle
from .charges import make_charge
from .explain import less_text
from .lines import lacking, lines, prices_on, unbilled
from .models import BillingPolicy, BillRun, Charge, Credit, ParkingContract
from .room import discount_gone, room
from .shares import NOTHING, Tenure, rules, share, with_neighbours
from .space_terms import past_tenure
from .vacancy_credits import MORE, settle_again
from .vacancy_spells import refuse_unended

WHOLE_PRICE = 100                 # %
MONTHS_BACK = 12                  # how many billed months are searched for tenures without a line


@dataclass
class Correction:
    """One thing to mend. ``fen`` is what the household owes more (+) or less (−); ``charge`` None: a month has no line."""

    household: Household
    unit_code: str
    fee_kind: object
    month: BillingMonth
    fen: int
    words: str
    charge: Charge = None
    contract: object = None                               # of parking: to be ended or called off, which mends its lines


def corrections(estate, month):
    """Corrections of the months up to and with this one, by unit; of parking past its tenure all that was billed, months ahead too."""
    found = [*_lines_off(estate, Charge.objects.filter(period__lte=month.first)), *_parking_off(estate),
             *_never_billed(estate, month), *_parking_never_billed(estate, month)]
    return sorted(found, key=lambda c: (c.household.unit.sort, c.month, c.fee_kind.position))


def off_words(household):
    """What this household was billed beyond its days or short of them, as a sentence for the desk; empty when nothing is."""
    mine, said = Charge.objects.filter(household=household), ""
    if off := list(_lines_off(household.estate_id, mine)):
        fen = sum(correction.fen for correction in off)
        sums = f"多出 {yuan(-fen)} 元" if fen < 0 else f"少 {yuan(fen)} 元" if fen else "多少相抵"
        months = "、".join(sorted({str(correction.month) for correction in off})[:6])
        said = f"{months} 共 {len(off)} 笔和这一户的起止日期不符，{sums}；请{who_mends(household.estate)}在「出账」里更正后再收。"
    if parked := past_tenure(mine):
        subjects = "、".join(sorted({charge.subject for charge, _ in parked}))
        said += (f"车位协议 {subjects} 出账到 {max(charge.ends_on for charge, _ in parked)}，比业主的止日多出 {yuan(sum(fen for _, fen in parked))} 元；"
                 "请先终止协议（没开始用的取消），再收。")
    return said


def who_mends(estate):
    """「主管陈静、李红」, for who may not mend and has to ask."""
    return f"主管{'、'.join(manager.name for manager in managers(estate))}"


def overbilled(household, lines):
    """(fen, fen): how much of what is still due of these lines is for days the household did not hold: to be mended, not collected; of that parking."""
    lines = Charge.objects.filter(pk__in=[line.pk for line in lines])
    off = _lines_off(household.estate_id, lines)
    parked = sum(min(charge.due, fen) for charge, fen in past_tenure(lines))
    return sum(min(correction.charge.due, -correction.fen) for correction in off if correction.fen < 0) + parked, parked


def waiting_ended(estate):
    """[(Household, fen)] of tenures that ended or were taken back and whose bills do not agree yet, by unit."""
    ended = Charge.objects.filter(household__in=Household.objects.of(estate).exclude(ends_on=None, voided_at=None))
    sums, rows = {}, {}
    off = [(correction.household, correction.fen) for correction in _lines_off(estate, ended)]
    for household, fen in off + [(charge.household, -fen) for charge, fen in past_tenure(ended)]:
        rows[household.pk], sums[household.pk] = household, sums.get(household.pk, 0) + fen
    return sorted(((row, sums[pk]) for pk, row in rows.items()), key=lambda pair: pair[0].unit.sort)


def to_correct(estate, households):
    """pks of those of these households (a queryset) that have a line to mend: their money is not settled yet."""
    theirs = Charge.objects.filter(household__in=households)
    return {correction.household.pk for correction in _lines_off(estate, theirs)} | {charge.household_id for charge, _ in past_tenure(theirs)}


@act
def mend_line(charge, *, by):
    """Mend one billed line to the days its tenure holds: a Credit for what is too much, a further line for what lacks.

    Credits settle their line first, further lines before the line itself; what was paid above them becomes the household's credit. Returns
    the last Credit or the new Charge. Refused when there is nothing to mend; what was forgiven is given back to nobody.
    """
    household = Household.objects.lock(charge.household_id)
    charge = with_sums(Charge.objects.all()).lock(charge)
    fen = off_by(charge, household)
    if charge.voided_at or charge.line or charge.subject or charge.opening_id or not fen:
        raise Refused("这笔账单没有要更正的，请刷新出账预览。")
    refuse_unended(household, charge)
    if fen > 0:
        line = _further_line(charge, household, fen, by)
        settle_again(household, BillingMonth.of(charge.period), by=by)
        return line
    words, gone = _words(charge, household), 0
    for line, part in _taken_off(charge, -fen):
        gone = discount_gone(charge, part) if line == charge else 0
        how = less_text(line, part, room(line), part=_share(charge, household) if line == charge else None)
        credit = Credit.objects.create(estate_id=charge.estate_id, household=household, charge=line, source=Credit.Source.CORRECTION, how=how,
                                       amount=part, left=part, reason=words, made_at=now(), made_by=by)
        if line.due:
            settle(household, [line], [credit], at=credit.made_at, later=True)
    record(by, f"更正 {charge.shown_name} {BillingMonth.of(charge.period)} 减 {yuan(-fen)} 元：{words}", credit, household=household)
    if gone:
        take_discount_back(charge, credit, gone, household, by)
    return credit


def _taken_off(charge, fen):
    """[(line, fen)] that credits take off: what was billed in addition goes first, 空置补差 last, each within its room."""
    month = (charge.household_id, charge.fee_kind_id, charge.period)
    for line in (*_further(*month).order_by("-line"), charge, *_after_all(*month).order_by("-line")):
        if part := min(fen, room(line)):
            yield line, part
            fen -= part


def _lines_off(estate, charges):
    """Those of these lines whose days are not those of their tenure, and not mended yet."""
    whole_ends = [BillingMonth.of(period).last for period in BillRun.objects.of(estate).values_list("period", flat=True).distinct()]
    beyond = Q(household__ends_on__lt=F("ends_on")) | Q(household__starts_on__gt=F("starts_on")) | Q(household__voided_at__isnull=False)
    short = Q(share_num__lt=F("share_den")) & (
        Q(starts_on__gt=F("period"), household__starts_on__lt=F("starts_on"))
        | (Q(household__ends_on=None) | Q(household__ends_on__gt=F("ends_on"))) & ~Q(ends_on__in=whole_ends))
    # The tenure may have moved again since a line was mended.
    mended = Exists(Credit.objects.filter(charge=OuterRef("pk"), source=Credit.Source.CORRECTION)) | Exists(
        _further(OuterRef("household"), OuterRef("fee_kind"), OuterRef("period")).filter(estate=OuterRef("estate")))
    # What the old books said (期初) is a sum for the month, not days of it.
    followed = Household.objects.live().filter(unit=OuterRef("household__unit"), starts_on__gt=OuterRef("household__ends_on"))
    sold_on = Q(household__developer=False, household__ends_on=F("ends_on"), share_num=F("share_den")) & ~Q(ends_on__in=whole_ends) & Exists(followed)
    rows = (with_sums(charges.of(estate).live()).filter(beyond | short | mended | sold_on, subject="", line=0)
            .exclude(opening__isnull=False).exclude(fee_kind__bills="").select_related("household__unit", "fee_kind"))
    for charge in rows.iterator(chunk_size=500):
        if fen := off_by(charge, charge.household):
            yield Correction(charge.household, charge.household.unit.code, charge.fee_kind, BillingMonth.of(charge.period), fen,
                             _words(charge, charge.household), charge)


def _parking_off(estate):
    """Parking contracts billed past their household's last day: to be ended there, or called off where they had not begun."""
    sums = {}
    for charge, fen in past_tenure(Charge.objects.of(estate)):
        first, total = sums.get(charge.subject, (charge, 0))
        sums[charge.subject] = first, total + fen
    contracts = {contract.subject: contract for contract in ParkingContract.objects.of(estate).filter(subject__in=sums)}
    for subject, (charge, fen) in sums.items():
        until = f"业主止于 {charge.household.ends_on}" if charge.household.ends_on else "这一任已作废"
        yield Correction(charge.household, charge.household.unit.code, charge.fee_kind, BillingMonth.of(charge.period), -fen,
                         f"{until}，车位协议 {subject} 还没终止", contract=contracts[subject])


def _never_billed(estate, month):
    """Tenures without a line in a month that was billed, the newest twelve such months before this one."""
    for billed in _ran_before(estate, month):
        prices, policy = prices_on(estate, billed), rules(estate, billed)
        if not lacking(estate, billed, prices, policy).exists():
            continue
        for price in prices:
            for household in unbilled(lines(price, billed, policy), price, billed).select_related("unit"):
                yield Correction(household, household.unit.code, price.fee_kind, billed, household.amount,
                                 f"{billed.label}已出账，这一户没有账单；再出一次 {billed} 即补上")


def _parking_never_billed(estate, month):
    """Parking contracts without a line in such a month, as one that the old list brought in with a month that was run already."""
    policy = BillingPolicy.of(estate)
    for billed in _ran_before(estate, month):
        for row in contract_lines.lacking(estate, billed, policy).select_related("household__unit", "fee_kind"):
            yield Correction(row.household, row.household.unit.code, row.fee_kind, billed, row.amount,
                             f"{billed.label}已出账，车位协议 {row} 没有账单；再出一次 {billed} 即补上")


def _ran_before(estate, month):
    ran = BillRun.objects.of(estate).filter(undone_at=None, period__lt=month.first).values_list("period", flat=True)
    return [BillingMonth.of(period) for period in sorted(set(ran), reverse=True)[:MONTHS_BACK]]


def with_sums(charges):
    """Adds what further lines and corrections have mended of each line, fen and how many, what an empty month's end billed after all, what
    all credits but a year's discount have lowered of these lines, and what share() asks of the tenures beside."""
    month = (OuterRef("household"), OuterRef("fee_kind"), OuterRef("period"))
    further = _further(*month).order_by().values("household")
    lowered = _lowered(*month).order_by().values("charge__household")
    mended = lowered.filter(source=Credit.Source.CORRECTION)
    fen, number = Cast(Sum("amount"), BigIntegerField()), Count("pk")
    return with_neighbours(charges).annotate(
        further_fen=Coalesce(Subquery(further.annotate(fen=fen).values("fen")), 0),
        further_n=Coalesce(Subquery(further.annotate(n=number).values("n")), 0),
        mended_fen=Coalesce(Subquery(mended.annotate(fen=fen).values("fen")), 0),
        mended_n=Coalesce(Subquery(mended.annotate(n=number).values("n")), 0),
        more_fen=Coalesce(Subquery(_after_all(*month).order_by().values("household").annotate(fen=fen).values("fen")), 0),
        more_back=Coalesce(Subquery(lowered.filter(charge__label=MORE, source=Credit.Source.VACANCY).annotate(fen=fen).values("fen")), 0),
        lowered_fen=Coalesce(Subquery(lowered.annotate(fen=fen).values("fen")), 0))


def off_by(charge, household, *, sold=False):
    """What the tenure's share makes of the month, less what is billed and mended, fen; 0 when they agree but for rounding.

    Never less than takes off what no credit has lowered yet: a line that was forgiven costs nothing, and gives nothing back.
    ``charge`` has with_sums(); ``sold``: somebody follows the day after ``household.ends_on``, though no row says so yet.
    """
    pair = _share(charge, household, sold)
    more = charge.more_fen - charge.more_back if charge.percent < WHOLE_PRICE else 0        # what makes a cheaper line a full one
    due = line_amount(charge.quantity, charge.unit_price, WHOLE_PRICE if more else charge.percent, *pair) if pair[0] else 0
    fen = due - charge.amount - charge.further_fen - more + charge.mended_fen
    fen = max(fen, min(0, charge.lowered_fen - charge.amount - charge.further_fen - charge.more_fen))
    return fen if abs(fen) > charge.further_n + charge.mended_n else 0


def _share(charge, household, sold=False):
    """(part, of) of the charge's month that the household's days make now."""
    if household.voided_at:
        return NOTHING
    next_from = household.ends_on + timedelta(days=1) if sold else charge.next_from
    tenure = Tenure(household.starts_on, household.ends_on, household.developer, charge.bought_of_owner, next_from, None if sold else charge.next_to)
    return share(tenure, BillingMonth.of(charge.period), charge)


def _further_line(charge, household, fen, by):
    """A line more for what lacks: the part of the month where that says the sum, else the very sum."""
    month = BillingMonth.of(charge.period)
    billed = _further(charge.household_id, charge.fee_kind_id, charge.period)
    lack = Fraction(*_share(charge, household)) - sum((Fraction(*pair) for pair in billed.values_list("share_num", "share_den")),
                                                             Fraction(charge.share_num, charge.share_den))
    if charge.mended_n:
        lack = min(Fraction(1), Fraction(half_up(fen * month.days, line_amount(charge.quantity, charge.unit_price, charge.percent)), month.days))
    factors = {"quantity": charge.quantity, "unit_price": charge.unit_price, "percent": charge.percent, **_parts(lack, month)}
    if not factors["share_num"] or abs(line_amount(*factors.values()) - fen) > charge.further_n + charge.mended_n + 1:
        factors = {"quantity": 100, "unit_price": fen * 100, "label": f"{charge.fee_kind.name}补差"}
    starts_on, ends_on = _lacking_span(charge, household, factors.get("share_num"))
    line = Charge.objects.filter(household=household, fee_kind=charge.fee_kind_id, period=charge.period, subject="").count()
    return make_charge(household, charge.fee_kind, by=by, period=month, line=line, starts_on=starts_on, ends_on=ends_on, **factors)


def _parts(lack, month):
    """A part of a month as a charge says it: in days where it is days, else as it stands; 0 where a charge can't."""
    if not 0 < lack <= 1:
        return {"share_num": 0, "share_den": 1}
    if (lack * month.days).denominator == 1:
        return {"share_num": int(lack * month.days), "share_den": month.days}
    return {"share_num": lack.numerator, "share_den": lack.denominator} if lack.denominator <= 31 else {"share_num": 0, "share_den": 1}


def _lacking_span(charge, household, days):
    """First and last day of a further line: before the line's own days, or behind them; ``days`` None: it is for a sum, not for days."""
    month = BillingMonth.of(charge.period)
    first, last = max(month.first, household.starts_on), min(month.last, household.ends_on or month.last)
    if days is None:
        return first, last
    if household.starts_on < charge.starts_on and charge.starts_on > month.first:
        return first, min(last, first + timedelta(days=days - 1))
    return max(first, last - timedelta(days=days - 1)), last


def _further(household, fee_kind, period):
    return Charge.objects.live().filter(household=household, fee_kind=fee_kind, period=period, subject="", line__gt=0)


def _after_all(household, fee_kind, period):
    """What was billed of an empty month when it turned out to be none: a sum that stands on the line's own days."""
    return Charge.objects.live().filter(household=household, fee_kind=fee_kind, period=period, label=MORE)


def _lowered(household, fee_kind, period):
    """Credits on the month's own lines, a year's discount left out: that falls away by a line of its own."""
    own = Q(charge__subject="") | Q(charge__label=MORE)
    return Credit.objects.exclude(source=Credit.Source.DISCOUNT).filter(
        own, charge__household=household, charge__fee_kind=fee_kind, charge__period=period, charge__voided_at=None)


def _words(charge, household):
    if household.voided_at:
        return "这一任已作废，多出的退回"
    if household.ends_on and household.ends_on < charge.ends_on:
        return f"业主止于 {household.ends_on}，出账到 {charge.ends_on}"
    if household.starts_on > charge.starts_on:
        return f"业主起于 {household.starts_on}，出账从 {charge.starts_on} 起"
    return f"出账 {charge.starts_on} 至 {charge.ends_on}，业主的起止后来改过"
