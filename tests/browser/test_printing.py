"""Printing at once, as a hurried person's keys treat it: the page keeps them, and is not left before the browser has the paper."""
import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.django_db(transaction=True)

SLOW = "document.addEventListener('DOMContentLoaded', () => {{ document.documentElement.dataset.printing = {} }})"
MAIN = "main [data-key=F9]"


@pytest.fixture
def paid(open_as, clerk, household):
    """paid(ms): the page after a payment, on a browser that takes so long over a paper."""
    def paid(printing):
        page = open_as(clerk)
        page.add_init_script(SLOW.format(printing))
        page.goto(f"billing/households/{household.pk}/collect/")
        page.locator(MAIN).click()
        expect(page.locator("html")).to_have_attribute("data-printed", "1")
        return page
    return paid


def test_the_keys_stay_the_pages(paid):
    page = paid(0)
    assert page.evaluate("document.activeElement.tagName") != "IFRAME"
    page.keyboard.press("/")
    expect(page).to_have_url(re.compile("/billing/counter/$"))


def test_who_leaves_at_once_leaves_when_the_paper_is_sent(paid):
    page = paid(4000)
    page.keyboard.press("/")
    expect(page.get_by_text("正在送去打印，送到就走。不等，再按一次")).to_be_attached()
    assert "/done/" in page.url
    expect(page).to_have_url(re.compile("/billing/counter/$"))


def test_who_will_not_wait_presses_again(paid):
    page = paid(10**6)
    page.keyboard.press("/")
    expect(page.get_by_text("正在送去打印")).to_be_attached()
    page.keyboard.press("/")
    expect(page).to_have_url(re.compile("/billing/counter/$"))


def test_a_browser_that_never_says_it_has_the_paper_holds_nobody(paid):
    page = paid(10**6)
    page.keyboard.press("/")
    expect(page).to_have_url(re.compile("/billing/counter/$"))
