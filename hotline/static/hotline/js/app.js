/* Keys, rows, act dialogs, the lock and the notices of every staff page. Plain script, no build; the page works without it.

   What a page writes                          what happens
   <table data-rows [data-peek="#peek"]>       j k move; Enter opens (data-open or data-href); Space does .go; x ticks the row's box
   <tr data-href data-peek-url data-id>        the selected row's data-peek-url is loaded into the peek 150 ms after the last move
   <input data-all>, [data-picked]             tick all rows; the number of ticked rows is written into [data-picked]
   <button data-needs-picks>                   is enabled while at least one row is ticked
   <a|button data-key="r">                     the key r presses it; with aria-disabled the reason (aria-describedby) is said instead
   <a|button data-act hx-get hx-target="#act-body">   the form opens in the dialog; Ctrl+Enter sends, Esc closes and keeps what was typed
   <form data-act-form>                        in the dialog: 422 redraws it, 409 and other refusals are said above it and it stays
   <form data-leave>                           goes whether or not the session stands: whoever logs out or locks leaves anyway
   [data-close] [data-shut] [data-open-dialog="id"] [data-print] [data-undo] [data-home]
   <textarea data-suggest hx-trigger="suggest">  fires `suggest` 400 ms after the last key, never while an input method composes
*/
"use strict";
const $ = (what, within = document) => within.querySelector(what);
const $$ = (what, within = document) => [...within.querySelectorAll(what)];
const hotline = window.hotline = {};
const csrf = () => JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";
hotline.post = async (url, body) => {
  const send = () => fetch(url, { method: "POST", body, headers: { "X-CSRFToken": csrf(), "X-Requested-With": "fetch" } });
  const answer = await send();
  if (!isStale(answer.status, answer.status === 403 ? await answer.clone().text() : "") || await takeToken() !== person) return answer;
  body?.set?.("csrfmiddlewaretoken", csrf());
  return send();
};
const shown = el => el.getClientRects().length > 0;
/* Not in one that went with its dialog: the caret stays in it for a moment. */
const inField = e => { const field = e.target.closest?.("input:not([type=checkbox]):not([type=radio]),textarea,select,[contenteditable]"); return field && shown(field) ? field : null; };
const openDialog = () => $$("dialog[open]").pop();

/* ---- saying things ---- */
hotline.say = (words, tone = "over", link = null) => {
  const says = $("dialog.act[open] .act-says") || $("#says");
  const note = document.createElement("div");
  note.className = `note note-${tone}`;
  note.innerHTML = '<span></span><button type="button" class="shut" data-shut aria-label="收起">×</button>';
  note.firstChild.textContent = words;
  if (link) note.firstChild.append(Object.assign(document.createElement("a"), { href: link.url, textContent: link.text, target: "_blank" }));
  says.replaceChildren(note), says.scrollIntoView({ block: "nearest" });
  if (tone !== "over" && says.id === "says") setTimeout(() => note.remove(), 10000);
};
const SENTENCES = {
  400: "填写的内容有误，没有提交。", 403: "没有权限，或者页面停留太久。没有提交，写过的内容还在。", 404: "这件工单已不在您能看到的范围内，没有提交。",
  409: "刚才已被别人办过，没有提交。写过的内容还在。", 429: "次数过多，请稍后再试。", 0: "网络不通，没有提交。写过的内容还在，请稍后再试。",
};
hotline.sentence = (status, html = "") => {
  const note = new DOMParser().parseFromString(html, "text/html").querySelector("[data-say], .lead-in");
  return (note?.textContent || (/<\w/.test(html) ? "" : html)).trim().slice(0, 300) || SENTENCES[status] || "系统出了故障，没有提交。写过的内容还在，请稍后再试。";
};

