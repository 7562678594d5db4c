/* The lock of a shared computer (TRUST T2): Alt 0, or a quarter of an hour without a key or a click. The page is not left: it is hidden
   beneath, with all that was typed, until the server says that the PIN was right. All tabs of this browser lock and open together, as long as
   they are one person's: who sees that somebody else has signed in meanwhile keeps what was typed for its writer, and goes. */
"use strict";
(() => {
  const sheet = document.getElementById("lock-sheet");
  const pin = () => document.getElementById("lock-pin");

  /* The digits to press, and whose PIN it is. */
  function ready() {
    document.querySelectorAll("[data-pinpad]").forEach((pad) => { pad.hidden = false; });
    pin()?.focus();
  }
  document.addEventListener("click", (event) => {
    const key = event.target.closest("[data-pinpad] button");
    if (!key || !pin()) return;
    if (key.dataset.pin === "clear") pin().value = "";
    else if (key.dataset.pin === "back") pin().value = pin().value.slice(0, -1);
    else pin().value += key.textContent.trim();
    pin().focus();
  });
  document.addEventListener("change", (event) => {
    if (event.target.name !== "person" || !event.target.closest("#lock-box")) return;
    document.querySelector("[data-lock-who]").textContent = event.target.dataset.name;
    pin().value = "";
    pin().focus();
  });
  if (!sheet) { ready(); return; }

  const app = document.querySelector(".app");
  const idle = Number(sheet.dataset.idle) * 1000;
  const tabs = "BroadcastChannel" in window ? new BroadcastChannel("desk-lock") : null;
  const tell = (what) => tabs?.postMessage({ what, who: sheet.dataset.person });
  const state = { locked: false, title: document.title, focus: null, last: Date.now(), told: Date.now() };
  const say = (words) => { const line = document.querySelector("#lock [data-lock-state]"); if (line) line.textContent = words; };

  function hide() {
    state.locked = true;
    state.title = document.title;
    state.focus = document.activeElement;
    document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
    app.hidden = true;
    app.inert = true;
    document.querySelector(".skip").hidden = true;
    document.body.append(sheet.content.cloneNode(true));
    document.title = sheet.dataset.title;
  }

  function show() {
    state.locked = false;
    state.last = Date.now();
    document.getElementById("lock").remove();           // no PIN and no colleague stays in the page
    app.hidden = false;
    app.inert = false;
    document.querySelector(".skip").hidden = false;
    document.title = state.title;
    state.focus?.focus?.();
  }

  /* First out of sight, then the server: also without a connection nobody reads what was there. */
  function lock(aloud = true) {
    if (!state.locked) hide();
    if (aloud) tell("lock");
    htmx.ajax("POST", sheet.dataset.url, { target: "#lock-box", swap: "outerHTML" });
  }

  document.addEventListener("htmx:sendError", () => { if (state.locked) say("写了一半的留着。连不上服务器，连上了再解锁。"); });
  document.addEventListener("htmx:afterSwap", () => { if (state.locked) ready(); });
  document.body.addEventListener("locked", () => { if (!state.locked) lock(); });        // the server counts too, and was first
  document.body.addEventListener("unlocked", () => { tell("open"); show(); });
  const kept = new WeakSet();
  document.addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    const leaves = form.matches("#lock .lock-out") && !kept.has(form);
    if (!form.hasAttribute("data-lock") && !leaves) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!leaves) { lock(); return; }
    kept.add(form);
    window.desk.keep().then(() => form.requestSubmit(submitter));     // who signs out here leaves what was half written to its writer
  }, true);
  tabs?.addEventListener("message", ({ data: { what, who } }) => {
    if (who !== sheet.dataset.person) leave();
    else if (what === "lock" && !state.locked) lock(false);
    else if (what === "open" && state.locked) show();
    else if (what === "here") state.last = Date.now();
  });
  tell("here");
  window.addEventListener("pageshow", (event) => { if (event.persisted && idle && Date.now() - state.last > idle) lock(); });

  /* A colleague has taken over, here or in another tab: what was half written goes to who wrote it, then this page is gone. */
  async function leave() {
    await window.desk.keep();
    location.assign(sheet.dataset.home);
  }
  document.body.addEventListener("switched", leave);
  document.addEventListener("htmx:responseError", ({ detail }) => { if (state.locked && detail.xhr.status === 403) leave(); });   // of an older sign-in

  /* Somebody is here: a key, a click, the wheel. The server is told once a minute, since it counts too. */
  function here() {
    const moment = Date.now();
    if (state.locked) return;
    if (idle && moment - state.last > idle) { lock(); return; }
    state.last = moment;
    if (moment - state.told < 60000) return;
    state.told = moment;
    tell("here");
    fetch(sheet.dataset.url, { method: "HEAD", redirect: "manual", cache: "no-store" }).catch(() => {});
  }
  for (const sign of ["keydown", "pointerdown", "wheel", "input"]) document.addEventListener(sign, here, { capture: true, passive: true });
  if (idle) setInterval(() => { if (!state.locked && Date.now() - state.last > idle) lock(); }, 5000);
})();
