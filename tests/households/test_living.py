"""Standing instructions, use of a unit, pets, special care, authorisation letters, and what goes along at a change of owner."""
import io
import re
from datetime import date, timedelta

import pypdf
import pytest

from households.agents import call_principal, revoke_letter, take_letter, use_letter
from households.models import AuthorisationLetter, SpecialCare, UnitUse
from households.owners import add_owner, record_death, remove_owner
from households.register import add_unit, change_owner, open_household
from households.standing import (
    add_care,
    add_pet,
    end_care,
    end_pet,
    give_instruction,
    set_use,
    standing_for,
    withdraw_instruction,
    withdraw_use,
)
from servicecentre.desk.data_requests import receive_request
from servicecentre.kit import guards
from servicecentre.kit.periods import today
from servicecentre.kit.refused import Refused
from servicecentre.papers import printing
from servicecentre.papers.issuing import reprint_paper
from servicecentre.papers.models import Paper, Series
from servicecentre.worklog.models import Entry

from .test_register import ZHANG, ZHOU

TOMORROW = timedelta(days=1)


@pytest.fixture
def unit(estate, clerk):
    return add_unit(estate, code="3-2-1801", area=8956, by=clerk)


@pytest.fixture
def household(unit, clerk):
    return open_household(unit, owners=[ZHANG], starts_on=date(2026, 3, 18), by=clerk)


@pytest.fixture
def agent(household):
    return {"principal": household.ownerships.get(), "name": "周建国", "id_number": ZHOU["id_number"], "phone": ZHOU["phone"],
            "copies_kept": True, "valid_from": today()}


def test_instruction_shows_at_its_moment_and_in_its_term(household, clerk):
    keys = give_instruction(household, moment="keys", words="先打本人手机", given_by="张雨萍", starts_on=today(), by=clerk)
    always = give_instruction(household, words="老人在家，说慢些", given_by="张雨萍", starts_on=today(), ends_on=today(), by=clerk)
    later = give_instruction(household, words="以后", given_by="张雨萍", starts_on=today() + TOMORROW, by=clerk)
    assert standing_for(household, "keys") == [keys, always] and standing_for(household, "collect") == [always]
    assert standing_for(household, on=today() + TOMORROW) == [keys, later]
    withdraw_instruction(keys, reason="换了人", by=clerk)
    assert standing_for(household, "keys") == [always]
    with pytest.raises(Refused, match="撤回"):
        withdraw_instruction(keys, reason="再撤", by=clerk)
    with pytest.raises(Refused, match="不能早于"):
        give_instruction(household, words="x", given_by="张", starts_on=today(), ends_on=today() - TOMORROW, by=clerk)


def test_uses_follow_each_other(unit, clerk):
    first = set_use(unit, use="vacant", starts_on=date(2026, 4, 1), by=clerk)
    set_use(unit, use="let", starts_on=date(2026, 8, 1), by=clerk)
    first.refresh_from_db()
    assert first.ends_on == date(2026, 7, 31) and unit.use_on(date(2026, 8, 1)).use == "let"
    for use, day in (("own", date(2026, 8, 1)), ("let", date(2026, 9, 1)), ("own", today() + timedelta(days=400))):
        with pytest.raises(Refused):
            set_use(unit, use=use, starts_on=day, by=clerk)
    assert UnitUse.objects.count() == 2


def test_care_needs_its_own_consent_and_is_deleted_when_taken_back(household, clerk):
    care = {"about": "外婆", "words": "心脏病", "consent_by": "张外婆"}
    with pytest.raises(Refused, match="单独同意"):
        add_care(household, **care, consent=False, by=clerk)
    row = add_care(household, **care, consent=True, by=clerk)
    assert SpecialCare.objects.get().words == "心脏病"
    end_care(row, by=clerk)
    assert SpecialCare.objects.get().words == "" and not Entry.objects.filter(words__contains="心脏病").exists()
    with pytest.raises(Refused, match="撤回"):
        end_care(row, by=clerk)


