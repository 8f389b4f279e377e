/* Lists in forms: rows are added from a <template> and removed. Loaded by pages with forms. */

document.addEventListener("click", (event) => {
  const add = event.target.closest("[data-rows-add]");
  if (add) return addRow(add.closest("[data-rows]"));
  const remove = event.target.closest("[data-rows-remove]");
  if (remove) removeRow(remove.closest("[data-row]"));
});

/* A secret that is set is kept until something else is typed, or until it is cleared. */
document.addEventListener("input", (event) => forget(event.target.closest("[data-secret]")), true);
document.addEventListener("click", (event) => {
  const clear = event.target.closest("[data-secret-clear]");
  if (!clear) return;
  const secret = clear.closest("[data-secret]");
  forget(secret);
  const input = secret.querySelector("input");
  clear.remove();
  input.focus();
  input.dispatchEvent(new Event("change", {bubbles: true}));
});

function forget(secret) {
  secret?.querySelector('[name^="kept."]')?.remove();
  secret?.querySelector("input")?.removeAttribute("placeholder");
}

function addRow(list) {
  const place = list.querySelector("[data-rows-place]");
  const number = 1 + Math.max(-1, ...[...place.querySelectorAll(":scope > [data-row]")].map((row) => Number(row.dataset.row || row.querySelector("[name]")?.name.slice(list.dataset.rows.length + 1).split(".")[0])));
  const html = list.querySelector(":scope > template").innerHTML.replaceAll("__n__", String(number));
  place.insertAdjacentHTML("beforeend", html);
  const row = place.lastElementChild;
  row.dataset.row = String(number);
  row.querySelector("input, textarea, select, [contenteditable]")?.focus();
  list.dispatchEvent(new CustomEvent("rows:changed", {bubbles: true}));
}

function removeRow(row) {
  const list = row.closest("[data-rows]");
  row.remove();
  list.querySelector("[data-rows-add]").focus();
  list.dispatchEvent(new CustomEvent("rows:changed", {bubbles: true}));
}