/* ---- a session that ended: log in here or in another tab, and go on with what is on the page ---- */
const person = document.body.dataset.user, login = document.body.dataset.login;
const asksByItself = elt => elt.matches("#bell,#present"); // what a page asks that nobody pressed is refused in silence
const isLogIn = url => login && new URL(url, location).pathname === login;
const isStale = (status, html) => status === 403 && html.includes("data-stale-token");
const retriedAt = new WeakMap(); // what was sent again, and when: a browser that keeps no cookies would go round for ever
let isLocked = false; // as the session said last: another tab may have locked it
/* Takes the token that counts now; gives who is logged in now, "" for nobody, null where there is no answer. */
const takeToken = async () => {
  const state = await fetch(document.body.dataset.session, { headers: { "X-Requested-With": "fetch" } }).then(answer => answer.json()).catch(() => null);
  if (!state) return null;
  isLocked = state.locked;
  document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": state.token }));
  $$("[name=csrfmiddlewaretoken]").forEach(field => { field.value = state.token; });
  return state.user;
};
const isOther = user => `这台电脑上现在登录的是工号 ${user}，没有提交。写过的内容还在，请换回工号 ${person} 再提交。`;
/* Of an answer to the page itself: whether it is the log-in page. Said beside the work: whoever is writing is not stopped. */
hotline.ended = url => isLogIn(url) && (hotline.say("登录已失效，写过的内容还在。", "due", { url: login, text: "在新标签页登录" }), true);
const goOn = async retry => {
  const user = await takeToken();
  if (user === person && isLocked) return afterLogIn = retry, lockNow();
  if (user === person) return retry();
  if (user) return hotline.say(isOther(user), "due");
  if (user === null) return hotline.say(SENTENCES[0], "due");
  hotline.say("登录已失效，没有提交，写过的内容还在。重新登录以后再提交。", "due", { url: login, text: "在新标签页登录" });
  if (user === "") offerLogIn(retry);
};
/* Sent once more with the token that counts. What is stale again at once has a browser that does not keep it. */
const goOnWith = ({ elt, triggeringEvent }) => {
  const form = elt.closest("form"), by = triggeringEvent?.submitter, what = form || elt;
  if (Date.now() - retriedAt.get(what) < 3000) return hotline.say("浏览器没有保存本站的 Cookie，校验通不过，没有提交。写过的内容还在，请允许保存 Cookie 以后再提交。", "due");
  return goOn(() => {
    retriedAt.set(what, Date.now());
    if (form) busy(form, false), form.requestSubmit(by?.form === form ? by : null);
    else if (elt.matches("[hx-get]")) elt.click();
  });
};

/* ---- what htmx has just drawn is in its hands only 20 ms later, on a busy machine later still: not too early to press it ---- */
const takeInHand = e => { const drawn = e.target.closest?.(".htmx-added"); if (drawn) drawn.classList.remove("htmx-added"), htmx.process(drawn); };
for (const kind of ["click", "submit", "change"]) document.addEventListener(kind, takeInHand, true);

/* ---- rows ---- */
let peekTimer;
const rows = () => $$("[data-rows] tbody tr:not([data-skip])").filter(shown);
const current = () => rows().find(row => row.getAttribute("aria-selected") === "true");
const peekOf = row => $(row.closest("[data-rows]").dataset.peek || "#peek");
const loadPeek = row => {
  const into = peekOf(row);
  clearTimeout(peekTimer);
  if (into && row.dataset.peekUrl) peekTimer = setTimeout(() => {
    into.setAttribute("aria-busy", "true");
    htmx.ajax("GET", row.dataset.peekUrl, { target: into }).finally(() => into.removeAttribute("aria-busy"));
  }, 150);
};
hotline.select = row => {
  const before = current();
  if (!row || row === before) return;
  before?.removeAttribute("aria-selected");
  row.setAttribute("aria-selected", "true");
  row.scrollIntoView({ block: "nearest" });
  loadPeek(row);
};
const countPicks = () => {
  const picks = $$("[data-rows] tbody input[type=checkbox]:checked").length;
  $$("[data-picked]").forEach(el => { el.textContent = picks; });
  $$("[data-needs-picks]").forEach(el => { el.disabled = picks === 0; });
};

