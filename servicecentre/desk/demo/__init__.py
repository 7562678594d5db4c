"""The demo estates, built by the acts themselves on invented data: a register read from Excel, three months billed, some of it paid.

Only an empty database that is told so (DEMO=1) is filled (TRUST T31). The past is made by setting the clock of kit/periods
back, so receipts bear the days a centre would have written them on.
"""
import random
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password

from billing.cashier import collect_payment
from billing.models import Charge, PaymentPart, ReceiptVoid
from billing.receipts import ask_void, void_receipt
from billing.run import bill_month
from billing.spaces import add_space, sign_contract
from households.importing.uploads import import_file
from households.models import Building, Household, Unit
from servicecentre.estates.models import Estate
from servicecentre.kit import periods
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import SHANGHAI, BillingMonth, now, today
from servicecentre.kit.refused import Refused
from servicecentre.papers.wordings import worded
from servicecentre.roles import Role
from servicecentre.staff.models import User
from servicecentre.worklog.day import make_promise, make_remark
from tickets.notices import extend_notice, post_notice

from ..calendar import take_official_days
from ..office import appoint, create_estate
from ..partners import add_contractor, add_department
from ..policies import change_setting
from ..profile import add_phone, change_estate
from . import life, second, visits

CODE, NAME = "galaxy1", "银河国际街区一期"
REGISTER = Path(__file__).parent / "register.xlsx"
PARKING = Path(__file__).parent / "parking.xlsx"
HANDOVER = "2025-01-01"                               # for the shops, whose list does not say
PASSWORD = "lianhua-2026"
STAFF = (("liting", "李婷", Role.CLERK), ("wangsiyuan", "王思远", Role.CLERK), ("chenjing", "陈静", Role.MANAGER),
         ("liumin", "刘敏", Role.MANAGER), ("zhaoguoqiang", "赵国强", Role.ENGINEER), ("qianwei", "钱卫", Role.GUARD),
         ("sunfang", "孙芳", Role.FINANCE), ("admin", "周勇", Role.ADMINISTRATOR))
PHONES = (("emergency", "电梯困人", "025-86668110", "24 小时"), ("emergency", "监控中心", "025-86668119", "24 小时"),
          ("service", "前台", "025-86668888", "8:00–18:00"), ("service", "工程值班", "025-86668801", "24 小时"))
DEPARTMENTS = (("客服部", "陈静", "025-86668888", "接待、收费、入伙、投诉"), ("工程部", "赵国强", "025-86668801", "报修、设备、公共设施"),
               ("秩序部", "钱卫", "025-86668119", "门岗、车辆、巡逻"), ("环境部", "马丽", "025-86668803", "保洁、绿化、垃圾清运"))
CONTRACTORS = (("华东门窗有限公司", "门窗返修", "孙立", "13900001111"), ("恒通电梯维保", "电梯维保", "周平", "13900002222"),
               ("金陵防水工程", "屋面、卫生间防水", "吴刚", "13900003333"))
PAYERS = 120                                          # households that have paid in these months
SPOKEN_OF = 40                                        # of the others, those whom today is about


@contextmanager
def clock_at(moment):
    """The desk's clock stands at this moment."""
    before, periods.clock = periods.clock, lambda: moment
    try:
        yield
    finally:
        periods.clock = before


def at(day, hour, minute=0):
    return datetime.combine(day, time(hour, minute), SHANGHAI)


