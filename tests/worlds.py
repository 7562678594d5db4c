"""A whole past made by acts: one estate from an empty register to a voided receipt, for tests that judge the house as it is lived in."""
from base64 import b32decode
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO
from types import SimpleNamespace
from unittest import mock

from django.apps import apps
from django.db import connection, transaction
from django.db.models import AutoField
from django.test import Client
from django_otp.oath import hotp

from billing.cashier import collect_payment, use_credit
from billing.charges import make_charge, void_charge
from billing.corrections import mend_line
from billing.fee_kinds import add_fee_kind
from billing.models import BillingPolicy, FeeKind, Payment, ReceiptVoid
from billing.receipts import ask_void, refuse_void, void_receipt
from billing.run import bill_month, undo_run
from billing.tariffs import change_price, withdraw_price
from households.agents import call_principal, revoke_letter, take_letter, use_letter
from households.amending import change_contact
from households.importing.uploads import apply_register, receive
from households.merging import merge_people
from households.models import KnownLayout, RegisterImport
from households.owners import add_owner, remove_owner
from households.people import add_contact, add_resident, add_tenant, add_vehicle, end_residence, end_vehicle, reveal_identity, reveal_phones
from households.register import add_unit, change_area, change_owner, open_household
from households.standing import add_care, add_pet, end_care, end_pet, give_instruction, set_use, withdraw_instruction
from servicecentre.desk.calendar import take_official_days
from servicecentre.desk.data_requests import answer_request, decide_request, receive_request
from servicecentre.desk.models import PrivacyPolicy
from servicecentre.desk.office_people import add_user, arrange_cover, end_cover, end_post, give_post
from servicecentre.desk.own_account import begin_second_factor, confirm_second_factor
from servicecentre.desk.partners import add_contractor, add_department
from servicecentre.desk.policies import change_setting
from servicecentre.desk.profile import add_phone
from servicecentre.desk.retention import propose_retention, sign_retention, withdraw_retention
from servicecentre.desk.sealing import seal_day
from servicecentre.drafts.models import Draft
from servicecentre.estates.models import CalendarDay
from servicecentre.files.models import File
from servicecentre.files.storing import kept
from servicecentre.jobs.models import Job, JobQuerySet, long_work
from servicecentre.jobs.worker import run_one
from servicecentre.kit import pdf as setting
from servicecentre.kit import periods
from servicecentre.kit.periods import BillingMonth, now, today
from servicecentre.kit.sheets import Table, workbook_bytes
from servicecentre.papers.batches import print_batch
from servicecentre.papers.computers import add_computer
from servicecentre.papers.issuing import issue_paper, reprint_paper
from servicecentre.papers.kinds import KINDS
from servicecentre.papers.models import Wording
from servicecentre.papers.wordings import reword
from servicecentre.roles import Role
from servicecentre.staff.models import SecondFactor
from servicecentre.worklog.attaching import attach_files, remove_file, reveal_scan
from servicecentre.worklog.day import correct_remark, keep_promise, make_promise, make_remark, move_promise
from servicecentre.worklog.review import comment_entry, see_entries, unseen, unseen_before
from tickets.notices import extend_notice, post_notice, take_down_notice

from .areas import deposits, refunds, spaces, vacancy, visits
from .conftest import BACKEND, person_at
from .files.making import pdf, ready
from .households.lists import register, row

CASH, WECHAT, TRANSFER = "cash", "wechat", "transfer"
AGAIN = ("left_over", "same_again")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@contextmanager
def at(*moment):
    """The clock stands at this moment, UTC."""
    before, periods.clock = periods.clock, lambda: datetime(*moment, tzinfo=UTC)
    try:
        yield
    finally:
        periods.clock = before


def resident_id(first17):
    """A resident ID with the check character of its first 17 digits (GB 11643)."""
    return first17 + "10X98765432"[sum(int(d) * w for d, w in zip(first17, WEIGHTS, strict=True)) % 11]


@long_work
def count_to(job):
    """The long work of the world's job."""
    job.progress(job.given["to"], job.given["to"])
    return {"words": f"数到 {job.given['to']}"}


