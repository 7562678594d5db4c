"""The prepaid account of shared utilities: paid in at the till, given back or moved when the tenure ends (DOMAIN §2 Shared utilities)."""
from datetime import date

import pytest

from billing.models import BillingPolicy, Charge, Credit, FeeKind
from billing.one_off import charge_once, void_once
from billing.prepayments import (
    balance_of,
    demand_all_prepayments,
    demand_prepayment,
    move_prepayment,
    prepaid,
    return_prepayment,
    with_balances,
)
from billing.receipts import ask_void, void_receipt
from billing.settlement import settlement
from households.register import change_owner
from servicecentre.files.storing import kept
from servicecentre.kit.periods import today
from servicecentre.kit.refused import Refused
from servicecentre.staff.models import User
from tests.billing.till import demand_sums_agree, pay
from tests.conftest import Desk
from tests.factories import make_household
from tests.files.making import ready
from tests.worlds import at

NOW = (2026, 11, 21, 2)


@pytest.fixture(autouse=True)
def then():
    with at(*NOW):
        yield


@pytest.fixture
def household(estate):
    return make_household(estate, "3-2-1801")


def paid_in(household, clerk, manager):
    line = demand_prepayment(household, by=manager)
    pay(household, line.amount, clerk, charges=[line])
    return line


def sold(household, manager, signed=False):
    return change_owner(household.unit, owners=[{"name": "郑和"}], last_day=date(2026, 11, 20), by=manager, basis="买卖合同", papers=["deed"],
                        taken_over=["shared_utilities"] if signed else [], seller_signed=signed, buyer_signed=signed)


def test_demanded_paid_and_topped_up(estate, household, clerk, manager):
    line = demand_prepayment(household, by=manager)
    assert (line.amount, line.subject, str(line.shown_name), balance_of(household)) == (500_00, "YC-1", "公摊水电费预存", 0)
    with pytest.raises(Refused, match="还有 500.00 元没缴"):
        demand_prepayment(household, by=manager)
    pay(household, 500_00, clerk)
    assert balance_of(household) == 500_00
    more = demand_prepayment(household, amount=123_45, reason="快用完了", by=manager)
    pay(household, 100_00, clerk)
    assert (more.subject, balance_of(household)) == ("YC-2", 600_00)
    assert settlement(household, today()).back == 600_00
    demand_sums_agree(estate)


def test_all_that_lack_one_at_once_with_the_settings(estate, household, manager):
    shop, _ = make_household(estate, "S01", 10247), make_household(estate, "3-2-1802")
    demand_prepayment(household, by=manager)
    with pytest.raises(Refused, match="现在是 2 户"):
        demand_all_prepayments(estate, expected=3, by=manager)
    demand_all_prepayments(estate, expected=2, by=manager)
    assert Charge.objects.filter(subject="YC-1", amount=500_00).count() == 3 and shop.charges.count() == 1
    with pytest.raises(Refused, match="都有预存"):
        demand_all_prepayments(estate, expected=0, by=manager)
    BillingPolicy.objects.update_or_create(estate=estate, defaults={"shared_prepay_shops": False})
    assert set(with_balances(estate, on=today()).values_list("unit__code", flat=True)) == {"3-2-1801", "3-2-1802"}
    with pytest.raises(Refused, match="商铺不预存"):
        demand_prepayment(make_household(estate, "S02"), by=manager)


def test_given_back_at_the_end_it_settles_what_is_owed(estate, household, clerk, manager):
    paid_in(household, clerk, manager)
    owed = charge_once(household, fee_kind=FeeKind.objects.get(estate=estate, code="renovation"), amount=120_00, reason="装修", by=manager)
    with pytest.raises(Refused, match="产权还没有结束"):
        return_prepayment(household, by=manager)
    sold(household, manager)
    credit = return_prepayment(household, by=manager)
    assert (credit.source, credit.amount, credit.left, balance_of(household)) == ("prepaid", 500_00, 380_00, 0)
    assert Charge.objects.get(pk=owed.pk).due == 0
    with pytest.raises(Refused, match="没有公摊预存余额"):
        return_prepayment(household, by=manager)
    demand_sums_agree(estate)


def test_moved_to_the_buyer_when_both_sign(estate, household, clerk, manager):
    paid_in(household, clerk, manager)
    buyer = sold(household, manager)
    with pytest.raises(Refused, match="双方都签字"):
        move_prepayment(household, seller_signed=True, by=manager)
    with pytest.raises(Refused, match="拍照"):
        move_prepayment(household, seller_signed=True, buyer_signed=True, by=manager)
    with kept([ready()]) as files:
        line = move_prepayment(household, seller_signed=True, buyer_signed=True, files=files, by=manager)
    assert (balance_of(household), balance_of(buyer), line.household, line.due) == (0, 500_00, buyer, 0) or Charge.objects.get(pk=line.pk).due == 0
    assert Credit.objects.get().how == "已缴 500.00 − 已用 0.00"
    assert Credit.objects.get().household == buyer and [m.kind for m in line.prepayment_moves.all()] == ["moved_in"]
    demand_sums_agree(estate)


def test_signed_at_the_sale_is_signed(household, clerk, manager):
    paid_in(household, clerk, manager)
    buyer = sold(household, manager, signed=True)
    move_prepayment(household, by=manager)
    assert (balance_of(household), balance_of(buyer)) == (0, 500_00)


def test_a_receipt_whose_prepayment_is_used_is_not_voided(household, clerk, manager):
    line = paid_in(household, clerk, manager)
    payment = line.allocations.get().payment
    sold(household, manager)
    return_prepayment(household, by=manager)
    asked = ask_void(payment, reason="amount", words="多收", goes="credit", by=clerk)
    with pytest.raises(Refused, match="预存已经用掉"):
        void_receipt(asked, by=manager)
    assert prepaid(household).get().drawn == 500_00


