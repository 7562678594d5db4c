"""Parking by the month: what is signed is billed to the fen, changed and ended early; one space, one contract, one vehicle at a time."""
from datetime import date, datetime

import pytest
from django.db import IntegrityError, transaction

from billing import spaces
from billing.models import BillingPolicy, Charge, ContractVehicle, Credit, ParkingContract, ParkingSpace, Price, SpaceHold, SpaceKind
from billing.space_terms import charges_of
from households.models import Vehicle
from servicecentre.kit import periods
from servicecentre.kit.refused import Refused
from servicecentre.worklog.models import Entry
from tests.factories import make_household

from .till import demand_sums_agree, pay

NOVEMBER_24 = datetime(2026, 11, 24, 10, 0, tzinfo=periods.SHANGHAI)


@pytest.fixture(autouse=True)
def november(monkeypatch):
    monkeypatch.setattr(periods, "clock", lambda: NOVEMBER_24)


@pytest.fixture
def household(estate):
    return make_household(estate, "4-1-902", owner="高岩")


@pytest.fixture
def l23(estate, clerk):
    return spaces.add_space(estate, number="L-23", kind=SpaceKind.OPEN, place="5 栋南侧，靠路灯", by=clerk)


def sign(household, by, **changes):
    terms = {"space_kind": SpaceKind.SHARED, "starts_on": date(2026, 12, 1), "ends_on": date(2027, 11, 30), "cycle_months": 3, "plate": "苏AF20913"}
    return spaces.sign_contract(household, **terms | changes, by=by)


def shown(contract):
    return [(f"{c.period:%Y-%m}", c.share_num, c.share_den, c.amount, str(c.due_on)) for c in charges_of(contract).order_by("period")]


def test_the_drawings_quarter(household, l23, clerk):
    contract = sign(household, clerk, space_kind=SpaceKind.OPEN, space=l23, brand="比亚迪", colour="灰", licence_seen=True)
    assert str(contract) == contract.paper.number == "CW-2026-000001" == contract.subject
    assert shown(contract) == [(month, 1, 1, 15000, "2026-12-08") for month in ("2026-12", "2027-01", "2027-02")]
    charge = charges_of(contract).first()
    assert (charge.quantity, charge.unit_price, charge.fee_kind.code, charge.household) == (100, 150_0000, "parking_open", household)
    assert contract.billed_from == date(2027, 3, 1) and contract.agreed_to == date(2027, 11, 30)
    assert contract.vehicles.get().brand == "比亚迪" and contract.holds.get().space == l23
    assert Vehicle.objects.get(household=household).plate == "苏AF20913"
    assert contract.paper.content["first"] == "2026年12月—2027年2月　150.00 × 3" and contract.paper.content["total"] == 45000


@pytest.mark.parametrize("rule, day, first", [
    ("by_day", 20, ("2026-11", 11, 30, 9533)), ("by_day", 1, ("2026-11", 1, 1, 26000)), ("half_month", 15, ("2026-11", 1, 2, 13000)),
    ("half_month", 16, None), ("half_or_whole", 15, ("2026-11", 1, 1, 26000)), ("half_or_whole", 16, ("2026-11", 1, 2, 13000)),
    ("whole_month", 20, ("2026-11", 1, 1, 26000)), ("next_month", 2, None), ("next_month", 1, ("2026-11", 1, 1, 26000))])
def test_the_first_month_goes_by_the_estates_setting(estate, household, clerk, rule, day, first):
    BillingPolicy.objects.create(estate=estate, first_month=rule)
    contract = sign(household, clerk, starts_on=date(2026, 11, day), cycle_months=1)
    assert [row[:4] for row in shown(contract)] == ([first] if first else [])
    assert contract.billed_from == date(2026, 12, 1)


def test_a_contract_inside_one_month_goes_by_days(household, clerk):
    contract = sign(household, clerk, starts_on=date(2026, 11, 20), ends_on=date(2026, 11, 24))
    assert [row[:4] for row in shown(contract)] == [("2026-11", 5, 30, 4333)]


