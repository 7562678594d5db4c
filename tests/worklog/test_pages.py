"""Review, search over the years, the room of a remark, and the day's paper, on screen."""
import io
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from billing.cashier import collect_payment
from households.register import add_unit
from servicecentre.desk.sealing import seal_day
from servicecentre.files.models import File
from servicecentre.roles import Role
from servicecentre.worklog.day import correct_remark, make_promise, make_remark
from servicecentre.worklog.models import Entry, Promise, Review, Seal

from ..conftest import person_at
from ..factories import make_household
from ..twins import without_triggers
from ..worlds import at
from .test_screens import rows_of, text_of

DAY = date(2026, 11, 24)


def post(desk, url, **sent):
    return desk.post(url, {"request_key": "k1"} | sent)


# --- a remark's room --------------------------------------------------------------------------------------------------

def test_a_remark_with_a_room_stands_in_what_went_on_with_the_household(desk, estate, household):
    assert post(desk, "/log/remark/", household="3栋2单元1801", words="楼道灯已报").url == f"/e/{estate.slug}/households/{household.pk}/"
    assert "楼道灯已报" in text_of(desk.get(f"/households/{household.pk}/"))
    assert Entry.objects.get(act="worklog.make_remark").household_no == household.number


def test_a_unit_without_a_household_has_its_room_too(desk, estate, household, clerk):
    add_unit(estate, code="3-2-1802", area=8000, by=clerk)
    assert post(desk, "/log/remark/", household="3-2-1802", words="空房漏水").url == f"/e/{estate.slug}/log/"
    rows = rows_of(desk.get("/log/"))
    assert rows.count("3-2-1802") >= 2, "the remark and the unit's entering"


@pytest.mark.parametrize("room, said", [("9-9-909", "没有 9-9-909 这套房"), ("x", "房号")])
def test_a_room_that_is_not_there_is_said_beside_it(desk, household, room, said):
    page = text_of(post(desk, "/log/remark/", household=room, words="一件事"))
    assert said in page and "一件事" in page and not Entry.objects.filter(act="worklog.make_remark").exists()


def picture(name="走廊.png", size=(8, 8)):
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", size, "white").save(out, "PNG")
    return SimpleUploadedFile(name, out.getvalue(), "image/png")


def test_a_remark_brings_its_photos(desk, estate, household):
    assert post(desk, "/log/remark/", household="3-2-1801", words="楼道渗水", files=[picture(), picture("二.png")]).status_code == 302
    entry = Entry.objects.get(act="worklog.make_remark")
    files = File.objects.attached_to(entry)
    assert entry.words == "楼道渗水（附件 2 件）" and entry.intact and {f.household_no for f in files} == {household.number}
    rows = rows_of(desk.get("/log/"))
    for file in files:
        assert f"/files/{file.pk}/" in rows and desk.get(f"/files/{file.pk}/").status_code == 200
    assert "附件 走廊.png" in text_of(desk.post("/log/search/", {"q": "渗水"}))


def test_what_is_no_picture_is_refused_and_the_words_stay(desk):
    page = text_of(post(desk, "/log/remark/", words="楼道渗水", files=[SimpleUploadedFile("a.png", b"<script>", "image/png")]))
    assert "楼道渗水" in page and not Entry.objects.filter(act="worklog.make_remark").exists() and not File.objects.exists()


# --- corrections ------------------------------------------------------------------------------------------------------

def test_a_correction_and_what_it_corrects_are_shown_together(desk, estate, clerk):
    with at(2026, 11, 23, 4):
        first = make_remark(estate, words="电梯在一单元", by=clerk)
    assert "更正" in rows_of(desk.get("/log/?on=2026-11-23"))
    assert post(desk, f"/log/entries/{first.pk}/correct/", words="是二单元").status_code == 302
    for page in ("/log/", "/log/?on=2026-11-23"):
        assert "电梯在一单元" in rows_of(desk.get(page)) and "是二单元" in rows_of(desk.get(page))


def test_an_acts_own_line_offers_no_correction_and_refuses_one(desk, promise):
    entry = Entry.objects.get(act="worklog.make_promise")
    assert f"/log/entries/{entry.pk}/correct/" not in text_of(desk.get("/log/"))
    assert "不能更正" in text_of(post(desk, f"/log/entries/{entry.pk}/correct/", words="不是"))


# --- search -----------------------------------------------------------------------------------------------------------

