// The opening handshake: what must be refused, what must be borne, and what happens around it.
import { frameOf, TEXT } from "../lib/websocket-bytes.js";
import { pingText } from "./raw-peer.js";

/** One case: bytes, and the statuses that come back, each with what is looked for in its head. */
export interface HandshakeCase {
  readonly id: string;
  readonly what: string;
  /** Whole requests; what is needed of a good one is filled in by {@link requestOf}. */
  readonly sends: (port: number) => Buffer;
  /** Statuses in order. `frames` behind 101 are those of the server, by their opcodes. */
  readonly hears: string;
  readonly deviation?: string;
}

interface Change {
  readonly line?: string;
  /** Names set to undefined are left out, lists are repeated. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/** A good handshake, changed. */
function requestOf(port: number, { line = "GET /api/v1/ws HTTP/1.1", headers = {} }: Change = {}): string {
  const all = {
    Host: `127.0.0.1:${port}`,
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one) => `${name}: ${one}`),
  );
  return `${[line, ...lines].join("\r\n")}\r\n\r\n`;
}

function change(id: string, what: string, hears: string, changed: Change, deviation?: string): HandshakeCase {
  const more = deviation === undefined ? {} : { deviation };
  return { id, what, hears, sends: (port) => Buffer.from(requestOf(port, changed), "latin1"), ...more };
}

const headers = (changed: Change["headers"] & object): Change => ({ headers: changed });
const OLD_HTTP = "section 4.2.1 asks for HTTP/1.1; who asks to be upgraded can be, whatever number it writes";
const NO_HOST = "section 4.2.1 asks for a Host header; nothing is decided by it";
const GOOD = frameOf(TEXT, pingText(7));

export const HANDSHAKES: readonly HandshakeCase[] = [
  change("H1.1", "a good handshake", "101", {}),
  change(
    "H1.2",
    "names and values in other letters",
    "101",
    headers({ Connection: undefined, connection: "keep-alive, UPGRADE", Upgrade: "WebSocket" }),
  ),
  change("H2.1", "no key", "400", headers({ "Sec-WebSocket-Key": undefined })),
  change("H2.2", "a key of 15 bytes", "400", headers({ "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25j" })),
  change("H2.3", "a key that is no Base64", "400", headers({ "Sec-WebSocket-Key": "!!!!!!!!!!!!!!!!!!!!!!==" })),
  change("H2.4", "two keys", "400", headers({ "Sec-WebSocket-Key": [KEY, KEY] })),
  change("H3.1", "no version", "400", headers({ "Sec-WebSocket-Version": undefined })),
  change("H3.2", "version 12", "400", headers({ "Sec-WebSocket-Version": "12" })),
  change(
    "H3.3",
    "version 8, which an old draft has",
    "101",
    headers({ "Sec-WebSocket-Version": "8" }),
    "section 4.2.2 would refuse it; the frames are the same, and old clients speak it",
  ),
  change("H3.4", "a version that is no number", "400", headers({ "Sec-WebSocket-Version": "thirteen" })),
  change("H4.1", "no Upgrade header: an ordinary GET", "404", headers({ Upgrade: undefined })),
  change("H4.2", "Connection does not name it: an ordinary GET", "404", headers({ Connection: "keep-alive" })),
  change("H4.3", "an upgrade to something else", "400", headers({ Upgrade: "h2c" })),
  change("H4.4", "two Upgrade headers", "400", headers({ Upgrade: ["websocket", "websocket"] })),
  change("H5.1", "POST", "404", { line: "POST /api/v1/ws HTTP/1.1" }),
  change("H5.2", "HTTP/1.0", "101", { line: "GET /api/v1/ws HTTP/1.0" }, OLD_HTTP),
  change("H5.3", "a path that is served without WebSocket", "404", { line: "GET /health HTTP/1.1" }),
  change("H5.4", "a path that is not served", "404", { line: "GET /nowhere HTTP/1.1" }),
  change("H5.5", "no HTTP at all", "400", { line: "\u0000\u0001\u0002" }),
  change("H5.6", "no Host", "101", headers({ Host: undefined }), NO_HOST),
  change("H5.7", "a path that leads out", "404", { line: "GET /api/v1/ws/../../../etc/passwd HTTP/1.1" }),
  change("H5.8", "a path that cannot be decoded", "400", { line: "GET /api/v1/ws/training/%ff HTTP/1.1" }),
  change(
    "H6.1",
    "permessage-deflate is offered",
    "101",
    headers({ "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits" }),
  ),
  change("H6.2", "extensions that are none", "101", headers({ "Sec-WebSocket-Extensions": ";;,,=" })),
  change("H6.3", "unknown subprotocols", "101", headers({ "Sec-WebSocket-Protocol": "chat, superchat" })),
  change(
    "H6.4",
    "ours among unknown ones",
    "101 tidewire.v1.json",
    headers({ "Sec-WebSocket-Protocol": "chat, tidewire.v1.json" }),
  ),
  change(
    "H6.5",
    "both of ours: the server prefers the binary one",
    "101 tidewire.v1.proto",
    headers({ "Sec-WebSocket-Protocol": "tidewire.v1.json, tidewire.v1.proto" }),
  ),
  change("H6.6", "subprotocols that are none", "400", headers({ "Sec-WebSocket-Protocol": "a,,b" })),
  change(
    "H6.7",
    "the same subprotocol twice",
    "400",
    headers({ "Sec-WebSocket-Protocol": "tidewire.v1.json, tidewire.v1.json" }),
  ),
  change("H6.8", "an empty subprotocol", "400", headers({ "Sec-WebSocket-Protocol": "" })),
  change("H7.1", "headers of 64 KiB", "431", headers({ "X-Padding": "x".repeat(65_536) })),
  change("H7.2", "a thousand headers", "101", headers({ "X-Many": Array(1000).fill("x") })),
  change("H7.3", "a path of 15,000 characters", "404", { line: `GET /${"x".repeat(15_000)} HTTP/1.1` }),
  change("H7.4", "a header with a control character", "400", headers({ "X-Bad": "a\u0001b" })),
  change("H7.5", "a header without a name", "400", headers({ "": "x" })),
  {
    id: "H8.1",
    what: "a frame behind the handshake, before its answer",
    hears: "101 frames 1",
    sends: (port) => Buffer.concat([Buffer.from(requestOf(port)), GOOD]),
  },
  {
    id: "H8.2",
    what: "a GET, then a handshake, in one write",
    hears: "200, end",
    sends: (port) =>
      Buffer.concat([Buffer.from(`GET /health HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n${requestOf(port)}`), GOOD]),
  },
  {
    id: "H8.3",
    what: "a handshake, then a GET in the place of frames",
    hears: "101 frames 8",
    sends: (port) => Buffer.from(`${requestOf(port)}GET /health HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`),
  },
  {
    id: "H8.4",
    what: "lines that end without a carriage return",
    hears: "400",
    sends: (port) => Buffer.from(requestOf(port).replaceAll("\r\n", "\n")),
  },
];
