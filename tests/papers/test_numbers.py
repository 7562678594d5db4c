"""打印台: every number with its state, by series, day, state and person; what is missing; what stands alone is voided (issue 3 §7)."""
from datetime import date

import pytest

from servicecentre.kit import guards, throttle
from servicecentre.kit.refused import Refused
from servicecentre.papers.issuing import reprint_paper, void_alone
from servicecentre.papers.kinds import KINDS, VOID
from servicecentre.papers.models import Paper, Print
from servicecentre.papers.numbers import counted
from servicecentre.worklog.models import Entry

from .conftest import receipt

REMINDER = KINDS["CJ"]                     # stands alone, and has no template yet


def page(desk, query=""):
    return desk.get(f"/papers/{query}").content.decode()


def gone(*serials):
    """Papers deleted behind the program's back."""
    guards.lift(models=[Paper, Print])
    Print.objects.filter(paper__serial__in=serials).delete()
    Paper.objects.filter(serial__in=serials).delete()


def test_days_part_the_numbers(desk, issue):
    early, late = issue(on=date(2026, 11, 2)), issue(on=date(2026, 11, 24))
    both = page(desk, "?first=2026-11-01&last=2026-11-30")
    assert early.number in both and late.number in both
    assert late.number not in page(desk, "?last=2026-11-03") and early.number not in page(desk, "?first=2026-11-03")
    assert early.number in page(desk, "?first=2026-02-30")                       # no such day: left out


def test_people_and_reprints_part_the_numbers(desk, issue, clerk, clerk2):
    mine, theirs = issue(), issue(by=clerk2)
    assert f'<option value="{clerk2.pk}">{clerk2.name}</option>' in page(desk), "the page offers whom to choose"
    reprint_paper(theirs, reason="客户联遗失", by=clerk)
    assert theirs.number not in page(desk, f"?who={clerk.pk}") and mine.number in page(desk, f"?who={clerk.pk}")
    again = page(desk, "?state=again")
    assert theirs.number in again and "2 次" in again and mine.number + "</a>" not in again


def test_each_year_and_kind_is_a_series_of_its_own(desk, issue, manager):
    issue(on=date(2025, 12, 31)), issue(on=date(2026, 1, 1)), issue(on=date(2026, 1, 1), kind=VOID)
    assert "SJ-2026-000001" in page(desk) and "SJ-2025-000001</a>" not in page(desk)
    assert "SJ-2025-000001</a>" in page(desk, "?kind=SJ&year=2025")
    assert "ZF-2026-000001</a>" in page(desk, "?kind=ZF")
    assert "ZF-2026-000002" in page(desk) and "SJ-2026-000002" in page(desk)      # 下一号


def test_missing_numbers_are_listed_whichever_series_is_shown(desk, issue):
    issue(kind=VOID)
    for _ in range(4):
        issue()
    gone(2, 3)
    assert "缺 2 个" in page(desk, "?kind=ZF")
    listed = page(desk, "?kind=SJ&state=missing")
    assert "SJ-2026-000002" in listed and "缺号，没有这张单据" in listed
    assert "没有断号" in page(desk, "?kind=ZF&state=missing")


def test_a_series_whose_papers_all_vanished_is_missing_all_of_them(issue, estate):
    issue(), issue()
    gone(1, 2)
    assert [row.missing for row in counted(estate)] == [[1, 2]]


def test_a_long_payer_is_cut_and_whole_in_the_title(desk, issue):
    name = "南京莲花物业管理有限责任公司银河分公司装修工程项目部"
    issue(receipt(payer=name))
    assert f'<td class="cut hide-s" title="{name}">' in page(desk)


