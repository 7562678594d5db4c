"""Acts on parking by the month: a contract signed, renewed, changed and ended early; the estate's spaces (DOMAIN §2, FORMS 4.1)."""
from datetime import timedelta

from django.db.models import Q

from households.entering import checked
from households.models import Household, Vehicle
from households.people import add_vehicle
from households.standing import said
from servicecentre.files.storing import add_files
from servicecentre.kit.identity import check_plate
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import BillingMonth, now, today
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.papers.issuing import issue_paper, void_paper
from servicecentre.papers.kinds import PARKING
from servicecentre.worklog.acts import act, record
from servicecentre.worklog.stale import fresh

from .allocation import settle
from .charges import make_charge, void_charge
from .explain import less_text
from .models import BillingPolicy, ContractVehicle, Credit, ParkingContract, ParkingSpace, SpaceHold, SpaceKind
from .models.spaces import OWNED
from .room import room
from .run import hold_tariff
from .space_papers import contract_content
from .space_terms import ONE, billed_from, charges_of, give_back, kept_part, signed_due, signed_lines, signed_months, tariff_of

MOST_AHEAD = timedelta(days=92)          # how far ahead a contract may begin
MOST_BACK = timedelta(days=31)           # and how far back: the car stood there before anybody came to the desk
LONGEST = timedelta(days=366 * 20)
KINDS = {kind: f"{kind.label}车位" for kind in SpaceKind}


# --- contracts -------------------------------------------------------------------------------------------------------

@act
def sign_contract(household, *, space_kind, starts_on, cycle_months, plate, by, space=None, ends_on=None, brand="", colour="", owner_name="",
                  licence_seen=False, proof="", holder_name="", card_no="", remarks="", renews=None, files=(), despite=()):
    """A household rents a space (or keeps its own) from–to; its first cycle is billed at once, and later ones of months that were run already.

    Returns the ParkingContract. ``space`` None: a shared one without a number; ``ends_on`` None: until it is ended. The price is the
    tariff's of that kind in the month of the first day, frozen; ``files``: the proof, kept with the contract. Refused without an owner in
    that month, without proof for a dedicated space, for a space that is let, and, unless ``special_plate``, ``same_plate`` or
    ``parked_elsewhere`` is accepted, for a plate that wants a second look.
    """
    hold_tariff(household.estate)                          # a run under way has its months, and bills none behind this
    household = Household.objects.lock(household)
    space_kind = SpaceKind(space_kind)
    _refuse_odd_span(household, starts_on, ends_on)
    space = _space_to_let(space, space_kind)
    price = tariff_of(household.estate, space_kind, starts_on)
    if price is None:
        raise Refused(f"{KINDS[space_kind]}在 {BillingMonth.of(starts_on).label} 1 日没有执行中的单价，请先登记收费标准。")
    texts = {name: checked(name, clean_text, text, ParkingContract._meta.get_field(name).max_length)
             for name, text in (("proof", proof), ("holder_name", holder_name or household.owner_names[:40]), ("card_no", card_no), ("remarks", remarks))}
    if space_kind == SpaceKind.DEDICATED and not texts["proof"]:
        raise Refused({"proof": "专用车位要有权属证明，写证名和编号，如「车位产权证 苏2026南京不动产权第0012345号」"})
    if renews is not None:
        _refuse_odd_renewal(renews, household, starts_on)
    vehicle = _vehicle(household, plate, brand=brand, colour=colour, owner_name=owner_name, licence_seen=licence_seen, by=by,
                       despite=despite)
    _refuse_parked_elsewhere(household.estate_id, vehicle, starts_on, ends_on, despite)
    if space is not None:
        _refuse_let(space, starts_on, ends_on)
    policy = BillingPolicy.of(household.estate)
    months = signed_months(household.estate, starts_on, cycle_months)
    lines = signed_lines(policy, starts_on=starts_on, ends_on=ends_on, months=months, unit_price=price.unit_price)
    due = signed_due(policy, starts_on, months, cycle_months)
    contract = ParkingContract(
        estate_id=household.estate_id, household=household, fee_kind=price.fee_kind, price=price, renews=renews, space_kind=space_kind,
        unit_price=price.unit_price, starts_on=starts_on, ends_on=ends_on, agreed_to=ends_on, cycle_months=cycle_months,
        billed_from=billed_from(starts_on, months), ownership=OWNED[space_kind], signed_by=by, signed_at=now(), **texts)
    paper = issue_paper(PARKING, household, content=contract_content(contract, space, vehicle, lines, due, by), by=by)
    contract.paper, contract.subject = paper, paper.number
    contract.save()
    add_files(files, contract, right=ParkingContract.right, by=by, household_no=household.number)
    _hold(contract, space, vehicle, by)
    for line in lines:
        make_charge(household, price.fee_kind, by=by, period=line.month, quantity=ONE, unit_price=line.unit_price, share_num=line.share_num,
                    share_den=line.share_den, starts_on=line.starts_on, ends_on=line.ends_on, due_on=due, subject=contract.subject)
    what = f"{KINDS[space_kind]}{f' {space}' if space else ''}"
    record(by, f"{f'续租，原 {renews}，' if renews else ''}签车位协议 {paper}：{what}，{vehicle.shown_plate}，{starts_on} 至 {ends_on or '不定期'}，"
               f"首期 {yuan(sum(line.amount for line in lines))} 元", contract, household=household)
    return contract


