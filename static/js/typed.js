/* What is half written on this page, and how it is kept when the page has to go: the form is sent to its own address with keep_typed, which keeps
   it for who wrote it and does nothing else (TRUST 24, servicecentre/drafts). Files stay behind, their number is told. */
"use strict";
(() => {
  const KEEP = "keep_typed";
  let written = null;
  const posts = (form) => form?.getAttribute("method")?.toLowerCase() === "post";          // form.method may be a field's

  document.addEventListener("input", (event) => {
    const form = event.target.closest?.(".app main form");
    if (posts(form)) written = form;
  });

  /* The form somebody wrote in; else one that the server has just shown again, with what it refuses or as it was kept. */
  function half() {
    if (written?.isConnected) return written;
    const kept = document.getElementById("draft");
    return [...document.querySelectorAll(".app main form")].find((form) => posts(form)
      && (form.querySelector("[data-errors],.is-invalid") || (kept && form.querySelector("[data-key=F9]"))));
  }

  window.desk.keep = async () => {
    const form = half();
    if (!form) return;
    const fields = [...new FormData(form)], typed = fields.filter(([, value]) => typeof value === "string");
    const body = new URLSearchParams(typed);
    body.set(KEEP, fields.filter(([, value]) => typeof value !== "string" && value.name).length);
    const address = new URL(form.getAttribute("action") || "", location.href);
    await fetch(address, { method: "POST", body, redirect: "manual" }).catch(() => {});
  };

  /* Nobody is signed in any more, says an answer to htmx: the whole page goes to the sign-in, what was typed before it. */
  let going = false;
  document.body.addEventListener("signed-out", () => {
    if (going) return;
    going = true;
    const form = half();
    if (!form) { location.assign(location.pathname + location.search); return; }
    const mark = document.createElement("input");
    mark.type = "hidden";
    mark.name = KEEP;
    form.append(mark);
    HTMLFormElement.prototype.submit.call(form);
  });
})();
