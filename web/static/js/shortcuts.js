/* Keys that work wherever nobody is typing: / n ? and g followed by z, h or c. */

const PLACES = {z: "/zaps", h: "/history", c: "/connections", a: "/apps", s: "/settings"};
const WAIT = 1200; // milliseconds between “g” and the next key
let going = 0;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (Date.now() - going < WAIT && PLACES[event.key]) return go(event, PLACES[event.key]);
  going = event.key === "g" ? Date.now() : 0;
  if (event.key === "n") begin(event);
  if (event.key === "/") focus(event);
  if (event.key === "?") document.getElementById("shortcuts")?.showModal();
});

function isTyping(target) {
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

function go(event, path) {
  if (!document.querySelector(".side")) return;
  event.preventDefault();
  location.assign(path);
}

/* A button begins a zap at once; elsewhere it is chosen first what it begins with. */
function begin(event) {
  const button = document.querySelector("button[data-new-zap]");
  if (!button) return go(event, "/zaps/new");
  event.preventDefault();
  button.click();
}

function focus(event) {
  const field = document.querySelector("[data-search]");
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
}
