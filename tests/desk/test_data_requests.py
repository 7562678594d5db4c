"""Requests for one's own data: from the application to the masked copy, who decides, within the term (FORMS 7.7, DOMAIN §8)."""
import io
from datetime import date

import pypdf
import pytest
from django.urls import reverse

from billing.cashier import collect_payment
from billing.charges import make_charge
from billing.models import FeeKind
from households.agents import take_letter
from households.merging import merge_people
from households.owners import remove_owner
from households.people import add_contact, add_resident, add_tenant, add_vehicle, reveal_identity, reveal_phones
from households.register import add_unit, open_household
from households.standing import add_care, add_pet, give_instruction
from servicecentre.desk.data_requests import answer_request, decide_request, receive_request, what_we_hold
from servicecentre.desk.models import DataRequest, PrivacyPolicy
from servicecentre.estates.mount import in_estate
from servicecentre.files import storing
from servicecentre.files.models import File
from servicecentre.kit.money import yuan
from servicecentre.kit.periods import BillingMonth, today
from servicecentre.kit.refused import Refused
from servicecentre.papers.models import Paper
from servicecentre.papers.wordings import reword
from servicecentre.worklog.attaching import attach_files, reveal_scan
from servicecentre.worklog.models import Entry

from ..conftest import Desk
from ..files.making import upload
from ..worlds import at, resident_id

NUMBER = resident_id("32010619880417002")


@pytest.fixture
def household(estate, clerk):
    unit = add_unit(estate, code="3-2-1801", area=8956, by=clerk, despite=("new_building",))
    owners = [{"name": "张雨萍", "id_number": NUMBER, "phone": "13800135678"}, {"name": "陈犇", "phone": "13900001111", "share": "1/2"}]
    household = open_household(unit, owners=owners, starts_on=date(2026, 3, 18), by=clerk)
    add_contact(household, name="张大山", phone="13912342046", by=clerk)
    add_resident(household, name="李保姆", by=clerk)
    return household


@pytest.fixture
def person(household):
    return household.persons.get(name="张雨萍")


def ask(household, person, by, wants="copy", **more):
    return receive_request(household, **{"person": person, "wants": wants, "scope": "全部", "id_checked": True, **more}, by=by)


def test_from_the_application_to_the_masked_copy(household, person, clerk, manager):
    with at(2026, 11, 20, 2):
        request = ask(household, person, clerk)
    assert (request.paper.number, request.due_on) == ("GX-2026-000001", date(2026, 12, 5))
    with at(2026, 11, 21, 2):
        request = decide_request(request, result="done", by=manager)
    with at(2026, 11, 22, 2):
        request = answer_request(request, given="交给本人副本一份", by=clerk)
    assert request.copy.number == "FB-2026-000001" and request.given == "交给本人副本一份；副本 FB-2026-000001"
    said = [e.words for e in Entry.objects.filter(row_type="desk.datarequest").order_by("pk")]
    assert said == ["受理个人信息申请 GX-2026-000001，复制，12-05 前答复", "决定个人信息申请 GX-2026-000001：办理",
                    "办结个人信息申请 GX-2026-000001：交给本人副本一份；副本 FB-2026-000001"]


def test_who_took_it_in_prints_from_its_page_what_is_to_be_signed_then_what_is_handed_over(household, person, clerk, manager, desk):
    request = ask(household, person, clerk)
    page = f"/data-requests/{request.pk}/"
    assert "打印两联" in desk.get(page).content.decode() and "打印两联" not in Desk(manager, household.estate).get(page).content.decode()
    answer_request(decide_request(request, result="done", by=manager), given="交给本人", by=clerk)
    assert "打印副本" in desk.get(page).content.decode()


def test_the_copy_holds_ones_own_data_with_masked_numbers_and_nobody_elses(household, person, clerk):
    reveal_identity(person, household=household, reason="核对身份", by=clerk)
    held = {part["title"]: part["rows"] for part in what_we_hold(person, household)}
    assert ["居民身份证", "3201**********" + NUMBER[-4:]] in held["登记的资料"] and ["电话", "138****5678"] in held["登记的资料"]
    assert held["房屋"] == [["3-2-1801", "业主，2026-03-18 至 今，另有共有人 1 人"]]
    assert held["什么时候看过完整号码"][0][1] == "证件号码，核对身份"
    for strange in (NUMBER, "13800135678", "陈犇", "13900001111", "张大山", "13912342046", "李保姆", clerk.name):
        assert strange not in str(held)


