"""Notices: posted, extended, taken down; whom they concern; what their papers say."""
import io
import re
from datetime import UTC, datetime, timedelta

import pypdf
import pytest
from django.db import IntegrityError, transaction

from households.models import Building
from servicecentre.kit.refused import Refused
from servicecentre.papers import printing
from servicecentre.papers.kinds import TEXTS
from servicecentre.papers.models import Paper
from servicecentre.papers.texts.samples import preview
from servicecentre.papers.wordings import worded
from servicecentre.worklog.models import Entry
from tests.factories import make_unit
from tickets.models import Notice, NoticeTerm
from tickets.notices import extend_notice, post_notice, take_down_notice, when_lines

from .conftest import HOUR, NOON

DAY = timedelta(days=1)


def last_line():
    return Entry.objects.latest("pk")


def text_of(paper):
    """[text of each page], blanks apart."""
    data = printing.render(paper, paper.prints.get(n=1), address="https://wuye.example.cn/")
    return [re.sub(r"\s", "", page.extract_text()) for page in pypdf.PdfReader(io.BytesIO(data)).pages]


def heights(paper, *words):
    """How far above the foot of its one page each of these words stands, in mm."""
    [page] = pypdf.PdfReader(io.BytesIO(printing.render(paper, paper.prints.get(n=1), address="https://w/"))).pages
    found = []
    page.extract_text(visitor_text=lambda text, cm, tm, *_: found.append((text, (cm[3] * tm[5] + cm[5]) * 25.4 / 72)))
    return [next(at for text, at in found if word in text) for word in words]


# --- posting ----------------------------------------------------------------------------------------------------------

def test_a_notice_gets_its_number_its_paper_and_its_line(post, clerk):
    notice = post(cause=" 换主管阀门　", doer="工程部")
    term = notice.last_term()
    assert (term.n, term.ends_at, term.reason, term.paper.number) == (1, notice.ends_at, "", "TZ-2026-000001")
    assert term.paper.notice_term == term and term.paper.edition == "tickets/notice-1"
    assert last_line().words == "张贴停水通知 TZ-2026-000001：全小区，2026-11-25 11:00 至 2026-11-25 15:00，换主管阀门"
    assert (last_line().act, last_line().by, last_line().row) == ("tickets.post_notice", clerk, notice)
    assert (notice.cause, notice.where, notice.span) == ("换主管阀门", "全小区", "今天 11:00–15:00")


@pytest.mark.parametrize("starts_at, ends_at, field, says", [
    (NOON + HOUR, NOON + HOUR, "ends_at", "结束要晚于开始"), (NOON + HOUR, NOON, "ends_at", "结束要晚于开始"),
    (NOON - 2 * HOUR, NOON - HOUR, "ends_at", "已经过了"), (NOON - 3 * DAY, NOON + HOUR, "starts_at", "2 天以前"),
    (NOON + 93 * DAY, NOON + 94 * DAY, "starts_at", "提前 92 天"), (NOON, NOON + 93 * DAY, "ends_at", "最长 92 天"),
    (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC), "starts_at", "2 天以前")])
def test_odd_times_are_refused_beside_their_field(post, starts_at, ends_at, field, says):
    with pytest.raises(Refused) as refused:
        post(starts_at=starts_at, ends_at=ends_at)
    assert says in refused.value.message_dict[field][0] and not Notice.objects.exists() and not Paper.objects.exists()


@pytest.mark.parametrize("field, value, says", [("cause", "　", "请写原因"), ("words", "", "请写内容"), ("words", "水" * 201, "最多 200 字"),
                                                ("doer", "a\0b", "控制字符")])
def test_words_are_needed_and_bounded(post, field, value, says):
    with pytest.raises(Refused) as refused:
        post(**{field: value})
    assert says in refused.value.message_dict[field][0]