def test_pets_come_and_go(household, clerk):
    pet = add_pet(household, kind="犬", breed="金毛", licence_no="NJ-1", large=True, by=clerk)
    with pytest.raises(Refused, match="还没到"):
        end_pet(pet, ended_on=today() + TOMORROW, by=clerk)
    assert end_pet(pet, ended_on=today(), by=clerk).ended_on == today()
    with pytest.raises(Refused, match="免疫日"):
        add_pet(household, kind="犬", vaccinated_on=today() + TOMORROW, by=clerk)


def test_a_letter_serves_its_matters_in_its_term(household, agent, clerk):
    letter = take_letter(household, matters=["pay", "nonsense"], valid_to=today(), by=clerk, **agent)
    assert letter.matters == ["pay"]
    use_letter(letter, matter="pay", words="缴费", despite=("not_called",), by=clerk)
    use_letter(letter, matter="pay", words="又缴费", despite=("not_called",), by=clerk)
    for day, matter, words in ((today(), "files", "只写了"), (today() + TOMORROW, "pay", "已到期"), (today() - TOMORROW, "pay", "才生效")):
        with pytest.raises(Refused, match=words):
            use_letter(letter, matter=matter, words="x", on=day, despite=("not_called",), by=clerk)
    with pytest.raises(Refused, match="不能更早"):
        revoke_letter(letter, version=1, revoked_on=today() - TOMORROW, revoked_how="书面", by=clerk)
    revoke_letter(letter, version=1, revoked_on=today(), revoked_how="书面", by=clerk)
    with pytest.raises(Refused, match="已撤销"):
        use_letter(letter, matter="pay", words="x", despite=("not_called",), by=clerk)


def test_a_letter_without_a_term_serves_once(household, agent, clerk):
    letter = take_letter(household, matters=["files"], by=clerk, **agent)
    use_letter(letter, matter="files", words="看费用", despite=("not_called",), by=clerk)
    with pytest.raises(Refused, match="只用一次"):
        use_letter(letter, matter="files", words="再看", despite=("not_called",), by=clerk)


@pytest.mark.parametrize("change, field", [({"copies_kept": False}, "copies_kept"), ({"matters": []}, "matters"), ({"id_number": "3201"}, "id_number"),
                                           ({"valid_to": date(2020, 1, 1)}, "valid_to")])
def test_a_letter_that_lacks_something_is_not_taken(household, agent, clerk, change, field):
    with pytest.raises(Refused) as refusal:
        take_letter(household, **agent | {"matters": ["pay"]} | change, by=clerk)
    assert set(refusal.value.message_dict) == {field} and not household.letters.exists()
    assert not Series.objects.filter(kind="WT").exists()


def test_a_letter_has_its_number_and_its_paper_says_what_was_taken_in(household, agent, clerk):
    letter = take_letter(household, matters=["pay", "take_keys"], valid_to=today() + TOMORROW, relation="朋友", authority="只缴 2026 年的",
                         notary_no="宁证 18 号", by=clerk, **agent)
    year = today().year
    assert (letter.number, letter.paper.household_no) == (f"WT-{year}-000001", household.number)
    assert Entry.objects.last().words.startswith(f"收委托书 WT-{year}-000001，张某委托周某：领钥匙、缴费，")
    said = letter.paper.content
    assert (said["principal"]["name"], said["agent"]["name"], said["agent"]["relation"]) == ("张雨萍", "周建国", "朋友")
    assert [label for label, chosen in said["matters"] if chosen] == ["领钥匙", "缴费"] and said["clerk"] == clerk.name
    assert (said["valid_from"], said["valid_to"]) == (str(today()), str(today() + TOMORROW)) and len(said["copies"]) == 3
    for number in (ZHANG["id_number"], ZHANG["phone"], ZHOU["id_number"], ZHOU["phone"]):
        assert number not in str(said)
    assert take_letter(household, matters=["pay"], by=clerk, **agent).number == f"WT-{year}-000002"


def printed(paper, which):
    data = printing.render(paper, which, address="https://wuye.example.cn/")
    return [re.sub(r"\s", "", page.extract_text()) for page in pypdf.PdfReader(io.BytesIO(data)).pages]


