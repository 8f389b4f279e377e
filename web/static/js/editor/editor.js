/* The zap editor: what is clicked and typed becomes changes; the server draws the rest. */

import {part} from "../asking.js";
import {toast} from "../toasts.js";
import {ask} from "../zaps-ask.js";
import "../rows.js";
import {draw, drawWhole} from "./drawing.js";
import "./choices.js";
import {broughtBack, connect, whenConnected} from "./connect.js";
import {groupOf, isFilter} from "./filter.js";
import {focusField} from "./focusing.js";
import {letGo} from "./pressing.js";
import {saved, send, showAgain, typing, unsaved} from "./saving.js";

const TYPING = 350; // milliseconds without a key, then it is saved
const root = document.getElementById("editor");
const timers = new Map();
let retest = 0;
let trials = 0; // asked for in the place of the test
let opening = 0;

const panelKey = () => document.querySelector("[data-panel]")?.dataset.panel || "";

async function change(name, values, place = "") {
  const answer = await answerTo(name, Object.entries(values), place);
  if (answer) redraw(answer);
  return answer;
}

/* What the server answers to a change, and how it draws a step's panel; both when it may be drawn. */
async function answerTo(name, pairs, place) {
  const answer = await send(name, pairs, place);
  await letGo();
  return answer;
}

async function panelOf(step) {
  const address = `/zaps/${root.dataset.zap}/panel?step=${encodeURIComponent(step)}`;
  const response = await fetch(address, {headers: {"HX-Request": "true"}}).catch(() => null);
  const answer = response?.ok ? await response.json() : null;
  await letGo();
  return {status: response?.status, answer};
}

function redraw(answer) {
  draw(answer);
  showAgain();
  if (answer.panel === undefined) clearTimeout(retest), (retest = setTimeout(refreshTest, 500));
}

document.addEventListener("click", (event) => event.target.closest("#try") && clearTimeout(retest));

/* What a test would send changes with the fields. A result that is being read stays, and what a person asks for there
   meanwhile counts more. */
function refreshTest() {
  const place = document.getElementById("try");
  if (!place || place.querySelector('.htmx-request, [data-result=""]') || place.contains(document.activeElement)) return;
  window.htmx.ajax("GET", place.getAttribute("hx-get"), {target: "#try", swap: "innerHTML", after: trials});
}

document.addEventListener("htmx:before:swap", (event) => {
  const {after = trials} = event.detail.ctx;
  if (after !== trials) event.preventDefault();
});

/* A test is made with what was typed: it waits until that is on the server. */
document.addEventListener("htmx:config:request", (event) => {
  const {ctx} = event.detail;
  if (!ctx.sourceElement.closest("#try")) return;
  trials += 1;
  if (ctx.request.method !== "POST") return;
  flush();
  ctx.fetch = async (...how) => (await saved(), fetch(...how));
});

/* Buttons that change something. */
document.addEventListener("click", async (event) => {
  const pressed = event.target.closest("[data-do]");
  if (!pressed || pressed.disabled) return;
  const {do: name, step, index, kind, after, app, use} = pressed.dataset;
  const given = {step: step || panelKey(), index, kind, after, app, use};
  const values = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  flush();
  const answer = await change(name, values);
  if (answer?.panel !== undefined) focusPanel();
  if (answer && name === "remove") toast(root.dataset.textRemoved, {act: () => change("undo", {})});
});

document.addEventListener("change", (event) => {
  const input = event.target;
  if (input.dataset.doChange) change(input.dataset.doChange, {step: panelKey(), [input.name]: input.value});
});

/* Opening another step: drawn by the server, without leaving the page. */
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-step]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  flush();
  open(link.dataset.step, link.dataset.field);
});

/* It is drawn with what was changed before; of several that are asked for, the last one is opened. */
async function open(step, field = "") {
  const mine = ++opening;
  await saved().catch(() => null); // where saving cannot go on, it says so itself
  const {status, answer} = await panelOf(step);
  if (mine !== opening) return;
  if (status === 401) return document.dispatchEvent(new CustomEvent("signed-out"));
  if (!status || status > 500) return toast(document.body.dataset.textOffline); // what is typed stays with the page
  if (!answer) return location.assign(`/zaps/${root.dataset.zap}?step=${encodeURIComponent(step)}`);
  draw(answer);
  showAgain();
  history.replaceState(null, "", step ? `?step=${step}` : location.pathname);
  if (field) focusMend(field);
  else if (step) focusPanel();
  else document.querySelector("#editor-flow a")?.focus();
}

function focusPanel() {
  const panel = document.getElementById("editor-panel");
  (panel.querySelector("#choose-app:not([hidden]) input") || panel.querySelector("[data-panel-title]"))?.focus();
}

function focusMend(field) {
  if (field !== "use") return focusField(field);
  const event = document.querySelector("#choose-event:not([hidden]) .choice");
  if (!event && document.getElementById("choose-app")?.hidden) openPart("choose-app");
  (event || document.getElementById("app-search"))?.focus();
}

/* “Change” opens the list to choose from. */
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) opener.setAttribute("aria-expanded", String(openPart(opener.dataset.open)));
});

function openPart(id) {
  const place = document.getElementById(id);
  if (!place) return false;
  place.hidden = !place.hidden;
  const events = document.getElementById("choose-event");
  if (events) events.hidden = place.hidden;
  if (!place.hidden) place.querySelector("input")?.focus();
  return !place.hidden;
}

/* A test gave another sample: what the pills show, and the steps' state, are other ones now. */
document.addEventListener("editor:refresh", async () => {
  const {answer} = await panelOf(panelKey());
  if (answer) draw({flow: answer.flow});
});

/* What others changed is shown when a person saved over it. What is typed goes first, and stays where it is; only then
   the page knows the revision that it shows. */