def test_places_are_needed_once_each_and_there(post, building, other_estate):
    make_unit(other_estate, "3-1-101")
    theirs = Building.objects.of(other_estate).get()
    for places, says in (([], "请勾楼栋或单元"), ([(building("5"), "9")], "没有5栋9单元"), ([(theirs, "")], "没有3栋"), ([(theirs, "1")], "没有3栋1单元"),
                         ([(building("3"), f"{n}") for n in range(31)], "最多写 30 处")):
        with pytest.raises(Refused) as refused:
            post(whole=False, places=places)
        assert says in refused.value.message_dict["places"][0]
    with pytest.raises(Refused, match="不要再勾"):
        post(places=[(building("3"), "")])
    notice = post(whole=False, places=[(building("3"), "2"), (building("5"), "1"), (building("3"), ""), (building("5"), "1")])
    assert notice.places.count() == 2 and notice.where == "3栋，5栋1单元"


def test_a_second_of_the_same_kind_place_and_time_is_a_doubt(post, building):
    post(whole=False, places=[(building("3"), "2")])
    for places, whole in (([], True), ([(building("3"), "")], False), ([(building("3"), "2")], False)):
        with pytest.raises(Refused, match="3栋2单元 今天 11:00–15:00 已经贴了停水通知") as refused:
            post(whole=whole, places=places)
        assert refused.value.unless == "like_notice"
    post(whole=False, places=[(building("3"), "1"), (building("5"), "")])               # elsewhere
    post(kind="power")                                                                   # another kind
    post(starts_at=NOON + 3 * HOUR, ends_at=NOON + 4 * HOUR)                             # when the first is over
    assert last_line().doubts == ""
    post(despite=("like_notice",))
    assert last_line().doubts == "like_notice"


def test_other_matters_may_meet(post):
    assert post(kind="other") and post(kind="other").title == "通知"


def test_the_same_key_posts_once(post):
    assert post(request_key="k" * 32) == post(request_key="k" * 32)
    assert Notice.objects.count() == Paper.objects.count() == 1
    with pytest.raises(Refused, match="另外的内容"):
        post(request_key="k" * 32, cause="别的")


# --- whom it concerns -------------------------------------------------------------------------------------------------

def test_whom_it_concerns(post, building, units, other_estate):
    whole = post(kind="power")
    chosen = post(whole=False, places=[(building("3"), "2"), (building("商铺"), "")])
    next_door = make_unit(other_estate, "3-2-101")
    for code, both in (("3-1-101", False), ("3-2-101", True), ("5-1-101", False), ("S01", True)):
        expected = {whole, chosen} if both else {whole}
        assert set(Notice.objects.concerning(units[code])) == expected, code
        assert {notice for notice in (whole, chosen) if notice.concerns(units[code])} == expected, code
    assert not Notice.objects.concerning(next_door).exists() and not whole.concerns(next_door) and not chosen.concerns(next_door)


def test_in_force_to_come_and_past(post, travel):
    now_on, later = post(), post(kind="power", starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR)
    assert list(Notice.objects.in_force(at=NOON)) == [now_on]
    assert list(Notice.objects.current(at=NOON).soonest_first()) == [now_on, later]
    assert list(Notice.objects.in_force(at=NOON + 2 * HOUR)) == [now_on]                 # its end is no more of it
    assert list(Notice.objects.past(at=NOON + 2 * HOUR)) == [later]
    assert [now_on.state_at(NOON + n * HOUR)["word"] for n in (-2, 0, 3)] == ["11:00 起", "到 15:00", "已结束"]


# --- extending --------------------------------------------------------------------------------------------------------

def test_an_extension_keeps_old_and_new_and_a_paper_for_each(post, engineer):
    notice = extend_notice(post(), ends_at=NOON + 6 * HOUR, reason="阀门没到", version=1, by=engineer)
    first, second = notice.terms.select_related("paper")
    assert (first.ends_at, second.ends_at, second.reason, second.by) == (NOON + 3 * HOUR, NOON + 6 * HOUR, "阀门没到", engineer)
    assert (notice.ends_at, notice.extended, notice.version) == (second.ends_at, 1, 2)
    assert first.paper.is_void and first.paper.void_reason == "延到 2026-11-25 18:00，改贴新的一张"
    assert second.paper.replaces == first.paper and not second.paper.is_void and second.paper.number == "TZ-2026-000002"
    assert last_line().words == ("停水通知 TZ-2026-000001 延时：由 2026-11-25 15:00 改为 2026-11-25 18:00，阀门没到，改贴 TZ-2026-000002")
    assert "原定15:00结束，阀门没到" in text_of(second.paper)[0]