def test_the_paper_is_printed_in_two_copies_to_be_signed(household, agent, clerk):
    long = take_letter(household, matters=["pay"], authority="只办这些，" * 40, may_delegate=True, by=clerk, **agent)
    assert "只办这些，" * 40 in "".join(printed(long.paper, long.paper.prints.get()))
    letter = take_letter(household, matters=["take_keys"], by=clerk, **agent)
    pages = printed(letter.paper, letter.paper.prints.get())
    assert len(pages) == 2
    for page, copy in zip(pages, ("第二联受托人", "第一联存档"), strict=True):
        for words in (letter.number, copy, "委托人签字", "受托人签字", "起，只用一次", "不可以", "✓领钥匙", "委托人证件复印件", clerk.name, "周建国"):
            assert words in page, words
        assert "✓缴费" not in page and ZHOU["id_number"] not in page and "补打" not in page
    [again] = printed(letter.paper, reprint_paper(letter.paper, reason="受托人联遗失", by=clerk))
    assert "第二联受托人" in again and "补打第2次" in again


def test_a_revoked_letters_paper_says_so_and_stays_as_it_was(desk, household, agent, clerk):
    letter = take_letter(household, matters=["pay"], valid_to=today(), by=clerk, **agent)
    pages = (f"/papers/{letter.paper_id}/", f"/q/{letter.paper.mark}")
    for page in pages:
        assert "已撤销" not in desk.get(page).content.decode()
    digest = letter.paper.digest
    revoke_letter(letter, version=1, revoked_on=today(), revoked_how="书面", by=clerk)
    for page in pages:
        body = desk.get(page).content.decode()
        assert f"委托书 {today()} 已撤销" in body and "有效" not in body
    paper = Paper.objects.get(pk=letter.paper_id)
    assert paper.digest == digest and paper.intact and not paper.is_void
    body = desk.get(pages[0]).content.decode()
    assert "看委托书" in body and letter.get_absolute_url() in body and "看这笔业务" not in body


def test_a_letter_from_before_shows_no_number(desk, household, agent, clerk):
    letter = take_letter(household, matters=["pay"], valid_to=today(), by=clerk, **agent)
    page = desk.get(f"/letters/{letter.pk}/").content.decode()
    assert f"委托书 {letter.number}" in page and "打印两联" in page and letter.number in desk.get(f"/households/{household.pk}/").content.decode()
    guards.lift(models=[AuthorisationLetter])
    AuthorisationLetter.objects.update(paper=None)
    page = desk.get(f"/letters/{letter.pk}/").content.decode()
    assert "周建国" in page and "WT-" not in page and "打印两联" not in page and "None" not in page
    assert "/papers/" not in desk.get(f"/households/{household.pk}/").content.decode().partition('id="h-agent"')[2].partition("</section>")[0]
    assert not Paper.objects.get(kind="WT").note_on(today())


def test_the_principal_is_rung_on_the_registers_number_and_a_death_ends_it(household, agent, clerk):
    letter = take_letter(household, matters=["pay"], valid_to=today(), by=clerk, **agent)
    call = call_principal(letter, phone="phone", question="确认缴费", result="denied", by=clerk)
    assert call.dialled == "138****5678" and Entry.objects.filter(urgent=True, act="households.call_principal").exists()
    with pytest.raises(Refused, match="没有这个号码"):
        call_principal(letter, phone="phone2", question="x", result="confirmed", by=clerk)
    record_death(letter.principal, household=household, version=letter.principal.version, died_on=today(), basis="证明", by=clerk)
    with pytest.raises(Refused, match="委托终止"):
        use_letter(letter, matter="pay", words="x", despite=("not_called",), by=clerk)


