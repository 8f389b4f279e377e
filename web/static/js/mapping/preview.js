// The line under a field: what its template gives with the sample. Asks the server, which alone knows how to render.

import { element, icon } from "./parts.js";
import { say } from "./texts.js";

const PAUSE = 250; // ms without a change before asking

/**
 * @param {import("./editor.js").Editor} field
 * @param {AbortSignal} signal
 * @returns {HTMLElement}
 */
export function previewOf(field, signal) {
  const line = element("p", { class: "mapping-preview", role: "status", hidden: true });
  let timer = 0;
  let asking = new AbortController();

  const ask = async (address, template) => {
    asking = new AbortController();
    const mine = asking.signal;
    const answer = await answerOf(address, template, mine);
    if (!mine.aborted) show(line, answer, field.tree().texts);
  };
  const later = () => {
    clearTimeout(timer);
    asking.abort();
    const address = field.host.dataset.preview;
    const template = field.text();
    line.hidden = !address || !/\{[{%]/.test(template);
    if (!line.hidden) timer = setTimeout(ask, PAUSE, address, template);
  };

  field.onChange(later);
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    asking.abort();
  });
  later();
  return line;
}

async function answerOf(address, template, signal) {
  const token = document.querySelector('meta[name="csrf"]')?.content ?? "";
  try {
    const headers = { "X-CSRF": token, Accept: "application/json" };
    const answer = await fetch(address, { method: "POST", headers, body: new URLSearchParams({ template }), signal });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null; // offline, or an answer that is no JSON: the line says that there is no preview
  }
}

function show(line, answer, texts) {
  const [kind, words] = toldIn(answer, texts);
  line.className = `mapping-preview ${kind}`;
  line.replaceChildren(icon(kind === "warn" ? "alert" : "arrow"), element("span", {}, words));
}

function toldIn(answer, texts) {
  if (!answer) return ["quiet", say(texts, "No preview at the moment.")];
  if (answer.problem) return ["warn", answer.problem];
  if (answer.empty) return ["quiet", say(texts, "Empty with this sample")];
  return ["", String(answer.text ?? "")];
}