@pytest.mark.parametrize("ends_at, says", [(NOON + 3 * HOUR, "要晚于现在的结束时间 2026-11-25 15:00"), (NOON + HOUR, "提早结束请撤下"),
                                           (NOON + 93 * DAY, "最长 92 天")])
def test_an_end_that_is_no_later_or_far_off_is_refused(post, clerk, ends_at, says):
    with pytest.raises(Refused) as refused:
        extend_notice(post(), ends_at=ends_at, reason="慢", version=1, by=clerk)
    assert says in refused.value.message_dict["ends_at"][0] and NoticeTerm.objects.count() == 1


def test_an_outage_that_outlasts_its_end_is_extended_within_a_day(post, clerk, travel):
    notice = post()
    travel(NOON + 5 * HOUR)
    with pytest.raises(Refused, match="已经过了"):
        extend_notice(notice, ends_at=NOON + 4 * HOUR, reason="慢", version=1, by=clerk)
    assert extend_notice(notice, ends_at=NOON + 8 * HOUR, reason="慢", version=1, by=clerk).extended == 1
    travel(NOON + 8 * HOUR + DAY + timedelta(minutes=1))
    with pytest.raises(Refused, match="请另贴一张"):
        extend_notice(notice, ends_at=NOON + 3 * DAY, reason="慢", version=2, by=clerk)


def test_a_reason_is_needed_and_a_stale_page_is_told(post, clerk):
    notice = post()
    with pytest.raises(Refused, match="请写为什么延时"):
        extend_notice(notice, ends_at=NOON + 4 * HOUR, reason=" ", version=1, by=clerk)
    extend_notice(notice, ends_at=NOON + 4 * HOUR, reason="慢", version=1, by=clerk)
    for act, more in ((extend_notice, {"ends_at": NOON + 5 * HOUR}), (take_down_notice, {})):
        with pytest.raises(Refused, match="刚才被别人延时"):
            act(notice, reason="慢", version=1, by=clerk, **more)


# --- taking down ------------------------------------------------------------------------------------------------------

def test_taken_down_the_paper_is_void_with_the_reason(post, clerk, engineer):
    notice = take_down_notice(post(), reason="提前恢复供水", version=1, by=engineer)
    paper = notice.last_term().paper
    assert (notice.down_by, notice.down_reason, paper.void_reason, paper.voided_by) == (engineer, "提前恢复供水", "提前恢复供水", engineer)
    assert last_line().words == "撤下停水通知 TZ-2026-000001：提前恢复供水"
    assert not Notice.objects.current(at=NOON).exists() and notice.state_at(NOON)["word"] == "已撤下"
    for act, more in ((take_down_notice, {}), (extend_notice, {"ends_at": NOON + 9 * HOUR})):
        with pytest.raises(Refused, match="赵国强 已于 2026-11-25 12:00 撤下"):
            act(notice, reason="再来", version=2, by=clerk, **more)


def test_what_is_over_by_itself_is_not_taken_down(post, clerk, travel):
    notice = post()
    with pytest.raises(Refused, match="请写为什么撤下"):
        take_down_notice(notice, reason="", version=1, by=clerk)
    travel(NOON + 3 * HOUR)
    with pytest.raises(Refused, match="已经自己结束"):
        take_down_notice(notice, reason="好了", version=1, by=clerk)
    assert not notice.last_term().paper.is_void


def test_a_wrong_one_is_posted_anew_in_place_of_the_old(post, clerk):
    wrong = post()
    with pytest.raises(Refused, match="请先撤下再重贴"):
        post(instead=wrong, kind="power")
    take_down_notice(wrong, reason="日期写错", version=1, by=clerk)
    right = post(instead=wrong)
    assert right.last_term().paper.replaces == wrong.last_term().paper
    assert last_line().words.endswith("，改正 TZ-2026-000001")


def test_its_words_never_change(post, clerk):
    notice = take_down_notice(post(), reason="写错", version=1, by=clerk)
    for change in ({"words": "别的"}, {"whole": False}, {"starts_at": NOON}, {"down_reason": "别的"}):
        with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
            Notice.objects.filter(pk=notice.pk).update(**change)
    with pytest.raises(IntegrityError, match="append_only"), transaction.atomic():
        notice.terms.update(reason="别的")