document.addEventListener("editor:kept", async () => {
  let step, answer;
  do {
    flush();
    if (!(await saved().then(() => true, () => false))) return;
    ({answer} = await panelOf((step = panelKey())));
    if (!answer) return;
  } while (unsaved() || step !== panelKey());
  drawWhole(answer);
  root.dataset.revision = answer.revision;
  showAgain();
});

/* Typing. Each field is saved when a moment has passed without a key, or when it is left. */
root.addEventListener("input", (event) => typed(event.target, TYPING));
root.addEventListener("change", (event) => typed(event.target, 0));
root.addEventListener("rows:changed", (event) => typed(event.target, 0, event.target.dataset.rows));

function typed(input, wait, name = input.name) {
  if (!root.hasAttribute("data-may-edit")) return;
  if (isFilter(input)) return later("filter", wait, () => saveFilter(input));
  // The zap's name and a field called "name" wait side by side.
  if (input.dataset?.change) return later(`word/${input.dataset.change}`, wait, () => saveWord(input));
  if (name?.startsWith("given.")) later(`given/${fieldOf(name)}`, wait, () => saveField(fieldOf(name)));
}

const fieldOf = (name) => name.split(".")[1];

function later(place, wait, act) {
  clearTimeout(timers.get(place)?.timer);
  timers.set(place, {timer: setTimeout(() => run(place), wait), act});
  typing(timers.size);
}

function run(place) {
  const waiting = timers.get(place);
  timers.delete(place);
  typing(timers.size);
  waiting?.act();
}

/* What was typed a moment ago is sent before anything else happens. */
function flush() {
  for (const [place, {timer}] of [...timers]) {
    clearTimeout(timer);
    run(place);
  }
}
addEventListener("pagehide", flush);

function saveWord(input) {
  change(input.dataset.change, {step: panelKey(), [input.name]: input.value}, input.dataset.change);
}

async function saveField(field) {
  const form = document.querySelector("[data-step-form]");
  if (!form) return;
  const step = form.dataset.step;
  const mine = [...new FormData(form)].filter(([name]) => /^(given|kept)\./.test(name) && fieldOf(name) === field);
  const answer = await answerTo("value", [["step", step], ["field", field], ...mine], `${step}.${field}`);
  if (answer && panelKey() === step) redraw(answer);
}

async function saveFilter(input) {
  const editor = input.closest("[data-filter-editor]") || document.querySelector("[data-filter-editor]");
  if (!editor) return;
  await change("filter", {step: editor.dataset.step, group: JSON.stringify(groupOf(editor))}, `${editor.dataset.step}/filter`);
}

document.addEventListener("filter:changed", async (event) => {
  flush();
  const editor = event.target.closest("[data-filter-editor]");
  const answer = await change("conditions", {step: editor.dataset.step, group: JSON.stringify(groupOf(editor))});
  if (answer) document.querySelector("[data-filter-editor] [data-condition]:last-of-type [contenteditable]")?.focus();
});

/* The switch and what leads away. */
document.addEventListener("click", async (event) => {
  const toggle = event.target.closest("[data-switch]");
  if (!toggle || !("flip" in toggle.dataset)) return;
  flush();
  if (toggle.dataset.switch) return location.assign(toggle.dataset.switch);
  const on = toggle.getAttribute("aria-checked") === "true" ? "0" : "1";
  const markup = await part(toggle.dataset.flip, {method: "POST", body: new URLSearchParams({on, ask: "1"})});
  if (markup) ask(markup);
});

/* It was switched, here or by taking that back. */
document.addEventListener("zaps-changed", async () => {
  const {answer} = await panelOf(panelKey());
  if (!answer) return;
  draw({head: answer.head, flow: answer.flow});
  showAgain();
  refreshTest();
  document.querySelector("#editor-head [data-switch]")?.focus();
});

/* An account that was connected for a step is chosen there at once, also where another step is open by now. */
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-connect]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  flush();
  connect(link, {zap: root.dataset.zap, step: panelKey()});
});
whenConnected(chooseAccount);

async function chooseAccount(step, connection) {
  flush();
  const answer = await answerTo("connection", Object.entries({step, connection}));
  if (!answer) return;
  if (panelKey() !== step) return draw({head: answer.head, flow: answer.flow}), showAgain();
  redraw(answer);
  document.getElementById("account")?.focus();
}

/* Searching the list of apps. */
document.addEventListener("input", (event) => {
  const list = event.target.dataset?.filter && document.getElementById(event.target.dataset.filter);
  if (!list) return;
  const wanted = event.target.value.trim().toLowerCase();
  for (const row of list.children) row.hidden = !row.textContent.toLowerCase().includes(wanted);
});
document.addEventListener("keydown", (event) => {
  if (event.target.id === "app-search" && (event.key === "Enter" || event.key === "ArrowDown")) {
    event.preventDefault();
    const first = document.querySelector("#app-list > li:not([hidden]) button");
    if (event.key === "Enter") first?.click();
    else first?.focus();
  }
  const choice = event.target.closest?.(".choice");
  if (choice && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    const all = [...choice.closest("ul").querySelectorAll("li:not([hidden]) > .choice")];
    all[all.indexOf(choice) + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
  }
});

/* Undo and redo outside of text fields. */
document.addEventListener("keydown", (event) => {
  const typing = event.target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  if (typing || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
  event.preventDefault();
  document.querySelector(`[data-do="${event.shiftKey ? "redo" : "undo"}"]`)?.click();
});

const wantedField = new URLSearchParams(location.search).get("field");
if (wantedField) focusMend(wantedField);
const back = broughtBack(root.dataset.zap);
if (back) chooseAccount(back.step, back.connection);
root.dataset.ready = "";
