/* A rehearsal: begins by itself, shows one outcome only if wanted, and keeps that while further rows come. */

const page = document.querySelector("[data-rehearsal]");
let wanted = location.hash.slice(1);

page.querySelector("form[data-begin]")?.requestSubmit();

page.addEventListener("click", (event) => {
  const chosen = event.target.closest("[data-show]");
  if (!chosen) return;
  wanted = chosen.dataset.show;
  history.replaceState(null, "", wanted ? `#${wanted}` : location.pathname);
  filter();
});

/* Rows and buttons are drawn anew as they come. */
document.addEventListener("htmx:after:swap", filter);
filter();

function filter() {
  const buttons = [...page.querySelectorAll("[data-show]")];
  const known = buttons.some((one) => one.dataset.show === wanted);
  const now = known ? wanted : "";
  for (const one of buttons) one.ariaPressed = String(one.dataset.show === now);
  for (const row of page.querySelectorAll("[data-outcome]")) row.hidden = Boolean(now) && row.dataset.outcome !== now;
}
