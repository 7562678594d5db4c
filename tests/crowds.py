"""A world with as many rows more as one likes of everything that a page lists, each made by its act; what a page rendered, counted."""
from datetime import date, timedelta

from django.core.paginator import Page
from django.db.models import Model, QuerySet
from django.test import Client

from billing.cashier import collect_payment, use_credit
from billing.charges import make_charge
from billing.fee_kinds import add_fee_kind
from billing.models import BillingPolicy, FeeKind, ReceiptVoid
from billing.receipts import ask_void, refuse_void, void_receipt
from billing.run import bill_month
from billing.tariffs import change_price
from households.agents import call_principal, take_letter, use_letter
from households.amending import change_contact
from households.importing.uploads import receive
from households.owners import add_owner
from households.people import add_contact, add_resident, add_tenant, add_vehicle, reveal_identity, reveal_phones
from households.register import MOST_OWNERS, add_unit, change_area, change_owner, open_household
from households.standing import add_care, add_pet, give_instruction, set_use
from servicecentre.desk.calendar import mark_day
from servicecentre.desk.data_requests import answer_request, decide_request, receive_request
from servicecentre.desk.office_people import add_user, arrange_cover, end_post, give_post
from servicecentre.desk.own_account import change_password, set_pin
from servicecentre.desk.partners import add_contractor, add_contractor_person, add_department
from servicecentre.desk.policies import change_setting
from servicecentre.desk.profile import add_phone
from servicecentre.desk.retention import propose_retention, withdraw_retention
from servicecentre.drafts.models import Draft
from servicecentre.files.storing import kept
from servicecentre.kit.periods import BillingMonth, now, today
from servicecentre.kit.sheets import Table, workbook_bytes
from servicecentre.papers.batches import papers_for, print_batch
from servicecentre.papers.computers import add_computer
from servicecentre.papers.issuing import issue_paper, reprint_paper
from servicecentre.papers.kinds import KINDS
from servicecentre.papers.wordings import reword, write_text
from servicecentre.roles import Role
from servicecentre.staff import pins
from servicecentre.worklog.attaching import attach_files, reveal_scan
from servicecentre.worklog.day import correct_remark, keep_promise, make_promise, make_remark
from servicecentre.worklog.review import comment_entry, see_entries, unseen
from tickets.notices import extend_notice, post_notice, take_down_notice

from .areas import deposits, refunds, spaces, vacancy, visits
from .conftest import BACKEND, person_at
from .files.making import ready
from .households.lists import register, row
from .walk import everyone
from .worlds import a_month, resident_id, worked_off

NOVEMBER = BillingMonth(2026, 11)
PLATES = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def crowd(estate, n):
    """A month's world, ``n`` rows more of everything that a page lists, and somebody of each role who looks at it."""
    w = a_month(estate)
    w.everyone = everyone(w)
    w.of_role = {role: person_at(estate, f"{estate.slug}-only-{role}", f"看的{role.label}", role) for role in Role}
    w.imported = worked_off(w.upload)
    withdraw_retention(w.run, by=w.manager)
    for _ in range(n):
        withdraw_retention(propose_retention(estate, by=w.manager), by=w.manager)
    for i in range(n):
        _a_unit(w, i)
        _people_of_a_household(w, i)
        _what_is_asked_of_a_household(w, i)
        _a_days_lines(w, i)
        _a_receipt(w, i)
        _an_office(w, i)
        _a_colleague(w, i)
        _papers_and_texts(w, i)
        _notices(w, i)
        refunds.crowd(w, i)
        deposits.crowd(w, i)
        spaces.crowd(w, i)
        vacancy.crowd(w, i)
        visits.crowd(w, i)
    _lists(w, n)
    _many_prices(w, n)
    _many_lines(w, n)
    w.run = propose_retention(estate, by=w.manager)
    return w