/* ---- act dialogs: one node per form, so that closing loses nothing ---- */
const act = $("#act"), kept = new Map(), dirty = new Set();
let actUrl = "";
const stow = () => { const form = act && $("[data-act-form]", act); if (form && dirty.has(actUrl)) kept.set(actUrl, form); };
const FIELDS = "input:not([type=hidden]),textarea,select";
/* The first field that is wrong; of a row of picks its first pick. */
const toMend = within => { const miss = $(".is-miss", within); return miss && (miss.matches(FIELDS) ? miss : $(FIELDS, miss)); };
const showAct = () => {
  $(".act-says", act).replaceChildren();
  if (!act.open) act.showModal();
  const first = toMend(act) || $("[autofocus]", act) || $$(FIELDS, act).find(shown) || $("button", act);
  first?.focus();
  if (first?.matches("input[list]")) first.select(); // a proposed name is typed over
};
const leave = new Set(), narrow = matchMedia("(max-width:760px)");
/* A row that is touched: beside the list its peek; on a phone its page, or without one its peek, which stands below. */
const openRow = row => {
  if (narrow.matches && row.dataset.href) return location.assign(row.dataset.href);
  hotline.select(row);
  if (narrow.matches) peekOf(row)?.scrollIntoView();
};
document.addEventListener("click", e => {
  const el = e.target.closest("[data-act],[data-close],[data-shut],[data-open-dialog],[data-print],[aria-disabled=true],a[href],tr[data-href],tr[data-peek-url]");
  if (!el) return;
  if (el.getAttribute("aria-disabled") === "true") {
    e.preventDefault();
    e.stopImmediatePropagation();
    const why = document.getElementById(el.getAttribute("aria-describedby") || "");
    return hotline.say(why?.textContent || "现在不能办这一步。", "due");
  }
  if (el.matches("[data-act]") && act) {
    stow();
    const url = el.getAttribute("hx-get") || el.href;
    actUrl = url;
    if (!kept.has(url)) return;
    e.preventDefault();
    e.stopImmediatePropagation();
    $("#act-body").replaceChildren(kept.get(url));
    htmx.process(kept.get(url));
    return showAct();
  }
  if (el.matches("[data-close]")) el.closest("dialog")?.close();
  else if (el.matches("[data-shut]")) el.closest(".note")?.remove();
  else if (el.matches("[data-open-dialog]")) { e.preventDefault(); el.dataset.openDialog === "keys" ? pageKeys["?"]() : document.getElementById(el.dataset.openDialog)?.showModal(); }
  else if (el.matches("[data-print]")) window.print();
  else if (el.matches("tr")) { if (!e.target.closest("input,label")) openRow(el); }
  else if (dirty.size && !el.target && !el.closest("[hx-get],[hx-post]") && el.origin === location.origin && !leave.has(el.href) && !e.ctrlKey && !e.metaKey) {
    e.preventDefault(), leave.add(el.href);
    hotline.say("还有写了没提交的内容。再点一次就离开，写的内容不保留。", "due");
  }
  else if (el.origin === location.origin && leave.has(el.href)) dirty.clear();
}, true);
document.addEventListener("dblclick", e => { const row = e.target.closest("tr[data-href]"); row && location.assign(row.dataset.href); });
document.addEventListener("input", e => { if (e.target.closest("[data-act-form]") && actUrl) dirty.add(actUrl); const form = e.target.closest("form[data-unsaved]"); if (form) dirty.add(form); });
document.addEventListener("submit", e => dirty.delete(e.target));
addEventListener("beforeunload", e => { if ([...dirty].some(one => one instanceof HTMLFormElement)) e.preventDefault(); });
document.addEventListener("change", e => {
  if (e.target.matches("[data-all]")) $$("[data-rows] tbody input[type=checkbox]:not(:disabled)").forEach(box => { box.checked = e.target.checked; });
  if (e.target.matches("[type=checkbox]")) countPicks();
  if (e.target.matches("[data-auto-submit]")) e.target.form?.requestSubmit();
});

