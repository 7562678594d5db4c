"""Who owns: co-owners and shares, a death, a first day put right, two entries of one person made one; and what stood there before."""
from datetime import date, timedelta
from fractions import Fraction

import pytest

from households.agents import take_letter
from households.amending import change_contact, change_resident, change_tenant, change_vehicle
from households.handing import undo_sale
from households.merging import doubles_of, merge_people
from households.models import Amendment, Person, SearchKey
from households.owners import add_owner, change_share, correct_first_day, record_death, remove_owner
from households.people import add_contact, add_resident, add_tenant, add_vehicle, change_person, remove_contact
from households.register import add_unit, change_household, change_owner, open_household, share_of
from servicecentre.kit.identity import mask_numbers
from servicecentre.kit.periods import today
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import surname
from servicecentre.worklog.models import Entry

from .test_register import ZHANG, ZHOU, id_with_check


@pytest.fixture
def unit(estate, clerk):
    return add_unit(estate, code="3-2-1801", area=8956, by=clerk)


@pytest.fixture
def household(unit, clerk):
    return open_household(unit, owners=[ZHANG], starts_on=date(2026, 3, 18), by=clerk)


def words():
    return Entry.objects.order_by("-pk").values_list("words", flat=True)[0]


def test_a_spouse_is_added_to_the_deed_and_leaves_again(household, clerk):
    both = add_owner(household, **ZHOU, share="1/2", basis="不动产权证书", by=clerk)
    household.refresh_from_db()
    assert (household.owner_names, household.number, both.position) == ("张雨萍、周建国", "3-2-1801-01", 2)
    assert words() == "加共有人周某 1/2，凭 不动产权证书" and SearchKey.objects.filter(term="n周建国", household=household).exists()
    with pytest.raises(Refused, match="已是这一户的业主"):
        add_owner(household, **ZHOU, basis="再来", by=clerk)
    first = household.ownerships.get(position=1)
    remove_owner(first, version=1, left_on=today(), basis="赠与合同", by=clerk)
    household.refresh_from_db()
    both.refresh_from_db()
    assert (household.owner_names, both.position) == ("周建国", 1) and household.ownerships.count() == 2
    assert not SearchKey.objects.filter(term="n张雨萍", household=household).exists()
    with pytest.raises(Refused, match="请办变更业主"):
        remove_owner(both, version=1, left_on=today(), basis="赠与合同", by=clerk)
    with pytest.raises(Refused, match="退出"):
        remove_owner(first, version=1, left_on=today(), basis="赠与合同", by=clerk)
    assert list(Amendment.objects.values_list("what", "old", "new")) == [("共有人", "", "周建国 1/2"), ("共有人", "张雨萍", "")]


def test_shares_of_more_than_the_whole_are_asked_about(household, clerk):
    change_share(household.ownerships.get(), version=1, share="60%", basis="产权证", by=clerk)
    with pytest.raises(Refused, match="合计 110%") as refusal:
        add_owner(household, **ZHOU, share="1/2", basis="产权证", by=clerk)
    assert refusal.value.unless == "shares"
    assert add_owner(household, **ZHOU, share="1/2", basis="产权证", despite=("shares",), by=clerk).share == "1/2"


def test_shares_are_asked_about_at_the_opening_and_the_sale_too(unit, household, estate, clerk):
    owners = [ZHANG | {"share": "６０％"}, ZHOU | {"share": "60"}]
    for act, row, typed in ((open_household, add_unit(estate, code="S01", area=5000, by=clerk), {"starts_on": date(2026, 1, 1)}),
                            (change_owner, unit, {"last_day": today()})):
        with pytest.raises(Refused, match="合计 120%") as refusal:
            act(row, owners=owners, **typed, by=clerk)
        assert refusal.value.unless == "shares"
        assert act(row, owners=owners, **typed, despite=("shares",), by=clerk).ownerships.count() == 2
    assert [share_of(text) for text in ("1/0", "一半", "", "x/2")] == [None] * 4
    assert {share_of(text) for text in ("1/2", "１／２", "50%", "50％", "50", "0.5", "50.0 %")} == {Fraction(1, 2)} and share_of("1") == 1


