/* The sign-in of this browser, as this page knows it. A new sign-in in another tab has another token: it is heard of, or
   asked for when a request was refused, and the page goes on with it. Tells `document`: “signed-in”. */

const meta = document.querySelector('meta[name="csrf"]');
const person = document.body.dataset.person;
const tabs = new BroadcastChannel("zapwerk-session");

/** The token that our own requests bring. */
export const csrf = () => meta.content;

/**
 * Asks who is signed in now, and takes over the token of their new sign-in.
 * @returns {Promise<"in" | "out" | "other" | "offline">} “other”: somebody else than the page was made for
 */
export async function look() {
  const answer = await fetch("/session", {headers: {"HX-Request": "true"}}).catch(() => null);
  return answer?.ok ? take(await answer.json()) : "offline";
}

/** As `fetch`, with the token; once more where the page did not know of a new sign-in. */
export async function send(address, how = {}) {
  const before = csrf();
  const answer = await asked(address, how);
  if (answer.status !== 401 && answer.status !== 403) return answer;
  return (await look()) === "in" && csrf() !== before ? asked(address, how) : answer;
}

const asked = (address, how) => fetch(address, {...how, headers: {"HX-Request": "true", "X-CSRF": csrf(), ...how.headers}});

function take(now) {
  if (!now.csrf) return "out";
  if (now.person !== person) return "other";
  if (meta.content === now.csrf) return "in";
  meta.content = now.csrf;
  document.dispatchEvent(new CustomEvent("signed-in"));
  return "in";
}

/* Pages of the same person only: a page that was made for nobody has nothing to go on with. */
if (csrf()) {
  tabs.postMessage({csrf: csrf(), person});
  tabs.addEventListener("message", (event) => take(event.data));
}

/* What htmx sends brings the token of now, not of when the page was made. */
document.addEventListener("htmx:config:request", (event) => (event.detail.ctx.request.headers["X-CSRF"] = csrf()));
