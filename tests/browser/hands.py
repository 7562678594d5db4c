"""What a person does at a page: go on by Tab until something has the focus, look whether all of it can be read."""
from axe_playwright_python.sync_playwright import Axe

WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], "resultTypes": ["violations"]}
FOCUSED = """() => { const e = document.activeElement, label = e.labels?.[0]?.textContent ?? "";
    return [e.getAttribute("aria-label") ?? "", label, e.tagName === "BODY" ? "" : e.textContent].join(" ").replace(/\\s+/g, " "); }"""
axe = Axe()


def tab_to(page, words, most=80):
    """Press Tab until what has the focus is called so; it must come within ``most`` steps."""
    seen = []
    for _ in range(most):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(FOCUSED))
        if words in seen[-1]:
            return
    raise AssertionError(f"Tab never reached 「{words}」: {seen}")


def demand_accessible(page, where=""):
    """axe finds nothing against WCAG 2.2 A and AA."""
    found = axe.run(page, options=WCAG)
    assert found.violations_count == 0, f"{where or page.url} at {page.viewport_size['width']} px\n{found.generate_report()}"


def demand_no_sideways_scroll(page, where=""):
    """Nothing sticks out of the window; a table scrolls inside its own section."""
    wide = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide[0] <= wide[1], f"{where or page.url}: {wide[0]} px in a window of {wide[1]}: {sticking_out(page)}"


def sticking_out(page):
    return page.evaluate("""() => [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > window.innerWidth + 1
        && !e.closest(".table-responsive")).slice(0, 6).map(e => e.tagName + "." + e.className + " " + Math.round(e.getBoundingClientRect().right))""")
