"""A stale page overwrites nothing and reads who changed what: every form that shows a row and writes it anew (TRUST 25).

Twin: with the comparison taken away, on each of these pages the last one wins in silence.
"""
import html
from contextlib import nullcontext
from typing import NamedTuple

import pytest

from billing.models import BillingPolicy, FeeKind, ParkingContract, ParkingSpace
from households.models import Contact, Household, Ownership, Person, Resident, Unit, Vehicle
from servicecentre.desk.office import create_estate
from servicecentre.estates.models import Contractor, ContractorPerson, Department, Estate, Phone
from servicecentre.papers.models import Computer, Printer, Wording
from servicecentre.papers.wordings import reword, write_text
from servicecentre.roles import Role
from servicecentre.staff.models import Post, User
from servicecentre.worklog.models import Promise

from .areas import refunds
from .conftest import Desk
from .twins import without_versions
from .walk import INSIDE, address, everyone, forms_of
from .worlds import a_month, at, taken_back, unset, unwritten

THEN = (2026, 11, 21, 3)
SETTING = "billing.billingpolicy.first_days"
GUARDS = {"version", "edition", "shown", "due_shown", "plan_digest"}         # what a form shows of the state it was made from


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with unwritten(django_db_blocker), at(*THEN):
        world = a_month(create_estate("galaxy1", "银河国际街区一期", by=User.system()))
        world.everyone = everyone(world)
        other = User.objects.create_user("galaxy1-another", "另一位")
        Post.objects.bulk_create(Post(estate=world.estate, user=other, role=role) for role in Role)
        world.another = Desk(other, world.estate)
        for desk in (world.everyone, world.another):
            desk.post(address(world, "papers:choose_computer"))
        yield world


@pytest.fixture(autouse=True)
def db(world):
    """In pytest-django's place: each test takes back what it did to the one world."""
    with taken_back(), unset(), at(*THEN):
        yield


class Edit(NamedTuple):
    """A row that a page changes: its column as it is kept, the field and two values as they are typed, what else the form wants."""

    of: object
    column: str
    field: str
    values: tuple
    more: dict = {}
    sent: str = ""                        # where the form goes, where that is not the page it is on
    seen: str = ""                        # ``&…`` behind the page's address


def edit(model, row, column, *values, field="", **rest):
    return Edit(lambda w: model.objects.get(pk=getattr(w, row).pk), column, field or column, values, **rest)


