"""The owners' common income: apart, by month, less costs; what counts is data (DOMAIN §2 [law: 民法典 275, 282])."""
from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from openpyxl import load_workbook

from billing.allocation import settle
from billing.charges import make_charge
from billing.common_income import add_common_cost, cost_rows, sheet, void_common_cost
from billing.fee_kinds import change_fee_kind
from billing.models import CommonCost, Credit, FeeKind
from billing.receipts import ask_void, void_receipt
from billing.visits import leave_without_entry, void_visit_fee
from servicecentre.kit import periods
from servicecentre.kit.periods import now, today
from servicecentre.kit.refused import Refused
from servicecentre.roles import Role

from ..conftest import person_at
from ..factories import make_household
from .till import pay

GATE = "大门"


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    def stands(*moment):
        monkeypatch.setattr(periods, "clock", lambda: datetime(*moment, tzinfo=UTC))
    stands(2026, 10, 20, 2)
    return stands


@pytest.fixture
def guard(estate):
    return person_at(estate, "qianwei", "钱卫", Role.GUARD)


def kind(estate, code="parking_open"):
    return FeeKind.objects.of(estate).get(code=code)


def took(estate, guard, plate="苏A12345", fee=500):
    return leave_without_entry(estate, plate=plate, gate=GATE, fee=fee, reason="没登记", method="cash", by=guard)


def month(estate, n, year=2026):
    return sheet(estate, year)[0][n - 1]


def test_the_decks_open_air_and_temporary_parking_are_common(estate):
    assert set(FeeKind.objects.of(estate).filter(common_income=True).values_list("code", flat=True)) == {"parking_open", "parking_temporary"}


def test_visits_count_in_the_month_of_their_exit_day_and_back_in_the_month_of_giving_back(estate, guard, manager, clock):
    clock(2026, 10, 31, 15, 59)                                            # 23:59 in Shanghai
    late = took(estate, guard)
    clock(2026, 10, 31, 16, 0)
    took(estate, guard, "苏B12345", 800)
    void_visit_fee(took(estate, guard, "苏C12345", 300), reason="收错", by=manager)
    assert (month(estate, 10).visits, month(estate, 11).visits, month(estate, 11).back, late.day) == (500, 1100, 300, date(2026, 10, 31))
    assert sheet(estate, 2026)[1].rest == 1300 and sheet(estate, 2025)[1].rest == 0


def test_charges_count_when_money_settles_them_and_are_taken_off_when_the_receipt_is_void(estate, clerk, clerk2, manager, clock):
    home = make_household(estate)
    make_charge(home, kind(estate), quantity=100, unit_price=150_0000, by=manager)
    make_charge(home, kind(estate, "parking_shared"), quantity=100, unit_price=260_0000, by=manager)
    assert sheet(estate, 2026)[1].charges == 0
    payment = pay(home, 41000, clerk)
    assert month(estate, 10).charges == 15000, "the shared space is the company's"
    posted = sheet(estate, 2026)
    clock(2027, 2, 3, 2)
    void_receipt(ask_void(payment, reason="other", words="试", goes="credit", by=clerk2), by=manager)
    assert sheet(estate, 2026) == posted and month(estate, 2, 2027).charges == sheet(estate, 2027)[1].charges == -15000


def test_a_line_paid_again_after_its_credit_counts_what_was_paid_in_the_end(estate, clerk, clerk2, manager, clock):
    """150 paid, 50 given back, the receipt void: what is left to pay is 100, and 100 is what the owners have."""
    home = make_household(estate)
    line = make_charge(home, kind(estate), quantity=100, unit_price=150_0000, by=manager)
    payment = pay(home, 15000, clerk)
    credit = Credit.objects.create(estate=estate, household=home, charge=line, source=Credit.Source.CONTRACT, amount=5000, left=5000, reason="提前终止",
                                   made_at=now(), made_by=manager)
    clock(2026, 11, 3, 2)
    void_receipt(ask_void(payment, reason="other", words="试", goes="credit", by=clerk2), by=manager)
    line.refresh_from_db(), credit.refresh_from_db()
    settle(home, [line], [credit], at=now(), later=True)
    pay(home, 10000, clerk)
    assert (month(estate, 10).income, month(estate, 11).charges, month(estate, 11).back) == (10000, 10000 - 15000, -5000)
    assert sheet(estate, 2026)[1].income == 10000


