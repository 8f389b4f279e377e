// What can be said about one pill: what stands in when it is empty, how it is written, its text, and that it goes.

import { formatsFor } from "./formats.js";
import { openPanel } from "./panel.js";
import { element, icon } from "./parts.js";
import { pill, remark, told } from "./pills.js";
import { openPicker } from "./picker.js";
import { quoted, written } from "./templates.js";
import { say } from "./texts.js";
import { find } from "./tree.js";

let visits = 0;

/**
 * Opens the options of the pill that starts at `start`.
 * @param {import("./editor.js").Editor} field
 * @param {number} start
 */
export function openOptions(field, start) {
  const visit = { field, start, kind: `options-${(visits += 1)}`, removed: false };
  show(visit, told(sourceAt(visit), field.tree()).reference ? choices : asText);
}

function sourceAt({ field, start }) {
  return field.pieceAt(start)?.source ?? "";
}

function show(visit, content) {
  const { field, start } = visit;
  visit.opening?.close();
  const pillNow = told(sourceAt(visit), field.tree());
  visit.words = (english, values) => say(field.tree().texts, english, values);
  const id = `mapping-${visit.kind}`;
  visit.opening = openPanel({
    host: field.host,
    label: visit.words("Options of {title}", { title: pillNow.title }),
    kind: "options",
    at: () => field.rectOf(start),
    content: [heading(visit, pillNow), ...content(visit, pillNow, id)],
    closed: (byKey) => {
      field.commit();
      if (byKey) visit.removed ? field.focus() : field.hold(start);
    },
  });
  visit.opening.panel.querySelector("[data-first]").focus({ preventScroll: true });
}

function heading({ field, words }, pillNow) {
  const from = pillNow.step ? words("from {step}", { step: pillNow.step }) : "";
  return element(
    "p",
    { class: "options-head" },
    element("strong", { class: "clip" }, pillNow.title),
    from && element("span", { class: "soft small clip" }, from),
    element("span", { class: pillNow.state === "unknown" ? "options-value warn" : "options-value" }, remark(pillNow, field.tree().texts)),
  );
}

function put(visit, source) {
  const { field, start, kind } = visit;
  field.edit(start, start + sourceAt(visit).length, source, { kind, done: false });
  visit.opening.place();
}

function change(visit, changes) {
  const { reference } = told(sourceAt(visit), visit.field.tree());
  const keeps = changes.fallback === undefined && reference.fallback && reference.format;
  put(visit, written({ ...reference, ...changes, last: keeps ? reference.last : undefined }));
}

function choices(visit, { reference }, id) {
  const { words } = visit;
  const done = () => visit.opening.close(true);
  return [
    element("div", { class: "field" }, element("label", { for: `${id}-or` }, words("If it is empty, use")), fallback(visit, reference, id, done)),
    element("div", { class: "field" }, element("label", { for: `${id}-as` }, words("Format")), format(visit, reference, id)),
    element(
      "div",
      { class: "options-foot" },
      element("button", { type: "button", class: "button plain small", onclick: () => show(visit, asText) }, words("Edit as text")),
      element("button", { type: "button", class: "button plain small danger", onclick: () => remove(visit) }, words("Remove")),
      element("button", { type: "button", class: "button small", onclick: done }, words("Done")),
    ),
  ];
}

function fallback(visit, reference, id, done) {
  const { words } = visit;
  const given = reference.fallback;
  const other = element(
    "button",
    { type: "button", class: "button only-icon", "aria-label": words("Choose a value of an earlier step"), onclick: () => chooseOther(visit) },
    icon("braces"),
  );
  if (given && "path" in given) {
    const drop = { type: "button", class: "button only-icon", id: `${id}-or`, "data-first": true };
    drop["aria-label"] = words("Without “{title}”", { title: told(written({ path: given.path }), visit.field.tree()).title });
    drop.onclick = () => {
      change(visit, { fallback: null });
      show(visit, choices);
    };
    return element("div", { class: "options-or" }, shownPill(given.path, visit), element("button", drop, icon("x")), other);
  }
  const problem = element("p", { class: "problem", id: `${id}-problem`, role: "alert" });
  const input = element("input", { class: "input", id: `${id}-or`, type: "text", autocomplete: "off", "data-first": true, "aria-describedby": problem.id });
  input.value = given?.text ?? "";
  input.addEventListener("input", () => typedFallback(visit, input, problem));
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    done();
  });
  return element("div", { class: "stack tight" }, element("div", { class: "options-or" }, input, other), problem);
}

function shownPill(path, visit) {
  const shown = pill(written({ path }), visit.field.tree());
  shown.removeAttribute("contenteditable");
  return shown;
}

function typedFallback(visit, input, problem) {
  const refused = quoted(input.value) === null;
  input.setAttribute("aria-invalid", String(refused));
  problem.textContent = refused ? visit.words("This text cannot hold “}}”, nor both kinds of straight quotation marks.") : "";
  if (!refused) change(visit, { fallback: input.value ? { text: input.value } : null });
}

function chooseOther(visit) {
  const { field, start } = visit;
  visit.opening.close();
  openPicker({
    host: field.host,
    tree: field.tree(),
    kind: field.kind,
    at: () => field.rectOf(start),
    picked: (template) => {
      const other = told(template, field.tree()).reference;
      if (other && !other.fallback && !other.format) change(visit, { fallback: { path: other.path } });
      show(visit, choices);
    },
    left: (_search, byKey) => byKey && show(visit, choices),
  });
}

function format(visit, reference, id) {
  const kind = find(visit.field.tree(), reference.path)?.field.kind ?? "";
  const offered = formatsFor(kind);
  if (reference.format && !offered.some(([filter]) => filter === reference.format)) {
    offered.push(...formatsFor("").filter(([filter]) => filter === reference.format));
  }
  const select = element("select", { class: "input", id: `${id}-as` }, element("option", { value: "" }, visit.words("As it is")));
  select.append(...offered.map(([filter, name]) => element("option", { value: filter }, visit.words(name))));
  select.value = reference.format;
  select.addEventListener("change", () => change(visit, { format: select.value }));
  return select;
}

function asText(visit, _pill, id) {
  const { words } = visit;
  const area = element("textarea", { class: "input mono", id: `${id}-text`, rows: "3", spellcheck: "false", "data-first": true });
  area.value = sourceAt(visit);
  const apply = () => {
    put(visit, area.value);
    visit.removed = !sourceAt(visit).startsWith("{{");
    visit.opening.close(true);
  };
  return [
    element("div", { class: "field" }, element("label", { for: area.id }, words("Expression")), area),
    element(
      "div",
      { class: "options-foot" },
      element("button", { type: "button", class: "button plain small danger", onclick: () => remove(visit) }, words("Remove")),
      element("button", { type: "button", class: "button small primary", onclick: apply }, words("Apply")),
    ),
  ];
}

function remove(visit) {
  put(visit, "");
  visit.removed = true;
  visit.opening.close(true);
}
