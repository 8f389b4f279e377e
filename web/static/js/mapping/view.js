// Shows a template in the editor as text nodes and pills, in turns, and says where in the template a caret stands.

import { pill } from "./pills.js";
import { pieces } from "./templates.js";

// Invisible, and never part of the template: they give the caret a place beside a pill and on an empty last line.
const [BREAKING, EDGE] = ["\u200b", "\ufeff"]; // at the edges without a chance to break the line

/**
 * @param {HTMLElement} editor
 * @param {() => import("./tree.js").Tree} tree
 */
export function viewOf(editor, tree) {
  const fillers = new WeakMap();

  const fillerIn = (node) => (fillers.has(node) ? node.data.lastIndexOf(fillers.get(node)) : -1);
  const plain = (node) => {
    if (node.nodeType !== Node.TEXT_NODE) return node.dataset?.template ?? (node.nodeName === "BR" ? "" : node.textContent);
    const place = fillerIn(node);
    return place < 0 ? node.data : node.data.slice(0, place) + node.data.slice(place + 1);
  };

  const fill = (node, text) => {
    const inside = node.previousSibling && node.nextSibling;
    const filler = text && !text.endsWith("\n") ? "" : inside ? BREAKING : EDGE;
    if (node.data !== text + filler) node.data = text + filler;
    if (filler) fillers.set(node, filler);
    else fillers.delete(node);
    return node;
  };

  const made = (item) => (item.pill ? pill(item.source, tree()) : fill(document.createTextNode(""), item.source));
  const fits = (node, item) =>
    item && node && (node.nodeType === Node.TEXT_NODE) === !item.pill && plain(node) === item.source;

  /** Draws a template, touching only what is not there yet. */
  const draw = (template) => {
    const items = inTurns(template);
    const nodes = [...editor.childNodes];
    let start = 0;
    while (fits(nodes[start], items[start])) start += 1;
    let end = 0;
    const shortest = Math.min(nodes.length, items.length) - start;
    while (end < shortest && fits(nodes.at(-1 - end), items.at(-1 - end))) end += 1;
    const fresh = items.slice(start, items.length - end);
    const stale = nodes.slice(start, nodes.length - end);
    const one = fresh.length === 1 && stale.length === 1 && !fresh[0].pill && stale[0].nodeType === Node.TEXT_NODE;
    if (one) return fill(stale[0], fresh[0].source);
    stale.forEach((node) => node.remove());
    const after = editor.childNodes[start] ?? null;
    fresh.forEach((item) => editor.insertBefore(made(item), after));
    editor.childNodes.forEach((node) => node.nodeType === Node.TEXT_NODE && fill(node, plain(node)));
  };

  const startOf = (child) => {
    let offset = 0;
    for (let node = editor.firstChild; node && node !== child; node = node.nextSibling) offset += plain(node).length;
    return offset;
  };

  /** The place in the template of a point in the page; null outside the editor. */
  const offsetOf = (node, offset) => {
    if (node === editor) return startOf(editor.childNodes[offset] ?? null);
    if (!editor.contains(node)) return null;
    let child = node;
    while (child.parentNode !== editor) child = child.parentNode;
    const length = plain(child).length;
    if (child.nodeType !== Node.TEXT_NODE) return startOf(child) + (offset > 0 ? length : 0);
    const filler = fillerIn(child);
    return startOf(child) + Math.min(offset - (filler >= 0 && filler < offset ? 1 : 0), length);
  };

  const pointAt = (place) => {
    let offset = 0;
    for (const node of editor.childNodes) {
      const length = plain(node).length;
      if (node.nodeType === Node.TEXT_NODE && place <= offset + length) return [node, Math.max(place - offset, 0)];
      offset += length;
    }
    return [editor, editor.childNodes.length];
  };

  return {
    draw,
    offsetOf,
    read: () => [...editor.childNodes].map(plain).join(""),
    select: (anchor, focus) => document.getSelection().setBaseAndExtent(...pointAt(anchor), ...pointAt(focus)),
    /** Draws every pill anew, after the tree has changed. */
    redraw: (template) => {
      editor.replaceChildren();
      draw(template);
    },
    /** The pills of the editor with where they start. */
    pills: () => [...editor.querySelectorAll(":scope > .pill")].map((node) => ({ node, start: startOf(node) })),
  };
}

/** Text, pill, text, pill, …, text: an empty text between two pills, and at both ends. */
function inTurns(template) {
  const items = [{ pill: false, source: "" }];
  for (const { kind, source } of pieces(template)) {
    if (kind === "text") items.at(-1).source = source;
    else items.push({ pill: true, source }, { pill: false, source: "" });
  }
  return items;
}
