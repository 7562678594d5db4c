"""The second demo estate: other prices, another due day, halves of months, a year's discount, a developer; the same code (DOMAIN §13)."""
from datetime import date, timedelta

from billing.cashier import collect_payment
from billing.models import Charge, FeeKind
from billing.run import bill_month
from billing.tariffs import change_price
from households.developer import enter_developer
from households.models import Building
from households.register import add_unit, open_household
from servicecentre.kit.periods import today
from servicecentre.roles import Role
from servicecentre.staff.models import User

from ..office import appoint, create_estate
from ..policies import change_setting

CODE, NAME = "lotus2", "莲花新城二期"
STAFF = (("zhoumin", "周敏", Role.CLERK),)
ALSO_HERE = (("liumin", Role.MANAGER), ("admin", Role.ADMINISTRATOR))          # of the first estate, who serve both
PRICES = (("property", 2_3500), ("commercial", 4_0000))
RULES = (("due_day", 15), ("first_month", "half_month"), ("year_discount", 3), ("bill_developer", True))
OWNERS = ("顾海", "邵丽华", "严明", "潘玉珍", "袁峰", "葛小燕", "方志远", "任静", "柳青", "章建平", "齐芳", "梁国栋")


def fill(months, begun, clock_at, at, password):
    """Make it, by its acts; ``months`` are billed, the register is from ``begun`` on."""
    system = User.system()
    with clock_at(at(begun, 9)):
        estate = create_estate(CODE, NAME, by=system, address="南京市江宁区莲花路 2 号", phone="025-86667777")
        clerk = next(appoint(estate, username, name, role, by=system) for username, name, role in STAFF)
        User.objects.filter(pk=clerk.pk).update(password=password)
        for username, role in ALSO_HERE:
            appoint(estate, username, User.objects.get(username=username).name, role, by=system)
        manager = User.objects.get(username=ALSO_HERE[0][0])
        for code, price in PRICES:
            change_price(FeeKind.objects.of(estate).get(code=code), unit_price=price, from_month=months[0], basis="前期物业服务合同",
                         by=manager, despite=("big_change",))
        for n, (name, value) in enumerate(RULES, 1):
            change_setting(estate, key=f"billing.billingpolicy.{name}", value=value, basis="合同第六条", version=n, by=manager)
        households = _register(estate, months, clerk)
        enter_developer(estate, name="南京莲花置业有限公司", contact="吴经理", phone="025-86661111",
                        finished={building.pk: date(begun.year, begun.month, 1) for building in Building.objects.of(estate)}, by=manager)
    for month in months:
        with clock_at(at(max(begun, month.first - timedelta(days=5)), 11)):
            bill_month(estate, month, by=manager)
    with clock_at(at(min(today(), months[-1].first + timedelta(days=2)), 10)):
        for n, household in enumerate(households[:6]):
            due = Charge.objects.of(estate).filter(household=household).owed()
            collect_payment(household, parts=[("wechat", due, f"88{n}4417")], payer_name=household.owner_names, by=clerk)
    return estate


def _register(estate, months, clerk):
    """Two small buildings and two shops; most handed over long ago, two within the first month billed, the rest the developer's."""
    units = [add_unit(estate, code=f"{building}-1-{floor}0{door}", area=8600 + 420 * door + 90 * floor, by=clerk, despite=("new_building",))
             for building in ("A", "B") for floor in range(1, 5) for door in (1, 2)]
    units += [add_unit(estate, code=f"S0{n}", area=5400 + 700 * n, by=clerk) for n in (1, 2)]
    first = months[0].first
    days = [date(first.year - 1, 6, 1)] * 10 + [first + timedelta(days=9), first + timedelta(days=19)]
    return [open_household(unit, owners=[{"name": name, "phone": f"1390000{n:04d}"}], starts_on=day, by=clerk)
            for n, (unit, name, day) in enumerate(zip([*units[:10], *units[-2:]], OWNERS, days, strict=True), 1)]