@act
def end_contract(contract, *, last_day, reason, version, by, despite=()):
    """The contract ends before its time, with this last day: whole unused days that were billed are given back. Returns it.

    Each line beyond gets a credit of its own, first against itself, the rest is the household's credit. Refused for a day past the end, the
    household's too, or before the beginning, and, unless "past_end" is accepted, for a day that is over. One that ended early ends
    earlier still where its household was gone before.
    """
    contract = _held(contract, version)
    reason = said("reason", reason, 60, "请写为什么提前终止，如「搬走」「卖车」")
    gone = contract.tenure_ends
    if contract.ended_at and gone is None:
        raise Refused(f"这份协议已经提前终止，用到 {contract.ends_on}。")
    if gone and last_day > gone:
        raise Refused({"last_day": f"业主到 {gone} 为止，最后一天不能再晚"})
    if last_day < contract.starts_on:
        raise Refused({"last_day": f"不能早于起日 {contract.starts_on}；一天也没用的，请办取消"})
    if contract.ends_on and last_day >= contract.ends_on:
        raise Refused({"last_day": f"本来就到 {contract.ends_on} 为止，不用提前终止"})
    if contract.renewals.live().exists():
        raise Refused("这份协议已经续租，请先取消续租的那一份。")
    if last_day < today() and "past_end" not in despite:
        raise Refused({"last_day": f"{last_day} 已经过了，退的是以前的日子。请确认车那天起没有再停。"}, unless="past_end")
    back = _give_back(contract, last_day, f"{contract.subject} 用到 {last_day}：{reason}", by)
    for row in (*contract.holds.live(), *contract.vehicles.live()):
        _shorten(row, last_day)
    contract.ends_on = last_day
    _save(contract, "ends_on", *_ended(contract, reason, by, now()))
    record(by, f"车位协议 {contract} 提前终止，用到 {last_day}，退 {yuan(back)} 元：{reason}", contract, household=contract.household)
    return contract


@act
def cancel_contract(contract, *, reason, version, by):
    """It never began: signed by mistake, or called off before its first day. Its lines are void or given back, its paper is void.

    Refused once a day of it was used; on the day it was signed it may still be called off, and where its household was gone before it began.
    """
    contract = _held(contract, version)
    reason = said("reason", reason, 60, "请写为什么取消，如「填错车位」")
    if not contract.never_began(today()):
        raise Refused("这份协议已经开始用了，请办提前终止。")
    if contract.ended_at and not contract.tenure_ends or contract.renewals.live().exists():
        raise Refused("这份协议已经提前终止或续租，不能取消。")
    for charge in charges_of(contract).filter(paid=0, credits=None):
        void_charge(charge, reason=f"取消车位协议：{reason}", by=by)
    back = _give_back(contract, None, f"取消 {contract.subject}：{reason}", by)
    at = now()
    for row in (*contract.holds.live(), *contract.vehicles.live()):
        row.voided_at = at
        row.save(update_fields=["voided_at"])
    contract.voided_at = at
    _save(contract, "voided_at", *_ended(contract, reason, by, at))
    if contract.paper:
        void_paper(contract.paper, reason=f"取消：{reason}", by=by)
    record(by, f"取消车位协议 {contract}，退 {yuan(back)} 元：{reason}", contract, household=contract.household)
    return contract