/* ---- keys ---- */
let going = 0;
const keyed = key => $$("[data-key]").find(el => el.dataset.key === key && shown(el) && !el.disabled);
const rowKeys = {
  j: () => hotline.select(rows()[rows().indexOf(current()) + 1]),
  k: () => hotline.select(rows()[Math.max(rows().indexOf(current()) - 1, 0)]),
  x: () => {
    const box = current() && $("[type=checkbox]", current());
    if (box?.disabled) hotline.say(`这一行不能勾选${box.title ? `：${box.title}` : ""}。`.replace("。。", "。"), "due");
    else box?.click();
  },
  Enter: () => { const row = current(); const link = row && $("[data-open]", row); link ? link.click() : row?.dataset.href && location.assign(row.dataset.href); },
  " ": () => $(".go", current() || document.createElement("i"))?.click(),
};
/* The rows of the keys dialog: what the page wrote, and every key that can be pressed on it now. */
const listKeys = () => {
  const body = $("#keys tbody"), words = cell => cell.textContent.replace(/\s+/g, " ").trim();
  $$("[data-found]", body).forEach(row => row.remove());
  $$("[data-usual]", body).forEach(cell => { cell.textContent = cell.dataset.usual; });
  $$("[data-when]", body).forEach(row => { row.hidden = !$$(row.dataset.when).some(shown); });
  const known = new Set($$("tr:not([hidden]) kbd", body).map(words));
  for (const el of $$("[data-key]").filter(shown)) {
    const key = el.dataset.key, says = el.cloneNode(true), same = $$("tr", body).find(row => words(row.cells[0]) === key);
    $$("kbd,.ti", says).forEach(part => part.remove());
    const does = words(says) || el.getAttribute("aria-label") || "";
    if (same) { same.hidden = false; same.cells[1].dataset.usual ??= words(same.cells[1]); same.cells[1].textContent = does; continue; }
    if (!does || known.has(key) || /^(\d|Shift .*)$/.test(key)) continue;
    const row = body.insertRow();
    row.dataset.found = key;
    row.insertCell().append(Object.assign(document.createElement("kbd"), { textContent: key }));
    row.insertCell().textContent = does;
  }
};
/* The form that a page is there for. */
const oneForm = () => { const forms = $$("#main form:is([data-act-form],[data-ctrl-enter])").filter(shown); return forms.length === 1 ? forms[0] : null; };
const pageKeys = {
  "/": () => { const find = $(".find input"); find?.focus(); find?.select(); },
  "?": () => { if ($("#keys")) listKeys(), $("#keys").showModal(); },
  z: () => { const undo = $("[data-undo]"); undo ? undo.click() : hotline.say("现在没有能撤回的一步。", "due"); },
  g: () => { going = Date.now(); },
};
document.addEventListener("keydown", e => {
  if (e.isComposing || e.keyCode === 229 || e.defaultPrevented) return;
  const dialog = openDialog();
  if (e.key === "F1" && !dialog) return e.preventDefault(), pageKeys["?"](); // where ? would be typed
  if ((e.ctrlKey || e.metaKey) && e.key === "Enter") {
    const form = e.target.closest?.("form") || (dialog ? $("form", dialog) : oneForm()); // the foot says the key: it works without the caret in the form
    return form?.matches("[data-act-form],[data-ctrl-enter]") && (e.preventDefault(), form.requestSubmit());
  }
  if (e.key === "Escape" && !dialog) {
    if ($("#says .note")) $("#says").replaceChildren();
    return $("[data-home]") ? $("[data-home]").focus() : inField(e)?.blur();
  }
  if (e.ctrlKey || e.metaKey || e.altKey || inField(e) || dialog) return;
  if (going && Date.now() - going < 1500 && e.key !== "g") {
    going = 0;
    const link = $(`.rail [data-go="${CSS.escape(e.key)}"]`);
    return link && (e.preventDefault(), link.click());
  }
  const pressed = keyed(e.shiftKey && e.key.length > 1 ? `Shift ${e.key}` : e.key);
  if (pressed) return e.preventDefault(), pressed.click();
  if (e.shiftKey && e.key === "Enter") return $("[data-needs-picks]") && hotline.say($("[data-rows] tbody [type=checkbox]:not(:disabled)") ? "还没有勾选。x 勾选这一行。" : "这一页没有能勾选的。", "due");
  const onControl = e.target.closest?.("a,button,summary,label,[type=checkbox],[type=radio]");
  const does = pageKeys[e.key] || (rows().length && !((e.key === "Enter" || e.key === " ") && onControl) && rowKeys[e.key]);
  if (does) e.preventDefault(), does();
});

/* ---- suggestions: not while an input method composes ---- */
const waiting = new WeakMap();
const soon = el => { clearTimeout(waiting.get(el)); waiting.set(el, setTimeout(() => el.dispatchEvent(new CustomEvent("suggest", { bubbles: true })), 400)); };
for (const kind of ["input", "compositionend"]) document.addEventListener(kind, e => { if (e.target.matches?.("[data-suggest]") && !e.isComposing) soon(e.target); });

