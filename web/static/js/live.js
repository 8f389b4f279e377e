/* What moves, as it moves: one stream for the whole page. Parts of the page listen to events on `document`:

     live:runs  detail: {ids: string[], zaps: string[], runs: {id, zap, state}[], missed: boolean}

   `missed` says that more moved than was told: look anew. The stream rests while nobody looks at the tab, and goes on
   where it was. The page says where to begin: an element with `data-live="MARKER"`. */

const COMES_BACK = 20_000; // milliseconds after the server said no

let source = null;
let marker = "";
let timer = 0;
let ended = false;

function open() {
  if (source || ended || document.hidden) return;
  source = new EventSource(`/live?since=${encodeURIComponent(marker)}`);
  source.addEventListener("runs", told);
  source.addEventListener("signed-out", signedOut);
  source.addEventListener("error", lost);
}

function close() {
  clearTimeout(timer);
  source?.close();
  source = null;
}

function told(event) {
  marker = event.lastEventId;
  const {runs, missed} = JSON.parse(event.data);
  const detail = {runs, missed, ids: runs.map((run) => run.id), zaps: [...new Set(runs.map((run) => run.zap))]};
  document.dispatchEvent(new CustomEvent("live:runs", {detail}));
}

function signedOut() {
  ended = true;
  close();
  document.dispatchEvent(new CustomEvent("signed-out"));
}

document.addEventListener("signed-in", () => {
  ended = false;
  open();
});

/* The browser comes back by itself after a cut, but not after a refusal. */
function lost() {
  if (source?.readyState !== EventSource.CLOSED) return;
  close();
  timer = setTimeout(open, COMES_BACK);
}

document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
addEventListener("pagehide", close);
addEventListener("pageshow", (event) => event.persisted && open());

marker = document.querySelector("[data-live]")?.dataset.live ?? "";
open();
