/* A window in which an account was connected tells the page that opened it, and closes. */

const place = document.querySelector("[data-connected]");
if (place) {
  const channel = new BroadcastChannel("zapwerk-connections");
  channel.postMessage({type: "connected", id: place.dataset.connected, name: place.dataset.name, app: place.dataset.app, window: place.dataset.window});
  channel.close();
  window.close();
}
