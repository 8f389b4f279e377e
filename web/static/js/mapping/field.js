// <mapped-field>: makes an editor with pills of the textarea it holds. The textarea stays the form's value, and is all
// there is without JavaScript. Works in what htmx brings in later, and is left alone by a morph while it stands.

import { editorFor } from "./editor.js";
import { element, icon } from "./parts.js";
import { openPicker } from "./picker.js";
import { previewOf } from "./preview.js";
import { proposalFor } from "./proposal.js";
import { tipsFor } from "./tip.js";
import { listen } from "./typing.js";

const COPIED = ["spellcheck", "autocapitalize", "inputmode", "enterkeyhint", "dir", "lang"];
let made = 0;

class MappedField extends HTMLElement {
  static observedAttributes = ["data-tree", "data-preview", "data-proposal"];

  #standing = null;

  connectedCallback() {
    this.#standing ??= raised(this);
  }

  disconnectedCallback() {
    // A move within the page disconnects and connects again at once: nothing needs to be built anew then.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#standing?.close();
      this.#standing = null;
    });
  }

  attributeChangedCallback() {
    this.#standing?.refresh();
  }

  /** Takes over what a morph would make of this element; false if there is no editor to save. */
  morph(fresh) {
    return this.#standing ? morphed(this.#standing, fresh) : false;
  }

  /** Moves the caret into the editor. */
  focus() {
    this.#standing?.field.focus();
  }

  /** What is chosen in the editor: from and to, which are the same at a caret. */
  get selection() {
    return this.#standing?.field.selection() ?? [0, 0];
  }

  /** Chooses that in the editor, and moves the focus there. */
  select(from, to) {
    const field = this.#standing?.field;
    field?.select(...[from, to].map((place) => Math.min(place, field.text().length)));
    field?.focus();
  }
}

function raised(host) {
  const area = host.querySelector("textarea");
  if (!area) return null;
  host.querySelectorAll(":scope > .mapping, :scope > .mapping-panel, :scope > .mapping-tip").forEach((old) => old.remove());
  const closing = new AbortController();
  const { signal } = closing;
  const field = editorFor(host, area);
  const proposal = proposalFor(field, `mapping-proposal-${(made += 1)}`);
  const choose = pickerOf(field);

  const opener = element(
    "button",
    { type: "button", class: "mapping-open", "aria-haspopup": "dialog", onclick: () => !field.fixed() && choose(false) },
    icon("braces"),
  );
  const box = element("div", { class: "mapping-box" }, proposal.ghost, field.node, proposal.button, opener);
  const parts = element("div", { class: "mapping" }, box, previewOf(field, signal), field.notice, field.live, proposal.help);
  const named = () => name(field, opener, box, proposal);

  listen(field, { openPicker: choose, accept: proposal.accept }, signal);
  tipsFor(field, signal);
  follow(field, named, signal);
  named();
  area.hidden = true;
  area.after(parts);
  field.load(area.value);
  field.refresh();
  proposal.draw();
  const refresh = () => {
    named();
    field.refresh();
    proposal.draw();
  };
  const close = () => {
    closing.abort();
    parts.remove();
    area.hidden = false;
  };
  return { field, named, refresh, close };
}