def test_the_copy_lists_what_is_held_and_says_what_it_leaves_out(household, person, clerk):
    give_instruction(household, words="先打我的手机", given_by="张雨萍", starts_on=today(), by=clerk)
    give_instruction(household, words="钥匙不给老何", given_by="陈犇", starts_on=today(), by=clerk)
    add_pet(household, kind="犬", licence_no="宁犬7788", by=clerk)
    kind = FeeKind.objects.get(estate=household.estate, code="shared_utilities")
    charge = make_charge(household, kind, quantity=100, period=BillingMonth(2026, 10), by=clerk)
    payment = collect_payment(household, parts=[("cash", charge.amount, "")], payer_name="张雨萍", by=clerk)
    of = held(person, household)
    assert of["嘱咐"][0][1].startswith("先打我的手机") and of["宠物"] == [["犬", "犬证 宁犬7788"]] and of["紧急联系人"][0][1].startswith("1 位")
    told = f"{yuan(charge.amount)} 元"
    assert of["账单"] == [["2026-10", f"{charge.shown_name} {told}，已缴 {told}"]] and payment.paper.number in of["收款"][0][1]
    assert "全号" in of["没有列在这里的"][0][0] and "老何" not in str(of) and "张大山" not in str(of)


def test_one_who_asked_stands_on_the_home_page_until_answered(desk, manager_desk, household, person, clerk, manager):
    assert "h-datareq" not in manager_desk.get("/").content.decode()
    request = ask(household, person, clerk)
    for door in (desk, manager_desk):
        page = door.get("/").content.decode()
        assert request.paper.number in page and f"待决定，{request.due_on:%m-%d} 前" in page
    answer_request(decide_request(request, result="done", by=manager), given="交给本人", by=clerk)
    assert "h-datareq" not in manager_desk.get("/").content.decode()


def test_request_and_copy_bear_their_own_names(desk, household, person, clerk, manager):
    """One series, two papers: the copy has no parts to choose from."""
    request = answer_request(decide_request(ask(household, person, clerk), result="done", by=manager), given="交给本人", by=clerk)
    assert (request.paper.kind_label, request.copy.kind_label) == ("个人信息申请单", "个人信息副本")
    pages = [desk.get(f"/papers/{paper.pk}/").context["form"] for paper in (request.paper, request.copy)]
    assert ["copies" in form.fields for form in pages] == [True, False]


def test_what_was_kept_of_an_entry_that_was_merged_away_is_the_persons(household, person, clerk, desk):
    """A file goes on naming the entry it was made for; whoever asks for the person gets it (the row is frozen)."""
    gone = add_resident(household, name="张雨平", by=clerk).person
    ready = storing.read(upload(name="身份证.jpg"), kind="identity", purpose="办理入住", centre="x")
    with storing.kept([ready]) as files:
        attach_files(gone, files=files, right="households.view_household", household=household, by=clerk)
    scan = household_files(household)[0]
    reveal_scan(scan, reason="核对证件", by=clerk)
    assert "证件" not in str(held(person, household)["照片、扫描件"]) and held(person, household)["什么时候看过完整号码"] == [["—", "没有"]]
    merge_people(person, gone, household=household, by=clerk)
    parts = held(person, household)
    assert parts["照片、扫描件"][0][0] == "证件" and "核对证件" in parts["什么时候看过完整号码"][0][1]
    page = desk.get(f"/households/{household.pk}/files/").content.decode()
    assert "张雨萍的证件" in page and "张雨平" not in page
    assert b"data:image/jpeg" in desk.post(f"/files/{scan.pk}/reveal/", {"reason": "再看", "request_key": "r"}).content


def held(person, household):
    return {part["title"]: part["rows"] for part in what_we_hold(person, household)}


def household_files(household):
    return list(File.objects.of_household(household).there())


@pytest.mark.parametrize(("change", "field"), [({"id_checked": False}, "id_checked"), ({"scope": " "}, "scope")])
def test_without_its_papers_it_is_not_received(household, person, clerk, change, field):
    with pytest.raises(Refused) as refused:
        ask(household, person, clerk, **change)
    assert field in refused.value.message_dict and not Paper.objects.filter(kind="GX").exists()