def _a_unit(w, i):
    """One free unit in a building of its own, one with an owner who is billed by a run and then sells; a use, an area, a tenure more."""
    add_unit(w.estate, code=f"{20 + i}-2-101", area=5000 + i, by=w.clerk, despite=("new_building",))
    unit = add_unit(w.estate, code=f"3-1-{100 + i}", area=8000 + i, by=w.clerk)
    open_household(unit, owners=[{"name": f"业主{i}"}], starts_on=date(2026, 11, 1), by=w.clerk)
    bill_month(w.estate, NOVEMBER, by=w.manager)
    open_household(w.free, owners=[{"name": f"旧主{i}"}], starts_on=date(1980 + i, 1, 1), ends_on=date(1980 + i, 12, 31), by=w.clerk)
    w.newest = change_owner(unit, owners=[{"name": f"买方{i}"}], last_day=date(2026, 11, 10), by=w.manager)
    change_area(w.free, area=9100 + i, from_month=BillingMonth(2027, 1) + i, by=w.manager)
    set_use(w.unit, use=("vacant", "own")[i % 2], starts_on=date(2026, 8, 2) + timedelta(days=i), by=w.clerk)


def _people_of_a_household(w, i):
    home, by = w.household, {"by": w.clerk}
    add_resident(home, name=f"家人{i}", **by)
    add_resident(w.shopkeeper, name=w.person.name, **by)                      # perhaps the same person: entered twice
    add_tenant(home, name=f"租客{i}", lease_from=date(2026, 9, 1), lease_to=date(2027, 8, 31), **by)
    if home.ownerships.live().count() < MOST_OWNERS:
        add_owner(home, name=f"共有{i}", basis="不动产权证书", **by)
    contact = add_contact(home, name=f"亲友{i}", phone=f"1391234{i:04d}", **by)
    change_contact(contact, version=1, name=contact.name, relation="亲戚", **by)
    add_vehicle(home, plate=f"苏A{PLATES[i % 24]}{i:02d}X{i % 10}", **by)
    add_pet(home, kind=f"犬{i}", **by)
    add_care(home, about=f"老人{i}", words="行动不便", consent_by="本人", consent=True, **by)
    give_instruction(home, words=f"嘱咐{i}", given_by="张雨萍", starts_on=today(), **by)
    take_letter(home, principal=home.ownerships.get(position=1), name=f"受托{i}", id_number=resident_id(f"32010619900102{i:03d}"), phone="13700002222",
                matters=["pay"], copies_kept=True, valid_from=today(), valid_to=date(2027, 1, 1), **by)
    call_principal(w.letter, phone="phone", question="确认委托缴费", result="confirmed", **by)
    use_letter(w.letter, matter="pay", words=f"第 {i} 次缴费", **by)


def _notices(w, i):
    """One up in two places, extended once more and so the newest one's terms too; one taken down."""
    when = {"starts_at": now() + timedelta(minutes=i), "ends_at": now() + timedelta(days=40), "cause": f"第 {i} 次", "words": "请绕行", "by": w.clerk}
    places = [(w.unit.building, w.unit.entrance), (w.sold.building, "")]
    post_notice(w.estate, kind="other", whole=False, places=places, **when)
    take_down_notice(post_notice(w.estate, kind="other", whole=False, places=places, **when), reason="写错", version=1, by=w.clerk)
    w.notice = extend_notice(w.notice, ends_at=w.notice.ends_at + timedelta(hours=1), reason="还没好", version=w.notice.version, by=w.clerk)


def _what_is_asked_of_a_household(w, i):
    promise = {"to_whom": "张女士", "due_at": now().replace(hour=9), "household": w.household, "by": w.clerk}
    make_promise(w.estate, words=f"第 {i} 件", **promise)
    done = make_promise(w.estate, words=f"办了的第 {i} 件", **promise)
    keep_promise(done, outcome="好了", version=done.version, by=w.clerk)
    reveal_identity(w.person, household=w.household, reason="核对身份", by=w.clerk)
    reveal_phones(w.household, reason="通知停水", by=w.clerk)
    reveal_scan(w.scan, reason="办证", by=w.clerk)
    for result in ("", "done"):
        asked = receive_request(w.household, person=w.person, wants="explain", scope="全部", id_checked=True, by=w.clerk)
        if result:
            answer_request(decide_request(asked, result=result, by=w.manager), given="已告知", by=w.clerk)
    for owner, about in ((w.household, {}), (w.resident.person, {"kind": "identity", "purpose": "办证"}), (w.promise, {})):
        with kept([ready(**about)]) as files:
            attach_files(owner, files=files, right="households.view_household", household=w.household, by=w.clerk)