def test_what_goes_along_needs_both_signatures(unit, household, clerk):
    sale = {"owners": [ZHOU], "last_day": today(), "taken_over": ["books"], "by": clerk}
    for signed, field in (({}, "seller_signed"), ({"seller_signed": True}, "buyer_signed")):
        with pytest.raises(Refused) as refusal:
            change_owner(unit, **sale, **signed)
        assert set(refusal.value.message_dict) == {field}
    household.refresh_from_db()
    assert household.ends_on is None
    buyer = change_owner(unit, **sale, seller_signed=True, buyer_signed=True, readings={"gas": 90300})
    assert buyer.changes_in.get().readings.get().reading == 90300


def test_pages_from_letter_to_care(desk, household):
    paths = {"instructions": {"words": "先打手机", "moment": "keys", "given_by": "张雨萍", "starts_on": str(today())},
             "pets": {"kind": "犬"}, "care": {"about": "外婆", "words": "独居", "consent_by": "外婆", "consent": "on"},
             "letters": {"principal": household.ownerships.get().pk, "name": "周建国", "phone": ZHOU["phone"], "id_number": ZHOU["id_number"],
                         "matters": ["pay"], "valid_from": str(today()), "copies_kept": "on"}}
    for name, data in paths.items():
        assert desk.post(f"/households/{household.pk}/{name}/add/", data | {"request_key": name}).status_code == 302, name
    assert desk.post(f"/units/{household.unit_id}/use/", {"use": "own", "starts_on": str(today()), "request_key": "u"}).status_code == 302
    page = desk.get(f"/households/{household.pk}/").content.decode()
    for words in ("先打手机", "note-bad", "犬", "独居", "周建国", "缴费", "自住"):
        assert words in page, words
    letter = household.letters.get()
    assert desk.post(f"/letters/{letter.pk}/use/", {"matter": "pay", "words": "缴费", "request_key": "x", "despite": "not_called"}).status_code == 302
    body = desk.get(f"/letters/{letter.pk}/").content.decode()
    assert "只用一次，已经用过" in body and ZHOU["phone"] not in body and ZHOU["id_number"] not in body


def test_an_agents_data_and_papers_have_a_lawful_place(desk, household, agent, clerk):
    letter = take_letter(household, matters=["files"], by=clerk, **agent)
    page = desk.get(f"/letters/{letter.pk}/").content.decode()
    person = f"/households/{household.pk}/people/{letter.agent_id}/"
    assert person in page and f"{person}identity/" in page and f"/households/{household.pk}/files/add/" in page
    typed = {"name": "周建国", "kind": "person", "phone": "13900002222", "version": "1", "request_key": "a"}
    assert desk.post(person, typed).status_code == 302
    letter.agent.refresh_from_db()
    assert letter.agent.phone == "13900002222" and "139****2222" in desk.get(f"/households/{household.pk}/history/").content.decode()
    assert ZHOU["id_number"] in desk.post(f"{person}identity/", {"reason": "核对本人身份", "request_key": "b"}).content.decode()
    for form in (f"/households/{household.pk}/files/add/", f"/households/{household.pk}/data-request/"):
        assert "周建国" in {p.name for p in desk.get(form).context["form"].fields["person"].queryset}
    assert receive_request(household, person=letter.agent, wants="see", scope="全部", id_checked=True, by=clerk).person == letter.agent


def test_instructions_show_before_the_acts_they_speak_of(desk, household, agent, clerk):
    for moment, words in (("owner", "卖房先问女儿"), ("call", "晚上不打电话"), ("keys", "钥匙不给老何")):
        give_instruction(household, moment=moment, words=words, given_by="张雨萍", starts_on=today(), by=clerk)
    letter, owner = take_letter(household, matters=["files"], by=clerk, **agent), household.ownerships.get()
    for path in (f"/units/{household.unit_id}/change-owner/", f"/households/{household.pk}/owners/add/", f"/owners/{owner.pk}/share/",
                 f"/owners/{owner.pk}/remove/"):
        page = desk.get(path).content.decode()
        assert "卖房先问女儿" in page and "晚上不打" not in page, path
    for path in (f"/letters/{letter.pk}/call/", f"/households/{household.pk}/phones/", f"/promises/new/?room={household.unit.code}"):
        page = desk.get(path).content.decode()
        assert "晚上不打电话" in page and "卖房" not in page and "老何" not in page, path


