"""The pages of temporary parking and of the common income: what the guard sees and what not, and who may do what."""
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from openpyxl import load_workbook

from billing.models import BillingPolicy, Visit, VisitVoid
from billing.visits import enter_visit, leave_without_entry
from servicecentre.kit import periods
from servicecentre.roles import Role
from servicecentre.worklog.models import Entry

from ..conftest import Desk, person_at
from .till import household_owing

PLATE, GATE = "苏A3K718", "大门"
CAME = datetime(2026, 11, 24, 4, 6, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    def stands(moment):
        monkeypatch.setattr(periods, "clock", lambda: moment)
    stands(CAME)
    return stands


@pytest.fixture
def guard(estate):
    return person_at(estate, "qianwei", "钱卫", Role.GUARD)


@pytest.fixture
def phone(guard, estate):
    return Desk(guard, estate)


@pytest.fixture
def visit(estate, guard):
    return enter_visit(estate, plate=PLATE, gate=GATE, to_unit="4-1-0703", by=guard)


def text(answer):
    return answer.content.decode()


def test_in_and_out_by_the_pages(phone, estate, clock):
    answer = phone.post("/billing/gate/enter/", {"plate": "苏a 3k718", "gate": GATE, "to_unit": "4-1-0703"}, follow=True)
    assert "苏A·3K718 已进场" in text(answer) and "在场 1 辆" in text(answer)
    visit = Visit.objects.get()
    clock(CAME + timedelta(hours=2, minutes=6))
    answer = phone.post("/billing/gate/out/", {"plate": "718"}, follow=True)
    assert answer.redirect_chain[0][0].endswith(f"/billing/gate/{visit.pk}/leave/")
    assert "收 5.00 元" in text(answer) and "停了 2 小时 06 分 00 秒" in text(answer) and "4-1-0703" in text(answer)
    answer = phone.post(f"/billing/gate/{visit.pk}/leave/", {"gate": GATE, "fee_shown": "500", "method": "cash"}, follow=True)
    assert "放行，收 5.00 元，现金" in text(answer) and "人民币伍元整" in text(answer) and f"临停 {visit.pk}" in text(answer)
    assert "现金 1 辆" in text(phone.get("/billing/gate/")) and "5.00" not in text(phone.get("/billing/gate/")), "counted, not summed, before the till is"


def test_a_free_kind_is_a_button(phone, visit, estate, clock):
    clock(CAME + timedelta(hours=3))
    kind = "为住户送货、安装、维修、搬家的车"
    assert kind in text(phone.get(f"/billing/gate/{visit.pk}/leave/"))
    phone.post(f"/billing/gate/{visit.pk}/leave/", {"gate": GATE, "fee_shown": "500", "method": "cash", "free_kind": kind})
    visit.refresh_from_db()
    assert (visit.rule, visit.fee, visit.free_kind, visit.method) == ("free", 0, kind, None)


def test_by_hand_keeps_what_was_typed(phone, visit, clock):
    clock(CAME + timedelta(hours=12, seconds=1))
    page = f"/billing/gate/{visit.pk}/leave/"
    assert "超过 12 小时，小区还没定怎么收" in text(phone.get(page))
    answer = phone.post(page, {"gate": GATE, "fee": "12.5", "reason": "", "method": "cash"})
    assert "请写原因" in text(answer) and 'value="12.50"' in text(answer) or "12.5" in text(answer)
    phone.post(page, {"gate": GATE, "fee": "12.5", "reason": "过夜", "method": "alipay"})
    visit.refresh_from_db()
    assert (visit.fee, visit.fee_reason, visit.method) == (1250, "过夜", "alipay")


def test_several_with_the_same_end_are_listed_and_none_is_by_hand(phone, estate, guard, visit):
    enter_visit(estate, plate="皖B3K718", gate=GATE, by=guard)
    page = text(phone.post("/billing/gate/out/", {"plate": "718"}))
    assert "苏A·3K718" in page and "皖B·3K718" in page
    page = text(phone.post("/billing/gate/out/", {"plate": "苏c99999"}))
    assert "没有进场记录" in page and 'value="苏C99999"' in page
    answer = phone.post("/billing/gate/without-entry/", {"plate": "苏C99999", "gate": GATE, "fee": "5", "reason": "停电", "method": "cash"}, follow=True)
    assert "没有记录" in text(answer) and Visit.objects.left().get().fee == 500
    assert "先输车牌" in text(phone.post("/billing/gate/out/", {"plate": " "}))


def test_the_guard_sees_no_register_no_arrears_no_sums_of_others(phone, estate, visit, guard, manager):
    home = household_owing(estate, "4-1-0703")
    leave_without_entry(estate, plate="苏C99999", gate=GATE, fee=500, reason="停电", method="cash", by=guard)
    for page in ("/", "/billing/gate/", f"/billing/gate/{visit.pk}/", f"/billing/gate/{visit.pk}/leave/", "/billing/gate/visits/"):
        shown = text(phone.get(page))
        assert home.owner_names not in shown and "170.16" not in shown and "510.48" not in shown, page
    for page in ("/households/units/", f"/households/{home.pk}/", "/billing/gate/takings/", "/billing/common-income/", "/billing/gate/visits/export/",
                 f"/billing/gate/{visit.pk}/void/", f"/billing/households/{home.pk}/account/"):
        assert phone.get(page).status_code in (403, 404), page


def test_the_gates_home_leads_to_the_gate(phone):
    assert "/billing/gate/" in text(phone.get("/"))


def test_an_engineer_stands_in_and_a_manager_takes_nothing(estate, visit, manager_desk):
    engineer = Desk(person_at(estate, "zhao", "赵国强", Role.ENGINEER), estate)
    assert engineer.post("/billing/gate/enter/", {"plate": "苏B12345", "gate": GATE}).status_code == 302
    assert manager_desk.get(f"/billing/gate/{visit.pk}/leave/").status_code == 403 and "收钱的事由门岗和前台办" in text(manager_desk.get("/billing/gate/"))


def test_where_one_stands_is_remembered(estate, guard, phone):
    BillingPolicy.objects.create(estate=estate, parking_gates="南门；北门")
    phone.post("/billing/gate/enter/", {"plate": PLATE, "gate": "北门"})
    assert 'value="北门" class' in text(phone.get("/billing/gate/")) or 'value="北门" id' in text(phone.get("/billing/gate/"))
    assert phone.get("/billing/gate/").context["form"]["gate"].value() == "北门"
    assert "请选门岗" in text(phone.post("/billing/gate/enter/", {"plate": "苏B12345"}))


def test_records_by_day_by_what_became_of_them_by_plate(phone, estate, guard, visit, clock):
    leave_without_entry(estate, plate="苏C99999", gate=GATE, fee=500, reason="停电", method="wechat", by=guard)
    def plates(query):
        return [v.plate for v in phone.get(f"/billing/gate/visits/?{query}").context["page"].object_list]
    assert plates("on=2026-11-24") == ["苏C99999", PLATE] and plates("on=2026-11-23") == []
    assert plates("show=inside") == [PLATE] and plates("on=2026-11-24&show=hand") == ["苏C99999"]
    assert plates("on=2026-11-24&method=cash") == [] and plates("on=2026-11-24&show=free") == []
    found = phone.post("/billing/gate/visits/", {"part": "k7"})
    assert [v.plate for v in found.context["page"].object_list] == [PLATE]


def test_what_each_took_is_the_managers_to_see(manager_desk, estate, guard, manager, clock):
    def took(plate, fee, method, by):
        return leave_without_entry(estate, plate=plate, gate=GATE, fee=fee, reason="没登记", method=method, by=by)
    other = person_at(estate, "sunli", "孙立", Role.GUARD)
    took("苏B11111", 500, "cash", guard)
    took("苏B22222", 1000, "wechat", guard)
    took("苏B33333", 700, "cash", other)
    wrong = took("苏B44444", 300, "cash", guard)
    manager_desk.post(f"/billing/gate/{wrong.pk}/void/", {"reason": "收错"})
    assert VisitVoid.objects.count() == 1
    page = manager_desk.get("/billing/gate/takings/")
    assert sorted(page.context["lines"]) == [("孙立", [700, 0, 0], 700, 1), ("钱卫", [500, 1000, 0], 1500, 3)]
    assert page.context["sums"] == [1200, 1000, 0] and page.context["total"] == 2200


def test_a_visit_says_how_it_was_reckoned(phone, estate, visit, clock):
    BillingPolicy.objects.create(estate=estate, parking_over_12h="each_24h", parking_cap=700)
    clock(CAME + timedelta(hours=13))
    phone.post(f"/billing/gate/{visit.pk}/leave/", {"gate": GATE, "fee_shown": "700", "method": "cash"})
    page = text(phone.get(f"/billing/gate/{visit.pk}/"))
    for words in ("超过 12 小时，2 次，每次 5.00 元", "5.00 元 × 2 次 = 10.00 元", "一次最多收 7.00 元", "每多 24 小时再收一次", "依据"):
        assert words in page


def test_the_records_go_out_with_their_reason_in_the_log(manager_desk, estate, guard, visit):
    answer = manager_desk.post("/billing/gate/visits/export/", {"first": "2026-11-01", "last": "2026-11-30", "reason": "给业委会"})
    rows = list(load_workbook(BytesIO(b"".join(answer.streaming_content))).worksheets[0].values)
    assert rows[1][:5] == (visit.pk, "苏A·3K718", "4-1-0703", "2026-11-24 12:06:00", "大门")
    assert "含车牌；原因：给业委会" in Entry.objects.filter(act="billing.log_visits_export").get().words
    assert "没有临停" in text(manager_desk.post("/billing/gate/visits/export/", {"first": "2025-01-01", "last": "2025-01-30", "reason": "试"}))
