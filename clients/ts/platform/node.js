import { createRequire } from "node:module";

/** @type {import("./platform.js").openSocket} */
export function openSocket(url, subprotocol, headers) {
  // Node 22's own WebSocket takes headers beside the protocols; an older Node has none.
  if (typeof WebSocket === "function") return new WebSocket(url, { protocols: [subprotocol], headers });
  const { WebSocket: WsSocket } = createRequire(import.meta.url)("ws");
  const socket = new WsSocket(url, subprotocol, { headers, perMessageDeflate: false });
  socket.once("upgrade", (response) => joinWrites(socket, response.socket));
  return socket;
}

/** Has the messages of one turn go out in one write: system calls cost more than small messages. */
function joinWrites(socket, stream) {
  const send = socket.send.bind(socket);
  const flush = () => stream.uncork();
  socket.send = (message) => {
    if (stream.writableCorked === 0) {
      stream.cork();
      process.nextTick(flush);
    }
    // The client's buffer is its own again after this call; the socket's is not written yet.
    send(typeof message === "string" ? message : Buffer.from(message));
  };
}
