/* The question before something is done with zaps, in a dialog: of the list of zaps, and of the editor's switch. What was
   done is told by the server (“zaps-changed”); “zaps-asked” follows when the question is answered. */

import {elements, part} from "./asking.js";

export const dialog = document.getElementById("zaps-ask");

/** @param {string} markup of zaps/ask.html */
export function ask(markup) {
  dialog.replaceChildren(elements(markup));
  if (!dialog.open) dialog.showModal();
}

dialog?.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-zaps-form]");
  if (!form) return;
  event.preventDefault();
  const wish = new URLSearchParams(new FormData(form, event.submitter));
  for (const button of form.querySelectorAll("footer button")) button.disabled = true;
  const markup = await part("/zaps/many", {method: "POST", body: wish});
  if (markup) return ask(markup);
  dialog.close();
  document.dispatchEvent(new CustomEvent("zaps-asked"));
});
dialog?.addEventListener("close", () => dialog.replaceChildren());