/* ---- sending: once, and refusals are said where the person is ---- */
const busy = (form, on) => { form.toggleAttribute("data-busy", on); $$("button[type=submit],button:not([type])", form).forEach(b => b.toggleAttribute("aria-busy", on)); };
/* A form that leads away from the page goes only while the session stands: the log-in page would take what was typed. */
let sure = null;
const sendAway = async (form, by) => {
  let gone = false;
  busy(form, true);
  await goOn(() => {
    busy(form, false);
    if (!form.isConnected) return hotline.say("这一页刚刚换过，没有提交，请再按一次。", "due");
    sure = form, gone = true;
    try { form.requestSubmit(by?.form === form ? by : null); } finally { sure = null; }
  });
  if (!gone) busy(form, false);
};
document.addEventListener("submit", e => {
  if (e.target.hasAttribute("data-busy")) return e.preventDefault(), e.stopImmediatePropagation();
  if (e.target.method === "dialog" || e.target.method === "get" || e.target.matches("[data-unlock]")) return;
  if (person && e.target !== sure && !e.target.matches("[hx-post],[data-leave]")) return e.preventDefault(), e.stopImmediatePropagation(), sendAway(e.target, e.submitter);
  busy(e.target, true);
  setTimeout(() => busy(e.target, false), e.target.hasAttribute("data-download") ? 2000 : 15000); // a file leaves the page as it was
  sessionStorage.setItem("row", JSON.stringify([location.pathname, rows().indexOf(current())]));
}, true);
addEventListener("pageshow", () => $$("form[data-busy]").forEach(form => busy(form, false)));
document.addEventListener("htmx:afterRequest", e => {
  const form = e.detail.elt.closest?.("form");
  form && busy(form, false);
  if (form?.matches("[data-unsaved]") && e.detail.elt !== form) dirty.add(form); // rows came or went
  const done = e.detail.successful && !isLogIn(e.detail.xhr.responseURL) && e.detail.requestConfig?.verb === "post" && form?.matches("[data-act-form]");
  if (done) { dirty.delete(actUrl); kept.delete(actUrl); if (e.detail.xhr.getResponseHeader("HX-Trigger")?.includes("act-done")) act.close(); }
});
/* Not before htmx has taken the form in hand: sent earlier it would leave the page. */
document.addEventListener("htmx:afterSettle", e => { if (e.detail.target.id === "act-body" && e.detail.target.childElementCount) showAct(); });
document.addEventListener("htmx:afterSwap", () => { countPicks(); $("[data-rows]") && $$("[data-rows-shown]").forEach(el => { el.textContent = rows().length; }); });
document.addEventListener("htmx:responseError", e => {
  const { status, responseText } = e.detail.xhr;
  if (status === 423 || (status === 401 && $("#lock"))) return lockNow();
  if (asksByItself(e.detail.elt)) return;
  if (isStale(status, responseText)) return goOnWith(e.detail.requestConfig);
  hotline.say(hotline.sentence(status, responseText), status === 409 ? "due" : "over");
});
document.addEventListener("htmx:configRequest", e => {
  if (e.detail.elt.id === "bell" && Date.now() - seen < 60000) e.detail.headers["X-User-Active"] = "1";
  if (e.detail.parameters.csrfmiddlewaretoken) e.detail.parameters.csrfmiddlewaretoken = csrf(); // a form kept aside has the old one
});
document.addEventListener("htmx:beforeSwap", e => {
  if (!isLogIn(e.detail.xhr.responseURL)) return;
  e.detail.shouldSwap = false;
  if (asksByItself(e.detail.requestConfig.elt)) hotline.ended(e.detail.xhr.responseURL);
  else goOnWith(e.detail.requestConfig);
});
document.addEventListener("htmx:sendError", e => { if (!asksByItself(e.detail.elt)) hotline.say(SENTENCES[0]); });

