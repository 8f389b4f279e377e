/* What every page needs: menus, dialogs, toasts, shortcuts, times that stay true. Loaded by document.html. */

import "./forms.js";
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
  if (event.target.closest("[data-back]") && history.length > 1) {
    event.preventDefault();
    history.back(); // the browser still knows what was typed there
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

/* What a response has to say at the foot of the page. */
document.addEventListener("toast", (event) => toast(event.detail.text, {undo: event.detail.undo, undoText: event.detail.undoText}));
let signedOut;
document.addEventListener("signed-out", () => {
  const more = {link: "/sign-in?why=again", linkText: document.body.dataset.textSignIn, stays: true};
  signedOut = toast(document.body.dataset.textSignedOut, more) ?? signedOut;
});
document.addEventListener("signed-in", () => signedOut?.remove());

/* No answer came, or one of whoever stands before the server. What a page asks for by itself it asks for again, for as
   long as it is waited for, and after the next sign-in; the server's own answers say what is to be said. */
const ASKS_AGAIN = 3000; // milliseconds
const refused = new Set();
let lost;
document.addEventListener("htmx:error", ({target, detail}) => detail.ctx?.response || cut(target));
document.addEventListener("htmx:response:error", ({target, detail}) => {
  const {status} = detail.ctx.response;
  if (status > 500) cut(target);
  if (status === 401) refused.add(target);
});
document.addEventListener("signed-in", () => {
  refused.forEach(askAgain);
  refused.clear();
});

function cut(target) {
  if (!lost?.isConnected) lost = toast(document.body.dataset.textOffline);
  setTimeout(askAgain, ASKS_AGAIN, target);
}

function askAgain(target) {
  if (target.matches?.('[hx-trigger$=", again"]')) target.dispatchEvent(new Event("again"));
}

for (const part of document.cookie.split("; ")) {
  const [name, value] = part.split("=", 2);
  if (name !== "zapwerk-toast" || !value) continue;
  document.cookie = "zapwerk-toast=; path=/; max-age=0";
  toast(decodeURIComponent(value.replace(/^"|"$/g, "")));
}
