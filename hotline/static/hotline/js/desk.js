/* The desk: a form in the order of a call, beside panes that answer while the agent types. Loads after app.js.

   The page                                            the server
   <form data-desk data-suggest-url data-draft-url>    both get the whole form (POST, X-CSRFToken)
   fields with data-suggest                            POST /desk/suggest/ 400 ms after the last key, never while an input method composes;
                                                       answers HTML: one element per pane, <div data-pane="similar">…</div>; a pane that is
                                                       not in the answer stays as it is. A later request cancels an earlier one.
   <div data-pane="line|caller|similar|who|say|heard|ask|place|kind|attach">   the slots; fixed heights in app.css, so nothing jumps
   <ol data-pick-list><li data-id>                     the selection is kept by data-id when the pane is filled again
   <section data-pane-key="F3" tabindex="-1">          the key goes there; j k or the arrows move, Enter presses the row's [data-do]
   <button data-fkey="F8">                             the key presses it; F8 goes to the first missing field instead, while one is missing
   <fieldset data-alt="1">                             Alt+1 goes to its first field
   <input type="hidden" name="draft">                  POST /desk/draft/ every 3 s when something changed, and on Ctrl+S; answers JSON
                                                       {"draft": "…", "saved_at": "09:42:07"}; the number is written back into the field
   <span data-saved>                                   says when the draft was kept, or that it was not
   <input data-filled="title">                         the server fills it (<i data-fill="title" data-value="…">) until the agent has typed in it;
                                                       what the server filled is not sent back with the next question
   <input type="hidden" name="filled">                 which of them the server filled, so that a refused page and a draft know it too
   <input type=radio data-script="…">                  picked, its words go into the text of its fieldset, unless the agent has changed them
   <dialog>                                            a digit picks an option, Alt and a digit goes to a part; Enter (Ctrl+Enter in a text) sends
   [data-shows="category"]                             shows what the select of that name says
   act-done (sent by the server)                       an act on an earlier appeal is done: it is said and the panes are asked for again
   <span data-call-time data-start="ISO">, <progress data-call-progress>   time of the call
   <button data-next-call data-url data-discard-url>   Alt+Q: the next call; a story that was begun stays as a draft
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
  hotline.fillPanes = page => {
    for (const part of $$("[data-pane]", page)) {
      const pane = $(`[data-pane="${part.dataset.pane}"]`);
      if (pane) fill(pane, part);
    }
  };
  const suggest = async () => {
    asked?.abort();
    const mine = asked = new AbortController();
    form.classList.add("htmx-request");
    try {
      const body = new FormData(form);
      $$("[data-filled]", form).forEach(field => { if (!field.dataset.typed) body.delete(field.name); });
      const answer = await fetch(form.dataset.suggestUrl, { method: "POST", body, signal: mine.signal, headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value, "HX-Request": "true" } });
      if (answer.status === 423) { hotline.lockNow(); return; }
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      hotline.fillPanes(page);
      for (const part of $$("[data-fill]", page)) {
        const field = $(`[data-filled="${part.dataset.fill}"]`, form);
        if (field && !field.dataset.typed && document.activeElement !== field) field.value = part.dataset.value;
      }
      noteFilled();
      countMissing();
    } catch (error) {
      if (error.name !== "AbortError") saved("连不上服务器，建议暂停；继续记录即可。");
    } finally {
      if (asked === mine) form.classList.remove("htmx-request");
    }
  };
  form.addEventListener("suggest", suggest);
  addEventListener("online", suggest);
  form.addEventListener("change", e => { if (e.target.matches("[type=radio],[type=checkbox],select")) suggest(); });
  /* What the server filled stays its own when the page comes back refused or from a draft: named in the field "filled". */
  const noteFilled = () => {
    const own = $$("[data-filled]", form).filter(field => field.value && !field.dataset.typed);
    form.elements.filled.value = own.map(field => field.name).join(" ");
  };
  const typed = field => { if (field.value) field.dataset.typed = "1"; else delete field.dataset.typed; noteFilled(); };
  form.addEventListener("input", e => { if (e.target.matches("[data-filled]")) typed(e.target); changed = true; countMissing(); });
  const filledBefore = form.elements.filled.value.split(" ");
  $$("[data-filled]", form).filter(field => !filledBefore.includes(field.name)).forEach(typed);
  document.addEventListener("act-done", e => {
    const said = e.detail?.said;
    if (said) setTimeout(() => { hotline.say(said, "done"); suggest(); home?.focus(); });
  });

  /* ---- what is missing is counted, not scolded ---- */
  const missing = () => $$("[data-needed]", form).filter(el => !el.value.trim());
  const countMissing = () => {
    const count = $("[data-missing]");
    if (!count) return;
    const names = missing().map(el => el.dataset.needed);
    const { category } = form.elements;
    $('[data-shows="category"]').textContent = category.value ? category.selectedOptions[0].textContent : "还没有选";
    const wrong = $$(".is-miss", form).filter(el => el.value && el.value === el.defaultValue).length;
    count.textContent = wrong ? `标红的 ${wrong} 项要改` : names.length ? `还差 ${names.length} 项：${names.join("、")}` : form.elements.phone && !form.elements.phone.value.trim() ? "必填的都有了；没有写回访号码，办结后不能回访" : "必填的都有了";
  };

  /* ---- the draft ---- */
  let changed = false;
  let saving = false;
  const saved = words => { const place = $("[data-saved]"); if (place) place.textContent = words; };
  const save = async () => {
    if (saving || !form.dataset.draftUrl) return;
    saving = true;
    changed = false;
    let unsaved = "草稿没有存上，正在重试；本页的字都在";
    try {
      const answer = await hotline.post(form.dataset.draftUrl, new FormData(form));
      if (answer.status === 423) hotline.lockNow();
      if (hotline.ended(answer.url)) unsaved = "登录已失效，草稿没有存上；本页的字都在";
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      const kept = await answer.json();
      if (kept.draft && form.elements.draft) form.elements.draft.value = kept.draft;
      saved(`草稿已存 ${kept.saved_at}`);
    } catch {
      changed = true;
      saved(unsaved);
    } finally {
      saving = false;
    }
  };
  setInterval(() => { if (changed) save(); }, 3000);
  /* Whoever leaves the page by script asks first: true once everything typed is kept. */
  hotline.keepDraft = async () => {
    while (saving) await new Promise(done => setTimeout(done, 50));
    if (changed) await save();
    return !changed;
  };

  /* ---- keys ---- */
  /* A short field is selected to be written anew; a story never is: the next key would wipe it. */
  const goTo = el => {
    el?.focus();
    if (el?.matches("textarea")) el.setSelectionRange(el.value.length, el.value.length);
    else el?.select?.();
  };
  const needsCategory = () => {
    hotline.say("直接答复要先定事项：在“谁负责”里选一项按 Enter，或者在第 4 栏选。", "due");
    goTo(paneRows($('[data-pane-key="F4"]')).length ? $('[data-pane-key="F4"]') : form.elements.category);
  };
  const partOf = (dialog, target) => target.closest?.("[data-alt-here]") || $("[data-alt-here]", dialog) || dialog;
  const dialogKey = (dialog, e) => {
    const text = e.target.matches("textarea,input:not([type=radio])");
    if (e.altKey && e.code.startsWith("Digit")) {
      const part = $(`[data-alt-here="${e.code.slice(5)}"]`, dialog);
      if (part) { e.preventDefault(); goTo($(":checked", part) || $("input,textarea", part)); }
    } else if (!text && !e.altKey && !e.ctrlKey && /^[1-9]$/.test(e.key)) {
      const option = $$("input[type=radio]", partOf(dialog, e.target))[e.key - 1];
      if (option) { e.preventDefault(); option.focus(); option.click(); }
    } else if (e.key === "Enter" && !e.target.matches("button") && (e.ctrlKey || !e.target.matches("textarea"))) {
      e.preventDefault();
      e.stopImmediatePropagation();
      $("button[name=act]", partOf(dialog, e.target))?.click();
    }
  };
  const nextCall = () => {
    const button = $("[data-next-call]");
    if (home.value.trim()) return location.assign(button.dataset.url);
    changed = false;
    form.action = button.dataset.discardUrl;
    form.submit();
  };
  $("[data-next-call]")?.addEventListener("click", nextCall);
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
    if (e.isComposing) return;
    const dialog = $("dialog[open]");
    if (dialog) { if (form.contains(dialog)) dialogKey(dialog, e); return; }
    if (e.ctrlKey && e.key === "s") { e.preventDefault(); save(); return; }
    if (e.altKey && e.code === "KeyQ") { e.preventDefault(); nextCall(); return; }
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
      if (e.key === "F8" && missing().length) hotline.say(`还差${missing().map(el => el.dataset.needed).join("、")}，没有登记。`, "due"), goTo(missing()[0]);
      else if (e.key === "F9" && !form.elements.category.value) needsCategory();
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
    for (const [name, value] of Object.entries(JSON.parse(choice.dataset.set))) {
      form.elements[name].value = value;
      typed(form.elements[name]);
    }
    changed = true;
    countMissing();
    suggest();
    goTo(home);
  });

  /* [data-to-route] opens the other ways with one of them chosen and its words filled in. */
  document.addEventListener("click", e => {
    const wanted = e.target.closest("[data-to-route]");
    const option = wanted && $(`input[name=route][value="${wanted.dataset.toRoute}"]`, form);
    if (option) { option.checked = true; option.dispatchEvent(new Event("change", { bubbles: true })); }
  });

  /* ---- time of the call ---- */
  const time = $("[data-call-time]");
  if (time) setInterval(() => {
    const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(time.dataset.start)) / 1000));
    time.textContent = `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
    const bar = $("[data-call-progress]");
    if (bar) bar.value = Math.min(seconds, bar.max);
  }, 1000);

  form.addEventListener("submit", () => { changed = false; });
  addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "hidden" || !changed) return;
    changed = false;
    navigator.sendBeacon(form.dataset.draftUrl, new FormData(form));
  });
  /* A script goes into the text of its part while nobody has changed the words. */
  form.addEventListener("change", e => {
    const script = e.target.dataset?.script;
    const text = script && $("textarea", partOf(e.target.closest("dialog"), e.target));
    if (text && (!text.value.trim() || text.value === text.dataset.script)) text.value = text.dataset.script = script;
  });
  countMissing();
  /* A story that comes back is gone on with, not put in front of. */
  home?.setSelectionRange(home.value.length, home.value.length);
  /* The server sends a refused dialog open; a modal one keeps the keys to itself. */
  const refused = $("dialog[open]", form);
  if (refused) {
    refused.close();
    refused.showModal();
    refused.addEventListener("close", () => home?.focus(), { once: true });
  }
  else if (form.querySelector(".is-miss")) goTo(form.querySelector(".is-miss"));
  else if (home) home.focus();
})();
