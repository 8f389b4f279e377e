// The page about the API: searches its operations, and opens the one that a link leads to. What an operation says stays
// in a template until it is opened: as elements, all of it together would make the page slow.

const words = document.querySelector("[data-api-words]");
const count = document.querySelector("[data-api-count]");
const none = document.querySelector("[data-api-none]");
const operations = [...document.querySelectorAll("[data-words]")];
const counted = operations.filter((one) => "operation" in one.dataset);
const groups = [...document.querySelectorAll("[data-api-group]")];

const search = () => {
  const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const one of operations) one.hidden = !wanted.every((word) => one.dataset.words.includes(word));
  for (const group of groups) group.hidden = !group.querySelector("[data-words]:not([hidden])");
  none.hidden = operations.some((one) => !one.hidden);
  const found = counted.filter((one) => !one.hidden).length;
  count.textContent = count.dataset.text.replace("COUNT", found).replace("ALL", counted.length);
};

const unfold = (one) => {
  const folded = one.querySelector(":scope > template");
  folded?.replaceWith(folded.content);
};

const open = () => {
  const wanted = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (wanted instanceof HTMLDetailsElement) {
    unfold(wanted);
    wanted.open = true;
    wanted.scrollIntoView();
  }
};

for (const one of operations) one.addEventListener("toggle", () => unfold(one));
words.addEventListener("input", search);
addEventListener("hashchange", open);
open();