def test_the_price_is_the_tariffs_of_the_first_day_and_stays(estate, household, clerk, manager):
    from billing.tariffs import change_price

    kind = Price.objects.get(estate=estate, fee_kind__code="parking_shared").fee_kind
    change_price(kind, unit_price=280_0000, from_month=date(2027, 1, 1), basis="公示", by=manager)
    now, later = sign(household, clerk), sign(household, clerk, plate="苏A12345", starts_on=date(2027, 1, 1))
    assert {row[3] for row in shown(now)} == {26000} and {row[3] for row in shown(later)} == {28000}


def test_nobody_is_billed_without_owning(estate, household, clerk):
    seller = make_household(estate, "4-1-903", ends_on=date(2027, 3, 31))
    buyer = make_household(estate, "4-1-904", starts_on=date(2026, 12, 15))
    with pytest.raises(Refused, match="该月无业主"):
        sign(buyer, clerk)
    with pytest.raises(Refused, match="这一户到 2027-03-31 为止"):
        sign(seller, clerk)
    assert sign(seller, clerk, ends_on=date(2027, 3, 31)).ends_on == date(2027, 3, 31)
    assert not Charge.objects.filter(household=buyer).exists()


def test_a_dedicated_space_needs_proof(household, clerk, estate):
    d1 = spaces.add_space(estate, number="D-1", kind=SpaceKind.DEDICATED, by=clerk)
    with pytest.raises(Refused, match="专用车位要有权属证明") as refused:
        sign(household, clerk, space_kind=SpaceKind.DEDICATED, space=d1)
    assert "proof" in refused.value.message_dict
    contract = sign(household, clerk, space_kind=SpaceKind.DEDICATED, space=d1, proof="苏2026南京不动产权第0012345号")
    assert contract.get_ownership_display() == "自有" and charges_of(contract).first().amount == 8000
    with pytest.raises(IntegrityError), transaction.atomic():
        ParkingContract.objects.filter(pk=contract.pk).update(proof="")


@pytest.mark.parametrize("changes, sentence", [
    ({"space_kind": SpaceKind.OPEN}, "露天车位要写车位号"), ({"ends_on": date(2026, 11, 30)}, "止日不能早于起日"),
    ({"starts_on": date(2026, 9, 1)}, "最早填 31 天以前"), ({"starts_on": date(2027, 9, 1)}, "最多提前 92 天"),
    ({"plate": "苏AI2345"}, "车牌里没有字母 I"),
    ({"plate": "苏A1234学"}, "特种车牌"), ({"ends_on": date(2056, 1, 1)}, "最长 20 年")])
def test_what_is_odd_is_refused_beside_its_field(household, clerk, changes, sentence):
    with pytest.raises(Refused, match=sentence):
        sign(household, clerk, **changes)
    assert not ParkingContract.objects.exists() and not Charge.objects.exists()


def test_a_special_plate_is_taken_knowingly(household, clerk):
    assert sign(household, clerk, plate="苏A1234学", despite=("special_plate",)).vehicles.get().plate == "苏A1234学"


def test_one_space_has_one_contract_at_a_time(estate, household, l23, clerk):
    other, terms = make_household(estate, "2-2-604", owner="石磊"), {"space_kind": SpaceKind.OPEN, "space": l23}
    first = sign(household, clerk, **terms)
    with pytest.raises(Refused, match="L-23 已租给 4-1-902，2026-12-01 起，到 2027-11-30"):
        sign(other, clerk, plate="苏A12345", **terms, starts_on=date(2027, 1, 1))
    later = sign(other, clerk, plate="苏A12345", **terms, starts_on=date(2026, 11, 24), ends_on=date(2026, 11, 30))
    hold = later.holds.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        SpaceHold.objects.create(estate=estate, contract=later, space=l23, starts_on=date(2027, 1, 1), by=clerk, at=hold.at)
    assert first.holds.live().count() == 1


@pytest.mark.parametrize("state", [ParkingSpace.State.VISITORS, ParkingSpace.State.OUT])
def test_a_space_that_is_not_to_let_is_refused(household, l23, clerk, state):
    spaces.change_space_entry(l23, place="", state=state, remark="充电桩", version=1, by=clerk)
    with pytest.raises(Refused, match="不能租"):
        sign(household, clerk, space_kind=SpaceKind.OPEN, space=l23)


def test_a_space_that_is_let_stays_in_use(household, l23, clerk):
    sign(household, clerk, space_kind=SpaceKind.OPEN, space=l23)
    with pytest.raises(Refused, match="CW-2026-000001 还占着"):
        spaces.change_space_entry(l23, place="", state=ParkingSpace.State.OUT, remark="", version=1, by=clerk)


