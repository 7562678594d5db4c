"""What a person does at a page: go on by Tab until something has the focus, look whether all of it can be read."""
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], "resultTypes": ["violations"]}
AGAIN = WCAG | {"rules": {"color-contrast": {"enabled": False}}}      # at another width: colours stay, and take longest to look at
FOCUSED = """() => { const e = document.activeElement, label = e.labels?.[0]?.textContent ?? "";
    return [e.getAttribute("aria-label") ?? "", label, e.tagName === "BODY" ? "" : e.textContent].join(" ").replace(/\\s+/g, " "); }"""
AROUND = [[".rail"], ["header.top"], ["dialog#keys"]]                # the frame, the same on every page
axe_script = Axe().axe_script


def arrived(page, heading):
    """The page with this heading is there, its scripts too: from now on keys do what they say."""
    expect(page.locator("h1")).to_contain_text(heading)
    page.wait_for_load_state()


def tab_to(page, words, most=80):
    """Press Tab until what has the focus is called so; it must come within ``most`` steps."""
    seen = []
    for _ in range(most):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(FOCUSED))
        if words in seen[-1]:
            return
    raise AssertionError(f"Tab never reached 「{words}」: {seen}")


def barriers(page, where="", rules=WCAG, frame=True):
    """[sentence] of what axe finds against WCAG 2.2 A and AA, contrast and sizes of targets included; ``frame``: around the page too."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(axe_script)
    found = page.evaluate("([less, rules]) => axe.run({include: [['html']], exclude: less}, rules).then(results => results.violations)",
                          [[] if frame else AROUND, rules])
    return [f"{where or page.url} at {page.viewport_size['width']} px: {v['id']}, {v['help']}: {[n['html'][:160] for n in v['nodes'][:3]]}" for v in found]


def sideways(page, where=""):
    """[sentence] when something sticks out of the window; a table may scroll inside its own section."""
    wide, window = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    return [f"{where or page.url}: {wide} px in a window of {window}: {sticking_out(page)}"] if wide > window else []


def sticking_out(page):
    return page.evaluate("""() => [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > window.innerWidth + 1
        && !e.closest(".table-responsive")).slice(0, 4).map(e => e.tagName + "." + e.className + " " + Math.round(e.getBoundingClientRect().right))""")


def looked_at(page, where="", widths=(1366, 390), frame=True):
    """[sentence] of all that is wrong with this page for the eye, the keyboard and a reader; to 320 px it does not scroll sideways."""
    found = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 768})
        page.evaluate("scrollTo(0, 0)")                   # what has gone half under the top bar is no small target
        page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")     # what watches sizes has spoken
        found += barriers(page, where, WCAG if width == widths[0] else AGAIN, frame) + sideways(page, where)
    page.set_viewport_size({"width": 320, "height": 768})
    found += sideways(page, where)
    page.set_viewport_size({"width": widths[0], "height": 768})
    return found
