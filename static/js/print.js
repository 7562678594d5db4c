/* Prints a PDF at once, in a frame out of sight; the link beside it is what remains when that does not work.

     <p data-print-url="/papers/12/pdf/">正在打印收据…</p>            printed when the page opens, not again on reload
     <a href="/papers/12/pdf/" target="_blank" data-print data-key="p">打印</a>   printed when pressed
     <p data-print-failed hidden>没有自动打印，点「打开收据」</p>       shown when it did not
     <button type="button" data-print-page hidden>打印</button>        prints the page itself, as @media print leaves it

   The PDF's own view allows framing by 'self'. A page in place of the PDF (busy, gone) is not printed: it counts as failed.

   Chromium takes a second or two after print() to have the paper, and prints nothing when the page is left meanwhile. So a link or
   button that leaves is kept until then and pressed for who pressed it; pressed again it goes at once. */
"use strict";
(() => {
  const region = document.getElementById("print-frame");
  if (!region) return;

  let waits = false, leaving = null, tired;

  function hold() {
    waits = true;
    leaving = null;
  }

  function release() {
    const way = waits && leaving;
    waits = false;
    leaving = null;
    clearTimeout(tired);
    if (way && way.isConnected) way.click();
  }

  window.addEventListener("click", (event) => {
    const way = event.target.closest("a[href]:not([target]), main button:not([type=button])");
    if (!waits || !way || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (leaving === way) {
      waits = false;
      return;
    }
    leaving = way;
    event.preventDefault();
    event.stopImmediatePropagation();
    window.desk.say("正在送去打印，送到就走。不等，再按一次");
  }, true);

  function failed() {
    leaving = null;                                           // who left would not read it
    release();
    const words = document.querySelector("[data-print-failed]");
    if (words) words.hidden = false;
    window.desk.say(words?.textContent ?? "没有自动打印，请打开后再打印");
  }

  function print(url) {
    const frame = document.createElement("iframe");
    const late = setTimeout(failed, 15000);
    hold();
    frame.title = "打印";
    frame.tabIndex = -1;
    frame.setAttribute("aria-hidden", "true");
    frame.addEventListener("load", () => {
      clearTimeout(late);
      try {
        const type = frame.contentDocument?.contentType;      // null where the viewer is not ours to look into
        if (type && type !== "application/pdf") throw new Error(type);
        frame.contentWindow.addEventListener("beforeprint", () => clearTimeout(tired));
        frame.contentWindow.addEventListener("afterprint", release);
        clearTimeout(tired);
        tired = setTimeout(release, 6000);                    // a browser that says neither
        frame.contentWindow.print();                          // without its focus: the keys stay the page's
      } catch {
        failed();
      }
    });
    frame.src = url;
    region.replaceChildren(frame);
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-print]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    print(link.href);
  });

  for (const button of document.querySelectorAll("[data-print-page]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
  const now = document.querySelector("[data-print-url]");
  if (now && history.state?.printed !== now.dataset.printUrl) {
    history.replaceState({ ...history.state, printed: now.dataset.printUrl }, "");
    print(now.dataset.printUrl);
  }
})();
