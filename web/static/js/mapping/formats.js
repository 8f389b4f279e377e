// The formats a pill offers: single filters that need no knowledge of Liquid. Options asks for them, pills name them.

const TEXT = "text long_text html email url phone choice choices country";
const NUMBER = "text integer decimal money";
const DATE = "text date datetime";

const FORMATS = [
  ["upcase", "Upper case", TEXT],
  ["downcase", "Lower case", TEXT],
  ["capitalize", "Capital at the start", TEXT],
  ["first_name", "First name", "text"],
  ["last_name", "Last name", "text"],
  ["first_word", "First word", "text long_text"],
  ["strip", "Without space around it", TEXT],
  ["squish", "On one line", "text long_text"],
  ["strip_html", "Without HTML", "text long_text html"],
  ["number: 2", "Number, 2 decimals", NUMBER],
  ["number: 0", "Whole number", NUMBER],
  ['date: "short"', "Date, short", DATE],
  ['date: "medium"', "Date, medium", DATE],
  ['date: "long"', "Date, long", DATE],
  ['date: "iso"', "Date, as 2026-12-31", DATE],
  ["join", "Joined with commas", "list"],
  ["first", "First entry", "list"],
  ["last", "Last entry", "list"],
  ["size", "How many", "list mapping"],
];

/**
 * The name of a format as an English text, or "" if it is none that is offered.
 * @param {string} format
 * @returns {string}
 */
export function nameOf(format) {
  return FORMATS.find(([filter]) => filter === format)?.[1] ?? "";
}

/**
 * The formats for a kind of value, as [filter, English name]; all of them where the kind is not known.
 * @param {string} kind
 * @returns {[string, string][]}
 */
export function formatsFor(kind) {
  const fit = FORMATS.filter(([, , kinds]) => kinds.split(" ").includes(kind));
  return (fit.length ? fit : FORMATS).map(([filter, name]) => [filter, name]);
}
