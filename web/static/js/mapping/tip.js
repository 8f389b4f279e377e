// What a pill shows while it is pointed at or chosen: where its value comes from, and what it is in the sample.

import { beside } from "./panel.js";
import { element } from "./parts.js";
import { remark, told } from "./pills.js";

/**
 * @param {import("./editor.js").Editor} field
 * @param {AbortSignal} signal
 */
export function tipsFor(field, signal) {
  const tip = element("div", { class: "mapping-tip", popover: "manual", "aria-hidden": "true" });
  let shown = null;

  const show = (node) => {
    if (node === shown) return;
    shown = node;
    if (!node) return tip.remove();
    const pill = told(node.dataset.template, field.tree());
    const head = pill.step ? `${pill.step}: ${pill.title}` : pill.title;
    tip.replaceChildren(element("span", { class: "soft" }, head), element("span", {}, remark(pill, field.tree().texts)));
    field.host.append(tip);
    tip.showPopover();
    beside(tip, node.getBoundingClientRect());
  };
  const held = () => {
    const chosen = field.view.pills().find(({ node }) => node.classList.contains("chosen"));
    show(field.held() >= 0 && document.activeElement === field.node ? (chosen?.node ?? null) : null);
  };

  const on = (target, name, listener) => target.addEventListener(name, listener, { signal, passive: true });
  on(field.node, "pointerover", (event) => event.pointerType === "mouse" && show(event.target.closest(".pill")));
  on(field.node, "pointerleave", held);
  on(field.node, "blur", () => show(null));
  on(field.node, "keydown", (event) => event.key === "Escape" && show(null));
  on(field.node, "click", () => show(null));
  on(document, "selectionchange", held);
  document.addEventListener("scroll", () => show(null), { signal, passive: true, capture: true });
  field.onChange(() => show(null));
  signal.addEventListener("abort", () => tip.remove());
}
