/* Leads to the place where a problem is mended, as the server names it: “use”, “connection”, “name”, “lines.0.price”,
   “filter.all.0.to”. Asked by editor.js. */

const OWN = {connection: "#account, [data-connect]", title: "#own-title", note: "#own-note", if_empty: "#if-empty"};
const OTHERWISE = "#account, [data-connect], [data-panel-title]"; // before an account is chosen, the fields wait

/** @param {string} field, not “use”: the list of apps is the editor's to open */
export async function focusField(field) {
  await customElements.whenDefined("mapped-field"); // an input is hidden once its editor stands in its place
  const [head, ...rest] = field.split(".");
  const wanted = OWN[head] ? document.querySelector(OWN[head]) : head === "filter" ? inFilter(rest) : inFields(field);
  const found = wanted ?? document.querySelector(OTHERWISE);
  found?.closest("details")?.setAttribute("open", "");
  typedInto(found)?.focus();
}

/* The very value if the page shows it, else what holds it. */
function inFields(field) {
  for (let path = field; path; path = path.slice(0, Math.max(0, path.lastIndexOf(".")))) {
    const name = CSS.escape(`given.${path}`);
    const ways = [`[name="${name}"], [name="${name}.value"]`, `[name^="${name}."]`, `[data-rows="${name}"] [data-rows-add]`];
    for (const way of ways) {
      const found = document.querySelector(`[data-step-form] :is(${way})`);
      if (found) return found;
    }
  }
  return null;
}

function inFilter(place) {
  const editor = document.querySelector("[data-filter-editor]");
  const condition = place.length && document.getElementById(`c-${place.join("-")}`);
  return condition || editor?.querySelector("[data-condition] [data-value]") || editor?.querySelector("[data-filter-do=add-condition]");
}

/* Editors and comboboxes stand in the place of the input that is sent. */
function typedInto(input) {
  return input?.closest("mapped-field, choices-field")?.querySelector("[contenteditable], [role=combobox]") ?? input;
}
