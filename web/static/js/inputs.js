/* Copying, and showing a password that is being typed. Loaded by pages about people. */

import {toast} from "./toasts.js";

document.querySelector(".tabs [aria-current]")?.scrollIntoView({block: "nearest", inline: "center"});
for (const button of document.querySelectorAll("[data-reveal]")) button.hidden = false;
const zone = document.querySelector("[data-own-zone] input");
if (zone && !zone.value) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
document.querySelector("form[data-send-at-once]")?.requestSubmit();

document.addEventListener("click", (event) => {
  const copying = event.target.closest("[data-copy]");
  if (copying) copy(copying);
  const revealing = event.target.closest("[data-reveal]");
  if (revealing) reveal(revealing);
});

document.addEventListener("focusin", (event) => {
  if (event.target.matches("[data-select]")) event.target.select();
});

/* Browsers have a clipboard for pages only where the connection is safe; elsewhere the old command does it. */
async function copy(button) {
  const field = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(field.value ?? field.textContent);
  } catch {
    const range = document.createRange();
    if (field.select) field.select();
    else {
      range.selectNodeContents(field);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
    }
    if (!document.execCommand("copy")) return;
  }
  toast(button.dataset.copied);
}

function reveal(button) {
  const field = document.getElementById(button.dataset.reveal);
  const shown = field.type === "password";
  field.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
  field.focus();
}

/* What is on its way must not be readable, nor be offered by the browser as something typed before. */
document.addEventListener("submit", (event) => {
  for (const button of event.target.querySelectorAll('[data-reveal][aria-pressed="true"]')) reveal(button);
});
