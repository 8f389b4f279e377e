// Reads templates as the engine does: cuts them at `{{ … }}` and understands the simple ones. Pure; the rest asks here.

/**
 * @typedef {{ kind: "text" | "expression", source: string, start: number }} Piece
 * @typedef {{ text: string } | { path: string }} Fallback
 * @typedef {{ path: string, fallback: Fallback | null, format: string, last: boolean,
 *   open: string, close: string }} Reference
 *   `format` is the filter as it stands (`date: "short"`); `last`: the fallback stands behind it.
 */

export const MAX_PILLS = 500; // beyond these, expressions stay text: a page of pills must not hang the browser

const OPENING = /\{\{|\{%/g;
const WORD = /[\p{L}_][\p{L}\p{N}_-]*\??/uy;
const MEMBER = /\s*\.\s*([\p{L}\p{N}_-]+\??)/uy;
const INDEX = /\s*\[\s*(?:'([^']*)'|"([^"]*)"|(-?\d+))\s*\]/uy;
const FILTER = /\s*\|\s*(\w+)\s*/uy;
const ARGUMENT = /\s*(?:"([^"]*)"|'([^']*)'|(-?\d+(?:\.\d+)?)(?![\w.]))/uy;
const KEYWORDS = new Set(["true", "false", "nil", "null", "empty", "blank", "not", "and", "or", "contains", "if"]);

/**
 * The pieces of a template, whose sources joined are the template again. Tags such as `{% if … %}` are text.
 * @param {string} template
 * @returns {Piece[]}
 */
export function pieces(template) {
  const found = [];
  let start = 0;
  for (const [from, to] of expressions(template)) {
    if (from > start) found.push({ kind: "text", source: template.slice(start, from), start });
    found.push({ kind: "expression", source: template.slice(from, to), start: from });
    start = to;
  }
  if (start < template.length) found.push({ kind: "text", source: template.slice(start), start });
  return found;
}

function* expressions(template) {
  OPENING.lastIndex = 0;
  for (let opening, count = 0; count < MAX_PILLS && (opening = OPENING.exec(template)); ) {
    const closing = opening[0] === "{{" ? "}}" : "%}";
    const end = template.indexOf(closing, opening.index + 2);
    if (end < 0) return;
    OPENING.lastIndex = end + 2;
    if (closing === "%}") continue;
    count += 1;
    yield [opening.index, end + 2];
    OPENING.lastIndex = end + 2;
  }
}

/**
 * What a simple expression says: a path, perhaps a fallback, perhaps one filter. Null for everything beyond that.
 * @param {string} source with its braces
 * @returns {Reference | null}
 */
export function read(source) {
  const parts = /^(\{\{-?)([^]*?)(-?\}\})$/.exec(source);
  if (!parts) return null;
  const body = parts[2];
  const root = pathAt(body, skip(body, 0));
  if (!root) return null;
  const reference = { path: root.path, fallback: null, format: "", last: false, open: parts[1], close: parts[3] };
  return filters(body, root.end, reference);
}

function filters(body, at, reference) {
  while (skip(body, at) < body.length) {
    const filter = match(FILTER, body, at);
    if (!filter) return null;
    const found = filter[1] === "default" ? fallbackAt(body, filter.end) : formatAt(body, filter);
    if (!found || reference[found.key]) return null;
    if (found.key === "fallback") reference.last = Boolean(reference.format);
    reference[found.key] = found.value;
    at = found.end;
  }
  return reference;
}

function fallbackAt(body, at) {
  if (body[at] !== ":") return null;
  const literal = match(ARGUMENT, body, at + 1);
  if (literal) return { key: "fallback", value: { text: literal[1] ?? literal[2] ?? literal[3] }, end: literal.end };
  const other = pathAt(body, skip(body, at + 1));
  return other && { key: "fallback", value: { path: other.path }, end: other.end };
}

function formatAt(body, filter) {
  if (body[filter.end] !== ":") return { key: "format", value: filter[1], end: filter.end };
  const argument = match(ARGUMENT, body, filter.end + 1);
  if (!argument) return null;
  const value = argument[3] ?? quoted(argument[1] ?? argument[2]);
  return { key: "format", value: `${filter[1]}: ${value}`, end: argument.end };
}

function pathAt(body, start) {
  const root = match(WORD, body, start);
  if (!root || KEYWORDS.has(root[0])) return null;
  let end = root.end;
  for (let next; (next = match(MEMBER, body, end) ?? match(INDEX, body, end)); ) end = next.end;
  return { path: body.slice(start, end), end };
}

function match(pattern, text, at) {
  pattern.lastIndex = at;
  const found = pattern.exec(text);
  if (found) found.end = pattern.lastIndex;
  return found;
}

function skip(text, at) {
  while (at < text.length && /\s/.test(text[at])) at += 1;
  return at;
}

/**
 * The segments of a path: `trigger.to[0]` is ["trigger", "to", "0"]. Null if it is no path.
 * @param {string} path
 * @returns {string[] | null}
 */
export function segments(path) {
  const root = match(WORD, path, 0);
  if (!root) return null;
  const found = [root[0]];
  let end = root.end;
  for (let next; (next = match(MEMBER, path, end) ?? match(INDEX, path, end)); end = next.end) {
    found.push(next[1] ?? next[2] ?? next[3]);
  }
  return end === path.length ? found : null;
}

/**
 * A text as Liquid writes it, which knows no escapes: null if it cannot be written.
 * @param {string} text
 * @returns {string | null}
 */
export function quoted(text) {
  if (text.includes("}}")) return null;
  if (!text.includes('"')) return `"${text}"`;
  return text.includes("'") ? null : `'${text}'`;
}

/**
 * The expression of a reference. A text given as fallback stands last, as it is meant to be read; a path stands
 * before the format, which then holds for both.
 * @param {Partial<Reference> & { path: string }} reference
 * @returns {string}
 */
export function written({ path, fallback = null, format = "", last, open = "{{", close = "}}" }) {
  const other = fallback && ("path" in fallback ? fallback.path : quoted(fallback.text));
  const parts = [format, other && `default: ${other}`];
  const behind = last ?? !(fallback && "path" in fallback);
  const inside = [path, ...(behind ? parts : parts.reverse())].filter(Boolean).join(" | ");
  return `${open} ${inside} ${close}`;
}

/**
 * As much of a text as there is room for, cut neither within a character nor within an expression.
 * @param {string} text
 * @param {number} room
 * @returns {string}
 */
export function fitting(text, room) {
  if (text.length <= room) return text;
  let cut = text.slice(0, Math.max(room, 0));
  if (/[\uD800-\uDBFF]$/.test(cut)) cut = cut.slice(0, -1);
  const open = cut.lastIndexOf("{{");
  return open >= 0 && cut.indexOf("}}", open) < 0 && text.indexOf("}}", open) >= 0 ? cut.slice(0, open) : cut;
}
