/* Trees of values (parts/tree.html): copying, the raw view, searching, long texts, texts shown as pages. */

import {toast} from "./toasts.js";

const ACTS = [
  ["[data-copy-value]", (button) => copy(button, valueOf(button.closest(".tree-row")))],
  ["[data-copy-path]", (button) => copy(button, `{{ ${button.closest(".tree-row").dataset.path} }}`)],
  ["[data-tree-copy]", (button) => copy(button, jsonOf(treeOf(button)).textContent)],
  ["[data-tree-raw]", raw],
  ["[data-tree-open]", openAll],
  ["[data-tree-more]", more],
  ["[data-tree-page]", asPage],
];

document.addEventListener("click", (event) => {
  for (const [selector, act] of ACTS) {
    const button = event.target.closest?.(selector);
    if (button) return act(button);
  }
});

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-tree-search]")) search(treeOf(event.target), event.target.value.trim().toLowerCase());
});

const treeOf = (element) => element.closest("[data-tree]");
const jsonOf = (tree) => tree.querySelector("[data-tree-json]");

async function copy(button, text) {
  await navigator.clipboard.writeText(text);
  toast(treeOf(button).dataset.textCopied);
}

/* A text is copied as it is; anything else as JSON, found by its pointer. What is cut is copied as it is shown. */
function valueOf(row) {
  const shown = () => (row.querySelector("[data-tree-text]") ?? row).textContent.trim();
  try {
    const value = at(JSON.parse(jsonOf(treeOf(row)).textContent), row.dataset.pointer);
    if (value === undefined) return shown();
    return typeof value === "string" ? value : JSON.stringify(value, null, 2);
  } catch {
    return shown();
  }
}

function at(value, pointer) {
  for (const segment of pointer.split("/").slice(1)) {
    value = value?.[segment.replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  return value;
}

function raw(button) {
  const on = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(on));
  jsonOf(treeOf(button)).hidden = !on;
  treeOf(button).querySelector("[data-tree-read]").hidden = on;
}

function openAll(button) {
  for (const details of treeOf(button).querySelectorAll(".tree-rows details")) details.open = true;
}

function more(button) {
  const words = treeOf(button).dataset;
  const text = button.closest(".tree-holds, [data-tree-read]").querySelector("[data-tree-text]");
  const clamped = text.classList.toggle("clamped");
  button.setAttribute("aria-expanded", String(!clamped));
  button.textContent = clamped ? words.textMore : words.textLess;
}

/* The frame has no scripts, no origin and no way out: the answer's own policy says so, and its sandbox again. */
function asPage(button) {
  const holder = button.closest(".tree-holds, [data-tree-read]");
  const there = holder.querySelector(".tree-page");
  button.setAttribute("aria-expanded", String(!there));
  if (there) return there.remove();
  const frame = document.createElement("iframe");
  frame.className = "tree-page";
  frame.title = button.dataset.textTitle;
  frame.setAttribute("sandbox", "");
  frame.setAttribute("referrerpolicy", "no-referrer");
  frame.src = button.dataset.treePage;
  holder.append(frame);
}

/* Rows that have the words in their name or value stay, with all that leads to them. */
function search(tree, words) {
  let found = 0;
  for (const row of tree.querySelectorAll(".tree-row")) {
    const fits = !words || row.textContent.toLowerCase().includes(words);
    row.hidden = !fits;
    found += fits ? 1 : 0;
    const details = row.querySelector(":scope > details");
    if (words && fits && details) details.open = true;
  }
  tree.querySelector("[data-tree-nothing]").hidden = found > 0;
}
