/* Connects an account without leaving the step: in a window of its own, or on a way through this one that leads back
   where windows are blocked. Each wish has an id, so that no other page takes the account. Asked by editor.js. */

import {saved} from "./saving.js";

const KEPT = "zapwerk-connecting"; // what this tab went away for
const wishes = new Map();

/** @param {HTMLAnchorElement} link to the connecting of an app, @param {{zap: string, step: string}} place */
export async function connect(link, place) {
  const id = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const wish = {...place, app: link.dataset.connect};
  if (window.open(`${link.href}&embed=${id}`, "zapwerk-connect", "popup,width=560,height=760")) return wishes.set(id, wish);
  const there = await saved().then(() => true, () => false);
  if (!there) return;
  sessionStorage.setItem(KEPT, JSON.stringify(wish));
  location.assign(link.href);
}

/** @param {(step: string, connection: string) => void} choose told of an account that was connected for a step of here */
export function whenConnected(choose) {
  new BroadcastChannel("zapwerk-connections").addEventListener("message", ({data}) => {
    const wish = wishes.get(data?.window);
    if (data?.type !== "connected" || wish?.app !== data.app) return;
    wishes.delete(data.window);
    choose(wish.step, data.id);
  });
}

/** The account that this tab went away for: an address alone, which anybody can write, chooses none. */
export function broughtBack(zap) {
  const address = new URL(location.href);
  const connection = address.searchParams.get("connected");
  if (!connection) return null;
  address.searchParams.delete("connected");
  history.replaceState(null, "", address);
  const wish = JSON.parse(sessionStorage.getItem(KEPT) || "null");
  sessionStorage.removeItem(KEPT);
  return wish?.zap === zap ? {step: wish.step, connection} : null;
}
