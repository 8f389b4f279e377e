/* Copies what stands in a field, where the browser lets us; else it is selected, to be copied by hand. */

import {toast} from "../toasts.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    return;
  }
  toast(button.dataset.copied);
});