def test_what_holds_for_whatever_is_done_shows_on_every_form_of_the_household(desk, household, agent, clerk):
    give_instruction(household, words="老人耳背，请慢慢说", given_by="张雨萍", starts_on=today(), by=clerk)
    letter = take_letter(household, matters=["files"], by=clerk, **agent)
    for path in ("letters/add/", "data-request/", "residents/add/", "change/", "pets/add/"):
        assert "老人耳背" in desk.get(f"/households/{household.pk}/{path}").content.decode(), path
    assert "老人耳背" in desk.get(f"/letters/{letter.pk}/use/").content.decode()


def test_an_instruction_is_ended_from_where_it_is_shown(desk, household, clerk):
    row = give_instruction(household, moment="call", words="晚上不打电话", given_by="张雨萍", starts_on=today(), by=clerk)
    ends = f"/instructions/{row.pk}/withdraw/"
    for path in (f"/households/{household.pk}/", f"/households/{household.pk}/phones/"):
        assert ends in desk.get(path).content.decode(), path
    assert desk.post(ends, {"reason": "", "request_key": "a"}).status_code == 200
    assert desk.post(ends, {"reason": "本人说不用了", "request_key": "b"}).status_code == 302
    assert "晚上不打电话" not in desk.get(f"/households/{household.pk}/").content.decode()


def test_a_moment_without_a_page_says_where_it_shows(desk, household):
    choices = dict(desk.get(f"/households/{household.pk}/instructions/add/").context["form"].fields["moment"].choices)
    assert choices["keys"] == "借钥匙（目前只在户页显示）" and choices["call"] == "打电话"


def test_a_new_meter_and_a_six_digit_one_are_read_at_the_sale(desk, household):
    sale = {"last_day": str(today()), "name_1": "周建国", "papers": ["deed"], "gas": "0", "power": "123456.7", "request_key": "s",
            "id_number_1": ZHOU["id_number"]}
    sale["seen"] = desk.post(f"/units/{household.unit_id}/change-owner/", sale).context["form"].digest
    assert desk.post(f"/units/{household.unit_id}/change-owner/", sale).status_code == 302
    assert set(household.changes_out.get().readings.values_list("kind", "reading")) == {("gas", 0), ("power", 12345670)}


def test_a_letter_that_the_principal_denied_is_not_used_until_confirmed(desk, household, agent, clerk):
    letter = take_letter(household, matters=["pay"], valid_to=today(), by=clerk, **agent)
    for result, usable in (("denied", False), ("not_reached", False), ("confirmed", True), ("denied", False)):
        call_principal(letter, phone="phone", question="确认缴费", result=result, by=clerk)
        page = desk.get(f"/letters/{letter.pk}/").content.decode()
        assert ("用一次" in page) is usable and f"/letters/{letter.pk}/call/" in page, result
        if not usable:
            assert "委托人在电话里否认" in page and "委托人在电话里否认" in desk.get(f"/households/{household.pk}/").content.decode()
            with pytest.raises(Refused, match="否认"):
                use_letter(letter, matter="pay", words="x", despite=("not_called",), by=clerk)
        else:
            use_letter(letter, matter="pay", words="x", despite=("not_called",), by=clerk)


def test_before_anybody_rang_the_principal_using_a_letter_is_asked_about(desk, household, agent, clerk):
    letter = take_letter(household, matters=["pay"], valid_to=today(), by=clerk, **agent)
    page, use = f"/letters/{letter.pk}/", f"/letters/{letter.pk}/use/"
    assert f'btn-primary" href="/e/galaxy1{page}call/"' in desk.get(page).content.decode()
    answer = desk.post(use, {"matter": "pay", "words": "缴费", "request_key": "a"})
    assert answer.context["form"].doubt == "not_called" and not letter.uses.exists() and f"{page}call/" in answer.content.decode()
    call_principal(letter, phone="phone", question="确认缴费", result="not_reached", by=clerk)
    with pytest.raises(Refused, match="还没有打通"):
        use_letter(letter, matter="pay", words="缴费", by=clerk)
    call_principal(letter, phone="phone", question="确认缴费", result="confirmed", by=clerk)
    assert f'btn-primary" href="/e/galaxy1{use}"' in desk.get(page).content.decode()
    assert use_letter(letter, matter="pay", words="缴费", by=clerk).pk