def _a_days_lines(w, i):
    """A remark with a photo, set right, commented as a task; an exception that was looked at; a page left half written."""
    with kept([ready()]) as files:
        remark = make_remark(w.estate, words=f"第 {i} 件事", by=w.everyone.user, urgent=i % 2 == 0, files=files)
    correct_remark(remark, words=f"更正第 {i} 件事", by=w.clerk)
    comment_entry(remark, words=f"查第 {i} 件", given_to=w.clerk, due_at=now() + timedelta(hours=5), by=w.manager2)
    if waiting := unseen(w.estate, today()).exclude(by=w.manager2).first():
        see_entries(w.estate, day=today(), entries=[waiting.pk], by=w.manager2)
    Draft.keep(w.estate, w.everyone.user, path="/log/remark/", query="", label="写工作日志", pairs=[("words", "写了一半")], files=0,
               request_key=f"{w.estate.slug}-{i}")


def _a_receipt(w, i):
    """Receipts of today: one stands, one asked to be void, one void, one not voided; by the one who looks, too."""
    def paid(household, by):
        return collect_payment(household, parts=[("cash", 100 + i, ""), ("wechat", 100, "8841")], payer_name="张雨萍", by=by,
                               despite=("left_over", "same_again"))
    paid(w.household, w.everyone.user)
    why = {"reason": ReceiptVoid.Reason.OTHER, "words": "试", "goes": ReceiptVoid.Goes.CREDIT, "by": w.clerk2}
    paid_and_asked = [ask_void(paid(household, w.clerk), **why) for household in (w.household, w.shopkeeper, w.newest)]
    void_receipt(paid_and_asked[1], by=w.manager)
    refuse_void(paid_and_asked[2], refusal="没有错", by=w.manager)


def _an_office(w, i):
    """A number, a department, a firm with two persons, a fee, a marked day, a changed setting and a computer more."""
    add_phone(w.estate, kind="service", name=f"电话{i}", number=f"8{i:03d}", by=w.manager)
    add_department(w.estate, name=f"部门{i}", responsible="赵国强", by=w.manager)
    firm = add_contractor(w.estate, name=f"单位{i}", person="孙立", person_phone="13900001111", by=w.manager)
    for person in (firm, w.contractor):
        add_contractor_person(person, name=f"周平{i}", phone="13900002222", by=w.manager)
    add_fee_kind(w.estate, name=f"费用{i}", bills="", unit_name="户", per="", by=w.manager)
    mark_day(w.estate, day=date(2026, 11, 1) + timedelta(days=i), kind="holiday", name="试", by=w.manager)
    key, version = "billing.billingpolicy.first_days", BillingPolicy.of(w.estate).version
    change_setting(w.estate, key=key, value=8 + i % 2, basis="", version=version, by=w.manager)
    add_computer(w.estate, name=f"前台 {i + 2} 号机", by=w.clerk)


def _a_colleague(w, i):
    """Somebody new who has a PIN and stands in for the manager; a post that ended, and where people were signed in."""
    user = add_user(w.estate, username=f"{w.estate.slug}-u{i}", name=f"同事{i}", role=Role.CLERK, by=w.admin)
    user = change_password(user, estate=w.estate, new="rain-on-the-roof-7", hashed=pins.Hashed("rain-on-the-roof-7"), by=user)
    set_pin(user, estate=w.estate, pin="7294", hashed=pins.Hashed("7294"), by=user)
    arrange_cover(user, post=w.manager.posts.get(role=Role.MANAGER), starts_on=today(), ends_on=today() + timedelta(days=3), by=w.admin)
    later = today() + timedelta(days=20 + 2 * i)
    arrange_cover(w.newcomer, post=w.manager.posts.get(role=Role.MANAGER), starts_on=later, ends_on=later + timedelta(days=1), by=w.admin)
    end_post(give_post(w.newcomer, role=Role.FINANCE, estate=w.estate, by=w.admin), by=w.admin)
    for who in (w.newcomer, w.everyone.user):
        Client().force_login(who, backend=BACKEND)


