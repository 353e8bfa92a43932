// Appends to an event log while no descriptor is left: `event-log-descriptors.ts FOLDER`, under a low `ulimit -n`. Prints JSON:
// what an append came to within a segment, at the end of one, and once there are descriptors again.
import { closeSync, openSync } from "node:fs";
import { devNull } from "node:os";
import { LmdbLog } from "../../../src/events/lmdb-log.js";

const LIMITS = { segmentBytes: 1e9, segmentMaxAgeMs: 1_000, retentionBytes: 1e9, retentionMaxAgeMs: 1e12 };

let nowMs = 1_700_000_000_000;
const log = await LmdbLog.open(process.argv[2] ?? "", LIMITS, () => nowMs);

async function append(): Promise<number | string | undefined> {
  try {
    const { positions, flushed } = await log.append([{ topic: "a", bytes: Buffer.from("an event") }], []);
    await flushed;
    return positions[0]?.offset;
  } catch (error) {
    return `${(error as { code?: string }).code} ${JSON.stringify((error as { details?: object }).details)}`;
  }
}

const before = await append();
const files: number[] = [];
try {
  for (;;) files.push(openSync(devNull, "r"));
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== "EMFILE") throw error;
}
const within = await append();
nowMs += LIMITS.segmentMaxAgeMs;
const atEnd = await append();
for (const file of files) closeSync(file);
while (log.failure()) await new Promise((resolve) => setTimeout(resolve, 10)); // it tries by itself
const after = await append();
await log[Symbol.asyncDispose]();
console.log(JSON.stringify({ before, within, atEnd, after }));
