// What earlier steps offer, as the page gives it in JSON: found by path for the pills, searched for the picker.

import { segments } from "./templates.js";

/**
 * @typedef {{ path: string, title: string, kind: string, sample: string, children?: Field[] }} Field
 * @typedef {{ step: string, title: string, app: string, icon: string, fields: Field[] }} Group
 * @typedef {{ groups: Group[], texts: Record<string, string>, byPath: Map<string, Found> }} Tree
 * @typedef {{ field: Field, group: Group, mark: string, name: string }} Found `mark` tells steps of one app apart,
 *   `name` fields of one step: its title, after that of what it stands in where others have the same
 * @typedef {{ field: Field, depth: number, open: boolean, hit: boolean, group: Group, mark: string }} Row `hit`: it is found itself, not only what is below it
 */

const OPEN_KINDS = new Set(["mapping", "list", "json", "model"]); // may hold more than the sample shows
const PROPERTIES = new Set(["size", "first", "last"]);
const WHOLE = new Set(["mapping", "list", "json", "model", "file"]);
const MOST_ROWS = 200;

const trees = new WeakMap();

/**
 * The tree in a `<script type="application/json">`; read once for all fields that share it.
 * @param {string} id
 * @returns {Tree}
 */
export function treeFrom(id) {
  const script = document.getElementById(id);
  if (!script) return grown({});
  const kept = trees.get(script);
  if (kept?.json === script.textContent) return kept.tree;
  const tree = grown(JSON.parse(script.textContent));
  trees.set(script, { json: script.textContent, tree });
  return tree;
}

/**
 * A tree with its index.
 * @param {{ groups?: Group[], texts?: Record<string, string> }} given
 * @returns {Tree}
 */
export function grown({ groups = [], texts = {} }) {
  const byPath = new Map();
  groups.forEach((group, place) => {
    const mark = markOf(group, place, groups);
    const alike = alikeIn(group);
    every(group.fields, (field, holder) => {
      const name = holder && alike.has(field.title) ? `${holder.title} › ${field.title}` : field.title;
      byPath.set(keyOf(field.path), { field, group, mark, name });
    });
  });
  return { groups, texts, byPath };
}

function markOf(group, place, groups) {
  const alike = groups.filter((other) => other.app === group.app);
  if (alike.length < 2) return "";
  const named = alike.filter((other) => other.title === group.title).length === 1;
  return named ? group.title : String(place + 1);
}

/** The titles that several fields of a step have. */
function alikeIn(group) {
  const once = new Set();
  const alike = new Set();
  every(group.fields, ({ title }) => (once.has(title) ? alike : once).add(title));
  return alike;
}

function every(fields, visit, holder = null) {
  for (const field of fields ?? []) {
    visit(field, holder);
    every(field.children, visit, field);
  }
}

function keyOf(path) {
  return JSON.stringify(segments(path)?.map(sameLabel) ?? path);
}

/** As the engine compares labels: without regard to case, blanks, and a colon or asterisk at the end. */
function sameLabel(label) {
  return label.normalize("NFC").toLowerCase().replace(/[\s:：*]+$/u, "").replace(/\s+/gu, " ").trim();
}

/**
 * What a path leads to. Within lists and mappings a sample need not show everything there can be: then the nearest
 * known one answers for it, without a sample.
 * @param {Tree} tree
 * @param {string} path
 * @returns {Found | null}
 */
export function find(tree, path) {
  const exact = tree.byPath.get(keyOf(path));
  if (exact) return exact;
  const parts = segments(path) ?? [];
  for (let length = parts.length - 1; length > 0; length -= 1) {
    const found = tree.byPath.get(JSON.stringify(parts.slice(0, length).map(sameLabel)));
    if (found) return within(found, path, parts, length);
  }
  return null;
}

function within({ field, group, mark }, path, parts, length) {
  const last = parts.at(-1);
  if (!OPEN_KINDS.has(field.kind) && !(parts.length === length + 1 && PROPERTIES.has(last))) return null;
  return { field: { path, title: last, kind: "text", sample: "", children: [] }, group, mark, name: last };
}

/**
 * A text as the search compares it: without case and accents.
 * @param {string} text
 * @returns {string}
 */
export function folded(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").replace(/ß/g, "ss").toLowerCase();
}

/**
 * The rows to show: all words of the search must stand in title, path or sample (or above them).
 * @param {Tree} tree
 * @param {string} search
 * @param {Set<string>} opened paths that are open while nothing is searched
 * @returns {Row[]} at most 200
 */
export function rows(tree, search, opened) {
  const words = folded(search).split(/\s+/).filter(Boolean);
  const found = [];
  for (const group of tree.groups) {
    const { mark } = tree.byPath.get(keyOf(group.fields[0]?.path ?? "")) ?? { mark: "" };
    for (const field of group.fields) below(field, 0, { group, mark, words, opened, found });
  }
  return found.slice(0, MOST_ROWS);
}

function below(field, depth, at) {
  const hit = matches(field, at);
  const children = field.children ?? [];
  const row = { field, depth, hit, open: at.words.length ? true : at.opened.has(field.path), group: at.group, mark: at.mark };
  const place = at.found.push(row);
  if (row.open) for (const child of children) below(child, depth + 1, at);
  if (!children.length || at.found.length === place) row.open = false;
  if (!hit && at.found.length === place) at.found.pop();
}

function matches(field, { words, group }) {
  const heap = words.length ? folded(`${field.title} ${field.path} ${field.sample} ${group.title}`) : "";
  return words.every((word) => heap.includes(word));
}

/**
 * The row that a search most likely means: its title starts with it, or holds it; else the first.
 * @param {Row[]} shown
 * @param {string} search
 * @returns {number}
 */
export function likeliest(shown, search) {
  const sought = folded(search.trim());
  const titles = shown.map((row) => folded(row.field.title));
  const best = [(title) => title === sought, (title) => title.startsWith(sought), (title) => title.includes(sought)]
    .map((test) => titles.findIndex(test))
    .find((place) => place >= 0);
  if (!sought || best !== undefined) return best ?? 0;
  const single = shown.findIndex((row) => row.hit && !row.field.children?.length);
  return Math.max(single >= 0 ? single : shown.findIndex((row) => row.hit), 0);
}

/**
 * Whether choosing a row takes it, rather than opening it: a group of values is no text.
 * @param {Field} field
 * @param {string} wanted the kind of the field that is filled
 * @returns {boolean}
 */
export function takes(field, wanted) {
  return !field.children?.length || (field.kind === "list" && Boolean(field.sample)) || WHOLE.has(wanted);
}
