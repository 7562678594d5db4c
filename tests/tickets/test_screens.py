"""The pages of notices as people use them, and where they show on others' pages."""
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from servicecentre.roles import Role
from tests.conftest import Desk, person_at
from tests.factories import make_household, make_unit
from tickets.models import Notice
from tickets.notices import extend_notice, post_notice, take_down_notice

from .conftest import HOUR, NOON

TYPED = {"whole": "no", "places": ["3/2", "5/"], "starts_at": "2026-11-26T09:00", "ends_at": "2026-11-26T15:00", "cause": "换主管阀门",
         "doer": "", "words": "请储水。"}


def main_of(desk, path="/notices/"):
    answer = desk.get(path)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode().split("<main", 1)[1].split("</main", 1)[0]


def words_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page))


# --- posting ----------------------------------------------------------------------------------------------------------

def test_the_form_comes_with_the_kinds_usual_words_and_each_building(desk, units):
    page = main_of(desk, "/notices/post/?kind=power")
    assert "张贴停电通知" in page and "来电后再逐个开启电器" in page and "novalidate" in page
    assert re.findall(r'name="places" value="([^"]*)"', page) == ["3/", "3/1", "3/2", "5/", "5/1", "商铺/"]
    assert "张贴停水通知" in main_of(desk, "/notices/post/?kind=flood")


def test_posting_leads_to_the_page_that_prints_it(desk, units):
    answer = desk.post("/notices/post/?kind=water", TYPED | {"request_key": "k" * 32})
    notice = Notice.objects.get()
    assert answer.status_code == 302 and answer["Location"].endswith(f"/notices/{notice.pk}/?print=1")
    assert (notice.kind, notice.where, notice.starts_at, notice.ends_at) == ("water", "5栋，3栋2单元", NOON + 21 * HOUR, NOON + 27 * HOUR)
    page = main_of(desk, answer["Location"])
    assert f'data-print-url="/e/galaxy1/notices/{notice.pk}/pdf/?n=1"' in page and "已张贴停水通知" in page and "11-26 09:00 起" in page
    pdf = desk.get(f"/notices/{notice.pk}/pdf/")
    assert pdf.content.startswith(b"%PDF") and pdf["X-Frame-Options"] == "SAMEORIGIN"


def test_a_double_click_posts_once(desk, units):
    for _ in range(2):
        assert desk.post("/notices/post/", TYPED | {"request_key": "k" * 32}).status_code == 302
    assert Notice.objects.count() == 1


@pytest.mark.parametrize("typed, field, says", [
    ({"ends_at": "2026-11-26T09:00"}, "ends_at", "结束要晚于开始"), ({"ends_at": ""}, "ends_at", "请填日期和时间"),
    ({"starts_at": "昨天"}, "starts_at", "日期或时间不对"),
    ({"starts_at": "0001-01-01T00:00"}, "starts_at", "2 天以前"), ({"ends_at": "9999-12-31T23:59"}, "ends_at", "最长 92 天"),
    ({"places": []}, "places", "请勾楼栋或单元"), ({"places": ["7/"]}, "places", "没有这个楼栋单元"), ({"whole": "yes"}, "places", "不要再勾"),
    ({"whole": ""}, "whole", "请选一种"), ({"cause": "　"}, "cause", "请填写"), ({"words": "水" * 201}, "words", "最多 200 字")])
def test_a_slip_is_told_beside_its_field_and_all_that_was_typed_stays(desk, units, typed, field, says):
    answer = desk.post("/notices/post/", TYPED | {"doer": "工程部 周燚"} | typed)
    assert answer.status_code == 200 and says in " ".join(answer.context["form"].errors[field]), answer.context["form"].errors
    page = answer.content.decode()
    assert "工程部 周燚" in page and 'role="alert"' in page and not Notice.objects.exists()


def test_a_like_one_is_offered_and_posted_for_just_that_doubt(desk, post, units):
    first = post(ends_at=NOON + timedelta(days=3))
    answer = desk.post("/notices/post/", TYPED)
    page = answer.content.decode()
    assert 'name="despite" value="like_notice"' in page and first.get_absolute_url() in page and Notice.objects.count() == 1
    assert desk.post("/notices/post/", TYPED | {"despite": "like_notice"}).status_code == 302
    assert Notice.objects.count() == 2


