// What keys, clipboard, mouse and input methods do in the editor. Everything goes through `edit`, so that a pill is
// one thing: the browser itself never changes the page, except while an input method composes.

import { openOptions } from "./options.js";

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const LONGEST_GRAPHEME = 64; // characters looked at before the caret

/**
 * @param {import("./editor.js").Editor} field
 * @param {{ openPicker: (typed: boolean) => void, accept: () => boolean }} doing
 * @param {AbortSignal} signal
 */
export function listen(field, doing, signal) {
  const { node } = field;
  const on = (name, listener) => node.addEventListener(name, listener, { signal });
  let composing = false;

  on("keydown", (event) => {
    if (event.isComposing || !onKey(event, field, doing)) return;
    event.preventDefault();
    event.stopPropagation();
  });
  on("beforeinput", (event) => {
    if (composing || event.inputType === "insertCompositionText" || !event.cancelable) return;
    event.preventDefault();
    if (!field.fixed()) beforeInput(event, field, doing);
  });
  on("compositionstart", () => (composing = true));
  on("compositionend", () => {
    composing = false;
    field.composed(true);
  });
  on("input", () => field.composed(!composing));
  on("copy", (event) => copy(event, field));
  on("cut", (event) => copy(event, field) && !field.fixed() && field.edit(...field.selection(), ""));
  on("paste", (event) => paste(event, field));
  on("dragstart", (event) => event.preventDefault());
  on("mousedown", (event) => event.target.closest(".pill") && event.preventDefault());
  on("click", (event) => clicked(event, field));
  on("blur", () => field.commit());
  field.host.addEventListener("focusout", () => setTimeout(field.selected), { signal });
  document.addEventListener("selectionchange", () => document.activeElement === node && field.selected(), { signal });
}

function clicked(event, field) {
  const chosen = event.target.closest(".pill");
  const found = chosen && field.view.pills().find(({ node }) => node === chosen);
  if (!found) return;
  field.hold(found.start);
  if (!field.fixed()) openOptions(field, found.start);
}

function onKey(event, field, doing) {
  const command = event.ctrlKey || event.metaKey;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if ((command && key === " ") || (event.altKey && key === "ArrowDown")) return !field.fixed() && (doing.openPicker(false), true);
  if (command) return onCommand(event, key, field, doing);
  if (event.altKey) return false;
  if (key === "Enter") return onEnter(event, field);
  if (key === "ArrowLeft" || key === "ArrowRight") return onArrow(event, field, key === "ArrowRight");
  if (key === "Escape" && field.held() >= 0) return field.select(field.selection()[1]), true;
  return false;
}

function onCommand(event, key, field, doing) {
  if (key === "a") {
    field.letGo();
    field.select(0, field.text().length);
    return true;
  }
  if (field.fixed()) return false;
  if (key === "Enter") return doing.accept();
  if (key === "y" || (key === "z" && event.shiftKey)) return field.redo(), true;
  if (key === "z") return field.undo(), true;
  return false;
}

function onEnter(event, field) {
  const [from, to] = field.selection();
  if (field.pieceAt(from)?.source.length === to - from && !field.fixed()) return openOptions(field, from), true;
  return !field.multiline;
}

/** Left and right stop on a pill, as on a letter that can be opened; with Shift it is chosen like any letter. */
function onArrow(event, field, forward) {
  const [from, to] = field.selection();
  const [anchor, focus] = field.ends();
  if (event.shiftKey) {
    const beside = pillBeside(field, focus, forward);
    if (!beside) return false;
    field.letGo();
    field.select(anchor, forward ? beside.start + beside.source.length : beside.start);
    return true;
  }
  if (field.held() >= 0) return field.select(forward ? to : from), true;
  if (from !== to) return false;
  const beside = pillBeside(field, focus, forward);
  if (!beside) return focus === (forward ? field.text().length : 0);
  stopOn(field, beside);
  return true;
}

