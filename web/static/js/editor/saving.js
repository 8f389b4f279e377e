/* Sends changes of the draft, one after the other, each with the revision that the one before it made. */

import {pass} from "../asking.js";
import {send as fetchAs} from "../session.js";
import {toast} from "../toasts.js";
import {focusOn} from "./caret.js";

const RETRY = 4000; // milliseconds after the connection was lost
const queue = [];
const waitingForAll = [];
let busy = false;
let held = false; // by a question that only the person can answer
let waiting = 0;
let timer = 0;
let over = ""; // the revision that a person decided to save over
let left = null; // where the focus was when they were asked

const root = () => document.getElementById("editor");

/* What the flow looks like: the server draws it anew only when it would look different. */
const cards = () => document.querySelector("#editor-flow .flow")?.dataset.cards || "";

/** Whether anything typed is not on the server yet. */
export const unsaved = () => queue.length > 0 || busy || waiting > 0;

/** When everything typed is on the server. It fails where only the person can decide how to go on. */
export function saved() {
  if (!queue.length && !busy) return Promise.resolve();
  if (held) return Promise.reject(new Error("it is not saved"));
  return new Promise((done, fail) => waitingForAll.push({done, fail}));
}

function tellAll(how) {
  for (const one of waitingForAll.splice(0)) one[how](new Error("it is not saved"));
}

/** How many fields were typed in and are about to be sent. */
export function typing(many) {
  waiting = many;
  if (many) show("saving");
}

/**
 * @param {string} change the name of the change
 * @param {Iterable<[string, string]>} pairs what goes with it
 * @param {string} [place] typing on in one place: a waiting change of the same place is replaced
 * @returns {Promise<object | null>} what the server answered; null when it refused
 */
export function send(change, pairs, place = "") {
  return new Promise((done) => {
    const earlier = place && queue.find((one, at) => one.place === place && (at > 0 || !busy));
    if (earlier) Object.assign(earlier, {pairs: [...pairs], done: both(earlier.done, done)});
    else queue.push({change, pairs: [...pairs], place, done});
    show("saving");
    next();
  });
}

const both = (one, other) => (answer) => (one(answer), other(answer));

async function next() {
  if (busy || held || !queue.length) return;
  busy = true;
  const entry = queue[0];
  const answer = await posted(entry);
  busy = false;
  if (answer === "lost") return tellAll("fail"), retryLater();
  if (answer === "held") return tellAll("fail");
  queue.shift();
  if (answer.revision) followed(entry, answer.revision);
  entry.done(answer.revision ? answer : null);
  if (!queue.length) tellAll("done");
  if (!queue.length && answer.revision && !waiting) show("saved");
  next();
}

/* What is saved over somebody else's change is no change of what the page shows: that is still without theirs. */
function followed(entry, revision) {
  if (entry.over) over = revision;
  else root().dataset.revision = revision;
}

async function posted(entry) {
  const revision = entry.over ? over : root().dataset.revision;
  const body = new URLSearchParams([...entry.pairs, ["revision", revision], ["cards", cards()]]);
  let response;
  try {
    response = await fetchAs(`/zaps/${root().dataset.zap}/draft/${entry.change}`, {method: "POST", body});
  } catch {
    return "lost";
  }
  if (response.status === 401 || response.status === 403) return notTaken(response);
  if (response.status >= 500) return "lost";
  const answer = await response.json().catch(() => ({}));
  if (response.status === 409) return conflict(answer.conflict);
  if (response.status === 413) return tooLong(response);
  if (!response.ok) refused(answer);
  return answer;
}

function retryLater() {
  show("unsaved");
  clearTimeout(timer);
  timer = setTimeout(next, RETRY);
}

addEventListener("online", () => (clearTimeout(timer), next()));
addEventListener("beforeunload", (event) => unsaved() && event.preventDefault());

/* Somebody else saved: nothing of theirs is overwritten unasked, and nothing typed here is dropped. */
function conflict(words) {
  show("problem");
  held = true;
  left = document.activeElement;
  const message = document.querySelector("[data-editor-message]");
  const texts = root().dataset;
  const said = document.createElement("span");
  said.className = "grow";
  said.textContent = `${words} ${texts.textKept}`;
  message.replaceChildren(said, button(texts.textReload, reload), button(texts.textKeep, keepMine));
  message.hidden = false;
  return "held";
}

function reload() {
  queue.length = 0;
  location.reload();
}

/* Tells `document` “kept” when that is saved: then theirs is among what there is to show. */
async function keepMine() {
  const answer = await fetchAs(`/zaps/${root().dataset.zap}/revision`).catch(() => null);
  if (!answer?.ok) return;
  over = (await answer.json()).revision;
  for (const entry of queue) entry.over = true;
  held = false;
  document.querySelector("[data-editor-message]").hidden = true;
  const known = left?.isConnected && left !== document.body;
  focusOn(known ? left : document.querySelector("[data-panel-title]") ?? document.querySelector("#editor-flow a"));
  next();
  saved().then(() => document.dispatchEvent(new CustomEvent("editor:kept")), () => {});
}

/* What is waiting stays, and is sent when the person has signed in again in another tab, or may do it again. */
function notTaken(response) {
  show("unsaved");
  pass(response.headers.get("HX-Trigger"));
  addEventListener("focus", next, {once: true});
  return "held";
}
document.addEventListener("signed-in", () => next());

/* It stays in its field, and is sent again when it was made shorter. */
function tooLong(response) {
  show("problem");
  pass(response.headers.get("HX-Trigger"));
  return {};
}

function refused(answer) {
  show("problem");
  toast(answer.problem || root().dataset.textProblem);
}

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button small";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

let said = "saved";

/** Says it again, in a header that was drawn anew. */
export const showAgain = () => show(said);

/** Says how saving goes: saving, saved, unsaved or problem. */
export function show(state) {
  said = state;
  const place = document.querySelector("[data-save-state]");
  if (!place) return;
  const texts = {saving: "textSaving", saved: "textSaved", unsaved: "textUnsaved", problem: "textProblem"};
  place.lastElementChild.textContent = root().dataset[texts[state]];
  place.classList.toggle("warn", state === "unsaved" || state === "problem");
  place.dataset.state = state;
}
