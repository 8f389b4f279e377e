// Keeps the page's live region as the server has it. Rows stay in place while they are there, so that focus, selection
// and what a person reads are not disturbed; new ones are told to screen readers in one sentence.

const EVERY = 300; // milliseconds between two looks; a look without news is a short “304”
const TOLD_AT_MOST = 3;

const region = document.querySelector("[data-from]");
if (region) {
  const line = region.querySelector(".live");
  const status = line.querySelector("[role=status]");
  line.hidden = false;
  status.textContent = status.dataset.live;
  follow(region, line, status);
}

async function follow(region, line, status) {
  let mark = "";
  let first = true;
  for (;;) {
    await whenVisible();
    try {
      const answer = await fetch(region.dataset.from, { headers: mark ? { "If-None-Match": mark } : {} });
      if (answer.status !== 304 && !answer.ok) throw new Error(String(answer.status));
      if (line.classList.contains("lost")) {
        line.classList.remove("lost");
        status.textContent = status.dataset.live;
      }
      if (answer.status !== 304) {
        const news = show(region, await answer.text());
        mark = answer.headers.get("ETag") ?? "";
        if (news.length && !first) status.textContent = news.slice(0, TOLD_AT_MOST).join(" · ");
      }
      first = false;
    } catch {
      if (!line.classList.contains("lost")) {
        line.classList.add("lost");
        status.textContent = status.dataset.lost;
      }
    }
    await new Promise((done) => setTimeout(done, EVERY));
  }
}

function whenVisible() {
  if (!document.hidden) return undefined;
  return new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));
}

function show(region, html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const own = region.querySelector(`[data-part="${CSS.escape(part.dataset.part)}"]`);
    if (own && own.innerHTML !== part.innerHTML) own.replaceChildren(...part.childNodes);
  }
  const news = [];
  for (const list of fresh.querySelectorAll("[data-list]")) {
    const own = region.querySelector(`[data-list="${CSS.escape(list.dataset.list)}"]`);
    if (own) news.push(...matched(own, list));
  }
  return news;
}

function matched(own, fresh) {
  const known = new Map([...own.children].map((row) => [row.dataset.key, row]));
  const news = [];
  let place = own.firstElementChild;
  for (const row of [...fresh.children]) {
    const here = known.get(row.dataset.key);
    known.delete(row.dataset.key);
    if (here && here === place) {
      place = place.nextElementSibling;
      continue;
    }
    if (!here) {
      row.classList.add("new");
      news.push(row.dataset.said);
    }
    own.insertBefore(here ?? row, place);
  }
  for (const gone of known.values()) gone.remove();
  return news;
}