def test_an_estate_without_units_says_so(desk):
    assert "还没有登记房屋" in main_of(desk, "/notices/post/")
    assert desk.post("/notices/post/", TYPED | {"whole": "yes", "places": []}).status_code == 302


# --- extending, taking down, posting anew -----------------------------------------------------------------------------

def test_an_engineer_extends_and_prints_without_seeing_other_papers(post, engineer, desk_of):
    desk, notice = desk_of(engineer), post()
    answer = desk.post(f"/notices/{notice.pk}/extend/", {"ends_at": "2026-11-25T18:00", "reason": "阀门没到", "version": "1"}, follow=True)
    page = words_of(answer.content.decode())
    assert "延时 1 次" in page and "请撕下" in page and "TZ-2026-000002" in page and "正在打印" in page
    assert desk.get(f"/notices/{notice.pk}/pdf/").content.startswith(b"%PDF")
    paper = notice.last_term().paper
    assert f"/papers/{paper.pk}/" not in answer.content.decode() and desk.get(f"/papers/{paper.pk}/").status_code == 403


def test_a_stale_page_is_told_and_writes_nothing(desk, post, clerk2):
    notice = post()
    extend_notice(notice, ends_at=NOON + 5 * HOUR, reason="慢", version=1, by=clerk2)
    for what, more in (("extend", {"ends_at": "2026-11-25T20:00"}), ("take-down", {})):
        answer = desk.post(f"/notices/{notice.pk}/{what}/", {"reason": "没好", "version": "1"} | more)
        assert answer.status_code == 200 and "刚才被别人延时" in answer.content.decode() and "没好" in answer.content.decode()
    assert notice.terms.count() == 2 and Notice.objects.get().down_at is None


def test_taken_down_it_is_among_the_past_and_may_be_posted_anew(desk, post, building):
    notice = post(whole=False, places=[(building("3"), "2")])
    assert desk.post(f"/notices/{notice.pk}/take-down/", {"reason": "日期写错", "version": "1"}).status_code == 302
    page = main_of(desk, f"/notices/{notice.pk}/")
    assert "已撤下" in page and "日期写错" in page and "/extend/" not in page and "补打" not in page
    assert "现在没有通知" in main_of(desk) and "撤下：日期写错" in main_of(desk)
    form = main_of(desk, f"/notices/{notice.pk}/again/")
    assert re.search(r'value="3/2"[^>]*checked|checked[^>]*value="3/2"', form) and "换主管阀门" in form and "改正后重贴停水通知" in form
    assert desk.post(f"/notices/{notice.pk}/again/", TYPED).status_code == 302
    assert Notice.objects.latest("pk").last_term().paper.replaces == notice.last_term().paper


def test_one_that_is_up_is_not_posted_anew(desk, post):
    notice = post()
    assert "请先撤下再重贴" in desk.post(f"/notices/{notice.pk}/again/", TYPED).content.decode() and Notice.objects.count() == 1


def test_after_ten_minutes_only_a_reprint_brings_paper(desk, desk_of, clerk2, post, travel):
    notice = post()
    assert desk_of(clerk2).get(f"/notices/{notice.pk}/pdf/").status_code == 410
    travel(NOON + timedelta(minutes=10))
    assert desk.get(f"/notices/{notice.pk}/pdf/").status_code == 410
    assert "请填写补打原因" in desk.post(f"/notices/{notice.pk}/print/", {"reason": ""}).content.decode()
    answer = desk.post(f"/notices/{notice.pk}/print/", {"reason": "被撕掉了"})
    assert answer["Location"].endswith(f"/notices/{notice.pk}/?print=2") and "纸上印有「补打」" in main_of(desk, answer["Location"])
    assert desk.get(f"/notices/{notice.pk}/pdf/").content.startswith(b"%PDF")


