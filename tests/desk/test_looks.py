"""The manager's list of who looked at what: every look stands there once, and every filter narrows it (TRUST 26, T29)."""
import pytest

from households.exporting import log_register_export
from households.people import reveal_identity, reveal_phones
from servicecentre.files import storing
from servicecentre.files.models import File
from servicecentre.worklog.attaching import attach_files, reveal_scan

from ..factories import make_household
from ..files.making import ready
from ..worlds import at


@pytest.fixture
def seen(estate, clerk, clerk2):
    """Three looks on three days by two people at two households."""
    home, other = make_household(estate, "3-2-1801", owner="张雨萍"), make_household(estate, "1-1-101", owner="吴天")
    with at(2026, 11, 10, 2):
        reveal_identity(home.persons.get(), household=home, reason="核对身份", by=clerk)
    with at(2026, 11, 15, 2):
        reveal_phones(other, reason="通知停水", by=clerk2)
    with at(2026, 11, 20, 2):
        with storing.kept([ready(kind="identity", purpose="办证")]) as files:
            attach_files(home.persons.get(), files=files, right="households.view_household", household=home, by=clerk)
        reveal_scan(File.objects.get(), reason="补办门禁", by=clerk)
    return home


def listed(desk, **asked):
    with at(2026, 11, 21, 2):
        page = desk.get("/looks/", asked).context["page"]
    return [(e.by.name, e.kind, e.whose and e.whose.name, e.room, e.why) for e in page]


ALL = [("李婷", "证件影像", "张雨萍", "3-2-1801", "补办门禁"), ("王思远", "电话", None, "1-1-101", "通知停水"),
       ("李婷", "证件号码", "张雨萍", "3-2-1801", "核对身份")]


def test_every_look_stands_there(manager_desk, seen):
    assert listed(manager_desk) == ALL


@pytest.mark.parametrize(("asked", "left"), [
    ({"on": "2026-11-15"}, ALL[:2]), ({"on": "2026-11-01", "until": "2026-11-15"}, ALL[1:]), ({"kind": "households.reveal_phones"}, ALL[1:2]),
    ({"room": "3-2-1801"}, [ALL[0], ALL[2]]), ({"room": "1号楼1单元101"}, ALL[1:2]), ({"reason": "门禁"}, ALL[:1]), ({"room": "3-2-180"}, []),
    ({"on": "2026-11-16", "until": "2026-11-19"}, [])])
def test_each_filter_narrows_it(manager_desk, seen, asked, left):
    assert listed(manager_desk, **asked) == left


def test_by_person(manager_desk, seen, clerk2):
    assert listed(manager_desk, by=clerk2.pk) == ALL[1:2]


def test_a_turned_round_span_is_said_so(manager_desk, seen):
    with at(2026, 11, 21, 2):
        page = manager_desk.get("/looks/", {"on": "2026-11-20", "until": "2026-11-01"})
    assert "止日不能早于起日" in page.content.decode()


def test_who_looked_is_not_for_those_who_look(desk, seen):
    assert desk.get("/looks/").status_code == 403


def test_a_list_taken_out_is_a_look(manager_desk, seen, estate, manager):
    with at(2026, 11, 20, 3):
        log_register_export(estate, reason="交业委会核对", by=manager)
    assert listed(manager_desk) == [("陈静", "导出登记表 Excel 2 套", None, "", "交业委会核对"), *ALL]
    assert len(listed(manager_desk, kind="households.log_register_export")) == 1
