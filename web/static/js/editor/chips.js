/* The chips of a field that takes several choices: each holds what is sent of it. Used by choices.js. */

/** @returns {{chip: HTMLElement, value: string, label: string}[]} what is chosen, in order */
export function chipsOf(field) {
  return [...field.querySelectorAll(":scope > .chips > .chip")].map((chip) => ({chip, ...chip.dataset}));
}

/** A chip made of the page's <template>. */
export function chipOf(template, value, label) {
  const chip = template.content.firstElementChild.cloneNode(true);
  Object.assign(chip.dataset, {value, label});
  chip.querySelector("[data-chip-words] > bdi").textContent = label || value;
  const remove = chip.querySelector("button");
  remove.setAttribute("aria-label", `${remove.getAttribute("aria-label")}: ${label || value}`);
  return chip;
}

/** What stands in it. */
export const wordsOf = (chip) => chip.querySelector("[data-chip-words]").textContent;
