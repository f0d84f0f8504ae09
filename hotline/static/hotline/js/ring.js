/* Calls at the desk, for whoever has a seat. Loads after desk.js.

   The page                                            the server
   <div data-rings data-url data-push-url>             data-push-url is an event stream: its event "calls" says that there is something to ask for.
                                                       data-url answers HTML: <div data-ring-list> with the calls, and the pane with the history of the first
   <div class="ring" data-call data-answered>          a call that waits; it stands above the form and never touches what is typed
   <button data-take-url>, Alt+J for the first         POST; answers {"url": "…"}, where the page goes: the form with the call in it. What was typed
                                                       stays as a draft. While nothing is typed an answered call is taken by itself
   <button data-aside-url>                             POST; the call needs no form
   <span data-ring-line>                               says so when calls come by asking every 3 s because the stream is gone
*/
"use strict";
(() => {
  const rings = document.querySelector("[data-rings]");
  const form = document.querySelector("[data-desk]");
  if (!rings || !form) return;
  const POLL = 3000;
  const BACK = 15000;
  const says = document.querySelector("[data-ring-line]");
  const typedIn = ["text", "name", "phone", "place", "preferred_time", "call", "phone_call"];
  const isIdle = () => !document.querySelector("dialog[open]") && typedIn.every(name => !form.elements[name]?.value.trim());
  let shown = false;
  let asking = null;

  const refresh = async () => {
    asking?.abort();
    const mine = asking = new AbortController();
    try {
      const answer = await fetch(rings.dataset.url, { signal: mine.signal, headers: { "X-Requested-With": "fetch" } });
      if (answer.status === 423) return hotline.lockNow();
      if (answer.ok && !answer.redirected) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch (error) {
      if (error.name !== "AbortError") tell(`连不上服务器，每 ${POLL / 1000} 秒再试`);
    }
  };
  const show = page => {
    const list = page.querySelector("[data-ring-list]");
    if (!list) return;
    rings.replaceChildren(...list.childNodes);
    const first = rings.querySelector("[data-call]");
    if (!isIdle()) return;
    if (first) hotline.fillPanes(page);
    else if (shown) form.dispatchEvent(new Event("suggest"));
    shown = Boolean(first);
    if (first?.hasAttribute("data-answered")) take(first.querySelector("[data-take-url]"));
  };
  const take = async button => {
    if (!await hotline.keepDraft()) return hotline.say("草稿没有存上，先留在这一页。过几秒再接入。", "due");
    const answer = await hotline.post(button.dataset.takeUrl).catch(() => null);
    if (answer?.status === 423) return hotline.lockNow();
    if (!answer?.ok) { hotline.say(hotline.sentence(answer?.status ?? 0, answer ? await answer.text() : ""), "due"); return refresh(); }
    location.assign((await answer.json()).url);
  };
  const aside = async button => {
    const answer = await hotline.post(button.dataset.asideUrl).catch(() => null);
    if (answer?.ok) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    else refresh();
  };
  rings.addEventListener("click", e => {
    const button = e.target.closest("button");
    if (button?.dataset.takeUrl) take(button);
    if (button?.dataset.asideUrl) aside(button);
  });
  document.addEventListener("keydown", e => {
    if (!e.altKey || e.code !== "KeyJ" || e.isComposing || document.querySelector("dialog[open]")) return;
    e.preventDefault();
    const button = rings.querySelector("[data-take-url]");
    if (button) take(button);
    else hotline.say("现在没有来电。", "due");
  });

  /* ---- the stream, and asking while there is none */
  let poll = null;
  let again = null;
  const tell = words => { says.textContent = words; says.hidden = !words; };
  const connect = () => {
    again = null;
    const stream = new EventSource(rings.dataset.pushUrl, { withCredentials: true });
    stream.addEventListener("open", () => { clearInterval(poll); poll = null; tell(""); refresh(); });
    stream.addEventListener("calls", refresh);
    stream.addEventListener("error", () => {
      if (!poll) { poll = setInterval(refresh, POLL); refresh(); }
      tell(`来电提醒断了，改为每 ${POLL / 1000} 秒查一次`);
      if (stream.readyState === EventSource.CLOSED && !again) again = setTimeout(connect, BACK);
    });
    addEventListener("pagehide", () => stream.close(), { once: true });
  };
  connect();
})();
