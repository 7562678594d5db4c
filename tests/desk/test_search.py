"""The search box: by post only, under the box and as a page, one single answer opened at once."""
from datetime import date

import pytest

from households.register import add_unit, open_household
from servicecentre.desk.search import marked, papers_of
from servicecentre.kit.periods import today
from servicecentre.papers.issuing import issue_paper
from servicecentre.papers.kinds import RECEIPT
from servicecentre.roles import Role
from tests.papers.conftest import receipt

from ..conftest import person_at


@pytest.fixture
def households(estate, clerk):
    made = []
    for n, name in enumerate(("张雨萍", "张雨桐"), 1):
        unit = add_unit(estate, code=f"3-2-180{n}", area=8956, by=clerk)
        made.append(open_household(unit, owners=[{"name": name, "phone": f"1380013567{n}"}], starts_on=date(2025, 3, 18), by=clerk))
    return made


def ask(desk, q, **headers):
    return desk.post("/search/", {"q": q}, **headers)


def test_single_answer_is_opened(desk, households):
    assert ask(desk, "3-2-1801").url.endswith(f"/households/{households[0].pk}/")


def test_several_answers_are_listed_with_what_matched(desk, households):
    page = ask(desk, "张雨").content.decode()
    assert "<mark>张雨</mark>萍" in page and "<mark>张雨</mark>桐" in page and "138****5671" in page and "13800135671" not in page


def test_drop_down_is_the_partial(desk, households):
    answer = ask(desk, "3-2-18", headers={"HX-Request": "true"}).content.decode()
    assert answer.startswith('<div class="drop" data-q="3-2-18" data-count="2">') and "<html" not in answer
    assert "<mark>3-2-18</mark>01" in answer and f'/households/{households[0].pk}/collect/"' in answer
    assert ask(desk, "  ", headers={"HX-Request": "true"}).content == b""


def test_a_list_that_is_cut_does_not_claim_to_be_all(desk, households, monkeypatch):
    whole = ask(desk, "张雨", headers={"HX-Request": "true"}).content.decode()
    monkeypatch.setattr("servicecentre.desk.search.DROPPED", 1)
    cut = ask(desk, "张雨", headers={"HX-Request": "true"}).content.decode()
    assert "姓名 · 2 户" in whole and "姓名 · 前 1 户" in cut and "还有更多" in cut


def test_nothing_found_says_what_to_try(desk, households):
    assert "没有查到" in ask(desk, "3-2-1899").content.decode()
    assert 'data-count="0"' in ask(desk, "王", headers={"HX-Request": "true"}).content.decode()


def test_question_is_escaped_and_never_an_address(desk, households):
    page = ask(desk, "<script>alert(1)</script>").content.decode()
    assert "<script>alert" not in page
    assert "张雨萍" not in desk.get("/search/?q=张雨萍").content.decode()


def test_guard_and_engineer_may_not_search(estate, desk_of):
    from servicecentre.roles import Role

    from ..conftest import person_at
    for role in (Role.GUARD, Role.ENGINEER):
        assert ask(desk_of(person_at(estate, f"u-{role}", "某人", role)), "张").status_code == 403


@pytest.mark.parametrize("text, asked, pieces", [
    ("3-2-1801", "3-2-18", [("3-2-18", True), ("01", False)]), ("3-2-1801", "321801", [("3-2-1801", True)]),
    ("3-2-1801", "1801", [("3-2-", False), ("1801", True)]), ("苏A·D5K26", "D5K", [("苏A·", False), ("D5K", True), ("26", False)]),
    ("138****5678", "5678", [("138****", False), ("5678", True)]), ("张雨萍", "李", [("张雨萍", False)]), ("张雨萍", "", [("张雨萍", False)]),
])
def test_what_matched_is_marked(text, asked, pieces):
    assert marked(text, asked) == pieces


def test_a_receipt_is_found_by_its_running_number(desk, estate, clerk):
    """Six digits off the paper are this year's; an older year's needs its year; a year without leading nought is a room or a phone."""
    this = issue_paper(RECEIPT, estate=estate, content=receipt(), on=today(), by=clerk)
    old = issue_paper(RECEIPT, estate=estate, content=receipt(), on=date(today().year - 1, 6, 1), by=clerk)
    for asked in ("000001", "０００００１", " 000 001 "):
        assert papers_of(estate, asked) == [this]
    assert papers_of(estate, old.number) == [old] and papers_of(estate, f"sj{this.year}000001") == [this] and papers_of(estate, "SJ1") == [this]
    assert papers_of(estate, "000002") == papers_of(estate, "000000") == papers_of(estate, "0000001") == papers_of(estate, "00001") == []
    assert desk.post("/search/", {"q": "000001"})["Location"].endswith(this.get_absolute_url())


def test_on_a_page_of_the_till_an_answer_opens_the_till(desk, manager_desk, households):
    till = f"/billing/households/{households[0].pk}/collect/"
    assert 'name="to" value="collect"' in desk.get("/billing/counter/").content.decode()
    assert desk.post("/search/", {"q": "3-2-1801", "to": "collect"}).url.endswith(till)
    rows = desk.post("/search/", {"q": "张雨", "to": "collect"}, headers={"HX-Request": "true"}).content.decode()
    assert f'href="/e/galaxy1{till}"' in rows
    assert manager_desk.post("/search/", {"q": "3-2-1801", "to": "collect"}).url.endswith(f"/households/{households[0].pk}/")    # who takes no money


def test_who_may_not_look_for_residents_sees_no_box(desk, desk_of, estate):
    assert 'id="find-q"' in desk.get("/").content.decode()
    guard = desk_of(person_at(estate, "qian", "钱卫", Role.GUARD))
    assert 'id="find-q"' not in guard.get("/").content.decode()
    refused = guard.get("/billing/counter/")
    assert refused.status_code == 403 and "「收款」不归您的岗位办" in refused.content.decode()
