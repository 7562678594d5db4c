"""Accounts, posts and stand-ins: who may give what to whom, until when, and what ends at once (DOMAIN §14, TRUST T5, T26, T28)."""
import threading
from datetime import date, timedelta

import pytest
from django.db import connection

from servicecentre.desk.office_people import (
    add_user,
    arrange_cover,
    change_user,
    deactivate_user,
    end_cover,
    end_post,
    end_sessions,
    give_post,
    reactivate_user,
    reset_password,
)
from servicecentre.desk.policies import change_setting
from servicecentre.kit.periods import now, today
from servicecentre.kit.refused import Refused
from servicecentre.roles import Role
from servicecentre.staff.models import Post, User
from servicecentre.worklog.models import Entry

from ..conftest import person_at
from ..worlds import at

CLERK, MANAGER, GUARD, ADMINISTRATOR, FINANCE = Role.CLERK, Role.MANAGER, Role.GUARD, Role.ADMINISTRATOR, Role.FINANCE


@pytest.fixture
def admin2(estate):
    return person_at(estate, "heli", "何立", ADMINISTRATOR)


@pytest.fixture
def regional(estate, other_estate):
    """Administrator of both estates."""
    user = person_at(estate, "regional", "区域管理员", ADMINISTRATOR)
    Post.objects.create(estate=other_estate, user=user, role=ADMINISTRATOR)
    return user


def add(estate, by, username="wumin", **more):
    return add_user(estate, **{"username": username, "name": "吴敏", "role": CLERK, "mobile": "13800135678"} | more, by=by)


def post_of(user, role=None):
    return user.posts.get(role=role) if role else user.posts.get()


# --- coming -----------------------------------------------------------------------------------------------------------

def test_a_person_is_added_with_a_password_for_once(estate, admin):
    user = add(estate, admin)
    assert user.check_password(user.one_time) and user.must_change_password and len(user.one_time) == 12
    assert user.roles_at(estate) == {CLERK} and user.may("billing.collect_payment", estate)
    entry = Entry.objects.get(act="desk.add_user")
    assert entry.words == "加人 吴敏（wumin），任前台客服" and user.one_time not in entry.words


def test_passwords_for_once_differ(estate, admin):
    assert add(estate, admin).one_time != add(estate, admin, "another", mobile="").one_time


def test_a_repeated_form_adds_one_person_and_tells_no_password_again(estate, admin):
    fields = {"username": "wumin", "name": "吴敏", "role": CLERK, "by": admin, "request_key": "k"}
    first, again = add_user(estate, **fields), add_user(estate, **fields)
    assert first == again and not hasattr(again, "one_time")


@pytest.mark.parametrize("more, field", [({}, "username"), ({"username": "other"}, "mobile")])
def test_a_name_or_a_mobile_serves_one_person(estate, admin, more, field):
    add(estate, admin)
    with pytest.raises(Refused) as refused:
        add(estate, admin, **more)
    assert list(refused.value.message_dict) == [field]


def test_somebody_next_door_is_a_taken_name_and_nothing_more(estate, other_estate, admin, other_clerk):
    with pytest.raises(Refused, match="这个工号已有人用") as refused:
        add(estate, admin, other_clerk.username)
    assert other_clerk.name not in refused.value.sentence and "莲花" not in refused.value.sentence
    assert other_clerk.roles_at(estate) == frozenset()


def test_who_administers_both_estates_brings_a_person_over(estate, other_estate, regional, other_clerk):
    with pytest.raises(Refused) as refused:
        add(estate, regional, other_clerk.username)
    assert refused.value.unless == "same_person"
    user = add(estate, regional, other_clerk.username, despite=("same_person",))
    assert user == other_clerk and user.roles_at(estate) == {CLERK} == user.roles_at(other_estate)
    assert not hasattr(user, "one_time") and not user.must_change_password


# --- posts and their days ---------------------------------------------------------------------------------------------

def test_a_post_holds_from_its_first_day_to_its_last(estate, admin, clerk, manager):
    with at(2026, 11, 20, 2):
        cover = arrange_cover(clerk, post=post_of(manager), starts_on=date(2026, 11, 22), ends_on=date(2026, 11, 24), by=admin)
    assert cover.covers == manager
    held = {}
    for day in range(20, 27):
        with at(2026, 11, day, 2):
            held[day] = MANAGER in clerk.roles_at(estate)
    assert [day for day, yes in held.items() if yes] == [22, 23, 24]


def test_a_day_is_shanghais(estate, admin, clerk, manager):
    with at(2026, 11, 20, 2):
        arrange_cover(clerk, post=post_of(manager), starts_on=date(2026, 11, 20), ends_on=date(2026, 11, 20), by=admin)
    with at(2026, 11, 20, 15, 59):
        assert clerk.roles_at(estate) == {CLERK, MANAGER}
    with at(2026, 11, 20, 16, 0):
        assert clerk.roles_at(estate) == {CLERK}


