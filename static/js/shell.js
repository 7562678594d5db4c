/* What every page does by itself: focus after a post, the phone's menu, and an htmx answer that is not ours to swap in.
   window.desk.say(text) tells a screen reader something that only the eye would see. */
"use strict";
window.desk = {
  say(text) {
    const region = document.getElementById("say");
    if (region) region.textContent = text;
  },
  /* In a field one types; single keys and arrows are then the field's own. */
  inField(element) {
    return element?.matches?.("input:not([type=checkbox],[type=radio],[type=button],[type=submit]),textarea,select,[contenteditable=true]") ?? false;
  },
};

/* Errors before messages; both come with tabindex -1. */
const first = document.querySelector("[data-errors]") ?? document.querySelector("[data-focus]");
first?.focus({ preventScroll: !first.hasAttribute("data-errors") });

/* Else a page that is a form to fill in begins in its first field; not under a thumb, where the keyboard would cover the page. */
if (document.activeElement === document.body && matchMedia("(pointer: fine)").matches) {
  const fields = document.querySelectorAll("main :is(.form-narrow,.form-wide) :is(input:not([type=hidden]),select,textarea):not([disabled])");
  [...fields].find((field) => field.checkVisibility() && (field.type !== "radio" || field.checked || !field.form.querySelector(`[name="${field.name}"]:checked`)))?.focus();
}

const menu = document.querySelector("details.menu");
if (menu) {
  document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
    event.preventDefault();
  });
}

/* A list that scrolls sideways is reached by Tab, so that the arrows move it: by what stands in it, else by itself.
   The table in it is watched too: it grows (a late font, a row that came) while its box stays as wide as it was. */
const sideways = new ResizeObserver((entries) => {
  for (const target of new Set(entries.map((each) => each.target.closest(".table-responsive,section")))) {
    const itself = target.scrollWidth > target.clientWidth && getComputedStyle(target).overflowX !== "visible"
      && !target.querySelector("a[href],button,input:not([type=hidden]),select,summary,textarea");
    if (!itself) { target.removeAttribute("tabindex"); continue; }
    target.tabIndex = 0;
    if (target.tagName === "SECTION") continue;
    target.setAttribute("role", "group");
    target.setAttribute("aria-labelledby", target.closest("section")?.getAttribute("aria-labelledby") ?? "");
  }
});
document.querySelectorAll("main section:not([tabindex]), main .table-responsive, main .table-responsive > table").forEach((each) => sideways.observe(each));

/* A redirect that htmx has followed (to a password that must be changed): the whole page goes there instead of a piece of it. */
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, pathInfo } = event.detail;
  const landed = xhr.responseURL && new URL(xhr.responseURL).pathname;
  const asked = new URL(pathInfo.requestPath, location.href).pathname;
  if (landed && landed !== asked && /^\s*<!doctype/i.test(xhr.responseText)) {
    event.detail.shouldSwap = false;
    window.desk.keep().then(() => location.assign(location.pathname + location.search));
  }
});
