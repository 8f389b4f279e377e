/* The list of runs: choosing some, doing something with them, and keeping the list up to date. */

import "./live.js";
import {elements, part} from "./asking.js";

const list = document.querySelector("[data-history]");
const bar = document.querySelector("[data-bulk]");
const NEAR_TOP = 80; // pixels: nobody reads further down yet
const PAUSE = 700; // milliseconds between two looks at what moved

let last = null; // the box that was ticked last, for a range with Shift
let all = false; // all that fit the filter, not only those ticked
let waiting = []; // new rows that are not shown yet

/* Choosing */
const boxes = () => [...list.querySelectorAll("[data-pick]")];
const ticked = () => boxes().filter((box) => box.checked);

list?.addEventListener("click", (event) => {
  const box = event.target.closest("[data-pick]");
  if (!box) return;
  if (event.shiftKey && last?.isConnected) tickBetween(last, box);
  last = box;
  all = false;
  tell();
});

/* Shift and a click on the label would mark text. */
list?.addEventListener("mousedown", (event) => {
  if (event.shiftKey && event.target.closest(".run-pick")) event.preventDefault();
});

function tickBetween(one, other) {
  const found = boxes();
  const [from, to] = [found.indexOf(one), found.indexOf(other)].sort((a, b) => a - b);
  for (const box of found.slice(from, to + 1)) box.checked = other.checked;
}

bar?.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.do) return ask(button.dataset.do);
  const tick = !button.hasAttribute("data-pick-none");
  for (const box of boxes()) box.checked = tick;
  all = button.hasAttribute("data-pick-all");
  tell();
});

function tell() {
  const chosen = ticked();
  bar.hidden = !chosen.length;
  if (!chosen.length) return (all = false);
  const count = bar.querySelector("[data-bulk-count]");
  count.textContent = counted(count.dataset, chosen.length);
  for (const button of bar.querySelectorAll("[data-do]")) {
    button.disabled = !all && !chosen.some((box) => box.closest("[data-can]").dataset.can.split(" ").includes(button.dataset.do));
  }
}

function counted(texts, chosen) {
  if (!all) return chosen === 1 ? texts.textOne : texts.textMany.replace("{count}", chosen);
  return list.dataset.totalMore === "1" ? texts.textAllMore : texts.textAll.replace("{count}", list.dataset.totalCount);
}

async function ask(what) {
  const body = new URLSearchParams({do: what, filter: list.dataset.filter});
  if (!all) body.set("runs", ticked().map((box) => box.value).join(","));
  const markup = await part("/history/ask", {method: "POST", body});
  if (markup === null) return;
  const dialog = document.getElementById("ask");
  dialog.replaceChildren(elements(markup));
  dialog.showModal();
}

/* Staying up to date */
const button = list?.querySelector("[data-new-runs]");
let looking = false;
let again = false;

document.addEventListener("live:runs", () => look());

async function look() {
  if (looking) return (again = true);
  looking = true;
  const markup = await part(list.dataset.news);
  if (markup !== null) takeUp(elements(markup));
  setTimeout(() => {
    looking = false;
    if (again) look();
    again = false;
  }, PAUSE);
}

function takeUp(news) {
  document.querySelector("[data-chips]")?.replaceWith(news.querySelector("[data-chips]"));
  const total = news.querySelector("[data-total]");
  document.querySelector("[data-total]").textContent = total.textContent;
  const rows = [...news.querySelectorAll("[data-run]")];
  const whole = news.querySelector("[data-rows]").dataset.whole === "1";
  dropGone(rows, whole);
  for (const row of rows) replace(row);
  waiting = list.dataset.first === "1" ? rows.filter((row) => !document.getElementById(row.id)) : [];
  if (isReading()) offer();
  else show();
}

/* A row that is newer than the last one told, and was not told, does not fit the filter any more. */
function dropGone(rows, whole) {
  const told = new Set(rows.map((row) => row.id));
  const oldest = rows.at(-1)?.dataset.run ?? "";
  for (const row of list.querySelectorAll("[data-run]")) {
    if (!told.has(row.id) && (whole || row.dataset.run > oldest)) row.remove();
  }
}

/* In place, so that what is ticked, read or focused stays. */
function replace(row) {
  const there = document.getElementById(row.id);
  if (!there || there.outerHTML === row.outerHTML) return;
  const box = there.querySelector("[data-pick]");
  for (const part of [".run-state", ".run-when", ".run-lasted"]) {
    there.querySelector(part).replaceWith(row.querySelector(part).cloneNode(true));
  }
  const problem = row.querySelector(".run-problem");
  there.querySelector(".run-problem")?.remove();
  if (problem) there.querySelector(".run-what").append(problem.cloneNode(true));
  there.dataset.can = row.dataset.can;
  if (box?.checked) tell();
}

const isReading = () => scrollY > NEAR_TOP || ticked().length > 0 || document.querySelector("dialog[open]") !== null;

function offer() {
  button.hidden = waiting.length === 0;
  button.textContent = waiting.length === 1 ? button.dataset.textOne : button.dataset.textMany.replace("{count}", waiting.length);
}

function show() {
  button.hidden = true;
  if (!waiting.length) return;
  const rows = list.querySelector("[data-rows]");
  for (const row of waiting) row.classList.add("fresh");
  rows.prepend(...waiting);
  waiting = [];
  list.querySelector("[data-card]").hidden = false;
  list.querySelector("[data-empty]")?.remove();
}

button?.addEventListener("click", () => {
  show();
  scrollTo({top: 0});
  list.querySelector("[data-run] a")?.focus({preventScroll: true});
});