/** The words and states of the textarea, for the editor that stands in its place. */
function name(field, opener, box, proposal) {
  const { area, node } = field;
  const labels = [...(area.labels ?? [])];
  labels.forEach((label) => (label.id ||= `mapping-label-${(made += 1)}`));
  const set = (target, attribute, value) =>
    value ? target.setAttribute(attribute, value) : target.removeAttribute(attribute);
  set(node, "aria-labelledby", labels.map((label) => label.id).join(" "));
  set(node, "aria-label", labels.length ? "" : area.getAttribute("aria-label"));
  set(node, "aria-describedby", [area.getAttribute("aria-describedby"), proposal.help.id].filter(Boolean).join(" "));
  set(node, "aria-invalid", area.getAttribute("aria-invalid"));
  set(node, "aria-required", area.required || area.getAttribute("aria-required") === "true" ? "true" : "");
  set(node, "aria-disabled", area.disabled ? "true" : "");
  set(node, "aria-readonly", area.readOnly ? "true" : "");
  COPIED.forEach((attribute) => set(node, attribute, area.getAttribute(attribute)));
  node.contentEditable = field.fixed() ? "false" : "true";
  node.tabIndex = area.disabled ? -1 : 0;
  opener.disabled = field.fixed();
  const title = labels.map((label) => label.textContent.trim()).join(" ") || area.getAttribute("aria-label") || "";
  opener.setAttribute("aria-label", field.words("Insert a value into {title}", { title }).trim());
  opener.title = field.words("Insert a value");
  box.classList.toggle("many", field.multiline);
  box.classList.toggle("fixed", field.fixed());
}

/** What happens to the textarea from outside: its label is clicked, its form reset, its value set, or htmx morphs. */
function follow(field, named, signal) {
  const { area, host } = field;
  area.addEventListener("input", () => field.writing || field.load(area.value), { signal });
  area.addEventListener("focus", () => field.focus(), { signal });
  area.form?.addEventListener("reset", () => setTimeout(() => field.load(area.value)), { signal });
  for (const label of area.labels ?? []) label.addEventListener("click", (event) => event.target.closest("a, button") || field.focus(), { signal });
  // A swap may have brought a new sample, in a script elsewhere on the page.
  document.addEventListener("htmx:after:swap", field.refresh, { signal });
  const watching = new MutationObserver(named);
  watching.observe(area, { attributes: true });
  signal.addEventListener("abort", () => watching.disconnect());
}

/** The editor outlives a morph; what the server says about the field is taken over, its value only while nobody types. */
function morphed({ field, named }, newHost) {
  const { host, area } = field;
  const newArea = newHost.querySelector?.("textarea");
  if (!newArea) return false;
  adopt(host, newHost, []);
  adopt(area, newArea, ["hidden"]);
  if (area.defaultValue !== newArea.defaultValue) {
    area.defaultValue = newArea.defaultValue;
    if (!host.contains(document.activeElement)) area.value = newArea.value;
  }
  named();
  field.load(area.value);
  field.refresh();
  return true;
}

function adopt(old, fresh, kept) {
  for (const { name: attribute, value } of fresh.attributes) {
    if (old.getAttribute(attribute) !== value) old.setAttribute(attribute, value);
  }
  for (const { name: attribute } of [...old.attributes]) {
    if (!fresh.hasAttribute(attribute) && !kept.includes(attribute)) old.removeAttribute(attribute);
  }
}

function pickerOf(field) {
  return (typed) => {
    const [from, to] = field.selection();
    field.focus();
    const rect = field.caretRect();
    const box = field.node.getBoundingClientRect();
    openPicker({
      host: field.host,
      tree: field.tree(),
      kind: field.kind,
      at: () => moved(rect, box, field.node.getBoundingClientRect()),
      picked: (template) => {
        field.edit(from, to, template);
        field.focus();
      },
      left: (search, byKey) => {
        if (typed && search) field.edit(from, to, `{{${search}`, { kind: "braces" });
        if (byKey) field.focus();
      },
    });
  };
}

/** A rectangle that was measured before its surroundings were scrolled. */
function moved(rect, before, now) {
  return new DOMRect(rect.x + now.x - before.x, rect.y + now.y - before.y, rect.width, rect.height);
}

/** htmx asks its extensions, not the page, before it morphs an element. With a list of extensions, this one is to be on it. */
function knownToHtmx() {
  const before = (old, { newNode }) => !(old instanceof MappedField && old.morph(newNode));
  globalThis.htmx?.registerExtension?.("mapped-field", { htmx_before_morph_node: before });
}

if (globalThis.htmx || document.readyState === "complete") knownToHtmx();
else addEventListener("load", knownToHtmx, { once: true });
customElements.get("mapped-field") ?? customElements.define("mapped-field", MappedField);
