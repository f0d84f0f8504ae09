/* The desk: a form in the order of a call, beside panes that answer while the agent types. Loads after app.js.

   The page                                            the server
   <form data-desk data-suggest-url data-draft-url>    both get the whole form (POST, X-CSRFToken)
   fields with data-suggest                            POST /desk/suggest/ 400 ms after the last key, never while an input method composes;
                                                       answers HTML: one element per pane, <div data-pane="similar">…</div>; a pane that is
                                                       not in the answer stays as it is. A later request cancels an earlier one.
   <div data-pane="caller|similar|who|say|heard|ask|place|title|missing|attach">   the slots; fixed heights in app.css, so nothing jumps
   <ol data-pick-list><li data-id>                     the selection is kept by data-id when the pane is filled again
   <section data-pane-key="F3" tabindex="-1">          the key goes there; j k or the arrows move, Enter presses the row's [data-do]
   <button data-fkey="F8">                             the key presses it; F8 goes to the first missing field instead, while one is missing
   <fieldset data-alt="1">                             Alt+1 goes to its first field
   <input type="hidden" name="draft">                  POST /desk/draft/ every 3 s when something changed, and on Ctrl+S; answers JSON
                                                       {"draft": "…", "saved_at": "09:42:07"}; the number is written back into the field
   <span data-saved>                                   says when the draft was kept, or that it was not
   <input data-filled="title">                         the server may fill it (data-value in the answer's pane) until the agent has typed in it
   <span data-call-time data-start="ISO">, <progress data-call-progress>   time of the call
   <a data-next-matter>                                Alt+N: the same call, one more matter
*/
"use strict";
(() => {
  const form = document.querySelector("[data-desk]");
  if (!form) return;
  const $ = (what, within = document) => within.querySelector(what);
  const $$ = (what, within = document) => [...within.querySelectorAll(what)];
  const home = $("[data-home]", form);

  /* ---- suggestions ---- */
  let asked = null;
  const fill = (pane, answer) => {
    const list = $("[data-pick-list]", pane);
    const chosen = list && $("[aria-selected=true]", list)?.dataset.id;
    const scrolled = pane.scrollTop;
    pane.replaceChildren(...answer.childNodes);
    pane.scrollTop = scrolled;
    const again = chosen && $$("[data-pick-list] [data-id]", pane).find(li => li.dataset.id === chosen);
    if (again) {
      $$("[data-pick-list] [aria-selected]", pane).forEach(li => li.removeAttribute("aria-selected"));
      again.setAttribute("aria-selected", "true");
    }
    if (window.htmx) htmx.process(pane);
  };
  const suggest = async () => {
    asked?.abort();
    const mine = asked = new AbortController();
    form.classList.add("htmx-request");
    try {
      const answer = await fetch(form.dataset.suggestUrl, { method: "POST", body: new FormData(form), signal: mine.signal, headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value, "HX-Request": "true" } });
      if (answer.status === 423) { hotline.lockNow(); return; }
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of $$("[data-pane]", page)) {
        const pane = $(`[data-pane="${part.dataset.pane}"]`);
        if (pane) fill(pane, part);
      }
      for (const part of $$("[data-fill]", page)) {
        const field = $(`[data-filled="${part.dataset.fill}"]`, form);
        if (field && !field.dataset.typed && document.activeElement !== field) field.value = part.dataset.value;
      }
      countMissing();
    } catch (error) {
      if (error.name !== "AbortError") saved("连不上服务器，建议暂停；继续记录即可。");
    } finally {
      if (asked === mine) form.classList.remove("htmx-request");
    }
  };
  form.addEventListener("suggest", suggest);
  form.addEventListener("change", e => { if (e.target.matches("[type=radio],[type=checkbox],select")) suggest(); });
  form.addEventListener("input", e => { if (e.target.matches("[data-filled]")) e.target.dataset.typed = "1"; changed = true; countMissing(); });

  /* ---- what is missing is counted, not scolded ---- */
  const missing = () => $$("[data-needed]", form).filter(el => !el.value.trim());
  const countMissing = () => {
    const count = $("[data-missing]");
    if (!count) return;
    const names = missing().map(el => el.dataset.needed);
    count.textContent = names.length ? `还差 ${names.length} 项：${names.join("、")}` : "必填的都有了";
  };

  /* ---- the draft ---- */
  let changed = false;
  let saving = false;
  const saved = words => { const place = $("[data-saved]"); if (place) place.textContent = words; };
  const save = async () => {
    if (saving || !form.dataset.draftUrl) return;
    saving = true;
    changed = false;
    try {
      const answer = await hotline.post(form.dataset.draftUrl, new FormData(form));
      if (answer.status === 423) hotline.lockNow();
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      const kept = await answer.json();
      if (kept.draft && form.elements.draft) form.elements.draft.value = kept.draft;
      saved(`草稿已存 ${kept.saved_at}`);
    } catch {
      changed = true;
      saved("草稿没有存上，正在重试；本页的字都在");
    } finally {
      saving = false;
    }
  };
  setInterval(() => { if (changed) save(); }, 3000);

  /* ---- keys ---- */
  const goTo = el => { el?.focus(); el?.select?.(); };
  const paneRows = pane => $$("[data-pick-list] [data-id]", pane);
  const choose = (pane, by) => {
    const all = paneRows(pane);
    const at = all.findIndex(li => li.getAttribute("aria-selected") === "true");
    const next = all[Math.max(0, Math.min(all.length - 1, at + by))];
    all.forEach(li => li.removeAttribute("aria-selected"));
    next?.setAttribute("aria-selected", "true");
    next?.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("keydown", e => {
    if (e.isComposing || $("dialog[open]")) return;
    if (e.ctrlKey && e.key === "s") { e.preventDefault(); save(); return; }
    if (e.altKey && e.code === "KeyN") { e.preventDefault(); $("[data-next-matter]")?.click(); return; }
    if (e.altKey && e.code.startsWith("Digit")) {
      const group = $(`[data-alt="${e.code.slice(5)}"]`, form);
      const first = group && $("input:not([type=hidden]),textarea,select", group);
      if (group) { e.preventDefault(); goTo((first?.type === "radio" && $(`[name="${first.name}"]:checked`, group)) || first); }
      return;
    }
    if (/^F\d+$/.test(e.key) && !e.ctrlKey && !e.altKey) {
      const pane = $(`[data-pane-key="${e.key}"]`);
      const button = $$(`[data-fkey="${e.key}"]`).find(el => el.getClientRects().length);
      if (!pane && !button) return;
      e.preventDefault();
      if (pane) { pane.focus(); if (!$("[data-pick-list] [aria-selected=true]", pane)) choose(pane, 1); return; }
      if (e.key === "F8" && missing().length) goTo(missing()[0]);
      else button.click();
      return;
    }
    const pane = e.target.closest?.("[data-pane-key]");
    if (!pane || e.target.matches("input,textarea,select")) return;
    if (["j", "ArrowDown", "k", "ArrowUp"].includes(e.key)) {
      e.preventDefault();
      e.stopImmediatePropagation();
      choose(pane, e.key === "j" || e.key === "ArrowDown" ? 1 : -1);
    }
    if (e.key === "Enter" && e.target === pane) {
      e.preventDefault();
      $("[aria-selected=true] [data-do]", pane)?.click();
    }
  }, true);
  document.addEventListener("click", e => {
    const row = e.target.closest("[data-pick-list] [data-id]");
    if (!row || e.target.closest("a,button")) return;
    $$("[aria-selected]", row.parentElement).forEach(li => li.removeAttribute("aria-selected"));
    row.setAttribute("aria-selected", "true");
  });
  /* A candidate that is chosen becomes the form's unit and item. */
  document.addEventListener("click", e => {
    const choice = e.target.closest("[data-set]");
    if (!choice) return;
    for (const [name, value] of Object.entries(JSON.parse(choice.dataset.set))) if (form.elements[name]) form.elements[name].value = value;
    changed = true;
    suggest();
    goTo(home);
  });

  /* ---- time of the call ---- */
  const time = $("[data-call-time]");
  if (time) setInterval(() => {
    const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(time.dataset.start)) / 1000));
    time.textContent = `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
    const bar = $("[data-call-progress]");
    if (bar) bar.value = Math.min(seconds, bar.max);
  }, 1000);

  addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden" && changed) save(); });
  countMissing();
  if (home && !form.querySelector(".is-miss")) home.focus();
})();