/* ---- the lock: the page stays behind it, nothing typed is lost ---- */
const lock = $("#lock");
const idle = Number(document.body.dataset.idleSeconds || 0) * 1000;
const tabs = "BroadcastChannel" in window ? new BroadcastChannel("hotline-lock") : null;
let seen = Date.now(), told = 0, locked = false;
const lockNow = tell => {
  if (!lock || locked) return;
  locked = true;
  lock.removeAttribute("data-ended");
  if (!lock.open) lock.showModal();
  $("input", lock).focus();
  if (tell === true && lock.dataset.lock) hotline.post(lock.dataset.lock).catch(() => null);
};
/* The same dialog for a session that is gone. It can be closed: whoever likes may log in in another tab instead. */
let afterLogIn = null;
const offerLogIn = retry => {
  if (!lock || lock.open) return;
  afterLogIn = retry;
  lock.setAttribute("data-ended", "");
  lock.showModal(), $("input", lock).focus();
};
const unlockHere = () => { seen = Date.now(); locked = false; if (lock?.open) { $("input", lock).value = ""; $(".err", lock).textContent = ""; lock.close(); } };
hotline.lockNow = lockNow;
if (lock && idle) {
  const touch = () => {
    if (!locked) seen = Date.now();
    if (seen - told > 5000) { told = seen; tabs?.postMessage("seen"); }
  };
  for (const kind of ["keydown", "pointerdown", "wheel", "input"]) addEventListener(kind, touch, { passive: true, capture: true });
  tabs?.addEventListener("message", e => (e.data === "unlocked" ? unlockHere() : !lock.open && (seen = Date.now())));
  setInterval(() => { if (Date.now() - seen > idle) lockNow(true); }, 5000);
  lock.addEventListener("cancel", e => { if (locked) e.preventDefault(); });
  lock.addEventListener("close", () => { if (locked) lock.showModal(); else afterLogIn = null; });
  $("form", lock).addEventListener("submit", async e => {
    e.preventDefault();
    const form = e.target, body = new FormData(form), user = await takeToken();
    if (user && user !== person) { $(".err", form).textContent = isOther(user); return; }
    if (user === "") body.set("username", person);
    const answer = await hotline.post(user === "" ? login : form.dataset.unlock, body).catch(() => null);
    if (answer?.ok) {
      const next = afterLogIn;
      if (user === "") await takeToken();
      $("dialog.act[open] .act-says")?.replaceChildren(), unlockHere(), tabs?.postMessage("unlocked");
      return next?.();
    }
    $(".err", form).textContent = answer ? hotline.sentence(answer.status, await answer.text()) : SENTENCES[0];
    $("input", form).select();
  });
}

/* ---- time, notices, undo ---- */
const opened = Date.now(), clock = $("[data-clock]");
const tick = () => {
  const now = new Date(Date.parse(document.body.dataset.now) + Date.now() - opened);
  const part = Object.fromEntries(new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", month: "numeric", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).formatToParts(now).map(p => [p.type, p.value]));
  clock.textContent = `${part.month}月${part.day}日 ${part.weekday} ${part.hour}:${part.minute}`;
};
if (clock && document.body.dataset.now) setInterval(tick, 15000);
setInterval(() => { if (document.visibilityState === "visible" && $("#bell[hx-get]") && !lock?.open) htmx.trigger("#bell", "poll-notices"); }, 60000);
setInterval(() => { if (document.visibilityState === "visible" && $("#present") && !lock?.open) htmx.trigger("#present", "poll-present"); }, 30000);
setTimeout(() => $$("[data-fades]").forEach(note => { if (!$("[data-undo]", note)) note.remove(); }), 8000);
setInterval(() => $$("[data-undo]").forEach(undo => {
  undo.dataset.seconds -= 1;
  $("[data-left]", undo).textContent = undo.dataset.seconds;
  if (undo.dataset.seconds <= 0) undo.closest(".note").remove();
}), 1000);
act?.addEventListener("close", () => {
  if ($("[data-renew]", act)) return location.reload(); // what was done in the dialog is not yet on the page below it
  stow(); $(".act-says", act).replaceChildren();
  if (act.contains(document.activeElement)) document.activeElement.blur();
});
countPicks();
/* What scrolls and holds nothing to focus can be scrolled by keys, too. */
$$(".scroll,.ov,.tmain").filter(el => el.scrollHeight > el.clientHeight && !$("a,button,input,select,textarea,summary", el)).forEach(el => { el.tabIndex = 0; });
/* A form that came back: where the first thing to mend is. An act on a page of its own: its first field. */
const back = $$("form:is([data-unsaved],[data-ctrl-enter])").find(form => $(".is-miss,.is-wrong", form));
(back && (toMend(back) || $(".is-wrong :is(input,textarea)", back)) || $$(":is(.act-page,.pane.one form[data-ctrl-enter]) :is(input:not([type=hidden]),textarea,select)").find(shown))?.focus();
/* After an act the next row is ready: the list comes back one shorter, at the same place. */
const [path, place] = JSON.parse(sessionStorage.getItem("row") || "[]");
if (path === location.pathname) sessionStorage.removeItem("row");
const first = current() || (!$("[data-rows][data-no-first]") && (path === location.pathname && rows()[place] || rows()[0]));
if (first && !current()) { first.setAttribute("aria-selected", "true"); first.scrollIntoView({ block: "nearest" }); if (!$("[data-peeked]")) loadPeek(first); }
