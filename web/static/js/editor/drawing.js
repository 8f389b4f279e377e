/* Puts what the server drew anew into the page, and keeps the caret where it is. */

import {keepingCaret} from "./caret.js";

const part = (name) => document.getElementById(`editor-${name}`);

/** @param {{head?: string, flow?: string, panel?: string, step?: string, fields?: object, title?: string}} answer */
export function draw(answer) {
  if (answer.head && !isTypingIn(part("head"))) fill(part("head"), answer.head);
  if (answer.flow) keepingFocus(part("flow"), () => fill(part("flow"), answer.flow));
  if (answer.panel !== undefined) drawPanel(answer);
  else showProblems(answer.fields || {});
  if (answer.title) rename(answer.title);
}

/** Draws everything, also where the caret is: what stands there must be on the server. */
export function drawWhole(answer) {
  keepingCaret(part("head"), () => fill(part("head"), answer.head));
  draw({flow: answer.flow, title: answer.title});
  keepingCaret(part("panel"), () => drawPanel(answer));
}

function rename(title) {
  document.title = `${title} · Zapwerk`;
  const heading = document.querySelector("[data-title]"); // whoever may only look has one in the head
  if (heading) heading.textContent = title;
}

function drawPanel(answer) {
  const held = part("panel").contains(document.activeElement) && document.activeElement.id;
  fill(part("panel"), answer.panel, true);
  if (held) document.getElementById(held)?.focus();
  document.querySelector(".editor-body").classList.toggle("has-panel", Boolean(answer.step));
  history.replaceState(null, "", answer.step ? `?step=${answer.step}` : location.pathname);
}

const drawn = new WeakMap();

/* What looks the same stays untouched, and a menu that is open stays open. */
function fill(place, html, always = false) {
  if (!always && drawn.get(place) === html) return;
  drawn.set(place, html);
  const open = [...place.querySelectorAll("details[data-menu][open]")].map((menu) => nameOf(menu));
  place.innerHTML = html;
  window.htmx?.process(place);
  for (const menu of place.querySelectorAll("details[data-menu]")) menu.open = open.includes(nameOf(menu));
}

const nameOf = (menu) => menu.querySelector("summary").getAttribute("aria-label") || menu.className;

const isTypingIn = (place) => place.contains(document.activeElement) && document.activeElement.matches("input");

/* The element with the same purpose gets the focus that its predecessor had. */
function keepingFocus(place, redraw) {
  const held = place.contains(document.activeElement) ? document.activeElement : null;
  const key = held?.closest("[data-key]")?.dataset.key;
  const kind = held?.matches("summary") ? "summary" : "a";
  redraw();
  if (key) place.querySelector(`[data-key="${CSS.escape(key)}"] ${kind}`)?.focus();
}

/* Only the sentences below fields change while a person types: the fields stay as they are. */
function showProblems(fields) {
  for (const [name, problem] of Object.entries(fields)) {
    const input = document.querySelector(`[data-step-form] [name="${CSS.escape(name)}"], [data-step-form] [name="${CSS.escape(`${name}.value`)}"]`);
    if (input) showProblem(input, problem);
  }
}

function showProblem(input, problem) {
  const field = input.closest(".field");
  if (!field) return;
  const shown = input.closest("choices-field")?.input || input;
  if (problem || field.querySelector("[data-gone]")) shown.setAttribute("aria-invalid", "true");
  else shown.removeAttribute("aria-invalid");
  let place = field.querySelector(":scope > .live-problem");
  field.querySelector(":scope > .stack-below > .problem")?.remove();
  if (!problem) return place?.remove();
  if (!place) {
    place = document.createElement("p");
    place.className = "problem live-problem";
    field.append(place);
  }
  place.textContent = problem;
}
