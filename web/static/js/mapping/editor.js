// One field's editor: its template, selection and history, and the textarea that stays the form's value.

import { nothing, recorded, redone, undone } from "./history.js";
import { element } from "./parts.js";
import { remark, told } from "./pills.js";
import { fitting, pieces } from "./templates.js";
import { say } from "./texts.js";
import { treeFrom } from "./tree.js";
import { viewOf } from "./view.js";

export const MOST = 200_000; // characters of one field here; the engine's own limit lies below and says so itself

const LONG = new Set(["long_text", "html", "json", "mapping", "list", "model"]);

/**
 * @typedef {ReturnType<typeof editorFor>} Editor what a field has and does; each of the functions below, for this field
 */

/**
 * @param {HTMLElement} host the `<mapped-field>`
 * @param {HTMLTextAreaElement} area
 */
export function editorFor(host, area) {
  const kind = host.dataset.kind ?? "text";
  const multiline = LONG.has(kind) || area.rows > 1;
  const node = element("div", { class: "mapping-editor", role: "textbox", "aria-multiline": String(multiline) });
  const live = element("span", { class: "hidden-text", role: "status" });
  const notice = element("p", { class: "problem mapping-notice", role: "status" });
  const field = {
    host, area, kind, multiline, node, live, notice,
    text_: "",
    parts: [],
    history: nothing(),
    selection_: [0, 0],
    held_: -1, // the start of a pill that was chosen as one thing, which typing does not replace
    spaced: -1, // where a blank was put behind a brace
    committed: "",
    writing: false,
    drawnWith: null,
    listeners: new Set(),
  };
  for (const [name, does] of Object.entries(DOING)) field[name] = (...given) => does(field, ...given);
  field.view = viewOf(node, field.tree);
  return field;
}

const tree = (field) => treeFrom(field.host.dataset.tree ?? "");
const words = (field, english, values) => say(tree(field).texts, english, values);
const announce = (field, sentence) => (field.live.textContent = sentence);
const text = (field) => field.text_;
const fixed = (field) => field.area.disabled || field.area.readOnly;
const onChange = (field, listener) => field.listeners.add(listener);
const letGo = (field) => (field.held_ = -1);
const held = (field) => (current(field), field.held_);
const selection = (field) => sorted(current(field));
const undo = (field) => step(field, undone);
const redo = (field) => step(field, redone);

function pieceAt(field, start) {
  return field.parts.find((one) => one.start === start && one.kind === "expression");
}

function put(field, template) {
  field.text_ = template;
  field.parts = pieces(template);
  if (field.area.value !== template) field.area.value = template;
}

function tell(field) {
  field.listeners.forEach((listener) => listener());
}

/** Tells the form; its listeners may look at the textarea. */
function tellForm(field, name) {
  field.writing = true;
  field.area.dispatchEvent(new Event(name, { bubbles: true }));
  field.writing = false;
}

function commit(field) {
  if (field.text_ === field.committed) return;
  field.committed = field.text_;
  tellForm(field, "change");
}

function replace(field, from, to, inserted, chosen) {
  put(field, field.text_.slice(0, from) + inserted + field.text_.slice(to));
  field.view.draw(field.text_);
  select(field, ...chosen);
  tellForm(field, "input");
  tell(field);
}

function record(field, at, to, inserted, caret, kind) {
  const removed = field.text_.slice(at, to);
  const change = { at, removed, inserted, before: field.selection_, after: [caret, caret], kind, time: Date.now() };
  field.history = recorded(field.history, change);
}

/** Puts a text in the place of another. More than fits is refused, with a sentence. */
function edit(field, from, to, wanted, { kind = "", done = true } = {}) {
  const fit = fitting(wanted, MOST - (field.text_.length - (to - from)));
  const refused = "This field holds at most {most} characters; the rest was left out.";
  field.notice.textContent = fit === wanted ? "" : words(field, refused, { most: MOST.toLocaleString() });
  const inserted = kind === "braces" ? fit : apart(field, from, to, fit);
  if (inserted === field.text_.slice(from, to)) return;
  const blank = wanted.endsWith("{") && inserted.endsWith(" ");
  const caret = from + inserted.length - (blank ? 1 : 0);
  field.spaced = blank ? caret : -1;
  record(field, from, to, inserted, caret, kind);
  replace(field, from, to, inserted, [caret, caret]);
  if (done && kind !== "typing" && kind !== "deleting") commit(field);
}