def test_a_letter_of_who_owns_no_more_is_not_used(household, agent, clerk):
    letter = take_letter(household, matters=["pay"], valid_to=today(), by=clerk, **agent)
    add_owner(household, name="陈三", basis="不动产权证书", by=clerk)
    remove_owner(agent["principal"], version=1, left_on=today(), basis="赠与合同", by=clerk)
    with pytest.raises(Refused, match="不是业主"):
        use_letter(letter, matter="pay", words="x", despite=("not_called",), by=clerk)


def test_a_letter_in_force_is_not_hidden_behind_newer_ones_that_are_over(desk, household, agent, clerk):
    general = take_letter(household, matters=["pay"], valid_to=today(), by=clerk, **agent)
    for _ in range(7):
        use_letter(take_letter(household, matters=["files"], by=clerk, **agent), matter="files", words="x", despite=("not_called",),
                   by=clerk)
    for _ in range(6):
        take_letter(household, matters=["files"], by=clerk, **agent)                    # in force as well, each for one use
    page = desk.get(f"/households/{household.pk}/").content.decode()
    assert f"/letters/{general.pk}/" in page and "全部 14 份" in page
    page = desk.get(f"/households/{household.pk}/letters/").content.decode()
    assert page.count("只用一次，已经用过") == 7 and page.index(f"/letters/{general.pk}/") < page.index("只用一次，已经用过")


def test_a_use_entered_wrongly_is_taken_back_and_the_one_before_goes_on(desk, unit, clerk):
    first = set_use(unit, use="vacant", starts_on=date(2026, 4, 1), by=clerk)
    wrong = set_use(unit, use="let", starts_on=today() + timedelta(days=300), by=clerk)
    page = desk.get(f"/units/{unit.pk}/use/").content.decode()
    assert "现在登记的是空置" in page and f"{wrong.starts_on} 起是出租" in page
    assert f"/uses/{wrong.pk}/withdraw/" in desk.get(f"/units/{unit.pk}/").content.decode()
    assert desk.post(f"/uses/{wrong.pk}/withdraw/", {"reason": "年份写错", "request_key": "w"}).status_code == 302
    first.refresh_from_db()
    assert first.ends_on is None and unit.use_on(wrong.starts_on) == first and "已撤回" in desk.get(f"/units/{unit.pk}/").content.decode()
    again = set_use(unit, use="let", starts_on=today(), by=clerk)
    withdraw_use(first, reason="没有空置过", by=clerk)
    assert unit.use_on(date(2026, 5, 1)) is None and unit.use_on(today()) == again
    with pytest.raises(Refused, match="已经撤回"):
        withdraw_use(first, reason="再撤", by=clerk)


def test_a_death_of_the_wrong_spouse_is_taken_back(desk, household, agent, clerk):
    letter = take_letter(household, matters=["pay"], valid_to=today(), by=clerk, **agent)
    person = record_death(letter.principal, household=household, version=1, died_on=today(), basis="证明", by=clerk)
    path = f"/households/{household.pk}/people/{person.pk}/"
    assert f"{path}death/withdraw/" in desk.get(path).content.decode()
    assert "没有保存" in desk.post(f"{path}death/withdraw/", {"reason": "登记错人", "version": "1", "request_key": "a"}).content.decode()
    assert desk.post(f"{path}death/withdraw/", {"reason": "登记错人", "version": "2", "request_key": "b"}).status_code == 302
    person.refresh_from_db()
    assert person.deceased_on is None and "登记错人" in Entry.objects.latest("pk").words
    use_letter(letter, matter="pay", words="缴费", despite=("not_called",), by=clerk)
