// Many clients that come back at the same moment and want what they have missed.
import { ServerFrame } from "../../generated/ts/tidewire/v1/frame.js";
import type { Position } from "../../generated/ts/tidewire/v1/topics.js";
import { percentile } from "../lib/statistics.js";
import { toFrame } from "./frames.js";
import { LeanSocket, TOPICS_PATH } from "./lean-socket.js";
import { encodeSubscribe, offsetOf } from "./lines.js";
import { Publisher } from "./publisher.js";

/** Clients of Tidewire, or of a peer that replays from memory. */
export interface StormOptions {
  readonly venue: { readonly is: "tidewire"; readonly port: number; readonly topic: string } | PeerVenue;
  readonly clients: number;
  /** Events that each of them has missed. */
  readonly missed: number;
}

interface PeerVenue {
  readonly is: "ws";
  readonly port: number;
}

/** Times in ms from the first connect. */
export interface StormResult {
  /** Until every client has everything. */
  readonly all: number;
  readonly p50: number;
  /** Until the last one is connected. */
  readonly connected: number;
}

/** How one client comes back. */
interface Return {
  readonly path: string;
  readonly subprotocol?: string;
  /** What it says. */
  readonly request: Buffer;
  /** Whether a reply comes before the events. */
  readonly hasReply: boolean;
  /** Offset of the first event it has missed. */
  readonly first: number;
}

const READ_BYTES = 256 * 1024;
/** Events in the log before those that are missed. */
const EARLIER = 1000;
const PATIENCE_MS = 30_000;

/** Has them all come back at once. @throws Error when one of them does not get every event it has missed, in order */
export async function storm({ venue, clients, missed }: StormOptions): Promise<StormResult> {
  const back = venue.is === "tidewire" ? await prepare(venue, missed) : peerReturn();
  const read = Buffer.allocUnsafeSlow(READ_BYTES);
  const startMs = performance.now();
  const returning = Array.from({ length: clients }, () => comeBack(venue.port, back, missed, read));
  const returned = await Promise.all(returning);
  const times = returned.map(({ doneMs }) => doneMs - startMs);
  for (const { socket } of returned) socket.destroy();
  return {
    all: Math.max(...times),
    p50: percentile(times, 0.5),
    connected: Math.max(...returned.map(({ connectedMs }) => connectedMs - startMs)),
  };
}

/** A topic with events, the last of which are missed. */
async function prepare({ port, topic }: { port: number; topic: string }, missed: number): Promise<Return> {
  const publisher = await Publisher.open(port, [topic]);
  publisher.publish(EARLIER + missed);
  await publisher.settle();
  const { generation, offset } = publisher.topics[0] as Position;
  publisher.close();
  const after = { generation, offset: offset + EARLIER };
  return {
    path: TOPICS_PATH,
    subprotocol: "tidewire.v1.proto",
    request: toFrame(encodeSubscribe(1, { topic, after })),
    hasReply: true,
    first: after.offset + 1,
  };
}

function peerReturn(): Return {
  return { path: "/", request: toFrame("resume"), hasReply: false, first: 1 };
}

async function comeBack(port: number, back: Return, missed: number, read: Buffer) {
  const socket = await LeanSocket.open({ port, ...back }, read);
  const connectedMs = performance.now();
  await new Promise<void>((resolve, reject) => {
    let expected = back.first;
    let owed = back.hasReply;
    const timer = setTimeout(() => reject(new Error(`event ${expected} has not come`)), PATIENCE_MS);
    socket.onClose = () => reject(new Error(`cut off before event ${expected}`));
    socket.onFrame = (bytes, start, end) => {
      if (owed) {
        owed = false;
        const { body } = ServerFrame.decode(bytes.subarray(start, end));
        if (body?.$case !== "subscribed" || !body.value.recovered)
          reject(new Error(`not resumed: ${JSON.stringify(body)}`));
        return;
      }
      const offset = offsetOf(bytes, start);
      if (offset !== expected) return reject(new Error(`event ${offset} instead of ${expected}`));
      expected += 1;
      if (expected < back.first + missed) return;
      clearTimeout(timer);
      resolve();
    };
    socket.write(back.request);
  });
  return { socket, connectedMs, doneMs: performance.now() };
}
