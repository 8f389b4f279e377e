/* Takes one proposed mapping: a change of the draft as any other. “Take all” is a change of the editor's own. */

import {draw} from "./editor/drawing.js";
import {send} from "./editor/saving.js";

const PATIENCE = 5000; // milliseconds that the proposals may take

document.addEventListener("click", async (event) => {
  const taken = event.target.closest("[data-take]");
  if (!taken) return;
  const {step} = taken.closest("[data-proposals]").dataset;
  const {field, template} = taken.dataset;
  const answer = await send("value", [["step", step], ["field", field], [`given.${field}`, template]], `${step}.${field}`);
  if (answer) await redraw(step, field);
});

/* The panel is drawn anew, for the field has another value; the next proposal is at hand for the same key. */
async function redraw(step, field) {
  const address = `/zaps/${document.getElementById("editor").dataset.zap}/panel?step=${encodeURIComponent(step)}`;
  const response = await fetch(address, {headers: {"HX-Request": "true"}}).catch(() => null);
  if (!response?.ok) return;
  draw(await response.json());
  document.addEventListener("htmx:after:swap", focusNext);
  setTimeout(() => document.removeEventListener("htmx:after:swap", focusNext), PATIENCE);
}

/* The test's part of the panel is swapped in as well, maybe first: then there are no proposals yet. */
function focusNext() {
  const next = document.querySelector("[data-proposals] button");
  if (!next) return;
  document.removeEventListener("htmx:after:swap", focusNext);
  next.focus();
}