function stopOn(field, piece) {
  field.hold(piece.start);
  field.selected();
  field.spoken(piece.start);
}

function pillBeside(field, place, forward) {
  return field.parts
    .find((one) => one.kind === "expression" && (forward ? one.start : one.start + one.source.length) === place);
}

function beforeInput(event, field, doing) {
  const how = event.inputType;
  if (how === "historyUndo") return field.undo();
  if (how === "historyRedo") return field.redo();
  if (how.startsWith("delete")) return remove(event, field);
  if (how === "insertLineBreak" || how === "insertParagraph") return field.multiline && type(field, field.selection(), "\n");
  const text = event.data ?? event.dataTransfer?.getData("text/plain");
  if (!how.startsWith("insert") || !text) return undefined;
  const range = how === "insertText" ? field.selection() : (targetOf(event, field) ?? field.selection());
  const [from, to] = range;
  if (how === "insertText" && text.endsWith("{") && (text + field.text().slice(0, from)).length > 1) {
    const before = field.text().slice(Math.max(from - 1, 0), from) + text;
    if (from === to && before.endsWith("{{")) return braces(field, from, text, doing);
  }
  return type(field, range, onOneLine(text, field));
}

/** The second brace opens the picker; the first one, already there, goes until something is chosen. */
function braces(field, place, text, doing) {
  const before = 2 - text.length;
  const blank = field.spaced === place ? 1 : 0;
  if (before > 0) field.edit(place - before, place + blank, "", { kind: "braces", done: false });
  doing.openPicker(true);
}

function type(field, [from, to], text) {
  const held = field.held() >= 0;
  field.letGo();
  if (held) field.edit(to, to, text, { kind: "typing" });
  else field.edit(from, to, text, { kind: from === to ? "typing" : "" });
}

function remove(event, field) {
  const [from, to] = field.selection();
  if (from !== to) return field.edit(from, to, "");
  const forward = event.inputType.endsWith("Forward");
  const beside = pillBeside(field, from, forward);
  if (beside) return stopOn(field, beside);
  const [start, end] = reach(event, field, from, forward);
  return field.edit(start, end, "", { kind: "deleting" });
}

/** What a deletion reaches, up to the next pill. */
function reach(event, field, place, forward) {
  const text = field.text();
  const near = field.parts.find((one) => one.start <= place && place <= one.start + one.source.length && one.kind === "text");
  if (!near) return [place, place];
  if (!event.inputType.startsWith("deleteContent")) {
    const [from, to] = targetOf(event, field) ?? [place, place];
    return [Math.max(from, near.start), Math.min(to, near.start + near.source.length)];
  }
  const part = forward
    ? text.slice(place, Math.min(place + LONGEST_GRAPHEME, near.start + near.source.length))
    : text.slice(Math.max(place - LONGEST_GRAPHEME, near.start), place);
  const letters = [...GRAPHEMES.segment(part)];
  const length = letters.at(forward ? 0 : -1)?.segment.length ?? 0;
  return forward ? [place, place + length] : [place - length, place];
}

function targetOf(event, field) {
  const target = event.getTargetRanges()[0];
  const from = target && field.view.offsetOf(target.startContainer, target.startOffset);
  const to = target && field.view.offsetOf(target.endContainer, target.endOffset);
  return from === null || from === undefined || to === null ? null : [from, to];
}

function copy(event, field) {
  const [from, to] = field.selection();
  event.preventDefault();
  if (from === to) return false;
  event.clipboardData.setData("text/plain", field.text().slice(from, to));
  return true;
}

function paste(event, field) {
  event.preventDefault();
  const text = event.clipboardData.getData("text/plain");
  if (field.fixed() || !text) return;
  field.letGo();
  field.edit(...field.selection(), onOneLine(text, field));
}

function onOneLine(text, field) {
  const lines = text.replace(/\r\n?/g, "\n");
  return field.multiline ? lines : lines.trim() === "" ? lines.replace(/\n/g, " ") : lines.replace(/\s*\n\s*/g, " ");
}
