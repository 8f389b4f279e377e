/* While an account is checked: shows its ticks. The form is sent as any other; the page asks for the ticks meanwhile. */

const EVERY = 300; // milliseconds

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.checking !== "1" || event.defaultPrevented) return;
  const id = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  form.elements.check.value = id;
  show(document.getElementById(form.dataset.waits || "waiting"), form, id);
});

function show(waiting, form, id) {
  waiting.hidden = false;
  waiting.scrollIntoView({block: "nearest"});
  form.querySelector("button:not([type])")?.setAttribute("aria-disabled", "true");
  const ticks = waiting.querySelector("[data-ticks]");
  const timer = setInterval(async () => {
    const answer = await fetch(`/connections/checks/${id}`, {headers: {"HX-Request": "true"}}).catch(() => null);
    if (!answer?.ok) return;
    const markup = await answer.text();
    if (ticks.dataset.shown === markup) return;
    ticks.dataset.shown = markup;
    ticks.innerHTML = markup;
  }, EVERY);
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    clearInterval(timer);
    waiting.hidden = true;
    form.querySelector("button:not([type])")?.removeAttribute("aria-disabled");
  }, {once: true});
}
