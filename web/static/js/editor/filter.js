/* The conditions of a filter, as the page shows them and as the server takes them. */

/** Whether an input belongs to the conditions. */
export const isFilter = (input) => Boolean(input.closest?.("[data-filter-editor]"));

/** @returns {object} the outermost group, as {all: […]} or {any: […]} */
export const groupOf = (editor) => read(editor.querySelector("[data-group]"));

function read(group) {
  const join = group.querySelector("[data-join]").value;
  const members = [...group.querySelector("[data-members]").children];
  return {[join]: members.map((member) => (member.matches("[data-group]") ? read(member) : condition(member)))};
}

function condition(row) {
  const operator = row.querySelector("[data-operator]");
  const found = {value: row.querySelector("[data-value]").value, is: operator.value};
  const alone = operator.selectedOptions[0]?.hasAttribute("data-alone");
  return alone ? found : {...found, to: row.querySelector("[data-to]").value};
}

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-operator]")) return;
  const alone = event.target.selectedOptions[0].hasAttribute("data-alone");
  event.target.closest("[data-condition]").querySelector("[data-to]").closest("mapped-field").hidden = alone;
});

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-filter-do]");
  if (!pressed) return;
  const editor = pressed.closest("[data-filter-editor]");
  ACTS[pressed.dataset.filterDo](pressed);
  editor.dispatchEvent(new CustomEvent("filter:changed", {bubbles: true}));
});

const members = (pressed) => pressed.closest("[data-group]").querySelector(":scope > [data-members]");
const fresh = () => document.getElementById("new-condition").content.firstElementChild.cloneNode(true);

const ACTS = {
  "add-condition": (pressed) => members(pressed).append(fresh()),
  "add-group": (pressed) => {
    const outer = pressed.closest("[data-group]");
    const group = outer.cloneNode(true);
    group.querySelector("[data-members]").replaceChildren(fresh());
    group.querySelector("[data-join]").value = outer.querySelector("[data-join]").value === "all" ? "any" : "all";
    members(pressed).append(group);
  },
  remove: (pressed) => (pressed.closest("[data-condition]") || pressed.closest("[data-group]")).remove(),
};