@act
def change_vehicle(contract, *, plate, from_day, reason, version, by, brand="", colour="", owner_name="", licence_seen=False, despite=()):
    """Another vehicle parks on this contract from a day on; the one before it ends the day before. Returns the contract.

    From the first day of the one before: that one was entered wrongly and is void. No money moves: the fee is per vehicle, and there is one.
    """
    contract = _held(contract, version)
    reason = said("reason", reason, 60, "请写为什么换，如「换新车」「换号牌」")
    _refuse_day_outside(contract, from_day)
    vehicle = _vehicle(contract.household, plate, brand=brand, colour=colour, owner_name=owner_name, licence_seen=licence_seen, by=by,
                       despite=despite)
    before = contract.vehicles.live().order_by("-starts_on").first()
    if before and before.plate == vehicle.plate:
        raise Refused({"plate": f"现在登记的就是 {before.shown_plate}"})
    _refuse_parked_elsewhere(contract.estate_id, vehicle, from_day, contract.ends_on, despite, but=contract)
    _follow(before, from_day, "from_day")
    vehicle.contract, vehicle.starts_on, vehicle.ends_on = contract, from_day, contract.ends_on
    vehicle.reason, vehicle.by, vehicle.at = reason, by, now()
    vehicle.save()
    _save(contract)
    was = f"由 {before.shown_plate} " if before else ""
    record(by, f"车位协议 {contract} {was}换车为 {vehicle.shown_plate}，{from_day} 起：{reason}", contract, household=contract.household)
    return contract


@act
def change_space(contract, *, space, from_day, reason, version, by):
    """Another space of the same kind from a day on, or for a shared one none with a number. Returns the contract. The price stays."""
    contract = _held(contract, version)
    reason = said("reason", reason, 60, "请写为什么换，如「原位漏水」")
    _refuse_day_outside(contract, from_day)
    before = contract.holds.live().order_by("-starts_on").select_related("space").first()
    open_now = before is not None and (before.ends_on == contract.ends_on)
    if (before.space_id if open_now else None) == (space.pk if space is not None else None):
        raise Refused({"space": "现在就是这个车位" if space is not None else "现在就没有固定车位"})
    space = _space_to_let(space, SpaceKind(contract.space_kind))
    if space is not None:
        _refuse_let(space, from_day, contract.ends_on, but=contract)
    if open_now:
        _follow(before, from_day, "from_day")
    elif before is not None and before.ends_on >= from_day:
        raise Refused({"from_day": f"要在 {before.ends_on} 以后，那天以前占着 {before.space}"})
    if space is not None:
        SpaceHold.objects.create(estate_id=contract.estate_id, contract=contract, space=space, starts_on=from_day, ends_on=contract.ends_on,
                                 reason=reason, by=by, at=now())
    _save(contract)
    record(by, f"车位协议 {contract} 换车位：{f'{before.space}' if open_now else '不固定'} 换为 {space or '不固定'}，{from_day} 起：{reason}", contract,
           household=contract.household)
    return contract


@act
def change_contract_entry(contract, *, holder_name, card_no="", proof="", remarks="", version, by):
    """Who uses the space, its card, its proof of right and a remark; what was agreed and billed stays. Returns the contract.

    Refused when nothing changes, and for a dedicated space whose proof would be gone (it may still be missing of one from the old list).
    """
    contract = _held(contract, version)
    given = (("holder_name", holder_name, 40), ("card_no", card_no, 30), ("proof", proof, 60), ("remarks", remarks, 60))
    new = {name: checked(name, clean_text, text, most) for name, text, most in given}
    if not new["holder_name"]:
        raise Refused({"holder_name": "请写使用人"})
    if contract.space_kind != SpaceKind.DEDICATED and new["proof"]:
        raise Refused({"proof": "共用、露天车位不用权属证明。"})
    if contract.proof and not new["proof"]:
        raise Refused({"proof": "请写证名和编号"})
    changed = [name for name, value in new.items() if getattr(contract, name) != value]
    if not changed:
        raise Refused("和现在登记的一样，没有改动。")
    for name in changed:
        setattr(contract, name, new[name])
    _save(contract, *changed)
    told = "、".join(contract._meta.get_field(name).verbose_name for name in changed)
    proved = f"，权属证明：{proof}" if "proof" in changed else ""
    record(by, f"车位协议 {contract} 改了{told}{proved}", contract, household=contract.household)
    return contract


# --- spaces ----------------------------------------------------------------------------------------------------------

@act
def add_space(estate, *, number, kind, place="", state=ParkingSpace.State.TO_LET, remark="", by):
    """Enter a space; returns it. Refused for a number that is there."""
    values = _space_values(number=number, place=place, remark=remark)
    if ParkingSpace.objects.of(estate).filter(number=values["number"]).exists():
        raise Refused({"number": "这个车位号已经有了"})
    space = ParkingSpace.objects.create(estate=estate, kind=SpaceKind(kind), state=ParkingSpace.State(state), **values)
    record(by, f"登记{KINDS[SpaceKind(kind)]} {space}", space)
    return space