@contextmanager
def unwritten(blocker):
    """What is made inside is never committed: one world for all tests of a module, each of which takes its own steps back."""
    with blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def taken_back():
    """A test's own changes, also of triggers and constraints, are gone afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def unset():
    """Papers come without being set in type, half a second each: for walks over every page that ask other things than how a paper looks."""
    def written(out, **options):
        out.write(b"%PDF-1.7\n%%EOF\n")

    document = SimpleNamespace(write_pdf=written)
    with mock.patch.multiple(setting, _weasyprint=lambda: SimpleNamespace(HTML=lambda **options: document), _fonts=lambda: None,
                             _stylesheet=lambda name: None):
        yield


@contextmanager
def set_once(kept):
    """The same paper is set in type once, whoever reads it: ``kept`` holds its bytes by its words."""
    weasyprint = setting._weasyprint()

    class HTML(weasyprint.HTML):
        def __init__(self, *, string, **options):
            self.words, self.options = string, options

        def write_pdf(self, out, **options):
            if self.words not in kept:
                weasyprint.HTML(string=self.words, **self.options).write_pdf(made := BytesIO(), **options)
                kept[self.words] = made.getvalue()
            out.write(kept[self.words])

    with mock.patch.object(setting, "_weasyprint", lambda: SimpleNamespace(HTML=HTML, CSS=weasyprint.CSS)):
        yield


def numbers_apart(start=5000):
    """Rows made from now on have ids above ``start``: a row of the next world is a row of no other, whatever its table."""
    with connection.cursor() as cursor:
        for model in apps.get_models():
            table = model._meta.db_table
            if not isinstance(model._meta.pk, AutoField):
                continue
            if connection.vendor == "postgresql":
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s)", [f'"{table}"', model._meta.pk.column, start])
            else:
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, start])


def a_month(estate):
    """Everything that the acts of today can make at this estate; returns its people and rows by name.

    Nobody needs to read all of it: each model with a guard or a rule has at least one row, most columns that are
    written once are written.
    """
    w = SimpleNamespace(estate=estate)
    w.clerk, w.clerk2, w.manager, w.manager2 = (
        person_at(estate, f"{estate.slug}-{name}", label, role) for name, label, role in (
            ("zhao", "赵敏", Role.CLERK), ("qian", "钱丽", Role.CLERK), ("sun", "孙强", Role.MANAGER), ("li", "李红", Role.MANAGER)))
    w.admin = person_at(estate, f"{estate.slug}-zhou", "周勇", Role.ADMINISTRATOR)
    with at(2026, 8, 31, 2):
        _people(w)
        _register(w)
    with at(2026, 9, 1, 2):
        w.runs = [bill_month(estate, BillingMonth(2026, 9), by=w.manager)]
    with at(2026, 10, 1, 2):
        w.runs.append(bill_month(estate, BillingMonth(2026, 10), by=w.manager))
    with at(2026, 10, 20, 2):
        _collect(w)
    with at(2026, 11, 1, 2):
        w.runs.append(bill_month(estate, BillingMonth(2026, 11), by=w.manager))
    with at(2026, 11, 20, 2):
        _void(w)
    with at(2026, 11, 21, 1):
        _seal(w)
    with at(2026, 11, 21, 2):
        _mend(w)
        _office(w)
        _estate(w)
        refunds.month(w)
        spaces.month(w)
        deposits.month(w)
        vacancy.month(w)
        visits.month(w)
    return w


def _people(w):
    """A stand-in for good reason, one that was called off, a post that ended."""
    of_clerk = w.clerk.posts.get()
    w.newcomer = add_user(w.estate, username=f"{w.estate.slug}-wu", name="吴敏", role=Role.CLERK, by=w.admin)
    w.cover = arrange_cover(w.newcomer, post=w.manager.posts.get(), starts_on=today(), ends_on=date(2026, 11, 29), by=w.admin)
    w.called_off = end_cover(arrange_cover(w.manager, post=of_clerk, starts_on=today(), ends_on=date(2026, 9, 30), by=w.admin), by=w.admin)
    begin_second_factor(w.newcomer, estate=w.estate, by=w.newcomer)
    Client().force_login(w.newcomer, backend=BACKEND)
    confirm_second_factor(w.newcomer, estate=w.estate, code=code_of(w.newcomer), here=w.newcomer.sign_ins.get(), by=w.newcomer)
    w.post = give_post(w.newcomer, role=Role.GUARD, estate=w.estate, by=w.admin)
    w.ended = end_post(give_post(w.newcomer, role=Role.ENGINEER, estate=w.estate, by=w.admin), by=w.admin)


def code_of(user, steps=0):
    """What the user's phone shows now, or ``steps`` times 30 seconds later."""
    return f"{hotp(b32decode(SecondFactor.objects.get(user=user).secret), int(now().timestamp()) // 30 + steps):06d}"