@pytest.mark.parametrize("field, value", [("basis", " "), ("name", "12345!!"), ("name", "长" * 31), ("id_number", "3201"), ("phone", "12")])
def test_wrong_co_owner_is_refused_beside_the_field(household, clerk, field, value):
    with pytest.raises(Refused) as refusal:
        add_owner(household, **ZHOU | {"basis": "产权证"} | {field: value}, by=clerk)
    assert set(refusal.value.message_dict) == {field} and household.ownerships.count() == 1


def test_who_has_died_stays_owner_until_the_heirs_come(household, clerk):
    person = household.persons.get()
    for day in (today() + timedelta(days=1), date(1970, 1, 1)):
        with pytest.raises(Refused, match="去世日不对"):
            record_death(person, household=household, version=1, died_on=day, basis="死亡证明", by=clerk)
    person = record_death(person, household=household, version=1, died_on=date(2026, 10, 1), basis="死亡证明", contact="张小雨", by=clerk)
    assert (person.deceased_on, person.contact) == (date(2026, 10, 1), "张小雨") and "张某去世" in words()
    with pytest.raises(Refused, match="没有保存"):
        record_death(person, household=household, version=1, died_on=date(2026, 10, 2), basis="死亡证明", by=clerk)


def test_a_first_day_far_ahead_is_asked_about_and_put_right(unit, clerk, manager):
    with pytest.raises(Refused, match="核对年份") as refusal:
        open_household(unit, owners=[ZHANG], starts_on=date(2030, 1, 1), by=clerk)
    household = open_household(unit, owners=[ZHANG], starts_on=date(2030, 1, 1), despite=(refusal.value.unless,), by=clerk)
    mended = correct_first_day(household, version=1, starts_on=date(2026, 1, 1), reason="年份写错", by=manager)
    assert mended.starts_on == date(2026, 1, 1) and words() == "更正起日，2030-01-01 改为 2026-01-01，年份写错"
    assert Amendment.objects.values_list("what", "old", "new").get() == ("起", "2030-01-01", "2026-01-01")
    with pytest.raises(Refused, match="没有保存"):
        correct_first_day(household, version=1, starts_on=date(2026, 1, 2), reason="再改", by=manager)


@pytest.mark.parametrize("day", [date(2026, 5, 10), date(2026, 5, 20)])
def test_the_boundary_between_two_owners_moves_for_both(unit, household, clerk, manager, day):
    buyer = change_owner(unit, owners=[ZHOU], last_day=date(2026, 5, 14), by=clerk)
    correct_first_day(buyer, version=1, starts_on=day, reason="登记日写错", by=manager)
    household.refresh_from_db()
    buyer.refresh_from_db()
    assert (household.ends_on, buyer.starts_on) == (day - timedelta(days=1), day)
    for wrong in (household.starts_on, date(2026, 1, 1)):
        with pytest.raises(Refused, match="不能重叠"):
            correct_first_day(buyer, version=buyer.version, starts_on=wrong, reason="x", by=manager)
    with pytest.raises(Refused, match="为止"):
        correct_first_day(household, version=household.version, starts_on=day, reason="x", by=manager)


def test_two_entries_of_one_person_become_one(unit, household, clerk, estate):
    shop = open_household(add_unit(estate, code="S01", area=5000, by=clerk), owners=[{"name": "张雨萍", "phone": "13900001111"}],
                          starts_on=date(2026, 1, 1), by=clerk)
    keep, gone = household.persons.get(), shop.persons.get()
    assert list(doubles_of(keep)) == [gone]
    merge_people(keep, gone, household=household, by=clerk)
    keep.refresh_from_db()
    gone.refresh_from_db()
    assert shop.persons.get() == keep and (keep.phone, keep.phone2) == (ZHANG["phone"], "13900001111") and gone.merged_into == keep
    assert "合并重复登记的张某，改指 1 处" in words() and SearchKey.objects.filter(term="t13900001111", household=shop).exists()
    with pytest.raises(Refused, match="已经并入"):
        merge_people(keep, gone, household=household, by=clerk)
    assert not doubles_of(keep)


def test_the_number_goes_with_the_entry_that_stays(household, clerk):
    resident = add_resident(household, name="张雨萍", by=clerk)
    keep, gone = resident.person, household.persons.get()
    digest = gone.id_digest
    merge_people(keep, gone, household=household, by=clerk)
    keep.refresh_from_db()
    assert (keep.id_digest, keep.id_number) == (digest, ZHANG["id_number"]) and household.persons.get() == keep
    assert Person.objects.filter(id_digest=digest).count() == 1


