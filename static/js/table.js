/* A cursor over the rows of table[data-rows]: ↑ ↓ move it (from anywhere outside a field), Space ticks the row, Enter opens
   it: its [data-open], else its link; in a row with a tick box and a 怎么算, Enter opens that. The cursor is the focus
   itself, so a screen reader hears the row; tr.on only draws it. */
"use strict";
(() => {
  const tables = () => [...document.querySelectorAll("table[data-rows]")];
  const stop = (row) => row.querySelector("input[type=checkbox]:not(:disabled)") ?? row.querySelector("[data-open]") ?? row.querySelector("a[href],button:not(:disabled),summary");
  const rows = (table) => [...table.tBodies].flatMap((body) => [...body.rows]).filter((row) => row.getClientRects().length && stop(row));

  document.addEventListener("focusin", (event) => {
    const row = event.target.closest("table[data-rows] tbody tr");
    document.querySelectorAll("table[data-rows] tr.on").forEach((each) => { if (each !== row) each.classList.remove("on"); });
    if (row && stop(row)) row.classList.add("on");
  });

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const here = event.target, table = here.closest?.("table[data-rows]"), row = here.closest?.("table[data-rows] tbody tr");
    if (!here.closest || window.desk.inField(here) || here.type === "radio" || here.closest("dialog")) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const list = rows(table ?? tables()[0] ?? document.createElement("table"));
      if (!list.length) return;
      const at = list.indexOf(row ?? document.querySelector("table[data-rows] tr.on"));
      const next = event.key === "ArrowDown" ? Math.min(at + 1, list.length - 1) : Math.max(at - 1, 0);
      stop(list[next]).focus();
      list[next].scrollIntoView({ block: "nearest" });
    } else if (row && event.key === " " && here.type !== "checkbox" && here.tagName !== "BUTTON" && here.tagName !== "SUMMARY") {
      const box = row.querySelector("input[type=checkbox]:not(:disabled)");
      if (!box) return;
      box.click();
    } else if (row && event.key === "Enter" && here.type === "checkbox") {
      (row.querySelector("[data-open]") ?? row.querySelector("summary") ?? row.querySelector("a[href]"))?.click();
    } else return;
    event.preventDefault();
  });
})();