LEASE = {"lease_from": "2026-05-01", "fee_payer": "owner"}
EDITS = {
    "change_estate": edit(Estate, "estate", "address", "甲路 1 号", "乙路 2 号"),
    "change_phone": edit(Phone, "phone", "name", "前台一", "前台二"),
    "change_department": edit(Department, "department", "matters", "报修、门禁", "电梯"),
    "change_contractor": edit(Contractor, "contractor", "trade", "门窗", "防水"),
    "change_contractor_person": edit(ContractorPerson, "contractor_person", "name", "孙立一", "孙立二"),
    "settings": Edit(lambda w: BillingPolicy.objects.get(estate=w.estate), "first_days", "value", ("9", "11"), {"key": SETTING},
                     "change_setting", f"?change={SETTING}"),
    "change_user": edit(User, "newcomer", "name", "吴敏一", "吴敏二"),
    "billing:change_space_entry": edit(ParkingSpace, "space", "place", "5 栋南侧", "5 栋北侧"),
    "billing:change_contract_entry": edit(ParkingContract, "dedicated", "proof", "不动产权第 1 号", "不动产权第 2 号"),
    "billing:change_fee_kind": edit(FeeKind, "fee_kind", "name", "清运费一", "清运费二"),
    "households:change_person": edit(Person, "person", "contact", "张先生", "陈先生"),
    "households:record_death": edit(Person, "person", "deceased_on", "2026-11-01", "2026-11-02", field="died_on", more={"basis": "死亡证明"}),
    "households:change_household": edit(Household, "household", "remark", "常出差", "先打电话"),
    "households:correct_first_day": edit(Household, "household", "starts_on", "2026-03-17", "2026-03-16", more={"reason": "抄错"}),
    "households:change_share": edit(Ownership, "ownership", "share", "1/3", "1/4", more={"basis": "不动产权证书"}),
    "households:change_unit": edit(Unit, "unit", "remark", "顶楼", "有天窗"),
    "households:change_resident": edit(Resident, "resident", "guardian", "张雨萍", "陈犇"),
    "households:change_tenant": edit(Resident, "tenant", "lease_to", "2027-05-31", "2027-06-30", more=LEASE),
    "households:change_contact": edit(Contact, "contact", "name", "张大海", "张大江"),
    "households:change_vehicle": edit(Vehicle, "vehicle", "colour", "白", "黑"),
    "worklog:move_promise": edit(Promise, "promise", "due_at", "2026-11-24T09:00", "2026-11-25T09:00", more={"reason": "等财务"}),
    "texts:change_text": Edit(lambda w: newest(w, w.phrase.key), "text", "text", ("您好，一", "您好，二")),
    "texts:paper_text": Edit(lambda w: newest(w, "receipt_remarks"), "text", "text", ("保管好，一", "保管好，二"), seen="?key=receipt_remarks"),
    "papers:printers": edit(Computer, "computer", "name", "前台一", "前台二", sent="papers:set_computer"),
}
# Forms with a guard whose state can be left only once, or whose own tests are elsewhere.
ELSEWHERE = {
    **dict.fromkeys(("billing:approve_vacancy", "billing:extend_vacancy", "billing:end_vacancy", "billing:undo_vacancy_end"),
                    "test_vacancy: decided, moved and ended once"),
    "households:revoke_letter": "a letter is revoked once", "households:change_owner": "test_owners: shown first, then pressed",
    "worklog:keep_promise": "below, after a move", "billing:collect": "test_screens_counter",
    "households:import_report": "test_screens_import: what was shown is what is applied", "texts:text": "below: taken out of use",
    **dict.fromkeys(("billing:end_contract", "billing:cancel_contract", "billing:change_vehicle", "billing:change_space"),
                    "billing/test_spaces: one contract, ended or changed meanwhile"),
    **dict.fromkeys(("households:remove_owner", "households:withdraw_death", "tickets:extend_notice", "tickets:take_down_notice"),
                    "test_owners, test_notices: what was left, taken back or taken down is so only once")}


def newest(w, key):
    return Wording.objects.of(w.estate).filter(key=key).latest("edition")


def typed(form):
    """What a browser sends of a form that nobody touched."""
    sent = {name: form[name].value() for name in form.fields if name != "despite"}
    return {name: value for name, value in sent.items() if value not in (None, False)}


def opened(desk, w, name, change):
    form, = (form for form in forms_of(desk.get(address(w, name) + change.seen))
             if GUARDS & set(form.fields) and (not change.field or change.field in form.fields))
    return typed(form) | change.more


def send(desk, w, name, change, page, value):
    return desk.post(address(w, change.sent or name) + ("" if change.sent else change.seen), page | {change.field: value})


def text(answer):
    return html.unescape(answer.content.decode())


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "twin"])
@pytest.mark.parametrize("name", EDITS)
def test_of_two_who_edit_one_row_the_second_overwrites_nothing(world, name, guarded):
    change = EDITS[name]
    pages = [opened(desk, world, name, change) for desk in (world.everyone, world.another)]
    before = getattr(change.of(world), change.column)
    answer = send(world.everyone, world, name, change, pages[0], change.values[0])
    assert answer.status_code == 302, [form.errors for form in forms_of(answer)]
    kept = getattr(change.of(world), change.column)
    assert kept != before
    with nullcontext() if guarded else without_versions():
        answer = send(world.another, world, name, change, pages[1], change.values[1])
    now = getattr(change.of(world), change.column)
    if guarded:
        assert answer.status_code in (200, 409) and now == kept
        assert "全能刚" in text(answer) and change.values[1] in text(answer), "it says who, and keeps what was typed"
    else:
        assert answer.status_code == 302 and now not in (before, kept), "without the comparison the last one wins in silence"