def test_what_the_second_entry_said_is_carried_over_or_asked_about(household, clerk):
    """Two halves of a deed, a longer lease, a third phone: nothing goes without a word."""
    keep = household.ownerships.get()
    change_share(keep, version=1, share="50%", basis="产权证", by=clerk)
    half = add_owner(household, name="张雨萍", phone="13900001111", share="50%", basis="产权证", by=clerk)
    third = add_owner(household, name="陈三", basis="产权证", by=clerk)
    tenants = [add_tenant(household, name="何俊", lease_from=date(2026, 5, 1), lease_to=to, by=clerk) for to in (date(2027, 4, 30), date(2028, 4, 30))]
    with pytest.raises(Refused, match="份额 50%（另一条 50%）") as refusal:
        merge_people(keep.person, half.person, household=household, by=clerk)
    assert refusal.value.unless == "doubled" and household.ownerships.live().count() == 3
    merge_people(keep.person, half.person, household=household, despite=("doubled",), by=clerk)
    third.refresh_from_db()
    assert (third.position, household.ownerships.live().count()) == (2, 2)
    assert Amendment.objects.filter(what="份额（并掉的）", old="50%", about="张雨萍").exists()
    with pytest.raises(Refused, match="2028-04-30"):
        merge_people(tenants[0].person, tenants[1].person, household=household, by=clerk)
    quiet = add_resident(household, name="陈姑妈", by=clerk)
    told = add_resident(household, name="陈姑妈", relation="亲属", guardian="陈三", guardian_consent=True, by=clerk)
    merge_people(quiet.person, told.person, household=household, by=clerk)
    quiet.refresh_from_db()
    assert (quiet.relation, quiet.guardian, quiet.guardian_consent_on) == ("亲属", "陈三", today())
    more = add_resident(household, name="张雨萍", phone="13700003333", by=clerk)
    with pytest.raises(Refused, match=r"137\*\*\*\*3333 不留") as refusal:
        merge_people(Person.objects.get(pk=keep.person_id), more.person, household=household, by=clerk)
    merge_people(Person.objects.get(pk=keep.person_id), more.person, household=household, despite=(refusal.value.unless,), by=clerk)
    assert Amendment.objects.filter(what="备用电话", old="137****3333").exists()


def test_two_people_are_not_made_one(household, clerk):
    other = add_resident(household, **ZHOU, by=clerk).person
    with pytest.raises(Refused, match="不是同一个人"):
        merge_people(household.persons.get(), other, household=household, by=clerk)
    with pytest.raises(Refused, match="同一条"):
        merge_people(other, other, household=household, by=clerk)


def test_contact_vehicle_and_lease_are_changed_and_what_was_there_is_kept(household, clerk):
    contact = add_contact(household, name="林秀英", phone="13800001234", by=clerk)
    change_contact(contact, version=1, name="林秀英", relation="母亲", phone="13900001234", by=clerk)
    vehicle = change_vehicle(add_vehicle(household, plate="苏AD5K26", by=clerk), version=1, brand="比亚迪", colour="白", by=clerk)
    tenant = add_tenant(household, name="何俊", lease_from=date(2026, 5, 1), lease_to=date(2027, 4, 30), by=clerk)
    tenant = change_tenant(tenant, version=1, lease_from=date(2026, 5, 1), lease_to=date(2028, 4, 30), fee_payer="tenant",
                           pays=["property"], by=clerk)
    assert vehicle.brand == "比亚迪" and tenant.pays_words == "，物业管理服务费由租户交"
    rows = list(Amendment.objects.order_by("pk").values_list("about", "what", "old", "new"))
    assert ("紧急联系人 林秀英", "电话", "138****1234", "139****1234") in rows and ("何俊", "租期止", "2027-04-30", "2028-04-30") in rows
    assert "何某" in words() and "租期止" in words()
    with pytest.raises(Refused, match="刚才修改租户"):
        change_tenant(tenant, version=1, lease_from=date(2026, 5, 1), by=clerk)
    with pytest.raises(Refused, match="不勾费用"):
        change_tenant(tenant, version=2, lease_from=date(2026, 5, 1), pays=["property"], by=clerk)