def fill():
    """Make the demo estate; returns it, also the one that is there. Refused in a database that holds another estate."""
    if not settings.DEMO:
        raise Refused("只有设了 DEMO=1 才能建演示小区。")
    if there := Estate.objects.filter(slug=CODE).first():
        return there
    if Estate.objects.exists():
        raise Refused("数据库里已有小区，演示数据只放进空的数据库。")
    month = BillingMonth.of(today())
    months = [month + -2, month + -1, month]
    begun = months[0].first - timedelta(days=8)
    system = User.system()
    with clock_at(at(begun, 9)):
        estate = create_estate(CODE, NAME, by=system, address="南京市建邺区银河路 88 号", phone="025-86668888")
        people = {username: appoint(estate, username, name, role, by=system) for username, name, role in STAFF}
        password = make_password(PASSWORD)
        User.objects.filter(pk__in=[user.pk for user in people.values()]).update(password=password)
        office(estate, people["chenjing"])
        import_file(REGISTER, CODE, good_rows=True, handover_default=HANDOVER, told={})
    clerks, manager = (people["liting"], people["wangsiyuan"]), people["chenjing"]
    chance = random.Random(20261)
    households = list(Household.objects.of(estate).order_by("unit__sort"))
    payers = chance.sample(households, min(PAYERS, len(households)))
    others = [household for household in households if household not in set(payers)]
    before = past(estate, months, begun, payers, clerks, manager, chance) + visits.past(estate, people["qianwei"], manager)
    told = [life.once(moment, work) for moment, work in before]
    told += life.stories(estate, people, months, at, but=[household.pk for household in [*payers, *others[:SPOKEN_OF]]])
    life.play(told, clock_at)
    import_file(PARKING, CODE, kind="parking", good_rows=True, told={})
    the_day(estate, others, clerks, manager, chance)
    parking(estate, households, clerks[0])
    notices(estate, clerks[0], people["zhaoguoqiang"])
    second.fill(months, begun, clock_at, at, password)
    return estate


def office(estate, manager):
    """The estate's own page: profile, numbers to ring, holidays, departments, contractors."""
    change_estate(estate, site_area=4_862_000, floor_area=12_650_000, finished_on=date(2024, 12, 20), spaces_shared=320, spaces_dedicated=186,
                  spaces_open=64, version=estate.version, by=manager)
    change_setting(estate, key="billing.billingpolicy.parking_gates", value="南门；北门", basis="小区有两个门", version=1, by=manager)
    for kind, name, number, hours in PHONES:
        add_phone(estate, kind=kind, name=name, number=number, hours=hours, by=manager)
    for name, responsible, phone, matters in DEPARTMENTS:
        add_department(estate, name=name, responsible=responsible, phone=phone, matters=matters, by=manager)
    for name, trade, person, phone in CONTRACTORS:
        add_contractor(estate, name=name, trade=trade, person=person, person_phone=phone, by=manager)
    for year in {today().year, (today() + timedelta(days=90)).year}:
        take_official_days(estate, year=year, by=manager)


def past(estate, months, begun, payers, clerks, manager, chance):
    """[(moment, what is done then)] before today, in no order: they are played in time's order, so that numbers follow days."""
    done = []
    for n, billed in enumerate(months):
        done.append((at(max(begun, billed.first - timedelta(days=6)), 10), partial(bill_month, estate, billed, by=manager)))
        days = [day for d in range(26) if (day := billed.first + timedelta(days=d)) < today()]
        for household in payers[n::3] if days else ():
            day = chance.choice(days)
            done.append((at(day, chance.randint(9, 16), chance.randint(0, 59)), partial(pay, household, chance, clerks[day.day % 2])))
    return done


