// Builds elements. Texts become text nodes, never markup; icons are drawn here because a script may not be styled inline.

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  braces:
    "M8 3H7a2 2 0 0 0-2 2v5a2 2 0 0 1-2 2 2 2 0 0 1 2 2v5c0 1.1.9 2 2 2h1M16 21h1a2 2 0 0 0 2-2v-5c0-1.1.9-2 2-2a2 2 0 0 1-2-2V5a2 2 0 0 0-2-2h-1",
  right: "m9 18 6-6-6-6",
  arrow: "M5 12h14M12 5l7 7-7 7",
  alert: "m21.73 18-8-14a2 2 0 0 0-3.48 0l-8 14A2 2 0 0 0 4 21h16a2 2 0 0 0 1.73-3M12 9v4M12 17h.01",
  search: "m21 21-4.34-4.34M19 11a8 8 0 1 1-16 0 8 8 0 0 1 16 0",
  x: "M18 6 6 18M6 6l12 12",
  check: "M20 6 9 17l-5-5",
};

/**
 * An element with attributes (and `on…` listeners) and children. Null children and attributes are left out.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child || child === ""));
  return made;
}

/**
 * One of our icons, for the eye only.
 * @param {keyof typeof ICONS} name
 * @returns {SVGElement}
 */
export function icon(name) {
  const made = document.createElementNS(SVG, "svg");
  made.setAttribute("viewBox", "0 0 24 24");
  made.setAttribute("class", "icon small");
  made.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  made.append(path);
  return made;
}

/**
 * An app's icon; nothing where there is none.
 * @param {string | undefined} address
 * @returns {HTMLElement | null}
 */
export function appIcon(address) {
  return address ? element("img", { class: "app-icon small", src: address, alt: "", draggable: "false" }) : null;
}
