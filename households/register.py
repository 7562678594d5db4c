"""Acts on places and tenures: buildings, units and their areas, who holds a unit from when to when (DOMAIN §1, §2)."""
import re
from datetime import timedelta
from fractions import Fraction

from django.db.models import Max, Q

from servicecentre.kit.identity import RESIDENT_IN_TEXT
from servicecentre.kit.money import area_text
from servicecentre.kit.periods import BillingMonth, parse_date, today
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text, narrow, parse_room
from servicecentre.worklog.acts import act, record
from servicecentre.worklog.stale import fresh

from . import find
from .developer import hand_over
from .entering import checked, enter_person, guarded
from .handing import write_down
from .history import change
from .models import Building, Household, Ownership, Unit, UnitArea
from .people import names_of, open_tenure

SHOPS = "商铺"                                # the building of shops that stand in none
FIRST_MONTH = BillingMonth(2000, 1)           # an area of unknown first day holds from here, as the seed prices do
MOST_OWNERS = 20
OF_OWNERSHIP = ("share", "guardian", "guardian_consent")           # of what is typed about an owner, not the person's own
FAR_DAYS = 60                                 # a first day further ahead is asked about


def _remark(text):
    """A remark is read by everybody at the desk: a number of identity belongs to its person, where it is hidden (TRUST 26)."""
    text = checked("remark", clean_text, text, 400)
    if RESIDENT_IN_TEXT.search(narrow(text)):
        raise Refused({"remark": "备注里不写证件号码，请登记到人员资料里，那里会遮住"})
    return text


def sort_key(text):
    """Text in the order people count in: 2 before 10, on both databases (digits and letters alone, each run padded)."""
    return "".join(part.zfill(6) if part.isdigit() else part for part in re.findall(r"[0-9]+|[^\W0-9_]+", text.upper()))


def building_fields(code):
    """Columns of a Building; shops come last."""
    return {"code": code, "sort": (("" if code.isascii() else "z") + sort_key(code))[:20]}


def unit_fields(room, kind=""):
    """Columns of a Unit from a RoomCode, its building apart; a code of a shop makes a shop unless ``kind`` says otherwise."""
    building = room.building or SHOPS
    return {"entrance": room.entrance, "room": room.room, "code": room.code,
            "sort": (building_fields(building)["sort"] + (sort_key(room.entrance) or "000000") + sort_key(room.room))[:60],
            "kind": kind or (Unit.Kind.HOME if room.building else Unit.Kind.SHOP)}


@act
def add_building(estate, code, *, by):
    """Enter a building (``3``, ``A``); returns the Building, also the one that was there."""
    code = checked("code", clean_text, code, 10).removesuffix("栋").removesuffix("幢")
    if there := Building.objects.of(estate).filter(code=code).first():
        return there
    building = Building.objects.create(estate=estate, **building_fields(code))
    record(by, f"登记楼栋 {building}", building)
    return building


@act
def add_unit(estate, *, code, area, by, from_month=FIRST_MONTH, kind="", trade="", remark="", basis="", despite=()):
    """Enter a unit by its code as people write it (``3-2-1801``, ``3栋2单元1801``, ``S01``) with its surveyed area (0.01 ㎡).

    A building that is not there yet is asked about (``unless="new_building"``), since a slip would make one.
    """
    room = checked("code", parse_room, code)
    if there := find.unit_of(estate, room):
        raise Refused({"code": f"{there.label} 已经登记"}, link=(f"打开 {there.code}", there.get_absolute_url()))
    building_code = room.building or SHOPS
    building = Building.objects.of(estate).filter(code__in=(building_code, building_code.lstrip("0"))).first()
    if not building:
        if room.building and Building.objects.of(estate).exists() and "new_building" not in despite:
            raise Refused(f"还没有 {building_code} 栋，登记这套房会新建这栋楼。", unless="new_building")
        building = add_building(estate, building_code, by=by)
    unit = Unit.objects.create(estate=estate, building=building, trade=checked("trade", clean_text, trade, 40),
                               remark=_remark(remark), **unit_fields(room, kind))
    UnitArea.objects.create(estate=estate, unit=unit, area=area, starts_on=from_month.first, basis=checked("basis", clean_text, basis, 80))
    find.rebuild_units([unit.pk])
    record(by, f"登记房屋 {unit.label}，{area_text(area)} ㎡", unit, room=unit.code)
    return unit