def test_a_child_is_entered_only_with_a_guardian_who_agrees(household, clerk):
    child = {"name": "周子涵", "relation": "子女", "birth_year": today().year - 8}
    for guardian, consent, field in (("", False, "guardian"), ("张雨萍", False, "guardian_consent")):
        with pytest.raises(Refused) as refusal:
            add_resident(household, **child, guardian=guardian, guardian_consent=consent, by=clerk)
        assert set(refusal.value.message_dict) == {field}
    row = add_resident(household, **child, guardian="张雨萍", guardian_consent=True, by=clerk)
    assert (row.guardian, row.guardian_consent_on) == ("张雨萍", today()) and words() == "登记住户（子女）周某"
    assert add_resident(household, name="周大伟", birth_year=today().year - 15, by=clerk).guardian_consent_on is None


CHILD = {"name": "周子涵", "id_number": id_with_check(f"320106{today().year - 8}0417002")}
AGREED = {"guardian": "张雨萍", "guardian_consent": True}


def test_a_child_who_owns_or_rents_has_a_guardian_too(unit, household, estate, clerk):
    shop = add_unit(estate, code="S01", area=5000, by=clerk)
    for act, row, typed, field in (
            (open_household, shop, {"owners": [ZHOU, CHILD], "starts_on": date(2026, 1, 1)}, "guardian_2"),
            (change_owner, unit, {"owners": [CHILD], "last_day": today()}, "guardian_1"), (add_owner, household, CHILD | {"basis": "产权证"}, "guardian"),
            (add_tenant, household, CHILD | {"lease_from": today()}, "guardian")):
        with pytest.raises(Refused) as refusal:
            act(row, **typed, by=clerk)
        assert set(refusal.value.message_dict) == {field}
    opened = open_household(shop, owners=[ZHOU, CHILD | AGREED], starts_on=date(2026, 1, 1), by=clerk)
    assert opened.ownerships.values_list("guardian", "guardian_consent_on").get(position=2) == ("张雨萍", today())
    owner = add_owner(household, **CHILD, **AGREED, basis="产权证", by=clerk)
    with pytest.raises(Refused, match="不能删"):
        change_share(owner, version=1, share="1/2", basis="产权证", by=clerk)
    assert change_share(owner, version=1, share="1/2", basis="产权证", **AGREED, by=clerk).guardian == "张雨萍"


def test_who_turns_out_to_be_a_child_has_a_guardian_first(household, clerk):
    with pytest.raises(Refused, match="出生年") as refusal:
        add_resident(household, name="周子涵", relation="子女", by=clerk)
    assert refusal.value.unless == "grown_up"
    row = add_resident(household, name="周子涵", relation="子女", despite=("grown_up",), by=clerk)
    born = {"household": household, "name": "周子涵", "birth_year": today().year - 8, "by": clerk}
    with pytest.raises(Refused, match="住户关系"):
        change_person(row.person, version=1, **born)
    change_resident(row, version=1, relation="子女", **AGREED, by=clerk)
    assert change_person(row.person, version=1, **born).birth_year == today().year - 8


def test_a_consent_taken_back_is_not_ignored(desk, household, clerk):
    row = add_resident(household, **CHILD, relation="子女", **AGREED, by=clerk)
    page = f"/residents/{row.pk}/"
    typed = {"relation": "子女", "guardian": "张雨萍", "version": "1", "request_key": "a"}
    answer = desk.post(page, typed)
    assert "撤回同意，就要删去" in answer.content.decode() and answer.context["form"].doubt == "consent_back"
    assert desk.post(page, typed | {"despite": "consent_back"}).status_code == 302
    row.refresh_from_db()
    assert (row.guardian, row.guardian_consent_on, row.left_on) == ("", None, today())
    assert "周子涵" not in repr([*Person.objects.values(), *Amendment.objects.values(), *SearchKey.objects.values()]) and "删去周某的资料" in words()
    again = add_resident(household, **CHILD, relation="子女", **AGREED, by=clerk)
    add_owner(household, **CHILD, **AGREED, basis="产权证", by=clerk)
    with pytest.raises(Refused, match="是业主"):
        change_resident(again, version=1, guardian="张雨萍", despite=("consent_back",), by=clerk)


@pytest.mark.parametrize("typed, field", [({"birth_year": 2999}, "birth_year"), ({"birth_year": 1700}, "birth_year"), ({"name": "123"}, "name"),
                                          ({"name": "！！"}, "name")])
