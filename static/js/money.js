/* The till, while the clerk ticks and types: sums and change for the eye. Whole fen only; the server reckons for itself.

   <form data-till>
     <input type="checkbox" name="charges" data-fen="17016" data-overdue>       a line (data-overdue where it is)
     <button type="button" data-pick="all">  "overdue"  "none"                   ticks them
     <span data-count>5</span> <span data-total>788.85</span>                    lines ticked, and what is to be paid
     <input data-amount>                                                        another sum; empty: what is ticked
     <input type="radio" name="method" value="cash">                             the way of paying
     <div data-for-method="cash card">                                           only with these; hidden, it sends nothing
     <input data-part="cash"> <input data-part="wechat"> <span data-rest>        several ways in one payment; what is left
     <fieldset data-one-way>                                                     the ways to choose one of; not with several
     <input data-tendered> <span data-change-label>找零</span> <span data-change>11.15</span> <span data-notes>
     <form data-till data-start>                                                the keyboard begins at the way of paying
     <form data-till data-credit="5000"> <input type="checkbox" data-use-credit>  waiting credit that goes first
     <p data-left-line hidden>其中 <span data-left></span> 元转为预存</p>        more than what is ticked
     <span data-none hidden>先勾要收的</span>                                     why the button is grey
     <select data-stays> <button name="stay" data-stay>                          a choice that only the server can reckon
     <form data-till data-held="200000"> <input data-off>                       what goes back of a deposit: held less what is taken off
     <button data-key="F9"><span data-label="收款 {} 元并打印收据">…</span><kbd>F9</kbd></button>

   Elements that a page does not have are simply not filled. Put aria-live="polite" on the till. */
"use strict";
(() => {
  const NOTES = [[10000, "100 元", "张"], [5000, "50 元", "张"], [2000, "20 元", "张"], [1000, "10 元", "张"], [500, "5 元", "张"],
    [100, "1 元", "枚"], [50, "5 角", "枚"], [10, "1 角", "枚"], [5, "5 分", "枚"], [2, "2 分", "枚"], [1, "1 分", "枚"]];

  /* "1,234.5" → 123450; "" → null; what is no sum of money → NaN. */
  function fen(text) {
    const plain = text.normalize("NFKC").replace(/[\s,¥元]/g, "");
    if (!plain) return null;
    const match = /^([0-9]{1,10})(?:\.([0-9]{0,2}))?$/.exec(plain);
    return match ? Number(match[1]) * 100 + Number((match[2] ?? "").padEnd(2, "0")) : NaN;
  }

  function yuan(sum) {
    const all = String(Math.abs(sum)).padStart(3, "0");
    return (sum < 0 ? "−" : "") + all.slice(0, -2).replace(/\B(?=(?:[0-9]{3})+$)/g, ",") + "." + all.slice(-2);
  }

  function notes(sum) {
    const parts = [];
    for (const [worth, name, unit] of NOTES) {
      const n = Math.floor(sum / worth);
      if (n) parts.push(`${name} ${n} ${unit}`);
      sum -= n * worth;
    }
    return parts.join("，");
  }

  for (const form of document.querySelectorAll("form[data-till]")) {
    const one = (mark) => form.querySelector(`[data-${mark}]`);
    const all = (mark) => [...form.querySelectorAll(`[data-${mark}]`)];
    const write = (mark, words) => all(mark).forEach((element) => { if (element.textContent !== words) element.textContent = words; });
    const lines = all("fen");

    /* Another number of months ahead: the page says what they cost. */
    one("stays")?.addEventListener("change", () => form.requestSubmit(one("stay")));

    function reckon() {
      const ticked = lines.filter((line) => line.checked);
      const sum = ticked.reduce((total, line) => total + Number(line.dataset.fen), 0);
      const other = fen(one("amount")?.value ?? "");
      const open = sum - (one("use-credit")?.checked ? Math.min(sum, Number(form.dataset.credit)) : 0);
      const held = form.dataset.held === undefined ? null : Number(form.dataset.held);
      const off = all("off").reduce((total, input) => total + (fen(input.value) ?? 0), 0);
      const due = held === null ? other ?? open : held - off;
      const method = form.querySelector("input[name=method]:checked")?.value ?? form.querySelector("select[name=method]")?.value;

      const parts = all("part").map((input) => [input.dataset.part, fen(input.value)]).filter(([, part]) => part !== null);
      const ways = parts.length ? parts.map(([way]) => way) : [method];
      for (const element of all("for-method")) {
        const on = method === undefined || element.dataset.forMethod.split(" ").some((way) => ways.includes(way));
        element.hidden = !on;
        element.querySelectorAll("input,select").forEach((input) => { input.disabled = !on; });
      }

      all("one-way").forEach((element) => { element.hidden = parts.length > 0; });

      write("count", String(ticked.length));
      write("total", Number.isNaN(due) ? "—" : yuan(due));
      write("taken-off", Number.isNaN(off) ? "—" : yuan(-off));
      write("left", due > open ? yuan(due - open) : "");
      all("left-line").forEach((element) => { element.hidden = !(due > open); });
      if (one("rest")) {
        const rest = due - parts.reduce((total, [, part]) => total + part, 0);
        write("rest", Number.isNaN(rest) ? "—" : yuan(rest));
        all("rest").forEach((element) => element.classList.toggle("neg", rest !== 0));
      }

      const tendered = fen(one("tendered")?.value ?? "");
      const cash = parts.length ? parts.find(([way]) => way === "cash")?.[1] ?? 0 : due;
      const change = tendered === null ? NaN : tendered - cash;
      write("change-label", change < 0 ? "还差" : "找零");
      write("change", Number.isNaN(change) ? "—" : yuan(Math.abs(change)));
      write("notes", change > 0 ? notes(change) : "");
      all("change").forEach((element) => element.classList.toggle("neg", change < 0));

      const label = form.querySelector("[data-label]"), button = label?.closest("button");
      if (!label) return;
      const nothing = held === null ? due <= 0 : due < 0;                           // a sum that cannot be read stays pressable: the answer says why
      label.textContent = label.dataset.label.replace("{}", Number.isNaN(due) ? "—" : yuan(due));
      button.disabled = nothing;
      all("none").forEach((element) => { element.hidden = !nothing; });
    }

    /* <details data-open-with="reissue"> opens when that choice is made. */
    form.addEventListener("change", (event) => {
      const box = event.target.type === "radio" && form.querySelector(`details[data-open-with="${event.target.value}"]`);
      if (box) box.open = true;
    });
    form.addEventListener("input", reckon);
    form.addEventListener("change", reckon);
    form.addEventListener("click", (event) => {
      const pick = event.target.closest("[data-pick]")?.dataset.pick;
      if (!pick) return;
      for (const line of lines) if (!line.disabled) line.checked = pick === "all" || (pick === "overdue" && "overdue" in line.dataset);
      reckon();
    });
    window.addEventListener("pageshow", reckon);          // the browser may have put old ticks back
    const start = form.querySelector("input[name=method]:checked");      // arrows choose the way, Tab goes on to the cash; not on a
    if (form.hasAttribute("data-start") && matchMedia("(min-width: 720px)").matches && document.activeElement === document.body)
      start?.focus({ preventScroll: true });              // phone, where the lines stand first
    reckon();
  }
})();
