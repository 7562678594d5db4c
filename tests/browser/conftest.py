"""Debian's Chromium, driven by Playwright. What a page says to the console and what the policy blocks fails the test."""
import os
import re
import shutil
import threading
from datetime import UTC, date, datetime

import pytest
from django.test import Client
from playwright.sync_api import expect

from billing.run import bill_month
from households.register import add_unit, open_household
from servicecentre.jobs import worker as jobs
from servicecentre.kit import periods
from servicecentre.kit.periods import BillingMonth

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"          # Playwright's loop runs in the thread of the test
PATIENCE = 30_000                                      # ms for anything to happen; a busy machine is no failure
expect.set_options(timeout=PATIENCE)
BACKEND = "django.contrib.auth.backends.ModelBackend"
PASSWORD = "open-sesame-24"
# Counted instead of printed: without a printer Chromium dies of leaving a page that is still printing its frame.
NO_PRINTER = """window.print = () => {
    const mark = top.document.documentElement.dataset;
    mark.printed = Number(mark.printed ?? 0) + 1;
    setTimeout(() => window.dispatchEvent(new Event("afterprint")), Number(mark.printing ?? 0));
}"""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, "no Chromium here; scripts/setup all brings it"
    return browser_type_launch_args | {"executable_path": found, "timeout": 4 * PATIENCE, "args": [
        "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--no-first-run",
        *(["--no-sandbox"] if os.getuid() == 0 else []),              # root with a sandbox is refused; anyone else keeps it
    ]}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return browser_context_args | {"locale": "zh-CN", "timezone_id": "Asia/Shanghai", "viewport": {"width": 1366, "height": 768}}


@pytest.fixture
def watched():
    """watched(page) collects what goes wrong in it: errors of scripts, what the policy blocks, answers of 500; none may have come."""
    pages = []

    def watch(page):
        page.set_default_timeout(PATIENCE)
        page.add_init_script(NO_PRINTER)
        page.said = []
        page.on("console", lambda message: message.type == "error" and page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("response", lambda answer: answer.status >= 500 and page.said.append(f"{answer.status} {answer.url}"))
        pages.append(page)
        return page

    yield watch
    said = [text for page in pages for text in page.said if "Failed to load resource" not in text]   # a 4xx page is an answer, not an error
    assert not said, said


@pytest.fixture
def page(page, watched):
    """Playwright's page, watched."""
    return watched(page)


@pytest.fixture
def open_as(new_context, live_server, estate, watched):
    """open_as(user) → a page of a browser of its own, signed in, addresses relative to the estate: page.goto("log/").

    ``width`` is the window's; None as user: nobody signed in. More words go to Playwright's new_context. Receipts that
    such a page prints are not made (test_first_day has one made): they would outlive the test.
    """
    def opened(user, width=1366, **options):
        context = new_context(base_url=f"{live_server.url}/e/{estate.slug}/", **options)
        if user is not None:
            client = Client()
            client.force_login(user, backend=BACKEND)
            context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
        context.route(re.compile("/pdf/[0-9]+/$"), lambda route: (
            route.fulfill(content_type="text/plain", body="") if route.request.headers.get("sec-fetch-dest") == "iframe" else route.fallback()))
        page = watched(context.new_page())
        page.set_viewport_size({"width": width, "height": 768})
        return page
    return opened


@pytest.fixture
def november():
    """It is Tuesday, 24 November 2026, 9:40 in the morning, for as long as the test runs."""
    before, periods.clock = periods.clock, lambda: datetime(2026, 11, 24, 1, 40, tzinfo=UTC)
    yield
    periods.clock = before


@pytest.fixture
def worker(live_server, monkeypatch):
    """The worker beside the web threads, as the server starts it; stopped, and its connection closed, before the flush."""
    monkeypatch.setattr(jobs, "POLL", 0.1)
    stop = threading.Event()
    thread = threading.Thread(target=jobs.work_on, args=(stop,), name="jobs", daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join(timeout=60)
    assert not thread.is_alive(), "the worker did not stop"


@pytest.fixture
def passwords(clerk, manager):
    """Clerk and manager may sign in by hand, with PASSWORD."""
    for user in (clerk, manager):
        user.set_password(PASSWORD)
        user.save()


@pytest.fixture
def household(estate, clerk, manager, november):
    """张雨萍 of 3-2-1801, 89.56 ㎡, who owes September, October and November: three times 170.16 元."""
    unit = add_unit(estate, code="3-2-1801", area=8956, by=clerk, despite=("new_building",))
    household = open_household(unit, owners=[{"name": "张雨萍", "phone": "13800135678"}], starts_on=date(2025, 3, 18), by=clerk)
    for month in (9, 10, 11):
        bill_month(estate, BillingMonth(2026, month), by=manager)
    return household