# --- the paper --------------------------------------------------------------------------------------------------------

def test_the_paper_says_what_is_told(post, building, estate, clerk):
    type(estate).objects.filter(pk=estate.pk).update(phone="025-86668888")
    estate.refresh_from_db()
    notice = post(estate=estate, whole=False, places=[(building("3"), ""), (building("5"), "1")], doer="工程部 周燚", words="请储水。<b>急</b>")
    [text] = text_of(notice.last_term().paper)
    for said in ("TZ-2026-000001", "停水通知", "11月25日（周三）", "11:00—15:00", "3栋，5栋1单元", "请储水。<b>急</b>", "原因换主管阀门", "施工工程部周燚",
                 "咨询025-86668888", "张贴11月25日", "撤下11月25日", "张贴人李婷", "莲花物业"):
        assert said in text, said
    assert "作废" not in text and "补打" not in text and "延时" not in text


@pytest.mark.parametrize("starts, ends, lines", [
    ((2026, 11, 26, 1), (2026, 11, 26, 7), ["11月26日（周四）", "9:00—15:00"]),
    ((2026, 11, 26, 1, 5), (2026, 11, 28, 10), ["11月26日（周四）9:05 至", "11月28日（周六）18:00"]),
    ((2026, 12, 31, 1), (2027, 1, 1, 1), ["12月31日（周四）9:00 至", "2027年1月1日（周五）9:00"])])
def test_when_in_two_lines(starts, ends, lines):
    assert when_lines(datetime(*starts, tzinfo=UTC), datetime(*ends, tzinfo=UTC)) == lines


def test_the_longest_still_hangs_on_one_page(estate, post, clerk):
    for n in range(101, 131):
        make_unit(estate, f"{n}-12-101")
    places = [(building, "12") for building in Building.objects.of(estate).filter(code__gte="101", code__lte="130")]
    notice = post(kind="lift", whole=False, places=places, starts_at=NOON + 38 * DAY, ends_at=NOON + 80 * DAY,
                  cause="原因" * 30, doer="施工" * 30, words="很长" * 100)
    notice = extend_notice(notice, ends_at=NOON + 90 * DAY, reason="延时" * 30, version=1, by=clerk)
    [text] = text_of(notice.last_term().paper)
    for said in ("130栋12单元", "原因" * 30, "施工" * 30, "很长" * 100, "延时" * 30, "发布单位（盖章）", "2027年"):
        assert said in text, said
    last, foot = heights(notice.last_term().paper, "敬请谅解", "发布单位")
    assert last > foot + 4                                                               # nothing runs into the seal's place


@pytest.mark.parametrize("words", [30, 60, 75, 90, 110, 150])
@pytest.mark.parametrize("places, cause", [(1, 5), (1, 60), (4, 20)])
def test_whatever_its_length_nothing_runs_into_the_foot(estate, post, units, words, places, cause):
    here = [(building, "") for building in Building.objects.of(estate)][:places]
    paper = post(whole=False, places=here, words="水" * words, cause="因" * cause, doer="工" * cause).last_term().paper
    last, foot = heights(paper, "敬请谅解", "发布单位")
    assert last > foot + 4


def test_each_kind_has_its_usual_words(estate, manager):
    for kind in Notice.Kind.values:
        words = worded(estate, f"notice_{kind}")
        assert bool(words) is (kind != "other") and len(words) <= 200
        assert TEXTS[f"notice_{kind}"].label == Notice.TITLES[kind]
    pdf = preview(estate, "notice_power", "停电。", kind="TZ", by=manager)
    [page] = pypdf.PdfReader(io.BytesIO(pdf)).pages
    assert "停电通知" in page.extract_text().replace("\n", "")


def test_an_act_is_the_only_way(estate, clerk):
    with pytest.raises(ValueError, match="flood"):
        post_notice(estate, kind="flood", whole=True, places=[], starts_at=NOON, ends_at=NOON + HOUR, cause="x", words="x", by=clerk)
