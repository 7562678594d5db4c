"""Fee kinds: an estate's own are added, the deck's renamed or put out of use; what was billed stays (DOMAIN §2)."""
from datetime import date

import pytest

from billing.fee_kinds import add_fee_kind, change_fee_kind
from billing.models import Charge, FeeKind, Price
from billing.preview import preview
from billing.run import bill_month
from billing.tariffs import change_price
from servicecentre.kit.periods import BillingMonth
from servicecentre.kit.refused import Refused
from servicecentre.worklog.models import Entry

from ..factories import make_household

NOVEMBER = BillingMonth(2026, 11)
REFUSE = {"name": "垃圾清运费", "bills": "home", "unit_name": "㎡", "per": "月"}


@pytest.fixture
def household(estate):
    return make_household(estate, "1-1-101", 8956)


def fees(month=NOVEMBER):
    return set(Charge.objects.filter(period=month.first).values_list("fee_kind__name", "amount"))


def test_a_fee_of_ones_own_is_billed_once_it_has_a_price(estate, household, manager):
    kind = add_fee_kind(estate, **REFUSE, by=manager)
    bill_month(estate, NOVEMBER, by=manager)
    assert fees() == {("物业管理服务费", 17016)}
    change_price(kind, unit_price=1000, from_month=NOVEMBER.next, basis="业主大会决定", by=manager)
    bill_month(estate, NOVEMBER.next, by=manager)
    assert fees(NOVEMBER.next) == {("物业管理服务费", 17016), ("垃圾清运费", 896)}
    assert (kind.code, kind.position) == ("own_1", 90) and add_fee_kind(estate, **{**REFUSE, "name": "另一项"}, by=manager).code == "own_2"


@pytest.mark.parametrize("more, field", [({"name": " "}, "name"), ({"name": "物业管理服务费"}, "name"), ({"unit_name": ""}, "unit_name"),
                                         ({"unit_name": "户"}, "bills"), ({"per": "年"}, "bills"), ({"name": "长" * 31}, "name")])
def test_a_fee_that_no_run_could_bill_is_refused(estate, manager, more, field):
    with pytest.raises(Refused) as refusal:
        add_fee_kind(estate, **{**REFUSE, **more}, by=manager)
    assert field in refusal.value.message_dict and FeeKind.objects.of(estate).count() == 8


def change(kind, by, **more):
    return change_fee_kind(kind, **{"name": kind.name, "position": kind.position, "active": kind.active, "version": kind.version, **more}, by=by)


def test_a_fee_put_out_of_use_is_billed_no_more_and_keeps_its_lines(estate, household, manager):
    bill_month(estate, NOVEMBER, by=manager)
    kind = FeeKind.objects.of(estate).get(code="property")
    with pytest.raises(Refused) as refusal:
        change(kind, manager, active=False)
    assert refusal.value.unless == "stops_billing"
    kind = change(kind, manager, active=False, despite=("stops_billing",))
    assert preview(estate, NOVEMBER).made_total == 17016 and Price.objects.filter(fee_kind=kind).count() == 1
    with pytest.raises(Refused):
        bill_month(estate, NOVEMBER.next, by=manager)
    shown = preview(estate, NOVEMBER.next, on=date(2026, 12, 1))
    assert shown.new_total == 0 and shown.before_total == 17016
    change(kind, manager, active=True)
    assert bill_month(estate, NOVEMBER.next, by=manager).added == 1


def test_a_fee_is_renamed_and_moved_and_the_log_says_so(estate, manager):
    kind = change(FeeKind.objects.of(estate).get(code="property"), manager, name="物业费", position=5)
    assert FeeKind.objects.of(estate).in_order()[0] == kind
    assert Entry.objects.latest("pk").words == "收费项目 物业管理服务费：改名为 物业费，次序 5"
    with pytest.raises(Refused, match="已有收费项目"):
        change(kind, manager, name="公摊水电费")
    with pytest.raises(Refused, match="没有保存"):
        change(kind, manager, version=1, name="x")


def test_a_due_day_that_moves_is_the_same_on_the_page_and_in_the_run(estate, manager):
    """The month's own day and a first line's, both through SQL."""
    from servicecentre.desk.calendar import take_official_days
    from servicecentre.desk.policies import change_setting

    make_household(estate, "1-1-101", 8956)
    make_household(estate, "1-1-102", 8956, starts_on=date(2026, 10, 4))
    take_official_days(estate, year=2026, by=manager)
    change_setting(estate, key="billing.billingpolicy.due_moves", value=True, basis="", version=1, by=manager)
    october = BillingMonth(2026, 10)
    assert preview(estate, october).due_on == date(2026, 10, 8)
    bill_month(estate, october, by=manager)
    assert dict(Charge.objects.values_list("unit__code", "due_on")) == {"1-1-101": date(2026, 10, 8), "1-1-102": date(2026, 10, 12)}