def test_the_paper_leads_back_to_its_notice_and_is_not_voided_alone(manager_desk, post):
    notice = post()
    paper = notice.last_term().paper
    page = main_of(manager_desk, f"/papers/{paper.pk}/")
    assert f'href="/e/galaxy1/notices/{notice.pk}/"' in page and 'id="void"' not in page
    assert "不能单独作废" in manager_desk.post(f"/papers/{paper.pk}/void/", {"reason": "x"}).content.decode()


# --- who, and where ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("role", Role)
def test_every_role_reads_them_at_home_and_three_may_act(estate, post, building, desk_of, role):
    notice = post(whole=False, places=[(building("3"), "2")])
    post(kind="power", starts_at=NOON + HOUR)
    desk = desk_of(person_at(estate, "x", "某人", role))
    home = words_of(main_of(desk, "/"))
    for said in ("停水通知 3栋2单元", "到 15:00", "停电通知 全小区", "13:00 起"):
        assert said in home, said
    acts = role in (Role.CLERK, Role.MANAGER, Role.ENGINEER)
    assert ("张贴通知" in home) is acts and ("贴停水" in main_of(desk)) is acts
    page = main_of(desk, f"/notices/{notice.pk}/")
    assert "换主管阀门" in page and ("/extend/" in page) is ("/take-down/" in page) is ("补打" in page) is acts
    for what in ("extend/", "take-down/", "again/", "pdf/"):
        assert (desk.get(f"/notices/{notice.pk}/{what}").status_code == 403) is not acts


def test_a_home_without_notices_tells_what_to_answer(desk):
    assert "先问工程" in main_of(desk, "/")


def test_the_household_page_says_why_there_is_no_water(desk, post, estate, units, building, clerk):
    here, elsewhere = (make_household(estate, code, unit=units[code]) for code in ("3-2-101", "5-1-101"))
    notice = post(whole=False, places=[(building("3"), "2")])
    assert "停水通知 今天 11:00–15:00，3栋2单元。换主管阀门。" in words_of(main_of(desk, f"/households/{here.pk}/"))
    assert "停水通知" not in main_of(desk, f"/households/{elsewhere.pk}/")
    take_down_notice(notice, reason="修好了", version=1, by=clerk)
    assert f"/notices/{notice.pk}/" not in main_of(desk, f"/households/{here.pk}/")


def test_another_estates_notice_is_not_there(desk, other_clerk, other_estate):
    make_unit(other_estate, "3-2-101")
    theirs = post_notice(other_estate, kind="water", whole=True, places=[], starts_at=NOON, ends_at=NOON + HOUR, cause="他们的", words="x", by=other_clerk)
    for what in ("", "extend/", "take-down/", "again/", "pdf/"):
        assert desk.get(f"/notices/{theirs.pk}/{what}").status_code == 404, what
    for what in ("extend/", "take-down/", "again/", "print/"):
        assert desk.post(f"/notices/{theirs.pk}/{what}", TYPED | {"reason": "x", "version": "1"}).status_code == 404, what
    assert "他们的" not in main_of(desk) + main_of(desk, "/") and Notice.objects.count() == 1
    assert "他们的" in main_of(Desk(other_clerk, other_estate))


def test_past_ones_are_paged_and_the_list_asks_as_often_for_many(desk, post, clerk, building):
    def down(n):
        take_down_notice(post(kind="other", cause=f"第 {n} 张", whole=False, places=[(building("3"), "2"), (building("5"), "")]), reason="完", version=1,
                         by=clerk)
        post(kind="other", cause=f"贴着的第 {n} 张", whole=False, places=[(building("3"), "1"), (building("5"), "")])

    def asked(path):
        desk.get(path)
        with CaptureQueriesContext(connection) as queries:
            desk.get(path)
        return len(queries)
    for n in range(3):
        down(n)
    few = [asked(path) for path in ("/notices/", "/")]
    for n in range(3, 25):
        down(n)
    assert [asked(path) for path in ("/notices/", "/")] == few
    assert "第 2 页，共 2 页 25 条" in main_of(desk, "/notices/?page=2")
