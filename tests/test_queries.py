"""Each page asks the database as often with thirty rows as with three: its number of queries does not grow (STYLE §5)."""
import re
from collections import Counter
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.cashier import collect_payment
from billing.fee_kinds import add_fee_kind
from billing.models import BillingPolicy, Charge, FeeKind, Payment, ReceiptVoid
from billing.receipts import ask_void, refuse_void, void_receipt
from billing.run import bill_month
from billing.tariffs import change_price
from households.amending import change_contact
from households.importing.uploads import receive
from households.models import Household, RegisterImport, Unit
from households.people import add_contact, add_resident, add_vehicle, reveal_identity, reveal_phones
from households.register import add_unit, change_area, change_owner, open_household
from servicecentre.desk.calendar import mark_day
from servicecentre.desk.data_requests import answer_request, decide_request, receive_request
from servicecentre.desk.office import create_estate
from servicecentre.desk.partners import add_contractor, add_contractor_person, add_department
from servicecentre.desk.policies import change_setting
from servicecentre.desk.profile import add_phone
from servicecentre.desk.retention import propose_retention, withdraw_retention
from servicecentre.files import storing
from servicecentre.kit.periods import BillingMonth, now
from servicecentre.papers.issuing import reprint_paper
from servicecentre.papers.models import Paper
from servicecentre.papers.wordings import reword, write_text
from servicecentre.staff.models import User
from servicecentre.worklog.attaching import attach_files
from servicecentre.worklog.day import keep_promise, make_promise, make_remark
from servicecentre.worklog.models import Entry, Promise
from tickets.models import Notice
from tickets.notices import extend_notice, post_notice, take_down_notice

from .files.making import ready
from .households.lists import register, row
from .walk import INSIDE, address, everyone
from .worlds import a_month, at, taken_back, unset, unwritten, worked_off

FEW, MANY = 3, 30
THEN = (2026, 11, 21, 3)                          # the hour of both worlds, so that today's pages have rows
NOVEMBER = BillingMonth(2026, 11)
PLATES = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def crowd(estate, n):
    """A world with ``n`` rows more of everything that a page lists, each made by its act."""
    w = a_month(estate)
    w.everyone = everyone(w)
    w.imported = worked_off(w.upload)
    for i in range(n):
        _a_unit(w, i)
        _a_household_page(w, i)
        _a_receipt(w, i)
        _an_office(w, i)
        _notices(w, i)
    w.imported = worked_off(receive(estate, data=register(*(row(code=f"8-1-{100 + i}", area="0") for i in range(n)), row(code="3-2-1801")),
                                    name="多行.xlsx", by=w.clerk))
    assert len(w.imported.report["errors"]) >= n
    _many_prices(w, n)
    withdraw_retention(w.run, by=w.manager)
    w.run = propose_retention(estate, by=w.manager)
    return w


def _a_unit(w, i):
    """One free unit, one with an owner who is billed by a run of its own and then sells."""
    add_unit(w.estate, code=f"3-2-{100 + i}", area=5000 + i, by=w.clerk)
    unit = add_unit(w.estate, code=f"3-1-{100 + i}", area=8000 + i, by=w.clerk)
    open_household(unit, owners=[{"name": f"业主{i}"}], starts_on=date(2026, 11, 1), by=w.clerk)
    bill_month(w.estate, NOVEMBER, by=w.manager)
    open_household(w.free, owners=[{"name": f"旧主{i}"}], starts_on=date(1980 + i, 1, 1), ends_on=date(1980 + i, 12, 31), by=w.clerk)
    change_owner(unit, owners=[{"name": f"买方{i}"}], last_day=date(2026, 11, 10), by=w.manager)
    change_area(w.free, area=9100 + i, from_month=BillingMonth(2027, 1) + i, by=w.manager)
    make_remark(w.estate, words=f"第 {i} 件事", by=w.everyone.user, urgent=i % 2 == 0)


