"""Debian's Chromium, driven by Playwright. What a page says to the console and what the policy blocks fails the test."""
import os
import shutil

import pytest

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"          # Playwright's loop runs in the thread of the test


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, "no Chromium here; scripts/setup all brings it"
    return browser_type_launch_args | {"executable_path": found, "args": [
        "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--no-first-run",
        *(["--no-sandbox"] if os.getuid() == 0 else []),              # root with a sandbox is refused; anyone else keeps it
    ]}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return browser_context_args | {"locale": "zh-CN", "timezone_id": "Asia/Shanghai", "viewport": {"width": 1366, "height": 768}}


@pytest.fixture
def page(page, request):
    """Playwright's page; errors of scripts and of the policy are collected and must stay away."""
    page.said = []
    page.on("console", lambda message: message.type == "error" and page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    yield page
    troubles = [text for text in page.said if "Failed to load resource" not in text]       # a 4xx page is an answer, not an error
    assert not troubles, troubles
