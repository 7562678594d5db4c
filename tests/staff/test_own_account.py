"""One's own account: the password is asked for, counted and throttled, and hashed before the act (TRUST T4)."""
import pytest

from servicecentre.staff.models import SignIn, User
from servicecentre.worklog.models import Done

from .test_lock import PASSWORD, with_pin, words


@pytest.fixture
def liting(clerk):
    return with_pin(clerk)


OWN = {"password": {"new": "六月的荔枝-5kg", "again": "六月的荔枝-5kg"}, "pin": {"pin": "408316", "again": "408316"}, "second-factor": {},
       "second-factor/codes": {}, "second-factor/off": {}}


@pytest.mark.parametrize("page", OWN)
def test_a_password_is_not_guessed_on_ones_own_account(liting, desk_of, page):
    """As at the sign-in: five, then wait; each stands in the history."""
    desk, field = desk_of(liting), "old" if page == "password" else "password"
    said = [words(desk.post(f"/account/{page}/", OWN[page] | {field: "猜一个", "request_key": f"g{n}"})) for n in range(6)]
    assert "现在的密码不对" in said[0] and "先等 15 分钟" in said[4] and "先等 15 分钟" in said[5]
    assert SignIn.objects.filter(user=liting, went_in=False, how="password").count() == 5
    assert desk.post(f"/account/{page}/", OWN[page] | {field: PASSWORD, "request_key": "g9"}).status_code == 200       # even the right one waits
    assert not Done.objects.exists()


def test_ones_own_password_is_changed_and_a_second_click_is_no_wrong_guess(liting, desk_of):
    desk, fields = desk_of(liting), {"old": PASSWORD, **OWN["password"], "request_key": "p"}
    assert "和现在的一样" in words(desk.post("/account/password/", fields | {"new": PASSWORD, "again": PASSWORD}))
    assert [desk.post("/account/password/", fields).status_code for _ in range(2)] == [302, 302]
    assert User.objects.get(pk=liting.pk).check_password("六月的荔枝-5kg") and not SignIn.objects.filter(went_in=False).exists()


def test_nothing_is_hashed_inside_an_act(liting, admin, estate, desk_of, monkeypatch):
    """It takes a tenth of a second, and an act holds the database."""
    from django.contrib.auth import hashers

    from servicecentre.worklog import acts
    inside, hasher = [], hashers.get_hasher
    monkeypatch.setattr(hashers, "get_hasher", lambda *args: inside.append(acts.running.get()) or hasher(*args))
    desk_of(liting).post("/account/password/", {"old": PASSWORD, **OWN["password"], "request_key": "p"})
    desk_of(liting).post("/account/pin/", {"password": "六月的荔枝-5kg", **OWN["pin"], "request_key": "q"})
    people = desk_of(admin)
    assert "一次性密码" in words(people.post("/office/users/new/", {"username": "wumin", "name": "吴敏", "role": "clerk", "request_key": "r"}))
    assert "一次性密码" in words(people.post(f"/office/users/{liting.pk}/password/", {"request_key": "s"}))
    assert len(inside) >= 5 and set(inside) == {()}
