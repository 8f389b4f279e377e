// The picker: everything earlier steps offer, to search and to choose from. A combobox whose popup is a tree.

import { openPanel } from "./panel.js";
import { appIcon, element, icon } from "./parts.js";
import { shortened } from "./pills.js";
import { say } from "./texts.js";
import { likeliest, rows, takes } from "./tree.js";

let made = 0;

/**
 * @param {{ host: HTMLElement, tree: import("./tree.js").Tree, kind: string, at: () => DOMRect,
 *   picked: (template: string) => void, left: (search: string, byKey: boolean) => void }} given
 *   `picked` is given `{{ … }}`; `left` what was searched when the picker is closed without a choice.
 * @returns {{ close: () => void }}
 */
export function openPicker(given) {
  const { tree, host, at } = given;
  const words = (english, values) => say(tree.texts, english, values);
  const id = `mapping-picker-${(made += 1)}`;
  const input = searchField(id, words);
  const list = element("div", { class: "picker-tree", role: "tree", id, "aria-label": words("Values of earlier steps") });
  const status = element("p", { class: "picker-status", role: "status" });
  const state = { opened: new Set(), shown: [], active: 0, chosen: "" };

  const opening = openPanel({
    host,
    label: words("Insert a value"),
    kind: "picker",
    at,
    content: [element("div", { class: "search" }, icon("search"), input), list, status],
    closed: (byKey) => (state.chosen ? given.picked(state.chosen) : given.left(input.value, byKey)),
  });

  const choose = (template) => {
    state.chosen = template;
    opening.close(true);
  };
  const draw = () => {
    state.shown = rows(tree, input.value, state.opened);
    list.replaceChildren(...drawnGroups(state, id));
    list.hidden = !state.shown.length;
    status.textContent = found(state.shown.length, input.value, words);
    status.classList.toggle("hidden-text", state.shown.length > 0);
    activate(state.active);
    opening.place();
  };
  const activate = (place) => {
    state.active = Math.max(0, Math.min(place, state.shown.length - 1));
    list.querySelector("[aria-selected=true]")?.setAttribute("aria-selected", "false");
    const row = list.querySelector(`#${id}-${state.active}`);
    row?.setAttribute("aria-selected", "true");
    row?.scrollIntoView({ block: "nearest" });
    if (row) input.setAttribute("aria-activedescendant", row.id);
    else input.removeAttribute("aria-activedescendant");
  };
  const toggle = (row, open = !row.open) => {
    if (!row.field.children?.length || input.value) return;
    state.opened[open ? "add" : "delete"](row.field.path);
    draw();
  };
  const take = (row) => {
    if (!row) return;
    if (takes(row.field, given.kind)) choose(`{{ ${row.field.path} }}`);
    else toggle(row);
  };

  input.addEventListener("input", () => {
    const typed = /^(.*?)\}\}/s.exec(input.value);
    if (typed?.[1].trim()) return choose(`{{ ${typed[1].trim()} }}`);
    state.active = likeliest(rows(tree, input.value, state.opened), input.value);
    draw();
  });
  input.addEventListener("keydown", (event) => onKey(event, state, { activate, toggle, take, searching: input.value !== "" }));
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const node = event.target.closest("[role=treeitem]");
    const place = Number(node?.dataset.place ?? -1);
    if (place < 0) return;
    activate(place);
    if (event.target.closest(".picker-toggle")) toggle(state.shown[place]);
    else take(state.shown[place]);
  });
  draw();
  input.focus({ preventScroll: true });
  return { close: () => opening.close() };
}

function searchField(id, words) {
  return element("input", {
    class: "input",
    type: "text",
    role: "combobox",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: words("Search names and values"),
    "aria-label": words("Search names and values"),
    "aria-autocomplete": "list",
    "aria-expanded": "true",
    "aria-haspopup": "tree",
    "aria-controls": id,
  });
}

function onKey(event, { shown, active }, { activate, toggle, take, searching }) {
  const row = shown[active];
  const steps = { ArrowDown: active + 1, ArrowUp: active - 1, Home: 0, End: shown.length - 1 };
  const turns = (active + shown.length) % Math.max(shown.length, 1);
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (event.key in steps) activate(event.key === "ArrowDown" && turns === shown.length - 1 ? 0 : steps[event.key]);
  else if (event.key === "Enter") take(row);
  else if (event.key === "ArrowRight" && !searching && row) toggle(row, true);
  else if (event.key === "ArrowLeft" && !searching && row) row.open ? toggle(row, false) : activate(parentOf(shown, active));
  else return;
  event.preventDefault();
}

function parentOf(shown, place) {
  const depth = shown[place].depth;
  for (let at = place; at >= 0; at -= 1) if (shown[at].depth < depth) return at;
  return place;
}

function found(count, search, words) {
  if (count) return words("{count} found", { count });
  return search ? words("Nothing found for “{search}”.", { search }) : words("Earlier steps offer nothing yet.");
}

function drawnGroups({ shown }, id) {
  const groups = [];
  let last = null;
  shown.forEach((row, place) => {
    if (row.group !== last) {
      last = row.group;
      groups.push(element("div", { role: "group", "aria-label": last.title }, heading(last)));
    }
    groups.at(-1).append(drawnRow(row, place, id));
  });
  return groups;
}

function heading(group) {
  return element("div", { class: "picker-group", "aria-hidden": "true" }, appIcon(group.icon), group.title);
}

function drawnRow({ field, depth, open }, place, id) {
  const parent = Boolean(field.children?.length);
  const row = element(
    "div",
    {
      class: "picker-row",
      role: "treeitem",
      id: `${id}-${place}`,
      "data-place": String(place),
      "aria-level": String(depth + 1),
      "aria-selected": "false",
      "aria-expanded": parent ? String(open) : null,
    },
    element("span", { class: parent ? "picker-toggle" : "picker-leaf" }, parent && icon("right")),
    element("span", { class: "picker-title" }, field.title),
    " ",
    element("span", { class: "picker-sample" }, shortened(field.sample ?? "")),
  );
  row.style.setProperty("--depth", String(depth));
  return row;
}
