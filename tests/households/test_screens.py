"""The register's pages: what is typed reaches the act, what is refused stands beside its field, nothing leaks."""
from datetime import date

import pytest
from django.urls import reverse

from households.models import Household, Unit
from households.people import add_contact, add_resident, add_tenant, add_vehicle
from households.register import add_unit, change_owner, open_household
from servicecentre.kit.periods import BillingMonth, today
from servicecentre.worklog.models import Entry

from .test_register import ZHANG, ZHOU


@pytest.fixture
def unit(estate, clerk):
    return add_unit(estate, code="3-2-1801", area=8956, by=clerk)


@pytest.fixture
def household(unit, clerk):
    return open_household(unit, owners=[ZHANG], starts_on=date(2026, 3, 18), by=clerk)


def text_of(response):
    return response.content.decode()


def test_unit_is_entered_by_form(desk, estate):
    response = desk.post(reverse("households:add_unit"), {"code": "3栋2单元1801", "area": "８９．５６", "request_key": "k"})
    unit = Unit.objects.get()
    assert response.status_code == 302 and response.url.endswith(f"/e/{estate.slug}/units/{unit.pk}/")
    assert unit.area_on(date(2020, 1, 1)).area == 8956
    assert "没有业主" in text_of(desk.get(f"/units/{unit.pk}/"))


@pytest.mark.parametrize("typed, words", [
    ({"code": "3-1801"}, "房号不完整"), ({"area": "89.567"}, "最多两位小数"), ({"area": "0"}, "面积要大于 0"), ({"area": ""}, "请填写"),
    ({"from_month": "2026-13"}, "没有 13 月"), ({"trade": "\u202e"}, "控制字符"),
])
def test_wrong_unit_is_refused_with_all_that_was_typed(desk, typed, words):
    data = {"code": "3-2-1801", "area": "89.56", "remark": "顶楼加建", "request_key": "k"} | typed
    page = text_of(desk.post(reverse("households:add_unit"), data))
    assert words in page and "顶楼加建" in page and not Unit.objects.exists()


def test_new_building_is_offered_by_name(desk, unit):
    data = {"code": "9-1-101", "area": "89.56", "request_key": "k"}
    page = text_of(desk.post(reverse("households:add_unit"), data))
    assert "还没有 9 栋" in page and 'value="new_building"' in page
    desk.post(reverse("households:add_unit"), data | {"despite": "new_building"})
    assert Unit.objects.filter(code="9-1-101").exists()


def test_household_is_opened_with_co_owners(desk, unit):
    data = {"starts_on": "2026-03-18", "request_key": "k"}
    for n, owner in enumerate((ZHANG, ZHOU), 1):
        data |= {f"{field}_{n}": value for field, value in owner.items()} | {f"share_{n}": "50%"}
    response = desk.post(reverse("households:open_household", args=[unit.pk]), data)
    household = Household.objects.get()
    assert response.url.endswith(f"/households/{household.pk}/") and household.owner_names == "张雨萍、周建国"
    assert [o.share for o in household.ownerships.all()] == ["50%", "50%"]


def test_wrong_owner_is_told_beside_the_field(desk, unit):
    page = desk.post(reverse("households:open_household", args=[unit.pk]), {
        "starts_on": "2026-02-30", "name_1": "张雨萍", "id_number_1": ZHANG["id_number"][:-1], "phone_1": "138", "id_number_2": "X", "request_key": "k"})
    errors = page.context["form"].errors
    assert set(errors) == {"starts_on", "id_number_1", "phone_1", "name_2"}
    assert "2 月没有 30 日" in errors["starts_on"][0] and "现在 17 位" in errors["id_number_1"][0]
    assert not Household.objects.exists()


def test_change_of_owner_by_form(desk, household):
    path, sale = reverse("households:change_owner", args=[household.unit_id]), {
        "last_day": "2026-11-14", "shown": household.pk, "name_1": ZHOU["name"], "id_number_1": ZHOU["id_number"], "request_key": "k",
        "papers": ["deed", "seller_id"], "water": "286.40", "power": "5122", "taken_over": ["books"], "seller_signed": "on", "buyer_signed": "on"}
    response = desk.post(path, sale | {"seen": desk.post(path, sale).context["form"].digest})
    buyer = Household.objects.get(serial=2)
    change = buyer.changes_in.get()
    assert [(r.kind, r.reading) for r in change.readings.order_by("pk")] == [("water", 28640), ("power", 512200)]
    assert (change.papers, change.taken_over.get().what) == (["deed", "seller_id"], "两书和保修期")
    assert response.url.endswith(f"/households/{household.pk}/statement/") and buyer.starts_on == date(2026, 11, 15)