@act
def change_space_entry(space, *, place, state, remark, version, by):
    """Where it is, whether it is to let; number and kind stay. Returns it. Refused to take one out of use that is let."""
    space = ParkingSpace.objects.lock(space)
    fresh(space, version)
    new = {**_space_values(place=place, remark=remark), "state": ParkingSpace.State(state)}
    if new["state"] != ParkingSpace.State.TO_LET and space.state == ParkingSpace.State.TO_LET:
        if hold := space.holds.live().filter(Q(ends_on=None) | Q(ends_on__gte=today())).select_related("contract").first():
            raise Refused({"state": f"{hold.contract} 还占着，先换车位或终止协议"})
    changed = [name for name, value in new.items() if getattr(space, name) != value]
    if not changed:
        return space
    for name in changed:
        setattr(space, name, new[name])
    space.version += 1
    space.save(update_fields=[*changed, "version"])
    record(by, f"车位 {space}：{space.get_state_display()}{f'，{space.remark}' if space.remark else ''}{f'，{space.place}' if space.place else ''}", space)
    return space


# --- what the acts share ---------------------------------------------------------------------------------------------

def _held(contract, version):
    """The contract, locked behind tariff and household, so that no run bills what is ended here; Refused when it is void or was changed."""
    hold_tariff(contract.estate)
    household = Household.objects.lock(contract.household_id)
    contract = ParkingContract.objects.lock(contract)
    contract.household = household
    fresh(contract, version)
    if contract.voided_at:
        raise Refused("这份协议已经取消。")
    return contract


def _ended(contract, reason, by, at):
    """Who ended it, when and why, on the row; returns the columns: none where that stands there already."""
    if contract.ended_at:
        return ()
    contract.ended_at, contract.ended_by, contract.end_reason = at, by, reason
    return "ended_at", "ended_by", "end_reason"


def _save(contract, *fields):
    contract.version += 1
    contract.save(update_fields=[*fields, "version"])


def _space_values(**texts):
    values = {name: checked(name, clean_text, text, ParkingSpace._meta.get_field(name).max_length) for name, text in texts.items()}
    if values.get("number") == "":
        raise Refused({"number": "请填写车位号"})
    return values


def _refuse_odd_span(household, starts_on, ends_on):
    if ends_on is not None and ends_on < starts_on:
        raise Refused({"ends_on": "止日不能早于起日"})
    if ends_on is not None and ends_on - starts_on > LONGEST:
        raise Refused({"ends_on": "最长 20 年，请核对日期"})
    if starts_on > today() + MOST_AHEAD:
        raise Refused({"starts_on": f"最多提前 {MOST_AHEAD.days} 天签，请核对日期"})
    if starts_on < today() - MOST_BACK:
        raise Refused({"starts_on": f"最早填 {MOST_BACK.days} 天以前，请核对日期"})
    if household.voided_at or starts_on < household.starts_on or (household.ends_on and starts_on > household.ends_on):
        raise Refused({"starts_on": "该月无业主"})
    if household.ends_on and (ends_on is None or ends_on > household.ends_on):
        raise Refused({"ends_on": f"这一户到 {household.ends_on} 为止，止日不能更晚"})


def _space_to_let(space, space_kind):
    """The space, locked; Refused when it is of another kind or not to let, or none is named where one is needed."""
    if space is None:
        if space_kind != SpaceKind.SHARED:
            raise Refused({"space": f"{KINDS[space_kind]}要写车位号"})
        return None
    space = ParkingSpace.objects.lock(space)
    if space.kind != space_kind:
        raise Refused({"space": f"{space} 是{space.get_kind_display()}车位"})
    if space.state != ParkingSpace.State.TO_LET:
        raise Refused({"space": f"{space} {space.get_state_display()}，不能租"})
    return space


def _refuse_let(space, first, last, but=None):
    holds = SpaceHold.objects.live().filter(space=space).filter(Q(ends_on=None) | Q(ends_on__gte=first)).select_related("contract__household__unit")
    holds = holds if last is None else holds.filter(starts_on__lte=last)
    if hold := holds.exclude(contract=but).order_by("starts_on").first():
        until = f"到 {hold.ends_on}" if hold.ends_on else "没有止日"
        raise Refused({"space": f"{space} 已租给 {hold.contract.household.unit.code}，{hold.starts_on} 起，{until}，请换一个"},
                      link=(f"看 {hold.contract}", hold.contract.get_absolute_url()))