/** A brace beside an expression would be read as part of it: a blank comes between. */
function apart(field, from, to, inserted) {
  const template = field.text_;
  const before = template.slice(0, from).endsWith("{") && (inserted || template.slice(to, to + 2)).startsWith("{{");
  const after = inserted.endsWith("{") && template.startsWith("{{", to);
  return (before ? " " : "") + inserted + (after ? " " : "");
}

function step(field, move) {
  const change = move(field.history);
  if (!change) return;
  field.history = change.history;
  replace(field, change.from, change.to, change.text, change.selection);
}

/** Takes over what an input method wrote into the page by itself. */
function composed(field, finished) {
  const template = field.view.read();
  const [from, to, inserted] = difference(field.text_, template);
  if (from !== to || inserted) {
    record(field, from, to, inserted, from + inserted.length, "typing");
    put(field, template);
    tellForm(field, "input");
    tell(field);
  }
  if (!finished) return;
  const chosen = current(field);
  field.view.draw(template);
  select(field, ...chosen);
}

/** Shows a value that came from elsewhere. */
function load(field, template) {
  if (template === field.text_) return;
  put(field, template);
  field.committed = template;
  field.history = nothing();
  field.view.draw(template);
  select(field, ...field.selection_.map((place) => Math.min(place, template.length)));
  tell(field);
}

/** Draws all pills anew if what earlier steps offer has changed. */
function refresh(field) {
  if (field.drawnWith === tree(field)) return;
  current(field);
  field.drawnWith = tree(field);
  field.view.redraw(field.text_);
  select(field, ...field.selection_);
  tell(field);
}

function select(field, anchor, focused = anchor) {
  field.selection_ = [anchor, focused];
  if (document.activeElement === field.node) field.view.select(anchor, focused);
}

function focus(field) {
  field.node.focus({ preventScroll: true });
  field.view.select(...field.selection_);
}

/** Chooses a pill as one thing. */
function hold(field, start) {
  const piece = pieceAt(field, start);
  if (!piece) return;
  field.selection_ = [start, start + piece.source.length];
  field.held_ = start;
  focus(field);
  selected(field);
}

/** The selection as it is: the browser tells of a change only later, after the next key. */
function current(field) {
  if (document.activeElement === field.node) field.selection_ = inPage(field) ?? field.selection_;
  const [from, to] = sorted(field.selection_);
  if (field.held_ !== from || pieceAt(field, from)?.source.length !== to - from) field.held_ = -1;
  return field.selection_;
}

function inPage({ node, view }) {
  const chosen = document.getSelection();
  if (!chosen?.anchorNode || !node.contains(chosen.anchorNode) || !node.contains(chosen.focusNode)) return null;
  return [view.offsetOf(chosen.anchorNode, chosen.anchorOffset), view.offsetOf(chosen.focusNode, chosen.focusOffset)];
}

/** Marks the pills in the selection. */
function selected(field) {
  const [from, to] = selection(field);
  const focused = field.host.contains(document.activeElement);
  for (const { node, start } of field.view.pills()) {
    node.classList.toggle("chosen", focused && start >= from && start + node.dataset.template.length <= to);
  }
}

function rectOf({ view, node }, start) {
  return (view.pills().find((one) => one.start === start)?.node ?? node).getBoundingClientRect();
}

function caretRect({ node }) {
  const chosen = document.getSelection();
  const range = chosen?.rangeCount && node.contains(chosen.anchorNode) ? chosen.getRangeAt(0) : null;
  const rects = range?.getClientRects() ?? [];
  return rects[rects.length - 1] ?? node.getBoundingClientRect();
}

/** Says a pill to those who do not see it. */
function spoken(field, start) {
  const pill = told(pieceAt(field, start).source, tree(field));
  const name = pill.mark ? `${pill.title}, ${pill.step}` : pill.title;
  announce(field, `${name}. ${remark(pill, tree(field).texts)}. ${words(field, "Enter opens its options.")}`);
}

function sorted([anchor, focused]) {
  return anchor <= focused ? [anchor, focused] : [focused, anchor];
}

const DOING = {
  announce, commit, composed, caretRect, current, edit, ends: current, fixed, focus, held, hold, letGo, load, onChange,
  pieceAt, rectOf, redo, refresh, select, selected, selection, spoken, text, tree, undo, words,
};

/**
 * The one place where two texts differ: from and to in the first, and what the second has there.
 * @param {string} before
 * @param {string} after
 * @returns {[number, number, string]}
 */
export function difference(before, after) {
  let start = 0;
  const most = Math.min(before.length, after.length);
  while (start < most && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < most - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  return [start, before.length - end, after.slice(start, after.length - end)];
}