def test_a_stand_in_is_called_off(estate, admin, clerk, manager):
    cover = arrange_cover(clerk, post=post_of(manager), starts_on=today(), ends_on=today(), by=admin)
    assert clerk.may("billing.bill_month", estate)
    end_cover(cover, by=admin)
    assert not clerk.may("billing.bill_month", estate)
    assert post_of(manager).ended_at is None
    with pytest.raises(Refused, match="已经结束"):
        end_cover(cover, by=admin)


@pytest.mark.parametrize("first, last, words", [(-1, 1, "今天或以后"), (2, 1, "早于"), (0, 93, "最长 92 天")])
def test_days_that_will_not_do(estate, admin, clerk, manager, first, last, words):
    days = {"starts_on": today() + timedelta(days=first), "ends_on": today() + timedelta(days=last)}
    with pytest.raises(Refused, match=words):
        arrange_cover(clerk, post=post_of(manager), **days, by=admin)


def test_one_stands_in_for_a_post_once_at_a_time_and_never_for_ones_own(estate, admin, clerk, clerk2, manager):
    days = {"starts_on": today(), "ends_on": today() + timedelta(days=3)}
    arrange_cover(clerk, post=post_of(manager), **days, by=admin)
    with pytest.raises(Refused, match="已安排"):
        arrange_cover(clerk, post=post_of(manager), **days, by=admin)
    with pytest.raises(Refused, match="不用替"):
        arrange_cover(clerk, post=post_of(clerk2), **days, by=admin)


def test_a_manager_arranges_it_among_the_posts_below(estate, manager, clerk, admin):
    guard = person_at(estate, "qianwei", "钱卫", GUARD)
    days = {"starts_on": today(), "ends_on": today()}
    cover = arrange_cover(clerk, post=post_of(guard), **days, by=manager)
    assert clerk.roles_at(estate) == {CLERK, GUARD}
    end_cover(cover, by=manager)
    for above in (admin, person_at(estate, "sunfang", "孙芳", FINANCE)):
        with pytest.raises(Refused, match="要由管理员安排"):
            arrange_cover(clerk, post=post_of(above), **days, by=manager)
    own = arrange_cover(clerk, post=post_of(manager), **days, by=admin)
    with pytest.raises(Refused, match="要由管理员安排"):
        end_cover(own, by=manager)


def test_an_administrator_ends_a_post_and_the_history_stays(estate, admin, clerk):
    end_post(post_of(clerk), by=admin)
    assert clerk.roles_at(estate) == frozenset() and clerk.posts.get().ended_by == admin
    give_post(clerk, role=CLERK, estate=estate, by=admin)
    assert clerk.roles_at(estate) == {CLERK} and clerk.posts.count() == 2
    with pytest.raises(Refused, match="现在就是"):
        give_post(clerk, role=CLERK, estate=estate, by=admin)


# --- nobody his own, somebody always ----------------------------------------------------------------------------------

def own(estate, user, other):
    days = {"starts_on": today(), "ends_on": today()}
    return {"give_post": lambda: give_post(user, role=MANAGER, estate=estate, by=user),
            "arrange_cover": lambda: arrange_cover(user, post=post_of(other), **days, by=user),
            "end_post": lambda: end_post(post_of(user), by=user),
            "reset_password": lambda: reset_password(user, estate=estate, by=user),
            "deactivate_user": lambda: deactivate_user(user, estate=estate, reason="走了", by=user)}


@pytest.mark.parametrize("what", own(None, None, None))
def test_nobody_changes_his_own_rights(estate, admin, admin2, manager, what):
    with pytest.raises(Refused, match="要由别人改"):
        own(estate, admin, manager)[what]()
    assert admin.roles_at(estate) == {ADMINISTRATOR} and admin.is_active


@pytest.mark.parametrize("end", [lambda user, by, estate: end_post(post_of(user), by=by),
                                 lambda user, by, estate: deactivate_user(user, estate=estate, reason="走了", by=by)],
                         ids=["the post", "the account"])
def test_the_last_administrator_stays(estate, admin, clerk, end):
    arrange_cover(clerk, post=post_of(admin), starts_on=today(), ends_on=today(), by=admin)
    with pytest.raises(Refused, match="最后一位管理员"):
        end(admin, clerk, estate)                         # a stand-in for a day is no administrator who stays
    heir = person_at(estate, "heir", "接班", ADMINISTRATOR)
    end(admin, heir, estate)
    assert User.objects.get(pk=admin.pk).roles_at(estate) == frozenset()


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_remove_each_other_at_once_do_not_both_go(estate, admin, admin2):
    start, refused = threading.Barrier(2, timeout=10), []

    def remove(whom, by):
        try:
            start.wait()
            end_post(post_of(whom), by=by)
        except Refused as refusal:
            refused.append(refusal.sentence)
        finally:
            connection.close()
    threads = [threading.Thread(target=remove, args=pair) for pair in ((admin, admin2), (admin2, admin))]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(refused) == 1 and Post.objects.of(estate).lasting().filter(role=ADMINISTRATOR).count() == 1


