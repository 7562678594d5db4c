"""The day's log with its filters, a remark, and the promises on screen."""
from datetime import timedelta

import pytest

from servicecentre.kit.periods import now
from servicecentre.roles import Role
from servicecentre.worklog.day import keep_promise, make_promise, make_remark, move_promise
from servicecentre.worklog.models import Entry, Promise

from ..conftest import person_at
from ..worlds import at


def text_of(response):
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def rows_of(response):
    """What the log's table says; newest first."""
    return text_of(response).partition('id="entries"')[2].partition("</table>")[0]


# --- the day ----------------------------------------------------------------------------------------------------------

def test_the_day_shows_who_did_what_for_whom_newest_first(desk, estate, household, clerk):
    make_remark(estate, words="先来的", by=clerk)
    make_remark(estate, words="后来的", household=household, by=clerk)
    rows = rows_of(desk.get("/log/"))
    assert rows.index("后来的") < rows.index("先来的")
    assert "3-2-1801" in rows and "李婷" in rows and "12:00" in rows


def test_each_day_by_itself_with_a_way_to_the_next(desk, estate, clerk):
    with at(2026, 11, 23, 4):
        make_remark(estate, words="昨天的事", by=clerk)
    make_remark(estate, words="今天的事", by=clerk)
    today, yesterday = text_of(desk.get("/log/")), text_of(desk.get("/log/?on=2026-11-23"))
    assert "今天的事" in today and "昨天的事" not in today and 'href="?on=2026-11-23"' in today and "下一日" not in today
    assert "昨天的事" in yesterday and "今天的事" not in yesterday and 'href="?on=2026-11-24"' in yesterday
    assert "这一天没有这样的记录" in text_of(desk.get("/log/?on=2020-01-01"))


def test_filters_by_person_kind_and_urgency(desk, estate, clerk, clerk2, manager, promise):
    make_remark(estate, words="李婷写的", by=clerk)
    make_remark(estate, words="思远写的急事", urgent=True, by=clerk2)
    by_person = rows_of(desk.get("/log/", {"by": clerk2.pk}))
    assert "思远写的急事" in by_person and "李婷写的" not in by_person
    urgent = rows_of(desk.get("/log/", {"urgent": "on"}))
    assert "思远写的急事" in urgent and "李婷写的" not in urgent and "紧急" in urgent
    assert "李婷写的" in rows_of(desk.get("/log/", {"area": "worklog"}))
    assert "李婷写的" not in rows_of(desk.get("/log/", {"area": "billing"}))
    both = rows_of(desk.get("/log/", {"by": clerk.pk, "area": "worklog"}))
    assert "李婷写的" in both and "答复公摊怎么算" in both and "思远" not in both


def test_the_list_of_people_is_who_did_something_here(desk, estate, other_estate, clerk, clerk2, other_clerk):
    make_remark(estate, words="一件事", by=clerk)
    make_remark(other_estate, words="别处的事", by=other_clerk)
    page = text_of(desk.get("/log/"))
    assert f'<option value="{clerk.pk}">' in page and "别处的事" not in page
    assert f'value="{other_clerk.pk}"' not in page and f'value="{clerk2.pk}"' not in page


@pytest.mark.parametrize("query", ["on=2026-02-30", "on=昨天", "on=2999-01-01", "by=x", "by=-1", "area=nonsense", "page=x", "page=-1", "page=9e9"])
def test_a_filter_that_makes_no_sense_shows_today_and_says_so(desk, estate, clerk, query):
    make_remark(estate, words="今天的事", by=clerk)
    page = text_of(desk.get(f"/log/?{query}"))
    assert "今天的事" in page
    if not query.startswith("page"):
        assert "has-error" in page


def test_htmx_gets_the_rows_that_the_page_includes(desk, estate, clerk):
    make_remark(estate, words="一件事", by=clerk)
    part = text_of(desk.get("/log/", headers={"HX-Request": "true"}))
    assert "一件事" in part and "<html" not in part and part.strip() in text_of(desk.get("/log/"))