def test_a_person_of_another_household_is_nobody_here(household, estate, clerk):
    other = open_household(add_unit(estate, code="1-1-101", area=9000, by=clerk, despite=("new_building",)), owners=[{"name": "吴天"}],
                           starts_on=date(2025, 1, 1), by=clerk)
    with pytest.raises(Refused, match="不是这一户的"):
        ask(household, other.persons.get(), clerk)


def test_steps_go_in_order_and_once(household, person, clerk, manager):
    request = ask(household, person, clerk)
    with pytest.raises(Refused, match="还没有决定"):
        answer_request(request, given="交了", by=clerk)
    for result in ("refused", "partly"):
        with pytest.raises(Refused, match="要写理由"):
            decide_request(request, result=result, by=manager)
    decide_request(request, result="refused", reason="已清理，没有留存", by=manager)
    with pytest.raises(Refused, match="已经决定：不办理"):
        decide_request(request, result="done", by=manager)
    request = answer_request(request, given="当面告知", by=clerk)
    assert request.copy is None
    with pytest.raises(Refused, match="已经办结"):
        answer_request(request, given="再来", by=clerk)


def test_a_correction_hands_over_no_copy(household, person, clerk, manager):
    request = answer_request(decide_request(ask(household, person, clerk, wants="correct"), result="done", by=manager), given="电话已改", by=clerk)
    assert request.copy is None and request.given == "电话已改"


def test_the_term_is_the_estates_and_its_end_is_seen(household, person, clerk):
    PrivacyPolicy.objects.create(estate=household.estate, request_days=7)
    with at(2026, 11, 20, 2):
        request = ask(household, person, clerk)
    states = [request.state_on(date(2026, 11, day))["word"] for day in (20, 27, 28)]
    assert states == ["待决定，11-27 前", "待决定，11-27 前", "逾期 1 天"]
    assert [request.state_on(date(2026, 11, day))["kind"] for day in (20, 25, 28)] == ["idle", "warn", "bad"]


def test_what_stands_on_the_papers_is_the_centres_to_word(household, person, clerk, manager):
    assert "自受理起 15 天内" in ask(household, person, clerk).paper.content["terms"]
    reword(household.estate, "request_terms", "{{服务中心}}在 {{期限}} 前答复。", by=manager)
    reword(household.estate, "copy_terms", "有误请告诉{{服务中心}}。", by=manager)
    with at(2026, 11, 20, 2):
        request = ask(household, person, clerk)
    assert request.paper.content["terms"] == f"{household.estate.centre_name}在 2026-12-05 前答复。"
    request = answer_request(decide_request(request, result="done", by=manager), given="交给本人", by=clerk)
    assert request.copy.content["terms"] == f"有误请告诉{household.estate.centre_name}。"


def test_through_the_pages(desk, manager_desk, household, person):
    page = f"/households/{household.pk}/data-request/"
    assert "个人信息申请" in desk.get(f"/households/{household.pk}/").content.decode()
    answer = desk.post(page, {"person": person.pk, "wants": "copy", "scope": "全部", "id_checked": "on", "request_key": "a"})
    request = DataRequest.objects.get()
    assert answer.status_code == 302 and answer.url.endswith(f"/data-requests/{request.pk}/")
    assert "GX-" in desk.get("/data-requests/").content.decode() and "记下决定" not in desk.get(f"/data-requests/{request.pk}/").content.decode()
    assert desk.post(f"/data-requests/{request.pk}/decide/", {"result": "done"}).status_code == 403
    assert manager_desk.post(f"/data-requests/{request.pk}/decide/", {"result": "partly", "request_key": "b"}).context["form"].errors["reason"]
    assert manager_desk.post(f"/data-requests/{request.pk}/decide/", {"result": "partly", "reason": "别人的不给", "request_key": "b"}).status_code == 302
    assert desk.post(f"/data-requests/{request.pk}/answer/", {"given": "交给本人", "request_key": "c"}).status_code == 302
    request.refresh_from_db()
    for paper, words in ((request.paper, ["GX-2026-", "第一联 申请人", "✓ 复制", "15"]), (request.copy, ["登记的资料", "别人的不给", "3201**********"])):
        text = _text(desk, paper)
        assert [word for word in words if word not in text] == [], text
        assert NUMBER not in text and "13800135678" not in text


def _text(desk, paper):
    with in_estate("galaxy1"):
        where = reverse("papers:pdf", args=[paper.pk, 1])
    answer = desk.get(where)
    assert answer["Content-Type"] == "application/pdf"
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)


