import { createRequire } from "node:module";

/** @type {import("./platform.js").openSocket} */
export function openSocket(url, subprotocol, headers) {
  // Node 22's own WebSocket takes headers beside the protocols; an older Node has none.
  if (typeof WebSocket === "function") return new WebSocket(url, { protocols: [subprotocol], headers });
  const { WebSocket: WsSocket } = createRequire(import.meta.url)("ws");
  return new WsSocket(url, subprotocol, { headers, perMessageDeflate: false });
}
