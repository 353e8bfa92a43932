// Ends that nobody has agreed on: both sides at once, half-open connections, resets, senders that take their time.
import { CLOSE, CONTINUATION, frameOf, PING, PONG, TEXT } from "../lib/websocket-bytes.js";
import { octets } from "./case.js";
import { pingText, RawPeer, type Subprotocol } from "./raw-peer.js";

/** One case whose steps wait for what the server says. */
export interface RaceCase {
  readonly id: string;
  readonly what: string;
  /** What is heard, in words; a list of allowed outcomes, since in a race either may win. */
  readonly hears: readonly string[];
  readonly run: (port: number) => Promise<string>;
}

const JSON_TEXT: Subprotocol = "tidewire.v1.json";
const NORMAL = frameOf(CLOSE, Uint8Array.of(3, 232));
const GOOD = frameOf(TEXT, pingText(7));

/** Times of the server's heartbeat that the cases rely on, as flags. */
export const HEARTBEAT_FLAGS = ["--ping-interval-ms", "200", "--idle-timeout-ms", "1000"];

/** Longer than a peer may be silent. */
const LORIS_MS = 2_000;
const LORIS_STEP_MS = 50;
const MANY = 300;

async function opened(port: number): Promise<RawPeer> {
  return RawPeer.open(port, JSON_TEXT);
}

async function toEnd(peer: RawPeer): Promise<string> {
  await peer.until(() => peer.isOver);
  return peer.heard.filter((word) => !word.startsWith("PING")).join(", ");
}

export const RACES: readonly RaceCase[] = [
  {
    id: "R1",
    what: "a broken frame and a close in one write: both sides close",
    hears: ["CLOSE 1002, END"],
    run: async (port) => {
      const peer = await opened(port);
      await peer.send([frameOf(TEXT, "x", { reserved: 7 }), NORMAL], "none");
      return toEnd(peer);
    },
  },
  {
    id: "R2",
    what: "a close, then 10,000 texts: none is answered",
    hears: ["CLOSE 1000, END"],
    run: async (port) => {
      const peer = await opened(port);
      await peer.send([NORMAL, ...Array<Buffer>(10_000).fill(GOOD)], "none");
      return toEnd(peer);
    },
  },
  {
    id: "R3",
    what: "an end without a close",
    hears: ["END", "CLOSE, END", "CLOSE 1006, END"],
    run: async (port) => {
      const peer = await opened(port);
      peer.socket.end();
      return toEnd(peer);
    },
  },
  {
    id: "R4",
    what: "an end in the middle of a frame",
    hears: ["END"],
    run: async (port) => {
      const peer = await opened(port);
      peer.socket.end(frameOf(TEXT, pingText(7)).subarray(0, 12));
      return toEnd(peer);
    },
  },
  {
    id: "R5",
    what: "a reset in the middle of a frame, a hundred times",
    hears: ["served"],
    run: async (port) => {
      const peers = await Promise.all(Array.from({ length: 100 }, () => opened(port)));
      for (const peer of peers) {
        peer.socket.write(frameOf(TEXT, pingText(7)).subarray(0, 12));
        peer.socket.resetAndDestroy();
      }
      return isServed(port);
    },
  },
  {
    id: "R6",
    what: "a peer that answers no ping is closed with 4000",
    hears: ["CLOSE 4000, END"],
    run: async (port) => toEnd(await opened(port)),
  },
  {
    id: "R7",
    what: "half a frame, then silence: closed with 4000, too",
    hears: ["CLOSE 4000, END"],
    run: async (port) => {
      const peer = await opened(port);
      peer.socket.write(frameOf(TEXT, pingText(7)).subarray(0, 12));
      return toEnd(peer);
    },
  },
  {
    id: "R8",
    what: "a frame that takes longer than the idle time to send, byte by byte: no pong can stand within it, and it is heard",
    hears: ["pong 7"],
    run: async (port) => {
      const peer = await opened(port);
      const bytes = octets(frameOf(TEXT, pingText(7)));
      for (const byte of bytes) {
        if (!peer.socket.writable) break;
        peer.socket.write(byte);
        await new Promise((resolve) => setTimeout(resolve, Math.max(LORIS_STEP_MS, LORIS_MS / bytes.length)));
      }
      return (await peer.transcript()).filter((word) => !word.startsWith("PING")).join(", ");
    },
  },
  {
    id: "R9",
    what: "a message in fragments over a longer time, pongs between",
    hears: ["pong 7"],
    run: async (port) => {
      const peer = await opened(port);
      const parts = [...pingText(7)];
      for (const [i, part] of parts.entries()) {
        if (!peer.socket.writable) break;
        peer.socket.write(frameOf(i === 0 ? TEXT : CONTINUATION, part, { fin: i === parts.length - 1 }));
        if (i % 4 === 0) peer.socket.write(frameOf(PONG));
        await new Promise((resolve) => setTimeout(resolve, LORIS_MS / parts.length));
      }
      return (await peer.transcript()).filter((word) => !word.startsWith("PING")).join(", ");
    },
  },
  {
    id: "R10",
    what: `${MANY} connections at once, each with pings, a broken frame and an end of its own`,
    hears: ["served"],
    run: async (port) => {
      const peers = await Promise.all(Array.from({ length: MANY }, () => opened(port)));
      const ways: ((peer: RawPeer) => unknown)[] = [
        (peer) => peer.socket.write(frameOf(PING, "", { fin: false })),
        (peer) => peer.socket.end(),
        (peer) => peer.socket.resetAndDestroy(),
        (peer) => peer.socket.write(NORMAL),
      ];
      for (const [i, peer] of peers.entries()) {
        peer.socket.write(GOOD);
        ways[i % ways.length]?.(peer);
      }
      await Promise.all(peers.map((peer) => peer.until(() => peer.isOver)));
      return isServed(port);
    },
  },
  {
    id: "R11",
    what: "a close that the peer does not answer: the server ends the connection",
    hears: ["ended"],
    run: async (port) => {
      const peer = await opened(port);
      peer.socket.pause(); // what comes is not read, nor answered
      peer.socket.write(frameOf(TEXT, "x", { mask: undefined }));
      await new Promise((resolve) => setTimeout(resolve, LORIS_MS));
      peer.socket.resume();
      await peer.until(() => peer.isOver);
      return "ended";
    },
  },
];

async function isServed(port: number): Promise<string> {
  const peer = await opened(port);
  await peer.send([GOOD], "none");
  return (await peer.transcript()).includes("pong 7") ? "served" : "not served";
}
