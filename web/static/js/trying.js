/* What the tests in the editor's panel need: copying an address, going to the result, and looking for a call that is
   waited for. Loaded once with the part. */

import {toast} from "./toasts.js";
import "./tree.js";

document.addEventListener("click", async (event) => {
  const copier = event.target.closest("[data-copy]");
  if (copier) {
    const source = document.querySelector(copier.dataset.copy);
    await navigator.clipboard.writeText(source.value ?? source.textContent);
    toast(copier.dataset.textCopied);
  }
});

document.addEventListener("focusin", (event) => {
  if (event.target.matches?.("input[data-select]")) event.target.select();
});

/* What came of a test is read and reached from there; a chosen card keeps the focus. */
document.addEventListener("htmx:after:swap", (event) => {
  const place = document.getElementById("try");
  if (!place?.contains(event.target) && event.target !== place) return;
  const result = place.querySelector('[data-result=""]');
  if (result && !result.dataset.seen) {
    result.dataset.seen = "1";
    result.focus({preventScroll: true});
    result.scrollIntoView({block: "nearest"});
  }
});

/* The server answers without content while nothing new came, and what is chosen or focused stays as it is. */
const LOOK_EVERY = 2_000; // milliseconds
let signedIn = true;
document.addEventListener("signed-out", () => (signedIn = false));
addEventListener("focus", () => (signedIn = true));

setInterval(lookForCalls, LOOK_EVERY);
document.addEventListener("visibilitychange", lookForCalls);

function lookForCalls() {
  const waiting = document.querySelector("[data-waiting]");
  if (!waiting || document.hidden || !navigator.onLine || !signedIn) return;
  window.htmx.ajax("GET", waiting.dataset.waiting, {target: "#waited", swap: "outerMorph"});
}
