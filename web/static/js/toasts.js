/* A word at the foot of the page, with a way back if there is one. */

import {csrf, send} from "./session.js";

export {csrf};

const SHOWN_FOR = 8000; // milliseconds; longer than it takes to read and reach “Undo”
const words = document.body.dataset;

/**
 * @param {string} text
 * @param {{undo?: string, undoText?: string, act?: () => void, link?: string, linkText?: string, stays?: boolean}} more
 *   `undo` is a path that is posted to, and the page then loaded again; `act` is done instead where it is given. What
 *   stays is said once, however often it is so.
 * @returns {HTMLElement | undefined}
 */
export function toast(text, more = {}) {
  const place = document.querySelector("[data-toasts]");
  if (more.stays && [...place.children].some((one) => one.firstElementChild.textContent === text)) return;
  const element = document.createElement("div");
  element.className = "toast";
  const said = document.createElement("span");
  said.textContent = text;
  element.append(said);
  if (more.undo) element.append(button(more.undoText || words.textUndo, () => undo(more.undo)));
  if (more.act) element.append(button(more.undoText || words.textUndo, () => (element.remove(), more.act())));
  if (more.link) element.append(link(more.link, more.linkText));
  element.append(button(words.textDismiss, () => element.remove()));
  place.append(element);
  while (place.children.length > 3) place.firstElementChild.remove();
  if (!more.stays) later(element);
  return element;
}

function later(element) {
  let timer = setTimeout(() => element.remove(), SHOWN_FOR);
  const hold = () => clearTimeout(timer);
  const go = () => (timer = setTimeout(() => element.remove(), SHOWN_FOR));
  for (const [event, what] of [["pointerenter", hold], ["focusin", hold], ["pointerleave", go], ["focusout", go]]) {
    element.addEventListener(event, what);
  }
}

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "link-button";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

function link(address, text) {
  const made = document.createElement("a");
  made.href = address;
  made.target = "_blank";
  made.className = "link-button";
  made.textContent = text;
  return made;
}

async function undo(path) {
  const answer = await send(path, {method: "POST"});
  if (answer.ok) return location.reload();
  const said = JSON.parse(answer.headers.get("HX-Trigger") || "{}").toast;
  toast(said?.text || document.body.dataset.textOffline);
}
