/* Lists with a peek, beside app.js.

   <… data-peek-of="GZ…"> in the peek        whose peek it is; its keys work only while that row (data-id) is the selected one
   <form data-next hx-post hx-target="#peek">  is sent with `next`, the row below, and `s`, the segment; the answer is the next row's peek
   <table data-ticks="name">                  rows that were ticked beforehand and unticked by hand stay unticked until the browser closes
*/
"use strict";
(() => {
  const one = what => document.querySelector(what);
  const selected = () => one('[data-rows] tr[aria-selected="true"]');
  const peeked = () => one("#peek [data-peek-of]")?.dataset.peekOf;

  /* Between j and the arrival of the peek the buttons shown are those of the row before. */
  window.addEventListener("keydown", e => {
    if (e.ctrlKey || e.metaKey || e.altKey || one("dialog[open]") || e.target.closest?.("input:not([type=checkbox]),textarea,select")) return;
    const meant = (e.key === "Enter" && one("[data-ticks]")) || [...document.querySelectorAll("#peek [data-key]")].some(el => el.dataset.key === e.key);
    if (!meant || !selected() || selected().dataset.id === peeked()) return;
    e.preventDefault();
    e.stopImmediatePropagation();
  }, true);

  document.addEventListener("htmx:configRequest", e => {
    if (!e.detail.elt.matches("[data-next]")) return;
    e.detail.parameters.next = selected()?.nextElementSibling?.dataset.id || "";
    e.detail.parameters.s = new URLSearchParams(location.search).get("s") || "";
  });
  /* Only what was sent from a peek moves the selection: a peek that was merely looked at may arrive after the next j. */
  document.addEventListener("htmx:afterSwap", e => {
    const row = e.detail.target.id === "peek" && e.detail.requestConfig?.verb === "post" && document.getElementById(`row-${peeked()}`);
    if (!row || row === selected()) return;
    selected()?.removeAttribute("aria-selected");
    row.setAttribute("aria-selected", "true");
    row.scrollIntoView({ block: "nearest" });
  });

  const table = one("[data-ticks]");
  if (table) {
    const name = `unticked-${table.dataset.ticks}`;
    const unticked = new Set(JSON.parse(sessionStorage.getItem(name) || "[]"));
    const boxes = [...table.querySelectorAll("tbody [type=checkbox]")];
    boxes.filter(box => unticked.has(box.value)).forEach(box => { box.checked = false; });
    document.addEventListener("change", () => {
      boxes.forEach(box => unticked[box.defaultChecked && !box.checked ? "add" : "delete"](box.value));
      sessionStorage.setItem(name, JSON.stringify([...unticked]));
    });
    boxes[0]?.dispatchEvent(new Event("change", { bubbles: true }));
  }
})();