@act
def change_unit(unit, *, version, by, kind, trade="", remark=""):
    """Change what a unit is used for, its trade or remark; bills that were made stay. Refused on a stale page."""
    unit = Unit.objects.lock(unit)
    fresh(unit, version)
    new = {"kind": kind, "trade": checked("trade", clean_text, trade, 40), "remark": _remark(remark)}
    words = {"kind": "用途", "trade": "业态", "remark": "房屋备注"}
    household = current_household(unit)
    changed = change(unit, new, words=words, by=by, household=household, unit=unit)
    if changed:
        told = {"用途": f"用途 {unit.get_kind_display()}", "业态": f"业态 {unit.trade or '无'}", "房屋备注": "备注"}
        record(by, f"修改房屋 {unit.code}：" + "，".join(told[word] for word in changed), unit, household=household,
               room=unit.code)
    return unit


@act
def change_area(unit, *, area, from_month, by, basis="", despite=()):
    """A re-survey: the area (0.01 ㎡) from the 1st of a month on (DOMAIN §2); returns the UnitArea.

    Refused where a later area is registered; a month that has begun is asked about, since its bills stay (``past_month``).
    """
    unit = Unit.objects.lock(unit)
    first = from_month.first
    if later := unit.areas.filter(starts_on__gte=first).last():
        raise Refused({"from_month": f"{BillingMonth.of(later.starts_on).label} 起已登记 {area_text(later.area)} ㎡，新的面积要更晚"})
    if from_month < BillingMonth.of(today()) and "past_month" not in despite:
        raise Refused(f"{from_month.label} 已经过去。已出的账按原来的面积，不补不退；以后出的账按新面积。", unless="past_month")
    before = unit.areas.last()
    if before and before.area == area:
        raise Refused({"area": f"现在就是 {area_text(area)} ㎡"})
    if before and (before.ends_on is None or before.ends_on >= first):
        before.ends_on = first - timedelta(days=1)
        before.save(update_fields=["ends_on"])
    row = UnitArea.objects.create(estate=unit.estate, unit=unit, area=area, starts_on=first, basis=checked("basis", clean_text, basis, 80))
    was = f"{area_text(before.area)} 改为 " if before else ""
    record(by, f"{unit.code} 面积 {was}{area_text(area)} ㎡，{from_month.label}起", unit,
           household=current_household(unit), room=unit.code)
    return row


def ask_far_day(day, despite):
    """Refused unless ``far_day`` when the day lies far ahead."""
    if (ahead := (day - today()).days) > FAR_DAYS and "far_day" not in despite:
        raise Refused(f"{day} 还有 {ahead} 天，请核对年份；到那天以前这套房不出账。", unless="far_day")


def share_of(text):
    """A share as people write it (1/2, １／２, 50%, 50, 0.5) as a Fraction; None for words that no sum can be made of."""
    plain = re.sub(r"\s", "", narrow(text))
    if m := re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", plain):
        return Fraction(int(m[1]), int(m[2])) if int(m[2]) else None
    if m := re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,4})?)(%?)", plain):
        number = Fraction(m[1])
        return number / 100 if m[2] or number > 1 else number          # 50 is half, 1 is all
    return None


def ask_shares(shares, despite):
    """Refused unless ``shares`` when those of them that are numbers make more than the whole."""
    whole = sum(filter(None, map(share_of, shares)))
    if whole > 1 and "shares" not in despite:
        raise Refused(f"份额合计 {float(whole * 100):g}%，超过 100%，请核对。", unless="shares")


def current_household(unit):
    """Who holds the unit today, or None."""
    return unit.household_on(today())


