/* The search box, a combobox: the focus stays in the field, aria-activedescendant moves over the answers.

   What templates/desk/_search_results.html must answer to the htmx POST (field q; as plain POST the same URL gives a page):

     <div class="drop" data-q="{{ q }}" data-count="8">
       <div role="listbox" id="found-list" aria-label="查找结果">
         <div class="drop-h" role="presentation">房号 3 栋 2 单元 18 层 · 4 户</div>
         <a class="drop-r" role="option" href="…" data-alt1="…"><b><mark>3-2-18</mark>01</b><span class="cut">张雨萍 业主</span>
           <span class="q2 sm cut">手机 138****5678</span><span class="num">{% include "partials/_status.html" … %}</span></a>
         …
       </div>
       <div class="drop-f"><span><kbd>↑</kbd> <kbd>↓</kbd> 选择</span><span><kbd>Enter</kbd> 打开户档案</span>
         <span><kbd>Alt 1</kbd> 直接收费</span><span class="right">共 8 条</span></div>
     </div>

   Nothing found: <div class="drop" data-q="…" data-count="0"><div class="empty">…</div></div>. An empty q: an empty answer.
   data-q is the q that was asked, so that Enter opens an answer only while it answers what is in the box; else the form is
   posted, which is right for a scanner that is faster than the net. data-alt1 … data-alt8: where Alt and that digit go.
   Ids and aria-selected are set here; the first answer is chosen. */
"use strict";
(() => {
  const form = document.getElementById("find");
  if (!form) return;
  const box = form.querySelector("[role=combobox]");
  const found = document.getElementById("found");
  let at = -1;

  const options = () => [...found.querySelectorAll("[role=option]")];
  const fresh = () => found.firstElementChild?.dataset.q === box.value;

  function choose(index) {
    const all = options();
    at = all.length ? (index + all.length) % all.length : -1;
    all.forEach((option, i) => {
      option.id = `found-${i}`;
      option.tabIndex = -1;
      option.setAttribute("aria-selected", i === at);
    });
    if (at < 0) box.removeAttribute("aria-activedescendant");
    else {
      box.setAttribute("aria-activedescendant", all[at].id);
      all[at].scrollIntoView({ block: "nearest" });
    }
  }

  function close() {
    found.replaceChildren();
    box.setAttribute("aria-expanded", "false");
    choose(-1);
  }

  found.addEventListener("htmx:afterSwap", () => {
    const drop = found.querySelector(".drop");
    if (!drop || document.activeElement !== box) { close(); return; }
    box.setAttribute("aria-expanded", options().length ? "true" : "false");
    choose(0);
    window.desk.say(drop.dataset.count === "0" ? "没有查到" : `${drop.dataset.count} 条`);
  });

  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    form.addEventListener(name, () => {
      close();
      const drop = document.createElement("div"), words = document.createElement("div");
      drop.className = "drop";
      words.className = "empty";
      words.textContent = "没有查成。按 Enter 再查一次";
      drop.append(words);
      found.append(drop);
      window.desk.say(words.textContent);
    });
  }

  box.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    const option = options()[at];
    const digit = event.altKey && /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && option) choose(at + (event.key === "ArrowDown" ? 1 : -1));
    else if (event.key === "Enter" && option && fresh()) location.assign(option.href);
    else if (digit && option && fresh() && option.dataset[`alt${digit}`]) location.assign(option.dataset[`alt${digit}`]);
    else if (event.key === "Escape" && found.firstElementChild) close();
    else if (event.key === "Escape" && box.value) box.value = "";
    else if (event.key === "Escape") box.blur();
    else return;
    event.preventDefault();
  });

  /* The mouse may still press an answer: its mousedown must not take the focus, and so the answers, away. */
  found.addEventListener("mousedown", (event) => event.preventDefault());
  form.addEventListener("focusout", (event) => { if (!form.contains(event.relatedTarget)) close(); });
  form.addEventListener("submit", (event) => { if (!box.value.trim()) event.preventDefault(); });
})();
