/* Requests that scripts make for a part of a page. What the server says besides (a word at the foot of the page, that
   the session ended) is passed on as htmx does it. */

import {send} from "./session.js";

/**
 * @param {string} address
 * @param {RequestInit} how
 * @returns {Promise<string | null>} the markup; null when it was refused, which was then said
 */
export async function part(address, how = {}) {
  let answer;
  try {
    answer = await send(address, how);
  } catch {
    return null;
  }
  pass(answer.headers.get("HX-Trigger"));
  return answer.ok ? answer.text() : null;
}

/** @param {string | null} said what a response asks to be told: the header HX-Trigger */
export function pass(said) {
  if (!said) return;
  const events = said.startsWith("{") ? JSON.parse(said) : {[said]: {}};
  for (const [name, detail] of Object.entries(events)) {
    document.dispatchEvent(new CustomEvent(name, {detail}));
  }
}

/** The elements of some markup, not yet in the page. */
export function elements(markup) {
  const template = document.createElement("template");
  template.innerHTML = markup;
  return template.content;
}
