/* The plate's keys on a phone: provinces while nothing is typed, then letters and figures.

     <input id="id_plate" data-plate>
     <div data-plate-keys="id_plate" hidden>                 shown by the script; wide screens leave it out (app.css)
       <div data-board="province"> <button data-type="苏">     types it
       <div data-board="letter" hidden> <button data-back> <button data-clear> <button data-turn>   takes one back, all, shows the other keys */
"use strict";
for (const pad of document.querySelectorAll("[data-plate-keys]")) {
  const input = document.getElementById(pad.dataset.plateKeys);
  const rows = (name) => pad.querySelector(`[data-board=${name}]`);
  pad.hidden = false;
  if (pad.checkVisibility()) input.setAttribute("inputmode", "none");       // one keyboard is enough

  function turn(letters) {
    rows("letter").hidden = !letters;
    rows("province").hidden = letters;
  }

  pad.addEventListener("click", (event) => {
    const key = event.target.closest("button");
    if (!key) return;
    if ("type" in key.dataset) input.value = (input.value + key.dataset.type).slice(0, input.maxLength);
    else if ("back" in key.dataset) input.value = [...input.value].slice(0, -1).join("");
    else if ("clear" in key.dataset) input.value = "";
    const turned = "turn" in key.dataset;
    turn(turned ? rows("letter").hidden : input.value !== "");
    if (!turned) window.desk.say(input.value || "已清空");
  });
  turn(input.value !== "");
}