def test_area_and_use_change_by_form(manager_desk, unit):
    month = BillingMonth.of(today()).next
    manager_desk.post(reverse("households:change_area", args=[unit.pk]), {"area": "90.12", "from_month": str(month), "request_key": "a"})
    manager_desk.post(reverse("households:change_unit", args=[unit.pk]), {"kind": "shop", "trade": "便利店", "version": "1", "request_key": "b"})
    unit.refresh_from_db()
    assert unit.area_on(month.first).area == 9012 and (unit.kind, unit.trade) == ("shop", "便利店")
    page = text_of(manager_desk.post(reverse("households:change_unit", args=[unit.pk]), {"kind": "home", "version": "1", "request_key": "c"}))
    assert "您的改动没有保存" in page


def test_people_contacts_and_vehicles_by_form(desk, household):
    child = {"name": "周子涵", "relation": "子女", "birth_year": "2018", "guardian": "张雨萍", "guardian_consent": "on"}
    add = {"residents": child, "contacts": {"name": "林秀英", "phone": "025-83451933"},
           "tenants": {"name": "何俊", "lease_from": "2026-05-01", "fee_payer": "tenant"}, "vehicles": {"plate": "苏a·d5k26"}}
    for what, data in add.items():
        assert desk.post(f"/households/{household.pk}/{what}/add/", data | {"request_key": what}).status_code == 302, what
    resident, tenant = household.residents.order_by("kind")
    assert (household.vehicles.get().plate, tenant.fee_payer, resident.person.birth_year) == ("苏AD5K26", "tenant", 2018)
    for path in (f"/residents/{tenant.pk}/leave/", f"/vehicles/{household.vehicles.get().pk}/end/", f"/contacts/{household.contacts.get().pk}/remove/"):
        assert desk.get(path).status_code == 200
        day = {"left_on": str(today()), "ended_on": str(today()), "request_key": path}
        assert desk.post(path, day).status_code == 302, path
    assert not household.contacts.exists() and household.vehicles.get().ended_on == today()


def test_special_plate_is_offered_by_name(desk, household):
    path = f"/households/{household.pk}/vehicles/add/"
    assert 'value="special_plate"' in text_of(desk.post(path, {"plate": "苏A1234学", "request_key": "k"}))
    desk.post(path, {"plate": "苏A1234学", "request_key": "k", "despite": "special_plate"})
    assert household.vehicles.get().plate == "苏A1234学"


def test_person_is_corrected_without_showing_the_number(desk, household):
    person = household.persons.get()
    path = reverse("households:change_person", args=[household.pk, person.pk])
    page = text_of(desk.get(path))
    assert ZHANG["id_number"] not in page and ZHANG["phone"] not in page and "138****5678" in page
    desk.post(path, {"name": "张雨平", "kind": "person", "phone": "", "phone2": "13800139999", "version": person.version, "request_key": "k"})
    person.refresh_from_db()
    assert (person.name, person.phone, person.phone2, person.id_number) == ("张雨平", ZHANG["phone"], "13800139999", ZHANG["id_number"])


def test_number_is_shown_only_after_a_reason(desk, household):
    person = household.persons.get()
    path = reverse("households:reveal_identity", args=[household.pk, person.pk])
    for page in (desk.get(path), desk.post(path, {"reason": "", "request_key": "k"}), desk.post(path, {"reason": "其他", "request_key": "k"})):
        assert ZHANG["id_number"] not in text_of(page)
    assert not Entry.objects.filter(act="households.reveal_identity").exists()
    answer = desk.post(path, {"reason": "核对本人身份", "request_key": "k"})
    assert ZHANG["id_number"] in text_of(answer) and answer.headers["Cache-Control"] == "no-store"
    assert Entry.objects.get(act="households.reveal_identity").words == "查看张某的证件号码，核对本人身份"


def test_the_same_asking_again_shows_nothing(desk, household):
    """A page loaded again would be a showing without an entry of its own."""
    number = reverse("households:reveal_identity", args=[household.pk, household.persons.get().pk])
    phones = reverse("households:reveal_phones", args=[household.pk])
    for path, secret in ((number, ZHANG["id_number"]), (phones, ZHANG["phone"])):
        asked = {"reason": "核对本人身份" if path == number else "联系本人", "request_key": path[:60]}
        assert secret in text_of(desk.post(path, asked))
        again = text_of(desk.post(path, asked))
        assert secret not in again and "要再看" in again
    assert Entry.objects.filter(act__startswith="households.reveal").count() == 2


