/* The keyboard. The markup says what a key does, this only presses it:
   data-key="F9" the page's main act · data-key="Escape" its way back · data-key="p" a single letter
   data-key="/" instead of the search box, where the next step is to look for the next household
   data-alt="1" Alt and a digit; one in <main> (the open household's) goes before the rail's.
   Alt with a digit and F9 work inside a field; single keys only outside, never while composing, and can be switched off in
   the list under ? (kept in a cookie of this browser: no personal data, and it outlives signing out). */
"use strict";
(() => {
  const dialog = document.getElementById("keys");
  const single = () => !document.cookie.split("; ").includes("single_keys=off");
  const shown = (element) => element && !element.closest("[hidden]") && !element.disabled;
  const marked = (name, value) => [...document.querySelectorAll(`main [data-${name}="${value}"]`), ...document.querySelectorAll(`[data-${name}="${value}"]`)].find(shown);

  let typed = false;                                    // Esc does not leave a page on which something was written
  const ours = (field) => field.tagName !== "SELECT" && field.closest("main form[method=post]");      // else Esc is the field's own
  document.addEventListener("input", (event) => { if (event.target.closest("main")) typed = true; });

  function press(element) {
    if (!element) return false;
    if (element.tagName === "A" || element.tagName === "BUTTON") element.click();
    else element.focus();
    return true;
  }

  function rows() {
    const list = new Map();
    for (const element of [...document.querySelectorAll("main [data-key], main [data-alt]"), ...document.querySelectorAll(".rail [data-alt]")]) {
      const key = element.dataset.alt ? `Alt ${element.dataset.alt}` : element.dataset.key === "Escape" ? "Esc" : element.dataset.key.toUpperCase();
      if (list.has(key) || !shown(element)) continue;
      const words = element.cloneNode(true);
      words.querySelectorAll("kbd,.n").forEach((each) => each.remove());
      list.set(key, element.dataset.keyLabel || words.textContent.trim());
    }
    return [...list].sort(([a], [b]) => a.localeCompare(b));
  }

  function show() {
    const part = dialog.querySelector("[data-keys-page]"), table = part.querySelector("dl");
    table.replaceChildren(...rows().flatMap(([key, words]) => {
      const dt = document.createElement("dt"), dd = document.createElement("dd"), kbd = document.createElement("kbd");
      kbd.textContent = key;
      dt.append(kbd);
      dd.textContent = words;
      return [dt, dd];
    }));
    part.hidden = !table.firstElementChild;
    part.querySelector("p").hidden = !document.querySelector("main [data-alt]");
    dialog.querySelector("[data-single-keys]").checked = single();
    dialog.showModal();
  }

  if (dialog) {
    for (const button of document.querySelectorAll("[data-keys]")) {
      button.hidden = false;
      button.addEventListener("click", show);
    }
    dialog.querySelector("[data-single-keys]").addEventListener("change", (event) => {
      document.cookie = `single_keys=${event.target.checked ? "on" : "off"}; path=/; max-age=31536000; samesite=lax`;
    });
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.keyCode === 229 || event.repeat || dialog?.open) return;
    const field = event.target;
    const digit = event.altKey && !event.ctrlKey && !event.metaKey && /^(?:Digit|Numpad)([0-9])$/.exec(event.code)?.[1];
    let done = false;
    if (digit) done = press(marked("alt", digit));
    else if (event.altKey) return;
    else if (event.key === "F9") done = press(marked("key", "F9"));
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && field.tagName === "TEXTAREA")
      done = press([...(field.form?.querySelectorAll("[data-key=F9]") ?? [])].find(shown) ?? marked("key", "F9"));
    else if (event.ctrlKey || event.metaKey) return;
    else if (event.key === "Escape") done = !typed && (!window.desk.inField(field) || ours(field)) && press(marked("key", "Escape"));
    else if (field.id === "find-q" && !field.value && (event.key === "/" || event.key === "、")) done = true;      // pressed by habit
    else if (window.desk.inField(field) || !single()) return;
    else if ((event.key === "/" || event.key === "、") && marked("key", "/")) done = press(marked("key", "/"));
    else if (event.key === "/" || event.key === "、") {
      const box = document.getElementById("find-q");
      box?.focus();
      box?.select();
      done = Boolean(box);
    } else if (event.key === "?" || event.key === "？") {
      done = Boolean(dialog);
      if (done) show();
    } else if (/^[a-z0-9]$/i.test(event.key)) done = press(marked("key", event.key.toLowerCase()));
    if (done) event.preventDefault();
  });
})();
