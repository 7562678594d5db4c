"""manage.py add_post: the first person of a real centre comes in; again changes nothing; what is odd is refused in words."""
import io
import re

import pytest
from django.core.management import CommandError, call_command

from servicecentre.roles import Role
from servicecentre.staff.models import Post, User
from servicecentre.worklog.models import Entry


def add_post(*words):
    out = io.StringIO()
    call_command("add_post", *words, stdout=out)
    return out.getvalue()


def test_a_person_is_made_and_comes_in_with_the_password_shown_once(estate, client):
    said = add_post("wangfang", "manager", "--estate", estate.slug, "--name", "王芳")
    password = re.search("密码 ([a-z0-9]{12})，", said)[1]
    user = User.objects.get(username="wangfang")
    assert user.roles_at(estate) == {Role.MANAGER} and password not in Entry.objects.latest("pk").words
    answer = client.post(f"/e/{estate.slug}/sign-in/", {"username": "wangfang", "password": password})
    assert (answer.status_code, answer.url) == (302, f"/e/{estate.slug}/")


def test_the_same_again_changes_nothing_and_another_role_is_added(estate):
    first = ("wangfang", "manager", "--estate", estate.slug, "--name", "王芳")
    add_post(*first)
    before = User.objects.get(username="wangfang").password
    assert "密码" not in add_post(*first) and Post.objects.count() == 1
    assert "密码" not in add_post("wangfang", "administrator", "--estate", estate.slug)
    user = User.objects.get(username="wangfang")
    assert user.roles_at(estate) == {Role.MANAGER, Role.ADMINISTRATOR} and user.password == before


@pytest.mark.parametrize(("words", "refused"), [
    (("wangfang", "manager", "--estate", "nowhere", "--name", "王芳"), "没有代码为 nowhere 的小区"),
    (("wangfang", "manager", "--estate", "galaxy1"), "请给 --name"),
    (("Wang Fang", "manager", "--estate", "galaxy1", "--name", "王芳"), "只用小写字母"),
    (("w" * 41, "manager", "--estate", "galaxy1", "--name", "王芳"), "40"),
    (("wangfang", "boss", "--estate", "galaxy1", "--name", "王芳"), "boss")])
def test_what_is_odd_is_refused_and_makes_nobody(estate, words, refused):
    with pytest.raises(CommandError, match=refused):
        add_post(*words)
    assert not User.objects.filter(name="王芳").exists()