def test_what_a_line_is_lowered_by_is_no_income_and_what_was_paid_above_goes_back(estate, clerk, manager):
    home = make_household(estate)
    line = make_charge(home, kind(estate), quantity=100, unit_price=150_0000, by=manager)
    pay(home, 15000, clerk)
    Credit.objects.create(estate=estate, household=home, charge=line, source=Credit.Source.CONTRACT, amount=5000, left=5000, reason="提前终止",
                          made_at=now(), made_by=manager)
    found = month(estate, 10)
    assert (found.charges, found.back, found.income) == (15000, 5000, 10000)


def test_which_fees_count_is_data(estate, guard, manager):
    took(estate, guard)
    row = kind(estate, "parking_temporary")
    change_fee_kind(row, name=row.name, position=row.position, active=True, common_income=False, version=row.version, by=manager)
    assert sheet(estate, 2026)[1].income == 0


def test_costs_are_taken_off_kept_and_voided_with_reason(estate, manager):
    cost = add_common_cost(estate, day=today(), words="划线", amount=80000, basis="发票 0012", by=manager)
    assert month(estate, 10).rest == -80000
    with pytest.raises(Refused):
        void_common_cost(cost, reason="", by=manager)
    void_common_cost(cost, reason="登记了两次", by=manager)
    assert month(estate, 10).costs == 0 and CommonCost.objects.count() == 1
    assert [(row.fen, row.voided) for row in cost_rows(estate, 2026)] == [(-80000, True), (80000, False)]
    with pytest.raises(Refused, match="已作废"):
        void_common_cost(cost, reason="再来", by=manager)


def test_a_cost_voided_in_another_year_is_taken_off_there(estate, manager, clock):
    cost = add_common_cost(estate, day=today(), words="划线", amount=80000, basis="发票 0012", by=manager)
    posted = sheet(estate, 2026)
    clock(2027, 2, 3, 2)
    void_common_cost(cost, reason="登记了两次", by=manager)
    assert sheet(estate, 2026) == posted and (month(estate, 2, 2027).costs, sheet(estate, 2027)[1].costs) == (-80000, -80000)
    for year in (2026, 2027):
        assert sum(row.fen for row in cost_rows(estate, year)) == sheet(estate, year)[1].costs


@pytest.mark.parametrize("wrong, field", [({"day": date(2026, 10, 21)}, "day"), ({"amount": 0}, "amount"), ({"words": " "}, "words"), ({"basis": ""}, "basis")])
def test_a_cost_needs_its_day_sum_and_paper(estate, manager, wrong, field):
    with pytest.raises(Refused) as refused:
        add_common_cost(estate, **{"day": today(), "words": "划线", "amount": 100, "basis": "发票", **wrong}, by=manager)
    assert field in refused.value.message_dict


def test_the_sheet_by_page_and_by_excel(manager_desk, estate, guard, manager):
    took(estate, guard)
    manager_desk.post("/billing/common-income/costs/add/", {"day": "2026-10-20", "amount": "2", "words": "划线", "basis": "发票 1"})
    page = manager_desk.get("/billing/common-income/?year=2026")
    assert page.context["total"].rest == 300 and "划线" in page.content.decode()
    book = load_workbook(BytesIO(b"".join(manager_desk.get("/billing/common-income.xlsx?year=2026").streaming_content)))
    rows = list(book.worksheets[0].values)
    assert rows[10] == ("2026-10", 5, 0, 0, 5, -2, 3) and rows[13][0] == "全年" and list(book.worksheets[1].values)[1][1:] == ("划线", "发票 1", "陈静", 2)
    assert [manager_desk.get(f"/billing/common-income/?year={year}").status_code for year in ("x", "3000", "２０２６")] == [404] * 3
