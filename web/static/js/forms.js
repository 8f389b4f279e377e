/* Plain forms are sent once, and only while somebody is signed in: what was typed would be gone otherwise. Whether they
   are is asked each time, for a sign-in can end at any moment. Loaded by page.js, before all that listens to what is
   really sent. */

import {csrf, look} from "./session.js";
import {toast} from "./toasts.js";

const LOOK_EVERY = 10_000; // milliseconds, while somebody types
const words = document.body.dataset;
const ready = new WeakSet();
let looked = Date.now();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.hasAttribute("hx-post") || event.defaultPrevented) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  if (!csrf()) return;
  if (ready.delete(form)) return stamp(form);
  event.preventDefault();
  event.stopImmediatePropagation();
  sendSignedIn(form, event.submitter);
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(free));

async function sendSignedIn(form, submitter) {
  const state = await look();
  free(form);
  if (state !== "in") return tell(state);
  ready.add(form);
  form.requestSubmit(submitter?.form === form ? submitter : null);
}

const free = (form) => delete form.dataset.sent;

/* A new sign-in in another tab has another token than the one that the form was made with. */
function stamp(form) {
  const token = form.querySelector('input[name="csrf"]');
  if (token) token.value = csrf();
}

/* Whoever types for long hears of it before they are done. */
document.addEventListener("input", async (event) => {
  if (!csrf() || event.target.form?.method !== "post" || Date.now() - looked < LOOK_EVERY) return;
  looked = Date.now();
  const state = await look();
  if (state !== "offline") tell(state);
});

function tell(state) {
  if (state === "out") document.dispatchEvent(new CustomEvent("signed-out"));
  if (state === "other") toast(words.textOther, {stays: true});
  if (state === "offline") toast(words.textOffline, {stays: true});
}
