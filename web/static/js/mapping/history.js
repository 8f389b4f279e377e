// What can be undone: a list of changes to a text. Pure values; the field applies them.

/**
 * @typedef {{ at: number, removed: string, inserted: string, before: number[], after: number[], kind: string,
 *   time: number }} Change `before` and `after` are the selections around it: [anchor, focus]
 * @typedef {{ done: Change[], undone: Change[] }} History
 */

const MOST_CHANGES = 200;
const PAUSE = 900; // ms without typing after which a new change begins

/** @returns {History} */
export function nothing() {
  return { done: [], undone: [] };
}

/**
 * The history with one more change; typing without a pause is one change, and so is one visit to a pill's options.
 * @param {History} history
 * @param {Change} change
 * @returns {History}
 */
export function recorded(history, change) {
  const last = history.done.at(-1);
  const joined = last && last.kind === change.kind ? joining(last, change) : null;
  const done = joined ? [...history.done.slice(0, -1), joined] : [...history.done, change];
  return { done: done.slice(-MOST_CHANGES), undone: [] };
}

function joining(last, change) {
  if (change.kind.startsWith("options") && last.at === change.at && change.removed === last.inserted) {
    return { ...change, removed: last.removed, before: last.before };
  }
  const goesOn = !change.removed && change.at === last.at + last.inserted.length && change.time - last.time < PAUSE;
  if (change.kind !== "typing" || !goesOn) return null;
  return { ...change, at: last.at, removed: last.removed, inserted: last.inserted + change.inserted, before: last.before };
}

/**
 * One change back: the new history, and what to put where; null if there is none.
 * @param {History} history
 */
export function undone({ done, undone: later }) {
  const change = done.at(-1);
  if (!change) return null;
  const { at, removed, inserted, before } = change;
  const history = { done: done.slice(0, -1), undone: [...later, change] };
  return { history, from: at, to: at + inserted.length, text: removed, selection: before };
}

/**
 * One change forward again, as `undone`.
 * @param {History} history
 */
export function redone({ done, undone: later }) {
  const change = later.at(-1);
  if (!change) return null;
  const { at, removed, inserted, after } = change;
  const history = { done: [...done, change], undone: later.slice(0, -1) };
  return { history, from: at, to: at + removed.length, text: inserted, selection: after };
}