@act
def open_household(unit, *, owners, starts_on, by, ends_on=None, developer=False, remark="", despite=()):
    """Open an owner's tenure of the unit from its first day on; returns the Household.

    ``owners``: dicts of Person's columns, ``share`` and of a child ``guardian`` and ``guardian_consent``, in the order of the
    contract; a person is found again by ID number. Refused while another tenure holds one of these days. A refusal beside a field of owner n is ``<field>_n``.
    A first day more than FAR_DAYS ahead is asked about (``far_day``): a slip of the year leaves the unit unbilled.
    """
    unit = Unit.objects.lock(unit)
    starts_on = checked("starts_on", parse_date, starts_on)
    ask_far_day(starts_on, despite)
    if ends_on and ends_on < starts_on:
        raise Refused({"ends_on": "止日不能早于起日"})
    if not developer:
        hand_over(unit, starts_on, by=by)
    _refuse_overlap(unit, starts_on, ends_on)
    if not owners:
        raise Refused({"name_1": "请填写业主姓名"})
    if len(owners) > MOST_OWNERS:
        raise Refused(f"业主最多 {MOST_OWNERS} 人，请核对。")
    shares = [checked(f"share_{n}", clean_text, owner.get("share", ""), 20) for n, owner in enumerate(owners, 1)]
    ask_shares(shares, despite)
    people = [enter_person(unit.estate, unit=unit, by=by, despite=despite, suffix=f"_{n}", **{k: v for k, v in owner.items() if k not in OF_OWNERSHIP})
              for n, owner in enumerate(owners, 1)]
    guardians = [guarded(person, owner.get("guardian", ""), owner.get("guardian_consent"), f"_{n}")
                 for n, (person, owner) in enumerate(zip(people, owners, strict=True), 1)]
    if len({person.pk for person in people}) < len(people):
        raise Refused("同一个证件号码填了两次，请核对共有人。")
    serial = (unit.households.aggregate(n=Max("serial"))["n"] or 0) + 1
    household = Household.objects.create(
        estate=unit.estate, unit=unit, serial=serial, number=f"{unit.code}-{serial:02d}", starts_on=starts_on, ends_on=ends_on,
        developer=developer, owner_names=names_of(people), remark=_remark(remark), opened_by=by)
    Ownership.objects.bulk_create([
        Ownership(estate=unit.estate, household=household, person=person, position=n, share=share, **guardian)
        for n, (person, share, guardian) in enumerate(zip(people, shares, guardians, strict=True), 1)])
    find.rebuild([household.pk])
    many = f"（{len(people)} 人共有）" if len(people) > 1 else ""
    record(by, f"登记{'建设单位' if developer else '业主'}{many}，{starts_on} 起", household, household=household)
    return household


def _refuse_overlap(unit, starts_on, ends_on):
    span = Q(ends_on=None) | Q(ends_on__gte=starts_on)
    if ends_on:
        span &= Q(starts_on__lte=ends_on)
    other = unit.households.live().filter(span).order_by("starts_on").first()
    if other and other.ends_on is None and other.starts_on < starts_on:
        raise Refused(f"{unit.code} 从 {other.starts_on} 起是{other.owner_names}的，请先办变更业主。",
                      link=("打开这一户", other.get_absolute_url()))
    if other:
        raise Refused({"starts_on": f"{other.starts_on} 至 {other.ends_on or '今'} 这套房是{other.owner_names}的，日期不能重叠"})


@act
def change_owner(unit, *, owners, last_day, by, basis="", no_id="", shown=None, version=None, despite=(), **seen):
    """Close the current tenure with its last day and open the next one from the day after (DOMAIN §2); the new Household.

    ``shown``, ``version``: the seller's id and version on the page; refused when another one holds the unit by now, or it was
    changed since. ``no_id``: why a buyer's ID was not seen. ``seen``: papers, readings and what goes along, as handing.write_down
    takes them. It calls nobody: bills, keys and parking read the dates; debts stay the seller's. What was billed beyond the last day is a correction.
    """
    unit = Unit.objects.lock(unit)
    seller = unit.households.live().filter(ends_on=None).first()
    if not seller:
        raise Refused("这套房现在没有业主，请办登记业主。")
    seller = Household.objects.lock(seller)
    if shown is not None and shown != seller.pk:
        raise Refused(f"这套房刚才已经过户给{seller.owner_names}，{seller.starts_on} 起。没有再办，请先核对。",
                      link=("看现在的业主（新标签页）", seller.get_absolute_url(), "_blank"))
    if version is not None:
        fresh(seller, version)
    last_day = checked("last_day", parse_date, last_day)
    if last_day < seller.starts_on:
        raise Refused({"last_day": f"原业主从 {seller.starts_on} 起，最后一天不能更早"})
    seller.ends_on, seller.version = last_day, seller.version + 1
    seller.save(update_fields=["ends_on", "version"])
    basis = checked("basis", clean_text, basis, 80)
    record(by, f"产权到 {last_day} 为止{f'，凭 {basis}' if basis else ''}", seller, household=seller)
    no_id = checked("no_id", clean_text, no_id, 60)
    buyer = open_household(unit, owners=owners, starts_on=last_day + timedelta(days=1), by=by, despite=despite,
                           remark=f"过户时没看到证件：{no_id}" if no_id else "")
    write_down(seller, buyer, last_day=last_day, basis=basis, by=by, **seen)
    find.rebuild([seller.pk])
    return buyer


@act
def change_household(household, *, version, by, remark=""):
    """Change the household's standing remark. Refused on a stale page, and of a tenure that is over."""
    household = open_tenure(household)
    fresh(household, version)
    remark = _remark(remark)
    if change(household, {"remark": remark}, words={"remark": "备注"}, by=by, household=household):
        record(by, "修改户备注" if remark else "删去户备注", household, household=household)
    return household
