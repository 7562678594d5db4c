"""The people's pages as they are used: add, told once, changed at the first sign-in; who sees which button; the rights table; the command."""
import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from servicecentre.desk.office_people import add_user, arrange_cover, reset_password
from servicecentre.kit.periods import today
from servicecentre.roles import RIGHTS, Role
from servicecentre.staff.models import Post, User
from servicecentre.worklog.models import Entry

from ..conftest import person_at

NEW = {"username": "ＷuMin", "name": "吴敏", "mobile": "138 0013 5678", "role": "clerk", "request_key": "k1"}
OWN = "六月的荔枝-5kg"


@pytest.fixture
def admin_desk(admin, desk_of):
    return desk_of(admin)


def words(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def told(answer):
    return re.search(r'money-xl pad">([a-z2-9-]{12})<', answer.content.decode())[1]


def test_a_new_clerk_changes_the_password_before_anything_else(admin_desk, estate):
    one_time = told(admin_desk.post("/office/users/new/", NEW))
    browser, home = Client(), f"/e/{estate.slug}/"
    assert browser.post(f"{home}sign-in/", {"username": "wumin", "password": one_time}).status_code == 302
    for path in ("", "log/", "units/", "office/users/"):
        answer = browser.get(home + path)
        assert answer.status_code == 403 if path.startswith("office") else answer.url == f"{home}account/password/", path
    assert browser.post(f"{home}log/remark/", {"words": "早到", "request_key": "r"}).url == f"{home}account/password/"
    assert "先换成自己的密码" in words(browser.get(f"{home}account/password/"))
    same = browser.post(f"{home}account/password/", {"old": one_time, "new": one_time, "again": one_time, "request_key": "p"})
    assert "和现在的一样" in words(same)
    assert browser.post(f"{home}account/password/", {"old": one_time, "new": OWN, "again": OWN, "request_key": "p2"}).status_code == 302
    assert browser.get(home).status_code == 200
    assert Client().post(f"{home}sign-in/", {"username": "wumin", "password": one_time}).status_code == 200


def test_the_password_is_told_once(admin_desk):
    first = admin_desk.post("/office/users/new/", NEW)
    again = admin_desk.post("/office/users/new/", NEW)
    assert told(first) and "密码只显示一次" in words(again) and told(first) not in again.content.decode()
    assert User.objects.filter(username="wumin").count() == 1
    assert not Entry.objects.filter(words__contains=told(first)).exists()


@pytest.mark.parametrize("more, said", [({"username": "李 婷"}, "只用小写字母"), ({"username": "system"}, "换一个"), ({"name": "　"}, "请填写"),
                                        ({"mobile": "12"}, "11 位"), ({"role": "owner"}, "选"), ({"username": "x" * 41}, "40")])
def test_what_will_not_do_is_said_beside_its_field(admin_desk, more, said):
    answer = admin_desk.post("/office/users/new/", NEW | more)
    assert answer.status_code == 200 and said in words(answer) and 'value="吴敏"' in answer.content.decode() or "name" in more
    assert not User.objects.filter(name="吴敏").exists()


def test_a_reset_ends_what_is_open_elsewhere(admin_desk, estate, clerk, desk):
    clerk.set_password(OWN)
    clerk.save()
    browser = Client()
    browser.post(f"/e/{estate.slug}/sign-in/", {"username": clerk.username, "password": OWN})
    assert browser.get(f"/e/{estate.slug}/").status_code == 200
    assert told(admin_desk.post(f"/office/users/{clerk.pk}/password/", {"request_key": "r"}))
    assert browser.get(f"/e/{estate.slug}/").status_code == 302


def test_out_of_use_is_out_at_the_next_click(admin_desk, clerk, desk):
    assert desk.get("/").status_code == 200
    assert admin_desk.post(f"/office/users/{clerk.pk}/deactivate/", {"reason": "离职", "request_key": "d"}).status_code == 302
    assert "/sign-in/" in desk.get("/").url
    assert "停用" in words(admin_desk.get("/office/users/"))


def test_each_sees_only_the_buttons_that_are_his(admin_desk, manager_desk, admin, manager, clerk):
    theirs, own = (words(admin_desk.get(f"/office/users/{u.pk}/")) for u in (clerk, admin))
    for button in ("给岗位", "安排替班", "重设密码", "停用账号", "修改资料", "结束"):
        assert button in theirs and (button not in own or button == "结束"), button
    assert "要由别人改" in own
    managers = words(manager_desk.get(f"/office/users/{clerk.pk}/"))
    assert "安排替班" in managers and "重设密码" in managers
    assert "给岗位" not in managers and "停用账号" not in managers
    assert "加一个人" not in words(manager_desk.get("/office/users/")) and manager_desk.get("/office/users/new/").status_code == 403


def test_a_stand_in_is_arranged_shown_and_called_off_by_the_manager(manager_desk, estate, clerk, manager):
    guard = person_at(estate, "qianwei", "钱卫", Role.GUARD)
    page = manager_desk.get(f"/office/users/{clerk.pk}/cover/").content.decode()
    assert "钱卫 秩序员" in page and "陈静" not in page.partition("<main")[2]
    days = {"starts_on": today(), "ends_on": today()}
    assert "没有这个岗位" in words(manager_desk.post(f"/office/users/{clerk.pk}/cover/", {"post": manager.posts.get().pk, **days, "request_key": "c0"}))
    assert manager_desk.post(f"/office/users/{clerk.pk}/cover/", {"post": guard.posts.get().pk, **days, "request_key": "c"}).status_code == 302
    assert "李婷 替 钱卫" in words(manager_desk.get("/office/users/"))
    cover = clerk.posts.get(role=Role.GUARD)
    assert manager_desk.post(f"/office/posts/{cover.pk}/end-cover/", {"request_key": "e"}).status_code == 302
    assert clerk.roles_at(estate) == {Role.CLERK}


def test_a_refusal_stands_on_the_persons_page(admin_desk, admin, desk_of, estate, clerk):
    cover = arrange_cover(clerk, post=admin.posts.get(), starts_on=today(), ends_on=today(), by=admin)
    answer = desk_of(clerk).post(f"/office/posts/{admin.posts.get().pk}/end/", {"request_key": "e"})
    assert answer.status_code == 200 and "最后一位管理员" in words(answer) and cover.ended_at is None


def test_people_next_door_are_not_listed(admin_desk, other_estate, other_clerk):
    assert other_clerk.name not in words(admin_desk.get("/office/users/"))
    assert admin_desk.get(f"/office/users/{other_clerk.pk}/").status_code == 404


def test_the_rights_table_has_every_right_and_says_who_has_it(manager_desk, estate, clerk, clerk2):
    page = words(manager_desk.get("/office/rights/"))
    assert all(right.label in page for right in RIGHTS.values())
    assert "李婷、王思远" in page and "没有人" in page


def test_two_estates_are_switched_between(desk, clerk, other_estate):
    assert "切换" not in desk.get("/").content.decode()
    Post.objects.create(estate=other_estate, user=clerk, role=Role.CLERK)
    assert "切换" in desk.get("/").content.decode()


# --- manage.py add_post -----------------------------------------------------------------------------------------------

def command(*args):
    said = StringIO()
    call_command("add_post", *args, stdout=said)
    return said.getvalue()


def test_the_first_administrator_of_a_centre(estate):
    said = command("heli", "administrator", "--estate", "galaxy1", "--name", "何立")
    assert said.startswith("heli 何立 系统管理员 银河国际街区一期\n一次性密码 ")
    one_time = re.search(r"一次性密码 (\S{12})，", said)[1]
    user = User.objects.get(username="heli")
    assert user.check_password(one_time) and user.must_change_password and user.roles_at(estate) == {Role.ADMINISTRATOR}


def test_the_same_command_again_changes_nothing(estate):
    command("heli", "administrator", "--estate", "galaxy1", "--name", "何立")
    before = (User.objects.get(username="heli").password, Post.objects.count(), Entry.objects.count())
    assert command("heli", "administrator", "--estate", "galaxy1", "--name", "何立") == "heli 何立 系统管理员 银河国际街区一期\n"
    assert (User.objects.get(username="heli").password, Post.objects.count(), Entry.objects.count()) == before


def test_a_lost_password_and_an_account_out_of_use_are_mended_by_the_operator(estate):
    command("heli", "administrator", "--estate", "galaxy1", "--name", "何立")
    User.objects.filter(username="heli").update(is_active=False)
    with pytest.raises(CommandError, match="--new-password"):
        command("heli", "administrator", "--estate", "galaxy1")
    assert "一次性密码" in command("heli", "administrator", "--estate", "galaxy1", "--new-password")
    assert User.objects.get(username="heli").roles_at(estate) == {Role.ADMINISTRATOR}


@pytest.mark.parametrize("args, said", [(["heli", "clerk", "--estate", "nowhere"], "没有小区"), (["heli", "clerk", "--estate", "galaxy1"], "--name"),
                                        (["何立", "clerk", "--estate", "galaxy1", "--name", "何立"], "只用小写字母"),
                                        (["heli", "owner", "--estate", "galaxy1"], "owner")])
def test_what_cannot_be_is_said(estate, args, said):
    with pytest.raises(CommandError, match=said):
        command(*args)
    assert not User.objects.filter(username="heli").exists()


def test_the_page_of_an_account_that_serves_next_door_refuses_in_words(admin_desk, admin, estate, other_estate, other_clerk):
    Post.objects.create(estate=estate, user=other_clerk, role=Role.CLERK)
    answer = admin_desk.post(f"/office/users/{other_clerk.pk}/password/", {"request_key": "r"})
    assert "管不到" in words(answer) and "莲花新城" not in answer.content.decode()


def test_one_time_passwords_are_no_ones_to_guess(estate, admin):
    seen = {reset_password(add_user(estate, username=f"u{n}", name="某", role="clerk", by=admin), estate=estate, by=admin).one_time for n in range(20)}
    assert len(seen) == 20
