/* A pressed button says 正在…, ignores further presses, and comes back when the page does.
   data-busy="正在收款，请稍等" on the button gives the words. The form's one-time key makes a repeat harmless anyway: this is
   for the eye. data-stay on a form: its answer is a file, the page stays, so the button comes back after two seconds.
   Before a form is sent, the server is asked whether it is there: a form that goes to a dead connection, or into a restart,
   would leave the browser's error page in its place, and what was typed with it. Without an answer the page stays as it is.
   data-needs="id" on a button: grey until that box is ticked. data-ask="…？" on it: asked before it does what has no way back.
   A form whose main act is F9 is not submitted by Enter: a scanner's Enter, or a hurried one, goes on to the next field.
   data-enter="submit" on the form gives Enter back (sign-in, search, filters). */
"use strict";
(() => {
  const WAIT = 20000;                                   // without an answer for so long, one may press again
  const KNOCK = 8000;                                   // so long for the server to say that it is there
  const pressed = new Map();                            // form → the button that sent it, and its own content
  const asked = new Set();                              // forms that may go: the server has answered

  function restore(form, words) {
    const was = pressed.get(form);
    if (!was) return;
    pressed.delete(form);
    clearTimeout(was.timer);
    was.button.removeAttribute("aria-busy");
    was.button.replaceChildren(...was.content);
    if (words) window.desk.say(words);
  }

  function press(form, button) {
    const words = button.dataset.busy || "正在办理，请稍等";
    const timer = setTimeout(() => restore(form, "还没有回音，可以再按一次，不会重复"), form.hasAttribute("data-stay") ? 2000 : WAIT);
    pressed.set(form, { button, content: [...button.childNodes], timer });
    button.setAttribute("aria-busy", "true");
    button.textContent = words;
    window.desk.say(words);
  }

  /* The way to the server: "" when it is open, else what to tell the clerk. */
  async function shut() {
    try {
      const answer = await fetch("/healthz", { cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(KNOCK) });
      return answer.ok ? "" : "服务器正在重新启动，还没有办";
    } catch (error) {
      return error.name === "TimeoutError" ? "服务器没有回音，还没有办" : "连不上服务器，还没有办";
    }
  }

  function keep(form, words) {
    const note = form.querySelector("[data-kept]") ?? document.createElement("div");
    note.className = "note note-bad mb-3";
    note.dataset.kept = "";
    note.tabIndex = -1;
    note.setAttribute("role", "alert");
    const inside = document.createElement("div"), strong = document.createElement("b");
    strong.textContent = words;
    inside.append(strong, " 写的都还在这页上。别关这页、别刷新，过一会儿再按一次。");
    note.replaceChildren(inside);
    form.prepend(note);
    note.focus();
  }

  document.addEventListener("submit", (event) => {
    const form = event.target, method = (form.getAttribute("method") ?? "get").toLowerCase();      // form.method may be a field's
    if (event.defaultPrevented || method === "dialog") return;
    if (asked.delete(form)) return;
    if (pressed.has(form)) { event.preventDefault(); return; }
    const button = event.submitter;
    if (button?.dataset.ask && !window.confirm(button.dataset.ask)) { event.preventDefault(); return; }
    if (!button || button.tagName !== "BUTTON" || (method === "get" && !button.dataset.busy)) return;
    press(form, button);
    if (method !== "post") return;
    event.preventDefault();
    shut().then((words) => {
      if (words) { restore(form); keep(form, words); return; }
      if (!pressed.has(form)) return;                   // it took so long that the button came back
      asked.add(form);
      form.requestSubmit(button);
    });
  });

  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = event.target, button = event.detail.requestConfig.triggeringEvent?.submitter;
    if (asked.delete(form)) return;                       // pressed before htmx had seen the form, and let go on by the server's answer
    if (pressed.has(form)) event.preventDefault();
    else if (form.tagName === "FORM" && button?.tagName === "BUTTON") press(form, button);
  });
  document.addEventListener("htmx:sendError", (event) => { if (event.target.tagName === "FORM") keep(event.target, "连不上服务器，还没有办"); });
  document.addEventListener("htmx:afterRequest", (event) => restore(event.target));

  for (const button of document.querySelectorAll("button[data-needs]")) {
    const box = document.getElementById(button.dataset.needs);
    const follow = () => { button.disabled = Boolean(box) && !box.checked; };
    box?.addEventListener("change", follow);
    window.addEventListener("pageshow", follow);          // a page that comes back keeps its tick
    follow();
  }

  /* Back out of the browser's page cache; not at the first show, which would take back a press that came before the page was all there. */
  window.addEventListener("pageshow", (event) => { if (event.persisted) [...pressed.keys()].forEach((form) => restore(form)); });

  const FIELDS = "input:not([type=hidden],[type=submit],[type=button],[disabled]),select:not([disabled]),textarea:not([disabled])";
  document.addEventListener("keydown", (event) => {
    const field = event.target, form = field.form;
    if (event.key !== "Enter" || event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!form || field.tagName !== "INPUT" || ["submit", "button", "image", "reset", "file"].includes(field.type)) return;
    if (form.dataset.enter === "submit" || !form.querySelector("[data-key=F9]")) return;
    if (field.type === "checkbox" && field.closest("table[data-rows]")) return;      // opens the row: table.js
    event.preventDefault();
    const seen = [...form.querySelectorAll(FIELDS)].filter((each) => each.checkVisibility() && (each.type !== "radio" || each.checked || each === field));
    const next = seen[seen.indexOf(field) + 1] ?? field;     // stays in the last one: the button is pressed by F9 or on purpose
    next.focus();
    if (next.select) next.select();
  });
})();