def _papers_and_texts(w, i):
    reprint_paper(w.payment.paper, reason="又丢了", by=w.clerk)
    issue_paper(KINDS["TZ"], estate=w.estate, content={}, on=date(2025 - i, 1, 1), by=w.clerk)             # a series of its own
    asked = {"first": date(2026, 10, 20), "last": date(2026, 10, 20)}
    print_batch(w.estate, kind="SJ", asked=asked, words="收据", reason="存根装订", expected=papers_for(w.estate, "SJ", asked).count(),
                address="https://w/", by=w.clerk)
    write_text(w.estate, "phrase", title=f"第 {i} 种情形", group="电话", text="您好", by=w.manager)
    write_text(w.estate, "page", title=f"第 {i} 页", group="流程", text="先问候", by=w.manager)
    for key, words in (("receipt_remarks", "请保管好收据"), ("page.keys", "借钥匙先验身份"), (w.phrase.key, "您好，服务中心")):
        reword(w.estate, key, f"{words}，第 {i} 次改", by=w.manager)


def _lists(w, n):
    """Uploads of both kinds; one list with as many wrong rows, and as many that differ from the register."""
    small = register(row(code="3-2-1801"))
    debts = workbook_bytes([Table("历史欠费", ["房号", "项目", "所属月份", "欠费金额"], [["3-2-1801", "物业费", "2026-04", 80]])])
    for i in range(n):
        worked_off(receive(w.estate, data=small, name=f"登记表{i}.xlsx", by=w.clerk))
        worked_off(receive(w.estate, data=debts, name=f"欠费{i}.xlsx", kind="arrears", by=w.manager))
    wrong = [row(code=f"8-1-{100 + i}", area="0") for i in range(n)]
    other = [row(code=f"3-1-{100 + i}", area=f"{(8000 + i) / 100}", owner=f"买方{i}", id="", phone=f"1380013{i:04d}", day="2026-11-11") for i in range(n)]
    w.imported = worked_off(receive(w.estate, data=register(*wrong, *other, row(code="3-2-1801")), name="多行.xlsx", by=w.clerk))
    assert len(w.imported.report["errors"]) >= n and len(w.imported.report["changes"]) >= n, w.imported.report


def _many_prices(w, n):
    fee = FeeKind.objects.of(w.estate).get(code="commercial")
    for i in range(n):
        change_price(fee, unit_price=2_6000 + i, from_month=BillingMonth(2027, 1) + i, basis="业主大会决定", by=w.manager)


def _many_lines(w, n):
    """``n`` lines to pay of one household, ``n`` paid with one receipt by another, ``n`` by what a third had left over."""
    fees = FeeKind.objects.of(w.estate).filter(name__startswith="费用").order_by("pk")[:n]
    w.rest_payment = collect_payment(w.buyer, parts=[("cash", 90_000_00, "")], payer_name="郑和", by=w.clerk, despite=("left_over", "same_again"))
    for fee in fees:
        for home in (w.household, w.shopkeeper, w.buyer):
            make_charge(home, fee, quantity=100, unit_price=100_0000, by=w.manager)
    due = sum(charge.due for charge in w.shopkeeper.charges.unpaid())
    w.long_payment = collect_payment(w.shopkeeper, parts=[("cash", due, "")], payer_name="周建国", by=w.clerk, despite=("same_again",))
    use_credit(w.buyer, by=w.clerk)
    w.long_void, w.rest_void = (ask_void(payment, reason=ReceiptVoid.Reason.OTHER, words="试", goes=ReceiptVoid.Goes.CREDIT, by=w.clerk2)
                                for payment in (w.long_payment, w.rest_payment))


# --- what a page shows ------------------------------------------------------------------------------------------------

def size(value, depth=5):
    """(leaves, rows): how much a list holds, lists within lists counted out, and how many of it are rows of the database."""
    if isinstance(value, Model):
        return 1, 1
    if isinstance(value, (Page, QuerySet, dict, list, tuple, set)) and depth:
        within = value.values() if isinstance(value, dict) else value.object_list if isinstance(value, Page) else value
        found = [size(each, depth - 1) for each in within]
        return sum(leaves for leaves, _ in found), sum(rows for _, rows in found)
    return 1, 0


def lists_of(answer):
    """{name: (leaves, rows)} of every list that a page was rendered from."""
    if not answer.context:
        return {}
    top = answer.context[0] if isinstance(answer.context, list) else answer.context
    return {name: size(value) for name, value in top.flatten().items()
            if isinstance(value, (Page, QuerySet, dict, list, tuple, set)) and name not in ("block", "perms", "messages", "heed")}