def test_a_promise_moved_meanwhile_is_not_kept_from_the_old_page(world):
    page = opened(world.another, world, "worklog:keep_promise", Edit(None, "", "", ()))
    move = EDITS["worklog:move_promise"]
    send(world.everyone, world, "worklog:move_promise", move, opened(world.everyone, world, "worklog:move_promise", move), move.values[0])
    answer = world.another.post(address(world, "worklog:keep_promise"), page | {"outcome": "好了"})
    assert "全能刚才" in text(answer) and Promise.objects.get(pk=world.promise.pk).kept_at is None


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "twin"])
def test_a_text_changed_meanwhile_is_not_taken_out_of_use(world, guarded):
    row = write_text(world.estate, "phrase", title="停水", group="电话", text="您好", by=world.manager)
    reword(world.estate, row.key, "您好，明天停水", by=world.manager)
    with nullcontext() if guarded else without_versions():
        answer = world.another.post(f"/texts/{row.pk}/withdraw/")
    assert newest(world, row.key).withdrawn is not guarded
    assert answer.status_code == (200 if guarded else 302) and (not guarded or f"{world.manager.name}刚改过，现在是第 2 版" in text(answer))


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "twin"])
def test_a_printer_moved_meanwhile_does_not_fit(world, guarded):
    """The test page in hand was printed by the old offsets."""
    printer = world.computer.printers.first()
    old = {"version": world.computer.version}
    change = EDITS["papers:printers"]
    page = opened(world.everyone, world, "papers:printers", change) | {f"x_{printer.sheet}": "1.5"}
    assert send(world.everyone, world, "papers:printers", change, page, "前台一").status_code == 302
    with nullcontext() if guarded else without_versions():
        answer = world.another.post(address(world, "papers:confirm_fit"), old, follow=True)
    assert (Printer.objects.get(pk=printer.pk).fits_at is None) is guarded and ("您的改动没有保存" in text(answer)) is guarded


# --- nothing is left out ----------------------------------------------------------------------------------------------

# Pages whose fields come filled in, and which write a new row or a state of one's own: what was there stays.
PROPOSES = {"billing:apply_vacancy ApplyForm", "billing:check_vacancy CheckForm",
            "add_phone PhoneForm", "answer_data_request AnswerForm", "arrange_cover CoverForm", "billing:ask_void AskVoidForm",
            "billing:change_price PriceForm", "billing:export_charges ExportForm", "households:change_area AreaForm",
            "households:end_residence LeaveForm", "households:end_vehicle EndVehicleForm", "tickets:post_notice NoticeForm",
            "tickets:post_again NoticeForm", "billing:take_deposit TakeForm", "billing:ask_deposit_return AskReturnForm",
            "billing:add_common_cost CostForm", "billing:export_visits VisitsExportForm",
            "billing:add_space SpaceEntryForm", "billing:sign_contract SignForm", "billing:renew_contract SignForm"}
PROPOSES |= refunds.PROPOSES


def test_every_form_that_shows_a_row_says_which_state_of_it(world):
    guarded, bare = set(), set()
    pages = {name: address(world, name) for name, _, _ in INSIDE} | {
        "settings": f"/office/?change={SETTING}", "texts:paper_text": "/texts/papers/?key=receipt_remarks"}
    for name, where in pages.items():
        for form in forms_of(world.everyone.get(where)):
            if GUARDS & set(form.fields):
                guarded.add(name)
            elif any(form.initial.get(field.name) not in (None, "") for field in form.visible_fields() if hasattr(form, "perform")):
                bare.add(f"{name} {type(form).__name__}")
    assert guarded ^ {*EDITS, *ELSEWHERE} == set() and bare ^ PROPOSES == set()
