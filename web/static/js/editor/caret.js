/* Keeps the focus, the caret and what is unfolded where a part of the page is drawn anew. Asked by drawing.js. */

const NAMES = ["id", "name", "data-panel-title", "aria-label", "href"];

/**
 * @param {HTMLElement} place
 * @param {() => void} redraw
 */
export function keepingCaret(place, redraw) {
  const held = place.contains(document.activeElement) ? document.activeElement : null;
  const field = held && wayTo(held);
  const chosen = held && caretOf(held);
  const unfolded = foldsIn(place).filter((fold) => fold.open).map(wordsOf);
  redraw();
  for (const fold of foldsIn(place)) fold.open ||= unfolded.includes(wordsOf(fold));
  const successor = field && place.querySelector(field);
  if (successor) putCaret(successor, chosen);
}

const foldsIn = (place) => [...place.querySelectorAll("details.fold")];
const wordsOf = (fold) => fold.querySelector("summary").firstChild.textContent.trim();

/** Gives an element the focus; the editor of a mapped field stands in the place of its text. */
export const focusOn = (element) => (element.closest("mapped-field") ?? element).focus();

/* Where to find its successor: an editor and a combobox have the name of the input that they stand for. */
function wayTo(held) {
  const named = held.closest("mapped-field")?.querySelector("textarea") ?? held;
  const name = NAMES.find((one) => named.hasAttribute(one));
  return name ? `[${name}="${CSS.escape(named.getAttribute(name))}"]` : null;
}

function caretOf(held) {
  const field = held.closest("mapped-field");
  return field ? field.selection : [held.selectionStart, held.selectionEnd];
}

function putCaret(element, chosen) {
  const field = element.closest("mapped-field");
  if (field) return field.select(...chosen);
  element.focus({preventScroll: true});
  if (Number.isInteger(chosen[0])) element.setSelectionRange(...chosen);
}