def test_nonsense_about_a_person_is_refused(household, clerk, typed, field):
    with pytest.raises(Refused) as refusal:
        add_resident(household, **{"name": "周子涵"} | typed, by=clerk)
    assert set(refusal.value.message_dict) == {field}


def test_a_plate_of_another_household_is_asked_about(household, estate, clerk):
    other = open_household(add_unit(estate, code="3-2-1802", area=5000, by=clerk), owners=[ZHOU], starts_on=date(2026, 1, 1), by=clerk)
    add_vehicle(other, plate="苏A3R5HX", by=clerk)
    with pytest.raises(Refused, match="3-2-1802") as refusal:
        add_vehicle(household, plate="苏A3R5HX", by=clerk)
    assert refusal.value.unless == "same_plate"
    assert add_vehicle(household, plate="苏A3R5HX", despite=("same_plate",), by=clerk).pk


def test_names_and_numbers_are_told_without_telling_all():
    assert [surname(name) for name in ("何俊", "欧阳娜娜", "尉迟恭", "John Smith", "")] == ["何某", "欧阳某", "尉迟某", "J某", ""]
    text = "紧急联系人 董桐 18628164212，座机 025-83451933，证 320106198804170026，房号 1-1-604"
    assert mask_numbers(text) == "紧急联系人 董桐 186****4212，座机 025****1933，证 3201**********0026，房号 1-1-604"


# --- pages -----------------------------------------------------------------------------------------------------------

def test_all_that_is_wrong_is_told_in_one_round(desk, household):
    page = desk.post(f"/households/{household.pk}/tenants/add/", {
        "name": "!!", "phone": "12", "id_number": "3201", "lease_from": "2026-05-01", "lease_to": "2026-04-01", "fee_payer": "owner", "request_key": "k"})
    assert set(page.context["form"].errors) == {"name", "phone", "id_number", "lease_to"}


def test_pages_of_owners_and_history(desk, manager_desk, household, clerk):
    contact = add_contact(household, name="林秀英", phone="13800001234", by=clerk)
    page = desk.get(f"/contacts/{contact.pk}/").content.decode()
    assert "删去这位联系人" in page and "13800001234" not in page and "138****1234" in page
    assert desk.post(f"/contacts/{contact.pk}/", {"name": "林秀英", "relation": "姑姑", "phone": "", "version": "1", "request_key": "a"}).status_code == 302
    add = {"name": "周建国", "id_number": ZHOU["id_number"], "basis": "不动产权证书", "kind": "person", "request_key": "b"}
    assert desk.post(f"/households/{household.pk}/owners/add/", add).status_code == 302
    body = desk.get(f"/households/{household.pk}/history/").content.decode()
    assert "姑姑" in body and "周建国" in body and "13800001234" not in body
    day = {"starts_on": "2026-03-01", "version": str(household.version), "reason": "抄错", "request_key": "c"}
    assert desk.post(f"/households/{household.pk}/first-day/", day).status_code == 403
    assert manager_desk.post(f"/households/{household.pk}/first-day/", day).status_code == 302


def test_a_stale_form_says_where_to_look_and_keeps_what_was_typed(desk, household, clerk):
    contact = add_contact(household, name="林秀英", phone="13800001234", by=clerk)
    change_contact(contact, version=1, name="林秀英", relation="母亲", by=clerk)
    page = desk.post(f"/contacts/{contact.pk}/", {"name": "林秀瑛", "relation": "", "version": "1", "request_key": "a"}).content.decode()
    assert "看现在的资料" in page and 'target="_blank"' in page and "林秀瑛" in page and "已填的都在，改好再按" not in page


def test_merging_by_form(desk, household, clerk):
    twice = add_resident(household, name="张雨萍", by=clerk)
    keep = household.persons.get()
    path = f"/households/{household.pk}/people/{keep.pk}/merge/"
    assert "张雨萍" in desk.get(path).content.decode()
    assert desk.post(path, {"gone": str(twice.person_id), "request_key": "m"}).status_code == 302
    twice.refresh_from_db()
    assert twice.person == keep
    assert "没有同名" in desk.get(path).content.decode()


