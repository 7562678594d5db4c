/* data-copy="id" on a button copies that element's words. In a list the row with the cursor is the one that C copies: the key
   goes from row to row with the focus, and the list under ? names it once. */
"use strict";
(() => {
  const buttons = [...document.querySelectorAll("[data-copy]")];
  if (!buttons.length) return;
  let mine = buttons[0];
  mine.dataset.key = "c";

  document.addEventListener("focusin", (event) => {
    const next = event.target.closest("tr")?.querySelector("[data-copy]");
    if (!next || next === mine) return;
    delete mine.dataset.key;
    mine = next;
    mine.dataset.key = "c";
  });

  /* Without https there is no clipboard to write to; the browser's older way takes what is selected. */
  async function copy(element) {
    const words = element.textContent.trim();
    try {
      await navigator.clipboard.writeText(words);
      return true;
    } catch {
      const selection = getSelection();
      selection.selectAllChildren(element);
      return document.execCommand("copy");
    }
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const done = await copy(document.getElementById(button.dataset.copy));
    const words = done ? "已复制" : "没有复制上，请选中后复制";
    window.desk.say(words);
    button.textContent = words;
    setTimeout(() => { button.textContent = "复制"; }, 2000);
  });
})();