@pytest.fixture
def years(estate, household, clerk, manager, other_estate, other_clerk):
    for year, words in ((2022, "防水重做"), (2024, "电梯检修 JX-7"), (2026, "防水复查")):
        with at(year, 3, 1, 4):
            make_remark(estate, words=words, household=household if year == 2026 else None, by=clerk)
    make_remark(estate, words="主管写的", by=manager)
    make_remark(other_estate, words="别处的防水", by=other_clerk)


@pytest.mark.parametrize("asked, found", [
    ({"q": "防水"}, {"防水重做", "防水复查"}), ({"q": "防水 复查"}, {"防水复查"}), ({"q": "jx-7"}, {"电梯检修 JX-7"}),
    ({"room": "3栋2单元1801"}, {"防水复查"}), ({"area": "remarks", "since": "2023-01-01", "until": "2025-12-31"}, {"电梯检修 JX-7"}),
    ({"q": "%"}, set()), ({"q": "防_重"}, set())])
def test_search_by_word_room_kind_and_days(desk, years, asked, found):
    page = text_of(desk.post("/log/search/", asked))
    every = {"防水重做", "电梯检修 JX-7", "防水复查", "主管写的", "别处的防水"}
    assert {words for words in every if words in page.partition('id="h-found"')[2]} == found
    assert found or "没有查到" in page


def test_a_room_is_found_whichever_way_its_list_writes_it(desk, estate, clerk):
    make_household(estate, "3-2-0101", owner="郑和")
    make_remark(estate, words="防水复查", room="3-2-0101", by=clerk)
    for typed in ("3-2-101", "3栋2单元0101", "3-2-0101"):
        assert "防水复查" in text_of(desk.post("/log/search/", {"room": typed, "area": "remarks"})).partition('id="h-found"')[2], typed


def test_search_by_person(desk, years, manager):
    page = text_of(desk.post("/log/search/", {"by": manager.pk}))
    assert "主管写的" in page and "防水" not in page.partition('id="h-found"')[2]


def test_search_wants_something_to_go_by(desk, years):
    assert "请至少填一样" in text_of(desk.post("/log/search/", {}))


def test_search_goes_on_behind_the_last_line_shown(desk, estate, clerk):
    for n in range(53):
        make_remark(estate, words=f"共同词 第{n}件", by=clerk)
    first = text_of(desk.post("/log/search/", {"q": "共同词"}))
    last = Entry.objects.get(words="共同词 第3件")
    assert "第52件" in first and "第3件" in first and "第2件<" not in first and f'name="before" value="{last.pk}"' in first
    second = text_of(desk.post("/log/search/", {"q": "共同词", "before": last.pk}))
    assert "第2件" in second and "第0件" in second and "第52件" not in second and 'name="before" value' not in second


@pytest.mark.parametrize("sent", [{"before": "x"}, {"before": "9" * 30}, {"room": "?"}, {"since": "2026-02-30"}, {"q": "a\x00b"}, {"by": "0"}])
def test_nonsense_finds_nothing_and_says_so(desk, years, sent):
    page = text_of(desk.post("/log/search/", {"q": "防水"} | sent))
    assert 'id="h-found"' not in page


# --- review and seal --------------------------------------------------------------------------------------------------

@pytest.fixture
def exception(household, clerk):
    collect_payment(household, parts=[("cash", 100, "")], payer_name="张雨萍", by=clerk, despite=("left_over", "same_again"))
    return Entry.objects.get(act="billing.collect_payment")


def test_the_review_shows_exceptions_first_and_seals(manager_desk, estate, exception, clerk, promise):
    make_remark(estate, words="一件平常事", by=clerk)
    with at(2026, 11, 25, 1):
        page = text_of(manager_desk.get("/log/review/"))
        assert page.index("越权") < page.index("没办完") < page.index("一件平常事") and "多收转预存" in page and "还有例外没看" in page
        assert "disabled" in page
        assert post(manager_desk, "/log/review/see/", day="2026-11-24", entries=exception.pk).status_code == 302
        assert "已看 1" in text_of(manager_desk.get("/log/review/?on=2026-11-24"))
        sent = post(manager_desk, "/log/review/seal/", day="2026-11-24", words="都看过", request_key="k2")
        assert sent.status_code == 302
        seal = Seal.objects.get()
        page = text_of(manager_desk.get(sent.url))
    assert (seal.day, seal.words) == (DAY, "都看过") and seal.code in page and "已封存" in page
    assert seal.code in text_of(manager_desk.get("/log/?on=2026-11-24"))


def test_a_second_click_on_seen_says_the_same_again(manager_desk, exception):
    answers = [post(manager_desk, "/log/review/see/", day="2026-11-24", entries=exception.pk) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302] and Review.objects.count() == 1


