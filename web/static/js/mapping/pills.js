// What stands in a template as a pill: told in words for people, and built for the editor.

import { nameOf } from "./formats.js";
import { appIcon, element, icon } from "./parts.js";
import { read } from "./templates.js";
import { say } from "./texts.js";
import { find } from "./tree.js";

const MOST_SHOWN = 160; // characters of a sample

/**
 * @typedef {{ state: "known" | "unknown" | "code", title: string, icon: string, mark: string, more: string[],
 *   step: string, sample: string, reference: import("./templates.js").Reference | null }} Told
 */

/**
 * An expression in words.
 * @param {string} source
 * @param {import("./tree.js").Tree} tree
 * @returns {Told}
 */
export function told(source, tree) {
  const reference = read(source);
  const plain = { icon: "", mark: "", more: [], step: "", sample: "", reference };
  if (!reference || (reference.format && !nameOf(reference.format))) {
    return { ...plain, reference: null, state: "code", title: source.replace(/^\{\{-?\s*|\s*-?\}\}$/g, "") };
  }
  const found = find(tree, reference.path);
  const more = additions(reference, found, tree);
  if (!found) return { ...plain, more, state: "unknown", title: reference.path };
  const { field, group, mark, name } = found;
  return { ...plain, more, mark, state: "known", title: name, icon: group.icon, step: group.title, sample: field.sample };
}

function additions({ format, fallback }, found, tree) {
  const texts = tree.texts;
  const more = format ? [say(texts, nameOf(format))] : [];
  if (!fallback) return more;
  const other = "path" in fallback ? nameBeside(found, find(tree, fallback.path)) ?? fallback.path : `“${fallback.text}”`;
  return [...more, say(texts, "or {other}", { other })];
}

/** What is called as the first one is, is told with its step. */
function nameBeside(first, other) {
  return other && other.name === first?.name && other.group !== first.group ? `${other.name} (${other.group.title})` : other?.name;
}

/**
 * What there is to know about a pill beyond its name: its value in the sample, or what is wrong with it.
 * @param {Told} pill
 * @param {Record<string, string>} texts
 * @returns {string}
 */
export function remark(pill, texts) {
  if (pill.state === "code") return say(texts, "An expression");
  if (pill.state === "unknown") return say(texts, "This leads nowhere: no earlier step has it");
  return pill.sample ? shortened(pill.sample) : say(texts, "No sample yet");
}

/**
 * A sample on one line, cut where it is long.
 * @param {string} sample
 * @returns {string}
 */
export function shortened(sample) {
  const line = sample.slice(0, MOST_SHOWN * 4).replace(/\s+/g, " ").trim();
  return line.length > MOST_SHOWN ? `${line.slice(0, MOST_SHOWN - 1)}…` : line;
}

/**
 * The pill for an expression. Its template stands in `data-template`.
 * @param {string} source
 * @param {import("./tree.js").Tree} tree
 * @returns {HTMLElement}
 */
export function pill(source, tree) {
  const { state, title, icon: address, mark, more, sample } = told(source, tree);
  const missing = state === "known" && !sample;
  return element(
    "span",
    { class: `pill ${state}${missing ? " missing" : ""}`, contenteditable: "false", "data-template": source },
    state === "unknown" ? icon("alert") : state === "code" ? icon("braces") : appIcon(address),
    mark && element("span", { class: "pill-mark" }, mark),
    element("span", { class: "pill-title" }, title),
    ...more.map((words) => element("span", { class: "pill-more" }, words)),
    state === "unknown" && element("span", { class: "hidden-text" }, ` (${say(tree.texts, "leads nowhere")})`),
  );
}