# --- the account ------------------------------------------------------------------------------------------------------

def test_out_of_use_and_back_with_another_password(estate, admin, clerk):
    deactivate_user(clerk, estate=estate, reason="离职", by=admin)
    gone = User.objects.get(pk=clerk.pk)
    assert not gone.is_active and gone.roles_at(estate) == frozenset()
    with pytest.raises(Refused, match="先恢复"):
        reset_password(clerk, estate=estate, by=admin)
    with pytest.raises(Refused, match="停用了"):
        give_post(clerk, role=GUARD, estate=estate, by=admin)
    back = reactivate_user(clerk, estate=estate, by=admin)
    assert back.check_password(back.one_time) and back.roles_at(estate) == {CLERK} and back.must_change_password


def test_a_manager_helps_those_below_and_an_administrator_all(estate, manager, clerk, admin, admin2):
    assert reset_password(clerk, estate=estate, by=manager).one_time
    for above in (admin, person_at(estate, "second", "刘敏", MANAGER)):
        with pytest.raises(Refused, match="管不到"):
            reset_password(above, estate=estate, by=manager)
        assert reset_password(above, estate=estate, by=admin2).one_time


@pytest.mark.parametrize("do", [lambda u, e, by: reset_password(u, estate=e, by=by), lambda u, e, by: deactivate_user(u, estate=e, reason="x", by=by),
                                lambda u, e, by: change_user(u, estate=e, name="新", mobile="", version=1, by=by)],
                         ids=["password", "out of use", "name"])
def test_an_account_that_serves_next_door_too_is_not_this_administrators(estate, other_estate, admin, regional, other_clerk, do):
    """Else its password would open the other estate."""
    give_post(other_clerk, role=CLERK, estate=estate, by=admin)
    with pytest.raises(Refused, match="管不到"):
        do(other_clerk, estate, admin)
    do(other_clerk, estate, regional)


def test_a_stale_page_changes_no_name(estate, admin, clerk):
    change_user(clerk, estate=estate, name="李婷婷", mobile="13800135678", version=1, by=admin)
    with pytest.raises(Refused, match="管理员刚才修改人员资料"):
        change_user(clerk, estate=estate, name="李", mobile="", version=1, by=admin)
    assert User.objects.get(pk=clerk.pk).name == "李婷婷"


# --- what follows from what -------------------------------------------------------------------------------------------

def test_how_long_one_stands_in_is_the_estates_to_say(estate, admin, clerk, manager):
    change_setting(estate, key="staff.staffpolicy.cover_days", value=7, basis="", version=1, by=admin)
    with pytest.raises(Refused, match="最长 7 天"):
        arrange_cover(clerk, post=manager.posts.get(), starts_on=today(), ends_on=today() + timedelta(days=8), by=admin)


def test_who_has_no_post_of_his_own_any_more_stands_in_for_nobody(estate, admin, clerk, manager, clerk2):
    post = clerk.posts.get()
    arrange_cover(clerk, post=manager.posts.get(), starts_on=today(), ends_on=today() + timedelta(days=30), by=admin)
    give_post(clerk, role=GUARD, estate=estate, by=admin)
    end_post(post, by=admin)
    assert clerk.roles_at(estate) == {GUARD, MANAGER}                                   # still at work here
    end_post(post_of(clerk, GUARD), by=admin)
    assert clerk.roles_at(estate) == set() and Entry.objects.last().words == "李婷 不再任秩序员，替班 1 个一并结束"


def test_a_stand_in_may_be_made_the_real_thing(estate, admin, clerk, manager):
    arrange_cover(clerk, post=manager.posts.get(), starts_on=today(), ends_on=today() + timedelta(days=3), by=admin)
    give_post(clerk, role=MANAGER, estate=estate, by=admin)
    with pytest.raises(Refused, match="现在就是客服主管"):
        give_post(clerk, role=MANAGER, estate=estate, by=admin)


def test_sessions_are_ended_by_who_may_reset_the_password(estate, other_estate, manager, admin, clerk, other_clerk):
    end_sessions(clerk, estate=estate, by=manager)
    for person in (admin, person_at(estate, "heli", "何立", MANAGER)):
        with pytest.raises(Refused, match="管不到"):
            end_sessions(person, estate=estate, by=manager)
    Post.objects.create(estate=estate, user=other_clerk, role=CLERK, ended_at=now(), ended_by=admin)       # was here once, works next door
    for by in (manager, admin):
        with pytest.raises(Refused, match="管不到"):
            end_sessions(other_clerk, estate=estate, by=by)


def test_a_stale_page_of_a_person_says_who_changed_what_and_where_to_look(estate, admin, admin2, clerk):
    change_user(clerk, estate=estate, name="李婷婷", mobile="", version=1, by=admin2)
    with pytest.raises(Refused, match="何立刚才修改人员资料 李婷，改名李婷婷") as refusal:
        change_user(clerk, estate=estate, name="李停", mobile="", version=1, by=admin)
    assert refusal.value.link[1].endswith(f"/office/users/{clerk.pk}/")