def test_an_agent_comes_with_the_persons_own_letter_and_uses_it(desk, household, person, clerk):
    agent = {"name": "何代芳", "id_number": resident_id("32010619900101001"), "phone": "13500135000", "copies_kept": True, "valid_from": today(),
             "by": clerk}
    mine, other = (household.ownerships.get(person__name=name) for name in ("张雨萍", "陈犇"))
    pays, theirs, good = (take_letter(household, principal=owner, matters=matters, **agent) for owner, matters in (
        (mine, ["pay"]), (other, ["files"]), (mine, ["files"])))
    for letter, words in ((pays, "只写了"), (theirs, "不是张雨萍的")):
        with pytest.raises(Refused, match=words):
            ask(household, person, clerk, letter=letter)
    page = f"/households/{household.pk}/data-request/"
    typed = {"person": person.pk, "wants": "copy", "scope": "全部", "id_checked": "on", "letter": good.pk, "despite": "not_called", "request_key": "a"}
    assert desk.post(page, typed).status_code == 302
    request = DataRequest.objects.get()
    assert (request.agent, request.letter, request.paper.content["agent"]) == ("何代芳", good.paper.number, "何代芳")
    assert list(good.uses.values_list("matter", "words")) == [("files", "个人信息申请，复制")]
    with pytest.raises(Refused, match="已经用过"):
        ask(household, person, clerk, letter=good)


def test_each_gets_their_own_data_and_nobody_elses(estate, household, person, clerk):
    """A tenant, a co-owner who left, an agent: no others' requests, money, plates or looks; but their own letters and consents."""
    kind = FeeKind.objects.get(estate=estate, code="shared_utilities")
    chen = household.ownerships.get(person__name="陈犇")
    with at(2026, 10, 5, 2):
        make_charge(household, kind, quantity=100, period=BillingMonth(2026, 10), by=clerk)
        letter = take_letter(household, principal=chen, matters=["pay"], name="何代芳", id_number=resident_id("32010619900101001"), phone="13500135000",
                             copies_kept=True, valid_from=date(2026, 10, 5), by=clerk)
        tenant = add_tenant(household, name="李想", lease_from=date(2026, 10, 10), by=clerk).person
        add_care(household, about="李想", words="听力不好", consent_by="本人", consent=True, by=clerk)
    with at(2026, 10, 8, 2):
        reveal_phones(household, reason="通知停水", by=clerk)
    with at(2026, 10, 20, 2):
        remove_owner(chen, version=1, left_on=date(2026, 10, 20), basis="赠与合同", by=clerk)
        add_vehicle(household, plate="苏AD7K38", by=clerk)
    with at(2026, 11, 5, 2):
        make_charge(household, kind, quantity=100, period=BillingMonth(2026, 11), by=clerk)
        asked = ask(household, person, clerk)
        reveal_phones(household, reason="催缴", by=clerk)

    def held(who):
        return {part["title"]: part["rows"] for part in what_we_hold(who, household)}
    nothing = [["—", "没有"]]
    of_tenant, of_chen, of_agent = held(tenant), held(chen.person), held(letter.agent)
    assert of_tenant["账单"] == of_tenant["单据"] == of_tenant["车辆"] == nothing and of_tenant["健康和照顾"][0][0] == "听力不好"
    assert [words for _, words in of_tenant["什么时候看过完整号码"]] == ["电话，催缴"]
    assert [month for month, _ in of_chen["账单"]] == ["2026-10"] and of_chen["车辆"] == nothing
    assert of_chen["单据"] == of_agent["单据"] == [[letter.paper.number, "授权委托书，2026-10-05"]]
    assert [words for _, words in of_chen["什么时候看过完整号码"]] == ["电话，通知停水"] and of_chen["房屋"][0][1] == "业主，2026-03-18 至 2026-10-20，份额 1/2"
    assert of_chen["委托书"] == [["3-2-1801", "委托别人：缴费，2026-10-05 至 用一次"]] and "受别人委托：缴费" in of_agent["委托书"][0][1]
    assert of_agent["什么时候看过完整号码"] == nothing
    assert [number for number, _ in held(person)["单据"]] == [letter.paper.number, asked.paper.number]
    assert [month for month, _ in held(person)["账单"]] == ["2026-11", "2026-10"]
    assert "共有人" not in held(person)["房屋"][0][1] and held(person)["车辆"][0][0] == "苏A·D7K38"