def _register(w):
    owner = {"name": "张雨萍", "id_number": resident_id("32010619880417002"), "phone": "13800135678"}
    partner = {"name": "陈犇", "id_number": resident_id("32010619850203001"), "share": "1/2"}
    w.unit = add_unit(w.estate, code="3-2-1801", area=8956, by=w.clerk)
    w.shop = add_unit(w.estate, code="S01", area=10247, by=w.clerk)
    w.sold = add_unit(w.estate, code="1-1-101", area=12000, by=w.clerk, despite=("new_building",))
    w.free = add_unit(w.estate, code="1-1-102", area=9000, by=w.clerk)
    w.household = open_household(w.unit, owners=[owner, partner], starts_on=date(2026, 3, 18), by=w.clerk)
    w.shopkeeper = open_household(w.shop, owners=[{"name": "周建国"}], starts_on=date(2025, 1, 1), by=w.clerk)
    w.seller = open_household(w.sold, owners=[{"name": "吴天"}], starts_on=date(2025, 1, 1), by=w.clerk)
    w.person = w.household.persons.order_by("pk").first()
    w.resident = add_resident(w.household, name="张小雨", relation="女儿", by=w.clerk)
    w.tenant = add_tenant(w.household, name="李想", lease_from=date(2026, 5, 1), lease_to=date(2027, 4, 30), by=w.clerk)
    w.contact = add_contact(w.household, name="张大山", phone="13912342046", by=w.clerk)
    w.vehicle = add_vehicle(w.household, plate="苏AD7K38", by=w.clerk)
    change_contact(w.contact, version=1, name="张大山", relation="父亲", by=w.clerk)
    aunt, twice = (add_resident(w.household, name="陈姑妈", phone=phone, by=w.clerk) for phone in ("13900001111", ""))
    w.merged = merge_people(aunt.person, twice.person, household=w.household, by=w.clerk)
    w.ownership = w.household.ownerships.last()
    third = add_owner(w.household, name="陈三", basis="不动产权证书", by=w.clerk)
    remove_owner(third, version=1, left_on=date(2026, 8, 30), basis="赠与合同", by=w.clerk)
    _living_there(w)
    w.left = end_residence(add_resident(w.household, name="外婆", by=w.clerk), left_on=date(2026, 8, 1), by=w.clerk)
    w.gone = end_vehicle(add_vehicle(w.household, plate="苏AB2C34", by=w.clerk), ended_on=date(2026, 8, 2), by=w.clerk)


