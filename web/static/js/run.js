/* The page of one run: it draws itself anew while the run moves, and nothing that is open or being read moves. */

import "./live.js";
import "./tree.js";
import {elements, part} from "./asking.js";

const PAUSE = 500; // milliseconds between two looks

let looking = false;
let again = false;
let stale = false; // more is known than is drawn: nothing moves under a person who is deciding

document.addEventListener("live:runs", (event) => {
  const {ids, missed} = event.detail;
  if (missed || ids.includes(run().dataset.run)) look();
});

const run = () => document.getElementById("run");
const isAsking = () => document.querySelector("dialog[open]") !== null || run().contains(document.activeElement?.closest("#review input") ?? null);

async function look() {
  if (looking) return (again = true);
  looking = true;
  const markup = await part(location.pathname);
  stale = isAsking();
  if (markup !== null && !stale) draw(elements(markup).getElementById("run"));
  setTimeout(() => {
    looking = false;
    if (again) look();
    again = false;
  }, PAUSE);
}

for (const decided of ["close", "focusout"]) {
  document.addEventListener(decided, () => setTimeout(() => stale && !isAsking() && look()), true);
}

/* What a person opened stays open, what they closed stays closed. */
function draw(fresh) {
  if (!fresh) return;
  const held = [...run().querySelectorAll("details[id]")].map((one) => [one.id, one.open]);
  const known = new Map(held.filter(([id]) => touched.has(id)));
  for (const details of fresh.querySelectorAll("details[id]")) {
    if (known.has(details.id)) details.open = known.get(details.id);
  }
  for (const tree of fresh.querySelectorAll("[data-tree]")) keep(tree);
  htmx.swap({text: fresh.outerHTML, target: run(), swap: "outerMorph", sourceElement: run()});
}

/* A tree that says the same as before keeps what was opened, searched and shown in it. */
function keep(tree) {
  const there = document.getElementById(tree.id);
  if (there && jsonOf(there) === jsonOf(tree)) tree.replaceWith(there.cloneNode(true));
}

const jsonOf = (tree) => tree.querySelector("[data-tree-json]").textContent;

const touched = new Set();
document.addEventListener("click", (event) => {
  const details = event.target.closest?.("summary")?.parentElement;
  if (details?.id) touched.add(details.id);
});

/* Back to the list as it was filtered. */
const back = document.querySelector("[data-back]");
if (back && document.referrer.startsWith(`${location.origin}/history`) && new URL(document.referrer).pathname === "/history") {
  back.href = document.referrer;
}