def _refuse_odd_renewal(old, household, starts_on):
    old = ParkingContract.objects.lock(old)
    if old.household_id != household.pk or old.voided_at or old.ends_on is None:
        raise Refused("要续的协议不是这一户的，或者不定期，不用续。")
    if old.renewals.live().exists():
        raise Refused("这份协议已经续过了。")
    if starts_on <= old.ends_on:
        raise Refused({"starts_on": f"原协议到 {old.ends_on}，从第二天起续"})


def _vehicle(household, plate, *, by, despite, brand, colour, owner_name, licence_seen):
    """The ContractVehicle, unsaved; a plate that the household's file does not know yet is entered there too."""
    number, _ = checked("plate", check_plate, plate)
    texts = {name: checked(name, clean_text, text, ContractVehicle._meta.get_field(name).max_length)
             for name, text in (("brand", brand), ("colour", colour), ("owner_name", owner_name))}
    known = Vehicle.objects.filter(household=household, plate=number, ended_on=None).first()
    if known is None:
        add_vehicle(household, plate=number, brand=texts["brand"], colour=texts["colour"], by=by, despite=despite)
    else:
        texts["brand"], texts["colour"] = texts["brand"] or known.brand, texts["colour"] or known.colour
    return ContractVehicle(estate_id=household.estate_id, plate=number, licence_seen=bool(licence_seen), **texts)


def _refuse_parked_elsewhere(estate, vehicle, first, last, despite, but=None):
    """A vehicle has one space; a second one is mostly a slip of the hand."""
    rows = ContractVehicle.objects.live().filter(estate=estate, plate=vehicle.plate).filter(Q(ends_on=None) | Q(ends_on__gte=first))
    rows = rows if last is None else rows.filter(starts_on__lte=last)
    if (there := rows.exclude(contract=but).select_related("contract__household__unit").first()) and "parked_elsewhere" not in despite:
        raise Refused(f"{vehicle.shown_plate} 已在 {there.contract.household.unit.code} 的车位协议 {there.contract} 上，请核对是不是同一辆车。",
                      unless="parked_elsewhere", link=(f"看 {there.contract}", there.contract.get_absolute_url()))


def _hold(contract, space, vehicle, by):
    """Space and vehicle of a contract just made, for all its days."""
    span = {"contract": contract, "starts_on": contract.starts_on, "ends_on": contract.ends_on, "by": by, "at": contract.signed_at}
    if space is not None:
        SpaceHold.objects.create(estate_id=contract.estate_id, space=space, **span)
    for name, value in span.items():
        setattr(vehicle, name, value)
    vehicle.save()


def _refuse_day_outside(contract, day):
    if day < contract.starts_on or (contract.ends_on and day > contract.ends_on):
        raise Refused({"from_day": f"要在协议期内：{contract.starts_on} 至 {contract.ends_on or '不定期'}"})
    if day < today() - MOST_BACK or day > today() + MOST_AHEAD:
        raise Refused({"from_day": "离今天太远，请核对日期"})


def _follow(before, day, field):
    """What is there ends the day before; from its very first day on it was entered wrongly and is void."""
    if before is None:
        return
    if day < before.starts_on:
        raise Refused({field: f"要从 {before.starts_on} 起或更晚，那天已经换过一次"})
    if day == before.starts_on:
        before.voided_at = now()
        before.save(update_fields=["voided_at"])
    else:
        before.ends_on = day - timedelta(days=1)
        before.save(update_fields=["ends_on"])


def _shorten(row, last_day):
    """A hold or vehicle of a contract that ends: what would begin later is void."""
    if row.starts_on > last_day:
        row.voided_at = now()
        row.save(update_fields=["voided_at"])
    elif row.ends_on is None or row.ends_on > last_day:
        row.ends_on = last_day
        row.save(update_fields=["ends_on"])


def _give_back(contract, last_day, words, by):
    """Credit rows for what was billed beyond this day, each first against its own line; returns the sum, fen."""
    at, total = now(), 0
    for charge, fen in give_back(contract, last_day):
        how = less_text(charge, fen, room(charge), part=kept_part(charge, last_day))
        credit = Credit.objects.create(estate_id=contract.estate_id, household=contract.household, charge=charge, source=Credit.Source.CONTRACT, how=how,
                                       amount=fen, left=fen, reason=words[:100], made_at=at, made_by=by)
        if charge.due:
            settle(contract.household, [charge], [credit], at=at, later=True)
        total += fen
    return total