def test_a_vehicle_with_two_spaces_is_asked_about(estate, household, clerk):
    sign(household, clerk)
    with pytest.raises(Refused, match="已在 4-1-902 的车位协议 CW-2026-000001 上") as refused:
        sign(household, clerk)
    assert refused.value.unless == "parked_elsewhere"
    assert sign(household, clerk, despite=("parked_elsewhere",)).subject == "CW-2026-000002"


# --- ended early ------------------------------------------------------------------------------------------------------

def test_whole_unused_days_come_back_first_against_their_own_line(household, clerk, estate):
    contract = sign(household, clerk, starts_on=date(2026, 12, 1))
    contract = spaces.end_contract(contract, last_day=date(2027, 1, 10), reason="卖车", version=1, by=clerk)
    credits = {f"{c.charge.period:%Y-%m}": (c.amount, c.left) for c in Credit.objects.filter(source=Credit.Source.CONTRACT)}
    assert credits == {"2027-01": (26000 - 8387, 0), "2027-02": (26000, 0)}             # 260 × 10/31 = 83.87
    said = {c.how for c in Credit.objects.filter(source=Credit.Source.CONTRACT)}
    assert said == {"260.00 − 83.87（1 辆 × 260 × 10/31 月）", "260.00 − 0.00"}
    assert {f"{c.period:%Y-%m}": c.due for c in charges_of(contract)} == {"2026-12": 26000, "2027-01": 8387, "2027-02": 0}
    assert (contract.ends_on, contract.agreed_to, contract.end_reason) == (date(2027, 1, 10), date(2027, 11, 30), "卖车")
    assert contract.vehicles.get().ends_on == date(2027, 1, 10)
    demand_sums_agree(estate)


def test_what_was_paid_beyond_is_the_households_credit(household, clerk, estate):
    contract = sign(household, clerk)
    pay(household, 78000, clerk)
    contract = spaces.end_contract(contract, last_day=date(2027, 1, 10), reason="搬走", version=1, by=clerk)
    assert sum(c.left for c in Credit.objects.filter(household=household)) == 26000 - 8387 + 26000
    assert all(c.due == 0 for c in charges_of(contract))
    demand_sums_agree(estate)
    with pytest.raises(Refused, match="已经提前终止"):
        spaces.end_contract(contract, last_day=date(2026, 12, 31), reason="再来", version=2, by=clerk)


def test_a_first_month_at_half_comes_back_by_its_own_days(estate, household, clerk):
    BillingPolicy.objects.create(estate=estate, first_month="half_month")
    contract = sign(household, clerk, starts_on=date(2026, 11, 11), cycle_months=1, ends_on=None)
    spaces.end_contract(contract, last_day=date(2026, 11, 24), reason="搬走", version=1, by=clerk)
    assert Credit.objects.get().amount == 13000 - 9100                                    # 130 × 14/20


@pytest.mark.parametrize("day, sentence", [(date(2026, 11, 30), "不能早于起日"), (date(2027, 11, 30), "本来就到"), (date(2028, 1, 1), "本来就到")])
def test_an_end_outside_the_contract_is_refused(household, clerk, day, sentence):
    with pytest.raises(Refused, match=sentence):
        spaces.end_contract(sign(household, clerk), last_day=day, reason="搬走", version=1, by=clerk)


def test_days_that_are_over_come_back_only_knowingly(household, clerk):
    contract = sign(household, clerk, starts_on=date(2026, 11, 1))
    with pytest.raises(Refused, match="已经过了") as refused:
        spaces.end_contract(contract, last_day=date(2026, 11, 10), reason="搬走", version=1, by=clerk)
    assert refused.value.unless == "past_end"
    spaces.end_contract(contract, last_day=date(2026, 11, 10), reason="搬走", version=1, by=clerk, despite=("past_end",))


def test_the_space_is_free_the_day_after(estate, household, l23, clerk):
    contract = sign(household, clerk, space_kind=SpaceKind.OPEN, space=l23)
    spaces.end_contract(contract, last_day=date(2026, 12, 10), reason="搬走", version=1, by=clerk)
    assert l23 in ParkingSpace.objects.of(estate).free(first=date(2026, 12, 11))
    assert l23 not in ParkingSpace.objects.of(estate).free(first=date(2026, 12, 10))
    sign(make_household(estate, "2-2-604"), clerk, space_kind=SpaceKind.OPEN, space=l23, plate="苏A12345", starts_on=date(2026, 12, 11))