def test_pages_show_demand_and_give_back(estate, household, clerk, manager):
    desk, till = Desk(manager, estate), Desk(clerk, estate)
    assert "登记 1 户预存 500.00 元" in desk.get("/billing/prepayments/").content.decode()
    assert desk.post("/billing/prepayments/demand/", {"expected": "2"}).status_code == 409
    assert desk.post("/billing/prepayments/demand/", {"expected": "1"}).status_code == 302
    pay(household, 500_00, clerk)
    assert "公摊预存 500.00" in till.get(f"/billing/households/{household.pk}/collect/").content.decode()
    assert "公摊预存 500.00" in till.get(f"/households/{household.pk}/").content.decode() or till.get(household.get_absolute_url()[len("/e/galaxy1"):] or "/")
    sold(household, manager)
    page = f"/billing/households/{household.pk}/prepayment/"
    assert "退 500.00 元" in desk.get(page).content.decode()
    assert desk.post(f"{page}return/", {}).status_code == 302
    assert balance_of(household) == 0


# --- one-off charges --------------------------------------------------------------------------------------------------

@pytest.fixture
def renovation(estate):
    return FeeKind.objects.get(estate=estate, code="renovation")


def test_the_renovation_fee_is_area_times_price(estate, renovation, manager):
    line = charge_once(make_household(estate, "3-2-1802", 7688), fee_kind=renovation, reason="施工许可证 XK-2026-000086", by=manager)
    assert (line.amount, line.subject, line.due_on, line.reason) == (269_08, "", today(), "施工许可证 XK-2026-000086")
    again = charge_once(line.household, fee_kind=renovation, amount=50_00, reason="延期", by=manager, despite=("again",))
    third = charge_once(line.household, fee_kind=renovation, quantity=10_00, reason="阳台", by=manager, despite=("again",))
    assert (again.subject, again.amount, third.subject, third.amount) == ("补2", 50_00, "补3", 35_00)
    void_once(third, reason="多登记", by=manager)
    fourth = charge_once(line.household, fee_kind=renovation, quantity=10_00, reason="阳台", by=manager, despite=("again",))
    assert fourth.subject == "补4", "a void one's name is used"


def test_a_fee_for_once_is_not_asked_twice_without_a_word(estate, renovation, manager, monkeypatch):
    line = charge_once(make_household(estate, "3-2-1802", 7688), fee_kind=renovation, reason="装修", by=manager)
    with at(2027, 3, 24, 2), pytest.raises(Refused, match="已有 装修管理服务费.*269.08 元.*装修") as refused:
        charge_once(line.household, fee_kind=renovation, reason="装修", by=manager)
    assert refused.value.unless == "again" and refused.value.link[1] == f"/billing/charges/{line.pk}/"
    desk, where, typed = Desk(manager, estate), f"/billing/households/{line.household_id}/charge/", {"fee_kind": renovation.pk, "reason": "阳台"}
    page = desk.post(where, typed).content.decode()
    assert "确实再收一次才登记" in page and 'value="again"' in page and Charge.objects.count() == 1
    assert desk.post(where, typed | {"despite": "again"}).status_code == 302 and Charge.objects.count() == 2
    void_once(line, reason="多登记", by=manager)
    assert charge_once(line.household, fee_kind=renovation, reason="装修", by=manager, despite=("again",)).amount == 269_08


@pytest.mark.parametrize(("more", "sentence"), [
    ({"reason": ""}, "写明为什么收"), ({"amount": 1, "quantity": 1}, "只填一样"), ({"amount": 0}, "大于 0")])
def test_what_is_refused_of_a_one_off(household, renovation, manager, more, sentence):
    with pytest.raises(Refused, match=sentence):
        charge_once(household, fee_kind=renovation, by=manager, **({"reason": "装修"} | more))


def test_a_runs_fee_and_a_past_owner_are_refused(estate, household, renovation, manager):
    with pytest.raises(Refused, match="不在这里收"):
        charge_once(household, fee_kind=FeeKind.objects.get(estate=estate, code="property"), reason="补收", by=manager)
    gone = make_household(estate, "3-2-1803", ends_on=date(2026, 1, 31))
    with pytest.raises(Refused, match="该月无业主"):
        charge_once(gone, fee_kind=renovation, reason="装修", by=manager)


def test_an_unpaid_one_is_void_with_its_reason_by_its_page(estate, household, renovation, clerk, manager):
    desk = Desk(manager, estate)
    sent = desk.post(f"/billing/households/{household.pk}/charge/", {"fee_kind": renovation.pk, "amount": "88", "reason": "装修"})
    line = Charge.objects.get(reason="装修")
    assert sent.status_code == 302 and line.amount == 88_00
    assert "作废" in desk.get(f"/billing/charges/{line.pk}/").content.decode()
    assert desk.post(f"/billing/charges/{line.pk}/void/", {"reason": "多登记"}).status_code == 302
    assert Charge.objects.get(pk=line.pk).void_reason == "多登记"
    paid = charge_once(household, fee_kind=renovation, amount=88_00, reason="装修", by=manager)
    pay(household, 88_00, clerk)
    with pytest.raises(Refused, match="不能作废"):
        void_once(paid, reason="多登记", by=manager)


def test_a_runs_line_is_not_voided_here(estate, household, manager):
    from billing.run import bill_month
    from servicecentre.kit.periods import BillingMonth
    bill_month(estate, BillingMonth(2026, 11), by=User.system())
    with pytest.raises(Refused, match="出账"):
        void_once(household.charges.get(), reason="错", by=manager)
