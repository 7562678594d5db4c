"""manage.py create_estate CODE 名称: the deck's tariff, once; posts of the people who work there (IMPORT «Commands», DOMAIN §2)."""
from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from billing.models import BillingPolicy, FeeKind, Price
from servicecentre.desk.office import appoint, create_estate
from servicecentre.estates.models import Estate
from servicecentre.kit.refused import Refused
from servicecentre.roles import Role
from servicecentre.staff.models import Post, User
from servicecentre.worklog.models import Entry

SEED = {  # DOMAIN §2 [seed], in 0.0001 元
    "property": ("物业管理服务费", "home", 1_9000), "commercial": ("商业管理服务费", "shop", 2_5000),
    "shared_utilities": ("公摊水电费", "", 500_0000), "renovation": ("装修管理服务费", "", 3_5000),
    "parking_shared": ("共用车位管理服务费", "", 260_0000), "parking_dedicated": ("专用车位管理服务费", "", 80_0000),
    "parking_open": ("露天车位管理服务费", "", 150_0000), "parking_temporary": ("临时停放管理服务费", "", 5_0000)}


def create(*args):
    out = StringIO()
    call_command("create_estate", *args, stdout=out)
    return out.getvalue()


def test_a_new_estate_has_the_decks_prices(db):
    assert create("galaxy1", "银河国际街区一期") == "galaxy1 银河国际街区一期\n"
    estate = Estate.objects.get()
    kinds = FeeKind.objects.of(estate).in_order()
    assert {k.code: (k.name, k.bills, k.prices.get().unit_price) for k in kinds} == SEED
    assert set(Price.objects.values_list("starts_on", "ends_on", "basis")) == {(date(2000, 1, 1), None, "前期物业服务合同(待填)")}
    assert BillingPolicy.of(estate).due_day == 5 and not BillingPolicy.objects.exists()
    entry = Entry.objects.get()
    assert (entry.words, entry.by, entry.row) == ("建立小区 银河国际街区一期", User.system(), estate) and entry.intact


def test_the_same_code_again_changes_nothing(db):
    create("galaxy1", "银河国际街区一期")
    before = [list(model.objects.order_by("pk").values()) for model in (Estate, FeeKind, Price, Entry)]
    assert create("galaxy1", "改了名字") == "galaxy1 银河国际街区一期\n"
    assert [list(model.objects.order_by("pk").values()) for model in (Estate, FeeKind, Price, Entry)] == before


@pytest.mark.parametrize("code, name, words", [
    ("银河", "银河", "只用小写字母、数字和短横"), ("Galaxy", "银河", "只用小写字母"), ("a_b", "银河", "只用小写字母"), ("a b", "银河", "只用小写字母"),
    ("x" * 41, "银河", "40"), ("galaxy1", "", "空"), ("galaxy1", "银" * 61, "60"), ("", "银河", "空")])
def test_what_can_be_no_estate_is_refused_in_words(db, code, name, words):
    with pytest.raises(CommandError, match=words):
        create(code, name)
    assert not Estate.objects.exists() and not FeeKind.objects.exists()


def test_two_estates_have_prices_of_their_own(db):
    create("galaxy1", "银河国际街区一期")
    create("lotus2", "莲花新城二期")
    assert [FeeKind.objects.of(estate).count() for estate in Estate.objects.all()] == [8, 8]


def test_a_person_is_appointed_and_found_again(estate, other_estate, admin):
    user = appoint(estate, "liting", "李婷", Role.CLERK, by=admin)
    assert appoint(other_estate, "liting", "李婷", Role.MANAGER, by=admin) == user
    assert (user.roles_at(estate), user.roles_at(other_estate)) == ({Role.CLERK}, {Role.MANAGER})
    assert not user.has_usable_password()
    assert Entry.objects.of(estate).get(act="desk.appoint").words == "李婷 任前台客服"


def test_nobody_is_appointed_twice_to_one_post(estate, admin):
    appoint(estate, "liting", "李婷", Role.CLERK, by=admin)
    with pytest.raises(Refused, match="此人已有这个岗位"):
        appoint(estate, "liting", "李婷", Role.CLERK, by=admin)
    assert Post.objects.filter(user__username="liting").count() == 1


def test_an_act_that_makes_an_estate_can_be_repeated_by_its_key(db):
    system = User.system()
    first = create_estate("galaxy1", "银河", by=system, request_key="k")
    assert create_estate("galaxy1", "银河", by=system, request_key="k") == first
