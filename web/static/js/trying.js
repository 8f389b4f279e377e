/* What the tests in the editor's panel need: copying an address, and going to the result. Loaded once with the part. */

import {toast} from "./toasts.js";
import "./tree.js";

document.addEventListener("click", async (event) => {
  const copier = event.target.closest("[data-copy]");
  if (copier) {
    await navigator.clipboard.writeText(document.querySelector(copier.dataset.copy).value);
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
  const result = place.querySelector("[data-result]");
  if (result && !result.dataset.seen) {
    result.dataset.seen = "1";
    result.focus({preventScroll: true});
    result.scrollIntoView({block: "nearest"});
  }
});