def _a_household_page(w, i):
    add_resident(w.household, name=f"家人{i}", by=w.clerk)
    contact = add_contact(w.household, name=f"亲友{i}", phone=f"1391234{i:04d}", by=w.clerk)
    change_contact(contact, version=1, name=contact.name, relation="亲戚", by=w.clerk)
    add_vehicle(w.household, plate=f"苏A{PLATES[i % 24]}{i:02d}X{i % 10}", by=w.clerk)
    promise = {"to_whom": "张女士", "due_at": now().replace(hour=9), "household": w.household, "by": w.clerk}
    make_promise(w.estate, words=f"第 {i} 件", **promise)
    kept = make_promise(w.estate, words=f"办了的第 {i} 件", **promise)
    keep_promise(kept, outcome="好了", version=kept.version, by=w.clerk)
    reprint_paper(w.payment.paper, reason="又丢了", by=w.clerk)
    reveal_identity(w.person, household=w.household, reason="核对身份", by=w.clerk)
    reveal_phones(w.household, reason="通知停水", by=w.clerk)
    for result in ("", "done"):
        asked = receive_request(w.household, person=w.person, wants="explain", scope="全部", id_checked=True, by=w.clerk)
        if result:
            answer_request(decide_request(asked, result=result, by=w.manager), given="已告知", by=w.clerk)
    for owner, about in ((w.household, {}), (w.resident.person, {"kind": "identity", "purpose": "办证"}), (w.promise, {})):
        with storing.kept([ready(**about)]) as files:
            attach_files(owner, files=files, right="households.view_household", household=w.household, by=w.clerk)
    write_text(w.estate, "phrase", title=f"第 {i} 种情形", group="电话", text="您好", by=w.manager)
    write_text(w.estate, "page", title=f"第 {i} 页", group="流程", text="先问候", by=w.manager)
    reword(w.estate, "receipt_remarks", f"请保管好收据，第 {i} 次改", by=w.manager)


def _a_receipt(w, i):
    """Receipts of today: one stands, one asked to be void, one void, one not voided; by the one who looks, too."""
    def paid(household, by):
        return collect_payment(household, parts=[("cash", 100 + i, ""), ("wechat", 100, "8841")], payer_name="张雨萍", by=by,
                               despite=("left_over", "same_again"))
    paid(w.household, w.everyone.user)
    why = {"reason": ReceiptVoid.Reason.OTHER, "words": "试", "goes": ReceiptVoid.Goes.CREDIT, "by": w.clerk2}
    paid_and_asked = [ask_void(paid(household, w.clerk), **why) for household in (w.household, w.shopkeeper, w.buyer)]
    void_receipt(paid_and_asked[1], by=w.manager)
    refuse_void(paid_and_asked[2], refusal="没有错", by=w.manager)


def _an_office(w, i):
    """A number, a department, a firm with two persons, a fee, a marked day and a changed setting more."""
    add_phone(w.estate, kind="service", name=f"电话{i}", number=f"8{i:03d}", by=w.manager)
    add_department(w.estate, name=f"部门{i}", responsible="赵国强", by=w.manager)
    firm = add_contractor(w.estate, name=f"单位{i}", person="孙立", person_phone="13900001111", by=w.manager)
    add_contractor_person(firm, name="周平", phone="13900002222", by=w.manager)
    add_fee_kind(w.estate, name=f"费用{i}", bills="", unit_name="户", per="", by=w.manager)
    mark_day(w.estate, day=date(2026, 11, 1) + timedelta(days=i), kind="holiday", name="试", by=w.manager)
    key, version = "billing.billingpolicy.first_days", BillingPolicy.of(w.estate).version
    change_setting(w.estate, key=key, value=8 + i % 2, basis="", version=version, by=w.manager)


def _notices(w, i):
    """One up in two places, extended once more and so the newest one's terms too; one taken down."""
    when = {"starts_at": now() + timedelta(minutes=i), "ends_at": now() + timedelta(days=40), "cause": f"第 {i} 次", "words": "请绕行", "by": w.clerk}
    places = [(w.unit.building, w.unit.entrance), (w.sold.building, "")]
    post_notice(w.estate, kind="other", whole=False, places=places, **when)
    take_down_notice(post_notice(w.estate, kind="other", whole=False, places=places, **when), reason="写错", version=1, by=w.clerk)
    w.notice = extend_notice(w.notice, ends_at=w.notice.ends_at + timedelta(hours=1), reason="还没好", version=w.notice.version, by=w.clerk)


def _many_prices(w, n):
    fee = FeeKind.objects.of(w.estate).get(code="commercial")
    for i in range(n):
        change_price(fee, unit_price=2_6000 + i, from_month=BillingMonth(2027, 1) + i, basis="业主大会决定", by=w.manager)


@pytest.fixture(scope="module")
def worlds(django_db_setup, django_db_blocker):
    with unwritten(django_db_blocker), at(*THEN):
        yield tuple(crowd(create_estate(slug, name, by=User.system()), n) for slug, name, n in (
            ("small", "小小区", FEW), ("large", "大小区", MANY)))