def test_another_number_of_somebody_known_is_not_lost_and_not_taken_from_a_letter(household, estate, clerk):
    """An owner's newer number comes first and every home is found by it; a third, a resident's and a letter's are asked about."""
    first, second, third = ZHANG["phone"], "13900002222", "13700003333"
    shop = open_household(add_unit(estate, code="S01", area=5000, by=clerk), owners=[ZHANG | {"phone": second}], starts_on=date(2026, 1, 1), by=clerk)
    person = household.persons.get()
    assert (person.phone, person.phone2) == (second, first)
    assert SearchKey.objects.filter(term=f"t{second}", household=household).exists()                    # the home that was there before
    other = open_household(add_unit(estate, code="S02", area=5000, by=clerk), owners=[ZHOU], starts_on=date(2026, 1, 1), by=clerk)
    agent = ZHANG | {"phone": third, "matters": ["pay"], "valid_from": today(), "copies_kept": True, "principal": other.ownerships.get()}
    for act, home, typed in ((take_letter, other, agent), (add_resident, shop, ZHANG | {"phone": third}),
                             (add_tenant, other, ZHANG | {"phone": third, "lease_from": today()}), (add_owner, other, ZHANG | {"phone": third, "basis": "证"})):
        with pytest.raises(Refused) as refusal:
            act(home, **typed, by=clerk)
        assert refusal.value.unless == "other_phone" and third not in str(refusal.value), act
    for act, home, typed in ((take_letter, other, agent), (add_resident, shop, ZHANG | {"phone": third})):
        act(home, **typed, despite=("other_phone",), by=clerk)
    person.refresh_from_db()
    assert (person.phone, person.phone2) == (second, first)
    add_owner(other, **ZHANG | {"phone": third, "basis": "证"}, despite=("other_phone",), by=clerk)
    person.refresh_from_db()
    assert (person.phone, person.phone2) == (third, second)


def pressed_twice(desk, path, sale):
    """What the second press answers, after the first has shown what will be done."""
    return desk.post(path, sale | {"seen": desk.post(path, sale).context["form"].digest})


def test_a_sale_shows_what_will_be_done_before_it_is_done(desk, unit, household):
    path = f"/units/{unit.pk}/change-owner/"
    sale = {"last_day": "2026-10-31", "name_1": "周建国", "papers": ["buyer_id"], "water": "286.4", "taken_over": ["keys"], "request_key": "a"}
    errors = desk.post(path, sale).context["form"].errors
    assert "产权转移的凭据" in str(errors["papers"]) and "写原因" in str(errors["id_number_1"])
    sale |= {"papers": ["deed", "buyer_id"], "no_id": "证件在办", "seller_signed": "on", "buyer_signed": "on"}
    first = desk.post(path, sale)
    page = first.content.decode()
    for words in ("张雨萍，到 2026-10-31 为止", "周建国，2026-11-01 起交费", "不动产权证书、买方身份证件", "没有看全：证件在办", "水 286.4",
                  "钥匙、门禁卡，双方都签了"):
        assert words in page, words
    assert unit.households.count() == 1
    changed = desk.post(path, sale | {"last_day": "2026-10-30", "seen": first.context["form"].digest})       # what is pressed is not what was shown
    assert "到 2026-10-30 为止" in changed.content.decode() and unit.households.count() == 1
    assert desk.post(path, sale | {"seen": first.context["form"].digest}).status_code == 302
    assert unit.households.get(ends_on=None).remark == "过户时没看到证件：证件在办"


def test_a_sale_entered_by_mistake_is_taken_back_while_nothing_hangs_on_it(desk, manager_desk, unit, household, clerk, manager):
    buyer = change_owner(unit, owners=[ZHOU], last_day=today(), by=clerk)
    path = f"/households/{buyer.pk}/undo-sale/"
    assert path in manager_desk.get(f"/households/{buyer.pk}/").content.decode() and desk.get(path).status_code == 403
    contact = add_contact(buyer, name="林秀英", phone="13800001234", by=clerk)
    with pytest.raises(Refused, match="紧急联系人 1 处"):
        undo_sale(buyer, reason="办错了房", by=manager)
    remove_contact(contact, by=clerk)
    assert manager_desk.post(path, {"reason": "", "request_key": "a"}).status_code == 200
    assert manager_desk.post(path, {"reason": "办错了房", "request_key": "b"}).url.endswith(f"/households/{household.pk}/")
    household.refresh_from_db()
    assert household.ends_on is None and [h.pk for h in unit.households.live()] == [household.pk] and "办错了房" in words()
    assert not SearchKey.objects.filter(household=buyer).exists() and SearchKey.objects.filter(household=household).exists()
    assert Entry.objects.last().exception[2] == "撤销"
    with pytest.raises(Refused, match="已经撤回"):
        undo_sale(buyer, reason="再撤", by=manager)
    again = change_owner(unit, owners=[ZHOU], last_day=today(), by=clerk)
    assert again.number == "3-2-1801-03" and again.changes_in.get().seller == household


