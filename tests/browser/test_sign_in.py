"""The first page that anyone sees."""
import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("width", [1366, 390])
def test_sign_in_is_accessible_and_within_its_policy(page, live_server, width):
    page.set_viewport_size({"width": width, "height": 768})
    page.goto(f"{live_server.url}/sign-in/")
    assert page.locator("form input[name=username]").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_planted_script_is_blocked_and_seen(page, live_server):
    """The fixture's own twin: an inline script neither runs nor goes unnoticed."""
    page.goto(f"{live_server.url}/sign-in/")
    page.evaluate("""() => { const s = document.createElement('script'); s.textContent = 'window.planted = 1';
                             document.body.append(s); }""")
    assert page.evaluate("window.planted") is None
    assert any("Content Security Policy" in text for text in page.said)
    page.said.clear()