def _living_there(w):
    """What the owner asks of the desk, who acts for them, how the unit is used."""
    day = date(2026, 8, 1)
    words = {"words": "借钥匙前先打业主本人手机", "given_by": "张雨萍", "starts_on": day, "by": w.clerk}
    w.instruction = give_instruction(w.household, moment="keys", ends_on=date(2030, 1, 1), **words)
    withdraw_instruction(give_instruction(w.household, moment="collect", **words), reason="不用了", by=w.clerk)
    w.use = set_use(w.unit, use="vacant", starts_on=date(2026, 4, 1), by=w.clerk)
    set_use(w.unit, use="own", starts_on=day, basis="现场看过", by=w.clerk)
    w.pet = add_pet(w.household, kind="犬", by=w.clerk)
    end_pet(add_pet(w.household, kind="猫", by=w.clerk), ended_on=day, by=w.clerk)
    care = {"about": "外婆", "words": "行动不便", "consent_by": "外婆本人", "consent": True, "by": w.clerk}
    w.care = add_care(w.household, **care)
    end_care(add_care(w.household, **care), by=w.clerk)
    agent = {"name": "何代理", "id_number": resident_id("32010619900101001"), "phone": "13700001111", "copies_kept": True, "by": w.clerk,
             "principal": w.household.ownerships.get(position=1), "valid_from": day}
    w.letter = take_letter(w.household, matters=["pay", "borrow_keys"], valid_to=date(2030, 1, 1), **agent)
    call_principal(w.letter, phone="phone", question="确认委托缴费", result="confirmed", by=w.clerk)
    w.letter_use = use_letter(w.letter, matter="pay", words="缴 2026-08 的费", by=w.clerk)
    once = take_letter(w.household, matters=["files"], **agent)
    w.revoked = revoke_letter(once, version=1, revoked_on=day, revoked_how="本人到场", by=w.clerk)


def _collect(w):
    """Two methods and a leftover that the November run uses; one to be voided; one to stay."""
    w.payment = collect_payment(w.household, parts=[(CASH, 30000, ""), (WECHAT, 10000, "8841")], tendered=30000, payer_name="张雨萍",
                                by=w.clerk, despite=AGAIN)
    w.shop_payment = collect_payment(w.shopkeeper, parts=[(TRANSFER, 60000, f"{w.estate.pk}202610200001")], payer_name="周建国",
                                     by=w.clerk2, despite=AGAIN)
    w.part_payment = collect_payment(w.seller, parts=[(CASH, 10000, "")], tendered=20000, payer_name="吴天", by=w.clerk)
    w.reprint = reprint_paper(w.payment.paper, reason="客户联遗失", by=w.clerk2)


def _void(w):
    """One void done into credit that settles a line, one done by reissue, one refused, one that waits."""
    words = {"reason": ReceiptVoid.Reason.AMOUNT, "words": "多收了"}
    w.void = void_receipt(ask_void(w.shop_payment, goes=ReceiptVoid.Goes.CREDIT, by=w.clerk, **words), by=w.manager)
    use_credit(w.shopkeeper, by=w.clerk)
    w.credit = w.void.credit
    again = {"household": w.seller.pk, "parts": [(CASH, 10000, "")], "payer_name": "吴天明"}
    w.reissue = void_receipt(ask_void(w.part_payment, goes=ReceiptVoid.Goes.REISSUE, reissue=again, by=w.clerk2, **words), by=w.manager)
    w.refused = refuse_void(ask_void(w.payment, goes=ReceiptVoid.Goes.CREDIT, by=w.clerk, **words), refusal="金额没有错", by=w.manager)
    w.waiting = ask_void(w.payment, goes=ReceiptVoid.Goes.CREDIT, by=w.manager, **words)


def _seal(w):
    """The day of the voids, and all before, reviewed and sealed by the manager who did none of them."""
    day = date(2026, 11, 20)
    w.comment = comment_entry(unseen(w.estate, day).first(), words="请当面说清", given_to=w.clerk, due_at=now() + timedelta(hours=9), by=w.manager2)
    for on in (*unseen_before(w.estate, day), day):
        see_entries(w.estate, day=on, entries=list(unseen(w.estate, on).values_list("pk", flat=True)), by=w.manager2)
    w.seal = seal_day(w.estate, day=day, words="已阅", by=w.manager2)


def _mend(w):
    """An owner who left in the middle of a billed month; a run taken back; a line by hand, one of them void."""
    w.buyer = change_owner(w.sold, owners=[{"name": "郑和"}], last_day=date(2026, 11, 15), by=w.manager, basis="不动产权证书",
                           papers=["deed"], readings={"water": 28640, "power": 512200}, taken_over=["books"], seller_signed=True, buyer_signed=True)
    line = w.seller.charges.live().get(period=date(2026, 11, 1))
    w.correction = mend_line(line, by=w.manager)
    w.undone = undo_run(bill_month(w.estate, BillingMonth(2026, 12), by=w.manager), reason="出早了", by=w.manager2)
    kind = FeeKind.objects.of(w.estate).get(code="shared_utilities")
    w.line = make_charge(w.household, kind, quantity=100, by=w.manager)
    w.void_line = void_charge(make_charge(w.buyer, kind, quantity=100, by=w.manager), reason="记错了户", by=w.manager)
    change_area(w.shop, area=10250, from_month=BillingMonth(2027, 1), by=w.manager)


