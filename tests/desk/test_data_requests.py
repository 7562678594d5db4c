"""Requests for one's own data: from the application to the masked copy, who decides, within the term (FORMS 7.7, DOMAIN §8)."""
import io
from datetime import date

import pypdf
import pytest
from django.urls import reverse

from households.people import add_contact, add_resident, reveal_identity
from households.register import add_unit, open_household
from servicecentre.desk.data_requests import answer_request, decide_request, receive_request, what_we_hold
from servicecentre.desk.models import DataRequest, PrivacyPolicy
from servicecentre.estates.mount import in_estate
from servicecentre.kit.refused import Refused
from servicecentre.papers.models import Paper
from servicecentre.papers.wordings import reword
from servicecentre.worklog.models import Entry

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


def test_the_copy_holds_ones_own_data_with_masked_numbers_and_nobody_elses(household, person, clerk):
    reveal_identity(person, household=household, reason="核对身份", by=clerk)
    held = {part["title"]: part["rows"] for part in what_we_hold(person, household)}
    assert ["居民身份证", "3201**********" + NUMBER[-4:]] in held["登记的资料"] and ["电话", "138****5678"] in held["登记的资料"]
    assert held["房屋"] == [["3-2-1801", "业主，2026-03-18 至 今，另有共有人 1 人"]]
    assert held["谁看过完整号码"][0][1] == "证件号码，核对身份"
    for strange in (NUMBER, "13800135678", "陈犇", "13900001111", "张大山", "13912342046", "李保姆", clerk.name):
        assert strange not in str(held)


@pytest.mark.parametrize(("change", "field"), [({"id_checked": False}, "id_checked"), ({"agent": "周建国"}, "letter"), ({"scope": " "}, "scope")])
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
