/** @type {import("./platform.js").openSocket} */
export function openSocket(url, subprotocol) {
  return new WebSocket(url, subprotocol);
}