def pay(household, chance, clerk):
    """A household pays all it owes, in one of the usual ways; None when it owes nothing."""
    due = Charge.objects.of(household.estate).filter(household=household).owed()
    if not due:
        return None
    method = chance.choice(("wechat", "wechat", "wechat", "alipay", "alipay", "cash", "card", "transfer"))
    reference = "" if method == "cash" else str(chance.randint(10**11, 10**12))
    return collect_payment(household, parts=[(PaymentPart.Method(method), due, reference)], payer_name=household.owner_names.split("、")[0][:60],
                           tendered=-(-due // 10_000) * 10_000 if method == "cash" else None, by=clerk)


def the_day(estate, others, clerks, manager, chance):
    """Today so far: receipts, one to be voided, one voided, promises, a remark."""
    morning = min(now(), at(today(), 9, 5))
    with clock_at(morning):
        taken = [payment for n, h in enumerate(others[:12]) if (payment := pay(h, chance, clerks[n % 2]))]
    asked = ask_void(taken[0], reason=ReceiptVoid.Reason.UNIT, words="收错户，应为楼上一户", goes=ReceiptVoid.Goes.CREDIT, copies_back=3, by=clerks[0])
    void_receipt(asked, by=manager)
    ask_void(taken[1], reason=ReceiptVoid.Reason.METHOD, words="微信收的，记成了别的方式", goes=ReceiptVoid.Goes.BACK, copies_back=3, by=clerks[1])
    soon = at(today() + timedelta(days=1), 10)                                   # in service hours, whenever the demo is made
    make_promise(estate, household=others[20], to_whom="钱先生", words="物业费怎么算的，要书面说明", due_at=soon, by=clerks[0])
    make_promise(estate, household=others[33], to_whom="沈女士", words="核对九月份是否重复交费", due_at=soon + timedelta(days=1), by=clerks[1])
    make_remark(estate, words="2 栋 1 单元电梯年检，今天停到 16:00，请引导住户走 2 单元", urgent=True, by=clerks[0])
    make_remark(estate, words=f"早会：{BillingMonth.of(today()).label}账单已出，来缴费的先核对房号再收款", by=manager)


def parking(estate, households, clerk):
    """A new contract by the quarter, one that ends soon, spaces that are free."""
    places = ((230, "5 栋南侧"), (231, "5 栋南侧，靠路灯"), (232, "东门"))
    spaces = [add_space(estate, number=f"L{n}", kind="open", place=place, by=clerk) for n, place in places]
    begun = today() - timedelta(days=20)
    for space, household, plate, days in zip(spaces, (households[52], households[61]), ("苏AF20913", "苏A9T5L2"), (345, 9), strict=False):
        if household.starts_on <= begun and household.ends_on is None:
            sign_contract(household, space_kind="open", space=space, starts_on=begun, ends_on=today() + timedelta(days=days), cycle_months=3,
                          plate=plate, licence_seen=True, by=clerk)


def notices(estate, clerk, engineer):
    """One in force that took longer than was thought, one to come; what they say is the estate's usual text."""
    buildings = list(Building.objects.of(estate).exclude(code="商铺").order_by("sort")[:3])
    entrances = Unit.objects.of(estate).filter(building=buildings[2]).order_by("entrance").values_list("entrance", flat=True).distinct()[:2]
    hour = now().replace(minute=0, second=0, microsecond=0)
    water = post_notice(estate, kind="water", whole=False, places=[(building, "") for building in buildings[:2]], starts_at=hour - timedelta(hours=1),
                        ends_at=hour + timedelta(hours=3), cause="供水主管阀门漏水抢修", doer="工程部 赵国强", words=worded(estate, "notice_water"),
                        by=engineer)
    extend_notice(water, ends_at=hour + timedelta(hours=6), reason="阀门到货晚，装完还要试压", version=water.version, by=engineer)
    start = at(today() + timedelta(days=3), 8, 30)
    post_notice(estate, kind="power", whole=False, places=[(buildings[2], entrance) for entrance in entrances], starts_at=start,
                ends_at=start + timedelta(hours=3), cause="配电柜年度检修", doer="工程部 持证电工 2 人", words=worded(estate, "notice_power"), by=clerk)


def open_accounts():
    """Names of accounts in use that still have the demo's password."""
    users = User.objects.filter(username__in=[username for username, *_ in (*STAFF, *second.STAFF)], is_active=True).order_by("username")
    return [user.username for user in users if check_password(PASSWORD, user.password)]


def accounts():
    """Lines that `make run` prints: who may sign in, as what."""
    rows = [*((*row, "") for row in STAFF), *((*row, f"（{second.NAME}）") for row in second.STAFF)]
    return [f"  {username:<14}{name}  {Role(role).label}{where}" for username, name, role, where in rows]


def summary(estate):
    charges = Charge.objects.of(estate).live()
    return f"{estate.name}：{Household.objects.of(estate).live().count()} 户，账单 {charges.count()} 笔，未缴 {yuan(charges.owed())} 元"
