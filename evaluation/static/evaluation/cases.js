/* Follow-ups and reviews: keys that send, answers that imply others, and what was typed stays with its case. */
"use strict";
const caseForm = () => document.querySelector("#peek form[data-call]");
const check = (form, name, value) => {
  const box = form?.querySelector(`[name=${name}][value=${value}]`);
  if (box) box.checked = true;
};

/* Ctrl+Enter sends from anywhere; Enter alone once something was chosen, except in the words. It opens no ticket: that is v. */
document.addEventListener("keydown", e => {
  if (e.key !== "Enter" || e.altKey || e.shiftKey || e.isComposing || e.defaultPrevented || document.querySelector("dialog[open]")) return;
  const form = caseForm();
  const alone = !(e.ctrlKey || e.metaKey);
  if (!form || e.target.closest?.(alone ? "a,button,textarea,input:not([type=radio]),select" : "form")) return;
  e.preventDefault();
  if (alone && !form.querySelector(":checked")) return hotline.say("还什么都没有选，没有提交。看工单按 v。", "due");
  form.querySelector("[type=submit]").click();
}, true);

/* Whoever says whether it is solved was reached; the two answers of a review lead to its verdict. */
document.addEventListener("change", e => {
  const form = e.target.closest("form[data-call]");
  if (!form) return;
  if (["resolved", "satisfaction"].includes(e.target.name)) check(form, "result", "answered");
  if (["is_reasonable", "duty_done"].includes(e.target.name)) {
    const said = new FormData(form);
    if (said.get("is_reasonable") && said.get("duty_done")) {
      check(form, "verdict", said.get("is_reasonable") === "yes" && said.get("duty_done") === "no" ? "redo" : "close");
    }
  }
});

/* The key o puts the caret into the words, without typing an o. */
document.addEventListener("click", e => {
  const label = e.target.closest("form[data-call] label[data-key=o]");
  if (label && !e.isTrusted) label.querySelector("textarea").focus();
});

const written = new Map();
const changed = new Set();
document.addEventListener("input", e => {
  const form = e.target.closest("form[data-call]");
  if (form) changed.add(form.action);
});
document.addEventListener("htmx:beforeSwap", e => {
  if (e.detail.target.id !== "peek") return;
  const form = caseForm();
  if (form && changed.has(form.action)) written.set(form.action, form);
});
document.addEventListener("htmx:afterSwap", e => {
  if (e.detail.target.id !== "peek") return;
  const form = caseForm(), before = form && written.get(form.action);
  if (before) form.replaceWith(before), htmx.process(before); // htmx let go of it when it went
});

/* A page that was refused has the address of what was sent, which nobody can open: the list is what a reload gives. */
const list = document.querySelector(".rail [aria-current]");
if (list && list.pathname !== location.pathname) history.replaceState(null, "", list.href);

/* What is missing stands in the form at the end of a phone's page. */
document.querySelector("form[data-call] em.err")?.scrollIntoView({block: "center"});
