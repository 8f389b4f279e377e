// A panel over the page: beside a point, or a sheet at the bottom of a small screen. The picker and the options use it.

import { element } from "./parts.js";

const GAP = 6; // px between the point and the panel, and to the edges of the window
const SMALL = "(max-width: 30rem)"; // as in the style sheet

/**
 * Opens a panel within `host` (so that it also works in a dialog). It closes on Escape, and when the person goes
 * elsewhere. `closed(byKey)` is told afterwards; only after a key is the focus to be given back.
 * @param {{ host: HTMLElement, label: string, kind: string, at: () => DOMRect, content: Node[],
 *   closed: (byKey: boolean) => void }} given
 * @returns {{ panel: HTMLElement, close: (byKey?: boolean) => void, place: () => void }}
 */
export function openPanel({ host, label, kind, at, content, closed }) {
  const panel = element("div", { class: `mapping-panel ${kind}`, popover: "manual", role: "dialog", "aria-label": label }, ...content);
  const place = () => beside(panel, at());
  const watching = new AbortController();

  const close = (byKey = false) => {
    if (watching.signal.aborted) return;
    watching.abort();
    panel.remove();
    closed(byKey);
  };

  host.append(panel);
  panel.showPopover();
  place();
  watch(panel, place, close, watching.signal);
  return { panel, close, place };
}

function watch(panel, place, close, signal) {
  const onKey = (event) => {
    event.stopPropagation();
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    close(true);
  };
  const elsewhere = (event) => {
    if (!panel.contains(event.target)) close();
  };
  const left = (event) => {
    if (event.relatedTarget && !panel.contains(event.relatedTarget)) close();
  };
  panel.addEventListener("keydown", onKey, { signal });
  panel.addEventListener("focusout", left, { signal });
  // What is typed here is no change of the form around it.
  for (const name of ["input", "change"]) panel.addEventListener(name, (event) => event.stopPropagation(), { signal });
  document.addEventListener("pointerdown", elsewhere, { signal, capture: true });
  document.addEventListener("scroll", (event) => panel.contains(event.target) || place(), { signal, capture: true });
  window.addEventListener("resize", place, { signal });
  window.visualViewport?.addEventListener("resize", place, { signal });
}

/**
 * Puts a panel under a rectangle, or above it where there is more room; within the window in any case.
 * @param {HTMLElement} panel
 * @param {DOMRect} rect
 */
export function beside(panel, rect) {
  const seen = window.visualViewport ?? { width: innerWidth, height: innerHeight, offsetTop: 0 };
  const bottom = innerHeight - seen.height - seen.offsetTop; // what an on-screen keyboard covers
  panel.style.setProperty("--covered", `${Math.max(bottom, 0)}px`);
  if (panel.classList.contains("mapping-panel") && matchMedia(SMALL).matches) {
    panel.style.left = panel.style.top = panel.style.maxHeight = "";
    return;
  }
  const below = innerHeight - rect.bottom - 2 * GAP;
  const above = rect.top - 2 * GAP;
  panel.style.maxHeight = "";
  const height = panel.offsetHeight;
  const under = height <= below || below >= above;
  panel.style.maxHeight = `${Math.max(under ? below : above, 120)}px`;
  const left = Math.min(rect.left, document.body.getBoundingClientRect().right - panel.offsetWidth - GAP);
  panel.style.left = `${Math.max(left, GAP)}px`;
  panel.style.top = `${under ? rect.bottom + GAP : Math.max(rect.top - GAP - panel.offsetHeight, GAP)}px`;
}