def test_what_stands_alone_is_voided_with_a_reason(manager_desk, issue, clerk):
    reminder = issue({"total": None}, kind=REMINDER)
    where = f"/papers/{reminder.pk}/void/"
    empty = manager_desk.post(where, {"reason": " "}).content.decode()
    assert "请填写作废原因" in empty and "这个字段" not in empty and not Paper.objects.get(pk=reminder.pk).is_void
    assert manager_desk.post(where, {"reason": "日期写错"}).status_code == 302
    assert Paper.objects.get(pk=reminder.pk).void_reason == "日期写错"
    assert Entry.objects.latest("pk").words == f"作废催缴通知单 {reminder.number}，日期写错"
    again = manager_desk.post(where, {"reason": "再来"}).content.decode()
    assert "已经作废" in again


def test_a_paper_with_money_behind_it_is_not_voided_alone(manager_desk, issue, manager):
    paper = issue()
    with pytest.raises(Refused, match="不能单独作废"):
        void_alone(paper, reason="多收", by=manager)
    assert 'id="void"' not in manager_desk.get(f"/papers/{paper.pk}/").content.decode()
    assert "不能单独作废" in manager_desk.post(f"/papers/{paper.pk}/void/", {"reason": "多收"}).content.decode()
    assert not Paper.objects.get(pk=paper.pk).is_void


def test_a_clerk_voids_nothing_alone(desk, issue):
    reminder = issue({}, kind=REMINDER)
    assert desk.post(f"/papers/{reminder.pk}/void/", {"reason": "x"}).status_code == 403
    assert 'id="void"' not in desk.get(f"/papers/{reminder.pk}/").content.decode()


def test_a_kind_without_a_template_is_not_printed(desk, issue, clerk):
    reminder = issue({}, kind=REMINDER)
    assert 'id="again"' not in desk.get(f"/papers/{reminder.pk}/").content.decode()
    assert desk.get(f"/papers/{reminder.pk}/pdf/1/").status_code == 410
    with pytest.raises(Refused, match="还没有打印版式"):
        reprint_paper(reminder, reason="再来一张", by=clerk)


def test_a_reprint_without_reason_is_asked_for_it_in_words(desk, issue):
    paper = issue()
    said = desk.post(f"/papers/{paper.pk}/reprint/", {"reason": "", "copies": ""}).content.decode()
    assert "请填写补打原因" in said and "请选择打哪一联" in said and "这个字段" not in said


@pytest.fixture
def fresh(monkeypatch):
    monkeypatch.setattr(throttle, "_asked", {})


def test_a_stranger_scans_thirty_times_a_minute(client, issue, fresh):
    paper = issue()
    assert [client.get(f"/q/{paper.mark}").status_code for _ in range(31)] == [200] * 30 + [429]
    assert client.get(f"/q/{paper.mark}", REMOTE_ADDR="10.0.0.9").status_code == 200
    assert paper.number not in client.get(f"/q/{paper.mark}").content.decode()


def test_the_next_minute_counts_anew(client, issue, fresh, monkeypatch):
    paper = issue()
    for _ in range(31):
        client.get(f"/q/{paper.mark}")
    monkeypatch.setattr(throttle.time, "monotonic", lambda: 10**9)
    assert client.get(f"/q/{paper.mark}").status_code == 200


def test_our_own_people_scan_as_often_as_they_need(desk, issue, fresh):
    paper = issue()
    assert {desk.get(f"/q/{paper.mark}").status_code for _ in range(35)} == {200}


def test_each_flipped_bit_of_a_mark_is_refused_to_staff_too(desk, issue):
    """Also what falls outside the alphabet, and a mark cut short or made longer."""
    mark = issue().mark
    wrong = {mark[:at] + chr(ord(mark[at]) ^ 1 << bit) + mark[at + 1:] for at in range(len(mark)) for bit in range(5)} - {mark}
    wrong = {each for each in wrong if each.upper() != mark and not set(each) & set("/?#%\\\x7f") and each.isprintable()}
    assert len(wrong) > 100
    for each in [*wrong, mark[:-1], mark + "A"]:
        answer = desk.get(f"/q/{each}")
        assert answer.status_code == 404 and "SJ-" not in answer.content.decode().replace(each, ""), each
