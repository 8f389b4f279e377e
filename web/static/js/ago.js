/* Keeps “3 minutes ago” true while a page is open. */

const STEPS = [["second", 60], ["minute", 60], ["hour", 24], ["day", 7], ["week", 4.35], ["month", 12], ["year", Infinity]];
const format = new Intl.RelativeTimeFormat(document.documentElement.lang, {numeric: "always"});

/**
 * @param {Date} moment
 * @returns {string} “3 minutes ago” in the page's language
 */
export function ago(moment) {
  let value = (moment - Date.now()) / 1000;
  for (const [unit, many] of STEPS) {
    if (Math.abs(value) < many || unit === "year") return format.format(Math.round(value), unit);
    value /= many;
  }
  return "";
}

function refresh() {
  for (const element of document.querySelectorAll("time[data-ago]")) {
    const moment = new Date(element.dateTime);
    if (Math.abs(moment - Date.now()) > 5000) element.textContent = ago(moment);
  }
}

setInterval(refresh, 5000);