def _office(w):
    fee = FeeKind.objects.of(w.estate).get(code="property")
    w.price = change_price(fee, unit_price=2_0000, from_month=BillingMonth(2027, 1), basis="业主大会决定", by=w.manager)
    later = change_price(fee, unit_price=2_1000, from_month=BillingMonth(2027, 3), basis="业主大会决定", by=w.manager)
    w.withdrawn = withdraw_price(later, by=w.manager)
    BillingPolicy.objects.create(estate=w.estate)
    w.remark = make_remark(w.estate, words="电梯检修", household=w.household, urgent=True, by=w.clerk)
    w.corrected = correct_remark(w.remark, words="是 2 单元的电梯", by=w.clerk)
    tonight = now() + timedelta(hours=8)
    w.promise = make_promise(w.estate, to_whom="张女士", words="回电说明账单", due_at=tonight, household=w.household, by=w.clerk)
    w.promise = move_promise(w.promise, due_at=tonight + timedelta(days=1), reason="等财务", version=w.promise.version, by=w.clerk)
    kept = make_promise(w.estate, to_whom="吴先生", words="开证明", due_at=tonight, by=w.clerk)
    w.kept = keep_promise(kept, outcome="已开", version=kept.version, by=w.clerk)
    w.draft = Draft.keep(w.estate, w.clerk, path="/log/remark/", query="", label="写工作日志", pairs=[("words", "写了一半")], files=0,
                         request_key=f"{w.estate.slug}-half")
    _files(w)
    _personal_data(w)
    w.computer = add_computer(w.estate, name="前台 1 号机", by=w.clerk)
    w.reminder = issue_paper(KINDS["CJ"], estate=w.estate, content={}, by=w.clerk)
    _notices(w)
    w.wording = reword(w.estate, "receipt_remarks", "请保管好收据", by=w.manager)
    w.phrase = Wording.objects.of(w.estate).get(key="phrase.phone-first")
    w.page = reword(w.estate, "page.keys", "借钥匙先验身份。", note="改短", by=w.manager)
    w.imported = receive(w.estate, data=register(row(code="7-1-101"), row(code="7-1-102", area="八十九"), row(code="7-1-103", day="")),
                         name="登记表.xlsx", by=w.clerk)
    w.imported = worked_off(w.imported)
    w.imported = worked_off(apply_register(w.imported, plan_digest=w.imported.plan_digest, good_rows=True, by=w.clerk))
    w.known = KnownLayout.objects.create(estate=w.estate, kind="register", fingerprint="f" * 64, label="登记表.xlsx", made_by=w.clerk,
                                         table={"kind": "home", "skip": False, "columns": []})
    w.arrears = receive(w.estate, data=workbook_bytes([Table("历史欠费", ["房号", "项目", "所属月份", "欠费金额"], [["3-2-1801", "物业费", "2026-05", 80]])]),
                        name="历史欠费.xlsx", kind="arrears", by=w.manager)
    w.arrears = worked_off(w.arrears)
    w.arrears = worked_off(apply_register(w.arrears, plan_digest=w.arrears.plan_digest, by=w.manager))
    w.opening = w.arrears.charges.get()
    w.upload = receive(w.estate, data=register(row(code="7-1-104")), name="又一份.xlsx", by=w.clerk)
    w.job = Job.start(w.estate, count_to, "数数", by=w.clerk, to=3)
    w.batch = print_batch(w.estate, kind="SJ", asked={"state": "live"}, words="收据", reason="存根装订", expected=2, address="https://w/",
                          by=w.clerk)
    assert w.imported.state == RegisterImport.State.APPLIED
    assert Payment.objects.of(w.estate).count() == 4


