/* A press that begins on one element and ends on another, drawn anew in between, is no click: nothing is drawn until the
   pointer is let go. */

const LONGEST = 5000; // milliseconds
const waiting = [];
let pressed = false;
let timer = 0;

function begin() {
  pressed = true;
  clearTimeout(timer);
  timer = setTimeout(end, LONGEST);
}

function end() {
  clearTimeout(timer);
  pressed = false;
  for (const go of waiting.splice(0)) go();
}

addEventListener("pointerdown", begin, true);
for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => setTimeout(end), true); // after its click
// A menu of the browser's own keeps the end of a press to itself.
for (const name of ["change", "keydown"]) addEventListener(name, end, true);
addEventListener("pointermove", (event) => pressed && !event.buttons && end(), true);

/** When nothing is pressed. */
export const letGo = () => (pressed ? new Promise((go) => waiting.push(go)) : Promise.resolve());