def test_a_managers_home_shows_the_day_to_review_and_a_clerks_does_not(manager_desk, desk, estate, clerk):
    make_remark(estate, words="一件事", by=clerk)
    with at(2026, 11, 25, 1):
        assert "审阅 11-24" in text_of(manager_desk.get("/")) and "/log/review/?on=2026-11-24" in text_of(manager_desk.get("/"))
        assert "审阅" not in text_of(desk.get("/"))


def test_what_is_refused_is_said_on_the_page(manager_desk, exception):
    assert "请先勾选" in text_of(post(manager_desk, "/log/review/see/", day="2026-11-24"))
    with at(2026, 11, 25, 1):
        page = text_of(post(manager_desk, "/log/review/seal/", day="2026-11-24", words="我的意见"))
    assert "1 件例外没看过" in page and "我的意见" in page and not Seal.objects.exists()


def test_a_comment_with_a_date_is_in_the_list_of_what_is_open(manager_desk, desk, exception, clerk):
    sent = {"words": "请对监控", "given_to": clerk.pk, "due_at": "2026-11-25T12:00"}
    assert post(manager_desk, f"/log/review/entries/{exception.pk}/", **sent).status_code == 302
    assert Promise.objects.get().given_to == clerk and Review.objects.get().words == "请对监控"
    page = text_of(desk.get("/log/promises/"))
    assert "请对监控" in page and "陈静 交办" in page


@pytest.mark.parametrize("sent, said", [({"words": ""}, "请填写"), ({"due_at": "2026-11-25T12:00"}, "交办要有人"), ({"due_at": "昨天"}, "日期或时间不对"),
                                        ({"given_to": "0"}, "is-invalid")])
def test_a_comment_that_will_not_do(manager_desk, exception, sent, said):
    assert said in text_of(post(manager_desk, f"/log/review/entries/{exception.pk}/", **({"words": "请看"} | sent)))
    assert not Review.objects.exists()


@pytest.mark.parametrize("role", [Role.CLERK, Role.FINANCE, Role.ADMINISTRATOR])
def test_only_a_manager_reviews(estate, desk_of, exception, role):
    desk = desk_of(person_at(estate, f"x-{role}", "某人", role))
    assert {desk.get("/log/review/").status_code, post(desk, "/log/review/seal/", day="2026-11-24").status_code} == {403}
    assert "/log/review/" not in text_of(desk.get("/log/"))


# --- a sealed day that was changed ------------------------------------------------------------------------------------

def test_a_sealed_day_that_was_changed_says_so_on_its_page(manager_desk, estate, clerk, manager):
    entry = make_remark(estate, words="一件事", by=clerk)
    with at(2026, 11, 25, 1):
        seal_day(estate, day=DAY, by=manager)
        assert "封存后被改过" not in text_of(manager_desk.get("/log/?on=2026-11-24"))
        with without_triggers(Entry):
            Entry.objects.filter(pk=entry.pk).update(words="没有的事")
            for page in ("/log/?on=2026-11-24", "/log/review/?on=2026-11-24"):
                assert "封存后被改过" in text_of(manager_desk.get(page)) and "有 1 条与写下时不同" in text_of(manager_desk.get(page))
            Entry.objects.filter(pk=entry.pk)._raw_delete("default")
            assert "条，现有" in text_of(manager_desk.get("/log/?on=2026-11-24"))


# --- the paper --------------------------------------------------------------------------------------------------------

def test_the_days_paper_has_every_line_and_the_seals_code(desk, estate, household, clerk, manager, exception, promise):
    import pypdf

    first = make_remark(estate, words="电梯在一单元", household=household, by=clerk)
    correct_remark(first, words="是二单元", by=clerk)
    make_promise(estate, to_whom="吴先生", words="开证明", due_at=promise.due_at, by=clerk)

    def said():
        answer = desk.get("/log/day.pdf?on=2026-11-24")
        assert answer.status_code == 200 and answer["Content-Type"] == "application/pdf"
        return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)

    text = said()
    for words in ("电梯在一单元", "是二单元", "3-2-1801", "SJ-2026-000001", "开证明", "还没封存", "李婷"):
        assert words in text, words
    with at(2026, 11, 25, 1):
        from servicecentre.worklog.review import see_entries
        see_entries(estate, day=DAY, entries=[exception.pk], by=manager)
        seal = seal_day(estate, day=DAY, words="已阅", by=manager)
        text = said()
    assert seal.code in text and "已阅" in text


def test_a_day_without_a_line_has_a_paper_too(desk, estate):
    assert desk.get("/log/day.pdf?on=2020-01-01").status_code == 200
    assert desk.get("/log/day.pdf?on=nonsense").status_code == 200
