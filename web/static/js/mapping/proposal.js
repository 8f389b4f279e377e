// A suggestion for an empty field: shown faintly in it, taken over by a button or by Ctrl+Enter, never by itself.

import { element, icon } from "./parts.js";
import { pill, told } from "./pills.js";

/**
 * @param {import("./editor.js").Editor} field
 * @param {string} id of the sentence that describes it
 * @returns {{ ghost: HTMLElement, button: HTMLElement, help: HTMLElement, accept: () => boolean, draw: () => void }}
 */
export function proposalFor(field, id) {
  const ghost = element("span", { class: "mapping-ghost", "aria-hidden": "true" });
  const help = element("span", { class: "hidden-text", id });
  const button = element("button", { type: "button", class: "mapping-accept", hidden: true }, icon("check"), field.words("Use"));
  const proposed = () => (field.text() === "" && !field.fixed() ? field.host.dataset.proposal || "" : "");

  const accept = () => {
    const template = proposed();
    if (!template) return false;
    field.edit(0, 0, template);
    field.focus();
    return true;
  };

  const draw = () => {
    const template = proposed();
    const placeholder = field.text() === "" ? field.area.placeholder : "";
    button.hidden = !template;
    ghost.hidden = !template && !placeholder;
    if (!template) {
      ghost.textContent = placeholder;
      help.textContent = "";
      return;
    }
    const { title } = told(template, field.tree());
    const shown = pill(template, field.tree());
    shown.removeAttribute("contenteditable");
    ghost.replaceChildren(field.words("Suggested:"), " ", shown, element("kbd", {}, "Ctrl+Enter"));
    button.setAttribute("aria-label", field.words("Use the suggestion: {title}", { title }));
    help.textContent = field.words("Suggested: {title}. Ctrl+Enter takes it over.", { title });
  };

  button.addEventListener("click", accept);
  field.onChange(draw);
  return { ghost, button, help, accept, draw };
}
