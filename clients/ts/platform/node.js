import { createRequire } from "node:module";

/** More of a refusal's body than this says nothing, in bytes. */
const MAX_REFUSAL_BYTES = 65_536;

/** @type {import("./platform.js").openSocket} */
export function openSocket(url, subprotocol, token) {
  // The WebSocket that newer Nodes have does not tell why an upgrade was refused.
  const { WebSocket } = createRequire(import.meta.url)("ws");
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const socket = new WebSocket(url, subprotocol, { headers, perMessageDeflate: false });
  socket.once("upgrade", (response) => joinWrites(socket, response.socket));
  socket.once("unexpected-response", (_request, response) => void tellRefusal(socket, response));
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

/** The first error of a socket is why it ends; ending it makes another. */
async function tellRefusal(socket, response) {
  const text = await textOf(response);
  socket.emit("error", toError(response, text));
  socket.terminate();
}

/** A body that is cut or too long is as good as none. */
async function textOf(response) {
  const chunks = [];
  let bytes = 0;
  try {
    for await (const chunk of response) {
      bytes += chunk.length;
      if (bytes > MAX_REFUSAL_BYTES) return "";
      chunks.push(chunk);
    }
  } catch {
    return "";
  }
  return Buffer.concat(chunks).toString();
}

/** What the server says of a refused upgrade. A status alone is no word of its own: a proxy's, which may let HTTP through. */
function toError({ statusCode, headers }, text) {
  const { error_code: code, message, details = {}, retry_after_ms } = parsed(text);
  const retryAfterMs = retry_after_ms ?? (Number(headers["retry-after"]) * 1000 || undefined);
  if (code === undefined)
    return Object.assign(new Error(`the upgrade was answered with HTTP ${statusCode}`), { retryAfterMs });
  const retryable = statusCode === 429 || statusCode >= 500;
  return Object.assign(new Error(message), { code, retryable, details, retryAfterMs });
}

function parsed(text) {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
