"""A browser with real tokens, and a remark whose session has ended."""
import re

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

PASSWORD = "五月的西瓜-3kg"
REMARK = "三单元电梯有异响，已请工程去看"


@pytest.fixture(autouse=True)
def passwords(clerk, clerk2):
    for user in (clerk, clerk2):
        user.set_password(PASSWORD)
        user.save()


class Browser(Client):
    """A browser that sends the tokens of the pages it opened; ``form`` is what such a page would send."""

    def __init__(self, estate):
        super().__init__(enforce_csrf_checks=True)
        self.mount = f"/e/{estate.slug}"

    def sign_in(self, username, **more):
        token = token_of(self.get("/sign-in/"))
        return self.post("/sign-in/", {"username": username, "password": PASSWORD, "csrfmiddlewaretoken": token, **more})

    def form(self, path, **typed):
        page = self.get(f"{self.mount}{path}")
        return {"csrfmiddlewaretoken": token_of(page), "request_key": key_of(page), **typed}

    def send(self, path, data):
        return self.post(f"{self.mount}{path}", data)

    def session_ends(self):
        Session.objects.all().delete()


def text_of(response):
    return response.content.decode()


def token_of(page):
    return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', text_of(page))[1]


def key_of(page):
    return re.search(r'name="request_key" value="(\w+)"|value="(\w+)"[^>]*name="request_key"', text_of(page))[1]


@pytest.fixture
def browser(estate, clerk):
    browser = Browser(estate)
    assert browser.sign_in("liting").status_code == 302
    return browser


@pytest.fixture
def typed(browser):
    """A remark typed by 李婷, sent after her session's end; (answer, what was sent)."""
    data = browser.form("/log/remark/", words=REMARK, urgent="on")
    browser.session_ends()
    return browser.send("/log/remark/", data), data
