"""Acts of the office on the ground floor's rows: an estate and its tariff (an act lives on the floor of the highest thing it touches)."""
from datetime import date

from billing.models import FeeKind, Price
from servicecentre.estates.models import Estate
from servicecentre.kit.periods import today
from servicecentre.kit.refused import Refused
from servicecentre.papers.wordings import fill_texts
from servicecentre.roles import Role
from servicecentre.staff.models import Post, User
from servicecentre.worklog.acts import act, record

from .profile import give_emergency_numbers

SEED_FROM = date(2000, 1, 1)
SEED_BASIS = "前期物业服务合同(待填)"
SEED_TARIFF = (                           # DOMAIN §2 [seed], §15: code, name, bills, unit, per, price in 0.0001 元
    ("property", "物业管理服务费", "home", "㎡", "月", 1_9000),
    ("commercial", "商业管理服务费", "shop", "㎡", "月", 2_5000),
    ("shared_utilities", "公摊水电费", "", "户", "", 500_0000),
    ("renovation", "装修管理服务费", "", "㎡", "", 3_5000),
    ("parking_shared", "共用车位管理服务费", "", "辆", "月", 260_0000),
    ("parking_dedicated", "专用车位管理服务费", "", "辆", "月", 80_0000),
    ("parking_open", "露天车位管理服务费", "", "辆", "月", 150_0000),
    ("parking_temporary", "临时停放管理服务费", "", "辆次", "", 5_0000),
)
COMMON = ("parking_open", "parking_temporary")      # on ground that the owners share: theirs in common [law: 民法典 275, 282]


@act
def create_estate(slug, name, *, by, **profile):
    """Enter an estate with the deck's tariff from 2000-01-01 on (IMPORT.md), its phrases and handbook; the same code again changes nothing."""
    if there := Estate.objects.filter(slug=slug).first():
        return there
    estate = Estate(slug=slug, name=name, **profile)
    try:
        estate.full_clean(validate_constraints=False)
    except Exception as error:
        raise Refused(getattr(error, "message_dict", str(error))) from error
    estate.save()
    kinds = FeeKind.objects.bulk_create(
        FeeKind(estate=estate, code=code, name=label, bills=bills, unit_name=unit_name, per=per, position=position * 10,
                common_income=code in COMMON)
        for position, (code, label, bills, unit_name, per, _) in enumerate(SEED_TARIFF, start=1))
    Price.objects.bulk_create(Price(estate=estate, fee_kind=kind, unit_price=price, starts_on=SEED_FROM, basis=SEED_BASIS, made_by=by)
                              for kind, (*_, price) in zip(kinds, SEED_TARIFF, strict=True))
    give_emergency_numbers(estate)
    fill_texts(estate, by=by)
    record(by, f"建立小区 {name}", estate, estate=estate)
    return estate


@act
def appoint(estate, username, name, role, *, by, password=None, mobile=""):
    """Give a person (found by the account's name, or made) a post at the estate; returns the User.

    ``password=None`` makes an account that can't sign in until a password is set. Refused when the post is held already.
    """
    user = User.objects.filter(username=username).first()
    if user is None:
        user = User.objects.create_user(username, name, password=password, mobile=mobile)
    Post.objects.create(estate=estate, user=user, role=role, starts_on=today(), given_by=by)
    record(by, f"{user.name} 任{Role(role).label}", estate=estate)
    return user
