// Appends to an event log whose files may not grow beyond a limit, as on a full disk: `event-log-full.ts FOLDER`. Prints
// JSON: how many appends were kept and refused, why, and the offset of the first one after there was room again.
import { LmdbLog } from "../../../src/events/lmdb-log.js";

const LIMITS = { segmentBytes: 1e9, segmentMaxAgeMs: 1_000, retentionBytes: 1e9, retentionMaxAgeMs: 1e12 };
const EVENT_BYTES = 10_000;
const CALLS = 200;

let nowMs = 1_700_000_000_000;
const log = await LmdbLog.open(process.argv[2] ?? "", LIMITS, () => nowMs);
const entry = () => ({ topic: "a", bytes: Buffer.alloc(EVENT_BYTES, "a") });
const offsets: (number | undefined)[] = [];
let refused = 0;
let reason = "";
for (let i = 0; i < CALLS; i += 1) {
  try {
    const { positions, flushed } = await log.append([entry()], []);
    await flushed;
    offsets.push(positions[0]?.offset);
  } catch (error) {
    refused += 1;
    reason = String(error);
  }
}
nowMs += LIMITS.segmentMaxAgeMs; // the next file has room
while (log.failure()) await new Promise((resolve) => setTimeout(resolve, 10)); // it tries by itself
const { positions, flushed } = await log.append([entry()], []);
await flushed;
await log[Symbol.asyncDispose]();
console.log(JSON.stringify({ offsets, refused, reason, next: positions[0]?.offset }));