def test_long_days_have_pages_that_keep_the_filter(desk, estate, clerk):
    for n in range(52):
        make_remark(estate, words=f"第{n}件", urgent=True, by=clerk)
    first, second = text_of(desk.get("/log/?urgent=on")), rows_of(desk.get("/log/?urgent=on&page=2"))
    assert "第51件" in first and "第0件" not in first and "urgent=on&amp;page=2" in first
    assert "第0件" in second and "第51件" not in second


def test_what_a_clerk_wrote_is_shown_letter_by_letter(desk, estate, clerk):
    make_remark(estate, words="<script>alert(1)</script>{{ 7*7 }}", by=clerk)
    page = text_of(desk.get("/log/"))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}" in page and "<script>alert" not in page


def test_an_entry_leads_to_what_it_speaks_of_or_to_its_day(desk, estate, clerk, household):
    from billing.cashier import collect_payment

    payment = collect_payment(household, parts=[("cash", 100, "")], payer_name="张雨萍", by=clerk, despite=("left_over",))
    entry = Entry.objects.get(act="billing.collect_payment")
    assert desk.get(f"/log/entries/{entry.pk}/").url == f"/e/{estate.slug}/billing/payments/{payment.pk}/"
    remark = make_remark(estate, words="一件事", by=clerk)
    assert desk.get(f"/log/entries/{remark.pk}/").url == f"/e/{estate.slug}/log/?on=2026-11-24"


# --- a remark ---------------------------------------------------------------------------------------------------------

def test_a_remark_is_written_once_and_shown(desk, estate):
    sent = {"words": "电梯检修", "urgent": "on", "request_key": "k1"}
    for _ in range(2):
        assert desk.post("/log/remark/", sent).url == f"/e/{estate.slug}/log/"
    assert [(e.words, e.urgent) for e in Entry.objects.filter(act="worklog.make_remark")] == [("电梯检修", True)]
    assert "已记入工作日志" in text_of(desk.get("/log/"))


@pytest.mark.parametrize("words, said", [("", "请填写"), ("　 ", "请填写"), ("长" * 301, "300"), ("a\x00b", ""), ("a‮b", "")])
def test_a_remark_that_will_not_do_is_kept_on_the_page(desk, words, said):
    page = text_of(desk.post("/log/remark/", {"words": words, "request_key": "k1"}))
    assert said in page and "is-invalid" in page and not Entry.objects.filter(act="worklog.make_remark").exists()


def test_who_may_not_write_sees_no_way_to(estate, desk_of):
    finance = desk_of(person_at(estate, "caiwu", "周会计", Role.FINANCE))
    assert "/log/remark/" not in text_of(finance.get("/log/"))
    assert finance.get("/log/remark/").status_code == 403


# --- promises ---------------------------------------------------------------------------------------------------------

def test_a_promise_is_made_for_a_room(desk, estate, household):
    sent = {"household": "3栋2单元1801", "to_whom": "张女士", "words": "答复公摊怎么算", "due_at": "2026-11-24T15:30", "request_key": "k1"}
    assert desk.post("/promises/new/", sent).url == f"/e/{estate.slug}/households/{household.pk}/"
    promise = Promise.objects.get()
    assert (promise.household_no, promise.to_whom, promise.due_at) == (household.number, "张女士", now() + timedelta(hours=3, minutes=30))


def test_a_promise_may_be_to_nobodys_room(desk, estate):
    sent = {"to_whom": "快递员", "words": "回电", "due_at": "2026-11-24T15:30", "phone": "138 0013 8000", "request_key": "k1"}
    assert desk.post("/promises/new/", sent).url == f"/e/{estate.slug}/log/promises/"
    assert Promise.objects.get().phone == "13800138000"


