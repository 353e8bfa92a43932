/** @type {import("./platform.js").openSocket} */
export function openSocket(url, subprotocol, token) {
  return new WebSocket(url, token ? [subprotocol, `tidewire.bearer.${token}`] : subprotocol);
}