@pytest.fixture(autouse=True)
def db(worlds):
    """In pytest-django's place: each test takes back what it did to the two worlds."""
    with taken_back(), unset(), at(*THEN):
        yield


def queries(ask):
    """What it asked, values apart; the second time, when everything that is kept in memory is there."""
    ask()
    with CaptureQueriesContext(connection) as captured:
        answer = ask()
    assert answer.status_code in (200, 302, 405, 410), answer.status_code
    return Counter(re.sub(r"'[^']*'|\d+", "?", re.sub(r"IN \([^()]*\)", "IN (…)", query["sql"])) for query in captured)


def same(worlds, ask):
    few, many = (queries(lambda w=w: ask(w)) for w in worlds)
    more = many - few
    assert many.total() == few.total(), f"{few.total()} and {many.total()}:\n" + "\n".join(f"+{n} {sql[:600]}" for sql, n in more.items())


def test_the_large_world_has_more_of_everything_that_is_listed(worlds):
    """Else the comparisons below compare nothing."""
    for model in (Unit, Household, Payment, Paper, Charge, Entry, Promise, ReceiptVoid, Notice, RegisterImport):
        few, many = (model.objects.filter(estate=w.estate).count() for w in worlds)
        assert many >= few + MANY - FEW or model is RegisterImport, f"{model.__name__}: {few}, {many}"


@pytest.mark.parametrize("name", [name for name, _, _ in INSIDE])
def test_a_page_asks_as_often_for_thirty_rows_as_for_three(worlds, name):
    same(worlds, lambda w: w.everyone.get(address(w, name)))


@pytest.mark.parametrize("role", ["clerk", "manager"])
@pytest.mark.parametrize("page", ["/", "/log/", "/log/review/?on=2026-11-21", "/log/review/?on=2026-11-20", "/log/day.pdf?on=2026-11-21",
                                  "/billing/payments/", "/billing/counter/", "/billing/voids/"])
def test_so_it_does_for_those_who_see_a_part_only(worlds, desk_for, role, page):
    status = {desk_for(w, role).get(page).status_code for w in worlds}
    if status == {403}:
        pytest.skip("not this role's page")
    same(worlds, lambda w: desk_for(w, role).get(page))


@pytest.fixture
def desk_for():
    from .conftest import Desk
    made = {}
    return lambda w, role: made.setdefault((w.estate.slug, role), Desk(getattr(w, role), w.estate))


FILTERED = {"units by state": "/units/?state=free", "units of a kind": "/units/?kind=home", "a day by person": "/log/?on=2026-11-21&area=billing",
            "urgent": "/log/?urgent=on", "void ones": "/billing/payments/?state=void", "by method": "/billing/payments/?method=wechat",
            "void papers": "/papers/?state=void", "a month with corrections": "/billing/run/?month=2026-11",
            "a month to come": "/billing/run/?month=2027-01", "lines": "/billing/run/lines/?month=2026-11",
            "who is left out": "/billing/run/left-out/?month=2026-11", "as Excel": "/billing/run/month.xlsx?month=2026-11",
            "left out as Excel": "/billing/run/left-out.xlsx?month=2026-11", "second page": "/log/?page=2",
            "phrases sought": "/texts/?q=您好", "pages sought": "/texts/handbook/?q=问候"}


@pytest.mark.parametrize("what", FILTERED)
def test_a_filtered_page_too(worlds, what):
    same(worlds, lambda w: w.everyone.get(FILTERED[what]))


@pytest.mark.parametrize("account", ["", "?show=receipts"])
def test_an_account_with_thirty_receipts(worlds, account):
    same(worlds, lambda w: w.everyone.get(address(w, "billing:account") + account))


@pytest.mark.parametrize("asked", ["业主", "3-1", "yz", "139"])
@pytest.mark.parametrize("htmx", [True, False])
def test_a_search_with_thirty_answers(worlds, asked, htmx):
    headers = {"HX-Request": "true"} if htmx else {}
    same(worlds, lambda w: w.everyone.post("/search/", {"q": asked}, headers=headers))


def test_the_checker_counts(worlds):
    """A page that asks once per row is seen."""
    class Answer:
        status_code = 200

    def per_row(w):
        for promise in Promise.objects.of(w.estate):
            str(promise.made_by)
        return Answer
    with pytest.raises(AssertionError):
        same(worlds, per_row)