@pytest.mark.parametrize("typed, words", [
    ({"household": "9-9-909"}, "没有 9-9-909 这套房"), ({"household": "x"}, "房号"), ({"due_at": ""}, "请填约定的日期和时间"),
    ({"due_at": "2026-11-24T11:00"}, "约定时间已经过了"), ({"due_at": "2028-01-01T10:00"}, "一年以后"), ({"due_at": "2026-02-30T10:00"}, "日期或时间不对"),
    ({"due_at": "0002-01-01T10:00"}, "约定时间已经过了"), ({"to_whom": ""}, "请填写"), ({"words": ""}, "请填写"), ({"phone": "12"}, "电话")])
def test_what_was_typed_wrong_is_said_beside_it_and_the_rest_is_kept(desk, household, typed, words):
    sent = {"household": "3-2-1801", "to_whom": "张女士", "words": "答复公摊怎么算", "due_at": "2026-11-24T15:30", "request_key": "k1"} | typed
    page = text_of(desk.post("/promises/new/", sent))
    assert words in page and not Promise.objects.exists()
    for field, value in sent.items():
        if field in ("to_whom", "words", "household") and value:
            assert value in page, field


def test_open_promises_stand_with_their_clocks_kept_ones_below(desk, estate, promise, clerk):
    with at(2026, 11, 24, 1):
        make_promise(estate, to_whom="吴先生", words="该早办的", due_at=now() + timedelta(hours=1), by=clerk)
    kept = make_promise(estate, to_whom="郑先生", words="开证明", due_at=now() + timedelta(hours=1), by=clerk)
    keep_promise(kept, outcome="已开好", version=kept.version, by=clerk)
    page = text_of(desk.get("/log/promises/"))
    assert "2 件没办完" in page and "逾期 2 小时" in page and "15:00 前" in page
    assert page.index("该早办的") < page.index("答复公摊怎么算") < page.index("最近办完的") < page.index("已开好")


def test_keeping_on_screen(desk, estate, promise, clerk):
    page = text_of(desk.get(f"/log/promises/{promise.pk}/keep/"))
    assert "张女士" in page and f'name="version" value="{promise.version}"' in page
    sent = {"outcome": "已当面说清", "version": promise.version, "request_key": "k1"}
    assert desk.post(f"/log/promises/{promise.pk}/keep/", sent).url == f"/e/{estate.slug}/log/promises/"
    assert (Promise.objects.get().outcome, Promise.objects.get().kept_by) == ("已当面说清", clerk)


def test_moving_on_screen(desk, promise):
    sent = {"due_at": "2026-11-25T09:00", "reason": "等财务", "version": promise.version, "request_key": "k1"}
    assert desk.post(f"/log/promises/{promise.pk}/move/", sent).status_code == 302
    assert (Promise.objects.get().due_at, Promise.objects.get().moved) == (now() + timedelta(hours=21), 1)


@pytest.mark.parametrize("verb, typed", [("keep", {"outcome": "我说已回电"}), ("move", {"due_at": "2026-11-26T09:00", "reason": "我也忙"})])
def test_an_old_page_changes_nothing_and_keeps_what_was_typed(desk, promise, manager, verb, typed):
    """TRUST 25: another clerk moved it after this page was opened."""
    move_promise(promise, due_at=now() + timedelta(days=1), reason="等财务", version=promise.version, by=manager)
    page = text_of(desk.post(f"/log/promises/{promise.pk}/{verb}/", typed | {"version": promise.version, "request_key": "k1"}))
    assert "您的改动没有保存" in page and all(value in page for value in typed.values())
    assert (Promise.objects.get().moved, Promise.objects.get().kept_at) == (1, None)


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 30, "0"])
def test_a_version_that_no_page_of_ours_wrote_changes_nothing(desk, promise, version):
    page = text_of(desk.post(f"/log/promises/{promise.pk}/keep/", {"outcome": "好了", "version": version, "request_key": "k1"}))
    assert Promise.objects.get().kept_at is None
    assert "好了" in page and ("note-bad" in page or "is-invalid" in page or "role=\"alert\"" in page)