def _notices(w):
    """One that took longer, up for weeks; one taken down."""
    where = {"whole": False, "places": [(w.unit.building, ""), (w.sold.building, w.sold.entrance)]}
    when = {"starts_at": now() - timedelta(hours=1), "ends_at": now() + timedelta(days=30), "cause": "换主管", "words": "请储水", "by": w.clerk}
    w.notice = post_notice(w.estate, kind="water", **where, **when)
    w.notice = extend_notice(w.notice, ends_at=now() + timedelta(days=60), reason="阀门没到", version=1, by=w.clerk)
    w.taken_down = take_down_notice(post_notice(w.estate, kind="power", whole=True, places=[], **when), reason="日期写错", version=1, by=w.clerk)


def _files(w):
    """A photo, an identity paper, one of a promise, one taken away again."""
    def attach(row, data=None, **about):
        with kept([ready(data, **about)]) as files:
            attach_files(row, files=files, right="households.view_household", household=w.household, by=w.clerk)
        return File.objects.attached_to(row).last()
    w.photo = attach(w.household)
    w.scan = attach(w.person, kind="identity", purpose="办理入住", centre=w.estate.centre_name)
    w.promise_file = attach(w.promise, pdf(), name="说明.pdf")
    w.removed = remove_file(attach(w.household), reason="传错了户", by=w.manager)


def _estate(w):
    """The office's own rows: numbers, calendar, partners, a setting changed, a fee of its own."""
    w.phone = add_phone(w.estate, kind="service", name="前台", number="025-86668888", by=w.manager)
    take_official_days(w.estate, year=2026, by=w.manager)
    w.day = CalendarDay.objects.of(w.estate).first()
    w.department = add_department(w.estate, name="工程部", responsible="赵国强", phone="8801", matters="报修", by=w.manager)
    w.contractor = add_contractor(w.estate, name="华东门窗", trade="门窗返修", person="孙立", person_phone="13900001111", by=w.manager)
    w.contractor_person = w.contractor.people.get()
    change_setting(w.estate, key="estates.hourspolicy.closes_at", value=time(17, 30), basis="公司通知", version=1, by=w.manager)
    w.fee_kind = add_fee_kind(w.estate, name="垃圾清运费", bills="", unit_name="户", per="", by=w.manager)


def _personal_data(w):
    """Looks at numbers; a request that waits, one decided, one answered; tenures long over: a run taken back, one done, one that waits."""
    reveal_identity(w.person, household=w.household, reason="核对身份", by=w.clerk)
    reveal_phones(w.household, reason="通知停水", by=w.clerk2)
    reveal_scan(w.scan, reason="办证", by=w.clerk)

    def asked(wants):
        return receive_request(w.household, person=w.person, wants=wants, scope="全部", id_checked=True, by=w.clerk)
    w.request, w.decided = asked("delete"), decide_request(asked("copy"), result="partly", reason="涉及别人的不给", by=w.manager)
    w.answered = answer_request(decide_request(asked("copy"), result="done", by=w.manager), given="交副本", by=w.clerk)
    PrivacyPolicy.objects.create(estate=w.estate)
    w.old = open_household(w.free, owners=[{"name": "旧主"}], starts_on=date(2010, 1, 1), ends_on=date(2014, 12, 31), by=w.clerk)
    withdraw_retention(propose_retention(w.estate, by=w.manager), by=w.manager)
    w.retained = sign_retention(propose_retention(w.estate, by=w.manager), by=w.manager2)
    open_household(w.free, owners=[{"name": "后来的旧主"}], starts_on=date(2015, 1, 1), ends_on=date(2016, 12, 31), by=w.clerk)
    w.run = propose_retention(w.estate, by=w.manager)


def worked_off(importing):
    """The import after its job has run, whatever waits elsewhere."""
    with mock.patch.object(JobQuerySet, "claimable", lambda jobs, at: jobs.filter(pk=importing.job_id)):
        assert run_one().pk == importing.job_id
    return RegisterImport.objects.get(pk=importing.pk)
