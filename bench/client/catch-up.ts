// One client that comes up to the present: from positions, or by snapshots.
import { ServerFrame } from "../../generated/ts/tidewire/v1/frame.js";
import type { Subscribe } from "../../generated/ts/tidewire/v1/topics.js";
import { toFrame } from "./frames.js";
import { encodeSubscribe, offsetOf } from "./lines.js";
import { openTopics } from "./publisher.js";

/** What is asked for, and how much must come. */
export interface CatchUpOptions {
  readonly port: number;
  readonly asked: Pick<Subscribe, "topic"> & Partial<Subscribe>;
  /** Events, or snapshots: nothing else comes. */
  readonly expected: { readonly events: number } | { readonly snapshots: number };
}

/** Times in ms from the request. */
export interface CatchUpResult {
  readonly subscribed: number;
  readonly all: number;
}

const PATIENCE_MS = 60_000;
const SNAPSHOT_TAG = 0x62; // ServerFrame.snapshot = 12

/** @throws Error when something else comes, or less; of one topic also when events are not in order */
export async function catchUp({ port, asked, expected }: CatchUpOptions): Promise<CatchUpResult> {
  const socket = await openTopics(port);
  const wanted = "events" in expected ? expected.events : expected.snapshots;
  const inOrder = asked.after !== undefined;
  const startMs = performance.now();
  let subscribedMs = 0;
  await new Promise<void>((resolve, reject) => {
    let came = 0;
    let last = asked.after?.offset ?? 0;
    const timer = setTimeout(() => reject(new Error(`${came} of ${wanted} came`)), PATIENCE_MS);
    socket.onClose = () => reject(new Error(`cut off after ${came} of ${wanted}`));
    socket.onFrame = (bytes, start, end) => {
      if (subscribedMs === 0) {
        subscribedMs = performance.now();
        const refusal = refusalIn(bytes.subarray(start, end), "events" in expected);
        if (refusal) reject(new Error(refusal));
      } else {
        const offset = offsetOf(bytes, start);
        const isRight = "events" in expected ? offset > 0 : bytes[start] === SNAPSHOT_TAG;
        if (!isRight || (inOrder && offset !== last + 1))
          return reject(new Error(`after ${last}: ${JSON.stringify(ServerFrame.decode(bytes.subarray(start, end)))}`));
        last = offset;
        came += 1;
      }
      if (came < wanted) return;
      clearTimeout(timer);
      resolve();
    };
    socket.write(toFrame(encodeSubscribe(1, asked)));
  });
  const allMs = performance.now();
  socket.destroy();
  return { subscribed: subscribedMs - startMs, all: allMs - startMs };
}

/** Why a reply is not the right one. */
function refusalIn(reply: Uint8Array, isResumed: boolean): string | undefined {
  const { body } = ServerFrame.decode(reply);
  const isRight = body?.$case === "subscribed" && body.value.recovered === isResumed;
  return isRight ? undefined : `not ${isResumed ? "resumed" : "subscribed"}: ${JSON.stringify(body)}`;
}