def test_an_owner_who_lives_here_too_is_one_person(desk, household, clerk):
    person = household.persons.get()
    add_resident(household, name=person.name, id_number=person.id_number, by=clerk)
    assert household.residents.filter(person=person).exists()
    for name in ("change_person", "reveal_identity"):
        assert desk.get(reverse(f"households:{name}", args=[household.pk, person.pk])).status_code == 200


def test_phones_are_shown_only_after_a_reason(desk, household, clerk):
    add_contact(household, name="林秀英", phone="025-83451933", by=clerk)
    path = reverse("households:reveal_phones", args=[household.pk])
    assert "13800135678" not in text_of(desk.get(path))
    page = text_of(desk.post(path, {"reason": "联系本人", "words": "停水", "request_key": "k"}))
    assert "13800135678" in page and "025-83451933" in page
    assert Entry.objects.get(act="households.reveal_phones").words == "查看电话，联系本人，停水"


def test_number_is_on_no_other_page(desk, household, clerk):
    add_resident(household, name="何俊", id_number=ZHOU["id_number"], by=clerk)
    add_vehicle(household, plate="苏AD5K26", driver_phone="13700001234", by=clerk)
    pages = [f"/households/{household.pk}/", f"/units/{household.unit_id}/", "/units/", f"/households/{household.pk}/change/"]
    for path in pages:
        body = text_of(desk.get(path))
        for secret in (ZHANG["id_number"], ZHOU["id_number"], ZHANG["phone"], "13700001234"):
            assert secret not in body, (path, secret)


def test_list_is_filtered_by_address_and_paged_in_sql(desk, estate, household, clerk):
    free = add_unit(estate, code="3-2-1802", area=8956, by=clerk)
    shop = add_unit(estate, code="S01", area=5000, by=clerk)

    def listed(query):
        return [row.code for row in desk.get(f"/units/?{query}").context["page"]]

    assert listed("") == ["3-2-1801", "3-2-1802", "S01"]
    assert listed("kind=shop") == [shop.code] and listed("state=free") == [free.code, shop.code] and listed("state=held") == ["3-2-1801"]
    assert listed(f"building={free.building_id}") == ["3-2-1801", "3-2-1802"]
    for odd in ("building=999999", "kind=castle", "page=-1", "page=9e9", "sort=password"):
        assert listed(odd) == ["3-2-1801", "3-2-1802", "S01"]


def test_empty_register_says_what_comes_next(desk):
    assert "导入登记表" in text_of(desk.get("/units/"))


def test_clerk_sees_no_button_without_the_right(desk, manager_desk, unit):
    assert "变更面积" in text_of(manager_desk.get(f"/units/{unit.pk}/")) and "变更面积" not in text_of(desk.get(f"/units/{unit.pk}/"))
    assert desk.post(f"/units/{unit.pk}/area/", {}).status_code == 403


def test_row_of_another_estate_is_not_there(household, desk_of, other_clerk, other_estate):
    theirs = desk_of(other_clerk, other_estate)
    person = household.persons.get()
    for path in (f"/households/{household.pk}/", f"/units/{household.unit_id}/", f"/households/{household.pk}/people/{person.pk}/",
                 f"/households/{household.pk}/people/{person.pk}/identity/", f"/households/{household.pk}/phones/"):
        assert theirs.get(path).status_code == theirs.post(path, {}).status_code == 404 or theirs.post(path, {}).status_code == 405


def test_a_lease_is_a_tenants_and_a_relation_a_family_members(desk, household, clerk):
    family, tenant = add_resident(household, name="外婆", by=clerk), add_tenant(household, name="何俊", lease_from=today(), by=clerk)
    for path, pk, status in (("tenants", family.pk, 404), ("residents", tenant.pk, 404), ("tenants", tenant.pk, 200), ("residents", family.pk, 200)):
        assert desk.get(f"/{path}/{pk}/").status_code == status, path


def test_the_remark_of_a_tenure_that_is_over_is_read_only(desk, unit, household, clerk):
    change_owner(unit, owners=[ZHOU], last_day=date(2026, 10, 31), by=clerk)
    page = desk.post(f"/households/{household.pk}/change/", {"remark": "改一改", "version": "2", "request_key": "k"}).content.decode()
    household.refresh_from_db()
    assert "只看不改" in page and household.remark == ""
