/* The list of zaps: its switches, what is done with one zap or many, filters, and keeping the list up to date. */

import "./live.js";
import {part} from "./asking.js";
import {ask, dialog} from "./zaps-ask.js";

const AT_MOST_EVERY = 2_000; // milliseconds between two looks at what moved
const LOOK_AGAIN = 15_000; // milliseconds after which “checked … ago” is out of date
const TYPED = 250; // milliseconds after the last key

const bar = document.querySelector("[data-zaps-bulk]");
const refusals = new Map(); // why a switch stays as it is, by zap, until it is tried again
const body = () => document.getElementById("zaps");
const rowOf = (element) => element.closest("[data-zap]");

/* Staying up to date */
let looked = Date.now();
let timer = 0;

/* A menu or question that is open is not taken away under somebody's hands. */
const isBusy = () => document.hidden || dialog.open || document.querySelector("#zaps details[open], #zaps [aria-busy=true]");

function look(wait = 0) {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    if (isBusy()) return look(AT_MOST_EVERY);
    looked = Date.now();
    await refresh();
    look(LOOK_AGAIN);
  }, wait);
}

async function refresh() {
  if (!body()) return;
  await htmx.ajax("GET", body().dataset.news, {target: "#zaps", swap: "outerMorph"});
  for (const zap of refusals.keys()) tellRefusal(zap);
  tellChosen();
}

document.addEventListener("live:runs", () => look(Math.max(0, AT_MOST_EVERY - (Date.now() - looked))));
document.addEventListener("zaps-changed", () => look());
document.addEventListener("visibilitychange", () => document.hidden || look());
look(LOOK_AGAIN);

/* The switch */
document.addEventListener("click", (event) => {
  const toggle = event.target.closest("[data-zap-switch]");
  if (!toggle || toggle.getAttribute("aria-busy") === "true") return;
  if (toggle.dataset.href) return location.assign(toggle.dataset.href);
  flip(toggle);
});

async function flip(toggle) {
  const zap = rowOf(toggle).dataset.zap;
  refusals.delete(zap);
  tellRefusal(zap);
  toggle.setAttribute("aria-busy", "true");
  const on = toggle.getAttribute("aria-checked") === "true" ? "0" : "1";
  const markup = await part(`/zaps/${zap}/switch`, {method: "POST", body: new URLSearchParams({on, ask: "1"})});
  toggle.removeAttribute("aria-busy");
  if (markup) ask(markup);
}

document.addEventListener("zap-refused", (event) => {
  refusals.set(event.detail.zap, event.detail);
  tellRefusal(event.detail.zap);
});

function tellRefusal(zap) {
  const place = document.getElementById(`refused-${zap}`);
  if (!place) return;
  const said = refusals.get(zap);
  place.hidden = !said;
  if (!said) return;
  const way = document.createElement("a");
  way.href = said.href;
  way.textContent = said.link;
  place.replaceChildren(document.getElementById("zap-refused").content.cloneNode(true));
  place.querySelector("span").append(said.text, " ", way);
}

/* The menu of a row is made when it is opened: a hundred of them would be half of the page. */
document.addEventListener("toggle", (event) => {
  const place = event.target.open && event.target.querySelector?.("[data-zap-menu]:empty");
  if (!place) return;
  const zap = rowOf(place).dataset.zap;
  place.innerHTML = document.getElementById("zap-menu").innerHTML.replaceAll("__zap__", zap);
}, true);

/* What is done with one zap or many */
document.addEventListener("click", (event) => {
  const one = event.target.closest("[data-do-one]");
  if (one) return act(one.dataset.doOne, [rowOf(one).dataset.zap]);
  const many = event.target.closest("[data-zaps-bulk] [data-do]");
  if (many) act(many.dataset.do, chosen().map((box) => box.value));
});

async function act(doing, zaps) {
  const wish = new URLSearchParams([["doing", doing], ["ask", "1"], ...zaps.map((zap) => ["zap", zap])]);
  const asks = doing === "move" || doing === "delete";
  const markup = await (asks ? part(`/zaps/ask?${wish}`) : part("/zaps/many", {method: "POST", body: wish}));
  if (markup) ask(markup);
}

document.addEventListener("zaps-asked", () => choose(false));

/* Choosing */
const boxes = () => [...document.querySelectorAll("#zaps [data-pick]")];
const chosen = () => boxes().filter((box) => box.checked);
let last = null; // the box that was ticked last, for a range with Shift

document.addEventListener("click", (event) => {
  const box = event.target.closest("[data-pick]");
  if (!box) return;
  if (event.shiftKey && last?.isConnected) tickBetween(last, box);
  last = box;
  tellChosen();
});
bar?.addEventListener("click", (event) => {
  if (event.target.closest("[data-pick-page]")) choose(true);
  if (event.target.closest("[data-pick-none]")) choose(false);
});

function tickBetween(one, other) {
  const found = boxes();
  const [from, to] = [found.indexOf(one), found.indexOf(other)].sort((a, b) => a - b);
  for (const box of found.slice(from, to + 1)) box.checked = other.checked;
}

function choose(tick) {
  for (const box of boxes()) box.checked = tick;
  tellChosen();
}

function tellChosen() {
  if (!bar) return;
  const count = chosen().length;
  bar.hidden = count === 0;
  const said = bar.querySelector("[data-bulk-count]");
  said.textContent = count === 1 ? said.dataset.textOne : said.dataset.textMany.replace("{count}", count);
}

/* Filters take effect as they are chosen or typed, and stand in the address. */
let typing = 0;
document.addEventListener("input", (event) => {
  const form = event.target.closest("[data-zap-filter]");
  if (!form) return;
  clearTimeout(typing);
  typing = setTimeout(() => filter(form), event.target.type === "search" ? TYPED : 0);
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-zap-filter]")) return;
  event.preventDefault();
  clearTimeout(typing);
  filter(event.target);
});

function filter(form) {
  const pairs = [...new FormData(form)].filter(([, value]) => value);
  const query = pairs.length ? `?${new URLSearchParams(pairs)}` : "";
  history.replaceState(history.state, "", `/zaps${query}`);
  body().dataset.news = `/zaps/news${query}`;
  clearTimeout(timer);
  refresh().then(() => look(LOOK_AGAIN));
}