def test_a_stale_page_sells_nobody_elses_home(desk, unit, household, clerk):
    """Opened with the seller of then: the buyer of meanwhile is not sold; a double click leads to the seller's statement."""
    path = f"/units/{unit.pk}/change-owner/"
    shown = {name: desk.get(path).context["form"][name].value() for name in ("shown", "version")}
    assert shown == {"shown": household.pk, "version": 1}
    sale = shown | {"last_day": "2026-10-31", "name_1": "周建国", "no_id": "证件在办", "papers": ["deed"], "request_key": "a"}
    sale["seen"] = desk.post(path, sale).context["form"].digest
    for _ in range(2):
        assert desk.post(path, sale).url.endswith(f"/households/{household.pk}/statement/")
    page = pressed_twice(desk, path, sale | {"last_day": "2026-11-20", "request_key": "b"}).content.decode()
    assert "刚才已经过户给周建国" in page and unit.households.count() == 2
    buyer = unit.households.get(ends_on=None)
    change_household(buyer, version=1, remark="先打电话", by=clerk)
    page = pressed_twice(desk, path, {**sale, "shown": buyer.pk, "version": "1", "last_day": "2026-11-20", "request_key": "c"}).content.decode()
    assert "没有保存" in page and unit.households.count() == 2


def test_a_stale_share_overwrites_nothing(desk, household, clerk):
    owner = household.ownerships.get()
    add_owner(household, **ZHOU, basis="不动产权证书", by=clerk)
    change_share(owner, version=1, share="60%", basis="产权证", by=clerk)
    for page, typed in (("share", {"share": "50%"}), ("remove", {"left_on": str(today())})):
        answer = desk.post(f"/owners/{owner.pk}/{page}/", {**typed, "basis": "产权证", "version": "1", "request_key": page})
        assert "没有保存" in answer.content.decode(), page
    owner.refresh_from_db()
    assert (owner.share, owner.left_on, owner.version) == ("60%", None, 2)


def test_what_is_no_longer_needed_is_deleted(desk, household, clerk):
    """A phone, and the number of who is no owner and nobody's agent; not even its mask stays in the history."""
    person = add_resident(household, **ZHOU, by=clerk).person
    change_person(person, household=household, version=1, name="周建国", phone2="13900002222", by=clerk)
    path = f"/households/{household.pk}/people/{person.pk}/"
    typed = {"name": "周建国", "kind": "person", "version": "2"}
    answer = desk.post(path, typed | {"forget": ["phone2"], "phone2": "13700003333", "request_key": "a"})
    assert "要么填新的" in str(answer.context["form"].errors["phone2"])
    assert desk.post(path, typed | {"forget": ["phone2", "id_number"], "request_key": "b"}).status_code == 302
    person.refresh_from_db()
    assert (person.phone, person.phone2, person.id_number, person.id_digest, person.id_masked) == (ZHOU["phone"], "", "", "", "")
    assert "139****2222" not in repr(Amendment.objects.values()) and not SearchKey.objects.filter(term="t13900002222").exists()
    assert words().startswith("修改人员资料（周某）：") and "备用电话" in words()
    owner = household.persons.get()
    answer = desk.post(f"/households/{household.pk}/people/{owner.pk}/", {"name": "张雨萍", "kind": "person", "version": "1", "forget": ["id_number"],
                                                                        "request_key": "c"})
    assert "现在不能删" in str(answer.context["form"].errors["forget"])


def test_of_whom_nothing_is_masked_nothing_is_offered_to_delete(desk, household, clerk):
    person = add_resident(household, name="外婆", by=clerk).person
    page = desk.get(f"/households/{household.pk}/people/{person.pk}/").content.decode()
    assert "还没有登记" in page and "变更记录里也不留" not in page