def test_one_that_never_began_is_called_off_whole(estate, household, l23, clerk):
    contract = sign(household, clerk, space_kind=SpaceKind.OPEN, space=l23)
    pay(household, 15000, clerk)
    contract = spaces.cancel_contract(contract, reason="填错车位", version=1, by=clerk)
    assert contract.voided_at and contract.paper.__class__.objects.get(pk=contract.paper_id).is_void
    assert Charge.objects.live().filter(household=household).count() == 1 and Credit.objects.get().left == 15000
    assert l23 in ParkingSpace.objects.of(estate).free(first=date(2026, 12, 1))
    demand_sums_agree(estate)
    assert sign(household, clerk, space_kind=SpaceKind.OPEN, space=l23).subject == "CW-2026-000002"


def test_one_that_is_used_is_not_called_off(household, clerk, monkeypatch):
    contract = sign(household, clerk)
    monkeypatch.setattr(periods, "clock", lambda: datetime(2026, 12, 2, 10, 0, tzinfo=periods.SHANGHAI))
    with pytest.raises(Refused, match="已经开始用了"):
        spaces.cancel_contract(contract, reason="填错", version=1, by=clerk)


# --- changed ----------------------------------------------------------------------------------------------------------

def test_vehicles_follow_each_other(household, clerk):
    contract = sign(household, clerk, starts_on=date(2026, 11, 1))
    contract = spaces.change_vehicle(contract, plate="苏A88888", from_day=date(2026, 11, 20), reason="换新车", version=1, by=clerk)
    rows = [(v.plate, str(v.starts_on), str(v.ends_on)) for v in contract.vehicles.live().order_by("starts_on")]
    assert rows == [("苏AF20913", "2026-11-01", "2026-11-19"), ("苏A88888", "2026-11-20", "2027-11-30")]
    assert charges_of(contract).count() == 3
    with pytest.raises(IntegrityError), transaction.atomic():
        ContractVehicle.objects.filter(contract=contract, plate="苏AF20913").update(ends_on=date(2026, 11, 20))
    for day, sentence in ((date(2026, 11, 10), "要从 2026-11-20 起"), (date(2028, 1, 1), "要在协议期内")):
        with pytest.raises(Refused, match=sentence):
            spaces.change_vehicle(contract, plate="苏A77777", from_day=day, reason="换", version=2, by=clerk)
    contract = spaces.change_vehicle(contract, plate="苏A88886", from_day=date(2026, 11, 20), reason="登错号牌", version=2, by=clerk)
    assert [v.plate for v in contract.vehicles.live().order_by("starts_on")] == ["苏AF20913", "苏A88886"]


def test_a_space_is_changed_for_another_of_its_kind(estate, household, l23, clerk):
    l31 = spaces.add_space(estate, number="L-31", kind=SpaceKind.OPEN, by=clerk)
    b1 = spaces.add_space(estate, number="B-1", kind=SpaceKind.SHARED, by=clerk)
    contract = sign(household, clerk, space_kind=SpaceKind.OPEN, space=l23)
    for space, sentence in ((b1, "B-1 是共用车位"), (l23, "现在就是"), (None, "要写车位号")):
        with pytest.raises(Refused, match=sentence):
            spaces.change_space(contract, space=space, from_day=date(2026, 12, 5), reason="漏水", version=1, by=clerk)
    contract = spaces.change_space(contract, space=l31, from_day=date(2026, 12, 5), reason="漏水", version=1, by=clerk)
    assert [(h.space.number, str(h.ends_on)) for h in contract.holds.live().order_by("starts_on")] == [("L-23", "2026-12-04"), ("L-31", "2027-11-30")]


