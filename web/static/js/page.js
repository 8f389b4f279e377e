/* What every page needs: menus, dialogs, toasts, shortcuts, times that stay true. Loaded by document.html. */

import {toast} from "./toasts.js";
import "./shortcuts.js";
import "./ago.js";

document.cookie = `zapwerk-zone=${Intl.DateTimeFormat().resolvedOptions().timeZone}; path=/; max-age=31536000; samesite=lax`;

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    event.preventDefault();
    document.getElementById(opener.dataset.dialog)?.showModal();
  }
  if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
  closeMenus(event.target);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details[data-menu][open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

/* A menu is closed by a click elsewhere, and by choosing from it. */
function closeMenus(target) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    const chosen = target.closest(".menu-items") && target.closest("a, button");
    if (!menu.contains(target) || chosen) menu.open = false;
  }
}

/* Forms that filter a list send themselves when something in them changes. */
document.addEventListener("change", (event) => {
  if (event.target.form?.hasAttribute("data-auto-submit")) event.target.form.requestSubmit();
});

/* A form is sent once, however often its button is pressed. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "dialog" || form.hasAttribute("hx-post") || event.defaultPrevented) return;
  if (form.dataset.sent) return event.preventDefault();
  if (form.method === "post") form.dataset.sent = "1";
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

/* What a response has to say at the foot of the page. */
document.addEventListener("toast", (event) => toast(event.detail.text, {undo: event.detail.undo, undoText: event.detail.undoText}));
document.addEventListener("signed-out", () => toast(document.body.dataset.textSignedOut, {link: "/sign-in", linkText: document.body.dataset.textSignIn, stays: true}));
document.addEventListener("htmx:error", () => {
  if (!navigator.onLine) toast(document.body.dataset.textOffline);
});
for (const part of document.cookie.split("; ")) {
  const [name, value] = part.split("=", 2);
  if (name !== "zapwerk-toast" || !value) continue;
  document.cookie = "zapwerk-toast=; path=/; max-age=0";
  toast(decodeURIComponent(value.replace(/^"|"$/g, "")));
}