def test_a_shared_one_gets_and_leaves_a_number(estate, household, clerk):
    b1 = spaces.add_space(estate, number="B-1", kind=SpaceKind.SHARED, by=clerk)
    contract = sign(household, clerk)
    contract = spaces.change_space(contract, space=b1, from_day=date(2026, 12, 5), reason="要固定", version=1, by=clerk)
    contract = spaces.change_space(contract, space=None, from_day=date(2026, 12, 9), reason="不要了", version=2, by=clerk)
    assert str(contract.holds.live().get().ends_on) == "2026-12-08"
    with pytest.raises(Refused, match="要在 2026-12-08 以后"):
        spaces.change_space(contract, space=b1, from_day=date(2026, 12, 8), reason="又要", version=3, by=clerk)
    spaces.change_space(contract, space=b1, from_day=date(2026, 12, 9), reason="又要", version=3, by=clerk)


def test_what_another_wrote_meanwhile_is_not_overwritten(household, clerk, clerk2):
    contract = sign(household, clerk)
    spaces.change_vehicle(contract, plate="苏A88888", from_day=date(2026, 12, 20), reason="换新车", version=1, by=clerk)
    with pytest.raises(Refused, match="李婷刚才"):
        spaces.end_contract(contract, last_day=date(2026, 12, 31), reason="搬走", version=1, by=clerk2)


def test_a_renewal_follows_the_one_before_at_todays_price(household, clerk):
    old = sign(household, clerk, starts_on=date(2026, 11, 1), ends_on=date(2026, 11, 30))
    with pytest.raises(Refused, match="从第二天起续"):
        sign(household, clerk, starts_on=date(2026, 11, 30), renews=old, despite=("parked_elsewhere",))
    new = sign(household, clerk, starts_on=date(2026, 12, 1), renews=old)
    assert list(old.renewals.all()) == [new] and old not in ParkingContract.objects.ending(on=date(2026, 11, 24), days=30)
    with pytest.raises(Refused, match="已经续过了"):
        sign(household, clerk, starts_on=date(2026, 12, 1), renews=old, despite=("parked_elsewhere",))
    with pytest.raises(Refused, match="先取消续租"):
        spaces.end_contract(old, last_day=date(2026, 11, 25), reason="搬走", version=1, by=clerk)


def test_lists_of_what_wants_a_look(estate, household, clerk):
    day = date(2026, 11, 24)
    soon = sign(household, clerk, starts_on=date(2026, 11, 1), ends_on=date(2026, 12, 10))
    over = sign(household, clerk, plate="苏A12345", starts_on=date(2026, 11, 1), ends_on=date(2026, 11, 20))
    sold = sign(household, clerk, plate="苏A12346")
    rows = ParkingContract.objects.of(estate)
    assert list(rows.ending(on=day, days=30)) == [soon] and list(rows.run_out(on=day, days=30)) == [over] and not rows.beyond_tenure(on=day)
    household.ends_on = date(2026, 12, 31)
    household.save(update_fields=["ends_on"])
    assert list(rows.beyond_tenure(on=day)) == [sold]


def test_the_proof_is_brought_later(estate, household, clerk):
    d1 = spaces.add_space(estate, number="D-1", kind=SpaceKind.DEDICATED, by=clerk)
    contract = sign(household, clerk, space_kind=SpaceKind.DEDICATED, space=d1, proof="购买合同")
    same = {"holder_name": contract.holder_name, "by": clerk}
    with pytest.raises(Refused, match="没有改动"):
        spaces.change_contract_entry(contract, proof="购买合同", version=1, **same)
    contract = spaces.change_contract_entry(contract, proof="不动产权第 1 号", card_no="K-88", version=1, **same)
    assert (contract.proof, contract.card_no, contract.version) == ("不动产权第 1 号", "K-88", 2)
    for given, field in (({"proof": "", "card_no": "K-88"}, "proof"), ({"proof": "证", "holder_name": " "}, "holder_name")):
        with pytest.raises(Refused) as refused:
            spaces.change_contract_entry(contract, version=2, **same | given)
        assert field in refused.value.message_dict
    shared = sign(household, clerk, plate="苏A12345")
    with pytest.raises(Refused, match="不用权属证明"):
        spaces.change_contract_entry(shared, proof="证", version=1, **same)
    assert "张明" not in Entry.objects.filter(act="billing.change_contract_entry").get().words


def test_a_number_stands_once(estate, l23, clerk):
    with pytest.raises(Refused, match="已经有了"):
        spaces.add_space(estate, number=" L-23 ", kind=SpaceKind.SHARED, by=clerk)
    with pytest.raises(Refused, match="请填写车位号"):
        spaces.add_space(estate, number=" ", kind=SpaceKind.SHARED, by=clerk)
